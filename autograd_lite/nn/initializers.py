"""How weights are drawn before training."""

from __future__ import annotations

import math
import random as _random
from collections.abc import Callable
from typing import Any, TypeAlias

__all__ = ["INITIALIZERS", "Initializer", "he_uniform", "initializer_named", "uniform", "xavier_uniform"]

Initializer: TypeAlias = Callable[[Any, int, int], float]
"""Draws one weight: from a generator (`random` itself, or a `random.Random`), the inputs and the outputs of the layer."""


def uniform(generator: Any, nin: int, nout: int) -> float:
    """Uniform in [-1, 1] whatever the size: micrograd's."""
    drawn: float = generator.uniform(-1, 1)
    return drawn


def xavier_uniform(generator: Any, nin: int, nout: int) -> float:
    """Uniform with the variance 2 / (nin + nout), for sigmoid and tanh (Glorot and Bengio, AISTATS 2010)."""
    bound = math.sqrt(6.0 / (nin + nout))
    drawn: float = generator.uniform(-bound, bound)
    return drawn


def he_uniform(generator: Any, nin: int, nout: int) -> float:
    """Uniform with the variance 2 / nin, for relu and its kin (He et al., arXiv:1502.01852)."""
    bound = math.sqrt(6.0 / nin)
    drawn: float = generator.uniform(-bound, bound)
    return drawn


INITIALIZERS: dict[str, Initializer] = {"uniform": uniform, "xavier": xavier_uniform, "he": he_uniform}


def initializer_named(init: str | Initializer) -> Initializer:
    """The initialiser of a name; a function is taken as it is.

    Raises:
        ValueError: for an unknown name.
    """
    if callable(init):
        return init
    if init not in INITIALIZERS:
        raise ValueError(f"unknown initialiser {init!r}; known are {', '.join(sorted(INITIALIZERS))}")
    return INITIALIZERS[init]


def generator_of(seed: Any) -> Any:
    """The generator of a seed; of None Python's own shared one, as micrograd uses it; a generator is taken as it is."""
    if seed is None:
        return _random
    return seed if hasattr(seed, "uniform") else _random.Random(seed)

"""Dropout: units left out at random while a network is trained."""

from __future__ import annotations

import random as _random
from typing import Any, Self

from autograd_lite.engine.chance import uniform
from autograd_lite.engine.functions import where
from autograd_lite.engine.operations import less
from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.value import Value
from autograd_lite.nn.initializers import generator_of
from autograd_lite.nn.layers import Seed
from autograd_lite.nn.module import Module
from autograd_lite.nn.nested import mapped, nested

__all__ = ["Dropout"]


class _Mode:
    """Whether a layer is in training: a leaf, so that a compiled function sees it change, and no parameter."""

    def __init__(self) -> None:
        self.leaf = Value(1.0)


class Dropout(Module):
    """Leaves out inputs at random and scales the others, so that the mean stays (Srivastava et al., 2014).

    A new mask is drawn for each sample and unit. After `eval()`, and before `train()` is called again, nothing is left out.

    Arguments:
        rate: the probability to be left out, from 0 to below 1.
        seed: a seed or a `random.Random`; None takes a seed from Python's shared generator.

    Raises:
        ValueError: for a rate that is no such probability.

    >>> Dropout(0.5, seed=0)([1.0, 1.0, 1.0, 1.0])
    [2.0, 2.0, 0.0, 0.0]
    >>> Dropout(0.5).eval()([1.0, 2.0])
    [1.0, 2.0]
    """

    def __init__(self, rate: float, *, seed: Seed = None) -> None:
        if not 0.0 <= rate < 1.0:
            raise ValueError(f"Dropout: the rate is {rate!r}; it must be a probability from 0 to below 1")
        self.rate = rate
        # One of its own, not Python's shared one, which is a module and can be neither copied nor pickled.
        self._generator = generator_of(_random.getrandbits(64) if seed is None else seed)
        self._mode = _Mode()

    @property
    def training(self) -> bool:
        """Whether units are left out."""
        return bool(self._mode.leaf > 0.0)

    def train(self, mode: bool = True) -> Self:
        self._mode.leaf.data = float(mode)
        return self

    def __call__(self, xs: Any) -> Any:
        """The inputs, a list or nested lists, some of them 0 and the others scaled."""
        if not self.training:
            return nested(xs)
        scale = 1.0 / (1.0 - self.rate)

        def thinned(x: Scalar) -> Scalar:
            return where(less(uniform(self._generator), self.rate), 0.0, x * scale)

        return mapped(thinned, xs)

    def __repr__(self) -> str:
        return f"Dropout({self.rate})"

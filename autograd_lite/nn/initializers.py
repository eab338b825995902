"""How weights are drawn before training.

An initialiser draws the weights of one neuron, one after the other. Those that ask for a number are made by a function:
`normal(0.1)`, `uniform_in(0.5)`, `sparse(15)`, `constant(0.1)`.
"""

from __future__ import annotations

import math
import random as _random
from collections.abc import Callable
from numbers import Integral
from typing import Any, TypeAlias

__all__ = [
    "INITIALIZERS",
    "Initializer",
    "constant",
    "generator_of",
    "he_normal",
    "he_uniform",
    "initializer_named",
    "lecun_normal",
    "normal",
    "small_normal",
    "sparse",
    "uniform",
    "uniform_in",
    "xavier_normal",
    "xavier_uniform",
]

Initializer: TypeAlias = Callable[[Any, int, int], list[float]]
"""Draws the nin weights of one neuron from a generator (`random` itself, or a `random.Random`), nin and nout.

nin and nout are the numbers of inputs and of neurons of the layer.
"""


def _uniform(generator: Any, bound: float, nin: int) -> list[float]:
    return [generator.uniform(-bound, bound) for _ in range(nin)]


def _normal(generator: Any, std: float, nin: int) -> list[float]:
    return [generator.gauss(0.0, std) for _ in range(nin)]


def _check(what: str, name: str, number: float) -> None:
    if not (number >= 0.0 and math.isfinite(number)):
        raise ValueError(f"{what}: {name} is {number}; it must be a finite number ≥ 0")


def uniform_in(bound: float) -> Initializer:
    """Makes the initialiser that draws uniformly from [-bound, bound], whatever the size.

    Raises:
        ValueError: for a bound that is negative or not finite.

    >>> uniform_in(0.5)(_random.Random(0), 2, 1)
    [0.3444218515250481, 0.2579544029403025]
    """
    _check("uniform_in", "bound", bound)
    return lambda generator, nin, nout: _uniform(generator, bound, nin)


def normal(std: float) -> Initializer:
    """Makes the initialiser that draws from N(0, std²), whatever the size.

    Raises:
        ValueError: for a standard deviation that is negative or not finite.

    >>> len(normal(0.1)(_random.Random(0), 3, 1))
    3
    """
    _check("normal", "std", std)
    return lambda generator, nin, nout: _normal(generator, std, nin)


def sparse(count: int = 15, std: float = 1.0) -> Initializer:
    """Makes the initialiser that gives a neuron `count` weights from N(0, std²), at random places, and otherwise 0.

    A neuron of fewer inputs gets all its weights. The sum of the weighted inputs does then not grow with their number, and
    the neurons of a layer look at different inputs (Martens, Deep learning via Hessian-free optimization, ICML 2010).

    Raises:
        ValueError: for a count below 1, or a standard deviation that is negative or not finite.

    >>> sum(w != 0.0 for w in sparse(count=3)(_random.Random(0), 100, 10))
    3
    """
    if not isinstance(count, int) or count < 1:
        raise ValueError(f"sparse: count is {count!r}; it must be a whole number from 1 on")
    _check("sparse", "std", std)

    def draw(generator: Any, nin: int, nout: int) -> list[float]:
        weights = [0.0] * nin
        for k in generator.sample(range(nin), min(count, nin)):
            weights[k] = generator.gauss(0.0, std)
        return weights

    return draw


def constant(value: float = 0.1) -> Initializer:
    """Makes the initialiser that gives every weight the same value.

    It is here to be seen failing: neurons of a layer that start equal get equal derivatives and stay equal for ever, so that
    a hidden layer is worth one neuron (Goodfellow, Bengio and Courville, Deep Learning, section 8.4).

    Raises:
        ValueError: for a value that is not finite.

    >>> constant(0.1)(_random.Random(0), 2, 1)
    [0.1, 0.1]
    """
    if not math.isfinite(value):
        raise ValueError(f"constant: the value is {value}; it must be a finite number")
    return lambda generator, nin, nout: [float(value)] * nin


def uniform(generator: Any, nin: int, nout: int) -> list[float]:
    """Uniform in [-1, 1] whatever the size: micrograd's.

    >>> uniform(_random.Random(0), 2, 1)
    [0.6888437030500962, 0.515908805880605]
    """
    return _uniform(generator, 1.0, nin)


def small_normal(generator: Any, nin: int, nout: int) -> list[float]:
    """From N(0, 0.01²) whatever the size: fit for small networks; in deep ones the signal dies away.

    >>> len(small_normal(_random.Random(0), 3, 1))
    3
    """
    return _normal(generator, 0.01, nin)


def lecun_normal(generator: Any, nin: int, nout: int) -> list[float]:
    """From N(0, 1/nin): inputs of variance 1 give a weighted sum of variance 1 (LeCun et al., Efficient BackProp, 1998).

    >>> len(lecun_normal(_random.Random(0), 3, 1))
    3
    """
    return _normal(generator, math.sqrt(1.0 / nin), nin)


def xavier_normal(generator: Any, nin: int, nout: int) -> list[float]:
    """From N(0, 2 / (nin + nout)), for sigmoid and tanh (Glorot and Bengio, AISTATS 2010).

    >>> len(xavier_normal(_random.Random(0), 3, 1))
    3
    """
    return _normal(generator, math.sqrt(2.0 / (nin + nout)), nin)


def xavier_uniform(generator: Any, nin: int, nout: int) -> list[float]:
    """Uniform with the variance 2 / (nin + nout), for sigmoid and tanh (Glorot and Bengio, AISTATS 2010).

    >>> len(xavier_uniform(_random.Random(0), 3, 1))
    3
    """
    return _uniform(generator, math.sqrt(6.0 / (nin + nout)), nin)


def he_normal(generator: Any, nin: int, nout: int) -> list[float]:
    """From N(0, 2/nin), for relu and its kin (He et al., arXiv:1502.01852).

    >>> len(he_normal(_random.Random(0), 3, 1))
    3
    """
    return _normal(generator, math.sqrt(2.0 / nin), nin)


def he_uniform(generator: Any, nin: int, nout: int) -> list[float]:
    """Uniform with the variance 2/nin, for relu and its kin (He et al., arXiv:1502.01852).

    >>> len(he_uniform(_random.Random(0), 3, 1))
    3
    """
    return _uniform(generator, math.sqrt(6.0 / nin), nin)


INITIALIZERS: dict[str, Initializer] = {
    "uniform": uniform,
    "small_normal": small_normal,
    "lecun_normal": lecun_normal,
    "xavier": xavier_uniform,
    "xavier_normal": xavier_normal,
    "xavier_uniform": xavier_uniform,
    "he": he_uniform,
    "he_normal": he_normal,
    "he_uniform": he_uniform,
    "sparse": sparse(),
    "constant": constant(),
}


def initializer_named(init: str | Initializer) -> Initializer:
    """The initialiser of a name; a function is taken as it is.

    Raises:
        ValueError: for an unknown name.
        TypeError: for what is neither a name nor a function.

    >>> initializer_named("xavier") is xavier_uniform
    True
    """
    if callable(init):
        return init
    if not isinstance(init, str):
        raise TypeError(f"the initialiser is of type {type(init).__name__}; it must be a name or a function")
    if init not in INITIALIZERS:
        raise ValueError(f"unknown initialiser {init!r}; known are {', '.join(sorted(INITIALIZERS))}")
    return INITIALIZERS[init]


def generator_of(seed: Any) -> Any:
    """The generator of a seed; of None Python's own shared one, as micrograd uses it; a generator is taken as it is.

    Raises:
        TypeError: for what is neither a whole number, a `random.Random` nor None.

    >>> generator_of(0).random() == _random.Random(0).random()
    True
    """
    if seed is None or seed is _random:
        return _random
    if isinstance(seed, _random.Random):
        return seed
    if not isinstance(seed, Integral):
        raise TypeError(f"the seed is {seed!r}; it must be a whole number, a random.Random, or None for Python's shared one")
    return _random.Random(int(seed))

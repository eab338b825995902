"""Random numbers that a compiled function draws anew at every call, in every lane."""

from __future__ import annotations

from random import Random

from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.state import tracing

__all__ = ["uniform"]


def uniform(generator: Random) -> Scalar:
    """A random number between 0 and 1; in a function that is being compiled an input, fresh for each call and lane.

    Arguments:
        generator: where it comes from. A compiled function takes from it one seed for each call.

    >>> uniform(Random(0))
    0.8444218515250481
    """
    tracer = tracing()
    drawn: Scalar = generator.random() if tracer is None else tracer.uniform(generator)
    return drawn

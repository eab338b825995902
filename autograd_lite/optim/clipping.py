"""Limits to a gradient: `Optimizer(..., clip=clip_by_norm(1.0))`."""
# ruff: noqa: N801  # they are written, and print themselves, as functions: clip_by_norm(1.0)

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from autograd_lite.optim.parameter_vector import Vector
from autograd_lite.optim.ranges import checked_number

__all__ = ["clip_by_norm", "clip_by_value"]


@dataclass(frozen=True)
class clip_by_norm:
    """Shortens a gradient whose Euclidean norm is above the limit to that norm; its direction stays.

    A gradient with a nan or an infinity has no direction: it comes back as it is, so that the fault shows.

    Source: Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks (ICML 2013), algorithm 1.

    Arguments:
        limit: a number > 0.

    Raises:
        TypeError, ValueError: for a limit that is no number, not above 0 or not finite.

    >>> clip_by_norm(1.0)(np.array([3.0, 4.0]))
    array([0.6, 0.8])
    """

    limit: float

    def __post_init__(self) -> None:
        checked_number("clip_by_norm: limit", self.limit, positive=True)

    def __call__(self, gradient: Vector) -> Vector:
        with np.errstate(all="ignore"):
            norm = math.sqrt(gradient @ gradient)
        if 1e-140 < norm < math.inf:
            return gradient if norm <= self.limit else gradient / norm * self.limit
        largest = float(np.abs(gradient).max(initial=0.0))  # squares have overflowed, lost digits or vanished, or are nan
        if not 0.0 < largest < math.inf:
            return gradient
        unit = gradient / largest
        length = math.sqrt(unit @ unit)
        return gradient if largest * length <= self.limit else unit * (self.limit / length)


@dataclass(frozen=True)
class clip_by_value:
    """Moves each number of a gradient into [-limit, limit]: an infinity becomes the limit, a nan stays.

    Arguments:
        limit: a number > 0.

    Raises:
        TypeError, ValueError: for a limit that is no number, not above 0 or not finite.

    >>> clip_by_value(1.0)(np.array([0.5, -3.0]))
    array([ 0.5, -1. ])
    """

    limit: float

    def __post_init__(self) -> None:
        checked_number("clip_by_value: limit", self.limit, positive=True)

    def __call__(self, gradient: Vector) -> Vector:
        return np.clip(gradient, -self.limit, self.limit)

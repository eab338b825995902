"""Learning rates that change from step to step: each schedule gives the rate of step 0, 1, 2 …"""
# ruff: noqa: N801  # schedules are written, and print themselves, as functions: cosine(0.1, steps=100)

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from autograd_lite.optim.ranges import checked_count, checked_number

__all__ = ["Schedule", "constant", "cosine", "harmonic", "inverse", "linear_decay", "warm_up"]

Schedule: TypeAlias = Callable[[int], float]
"""The learning rate of step 0, 1, 2 …"""


@dataclass(frozen=True)
class constant:
    """The same rate at every step.

    Arguments:
        rate: a number ≥ 0.

    Raises:
        TypeError, ValueError: for a rate that is no number, negative or not finite.

    >>> constant(0.1)(5)
    0.1
    """

    rate: float

    def __post_init__(self) -> None:
        checked_number("constant: rate", self.rate)

    def __call__(self, step: int) -> float:
        return self.rate


@dataclass(frozen=True)
class linear_decay:
    """(1-α)·rate + α·final with α = step/steps, until all steps are done; from then on `final`.

    Source: Goodfellow, Bengio and Courville, Deep Learning (2016), equation 8.14, whose τ is `steps`.

    Arguments:
        rate: the first rate, a number ≥ 0.
        steps: after how many steps the rate is final.
        final: the last rate, a number ≥ 0.

    Raises:
        TypeError, ValueError: for a rate that is no number, negative or not finite, or for steps below 1.

    >>> schedule = linear_decay(1.0, steps=4)
    >>> [schedule(step) for step in range(6)]
    [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """

    rate: float
    steps: int
    final: float = 0.0

    def __post_init__(self) -> None:
        checked_number("linear_decay: rate", self.rate)
        checked_count("linear_decay: steps", self.steps)
        checked_number("linear_decay: final", self.final)

    def __call__(self, step: int) -> float:
        alpha = min(step / self.steps, 1.0)
        return (1.0 - alpha) * self.rate + alpha * self.final


@dataclass(frozen=True)
class harmonic:
    """A/(B+m) at the m-th step, m = 1, 2, …: search, while m is small beside B, and then converge.

    The rates add up to infinity and their squares do not, as Robbins and Monro (1951) ask for.

    Source: Darken and Moody, Note on Learning Rate Schedules for Stochastic Optimization (NIPS 1990).

    Arguments:
        A: a number ≥ 0.
        B: a number ≥ 0.

    Raises:
        TypeError, ValueError: for what is no number, negative or not finite.

    >>> schedule = harmonic(10.0, 99.0)
    >>> [schedule(step) for step in (0, 1, 900)]
    [0.1, 0.09900990099009901, 0.01]
    """

    A: float
    B: float

    def __post_init__(self) -> None:
        checked_number("harmonic: A", self.A)
        checked_number("harmonic: B", self.B)

    def __call__(self, step: int) -> float:
        return self.A / (self.B + (step + 1))


def inverse(rate: float) -> harmonic:
    """rate/m at the m-th step, m = 1, 2, …

    Arguments:
        rate: the first rate, a number ≥ 0.

    Raises:
        TypeError, ValueError: for a rate that is no number, negative or not finite.

    >>> schedule = inverse(0.5)
    >>> [schedule(step) for step in range(4)]
    [0.5, 0.25, 0.16666666666666666, 0.125]
    """
    return harmonic(checked_number("inverse: rate", rate), 0.0)


@dataclass(frozen=True)
class cosine:
    """final + (rate-final)·(1 + cos(π·step/steps))/2, until all steps are done; from then on `final`.

    Source: Loshchilov and Hutter, SGDR (ICLR 2017), equation 5, without restarts.

    Arguments:
        rate: the first rate, a number ≥ 0.
        steps: after how many steps the rate is final.
        final: the last rate, a number ≥ 0.

    Raises:
        TypeError, ValueError: for a rate that is no number, negative or not finite, or for steps below 1.

    >>> schedule = cosine(1.0, steps=4)
    >>> [round(schedule(step), 3) for step in range(6)]
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """

    rate: float
    steps: int
    final: float = 0.0

    def __post_init__(self) -> None:
        checked_number("cosine: rate", self.rate)
        checked_count("cosine: steps", self.steps)
        checked_number("cosine: final", self.final)

    def __call__(self, step: int) -> float:
        part = 0.5 * (1.0 + math.cos(math.pi * min(step / self.steps, 1.0)))
        return part * self.rate + (1.0 - part) * self.final  # neither below 0 nor above both, whatever is rounded


@dataclass(frozen=True)
class warm_up:
    """Rises linearly for so many steps, and then does as another schedule does from its beginning.

    The m-th step, m = 1, 2, …, has m/(steps+1) of the other's first rate: no step is lost at a rate of 0.

    Source: Goyal et al., Accurate, Large Minibatch SGD (2017), section 2.2.

    Arguments:
        steps: how many steps it rises.
        then: the schedule that follows.

    Raises:
        TypeError, ValueError: if `then` is no schedule, or for steps below 1.

    >>> schedule = warm_up(3, then=linear_decay(1.0, steps=2))
    >>> [schedule(step) for step in range(6)]
    [0.25, 0.5, 0.75, 1.0, 0.5, 0.0]
    """

    steps: int
    then: Schedule

    def __post_init__(self) -> None:
        checked_count("warm_up: steps", self.steps)
        if not callable(self.then):
            raise TypeError(f"warm_up: then is {self.then!r}; give a schedule, such as constant(0.1)")

    def __call__(self, step: int) -> float:
        if step < self.steps:
            return self.then(0) * ((step + 1) / (self.steps + 1))
        return self.then(step - self.steps)

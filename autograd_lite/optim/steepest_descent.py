"""Steepest descent, with a step length that the loss itself decides."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from autograd_lite.optim.backtracking import SHRINK, backtracked
from autograd_lite.optim.loss_optimizer import LossOptimizer, Step
from autograd_lite.optim.objective import Objective
from autograd_lite.optim.optimizer import Rate
from autograd_lite.optim.parameter_vector import Parameters, Vector
from autograd_lite.optim.ranges import checked_number

__all__ = ["SteepestDescent"]


HALF = 0.5
"""c, as Armijo chose it: on a quadratic no step then goes beyond the minimum along its line. With a small c one could leap
from side to side of a valley, and go down by almost nothing."""

LONGEST = 1e18
"""Where ᾱ stops growing: along a loss that falls without end every step is accepted."""


class SteepestDescent(LossOptimizer):
    """Steps against the gradient, as far as the loss goes down enough (Cauchy, 1847; Nocedal and Wright, 2006, ch. 3).

        d ← -∇f(p)
        α ← ᾱ;  while f(p + α·d) > f(p) + c·α·∇f(p)ᵀd:  α ← ½·α          (backtracking, Algorithm 3.1; c = ½)
        p ← p + α·d
        ᾱ ← 2·α                                                          (the first trial of the next step)

    With a learning rate there is no backtracking: p ← p - rate·∇f(p). `last.inner_iterations` counts the trials of α.

    Arguments:
        parameters: a module, or leaf Values.
        learning_rate: a number ≥ 0 or a schedule; None for backtracking.
        first: ᾱ of the first step, above 0.

    Raises:
        TypeError, ValueError: for a number out of its range, or if there are no parameters.

    >>> from autograd_lite import Value
    >>> x, y = Value(1.0), Value(1.0)
    >>> optimizer = SteepestDescent([x, y])
    >>> optimizer.step(lambda p: p[0] ** 2 + 2.0 * p[1] ** 2)
    3.0
    >>> x.data, y.data, optimizer.last.step_length
    (0.5, 0.0, 0.25)
    """

    remembers: ClassVar[tuple[str, ...]] = ("first",)

    def __init__(self, parameters: Parameters, *, learning_rate: Rate | None = None, first: float = 1.0) -> None:
        super().__init__(parameters)
        if not callable(learning_rate) and learning_rate is not None:
            checked_number("SteepestDescent: the learning rate", learning_rate)
        self.learning_rate = learning_rate
        self.state["first"] = checked_number("SteepestDescent: first", first, positive=True)

    def stepped(self, objective: Objective, start: Vector) -> tuple[Vector, Step]:
        loss, gradient = objective.value_and_gradient(start)
        norm = float(np.linalg.norm(gradient))
        if self.learning_rate is not None:
            rate = self.learning_rate(self.steps) if callable(self.learning_rate) else self.learning_rate
            checked_number("SteepestDescent: the learning rate", rate)
            after = start - rate * gradient
            return after, Step(loss, objective.value(after), norm, rate, 0, accepted=rate > 0.0)
        slope = -float(gradient @ gradient)
        length, found, trials = backtracked(
            objective, start, -gradient, loss, slope, first=self.state["first"], sufficient=HALF
        )
        if length and norm:
            self.state["first"] = min(length / SHRINK, LONGEST)
        return start - length * gradient, Step(loss, found, norm, length, trials, accepted=length > 0.0)

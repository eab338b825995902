"""Levenberg and Marquardt's method for sums of squares."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from autograd_lite.optim.loss_optimizer import LossOptimizer, Step
from autograd_lite.optim.objective import Objective
from autograd_lite.optim.parameter_vector import Parameters, Vector
from autograd_lite.optim.ranges import checked_count, checked_number

__all__ = ["LevenbergMarquardt"]

EPSILON = 2.0**-52
"""Madsen, Nielsen and Tingleff stop where ‖δ‖ ≤ ε·(‖p‖ + ε); here ε is the rounding of doubles."""


class LevenbergMarquardt(LossOptimizer):
    """Minimises F(p) = ½·‖r(p)‖² by damped Gauss-Newton steps (Levenberg, 1944; Marquardt, 1963).

        J ← the derivatives of r;  g ← Jᵀ·r;  at the first step  λ ← damping·max (Jᵀ·J)ᵢᵢ,  ν ← 2
        repeat
            δ ← the solution of (Jᵀ·J + λ·I)·δ = -g
            ρ ← (F(p) - F(p + δ)) / (½·δᵀ(λ·δ - g))                  (the gain that was had, by the gain that was promised)
            if ρ > 0:  p ← p + δ;  λ ← λ·max(⅓, 1 - (2·ρ - 1)³);  ν ← 2;  done
            else:      λ ← λ·ν;  ν ← 2·ν

    Source: Nielsen's damping (1999), as in Madsen, Nielsen and Tingleff, Methods for Non-Linear Least Squares Problems,
    2004, Algorithm 3.16. δ is found as the least-squares solution of (J; √λ·I)·δ = (-r; 0), which does not square the
    matrix's condition, and F(p) - F(p + δ) as ½·(r(p) - r(p + δ))ᵀ(r(p) + r(p + δ)), which does not cancel.

    Here `step` is given the residuals: a function that returns a flat sequence of numbers, not one; a compiled
    one must give a list, since the lanes of a compiled `vmap` have no derivatives one by one. It returns F(p). A step is not
    accepted if no δ longer than rounding makes F smaller: that is so in a minimum. `last.inner_iterations` counts the trials
    of λ.

    Arguments:
        parameters: a module, or leaf Values.
        damping: above 0: about 1e-6 where the start is believed to be near, 1e-3 or 1 where it is not.
        trials: how many λ are tried in one step.

    Raises:
        TypeError, ValueError: for a number out of its range, or if there are no parameters.

    >>> from autograd_lite import Value
    >>> x, y = Value(-1.2), Value(1.0)
    >>> optimizer = LevenbergMarquardt([x, y])
    >>> losses = [optimizer.step(lambda p: [10.0 * (p[1] - p[0] ** 2), 1.0 - p[0]]) for _ in range(30)]
    >>> round(losses[0], 12), losses[-1] < 1e-20, round(x.data, 9), round(y.data, 9)
    (12.1, True, 1.0, 1.0)
    """

    remembers: ClassVar[tuple[str, ...]] = ("damping", "growth")

    def __init__(self, parameters: Parameters, *, damping: float = 1e-3, trials: int = 30) -> None:
        super().__init__(parameters)
        self.relative = checked_number("LevenbergMarquardt: the damping", damping, positive=True)
        self.trials = checked_count("LevenbergMarquardt: trials", trials)
        self.state["growth"] = 2.0  # and the damping is 0 until the first step knows the matrix

    def stepped(self, objective: Objective, start: Vector) -> tuple[Vector, Step]:
        residuals = objective.residuals(start)
        loss = 0.5 * float(residuals @ residuals)
        if not np.isfinite(loss):
            raise FloatingPointError(f"{objective.vector.what}: ½·‖r‖² is {loss}; the parameters stay as they are")
        matrix = objective.jacobian(start, len(residuals))
        gradient = matrix.T @ residuals
        norm, used = float(np.linalg.norm(gradient)), 0.0
        self.state["damping"] = self.state["damping"] or self.relative * float((matrix**2).sum(axis=0).max())
        for trial in range(1, self.trials + 1):
            used = self.state["damping"]
            change = _solved(matrix, residuals, used)
            if np.linalg.norm(change) <= EPSILON * (np.linalg.norm(start) + EPSILON):
                break
            after = objective.residuals(start + change)
            had = 0.5 * float((residuals - after) @ (residuals + after))
            promised = 0.5 * float(change @ (used * change - gradient))
            if had > 0.0 and promised > 0.0:
                self.state["damping"] = used * max(1 / 3, 1.0 - (2.0 * had / promised - 1.0) ** 3)
                self.state["growth"] = 2.0
                return start + change, Step(loss, loss - had, norm, 1.0, trial, used)
            self.state["damping"], self.state["growth"] = used * self.state["growth"], 2.0 * self.state["growth"]
        return start, Step(loss, loss, norm, 0.0, trial, used, accepted=False)


def _solved(matrix: Vector, residuals: Vector, damping: float) -> Vector:
    """δ."""
    n = matrix.shape[1]
    stacked = np.vstack([matrix, np.sqrt(damping) * np.eye(n)])
    solution: Vector = np.linalg.lstsq(stacked, np.concatenate([-residuals, np.zeros(n)]), rcond=None)[0]
    return solution

"""Newton's method, damped where the matrix asks for it."""

from __future__ import annotations

import numpy as np

from autograd_lite.optim.backtracking import backtracked
from autograd_lite.optim.loss_optimizer import LossOptimizer, Step
from autograd_lite.optim.objective import Objective
from autograd_lite.optim.parameter_vector import Parameters, Vector
from autograd_lite.optim.ranges import checked_number

__all__ = ["Newton"]

LEAST_SHIFT = 1e-3
"""β of Algorithm 3.3; Nocedal and Wright, p. 51: "a typical value of the parameter β might be 10⁻³"."""


class Newton(LossOptimizer):
    """Goes to the minimum of the loss's quadratic model (Nocedal and Wright, Numerical Optimization, 2006, section 3.3).

        A ← ∇²f(p) + λ·I
        τ ← 0 if min Aᵢᵢ > 0, else β - min Aᵢᵢ                       (Cholesky with added multiple of the identity,
        until A + τ·I = L·Lᵀ can be factored:  τ ← max(2·τ, β)       Algorithm 3.3, β = 1e-3)
        d ← the solution of L·Lᵀ·d = -∇f(p)
        p ← p + α·d        (α = 1 or, by backtracking, the first of 1, ½, ¼ … that meets Armijo's condition)

    Where the Hessian is positive definite τ is 0, d is Newton's own direction, and near a minimum the error is squared by
    every step. Where it is not, τ makes d a direction of descent: a step never goes towards a saddle or a maximum.
    The matrix takes n² numbers and n³ operations: for many parameters see `HessianFree`. `last.damping` is λ + τ,
    `last.inner_iterations` counts the trials of α.

    Arguments:
        parameters: a module, or leaf Values.
        damping: λ ≥ 0.
        line_search: whether α is found by backtracking; False takes the whole step.

    Raises:
        TypeError, ValueError: for a number out of its range, or if there are no parameters.

    >>> from autograd_lite import Value
    >>> x, y = Value(5.0), Value(-3.0)
    >>> optimizer = Newton([x, y])
    >>> optimizer.step(lambda p: (p[0] - 1.0) ** 2 + p[0] * p[1] + 2.0 * p[1] ** 2)
    19.0
    >>> round(x.data, 12), round(y.data, 12)  # the minimum, where 2x - 2 + y = 0 and x + 4y = 0
    (1.142857142857, -0.285714285714)
    """

    def __init__(self, parameters: Parameters, *, damping: float = 0.0, line_search: bool = True) -> None:
        super().__init__(parameters)
        self.damping = checked_number("Newton: the damping", damping)
        self.line_search = line_search

    def stepped(self, objective: Objective, start: Vector) -> tuple[Vector, Step]:
        loss, gradient = objective.value_and_gradient(start)
        norm = float(np.linalg.norm(gradient))
        factor, shift = _cholesky(objective.hessian(start) + self.damping * np.eye(len(start)))
        direction = -np.linalg.solve(factor.T, np.linalg.solve(factor, gradient))
        length, found, trials = 1.0, np.nan, 0
        if self.line_search:
            slope = float(gradient @ direction)
            length, found, trials = backtracked(objective, start, direction, loss, slope)
        else:
            found = objective.value(start + direction)
        return start + length * direction, Step(loss, found, norm, length, trials, self.damping + shift, length > 0.0)


def _cholesky(matrix: Vector) -> tuple[Vector, float]:
    """The factor of the first of the matrices matrix + τ·I that is positive definite, and τ; Algorithm 3.3."""
    least = float(np.diag(matrix).min())
    shift, identity = (0.0 if least > 0.0 else LEAST_SHIFT - least), np.eye(len(matrix))
    while True:
        try:
            factor = np.linalg.cholesky(matrix + shift * identity)
            return np.asarray(factor, dtype=float), shift
        except np.linalg.LinAlgError:
            shift = max(2.0 * shift, LEAST_SHIFT)

"""Newton's method without the matrix: conjugate gradients on products with the Hessian."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from autograd_lite.optim.backtracking import backtracked
from autograd_lite.optim.loss_optimizer import LossOptimizer, Step
from autograd_lite.optim.objective import Objective
from autograd_lite.optim.parameter_vector import Parameters, Vector
from autograd_lite.optim.ranges import checked_count, checked_number

__all__ = ["HessianFree"]


class HessianFree(LossOptimizer):
    """Solves Newton's equation only as far as it is worth it, by conjugate gradients, with B·v from `hvp`.

        g ← ∇f(p);  B ← ∇²f(p) + λ·I, never formed;  ε ← min(½, √‖g‖)·‖g‖
        z ← 0;  r ← g;  d ← -r
        repeat
            if dᵀB·d ≤ 0:  if z = 0, z ← -g;  stop                       (negative curvature)
            α ← rᵀr / dᵀB·d;  z ← z + α·d;  r₊ ← r + α·B·d
            if ‖r₊‖ ≤ ε:  stop
            β ← r₊ᵀr₊ / rᵀr;  d ← -r₊ + β·d;  r ← r₊
        p ← p + α·z        (α: the first of 1, ½, ¼ … that meets Armijo's condition)

    Source: line-search Newton-CG, Nocedal and Wright, Numerical Optimization, 2006, Algorithm 7.1. Near a minimum ε makes
    it converge superlinearly. The damping is adapted as in Martens (Deep learning via Hessian-free optimization, ICML 2010,
    section 4.1): with ρ = (f(p + α·z) - f(p)) / q(α·z), q(x) = gᵀx + ½·xᵀB·x, λ ← 3/2·λ if ρ < ¼ and λ ← 2/3·λ if ρ > ¾.
    Martens takes the Gauss-Newton matrix for B; here it is the Hessian itself.

    Four vectors of the length of the parameters are all it needs. `last.inner_iterations` counts the products with B.

    Arguments:
        parameters: a module, or leaf Values.
        damping: λ ≥ 0 of the first step; 0 stays 0.
        inner_iterations: how many products with B a step takes at most.

    Raises:
        TypeError, ValueError: for a number out of its range, or if there are no parameters.

    >>> from autograd_lite import Value
    >>> x, y = Value(5.0), Value(-3.0)
    >>> optimizer = HessianFree([x, y])
    >>> losses = [optimizer.step(lambda p: (p[0] - 1.0) ** 2 + p[0] * p[1] + 2.0 * p[1] ** 2) for _ in range(6)]
    >>> round(x.data, 9), round(y.data, 9)  # the minimum, where 2x - 2 + y = 0 and x + 4y = 0
    (1.142857143, -0.285714286)
    """

    remembers: ClassVar[tuple[str, ...]] = ("damping",)

    def __init__(self, parameters: Parameters, *, damping: float = 0.0, inner_iterations: int = 100) -> None:
        super().__init__(parameters)
        self.state["damping"] = checked_number("HessianFree: the damping", damping)
        self.inner_iterations = checked_count("HessianFree: inner_iterations", inner_iterations)

    def stepped(self, objective: Objective, start: Vector) -> tuple[Vector, Step]:
        loss, gradient = objective.value_and_gradient(start)
        norm, damping = float(np.linalg.norm(gradient)), self.state["damping"]
        direction, curvature, products = self._direction(objective, start, gradient, damping)
        slope = float(gradient @ direction)
        length, found, _ = backtracked(objective, start, direction, loss, slope)
        promised = length * slope + 0.5 * length**2 * curvature
        if promised < 0.0:
            ratio = (found - loss) / promised
            self.state["damping"] *= 1.5 if ratio < 0.25 else 2 / 3 if ratio > 0.75 else 1.0
        else:
            self.state["damping"] *= 1.5
        return start + length * direction, Step(loss, found, norm, length, products, damping, length > 0.0)

    def _direction(self, objective: Objective, start: Vector, gradient: Vector, damping: float) -> tuple[Vector, float, int]:
        """z, zᵀB·z, and how many products were made."""
        square = float(gradient @ gradient)
        enough = min(0.25, np.sqrt(square)) * square  # ε²
        solution, residual, direction = np.zeros_like(gradient), gradient, -gradient
        for product in range(1, self.inner_iterations + 1):
            image = objective.product(start, direction) + damping * direction
            curvature = float(direction @ image)
            if curvature <= 0.0:
                if product == 1:
                    return -gradient, curvature, product
                return solution, float(solution @ (residual - gradient)), product
            length = square / curvature
            solution = solution + length * direction
            residual = residual + length * image
            before, square = square, float(residual @ residual)
            if square <= enough:  # both are 0 where squares underflow
                break
            direction = (square / before) * direction - residual
        return solution, float(solution @ (residual - gradient)), product  # r = B·z + g

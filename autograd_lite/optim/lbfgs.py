"""L-BFGS, by scipy."""

from __future__ import annotations

import numpy as np

from autograd_lite.engine.extras import require
from autograd_lite.optim.loss_optimizer import LossOptimizer, Step
from autograd_lite.optim.objective import Objective
from autograd_lite.optim.parameter_vector import Parameters, Vector
from autograd_lite.optim.ranges import checked_count

__all__ = ["LBFGS"]


class LBFGS(LossOptimizer):
    """Limited-memory BFGS, by `scipy.optimize.minimize(method="L-BFGS-B")`: some of its iterations in each step.

        for k = 0, 1, …                                              (Nocedal and Wright, 2006, Algorithms 7.4 and 7.5)
            q ← ∇f(pₖ)
            for i = k-1, …, k-m:   αᵢ ← ρᵢ·sᵢᵀq;  q ← q - αᵢ·yᵢ
            q ← (sₖ₋₁ᵀyₖ₋₁ / yₖ₋₁ᵀyₖ₋₁)·q
            for i = k-m, …, k-1:   β ← ρᵢ·yᵢᵀq;  q ← q + (αᵢ - β)·sᵢ
            pₖ₊₁ ← pₖ - α·q                                          (α meets Wolfe's conditions)
            sₖ ← pₖ₊₁ - pₖ;  yₖ ← ∇f(pₖ₊₁) - ∇f(pₖ);  ρₖ ← 1 / yₖᵀsₖ

    Source: Byrd, Lu, Nocedal and Zhu, A Limited Memory Algorithm for Bound Constrained Optimization, 1995, whose code scipy
    runs, here without bounds. The s and y are not kept from step to step: a step starts with the gradient's direction again,
    so few long steps are better than many short ones. `last.inner_iterations` counts the iterations.

    Arguments:
        parameters: a module, or leaf Values.
        max_iterations: how many iterations a step takes at most.
        memory: m, how many pairs s, y are remembered.

    Raises:
        TypeError, ValueError: for a number out of its range, or if there are no parameters.
        ImportError: by `step`, if scipy is not there.

    >>> from autograd_lite import Value
    >>> x, y = Value(-1.2), Value(1.0)
    >>> optimizer = LBFGS([x, y], max_iterations=100)
    >>> round(optimizer.step(lambda p: 100.0 * (p[1] - p[0] ** 2) ** 2 + (1.0 - p[0]) ** 2), 12)
    24.2
    >>> round(x.data, 4), round(y.data, 4)
    (1.0, 1.0)
    """

    def __init__(self, parameters: Parameters, *, max_iterations: int = 20, memory: int = 10) -> None:
        super().__init__(parameters)
        self.max_iterations = checked_count("LBFGS: max_iterations", max_iterations)
        self.memory = checked_count("LBFGS: memory", memory)

    def stepped(self, objective: Objective, start: Vector) -> tuple[Vector, Step]:
        minimize = require("scipy.optimize", "scipy").minimize
        loss, gradient = objective.value_and_gradient(start)

        def asked(numbers: Vector) -> tuple[float, Vector]:
            try:
                return objective.value_and_gradient(numbers)
            except FloatingPointError:  # too far: a great loss that rises on the way there makes scipy come back
                return max(abs(loss), 1.0) * 1e10, numbers - start

        options = {"maxiter": self.max_iterations, "maxcor": self.memory}
        result = minimize(asked, start, jac=True, method="L-BFGS-B", options=options)
        accepted = bool(result.fun < loss)
        norm, found = float(np.linalg.norm(gradient)), float(result.fun) if accepted else loss
        after = np.array(result.x, dtype=float) if accepted else start
        return after, Step(loss, found, norm, float(accepted), int(result.nit), accepted=accepted)

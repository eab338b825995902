"""Backtracking: how far to go along a direction."""

from __future__ import annotations

import math

from autograd_lite.optim.objective import Objective
from autograd_lite.optim.parameter_vector import Vector

__all__ = ["backtracked"]

SUFFICIENT = 1e-4
"""c of Armijo's condition; Nocedal and Wright, p. 33: "In practice, c1 is chosen to be quite small, say c1 = 1e-4"."""

SHRINK = 0.5
"""ρ, by which a rejected step length is multiplied."""

TRIALS = 60
"""From 1 the last one would be 2⁻⁵⁹, below the spacing of doubles."""

NOISE = 10 * 2.0**-52
"""A change of the loss by this part of it is rounding. Near a minimum, where f(p) - f* goes with the square of the distance,
the loss cannot tell p from the minimum at distances below about √NOISE; a Newton step there is still right, and is taken."""


def backtracked(
    objective: Objective,
    start: Vector,
    direction: Vector,
    loss: float,
    slope: float,
    *,
    first: float = 1.0,
    sufficient: float = SUFFICIENT,
) -> tuple[float, float, int]:
    """How far to go along a direction by backtracking (Nocedal and Wright, Numerical Optimization, 2006, Algorithm 3.1).

        choose ᾱ > 0, ρ in (0, 1), c in (0, 1);  α ← ᾱ                  (ᾱ = first, ρ = ½, c = sufficient)
        repeat until f(p + α·d) ≤ f(p) + c·α·∇f(p)ᵀd                    (Armijo's condition, 1966)
            α ← ρ·α

    A loss that is not finite does not meet the condition. The condition is asked up to the rounding of f.

    Arguments:
        objective: f.
        start, direction: p and d.
        loss, slope: f(p) and ∇f(p)ᵀd, which is not positive.
        first, sufficient: ᾱ and c; a Newton step needs a c below ½ to be taken whole.

    Returns:
        (α, f(p + α·d), the number of trials); (0, f(p), trials) if the loss goes down nowhere along d.

    >>> import numpy as np
    >>> from autograd_lite import Value
    >>> from autograd_lite.optim.parameter_vector import ParameterVector
    >>> objective = Objective(ParameterVector("example", [Value(1.0)]), lambda p: 3.0 * p[0] ** 2)
    >>> backtracked(objective, np.array([1.0]), np.array([-6.0]), 3.0, -36.0)  # at α = ½ it is 12, at ¼ it is ¾
    (0.25, 0.75, 3)
    """
    length = first
    for trial in range(1, TRIALS + 1):
        found = objective.value(start + length * direction)
        if math.isfinite(found) and found <= loss + sufficient * length * slope + NOISE * abs(loss):
            return length, found, trial
        length *= SHRINK
    return 0.0, loss, TRIALS

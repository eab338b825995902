"""Adam: momentum, and a rate for each parameter."""

from __future__ import annotations

from typing import ClassVar, final

import numpy as np

from autograd_lite.optim.optimizer import Clip, Count, Optimizer, Rate, State
from autograd_lite.optim.parameter_vector import Parameters, Vector
from autograd_lite.optim.ranges import checked_number

__all__ = ["Adam", "Moments"]


class Moments:
    """The running means of gradients and of their squares, and the step they give: what Adam and AdamW have in common.

    Arguments:
        what: who asks, for messages.
        betas: how much of the two means stays at each step, each from 0 to below 1.
        eps: a number > 0 that keeps the quotient finite.

    Raises:
        TypeError, ValueError: for a number out of its range.
    """

    names: ClassVar[tuple[str, ...]] = ("mean", "mean_square")

    def __init__(self, what: str, betas: tuple[float, float], eps: float) -> None:
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise TypeError(f"{what}: betas is {betas!r}; give two numbers, (0.9, 0.999) say")
        self.beta1, self.beta2 = (checked_number(f"{what}: a number in betas", beta, below=1.0) for beta in betas)
        self.eps = checked_number(f"{what}: eps", eps, positive=True)

    def move(self, gradient: Vector, rate: float, state: State, count: Count) -> Vector:
        """rate·m̂ / (√v̂ + eps), as a vector of its own; the means in `state` take the gradient in."""
        m, v = state["mean"], state["mean_square"]
        move = gradient - m
        move *= 1.0 - self.beta1
        m += move
        np.multiply(gradient, gradient, out=move)
        move *= 1.0 - self.beta2
        v *= self.beta2
        v += move
        # m̂ / (√v̂ + eps) with the root of v's correction multiplied through: one pass less.
        c, root = 1.0 - self.beta1**count, (1.0 - self.beta2**count) ** 0.5
        np.sqrt(v, out=move)
        move += self.eps * root
        np.divide(m, move, out=move)
        move *= rate * root / c
        return move


@final
class Adam(Optimizer):
    """Steps each parameter by a running mean of its gradients g over the root of one of their squares, both without bias.

        t ← t + 1                             (t, m and v start at 0)
        m ← beta1·m + (1-beta1)·g
        v ← beta2·v + (1-beta2)·g²
        m̂ = m / (1-beta1ᵗ)                    (means that start at 0 are too small by these factors)
        v̂ = v / (1-beta2ᵗ)
        p ← p - rate·m̂ / (√v̂ + eps)

    Each parameter has its own t: one that has no derivative in a step does not take it.

    Source: Kingma and Ba, Adam: A Method for Stochastic Optimization (ICLR 2015), algorithm 1.

    Arguments:
        parameters: a module, or leaf Values.
        learning_rate: a number ≥ 0 or a schedule; it can be set between steps.
        betas: how much of the two means stays at each step, each from 0 to below 1.
        eps: a number > 0 that keeps the quotient finite.
        weight_decay: this times p is added to g, the gradient of weight_decay/2·Σp²; see AdamW for the other way.
        clip: what limits a gradient before the step, `optim.clip_by_norm(1.0)` say.

    Raises:
        TypeError, ValueError: for a number out of its range, or parameters that cannot be optimised.

    >>> from autograd_lite import Value
    >>> x = Value(3.0)
    >>> optimizer = Adam([x], learning_rate=0.5)
    >>> (x * x).backward()
    >>> optimizer.step()                                # the first step is the rate itself, whatever the gradient
    >>> round(x.data, 6)
    2.5
    """

    remembers: ClassVar[tuple[str, ...]] = Moments.names

    def __init__(
        self,
        parameters: Parameters,
        learning_rate: Rate = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        clip: Clip | None = None,
    ) -> None:
        super().__init__(parameters, learning_rate, clip=clip)
        self.moments = Moments("Adam", betas, eps)
        self.weight_decay = checked_number("Adam: weight_decay", weight_decay)

    def update(self, parameters: Vector, gradient: Vector, rate: float, state: State, count: Count) -> None:
        if self.weight_decay:
            gradient = gradient + self.weight_decay * parameters
        parameters -= self.moments.move(gradient, rate, state, count)

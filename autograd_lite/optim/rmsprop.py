"""RMSProp: a rate for each parameter, by the gradients it has had of late."""

from __future__ import annotations

from typing import ClassVar, final

import numpy as np

from autograd_lite.optim.optimizer import Clip, Count, Optimizer, Rate, State
from autograd_lite.optim.parameter_vector import Parameters, Vector
from autograd_lite.optim.ranges import checked_number

__all__ = ["RMSProp"]


@final
class RMSProp(Optimizer):
    """Steps each parameter by its gradient g over the root of a running mean of its squares.

        r ← alpha·r + (1-alpha)·g²            (r starts at 0)
        v ← momentum·v + g / (√r + eps)       (v starts at 0)
        p ← p - rate·v

    Source: Hinton, Neural Networks for Machine Learning (Coursera, 2012), lecture 6e; Goodfellow, Bengio and Courville, Deep
    Learning (2016), algorithms 8.5 and 8.6; names, eps outside of the root and the place of momentum are PyTorch's.

    Arguments:
        parameters: a module, or leaf Values.
        learning_rate: a number ≥ 0 or a schedule; it can be set between steps.
        alpha: how much of the mean stays at each step, from 0 to below 1.
        eps: a number > 0 that keeps the quotient finite.
        momentum: from 0, none, to below 1.
        weight_decay: this times p is added to g, the gradient of weight_decay/2·Σp².
        clip: what limits a gradient before the step, `optim.clip_by_norm(1.0)` say.

    Raises:
        TypeError, ValueError: for a number out of its range, or parameters that cannot be optimised.

    >>> from autograd_lite import Value
    >>> x = Value(3.0)
    >>> optimizer = RMSProp([x], learning_rate=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()                                # r is a hundredth of g²: ten times the rate
    >>> round(x.data, 6)
    2.0
    """

    remembers: ClassVar[tuple[str, ...]] = ("mean_square", "velocity")

    def __init__(
        self,
        parameters: Parameters,
        learning_rate: Rate = 1e-2,
        *,
        alpha: float = 0.99,
        eps: float = 1e-8,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        clip: Clip | None = None,
    ) -> None:
        super().__init__(parameters, learning_rate, clip=clip)
        self.alpha = checked_number("RMSProp: alpha", alpha, below=1.0)
        self.eps = checked_number("RMSProp: eps", eps, positive=True)
        self.momentum = checked_number("RMSProp: momentum", momentum, below=1.0)
        self.weight_decay = checked_number("RMSProp: weight_decay", weight_decay)

    def update(self, parameters: Vector, gradient: Vector, rate: float, state: State, count: Count) -> None:
        if self.weight_decay:
            gradient = gradient + self.weight_decay * parameters
        r = state["mean_square"]
        move = gradient * gradient
        move *= 1.0 - self.alpha
        r *= self.alpha
        r += move
        np.sqrt(r, out=move)
        move += self.eps
        np.divide(gradient, move, out=move)
        if self.momentum:
            velocity = state["velocity"]
            velocity *= self.momentum
            velocity += move
            move[:] = velocity
        move *= rate
        parameters -= move

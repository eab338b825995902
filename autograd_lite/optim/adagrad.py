"""AdaGrad: a rate for each parameter, by the gradients it has had."""

from __future__ import annotations

from typing import ClassVar, final

import numpy as np

from autograd_lite.optim.optimizer import Clip, Count, Optimizer, Rate, State
from autograd_lite.optim.parameter_vector import Parameters, Vector
from autograd_lite.optim.ranges import checked_number

__all__ = ["AdaGrad"]


@final
class AdaGrad(Optimizer):
    """Steps each parameter by its gradient g over the root of the sum of squares of all its gradients.

        r ← r + g²                    (r starts at 0)
        p ← p - rate·g / (√r + eps)

    Source: Duchi, Hazan and Singer, Adaptive Subgradient Methods for Online Learning and Stochastic Optimization (JMLR 12,
    2011), the diagonal form; Goodfellow, Bengio and Courville, Deep Learning (2016), algorithm 8.4; eps as PyTorch has it.

    Arguments:
        parameters: a module, or leaf Values.
        learning_rate: a number ≥ 0 or a schedule; it can be set between steps.
        eps: a number > 0 that keeps the quotient finite.
        weight_decay: this times p is added to g, the gradient of weight_decay/2·Σp².
        clip: what limits a gradient before the step, `optim.clip_by_norm(1.0)` say.

    Raises:
        TypeError, ValueError: for a number out of its range, or parameters that cannot be optimised.

    >>> from autograd_lite import Value
    >>> x = Value(3.0)
    >>> optimizer = AdaGrad([x], learning_rate=0.5)
    >>> (x * x).backward()
    >>> optimizer.step()                                # the first step is the rate itself, whatever the gradient
    >>> round(x.data, 9)
    2.5
    """

    remembers: ClassVar[tuple[str, ...]] = ("sum_of_squares",)

    def __init__(
        self,
        parameters: Parameters,
        learning_rate: Rate = 1e-2,
        *,
        eps: float = 1e-10,
        weight_decay: float = 0.0,
        clip: Clip | None = None,
    ) -> None:
        super().__init__(parameters, learning_rate, clip=clip)
        self.eps = checked_number("AdaGrad: eps", eps, positive=True)
        self.weight_decay = checked_number("AdaGrad: weight_decay", weight_decay)

    def update(self, parameters: Vector, gradient: Vector, rate: float, state: State, count: Count) -> None:
        if self.weight_decay:
            gradient = gradient + self.weight_decay * parameters
        r = state["sum_of_squares"]
        r += gradient * gradient
        move = np.sqrt(r)
        move += self.eps
        np.divide(gradient, move, out=move)
        move *= rate
        parameters -= move

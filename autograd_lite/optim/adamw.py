"""AdamW: Adam, with weights that decay apart from the gradient."""

from __future__ import annotations

from typing import ClassVar, final

from autograd_lite.optim.adam import Moments
from autograd_lite.optim.optimizer import Clip, Count, Optimizer, Rate, State
from autograd_lite.optim.parameter_vector import Parameters, Vector
from autograd_lite.optim.ranges import checked_number

__all__ = ["AdamW"]


@final
class AdamW(Optimizer):
    """Steps as Adam does, and draws each parameter towards 0 by a share that its gradients do not change.

        t ← t + 1                             (t, m and v start at 0)
        p ← p - rate·weight_decay·p
        m ← beta1·m + (1-beta1)·g
        v ← beta2·v + (1-beta2)·g²
        p ← p - rate·m̂ / (√v̂ + eps)           with m̂ = m / (1-beta1ᵗ), v̂ = v / (1-beta2ᵗ)

    Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization (ICLR 2019), algorithm 2; the decay is multiplied by
    the whole rate, as PyTorch does it.

    Arguments:
        parameters: a module, or leaf Values.
        learning_rate: a number ≥ 0 or a schedule; it can be set between steps.
        betas: how much of the two means stays at each step, each from 0 to below 1.
        eps: a number > 0 that keeps the quotient finite.
        weight_decay: the share of p, times the rate, that a step takes away.
        clip: what limits a gradient before the step, `optim.clip_by_norm(1.0)` say.

    Raises:
        TypeError, ValueError: for a number out of its range, or parameters that cannot be optimised.

    >>> from autograd_lite import Value
    >>> x = Value(3.0)
    >>> optimizer = AdamW([x], learning_rate=0.5, weight_decay=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()                                # 3 - 0.5·0.1·3 - 0.5
    >>> round(x.data, 6)
    2.35
    """

    remembers: ClassVar[tuple[str, ...]] = Moments.names

    def __init__(
        self,
        parameters: Parameters,
        learning_rate: Rate = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        clip: Clip | None = None,
    ) -> None:
        super().__init__(parameters, learning_rate, clip=clip)
        self.moments = Moments("AdamW", betas, eps)
        self.weight_decay = checked_number("AdamW: weight_decay", weight_decay)

    def update(self, parameters: Vector, gradient: Vector, rate: float, state: State, count: Count) -> None:
        move = self.moments.move(gradient, rate, state, count)
        parameters *= 1.0 - rate * self.weight_decay
        parameters -= move

"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from typing import ClassVar, final

from autograd_lite.optim.optimizer import Clip, Count, Optimizer, Rate, State
from autograd_lite.optim.parameter_vector import Parameters, Vector
from autograd_lite.optim.ranges import checked_number

__all__ = ["SGD"]


@final
class SGD(Optimizer):
    """Steps against the gradient g (Robbins and Monro, 1951), with momentum where it is asked for (Polyak, 1964).

        v ← momentum·v + g            (v starts at 0)
        p ← p - rate·v                or, with Nesterov's: p ← p - rate·(g + momentum·v)

    Nesterov's form (1983) is that of Sutskever et al. (ICML 2013), as PyTorch writes it.

    Arguments:
        parameters: a module, or leaf Values.
        learning_rate: a number ≥ 0 or a schedule; it can be set between steps.
        momentum: from 0, none, to below 1.
        nesterov: whether the gradient is looked at ahead.
        weight_decay: this times p is added to g, the gradient of weight_decay/2·Σp².
        clip: what limits a gradient before the step, `optim.clip_by_norm(1.0)` say.

    Raises:
        TypeError, ValueError: for a number out of its range, or parameters that cannot be optimised.

    >>> from autograd_lite import Value
    >>> x = Value(1.0)
    >>> optimizer = SGD([x], learning_rate=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> x.data
    0.8
    """

    remembers: ClassVar[tuple[str, ...]] = ("velocity",)

    def __init__(
        self,
        parameters: Parameters,
        learning_rate: Rate,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        clip: Clip | None = None,
    ) -> None:
        super().__init__(parameters, learning_rate, clip=clip)
        self.momentum = checked_number("SGD: momentum", momentum, below=1.0)
        self.weight_decay = checked_number("SGD: weight_decay", weight_decay)
        if nesterov and not momentum:
            raise ValueError("SGD: nesterov needs a momentum; give 0.9, say")
        self.nesterov = nesterov

    def update(self, parameters: Vector, gradient: Vector, rate: float, state: State, count: Count) -> None:
        if self.weight_decay:
            gradient = gradient + self.weight_decay * parameters
        if not self.momentum:
            parameters -= rate * gradient
            return
        velocity = state["velocity"]
        velocity *= self.momentum
        velocity += gradient
        parameters -= rate * (gradient + self.momentum * velocity if self.nesterov else velocity)

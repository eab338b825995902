"""Stochastic gradient descent."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from autograd_lite.engine.value import Value
from autograd_lite.nn.module import Module

__all__ = ["SGD"]


class SGD:
    """Steps against the gradient: p ← p - learning_rate·∂loss/∂p (Robbins and Monro, 1951).

    Arguments:
        parameters: a module, or leaf Values.
        learning_rate: a number ≥ 0; it can be set between steps.

    Raises:
        ValueError: for a negative or non-finite rate, or if there are no parameters.

    >>> x = Value(1.0)
    >>> optimizer = SGD([x], learning_rate=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> x.data
    0.8
    """

    def __init__(self, parameters: Module | Iterable[Value], learning_rate: float) -> None:
        self.module = parameters if isinstance(parameters, Module) else None
        self.parameters = parameters.parameters() if isinstance(parameters, Module) else list(parameters)
        if not self.parameters:
            raise ValueError("SGD: there are no parameters to optimise")
        if not (learning_rate >= 0.0 and math.isfinite(learning_rate)):
            raise ValueError(f"SGD: the learning rate is {learning_rate}; it must be a finite number ≥ 0")
        self.learning_rate = learning_rate

    def zero_grad(self) -> None:
        """Sets the derivative of every parameter to 0."""
        for parameter in self.parameters:
            parameter.grad = 0.0

    def step(self, gradient: Sequence[float] | None = None) -> None:
        """One step, from the parameters' `.grad`, or from a gradient given as numbers in the order of the parameters.

        Parameters whose `.grad` is None stay as they are. With a module and a gradient the step is one vector operation on
        the module's buffer.

        Raises:
            ValueError: if the gradient has not one number for each parameter.
        """
        if gradient is None:
            for parameter in self.parameters:
                if parameter.grad is not None:
                    slope = parameter.grad.data if isinstance(parameter.grad, Value) else parameter.grad
                    parameter.data -= self.learning_rate * slope
            return
        if len(gradient) != len(self.parameters):
            raise ValueError(f"SGD: the gradient has {len(gradient)} numbers for {len(self.parameters)} parameters")
        if self.module is None:
            for parameter, slope in zip(self.parameters, gradient, strict=True):
                parameter.data -= self.learning_rate * float(slope)
        else:
            import numpy as np  # only where a vector is given

            storage = self.module.storage
            numbers = np.frombuffer(storage.numbers)
            with np.errstate(over="ignore", invalid="ignore"):  # a step that overflows is inf, as it is leaf by leaf
                numbers -= self.learning_rate * np.asarray(gradient, dtype=float)
            storage.written()

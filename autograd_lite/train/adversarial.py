"""Adversarial examples, a small step away from samples that a model knows, and training with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd_lite.calculus.transforms import value_and_grad
from autograd_lite.compiler import jit, vmap
from autograd_lite.nn.losses import softmax_cross_entropy
from autograd_lite.nn.module import Module
from autograd_lite.train.criteria import Loss
from autograd_lite.train.engines import ENGINES, Model
from autograd_lite.train.samples import Array, Samples

__all__ = ["FastGradientSign", "fast_gradient_sign"]


class FastGradientSign:
    """Moves samples to where the loss of a model grows fastest, no feature by more than ε: x + ε·sign(∂loss/∂x).

    To first order the loss grows by ε·Σ|∂loss/∂x|, which no other step of that size exceeds. The derivative is compiled
    once, reads the model's parameters anew at each call, and is taken in the mode of use (`model.eval()`).

    An object of this class is an augmentation too: given to `fit` as `augment`, it trains on half the loss of the samples
    and half that of the adversarial ones.

    Arguments:
        model: a Module that gives the outputs of a row of features.
        epsilon: how far each feature is moved, at most.
        loss: of one sample's outputs and target.
        clip: the lowest and the highest number that a feature can be, such as (0.0, 1.0) for pixels; None for no bounds.
        engine: "jit" or "eager" (see `fit`).

    Raises:
        TypeError: if model or loss cannot be called.
        ValueError: for an epsilon that is negative or not finite, bounds that are not in order, or an unknown engine.

    Source: Goodfellow, Shlens and Szegedy, Explaining and harnessing adversarial examples, ICLR 2015, sections 4 to 6.

    >>> from autograd_lite.nn import squared_error
    >>> attack = FastGradientSign(lambda x: 2.0 * x[0] - x[1], 0.1, loss=squared_error)
    >>> attack.adversarial([[1.0, 1.0], [1.0, 1.0]], [0.0, 2.0])
    array([[1.1, 0.9],
           [0.9, 1.1]])
    """

    def __init__(
        self,
        model: Model,
        epsilon: float,
        *,
        loss: Loss = softmax_cross_entropy,
        clip: tuple[float, float] | None = None,
        engine: str = ENGINES[0],
    ) -> None:
        for name, function in (("model", model), ("loss", loss)):
            if not callable(function):
                raise TypeError(f"FastGradientSign: the {name} is of type {type(function).__name__}, which cannot be called")
        if not 0.0 <= epsilon < math.inf:
            raise ValueError(f"FastGradientSign: epsilon is {epsilon}; it must be a finite number ≥ 0")
        if clip is not None and not clip[0] < clip[1]:
            raise ValueError(f"FastGradientSign: clip is {clip}; it must be (low, high), the first below the second")
        if engine not in ENGINES:
            raise ValueError(f"FastGradientSign: the engine is {engine!r}; it must be one of {', '.join(ENGINES)}")
        self.model, self.epsilon, self.loss, self.clip, self.engine = model, epsilon, loss, clip, engine
        # With the value: what is not asked for is not computed when compiled, nor is a label out of range seen there.
        slopes = vmap(value_and_grad(lambda row, target: loss(model(row), target)))
        self._slopes: Callable[..., Any] = jit(slopes) if engine == "jit" else slopes

    def adversarial(self, rows: Any, targets: Any) -> Array:
        """The adversarial example of each sample.

        Arguments:
            rows: the features, an array or nested lists; the first dimension counts the samples.
            targets: one for each.

        Raises:
            ValueError: for what are no samples, or if the derivative of a loss is not a number.
        """
        samples = Samples.of(rows, targets)
        with _in_use(self.model):
            slopes = np.asarray(self._slopes(samples.features, samples.targets)[1])
        wrong = np.argwhere(np.isnan(slopes))
        if len(wrong):
            raise ValueError(
                f"FastGradientSign: the derivative of the loss of sample {wrong[0][0]} is nan; look at the model"
            )
        moved: Array = samples.features + self.epsilon * np.sign(slopes)
        return moved if self.clip is None else moved.clip(*self.clip)

    def __call__(self, rows: Array, targets: Array, generator: np.random.Generator) -> tuple[Array, Array]:
        """The samples and after them their adversarial examples, with the targets of both; no dice are rolled."""
        return np.concatenate([rows, self.adversarial(rows, targets)]), np.concatenate([targets, targets])

    def __repr__(self) -> str:
        return f"FastGradientSign({self.model!r}, {self.epsilon})"


def fast_gradient_sign(
    model: Model,
    rows: Any,
    targets: Any,
    epsilon: float,
    *,
    loss: Loss = softmax_cross_entropy,
    clip: tuple[float, float] | None = None,
    engine: str = ENGINES[0],
) -> Array:
    """The adversarial examples of some samples; `FastGradientSign`, which compiles once, serves for more than one call.

    Arguments:
        model, epsilon, loss, clip, engine: see `FastGradientSign`.
        rows, targets: the samples.

    Raises:
        TypeError, ValueError: see `FastGradientSign`.

    >>> from autograd_lite.nn import hinge
    >>> fast_gradient_sign(lambda x: 2.0 * x[0] - x[1], [[0.0, 0.0]], [1.0], 0.5, loss=hinge)
    array([[-0.5,  0.5]])
    """
    return FastGradientSign(model, epsilon, loss=loss, clip=clip, engine=engine).adversarial(rows, targets)


@contextmanager
def _in_use(model: Model) -> Iterator[None]:
    """Puts a model into the mode of use, and every layer back into its own after it."""
    modules = model.modules() if isinstance(model, Module) else ()  # a function has no modes
    modes = [(module, module.training) for module in modules if hasattr(module, "training")]
    for module, _ in modes:
        module.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.train(mode)

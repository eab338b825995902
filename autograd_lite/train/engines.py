"""What computes: a graph for each mini-batch, or one compiled function for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from autograd_lite.calculus.contents import map_values
from autograd_lite.calculus.recording import number_of
from autograd_lite.calculus.transforms import value_and_grad
from autograd_lite.calculus.trees import blocks, object_array
from autograd_lite.compiler import jit, vmap
from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.sequences import mean, total
from autograd_lite.engine.state import no_grad
from autograd_lite.engine.value import Value
from autograd_lite.nn.losses import softmax_cross_entropy
from autograd_lite.nn.nested import nested, shape_of
from autograd_lite.train.criteria import Loss
from autograd_lite.train.samples import Array, Samples, array_of

__all__ = ["ENGINES", "REDUCTIONS", "Computation", "Model", "Penalty", "mean_loss", "outputs_of"]

ENGINES = ("jit", "eager")

REDUCTIONS: dict[str, Callable[..., Any]] = {"mean": mean, "sum": total}
"""How the losses of samples become one, by name."""

Model: TypeAlias = Any
"""A Module that can be called with a row of features; `Module` itself cannot be called."""

Penalty: TypeAlias = Callable[[Any], Scalar]
"""What a model costs besides its losses: a function of the model, such as `lambda model: l2(model, 1e-4)`."""


def mean_loss(
    model: Model, features: Sequence[Sequence[float]], targets: Sequence[Any], loss: Loss = softmax_cross_entropy
) -> tuple[Value, list[Any]]:
    """The mean loss of some samples as one graph, and the model's outputs for each.

    >>> from autograd_lite.nn import MLP
    >>> loss, outputs = mean_loss(MLP(2, [2], seed=0), [[0.0, 0.0], [0.0, 0.0]], [0, 1])
    >>> round(loss.data, 6), len(outputs)
    (0.693147, 2)
    """
    losses, outputs = _sample_by_sample(model, features, targets, loss)
    found: Value = mean(losses)
    return found, outputs


def _sample_by_sample(model: Model, features: Any, targets: Any, loss: Loss) -> tuple[list[Any], list[Any]]:
    outputs = [model(row) for row in features]
    return [loss(output, target) for output, target in zip(outputs, targets, strict=True)], outputs


@dataclass(frozen=True)
class Computation:
    """The loss of a model over some samples, as a function that can be differentiated, compiled or not.

    Attributes:
        loss: that of one sample.
        reduction: how those of all samples become one, "mean" or "sum".
        penalty: what is added to it.
        engine: "jit" or "eager".

    Raises:
        ValueError: for an unknown name.
    """

    loss: Loss
    reduction: str = "mean"
    penalty: Penalty | None = None
    engine: str = ENGINES[0]

    def __post_init__(self) -> None:
        if self.reduction not in REDUCTIONS:
            raise ValueError(f"the reduction is {self.reduction!r}; it must be one of {', '.join(REDUCTIONS)}")
        if self.engine not in ENGINES:
            raise ValueError(f"the engine is {self.engine!r}; it must be one of {', '.join(ENGINES)}")

    def gradient(self, model: Model, samples: Samples) -> tuple[float, Array, Array]:
        """The loss of some samples, the model's outputs for each, and the derivatives by the model's parameters."""
        (found, outputs), gradient = self._with_gradient(model, *self._given(samples))
        return float(found), self._as_array(outputs), np.asarray(gradient)

    def value(self, model: Model, samples: Samples) -> tuple[float, Array]:
        """The loss of some samples and the model's outputs for each."""
        with no_grad():
            found, outputs = self._value(model, *self._given(samples))
        return float(number_of(found)), self._as_array(outputs)

    def step(self, optimizer: Any, samples: Samples) -> float:
        """One step of an optimiser that looks at the loss itself; returns the loss before it."""
        before: float = optimizer.step(self._alone, *self._given(samples))
        return before

    def of(self, model: Model, rows: Any, goals: Any) -> tuple[Any, Any]:
        """The loss as scalar code, and the outputs: what is differentiated."""
        if self.engine == "jit":
            losses, outputs = vmap(self._of_sample, in_axes=(None, 0, 0))(model, rows, goals)
        else:
            losses, outputs = _sample_by_sample(model, rows, goals, self.loss)
        found = REDUCTIONS[self.reduction](losses)
        return (found if self.penalty is None else found + self.penalty(model)), outputs

    def _of_sample(self, model: Model, row: Any, goal: Any) -> tuple[Any, Any]:
        outputs = model(row)
        return self.loss(outputs, goal), _side_by_side(outputs)

    @cached_property
    def _with_gradient(self) -> Callable[..., Any]:
        return self._compiled(value_and_grad(self.of, has_aux=True))

    @cached_property
    def _value(self) -> Callable[..., Any]:
        return self._compiled(self.of)

    @cached_property
    def _alone(self) -> Callable[..., Any]:
        return self._compiled(lambda model, rows, goals: self.of(model, rows, goals)[0])

    def _compiled(self, f: Callable[..., Any]) -> Callable[..., Any]:
        return jit(f) if self.engine == "jit" else f

    def _given(self, samples: Samples) -> tuple[Any, Any]:
        """Python's own floats where each is taken by itself: the engine is fastest with them."""
        if self.engine == "jit":
            return samples.features, samples.targets
        return samples.features.tolist(), samples.targets.tolist()

    def _as_array(self, outputs: Any) -> Array:
        """The outputs with a row for each sample, or a number where a sample has one."""
        if self.engine == "jit":
            return np.asarray(outputs)
        return np.array([map_values(number_of, _side_by_side(output)) for output in outputs])


def _side_by_side(outputs: Any) -> Any:
    """The outputs of a sample as one array, which a compiled function returns faster than a list; a single one as it is.

    It has the shape of nested lists; those of different lengths stand in a row.
    """
    if not isinstance(outputs, (list, tuple)):
        return outputs
    items, _ = blocks(outputs)
    try:
        shape = shape_of(nested(outputs), "the outputs")
    except ValueError:
        shape = (len(items),)
    return object_array(items, shape)


def outputs_of(model: Model, features: Any, *, engine: str = ENGINES[0]) -> Array:
    """The model's outputs for many samples: a row, or nested lists, for each, or a number where a sample has one.

    Layers such as `Dropout` are in the mode they are in; call `model.eval()` before.

    Arguments:
        model: a Module that gives the outputs of a row of features.
        features: an array, or nested lists; the first dimension counts the samples.
        engine: "jit" or "eager" (see `fit`).

    Raises:
        ValueError: for an unknown engine, no samples, or what is no finite numbers.

    >>> from autograd_lite.nn import MLP
    >>> outputs_of(MLP(2, [3], seed=0), [[0.0, 0.0], [0.0, 0.0]])
    array([[0., 0., 0.],
           [0., 0., 0.]])
    """
    rows = array_of("features", features)
    if len(rows) == 0:
        raise ValueError("outputs_of: there are no samples")
    return Computation(lambda outputs, target: 0.0, engine=engine).value(model, Samples(rows, np.zeros(len(rows))))[1]

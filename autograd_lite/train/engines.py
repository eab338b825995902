"""What computes: a graph for each mini-batch, or one compiled function for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from autograd_lite.calculus.contents import map_values
from autograd_lite.calculus.recording import number_of
from autograd_lite.calculus.transforms import value_and_grad
from autograd_lite.calculus.trees import blocks
from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.sequences import mean
from autograd_lite.engine.state import no_grad
from autograd_lite.engine.value import Value
from autograd_lite.nn.losses import softmax_cross_entropy

__all__ = ["ENGINES", "Loss", "Model", "batch_of", "mean_loss", "outputs_of"]

ENGINES = ("jit", "eager")

Model: TypeAlias = Any
"""A Module that can be called with a row of features; `Module` itself cannot be called."""

Loss: TypeAlias = Callable[[Any, Any], Scalar]
"""The loss of one sample: a function of the model's outputs and the target."""

Batch: TypeAlias = Callable[[list[int]], tuple[float, list[Any], Sequence[float] | None]]
"""From the places of a mini-batch's samples: the mean loss, the model's outputs for each, and the gradient, or None where it
was left in the parameters."""


def mean_loss(
    model: Model, features: Sequence[Sequence[float]], targets: Sequence[Any], loss: Loss = softmax_cross_entropy
) -> tuple[Value, list[Any]]:
    """The mean loss of some samples as one graph, and the model's outputs for each.

    >>> from autograd_lite.nn import MLP
    >>> loss, outputs = mean_loss(MLP(2, [2], seed=0), [[0.0, 0.0], [0.0, 0.0]], [0, 1])
    >>> round(loss.data, 6), len(outputs)
    (0.693147, 2)
    """
    outputs = [model(row) for row in features]
    found: Value = mean([loss(output, target) for output, target in zip(outputs, targets, strict=True)])
    return found, outputs


def batch_of(model: Model, features: Sequence[Sequence[float]], targets: Sequence[Any], loss: Loss, *, engine: str) -> Batch:
    """What computes the mini-batches of some samples.

    Raises:
        ValueError: for an unknown engine.
    """
    return (_compiled_batch if _compiles(engine) else _eager_batch)(model, features, targets, loss)


def outputs_of(model: Model, features: Sequence[Sequence[float]], *, engine: str) -> list[Any]:
    """The model's outputs for each row of features, as numbers.

    Raises:
        ValueError: for an unknown engine.

    >>> from autograd_lite.nn import MLP
    >>> [outputs_of(MLP(2, [3], seed=0), [[0.0, 0.0]], engine=engine) for engine in ENGINES]
    [[[0.0, 0.0, 0.0]], [[0.0, 0.0, 0.0]]]
    """
    if not _compiles(engine):
        with no_grad():
            return [map_values(number_of, model(row)) for row in features]
    from autograd_lite.compiler import jit, vmap  # only where something is compiled: it loads numpy

    of_all = jit(vmap(lambda model, row: model(row), in_axes=(None, 0)))
    return _by_sample(of_all(model, _array("features", features)))


def _compiles(engine: str) -> bool:
    if engine not in ENGINES:
        raise ValueError(f"the engine is {engine!r}; it must be one of {', '.join(ENGINES)}")
    return engine == "jit"


def _eager_batch(model: Model, features: Sequence[Sequence[float]], targets: Sequence[Any], loss: Loss) -> Batch:
    def batch(places: list[int]) -> tuple[float, list[Any], None]:
        found, outputs = mean_loss(model, [features[i] for i in places], [targets[i] for i in places], loss)
        model.zero_grad()
        found.backward()
        return found.data, outputs, None

    return batch


def _compiled_batch(model: Model, features: Sequence[Sequence[float]], targets: Sequence[Any], loss: Loss) -> Batch:
    from autograd_lite.compiler import jit, vmap  # only where something is compiled: it loads numpy

    all_rows, all_goals = _array("features", features), _array("targets", targets)

    def of_sample(model: Model, row: Any, goal: Any) -> Any:
        outputs = model(row)
        return loss(outputs, goal), outputs

    def of_batch(model: Model, rows: Any, goals: Any) -> Any:
        losses, outputs = vmap(of_sample, in_axes=(None, 0, 0))(model, rows, goals)
        return mean(losses), outputs

    gradient_of = jit(value_and_grad(of_batch, has_aux=True))

    def batch(places: list[int]) -> tuple[float, list[Any], Sequence[float]]:
        (found, outputs), gradient = gradient_of(model, all_rows[places], all_goals[places])
        return found, _by_sample(outputs), gradient

    return batch


def _array(what: str, numbers: Sequence[Any]) -> Any:
    import numpy as np  # only where something is compiled

    try:
        return np.array(numbers, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"the {what} are no numbers, or rows of equally many ({error}): only the eager engine takes such"
        ) from error


def _by_sample(outputs: Any) -> list[Any]:
    """The outputs of each sample, from those of all side by side."""
    columns, structure = blocks(outputs)
    return [structure.from_blocks(items) for items in zip(*[column.tolist() for column in columns], strict=True)]

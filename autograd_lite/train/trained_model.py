"""A trained model: a network, what its inputs go through, and what its outputs mean."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd_lite.engine.state import no_grad
from autograd_lite.engine.value import Value
from autograd_lite.nn.architecture import record_of
from autograd_lite.nn.layers import MLP, Layer, Neuron
from autograd_lite.nn.maxout import Maxout
from autograd_lite.nn.module import Module
from autograd_lite.nn.nested import elements
from autograd_lite.nn.sequential import Sequential
from autograd_lite.train.preprocessor import Preprocessor
from autograd_lite.train.tasks import Task

__all__ = ["FORMAT", "VERSION", "TrainedModel"]

FORMAT = "autograd_lite.model"
VERSION = 2
"""Raised when a reader of the old version would misread the new one."""


@dataclass(frozen=True)
class TrainedModel:
    """All that a prediction needs.

    Attributes:
        network: the trained network.
        preprocessing: what features go through before the network; None for nothing.
        task: what the outputs mean; None for numbers as they are.
        feature_names: None if the features are known by their order alone.
        target_name: the column that holds what is predicted, where there is one.
        metadata: what else is to be kept, as plain data: an optimiser's `state_dict()`, say.

    Raises:
        ValueError: if the parts do not fit each other, as far as the network tells, or the metadata is no plain data.

    >>> from autograd_lite.train.preprocessing import Standardizer
    >>> from autograd_lite.train.tasks import Regression
    >>> model = TrainedModel(MLP(1, [1], seed=0), Standardizer((0.0,), (1.0,)), Regression(Standardizer((7.0,), (2.0,))))
    >>> model.predict([[0.0]])
    [(7.0,)]
    """

    network: Module
    preprocessing: Preprocessor | None = None
    task: Task | None = None
    feature_names: tuple[str, ...] | None = None
    target_name: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.feature_names is not None:
            object.__setattr__(self, "feature_names", tuple(self.feature_names))
        inputs = _inputs(self.network)
        for what, count in (("the preprocessing", self._columns), ("feature_names", _length(self.feature_names))):
            if None not in (inputs, count) and count != inputs:
                raise ValueError(f"{what} has {count} columns, and the network {inputs} inputs")
        outputs, wanted = _outputs(self.network), None if self.task is None else self.task.outputs
        if None not in (outputs, wanted) and outputs != wanted:
            raise ValueError(f"the network has {outputs} outputs, and the task asks for {wanted}")
        if not (isinstance(self.metadata, dict) and _is_plain(self.metadata)):
            raise ValueError(
                "the metadata must be a dict of texts, finite numbers, truths, None, lists and such dicts alone"
            )

    @property
    def inputs(self) -> int | None:
        """How many numbers a row of features has; None if that is not known."""
        counts = (_length(self.feature_names), self._columns, _inputs(self.network))
        return next((count for count in counts if count is not None), None)

    @property
    def _columns(self) -> int | None:
        return None if self.preprocessing is None else self.preprocessing.columns

    def predict(self, features: Iterable[Sequence[float]]) -> list[tuple[Any, ...]]:
        """The prediction for each row of features: the class and all probabilities, the number, or all outputs.

        The network is put into the mode of use (`network.eval()`).

        Raises:
            ValueError: if a row has not as many numbers as the model has inputs, or the task does not fit the outputs.
        """
        network: Any = self.network.eval()
        rows = features if self.preprocessing is None else self.preprocessing(features)
        with no_grad():
            outputs = [[x.data if isinstance(x, Value) else x for x in elements(network(row))] for row in rows]
        return [self._prediction(row) for row in outputs]

    def _prediction(self, outputs: list[Any]) -> tuple[Any, ...]:
        if self.task is None:
            return tuple(outputs)
        if len(outputs) != self.task.outputs:
            raise ValueError(f"the network has {len(outputs)} outputs, and the task asks for {self.task.outputs}")
        return self.task.prediction(outputs)

    def record(self) -> dict[str, Any]:
        """The model as plain data but for its weights.

        Raises:
            TypeError, ValueError: for a network that has no record (see `nn.record_of`).
        """
        return {
            "format": FORMAT,
            "version": VERSION,
            "network": record_of(self.network),
            "preprocessing": None if self.preprocessing is None else _with_type(self.preprocessing),
            **({"task": None} if self.task is None else {"task": self.task.name, **self.task.record()}),
            "feature_names": None if self.feature_names is None else list(self.feature_names),
            "target_name": self.target_name,
            "metadata": self.metadata,
        }


def _with_type(preprocessing: Preprocessor) -> dict[str, Any]:
    return {"type": type(preprocessing).__name__, **preprocessing.record()}


def _is_plain(data: Any) -> bool:
    """Whether JSON gives back the same."""
    try:
        return bool(json.loads(json.dumps(data)) == data)
    except (TypeError, ValueError, RecursionError):
        return False


def _length(names: Sequence[str] | None) -> int | None:
    return None if names is None else len(names)


def _inputs(network: Any) -> int | None:
    """How many numbers a network takes; None for one that takes them in another form than as a row."""
    while isinstance(network, Sequential):
        network = network.parts[0]
    if isinstance(network, MLP):
        network = network.layers[0]
    if isinstance(network, Maxout):
        network = network.units[0][0]
    neuron = network.neurons[0] if isinstance(network, Layer) else network
    return len(neuron.w) if isinstance(neuron, Neuron) else None


def _outputs(network: Any) -> int | None:
    """How many numbers come out; None where this is not plain to see."""
    while isinstance(network, Sequential):
        network = network.parts[-1]
    if isinstance(network, MLP):
        network = network.layers[-1]
    if isinstance(network, Layer):
        return len(network.neurons)
    if isinstance(network, Maxout):
        return len(network.units)
    return 1 if isinstance(network, Neuron) else None

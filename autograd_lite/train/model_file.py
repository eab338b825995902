"""A trained model and its file: JSON that reads back to the bit, and is believed in nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

from autograd_lite.engine.state import no_grad
from autograd_lite.nn.activations import ACTIVATIONS
from autograd_lite.nn.layers import MLP
from autograd_lite.train.files import reason_of, replace_file
from autograd_lite.train.preprocessing import Standardizer
from autograd_lite.train.tasks import Classification, Regression, Task

__all__ = ["FORMAT", "VERSION", "ModelFileError", "TrainedModel", "read_model", "write_model"]

FORMAT = "autograd_lite.model"
VERSION = 1
"""Raised when a reader of the old version would misread the new one."""


class ModelFileError(ValueError):
    """What is wrong with a model's file, in one line that names it."""


@dataclass(frozen=True)
class TrainedModel:
    """All that a prediction needs.

    Attributes:
        network: the trained network; its inputs are standardised features.
        preprocessing: what standardises them.
        task: what its outputs mean.
        feature_names: None if the features are known by their order alone.
        target_name: the column that holds what is predicted, where there is one.

    >>> model = TrainedModel(MLP(1, [1], seed=0), Standardizer((0.0,), (1.0,)), Regression(Standardizer((7.0,), (2.0,))))
    >>> model.predict([[0.0]])
    [(7.0,)]
    """

    network: MLP
    preprocessing: Standardizer
    task: Task
    feature_names: tuple[str, ...] | None = None
    target_name: str | None = None

    def predict(self, features: Iterable[Sequence[float]]) -> list[tuple[Any, ...]]:
        """The prediction for each row of features: the class and all probabilities, or the number.

        Raises:
            ValueError: if a row has not as many numbers as the model has inputs.
        """
        with no_grad():
            outputs = [self.network(row) for row in self.preprocessing(features)]
        return [self.task.prediction([x.data for x in (row if isinstance(row, list) else [row])]) for row in outputs]

    def record(self) -> dict[str, Any]:
        """The model as plain data: sizes of all layers from the inputs on, weights in the order of `parameters()`.

        Raises:
            ValueError: if the layers have not one activation, which is named, in all but the last.
        """
        neurons = [layer.neurons for layer in self.network.layers]
        names = [getattr(layer.activation, "__name__", "") for layer in self.network.layers]
        if names != [names[0]] * (len(names) - 1) + ["identity"] or names[0] not in ACTIVATIONS:
            shown = ", ".join(names)
            raise ValueError(f"the activations are {shown}; a file holds one for all layers but the last, by its name")
        return {
            "format": FORMAT,
            "version": VERSION,
            "task": self.task.name,
            "sizes": [len(neurons[0][0].w), *map(len, neurons)],
            "activation": names[0],
            **self.task.record(),
            "feature_names": None if self.feature_names is None else list(self.feature_names),
            "target_name": self.target_name,
            "preprocessing": self.preprocessing.record(),
            "weights": [parameter.data for parameter in self.network.parameters()],
        }


def write_model(model: TrainedModel, path: Path) -> None:
    """Writes a model as JSON, every number so that it reads back to the bit.

    Raises:
        OSError: if the file cannot be written.
        ValueError: if a number is not finite, which JSON has no word for.
    """
    text = json.dumps(model.record(), allow_nan=False, ensure_ascii=False, indent=None)
    replace_file(path, lambda temporary: temporary.write_text(text + "\n", encoding="utf-8"))


def read_model(path: Path) -> TrainedModel:
    """Reads what `write_model` wrote.

    Raises:
        ModelFileError: for a file that cannot be read, or in which anything does not fit.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"), parse_constant=_not_finite)
    except OSError as error:
        raise ModelFileError(f"{path}: the file cannot be read ({reason_of(error)})") from error
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{path}: the file is not JSON ({error}); is it a model.json, and whole?") from error
    try:
        return _model_of(record)
    except ValueError as error:
        raise ModelFileError(f"{path}: {error}") from error


def _not_finite(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


# --- a record that may hold anything --------------------------------------------------------------------------------------


def _model_of(record: Any) -> TrainedModel:
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise ValueError(f"the file is no model of this library: it has not the format {FORMAT!r}")
    if record.get("version") != VERSION:
        raise ValueError(f"the model has the version {record.get('version')!r}; {VERSION} is the one that can be read")
    sizes = record.get("sizes")
    if not isinstance(sizes, list) or len(sizes) < 2 or not all(type(size) is int and size >= 1 for size in sizes):
        raise ValueError("'sizes' must be a list of two or more whole numbers from 1 on")
    activation = record.get("activation")
    if not isinstance(activation, str) or activation not in ACTIVATIONS:
        raise ValueError(f"'activation' is {activation!r}; known are {', '.join(sorted(ACTIVATIONS))}")
    # Before the network is made: whatever the sizes are, it has no more weights than the file.
    weights = _numbers(record, "weights", sum((nin + 1) * nout for nin, nout in pairwise(sizes)))
    network = MLP(sizes[0], sizes[1:], activation=activation, seed=0)
    for parameter, weight in zip(network.parameters(), weights, strict=True):
        parameter.data = weight
    target_name = record.get("target_name")
    if not isinstance(target_name, str | None):
        raise ValueError("'target_name' must be a text or null")
    names = None if record.get("feature_names") is None else _names(record, "feature_names", sizes[0])
    return TrainedModel(network, _scaling(record, "preprocessing", sizes[0]), _task(record, sizes[-1]), names, target_name)


def _task(record: dict[str, Any], outputs: int) -> Task:
    name = record.get("task")
    if name == Classification.name:
        if outputs < 2:
            raise ValueError("'sizes' ends in 1; a classification has an output for each of two or more classes")
        return Classification(_names(record, "class_names", outputs))
    if name == Regression.name:
        if outputs != 1:
            raise ValueError(f"'sizes' ends in {outputs}; a regression has one output")
        return Regression(_scaling(record, "target_preprocessing", 1))
    raise ValueError(f"'task' is {name!r}; known are {Classification.name!r} and {Regression.name!r}")


def _scaling(record: dict[str, Any], key: str, count: int) -> Standardizer:
    found = record.get(key)
    if not isinstance(found, dict):
        raise ValueError(f"{key!r} is missing, or no object with 'mean' and 'scale'")
    return Standardizer(_numbers(found, "mean", count), _numbers(found, "scale", count))


def _numbers(record: dict[str, Any], key: str, count: int) -> tuple[float, ...]:
    found = _listed(record, key, count, "numbers")
    if not all(type(x) in (int, float) and -math.inf < x < math.inf for x in found):
        raise ValueError(f"{key!r} holds what is no finite number")
    try:
        return tuple(map(float, found))
    except OverflowError:
        raise ValueError(f"{key!r} holds a number beyond the floats") from None


def _names(record: dict[str, Any], key: str, count: int) -> tuple[str, ...]:
    found = _listed(record, key, count, "names")
    if not all(isinstance(name, str) for name in found) or len(set(found)) < count:
        raise ValueError(f"{key!r} must hold texts, no two of them equal")
    return tuple(found)


def _listed(record: dict[str, Any], key: str, count: int, what: str) -> list[Any]:
    found = record.get(key)
    if not isinstance(found, list):
        raise ValueError(f"{key!r} is missing, or no list of {what}")
    if len(found) != count:
        raise ValueError(f"{key!r} has {len(found)} {what}; the sizes of the layers ask for {count}")
    return found

"""The files of trained models: JSON or safetensors, which read back to the bit, and are believed in nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from autograd_lite.engine.extras import require
from autograd_lite.nn.module import Module
from autograd_lite.nn.state import State
from autograd_lite.train.files import reason_of, replace_file
from autograd_lite.train.model_record import check_format, model_of, renewed
from autograd_lite.train.preprocessor import Preprocessor
from autograd_lite.train.tasks import Task
from autograd_lite.train.trained_model import FORMAT, VERSION, TrainedModel

__all__ = ["FORMAT", "VERSION", "ModelFileError", "TrainedModel", "load", "read_model", "save", "write_model"]

SAFETENSORS = ".safetensors"
"""The suffix of its files; what else is read is taken for JSON."""


class ModelFileError(ValueError):
    """What is wrong with a model's file, in one line that names it."""


def save(
    network: Module,
    path: str | PathLike[str],
    *,
    preprocessing: Preprocessor | None = None,
    task: Task | None = None,
    feature_names: Sequence[str] | None = None,
    target_name: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Writes a network with all that belongs to it into a file; no code and no pickle is in it.

    Arguments:
        network: made of the modules of `nn` and those that `nn.register` was told of, with activations by name.
        path: "….json", which people can read; or "….safetensors", which is smaller and has place for nan and inf.
        preprocessing, task, feature_names, target_name, metadata: see `TrainedModel`.

    Raises:
        TypeError: for a module or function that a file has no words for.
        ValueError: for another suffix, parts that do not fit, or weights in JSON that are not finite.
        MissingExtraError: if safetensors is not installed.
        OSError: if the file cannot be written; an old one is then left whole.

    >>> import tempfile
    >>> from autograd_lite.nn import MLP
    >>> from autograd_lite.train.preprocessing import Standardizer
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(MLP(2, [3, 1], seed=0), f"{folder}/model.json", preprocessing=Standardizer((5.0, 5.0), (1.0, 1.0)))
    ...     model = load(f"{folder}/model.json")
    >>> model.network
    MLP(2 -> 3 relu -> 1 identity, 13 parameters)
    >>> model.predict([[5.0, 5.0]])
    [(0.0,)]
    """
    names = None if feature_names is None else tuple(feature_names)
    write_model(TrainedModel(network, preprocessing, task, names, target_name, dict(metadata or {})), Path(path))


def load(path: str | PathLike[str]) -> TrainedModel:
    """Reads what `save` or the command line wrote; `.network` is the network, `.predict(rows)` its predictions.

    Raises:
        ModelFileError: for a file that cannot be read, or in which anything does not fit.
        MissingExtraError: if safetensors is not installed.
    """
    return read_model(Path(path))


def write_model(model: TrainedModel, path: Path) -> None:
    """Writes a model, every number so that it reads back to the bit; arguments and errors are those of `save`."""
    suffix = path.suffix.lower()
    if suffix not in (".json", SAFETENSORS):
        raise ValueError(f"{str(path)!r} does not say the format; give a name that ends in .json or {SAFETENSORS}")
    record, state = model.record(), model.network.state_dict()
    model_of(record, len(model.network.parameters()), lambda: state)  # raises for what could not be read
    content = _as_json(record, state) if suffix == ".json" else _as_safetensors(record, state)
    replace_file(path, lambda temporary: temporary.write_bytes(content))


def read_model(path: Path) -> TrainedModel:
    """Reads what `write_model` wrote; errors are those of `load`."""
    read = _from_safetensors if path.suffix.lower() == SAFETENSORS else _from_json
    try:
        return read(path)
    except OSError as error:
        raise ModelFileError(f"{path}: the file cannot be read ({reason_of(error)})") from error
    except RecursionError as error:
        raise ModelFileError(f"{path}: modules are nested too deeply ({error})") from error
    except (TypeError, ValueError) as error:  # a TypeError: of a type that was registered
        raise ModelFileError(f"{path}: {error}") from error


# --- JSON -----------------------------------------------------------------------------------------------------------------


def _as_json(record: dict[str, Any], state: State) -> bytes:
    for name, numbers in state.items():
        if not all(map(math.isfinite, _listed(numbers))):
            raise ValueError(f"a weight in {name!r} is not finite, which JSON has no word for; write a {SAFETENSORS} file")
    text = json.dumps({**record, "weights": state}, allow_nan=False, ensure_ascii=False)
    return f"{text}\n".encode()


def _from_json(path: Path) -> TrainedModel:
    record = _parsed(path.read_bytes(), "the file is not JSON", "is it a model.json, and whole?")
    check_format(record, (1, VERSION))
    if record["version"] == 1:
        record, weights = renewed(record)
    else:
        weights = record.get("weights")
    if not isinstance(weights, dict):
        raise ValueError("'weights' is missing, or no object")
    for name, numbers in weights.items():
        if not all(type(x) in (int, float) and -math.inf < x < math.inf for x in _listed(numbers)):
            raise ValueError(f"{name!r} in 'weights' holds what is no finite number")
    return model_of(record, sum(len(_listed(numbers)) for numbers in weights.values()), lambda: weights)


def _parsed(text: str | bytes, complaint: str, advice: str) -> Any:
    try:
        return json.loads(text, parse_constant=_not_finite, object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{complaint} ({error}); {advice}") from error


def _not_finite(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} stands there twice")
        found[key] = item
    return found


def _listed(numbers: Any) -> list[Any]:
    return numbers if isinstance(numbers, list) else [numbers]


# --- safetensors: a tensor for each name of the state, and the record as JSON in the metadata -----------------------------


def _as_safetensors(record: dict[str, Any], state: State) -> bytes:
    library = require("safetensors.numpy", "files")
    text = json.dumps(record, allow_nan=False, ensure_ascii=False)
    tensors = {name: np.array(numbers, dtype="<f8") for name, numbers in state.items()}
    return bytes(library.save(tensors, metadata={FORMAT: text}))


def _from_safetensors(path: Path) -> TrainedModel:
    library = require("safetensors", "files")
    try:
        with library.safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get(FORMAT)
            if text is None:
                raise ValueError(f"the file is no model of this library: its metadata has no {FORMAT!r}")
            record = _parsed(text, "the record in the metadata is not JSON", "is the file whole?")
            check_format(record)
            names = list(file.keys())
            count = sum(_count(name, file.get_slice(name)) for name in names)
            return model_of(record, count, lambda: {name: file.get_tensor(name) for name in names})
    except library.SafetensorError as error:
        raise ValueError(f"the file is not safetensors ({error}); is it whole?") from error


def _count(name: str, tensor: Any) -> int:
    """How many numbers a tensor has, by the header alone."""
    shape = tensor.get_shape()
    if tensor.get_dtype() != "F64" or len(shape) > 1:
        raise ValueError(f"the tensor {name!r} is {tensor.get_dtype()} of shape {shape}; it must be F64, a number or a list")
    return math.prod(shape)

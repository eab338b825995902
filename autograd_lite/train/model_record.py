"""From a record that may hold anything to a model: each part is checked before it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from itertools import pairwise
from reprlib import repr as short
from typing import Any, TypeVar

from autograd_lite.nn.architecture import plan_of
from autograd_lite.nn.records import Field, activation, finite, items, sizes
from autograd_lite.train.preprocessing import Centerer, MinMaxScaler, Standardizer
from autograd_lite.train.preprocessor import Preprocessor
from autograd_lite.train.tasks import Classification, Regression, Task
from autograd_lite.train.trained_model import FORMAT, VERSION, TrainedModel
from autograd_lite.train.whitening import Whitener

P = TypeVar("P", bound=Preprocessor)

__all__ = ["check_format", "model_of", "parts_of", "renewed"]

PREPROCESSORS: dict[str, type[Preprocessor]] = {
    kind.__name__: kind for kind in (Centerer, Standardizer, MinMaxScaler, Whitener)
}


def check_format(record: Any, versions: tuple[int, ...] = (VERSION,)) -> None:
    """Raises a ValueError unless the record is that of a model in one of the versions.

    >>> check_format({"format": FORMAT, "version": 9})
    Traceback (most recent call last):
    ValueError: the model has the version 9; 2 can be read
    """
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise ValueError(f"the file is no model of this library: it has not the format {FORMAT!r}")
    version = record.get("version")
    if type(version) is not int or version not in versions:
        raise ValueError(f"the model has the version {short(version)}; {' and '.join(map(str, versions))} can be read")


def model_of(record: dict[str, Any], count: int, weights: Callable[[], Mapping[str, Any]]) -> TrainedModel:
    """The model of a record.

    Arguments:
        record: what `TrainedModel.record()` gave, or anything else with the right format and version.
        count: how many weights the file has; nothing of another size is made.
        weights: reads them: the network's state.

    Raises:
        ValueError: if anything does not fit.
    """
    plan = plan_of(record.get("network"))
    if plan.parameters != count:
        raise ValueError(f"the file has {count} weights; its network asks for {plan.parameters}")
    network = plan.make()
    network.load_state_dict(weights())
    return TrainedModel(network, **parts_of(record))


def parts_of(record: dict[str, Any]) -> dict[str, Any]:
    """All that a model has beside its network, by the names of the attributes.

    Raises:
        ValueError: for what is not known, or cannot be.

    >>> parts_of({"task": "classification", "class_names": ["no", "yes"]})["task"]
    Classification(class_names=('no', 'yes'))
    """
    found, names, target_name = (record.get(key) for key in ("preprocessing", "feature_names", "target_name"))
    if not isinstance(target_name, str | None):
        raise ValueError(f"target_name is {short(target_name)}; it must be a text or null")
    return {
        "preprocessing": None if found is None else _preprocessor(found, "preprocessing"),
        "task": _task(record),
        "feature_names": None if names is None else _names(names, "feature_names"),
        "target_name": target_name,
        "metadata": record.get("metadata", {}),
    }


def renewed(record: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The record and the weights of a model of version 1: an MLP, whose weights stand in one list.

    Raises:
        ValueError: for sizes, or an activation, that cannot be, and for a list of another length than they ask for.
    """
    nin, *nouts = sizes(record.get("sizes"), "sizes")
    name = activation(record.get("activation"), "activation")
    weights = items(record.get("weights"), "weights", sum((below + 1) * above for below, above in pairwise([nin, *nouts])))
    state, numbers = {}, iter(weights)
    for k, (below, above) in enumerate(pairwise([nin, *nouts])):
        for j in range(above):
            state[f"layers.{k}.neurons.{j}.w"] = [next(numbers) for _ in range(below)]
            state[f"layers.{k}.neurons.{j}.b"] = next(numbers)
    names = [*[name] * (len(nouts) - 1), "identity"]
    network = {"type": "MLP", "nin": nin, "nouts": nouts, "activation": names, "bias": True}
    scaling = record.get("preprocessing")
    if isinstance(scaling, dict):
        scaling = {"type": "Standardizer", **scaling}
    return {**record, "network": network, "preprocessing": scaling}, state


def _task(record: dict[str, Any]) -> Task | None:
    name = record.get("task")
    if name is None:
        return None
    if name == Classification.name:
        return Classification(_names(record.get("class_names"), "class_names"))
    if name == Regression.name:
        return Regression(_with_fields(Standardizer, record.get("target_preprocessing"), "target_preprocessing"))
    raise ValueError(f"task is {short(name)}; known are {Classification.name!r} and {Regression.name!r}")


def _names(found: Any, where: str) -> tuple[str, ...]:
    names = items(found, where)
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise ValueError(f"{where} must hold texts, no two of them equal")
    return tuple(names)


# --- preprocessing --------------------------------------------------------------------------------------------------------


def _preprocessor(found: Any, where: str) -> Preprocessor:
    name = found.get("type") if isinstance(found, dict) else None
    if not isinstance(name, str) or name not in PREPROCESSORS:
        raise ValueError(f"{where} is {short(found)}; it must be an object with a 'type', one of {', '.join(PREPROCESSORS)}")
    return _with_fields(PREPROCESSORS[name], {key: item for key, item in found.items() if key != "type"}, where)


def _with_fields(kind: type[P], found: Any, where: str) -> P:
    names = [item.name for item in fields(kind)]
    if not isinstance(found, dict) or set(found) != set(names):
        raise ValueError(f"{where} is {short(found)}; it must be an object with {' and '.join(map(repr, names))}")
    return kind(**{item.name: FIELDS[str(item.type)](found[item.name], f"{where}.{item.name}") for item in fields(kind)})


def _text(item: Any, where: str) -> str:
    if not isinstance(item, str):
        raise ValueError(f"{where} is {short(item)}; it must be a text")
    return item


def _vector(item: Any, where: str) -> tuple[float, ...]:
    return tuple([finite(number, f"{where}.{k}") for k, number in enumerate(items(item, where))])


def _matrix(item: Any, where: str) -> tuple[tuple[float, ...], ...]:
    return tuple([_vector(row, f"{where}.{k}") for k, row in enumerate(items(item, where))])


FIELDS: dict[str, Field] = {
    "str": _text,
    "float": finite,
    "tuple[float, ...]": _vector,
    "tuple[tuple[float, ...], ...]": _matrix,
}
"""What checks an attribute of a preprocessor, by its type as the class spells it."""

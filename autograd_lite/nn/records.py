"""What modules are as plain data: records that may hold anything, what checks them, and the plans they become.

A record is a dict such as {"type": "Layer", "nin": 2, "nout": 1, "activation": "tanh", "bias": True}. One that comes from
elsewhere is believed in nothing: it becomes a plan first, which knows how many parameters the module will have.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from reprlib import repr as short
from typing import Any, TypeAlias

from autograd_lite.nn.activations import ACTIVATIONS
from autograd_lite.nn.layers import LAYER_ACTIVATIONS
from autograd_lite.nn.module import Module

__all__ = ["ALL_ACTIVATIONS", "KINDS", "Field", "Kind", "Plan", "Record", "activation", "activations", "finite", "flag"]
__all__ += ["items", "layer_activation", "part", "parts", "plan_of", "register", "size", "sizes"]

Record: TypeAlias = dict[str, Any]

Field: TypeAlias = Callable[[Any, str], Any]
"""Takes what stands in a field and where that is, for messages; returns an argument, or raises a ValueError."""

ALL_ACTIVATIONS: dict[str, Callable[..., Any]] = {**ACTIVATIONS, **LAYER_ACTIVATIONS}


@dataclass(frozen=True)
class Kind:
    """How modules of a type are written down, and made again.

    Attributes:
        type: the class.
        fields: what stands in a record beside the type, and what checks it.
        values: what a module has in these fields: plain data, modules, activations.
        parameters: how many parameters a module of these fields has, those of modules in them not counted.
        make: makes a module of these fields; None for the class itself.
    """

    type: type[Module]
    fields: Mapping[str, Field]
    values: Callable[[Any], dict[str, Any]]
    parameters: Callable[..., int] = lambda **fields: 0
    make: Callable[..., Module] | None = None


@dataclass(frozen=True)
class Plan:
    """A record that was looked at: a module that can be made.

    Attributes:
        kind: of what type it is.
        arguments: the fields; a module among them is a plan.
        parameters: how many parameters the module will have, all modules in it counted.
    """

    kind: Kind
    arguments: dict[str, Any]
    parameters: int

    def make(self) -> Module:
        """The module; parameters are 0 where its type is one of `nn`."""
        return (self.kind.make or self.kind.type)(**{name: _made(item) for name, item in self.arguments.items()})


KINDS: dict[str, Kind] = {}
"""One row for each type of module, by its name; those of `nn` stand in `nn.architecture`."""

DEEPEST = 100
"""In how many others a module can stand."""


def plan_of(record: Any, where: str = "network") -> Plan:
    """Looks at a record that may hold anything; nothing of the module's size is made.

    Arguments:
        record: plain data.
        where: what it is called in messages.

    Raises:
        ValueError: for an unknown type, a field too many or too few, one that holds what it must not, or modules nested in
            more than a hundred others.

    >>> from autograd_lite.nn import architecture
    >>> plan = plan_of({"type": "Layer", "nin": 1000, "nout": 10**9, "activation": "tanh", "bias": True})
    >>> plan.parameters
    1001000000000
    >>> plan_of({"type": "Residual", "inner": {"type": "Dropout", "rate": 0.5}})
    Traceback (most recent call last):
    ValueError: network.inner is a Dropout without 'training'; its fields are 'rate', 'training'
    """
    if where.count(".") > DEEPEST:  # every level adds a name; how deep Python itself can go depends on its version
        raise ValueError(f"modules are nested too deeply; {DEEPEST} within each other can be kept")
    name = record.get("type") if isinstance(record, dict) else None
    if not isinstance(name, str) or name not in KINDS:
        known = ", ".join(KINDS)
        raise ValueError(f"{where} is {short(record)}; it must be an object with a 'type', one of {known}")
    kind, fields = KINDS[name], {key: item for key, item in record.items() if key != "type"}
    for given, wanted, word in ((kind.fields, fields, "without"), (fields, kind.fields, "with")):
        if odd := [key for key in given if key not in wanted]:
            raise ValueError(
                f"{where} is a {name} {word} {short(odd[0])}; its fields are {', '.join(map(repr, kind.fields))}"
            )
    arguments = {key: check(fields[key], f"{where}.{key}") for key, check in kind.fields.items()}
    inner = [item for value in arguments.values() for item in (value if isinstance(value, list) else [value])]
    count = kind.parameters(**arguments) + sum(item.parameters for item in inner if isinstance(item, Plan))
    return Plan(kind, arguments, count)


def register(kind: Kind) -> None:
    """Adds a type of one's own to those that can be kept; it must be added before a file with it is read.

    Raises:
        ValueError: if another class has the same name.

    >>> class Scale(Module):
    ...     def __init__(self, nin):
    ...         self.w = [Value(1.0) for _ in range(nin)]
    ...     def __call__(self, x):
    ...         return [w * x for w, x in zip(self.w, x)]
    >>> from autograd_lite.engine.value import Value
    >>> register(Kind(Scale, {"nin": size}, lambda module: {"nin": len(module.w)}, lambda nin: nin))
    >>> plan_of({"type": "Scale", "nin": 3}).parameters
    3
    >>> del KINDS["Scale"]
    """
    name = kind.type.__name__
    known = KINDS[name].type if name in KINDS else kind.type
    if (known.__module__, known.__qualname__) != (kind.type.__module__, kind.type.__qualname__):
        raise ValueError(
            f"{name} is the name of {known.__module__}.{known.__qualname__} already; give the class another one"
        )
    KINDS[name] = kind


def _made(item: Any) -> Any:
    if isinstance(item, list):
        return [_made(inner) for inner in item]
    return item.make() if isinstance(item, Plan) else item


# --- fields ---------------------------------------------------------------------------------------------------------------


def size(item: Any, where: str, least: int = 1) -> int:
    """A whole number from `least` on.

    >>> size(True, "network.nin")
    Traceback (most recent call last):
    ValueError: network.nin is True; it must be a whole number from 1 on
    """
    if type(item) is not int or not least <= item < 2**63:
        raise ValueError(f"{where} is {short(item)}; it must be a whole number from {least} on")
    return item


def sizes(item: Any, where: str, count: int | None = None, least: int = 1) -> list[int]:
    """A list of whole numbers from `least` on, as long as `count` says; None for any list that is not empty.

    >>> sizes([3, 0], "network.padding", 2, least=0)
    [3, 0]
    """
    return [size(number, f"{where}.{k}", least) for k, number in enumerate(items(item, where, count))]


def flag(item: Any, where: str) -> bool:
    """True or False.

    >>> flag(True, "network.bias")
    True
    """
    if type(item) is not bool:
        raise ValueError(f"{where} is {short(item)}; it must be true or false")
    return item


def finite(item: Any, where: str) -> float:
    """A finite number as a float.

    >>> finite(10**400, "rate")
    Traceback (most recent call last):
    ValueError: rate is 100000000000000000...0000000000000000000; it must be a finite number, not beyond the floats
    """
    try:
        if type(item) in (int, float) and math.isfinite(item):
            return float(item)
    except OverflowError:
        pass
    raise ValueError(f"{where} is {short(item)}; it must be a finite number, not beyond the floats")


def items(item: Any, where: str, count: int | None = None) -> list[Any]:
    """A list as long as `count` says; None for any that is not empty.

    >>> items([], "network.parts")
    Traceback (most recent call last):
    ValueError: network.parts is []; it must be a list of one or more
    """
    if not isinstance(item, list) or not item:
        raise ValueError(f"{where} is {short(item)}; it must be a list of {'one or more' if count is None else count}")
    if count not in (None, len(item)):
        raise ValueError(f"{where} has {len(item)} items; it must have {count}")
    return item


def activation(item: Any, where: str, known: Mapping[str, Any] = ACTIVATIONS) -> str:
    """The name of an activation of single numbers.

    >>> activation("tanh", "network.activation")
    'tanh'
    """
    if not isinstance(item, str) or item not in known:
        raise ValueError(f"{where} is {short(item)}; known are {', '.join(sorted(known))}")
    return item


layer_activation = partial(activation, known=ALL_ACTIVATIONS)
"""The name of an activation of single numbers or of a layer."""


def activations(item: Any, where: str) -> list[str]:
    """Their names, those of layers among them.

    >>> activations(["relu", "softmax"], "network.activation")
    ['relu', 'softmax']
    """
    return [layer_activation(name, f"{where}.{k}") for k, name in enumerate(items(item, where))]


def part(item: Any, where: str) -> Plan | str:
    """A module, or the name of an activation.

    >>> part("softmax", "network.parts.1")
    'softmax'
    """
    return layer_activation(item, where) if isinstance(item, str) else plan_of(item, where)


def parts(item: Any, where: str) -> list[Plan | str]:
    """Modules and names of activations, one at least.

    >>> parts(["relu", "softmax"], "network.parts")
    ['relu', 'softmax']
    """
    return [part(inner, f"{where}.{k}") for k, inner in enumerate(items(item, where))]

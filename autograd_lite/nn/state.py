"""The state of a module: the numbers of its parameters, by the names of the attributes that hold them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from numbers import Real
from typing import Any, TypeAlias

from autograd_lite.engine.value import Value

__all__ = ["State", "load_state", "named_parameters", "state_of"]

State: TypeAlias = dict[str, float | list[float]]
"""By dotted names, "layers.0.neurons.1.w" say: the number of a Value, or the numbers of a list of Values."""

SHOWN = 3
"""How many of the things that do not fit an error lists."""


def named_parameters(module: Any) -> dict[str, Value | list[Value]]:
    """The parameters of a module by the dotted names of attributes, places in lists and keys.

    A list of Values has one name. A parameter that stands in several places is named after the first one alone.

    Raises:
        ValueError: if two places have the same name, since a key has a dot in it.

    >>> from autograd_lite.nn import MLP
    >>> list(named_parameters(MLP(2, [1, 1], seed=0)))
    ['layers.0.neurons.0.w', 'layers.0.neurons.0.b', 'layers.1.neurons.0.w', 'layers.1.neurons.0.b']
    """
    found: dict[str, Value | list[Value]] = {}
    left = set(module.parameters())
    for name, item in _places(vars(module), ""):
        values = [value for value in dict.fromkeys([item] if isinstance(item, Value) else item) if value in left]
        if values:
            if name in found:
                raise ValueError(f"two parameters have the name {name!r}; rename a key that has a dot in it")
            found[name] = values[0] if isinstance(item, Value) else values
            left.difference_update(values)
    return found


def state_of(module: Any) -> State:
    """The numbers of all parameters (see `Module.state_dict`)."""
    return {name: [v.data for v in item] if isinstance(item, list) else item.data for name, item in _named(module)}


def load_state(module: Any, state: Mapping[str, Any], *, strict: bool = True) -> None:
    """Gives the parameters the numbers of a state (see `Module.load_state_dict`)."""
    if not isinstance(state, Mapping):
        raise TypeError(f"load_state_dict: a {type(state).__name__} was given; it must be a dict, as state_dict() makes it")
    named = dict(_named(module))
    wrong = [f"{name!r} is missing" for name in named if name not in state] if strict else []
    wrong += [f"{name!r} is unexpected" for name in state if name not in named] if strict else []
    numbers: list[tuple[Value, float]] = []
    for name, item in named.items():
        if name in state:
            values = item if isinstance(item, list) else [item]
            found = _numbers(state[name], len(values) if isinstance(item, list) else None)
            if isinstance(found, str):
                wrong.append(f"{name!r} {found}")
            elif any(value.op is not None for value in values):
                wrong.append(f"{name!r} is computed from other Values, and cannot be set")
            else:
                numbers += zip(values, found, strict=True)
    if wrong:
        more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        kind = type(module).__name__
        raise ValueError(f"load_state_dict: the state does not fit this {kind}: {'; '.join(wrong[:SHOWN])}{more}")
    for value, number in numbers:
        value.data = number


def _named(module: Any) -> Iterable[tuple[str, Value | list[Value]]]:
    return named_parameters(module).items()


def _places(item: Any, name: str) -> Iterator[tuple[str, Value | list[Value]]]:
    """The Values in an attribute, and lists of nothing else, each with its name."""
    if isinstance(item, Value):
        yield name, item
    elif isinstance(item, (list, tuple)) and item and all(isinstance(inner, Value) for inner in item):
        yield name, list(item)
    else:
        for key, inner in _parts(item):
            yield from _places(inner, f"{name}.{key}" if name else str(key))


def _parts(item: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(item, (list, tuple)):
        return enumerate(item)
    if hasattr(type(item), "with_parameters"):  # a module, whose file imports this one
        item = vars(item)
    return item.items() if isinstance(item, dict) else []


def _numbers(given: Any, length: int | None) -> list[float] | str:
    """The numbers of a list of a length, or the one number where this is None; what is wrong with them otherwise."""
    given = given.tolist() if hasattr(given, "tolist") else given
    if length is None:
        given, wanted = [given], "a number"
    elif not isinstance(given, (list, tuple)):
        return f"must be a list of {length} numbers"
    else:
        wanted = "numbers alone"
    if length not in (None, len(given)):
        return f"has {len(given)} numbers in place of {length}"
    if not all(isinstance(number, Real) and not isinstance(number, bool) for number in given):
        return f"must be {wanted}"
    try:
        return list(map(float, given))
    except OverflowError:
        return "holds a number beyond the floats"

"""Values among anything: what a function was given besides numbers, and what it returned besides its result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd_lite.calculus.trees import is_array, is_module, object_array
from autograd_lite.engine.value import Value

__all__ = ["holds_value", "map_values"]


def holds_value(tree: Any) -> bool:
    """Whether there is a Value among lists, tuples, dicts and arrays; a module has one if its parameters are results."""
    if isinstance(tree, dict):
        return any(holds_value(item) for item in tree.values())
    if isinstance(tree, (list, tuple)):
        return any(holds_value(item) for item in tree)
    if is_array(tree):
        return tree.dtype.kind == "O" and any(isinstance(x, Value) for x in tree.flat)
    if isinstance(tree, Value):
        return True
    return is_module(tree) and any(parameter.op is not None for parameter in tree.parameters())


def map_values(function: Callable[[Value], Any], tree: Any) -> Any:
    """The tree with every Value replaced; whatever else it holds stays as it is.

    >>> map_values(lambda x: x.data, {"loss": Value(1.5), "name": "first"})
    {'loss': 1.5, 'name': 'first'}
    """
    if isinstance(tree, Value):
        return function(tree)
    if isinstance(tree, dict):
        return {key: map_values(function, item) for key, item in tree.items()}
    if isinstance(tree, (list, tuple)):
        items = [map_values(function, item) for item in tree]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    if is_array(tree) and tree.dtype.kind == "O":
        items = [map_values(function, x) for x in tree.ravel().tolist()]
        array = object_array(items, tree.shape)
        return array.astype(float) if all(type(x) is float for x in items) else array
    return tree

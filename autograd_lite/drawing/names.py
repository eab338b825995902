"""Names of Values, taken from the variables of a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from autograd_lite.drawing.scene import shortened
from autograd_lite.engine.node import Node

__all__ = ["names_in"]

OF_THE_NOTEBOOK = frozenset(("In", "Out"))
"""Where IPython keeps what was typed and shown; its other names begin with an underscore, as private ones do."""


def names_in(variables: Mapping[str, object]) -> dict[Node, str]:
    """The names under which Values stand in a mapping, or in a list or tuple there, or in a list of lists.

    Private names are passed over. Of several names of one Value the shortest is taken, and of those the first.

    Raises:
        TypeError: if it is no mapping, or one of its names no text.

    >>> from autograd_lite import Value
    >>> x = [Value(1.0), Value(2.0)]
    >>> list(names_in({"x": x, "start": x[0], "_1": x[0], "a": x[1]}).values())
    ['x[0]', 'a']
    """
    if not isinstance(variables, Mapping):
        raise TypeError(
            f"draw: names is of type {type(variables).__name__}; it must be a mapping of names to Values, such as globals()"
        )
    names: dict[Node, str] = {}
    for name, thing in variables.items():
        if not isinstance(name, str):
            raise TypeError(f"draw: names has a key of type {type(name).__name__}; names are texts")
        if name.startswith("_") or name in OF_THE_NOTEBOOK:
            continue
        for node, text in _named(name, thing):
            if node not in names or len(text) < len(names[node]):
                names[node] = text
    return {node: shortened(name) for node, name in names.items()}


def _named(name: str, thing: object) -> Iterator[tuple[Node, str]]:
    """The Values that a variable holds, down to the elements of its elements."""
    things = [(name, thing)]
    for depth in range(3):
        inner = []
        for text, item in things:
            if isinstance(item, Node):
                yield item, text
            elif isinstance(item, (list, tuple)) and depth < 2:
                inner += [(f"{text}[{k}]", element) for k, element in enumerate(item)]
        things = inner

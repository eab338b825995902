"""What is checked: a function of trees as one of a list of numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from autograd_lite.calculus.trees import ArrayBlock, ModuleBlock, Structure, flatten
from autograd_lite.engine.node import Node
from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.value import Value

__all__ = ["Subject", "number_of"]


class Subject:
    """A function of trees of numbers, and the point at which it is checked.

    Arguments:
        f: takes and returns numbers, Values, arrays, modules, and lists, tuples and dicts of them.
        inputs: its arguments; Values among them count as their numbers.

    >>> Subject(lambda x, w: x * w["a"], (2.0, {"a": 3.0, "b": 4.0})).labels
    ['inputs[0]', "inputs[1]['a']", "inputs[1]['b']"]
    """

    def __init__(self, f: Callable[..., Any], inputs: Sequence[Any]) -> None:
        if not callable(f):
            raise TypeError(f"a function is checked, not a {type(f).__name__}: give the function first, then its arguments")
        scalars, self._structure = flatten(tuple(inputs), "the inputs")
        if not scalars:
            raise ValueError("there is nothing to check: the inputs hold no number; give at least one")
        self._f = f
        self._seen: dict[tuple[int, float], list[float]] = {}
        self.numbers = [number_of(x) for x in scalars]
        self.labels = _labels(self._structure, "inputs")
        self.outputs: list[str] = []

    def record(self, numbers: Sequence[float] | None = None) -> tuple[list[Value], list[Scalar]]:
        """The function on fresh leaves: those, and the scalars that it returns, Values or (if constant) floats."""
        leaves = [Value(x) for x in (self.numbers if numbers is None else numbers)]
        outputs, structure = flatten(self._f(*self._structure.rebuild(leaves)), "what the function returns")
        self.outputs = _labels(structure, "output")
        return leaves, outputs

    def on_floats(self) -> list[float]:
        """What the function returns where it is given floats in place of Values."""
        return [number_of(x) for x in flatten(self._f(*self._structure.rebuild(self.numbers)))[0]]

    def along(self, place: int, output: int) -> Callable[[float], float]:
        """One output as a function of one input, the others staying where they are; nan where the function refuses it."""

        def function(x: float) -> float:
            if (place, x) not in self._seen:
                moved = [*self.numbers[:place], x, *self.numbers[place + 1 :]]
                try:
                    self._seen[place, x] = [number_of(out) for out in self.record(moved)[1]]
                except (ArithmeticError, IndexError, ValueError):  # it took its own point, but need not take the next
                    self._seen[place, x] = [math.nan] * len(self.outputs)
            return self._seen[place, x][output]

        return function


def number_of(x: Scalar) -> float:
    """The number of a Value or a float."""
    number: float = x.data if isinstance(x, Node) and isinstance(x, Value) else x
    return number


def _labels(structure: Structure, path: str) -> list[str]:
    """Where each scalar stands in the tree, as one would write it in Python."""
    block = structure.block
    if isinstance(block, ModuleBlock):
        return [f"{path}.parameters()[{k}]" for k in range(block.size)]
    if isinstance(block, ArrayBlock):
        places = [()] if not block.shape else _places(block.shape)
        return [f"{path}[{', '.join(map(str, place))}]" if place else path for place in places]
    if block is not None:
        return [path]
    keys = [repr(key) for key in structure.keys] or [str(k) for k in range(len(structure.children))]
    return [label for key, child in zip(keys, structure.children, strict=True) for label in _labels(child, f"{path}[{key}]")]


def _places(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    places: list[tuple[int, ...]] = [()]
    for length in shape:
        places = [(*place, k) for place in places for k in range(length)]
    return places

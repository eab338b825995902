"""Trees: what functions take and return, as a flat list and a record of its shape.

A tree is a number, a Value, a numpy array or a module, or a list, tuple, named tuple or dict of trees; None is a tree of
nothing. It is taken apart in two stages: `blocks` finds the numbers, arrays and modules as they are; each block then gives
its scalars. The record of the shape, a `Structure`, puts either back together. Structures compare and hash by what they
say, so that they can be keys. The entries of a dict come in the order of their sorted keys, as in JAX: two dicts that were
filled in another order have one structure.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from autograd_lite.engine.primitive import Operand, Scalar, number
from autograd_lite.engine.value import Value

__all__ = [
    "ArrayBlock", "Block", "ModuleBlock", "Parametrised", "ScalarBlock", "Structure", "blocks", "flatten", "is_array",
    "is_module", "matching", "object_array",
]  # fmt: skip


class Parametrised(Protocol):
    """A module, as far as trees know: something with parameters, that can be had with others in their place."""

    def parameters(self) -> Sequence[Value]:
        """The parameters, in an order that does not change."""

    def with_parameters(self, values: Sequence[Value]) -> Any:
        """The same module on other Values."""


@dataclass(frozen=True)
class ScalarBlock:
    """The place of a number or a Value."""

    shape: tuple[int, ...] = ()
    size: int = 1

    def scalars(self, block: Any) -> list[Scalar]:
        """The scalars in a block that stands here."""
        return [block]

    def rebuild(self, scalars: Sequence[Scalar]) -> Any:
        """A block for this place, from its scalars."""
        return scalars[0]

    def __str__(self) -> str:
        return "a number"


@dataclass(frozen=True)
class ArrayBlock:
    """The place of a numpy array; scalars come in C order."""

    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def scalars(self, block: Any) -> list[Scalar]:
        scalars: list[Scalar] = block.ravel().tolist()
        if block.dtype != float:
            scalars = [_scalar(x) for x in scalars]
        return scalars

    def rebuild(self, scalars: Sequence[Scalar]) -> Any:
        """An array of doubles from numbers alone; with a Value among them an array of objects."""
        if any(isinstance(x, Value) for x in scalars):
            return object_array(scalars, self.shape)
        import numpy as np  # only where arrays are used

        return np.array(scalars, dtype=float).reshape(self.shape)

    def __str__(self) -> str:
        return f"an array of shape {self.shape}"


@dataclass(frozen=True)
class ModuleBlock:
    """The place of a module: that one module, whatever the numbers of its parameters."""

    module: Parametrised = field(compare=False, repr=False)
    identity: int
    size: int

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.size,)

    def scalars(self, block: Parametrised) -> list[Scalar]:
        return list(block.parameters())

    def rebuild(self, scalars: Sequence[Scalar]) -> Any:
        return self.module.with_parameters([x if isinstance(x, Value) else Value(x) for x in scalars])

    def __str__(self) -> str:
        return f"a {type(self.module).__name__} with {self.size} parameters"


Block: TypeAlias = ScalarBlock | ArrayBlock | ModuleBlock
"""What is known of a block without its numbers."""


@dataclass(frozen=True)
class Structure:
    """The shape of a tree: a block, or a container of structures.

    Attributes:
        block: what stands here, if it is no container.
        kind: the type of the container.
        keys: of a dict, sorted.
        given: the same in the order of the dict, which a rebuilt one has too.
        children: the structures in the container, in the order of the keys.

    >>> scalars, structure = flatten({"b": 2.0, "a": [1, None]})
    >>> scalars
    [1.0, 2.0]
    >>> structure.rebuild([10.0, 20.0])
    {'b': 20.0, 'a': [10.0, None]}
    """

    block: Block | None = None
    kind: type | None = None
    keys: tuple[Hashable, ...] = ()
    children: tuple[Structure, ...] = ()
    given: tuple[Hashable, ...] = field(default=(), compare=False)

    @property
    def leaves(self) -> list[Block]:
        """The places of the blocks, in order."""
        return [self.block] if self.block is not None else [leaf for child in self.children for leaf in child.leaves]

    @property
    def size(self) -> int:
        """How many scalars there are."""
        return sum(leaf.size for leaf in self.leaves)

    def from_blocks(self, items: Sequence[Any]) -> Any:
        """A tree of this shape with other blocks, whatever they are."""
        return self._fill(iter(items))

    def rebuild(self, scalars: Sequence[Scalar]) -> Any:
        """A tree of this shape on other scalars; arrays of Values are arrays of objects."""
        items, start = [], 0
        for leaf in self.leaves:
            items.append(leaf.rebuild(scalars[start : start + leaf.size]))
            start += leaf.size
        return self.from_blocks(items)

    def of_vectors(self) -> Structure:
        """The structure of derivatives towards such a tree: a vector in the place of a module."""
        if isinstance(self.block, ModuleBlock):
            return Structure(block=ArrayBlock(self.block.shape))
        return Structure(self.block, self.kind, self.keys, tuple(child.of_vectors() for child in self.children), self.given)

    def _fill(self, items: Iterator[Any]) -> Any:
        if self.block is not None:
            return next(items)
        filled = [child._fill(items) for child in self.children]
        if self.kind is dict:
            found = dict(zip(self.keys, filled, strict=True))
            return {key: found[key] for key in self.given or self.keys}
        if self.kind is None:
            return None
        return self.kind(*filled) if hasattr(self.kind, "_fields") else self.kind(filled)

    def __str__(self) -> str:
        if self.block is not None:
            return str(self.block)
        inner = [str(child) for child in self.children]
        if self.kind is dict:
            inner = [f"{key!r}: {text}" for key, text in zip(self.keys, inner, strict=True)]
        return f"{self.kind.__name__}({', '.join(inner)})" if self.kind else "None"


SCALAR, NOTHING = Structure(block=ScalarBlock()), Structure()


def blocks(tree: Any, what: str = "the tree") -> tuple[list[Any], Structure]:
    """The blocks of a tree, taken whole, and its structure.

    Arguments:
        tree: see the module.
        what: names the tree in messages.

    Returns:
        the blocks (Values; numbers as floats; arrays and modules themselves) and the structure.

    Raises:
        TypeError: for anything else in the tree, such as a string or a function; for an array of what is no number.

    >>> found, structure = blocks([1, (2.5, None)])
    >>> found, str(structure)
    ([1.0, 2.5], 'list(a number, tuple(a number, None))')
    """
    found: list[Any] = []
    return found, _take(tree, found, what)


def flatten(tree: Any, what: str = "the tree") -> tuple[list[Scalar], Structure]:
    """The scalars of a tree, floats and Values, and its structure; see `blocks`."""
    found, structure = blocks(tree, what)
    return [x for leaf, block in zip(structure.leaves, found, strict=True) for x in leaf.scalars(block)], structure


def matching(what: str, tree: Any, expected: Structure) -> list[Scalar]:
    """The scalars of a tree that must have a given structure.

    Raises:
        TypeError: if it has another one.
    """
    scalars, structure = flatten(tree, what)
    if structure != expected:
        raise TypeError(f"{what} has the structure {structure}; wanted is {expected}")
    return scalars


def _take(tree: Any, found: list[Any], what: str) -> Structure:
    if tree is None:
        return NOTHING
    if isinstance(tree, dict):
        keys = _sorted_keys(tree, what)
        return Structure(None, dict, keys, tuple([_take(tree[key], found, what) for key in keys]), tuple(tree))
    if isinstance(tree, (list, tuple)):
        kind = type(tree) if hasattr(tree, "_fields") else list if isinstance(tree, list) else tuple
        return Structure(kind=kind, children=tuple([_take(item, found, what) for item in tree]))
    structure, block = SCALAR, tree
    if is_array(tree):
        _check_elements(tree, what)
        structure = Structure(block=ArrayBlock(tree.unseen_shape if stands_for_array(tree) else tree.shape))
    elif is_module(tree):
        structure = Structure(block=ModuleBlock(tree, id(tree), len(tree.parameters())))
    else:
        block = _scalar(tree, what)
    found.append(block)
    return structure


def _scalar(x: Any, what: str = "the tree") -> Scalar:
    """A Value as it is, a real number as a float."""
    if type(x) is float or isinstance(x, Operand):
        return x
    try:
        return number(x, what)
    except TypeError:
        raise TypeError(
            f"{what} holds {x!r:.60} of type {type(x).__name__}; what is differentiated consists of real numbers, Values, "
            "arrays and modules, in lists, tuples and dicts"
        ) from None


def _check_elements(array: Any, what: str) -> None:
    if stands_for_array(array):
        return
    if array.dtype.kind == "O":
        for x in array.ravel().tolist():
            _scalar(x, what)
    elif array.dtype.kind not in "fiub":
        raise TypeError(f"{what} holds an array of {array.dtype}; its elements must be real numbers or Values")


def _sorted_keys(tree: dict[Any, Any], what: str) -> tuple[Any, ...]:
    try:
        return tuple(sorted(tree))
    except TypeError:
        raise TypeError(f"{what} holds a dict whose keys {list(tree)!r:.60} have no order; use strings") from None


# --- arrays and modules --------------------------------------------------------------------------------------------------


def stands_for_array(item: Any) -> bool:
    """Whether something is an array of a function that is being compiled, which nobody has looked into yet."""
    return getattr(type(item), "stands_for_array", False) is True


def is_array(item: Any) -> bool:
    """Whether something is a numpy array, or stands for one; numpy is not loaded to find out."""
    numpy = sys.modules.get("numpy")
    return (numpy is not None and isinstance(item, numpy.ndarray)) or stands_for_array(item)


def is_module(item: Any) -> bool:
    """Whether something has parameters that others can take the place of; a class has not."""
    return hasattr(item, "with_parameters") and hasattr(item, "parameters") and not isinstance(item, type)


def object_array(items: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """A numpy array of Values, in C order."""
    import numpy as np  # only where arrays are used

    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array.reshape(shape)

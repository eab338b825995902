"""What a plan reads at a call: arrays of numbers, filled from the arguments, or views of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograd_lite.compiler.sources import Array, Constants, Counts, Leaves, Numbers, Parameters, Source, StoredIn, Uniform
from autograd_lite.engine.node import Node

__all__ = ["Feed", "base_of"]

COPIED = 128 * 1024
"""Bytes up to which an array is copied at every call: less than to look anew where it lies."""


class Feed:
    """An array for each source, rows first and then its axes.

    Large arrays and the buffers of modules are looked into where they lie; the feed serves as long as they are the same.

    Arguments:
        sources: see `sources`.
        often: the numbers of those that many steps read: their lanes shall lie side by side.
        items: the blocks of the arguments of a call.
        sizes: the number of lanes of each axis.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        items: Sequence[Any],
        sizes: dict[int, int],
        dtype: Any,
        often: Collection[int] = (),
    ) -> None:
        self._viewed: list[tuple[Source, Any]] = []
        self._fillers: list[Callable[[Sequence[Any]], None]] = []
        self.arrays = [self._array(source, items, sizes, dtype, k in often) for k, source in enumerate(sources)]

    def serves(self, items: Sequence[Any]) -> bool:
        """Whether what is looked into lies where it lay."""
        return all(base_of(source, items) is base for source, base in self._viewed)

    def fill(self, items: Sequence[Any]) -> None:
        """Copies what is not looked into."""
        for filler in self._fillers:
            filler(items)

    def _array(self, source: Source, items: Sequence[Any], sizes: dict[int, int], dtype: Any, often: bool) -> Any:
        if isinstance(source, Counts):
            return np.array([sizes.get(axis, 0) for axis in range(1 + max(sizes, default=0))], dtype)
        if isinstance(source, Numbers):
            places = [k for k, item in enumerate(items) if type(item) is float]
            array = np.empty(len(places), dtype)
            self._fillers.append(partial(_fill_numbers, array, places))
            return array
        if isinstance(source, Leaves):
            array = np.empty(len(source.nodes), dtype)
            self._fillers.append(partial(_fill_leaves, array, source.nodes))
            return array
        if isinstance(source, Uniform):
            array = np.empty((source.count[0], *[sizes[axis] for axis in source.axes]), dtype)
            self._fillers.append(partial(_fill_uniform, array, source))
            return array
        base = base_of(source, items)
        given = np.asarray(base)
        order, rows = _layout(source, given)
        moved = given.transpose(order)
        seen = moved.reshape(rows, *moved.shape[len(order) - len(_axes(source)) :])
        scattered = often and seen.strides[-1] != seen.itemsize
        large = seen.nbytes > COPIED or not isinstance(source, Array)
        if large and not scattered and seen.dtype == dtype and np.may_share_memory(seen, given):
            self._viewed.append((source, base))
            return seen
        array = np.empty(seen.shape, dtype)
        # The array as the argument has it, so that a call is one copy.
        as_given = array.reshape(moved.shape).transpose(np.argsort(order))
        self._fillers.append(partial(_fill_array, as_given, source))
        return array


def _fill_numbers(array: Any, places: Sequence[int], items: Sequence[Any]) -> None:
    array[:] = [items[k] for k in places]


def _fill_leaves(array: Any, nodes: Sequence[Node], items: Sequence[Any]) -> None:
    array[:] = [_number_of(node) for node in nodes]


def _fill_uniform(array: Any, source: Uniform, items: Sequence[Any]) -> None:
    np.random.default_rng(source.generator.getrandbits(64)).random(out=array, dtype=array.dtype)


def _fill_array(array: Any, source: Source, items: Sequence[Any]) -> None:
    np.copyto(array, base_of(source, items), casting="unsafe")  # to float32, if that is asked for


def _number_of(node: Node) -> float:
    """A number as it is now, also where a buffer was written past its leaf."""
    if node._op is None and node._x is not None:
        return float(node._x.numbers[node._y])
    return node._number


def base_of(source: Source, items: Sequence[Any]) -> Any:
    """The object whose memory a source reads."""
    if isinstance(source, Array):
        return items[source.block]
    if isinstance(source, Constants):
        return source.array
    if isinstance(source, Parameters):
        return items[source.block].storage._buffer.numbers
    assert isinstance(source, StoredIn)
    return source.buffer.numbers


def _axes(source: Source) -> list[int]:
    return sorted(axis for axis in getattr(source, "mapping", ()) if axis is not None)


def _layout(source: Source, array: Any) -> tuple[list[int], int]:
    """The dimensions in order: those that one lane sees, then the axes, ascending; and how many elements a lane has."""
    mapping = getattr(source, "mapping", (None,) * array.ndim)
    free = [d for d, axis in enumerate(mapping) if axis is None]
    rows = int(np.prod([array.shape[d] for d in free], dtype=int))
    return [*free, *[mapping.index(axis) for axis in _axes(source)]], rows

"""Whether there is a short way into native code, and what it depends on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.calculus.trees import Structure
from autograd_lite.compiler.backends.native.fields import fields_are_known
from autograd_lite.compiler.sources import Array, Constants, Counts, Numbers, Parameters, StoredIn
from autograd_lite.compiler.traced_call import Trace

__all__ = ["Entry", "entry_of"]


def entry_of(trace: Trace, arguments: Structure, axis: int | None, dtype: Any) -> Entry | None:
    """The entry for a trace; None where its arguments or its result are of other kinds than it is made for.

    Arguments:
        axis: whose lanes go in blocks.
        dtype: of the numbers of the plan.
    """
    positional, named = arguments.children
    simple = all(child.block is not None for child in positional.children) and not named.children
    kinds = (Numbers, Array, Parameters, StoredIn, Constants, Counts)
    if not simple or trace.careful or not all(isinstance(source, kinds) for source in trace.sources):
        return None
    arrays = [source for source in trace.sources if isinstance(source, Array)]
    if not all(_lies_well(source, axis) for source in arrays) or not _is_plain(trace.structure) or not fields_are_known():
        return None
    return Entry(trace, positional.children, axis, np.dtype(dtype))


def _lies_well(source: Array, axis: int | None) -> bool:
    """Whether an array can be read where it lies.

    Rows and lanes that go in blocks must each be equally far apart; else all must lie in the order in which code counts.
    """
    if axis is not None and axis in source.mapping:
        return len(source.mapping) <= 2 and set(source.mapping) <= {axis, None}
    others = [-1 if other is None else other for other in source.mapping]  # rows stand first
    return others == sorted(others)


def _is_plain(structure: Structure) -> bool:
    """Whether a result consists of numbers, arrays, None, and tuples and lists of them."""
    if structure.block is not None or structure.kind is None:
        return True
    return structure.kind in (tuple, list) and all(_is_plain(child) for child in structure.children)


def _outline(structure: Structure) -> Any:
    """A result's tree as text can hold it."""
    if structure.block is not None or structure.kind is None:
        return structure.block is not None
    return structure.kind.__name__, [_outline(child) for child in structure.children]


@dataclass
class Entry:
    """What a way in is made for: a trace, and the structures of its arguments."""

    trace: Trace
    arguments: Sequence[Structure]
    axis: int | None
    dtype: Any

    @property
    def facts(self) -> tuple[object, ...]:
        """What the function depends on beside the plan."""
        trace = self.trace
        sources = [
            (type(source).__name__, getattr(source, "block", None), getattr(source, "mapping", None))
            for source in trace.sources
        ]
        dimensions = {block: len(shape) for block, shape in trace.shapes.items()}
        guards, kinds = [guard.truth for guard in trace.guards], [type(child.block).__name__ for child in self.arguments]
        return sources, dimensions, guards, kinds, trace.forms, _outline(trace.structure), trace.optimistic

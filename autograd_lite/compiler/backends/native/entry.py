"""Whether there is a short way into native code, and what stands in the table for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from llvmlite import ir

from autograd_lite.calculus.trees import Structure
from autograd_lite.compiler.backends.native.call import NAME, RUN, CallWriter, Slot
from autograd_lite.compiler.backends.native.emitter import I64, POINTER
from autograd_lite.compiler.backends.native.layout import Layout
from autograd_lite.compiler.backends.native.objects import fields_are_known
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
    """Writes the function, and the entries of the table that it needs.

    Attributes:
        slots: what these entries hold, from the runner and the blocks of the arguments.
    """

    trace: Trace
    arguments: Sequence[Structure]
    axis: int | None
    dtype: Any
    slots: list[Slot] = field(default_factory=list)
    name: str = NAME

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

    def write(self, module: ir.Module, layout: Layout) -> None:
        """Adds the function to a module that has the function `run.0`."""
        writer = CallWriter(self.trace, self.arguments, self.axis, self.dtype, module, layout)
        writer.write()
        self.slots = writer.slots

    def enter(self, layout: Layout) -> None:
        """Finds the entries of the table without the function."""
        module = ir.Module()
        ir.Function(module, ir.FunctionType(I64, [POINTER]), RUN)
        self.write(module, layout)

    def values(self, runner: Any, items: Sequence[Any]) -> list[int]:
        """The entries of the table for a runner."""
        return [slot(runner, items) for slot in self.slots]

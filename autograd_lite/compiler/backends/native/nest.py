"""Steps of a plan as loops: of every operand the number of the row that it reads, as a sum of counters times strides.

A buffer's rows are counted together with the points of all its axes but the one whose lanes go in blocks: the number of a
row is row · points + point. What is listed (positions, constants) is a table, which is read by counters itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from autograd_lite.compiler.backends.arrays import quiet
from autograd_lite.compiler.plan import Output, Piece, Plan, Step, View
from autograd_lite.compiler.program import Axes

__all__ = ["Access", "Nest", "Nests", "Part", "contiguous"]

CONSTANTS = -1
"""The buffer of what is read from a table of constants."""


@dataclass(frozen=True)
class Access:
    """How an operand is read under some counters.

    Attributes:
        buffer: its number; CONSTANTS for numbers that are known in advance.
        base, strides: the row, or the place in the table of constants.
        constant: the number, if all are the same.
        table: the table of positions or constants, if there is one.
        start, places: of the table of positions the first place and the strides; a position counts `unit` rows.
        has_lanes: whether there is a number for each lane.
    """

    buffer: int
    base: int = 0
    strides: tuple[int, ...] = ()
    constant: float | None = None
    table: int | None = None
    start: int = 0
    places: tuple[int, ...] | None = None
    unit: int = 1
    has_lanes: bool = False

    def moved_by(self, k: int) -> bool:
        """Whether counter k moves it."""
        return self.constant is None and bool(self.strides[k] or (self.places is not None and self.places[k]))

    def is_side_by_side(self, k: int) -> bool:
        """Whether what counter k moves it over is one stretch of memory, or but one number."""
        return self.constant is not None or (self.strides[k] in (0, 1) and not (self.places is not None and self.places[k]))

    def last_row(self, counts: Sequence[int], tables: Sequence[Any]) -> int:
        """The largest number of a row that it reads."""
        last = self.base + sum(
            (count - 1) * stride for count, stride in zip(counts, self.strides, strict=True) if stride > 0
        )
        if self.places is not None:
            assert self.table is not None
            last += int(tables[self.table].max()) * self.unit
        return last

    def from_(self, k: int, first: int) -> Access:
        """The same with counter k beginning later."""
        if self.constant is not None:
            return self
        start = self.start + (first * self.places[k] if self.places is not None else 0)
        return replace(self, base=self.base + first * self.strides[k], start=start)


@dataclass(frozen=True)
class Part:
    """The operands of a piece: its own counters are those of the rows and then these.

    Attributes:
        along: the counter, all counted, along which vectors of terms lie; -1 where they do not.
    """

    counts: tuple[int, ...]
    operands: tuple[Access, ...]
    along: int = -1


@dataclass(frozen=True)
class Nest:
    """Pieces under the same counters of rows, and how far these move the row that is written."""

    counts: tuple[int, ...]
    out: tuple[int, ...]
    parts: tuple[Part, ...]


@dataclass
class Nests:
    """Makes loops of the steps of a plan.

    Arguments:
        axis: whose lanes go in blocks, or None.
        sizes: of the other axes.
        dtype: of numbers.

    Attributes:
        tables: of positions and of constants, as they are met.
    """

    plan: Plan
    axis: int | None
    sizes: dict[int, int]
    dtype: Any
    tables: list[Any] = field(default_factory=list)
    _known: dict[tuple[str, bytes], int] = field(default_factory=dict)

    def points(self, axes: Axes) -> int:
        """How many points all axes have but the one in blocks."""
        return math.prod(self.sizes[axis] for axis in axes if axis != self.axis)

    def rows(self, buffer: int) -> int:
        """How many numbers of a buffer a lane has."""
        return (self.plan.buffers[buffer].rows or 0) * self.points(self.plan.buffers[buffer].axes)

    def of_step(self, step: Step) -> list[Nest]:
        """The loops of a step: one nest, or where its pieces have no common one, one each."""
        common = _common([piece.rows for piece in step.pieces])
        groups = [step.pieces] if common is not None else [[piece] for piece in step.pieces]
        nests = []
        for pieces in groups:
            rows = common if common is not None else pieces[0].rows
            kept, summed = self._others(step.axes), self._others(step.over)
            points = math.prod(self.sizes[axis] for axis in kept)
            out = [stride * points for stride in contiguous(rows)]
            out += contiguous([self.sizes[axis] for axis in kept])
            counts = (*rows, *[self.sizes[axis] for axis in kept])
            parts = tuple([self._part(piece, rows, kept, summed) for piece in pieces])
            nests.append(Nest(counts, tuple(out), parts))
        return nests

    def of_copy(self, output: Output, axes: Axes, result: int) -> tuple[tuple[int, ...], Access, Access]:
        """The loops of a copy to a result: the counters, what is read, and the row that is written."""
        rows, kept = output.piece.rows, self._others(axes)
        lengths = [self.sizes[axis] for axis in kept]
        points = math.prod(lengths)
        (view,) = output.piece.operands
        source = self._access(view, output.piece, rows, kept, ())
        inner = contiguous(lengths)
        zeros = [0] * len(rows)
        if output.target.positions is None:
            moved = [stride * points for stride in output.target.strides or zeros]
            target = Access(result, output.target.base * points, (*moved, *inner), has_lanes=self.axis in axes)
        else:
            table = self._table(output.target.positions, np.int64)
            places = (*contiguous(rows), *[0] * len(kept))
            target = Access(result, 0, (*zeros, *inner), None, table, 0, places, points, self.axis in axes)
        return (*rows, *lengths), source, target

    def _others(self, axes: Axes) -> list[int]:
        return [axis for axis in axes if axis != self.axis]

    def _part(self, piece: Piece, rows: Sequence[int], kept: Sequence[int], summed: Sequence[int]) -> Part:
        operands = tuple([self._access(view, piece, rows, kept, summed) for view in piece.operands])
        return Part((*piece.terms, *[self.sizes[axis] for axis in summed]), operands)

    def _access(self, view: View, piece: Piece, rows: Sequence[int], kept: Sequence[int], summed: Sequence[int]) -> Access:
        """A view under the counters: rows, kept axes, terms, axes that are summed over."""
        if isinstance(view.constants, float):
            return Access(CONSTANTS, constant=view.constants)

        def joined(own: Sequence[int], lanes: dict[int, int], unit: int = 1) -> tuple[int, ...]:
            split = _split(own[: len(piece.rows)], piece.rows, rows)
            found = [*[stride * unit for stride in split], *[lanes.get(axis, 0) for axis in kept]]
            found += [stride * unit for stride in own[len(piece.rows) :]]
            return (*found, *[lanes.get(axis, 0) for axis in summed])

        listed = contiguous((*piece.rows, *piece.terms))
        if view.constants is not None:
            numbers = np.asarray(view.constants, float).reshape((*piece.rows, *piece.terms))
            listed = [stride if _differs(numbers, k) else 0 for k, stride in enumerate(listed)]
            return Access(CONSTANTS, strides=joined(listed, {}), table=self._table(numbers, self.dtype))
        axes = self.plan.buffers[view.buffer].axes
        unit, others = self.points(axes), self._others(axes)
        lanes = dict(zip(others, contiguous([self.sizes[axis] for axis in others]), strict=True))
        has_lanes = self.axis in axes
        if view.positions is None:
            strides = view.strides or (0,) * len(listed)
            return Access(view.buffer, view.base * unit, joined(strides, lanes, unit), has_lanes=has_lanes)
        still = joined([0] * len(listed), lanes)
        table = self._table(view.positions, np.int64)
        return Access(view.buffer, 0, still, None, table, 0, joined(listed, {}), unit, has_lanes)

    def _table(self, numbers: Any, dtype: Any) -> int:
        """The number of a table; equal ones are one."""
        with quiet():  # a constant may be too large for a shorter type of numbers
            table = np.ascontiguousarray(numbers, dtype).ravel()
        number = self._known.setdefault((table.dtype.str, table.tobytes()), len(self.tables))
        if number == len(self.tables):
            self.tables.append(table)
        return number


def _differs(numbers: Any, k: int) -> bool:
    """Whether numbers change along a dimension, be it by their bits."""
    bits = numbers.view(np.int64)
    return bool((bits != bits[(slice(None),) * k + (slice(0, 1),)]).any())


def contiguous(counts: Sequence[int]) -> list[int]:
    """The strides of counters over an array of theirs.

    >>> contiguous((3, 4, 5))
    [20, 5, 1]
    """
    return [math.prod(counts[k + 1 :]) for k in range(len(counts))]


def _common(nests: Sequence[tuple[int, ...]]) -> tuple[int, ...] | None:
    """The counters in which all of several nests can be counted, or None where there are none.

    >>> _common([(256,), (16, 16), (2, 8, 16)]), _common([(6,), (2, 3), (3, 2)])
    ((2, 8, 16), None)
    """
    if len(set(nests)) == 1:
        return tuple([count for count in nests[0] if count > 1])
    sizes = sorted({size for counts in nests for size in [*contiguous(counts), math.prod(counts)]})
    lengths = []
    for small, large in pairwise(sizes):
        if large % small:
            return None
        lengths.append(large // small)
    return tuple(lengths[::-1])


def _split(strides: Sequence[int], counts: Sequence[int], finer: Sequence[int]) -> list[int]:
    """The strides of finer counters that count the same.

    >>> _split([3], [8], [2, 4])
    [12, 3]
    """
    found: list[int] = []
    rest = list(finer)
    for stride, count in zip(strides, counts, strict=True):
        own: list[int] = []
        while math.prod(own) != count:
            own.append(rest.pop(0))
        found += [stride * inner for inner in contiguous(own)]
    return found

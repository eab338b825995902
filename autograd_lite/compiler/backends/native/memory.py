"""Where the numbers of a plan are while native code runs, and how it reads and writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from llvmlite import ir

from autograd_lite.compiler.backends.native.emitter import I64, Emitter, Index, constant
from autograd_lite.compiler.backends.native.nest import CONSTANTS, Access

__all__ = ["Memory", "Place", "Window"]


@dataclass(frozen=True)
class Place:
    """Where a buffer is: the first number of row 0, and how far apart rows are; lanes lie side by side."""

    pointer: ir.Value
    stride: Index = 1


@dataclass(frozen=True)
class Window:
    """The numbers that one vector holds.

    Attributes:
        width: how many.
        lane: the first lane, where they are lanes.
        along: the counter along which they lie, where they are rows or terms.
    """

    width: int = 1
    lane: Index | None = None
    along: int | None = None

    def moves(self, access: Access) -> bool:
        """Whether an operand has different numbers in it."""
        return access.has_lanes if self.along is None else access.moved_by(self.along)


@dataclass
class Memory:
    """The places of buffers within one function.

    Attributes:
        places: of each buffer that the function uses.
        tables: pointers to the tables of positions and constants that the function uses.
        known: numbers that the code has at hand: of a buffer and a row.
    """

    places: dict[int, Place]
    tables: Mapping[int, ir.Value]
    contents: Sequence[Any]
    known: dict[tuple[int, int], ir.Value] = field(default_factory=dict)

    def load(self, e: Emitter, access: Access, counters: Sequence[Index], window: Window) -> ir.Value:
        """An operand at some counters, in every element of a window."""
        width = window.width
        if access.constant is not None:
            return e.number(access.constant, width)
        if width > 1 and window.along is not None and window.moves(access):
            return self._load_along(e, access, counters, window.along, width)
        if window.along is not None or not access.has_lanes:
            return e.spread(self._number(e, access, counters), width)
        moved, known = self.row(e, access, counters)
        if isinstance(moved, int) and (access.buffer, moved + known) in self.known:
            return e.spread(self.known[access.buffer, moved + known], width)
        pointer = self._pointer(e, self.places[access.buffer], moved, known, window.lane)
        return e.load(pointer, e.vector(width))

    def store(self, e: Emitter, buffer: int, moved: tuple[Index, int], x: ir.Value, lane: Index = 0) -> None:
        """Writes what a row has in some lanes, or what several rows have."""
        e.store(x, self._pointer(e, self.places[buffer], *moved, lane))

    def pointer(self, e: Emitter, buffer: int, moved: tuple[Index, int], lane: Index = 0, kind: ir.Type = None) -> ir.Value:
        return self._pointer(e, self.places[buffer], *moved, lane, kind)

    def constant(self, access: Access, counters: Sequence[Index], window: Window | None = None) -> float | None:
        """The number of an operand, where it is known in advance, and one alone."""
        if access.constant is not None:
            return access.constant
        if window is not None and window.moves(access):
            return None
        if access.buffer != CONSTANTS or not all(
            isinstance(c, int) or not stride for c, stride in zip(counters, access.strides, strict=True)
        ):
            return None
        assert access.table is not None
        place = access.base + sum(c * s for c, s in zip(counters, access.strides, strict=True) if s)
        return float(self.contents[access.table][place])

    def _number(self, e: Emitter, access: Access, counters: Sequence[Index]) -> ir.Value:
        """What has no lanes, or a constant from a table."""
        constant = self.constant(access, counters)
        if constant is not None:
            return e.number(constant)
        moved, known = self.row(e, access, counters)
        if isinstance(moved, int) and (access.buffer, moved + known) in self.known:
            return self.known[access.buffer, moved + known]
        if access.buffer == CONSTANTS:
            assert access.table is not None
            return e.load(e.address(self.tables[access.table], moved, known))
        return e.load(self._pointer(e, self.places[access.buffer], moved, known, 0))

    def _load_along(self, e: Emitter, access: Access, counters: Sequence[Index], along: int, width: int) -> ir.Value:
        """Neighbours along a counter: one vector where they lie side by side."""
        if access.strides[along] == 1 and not (access.places and access.places[along]):
            moved, known = self.row(e, access, counters)
            pointer = (
                e.address(self.tables[access.table or 0], moved, known)
                if access.buffer == CONSTANTS
                else self._pointer(e, self.places[access.buffer], moved, known, 0)
            )
            return e.load(pointer, e.vector(width))
        found = ir.Constant(e.vector(width), ir.Undefined)
        for k in range(width):
            at = [e.plus(c, k) if n == along else c for n, c in enumerate(counters)]
            found = e.builder.insert_element(found, self._number(e, access, at), constant(k, 32))
        return found

    def row(self, e: Emitter, access: Access, counters: Sequence[Index]) -> tuple[Index, int]:
        """The row that is read, as what the code computes and what is known."""
        moved, known = e.affine(counters, access.strides, access.base)
        if access.places is None:
            return moved, known
        assert access.table is not None
        place, start = e.affine(counters, access.places, access.start)
        if isinstance(place, int):
            return moved, known + int(self.contents[access.table][place + start]) * access.unit
        position = e.load(e.address(self.tables[access.table], place, start, I64), I64)
        return e.plus(moved, e.times(position, access.unit)), known

    def _pointer(self, e: Emitter, place: Place, moved: Index, known: int, lane: Index, kind: ir.Type = None) -> ir.Value:
        offset, start = e.times(moved, place.stride), e.times(known, place.stride)
        return e.address(place.pointer, e.plus(e.plus(offset, lane), start), kind=kind)

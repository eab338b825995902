"""Lanes of a source side by side: a block of them is copied to where native code reads it.

Where rows lie side by side in the source, as samples in a table do, squares of them are transposed in registers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from llvmlite import ir

from autograd_lite.compiler.backends.native.emitter import I64, Emitter, Index

__all__ = ["Packing"]


@dataclass
class Packing:
    """Writes the copy of a block.

    Arguments:
        width: of a vector.
        block: how many lanes there are, of which `valid` count; those beyond repeat the last that counts.
        source: row 0 of lane 0.
        strides: how far apart rows and lanes are.
        first: the first lane.
        target: where the copy goes, row by row.
        rows: how many.
    """

    e: Emitter
    width: int
    block: int
    valid: ir.Value
    source: ir.Value
    strides: tuple[ir.Value, ir.Value]
    first: ir.Value
    target: ir.Value
    rows: int

    def write(self) -> None:
        """The code; short ways are for whole blocks of lanes or rows that lie side by side."""
        e, builder, one = self.e, self.e.builder, ir.Constant(I64, 1)
        full = builder.icmp_signed("==", self.valid, ir.Constant(I64, self.block))
        lanes, rows = [builder.icmp_signed("==", stride, one) for stride in (self.strides[1], self.strides[0])]
        with builder.if_else(builder.and_(full, lanes)) as (then, otherwise):
            with then:
                e.repeat([self.rows, self.block // self.width], self._copy)
            with otherwise:
                self._without_lanes_side_by_side(builder.and_(full, rows))

    def _without_lanes_side_by_side(self, transposable: ir.Value) -> None:
        squares = self.rows // self.width
        if not squares:
            self._one_by_one(0)
            return
        with self.e.builder.if_else(transposable) as (then, otherwise):
            with then:
                self.e.repeat([squares, self.block // self.width], self._transpose)
                self._one_by_one(squares * self.width)
            with otherwise:
                self._one_by_one(0)

    def _place(self, row: Index, lane: Index) -> ir.Value:
        """Where a number of the source is."""
        e, builder = self.e, self.e.builder
        lanes = builder.mul(builder.add(self.first, e.whole(lane)), self.strides[1])
        return e.address(self.source, builder.add(builder.mul(e.whole(row), self.strides[0]), lanes))

    def _copied(self, row: Index, lane: Index) -> ir.Value:
        """Where it goes."""
        return self.e.address(self.target, self.e.plus(self.e.times(row, self.block), lane))

    def _copy(self, at: list[Index]) -> None:
        lane = self.e.times(at[1], self.width)
        vector = self.e.load(self._place(at[0], lane), self.e.vector(self.width))
        self.e.store(vector, self._copied(at[0], lane))

    def _transpose(self, at: list[Index]) -> None:
        row, lane = [self.e.times(c, self.width) for c in at]
        kind = self.e.vector(self.width)
        lanes = [self.e.load(self._place(row, self.e.plus(lane, k)), kind) for k in range(self.width)]
        for k, vector in enumerate(self._transposed(lanes)):
            self.e.store(vector, self._copied(self.e.plus(row, k), lane))

    def _transposed(self, vectors: Sequence[ir.Value]) -> list[ir.Value]:
        """A square by columns: its quarters change places, and then the quarters of those."""
        found, half, places = list(vectors), self.width // 2, range(self.width)
        while half:
            for k in [k for k in places if not k & half]:
                x, y = found[k], found[k + half]
                found[k] = self.e.shuffled(x, y, [n + self.width - half if n & half else n for n in places])
                found[k + half] = self.e.shuffled(x, y, [n + self.width if n & half else n + half for n in places])
            half //= 2
        return found

    def _one_by_one(self, start: int) -> None:
        """The rows from one on, number by number."""
        e, builder = self.e, self.e.builder
        if start == self.rows:
            return
        last = builder.sub(self.valid, ir.Constant(I64, 1))

        def turn(at: list[Index]) -> None:
            row, lane = e.plus(at[0], start), e.whole(at[1])
            late = builder.icmp_signed(">", lane, last)
            e.store(e.load(self._place(row, builder.select(late, last, lane))), self._copied(row, lane))

        e.repeat([self.rows - start, self.block], turn)

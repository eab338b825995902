"""Steps without sums in native code: one operation on many rows, and several of them in one run through the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

from autograd_lite.compiler.backends.native_emitter import Emitter, Index
from autograd_lite.compiler.backends.native_kernel import stretches
from autograd_lite.compiler.backends.native_memory import Memory, Window
from autograd_lite.compiler.backends.native_nest import CONSTANTS, Nest
from autograd_lite.compiler.backends.native_rows import written
from autograd_lite.compiler.plan import Step

__all__ = ["Elementwise"]

FEW = 4
"""Rows that are written out along a counter, if constants differ along it."""


@dataclass
class Elementwise:
    """Writes a step.

    Arguments:
        block: how many lanes there are, if there are lanes.
    """

    e: Emitter
    memory: Memory
    width: int
    block: int = 0

    def write(self, step: Step, nest: Nest) -> None:
        if self.block:
            self._in_lanes(step, nest)
        else:
            self._without_lanes(step, nest)

    def _in_lanes(self, step: Step, nest: Nest) -> None:
        groups = self.block // self.width
        together = next(n for n in (4, 2, 1) if groups % n == 0)

        def turn(at: list[Index]) -> None:
            *counters, group = at
            for v in range(together):
                lane = self.e.plus(self.e.times(group, together * self.width), v * self.width)
                self._store(step, nest, counters, Window(self.width, lane))

        self._rows(nest, [groups // together], turn)

    def _without_lanes(self, step: Step, nest: Nest) -> None:
        counts = nest.counts
        along = [k for k, stride in enumerate(nest.out) if stride == 1 and counts[k] >= self.width]
        if not along:
            self._rows(nest, [], lambda at: self._store(step, nest, at, Window()))
            return
        (k, *_) = along
        for start, tiles, size in stretches(counts[k], (self.width, 1)):
            window = Window(size, along=k) if size > 1 else Window()

            def turn(at: list[Index], start: int = start, size: int = size, window: Window = window) -> None:
                counter = self.e.plus(self.e.times(at[k], size), start)
                self._store(step, nest, [*at[:k], counter, *at[k + 1 :]], window)

            self._rows(nest, [], turn, {k: tiles})

    def _rows(self, nest: Nest, more: Sequence[int], turn: Any, counts: dict[int, int] | None = None) -> None:
        """Runs through the rows; counters along which constants differ are written out if they are short."""
        lengths = [*[(counts or {}).get(k, count) for k, count in enumerate(nest.counts)], *more]
        operands = [access for part in nest.parts for access in part.operands if access.buffer == CONSTANTS]
        written_out = [
            k
            for k, n in enumerate(nest.counts)
            if n <= FEW and k not in (counts or {}) and any(access.moved_by(k) for access in operands)
        ]
        # The short ones outermost, so that what is written out are loops, not the inside of one.
        order = [*written_out, *[k for k in range(len(lengths)) if k not in written_out]]

        def ordered(at: list[Index]) -> None:
            places = dict(zip(order, at, strict=True))
            turn([places[k] for k in range(len(lengths))])

        self.e.repeat([lengths[k] for k in order], ordered, FEW if written_out else 1)

    def value(self, step: Step, nest: Nest, counters: Sequence[Index], window: Window) -> ir.Value:
        """Writes the value at some counters."""
        (part,) = nest.parts
        args = [self.memory.load(self.e, access, counters, window) for access in part.operands]
        constants = [self.memory.constant(access, counters) for access in part.operands]
        return written(self.e, step.op, args, constants)

    def _store(self, step: Step, nest: Nest, counters: Sequence[Index], window: Window) -> None:
        lane = 0 if window.lane is None else window.lane
        found = self.value(step, nest, counters, window)
        self.memory.store(self.e, step.buffer, self.e.affine(counters, nest.out), found, lane)

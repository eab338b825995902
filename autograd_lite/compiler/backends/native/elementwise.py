"""Steps without sums in native code: one operation on many rows, and several of them in one run through the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from llvmlite import ir

from autograd_lite.compiler.backends.native.emitter import Emitter, Index
from autograd_lite.compiler.backends.native.kernel import stretches
from autograd_lite.compiler.backends.native.memory import Memory, Window
from autograd_lite.compiler.backends.native.nest import CONSTANTS, Nest
from autograd_lite.compiler.backends.native.rows import written
from autograd_lite.compiler.plan import Step

__all__ = ["Elementwise", "can_join"]

Steps: TypeAlias = Sequence[tuple[Step, list[Nest]]]

MOST = 16
"""Operations that are written side by side at most."""

FEW = 4
"""Rows that are written out along a counter, if constants differ along it."""


@dataclass
class Elementwise:
    """Writes steps.

    Arguments:
        block: how many lanes there are, if there are lanes.
    """

    e: Emitter
    memory: Memory
    width: int
    block: int = 0

    def write(self, steps: Sequence[tuple[Step, list[Nest]]], needed: frozenset[int]) -> None:
        """Writes steps with the same rows, in one run through them.

        Arguments:
            needed: the buffers that others read.
        """
        nest = steps[0][1][0]
        if self.block:
            self._in_lanes(steps, nest, needed)
        else:
            self._without_lanes(steps, nest, needed)

    def _in_lanes(self, steps: Steps, nest: Nest, needed: frozenset[int]) -> None:
        groups = self.block // self.width
        together = next(n for n in (4, 2, 1) if groups % n == 0 and n * len(steps) <= MOST)

        def turn(at: list[Index]) -> None:
            *counters, group = at
            for v in range(together):
                lane = self.e.plus(self.e.times(group, together * self.width), v * self.width)
                self._store(steps, counters, Window(self.width, lane), needed)

        self._rows(nest, [groups // together], turn)

    def _without_lanes(self, steps: Steps, nest: Nest, needed: frozenset[int]) -> None:
        counts = nest.counts
        along = [k for k, stride in enumerate(nest.out) if stride == 1 and counts[k] >= self.width]
        if not along:
            self._rows(nest, [], lambda at: self._store(steps, at, Window(), needed))
            return
        (k, *_) = along
        for start, tiles, size in stretches(counts[k], (self.width, 1)):
            window = Window(size, along=k) if size > 1 else Window()

            def turn(at: list[Index], start: int = start, size: int = size, window: Window = window) -> None:
                counter = self.e.plus(self.e.times(at[k], size), start)
                self._store(steps, [*at[:k], counter, *at[k + 1 :]], window, needed)

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

    def value(
        self, step: Step, nest: Nest, counters: Sequence[Index], window: Window, fresh: dict[int, ir.Value] | None = None
    ) -> ir.Value:
        """Writes the value at some counters; `fresh` are the values of other steps there."""
        (part,) = nest.parts
        args = [
            fresh[access.buffer] if fresh and access.buffer in fresh else self.memory.load(self.e, access, counters, window)
            for access in part.operands
        ]
        constants = [self.memory.constant(access, counters, window) for access in part.operands]
        return written(self.e, step.op, args, constants)

    def _store(self, steps: Steps, counters: Sequence[Index], window: Window, needed: frozenset[int]) -> None:
        lane = 0 if window.lane is None else window.lane
        fresh: dict[int, ir.Value] = {}
        for step, (nest,) in steps:
            fresh[step.buffer] = self.value(step, nest, counters, window, fresh)
            if step.buffer in needed:
                self.memory.store(self.e, step.buffer, self.e.affine(counters, nest.out), fresh[step.buffer], lane)


def can_join(steps: Steps, step: Step, nests: Sequence[Nest]) -> bool:
    """Whether a step can run through the rows together with others: it has the same, and reads theirs row by row."""
    if {step.kind, steps[0][0].kind} != {"elementwise"}:
        return False
    own, nest, first = {other.buffer for other, _ in steps}, nests[0], steps[0][1][0]
    if (nest.counts, nest.out) != (first.counts, first.out):
        return False
    if any(_has_table(others[0]) for _, others in steps) or _has_table(nest):
        return False
    operands = [access for access in nest.parts[0].operands if access.buffer in own]
    return all(access.base == 0 and access.strides == nest.out and access.places is None for access in operands)


def _has_table(nest: Nest) -> bool:
    """Whether constants differ from row to row: such steps may be cut by them."""
    return any(access.buffer == CONSTANTS and access.constant is None for access in nest.parts[0].operands)

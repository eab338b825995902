"""What one function of native code does of a block: steps, what is copied in, and what is copied out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from llvmlite import ir

from autograd_lite.compiler.backends.native.chunks import Group, write_chunk
from autograd_lite.compiler.backends.native.contraction import Contraction
from autograd_lite.compiler.backends.native.elementwise import Elementwise
from autograd_lite.compiler.backends.native.emitter import I64, Emitter, Index
from autograd_lite.compiler.backends.native.kernel import stretches
from autograd_lite.compiler.backends.native.memory import Memory, Window
from autograd_lite.compiler.backends.native.nest import Access, Nest
from autograd_lite.compiler.backends.native.reduction import Reduction
from autograd_lite.compiler.plan import Step

__all__ = ["Copy", "PieceWriter"]

Copy = tuple[tuple[int, ...], Access, Access]
"""The counters of a copy, what is read, and the row that is written."""


@dataclass
class PieceWriter:
    """Writes into one function.

    Arguments:
        axis: whose lanes go in blocks.
        block: how many lanes a block has; 0 outside of lanes.
        width: of a vector.
        valid: how many lanes of the block count.
    """

    e: Emitter
    memory: Memory
    axis: int | None
    block: int
    width: int
    registers: int
    valid: ir.Value | None

    def group(self, group: Group, needed: frozenset[int]) -> None:
        """Steps that are one function; `needed` are the buffers that others read."""
        if group.written_out:
            self._written_out(group.steps, needed)
        else:
            self._wide(group.steps, needed, adds=group.adds)

    def _wide(self, steps: Sequence[tuple[Step, list[Nest]]], needed: frozenset[int], *, adds: bool) -> None:
        """Steps as loops: one, or several that run through the same rows."""
        (step, nests), *_ = steps
        if step.kind == "elementwise":
            Elementwise(self.e, self.memory, self.width, self.block).write(steps, needed)
        elif step.kind == "reduction":
            Reduction(self.e, self.memory, self.width, self.block, self.valid).write(step, nests[0])
        else:
            summed = self.axis is not None and self.axis in step.over
            kept = self.axis is not None and self.axis in step.axes
            if summed:
                self._without_pads(nests)
            sums = self.registers - self.registers // 4
            c = Contraction(self.e, self.memory, step.buffer, self.width, sums, self.block, kept, summed, self.valid)
            c.write(nests[0], add=adds)

    def _written_out(self, steps: Sequence[tuple[Step, list[Nest]]], needed: frozenset[int]) -> None:
        """Narrow steps, written out; of lanes one vector after the other."""
        if not self.block:
            write_chunk(self.e, self.memory, steps, Window(), needed, None)
            return

        # Two registers at once: while one waits for what it computes, the other can go on.
        width = min(2 * self.width, self.block)

        def turn(at: list[Index]) -> None:
            window = Window(width, self.e.times(at[0], width))
            write_chunk(self.e, self.memory, steps, window, needed, self.valid)

        self.e.repeat([self.block // width], turn)

    def copies(self, copies: Sequence[Copy]) -> None:
        """Copies to results; a result has room for all lanes of the last block."""
        for counts, source, target in copies:
            if self.block:
                self._copy_lanes(counts, source, target)
            else:
                self._copy_rows(counts, source, target)

    def _copy_lanes(self, counts: Sequence[int], source: Access, target: Access) -> None:
        def turn(at: list[Index]) -> None:
            lane = self.e.times(at[-1], self.width)
            x = self.memory.load(self.e, source, at[:-1], Window(self.width, lane))
            self.memory.store(self.e, target.buffer, self.memory.row(self.e, target, at[:-1]), x, lane)

        self.e.repeat([*counts, self.block // self.width], turn)

    def _copy_rows(self, counts: Sequence[int], source: Access, target: Access) -> None:
        """Numbers one by one, or in vectors along a counter along which they lie side by side in the result."""
        fitting = [k for k, n in enumerate(counts) if n >= self.width and target.strides[k] and target.is_side_by_side(k)]
        if not fitting:
            self.e.repeat(counts, lambda at: self._copy_vector(source, target, at, Window()))
            return
        along = fitting[0]
        for start, tiles, size in stretches(counts[along], (self.width, 1)):

            def turn(at: list[Index], start: int = start, size: int = size) -> None:
                here = [self.e.plus(self.e.times(c, size), start) if n == along else c for n, c in enumerate(at)]
                self._copy_vector(source, target, here, Window(size, along=along) if size > 1 else Window())

            self.e.repeat([tiles if n == along else count for n, count in enumerate(counts)], turn)

    def _copy_vector(self, source: Access, target: Access, at: list[Index], window: Window) -> None:
        x = self.memory.load(self.e, source, at, window)
        self.memory.store(self.e, target.buffer, self.memory.row(self.e, target, at), x)

    # --- lanes in and out ------------------------------------------------------------------------------------------------

    def _without_pads(self, nests: Sequence[Nest]) -> None:
        """Where a block has lanes too many, clears there what is to be added up over lanes: to -0, a second factor to +0."""
        builder = self.e.builder
        assert self.valid is not None
        with builder.if_then(builder.icmp_signed("<", self.valid, ir.Constant(I64, self.block)), likely=False):
            for nest in nests:
                for part in nest.parts:
                    if not all(access.has_lanes for access in part.operands):
                        continue
                    for number, access in enumerate(part.operands):
                        self._clear_pads(access, (*nest.counts, *part.counts), 0.0 if number else -0.0)

    def _clear_pads(self, access: Access, counts: Sequence[int], zero: float) -> None:
        e, builder = self.e, self.e.builder
        assert self.valid is not None
        lanes = builder.sub(ir.Constant(I64, self.block), self.valid)
        lengths = [count if access.moved_by(k) else 1 for k, count in enumerate(counts)]

        def turn(at: list[Index]) -> None:
            row = self.memory.row(e, access, at[:-1])
            e.store(e.number(zero), self.memory.pointer(e, access.buffer, row, e.plus(self.valid, at[-1])))

        e.repeat([*lengths, lanes], turn)

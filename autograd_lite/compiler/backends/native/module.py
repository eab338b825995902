"""A plan as one module of machine code: a function for each wide step or run of narrow ones, and those that call them.

All functions are given one table of whole numbers: how many lanes there are, and where everything is. Of lanes a function
does one block; the last block is as long as the others, the lanes that it has too many repeat the last that counts, and
where lanes are added up they are zeros.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from llvmlite import ir

from autograd_lite.compiler.backends.native.chunks import Group, cut
from autograd_lite.compiler.backends.native.contraction import clear_sums, round_sums
from autograd_lite.compiler.backends.native.emitter import ELEMENTS, I64, POINTER, Emitter, Index
from autograd_lite.compiler.backends.native.layout import FAILED, Layout
from autograd_lite.compiler.backends.native.machine import Machine
from autograd_lite.compiler.backends.native.nest import CONSTANTS, Nest, Nests
from autograd_lite.compiler.backends.native.own_memory import OwnMemory
from autograd_lite.compiler.backends.native.packing import Packing
from autograd_lite.compiler.backends.native.pieces import PieceWriter
from autograd_lite.compiler.backends.native.shared import BLOCK, Called, Functions, accesses
from autograd_lite.compiler.backends.native.stages import BLOCKS, FOREIGN, Stage, Stages
from autograd_lite.compiler.plan import Output, Plan, Step

__all__ = ["ModuleWriter"]

HANDED = 16
"""Places that a function is handed at most: others would be like it too rarely for what handing them takes."""


@dataclass
class ModuleWriter:
    """Writes the module of a plan.

    Attributes:
        width: how many numbers a vector register holds.
        room: where the buffers are that only one stage knows.
        runs: what is run one after the other: the name of a function, or a foreign step.
        parts: of such a function the names of those that it calls.
    """

    plan: Plan
    stages: Stages
    nests: Nests
    host: Machine
    runs: list[str | Step] = field(default_factory=list)
    parts: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.element = ELEMENTS[self.nests.dtype.name]
        self.width = self.host.width * 8 // self.nests.dtype.itemsize
        self.loops = {step.buffer: self._loops(step) for stage in self.native for step in stage.steps}
        self.copied = {
            id(output): self.nests.of_copy(output, self.plan.results[number].axes, -2 - number)
            for number, output in [copy for stage in self.stages.order for copy in stage.copies] + self.stages.copies
        }
        self.layout = Layout(len(self.plan.buffers), len(self.nests.tables), len(self.plan.results))
        self.room = OwnMemory(self.stages, self.nests, self.loops, self.copied, self.width)
        self.module = ir.Module("plan")
        self.functions = Functions(self.module, self.stages, self.nests, self.layout, self.host, self.room)
        self._write()

    def _loops(self, step: Step) -> list[Nest]:
        nests = self.nests.of_step(step)
        return cut(nests) if step.kind == "contraction" else nests

    @cached_property
    def native(self) -> list[Stage]:
        return [stage for stage in self.stages.order if stage.kind != FOREIGN]

    # --- functions -------------------------------------------------------------------------------------------------------

    def _write(self) -> None:
        run: list[ir.Function] = []
        for number, stage in enumerate(self.stages.order):
            if stage.kind == FOREIGN:
                self._end(run)
                run = []
                self.runs.append(stage.steps[0])
                self.functions.met |= stage.read | stage.written
            else:
                run.append(self._stage(number, stage))
        if self.stages.copies:
            run.append(self._copies("finish", -1, self.stages.copies))
            run[-1].linkage = ""
        self._end(run)

    def _end(self, functions: Sequence[ir.Function]) -> None:
        """Joins the functions of stages that run one after the other."""
        if not functions:
            return
        name = f"run.{len(self.runs)}"
        self.parts[name] = [stage.name for stage in functions]
        function = ir.Function(self.module, ir.FunctionType(I64, [POINTER]), name)
        builder = ir.IRBuilder(function.append_basic_block("entry"))
        (table,) = function.args
        lanes = builder.load(table, typ=I64)
        for stage in functions:
            builder.call(stage, [table, ir.Constant(I64, 0), lanes])
        failed = builder.gep(table, [ir.Constant(I64, FAILED)], source_etype=I64)
        builder.ret(builder.load(failed, typ=I64))
        self.runs.append(name)

    def _stage(self, number: int, stage: Stage) -> ir.Function:
        """The functions of a stage's pieces, and the one that calls them."""
        pieces: list[Called] = []
        readers = self._readers(stage)
        if stage.kind == BLOCKS and self.room.packed(stage):
            pieces.append((self._pack(number, stage), None))
        for k, group in enumerate(self.room.groups(stage)):
            own = {step.buffer for step, _ in group.steps}
            reads = {access.buffer for _, nests in group.steps for access in accesses(nests)}
            needed = frozenset(own if len(own) == 1 else [b for b in own if not readers.get(b, set()) <= own])
            name = f"stage.{number}.{k}"
            buffers = [b for b in [*sorted(reads - own), *sorted(needed)] if b != CONSTANTS]
            if not group.written_out and len(buffers) <= HANDED:
                pieces.append(self.functions.shared(name, number, group, needed))
                continue

            def write(w: PieceWriter, group: Group = group, needed: frozenset[int] = needed) -> None:
                w.group(group, needed)

            found = [access for _, nests in group.steps for access in accesses(nests)]
            pieces.append((self.functions.piece(name, number, buffers, found, write), None))
        if stage.copies:
            pieces.append((self._copies(f"stage.{number}.copies", number, stage.copies), None))
        return self._blocks(number, stage, pieces)

    def _readers(self, stage: Stage) -> dict[int, set[int]]:
        """Of each buffer the steps of its stage that read it, and -1 if something else does."""
        readers: dict[int, set[int]] = {}
        for step in stage.steps:
            for access in accesses(self.loops[step.buffer]):
                readers.setdefault(access.buffer, set()).add(step.buffer)
        elsewhere = stage.written - self.stages.local
        for buffer in [*elsewhere, *[output.piece.operands[0].buffer for _, output in stage.copies]]:
            readers.setdefault(buffer, set()).add(-1)
        return readers

    def _copies(self, name: str, stage: int, copies: Sequence[tuple[int, Output]]) -> ir.Function:
        found = [self.copied[id(output)] for _, output in copies]
        reads = [access for _, source, target in found for access in (source, target)]
        buffers = [access.buffer for access in reads if access.buffer != CONSTANTS]
        return self.functions.piece(name, stage, buffers, reads, lambda w: w.copies(found))

    def _pack(self, number: int, stage: Stage) -> ir.Function:
        def write(w: PieceWriter) -> None:
            table, first, _ = w.e.function.args
            for source, rows in self.room.packed(stage).items():
                entry = self.layout.buffer(source)
                pointer = self.functions.entry(w.e, table, entry, POINTER)
                strides = (self.functions.entry(w.e, table, entry + 1), self.functions.entry(w.e, table, entry + 2))
                target = w.memory.places[source].pointer
                Packing(w.e, w.width, w.block, w.e.function.args[2], pointer, strides, first, target, rows).write()

        return self.functions.piece(f"stage.{number}.pack", number, self.room.packed(stage), (), write)

    def _blocks(self, number: int, stage: Stage, pieces: Sequence[Called]) -> ir.Function:
        """The function of a stage: all its pieces, for each block of some lanes."""
        function = ir.Function(self.module, BLOCK, f"stage.{number}")
        e = Emitter(function, self.element)
        table, low, high = function.args
        block = ir.Constant(I64, self.room.block)
        if stage.kind != BLOCKS:
            for piece in pieces:
                self.functions.call(e, piece, number, (table, low, high))
        else:
            sums = list(self._sums(e, table, stage))
            for pointer, rows in sums:
                clear_sums(e, pointer, rows)
            lanes = e.builder.sub(high, low)
            count = e.builder.sdiv(e.builder.add(lanes, ir.Constant(I64, self.room.block - 1)), block)

            def turn(at: list[Index]) -> None:
                first = e.builder.add(low, e.times(at[0], self.room.block))
                rest = e.builder.sub(high, first)
                full = e.builder.icmp_signed(">", rest, block)
                valid = e.builder.select(full, block, rest)
                for piece in pieces:
                    self.functions.call(e, piece, number, (table, first, valid))

            e.repeat([count], turn)
            for pointer, rows in sums:
                round_sums(e, pointer, rows, self.width)
        e.builder.ret_void()
        return function

    def _sums(self, e: Emitter, table: ir.Value, stage: Stage) -> Iterator[tuple[ir.Value, int]]:
        """Where a stage's sums over lanes are, and how many."""
        for step in stage.steps:
            if self.stages.axis in step.over:
                pointer = self.functions.entry(e, table, self.layout.buffer(step.buffer), POINTER)
                yield pointer, self.nests.rows(step.buffer)

"""A plan as one module of machine code: a function for each wide step or run of narrow ones, and those that call them.

All functions are given one table of whole numbers: how many lanes there are, and where everything is. Of lanes a function
does one block; the last block is as long as the others, the lanes that it has too many repeat the last that counts, and
where lanes are added up they are zeros.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from llvmlite import ir

from autograd_lite.compiler.backends.memory import placed
from autograd_lite.compiler.backends.native.chunks import Group, cut, groups, is_narrow
from autograd_lite.compiler.backends.native.emitter import I64, POINTER, Emitter, Index
from autograd_lite.compiler.backends.native.layout import FAILED, Layout
from autograd_lite.compiler.backends.native.machine import FIRST_CACHE, Machine
from autograd_lite.compiler.backends.native.nest import CONSTANTS, Nest, Nests
from autograd_lite.compiler.backends.native.packing import Packing
from autograd_lite.compiler.backends.native.pieces import PieceWriter
from autograd_lite.compiler.backends.native.shared import BLOCK, Called, Functions, accesses
from autograd_lite.compiler.backends.native.stages import BLOCKS, FOREIGN, Stage, Stages
from autograd_lite.compiler.plan import Output, Plan, Step

__all__ = ["ModuleWriter"]

WIDEST = 64
"""Lanes in a block at most."""

HANDED = 16
"""Places that a function is handed at most: others would be like it too rarely for what handing them takes."""


@dataclass
class ModuleWriter:
    """Writes the module of a plan.

    Attributes:
        block: how many lanes go together.
        scratch: how many numbers a block leaves behind.
        runs: what is run one after the other: the name of a function, or a foreign step.
        parts: of such a function the names of those that it calls.
    """

    plan: Plan
    stages: Stages
    nests: Nests
    host: Machine
    block: int = 0
    scratch: int = 0
    runs: list[str | Step] = field(default_factory=list)
    parts: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.loops = {step.buffer: self._loops(step) for stage in self.native for step in stage.steps}
        self.copied = {
            id(output): self.nests.of_copy(output, self.plan.results[number].axes, -2 - number)
            for number, output in [copy for stage in self.stages.order for copy in stage.copies] + self.stages.copies
        }
        self.layout = Layout(len(self.plan.buffers), len(self.nests.tables), len(self.plan.results))
        self.offsets = [self._placed(stage) if stage.kind == BLOCKS else {} for stage in self.stages.order]
        self.module = ir.Module("plan")
        self.functions = Functions(self.module, self.stages, self.nests, self.layout, self.host, self.offsets, self.block)
        self._write()

    def _loops(self, step: Step) -> list[Nest]:
        nests = self.nests.of_step(step)
        return cut(nests) if step.kind == "contraction" else nests

    @cached_property
    def native(self) -> list[Stage]:
        return [stage for stage in self.stages.order if stage.kind != FOREIGN]

    # --- memory of blocks ------------------------------------------------------------------------------------------------

    def _packed(self, stage: Stage) -> dict[int, int]:
        """The sources with lanes that a stage reads, and how many of their rows."""
        rows: dict[int, int] = {}
        reads = [
            (access, (*nest.counts, *part.counts))
            for step in stage.steps
            for nest in self.loops[step.buffer]
            for part in nest.parts
            for access in part.operands
        ]
        reads += [(self.copied[id(output)][1], self.copied[id(output)][0]) for _, output in stage.copies]
        for access, counts in reads:
            if 0 <= access.buffer < len(self.plan.sources) and access.has_lanes:
                last = access.last_row(counts, self.nests.tables)
                rows[access.buffer] = max(rows.get(access.buffer, 0), last + 1)
        return rows

    def _placed(self, stage: Stage) -> dict[int, int]:
        """The first row of each buffer of a block in the memory for blocks; sets that memory's size."""
        packed, turns = self._packed(stage), self._turns(stage)
        end = max([last for _, last in turns.values()], default=0) + 1
        last: dict[int, int] = {output.piece.operands[0].buffer: end for _, output in stage.copies}
        for step in stage.steps:
            for view in [view for piece in step.pieces for view in piece.operands]:
                last[view.buffer] = max(last.get(view.buffer, 0), turns[step.buffer][1])
        lives = [(rows, 0, last[number]) for number, rows in packed.items()]
        numbers = list(packed)
        for step in stage.steps:
            if step.buffer in self.stages.local:
                first, done = turns[step.buffer]
                lives.append((self.nests.rows(step.buffer), first, max(last.get(step.buffer, 0), done)))
                numbers.append(step.buffer)
        offsets, rows = placed(lives)
        width = self.host.width
        fit = WIDEST
        while fit > 2 * width and fit * rows * 8 > FIRST_CACHE:
            fit //= 2
        self.block = min(self.block, fit) if self.block else fit
        self.scratch = max(self.scratch, rows)
        return dict(zip(numbers, offsets, strict=True))

    def _turns(self, stage: Stage) -> dict[int, tuple[int, int]]:
        """When each step first and last writes. Steps that run through their rows together have one turn: what one of them
        reads for the last time, another may not overwrite, since it is rows ahead."""
        turns: dict[int, tuple[int, int]] = {}
        now = 0
        for group in groups(self._pieces(stage)):
            for step, _ in group.steps:
                now += group.written_out
                turns[step.buffer] = turns.get(step.buffer, (now, now))[0], now
            now += not group.written_out
        return turns

    def _pieces(self, stage: Stage) -> list[tuple[Step, list[Nest], bool]]:
        """The steps of a stage with their loops, and whether they are narrow."""
        return [(step, self.loops[step.buffer], self._is_chunked(step)) for step in stage.steps]

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
        if stage.kind == BLOCKS and self._packed(stage):
            pieces.append((self._pack(number, stage), None))
        for k, group in enumerate(groups(self._pieces(stage))):
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
        elsewhere = stage.written - self.stages.local_to(stage)
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
            for source, rows in self._packed(stage).items():
                entry = self.layout.buffer(source)
                pointer = self.functions.entry(w.e, table, entry, POINTER)
                strides = (self.functions.entry(w.e, table, entry + 1), self.functions.entry(w.e, table, entry + 2))
                target = w.memory.places[source].pointer
                Packing(w.e, w.width, w.block, w.e.function.args[2], pointer, strides, first, target, rows).write()

        return self.functions.piece(f"stage.{number}.pack", number, self._packed(stage), (), write)

    def _is_chunked(self, step: Step) -> bool:
        return is_narrow(step, self.loops[step.buffer]) and self.stages.axis not in step.over

    def _blocks(self, number: int, stage: Stage, pieces: Sequence[Called]) -> ir.Function:
        """The function of a stage: all its pieces, for each block of some lanes."""
        function = ir.Function(self.module, BLOCK, f"stage.{number}")
        e = Emitter(function)
        table, low, high = function.args
        if stage.kind != BLOCKS:
            for piece in pieces:
                self.functions.call(e, piece, number, (table, low, high))
        else:
            self._clear(e, table, stage)
            lanes = e.builder.sub(high, low)
            count = e.builder.sdiv(e.builder.add(lanes, ir.Constant(I64, self.block - 1)), ir.Constant(I64, self.block))

            def turn(at: list[Index]) -> None:
                first = e.builder.add(low, e.times(at[0], self.block))
                rest = e.builder.sub(high, first)
                full = e.builder.icmp_signed(">", rest, ir.Constant(I64, self.block))
                valid = e.builder.select(full, ir.Constant(I64, self.block), rest)
                for piece in pieces:
                    self.functions.call(e, piece, number, (table, first, valid))

            e.repeat([count], turn)
        e.builder.ret_void()
        return function

    def _clear(self, e: Emitter, table: ir.Value, stage: Stage) -> None:
        """Sums over lanes begin at -0."""
        for step in stage.steps:
            if self.stages.axis in step.over:
                pointer = self.functions.entry(e, table, self.layout.buffer(step.buffer), POINTER)
                count = self.nests.rows(step.buffer)

                def turn(at: list[Index], pointer: ir.Value = pointer) -> None:
                    e.store(e.number(-0.0), e.address(pointer, at[0]))

                e.repeat([count], turn)

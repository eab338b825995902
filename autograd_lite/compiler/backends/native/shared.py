"""The functions of a module that do their part of one block, and where they find their buffers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from llvmlite import ir

from autograd_lite.compiler.backends.native.chunks import Group
from autograd_lite.compiler.backends.native.emitter import ELEMENTS, I64, POINTER, Emitter, Index
from autograd_lite.compiler.backends.native.layout import FAILED, PADDED, SCRATCH, Layout
from autograd_lite.compiler.backends.native.machine import Machine
from autograd_lite.compiler.backends.native.memory import Memory, Place
from autograd_lite.compiler.backends.native.nest import Access, Nest, Nests
from autograd_lite.compiler.backends.native.outline import Outline, outline_of
from autograd_lite.compiler.backends.native.own_memory import OwnMemory
from autograd_lite.compiler.backends.native.pieces import PieceWriter
from autograd_lite.compiler.backends.native.stages import BLOCKS, Stages

__all__ = ["BLOCK", "Called", "Functions", "accesses"]

BLOCK = ir.FunctionType(ir.VoidType(), [POINTER, I64, I64])
"""The kind of a function of the table, the first lane of a block, and how many of its lanes count."""

Called = tuple[ir.Function, Outline | None]
"""A function of that kind; or one of the table, how many lanes count, and the places of an outline's buffers."""


@dataclass
class Functions:
    """Writes them.

    Arguments:
        room: where the buffers are that only one stage knows.

    Attributes:
        met: the buffers that are read or written.
        written: those that are given their places, by their form.
    """

    module: ir.Module
    stages: Stages
    nests: Nests
    layout: Layout
    host: Machine
    room: OwnMemory
    met: set[int] = field(default_factory=set)
    written: dict[object, ir.Function] = field(default_factory=dict)

    def piece(
        self, name: str, stage: int, buffers: Iterable[int], reads: Iterable[Access], write: Callable[[PieceWriter], None]
    ) -> ir.Function:
        """A function that does its part of one block."""
        e = self._function(name, BLOCK)
        table, first, valid = e.function.args
        places = {number: self.place(e, table, number, stage, first) for number in dict.fromkeys(buffers)}
        self._write_piece(e, (table, valid), stage, places, reads, write)
        return e.function

    def shared(self, name: str, stage: int, group: Group, needed: frozenset[int]) -> Called:
        """The same for a group of loops, given where its buffers are; groups of one form have one function."""
        outline = outline_of(group, self.stages.axis, needed, lambda number: self._lies(number, stage))
        form = (self._lanes(stage), outline.form)
        if form not in self.written:
            kind = ir.FunctionType(ir.VoidType(), [POINTER, I64, *[POINTER] * len(outline.buffers)])
            e = self._function(name, kind)
            table, valid, *pointers = e.function.args
            places = {}
            for number, base, pointer in zip(outline.buffers, outline.bases, pointers, strict=True):
                stride = self._stride(e, table, number, stage)
                places[number] = Place(e.address(pointer, e.times(stride, -base)), stride)
            found = [access for _, nests in group.steps for access in accesses(nests)]
            self._write_piece(e, (table, valid), stage, places, found, lambda w: w.group(group, needed))
            self.written[form] = e.function
        self.met.update(outline.buffers)
        return self.written[form], outline

    def call(self, e: Emitter, called: Called, stage: int, args: tuple[ir.Value, ir.Value, ir.Value]) -> None:
        """A call for one block."""
        function, outline = called
        table, first, valid = args
        if outline is None:
            e.builder.call(function, args)
            return
        places = [self.place(e, table, number, stage, first) for number in outline.buffers]
        shifted = zip(places, outline.bases, strict=True)
        e.builder.call(function, [table, valid, *[e.address(p.pointer, e.times(p.stride, base)) for p, base in shifted]])

    def _function(self, name: str, kind: ir.FunctionType) -> Emitter:
        function = ir.Function(self.module, kind, name)
        function.linkage = "internal"
        function.attributes.add("noinline")
        return Emitter(function, ELEMENTS[self.nests.dtype.name])

    def _write_piece(
        self,
        e: Emitter,
        args: tuple[ir.Value, ir.Value],
        stage: int,
        places: dict[int, Place],
        reads: Iterable[Access],
        write: Callable[[PieceWriter], None],
    ) -> None:
        table, valid = args
        e.failed = e.builder.gep(table, [ir.Constant(I64, FAILED)], source_etype=I64)
        self.met |= places.keys()
        numbers = sorted({access.table for access in reads if access.table is not None})
        tables = {k: self.entry(e, table, self.layout.table(k), POINTER) for k in numbers}
        memory = Memory(places, tables, self.nests.tables)
        write(PieceWriter(e, memory, self.stages.axis, self._lanes(stage), self.room.width, self.host.registers, valid))
        e.builder.ret_void()

    # --- places ----------------------------------------------------------------------------------------------------------

    def _lanes(self, stage: int) -> int:
        """How many lanes go together in a stage; 0 outside of lanes."""
        return self.room.block if stage >= 0 and self.stages.order[stage].kind == BLOCKS else 0

    def _lies(self, number: int, stage: int) -> str:
        """Where a buffer or a result is: in the memory of the stage, or in its own, with rows of lanes or of numbers."""
        if stage >= 0 and number in self.room.offsets[stage]:
            return "stage"
        axes = self.stages.plan.buffers[number].axes if number >= 0 else self.stages.plan.results[-2 - number].axes
        return "numbers" if self.stages.axis is None or self.stages.axis not in axes else "lanes"

    def _stride(self, e: Emitter, table: ir.Value, number: int, stage: int) -> Index:
        """How far apart its rows are."""
        lies = self._lies(number, stage)
        if lies == "stage":
            return self.room.lanes(self.stages.order[stage])
        return self.entry(e, table, PADDED) if lies == "lanes" else 1

    def place(self, e: Emitter, table: ir.Value, number: int, stage: int, first: ir.Value) -> Place:
        lies, stride = self._lies(number, stage), self._stride(e, table, number, stage)
        if lies == "stage":
            scratch = self.entry(e, table, SCRATCH, POINTER)
            return Place(e.address(scratch, 0, self.room.offsets[stage][number] * stride), stride)
        pointer = self.entry(
            e, table, self.layout.buffer(number) if number >= 0 else self.layout.result(-2 - number), POINTER
        )
        return Place(pointer if lies == "numbers" else e.address(pointer, first), stride)

    def entry(self, e: Emitter, table: ir.Value, place: int, kind: ir.Type = I64) -> ir.Value:
        pointer = e.builder.gep(table, [ir.Constant(I64, place)], source_etype=I64)
        return e.builder.load(pointer, typ=kind)


def accesses(nests: Sequence[Nest]) -> Iterator[Access]:
    for nest in nests:
        for part in nest.parts:
            yield from part.operands

"""The shortest way into native code: one function from the tuple of arguments to the finished result.

It is machine code itself. It looks at its arguments as Python keeps them, reads arrays and modules where they lie, runs the
plan and makes the result; where anything is not as it was in the trace it returns `MISS`, and the call goes the longer way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from llvmlite import ir

from autograd_lite.calculus.trees import ArrayBlock, ScalarBlock, Structure
from autograd_lite.compiler.backends.native.emitter import DOUBLE, ELEMENTS, I64, POINTER, Emitter, Index, vector_of
from autograd_lite.compiler.backends.native.fields import (
    ALIGNED,
    DATA,
    DIMENSIONS,
    FLAGS,
    ITEMS,
    KIND,
    SHAPE,
    SIDE_BY_SIDE,
    SIZE,
    STRIDES,
    TYPE,
    VALUE,
)
from autograd_lite.compiler.backends.native.layout import FAILED, NAME, RUN, Layout
from autograd_lite.compiler.backends.native.objects import Objects
from autograd_lite.compiler.backends.native.slots import Slot
from autograd_lite.compiler.sources import Array, Numbers, Parameters, StoredIn
from autograd_lite.compiler.traced_call import Trace

__all__ = ["CallWriter"]

TOGETHER = 16
"""Numbers that are rounded, or looked at, at once."""

Pair = tuple[ir.Value, ir.Value]


class CallWriter:
    """Writes the function.

    Arguments:
        arguments: the structures of the positional arguments, each one block.
        axis: whose lanes go in blocks.
        dtype: of the numbers of the plan.
        module: has the function that runs the plan.

    Attributes:
        slots: the entries of the table that the function needs beside those of the plan, and after them.
    """

    def __init__(
        self, trace: Trace, arguments: Sequence[Structure], axis: int | None, dtype: Any, module: ir.Module, layout: Layout
    ) -> None:
        self.trace, self.arguments, self.axis, self.dtype, self.layout = trace, arguments, axis, dtype, layout
        self.slots: list[Slot] = []
        function = ir.Function(module, ir.FunctionType(POINTER, [POINTER, POINTER]), NAME)
        self.e = Emitter(function, ELEMENTS[dtype.name])
        self.builder = self.e.builder
        self.missed, self.failed = [function.append_basic_block(name) for name in ("missed", "failed")]
        self.objects = Objects(self.e, self.missed, self.failed)
        own, self.given = function.args
        self.table = self.objects.field(own, DATA, POINTER)
        busy = self.slot("nothing")
        self.busy = self.place(layout.size)
        self.result = self.builder.alloca(POINTER)
        self.builder.store(ir.Constant(POINTER, None), self.result)
        occupied = function.append_basic_block("occupied")
        miss = self.slot("miss", kind=POINTER)
        self._leave_if_busy(busy, miss, occupied)

    def _leave_if_busy(self, busy: ir.Value, miss: ir.Value, occupied: ir.Block) -> None:
        """Another thread may be here: a long run lets it come, and so does numpy when it copies."""
        builder = self.builder
        free = builder.append_basic_block("free")
        builder.cbranch(builder.icmp_unsigned("==", busy, ir.Constant(I64, 0)), free, occupied)
        for block, leaves_a_mark in ((occupied, False), (self.missed, True), (self.failed, True)):
            builder.position_at_end(block)
            if leaves_a_mark:
                builder.store(ir.Constant(I64, 0), self.busy)
            if block is self.failed:
                self.objects.call("Py_DecRef", builder.load(self.result, typ=POINTER))  # of nothing, it does nothing
            else:
                self.objects.call("Py_IncRef", miss)
            builder.ret(ir.Constant(POINTER, None) if block is self.failed else miss)
        builder.position_at_end(free)
        builder.store(ir.Constant(I64, 1), self.busy)

    def write(self) -> None:
        o = self.objects
        o.refuse_others(o.field(self.given, SIZE), ir.Constant(I64, len(self.arguments)))
        number = 0
        for k, child in enumerate(self.arguments):
            item = o.field(self.given, ITEMS + 8 * k, POINTER)
            if isinstance(child.block, ScalarBlock):
                self._take_number(item, number)
                number += 1
            elif isinstance(child.block, ArrayBlock):
                self._take_array(item, k)
            else:
                self._take_module(item, k)
        for number, source in enumerate(self.trace.sources):
            if isinstance(source, StoredIn):
                self._unchanged(("closure", number), "moved", ("false",))
            if isinstance(source, (Parameters, StoredIn)) and self.e.element != DOUBLE:
                self._copy_rounded(number)
        self._run()
        self._check()
        self._return()

    # --- the table -------------------------------------------------------------------------------------------------------

    def slot(self, *slot: str | int, kind: ir.Type = I64) -> ir.Value:
        """What stands in a new entry of the table."""
        self.slots.append(slot)
        return self.word(self.layout.size + len(self.slots) - 1, kind)

    def word(self, place: int, kind: ir.Type = I64) -> ir.Value:
        return self.builder.load(self.place(place), typ=kind)

    def place(self, place: int) -> ir.Value:
        return self.builder.gep(self.table, [ir.Constant(I64, place)], source_etype=I64)

    # --- arguments -------------------------------------------------------------------------------------------------------

    def _take_number(self, item: ir.Value, position: int) -> None:
        o = self.objects
        o.refuse_others(o.field(item, TYPE), self.slot("float"))
        for k, source in enumerate(self.trace.sources):
            if isinstance(source, Numbers):
                numbers = self.word(self.layout.buffer(k), POINTER)
                self.e.store(self.e.narrowed(o.field(item, VALUE, DOUBLE)), self.e.address(numbers, position))

    def _take_array(self, item: ir.Value, k: int) -> None:
        """Checks an array, and enters where it lies."""
        o, builder = self.objects, self.builder
        o.refuse_others(o.field(item, TYPE), self.slot("array"))
        o.refuse_others(o.field(item, KIND), self.slot("number type"))
        dimensions = len(self.trace.shapes[k])
        o.refuse_others(o.field(item, DIMENSIONS, ir.IntType(32)), ir.Constant(ir.IntType(32), dimensions))
        lengths, strides = o.field(item, SHAPE, POINTER), o.field(item, STRIDES, POINTER)
        for d in range(dimensions):
            o.refuse_others(o.field(lengths, 8 * d), self.slot("length", k, d))
        sources = [(n, s) for n, s in enumerate(self.trace.sources) if isinstance(s, Array) and s.block == k]
        in_blocks = [self.axis is not None and self.axis in source.mapping for _, source in sources]
        flags = ir.Constant(ir.IntType(32), ALIGNED if all(in_blocks) else ALIGNED | SIDE_BY_SIDE)
        o.refuse_others(builder.and_(o.field(item, FLAGS, ir.IntType(32)), flags), flags)
        data = o.field(item, DATA, POINTER)
        for (number, source), strided in zip(sources, in_blocks, strict=True):
            entry = self.layout.buffer(number)
            builder.store(data, self.place(entry))
            for d, axis in enumerate(source.mapping if strided else ()):
                stride = o.field(strides, 8 * d)
                size = self.dtype.itemsize
                o.refuse_others(builder.and_(stride, ir.Constant(I64, size - 1)), ir.Constant(I64, 0))
                numbers = builder.ashr(stride, ir.Constant(I64, size.bit_length() - 1))
                builder.store(numbers, self.place(entry + (1 if axis is None else 2)))

    def _take_module(self, item: ir.Value, k: int) -> None:
        """Leaves where it is another module, or its numbers live elsewhere than when the function was compiled."""
        self.objects.refuse_others(item, self.slot("module", k, kind=POINTER))
        self._unchanged(("module", k), "_storage", ("storage", k))
        self._unchanged(("buffer", k), "moved", ("false",))

    def _copy_rounded(self, source: int) -> None:
        """The numbers of a module are doubles: where those of the plan are not, they are copied."""
        e = self.e
        given = self.slot("base", source, kind=POINTER)
        target = self.word(self.layout.buffer(source), POINTER)

        def copy(first: Index, width: int, none: ir.Value) -> ir.Value:
            x = e.load(e.address(given, first, kind=DOUBLE), vector_of(DOUBLE, width))
            e.store(e.narrowed(x), e.address(target, first))
            return none

        nothing = self.e.number(0.0)
        self._in_vectors(self.slot("length of base", source), (nothing, nothing), copy)

    def _in_vectors(self, count: ir.Value, start: Pair, turn: Callable[[Index, int, ir.Value], ir.Value]) -> Pair:
        """Goes through so many numbers, in vectors and then one by one; each way hands a value from turn to turn."""
        e = self.e
        vectors = self.builder.sdiv(count, ir.Constant(I64, TOGETHER))
        (wide,) = e.fold([vectors], start[:1], lambda at, now: [turn(e.times(at[0], TOGETHER), TOGETHER, now[0])])
        done = e.times(vectors, TOGETHER)
        rest = self.builder.sub(count, done)
        (single,) = e.fold([rest], start[1:], lambda at, now: [turn(e.plus(done, at[0]), 1, now[0])])
        return wide, single

    def _unchanged(self, item: Slot, name: str, wanted: Slot) -> None:
        """Leaves where an attribute is another object than when the function was compiled."""
        self.objects.refuse_changed(*[self.slot(*slot, kind=POINTER) for slot in (item, ("name", name), wanted)])

    # --- the run ---------------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        """Runs the plan; a long run lets other threads work."""
        o, builder = self.objects, self.builder
        long = builder.icmp_unsigned("!=", self.slot("is long"), ir.Constant(I64, 0))
        run = self.builder.module.globals[RUN]
        with builder.if_else(long) as (then, otherwise):
            with then:
                thread = o.call("PyEval_SaveThread")
                builder.call(run, [self.table])
                o.call("PyEval_RestoreThread", thread)
            with otherwise:
                builder.call(run, [self.table])

    def _check(self) -> None:
        """Leaves where a row refused a number, a guard failed, or a result that must be finite is not."""
        o, builder = self.objects, self.builder
        failed = self.word(FAILED)
        builder.store(ir.Constant(I64, 0), self.place(FAILED))
        o.refuse_others(failed, ir.Constant(I64, 0))
        layout = self.layout
        numbers = self.word(layout.result(0), POINTER)
        for k, guard in enumerate(self.trace.guards):
            found = builder.fcmp_unordered("!=", self.e.load(self.e.address(numbers, k)), self.e.number(0.0))
            o.refuse_unless(found if guard.truth else builder.not_(found))
        if not self.trace.optimistic:
            return
        e = self.e
        totals = e.number(0.0, TOGETHER), e.number(0.0)
        for k in range(len(self.trace.results)):
            pointer = self.word(layout.result(k), POINTER)

            def turn(first: Index, width: int, total: ir.Value, pointer: ir.Value = pointer) -> ir.Value:
                x = e.load(e.address(pointer, first), e.vector(width))
                return builder.fadd(total, builder.fmul(x, e.number(0.0, width)))  # nan, if a number is not finite

            totals = self._in_vectors(self.slot("room", k), totals, turn)
        for total in totals:
            o.refuse_unless(e.all(builder.fcmp_ordered("==", total, ir.Constant(total.type, None))))

    # --- the result ------------------------------------------------------------------------------------------------------

    def _return(self) -> None:
        forms = iter(range(len(self.trace.forms)))
        self._make(self.trace.structure, forms, lambda item: self.builder.store(item, self.result))
        self.builder.store(ir.Constant(I64, 0), self.busy)
        self.builder.ret(self.builder.load(self.result, typ=POINTER))

    def _make(self, structure: Structure, forms: Iterator[int], keep: Callable[[ir.Value], object]) -> None:
        """Makes an object; it is kept before what is in it is made, and dies with the whole result where that fails."""
        o = self.objects
        if structure.block is not None:
            keep(self._block(next(forms)))
            return
        if structure.kind is None:
            nothing = self.slot("none", kind=POINTER)
            o.call("Py_IncRef", nothing)
            keep(nothing)
            return
        kind = "PyTuple" if structure.kind is tuple else "PyList"
        found = o.made(o.call(f"{kind}_New", ir.Constant(I64, len(structure.children))))
        keep(found)
        for k, child in enumerate(structure.children):
            self._make(child, forms, partial(o.call, f"{kind}_SetItem", found, ir.Constant(I64, k)))

    def _block(self, number: int) -> ir.Value:
        o, form = self.objects, self.trace.forms[number]
        if form.kind == "number":
            numbers = self.word(self.layout.result(0), POINTER)
            x = self.e.widened(self.e.load(self.e.address(numbers, form.index)))
            return o.made(o.call("PyFloat_FromDouble", x))
        return o.made(o.call("PyObject_CallNoArgs", self.slot("copy", number, kind=POINTER)))

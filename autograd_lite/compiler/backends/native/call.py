"""The shortest way into native code: one function from the tuple of arguments to the finished result.

It is machine code itself. It looks at its arguments as Python keeps them, reads arrays and modules where they lie, runs the
plan and makes the result; where anything is not as it was in the trace it returns `MISS`, and the call goes the longer way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from llvmlite import ir

from autograd_lite.calculus.trees import ArrayBlock, ScalarBlock, Structure
from autograd_lite.compiler.backends.native.emitter import DOUBLE, I64, POINTER, Emitter, Index
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
from autograd_lite.compiler.sources import Array, Numbers, StoredIn
from autograd_lite.compiler.traced_call import Trace

__all__ = ["CallWriter"]


class CallWriter:
    """Writes the function.

    Arguments:
        arguments: the structures of the positional arguments, each one block.
        module: has the function that runs the plan.

    Attributes:
        slots: the entries of the table that the function needs beside those of the plan, and after them.
    """

    def __init__(self, trace: Trace, arguments: Sequence[Structure], module: ir.Module, layout: Layout) -> None:
        self.trace, self.arguments, self.layout = trace, arguments, layout
        self.slots: list[Slot] = []
        function = ir.Function(module, ir.FunctionType(POINTER, [POINTER, POINTER]), NAME)
        self.e = Emitter(function)
        self.builder = self.e.builder
        self.missed, self.failed = [function.append_basic_block(name) for name in ("missed", "failed")]
        self.objects = Objects(self.e, self.missed, self.failed)
        own, self.given = function.args
        self.table = self.objects.field(own, DATA, POINTER)
        busy = self.slot("nothing")
        self.busy = self.place(layout.size)
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
            if block is not self.failed:
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
                self.e.store(o.field(item, VALUE, DOUBLE), self.e.address(numbers, position))

    def _take_array(self, item: ir.Value, k: int) -> None:
        """Checks an array, and enters where it lies."""
        o, builder = self.objects, self.builder
        o.refuse_others(o.field(item, TYPE), self.slot("array"))
        o.refuse_others(o.field(item, KIND), self.slot("double"))
        dimensions = len(self.trace.shapes[k])
        o.refuse_others(o.field(item, DIMENSIONS, ir.IntType(32)), ir.Constant(ir.IntType(32), dimensions))
        lengths, strides = o.field(item, SHAPE, POINTER), o.field(item, STRIDES, POINTER)
        for d in range(dimensions):
            o.refuse_others(o.field(lengths, 8 * d), self.slot("length", k, d))
        sources = [(n, s) for n, s in enumerate(self.trace.sources) if isinstance(s, Array) and s.block == k]
        with_lanes = all(any(axis is not None for axis in source.mapping) for _, source in sources)
        flags = ir.Constant(ir.IntType(32), ALIGNED if with_lanes else ALIGNED | SIDE_BY_SIDE)
        o.refuse_others(builder.and_(o.field(item, FLAGS, ir.IntType(32)), flags), flags)
        data = o.field(item, DATA, POINTER)
        for number, source in sources:
            entry = self.layout.buffer(number)
            builder.store(data, self.place(entry))
            for d, axis in enumerate(source.mapping if with_lanes else ()):
                stride = o.field(strides, 8 * d)
                o.refuse_others(builder.and_(stride, ir.Constant(I64, 7)), ir.Constant(I64, 0))
                builder.store(builder.ashr(stride, ir.Constant(I64, 3)), self.place(entry + (1 if axis is None else 2)))

    def _take_module(self, item: ir.Value, k: int) -> None:
        """Leaves where it is another module, or its numbers live elsewhere than when the function was compiled."""
        self.objects.refuse_others(item, self.slot("module", k, kind=POINTER))
        self._unchanged(("module", k), "_storage", ("storage", k))
        self._unchanged(("buffer", k), "moved", ("false",))

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
        total = self.e.number(0.0)
        for k in range(len(self.trace.results)):
            pointer = self.word(layout.result(k), POINTER)
            count = self.slot("room", k)

            def turn(at: list[Index], now: list[ir.Value], pointer: ir.Value = pointer) -> list[ir.Value]:
                x = self.e.load(self.e.address(pointer, at[0]))
                return [builder.fadd(now[0], builder.fmul(x, self.e.number(0.0)))]  # nan, if x is not finite

            (total,) = self.e.fold([count], [total], turn)
        o.refuse_unless(builder.fcmp_ordered("==", total, self.e.number(0.0)))

    # --- the result ------------------------------------------------------------------------------------------------------

    def _return(self) -> None:
        found = self._made(self.trace.structure, iter(range(len(self.trace.forms))))
        self.builder.store(ir.Constant(I64, 0), self.busy)
        self.builder.ret(found)

    def _made(self, structure: Structure, forms: Iterator[int]) -> ir.Value:
        o = self.objects
        if structure.block is not None:
            return self._block(next(forms))
        if structure.kind is None:
            nothing = self.slot("none", kind=POINTER)
            o.call("Py_IncRef", nothing)
            return nothing
        kind = "PyTuple" if structure.kind is tuple else "PyList"
        items = [self._made(child, forms) for child in structure.children]
        found = o.made(o.call(f"{kind}_New", ir.Constant(I64, len(items))))
        for k, item in enumerate(items):
            o.call(f"{kind}_SetItem", found, ir.Constant(I64, k), item)
        return found

    def _block(self, number: int) -> ir.Value:
        o, form = self.objects, self.trace.forms[number]
        if form.kind == "number":
            numbers = self.word(self.layout.result(0), POINTER)
            return o.made(o.call("PyFloat_FromDouble", self.e.load(self.e.address(numbers, form.index))))
        return o.made(o.call("PyObject_CallNoArgs", self.slot("copy", number, kind=POINTER)))

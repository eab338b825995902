"""The shortest way into native code: one function from the tuple of arguments to the finished result.

It is machine code itself. It looks at its arguments as Python keeps them, reads arrays and modules where they lie, runs the
plan and makes the result; where anything is not as it was in the trace it returns `MISS`, and the call goes the longer way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from llvmlite import ir

from autograd_lite.calculus.trees import ArrayBlock, ScalarBlock, Structure
from autograd_lite.compiler.backends.direct import MISS
from autograd_lite.compiler.backends.native.emitter import DOUBLE, ELEMENTS, I64, POINTER, Emitter, Index, vector_of
from autograd_lite.compiler.backends.native.layout import FAILED, Layout
from autograd_lite.compiler.backends.native.objects import (
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
    Objects,
)
from autograd_lite.compiler.feed import base_of
from autograd_lite.compiler.sources import Array, Numbers, Parameters, Source, StoredIn
from autograd_lite.compiler.traced_call import Form, Trace

__all__ = ["NAME", "RUN", "CallWriter", "Slot"]

NAME, RUN = "call", "run.0"

TOGETHER = 8
"""Numbers that are rounded at once."""

Slot: TypeAlias = Callable[[Any, Sequence[Any]], int]
"""What an entry of the table holds: found from what runs the plan, and from the blocks of the arguments."""


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
        busy = self.slot(lambda runner, items: 0)
        self.busy = self.place(layout.size)
        self.result = self.builder.alloca(POINTER)
        self.builder.store(ir.Constant(POINTER, None), self.result)
        occupied = function.append_basic_block("occupied")
        miss = self.slot(lambda runner, items: id(MISS), POINTER)
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
        for k, source in enumerate(self.trace.sources):
            if isinstance(source, StoredIn):
                self._watch_buffer(source.buffer)
            if isinstance(source, (Parameters, StoredIn)) and self.e.element != DOUBLE:
                self._copy_rounded(source, k)
        self._run()
        self._check()
        self._return()

    # --- the table -------------------------------------------------------------------------------------------------------

    def slot(self, value: Slot, kind: ir.Type = I64) -> ir.Value:
        """What stands in a new entry of the table."""
        self.slots.append(value)
        return self.word(self.layout.size + len(self.slots) - 1, kind)

    def word(self, place: int, kind: ir.Type = I64) -> ir.Value:
        return self.builder.load(self.place(place), typ=kind)

    def place(self, place: int) -> ir.Value:
        return self.builder.gep(self.table, [ir.Constant(I64, place)], source_etype=I64)

    # --- arguments -------------------------------------------------------------------------------------------------------

    def _take_number(self, item: ir.Value, position: int) -> None:
        o = self.objects
        o.refuse_others(o.field(item, TYPE), self.slot(lambda runner, items: id(float)))
        for k, source in enumerate(self.trace.sources):
            if isinstance(source, Numbers):
                numbers = self.word(self.layout.buffer(k), POINTER)
                self.e.store(self.e.narrowed(o.field(item, VALUE, DOUBLE)), self.e.address(numbers, position))

    def _take_array(self, item: ir.Value, k: int) -> None:
        """Checks an array, and enters where it lies."""
        o, builder = self.objects, self.builder
        o.refuse_others(o.field(item, TYPE), self.slot(lambda runner, items: id(np.ndarray)))
        o.refuse_others(o.field(item, KIND), self.slot(lambda runner, items: id(self.dtype)))
        dimensions = len(self.trace.shapes[k])
        o.refuse_others(o.field(item, DIMENSIONS, ir.IntType(32)), ir.Constant(ir.IntType(32), dimensions))
        lengths, strides = o.field(item, SHAPE, POINTER), o.field(item, STRIDES, POINTER)
        for d in range(dimensions):
            o.refuse_others(o.field(lengths, 8 * d), self.slot(partial(_length, k=k, d=d)))
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
        self.objects.refuse_others(item, self.slot(lambda runner, items: id(items[k]), POINTER))
        self._unchanged(lambda runner, items: items[k], "_storage", lambda runner, items: items[k].storage)
        self._unchanged(lambda runner, items: items[k].storage._buffer, "moved", lambda runner, items: False)

    def _watch_buffer(self, buffer: Any) -> None:
        self._unchanged(lambda runner, items: buffer, "moved", lambda runner, items: False)

    def _copy_rounded(self, source: Source, k: int) -> None:
        """The numbers of a module are doubles: where those of the plan are not, they are copied."""
        e = self.e
        given = self.slot(lambda runner, items: _address(base_of(source, items)), POINTER)
        target = self.word(self.layout.buffer(k), POINTER)
        count = self.slot(lambda runner, items: len(base_of(source, items)))
        vectors = self.builder.sdiv(count, ir.Constant(I64, TOGETHER))

        def copy(first: Index, width: int) -> None:
            x = e.load(e.address(given, first, kind=DOUBLE), vector_of(DOUBLE, width))
            e.store(e.narrowed(x), e.address(target, first))

        e.repeat([vectors], lambda at: copy(e.times(at[0], TOGETHER), TOGETHER))
        done = e.times(vectors, TOGETHER)
        e.repeat([self.builder.sub(count, done)], lambda at: copy(e.plus(done, at[0]), 1))

    def _unchanged(self, item: Callable[..., Any], name: str, wanted: Callable[..., Any]) -> None:
        pointers = [
            self.slot(lambda runner, items: id(runner.kept(item(runner, items))), POINTER),
            self.slot(lambda runner, items: id(runner.kept(name)), POINTER),
            self.slot(lambda runner, items: id(runner.kept(wanted(runner, items))), POINTER),
        ]
        self.objects.refuse_changed(*pointers)

    # --- the run ---------------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        """Runs the plan; a long run lets other threads work."""
        o, builder = self.objects, self.builder
        long = builder.icmp_unsigned("!=", self.slot(lambda runner, items: int(runner.is_long)), ir.Constant(I64, 0))
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
            count = self.slot(partial(_room, k=k))

            def turn(at: list[Index], now: list[ir.Value], pointer: ir.Value = pointer) -> list[ir.Value]:
                x = self.e.load(self.e.address(pointer, at[0]))
                return [builder.fadd(now[0], builder.fmul(x, self.e.number(0.0)))]  # nan, if x is not finite

            (total,) = self.e.fold([count], [total], turn)
        o.refuse_unless(builder.fcmp_ordered("==", total, self.e.number(0.0)))

    # --- the result ------------------------------------------------------------------------------------------------------

    def _return(self) -> None:
        self._make(self.trace.structure, iter(self.trace.forms), lambda item: self.builder.store(item, self.result))
        self.builder.store(ir.Constant(I64, 0), self.busy)
        self.builder.ret(self.builder.load(self.result, typ=POINTER))

    def _same(self, address: Slot) -> ir.Value:
        """An object that is there already."""
        item = self.slot(address, POINTER)
        self.objects.call("Py_IncRef", item)
        return item

    def _make(self, structure: Structure, forms: Iterator[Form], keep: Callable[[ir.Value], object]) -> None:
        """Makes an object; it is kept before what is in it is made, and dies with the whole result where that fails."""
        o = self.objects
        if structure.block is not None:
            keep(self._block(next(forms)))
            return
        if structure.kind is None:
            keep(self._same(lambda runner, items: id(None)))
            return
        kind = "PyTuple" if structure.kind is tuple else "PyList"
        found = o.made(o.call(f"{kind}_New", ir.Constant(I64, len(structure.children))))
        keep(found)
        for k, child in enumerate(structure.children):
            self._make(child, forms, partial(o.call, f"{kind}_SetItem", found, ir.Constant(I64, k)))

    def _block(self, form: Form) -> ir.Value:
        o = self.objects
        if form.kind == "number":
            numbers = self.word(self.layout.result(0), POINTER)
            number = self.e.widened(self.e.load(self.e.address(numbers, form.index)))
            return o.made(o.call("PyFloat_FromDouble", number))
        copy = self.slot(lambda runner, items: id(runner.copy_of(form)), POINTER)
        return o.made(o.call("PyObject_CallNoArgs", copy))


def _length(runner: Any, items: Sequence[Any], k: int, d: int) -> int:
    return int(items[k].shape[d])


def _address(numbers: Any) -> int:
    return int(np.asarray(numbers).ctypes.data)


def _room(runner: Any, items: Sequence[Any], k: int) -> int:
    return int(runner.room_of_result(k))

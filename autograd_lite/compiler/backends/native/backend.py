"""A plan run by machine code that is made for it and for this processor.

Lanes go through it in blocks that stay in the first cache; what is not made into machine code (a product that a matrix
library does better, a row that has no native form) numpy runs over all lanes.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from autograd_lite.compiler.backends.background import is_background
from autograd_lite.compiler.backends.binding import Binder
from autograd_lite.compiler.backends.contraction import Call, Scratch
from autograd_lite.compiler.backends.native.cache import Kept, key_of, load, store
from autograd_lite.compiler.backends.native.entry import Entry
from autograd_lite.compiler.backends.native.layout import FAILED, LANES, PADDED, SCRATCH, Layout
from autograd_lite.compiler.backends.native.machine import Code, compiled, machine
from autograd_lite.compiler.backends.native.module import ModuleWriter
from autograd_lite.compiler.backends.native.nest import Nests
from autograd_lite.compiler.backends.native.objects import DEFINITION, builtin
from autograd_lite.compiler.backends.native.stages import BLOCKS, FOREIGN, Stages, blocked_axis
from autograd_lite.compiler.backends.native.threads import SideBySide, room_for_sums, shares
from autograd_lite.compiler.plan import Plan, Step
from autograd_lite.compiler.program import Axes
from autograd_lite.compiler.sources import Constants
from autograd_lite.compiler.traced_call import Form
from autograd_lite.engine.collection import no_collection

__all__ = ["BoundNative", "NativePlan"]

LONG = 100_000
"""Rows times lanes from which on a run lets other threads of Python work."""


class NativePlan:
    """Machine code for a plan.

    Arguments:
        sizes: of each axis the number of lanes; those of the longest axis may be others when it runs.
        dtype: of numbers.
        entry: writes the shortest way in, if there is one.
    """

    def __init__(self, plan: Plan, sizes: dict[int, int], dtype: Any = float, entry: Entry | None = None) -> None:
        self.plan, self.dtype = plan, np.dtype(dtype)
        self.axis = blocked_axis(plan, sizes)
        self.sizes = {axis: size for axis, size in sizes.items() if axis != self.axis}
        self.stages = Stages(plan, self.axis, self.sizes)
        runs = [stage.kind != FOREIGN for stage in self.stages.order] + [True] * bool(self.stages.copies)
        self.entry = entry if runs and all(runs) else None
        kinds = [stage.kind for stage in self.stages.order]
        key = key_of(plan, self.dtype.name, kinds, self.axis, sorted(self.sizes.items()), self.entry and self.entry.facts)
        start, kept = perf_counter(), load(key)
        self.was_kept = kept is not None
        if kept is None:
            # In the background the collector goes on: whether it runs is for those to say who call meanwhile.
            with nullcontext() if is_background() else no_collection():
                kept = self._made()
            store(key, kept)
        self.tables, facts = kept.tables, kept.facts
        self.layout = Layout(len(plan.buffers), len(self.tables), len(plan.results))
        self.block, self.scratch, self.parts = facts["block"], facts["scratch"], facts["parts"]
        by_buffer = {step.buffer: step for step in plan.steps}
        self.runs = [by_buffer[run] if isinstance(run, int) else run for run in facts["runs"]]
        if self.entry is not None:
            self.entry.enter(self.layout)
        self.code = Code(kept.code, self._text)
        self.functions = {name: self.code.function(name, ctypes.c_void_p) for name in self.runs if isinstance(name, str)}
        if self.entry is not None:
            self.code.address(self.entry.name)
        self.seconds = perf_counter() - start

    @property
    def summary(self) -> str:
        """How much code there is, what for, and how long it took to make."""
        lanes = f" in blocks of {self.block} lanes" if self.block else ""
        done = "read from disk" if self.was_kept else "made"
        return f"machine code: {self.code.size} bytes for {machine().name}{lanes}, {done} in {self.seconds:.3f} s"

    def _writer(self) -> ModuleWriter:
        """Writes the code."""
        writer = ModuleWriter(self.plan, self.stages, Nests(self.plan, self.axis, self.sizes, self.dtype), machine())
        if self.entry is not None:
            self.entry.write(writer.module, writer.layout)
        return writer

    def _text(self) -> str:
        return str(self._writer().module)

    def _made(self) -> Kept:
        writer = self._writer()
        runs = [run.buffer if isinstance(run, Step) else run for run in writer.runs]
        facts = {"block": writer.room.block, "scratch": writer.room.size, "parts": writer.parts, "runs": runs}
        return Kept(facts, writer.nests.tables, compiled(str(writer.module)))

    def serves(self, sizes: dict[int, int]) -> bool:
        """Whether it can run with these numbers of lanes."""
        return blocked_axis(self.plan, sizes) == self.axis and all(sizes[axis] == n for axis, n in self.sizes.items())


class BoundNative:
    """Machine code with its memory, for given sources and numbers of lanes; one thread at a time runs it.

    Arguments:
        sources: an array for each source, rows first and then the source's axes.
        threads: how many of them share the blocks of lanes.
    """

    def __init__(self, native: NativePlan, sources: Sequence[Any], sizes: dict[int, int], threads: int = 1) -> None:
        self.native, self.sizes, self.threads, self.dtype = native, sizes, threads, native.dtype
        self.lanes = sizes[native.axis] if native.axis is not None else 0
        block = max(native.block, 1)
        self.padded = -(-self.lanes // block) * block
        slots = 0 if native.entry is None else len(native.entry.slots) + DEFINITION
        self.table = np.zeros(native.layout.size + slots, np.int64).view(_Table)
        self.memory: list[Any] = []
        self.table.memory = self.memory
        self.whole: dict[int, Any] = {}
        self.fills: list[Callable[[], None]] = []
        self.axes = [buffer.axes for buffer in native.plan.buffers]
        for number, array in enumerate(sources):
            self._enter_source(number, array)
        for number in range(len(sources), len(native.plan.buffers)):
            if number not in native.stages.local:
                self.whole[number] = self._room(
                    native.layout.buffer(number), native.plan.buffers[number].rows or 0, self.axes[number]
                )
        self.results = [
            self._room(native.layout.result(k), result.size, result.axes) for k, result in enumerate(native.plan.results)
        ]
        scratch = np.zeros(native.scratch + 8, self.dtype)
        self.memory.append(scratch)
        self.table[SCRATCH] = scratch.ctypes.data
        self.table[LANES], self.table[PADDED] = self.lanes, self.padded
        for k, numbers in enumerate(native.tables):
            self.table[native.layout.table(k)] = numbers.ctypes.data
        self.calls = self._calls()

    def run(self) -> list[Any]:
        """Runs all steps; the results are overwritten by the next run.

        Raises:
            ValueError: if a row refuses a number.
        """
        for fill in self.fills:
            fill()
        for function, args in self.calls:
            if function(*args):
                self.table[FAILED] = 0
                raise ValueError("a row refuses a number")
        return self.results

    # --- the shortest way ------------------------------------------------------------------------------------------------

    def direct(self, items: Sequence[Any]) -> Any:
        """The function from the tuple of arguments to the result, if there is one; from now on it alone runs this.

        Arguments:
            items: the blocks of the arguments.
        """
        entry, code = self.native.entry, self.native.code
        if entry is None or self.threads > 1 or not self._reads_in_place():
            return None
        self.table[self.native.layout.size : -DEFINITION] = entry.values(self, items)
        self.memory += [code, *self.native.tables]
        return builtin(code.address(entry.name), self.table)

    def _reads_in_place(self) -> bool:
        """Whether arrays that the function reaches by closure are read where they lie: a copy would have to be made anew."""
        read = zip(self.native.plan.sources, self.memory, strict=False)  # what is read of sources was entered first
        return all(np.may_share_memory(flat, source.array) for source, flat in read if isinstance(source, Constants))

    def kept(self, item: Any) -> Any:
        """An object whose address stands in the table."""
        self.memory.append(item)
        return item

    @property
    def is_long(self) -> bool:
        """Whether a run is long enough for others to work meanwhile."""
        rows = sum(step.rows * max(math.prod(p.terms) for p in step.pieces) for step in self.native.plan.steps)
        return rows * max(self.lanes, 1) > LONG

    def room_of_result(self, k: int) -> int:
        """How many numbers stand where a result goes."""
        base = self.results[k]
        return int(base.size if base.base is None else base.base.size)

    def copy_of(self, form: Form) -> Any:
        """What makes a copy of a result in the shape that it shall have."""
        return self.kept(shaped(form, self.results[1 + form.index]).copy)

    # --- memory ----------------------------------------------------------------------------------------------------------

    def _calls(self) -> list[Call]:
        address = self.table.ctypes.data
        calls: list[Call] = []
        binder = Binder(self.whole, self.axes, self.sizes, self.dtype, Scratch(self.dtype))
        for item in self.native.runs:
            if isinstance(item, Step):
                foreign = binder.step(item, self.whole[item.buffer])
                calls += [(partial(_without_result, function), args) for function, args in foreign]
            elif self.threads == 1 or self.native.axis is None:
                calls.append((self.native.functions[item], (address,)))
            else:
                calls += [self._side_by_side(name) for name in self.native.parts[item]]
        return calls

    def _side_by_side(self, name: str) -> Call:
        """The call of a stage whose blocks several threads share."""
        native = self.native
        function = native.code.function(name, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, returns=None)
        stage = native.stages.order[int(name.split(".")[1])] if "." in name else None
        if stage is None or stage.kind != BLOCKS:
            return partial(_without_result, function), (self.table.ctypes.data, 0, self.lanes)
        parts = shares(self.lanes, native.block, self.threads)
        sums = [(native.layout.buffer(s.buffer), self.whole[s.buffer]) for s in stage.steps if native.axis in s.over]
        return SideBySide(function, self.table, parts, sums, native.scratch + 8), ()

    def _room(self, entry: int, rows: int, axes: Axes) -> Any:
        """An array for rows and the lanes of axes, entered in the table; those of the axis in blocks lie side by side."""
        native = self.native
        others = [self.sizes[axis] for axis in axes if axis != native.axis]
        if native.axis not in axes or native.axis is None:
            array = room_for_sums((rows, *others), self.dtype)
            self.memory.append(array)
            self.table[entry] = array.ctypes.data
            return array
        array = np.zeros((rows, *others, self.padded), self.dtype)
        self.memory.append(array)
        self.table[entry] = array.ctypes.data
        return np.moveaxis(array[..., : self.lanes], -1, 1 + axes.index(native.axis))

    def _enter_source(self, number: int, array: Any) -> None:
        native, axes = self.native, self.axes[number]
        self.whole[number] = array
        entry = native.layout.buffer(number)
        if native.axis in axes and native.axis is not None:
            moved = np.moveaxis(array, 1 + axes.index(native.axis), -1)
            flat = np.require(moved.reshape(-1, self.lanes), requirements="A")  # a stride is a whole number of numbers
            if not np.may_share_memory(flat, array):
                self.fills.append(partial(_refill, flat, moved))
            self.table[entry + 1 : entry + 3] = [stride // array.itemsize for stride in flat.strides]
        else:
            flat = np.require(array, requirements=["C", "A"])
            if not np.may_share_memory(flat, array):
                self.fills.append(partial(_refill, flat, array))
        self.memory.append(flat)
        self.table[entry] = flat.ctypes.data


class _Table(np.ndarray[Any, Any]):
    """The table, which keeps what it points to."""

    memory: list[Any]


def shaped(form: Form, array: Any) -> Any:
    """An array of results as the result of a call has it."""
    array = array.reshape(*form.shape, *array.shape[1:])
    return array.transpose(form.order) if form.kind == "lanes" else array


def _refill(flat: Any, array: Any) -> None:
    np.copyto(flat.reshape(array.shape), array)


def _without_result(function: Callable[..., Any], *args: Any) -> None:
    function(*args)

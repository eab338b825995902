"""A plan run by machine code that is made for it and for this processor.

Lanes go through it in blocks that stay in the first cache; what is not made into machine code (a product that a matrix
library does better, a row that has no native form) numpy runs over all lanes.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from autograd_lite.compiler.backends.background import COMPILER, uncollected
from autograd_lite.compiler.backends.binding import Binder
from autograd_lite.compiler.backends.contraction import Call, Scratch
from autograd_lite.compiler.backends.native.cache import Kept, key_of, load, store
from autograd_lite.compiler.backends.native.entry import Entry
from autograd_lite.compiler.backends.native.fields import DEFINITION, builtin
from autograd_lite.compiler.backends.native.layout import FAILED, LANES, NAME, PADDED, SCRATCH, Layout, blocked_axis
from autograd_lite.compiler.backends.native.machine import Code, machine
from autograd_lite.compiler.backends.native.slots import Runner, values
from autograd_lite.compiler.backends.native.threads import SideBySide, shares
from autograd_lite.compiler.plan import Plan, Step
from autograd_lite.compiler.program import Axes
from autograd_lite.compiler.sources import Constants
from autograd_lite.compiler.traced_call import Form

__all__ = ["BoundNative", "NativePlan"]

LINE = 8
"""Numbers that a cache holds side by side; as many or more begin at such a place."""

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
        start = perf_counter()
        self.plan, self.dtype = plan, np.dtype(dtype)
        self.axis = blocked_axis(plan, sizes)
        self.sizes = {axis: size for axis, size in sizes.items() if axis != self.axis}
        key = key_of(plan, self.dtype.name, self.axis, sorted(self.sizes.items()), entry and entry.facts)
        kept = load(key)
        self.was_kept = kept is not None
        if kept is None:
            kept = self._made(entry)
            store(key, kept)
        self.tables, facts = kept.tables, kept.facts
        self.layout = Layout(len(plan.buffers), len(self.tables), len(plan.results))
        self.block, self.scratch, self.parts = facts["block"], facts["scratch"], facts["parts"]
        self.rooms, self.work, self.slots = facts["rooms"], facts["work"], facts["slots"]
        self.entry = entry if self.slots is not None else None
        by_buffer = {step.buffer: step for step in plan.steps}
        self.runs = [by_buffer[run] if isinstance(run, int) else run for run in facts["runs"]]
        names = [*self.parts, *[name for parts in self.parts.values() for name, _ in parts], *[NAME] * bool(self.entry)]
        with COMPILER:
            self.code = Code(kept.code, names, partial(self._text, entry))
        self.functions = {name: self.code.function(name, ctypes.c_void_p) for name in self.parts}
        self.seconds = perf_counter() - start

    @property
    def summary(self) -> str:
        """How much code there is, what for, and how long it took to make."""
        lanes = f" in blocks of {self.block} lanes" if self.block else ""
        done = "read from disk" if self.was_kept else "made"
        return f"machine code: {self.code.size} bytes for {machine().name}{lanes}, {done} in {self.seconds:.3f} s"

    def _made(self, entry: Entry | None) -> Kept:
        from autograd_lite.compiler.backends.native.making import made  # not needed where the code is read

        with COMPILER, uncollected():
            return made(self.plan, self.axis, self.sizes, self.dtype, entry)

    def _text(self, entry: Entry | None) -> str:
        from autograd_lite.compiler.backends.native.making import text_of

        return text_of(self.plan, self.axis, self.sizes, self.dtype, entry)

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
        slots = 0 if native.entry is None else len(native.slots) + DEFINITION
        self.table = np.zeros(native.layout.size + slots, np.int64).view(_Table)
        self.memory: list[Any] = []
        self.table.memory = self.memory
        self.whole: dict[int, Any] = {}
        self.fills: list[Callable[[], None]] = []
        self.axes = [buffer.axes for buffer in native.plan.buffers]
        for number, array in enumerate(sources):
            self._enter_source(number, array)
        plan, layout = native.plan, native.layout
        results = [(layout.result(k), result.size, result.axes) for k, result in enumerate(plan.results)]
        buffers = [(layout.buffer(number), plan.buffers[number].rows or 0, self.axes[number]) for number in native.rooms]
        rooms = self._rooms([*results, *buffers])
        self.results = rooms[: len(results)]
        self.whole.update(zip(native.rooms, rooms[len(results) :], strict=True))
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
        slots = values(self.native.slots, Runner(entry.trace, self, items))
        self.table[self.native.layout.size : -DEFINITION] = slots
        self.memory += [code, *self.native.tables]
        return builtin(code.address(NAME), self.table)

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
        return bool(self.native.work * max(self.lanes, 1) > LONG)

    def room_of_result(self, k: int) -> int:
        """How many numbers stand where a result goes."""
        result = self.native.plan.results[k]
        return math.prod(self._shape(result.size, result.axes))

    def copy_of(self, form: Form) -> Any:
        """What makes a copy of a result in the shape that it shall have."""
        return shaped(form, self.results[1 + form.index]).copy

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
                calls += [self._side_by_side(name, sums) for name, sums in self.native.parts[item]]
        return calls

    def _side_by_side(self, name: str, summed: Sequence[int] | None) -> Call:
        """The call of a stage whose blocks several threads share; `summed` are the buffers that it sums over lanes."""
        native = self.native
        function = native.code.function(name, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, returns=None)
        if summed is None:
            return partial(_without_result, function), (self.table.ctypes.data, 0, self.lanes)
        parts = shares(self.lanes, native.block, self.threads)
        sums = [(native.layout.buffer(buffer), self.whole[buffer]) for buffer in summed]
        return SideBySide(function, self.table, parts, sums, native.scratch + 8), ()

    def _shape(self, rows: int, axes: Axes) -> tuple[int, ...]:
        """Of the room for rows and the lanes of axes: those of the axis in blocks lie side by side, in whole blocks."""
        axis = self.native.axis
        return rows, *[self.sizes[k] for k in axes if k != axis], *[self.padded] * (axis in axes)

    def _rooms(self, wanted: Sequence[tuple[int, int, Axes]]) -> list[Any]:
        """Arrays in one stretch of memory, and in the table; each by its place there, its rows and its axes."""
        shapes = [self._shape(rows, axes) for _, rows, axes in wanted]
        starts, end = [], 0
        for size in map(math.prod, shapes):
            end += -end % LINE if size >= LINE else 0
            starts.append(end)
            end += size  # of doubles, which sums over lanes are until they are whole
        memory = np.zeros(end + LINE)
        memory = memory[-memory.ctypes.data // 8 % LINE :]
        self.memory.append(memory)
        self.table[[entry for entry, _, _ in wanted]] = memory.ctypes.data + 8 * np.array(starts, np.int64)
        rooms = [memory[a : a + math.prod(shape)].view(self.dtype) for a, shape in zip(starts, shapes, strict=True)]
        arrays = [room[: math.prod(shape)].reshape(shape) for room, shape in zip(rooms, shapes, strict=True)]
        return [self._with_lanes(array, axes) for array, (_, _, axes) in zip(arrays, wanted, strict=True)]

    def _with_lanes(self, array: Any, axes: Axes) -> Any:
        """The lanes that count, their axis in its place."""
        axis = self.native.axis
        if axis is None or axis not in axes:
            return array
        return np.moveaxis(array[..., : self.lanes], -1, 1 + axes.index(axis))

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

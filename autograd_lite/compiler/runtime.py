"""A compiled trace: from the arguments of a call to its results."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from autograd_lite.calculus.trees import Structure
from autograd_lite.compiler.backends.arrays import quiet
from autograd_lite.compiler.backends.background import StandIns
from autograd_lite.compiler.backends.choice import BACKENDS, choose_backend, interpreted
from autograd_lite.compiler.backends.direct import direct_function
from autograd_lite.compiler.backends.numpy_backend import BoundPlan
from autograd_lite.compiler.backends.python_backend import PythonFunction
from autograd_lite.compiler.backends.workers import one_thread_each
from autograd_lite.compiler.feed import Feed
from autograd_lite.compiler.forks import lock_of
from autograd_lite.compiler.lowered import Lowered
from autograd_lite.compiler.plan import Plan
from autograd_lite.compiler.program import Program
from autograd_lite.compiler.schedule import schedule
from autograd_lite.compiler.simplify import simplify
from autograd_lite.compiler.sources import Array, Counts, Numbers, StoredIn
from autograd_lite.compiler.traced_call import Form, Trace

__all__ = ["DOUBTFUL", "REFUSED", "Compiled", "Options"]

DOUBTFUL, REFUSED = -1, -2

OFTEN = 8
"""An array that more steps read than these is worth a copy with its lanes side by side."""

KEPT = 16
"""For so many numbers of lanes of the shorter axes, at most, the machine code of a trace is kept."""


@dataclass(frozen=True)
class Options:
    """How a function is compiled; see `jit`."""

    dtype: str = "float64"
    static_argnums: tuple[int, ...] = ()
    backend: str = "auto"
    threads: int = 1
    max_variants: int = 64
    background: bool = False

    def __post_init__(self) -> None:
        if self.dtype not in ("float64", "float32"):
            raise ValueError(f"jit: dtype is {self.dtype}; it must be float64 or float32")
        if self.backend not in BACKENDS:
            raise ValueError(f"jit: backend is {self.backend!r}; it must be one of {', '.join(BACKENDS)}")
        for name in ("threads", "max_variants"):
            if type(getattr(self, name)) is not int or getattr(self, name) < 1:
                raise ValueError(f"jit: {name} is {getattr(self, name)!r}; it must be a whole number from 1 on")
        if self.background and self.backend not in ("auto", "native"):
            raise ValueError(f"jit: background is for machine code; backend is {self.backend!r}, it must be auto or native")


class Compiled:
    """A trace that can be run on other numbers.

    Attributes:
        stand_ins: what runs it while its machine code is being made in the background.
    """

    def __init__(
        self, trace: Trace, options: Options, arguments: Structure, program: Program | None = None, plan: Plan | None = None
    ) -> None:
        self.options = options
        self.arguments = arguments
        self.trace = trace
        self.careful = trace.careful
        self.program = simplify(trace.program) if program is None else program
        self.plan = schedule(self.program, trace.sources, trace.results) if plan is None else plan
        self.backend, self.reason = choose_backend(options.backend, self.program, self.plan, options.dtype, trace.sizes)
        self.truths = np.array([guard.truth for guard in trace.guards], dtype=bool)
        self._closures = [source for source in trace.sources if isinstance(source, StoredIn)]
        self._lock = lock_of(self, threading.Lock)
        self._idle: list[_Bound] = []
        self._natives: list[Any] = []
        self.stand_ins: StandIns[Compiled] = StandIns()

    @cached_property
    def function(self) -> PythonFunction:
        """The program as straight-line Python."""
        return PythonFunction(self.program, self.trace.results)

    @cached_property
    def often(self) -> frozenset[int]:
        """The sources that many steps read."""
        views = [view.buffer for step in self.plan.steps for piece in step.pieces for view in piece.operands]
        return frozenset(buffer for buffer, reads in Counter(views).items() if reads > OFTEN)

    @cached_property
    def direct(self) -> Callable[[tuple[Any, ...]], Any] | None:
        """The function from positional arguments to the result without a detour, if there is one; it may return MISS."""
        positional, named = self.arguments.children
        if self.backend != "python" or self.careful or named.children:
            return None
        return direct_function(self.program, self.trace, positional.children)

    def native(self, sizes: dict[int, int]) -> Any:
        """The machine code for these numbers of lanes."""
        from autograd_lite.compiler.backends.native.backend import NativePlan  # llvmlite is loaded where it is used
        from autograd_lite.compiler.backends.native.entry import entry_of
        from autograd_lite.compiler.backends.native.layout import blocked_axis

        with self._lock:
            for native in self._natives:
                if native.serves(sizes):
                    return native
            dtype = self.options.dtype
            entry = entry_of(self.trace, self.arguments, blocked_axis(self.plan, sizes), dtype)
            self._natives.append(NativePlan(self.plan, sizes, dtype, entry))
            del self._natives[:-KEPT]
            return self._natives[-1]

    def now(self, sizes: dict[int, int]) -> Compiled:
        """What runs these numbers of lanes now: this, or what stands in for it until its machine code is made."""
        if not self.options.background or self.backend != "native":
            return self
        stand_in = self.stand_ins.of(sizes)
        if stand_in is None and not any(native.serves(sizes) for native in self._natives):
            stand_in = self.stand_ins.add(sizes, self._swap, self._interpreted(sizes))
        return self if stand_in is None else stand_in

    def _interpreted(self, sizes: dict[int, int]) -> Compiled:
        backend = interpreted(self.program, self.plan, self.options.dtype, sizes)
        options = replace(self.options, backend=backend, background=False)
        return Compiled(self.trace, options, self.arguments, self.program, self.plan)

    def _swap(self, sizes: dict[int, int]) -> str:
        """Makes the machine code for these numbers of lanes, and takes it from then on."""
        native = self.native(sizes)
        self.stand_ins.drop(sizes)
        return f"runs from now on as {native.summary}"

    def direct_to(self, items: Sequence[Any]) -> Callable[[tuple[Any, ...]], Any] | None:
        """The function from positional arguments to the result without a detour, for arguments of these shapes."""
        if self.backend != "native":
            return self.direct
        sizes = self.sizes(items)
        if (now := self.now(sizes)) is not self:
            return now.direct_to(items)
        if self.options.threads > 1 or self.native(sizes).entry is None:
            return None
        bound = _Bound(self, items, sizes)
        bound.feed.fill(items)
        direct: Callable[[tuple[Any, ...]], Any] | None = bound.runner.direct(items)
        return direct

    def fits(self, items: Sequence[Any]) -> bool:
        """Whether arrays have the lengths that the trace depends on."""
        for block, dimensions in self.trace.fixed.items():
            shape, seen = items[block].shape, self.trace.shapes[block]
            if any(shape[d] != seen[d] for d in dimensions):
                return False
        return not self.is_outdated

    @property
    def is_outdated(self) -> bool:
        """Whether a Value that the function reaches by closure has moved to another buffer since."""
        return any(source.buffer.moved for source in self._closures)

    @property
    def can_be_kept(self) -> bool:
        """Whether the program reads nothing but numbers and arrays among the arguments."""
        return all(isinstance(source, (Numbers, Array, Counts)) for source in self.trace.sources)

    def __reduce__(self) -> tuple[Any, ...]:
        return Compiled, (self.trace, self.options, self.arguments, self.program, self.plan)

    def lowered(self, items: Sequence[Any]) -> Lowered:
        """Program and plan, for people."""
        sizes = self.sizes(items)
        if (now := self.now(sizes)) is not self:
            return replace(now.lowered(items), reason=self.stand_ins.reason(sizes, self.reason))
        return Lowered(
            program=self.program,
            plan=self.plan,
            nodes=len(self.trace.program),
            guards=self.trace.guards,
            sizes=sizes,
            backend=self.backend,
            reason=self.reason,
            code=self.native(sizes) if self.backend == "native" else None,
        )

    def run(self, items: Sequence[Any], sizes: dict[int, int] | None = None) -> tuple[int | None, Any]:
        """Runs the plan.

        Arguments:
            items: the blocks of the arguments.
            sizes: the number of lanes of each axis, if that is known.

        Returns:
            None, or the number of the first guard that failed, DOUBTFUL where a result may be wrong (see `accumulate`),
            REFUSED where an operation refuses a number; and the blocks of the result.
        """
        if sizes is None:
            sizes = self.sizes(items)
        if (now := self.now(sizes)) is not self:
            return now.run(items, sizes)
        bound = self._take(items, sizes)
        try:
            bound.feed.fill(items)
            try:
                with quiet(), one_thread_each(self.options.threads):
                    arrays = bound.runner.run()
                    doubtful = self.trace.optimistic and not _all_finite(arrays)
            except (IndexError, ValueError):  # a row does not take a place or an order
                return REFUSED, None
            if len(self.truths):
                found = arrays[0][: len(self.truths)] != 0.0
                if (found != self.truths).any():
                    return int(np.flatnonzero(found != self.truths)[0]), None
            if doubtful:
                return DOUBTFUL, None
            return None, [self._formed(form, arrays, sizes) for form in self.trace.forms]
        finally:
            with self._lock:
                self._idle.append(bound)

    def sizes(self, items: Sequence[Any]) -> dict[int, int]:
        """The number of lanes of each axis.

        Raises:
            ValueError: if arrays differ in it.
        """
        sizes: dict[int, int] = {}
        for axis, source, dimension in self.trace.axes:
            length = (items[source.block] if isinstance(source, Array) else source.array).shape[dimension]
            if sizes.setdefault(axis, length) != length:
                raise ValueError(f"vmap: arrays have {sizes[axis]} and {length} samples; they must have equally many")
        if 0 in sizes.values():
            raise ValueError("vmap: there are no samples to map over")
        return sizes

    def _take(self, items: Sequence[Any], sizes: dict[int, int]) -> _Bound:
        with self._lock:
            for k, bound in enumerate(reversed(self._idle), start=1):
                if bound.sizes == sizes and bound.feed.serves(items):
                    return self._idle.pop(-k)
            if len(self._idle) >= 4:
                self._idle.pop(0)
        return _Bound(self, items, sizes)

    def _formed(self, form: Form, arrays: Sequence[Any], sizes: dict[int, int]) -> Any:
        if form.kind == "number":
            return float(arrays[0][form.index])
        array = arrays[1 + form.index]
        array = array.reshape(*form.shape, *array.shape[1:])
        return (array.transpose(form.order) if form.kind == "lanes" else array).copy()


def _all_finite(arrays: Sequence[Any]) -> bool:
    """Whether all numbers are finite, or so large that their sum is not, which is as well looked at more carefully."""
    return all(math.isfinite(np.add.reduce(array, None)) for array in arrays)


class _Bound:
    """What runs a program, bound to arrays that it reads."""

    def __init__(self, compiled: Compiled, items: Sequence[Any], sizes: dict[int, int]) -> None:
        dtype, threads = compiled.options.dtype, compiled.options.threads
        self.sizes = sizes
        often = () if compiled.backend == "native" else compiled.often  # native code lays lanes side by side itself
        self.feed = Feed(compiled.trace.sources, items, sizes, dtype, often)
        self.runner: Any
        if compiled.backend == "python":
            self.runner = _Statements(compiled.function, self.feed)
        elif compiled.backend == "native":
            from autograd_lite.compiler.backends.native.backend import BoundNative

            self.runner = BoundNative(compiled.native(sizes), self.feed.arrays, sizes, threads)
        else:
            self.runner = BoundPlan(compiled.plan, self.feed.arrays, sizes, np.dtype(dtype), threads)


@dataclass
class _Statements:
    """Straight-line Python with the arrays that it reads."""

    function: PythonFunction
    feed: Feed

    def run(self) -> list[Any]:
        """Runs the statements; the results are arrays."""
        numbers = [array.ravel().tolist() for array in self.feed.arrays]
        return [np.array(result) for result in self.function(numbers)]

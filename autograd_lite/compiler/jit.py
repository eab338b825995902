"""jit: a function traced once and replayed as array operations."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import update_wrapper
from threading import RLock
from typing import Any

import numpy as np

from autograd_lite.calculus.contents import map_values
from autograd_lite.calculus.recording import is_differentiating, makes_graph, number_of, on_numbers
from autograd_lite.compiler.backends.background import wait_for
from autograd_lite.compiler.backends.direct import MISS
from autograd_lite.compiler.calls import Call, Way, call_of
from autograd_lite.compiler.forks import lock_of
from autograd_lite.compiler.lowered import Lowered
from autograd_lite.compiler.runtime import DOUBTFUL, REFUSED, Compiled, Options
from autograd_lite.compiler.shortcut import Shortcut
from autograd_lite.compiler.traced import UntraceableError
from autograd_lite.compiler.traced_call import Trace, trace_call
from autograd_lite.engine import state
from autograd_lite.engine.collection import no_collection

__all__ = ["Jitted", "jit"]


WHOLE = (int, np.float64)
"""Types of numbers that are taken for floats before a call is looked at more closely."""

SHAPES = 4
"""For how many kinds of arguments the short way is known: the last mini-batch of an epoch has fewer samples, say."""


class Jitted:
    """A compiled function; `jit` makes it."""

    def __init__(self, f: Callable[..., Any], options: Options) -> None:
        if not callable(f):
            raise TypeError(f"jit: the function is of type {type(f).__name__}; give something that can be called")
        self.f = f
        self.options = options
        self._variants: dict[Any, list[Compiled]] = {}
        self._lock = lock_of(self, RLock)
        self._direct: Callable[[tuple[Any, ...]], Any] | None = None
        self._short: tuple[Shortcut, ...] = ()
        self._branches: frozenset[Any] = frozenset()
        update_wrapper(self, f, updated=())

    def __call__(self, *args: Any, **options: Any) -> Any:
        if not options and not is_differentiating() and (not state.watch or state.tracing() is None):
            direct = self._direct
            result = MISS if direct is None else direct(args)
            if result is MISS:
                result = self._again(args)
            if result is not MISS:
                return result
        if state.tracing() is not None or makes_graph(args, list(options.values())):
            return self.f(*args, **options)
        call = call_of(self.f, self.options.static_argnums, args, options)
        try:
            variant, result = self._settled(call)
        except UntraceableError:
            return self._as_written(args, options)
        # Until machine code that is made in the background is there, each call asks for it: that is the long way.
        short = not (options or call.static or variant.careful or not all(task.is_done for task in variant.stand_ins.tasks))
        self._direct = variant.direct_to(call.items) if short else None
        # Straight-line Python serves for one kind of arguments, and where it does not, the long way is no longer.
        way = None if not short or variant.direct is not None else Shortcut.of(variant, args, self._direct)
        self._short = () if way is None else (way, *self._short)[:SHAPES]
        return variant.trace.structure.from_blocks(result)

    def _again(self, args: tuple[Any, ...]) -> Any:
        """The result by what ran the last calls, if it serves for this one."""
        direct = self._direct
        if any(type(arg) in WHOLE for arg in args):
            args = tuple([float(arg) if type(arg) in WHOLE else arg for arg in args])
            result = MISS if direct is None else direct(args)
            if result is not MISS:
                return result
        for way in self._short:
            if way.serves(args):
                if way.direct is not None and way.direct is not direct:  # the last call was of other shapes
                    self._direct = way.direct
                    result = way.direct(args)
                    if result is not MISS:
                        return result
                failed, result = way.variant.run(args, way.sizes)
                return MISS if failed is not None else way.variant.trace.structure.from_blocks(result)
        return MISS

    def lower(self, *args: Any, **options: Any) -> Lowered:
        """What a call with these arguments is compiled to: program and plan as text, with counts.

        >>> print(jit(lambda x, y: x * y + y).lower(2.0, 3.0).plan.steps[0].op)
        <operation dot>
        """
        call = call_of(self.f, self.options.static_argnums, args, options)
        variant, _ = self._settled(call)
        return variant.lowered(call.items)

    def wait(self, seconds: float | None = None) -> bool:
        """Waits until all machine code that is being made in the background is ready; the next calls run it.

        Arguments:
            seconds: how long to wait at most.

        Returns:
            whether it is ready.

        Raises:
            Exception: what was raised where it was made.

        >>> jit(lambda x: x * x).wait()
        True
        """
        with self._lock:
            tasks = [task for known in self._variants.values() for variant in known for task in variant.stand_ins.tasks]
        return wait_for(tasks, seconds)

    def __reduce__(self) -> str | tuple[Any, ...]:
        """What pickle keeps: the function by its name, and what was compiled as data, never code.

        What was compiled for a module, or with a Value or an array that the function reaches by closure, is left out: those
        are other objects where it is loaded, and it is compiled anew there.
        """
        name = getattr(self.f, "__qualname__", "")
        if _found(getattr(self.f, "__module__", ""), name) is self:  # it was decorated: the name stands for what is here
            return name
        with self._lock:  # another thread may be compiling
            kept = {key: [v for v in variants if v.can_be_kept] for key, variants in self._variants.items()}
        return _restored, (
            self.f,
            self.options,
            {key: variants for key, variants in kept.items() if variants},
            self._branches,
        )

    def recompiled(self, transform: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Jitted:
        """The compiled transform of the function, in place of the transform of the compiled one."""
        return Jitted(transform(self.f), self.options)

    def _settled(self, call: Call) -> tuple[Compiled, Any]:
        """The variant whose guards hold for a call, and the blocks of its result."""
        variant = self._variant(call, Way())
        while True:
            failed, result = variant.run(call.items)
            if failed is None:
                return variant, result
            if failed == REFUSED:
                raise UntraceableError
            variant = self._variant(call, self._way_after(variant, failed))

    def _as_written(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """The result of the function run as it is: it did what only lanes do that never come there, or refuses its input."""
        with on_numbers():
            return map_values(number_of, self.f(*args, **options))

    def _variant(self, call: Call, way: Way) -> Compiled:
        """The newest trace that fits the arguments and goes this way, or a new one."""
        with self._lock:
            known = self._variants.setdefault(call.key, [])
            for variant in reversed(known):
                if way.is_taken_by(variant) and variant.fits(call.items):
                    known.remove(variant)
                    known.append(variant)
                    return variant
            return self._traced(call, way, known)

    def _traced(self, call: Call, way: Way, known: list[Compiled]) -> Compiled:
        with no_collection():
            trace = trace_call(
                self.f, call.items, call.structure, call.arguments,
                decisions=way.decisions, branches=self._branches, careful=way.careful,
            )  # fmt: skip
            self._check_cap(trace, known)
            known.append(Compiled(trace, self.options, call.structure))
            known[-1].stand_ins.name = getattr(self.f, "__name__", "the function")
        if os.environ.get("AUTOGRAD_LITE_DEBUG"):
            print(f"compiled {self.f!r}: {known[-1].lowered(call.items)}", file=sys.stderr)
        return known[-1]

    def _way_after(self, variant: Compiled, failed: int) -> Way:
        """The way that is to be taken after a run that has found its own to be wrong."""
        trace = variant.trace
        if failed == DOUBTFUL:
            return Way(trace.decisions, careful=True)
        guard = trace.guards[failed]
        if guard.branch is not None:
            self._branches |= {guard.branch}
            return Way(careful=variant.careful, branch=guard.branch)
        asked = [before.truth for before in trace.guards[:failed] if before.branch is None]
        return Way((*asked, not guard.truth), careful=variant.careful)

    def _check_cap(self, trace: Trace, known: Sequence[Compiled]) -> None:
        ways = max(trace.bodies, 1) + sum(1 for variant in known if variant.trace.shapes == trace.shapes)
        if ways > self.options.max_variants and trace.guards:
            name = getattr(self.f, "__name__", "the function")
            raise RuntimeError(
                f"jit: {name} goes more than max_variants={self.options.max_variants} ways; the last branch is at "
                f"{trace.guards[-1].line}. Every way is compiled by itself: write ag.where(condition, x, y) in place of `if`"
            )


def _found(module: str, name: str) -> Any:
    """What stands under a name in a module, if anything."""
    item = sys.modules.get(module)
    for part in name.split("."):
        item = getattr(item, part, None)
    return item


def _restored(
    f: Callable[..., Any], options: Options, variants: dict[Any, list[Compiled]], branches: frozenset[Any]
) -> Jitted:
    """A compiled function from a pickle."""
    jitted = Jitted(f, options)
    jitted._variants, jitted._branches = variants, branches
    return jitted


def jit(
    f: Callable[..., Any],
    *,
    dtype: Any = float,
    static_argnums: int | Sequence[int] = (),
    backend: str = "auto",
    threads: int = 1,
    max_variants: int = 64,
    background: bool = False,
) -> Jitted:
    """Compiles a function of scalars: traced once, replayed as array operations.

    The function is written as for Values and runs on traced ones. It takes and returns numbers, arrays, modules, and nested
    lists, tuples and dicts of them; arrays reach it as arrays of Values, and results are floats and arrays of `dtype`. Leaf
    Values and modules that it reaches by closure are read anew at every call. It can be composed with `vmap` and with the
    derivatives, `jit(grad(f))` say; called on Values, or inside of another transform, it runs as it is written.

    With AUTOGRAD_LITE_DEBUG in the environment everything that is compiled is printed to standard error. Machine code is
    kept in the user's cache folder for the next process; AUTOGRAD_LITE_CACHE names another folder, or is 0 for none.

    A branch on a traced number is compiled the way it goes; a call that goes another way compiles that too. Results agree
    with those of the function within 1e-12 of the sum of the absolute terms that were added up on the way.

    Arguments:
        f: the function; it must not have side effects, since it runs only when something new is to be compiled.
        dtype: float64 or float32: in what results are computed.
        static_argnums: the arguments that are not numbers, or on which loops and shapes depend; they must be hashable, and
            each new one is compiled by itself.
        backend: "numpy" runs array operations, "python" straight-line Python, which suits one lane of deep and narrow
            graphs, "native" machine code, which is the fastest and takes longest to compile (it needs llvmlite); "auto"
            estimates which is faster, compiling included, and `lower` says why.
        threads: how many threads share the lanes of a vmap; more than one need threadpoolctl.
        max_variants: how many ways through its branches are compiled at most.
        background: whether machine code is made beside the calls, by a thread: they run at once, as array operations or as
            straight-line Python, and from when it is ready as machine code, so that the last bits of a result may change
            then. `wait()` waits for it. A fork, and the end of the process, wait for what is just being made.

    Returns:
        the compiled function; its `lower(*args)` shows what became of it.

    Raises:
        TypeError: when called, for arguments that are no numbers, and where a number would escape from the trace.
        RuntimeError: when called, if there are too many ways through the branches.

    >>> from autograd_lite import grad, sin
    >>> f = jit(grad(lambda x, y: sin(x) * y))
    >>> f(0.0, 3.0), f(0.0, 5.0)
    (3.0, 5.0)
    """
    static = (static_argnums,) if isinstance(static_argnums, int) else tuple(static_argnums)
    return Jitted(f, Options(np.dtype(dtype).name, static, backend, threads, max_variants, background))

"""jit: a function traced once and replayed as array operations."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any

import numpy as np

from autograd_lite.calculus.recording import _depth, makes_graph
from autograd_lite.calculus.trees import ArrayBlock, Structure, blocks, is_module
from autograd_lite.compiler.runtime import DOUBTFUL, Compiled
from autograd_lite.compiler.traced_call import Trace, trace_call
from autograd_lite.engine import state

__all__ = ["Jitted", "jit"]


class Jitted:
    """A compiled function; `jit` makes it."""

    def __init__(self, f: Callable[..., Any], *, dtype: Any, static_argnums: Sequence[int], max_variants: int) -> None:
        self.f = f
        self.max_variants = max_variants
        self.dtype = np.dtype(dtype)
        self.static = tuple(static_argnums)
        self._variants: dict[Any, list[Compiled]] = {}
        self._last: _Shortcut | None = None
        self._branches: frozenset[Any] = frozenset()
        update_wrapper(self, f, updated=())

    def __call__(self, *args: Any, **options: Any) -> Any:
        last = self._last
        if last is not None and not options and state.tracing() is None and _depth.get() == 0:
            items = last.items(args)
            if items is not None:
                failed, result = last.variant.run(items)
                if failed is None:
                    return last.variant.trace.structure.from_blocks(result)
        if state.tracing() is not None or makes_graph(args, list(options.values())):
            return self.f(*args, **options)
        static = tuple([args[k] for k in self.static])
        moving = [arg for k, arg in enumerate(args) if k not in self.static]
        items, structure = blocks((moving, options), "an argument of the compiled function")
        call = _Call((static, _without_lengths(structure)), items, structure, static)
        variant = self._variant(call, _Way())
        while True:
            failed, result = variant.run(items)
            if failed is None:
                self._last = None if options or static or variant.careful else _shortcut(variant, args)
                return variant.trace.structure.from_blocks(result)
            variant = self._variant(call, self._way_after(variant, failed))

    def _variant(self, call: _Call, way: _Way) -> Compiled:
        """The newest trace that fits the arguments and goes this way, or a new one."""
        known = self._variants.setdefault(call.key, [])
        for variant in reversed(known):
            if way.is_taken_by(variant) and variant.fits(call.items):
                known.remove(variant)
                known.append(variant)
                return variant
        with _no_collection():
            trace = trace_call(
                self.f, call.items, call.structure, call.arguments(self.static),
                decisions=way.decisions, branches=self._branches, careful=way.careful,
            )  # fmt: skip
            self._check_cap(trace, known)
            known.append(Compiled(trace, self.dtype))
        return known[-1]

    def _way_after(self, variant: Compiled, failed: int) -> _Way:
        """The way that is to be taken after a run that has found its own to be wrong."""
        trace = variant.trace
        if failed == DOUBTFUL:
            return _Way(trace.decisions, careful=True)
        guard = trace.guards[failed]
        if guard.branch is not None:
            self._branches |= {guard.branch}
            return _Way(careful=variant.careful, branch=guard.branch)
        asked = [before.truth for before in trace.guards[:failed] if before.branch is None]
        return _Way((*asked, not guard.truth), careful=variant.careful)

    def _check_cap(self, trace: Trace, known: Sequence[Compiled]) -> None:
        ways = trace.bodies + sum(1 for variant in known if variant.trace.shapes == trace.shapes)
        if ways > self.max_variants and trace.guards:
            raise RuntimeError(
                f"jit: {getattr(self.f, '__name__', 'the function')} goes more than max_variants={self.max_variants} ways; the last branch is at "
                f"{trace.guards[-1].line}. Every way is compiled by itself: write ag.where(condition, x, y) in place of `if`"
            )


@dataclass(frozen=True)
class _Way:
    """What a trace is wanted to do: its first decisions, a branch that it must have both sides of, and how it sums."""

    decisions: tuple[bool, ...] = ()
    careful: bool = False
    branch: Any = None

    def is_taken_by(self, variant: Compiled) -> bool:
        trace = variant.trace
        return (
            trace.decisions[: len(self.decisions)] == self.decisions
            and variant.careful == self.careful
            and (self.branch is None or self.branch in trace.branches)
        )


@dataclass(frozen=True)
class _Call:
    """The arguments of a call: what they have in common with those of others, their blocks, and those that are static."""

    key: Any
    items: Sequence[Any]
    structure: Structure
    static: tuple[Any, ...]

    def arguments(self, places: Sequence[int]) -> Callable[[Any], tuple[tuple[Any, ...], dict[str, Any]]]:
        """Makes the arguments of the function from the tree of the others."""

        def arguments_of(tree: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
            given, options = list(tree[0]), tree[1]
            for place, item in sorted(zip(places, self.static, strict=True)):
                given.insert(place, item)
            return tuple(given), options

        return arguments_of


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keeps the cyclic collector from walking, again and again, through millions of entries that are all in use."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@dataclass(frozen=True)
class _Shortcut:
    """What the arguments of the last call were, to see at once that those of this call are the same again.

    Attributes:
        variant: what ran.
        checks: of each argument float; or the shape of an array of doubles; or a module and its buffer.
    """

    variant: Compiled
    checks: tuple[Any, ...]

    def items(self, args: tuple[Any, ...]) -> Any:
        """The blocks of the arguments if they are the same again, else None."""
        if len(args) != len(self.checks):
            return None
        for arg, check in zip(args, self.checks, strict=True):
            if check is float:
                if type(arg) is not float:
                    return None
            elif type(check) is _Module:
                if arg is not check.module or arg._storage is not check.storage or check.storage._buffer.moved:
                    return None
            elif type(arg) is not np.ndarray or arg.shape != check or arg.dtype != np.float64:
                return None
        return args


@dataclass(frozen=True)
class _Module:
    module: Any
    storage: Any


def _shortcut(variant: Compiled, args: tuple[Any, ...]) -> _Shortcut | None:
    checks: list[Any] = []
    for arg in args:
        if type(arg) is float:
            checks.append(float)
        elif type(arg) is np.ndarray and arg.dtype == np.float64:
            checks.append(arg.shape)
        elif is_module(arg) and getattr(arg, "_storage", None) is not None:
            checks.append(_Module(arg, arg._storage))
        else:
            return None
    return _Shortcut(variant, tuple(checks))


def _without_lengths(structure: Structure) -> Structure:
    """A structure in which arrays of as many dimensions are alike."""
    if isinstance(structure.block, ArrayBlock):
        return Structure(block=ArrayBlock((0,) * len(structure.block.shape)))
    return Structure(structure.block, structure.kind, structure.keys, tuple(map(_without_lengths, structure.children)))


def jit(
    f: Callable[..., Any], *, dtype: Any = float, static_argnums: int | Sequence[int] = (), max_variants: int = 64
) -> Jitted:
    """Compiles a function."""
    static = (static_argnums,) if isinstance(static_argnums, int) else tuple(static_argnums)
    return Jitted(f, dtype=dtype, static_argnums=static, max_variants=max_variants)

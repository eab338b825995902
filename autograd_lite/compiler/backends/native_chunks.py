"""Narrow steps in native code: straight-line, in pieces of limited length, with what one needs of another at hand.

A step that has hardly more rows and terms than pieces is written out; the compiler's work grows faster than the length of a
function, so the code is cut.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product

from llvmlite import ir

from autograd_lite.compiler.backends.native_elementwise import Elementwise, can_join
from autograd_lite.compiler.backends.native_emitter import Emitter
from autograd_lite.compiler.backends.native_kernel import Direction, Kernel
from autograd_lite.compiler.backends.native_memory import Memory, Window
from autograd_lite.compiler.backends.native_nest import Nest
from autograd_lite.compiler.backends.native_reduction import Reduction
from autograd_lite.compiler.plan import Step

__all__ = ["LONGEST", "chunks", "is_narrow", "length", "write_chunk"]

LONGEST = 150
"""Operations in one function."""

FEW = 8
"""Operations for each piece of a step up to which it is written out."""


TOGETHER = 8
"""Steps in one run through their rows at most."""


def length(step: Step, nests: Sequence[Nest]) -> int:
    """How many operations a step is, written out."""
    return sum(math.prod(nest.counts) * math.prod(part.counts) for nest in nests for part in nest.parts)


def is_narrow(step: Step, nests: Sequence[Nest]) -> bool:
    """Whether a step is written out."""
    pieces = sum(len(nest.parts) for nest in nests)
    return len(nests) == 1 and length(step, nests) <= min(FEW * pieces, LONGEST)


def chunks(steps: Sequence[tuple[Step, list[Nest], bool]]) -> Iterator[tuple[bool, list[tuple[Step, list[Nest]]]]]:
    """Steps in order: those in a row that are narrow together, or that run through the same rows; the others one by one.

    Beside each group stands whether it is written out.
    """
    run: list[tuple[Step, list[Nest]]] = []
    size, written_out = 0, False
    for step, nests, narrow in steps:
        own = length(step, nests)
        fits = size + own <= LONGEST if narrow else len(run) < TOGETHER and bool(run) and can_join(run, step, nests)
        if run and not (narrow is written_out and fits):
            yield written_out, run
            run, size = [], 0
        written_out = narrow
        run.append((step, nests))
        size += own
    if run:
        yield written_out, run


def write_chunk(
    e: Emitter,
    memory: Memory,
    steps: Sequence[tuple[Step, list[Nest]]],
    window: Window,
    needed: frozenset[int],
    valid: ir.Value | None,
) -> None:
    """Writes steps for one vector of lanes, or for one number; what only they know is not stored.

    Arguments:
        needed: the buffers that others read.
        valid: how many lanes count.
    """
    for step, (nest,) in steps:
        for counters in product(*[range(count) for count in nest.counts]):
            found = _value(e, memory, step, nest, counters, window, valid)
            moved, row = e.affine(counters, nest.out)
            assert moved == 0
            memory.known[step.buffer, row] = found
            if step.buffer in needed:
                memory.store(e, step.buffer, (0, row), found, 0 if window.lane is None else window.lane)
    memory.known.clear()


def _value(
    e: Emitter, memory: Memory, step: Step, nest: Nest, counters: Sequence[int], window: Window, valid: ir.Value | None
) -> ir.Value:
    if step.kind == "elementwise":
        return Elementwise(e, memory, window.width).value(step, nest, counters, window)
    if step.kind == "reduction":
        return Reduction(e, memory, window.width, valid=valid).value(step, nest, counters, window, unrolled=LONGEST)
    along = Direction() if window.lane is None else Direction("lanes", window.width, lane=window.lane)
    (found,) = Kernel(e, memory, nest, [1] * len(nest.counts), along, unrolled=LONGEST).sums(list(counters))
    return found

"""Narrow steps in native code: straight-line, in pieces of limited length, with what one needs of another at hand.

A step that has hardly more rows and terms than pieces is written out; the compiler's work grows faster than the length of a
function, so the code is cut.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from llvmlite import ir

from autograd_lite.compiler.backends.native.elementwise import Elementwise, can_join
from autograd_lite.compiler.backends.native.emitter import Emitter
from autograd_lite.compiler.backends.native.kernel import Direction, Kernel
from autograd_lite.compiler.backends.native.memory import Memory, Window
from autograd_lite.compiler.backends.native.nest import Nest
from autograd_lite.compiler.backends.native.reduction import Reduction
from autograd_lite.compiler.plan import Step

__all__ = ["LONGEST", "Group", "cut", "groups", "is_narrow", "length", "write_chunk"]

LONGEST = 150
"""Operations in one function."""

FEW = 8
"""Operations for each piece of a step up to which it is written out."""


PIECES = 64
"""Pieces of a sum in one function."""

TOGETHER = 8
"""Steps in one run through their rows at most."""


def length(step: Step, nests: Sequence[Nest]) -> int:
    """How many operations a step is, written out."""
    return sum(math.prod(nest.counts) * math.prod(part.counts) for nest in nests for part in nest.parts)


def is_narrow(step: Step, nests: Sequence[Nest]) -> bool:
    """Whether a step is written out."""
    pieces = sum(len(nest.parts) for nest in nests)
    return len(nests) == 1 and length(step, nests) <= min(FEW * pieces, LONGEST)


@dataclass
class Group:
    """Steps that are one function.

    Attributes:
        written_out: whether they are straight-line; else they are loops.
        adds: whether it is but a part of a sum, which is added to what other parts have left.
    """

    steps: list[tuple[Step, list[Nest]]]
    written_out: bool = False
    adds: bool = False
    size: int = 0

    def takes(self, step: Step, nests: list[Nest], *, narrow: bool) -> bool:
        """Whether another step can belong to it."""
        if narrow is not self.written_out or self.adds:
            return False
        if narrow:
            return self.size + length(step, nests) <= LONGEST
        return len(self.steps) < TOGETHER and can_join(self.steps, step, nests)


def groups(steps: Sequence[tuple[Step, list[Nest], bool]]) -> Iterator[Group]:
    """Steps in order: those in a row that are narrow together, or that run through the same rows; the others one by one.

    Arguments:
        steps: each with its loops, and whether it is narrow.
    """
    group: Group | None = None
    for step, nests, narrow in steps:
        if group is None or not group.takes(step, nests, narrow=narrow):
            if group is not None:
                yield group
            group = Group([], narrow)
        group.steps.append((step, nests[:1]))
        group.size += length(step, nests)
        for nest in nests[1:]:
            yield group
            group = Group([(step, [nest])], adds=True)
    if group is not None:
        yield group


def cut(nests: Sequence[Nest]) -> list[Nest]:
    """Loops with so many pieces that they would be too long a function, as several."""
    found = []
    for nest in nests:
        for start in range(0, max(len(nest.parts), 1), PIECES):
            found.append(replace(nest, parts=nest.parts[start : start + PIECES]))
    return found


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

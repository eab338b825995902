"""Sums of products in native code, in tiles: several sums at once, so that what is loaded serves for more than one of them.

A vector holds neighbours along one direction: lanes, or a counter of rows or of terms. Along a direction that is kept each
of its elements is a sum of its own; along one that is summed the elements are added up at the end. Products are contracted
with sums (fma). Sums begin at -0, which changes none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from llvmlite import ir

from autograd_lite.compiler.backends.native.emitter import Emitter, Index
from autograd_lite.compiler.backends.native.memory import Memory, Window
from autograd_lite.compiler.backends.native.nest import Nest, Part

__all__ = ["Direction", "Kernel", "stretches"]


def stretches(count: int, sizes: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """A count cut into tiles, the largest first: where tiles of a size begin, how many there are, and the size.

    >>> list(stretches(11, (4, 2, 1)))
    [(0, 2, 4), (8, 1, 2), (10, 1, 1)]
    """
    start = 0
    for size in sizes:
        tiles = (count - start) // size if size else 0
        if tiles:
            yield start, tiles, size
            start += tiles * size


@dataclass(frozen=True)
class Direction:
    """What the elements of a vector are.

    Attributes:
        kind: "lanes", "rows" or "terms"; or "none" for single numbers.
        width: how many elements a vector has.
        vectors: how many vectors lie side by side, of lanes or terms.
        summed: whether their elements belong to one sum.
        counter: the counter of rows; of terms it stands with each part.
        lane: the first lane, where lanes are kept.
        block: how many lanes there are, where they are summed.
    """

    kind: str = "none"
    width: int = 1
    vectors: int = 1
    summed: bool = False
    counter: int = -1
    lane: Index = 0
    block: int = 0


@dataclass
class Kernel:
    """Writes the sums of one tile.

    Arguments:
        tile: of each counter of rows how many of its rows the tile has.
        unrolled: terms up to which a sum is written out.
        valid: if operands without lanes take part in a sum over lanes: how many lanes count.
    """

    e: Emitter
    memory: Memory
    nest: Nest
    tile: Sequence[int]
    along: Direction
    valid: Any = None
    unrolled: int = 2

    def __post_init__(self) -> None:
        width = self.along.width if self.along.kind == "rows" else 1
        steps = [width if k == self.along.counter else 1 for k in range(len(self.tile))]
        self.points = list(product(*[range(0, n, step) for n, step in zip(self.tile, steps, strict=True)]))

    def sums(self, starts: Sequence[Index], before: list[ir.Value] | None = None) -> list[ir.Value]:
        """The sums of a tile whose rows begin at these counters: for each point, for each vector.

        Arguments:
            before: what they are added to.
        """
        values = before
        for part in sorted(self.nest.parts, key=lambda part: bool(part.counts)):
            values = self._part(part, starts, values)
        assert values is not None
        return values

    def _part(self, part: Part, starts: Sequence[Index], values: list[ir.Value] | None) -> list[ir.Value]:
        along = self.along
        if not along.summed and all(count <= self.unrolled for count in part.counts):
            for counters in product(*[range(count) for count in part.counts]):
                values = self._turn(part, starts, list(counters), values, along.lane)
            assert values is not None
            return values
        if values is None:
            values = [self.e.number(-0.0, along.width)] * (len(self.points) * along.vectors)
        if not along.summed:
            return self.e.fold(part.counts, values, lambda at, now: self._turn(part, starts, at, now, along.lane))
        step = along.width * along.vectors
        counts = list(part.counts)
        vector = len(counts) if along.kind == "lanes" else part.along - len(starts)
        counts[vector:] = [counts[vector] // step, *counts[vector + 1 :]] if along.kind == "terms" else [along.block // step]

        def turn(counters: list[Index], now: list[ir.Value]) -> list[ir.Value]:
            first = self.e.times(counters[vector], step)
            if along.kind == "lanes":
                return self._turn(part, starts, counters[:vector], now, first)
            return self._turn(part, starts, [*counters[:vector], first, *counters[vector + 1 :]], now, 0)

        return self.e.fold(counts, values, turn)

    def _turn(
        self, part: Part, starts: Sequence[Index], terms: list[Index], values: list[ir.Value] | None, lane: Index
    ) -> list[ir.Value]:
        """One term, or one vector of them, of all sums."""
        e = self.e
        loaded: dict[Any, ir.Value] = {}
        found: list[ir.Value] = []
        for point in self.points:
            at = [*[e.plus(start, k) for start, k in zip(starts, point, strict=True)], *terms]
            for v in range(self.along.vectors):
                window = self._window(part, at, lane, v)
                factors = []
                for number, access in enumerate(part.operands):
                    moved = tuple([k for n, k in enumerate(point) if access.moved_by(n)])
                    key = (number, moved, v if window[0].moves(access) else 0)
                    if key not in loaded:
                        loaded[key] = self.memory.load(e, access, window[1], window[0])
                    factors.append(loaded[key])
                before = None if values is None else values[len(found)]
                found.append(self._added(part, factors, before, lane, v))
        return found

    def _window(self, part: Part, at: list[Index], lane: Index, v: int) -> tuple[Window, list[Index]]:
        """What the v-th vector holds, and the counters where it begins."""
        along = self.along
        if along.kind == "lanes":
            return Window(along.width, self.e.plus(lane, v * along.width)), at
        counter = part.along if along.kind == "terms" else along.counter
        if along.kind == "none":
            return Window(), at
        shifted = [self.e.plus(c, v * along.width) if n == counter else c for n, c in enumerate(at)]
        return Window(along.width, along=counter), shifted

    def _added(self, part: Part, factors: list[ir.Value], before: ir.Value | None, lane: Index, v: int) -> ir.Value:
        """A product added to what was there."""
        e = self.e
        if self.valid is not None and self.along.summed and not all(access.has_lanes for access in part.operands):
            product = factors[0] if len(factors) == 1 else e.builder.fmul(*factors)
            counted = e.lanes_below(self.valid, e.plus(lane, v * self.along.width), self.along.width)
            factors = [e.builder.select(counted, product, e.number(-0.0, self.along.width))]
        if len(factors) == 1:
            return factors[0] if before is None else e.builder.fadd(before, factors[0])
        if before is None:
            return e.builder.fmul(*factors)
        x, y = factors
        return e.fma(x, y, before)

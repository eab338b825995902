"""How the sums of a step are cut into tiles that fit the registers, and in which direction their vectors lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from llvmlite import ir

from autograd_lite.compiler.backends.native.emitter import DOUBLE, Emitter, Index, vector_of
from autograd_lite.compiler.backends.native.kernel import Direction, Kernel, stretches
from autograd_lite.compiler.backends.native.memory import Memory
from autograd_lite.compiler.backends.native.nest import Access, Nest, Part

__all__ = ["Contraction", "clear_sums", "round_sums"]

Sizes = dict[int, tuple[int, ...]]
"""Of counters of rows the lengths of the tiles they are cut into, longest first; of others it is 1."""


@dataclass
class Contraction:
    """Writes a step that adds up products.

    Arguments:
        buffer: where the sums go.
        width: of a vector register.
        sums: how many vectors of sums the registers hold beside what is loaded.
        block: how many lanes there are; 0 outside of lanes.
        kept, summed: whether there is a sum for each lane, or one for all of them.
        valid: how many lanes count.
    """

    e: Emitter
    memory: Memory
    buffer: int
    width: int
    sums: int
    block: int = 0
    kept: bool = False
    summed: bool = False
    valid: Any = None

    def write(self, nest: Nest, *, add: bool) -> None:
        """The code; `add` where the sums are added to what is there."""
        if self.summed:
            self._over_lanes(nest)
        elif self.kept:
            self._in_lanes(nest, add=add)
        else:
            self._without_lanes(nest, add=add)

    # --- lanes -----------------------------------------------------------------------------------------------------------

    def _in_lanes(self, nest: Nest, *, add: bool) -> None:
        """Tiles of rows that share an operand, times vectors of lanes."""
        groups = self.block // self.width
        counter = _shared_counter(nest)
        rows = nest.counts[counter] if counter is not None else 1
        vectors = next(n for n in (4, 2, 1) if groups % n == 0 and (n <= 2 or rows <= 3))
        sizes = {} if counter is None else {counter: _sizes(rows, max(self.sums // vectors, 1))}

        def write(kernel: Sequence[int], starts: list[Index]) -> None:
            def turn(at: list[Index]) -> None:
                lane = self.e.times(at[0], vectors * self.width)
                self._tile(nest, kernel, starts, Direction("lanes", self.width, vectors, lane=lane), add=add)

            self.e.repeat([groups // vectors], turn)

        self._tiles(nest, sizes, write)

    def _over_lanes(self, nest: Nest) -> None:
        """Tiles of rows times rows; the lanes of each sum are added up at the end of the block."""
        vectors = [k for k, stride in enumerate(nest.out) if stride == 1 and nest.counts[k] > 1]
        sizes: Sizes = {}
        if vectors:
            count = nest.counts[vectors[0]]
            sizes[vectors[0]] = (self.width, count % self.width)
        others = [k for k in range(len(nest.counts)) if k not in sizes and nest.counts[k] > 1]
        if others:
            counter = max(others, key=lambda k: (_sharing(nest, k), nest.counts[k]))
            sizes[counter] = _sizes(nest.counts[counter], max(self.sums // self.width, 1))
        elif vectors:
            sizes[vectors[0]] = (2 * self.width, *sizes[vectors[0]])
        along = Direction("lanes", self.width, summed=True, block=self.block)
        self._tiles(nest, sizes, lambda tile, starts: self._tile(nest, tile, starts, along, add=True))

    # --- rows and terms --------------------------------------------------------------------------------------------------

    def _without_lanes(self, nest: Nest, *, add: bool) -> None:
        """Vectors along rows that lie side by side, or else along terms that do."""
        rows = [k for k, stride in enumerate(nest.out) if stride == 1 and nest.counts[k] >= self.width]
        if rows and all(access.is_side_by_side(rows[0]) for part in nest.parts for access in part.operands):
            self._along_rows(nest, rows[0], add=add)
            return
        in_vectors, rest = _terms_in_vectors(nest, self.width)
        if in_vectors.parts:
            self._along_terms(in_vectors, add=add)
            if rest.parts:
                self._along_none(rest, add=True)
        elif rows and _is_half_side_by_side(nest, rows[0]):
            self._along_rows(nest, rows[0], add=add)
        else:
            self._along_none(nest, add=add)

    def _along_rows(self, nest: Nest, counter: int, *, add: bool) -> None:
        count = nest.counts[counter]
        whole = count - count % self.width
        others = [k for k in range(len(nest.counts)) if k != counter and nest.counts[k] > 1 and _sharing(nest, k)]
        tile = {others[-1]: _sizes(nest.counts[others[-1]], max(self.sums // 4, 1))} if others else {}
        longest = 2 * self.width if others else 4 * self.width
        sizes = {**tile, counter: (longest, self.width)}
        along = Direction("rows", self.width, counter=counter)
        self._tiles(nest, sizes, lambda n, starts: self._tile(nest, n, starts, along, add=add), {counter: (0, whole)})
        if whole < count:
            single = {**tile, counter: (1,)}
            write = lambda n, starts: self._tile(nest, n, starts, Direction(), add=add)  # noqa: E731
            self._tiles(nest, single, write, {counter: (whole, count)})

    def _along_terms(self, nest: Nest, *, add: bool) -> None:
        counter = _shared_counter(nest)
        sizes: Sizes = {} if counter is None else {counter: (self.width, nest.counts[counter] % self.width)}
        along = Direction("terms", self.width, summed=True)
        self._tiles(nest, sizes, lambda tile, starts: self._tile(nest, tile, starts, along, add=add))

    def _along_none(self, nest: Nest, *, add: bool) -> None:
        counter = _shared_counter(nest)
        sizes = {} if counter is None else {counter: _sizes(nest.counts[counter], 4)}
        self._tiles(nest, sizes, lambda tile, starts: self._tile(nest, tile, starts, Direction(), add=add))

    # --- tiles -----------------------------------------------------------------------------------------------------------

    def _tiles(
        self,
        nest: Nest,
        sizes: Sizes,
        write: Callable[[tuple[int, ...], list[Index]], None],
        spans: dict[int, tuple[int, int]] | None = None,
    ) -> None:
        """Runs through the rows by tiles, with a body for each shape of them."""
        cuts = []
        for k, count in enumerate(nest.counts):
            first, last = (spans or {}).get(k, (0, count))
            shifted = [(first + start, n, size) for start, n, size in stretches(last - first, sizes.get(k, (1,)))]
            cuts.append(shifted)
        for shape in product(*cuts):

            def turn(at: list[Index], shape: Any = shape) -> None:
                starts = [self.e.plus(self.e.times(c, size), start) for c, (start, _, size) in zip(at, shape, strict=True)]
                write(tuple([size for _, _, size in shape]), starts)

            self.e.repeat([n for _, n, _ in shape], turn)

    def _tile(self, nest: Nest, tile: Sequence[int], starts: list[Index], along: Direction, *, add: bool) -> None:
        """One tile: its sums, and where they go."""
        valid = self.valid if along.summed and along.kind == "lanes" else None
        kernel = Kernel(self.e, self.memory, nest, tile, along, valid)
        rows = [[self.e.plus(c, k) for c, k in zip(starts, point, strict=True)] for point in kernel.points]
        places = [self.e.affine(row, nest.out) for row in rows]
        if along.summed:
            self._add_up(kernel.sums(starts), places, nest, tile, add=add)
            return
        targets = [
            self.memory.pointer(self.e, self.buffer, place, self.e.plus(along.lane, v * along.width))
            for place in places
            for v in range(along.vectors)
        ]
        kind = self.e.vector(along.width)
        before = [self.e.load(target, kind) for target in targets] if add else None
        for target, x in zip(targets, kernel.sums(starts, before), strict=True):
            self.e.store(x, target)

    def _add_up(
        self, values: list[ir.Value], places: list[tuple[Index, int]], nest: Nest, tile: Sequence[int], *, add: bool
    ) -> None:
        """Sums whose lanes are to be added up: of as many at once as lie side by side."""
        inner = [k for k, stride in enumerate(nest.out) if stride == 1 and tile[k] > 1 and set(tile[k + 1 :]) <= {1}]
        length = tile[inner[0]] if inner else 1
        runs = [(start + k * size, size) for start, n, size in stretches(length, _powers(self.width)) for k in range(n)]
        for first, size in [(k + start, size) for k in range(0, len(values), length) for start, size in runs]:
            sums = self.e.added_lanes(values[first : first + size])
            sums = self.e.widened(sums) if self.summed else sums
            target = self.memory.pointer(self.e, self.buffer, places[first], kind=DOUBLE if self.summed else None)
            self.e.store(self.e.builder.fadd(self.e.load(target, sums.type), sums) if add else sums, target)


# --- sums over lanes -----------------------------------------------------------------------------------------------------

# From one block to the next they are doubles, so that many blocks lose no more digits than one; those of a plan of shorter
# numbers are rounded in the end, to the front of the memory where they are.


def clear_sums(e: Emitter, sums: ir.Value, count: int) -> None:
    """So many sums over lanes before the first block: -0."""
    zero = e.widened(e.number(-0.0))
    e.repeat([count], lambda at: e.store(zero, e.address(sums, at[0], kind=DOUBLE)))


def round_sums(e: Emitter, sums: ir.Value, count: int, width: int) -> None:
    """The same after the last block: numbers of the plan."""
    if e.element == DOUBLE:
        return
    for start, vectors, size in stretches(count, (width, 1)):

        def turn(at: list[Index], start: int = start, size: int = size) -> None:
            first = e.plus(e.times(at[0], size), start)
            x = e.load(e.address(sums, first, kind=DOUBLE), vector_of(DOUBLE, size))
            e.store(e.narrowed(x), e.address(sums, first))

        e.repeat([vectors], turn)


def _sizes(count: int, most: int) -> tuple[int, ...]:
    """The lengths of tiles: one that divides the count, if there is one of some length, and else the longest and a rest."""
    if count <= most:
        return (count,)
    for size in range(most, max(most // 2, 1), -1):
        if count % size == 0:
            return (size,)
    return (most, count % most)


def _powers(most: int) -> tuple[int, ...]:
    """The powers of two up to a number, the largest first."""
    return tuple([1 << k for k in range(most.bit_length() - 1, -1, -1)])


def _sharing(nest: Nest, counter: int) -> bool:
    """Whether rows along a counter have an operand in common."""
    return any(not access.moved_by(counter) for part in nest.parts for access in part.operands if part.counts)


def _shared_counter(nest: Nest) -> int | None:
    """The counter of rows that is best cut into tiles: the longest of those along which an operand is the same."""
    longer = [k for k in range(len(nest.counts)) if nest.counts[k] > 1]
    return max(longer, key=lambda k: (_sharing(nest, k), nest.counts[k]), default=None)


def _is_half_side_by_side(nest: Nest, counter: int) -> bool:
    """Whether of each product at most one factor must be gathered."""
    return all(sum(not access.is_side_by_side(counter) for access in part.operands) <= 1 for part in nest.parts)


def _terms_in_vectors(nest: Nest, width: int) -> tuple[Nest, Nest]:
    """What of the sums can be added up in vectors of terms, and the rest."""
    rows = len(nest.counts)
    in_vectors: list[Part] = []
    rest: list[Part] = []
    for part in nest.parts:
        good = [
            rows + k
            for k, count in enumerate(part.counts)
            if count >= width and all(access.is_side_by_side(rows + k) for access in part.operands)
        ]
        if not good:
            rest.append(part)
            continue
        k = max(good, key=lambda k: part.counts[k - rows])
        count = part.counts[k - rows]
        whole = count - count % width
        in_vectors.append(replace(part, counts=_replaced(part.counts, k - rows, whole), along=k))
        if whole < count:
            operands: tuple[Access, ...] = tuple([access.from_(k, whole) for access in part.operands])
            rest.append(Part(_replaced(part.counts, k - rows, count - whole), operands))
    return replace(nest, parts=tuple(in_vectors)), replace(nest, parts=tuple(rest))


def _replaced(counts: Sequence[int], k: int, count: int) -> tuple[int, ...]:
    return (*counts[:k], count, *counts[k + 1 :])

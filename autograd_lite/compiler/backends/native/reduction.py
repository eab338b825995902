"""Rows of a sequence in native code: extrema, products, norms, variances, logarithms of sums, and choices by a place."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

from autograd_lite.compiler.backends.native.emitter import DOUBLE, FLOAT, Emitter, Index
from autograd_lite.compiler.backends.native.memory import Memory, Window
from autograd_lite.compiler.backends.native.nest import Nest
from autograd_lite.compiler.backends.native.rows import maximum, minimum, written
from autograd_lite.compiler.backends.native.vectors import Vector
from autograd_lite.compiler.plan import Step
from autograd_lite.engine import operations, reductions
from autograd_lite.engine.primitive import Primitive

__all__ = ["Reduction", "is_reduced"]

FULL = {DOUBLE: 2.0**-970, FLOAT: 2.0**-103}
"""Sums of squares above it have all their digits: the smallest normal number, divided by half the last place of 1."""

Body = Callable[[list[Vector], Vector, Vector], Sequence[Vector]]


def is_reduced(row: Primitive) -> bool:
    """Whether native code has a row of a sequence."""
    return row in REDUCED


@dataclass
class Sequenced:
    """One row of a step: its sequence of operands, in one vector.

    Attributes:
        valid: which lanes count, where a row may refuse what it is given.
    """

    e: Emitter
    memory: Memory
    nest: Nest
    counters: Sequence[Index]
    window: Window
    valid: Any = None
    unrolled: int = 1

    @property
    def length(self) -> int:
        return sum(math.prod(part.counts) for part in self.nest.parts)

    def number(self, x: float) -> Vector:
        return Vector(self.e.builder, self.e.number(x, self.window.width))

    def fold(self, start: Sequence[Vector], body: Body) -> list[Vector]:
        """Runs through the sequence; a turn gets the values so far, an element, and its place."""
        builder = self.e.builder
        values = [self.number(0.0).value, *[x.value for x in start]]
        for part in self.nest.parts:

            def turn(terms: list[Index], now: list[ir.Value], part: Any = part) -> list[ir.Value]:
                place, *before = [Vector(builder, x) for x in now]
                x = Vector(builder, self.memory.load(self.e, part.operands[0], [*self.counters, *terms], self.window))
                return [y.value for y in [place + 1.0, *body(before, x, place)]]

            values = self.e.fold(part.counts, values, turn, self.unrolled)
        return [Vector(builder, x) for x in values[1:]]

    def call(self, row: Primitive, x: Vector) -> Vector:
        return Vector(self.e.builder, written(self.e, row, [x.value], [None]))


@dataclass
class Reduction:
    """Writes a step of such a row.

    Arguments:
        block: how many lanes there are, if there are lanes.
        valid: how many of them count.
    """

    e: Emitter
    memory: Memory
    width: int
    block: int = 0
    valid: Any = None

    def write(self, step: Step, nest: Nest) -> None:
        def turn(at: list[Index]) -> None:
            lane = self.e.times(at[-1], self.width) if self.block else None
            counters = at[: len(nest.counts)]
            window = Window(self.width if self.block else 1, lane)
            found = self.value(step, nest, counters, window)
            self.memory.store(self.e, step.buffer, self.e.affine(counters, nest.out), found, 0 if lane is None else lane)

        self.e.repeat([*nest.counts, *([self.block // self.width] if self.block else [])], turn)

    def value(self, step: Step, nest: Nest, counters: Sequence[Index], window: Window, *, unrolled: int = 1) -> ir.Value:
        """Writes the value at some counters; sequences that are no longer than `unrolled` are written out."""
        valid = None
        if window.lane is not None and self.valid is not None:
            valid = self.e.lanes_below(self.valid, window.lane, window.width)
        sequence = Sequenced(self.e, self.memory, nest, counters, window, valid, unrolled)
        return REDUCED[step.op](sequence).value


def _extremum(choose: Callable[[Emitter, Vector, Vector], Vector], worst: float) -> Callable[[Sequenced], Vector]:
    """The first of those that tie, and nan if there is one.

    It begins with the worst there is: what ties with that is no other number.
    """

    def write(xs: Sequenced) -> Vector:
        (found,) = xs.fold([xs.number(worst)], lambda now, x, k: [choose(xs.e, now[0], x)])
        return found

    return write


_max, _min = _extremum(maximum, -math.inf), _extremum(minimum, math.inf)


def _product(xs: Sequenced) -> Vector:
    (found,) = xs.fold([xs.number(1.0)], lambda now, x, k: [now[0] * x])
    return found


def _sum(xs: Sequenced, term: Callable[[Vector], Vector]) -> Vector:
    (found,) = xs.fold([xs.number(-0.0)], lambda now, x, k: [now[0] + term(x)])
    return found


def _var(xs: Sequenced) -> Vector:
    middle = _sum(xs, lambda x: x) / float(xs.length)
    return _sum(xs, lambda x: (x - middle) * (x - middle)) / float(xs.length)


def _logsumexp(xs: Sequenced) -> Vector:
    """One of those at the top is the 1 of log1p; the others there count 1 each."""
    top = _max(xs)

    def turn(now: list[Vector], x: Vector, k: Vector) -> list[Vector]:
        at_top = x.equals(top)
        return [now[0] + at_top.choose(0.0, xs.call(operations.exp, x - top)), now[1] + at_top.choose(1.0, 0.0)]

    rest, count = xs.fold([xs.number(0.0), xs.number(-1.0)], turn)
    return top + xs.call(operations.log1p, rest + count)


def _norm(xs: Sequenced) -> Vector:
    """The root of the sum of squares; where that has lost digits, in units of the largest; an infinity outdoes a nan."""
    e, builder = xs.e, xs.e.builder
    squares = _sum(xs, lambda x: x * x)
    good = (squares > FULL[e.element]) & (squares < math.inf)
    plain = squares.sqrt()
    fine = xs.e.all(good.value)
    before = builder.block
    slow, after = builder.append_basic_block("scaled"), builder.append_basic_block("norm")
    builder.cbranch(fine, after, slow)
    builder.position_at_end(slow)
    (largest,) = xs.fold([xs.number(0.0)], lambda now, x, k: [(abs(x) > now[0]).choose(abs(x), now[0])])
    unit = ((largest > 0.0) & (largest < math.inf)).choose(largest, 1.0)
    scaled = unit * _sum(xs, lambda x: (x / unit) * (x / unit)).sqrt()
    scaled = good.choose(plain, largest.equals(math.inf).choose(math.inf, scaled))
    slow = builder.block
    builder.branch(after)
    builder.position_at_end(after)
    found = builder.phi(plain.value.type)
    found.add_incoming(plain.value, before)
    found.add_incoming(scaled.value, slow)
    return Vector(e.builder, found)


def _pick(xs: Sequenced) -> Vector:
    """The element whose place stands last; where there is none, the run has failed."""
    (place,) = xs.fold([xs.number(0.0)], lambda now, x, k: [x])
    last = float(xs.length - 1)

    def turn(now: list[Vector], x: Vector, k: Vector) -> list[Vector]:
        here = k.equals(place) & (k < last)
        return [here.choose(x, now[0]), here.choose(1.0, now[1])]

    found, met = xs.fold([xs.number(math.nan), xs.number(0.0)], turn)
    xs.e.fail_where(met.equals(0.0).value, xs.valid)
    return found


REDUCED: dict[Primitive, Callable[[Sequenced], Vector]] = {
    reductions.max: _max,
    reductions.min: _min,
    reductions.product: _product,
    reductions.var: _var,
    reductions.std: lambda xs: _var(xs).sqrt(),
    reductions.logsumexp: _logsumexp,
    reductions.norm: _norm,
    reductions.pick: _pick,
}
"""Rows by how they run through their sequence."""

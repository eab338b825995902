"""Random functions for the compiler: scalars, branches, loops, maps over lanes, derivatives inside.

A `Function` is a list of steps over numbers that are there already. It is written once and runs on floats, on Values and
on traced values; on floats it also says how near it came to where it is not smooth, for there rounding decides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

import autograd_lite as ag

UNARY = {
    "sin": ag.sin,
    "tanh": ag.tanh,
    "sigmoid": ag.sigmoid,
    "softplus": ag.softplus,
    "arctan": ag.atan,
    "bump": lambda x: ag.exp(-x * x),
    "fraction": lambda x: 1.0 / (1.0 + x * x),
    "third": lambda x: x * 0.3 - 0.7,
    "copy": lambda x: +x,
}
"""Smooth everywhere, and none grows faster than its argument."""

KINKED = {
    "relu": ag.relu,
    "abs": ag.abs,
    "root of relu": lambda x: ag.sqrt(ag.relu(x)),
    "log where positive": lambda x: ag.where(x > 0.0, ag.log(x), 0.0),
    "reciprocal where large": lambda x: ag.where(x * x > 0.01, ag.reciprocal(x), x),
    "power of relu": lambda x: ag.relu(x) ** 1.5,
    "guarded root": lambda x: ag.sqrt(ag.max(x, 0.0)),
    "clip": lambda x: ag.clip(x, 0.0, 1.5),
}
"""Not smooth at 0; behind 0 their parts are infinite or nan, and must not be seen."""

BINARY = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / (1.0 + y * y),
    "hypot": lambda x, y: ag.sqrt(1.0 + x * x + y * y),
}

NARY = {
    "total": ag.total,
    "mean": ag.mean,
    "dot": lambda xs: ag.dot(xs, xs[::-1]),
    "python sum": lambda xs: sum(x * 0.5 for x in xs),
    "logsumexp": ag.logsumexp,
    "norm": lambda xs: ag.norm([*xs, 1.0]),
    "var": lambda xs: ag.var([*xs, 1.0]),
}

REDUCTIONS = {
    "total": ag.total,
    "mean": ag.mean,
    "max": ag.max,
    "min": ag.min,
    "var": ag.var,
    "norm": ag.norm,
    "logsumexp": ag.logsumexp,
    "std": ag.std,
}
"""Over lanes."""


def number_of(x):
    """The number of a float or a Value."""
    return x.data if isinstance(x, ag.Value) else float(x)


@dataclass
class World:
    """What a run sees beside its numbers.

    Attributes:
        leaves: Values reached by closure.
        row: what an inner vmap maps over, or None where there is none.
        near: how near the run came to a kink, a branch or a tie.
        largest: the largest number that was met.
    """

    leaves: tuple = ()
    row: object = None
    near: float = math.inf
    largest: float = 1.0
    watching: bool = False

    def meet(self, x, *borders):
        """Notes how far x is from each border, when the run is one that can be watched."""
        if self.watching:
            number = number_of(x)
            self.largest = max(self.largest, abs(number)) if math.isfinite(number) else math.inf
            for border in borders:
                self.near = min(self.near, abs(number - number_of(border)))


@dataclass(frozen=True)
class Body:
    """Steps that each append a number to those that are there; the result is a smooth mixture of the last ones."""

    steps: tuple = ()

    def run(self, numbers, world):
        numbers = list(numbers)
        for step in self.steps:
            numbers.append(step.run(numbers, world))
            world.meet(numbers[-1])
        return ag.total([ag.tanh(x * 0.5) for x in numbers[-3:]])


@dataclass(frozen=True)
class Apply:
    """An operation on one number, two, or the newest ones."""

    kind: str
    name: str
    places: tuple = ()

    def run(self, numbers, world):
        args = [numbers[-1 - place % len(numbers)] for place in self.places]
        if self.kind == "kinked":
            world.meet(args[0], 0.0, 0.1, -0.1, 1.5)
            return KINKED[self.name](args[0])
        if self.kind == "nary":
            return NARY[self.name](args)
        return (UNARY if self.kind == "unary" else BINARY)[self.name](*args)


@dataclass(frozen=True)
class Extreme:
    """The larger or the smaller of two numbers."""

    name: str
    places: tuple

    def run(self, numbers, world):
        x, y = (numbers[-1 - place % len(numbers)] for place in self.places)
        y = y + 0.05  # a number and itself would be a tie
        world.meet(x, y)
        return getattr(ag, self.name)(x, y)


@dataclass(frozen=True)
class Leaf:
    """A Value reached by closure."""

    index: int

    def run(self, numbers, world):
        return world.leaves[self.index % len(world.leaves)] * numbers[-1]


@dataclass(frozen=True)
class Branch:
    """An `if` whose sides are bodies of their own."""

    place: int
    border: float
    yes: Body
    no: Body

    def run(self, numbers, world):
        x = numbers[-1 - self.place % len(numbers)]
        world.meet(x, self.border)
        return self.yes.run(numbers, world) if x > self.border else self.no.run(numbers, world)


@dataclass(frozen=True)
class Loop:
    """A `while` whose number of turns depends on the numbers."""

    place: int
    border: float

    def run(self, numbers, world):
        x = numbers[-1 - self.place % len(numbers)]
        x = 3.0 * ag.tanh(x)
        turns = 0
        world.meet(x, self.border)
        while x > self.border:
            x = x * 0.6 - 0.5  # towards -1.25, below every border
            turns += 1
            world.meet(x, self.border)
        return x + turns


@dataclass(frozen=True)
class Slope:
    """A derivative inside of the function."""

    body: Body

    def run(self, numbers, world):
        return ag.tanh(ag.grad(lambda x: self.body.run([*numbers[:-1], x], world))(numbers[-1]))


@dataclass(frozen=True)
class Inner:
    """A vmap over the row of the lane, reduced."""

    name: str
    body: Body

    def run(self, numbers, world):
        outer, row, kept = world.row, world.row, []
        if row is None:
            return numbers[-1]
        world.row = None

        def one(x):
            y = self.body.run([*numbers, x], world)
            kept.append(y)
            return y

        reduced = REDUCTIONS[self.name](ag.vmap(one)(row))
        world.row = outer
        if world.watching:
            meet_ties(world, kept)
        return reduced


def meet_ties(world, items):
    """Notes how near the lanes are to each other: at a tie the derivative of max and std is the tie's."""
    numbers = sorted(number_of(x) for x in items)
    gaps = [b - a for a, b in pairwise(numbers)]
    world.near = min([world.near, *gaps])


# --- strategies ----------------------------------------------------------------------------------------------------------

places = st.integers(0, 5)


@st.composite
def applications(draw):
    kind = draw(st.sampled_from(["unary", "kinked", "binary", "binary", "nary"]))
    table = {"unary": UNARY, "kinked": KINKED, "binary": BINARY, "nary": NARY}[kind]
    count = {"unary": 1, "kinked": 1, "binary": 2}.get(kind) or draw(st.integers(2, 5))
    chosen = tuple(draw(st.lists(places, min_size=count, max_size=count)))
    return Apply(kind, draw(st.sampled_from(sorted(table))), chosen)


borders = st.sampled_from([0.0, 0.31, -0.47, 0.83])


@st.composite
def bodies(draw, depth=2, largest=4, branches=True, inner=False):
    """Bodies, with what may stand inside them down to a depth."""
    kinds = ["apply"] * 5 + ["extreme", "leaf"]
    if depth:
        kinds += ["branch", "branch", "loop"] if branches else []
        kinds += ["slope"] + (["inner", "inner"] if inner else [])
    steps = []
    for _ in range(draw(st.integers(1, largest))):
        kind = draw(st.sampled_from(kinds))
        below = bodies(depth - 1, 2, branches, inner) if depth else None
        if kind == "apply":
            steps.append(draw(applications()))
        elif kind == "extreme":
            steps.append(Extreme(draw(st.sampled_from(["max", "min"])), (draw(places), draw(places))))
        elif kind == "leaf":
            steps.append(Leaf(draw(places)))
        elif kind == "branch":
            steps.append(Branch(draw(places), draw(borders), draw(below), draw(below)))
        elif kind == "loop":
            steps.append(Loop(draw(places), draw(borders)))
        elif kind == "slope":
            steps.append(Slope(draw(bodies(0, 2))))
        else:
            steps.append(Inner(draw(st.sampled_from(sorted(REDUCTIONS))), draw(below)))
    return Body(tuple(steps))


numbers = st.integers(-300, 300).map(lambda k: k * 0.0077 + 0.0013)
"""Spread over ±2.3, never 0 and hardly ever equal."""


@dataclass(frozen=True)
class Function:
    """A random function of shared numbers w, rows xs and numbers y of lanes, and closed-over leaves.

    Attributes:
        body: of one lane.
        before, after: on the shared numbers alone, before the lanes and after they are reduced.
        reductions: those of the lanes that go into the result.
    """

    before: Body
    body: Body
    after: Body
    reductions: tuple
    leaves: tuple = field(compare=False, default=())

    def __call__(self, w, xs, y, world=None):
        """The loss: one number."""
        world = world or World(self.leaves)
        shared = [*w, self.before.run(list(w), world)]
        kept = []

        def lane(row, target):
            inside = World(world.leaves, row, world.near, world.largest, world.watching)
            out = self.body.run([*shared, row[0], target], inside)
            world.near, world.largest = inside.near, inside.largest
            kept.append(out)
            return out

        lanes = ag.vmap(lane)(xs, y)
        if world.watching:
            meet_ties(world, kept)
        found = [REDUCTIONS[name](lanes) for name in self.reductions]
        return self.after.run([*w, *found], world)

    def lanes(self, w, xs, y):
        """The results of all lanes, not reduced."""
        world = World(self.leaves)
        return ag.vmap(lambda row, t: self.body.run([*w, row[0], t], World(world.leaves, row)))(xs, y)

    def watched(self, w, xs, y):
        """How near the function comes to a kink at these numbers, and the largest number it meets."""
        world = World(tuple(leaf.data for leaf in self.leaves), watching=True)
        self(w, xs, y, world)
        return world.near, world.largest


@st.composite
def functions(draw, branches=True, inner=True):
    """Random functions, with leaves of their own."""
    leaves = tuple(ag.Value(x) for x in draw(st.lists(numbers, min_size=1, max_size=2)))
    reductions = tuple(draw(st.lists(st.sampled_from(sorted(REDUCTIONS)), min_size=1, max_size=3)))
    return Function(
        draw(bodies(1, 2, branches)), draw(bodies(2, 4, branches, inner)), draw(bodies(1, 2, branches)), reductions, leaves
    )


few = st.integers(1, 5)


@st.composite
def arguments(draw, lanes=few):
    """w, xs and y for a function."""
    count, width = draw(lanes), draw(st.integers(1, 3))

    def some(n):
        return np.array(draw(st.lists(numbers, min_size=n, max_size=n)))

    return some(2), some(count * width).reshape(count, width), some(count)

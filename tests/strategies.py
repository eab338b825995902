"""What the tests roll dice for: points of a domain, special floats, and random graphs.

A random graph is a `Recipe`: a list of steps that can be replayed on Values, on floats and on mpmath numbers.
"""

from __future__ import annotations

import functools
import itertools
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

import autograd_lite  # noqa: F401  # fills the table
from autograd_lite.engine.domain import Domain
from autograd_lite.engine.primitive import TABLE


def examples(count: int) -> settings:
    """Settings for so many examples, in proportion more where the profile asks for more than the usual hundred."""
    return settings(max_examples=count * settings().max_examples // 100)


# --- points of a domain --------------------------------------------------------------------------------------------------

LENGTHS = range(7)
"""Of sequences; 0 among them, for a domain that would let it in."""

GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0

# Multiples of an irrational number: hypothesis likes small integers and repeats itself, and these are spread all the same.
units = st.integers(0, 2**24 - 1).map(lambda k: k * GOLDEN % 1.0)


@functools.cache
def lengths(domain: Domain) -> list[int]:
    """How many arguments a point of the domain can have."""
    if domain.arity is not None:
        return [domain.arity]
    return [n for n in LENGTHS if _has_points(domain, n)]


def _has_points(domain: Domain, length: int) -> bool:
    try:
        return bool(domain.sample([0.37 * (k + 1) % 1.0 for k in range(length)])) or length == 0
    except ValueError:
        return False


def points(domain: Domain) -> st.SearchStrategy[tuple[float, ...]]:
    """Points of a domain, by its own sampler; sequences have up to six elements."""
    counts = st.sampled_from(lengths(domain))
    return counts.flatmap(lambda n: st.lists(units, min_size=n, max_size=n)).map(domain.sample)


# --- special floats ------------------------------------------------------------------------------------------------------

LARGEST, SMALLEST = sys.float_info.max, math.ulp(0.0)

SPECIAL = (
    *(math.nan, math.inf, -math.inf, 0.0, -0.0, 1e300, -1e300, 1e-300, -1e-300),
    *(SMALLEST, -SMALLEST, LARGEST, -LARGEST, 1.0, -1.0, -1.5, 3.0),
)
"""nan, the infinities, both zeros, the ends of the floats, and some ordinary numbers."""

FEW_SPECIAL = (math.nan, math.inf, -math.inf, 0.0, -0.0, 1e300, -LARGEST, SMALLEST, 1.0, -1.5)
"""A choice among them, for triples."""

special_floats = st.sampled_from(SPECIAL)


def special_points(name: str) -> list[tuple[float, ...]]:
    """All combinations of special floats for the arguments of a row; sequences of one, two, three and four.

    Orders and indices, which a row refuses where they are not valid, are valid ones.
    """
    if name == "polygamma":
        return [(float(order), x) for order in range(5) for x in SPECIAL]
    if name == "pick":
        pairs = [pair for n in (1, 2) for pair in itertools.product(SPECIAL, repeat=n)]
        return [(*pair, float(k)) for pair in pairs for k in range(len(pair))]
    if name == "dot":
        return [*itertools.product(SPECIAL, repeat=2), *itertools.product(FEW_SPECIAL[:6], repeat=4)]
    choices = {1: SPECIAL, 2: SPECIAL, 3: FEW_SPECIAL}
    arity = TABLE[name].arity
    return [point for n in ([arity] if arity else choices) for point in itertools.product(choices[n], repeat=n)]


# --- random graphs -------------------------------------------------------------------------------------------------------

DISCRETE = {"where": {0}, "polygamma": {0}}
"""Arguments that are whole numbers, to be left alone by anything that moves arguments a little; `pick` has its last."""


def is_discrete(name: str, k: int, count: int) -> bool:
    """Whether argument k of the row, which has so many, is a condition, an order or an index."""
    return k in DISCRETE.get(name, ()) or (name == "pick" and k == count - 1)


def apply(row: Any, args: Sequence[Any]) -> Any:
    """A row on its arguments: those of a sequence are given as one."""
    return row(args) if row.arity is None else row(*args)


@dataclass(frozen=True)
class Step:
    """One operation of a recipe: its arguments are places of earlier nodes (int) or constants (float)."""

    name: str
    args: tuple[int | float, ...]


@dataclass(frozen=True)
class Recipe:
    """A graph to be made: the numbers of its inputs, and its operations in order; the last is the output."""

    inputs: tuple[float, ...]
    steps: tuple[Step, ...]

    def run(self, inputs: Sequence[Any], function: Callable[[str, list[Any]], Any], convert: Any = float) -> list[Any]:
        """All nodes, inputs first.

        Arguments:
            inputs: numbers in place of the inputs.
            function: computes an operation, given its name and arguments.
            convert: makes a number of that kind from a constant.
        """
        nodes = list(inputs)
        for step in self.steps:
            nodes.append(function(step.name, [nodes[a] if isinstance(a, int) else convert(a) for a in step.args]))
        return nodes


REACH = 1e-3
"""How far around the inputs a random graph must be defined and nearly straight."""


class _Builder:
    """Grows a recipe along with its numbers at the inputs and at points around them, REACH away on every axis."""

    def __init__(self, inputs: Sequence[float]) -> None:
        self.count = len(inputs)
        self.steps: list[Step] = []
        self.numbers: list[list[float]] = []  # of each node, at the inputs, then below and above on every axis
        for k, x in enumerate(inputs):
            h = REACH * abs(x)
            self.numbers.append([x] + [x + h * sign * (i == k) for i in range(self.count) for sign in (-1.0, 1.0)])

    def add(self, name: str, places: Sequence[int], constants: Sequence[float]) -> bool:
        """Adds an operation on the nodes at these places, or at those next to them, if there is one it can be applied to.

        A place that is negative stands for the constant, as does one that moves where whole numbers are wanted.
        """
        for shift in range(len(self.numbers)):
            args: list[int | float] = []
            for k, (place, constant) in enumerate(zip(places, constants, strict=True)):
                moved = (place + shift) % len(self.numbers)
                fixed = is_discrete(name, k, len(places)) and len(set(self.numbers[moved])) > 1
                args.append(constant if place < 0 or fixed else moved)
            if any(isinstance(a, int) for a in args) and self._accept(Step(name, tuple(args))):
                return True
        return False

    def recipe(self) -> Recipe:
        """The graph so far, with a sum of all nodes that nothing else uses as its output."""
        used = {a for step in self.steps for a in step.args if isinstance(a, int)}
        loose = tuple(place for place in range(len(self.numbers)) if place not in used)
        inputs = tuple(numbers[0] for numbers in self.numbers[: self.count])
        return Recipe(inputs, (*self.steps, Step("total", loose)))

    def _accept(self, step: Step) -> bool:
        row = TABLE[step.name]
        columns = [self.numbers[a] if isinstance(a, int) else [a] * len(self.numbers[0]) for a in step.args]
        point, *around = zip(*columns, strict=True)
        # Each argument is moved by itself too: what came out close to a pole would carry its rounding error too far.
        alone = [
            (*point[:k], x + sign * REACH * max(abs(x), 0.01), *point[k + 1 :])
            for k, x in enumerate(point)
            if not is_discrete(step.name, k, len(point))
            for sign in (-1.0, 1.0)
        ]
        if not all(row.domain.contains(*p) for p in (point, *around, *alone)):
            return False
        middle, *numbers = [
            row.evaluate(list(p)) if row.arity is None else row.evaluate(*p) for p in (point, *around, *alone)
        ]
        if not _is_gentle(middle, numbers):
            return False
        self.steps.append(step)
        held = step.name == "stop_gradient"
        self.numbers.append([middle] + [middle if held else number for number in numbers[: len(around)]])
        return True


def _is_gentle(middle: float, around: Sequence[float]) -> bool:
    """Of ordinary size, and along every axis close to a line that is not too steep: no kink, jump or pole is near."""
    if not all(number == 0.0 or 1e-3 <= abs(number) <= 1e3 for number in (middle, *around)):
        return False
    pairs = zip(around[::2], around[1::2], strict=True)
    return all(abs(a + b - 2.0 * middle) <= 0.05 * REACH and abs(a - b) <= 100.0 * REACH for a, b in pairs)


@st.composite
def graphs(draw: st.DrawFn, featuring: str | None = None, largest: int = 30) -> Recipe:
    """Random acyclic graphs over every row of the table, with shared subexpressions, up to 30 operations deep.

    Arguments:
        featuring: a row to be tried every other time, whose arguments then differ from graph to graph.
        largest: how many operations at most.
    """
    sizes = st.floats(0.1, 3.0, allow_subnormal=False).map(lambda x: round(x, 3))
    builder = _Builder(draw(st.lists(sizes, min_size=2, max_size=4)))
    for turn in range(draw(st.integers(1, largest))):
        name = featuring if featuring and turn % 2 == 0 else draw(st.sampled_from(sorted(TABLE)))
        domain = TABLE[name].domain
        constants = draw(points(domain))
        # Places count from the newest node, so that graphs grow deep; one argument in six is a constant.
        back = draw(st.lists(st.integers(-1, 4), min_size=len(constants), max_size=len(constants)))
        newest = len(builder.numbers) - 1
        builder.add(name, [-1 if b < 0 else max(newest - b, 0) for b in back], constants)
    return builder.recipe()

"""Strategies for hypothesis: points of a domain, special floats, and random graphs (extra `checks`).

For tests of your own: give `points` the domain of your function or row, let `special_floats` loose on what must not raise,
and run whatever works on graphs (a compiler, a printer, a sweep) on those of `graphs`.

    >>> from hypothesis import given
    >>> import autograd_lite as ag
    >>> from autograd_lite.engine.domain import POSITIVE
    >>> @given(points(POSITIVE))
    ... def test_log_inverts_exp(point):
    ...     (x,) = point
    ...     assert abs(ag.exp(ag.log(x)) - x) <= 1e-14 * x
    >>> test_log_inverts_exp()
    >>> @given(graphs(largest=10))
    ... def test_graphs_have_finite_gradients(recipe):
    ...     leaves = [ag.Value(x) for x in recipe.inputs]
    ...     output = recipe.on_rows(leaves)[-1]
    ...     assert all(abs(slope) < 1e300 for slope in ag.gradients(output, leaves))
    >>> test_graphs_have_finite_gradients()
"""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import autograd_lite.engine.value  # noqa: F401  # fills the table
from autograd_lite.checks.diagnosis import is_isolated, stops
from autograd_lite.checks.replay import evaluate
from autograd_lite.engine.domain import GOLDEN, Domain
from autograd_lite.engine.extras import require
from autograd_lite.engine.primitive import TABLE, Primitive

require("hypothesis", "checks")

from hypothesis import strategies as st  # noqa: E402  # after a message that says how to install it

__all__ = [
    "LENGTHS",
    "REACH",
    "SPECIAL",
    "Recipe",
    "Step",
    "apply",
    "graphs",
    "is_discrete",
    "lengths",
    "points",
    "special_floats",
]

# --- points of a domain --------------------------------------------------------------------------------------------------

LENGTHS = range(7)
"""Of sequences; 0 among them, for a domain that would let it in."""

# Multiples of an irrational number: hypothesis likes small integers and repeats itself, and these are spread all the same.
units = st.integers(0, 2**24 - 1).map(lambda k: k * GOLDEN % 1.0)


@functools.cache
def lengths(domain: Domain) -> list[int]:
    """How many arguments a point of the domain can have.

    >>> lengths(TABLE["hypot"].domain), lengths(TABLE["total"].domain)
    ([2], [1, 2, 3, 4, 5, 6])
    """
    if domain.arity is not None:
        return [domain.arity]
    return [n for n in LENGTHS if _has_points(domain, n)]


def _has_points(domain: Domain, length: int) -> bool:
    try:
        return bool(_some_point(domain, length)) or length == 0
    except ValueError:
        return False


def _some_point(domain: Domain, length: int) -> tuple[float, ...]:
    return domain.sample([0.37 * (k + 1) % 1.0 for k in range(length)])


def points(domain: Domain) -> st.SearchStrategy[tuple[float, ...]]:
    """Points of a domain, by its own sampler, often where operations have kinks; sequences have up to six elements."""
    counts = st.sampled_from(lengths(domain))
    return counts.flatmap(lambda n: st.lists(units, min_size=n, max_size=n)).map(domain.sample)


@functools.cache
def is_discrete(domain: Domain, k: int, count: int) -> bool:
    """Whether argument k of so many is a condition, an order or an index: nothing in the domain lies next to it.

    >>> [is_discrete(TABLE["where"].domain, k, 3) for k in range(3)]
    [True, False, False]
    """
    return is_isolated(domain, _some_point(domain, count), k)


# --- special floats ------------------------------------------------------------------------------------------------------

LARGEST, SMALLEST = sys.float_info.max, math.ulp(0.0)

SPECIAL = (
    *(math.nan, math.inf, -math.inf, 0.0, -0.0, 1e300, -1e300, 1e-300, -1e-300),
    *(SMALLEST, -SMALLEST, LARGEST, -LARGEST, 1.0, -1.0, -1.5, 3.0),
)
"""nan, the infinities, both zeros, the ends of the floats, and some ordinary numbers."""

special_floats = st.sampled_from(SPECIAL)
"""Each of them."""

# --- random graphs -------------------------------------------------------------------------------------------------------


def apply(row: Primitive, args: Sequence[Any]) -> Any:
    """A row on its arguments, numbers or Values: those of a sequence are given as one.

    >>> apply(TABLE["total"], [1.0, 2.0]), apply(TABLE["subtract"], [1.0, 2.0])
    (3.0, -1.0)
    """
    return row(args) if row.arity is None else row(*args)


@dataclass(frozen=True)
class Step:
    """One operation of a recipe: its arguments are places of earlier nodes (int) or constants (float)."""

    name: str
    args: tuple[int | float, ...]


@dataclass(frozen=True)
class Recipe:
    """A graph to be made: the numbers of its inputs, and its operations in order; the last is the output.

    >>> recipe = Recipe((2.0,), (Step("multiply", (0, 0)), Step("add", (1, 3.0))))
    >>> recipe.on_rows(recipe.inputs)
    [2.0, 4.0, 7.0]
    """

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

    def on_rows(self, inputs: Sequence[Any]) -> list[Any]:
        """All nodes, inputs first, by the rows of the table: on numbers, or on Values."""
        return self.run(inputs, lambda name, args: apply(TABLE[name], args))


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
                fixed = is_discrete(TABLE[name].domain, k, len(places)) and len(set(self.numbers[moved])) > 1
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
            if not is_discrete(row.domain, k, len(point))
            for sign in (-1.0, 1.0)
        ]
        if not all(row.domain.contains(*p) for p in (point, *around, *alone)):
            return False
        middle, *numbers = [evaluate(row, p) for p in (point, *around, *alone)]
        if not _is_gentle(middle, numbers):
            return False
        self.steps.append(step)
        # What a row does not differentiate stays as it is, for whoever differentiates the graph.
        held = [tuple([a if stops(row, k) else x for k, (a, x) in enumerate(zip(point, p, strict=True))]) for p in around]
        self.numbers.append([middle] + [evaluate(row, p) for p in held])
        return True


def _is_gentle(middle: float, around: Sequence[float]) -> bool:
    """Of ordinary size, and along every axis close to a line that is not too steep: no kink, jump or pole is near."""
    if not all(number == 0.0 or 1e-3 <= abs(number) <= 1e3 for number in (middle, *around)):
        return False
    pairs = zip(around[::2], around[1::2], strict=True)
    return all(abs(a + b - 2.0 * middle) <= 0.05 * REACH and abs(a - b) <= 100.0 * REACH for a, b in pairs)


@st.composite
def graphs(draw: st.DrawFn, featuring: str | None = None, largest: int = 30, rows: Iterable[str] | None = None) -> Recipe:
    """Random acyclic graphs with shared subexpressions, up to 30 operations deep, smooth around their inputs.

    Arguments:
        featuring: a row to be tried every other time, whose arguments then differ from graph to graph.
        largest: how many operations at most.
        rows: the names of the rows to choose from; by default the whole table, with the rows that you declared.
    """
    names = sorted(TABLE if rows is None else rows)
    sizes = st.floats(0.1, 3.0, allow_subnormal=False).map(lambda x: round(x, 3))
    builder = _Builder(draw(st.lists(sizes, min_size=2, max_size=4)))
    for turn in range(draw(st.integers(1, largest))):
        name = featuring if featuring and turn % 2 == 0 else draw(st.sampled_from(names))
        domain = TABLE[name].domain
        constants = draw(points(domain))
        # Places count from the newest node, so that graphs grow deep; one argument in six is a constant.
        back = draw(st.lists(st.integers(-1, 4), min_size=len(constants), max_size=len(constants)))
        newest = len(builder.numbers) - 1
        builder.add(name, [-1 if b < 0 else max(newest - b, 0) for b in back], constants)
    return builder.recipe()

"""What a gradient costs, counted: at most five times the function, and linear in the edges.

Counted is what the reverse sweep does: every call of a row's partial, every product S·z and every sum. One application of a
row, its value or one partial, is one operation; a row of n arguments counts n for its value, as a sum of n numbers does, and
its n partials count n. Partials that are constants are not computed and count nothing.

Source of the bound: A. Griewank, On automatic differentiation, 1989; Griewank and Walther, Evaluating Derivatives, ch. 4.
"""

from __future__ import annotations

import re
import tracemalloc
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.engine.primitive import TABLE
from autograd_lite.engine.sweep import local_derivatives, reverse, topological
from tests.benchmarks.contenders import LIBRARY, load
from tests.benchmarks.measure import memory
from tests.engine.test_paths import diamonds
from tests.engine.test_random_graphs import on_values
from tests.strategies import apply, examples, graphs, points


@dataclass
class Count:
    partials: int = 0
    multiplications: int = 0
    additions: int = 0

    @property
    def sum(self):
        return self.partials + self.multiplications + self.additions


class Counting(float):
    """A float whose products and sums are counted, and give floats of its kind."""

    def __new__(cls, number, count):
        self = super().__new__(cls, number)
        self.count = count
        return self

    def __mul__(self, other):
        self.count.multiplications += 1
        return Counting(float(self) * other, self.count)

    def __add__(self, other):
        self.count.additions += 1
        return Counting(float(self) + other, self.count)


@contextmanager
def counted_partials(rows, count):
    """Counts the calls of the rows' partials while it lasts."""

    def counted(function, weight=None):
        def call(*args):
            count.partials += 1 if weight is None else weight(args)
            return function(*args)

        return call

    before = [(row, row.slopes, row.partials) for row in rows]
    for row, slopes, partials in before:
        if row.arity is None:
            object.__setattr__(row, "partials", (counted(partials[0], lambda args: len(args[0])),))
        else:
            object.__setattr__(row, "slopes", tuple(counted(z) if callable(z) else z for z in slopes))
    try:
        yield
    finally:
        for row, slopes, partials in before:
            object.__setattr__(row, "slopes", slopes)
            object.__setattr__(row, "partials", partials)


def cost_of_gradient(output):
    """What the engine's own reverse sweep does."""
    count = Count()
    rows = {node.op: None for node in topological(output) if node.op is not None}
    with counted_partials(rows, count):
        reverse(output, Counting(1.0, count))
    return count


def cost_of_function(output):
    return sum(len(node.args) for node in topological(output))


def edges(output):
    return sum(len(local_derivatives(node)) for node, s in reverse(output).items() if s is not None)


@pytest.mark.parametrize("name", sorted(TABLE))
@examples(10)
@given(data=st.data())
def test_the_gradient_of_a_row_costs_at_most_five_times_its_value(name, data):
    row = TABLE[name]
    point = data.draw(points(row.domain))
    x = Value(point[0])
    for args in ([Value(x) for x in point], [x] * len(point)):
        try:
            out = apply(row, args)
        except (IndexError, OverflowError):  # one number for all arguments may be no valid index, or no order
            continue
        function = cost_of_function(out)
        assert function == len(point)
        assert function + cost_of_gradient(out).sum <= 5 * function


@examples(100)
@given(recipe=graphs())
def test_the_gradient_of_a_random_graph_costs_at_most_five_times_the_function(recipe):
    _, output = on_values(recipe)
    function = cost_of_function(output)
    assert function + cost_of_gradient(output).sum <= 5 * function


@examples(100)
@given(recipe=graphs())
def test_the_sweep_takes_one_product_and_at_most_one_sum_for_each_edge(recipe):
    _, output = on_values(recipe)
    count, reached = cost_of_gradient(output), sum(s is not None for s in reverse(output).values())
    assert count.multiplications == edges(output)
    assert count.additions == edges(output) - (reached - 1)
    table = ag.sweep_table(output)
    assert (table.multiplications, table.additions) == (count.multiplications, count.additions)


def test_the_sweep_grows_by_the_same_with_every_diamond_while_paths_double():
    x = Value(1.0)
    swept, listed = [], []
    for count in range(1, 12):
        y = diamonds(x, count)
        swept.append(cost_of_gradient(y).sum)
        spent = ag.pathwise_gradient(y, x)
        listed.append(spent.multiplications + spent.additions)
    assert {after - before for before, after in pairwise(swept)} == {swept[0]}
    assert all(after > 2 * before for before, after in pairwise(listed))


@pytest.mark.parametrize("count", [10, 100, 1000, 10_000])
def test_a_thousand_times_the_edges_cost_a_thousand_times_as_much(count):
    x = Value(0.5)
    y = x
    for _ in range(count):
        y = ag.sin(y) * y + x
    # Edges of one step: sin 1, × 2, + 2. Partials that are computed: sin 1, × 2. Sums: y and x have a second user.
    spent = cost_of_gradient(y)
    assert (spent.multiplications, spent.partials, spent.additions) == (5 * count, 3 * count, 2 * count)


def test_a_sequence_row_of_any_length_has_all_partials_in_linear_time():
    for name in ("total", "product", "dot", "norm", "var", "std", "logsumexp", "max"):
        for length in (10, 1000):
            out = TABLE[name]([Value(1.0 + k / length) for k in range(length)])
            assert cost_of_gradient(out).sum <= 4 * length


# --- what stands behind one partial --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(TABLE))
@examples(5)
@given(data=st.data())
def test_the_formula_of_a_partial_is_a_bounded_number_of_rows(name, data):
    """So that a partial may be counted as one operation: written out, none has more than eight rows for each argument."""
    row = TABLE[name]
    args = [Value(x) for x in data.draw(points(row.domain))]
    out = apply(row, args)
    known = set(topological(out))
    partials = row.local_partials(args, out, row.flows(out.numbers, out.data))
    made = {node for z in partials if isinstance(z, Value) for node in topological(z)} - known
    assert sum(len(node.args) if node.op.arity is None else 1 for node in made if node.op is not None) <= 8 * len(args)


def test_a_node_takes_the_memory_that_the_readme_says():
    readme = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")
    (figures,) = re.findall(r"memory of a node, after backward \|[^|]*\| (\d+), (\d+) B", readme)
    measured = memory(load(LIBRARY), "constants", 10_000)
    assert not tracemalloc.is_tracing()
    for figure, found in zip(figures, (measured["allocated"], measured["allocated after backward"]), strict=True):
        assert int(figure) - 1 < found < int(figure) + 9  # 8 more from Python 3.12 on, for references that are weak

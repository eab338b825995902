"""The strategies that the package offers: what they promise of points and graphs."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Value, gradients
from autograd_lite.checks.strategies import SPECIAL, is_discrete, lengths, special_floats
from autograd_lite.engine.primitive import TABLE
from tests.strategies import examples, graphs, points

DISCRETE = {("where", 0), ("polygamma", 0), ("pick", -1)}
"""The table's conditions, orders and indices."""


@pytest.mark.parametrize("name", sorted(TABLE))
def test_arguments_are_discrete_exactly_where_rows_count_or_choose(name):
    for count in lengths(TABLE[name].domain):
        for k in range(count):
            expected = bool({(name, k), (name, k - count)} & DISCRETE)
            assert is_discrete(TABLE[name].domain, k, count) == expected


@examples(100)
@given(data=st.data())
def test_points_lie_in_their_domain(data):
    domain = TABLE[data.draw(st.sampled_from(sorted(TABLE)))].domain
    assert domain.contains(*data.draw(points(domain)))


@given(special_floats)
def test_special_floats_are_those_listed(x):
    assert any(x == special or (math.isnan(x) and math.isnan(special)) for special in SPECIAL)


@examples(100)
@given(recipe=graphs(largest=12, rows=["add", "multiply", "sin"]))
def test_graphs_keep_to_the_rows_asked_for_and_run_on_values_as_on_numbers(recipe):
    assert {step.name for step in recipe.steps} <= {"add", "multiply", "sin", "total"}
    leaves = [Value(x) for x in recipe.inputs]
    nodes = recipe.on_rows(leaves)
    assert [node.data for node in nodes] == recipe.on_rows(recipe.inputs)
    assert all(map(math.isfinite, gradients(nodes[-1], leaves)))


@examples(100)
@given(recipe=graphs(featuring="atan2", largest=12))
def test_graphs_are_no_larger_than_asked_and_end_in_one_output(recipe):
    assert recipe.steps[-1].name == "total"
    assert len(recipe.steps) <= 13

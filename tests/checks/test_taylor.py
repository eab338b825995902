"""taylor_test: remainders of orders one and two."""

from __future__ import annotations

import math

import pytest
from hypothesis import given

import autograd_lite as ag
from tests.checks.planted import PLANTED, around, planted
from tests.strategies import examples, graphs


def test_remainders_of_exp_are_those_of_its_series():
    report = ag.taylor_test(ag.exp, 0.0, 1.0)
    assert report.steps == (0.01, 0.005, 0.0025, 0.00125, 0.000625)
    assert report.zeroth == pytest.approx([math.expm1(h) for h in report.steps], rel=1e-12)
    # A remainder of 2e-7 is left of two numbers of size 1.
    assert report.first == pytest.approx([math.expm1(h) - h for h in report.steps], rel=1e-8)
    assert report.zeroth_rates == pytest.approx([1.0] * 4, abs=0.01)
    assert report.first_rates == pytest.approx([2.0] * 4, abs=0.01)


@examples(100)
@given(recipe=graphs())
def test_random_graphs_pass(recipe):
    # The graphs are known to be smooth within a thousandth of the inputs.
    direction = [0.5 * x for x in recipe.inputs]
    report = ag.taylor_test(lambda xs: recipe.on_rows(xs)[-1], list(recipe.inputs), direction, step=1e-3)
    held = any(step.name == "stop_gradient" for step in recipe.steps)
    assert report or held, f"{report}\n{recipe}"


@pytest.mark.parametrize("case", PLANTED, ids=lambda case: case.fault)
def test_a_wrong_derivative_leaves_a_remainder_of_first_order(case):
    with planted(case) as row:
        direction = [float(k == case.argument - 1) for k in range(len(case.point))]
        report = ag.taylor_test(lambda xs: around(row, xs), list(case.point), direction, step=1e-4)
        assert not report
        assert report.first_rates[-1] == pytest.approx(1.0, abs=0.1)


def test_a_linear_function_leaves_nothing_but_rounding_and_passes():
    report = ag.taylor_test(lambda x: 3.0 * x + 1.0, 2.0, 1.0)
    assert report
    assert all(math.isnan(rate) for rate in report.first_rates)


def test_points_and_directions_are_trees_of_one_shape():
    assert ag.taylor_test(lambda t: t["a"] * ag.sin(t["b"][0]), {"a": 1.0, "b": [2.0]}, {"a": 0.5, "b": [-1.0]})
    with pytest.raises(ValueError, match="x has 2 numbers and v 1"):
        ag.taylor_test(lambda t: t[0] * t[1], [1.0, 2.0], 1.0)
    with pytest.raises(ValueError, match="returns 2 scalars"):
        ag.taylor_test(lambda x: [x, x], 1.0, 1.0)

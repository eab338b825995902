"""Every row of the table at nan, infinity, signed zeros and the ends of the floats: values as numpy's, and no exception."""

from __future__ import annotations

import math

import numpy as np
import pytest

from autograd_lite import gradients
from autograd_lite.engine.primitive import TABLE
from tests import oracles
from tests.engine.test_rows import DEAF, check_silence, every_row, graph_of
from tests.strategies import apply, special_points

EITHER_ZERO = {"max", "min", "clip"}
"""Of 0 and -0, which compare equal, these return either; numpy does not say which."""


@every_row
def test_value_at_special_floats_is_that_of_numpy(name):
    row = TABLE[name]
    special = special_points(name)
    for n in {len(point) for point in special}:
        chosen = [point for point in special if len(point) == n]
        with np.errstate(all="ignore"):
            expected = oracles.array_oracle(name)(*np.array(chosen).T)
        for point, value in zip(chosen, expected.tolist(), strict=True):
            found = row.evaluate(list(point)) if row.arity is None else row.evaluate(*point)
            assert is_same(found, value, signed=name not in EITHER_ZERO), (point, found, value)
            assert is_same(apply(row, point), found, signed=True)


def is_same(x, y, *, signed):
    """Equal as IEEE numbers, by the sign of a zero if that is signed, to 4 ulp: two good libraries differ by 1 or 2."""
    if math.isnan(x) or math.isnan(y):
        return math.isnan(x) and math.isnan(y)
    if x == y:
        return not signed or math.copysign(1.0, x) == math.copysign(1.0, y)
    return math.isfinite(x) and math.isfinite(y) and abs(x - y) <= 4.0 * math.ulp(y)


@every_row
def test_partials_at_special_floats_never_raise_and_are_the_same_as_graphs(name):
    row = TABLE[name]
    for point in special_points(name):
        xs, out = graph_of(row, point)
        for x, graph in zip(gradients(out, xs), gradients(out, xs, create_graph=True), strict=True):
            assert is_same(graph.data, x, signed=False)


@every_row
def test_structural_zeros_at_special_floats_are_those_of_the_losers(name):
    if name in DEAF:
        for point in special_points(name):
            if not any(math.isnan(x) for x in point):
                check_silence(TABLE[name], point)


@pytest.mark.parametrize("index", [-1.0, 2.0, 0.5, math.nan, math.inf])
def test_pick_refuses_an_index_that_is_no_place(index):
    with pytest.raises(IndexError, match="pick: the index"):
        TABLE["pick"]([1.0, 2.0, index])


@pytest.mark.parametrize("order", [-1.0, 0.5, 171.0, math.nan, math.inf])
def test_polygamma_refuses_an_order_that_is_not_whole(order):
    with pytest.raises(ValueError, match="polygamma: the order"):
        TABLE["polygamma"](order, 1.0)

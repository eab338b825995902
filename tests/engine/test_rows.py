"""Every claim of every row of the table, against mpmath at points of the domain of the row.

Points come from the domain alone, and derivatives of the oracle are taken from both sides: a kink, a jump or a pole that a
domain lets in makes a test fail.
"""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Value, gradients
from autograd_lite.engine.domain import POSITIVE, REAL, each, sequence
from autograd_lite.engine.primitive import TABLE, declare, declare_nary
from autograd_lite.engine.sweep import forward, local_derivatives, reverse
from autograd_lite.engine.sweep_graph import reverse_graph
from tests import oracles
from tests.strategies import apply, examples, is_discrete, points

EPSILON = 2.0**-52
TINY = 1000 * math.ulp(0.0)  # below the normal floats an ulp is not relative, and the chain rule multiplies it

every_row = pytest.mark.parametrize("name", sorted(TABLE))

SYMBOLS = {
    "add": "+",
    "subtract": "-",
    "multiply": "×",
    "divide": "/",
    "pow": "**",
    "remainder": "%",
    "negative": "neg",
    "positive": "pos",
    "equal": "=",
    "less": "<",
    "less_equal": "≤",
    "relu": "ReLU",
    "sigmoid": "σ",
    "total": "Σ",
    "product": "Π",
    "dot": "·",
    "pick": "[ ]",
}
"""What a picture shows, where that is not the name."""


def _deaf_to_losers(xs, winner):
    return [x != winner for x in xs]


def _deaf_of_clip(x, low, high):
    """All but the one that the value comes from; on an edge that is x."""
    winner = 2 if low > high or x > high else 1 if x < low else 0
    return [k != winner for k in range(3)]


DEAF = {
    "where": lambda condition, x, y: [True, condition == 0.0, condition != 0.0],
    "clip": _deaf_of_clip,
    "relu": lambda x: [x < 0.0],
    "max": lambda *xs: _deaf_to_losers(xs, max(xs)),
    "min": lambda *xs: _deaf_to_losers(xs, min(xs)),
    "pick": lambda *xs: [k != int(xs[-1]) or k == len(xs) - 1 for k in range(len(xs))],
    "polygamma": lambda n, x: [True, False],
    "stop_gradient": lambda x: [True],
}
"""The arguments that must receive no adjoint: what is not differentiated, and what lies behind a structural zero."""


def deaf(name, point):
    return DEAF[name](*point) if name in DEAF else [False] * len(point)


def graph_of(row, point):
    """The row on fresh Values: the arguments and the result."""
    xs = [Value(x) for x in point]
    return xs, apply(row, xs)


def moving(name, point):
    """The places of the arguments with respect to which the row is differentiated."""
    return [k for k in range(len(point)) if not is_discrete(name, k, len(point)) and name != "stop_gradient"]


def rounding(point, parts, ulps):
    """What rounding may change: every argument and every intermediate of an argument's size by some ulp.

    Arguments:
        parts: pairs of the place of an argument and a derivative towards it.
        ulps: how many.

    The square is for sums of squared differences: those of equal numbers are 0 only to rounding.
    """
    largest = max(abs(x) for x in point)
    return ulps * EPSILON * sum(abs(point[k] * z) for k, z in parts) + (ulps * EPSILON * largest) ** 2 + TINY


@every_row
@examples(30)
@given(data=st.data())
def test_value_equals_mpmath(name, data):
    row = TABLE[name]
    point = data.draw(points(row.domain))
    expected = oracles.value_at(name, point)
    parts = [(k, oracles.slopes_at(name, point, k)[0]) for k in moving(name, point)]
    found = [row.evaluate(list(point)) if row.arity is None else row.evaluate(*point), apply(row, point)]
    found.append(graph_of(row, point)[1].data)
    assert len(set(found)) == 1
    # Two or three roundings, each correct to an ulp; where x < 0, C's lgamma is a difference of several larger terms.
    ulps = 32 if name == "lgamma" else 4
    assert abs(found[0] - expected) <= ulps * EPSILON * abs(expected) + rounding(point, parts, ulps)


@every_row
@examples(25)
@given(data=st.data())
def test_partials_equal_the_derivatives_of_mpmath_from_both_sides(name, data):
    row = TABLE[name]
    point = data.draw(points(row.domain))
    xs, out = graph_of(row, point)
    found, graphs = gradients(out, xs), gradients(out, xs, create_graph=True)
    pairs = itertools.combinations_with_replacement(moving(name, point), 2)
    curvatures = {pair: oracles.second_derivative_at(name, point, *pair) for pair in pairs}
    # All of them, also towards other arguments: a mean, say, that all partials share is rounded once.
    tolerance = rounding(point, [(k, z) for pair, z in curvatures.items() for k in pair], ulps=16)
    for k in moving(name, point):
        left, right = oracles.slopes_at(name, point, k)
        # The two differ by the second derivative times 1e-40, or else by a kink or a jump.
        assert abs(left - right) <= 1e-15 * (1 + abs(left))
        slope = (left + right) / 2
        # Partials are formulas of up to five operations.
        assert abs(found[k] - slope) <= 16 * EPSILON * abs(slope) + tolerance
        assert graphs[k].data == found[k]


@every_row
@examples(10)
@given(data=st.data())
def test_second_derivatives_equal_those_of_mpmath(name, data):
    row = TABLE[name]
    point = data.draw(points(row.domain))
    xs, out = graph_of(row, point)
    slopes = gradients(out, xs, create_graph=True)
    for k in moving(name, point):
        found = gradients(slopes[k], xs)
        for j in moving(name, point):
            expected = oracles.second_derivative_at(name, point, j, k)
            # Formulas of a second derivative subtract terms of the size of the first ones.
            size = abs(expected) + abs(slopes[j].data) + abs(slopes[k].data) + abs(out.data)
            assert abs(found[j] - expected) <= 1e-11 * size + TINY


@every_row
@examples(20)
@given(data=st.data())
def test_exactly_what_is_behind_a_structural_zero_gets_no_adjoint(name, data):
    row = TABLE[name]
    check_silence(row, data.draw(points(row.domain)))


def check_silence(row, point):
    xs, out = graph_of(row, point)
    expected = deaf(row.name, point)
    adjoint, graph = reverse(out), reverse_graph(out, xs)
    heard = {arg for arg, _ in local_derivatives(out)}
    assert [adjoint[x] is None for x in xs] == expected
    assert [x not in graph for x in xs] == expected
    assert [x not in heard for x in xs] == expected


@every_row
@examples(10)
@given(data=st.data())
def test_forward_equals_reverse(name, data):
    point = data.draw(points(TABLE[name].domain))
    xs, out = graph_of(TABLE[name], point)
    assert [forward(out, {x: 1.0}).get(out, 0.0) for x in xs] == gradients(out, xs)


@every_row
@examples(10)
@given(data=st.data())
def test_a_constant_argument_changes_nothing_for_the_others(name, data):
    row = TABLE[name]
    point = data.draw(points(row.domain))
    xs, out = graph_of(row, point)
    slopes = gradients(out, xs)
    for k in range(len(point)):
        others = [x for x in xs if x is not xs[k]]
        mixed = apply(row, [*xs[:k], point[k], *xs[k + 1 :]])
        number = mixed.data if others else mixed
        assert number == out.data
        if others:
            expected = [*slopes[:k], *slopes[k + 1 :]]
            assert gradients(mixed, others) == expected
            assert [slope.data for slope in gradients(mixed, others, create_graph=True)] == expected


@every_row
def test_symbol_is_the_one_that_pictures_show(name):
    assert TABLE[name].symbol == SYMBOLS.get(name, name)


# --- rows check themselves -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        pytest.param({"name": "not a name"}, "must be an identifier", id="name"),
        pytest.param({"domain": each(REAL, REAL)}, "differ in their number of arguments", id="domain of two"),
        pytest.param({"domain": sequence(REAL)}, "differ in their number of arguments", id="domain of a sequence"),
        pytest.param({"active": (None, None)}, "differ in their number of arguments", id="two masks for one argument"),
        pytest.param({"partials": (lambda x: x,)}, "must take its 1 arguments and the result", id="partial without out"),
        pytest.param({"active": (lambda x: x,)}, "must take its 1 arguments and the result", id="mask without out"),
        pytest.param({"partials": (math.cos,)}, "must be a Python function", id="partial from C"),
        pytest.param({"name": "exp"}, "already has an operation named 'exp'", id="name taken"),
    ],
)
def test_a_row_that_contradicts_itself_is_not_declared(facts, message):
    before = dict(TABLE)
    good = {"name": "new_row", "partials": (1.0,), "domain": POSITIVE, "value": lambda m, x: x, "doc": "x"}
    with pytest.raises(ValueError, match=message):
        declare(**{**good, **facts})
    assert before == TABLE


def test_the_name_of_a_sequence_operation_must_be_new_too():
    before = dict(TABLE)
    with pytest.raises(ValueError, match="already has an operation named 'total'"):
        declare_nary("total", partials=lambda args, out, needed: [1.0], domain=sequence(REAL), doc="the sum")
    assert before == TABLE


def test_a_new_row_enters_the_table():
    try:
        row = declare("new_row", partials=(1.0,), domain=POSITIVE, value=lambda m, x: x, doc="x")
        assert TABLE["new_row"] is row
        assert row(3) == 3.0
    finally:
        TABLE.pop("new_row", None)

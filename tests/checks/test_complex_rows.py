"""Rows on complex numbers against the rows themselves and against mpmath's derivatives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.checks import complex_rows
from autograd_lite.checks.replay import complex_step, evaluate
from autograd_lite.engine.primitive import TABLE
from tests import oracles
from tests.strategies import apply, examples, is_discrete, points

WITHOUT = {"erf", "erfc", "lgamma", "polygamma"}
"""Of which Python's cmath has no complex form."""

NAMES = sorted(set(TABLE) - WITHOUT)


def test_every_other_row_has_a_complex_form():
    assert {name for name in TABLE if not hasattr(complex_rows, name)} == WITHOUT


@pytest.mark.parametrize("name", NAMES)
@examples(20)
@given(data=st.data())
def test_real_arguments_give_the_value_of_the_row(name, data):
    row = TABLE[name]
    point = data.draw(points(row.domain))
    xs = [complex(x) for x in point]
    found = getattr(complex_rows, name)(xs) if row.arity is None else getattr(complex_rows, name)(*xs)
    size = max(abs(x) for x in point)
    # Formulas of a few operations; those of a variance square rounding errors of the arguments' size.
    assert abs(found.real - evaluate(row, point)) <= 1e-13 * (1.0 + abs(found.real) + size)
    assert abs(found.imag) <= 1e-15


@pytest.mark.parametrize("name", NAMES)
@examples(20)
@given(data=st.data())
def test_a_complex_step_gives_the_derivative_of_mpmath(name, data):
    row = TABLE[name]
    point = data.draw(points(row.domain))
    leaves = [ag.Value(x) for x in point]
    output = apply(row, leaves)
    for k, leaf in enumerate(leaves):
        if is_discrete(name, k, len(point)):
            continue
        found = complex_step(output, leaf)
        exact = 0.0 if row.arity is not None and row.partials[k] is None else float(oracles.slopes_at(name, point, k)[0])
        # Conditions of inverse functions near their ends, where two digits are lost.
        assert found == pytest.approx(exact, rel=1e-12, abs=1e-13 * (1.0 + abs(evaluate(row, point))))


def test_a_row_without_a_complex_form_leaves_the_question_open():
    x = ag.Value(0.5)
    assert complex_step(ag.erf(x), x) is None
    assert complex_step(ag.sin(x) + ag.erf(ag.Value(1.0)), x) is not None

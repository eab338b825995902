"""Extrapolated differences against closed forms: right, and honest about their error."""

from __future__ import annotations

import math

import pytest

import autograd_lite as ag
from autograd_lite.checks.differences import SAFETY, compare, ridders

FUNCTIONS = [
    pytest.param(math.exp, math.exp, 1.0, id="exp"),
    pytest.param(math.sin, math.cos, 100.0, id="sin"),
    pytest.param(ag.log, lambda x: 1.0 / x, 1e-6, id="log"),
    pytest.param(lambda x: x**7, lambda x: 7.0 * x**6, 2.0, id="power"),
    pytest.param(math.erf, lambda x: 2.0 / math.sqrt(math.pi) * math.exp(-x * x), 0.5, id="erf"),
    pytest.param(lambda x: 1e6 + math.tanh(x), lambda x: 1.0 - math.tanh(x) ** 2, 0.3, id="offset"),
]


@pytest.mark.parametrize(("f", "derivative", "x"), FUNCTIONS)
@pytest.mark.parametrize("step", [1e-1, 1e-3, 1e-5, 1e-8])
def test_the_error_is_within_its_estimate(f, derivative, x, step):
    slope = ridders(f, x, step * x)
    assert abs(slope.value - derivative(x)) <= SAFETY * slope.error


def test_the_published_example_is_had_to_eleven_digits():
    # Numerical Recipes shows dfridr on smooth functions with a first step of a tenth of their scale.
    slope = ridders(math.exp, 1.0, 0.1)
    assert abs(slope.value - math.e) < 1e-11 * math.e
    assert slope.error < 1e-11 * math.e


@pytest.mark.parametrize(("f", "derivative", "x"), FUNCTIONS)
def test_a_right_claim_agrees_and_one_that_is_off_by_a_millionth_does_not(f, derivative, x):
    exact = derivative(x)
    assert compare(exact, f, x).agrees
    offset = f(x) > 1e5  # ten digits are lost to begin with
    assert not compare(exact * (1.0 + (1e-3 if offset else 1e-6)), f, x).agrees


def test_a_function_that_has_no_values_around_the_point_decides_nothing():
    found = compare(1.0, lambda x: math.nan, 1.0)
    assert (found.agrees, found.decided) == (False, False)

"""The problems of Moré, Garbow and Hillstrom, solved from their standard starts to the published minima."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.calculus.trees import blocks
from autograd_lite.scipy import least_squares, minimize, root
from tests.more_garbow_hillstrom import PROBLEMS

pytestmark = pytest.mark.slow  # numbers that no interpreter changes

by_problem = pytest.mark.parametrize("problem", PROBLEMS, ids=str)


def named(*numbers):
    return [problem for problem in PROBLEMS if problem.number in numbers]


def is_published(found, problem):
    """Whether a minimum is one that is published: within one unit of the last printed digit, since most are cut off there.

    For a printed 0 the bound is 1e-11: Powell's singular function has |∇f| ~ f^¾ near its minimum, so that small gradients
    come long before a small f, and least_squares stops by its own tolerance of 1e-8.
    """
    return any(abs(found - float(digits)) <= (last_unit(digits) if float(digits) else 1e-11) for digits in problem.minima)


def last_unit(digits):
    """What the last of some printed digits counts."""
    mantissa, _, exponent = digits.partition("e")
    return 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))


def test_the_set_has_every_nonlinear_smooth_problem_of_the_paper():
    assert {problem.number for problem in PROBLEMS} == set(range(1, 36)) - {11, 32, 33, 34}


@pytest.mark.parametrize("problem", [problem for problem in PROBLEMS if problem.zero], ids=str)
def test_the_formulas_are_zero_where_the_paper_says(problem):
    assert problem.objective(problem.zero) <= 1e-25  # the residuals' rounding, squared


def test_the_discretised_equations_are_solved_by_the_solution_of_the_continuous_one():
    """u'' = ½(u + t + 1)³ with u(0) = u(1) = 0 has the solution 2/(2 - t) - t - 1; the errors fall with h²."""
    for problem in named(28, 29):
        t = np.arange(1, 11) / 11
        x = root(problem.residuals, problem.start).x
        assert np.abs(np.array(x) - (2.0 / (2.0 - t) - t - 1.0)).max() < 0.5 * (1 / 11) ** 2


@by_problem
def test_their_derivatives_agree_with_differences(problem):
    ag.gradcheck(problem.objective, list(problem.start))


@by_problem
def test_they_are_the_same_compiled_and_eager(problem):
    """Within 1e-12 of the sum of the terms, which are squares, and their derivatives' products: hence the row's norm."""
    x = np.array(problem.start)
    v = np.cos(np.arange(1.0, len(x) + 1.0))
    f = problem.objective
    for derivative, args in ((ag.grad(f), (x,)), (ag.hvp(f), (x, v)), (ag.jacobian(problem.residuals), (x,))):
        compiled, eager = (np.stack(blocks(way(*args))[0]) for way in (ag.jit(derivative), derivative))
        np.testing.assert_allclose(compiled, eager, rtol=1e-11, atol=1e-12 * np.abs(eager).max())


@by_problem
def test_the_default_method_reaches_a_published_minimum(problem):
    result = minimize(problem.objective, problem.start, options={"gtol": 1e-10})
    assert is_published(result.fun, problem)


@pytest.mark.parametrize("problem", [problem for problem in PROBLEMS if str(problem) != "35 Chebyquad, n=10"], ids=str)
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")  # scipy's, where a step goes too far for exp
def test_a_method_with_the_whole_hessian_reaches_a_published_minimum(problem):
    """But for Chebyquad of 10: there it goes down to 4.77271e-3, below the local minimum that the paper prints."""
    result = minimize(problem.objective, problem.start, method="trust-exact", options={"gtol": 1e-10, "maxiter": 2000})
    assert is_published(result.fun, problem)


@pytest.mark.parametrize("problem", [problem for problem in PROBLEMS if problem.number != 10], ids=str)
def test_a_method_with_products_of_the_hessian_reaches_a_published_minimum(problem):
    """But for 10, whose variables differ by 10⁶ in size: there it stops early, with derivatives by hand too."""
    result = minimize(problem.objective, problem.start, method="trust-ncg", options={"gtol": 1e-10, "maxiter": 3000})
    assert is_published(result.fun, problem)


@by_problem
def test_least_squares_reaches_a_published_minimum(problem):
    assert is_published(2.0 * least_squares(problem.residuals, problem.start).cost, problem)


@pytest.mark.parametrize("problem", named(1, 2, 7, 15, 20, 21), ids=str)
def test_without_the_compiler_the_same_minimum_is_reached(problem):
    compiled, eager = (minimize(problem.objective, problem.start, jit=jit, options={"gtol": 1e-10}) for jit in (True, False))
    assert compiled.fun == pytest.approx(eager.fun, rel=1e-9, abs=1e-15)  # both end within the same gradient's tolerance
    assert is_published(eager.fun, problem)


@pytest.mark.parametrize("problem", named(1, 7, 14, 21, 27, 28, 29, 30, 31), ids=str)
@pytest.mark.parametrize("method", ["hybr", "lm"])
def test_root_solves_the_systems_among_them(problem, method):
    if len(problem.residuals(problem.start)) > len(problem.start) and method == "hybr":
        method = "lm"  # Powell's hybrid method needs as many equations as unknowns
    result = root(problem.residuals, problem.start, method=method)
    assert result.success
    assert max(map(abs, problem.residuals(result.x))) < 1e-7

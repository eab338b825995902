"""Hessian-free optimisation: conjugate gradients on products, and no matrix anywhere."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autograd_lite import Value, jit
from autograd_lite.optim import objective
from autograd_lite.optim.hessian_free import HessianFree
from tests.optim.problems import BOWL, bowl, definite, leaves, numbers, quadratic, rosenbrock
from tests.strategies import examples

pytestmark = pytest.mark.slow  # numbers that no interpreter changes


@examples(30)
@given(st.lists(st.floats(-1.0, 1.0), min_size=9, max_size=9), st.lists(st.floats(-5.0, 5.0), min_size=3, max_size=3))
@example([0.296875, 0.0, 0.5625, 0.328125, 0.0, 1.0, 0.375, 0.0, 0.09375], [0.0, 0.0, 1.5])  # a square underflows
def test_it_finds_the_minimum_of_convex_quadratics(entries, goal):
    x = leaves([1.0, -1.0, 2.0])
    optimizer, loss = HessianFree(x), quadratic(definite(entries), goal)
    for _ in range(15):
        optimizer.step(loss)
    np.testing.assert_allclose(numbers(x), goal, atol=1e-7)


@pytest.mark.parametrize(("loss", "start", "minimum"), [(rosenbrock, [-1.2, 1.0], np.ones(2)), (bowl, [1.0, 1.0], BOWL)])
def test_it_finds_known_minima(loss, start, minimum):
    x = leaves(start)
    optimizer = HessianFree(x)
    for _ in range(70):
        optimizer.step(loss)
    np.testing.assert_allclose(numbers(x), minimum, atol=1e-8)


def test_the_first_iteration_goes_along_the_gradient_to_the_minimum_of_the_model():
    x = leaves([1.0, 1.0])
    optimizer = HessianFree(x, inner_iterations=1)
    optimizer.step(lambda p: p[0] ** 2 + 2.0 * p[1] ** 2)
    # g = (2, 4), B = diag(2, 4): α = gᵀg / gᵀBg = 20/72.
    np.testing.assert_allclose(numbers(x), [1.0 - 20 / 72 * 2.0, 1.0 - 20 / 72 * 4.0], rtol=1e-14)
    assert optimizer.last.inner_iterations == 1


def test_three_different_eigenvalues_take_three_iterations():
    """Conjugate gradients end after as many iterations as there are eigenvalues (Nocedal and Wright, Theorem 5.4)."""
    x = leaves([1e-12, 2e-12, -1e-12])  # so near that ε is 1e-6 of the gradient, and two iterations are not enough
    optimizer = HessianFree(x)
    optimizer.step(lambda p: p[0] ** 2 + 3.0 * p[1] ** 2 + 10.0 * p[2] ** 2)
    assert optimizer.last.inner_iterations == 3
    assert np.abs(numbers(x)).max() < 1e-24  # rounding


def test_negative_curvature_gives_the_gradients_direction():
    x = leaves([0.5])
    optimizer = HessianFree(x)
    optimizer.step(lambda p: p[0] ** 4 / 12.0 - p[0] ** 2)  # the second derivative at ½ is ¼ - 2
    assert x[0].data == pytest.approx(0.5 - (0.5**3 / 3.0 - 1.0), rel=1e-14)


def test_the_damping_is_on_the_diagonal_and_follows_the_gain():
    x = leaves([1.0])
    optimizer = HessianFree(x, damping=6.0)
    optimizer.step(lambda p: p[0] * p[0])
    assert x[0].data == pytest.approx(1.0 - 2.0 / 8.0, rel=1e-14)
    # f fell by 1 - 9/16 = 7/16, q = -½·2²/8 = -¼: a gain of 7/4.
    assert optimizer.state["damping"] == pytest.approx(4.0)


def test_a_thousand_numbers_take_products_and_no_matrix(monkeypatch):
    def forbidden(f):
        raise AssertionError("a matrix was asked for")

    counted, product = [], objective.Objective.product
    monkeypatch.setattr(objective, "hessian", forbidden)
    monkeypatch.setattr(objective, "jacobian", forbidden)
    monkeypatch.setattr(objective.Objective, "product", lambda *args: counted.append(1) or product(*args))
    x = leaves(np.full(1000, 1.3))
    optimizer, loss, inner = HessianFree(x), jit(rosenbrock), 0
    for _ in range(25):
        optimizer.step(loss)
        inner += optimizer.last.inner_iterations
    np.testing.assert_allclose(numbers(x), np.ones(1000), atol=1e-6)
    assert len(counted) == inner < 1000  # less in all than one matrix has columns


def test_its_memory_is_far_below_that_of_a_matrix():
    n = 3000
    x = leaves(np.full(n, 1.1))
    optimizer, loss = HessianFree(x), jit(rosenbrock)
    optimizer.step(loss)  # which traces
    tracemalloc.start()
    optimizer.step(loss)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert optimizer.last.inner_iterations >= 2
    assert peak < n * n * 8 / 20


@pytest.mark.parametrize("option", [{"damping": -1.0}, {"inner_iterations": 0}])
def test_an_option_out_of_its_range_raises(option):
    with pytest.raises(ValueError, match=r"it must be a (finite|whole) number"):
        HessianFree([Value(1.0)], **option)

"""L-BFGS: scipy's iterations on our derivatives."""

import importlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize, rosen, rosen_der

from autograd_lite import Value, jit
from autograd_lite.optim.lbfgs import LBFGS
from tests.optim.problems import BOWL, bowl, definite, leaves, numbers, quadratic, rosenbrock
from tests.strategies import examples


@pytest.mark.parametrize("iterations", [1, 5, 20])
def test_a_step_is_so_many_iterations_of_scipy(iterations):
    start = np.linspace(-1.0, 1.0, 8)
    x = leaves(start)
    optimizer = LBFGS(x, max_iterations=iterations, memory=4)
    optimizer.step(jit(rosenbrock))
    options = {"maxiter": iterations, "maxcor": 4}
    expected = minimize(rosen, start, jac=rosen_der, method="L-BFGS-B", options=options)
    assert optimizer.last.inner_iterations == expected.nit
    np.testing.assert_allclose(numbers(x), expected.x, rtol=1e-6, atol=1e-8)  # roundings grow from iteration to iteration


@examples(30)
@given(st.lists(st.floats(-1.0, 1.0), min_size=9, max_size=9), st.lists(st.floats(-5.0, 5.0), min_size=3, max_size=3))
def test_it_finds_the_minimum_of_convex_quadratics(entries, goal):
    x = leaves([1.0, -1.0, 2.0])
    optimizer, loss = LBFGS(x), quadratic(definite(entries), goal)
    for _ in range(3):
        optimizer.step(loss)
    np.testing.assert_allclose(numbers(x), goal, atol=1e-4)  # scipy stops where the gradient is below 1e-5


def test_it_finds_the_minimum_of_a_curved_bowl():
    x = leaves([1.0, 1.0])
    LBFGS(x, max_iterations=50).step(bowl)
    np.testing.assert_allclose(numbers(x), BOWL, atol=1e-5)  # as above


def test_without_scipy_the_message_says_what_to_install(monkeypatch):
    def missing(name):
        raise ImportError(f"No module named {name!r}")

    x = [Value(1.0)]
    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ImportError, match=r"pip install 'autograd_lite\[scipy\]'"):
        LBFGS(x).step(lambda p: p[0] * p[0])
    assert x[0].data == 1.0


@pytest.mark.parametrize("option", [{"max_iterations": 0}, {"memory": 0}])
def test_an_option_out_of_its_range_raises(option):
    with pytest.raises(ValueError, match=r"it must be a (finite|whole) number"):
        LBFGS([Value(1.0)], **option)

"""Newton's method: quadratic convergence, and descent where the Hessian is not positive definite."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Value, jit
from autograd_lite.optim.newton import Newton
from tests.optim.problems import BOWL, bowl, definite, leaves, numbers, quadratic, rosenbrock
from tests.strategies import examples


def errors(loss, start, minimum, steps, **options):
    x = leaves(start)
    optimizer, found = Newton(x, **options), []
    for _ in range(steps):
        optimizer.step(loss)
        found.append(float(np.linalg.norm(numbers(x) - minimum)))
    return found


@examples(50)
@given(st.lists(st.floats(-1.0, 1.0), min_size=9, max_size=9), st.lists(st.floats(-5.0, 5.0), min_size=3, max_size=3))
def test_one_step_is_exact_on_a_convex_quadratic(entries, goal):
    (error,) = errors(quadratic(definite(entries), goal), [1.0, -1.0, 2.0], np.array(goal), 1)
    assert error < 1e-12  # eigenvalues within [1, 10], numbers to 5: some roundings times 10


@pytest.mark.parametrize(
    ("loss", "start", "minimum", "bound"),
    [(rosenbrock, [1.1, 1.2], np.ones(2), 6500.0), (bowl, [-0.2, 0.15], BOWL, 5.0)],
    ids=["rosenbrock", "bowl"],
)
@pytest.mark.parametrize("line_search", [True, False])
def test_near_a_minimum_each_step_squares_the_error(loss, start, minimum, bound, line_search):
    """eₖ₊₁ ≤ C·eₖ² for each step whose error is above rounding; a linear method's quotient would grow like 1/eₖ.

    By Nocedal and Wright's Theorem 3.5 C = L·‖∇²f⁻¹‖. For Rosenbrock's function at (1, 1) the third derivatives are 2400
    and -400, L is about 2500, and the least eigenvalue 0.4. For the bowl all of them are near 1.
    """
    found = errors(loss, start, minimum, 9, line_search=line_search)
    near = [(e, after) for e, after in pairwise(found) if 1e-7 < e < 0.1]
    assert len(near) >= 2
    assert all(after <= bound * e**2 + 1e-14 for e, after in near)
    assert found[-1] < 1e-13


def test_from_the_usual_start_rosenbrock_takes_some_twenty_steps():
    assert errors(rosenbrock, [-1.2, 1.0], np.ones(2), 25)[-1] < 1e-12


def test_a_step_is_that_of_numpy_with_the_damping_on_the_diagonal():
    x = leaves([0.3, -0.4])
    optimizer = Newton(x, damping=0.7, line_search=False)
    optimizer.step(lambda p: p[0] ** 4 + p[0] * p[1] + p[1] ** 2)
    gradient, hessian = np.array([4 * 0.3**3 - 0.4, 0.3 - 0.8]), np.array([[12 * 0.09, 1.0], [1.0, 2.0]])
    expected = np.array([0.3, -0.4]) - np.linalg.solve(hessian + 0.7 * np.eye(2), gradient)
    np.testing.assert_allclose(numbers(x), expected, rtol=1e-14)
    assert optimizer.last.damping == 0.7


def test_at_a_saddle_and_near_a_maximum_it_descends():
    x = leaves([0.1, 1.0])
    optimizer = Newton(x)  # Newton's own step from here goes towards the saddle at (0, 0)
    optimizer.step(lambda p: p[0] ** 4 - p[0] ** 2 + p[1] ** 2)
    assert x[0].data > 0.1
    assert optimizer.last.damping > 2.0 - 12 * 0.1**2  # more than the negative eigenvalue's size
    for _ in range(10):
        optimizer.step(lambda p: p[0] ** 4 - p[0] ** 2 + p[1] ** 2)
    np.testing.assert_allclose(numbers(x), [np.sqrt(0.5), 0.0], atol=1e-12)


def test_the_shift_is_that_of_algorithm_3_3():
    """∇² = -2: τ₀ = β + 2 makes it β, which is positive: no second factorisation."""
    x = leaves([0.5])
    optimizer = Newton(x, line_search=False)
    optimizer.step(lambda p: -p[0] * p[0])
    assert optimizer.last.damping == pytest.approx(2.001, rel=1e-15)
    assert x[0].data == pytest.approx(0.5 + 1.0 / 1e-3, rel=1e-10)  # 2.001 - 2 has three digits less


def test_a_compiled_loss_of_many_numbers():
    x = leaves(np.full(20, 1.1))
    optimizer, loss = Newton(x), jit(rosenbrock)
    for _ in range(12):
        optimizer.step(loss)
    np.testing.assert_allclose(numbers(x), np.ones(20), atol=1e-12)


def test_second_derivatives_that_are_not_finite_raise():
    with pytest.raises(FloatingPointError, match="matrix of second derivatives is not finite"):
        Newton([Value(0.0)]).step(lambda p: p[0] ** 1.5)


def test_a_negative_damping_raises():
    with pytest.raises(ValueError, match=r"damping is -0\.1"):
        Newton([Value(1.0)], damping=-0.1)

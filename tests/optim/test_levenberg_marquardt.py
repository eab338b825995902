"""Levenberg and Marquardt's method on published problems, and against scipy."""

import numpy as np
import pytest
from scipy.optimize import least_squares

from autograd_lite import Value, exp, jit, vmap
from autograd_lite.nn import MLP
from autograd_lite.optim.levenberg_marquardt import LevenbergMarquardt
from tests.optim.problems import leaves, numbers, rosenbrock_residuals

KOWALIK_Y = [0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246]
KOWALIK_U = [4.0, 2.0, 1.0, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625]

MISRA_Y = [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78]
MISRA_X = [77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0]


def powell(x):
    """Powell's singular function (1962): the minimum is 0 at 0, where the matrix of derivatives has rank 2."""
    return [x[0] + 10.0 * x[1], 5**0.5 * (x[2] - x[3]), (x[1] - 2.0 * x[2]) ** 2, 10**0.5 * (x[0] - x[3]) ** 2]


def kowalik(x):
    """Kowalik and Osborne, as problem 15 of Moré, Garbow and Hillstrom (1981)."""
    pairs = zip(KOWALIK_Y, KOWALIK_U, strict=True)
    return [y - x[0] * (u * u + u * x[1]) / (u * u + u * x[2] + x[3]) for y, u in pairs]


def misra(x):
    """Misra1a of NIST's Statistical Reference Datasets."""
    return [y - x[0] * (1.0 - exp(-x[1] * t)) for y, t in zip(MISRA_Y, MISRA_X, strict=True)]


def fitted(residuals, start, steps):
    x = leaves(start)
    optimizer = LevenbergMarquardt(x)
    for _ in range(steps):
        optimizer.step(residuals)
    return numbers(x), optimizer


def test_rosenbrock_as_residuals():
    np.testing.assert_allclose(fitted(rosenbrock_residuals, [-1.2, 1.0], 30)[0], [1.0, 1.0], rtol=1e-12)


def test_powells_singular_function_is_approached_linearly():
    found, optimizer = fitted(powell, [3.0, -1.0, 0.0, 1.0], 60)
    assert np.abs(found).max() < 1e-4  # the residuals are squares of the distance
    assert optimizer.last.loss_after < 1e-15


def test_kowalik_and_osbornes_minimum_is_the_published_one():
    found, optimizer = fitted(kowalik, [0.25, 0.39, 0.415, 0.39], 60)
    assert 2.0 * optimizer.last.loss == pytest.approx(3.07505e-4, rel=2e-6)  # published to six digits
    expected = least_squares(lambda x: np.array(kowalik(x)), [0.25, 0.39, 0.415, 0.39], xtol=1e-15, ftol=1e-15, gtol=1e-15)
    np.testing.assert_allclose(found, expected.x, rtol=1e-5)


@pytest.mark.parametrize("start", [[500.0, 0.0001], [250.0, 0.0005]], ids=["start 1", "start 2"])
def test_misra1a_gives_the_certified_parameters(start):
    found, optimizer = fitted(misra, start, 100)
    np.testing.assert_allclose(found, [2.3894212918e2, 5.5015643181e-4], rtol=1e-9)  # certified to eleven digits
    assert 2.0 * optimizer.last.loss == pytest.approx(1.2455138894e-1, rel=1e-10)


def test_a_linear_problem_is_solved_as_by_lstsq():
    matrix, goal = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]]), np.array([1.0, 2.0, 3.0])
    found, _ = fitted(lambda x: [r[0] * x[0] + r[1] * x[1] - t for r, t in zip(matrix, goal, strict=True)], [0.0, 0.0], 30)
    np.testing.assert_allclose(found, np.linalg.lstsq(matrix, goal, rcond=None)[0], rtol=1e-12)


def test_the_first_step_and_the_damping_are_those_of_the_formulas():
    x = leaves([2.0])
    optimizer = LevenbergMarquardt(x, damping=0.5)
    assert optimizer.step(lambda p: [3.0 * p[0]]) == 18.0
    # J = 3, λ = 0.5·9 = 4.5, δ = -18/13.5 = -4/3. ½·9·(4 - 4/9) = 16 was had, ½·(4/3)·(6 + 18) = 16 was promised: ρ = 1.
    assert x[0].data == pytest.approx(2.0 / 3.0, rel=1e-14)
    assert optimizer.last.damping == pytest.approx(4.5, rel=1e-14)
    assert optimizer.state["damping"] == pytest.approx(1.5, rel=1e-12)


def test_a_step_that_makes_the_loss_greater_is_rejected_and_damped_more():
    x = leaves([3.0])
    optimizer = LevenbergMarquardt(x, damping=1e-6)  # a Gauss-Newton step on atan-like residuals leaps far beyond 0
    losses = [optimizer.step(lambda p: [p[0] / (1.0 + p[0] ** 2) ** 0.5]) for _ in range(12)]
    assert optimizer.last.accepted
    assert losses == sorted(losses, reverse=True)
    assert abs(x[0].data) < 1e-3


def test_a_residual_that_is_not_finite_raises_and_the_parameters_stay():
    x = leaves([-1.0])
    with pytest.raises(FloatingPointError, match="is nan; the parameters stay"):
        LevenbergMarquardt(x).step(lambda p: [p[0] ** 0.5])
    assert x[0].data == -1.0


@pytest.mark.parametrize("residuals", [lambda p: p[0] * p[0], lambda p: [[p[0]], [p[0]]], lambda p: []])
def test_what_is_no_flat_sequence_of_residuals_raises(residuals):
    with pytest.raises(TypeError, match="must give a flat sequence of residuals"):
        LevenbergMarquardt([Value(1.0)]).step(residuals)


def test_arrays_of_residuals_serve_leaves_and_modules():
    x, y = leaves([-1.2, 1.0]), leaves([-1.2, 1.0])
    LevenbergMarquardt(x).step(rosenbrock_residuals)
    LevenbergMarquardt(y).step(lambda p: np.array(rosenbrock_residuals(p)))
    assert numbers(x).tolist() == numbers(y).tolist()
    rows, targets = np.array([[0.0], [1.0], [2.0]]), np.array([1.0, 3.0, 5.0])
    model = MLP(1, [1], seed=0)
    optimizer = LevenbergMarquardt(model)
    mapped = vmap(lambda model, row, target: model(row) - target, in_axes=(None, 0, 0))
    for _ in range(15):
        optimizer.step(mapped, rows, targets)
    np.testing.assert_allclose(np.array(model.storage.numbers), [2.0, 1.0], rtol=1e-9)  # targets are 2·x + 1


def test_a_compiled_list_of_residuals_fits_a_line():
    rows, targets = np.array([[0.0], [1.0], [2.0]]), np.array([1.0, 3.0, 5.0])
    model = MLP(1, [1], seed=0)
    optimizer = LevenbergMarquardt(model)
    compiled = jit(lambda model, rows, targets: [model(r) - t for r, t in zip(rows, targets, strict=True)])
    for _ in range(15):
        optimizer.step(compiled, rows, targets)
    np.testing.assert_allclose(np.array(model.storage.numbers), [2.0, 1.0], rtol=1e-9)


@pytest.mark.parametrize("option", [{"damping": 0.0}, {"trials": 0}])
def test_an_option_out_of_its_range_raises(option):
    with pytest.raises(ValueError, match=r"it must be a (finite|whole) number"):
        LevenbergMarquardt([Value(1.0)], **option)

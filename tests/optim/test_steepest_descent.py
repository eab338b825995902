"""Steepest descent with backtracking, and what all optimisers share that look at the loss."""

import json
import math
import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Value, jit, log, mean, total, vmap
from autograd_lite.nn import MLP
from autograd_lite.optim.hessian_free import HessianFree
from autograd_lite.optim.lbfgs import LBFGS
from autograd_lite.optim.levenberg_marquardt import LevenbergMarquardt
from autograd_lite.optim.loss_optimizer import Step
from autograd_lite.optim.newton import Newton
from autograd_lite.optim.steepest_descent import SteepestDescent
from tests.optim.problems import BOWL, bowl, definite, leaves, numbers, quadratic, rosenbrock
from tests.strategies import examples

SCALAR = [SteepestDescent, Newton, HessianFree, LBFGS]
ALL = [*SCALAR, LevenbergMarquardt]


def loss_of_rows(model, rows, targets):
    return mean(vmap(lambda model, row, target: (model(row) - target) ** 2, in_axes=(None, 0, 0))(model, rows, targets))


def residuals_of_rows(model, rows, targets):
    return [model(row) - target for row, target in zip(rows, targets, strict=True)]


def loss_for(kind):
    return residuals_of_rows if kind is LevenbergMarquardt else loss_of_rows


def small_task():
    rows = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return MLP(2, [3, 1], activation="tanh", seed=4), rows, np.array([0.0, 1.0, 1.0, 0.0])


def plainly(x, steps):
    """The same algorithm for (x₀ - 1)² + 4·x₁², by hand."""
    first = 1.0
    for _ in range(steps):
        f = (x[0] - 1.0) ** 2 + 4.0 * x[1] ** 2
        g = np.array([2.0 * (x[0] - 1.0), 8.0 * x[1]])
        while True:
            y = x - first * g
            if (y[0] - 1.0) ** 2 + 4.0 * y[1] ** 2 <= f - 0.5 * first * g @ g:
                break
            first /= 2.0
        x, first = y, 2.0 * first
    return x


def test_steps_are_those_of_the_textbook():
    x = leaves([3.0, -2.0])
    optimizer = SteepestDescent(x)
    for _ in range(10):
        optimizer.step(lambda p: (p[0] - 1.0) ** 2 + 4.0 * p[1] ** 2)
    np.testing.assert_allclose(numbers(x), plainly(np.array([3.0, -2.0]), 10), rtol=1e-13)  # some roundings a step


def test_a_fixed_rate_and_a_schedule_need_no_trials():
    x = leaves([1.0, 1.0])
    optimizer = SteepestDescent(x, learning_rate=lambda step: 0.25 / (1 + step))
    assert optimizer.step(lambda p: p[0] ** 2 + 2.0 * p[1] ** 2) == 3.0
    assert numbers(x).tolist() == [0.5, 0.0]
    assert optimizer.last == Step(3.0, 0.25, math.sqrt(20.0), 0.25, 0)
    optimizer.step(lambda p: p[0] ** 2 + 2.0 * p[1] ** 2)
    assert numbers(x).tolist() == [0.375, 0.0]


@examples(40)
@given(st.lists(st.floats(-1.0, 1.0), min_size=4, max_size=4), st.lists(st.floats(-5.0, 5.0), min_size=2, max_size=2))
def test_it_finds_the_minimum_of_convex_quadratics(entries, goal):
    matrix, x = definite(entries), leaves([1.0, -1.0])
    loss, optimizer = quadratic(matrix, goal), SteepestDescent(x)
    for _ in range(150):
        optimizer.step(loss)
    # Eigenvalues are within [1, 5]: a step leaves at most a part of about 1 - 1/10 of the loss.
    np.testing.assert_allclose(numbers(x), goal, atol=1e-2)


def test_it_comes_near_the_minimum_of_a_curved_bowl():
    x = leaves([0.5, 0.5])
    optimizer = SteepestDescent(x)
    for _ in range(60):
        optimizer.step(bowl)
    np.testing.assert_allclose(numbers(x), BOWL, atol=1e-6)  # the loss is known to 1e-15, so the place to its root


@pytest.mark.parametrize("kind", ALL)
def test_no_step_makes_the_loss_greater(kind):
    model, rows, targets = small_task()
    optimizer, loss = kind(model), jit(loss_for(kind))
    losses = [optimizer.step(loss, rows, targets) for _ in range(15)]
    # Rounding apart, which backtracking does not take for a rise.
    assert all(after <= before * (1.0 + 1e-14) for before, after in pairwise(losses))
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize("kind", ALL)
def test_a_compiled_loss_steps_as_the_eager_one(kind):
    (one, rows, targets), (other, _, _) = small_task(), small_task()
    first, second, loss = kind(one), kind(other), loss_for(kind)
    compiled = jit(loss)
    for _ in range(3):
        assert first.step(loss, rows, targets) == pytest.approx(second.step(compiled, rows, targets), rel=1e-9)
    # Derivatives agree within 1e-12; the solved systems multiply that by their condition.
    np.testing.assert_allclose(np.array(one.storage.numbers), np.array(other.storage.numbers), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("kind", ALL)
def test_a_module_steps_as_its_leaves(kind):
    (one, rows, targets), (other, _, _) = small_task(), small_task()
    loss, apart = loss_for(kind), other.parameters()

    def of_leaves(p, rows, targets):
        return loss(other.with_parameters([x if isinstance(x, Value) else Value(x) for x in p]), rows, targets)

    first, second = kind(one), kind(apart)
    for _ in range(2):
        first.step(loss, rows, targets)
        second.step(of_leaves, rows, targets)
    np.testing.assert_allclose(numbers(apart), np.array(one.storage.numbers), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", ALL)
def test_a_compiled_loss_is_traced_only_in_the_first_step(kind):
    model, rows, targets = small_task()
    calls, loss = [], loss_for(kind)

    def counted(*args):
        calls.append(1)
        return loss(*args)

    optimizer, compiled = kind(model), jit(counted)
    optimizer.step(compiled, rows, targets)
    traced = len(calls)
    for _ in range(3):
        optimizer.step(compiled, rows, targets)
    assert 0 < len(calls) == traced


@pytest.mark.parametrize("kind", ALL)
def test_a_state_that_was_saved_as_json_goes_on_as_if_nothing_had_been(kind):
    model, rows, targets = small_task()
    loss, optimizer = loss_for(kind), kind(model)
    for _ in range(3):
        optimizer.step(loss, rows, targets)
    saved, here = json.dumps(optimizer.state_dict()), np.array(model.storage.numbers)
    optimizer.step(loss, rows, targets)
    other = small_task()[0]
    other.storage.write(here)
    later = kind(other)
    later.load_state_dict(json.loads(saved))
    later.step(loss, rows, targets)
    assert later.steps == optimizer.steps == 4
    assert later.last == optimizer.last
    assert other.storage.numbers == model.storage.numbers


@pytest.mark.parametrize("kind", ALL)
def test_a_state_that_does_not_fit_raises_and_changes_nothing(kind):
    optimizer = kind([Value(1.0)])
    before = optimizer.state_dict()
    with pytest.raises(ValueError, match="'SGD'; load what state_dict"):
        optimizer.load_state_dict({**before, "optimizer": "SGD"})
    with pytest.raises(ValueError, match="that of a NoneType"):
        optimizer.load_state_dict(None)
    with pytest.raises(ValueError, match="must have 'steps'"):
        optimizer.load_state_dict({**before, "steps": -1})
    for key in before["state"]:
        with pytest.raises(ValueError, match="in the state is nan; it must be a finite number"):
            optimizer.load_state_dict({**before, "steps": 5, "state": {**before["state"], key: math.nan}})
    assert optimizer.state_dict() == before


@pytest.mark.parametrize("kind", SCALAR)
def test_a_loss_that_is_not_finite_raises_and_the_parameters_stay(kind):
    x = [Value(-1.0), Value(2.0)]
    optimizer = kind(x)
    with pytest.raises(FloatingPointError, match=rf"{kind.__name__}: the gradient .the loss is nan. is not finite"):
        optimizer.step(lambda p: log(p[0]) + p[1])
    assert numbers(x).tolist() == [-1.0, 2.0]
    assert optimizer.steps == 0


@pytest.mark.parametrize("kind", SCALAR)
def test_an_infinite_gradient_raises(kind):
    with pytest.raises(FloatingPointError, match="the loss is 0"):
        kind([Value(0.0)]).step(lambda p: p[0] ** 0.5)


@pytest.mark.parametrize("kind", SCALAR)
def test_a_trial_outside_of_the_domain_is_only_rejected(kind):
    x = [Value(0.1)]
    optimizer = kind(x)
    for _ in range(200 if kind is SteepestDescent else 12):
        optimizer.step(lambda p: 5.0 * p[0] - log(p[0]))
    assert x[0].data == pytest.approx(0.2, rel=1e-6)  # where 5 = 1/x


@pytest.mark.parametrize("kind", SCALAR)
def test_several_numbers_in_place_of_a_loss_raise(kind):
    with pytest.raises(TypeError, match="must return one number"):
        kind([Value(1.0)]).step(lambda p: [p[0], p[0]])


@pytest.mark.parametrize("kind", ALL)
def test_an_error_in_the_loss_leaves_module_and_optimizer_as_they_are(kind):
    model, rows, targets = small_task()
    optimizer, calls, loss = kind(model), [], loss_for(kind)

    def breaks(*args):
        calls.append(1)
        if len(calls) > 1:
            raise KeyError("broken")
        return loss(*args)

    numbers, state = list(model.storage.numbers), optimizer.state_dict()
    with pytest.raises(KeyError):
        optimizer.step(breaks, rows, targets)
    assert list(model.storage.numbers) == numbers
    assert optimizer.state_dict() == state


@pytest.mark.parametrize("kind", ALL)
def test_what_is_no_function_and_no_parameters_raise(kind):
    with pytest.raises(TypeError, match="give a function of the parameters"):
        kind([Value(1.0)]).step(3.0)
    with pytest.raises(ValueError, match="no parameters"):
        kind([])


@pytest.mark.parametrize("option", [{"learning_rate": -1.0}, {"first": 0.0}, {"first": math.inf}])
def test_an_option_out_of_its_range_raises(option):
    with pytest.raises(ValueError, match=r"it must be a (finite|whole) number"):
        SteepestDescent([Value(1.0)], **option)


def test_a_record_of_what_cannot_be_raises():
    with pytest.raises(ValueError, match="accepted with a length above 0"):
        Step(1.0, 1.0, 1.0, 0.0, 1)
    with pytest.raises(ValueError, match="must be finite"):
        Step(math.nan, 1.0, 1.0, 1.0, 1)


def test_a_minimum_is_left_alone():
    x = leaves([1.0, 1.0, 1.0])
    for kind in SCALAR:
        kind(x).step(rosenbrock)
    assert numbers(x).tolist() == [1.0, 1.0, 1.0]
    LevenbergMarquardt(x).step(lambda p: [total(p) - 3.0])
    assert numbers(x).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("kind", SCALAR)
def test_an_optimiser_is_pickled_with_its_parameters_also_after_a_step(kind):
    def loss(p):
        return (p[0] - 1.0) ** 2 + p[0] * p[1] + 2.0 * p[1] ** 2

    x = leaves([5.0, -3.0])
    optimizer = kind(x)
    optimizer.step(loss)
    other, y = pickle.loads(pickle.dumps((optimizer, x)))
    assert other.state_dict() == optimizer.state_dict()
    assert other.step(loss) == optimizer.step(loss)
    assert numbers(y).tolist() == numbers(x).tolist()


def test_counts_are_whole_numbers_of_any_kind():
    assert LBFGS([Value(1.0)], memory=np.int64(3)).memory == 3
    assert HessianFree([Value(1.0)], damping=np.float32(0.5)).state == {"damping": 0.5}
    with pytest.raises(TypeError, match=r"trials is 2\.5 of type float; it must be a whole number from 1 on"):
        LevenbergMarquardt([Value(1.0)], trials=2.5)

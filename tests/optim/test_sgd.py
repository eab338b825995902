"""Gradient descent: from `.grad`, and from a vector on the module's buffer."""

import numpy as np
import pytest

from autograd_lite import Value
from autograd_lite.nn import MLP
from autograd_lite.optim import SGD


def quadratic_model():
    model = MLP(2, [3, 1], activation="tanh", seed=4)
    (model([0.5, -1.0]) ** 2).backward()
    return model


def test_a_step_goes_against_the_gradient():
    x, y = Value(1.0), Value(2.0)
    optimizer = SGD([x, y], learning_rate=0.25)
    (x * x + 3.0 * y).backward()
    optimizer.step()
    assert (x.data, y.data) == (0.5, 1.25)
    optimizer.zero_grad()
    assert (x.grad, y.grad) == (0.0, 0.0)


def test_parameters_without_a_derivative_stay():
    x, y = Value(1.0), Value(2.0)
    (x * 2.0).backward()
    SGD([x, y], learning_rate=1.0).step()
    assert (x.data, y.data) == (-1.0, 2.0)


def test_a_derivative_that_is_a_graph_is_taken_by_its_number():
    x = Value(3.0)
    (x * x).backward(create_graph=True)
    SGD([x], learning_rate=0.5).step()
    assert x.data == 0.0


def test_a_vector_step_on_the_buffer_equals_the_steps_of_the_parameters():
    one, other, third = quadratic_model(), quadratic_model(), quadratic_model()
    gradient = [p.grad for p in one.parameters()]
    SGD(one, learning_rate=0.1).step()
    SGD(other, learning_rate=0.1).step(np.array(gradient))
    SGD(third.parameters(), learning_rate=0.1).step(gradient)
    for model in (other, third):
        assert [p.data for p in model.parameters()] == [p.data for p in one.parameters()]
    assert other.storage.numbers.tolist() == [p.data for p in one.parameters()]


@pytest.mark.parametrize("rate", [-0.1, float("nan"), float("inf")])
def test_a_rate_that_is_negative_or_not_finite_raises(rate):
    with pytest.raises(ValueError, match="learning rate"):
        SGD([Value(1.0)], learning_rate=rate)


def test_nothing_to_optimise_and_a_gradient_of_another_length_raise():
    with pytest.raises(ValueError, match="no parameters"):
        SGD([], learning_rate=0.1)
    with pytest.raises(ValueError, match="2 numbers for 1 parameters"):
        SGD([Value(1.0)], learning_rate=0.1).step([1.0, 2.0])


def places_of(steps, **settings):
    """Where a parameter that starts at 0 is after each step of rate 1 along the slope 1."""
    x, places = Value(0.0), []
    optimizer = SGD([x], learning_rate=1.0, **settings)
    for _ in range(steps):
        optimizer.step([1.0])
        places.append(x.data)
    return places


def test_along_a_constant_slope_momentum_adds_up_the_powers_of_itself():
    speeds = [1.0, 1.5, 1.75, 1.875]  # 1 + ½ + ¼ …, exact in binary
    assert places_of(4, momentum=0.5) == [-1.0, -2.5, -4.25, -6.125]
    assert places_of(4, momentum=0.5, nesterov=True) == [-sum(1.0 + 0.5 * v for v in speeds[:k]) for k in (1, 2, 3, 4)]


def test_the_second_step_has_the_velocity_of_the_first():
    x = Value(0.0)
    optimizer = SGD([x], learning_rate=0.25, momentum=0.5)
    optimizer.step([4.0])
    optimizer.step([0.0])
    assert x.data == -1.0 - 0.5
    assert optimizer.state["velocity"].tolist() == [2.0]


def test_weight_decay_adds_its_share_of_the_parameter_to_the_gradient():
    x = Value(4.0)
    SGD([x], learning_rate=0.5, weight_decay=0.25).step([2.0])
    assert x.data == 4.0 - 0.5 * (2.0 + 0.25 * 4.0)

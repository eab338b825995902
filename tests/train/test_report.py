import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.nn import MLP
from autograd_lite.train import History, check_gradients, moons
from autograd_lite.train.engines import mean_loss
from autograd_lite.train.report import write_curve

POINTS, LABELS = moons(8)


def network():
    return MLP(2, [6, 2], activation="tanh", seed=3)


def test_right_gradients_agree_to_what_rounding_leaves():
    model = network()
    check = check_gradients(lambda: mean_loss(model, POINTS, LABELS)[0], model.parameters())
    assert (check.checked, check.parameters) == (20, 32)
    assert 0.0 < check.worst < 1e-6
    assert check.agrees


@pytest.mark.parametrize("error", [1e-3, 0.1, -2.0])
def test_a_wrong_gradient_is_caught_and_measured(error):
    x, y = Value(0.7), Value(-1.3)
    # What is stopped counts for the differences, and not for the derivative.
    check = check_gradients(lambda: ag.sin(x) * y + error * ag.stop_gradient(ag.sin(x)) * y, [x, y])
    assert not check.agrees
    assert check.worst == pytest.approx(abs(error) / max(1.0, abs(1.0 + error)), rel=0.02)  # of which 0.01 is the floor


def test_one_wrong_weight_among_many_is_caught():
    model = network()
    odd = model.parameters()[7]
    check = check_gradients(
        lambda: mean_loss(model, POINTS, LABELS)[0] + 0.1 * ag.stop_gradient(odd), model.parameters(), count=32
    )
    assert not check.agrees


@pytest.mark.parametrize("x", [1e-6, -1e-6, 1e-7])
def test_a_kink_within_the_step_is_no_disagreement(x):
    p = Value(x)
    assert check_gradients(lambda: ag.relu(p) + 0.25 * p, [p]).worst < 1e-6


def test_a_step_out_of_the_domain_is_no_disagreement():
    p = Value(3e-6)
    assert check_gradients(lambda: p + 0.0 * ag.sqrt(p), [p]).worst < 1e-6


@pytest.mark.parametrize("size", [1e-12, 1.0, 1.2345678e9, 7e12])
def test_the_step_follows_the_size_of_a_parameter_and_the_difference_that_of_the_gradient(size):
    p = Value(size)
    assert check_gradients(lambda: 3e-9 * p * p, [p]).agrees


def test_the_parameters_are_put_back_to_the_bit_even_if_the_loss_fails():
    p = Value(0.1)
    losses = iter([p * p, p * p])
    with pytest.raises(StopIteration):
        check_gradients(lambda: next(losses), [p])
    assert p.data == 0.1


def test_a_nan_does_not_agree_and_no_gradient_at_all_does():
    p = Value(-1.0)
    assert not check_gradients(lambda: ag.sqrt(p), [p]).agrees
    assert check_gradients(lambda: 0.0 * p, [p]).worst == 0.0
    with pytest.raises(ValueError, match="no parameters"):
        check_gradients(lambda: p * p, [])


@pytest.mark.parametrize("steps", [0, 1, 7])
@pytest.mark.parametrize("title", ["a title with $_{ in it", r"$\nothing$", "表"])
def test_a_curve_is_drawn_of_any_number_of_steps_under_any_title(tmp_path, steps, title):
    history = History(epochs=3, batches=3)
    for k in range(steps):
        history.record(1.0 / (k + 1), 8)
    write_curve(history, tmp_path / "loss.png", title)
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")

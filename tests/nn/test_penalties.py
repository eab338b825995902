"""Penalties: their derivatives, weight decay, biases left out, and traced parameters."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value, gradients
from autograd_lite.nn.layers import MLP, Layer, Neuron
from autograd_lite.nn.losses import half_squared_error
from autograd_lite.nn.module import Module
from autograd_lite.nn.penalties import l1, l2, weights
from autograd_lite.optim.sgd import SGD

numbers = st.lists(st.floats(-10.0, 10.0), min_size=1, max_size=8)
strengths = st.floats(0.0, 2.0)


@given(numbers, strengths)
def test_l2_is_half_the_strength_times_the_squares_and_decays_each_weight_by_itself(ps, strength):
    xs = [Value(p) for p in ps]
    penalty = l2(xs, strength)
    assert penalty.data == pytest.approx(0.5 * strength * math.fsum(p * p for p in ps), rel=1e-14, abs=1e-300)
    assert gradients(penalty, xs) == pytest.approx([strength * p for p in ps], rel=1e-15, abs=1e-300)


@given(numbers, strengths)
def test_l1_is_the_strength_times_the_sizes_and_pushes_all_alike(ps, strength):
    xs = [Value(p) for p in ps]
    penalty = l1(xs, strength)
    assert penalty.data == pytest.approx(strength * math.fsum(map(abs, ps)), rel=1e-14, abs=1e-300)
    assert gradients(penalty, xs) == [strength * float(np.sign(p)) for p in ps]  # 0 at 0


def test_a_module_stands_for_all_of_its_parameters():
    model = MLP(2, [3, 1], seed=0)
    assert l2(model, 0.5).data == l2(model.parameters(), 0.5).data
    assert l1(model, 0.5).data == l1(model.parameters(), 0.5).data


@given(st.floats(0.0, 1.0), st.integers(0, 100))
def test_weight_decay_of_steepest_descent_takes_the_same_steps_as_the_l2_term(strength, seed):
    decayed, penalised = (MLP(2, [3, 1], activation="tanh", seed=seed) for _ in range(2))
    first = SGD(decayed, learning_rate=0.1, momentum=0.5, weight_decay=strength)
    second = SGD(penalised, learning_rate=0.1, momentum=0.5)
    for x, t in (((0.5, -1.0), 1.0), ((2.0, 0.25), -1.0)) * 3:
        for model, optimizer, penalty in ((decayed, first, 0.0), (penalised, second, l2(penalised, strength))):
            optimizer.zero_grad()
            (half_squared_error(model(x), t) + penalty).backward()
            optimizer.step()
        # The term is added to a gradient in another order: a rounding a step.
        assert list(penalised.storage.numbers) == pytest.approx(list(decayed.storage.numbers), rel=1e-13, abs=1e-14)


class Nested(Module):
    """Modules in a dict, in lists and twice, and one that keeps several biases."""

    def __init__(self):
        self.shared = Layer(2, 2, seed=0)
        self.inner = {"one": [self.shared, (Neuron(2, seed=1),)], "two": Neuron(1, bias=False, seed=2)}
        self.b = [Value(5.0), Value(6.0)]


def test_weights_are_the_parameters_without_the_biases_each_once():
    model = Nested()
    first, second = model.shared.neurons
    third, fourth = model.inner["one"][1][0], model.inner["two"]
    assert weights(model) == [*first.w, *second.w, *third.w, *fourth.w]
    assert len(model.parameters()) == len(weights(model)) + 3 + 2


def test_a_penalty_on_weights_leaves_biases_as_they_are():
    model = MLP(2, [2, 1], seed=0)
    for neuron in model.layers[0].neurons:
        neuron.b.data = 1.0
    slopes = dict(zip(model.parameters(), gradients(l2(weights(model), 0.5), model.parameters()), strict=True))
    for neuron in (neuron for layer in model.layers for neuron in layer.neurons):
        assert not slopes[neuron.b]
        assert [slopes[w] for w in neuron.w] == [0.5 * w.data for w in neuron.w]


@pytest.mark.parametrize("penalty", [l1, l2])
def test_a_compiled_penalty_on_weights_has_the_eager_derivatives(penalty):
    model = MLP(2, [3, 1], seed=1)

    def loss(model, strength):
        return penalty(weights(model), strength) + model([0.5, 1.0])

    for strength in (0.25, 3.0):  # one trace serves both
        value, slope = ag.jit(ag.value_and_grad(loss))(model, strength)
        eager_value, eager_slope = ag.value_and_grad(loss)(model, strength)
        assert value == pytest.approx(eager_value, rel=1e-12)
        assert np.asarray(slope) == pytest.approx(np.asarray(eager_slope), rel=1e-12)
    lanes = ag.jit(ag.vmap(loss, in_axes=(None, 0)))(model, np.array([0.0, 1.0, 2.0]))
    assert lanes == pytest.approx([ag.value_and_grad(loss)(model, s)[0] for s in (0.0, 1.0, 2.0)], rel=1e-12)


def test_l1_draws_weights_to_zero_that_l2_only_shrinks():
    """½(p - a)² + penalty has its minimum at sign(a)·max(|a| - strength, 0) for L1, at a / (1 + strength) for L2."""
    for penalty, wanted in ((l1, [0.0, 1.5]), (l2, [0.2, 4 / 3])):
        ps = [Value(1.0), Value(1.0)]
        optimizer = SGD(ps, learning_rate=0.01)
        for _ in range(2000):
            optimizer.zero_grad()
            (half_squared_error(ps, [0.3, 2.0]) + penalty(ps, 0.5)).backward()
            optimizer.step()
        assert [p.data for p in ps] == pytest.approx(wanted, abs=0.005)  # half a step of L1's size: it goes to and fro


@pytest.mark.parametrize("strength", [-0.5, math.nan])
def test_a_strength_that_is_no_number_from_zero_on_raises(strength):
    with pytest.raises(ValueError, match=r"l[12]: the strength is (-0.5|nan)"):
        l1([Value(1.0)], strength)
    with pytest.raises(ValueError, match=r"l2: the strength is"):
        l2([Value(1.0)], strength)

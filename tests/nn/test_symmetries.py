"""Other weights, the same network."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.nn import MLP, Layer, Neuron
from autograd_lite.nn.activations import ACTIVATIONS
from autograd_lite.nn.losses import half_squared_error
from autograd_lite.nn.sequential import Sequential
from autograd_lite.nn.symmetries import count_equivalent, flip_signs, is_odd, permute_hidden
from autograd_lite.optim.sgd import SGD
from tests.strategies import examples

ODD = {"hardtanh", "identity", "softsign", "tanh"}


def outputs(model, x):
    y = model(x)
    return [out.data for out in (y if isinstance(y, list) else [y])]


def absolute_sums(model, x):
    """What the terms of each output, and what is passed on of those before, sum to without their signs."""
    h, sums = np.array(x), np.zeros(len(x))
    for layer in model.layers:
        w = np.array([[v.data for v in neuron.w] for neuron in layer.neurons])
        b = np.array([neuron.b.data for neuron in layer.neurons])
        sums = np.abs(w) @ (np.abs(h) + sums) + np.abs(b)
        h = np.array([layer.activation(s) for s in w @ h + b])
    return sums


@st.composite
def networks(draw, names):
    """A network of tanh, softsign … units, with a point; no slope of their activations is above 1.1."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=3, max_size=4))
    activations = [draw(st.sampled_from(names)) for _ in sizes[2:]] + ["identity"]
    model = MLP(sizes[0], sizes[1:], activation=activations, seed=0)
    number = st.floats(-2.0, 2.0)
    model.storage.write([draw(number) for _ in model.parameters()])
    return model, [draw(number) for _ in range(sizes[0])], draw(st.integers(0, len(sizes) - 3))


@examples(100)
@given(case=networks(["tanh", "relu", "sigmoid", "softplus"]), data=st.data())
def test_a_network_with_hidden_units_in_another_order_has_the_same_outputs(case, data):
    model, x, layer = case
    before = list(model.storage.numbers)
    order = data.draw(st.permutations(range(len(model.layers[layer].neurons))))
    other = permute_hidden(model, layer, order)
    for y, z, size in zip(outputs(model, x), outputs(other, x), absolute_sums(model, x), strict=True):
        assert abs(y - z) <= 1e-15 * size  # sums of at most four terms in another order: three roundings of 1.1e-16
    for k, unit in enumerate(order):
        assert other.layers[layer].neurons[k].b.data == model.layers[layer].neurons[unit].b.data
    assert list(model.storage.numbers) == before
    back = permute_hidden(other, layer, [order.index(k) for k in range(len(order))])
    assert list(back.storage.numbers) == before


@examples(100)
@given(case=networks(sorted(ODD)), data=st.data())
def test_a_network_with_flipped_signs_has_the_same_outputs(case, data):
    model, x, layer = case
    before = list(model.storage.numbers)
    units = data.draw(st.sets(st.integers(0, len(model.layers[layer].neurons) - 1)))
    other = flip_signs(model, layer, units)
    for y, z, size in zip(outputs(model, x), outputs(other, x), absolute_sums(model, x), strict=True):
        assert abs(y - z) <= 1e-15 * size
    assert list(model.storage.numbers) == before
    changed = {
        k for k, n in enumerate(other.layers[layer].neurons) if n.w[0].data != model.layers[layer].neurons[k].w[0].data
    }
    assert changed == {k for k in units if model.layers[layer].neurons[k].w[0].data != 0.0}
    assert list(flip_signs(other, layer, units).storage.numbers) == before


def test_all_equivalent_networks_have_one_loss_at_a_minimum_and_are_all_different():
    rows = np.array([[-1.0], [-0.25], [0.5], [1.0]])
    targets = np.array([0.5, -0.5, 0.25, 1.0])
    model = MLP(1, [2, 1], activation="tanh", seed=4)

    def loss(model, rows, targets):
        return ag.total([half_squared_error(model(x), t) for x, t in zip(rows, targets, strict=True)])

    step, optimizer = ag.jit(ag.value_and_grad(loss)), SGD(model, learning_rate=0.1, momentum=0.9)
    for _ in range(3000):
        value, slopes = step(model, rows, targets)
        optimizer.step(slopes)
    assert np.linalg.norm(slopes) < 1e-6  # as good as a minimum
    found = {}
    for order in itertools.permutations(range(2)):
        for units in ([], [0], [1], [0, 1]):
            other = flip_signs(permute_hidden(model, 0, order), 0, units)
            found[tuple(other.storage.numbers)] = loss(other, rows.tolist(), targets.tolist()).data
    assert len(found) == count_equivalent(model) == 8
    least = loss(model, rows.tolist(), targets.tolist()).data
    sizes = [sum(absolute_sums(model, x)) + abs(t) for x, t in zip(rows.tolist(), targets, strict=True)]
    assert max(found.values()) - min(found.values()) <= 1e-15 * sum(size * size for size in sizes)
    assert least == pytest.approx(value, abs=1e-6)


def test_the_other_network_is_compiled_to_the_same():
    model = MLP(2, [3, 2], activation="tanh", seed=2)
    other = flip_signs(permute_hidden(model, 0, [2, 0, 1]), 0, [1])
    rows = np.array([[0.5, -1.0], [2.0, 0.25]])
    assert np.array(ag.jit(ag.vmap(other))(rows)) == pytest.approx(np.array(ag.jit(ag.vmap(model))(rows)), rel=1e-12)
    assert len(other.parameters()) == len(model.parameters()) == len(other.storage.numbers)
    assert not set(other.parameters()) & set(model.parameters())


def test_a_hidden_softmax_layer_may_be_put_in_another_order():
    model = MLP(2, [3, 2], activation=["softmax", "identity"], seed=2)
    other = permute_hidden(model, 0, [2, 0, 1])
    assert outputs(other, [0.5, 1.0]) == pytest.approx(outputs(model, [0.5, 1.0]), rel=1e-14)
    assert count_equivalent(model) == 6


def test_layers_in_a_sequential_are_a_network_too():
    model = Sequential(Layer(2, 2, activation="tanh", seed=0), MLP(2, [3, 1], activation="tanh", seed=1))
    other = flip_signs(permute_hidden(model, 1, [1, 2, 0]), 0, [1])
    assert other([0.5, 1.0]).data == pytest.approx(model([0.5, 1.0]).data, rel=1e-14)
    assert count_equivalent(model) == math.factorial(2) * 2**2 * math.factorial(3) * 2**3


@pytest.mark.parametrize(
    ("sizes", "activation", "count"),
    [([1], "tanh", 1), ([2, 1], "tanh", 8), ([3, 1], "relu", 6), ([4, 3, 2], "tanh", 24 * 16 * 6 * 8), ([2, 1], ag.sin, 8)],
)
def test_the_equivalent_networks_are_counted(sizes, activation, count):
    assert count_equivalent(MLP(2, sizes, activation=activation)) == count


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_it_is_known_which_activations_are_odd(name):
    assert is_odd(ACTIVATIONS[name]) == (name in ODD)


def test_own_activations_are_odd_where_only_rounding_says_otherwise():
    assert is_odd(lambda s: ag.sigmoid(s) - 0.5)
    assert is_odd(lambda s: s * s * s)
    assert not is_odd(lambda s: s * s * s + 1e-9)
    assert not is_odd(lambda s: ag.where(s > 3.5, 3.5, s))
    assert not is_odd(lambda s: ag.log(s))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: permute_hidden(MLP(1, [2, 1]), 1, [0]), ValueError, "the layer is 1; the network has 1 hidden layers"),
        (lambda: permute_hidden(MLP(1, [2, 1]), -1, [0, 1]), ValueError, "the layer is -1"),
        (
            lambda: permute_hidden(MLP(1, [2, 1]), 0, [0, 0]),
            ValueError,
            r"order is \[0, 0\]; it must have each of 0 … 1 once",
        ),
        (
            lambda: flip_signs(MLP(1, [2, 1], activation="tanh"), 0, [2]),
            ValueError,
            r"units are \[2\]; they must be among 0 … 1",
        ),
        (lambda: flip_signs(MLP(1, [2, 1], activation="relu"), 0, [0]), ValueError, "activation relu is not odd"),
        (lambda: flip_signs(MLP(1, [2, 1], activation=["softmax", "tanh"]), 0, [0]), ValueError, "softmax is not odd"),
        (lambda: permute_hidden(Neuron(2), 0, [0]), TypeError, "is a Neuron; it must be an MLP"),
        (lambda: permute_hidden(Sequential(*[Layer(2, 2, seed=0)] * 2), 0, [1, 0]), ValueError, "layers share parameters"),
    ],
)
def test_what_does_not_fit_raises_with_what_was_given(make, error, message):
    with pytest.raises(error, match=message):
        make()

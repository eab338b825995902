"""Gradients by layer, units that learn no more, and the curvature at a point."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value, gradients
from autograd_lite.nn import MLP, Layer, Neuron
from autograd_lite.nn.diagnostics import (
    Curvature,
    GradientNorms,
    dead_units,
    gradient_norms,
    hessian_eigenvalues,
    saturated_units,
)
from autograd_lite.nn.initializers import constant
from autograd_lite.nn.losses import half_squared_error
from autograd_lite.nn.sequential import Sequential
from tests.strategies import examples

# --- depth ----------------------------------------------------------------------------------------------------------------


def test_the_norms_are_those_of_the_gradients_of_each_layer():
    model = MLP(2, [3, 2], activation="tanh", seed=0)
    loss = half_squared_error(model([0.5, -1.0]), [0.0, 1.0])
    wanted = [np.linalg.norm(gradients(loss, layer.parameters())) for layer in model.layers]
    assert gradient_norms(model, loss).norms == pytest.approx(wanted, rel=1e-14)
    assert gradient_norms(model, ([0.5, -1.0], [0.0, 1.0], "half_squared_error")) == gradient_norms(model, loss)
    assert gradient_norms(Sequential(model), loss) == gradient_norms(model, loss)


def chain(weight, depth, activation="identity"):
    """One unit after the other, with one weight and no bias."""
    return MLP(1, [1] * depth, activation=[activation] * depth, bias=False, init=constant(weight))


def linear_chain(weight, depth):
    """One linear unit after the other, all with one weight, and biases of 0."""
    return MLP(1, [1] * depth, activation=["identity"] * depth, init=constant(weight))


@pytest.mark.parametrize(("weight", "verdict"), [(0.5, "vanishing"), (2.0, "exploding"), (1.0, "even"), (0.0, "vanishing")])
def test_in_a_chain_of_linear_units_the_gradient_is_a_power_of_the_weight(weight, verdict):
    model = linear_chain(weight, 12)
    found = gradient_norms(model, model([0.0]))  # where all inputs are 0, the biases alone have derivatives
    assert found.norms == pytest.approx([weight ** (11 - k) for k in range(12)], rel=1e-14)
    assert found.verdict == verdict
    assert gradient_norms(model, model([0.0]) * 0.0).verdict == "zero"


def test_deep_sigmoid_networks_vanish_and_large_weights_explode():
    deep = MLP(2, [5] * 10 + [1], activation="sigmoid", init="xavier", seed=0)
    found = gradient_norms(deep, ([1.0, -1.0], 0.5, "half_squared_error"))
    assert found.verdict == "vanishing"
    assert found.norms[0] < 0.25**9 * found.norms[-1] * 100  # a slope is ¼ at most in each of ten layers
    large = MLP(2, [8] * 8 + [1], activation="relu", init=lambda generator, nin, nout: [0.9] * nin, seed=0)
    assert gradient_norms(large, ([1.0, 1.0], 0.0, "half_squared_error")).norms[0] > 1e6
    assert "‖∂E/∂w‖" in str(found)
    assert str(found).endswith("from the last layer to the first: vanishing")


@pytest.mark.parametrize(
    ("norms", "verdict"),
    [
        ((1e-4, 1.0), "vanishing"), ((1e-3, 1.0), "even"), ((1e4, 1.0), "exploding"), ((0.0, 0.0), "zero"),
        ((0.0, 1.0), "vanishing"), ((1.0, 0.0), "exploding"), ((1.0, math.inf), "not finite"),
        ((math.nan, 1.0), "not finite"),
    ],
)  # fmt: skip
def test_the_verdict_compares_the_first_layer_with_the_last(norms, verdict):
    assert GradientNorms(norms).verdict == verdict
    assert GradientNorms((1e-4, 1.0), limit=1e5).verdict == "even"


# --- units ----------------------------------------------------------------------------------------------------------------

ROWS = [[1.0, 0.0], [0.0, 1.0], [-1.0, 2.0]]


def test_relu_units_that_no_row_activates_are_dead():
    model = MLP(2, [3, 2, 1], activation="relu")
    first, second, _ = model.layers
    for neuron, numbers in zip(first.neurons, [(1, 1, 0), (-1, -1, -0.5), (0, 0, 0)], strict=True):
        for value, number in zip([*neuron.w, neuron.b], numbers, strict=True):
            value.data = float(number)
    for neuron, numbers in zip(second.neurons, [(1, 5, 5, -10), (1, 0, 0, -0.5)], strict=True):
        for value, number in zip([*neuron.w, neuron.b], numbers, strict=True):
            value.data = float(number)
    assert dead_units(model, ROWS) == [(1, 2), (0,), ()]  # the third unit stands at its kink, where the slope is 0
    assert dead_units(model, [*ROWS, [-5.0, -5.0]]) == [(2,), (), ()]


@examples(50)
@given(numbers=st.lists(st.floats(-2.0, 2.0), min_size=17, max_size=17))
def test_no_derivative_reaches_dead_units_and_one_reaches_all_others(numbers):
    model = MLP(2, [3, 2], activation=["relu", "identity"])
    model.storage.write(numbers)
    (dead, _) = dead_units(model, ROWS)
    for k, neuron in enumerate(model.layers[0].neurons):
        sums = [neuron.w[0].data * x[0] + neuron.w[1].data * x[1] + neuron.b.data for x in ROWS]
        assert (k in dead) == (max(sums) <= 0.0)
        if k in dead:
            out = ag.total([y for x in ROWS for y in model(x)])
            assert set(gradients(out, neuron.parameters())) == {0.0}


def test_units_that_are_flat_in_all_rows_are_saturated():
    model = MLP(1, [4, 1], activation="sigmoid")
    for neuron, (w, b) in zip(model.layers[0].neurons, [(1, 0), (10, 0), (0, 6), (1, -1000)], strict=True):
        neuron.w[0].data, neuron.b.data = float(w), float(b)
    assert saturated_units(model, [[1.0], [-1.0]]) == [(1, 2, 3), ()]
    assert saturated_units(model, [[1.0], [0.0]]) == [(2, 3), ()]
    assert saturated_units(model, [[1.0], [-1.0]], tolerance=1e-4) == [(1, 3), ()]
    assert dead_units(model, [[1.0], [-1.0]]) == [(3,), ()]  # exp(-999) is 0


@pytest.mark.parametrize(("s", "found"), [(4.58, ()), (4.59, (0,))])
def test_a_sigmoid_unit_is_saturated_by_default_where_its_output_is_within_a_hundredth_of_its_ends(s, found):
    model = Layer(1, 1, activation="sigmoid", init=constant(1.0))
    y = 1 / (1 + math.exp(-s))
    assert (y * (1 - y) <= 0.01) == bool(found)
    assert saturated_units(model, [[s]]) == [found]


def test_softmax_layers_have_no_flat_units_but_pass_on_what_they_compute():
    model = MLP(1, [2, 1], activation=["softmax", "relu"])
    model.storage.write([1.0, 0.0, 1.0, 0.0, 1.0, 1.0, -2.0])
    assert dead_units(model, [[0.5], [3.0]]) == [(), (0,)]  # probabilities sum to 1, and 1 - 2 < 0
    assert saturated_units(model, [[0.5], [3.0]], tolerance=1.0) == [(), (0,)]


def test_a_falling_slope_is_not_flat():
    model = Layer(1, 1, activation=lambda s: -ag.tanh(s), init=constant(1.0))
    assert saturated_units(model, [[0.5], [1.0]]) == [()]
    assert saturated_units(model, [[9.0], [-9.0]]) == [(0,)]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: dead_units(MLP(2, [1]), []), ValueError, "dead_units: there are no rows"),
        (lambda: dead_units(MLP(2, [1]), [[1.0]]), ValueError, "a row has 1 numbers; the network has 2 inputs"),
        (lambda: saturated_units(MLP(2, [1]), ROWS, -1.0), ValueError, "the tolerance is -1.0"),
        (lambda: dead_units(Neuron(2), ROWS), TypeError, "dead_units: .* is a Neuron"),
        (lambda: gradient_norms(Neuron(2), Value(1.0)), TypeError, "gradient_norms: .* is a Neuron"),
        (lambda: gradient_norms(MLP(2, [1]), 3.0), TypeError, "the loss is of type float"),
        (lambda: hessian_eigenvalues(lambda x: x["a"], {"a": 1.0}), TypeError, "x is of type dict"),
        (lambda: hessian_eigenvalues(lambda x: 0.0, []), ValueError, "no second derivatives"),
        (lambda: hessian_eigenvalues(lambda x: ag.sqrt(x), 0.0), ValueError, "not finite"),
    ],
)
def test_what_does_not_fit_raises_with_what_was_given(make, error, message):
    with pytest.raises(error, match=message):
        make()


# --- curvature ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "at", "verdict", "counts"),
    [
        (lambda x: x[0] ** 2 + 3 * x[1] ** 2, [0.0, 0.0], "minimum", (2, 0, 0)),
        (lambda x: -(x[0] ** 2) - ag.cosh(x[1]), [0.0, 0.0], "maximum", (0, 2, 0)),
        (lambda x: x[0] * x[1], [0.0, 0.0], "saddle", (1, 1, 0)),
        (lambda x: x[0] ** 2 + x[1] ** 4, [0.0, 0.0], "flat", (1, 0, 1)),
        (lambda x: (x[0] + x[1]) ** 2, [0.3, -0.3], "flat", (1, 0, 1)),
        (lambda x: x[0] ** 2 - x[1] ** 2 + x[2] ** 3, [0.0] * 3, "saddle", (1, 1, 1)),
        (lambda x: x[0] ** 3 - 3 * x[0] * x[1] ** 2, [0.0, 0.0], "flat", (0, 0, 2)),  # a monkey saddle
        (ag.cos, 0.0, "maximum", (0, 1, 0)),
        (lambda x: ag.total(x * x), np.zeros((2, 2)), "minimum", (4, 0, 0)),
    ],
)
def test_textbook_points_are_told_apart(f, at, verdict, counts):
    found = hessian_eigenvalues(f, at)
    assert found.verdict == verdict
    assert (found.positive, found.negative, found.flat) == counts
    assert found.gradient_norm == 0.0
    assert str(found).startswith(f"{verdict}: {counts[0]} directions up, {counts[1]} down, {counts[2]} flat")


@examples(50)
@given(
    entries=st.lists(st.floats(-2.0, 2.0), min_size=9, max_size=9), at=st.lists(st.floats(-1.0, 1.0), min_size=3, max_size=3)
)
def test_the_eigenvalues_of_a_quadratic_are_those_of_its_matrix(entries, at):
    matrix = np.array(entries).reshape(3, 3)
    found = hessian_eigenvalues(lambda x: 0.5 * ag.dot(x, [ag.dot(row, x) for row in matrix.tolist()]), at)
    symmetric = (matrix + matrix.T) / 2
    assert np.array(found.eigenvalues) == pytest.approx(np.linalg.eigvalsh(symmetric), abs=1e-14)  # of numbers up to 6
    assert found.gradient_norm == pytest.approx(float(np.linalg.norm(symmetric @ at)), abs=1e-14)
    assert found.positive + found.negative + found.flat == 3
    assert list(found.eigenvalues) == sorted(found.eigenvalues)


def test_a_linear_network_of_two_layers_has_a_saddle_at_0_and_a_valley_of_minima():
    """½(vw - 1)² has at 0 the Hessian ((0, -1), (-1, 0)), and at v = w = 1 ((1, 1), (1, 1))."""

    def loss(model):
        return half_squared_error(model([1.0]), 1.0)

    model = MLP(1, [1, 1], activation="identity", bias=False, init=constant(0.0))
    origin = hessian_eigenvalues(loss, model)
    assert (origin.verdict, origin.eigenvalues, origin.gradient_norm) == ("saddle", pytest.approx((-1.0, 1.0)), 0.0)
    model.storage.write([1.0, 1.0])
    valley = hessian_eigenvalues(loss, model)
    assert (valley.verdict, valley.eigenvalues) == ("flat", pytest.approx((0.0, 2.0), abs=1e-15))
    assert (valley.positive, valley.flat) == (1, 1)


def test_the_tolerance_may_be_chosen_and_by_default_is_what_rounding_does():
    def f(x):
        return x[0] ** 2 + 1e-9 * x[1] ** 2

    assert hessian_eigenvalues(f, [0.0, 0.0]).verdict == "minimum"
    assert hessian_eigenvalues(f, [0.0, 0.0]).tolerance == pytest.approx(4e-12)
    assert hessian_eigenvalues(f, [0.0, 0.0], tolerance=1e-6).verdict == "flat"
    assert Curvature((-1.0, 0.0), 0.0, 0.0).verdict == "flat"

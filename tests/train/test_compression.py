"""Compression: what is pruned stays so, weights move by half a step at most, no rank does better, and students learn."""

import copy
from itertools import pairwise

import numpy as np
import pytest
import scipy.special
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn.datasets import load_iris

import autograd_lite as ag
from autograd_lite.nn import MLP, RNN, Conv2d, Dropout, Layer, Maxout, Module, Neuron, Residual, Sequential, weights
from autograd_lite.optim import LBFGS, SGD, AdaGrad, Adam, AdamW, RMSProp
from autograd_lite.train import fit, outputs_of
from autograd_lite.train.callbacks import Callback, EarlyStopping
from autograd_lite.train.compression import (
    QuantisedLayer,
    distil,
    distillation_loss,
    factorise,
    prune,
    quantise,
    soft_targets,
)
from tests.benchmarks import compression as benchmark
from tests.benchmarks import training as other_benchmark
from tests.strategies import examples

DICE = np.random.default_rng(0)
ROWS, GOALS = DICE.normal(size=(40, 4)), DICE.normal(size=(40, 2))


def numbers(model):
    return np.array([parameter.data for parameter in model.parameters()])


def matrix(layer):
    return np.array([[w.data for w in neuron.w] for neuron in layer.neurons])


class Watching(Callback):
    """Calls a function of the model after every step."""

    def __init__(self, look):
        self.look = look

    def on_step(self, training):
        self.look(training.model)


# --- pruning --------------------------------------------------------------------------------------------------------------


@examples(50)
@given(st.integers(0, 99), st.floats(0.0, 1.0, exclude_max=True))
@example(0, 0.02)  # half a weight
def test_the_smallest_weights_of_all_layers_become_0_and_nothing_else_changes(seed, share):
    model = MLP(3, [5, 2], seed=seed)
    for neuron in model.layers[0].neurons:
        neuron.b.data = 1e-9  # smaller than all weights, and no weight
    before, prunable = numbers(model), {id(w) for w in weights(model)}
    is_weight = np.array([id(parameter) in prunable for parameter in model.parameters()])
    pruned = prune(model, share)
    after = numbers(model)
    gone = ~pruned.left
    assert gone.sum() == round(share * is_weight.sum())
    assert not (gone & ~is_weight).any()
    assert (after[gone] == 0.0).all()
    assert np.array_equal(after[pruned.left], before[pruned.left])
    assert np.abs(before[gone]).max(initial=0.0) <= np.abs(before[pruned.left & is_weight]).min(initial=np.inf)
    assert pruned.count == len(before) - gone.sum()
    assert pruned.bits == 64 * pruned.count + is_weight.sum()


OPTIMIZERS = {
    "momentum": lambda model: SGD(model, 0.01, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adagrad": lambda model: AdaGrad(model, 0.1),
    "rmsprop": lambda model: RMSProp(model, 0.01),
    "adam": lambda model: Adam(model, 0.01),
    "adamw": lambda model: AdamW(model, 0.01, weight_decay=0.1),
    "lbfgs": lambda model: LBFGS(model, max_iterations=3),
}


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_no_optimiser_revives_what_was_pruned(make):
    model = MLP(4, [6, 2], activation="tanh", seed=0)
    optimizer = make(model)
    fit(model, ROWS, GOALS, "squared_error", optimizer, 3, seed=0)  # now it remembers steps of all weights
    pruned = prune(model, 0.6)
    before = numbers(model)
    look = Watching(lambda model: np.testing.assert_array_equal(numbers(model)[~pruned.left], 0.0))
    fit(model, ROWS, GOALS, "squared_error", optimizer, 3, callbacks=[pruned, look], seed=0)
    assert (numbers(model)[~pruned.left] == 0.0).all()
    assert np.mean(numbers(model)[pruned.left] != before[pruned.left]) > 0.5  # not those that lead to pruned ones alone
    fit(model, ROWS, GOALS, "squared_error", optimizer, 1, seed=0)
    assert (numbers(model)[~pruned.left] != 0.0).any()  # without the callback they come back


@pytest.mark.parametrize("make", [OPTIMIZERS["momentum"], OPTIMIZERS["adam"]])
def test_a_pruned_linear_neuron_learns_as_one_without_those_inputs(make):
    first = {"nonlin": False, "init": lambda generator, nin, nout: [2.0, 0.1, -3.0, 0.2] if nin == 4 else [2.0, -3.0]}
    whole, part = Neuron(4, **first), Neuron(2, **first)
    pruned = prune(whole, 0.5)
    fit(whole, ROWS, GOALS[:, 0], "squared_error", make, 10, callbacks=[pruned], seed=0)
    fit(part, ROWS[:, [0, 2]], GOALS[:, 0], "squared_error", make, 10, seed=0)
    # Sums of more terms, two of them 0, are rounded in another order.
    assert numbers(whole)[pruned.left] == pytest.approx(numbers(part), rel=1e-10)


def test_every_round_leaves_the_same_share_of_what_was_left_and_is_tuned():
    model, seen = MLP(10, [20, 5], seed=0), []

    def tune(pruned):
        seen.append(pruned)
        fit(model, DICE.normal(size=(5, 10)), DICE.integers(0, 5, 5), epochs=2, callbacks=[pruned], seed=0)

    pruned = prune(model, 0.875, rounds=3, tune=tune)
    assert [one.count - 25 for one in seen] == [150, 75, 38]  # 300 weights halved each time, 37.5 rounded to even's 262
    assert seen[-1] is pruned
    for before, after in pairwise(seen):
        assert (before.left | ~after.left).all()  # what was pruned once stays pruned
    assert sum(w.data == 0.0 for w in weights(model)) == 262


def test_pruned_weights_are_0_too_where_early_stopping_gives_back_or_ctrl_c_ends():
    model = MLP(4, [6, 2], activation="tanh", seed=0)
    pruned = prune(model, 0.5)
    options = {"optimizer": OPTIMIZERS["adam"], "epochs": 5, "seed": 0, "validation": (ROWS, GOALS)}
    fit(model, ROWS, GOALS, "squared_error", callbacks=[pruned, EarlyStopping()], **options)
    assert (numbers(model)[~pruned.left] == 0.0).all()

    def interrupt(model):
        raise KeyboardInterrupt

    history = fit(model, ROWS, GOALS, "squared_error", callbacks=[Watching(interrupt), pruned], **options)
    assert history.interrupted
    assert (numbers(model)[~pruned.left] == 0.0).all()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: prune([1.0], 0.5), TypeError, "the model is of type list"),
        (lambda: prune(MLP(1, [1]), 1.0), ValueError, "share is 1.0; it must be a number ≥ 0 and < 1"),
        (lambda: prune(MLP(1, [1]), -0.1), ValueError, "share is -0.1"),
        (lambda: prune(MLP(1, [1]), 0.5, rounds=0), ValueError, "rounds is 0"),
        (lambda: prune(Module(), 0.5), ValueError, "has no weights"),
        (
            lambda: fit(MLP(1, [2]), [[1.0]], [0], callbacks=[prune(MLP(1, [2]), 0.5)]),
            ValueError,
            "callback of another model",
        ),
    ],
)
def test_what_cannot_be_pruned_is_said(make, error, message):
    with pytest.raises(error, match=message):
        make()


# --- quantisation ---------------------------------------------------------------------------------------------------------

BITS = st.integers(1, 16)
WEIGHTS = st.floats(-1e100, 1e100, allow_subnormal=False) | st.floats(-2.0, 2.0, allow_subnormal=False) | st.just(0.0)
ARRAYS = st.lists(WEIGHTS.filter(lambda w: w == 0.0 or abs(w) > 1e-100), min_size=1, max_size=20).map(np.array)


@given(ARRAYS, BITS)
def test_no_weight_is_rounded_by_more_than_half_a_step_and_0_stays_0(w, bits):
    layer = QuantisedLayer.of(w, bits)
    assert layer.codes.min() >= 0
    assert layer.codes.max() <= 2**bits - 1
    # A quotient of up to 2^16 is rounded before it is rounded to a whole number, and the product again: 2^16 half ulps.
    assert np.abs(layer.weights - w).max() <= 0.5 * layer.step * (1.0 + 1e-10)
    assert (layer.weights[w == 0.0] == 0.0).all()
    assert layer.step * (2**bits - 1) == pytest.approx(max(0.0, w.max()) - min(0.0, w.min()), rel=1e-12) or not w.any()


@given(ARRAYS, BITS)
@example(np.array([-2.5, 0.5]), 2)  # both ends are halfway between levels
def test_levels_are_coded_as_themselves(w, bits):
    layer = QuantisedLayer.of(w, bits)
    again = QuantisedLayer.of(layer.weights, bits)
    assert np.array_equal(again.codes, layer.codes)
    # The step is made anew of the largest and least level.
    assert again.weights == pytest.approx(layer.weights, rel=1e-12)


@pytest.mark.parametrize("bits", [4, 8, 12])
def test_the_mean_squared_error_of_evenly_spread_weights_is_that_of_bennett(bits):
    w = np.linspace(-1.0, 2.0, 300_001)
    layer = QuantisedLayer.of(w, bits)
    error = np.mean((layer.weights - w) ** 2)
    # step²/12 (Bennett, 1948); the half intervals at the ends are moved by up to half a step, of 2^bits.
    assert error == pytest.approx(layer.step**2 / 12.0, rel=2.0 / 2**bits + 0.01)


def test_each_layer_has_its_own_step_biases_stay_and_the_size_is_that_of_the_codes():
    model = MLP(3, [4, 2], seed=0)
    for w in weights(model.layers[1]):
        w.data *= 1000.0
    model.layers[0].neurons[0].b.data = 0.123456789
    before = copy.deepcopy(model)
    quantised = quantise(model, 4)
    first, second = quantised.layers
    assert (len(first.codes), len(second.codes), quantised.others) == (12, 8, 6)
    assert second.step > 100.0 * first.step
    assert quantised.bits == (12 + 8) * 4 + 2 * (64 + 4) + 6 * 64
    assert model.layers[0].neurons[0].b.data == 0.123456789
    for layer, old, codes in zip(model.layers, before.layers, quantised.layers, strict=True):
        assert np.abs(matrix(layer) - matrix(old)).max() <= 0.5 * codes.step * (1.0 + 1e-12)
        assert matrix(layer).ravel().tolist() == codes.weights.tolist()
        assert len(np.unique(matrix(layer))) <= 16


class Polynomial(Module):
    """Weights of its own beside a layer."""

    def __init__(self):
        self.coefficients = {"odd": [ag.Value(1.0)], "even": (ag.Value(2.0), ag.Value(3.0))}
        self.inner = Layer(2, 3, seed=0)


@pytest.mark.parametrize(
    ("model", "sizes"),
    [
        (Neuron(3, seed=0), [3]),
        (Conv2d(2, 3, (2, 2), seed=0), [24]),
        (RNN(2, 3, seed=0), [15]),
        (Maxout(2, 3, 4, seed=0), [24]),
        (Sequential(Layer(2, 2, seed=0), "tanh", Residual(MLP(2, [3, 2], seed=0))), [4, 6, 6]),
        (Polynomial(), [3, 6]),
    ],
    ids=lambda item: type(item).__name__ if isinstance(item, Module) else "",
)
def test_weights_stand_together_that_one_module_has(model, sizes):
    quantised = quantise(model, 8)
    assert [len(layer.codes) for layer in quantised.layers] == sizes
    assert np.concatenate([layer.weights for layer in quantised.layers]).tolist() == [w.data for w in weights(model)]


def test_tuning_moves_free_numbers_by_the_gradient_at_their_levels():
    model = Neuron(3, nonlin=False, bias=False, init=lambda generator, nin, nout: [-1.0, 0.3, 1.3])
    rows, goals = ROWS[:8, :3], GOALS[:8, 0]

    def on_levels(free):  # by hand, for 2 bits
        step = (free.max() - free.min()) / 3
        return step * np.round(free / step)

    free, held = numbers(model), []
    for _ in range(20):
        held.append(on_levels(free))
        free = free - 0.02 * 2.0 / 8 * rows.T @ (rows @ held[-1] - goals)
    held.append(on_levels(free))
    seen = []
    quantised = quantise(
        model,
        2,
        tune=lambda callback: fit(
            model, rows, goals, "squared_error", lambda model: SGD(model, 0.02), 20, 8,
            callbacks=[callback, Watching(lambda model: seen.append(numbers(model)))],
        ),
    )  # fmt: skip
    assert np.array(seen) == pytest.approx(np.array(held[1:]), rel=1e-12, abs=1e-13)
    assert len({tuple(codes) for codes in np.sign(np.round(np.array(held), 9)).tolist()}) > 1  # a level was left
    assert numbers(model) == pytest.approx(held[-1], rel=1e-12)
    assert quantised.bits == 3 * 2 + 64 + 2


def test_a_pruned_network_stays_pruned_when_it_is_quantised_and_tuned():
    model = MLP(4, [6, 2], activation="tanh", seed=0)
    pruned = prune(model, 0.5)
    quantise(
        model,
        3,
        tune=lambda callback: fit(
            model, ROWS, GOALS, "squared_error", epochs=5, callbacks=[pruned, callback], seed=0
        ),
    )  # fmt: skip
    assert (numbers(model)[~pruned.left] == 0.0).all()
    assert len(np.unique(matrix(model.layers[0]))) <= 8


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: quantise("model", 8), TypeError, "the model is of type str"),
        (lambda: quantise(MLP(1, [1]), 0), ValueError, "bits is 0"),
        (lambda: quantise(MLP(1, [1]), 33), ValueError, "bits is 33; it must be a whole number from 1 to 32"),
        (lambda: quantise(MLP(1, [1]), 2.5), TypeError, "bits is 2.5"),
        (lambda: quantise(Module(), 8), ValueError, "has no weights"),
        (lambda: quantise(MLP(1, [1], init=lambda *sizes: [np.inf]), 8), ValueError, "a weight is not finite"),
        (
            lambda: quantise(MLP(1, [2]), 8, tune=lambda callback: fit(MLP(1, [2]), [[1.0]], [0], callbacks=[callback])),
            ValueError,
            "callback of another model",
        ),
    ],
)
def test_what_cannot_be_quantised_is_said(make, error, message):
    with pytest.raises(error, match=message):
        make()


# --- factorisation --------------------------------------------------------------------------------------------------------


@st.composite
def layers(draw):
    """A layer, a rank that makes it smaller, and an input."""
    nin, nout = draw(st.integers(3, 12)), draw(st.integers(3, 12))
    layer = Layer(nin, nout, activation=draw(st.sampled_from(["relu", "tanh", "identity"])), seed=draw(st.integers(0, 99)))
    for neuron in layer.neurons:
        neuron.b.data = draw(st.floats(-1.0, 1.0))
    rank = draw(st.integers(1, (nin * nout - 1) // (nin + nout)))
    return layer, rank, draw(st.lists(st.floats(-3.0, 3.0), min_size=nin, max_size=nin))


@examples(50)
@given(layers())
def test_the_error_is_that_of_eckart_and_young(drawn):
    layer, rank, x = drawn
    first, second = factorise(layer, rank=rank)
    assert matrix(first).shape == (rank, len(x))
    assert all(neuron.b is None for neuron in first.neurons)
    error = matrix(layer) - matrix(second) @ matrix(first)
    left_out = np.linalg.svd(matrix(layer), compute_uv=False)[rank:]
    assert np.linalg.norm(error) == pytest.approx(np.linalg.norm(left_out), rel=1e-9)
    assert np.linalg.norm(error, 2) == pytest.approx(left_out[0], rel=1e-9)
    # None of these activations is steeper than 1.
    change = [a.data - b.data for a, b in zip(second([h.data for h in listed(first(x))]), layer(x), strict=True)]
    assert np.linalg.norm(change) <= left_out[0] * np.linalg.norm(x) + 1e-12


def listed(outputs):
    return outputs if isinstance(outputs, list) else [outputs]


def of_rank(rank, nin, nout, seed=0):
    """A layer with weights of that rank."""
    layer, dice = Layer(nin, nout, activation="tanh", seed=0), np.random.default_rng(seed)
    for neuron, row in zip(layer.neurons, dice.normal(size=(nout, rank)) @ dice.normal(size=(rank, nin)), strict=True):
        neuron.w = [ag.Value(w) for w in row]
        neuron.b.data = dice.normal()
    return layer


@pytest.mark.parametrize("rank", [1, 2, 5])
def test_all_energy_of_a_layer_of_low_rank_is_its_rank_and_nothing_is_lost(rank):
    layer = of_rank(rank, 20, 15)
    small = factorise(layer, energy=1.0 - 1e-12)
    assert repr(small[0]) == f"Layer(20 -> {rank}, identity, {20 * rank} parameters)"
    rows = np.random.default_rng(1).normal(size=(7, 20))
    assert outputs_of(small, rows) == pytest.approx(outputs_of(layer, rows), abs=1e-12)


@given(st.integers(0, 99), st.floats(0.05, 0.9))
def test_the_rank_is_the_least_that_keeps_the_energy(seed, energy):
    layer = Layer(20, 15, seed=seed)
    squares = np.linalg.svd(matrix(layer), compute_uv=False) ** 2
    kept = [squares[:r].sum() / squares.sum() for r in range(16)]
    small = factorise(layer, energy=energy)
    if len(small) == 1:  # 35·r parameters are not fewer than 300
        assert kept[8] < energy
    else:
        rank = len(small[0].neurons)
        assert kept[rank - 1] < energy <= kept[rank]


def test_a_network_is_factorised_layer_by_layer_where_that_is_smaller():
    model = MLP(20, [15, 3], activation="tanh", seed=0)
    before = numbers(model)
    small = factorise(model, rank=4)
    assert [len(part.parameters()) for part in small] == [20 * 4, 4 * 15 + 15, 15 * 3 + 3]
    assert len(small.parameters()) < len(model.parameters())
    fit(small, DICE.normal(size=(9, 20)), DICE.integers(0, 3, 9), epochs=2, seed=0)
    assert np.array_equal(numbers(model), before)  # nothing is shared, the layer that stays is a copy
    assert [part.activation.__name__ for part in small] == ["identity", "tanh", "identity"]


def test_activations_of_a_whole_layer_and_compiled_code_compute_the_same():
    layer = of_rank(2, 9, 8)
    model = Sequential(layer, Layer(8, 6, activation="softmax", bias=False, seed=1))
    small = factorise(model, rank=2)
    rows = np.random.default_rng(1).normal(size=(5, 9))
    eager = np.array([[p.data for p in small(row)] for row in rows.tolist()])
    compiled = ag.jit(ag.vmap(lambda model, row: model(row), in_axes=(None, 0)))(small, rows)
    assert np.stack(compiled, axis=-1) == pytest.approx(eager, abs=1e-12)
    assert eager.sum(axis=1) == pytest.approx(np.ones(5), abs=1e-12)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: factorise(Layer(9, 9)), ValueError, "give either a rank"),
        (lambda: factorise(Layer(9, 9), rank=1, energy=0.5), ValueError, "give either a rank"),
        (lambda: factorise(Layer(9, 9), rank=0), ValueError, "rank is 0"),
        (lambda: factorise(Layer(9, 9), energy=0.0), ValueError, "energy is 0.0"),
        (lambda: factorise(Layer(9, 9), energy=1.5), ValueError, "energy is 1.5; it must be a number > 0 and ≤ 1"),
        (lambda: factorise(RNN(9, 9), rank=1), TypeError, "is a RNN"),
        (lambda: factorise(Layer(2, 1, init=lambda *s: [np.nan] * 2), rank=1), ValueError, "a weight of Layer.* not finite"),
    ],
)
def test_what_cannot_be_factorised_is_said(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_layer_stays_one_where_two_would_have_as_many_parameters():
    assert len(factorise(Layer(4, 4, seed=0), rank=2)) == 1
    assert len(factorise(Layer(4, 5, seed=0), rank=2)) == 2


def test_of_the_two_signs_of_a_direction_it_is_the_one_whose_largest_weight_is_positive():
    first, _ = factorise(Layer(12, 9, seed=0), rank=5)
    rows = matrix(first)
    assert (rows.max(axis=1) == np.abs(rows).max(axis=1)).all()


def test_a_layer_of_zeros_is_one_of_rank_one():
    small = factorise(Layer(4, 4, init=lambda generator, nin, nout: [0.0] * nin), energy=0.5)
    assert [len(part.neurons) for part in small] == [1, 4]
    assert not numbers(small).any()


# --- distillation ---------------------------------------------------------------------------------------------------------

LOGITS = st.lists(st.floats(-20.0, 20.0), min_size=3, max_size=3).map(np.array)


@given(LOGITS, LOGITS, st.integers(0, 2), st.floats(0.5, 20.0), st.floats(0.0, 1.0))
def test_the_derivative_is_that_of_both_terms(z, v, label, t, weight):
    q = scipy.special.softmax(v / t)
    found = ag.grad(distillation_loss(t, weight))(z, [*q, float(label)])
    hard = scipy.special.softmax(z) - np.eye(3)[label]
    assert found == pytest.approx(weight * t * (scipy.special.softmax(z / t) - q) + (1.0 - weight) * hard, abs=1e-12)


@given(LOGITS, LOGITS)
def test_at_high_temperatures_logits_are_matched(z, v):
    """Hinton, Vinyals and Dean, equation 4: with logits of mean 0 the derivative comes to (z - v) / N."""
    z, v, t = z - z.mean(), v - v.mean(), 1e5
    found = ag.grad(distillation_loss(t, 1.0))(z, [*scipy.special.softmax(v / t), 0.0])
    # Terms of second order are z²/T; roundings of 1e-16 in probabilities are multiplied by T.
    assert found == pytest.approx((z - v) / 3.0, abs=40.0**2 / t)


def test_the_loss_is_the_same_compiled_over_lanes():
    z = np.random.default_rng(0).normal(size=(6, 3))
    targets = np.column_stack([scipy.special.softmax(z[::-1], axis=1), [0.0, 1.0, 2.0, 0.0, 1.0, 2.0]])
    loss = distillation_loss(3.0, 0.7)
    eager = [loss(row, target) for row, target in zip(z.tolist(), targets.tolist(), strict=True)]
    assert ag.jit(ag.vmap(loss))(z, targets) == pytest.approx(np.array(eager), abs=1e-12)


def test_soft_targets_are_the_softmax_of_scipy():
    teacher = MLP(4, [5, 3], activation="tanh", seed=0)
    logits = outputs_of(teacher, ROWS)
    assert soft_targets(teacher, ROWS, 4.0) == pytest.approx(scipy.special.softmax(logits / 4.0, axis=1), rel=1e-12)
    for w in weights(teacher):
        w.data *= 1e4
    assert soft_targets(teacher, ROWS, 1.0).sum(axis=1) == pytest.approx(np.ones(40))  # no logit is too large


def test_a_teacher_answers_without_dropout():
    layer = Layer(4, 3, seed=0)
    teacher = Sequential(layer, Dropout(0.5, seed=0)).train()
    assert soft_targets(teacher, ROWS) == pytest.approx(soft_targets(layer, ROWS), rel=1e-14)


IRIS, SPECIES = load_iris(return_X_y=True)
IRIS = (IRIS - IRIS.mean(axis=0)) / IRIS.std(axis=0)


def test_a_linear_student_becomes_its_linear_teacher():
    teacher, student = MLP(4, [3], seed=0), MLP(4, [3], seed=1)
    before = numbers(teacher)
    distil(
        teacher, student, IRIS, SPECIES, temperature=3.0, weight=1.0, epochs=20, batch_size=150,
        optimizer=lambda model: LBFGS(model, max_iterations=50),
    )  # fmt: skip
    # Near its end the loss is flat, and L-BFGS stops where it changes by 2e-9 of itself.
    assert soft_targets(student, IRIS) == pytest.approx(soft_targets(teacher, IRIS), abs=5e-3)
    assert np.array_equal(numbers(teacher), before)


def test_with_no_weight_on_the_teacher_it_is_training_by_classes():
    teacher, student, alone = (MLP(4, [5, 3], activation="tanh", seed=seed) for seed in (0, 1, 1))
    options = {"epochs": 3, "seed": 0, "optimizer": lambda model: SGD(model, 0.1)}
    history = distil(teacher, student, IRIS, SPECIES, weight=0.0, **options)
    reference = fit(alone, IRIS, SPECIES, **options)
    assert numbers(student) == pytest.approx(numbers(alone), abs=1e-12)
    assert history.losses == pytest.approx(reference.losses, rel=1e-12)
    assert history.metric == "accuracy"
    assert history.epoch_metrics == reference.epoch_metrics


@pytest.mark.parametrize("held", [0.2, (IRIS[::5], SPECIES[::5]), [IRIS[::5].tolist(), SPECIES[::5].tolist()]])
def test_held_out_samples_have_the_teachers_probabilities_too(held):
    teacher, student = MLP(4, [3], seed=0), MLP(4, [3], seed=0)
    history = distil(teacher, student, IRIS, SPECIES, validation=held, weight=1.0, epochs=2, seed=0, optimizer=still)
    entropies = scipy.special.entr(soft_targets(teacher, IRIS, 2.0)).sum(axis=1)
    if held != 0.2:  # the cross-entropy of q with itself, times T²
        assert history.validation_losses == pytest.approx([4.0 * entropies[::5].mean()] * 2, rel=1e-12)
    assert len(history.validation_metrics) == 2


def still(model):
    return SGD(model, 0.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: distillation_loss(0.0), "temperature is 0.0"),
        (lambda: distillation_loss(1.0, 1.5), "weight is 1.5; it must be a number from 0 to 1"),
        (lambda: distillation_loss(1.0, -0.5), "weight is -0.5"),
        (lambda: soft_targets(MLP(1, [2]), [[1.0]], -1.0), "temperature is -1.0"),
        (lambda: soft_targets(MLP(1, [1]), [[1.0]]), "the teacher has one output"),
        (lambda: distil(MLP(1, [2]), MLP(1, [2]), [[1.0]], [2]), "the target of sample 0 is 2.0"),
        (lambda: distil(MLP(1, [2]), MLP(1, [2]), [[1.0]], [0, 1]), "1 samples and 2 targets"),
    ],
)
def test_what_cannot_be_distilled_is_said(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# --- on digits ------------------------------------------------------------------------------------------------------------
#
# The table of tests/benchmarks/compression.py has the means over five splits; here is one of them, with room for roundings
# that lead elsewhere.


@pytest.fixture(scope="module")
def network():
    return benchmark.trained(split=0)


@pytest.mark.parametrize(
    ("name", "least", "most", "smaller"),
    [
        ("pruned by 90%", -60.0, -10.0, 7.0),
        ("pruned by 90% in 4 rounds, tuned", -6.0, 1.0, 7.0),
        ("quantised to 8 bits", -0.5, 0.5, 7.0),
        ("quantised to 4 bits", -2.0, 2.0, 12.0),
        ("quantised to 2 bits, tuned", -4.0, 1.0, 21.0),
        ("pruned by 80% in 4 rounds, 4 bits, tuned", -3.0, 2.0, 22.0),
        ("rank 8", -20.0, -2.0, 2.8),
        ("rank 8, tuned", -4.0, 1.0, 2.8),
        ("64-8-10 distilled, T = 4, 135 samples", 1.0, 10.0, 7.8),
    ],
)
@pytest.mark.slow
def test_the_table_of_digits_holds(network, name, least, most, smaller):
    method = benchmark.METHODS[name]
    run, beside = method.run(network), benchmark.METHODS[method.beside].run(network)
    assert least <= 100.0 * (run.accuracy - beside.accuracy) <= most
    assert 64 * len(network.model.parameters()) / run.bits >= smaller


def test_the_commands_that_the_readme_names_print_their_tables(monkeypatch, capsys):
    lines = [["network", "accuracy"], ["small", "98 %"]]
    monkeypatch.setattr(benchmark, "table", lambda splits: lines)
    monkeypatch.setitem(other_benchmark.TABLES, "speed", lambda *, quick: lines)
    for command, options in ((benchmark, []), (other_benchmark, ["--only", "speed"])):
        monkeypatch.setattr("sys.argv", [command.__name__, *options])
        command.main()
        head, _, *shown = capsys.readouterr().out.splitlines()
        assert head.startswith("Python 3.")
        assert shown == ["network  accuracy", "small    98 %"]

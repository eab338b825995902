"""Networks that lectures and textbooks work out by hand, with their numbers."""

import math

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, gradients
from autograd_lite.nn.initializers import constant
from autograd_lite.nn.layers import MLP, Layer
from autograd_lite.nn.losses import half_squared_error
from autograd_lite.nn.module import Module
from autograd_lite.nn.penalties import weights
from autograd_lite.optim.sgd import SGD


def sigmoid(x):
    return 1.0 / (1.0 + math.exp(-x))


class SigmoidNetwork(Module):
    """Two inputs, two hidden units and some outputs, all of them sigmoid units."""

    def __init__(self, outputs):
        self.hidden = Layer(2, 2, activation="sigmoid", init=constant(0.1))
        self.output = Layer(2, outputs, activation="sigmoid", init=constant(0.1))

    def __call__(self, x):
        return self.output(self.hidden(x))


# --- the lecture's 2-2-1 network ------------------------------------------------------------------------------------------
#
# All weights and biases are .1, x = (1, 0), the label is .9, the learning rate .2, the momentum .9, the loss ½(y - t)². The
# lecture's δ is minus the derivative of the loss by a unit's weighted sum: a weight moves by rate·δ·(what it weighs).
# The slides on which this network is worked out slip in places; what stands here is right by finite differences, below.

X, LABEL, RATE, MOMENTUM = (1.0, 0.0), 0.9, 0.2, 0.9


def lecture_network():
    model = SigmoidNetwork(1)
    model.storage.write([0.1] * 9)  # the biases too
    return model


def lecture_loss(model):
    return half_squared_error(model(X), LABEL)


def test_the_lectures_network_has_the_lectures_output_and_deltas():
    model = lecture_network()
    out = model(X)
    (s,) = out.args  # the weighted sum of the output unit
    loss = half_squared_error(out, LABEL)
    hidden_sums = [h.args[0] for h in s.args if isinstance(h, Value) and h.op is not None]  # beside weights and the 1
    assert out.data == pytest.approx(0.5522997, abs=5e-8)  # half a unit of the last printed place
    assert -gradients(loss, s) == pytest.approx(0.0859740, abs=5e-8)
    assert len(hidden_sums) == 2
    assert [-slope for slope in gradients(loss, hidden_sums)] == pytest.approx([0.0021280] * 2, abs=5e-8)


def test_the_first_step_moves_the_output_weights_by_rate_times_delta_times_input():
    model = lecture_network()
    optimizer = SGD(model, learning_rate=RATE, momentum=MOMENTUM)
    lecture_loss(model).backward()
    optimizer.step()
    (unit,) = model.output.neurons
    assert unit.b.data == pytest.approx(0.1172, abs=5e-5)
    assert [w.data for w in unit.w] == pytest.approx([0.1095, 0.1095], abs=5e-5)
    h, delta = sigmoid(0.2), 0.0859740
    assert unit.b.data - 0.1 == pytest.approx(RATE * delta, abs=1e-8)
    assert unit.w[0].data - 0.1 == pytest.approx(RATE * delta * h, abs=1e-8)
    for neuron in model.hidden.neurons:  # x = (1, 0): the second weight sees nothing
        assert neuron.w[1].data == 0.1
        assert [neuron.w[0].data - 0.1, neuron.b.data - 0.1] == pytest.approx([RATE * 0.0021280] * 2, abs=1e-8)


def lecture_steps(count):
    """The recursion, written out on plain numbers: both hidden units are alike, so that one of them stands for two."""
    v, c, w, b = 0.1, 0.1, 0.1, 0.1  # of the output unit, its bias; of a hidden unit towards x[0], its bias
    dv = dc = dw = db = 0.0
    states = []
    for _ in range(count):
        h = sigmoid(w * 1.0 + b)
        y = sigmoid(2 * v * h + c)
        delta_out = (LABEL - y) * y * (1 - y)
        delta_hidden = h * (1 - h) * v * delta_out
        dv, dc = RATE * delta_out * h + MOMENTUM * dv, RATE * delta_out + MOMENTUM * dc
        dw, db = RATE * delta_hidden * 1.0 + MOMENTUM * dw, RATE * delta_hidden + MOMENTUM * db
        v, c, w, b = v + dv, c + dc, w + dw, b + db
        states.append((w, 0.1, b, w, 0.1, b, v, v, c))
    return states


def test_from_the_second_step_on_the_momentum_term_is_in_it():
    model = lecture_network()
    optimizer = SGD(model, learning_rate=RATE, momentum=MOMENTUM)
    first, *others = lecture_steps(5)
    for state in (first, *others):
        optimizer.zero_grad()
        lecture_loss(model).backward()
        optimizer.step()
        assert list(model.storage.numbers) == pytest.approx(state, abs=1e-15)
    # The output's bias goes .0171948 in the first step, and .9 times that and more in the second.
    assert others[0][-1] - first[-1] > 0.9 * (first[-1] - 0.1) > 0.0154


def test_the_lectures_derivatives_are_those_of_finite_differences():
    model, step = lecture_network(), 1e-5
    slopes = gradients(lecture_loss(model), model.parameters())
    for parameter, slope in zip(model.parameters(), slopes, strict=True):
        parameter.data = 0.1 + step
        above = lecture_loss(model).data
        parameter.data = 0.1 - step
        below = lecture_loss(model).data
        parameter.data = 0.1
        # Truncation step²·f'''/6 and rounding 1e-17/step are both near 1e-12.
        assert slope == pytest.approx((above - below) / (2 * step), abs=1e-11)


# --- Mazur's 2-2-2 network ------------------------------------------------------------------------------------------------
#
# Matt Mazur, A step by step backpropagation example, 2015. His biases stay as they are.

MAZUR_X, MAZUR_TARGETS = (0.05, 0.10), (0.01, 0.99)


def mazur_network():
    model = SigmoidNetwork(2)
    model.storage.write([0.15, 0.20, 0.35, 0.25, 0.30, 0.35, 0.40, 0.45, 0.60, 0.50, 0.55, 0.60])
    return model


def mazur_loss(model):
    return half_squared_error(model(MAZUR_X), MAZUR_TARGETS)


def test_mazurs_example_gives_mazurs_numbers():
    model = mazur_network()
    assert [out.data for out in model(MAZUR_X)] == pytest.approx([0.75136507, 0.772928465], abs=5e-9)
    loss = mazur_loss(model)
    assert loss.data == pytest.approx(0.2983711087600027, abs=2e-16)
    loss.backward()
    SGD(weights(model), learning_rate=0.5).step()
    w1, w2, w3, w4, w5, w6, w7, w8 = (w.data for w in weights(model))
    assert w5 == pytest.approx(0.35891647971788465, abs=2e-16)
    assert w1 == pytest.approx(0.1497807161327628, abs=2e-16)
    assert [w2, w3, w4] == pytest.approx([0.19956143, 0.24975114, 0.29950229], abs=5e-9)
    assert [w6, w7, w8] == pytest.approx([0.408666186, 0.511301270, 0.561370121], abs=5e-10)
    assert [neuron.b.data for layer in (model.hidden, model.output) for neuron in layer.neurons] == [0.35, 0.35, 0.6, 0.6]


def mazur_steps(count):
    """The recursion, written out on arrays."""
    w, v = np.array([[0.15, 0.20], [0.25, 0.30]]), np.array([[0.40, 0.45], [0.50, 0.55]])
    x, targets = np.array(MAZUR_X), np.array(MAZUR_TARGETS)
    for _ in range(count):
        h = 1 / (1 + np.exp(-(w @ x + 0.35)))
        y = 1 / (1 + np.exp(-(v @ h + 0.60)))
        delta = (y - targets) * y * (1 - y)
        hidden_delta = h * (1 - h) * (v.T @ delta)
        v, w = v - 0.5 * np.outer(delta, h), w - 0.5 * np.outer(hidden_delta, x)
    return [*w.ravel(), *v.ravel()]


def test_mazurs_network_after_his_ten_thousand_steps():
    model = mazur_network()
    optimizer = SGD(weights(model), learning_rate=0.5)
    slopes_of = ag.jit(lambda: gradients(mazur_loss(model), weights(model)))
    for _ in range(10_000):
        optimizer.step(slopes_of())
    # Roundings of 1e-16 in each of 10,000 steps towards a minimum.
    assert [w.data for w in weights(model)] == pytest.approx(mazur_steps(10_000), abs=1e-12)
    # His text prints 0.0000351085, 0.015912196 and 0.984065734; the recursion without rounding agrees to three digits.
    assert mazur_loss(model).data == pytest.approx(0.0000351, abs=5e-8)
    assert [out.data for out in model(MAZUR_X)] == pytest.approx([0.0159, 0.9841], abs=5e-5)


# --- exclusive or with ReLU -----------------------------------------------------------------------------------------------

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
TRUTH = np.array([0.0, 1.0, 1.0, 0.0])


def test_exclusive_or_by_the_weights_that_a_textbook_sets_by_hand():
    """Goodfellow, Bengio and Courville, Deep Learning, 6.1: W = [[1, 1], [1, 1]], c = (0, -1), w = (1, -2), b = 0."""
    model = MLP(2, [2, 1], activation="relu")
    first, second = model.layers[0].neurons
    model.storage.write([1.0, 1.0, 0.0, 1.0, 1.0, -1.0, 1.0, -2.0, 0.0])
    assert ([w.data for w in first.w], first.b.data, second.b.data) == ([1.0, 1.0], 0.0, -1.0)
    assert [model(x).data for x in CORNERS.tolist()] == [0.0, 1.0, 1.0, 0.0]


def exclusive_or_loss(model, corners, truth):
    return ag.total(ag.vmap(lambda x, t: half_squared_error(model(x), t))(corners, truth))


def trained_on_exclusive_or(units, seeds):
    """The networks of so many hidden ReLUs from each seed, after 300 steps with momentum on all corners; their losses."""
    step = ag.jit(ag.value_and_grad(exclusive_or_loss))
    models = [MLP(2, [units, 1], init="he", seed=seed) for seed in seeds]
    for model in models:
        optimizer = SGD(model, learning_rate=0.1, momentum=0.9)
        for _ in range(300):
            _, slopes = step(model, CORNERS, TRUTH)
            optimizer.step(slopes)
    return models, [step(model, CORNERS, TRUTH)[0] for model in models]


def test_exclusive_or_by_training_needs_restarts_since_two_relus_often_die():
    models, losses = trained_on_exclusive_or(2, range(20))
    best = models[int(np.argmin(losses))]
    assert [best(x).data for x in CORNERS.tolist()] == pytest.approx(TRUTH, abs=1e-6)
    learned = [loss < 1e-6 for loss in losses]
    dead = [loss == pytest.approx(0.5, abs=1e-6) for loss in losses]
    stuck = [loss == pytest.approx(1 / 3, abs=1e-6) for loss in losses]
    assert (sum(learned), sum(dead), sum(stuck)) == (4, 11, 5)  # all of the twenty
    # Where both units are silent at all corners the best constant remains, ½, and no derivative reaches their weights.
    corpse = models[dead.index(True)]
    assert [corpse(x).data for x in CORNERS.tolist()] == pytest.approx([0.5] * 4, abs=1e-3)
    slopes = gradients(exclusive_or_loss(corpse, CORNERS.tolist(), TRUTH.tolist()), corpse.layers[0].parameters())
    assert set(slopes) <= {0.0, None}


def test_with_eight_hidden_relus_most_seeds_learn_exclusive_or():
    _, losses = trained_on_exclusive_or(8, range(20))
    assert sum(loss < 1e-3 for loss in losses) > 10

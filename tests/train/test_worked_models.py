"""Two models worked out: an autoencoder, which is PCA where it is linear, and an unrolled RNN, which learns to add.

Measured (Linux, numpy with OpenBLAS; elsewhere roundings lead to other numbers near these):

| digits, pixels from 0 to 1, to two numbers and back | mean squared distance, training | held out |
|---|---|---|
| PCA, the optimum of any linear autoencoder | 3.347 | 3.395 |
| autoencoder 64-32-2-32-64, relu, 40 epochs of Adam | 2.15 | 2.36 |
| PCA with four numbers | 2.402 | 2.429 |

| adding, 8 hidden units, after 500 sums of 8 bits, means over the seeds 0 to 9 | all 8 bits right, % | all of 60 bits, % |
|---|---|---|
| backpropagation through all 8 steps | 100 | 99.8 |
| … through 2 | 100 | 100 |
| … through a single one, as in Elman's first networks | 87.5 | 24.9 |
"""

import numpy as np
import pytest
import scipy.linalg
import scipy.special
from sklearn.datasets import load_digits

import autograd_lite as ag
from autograd_lite.nn import MLP, RNN, Layer, Module, binary_cross_entropy, squared_error
from autograd_lite.optim import LBFGS, Adam, linear_decay
from autograd_lite.train import fit, outputs_of

pytestmark = pytest.mark.slow  # numbers that no interpreter changes

# --- an autoencoder -------------------------------------------------------------------------------------------------------


def digits():
    """All digits, the mean digit subtracted."""
    pixels = load_digits().data / 16.0
    return pixels - pixels.mean(axis=0)


def rows_of(layer):
    return np.array([[w.data for w in neuron.w] for neuron in layer.neurons])


def distance(model, rows):
    """Between rows and what the model makes of them: the mean of the squares."""
    return ((outputs_of(model, rows) - rows) ** 2).sum(axis=1).mean()


def linear_autoencoder(width, seed=0):
    return MLP(64, [width, 64], activation="identity", bias=False, init="xavier", seed=seed)


@pytest.mark.slow
@pytest.mark.parametrize(("width", "seed"), [(2, 0), (2, 1), (8, 0)])
def test_a_linear_autoencoder_finds_the_subspace_of_pca(width, seed):
    """Baldi and Hornik, Neural networks and principal component analysis, Neural Networks 2 (1989), 53-58."""
    rows, model = digits(), linear_autoencoder(width, seed)
    fit(
        model, rows, rows, "squared_error", epochs=2, batch_size=len(rows),
        optimizer=lambda model: LBFGS(model, max_iterations=400),
    )  # fmt: skip
    _, s, v = np.linalg.svd(rows, full_matrices=False)
    discarded = (s**2)[width:].sum() / len(rows)
    # L-BFGS stops where the loss changes by 2e-9 of itself, which leaves 1e-6 of it here; no network is below the optimum.
    assert discarded * (1.0 - 1e-12) <= distance(model, rows) <= discarded * (1.0 + 1e-4)
    angles = scipy.linalg.subspace_angles(rows_of(model.layers[1]), v[:width].T)
    assert np.sin(angles).max() < 0.02  # near the minimum the loss rises with the square of it


def test_other_principal_components_are_a_saddle_of_it():
    """The same paper: any eigenvectors of the covariance make a stationary point, and only the first ones a minimum."""
    rows, model = digits(), linear_autoencoder(2)
    _, s, v = np.linalg.svd(rows, full_matrices=False)
    eigenvalues = s**2 / len(rows)

    def loss(model):
        losses = ag.vmap(lambda model, row: squared_error(model(row), row), in_axes=(None, 0))(model, rows)
        return ag.mean(losses)

    def at(first, second):
        """Loss and gradient where the two directions are those."""
        directions = np.array([first, second])
        model.storage.write([*directions.ravel(), *directions.T.ravel()])
        return compiled(model)

    compiled = ag.jit(ag.value_and_grad(loss))
    found, slopes = at(v[0], v[2])
    assert found == pytest.approx(eigenvalues.sum() - eigenvalues[0] - eigenvalues[2], rel=1e-12)
    assert np.abs(np.asarray(slopes)).max() < 1e-12
    for angle in (1e-2, 1e-1):  # turned from the third direction to the second: cos² λ₃ + sin² λ₂ in place of λ₃
        lower, _ = at(v[0], np.cos(angle) * v[2] + np.sin(angle) * v[1])
        assert found - lower == pytest.approx(np.sin(angle) ** 2 * (eigenvalues[1] - eigenvalues[2]), rel=1e-6)


def test_an_autoencoder_with_hidden_layers_tells_more_by_two_numbers_than_pca_by_three():
    pixels = load_digits().data / 16.0
    order = np.random.default_rng(0).permutation(len(pixels))
    rows, held_out = pixels[order[:1347]], pixels[order[1347:]]
    rows, held_out = rows - rows.mean(axis=0), held_out - rows.mean(axis=0)
    model = MLP(64, [32, 2, 32, 64], activation=["relu", "identity", "relu", "identity"], init="he", seed=0)
    fit(model, rows, rows, "squared_error", lambda model: Adam(model, linear_decay(0.01, 40 * 43)), 40, seed=0)
    v = np.linalg.svd(rows, full_matrices=False)[2]
    of_pca = {k: ((held_out - held_out @ v[:k].T @ v[:k]) ** 2).sum(axis=1).mean() for k in (2, 3)}
    assert distance(model, held_out) < 0.9 * of_pca[3] < 0.9 * of_pca[2]


# --- an unrolled RNN ------------------------------------------------------------------------------------------------------


class Adder(Module):
    """Reads two binary numbers, a bit of each at a step, the lowest first, and tells the bit of their sum as a logit.

    Arguments:
        hidden: the number of units that remember; what there is to remember is the carry.
        window: after how many steps derivatives are cut off; None is never.
    """

    def __init__(self, hidden, window=None, seed=0):
        self.memory = RNN(2, hidden, seed=seed)
        self.readout = Layer(hidden, 1, nonlin=False, init="xavier", seed=seed + 1)
        self.window = window

    def __call__(self, bits):
        window, state, logits = self.window or len(bits), None, []
        for start in range(0, len(bits), window):
            states = self.memory(bits[start : start + window], state)
            state = [ag.stop_gradient(h) for h in states[-1]]
            logits += [self.readout(h) for h in states]
        return logits


def sums(count, length, seed):
    """Pairs of numbers below 2^(length - 1) as bits, and the bits of their sums by Python's own addition."""
    pairs = np.random.default_rng(seed).integers(0, 2 ** (length - 1), size=(count, 2)).tolist()
    bits = [[[a >> t & 1, b >> t & 1] for t in range(length)] for a, b in pairs]
    return np.array(bits, dtype=float), np.array([[a + b >> t & 1 for t in range(length)] for a, b in pairs], dtype=float)


def taught(seed, window=None):
    """An adder that saw 500 sums of 8 bits, and the share of those in the last epoch that it got right in all bits."""
    model = Adder(8, window, seed)
    history = fit(
        model, *sums(500, 8, seed=0), "binary_cross_entropy", lambda model: Adam(model, linear_decay(0.03, 60 * 16)), 60,
        seed=seed,
    )  # fmt: skip
    return model, history.epoch_metrics[-1]


def share_of_right_sums(model, length):
    bits, wanted = sums(100, length, seed=1)
    return np.mean(((outputs_of(model, bits) > 0.0) == wanted).all(axis=1))


@pytest.mark.parametrize(("seed", "window"), [(0, None), (1, None), (2, None), (0, 2)])
def test_a_network_that_saw_sums_of_8_bits_adds_numbers_of_60(seed, window):
    model, seen = taught(seed, window)
    assert seen == 1.0
    assert share_of_right_sums(model, 60) >= 0.95


def test_without_backpropagation_through_time_the_carry_is_found_by_luck():
    found = [taught(seed, window=1) for seed in range(3)]
    assert np.mean([seen for _, seen in found]) < 0.99
    assert np.mean([share_of_right_sums(model, 60) for model, _ in found]) < 0.8


def by_hand(model, bits, wanted, window):
    """Loss and derivatives by matrices: the δ of a step is made of its own error and the δ of the step after it."""
    rows, readout = rows_of(model.memory), rows_of(model.readout)[0]
    w, u = rows[:, :2], rows[:, 2:]
    b, c = np.array([neuron.b.data for neuron in model.memory.neurons]), model.readout.neurons[0].b.data
    h = [np.zeros(len(b))]
    for x in bits:
        h.append(np.tanh(w @ x + u @ h[-1] + b))
    logits = np.array(h[1:]) @ readout + c
    probabilities = scipy.special.expit(logits)
    loss = -(wanted * np.log(probabilities) + (1.0 - wanted) * np.log(1.0 - probabilities)).sum()
    errors, delta = probabilities - wanted, np.zeros(len(b))
    slopes, bias = np.zeros_like(rows), np.zeros_like(b)
    for t in reversed(range(len(bits))):
        if (t + 1) % window == 0:  # no derivative comes from behind the end of a window
            delta = np.zeros(len(b))
        delta = (readout * errors[t] + u.T @ delta) * (1.0 - h[t + 1] ** 2)
        slopes += np.outer(delta, np.concatenate([bits[t], h[t]]))
        bias += delta
    return loss, [*np.column_stack([slopes, bias]).ravel(), *(errors @ np.array(h[1:])), errors.sum()]


@pytest.mark.parametrize("window", [1, 2, 3, 8, 20])
def test_derivatives_through_time_are_those_by_hand_with_all_windows(window):
    model = Adder(5, window, seed=3)
    (bits,), (wanted,) = sums(1, 8, seed=2)
    loss = binary_cross_entropy(model(bits), wanted)
    value, slopes = by_hand(model, bits, wanted, window)
    assert loss.data == pytest.approx(value, rel=1e-13)
    found = ag.gradients(loss, model.parameters())
    assert found == pytest.approx(slopes, rel=1e-11, abs=1e-13)
    compiled = ag.jit(ag.grad(lambda model, bits, wanted: binary_cross_entropy(model(bits), wanted)))
    assert np.asarray(compiled(model, bits, wanted)) == pytest.approx(np.array(found), rel=1e-12, abs=1e-13)


def test_derivatives_through_all_steps_stand_up_to_differences_and_cut_off_ones_do_not():
    (bits,), (wanted,) = sums(1, 8, seed=2)

    def differences(model):
        """By central differences of the loss by hand."""
        numbers, found = [p.data for p in model.parameters()], []
        for parameter, number in zip(model.parameters(), numbers, strict=True):
            ends = []
            for parameter.data in (number + 1e-5, number - 1e-5):
                ends.append(by_hand(model, bits, wanted, 8)[0])
            parameter.data = number
            found.append((ends[0] - ends[1]) / 2e-5)
        return found

    whole, cut = Adder(5, seed=3), Adder(5, window=2, seed=3)
    slopes, short = (ag.gradients(binary_cross_entropy(m(bits), wanted), m.parameters()) for m in (whole, cut))
    # Truncation 1e-10 times third derivatives, and roundings of 1e-15 in a loss of about 5 over 2e-5.
    assert slopes == pytest.approx(differences(whole), abs=1e-8)
    assert np.abs(np.array(short) - slopes).max() > 0.01

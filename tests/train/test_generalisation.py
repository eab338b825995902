"""What dropout, early stopping, whitening and adversarial training are for, each shown with five seeds.

Measured, as means over the seeds 0 to 4 (Linux, numpy with OpenBLAS; elsewhere roundings lead to other numbers near these);
`python -m tests.benchmarks.training --only generalisation` prints them:

| | without | with |
|---|---|---|
| dropout of half the hidden units: test loss | 0.59 | 0.47 |
| … test accuracy, % | 82 | 88 |
| … test loss less training loss | 0.46 | 0.16 |
| early stopping: test loss | 1.74 | 1.33 |
| steps of steepest descent until 0.1 % is left to be gained | 1,452 raw, 64 standardised | 1 whitened |
| adversarial training: accuracy under attack, % | 21 | 70 |
| … clean accuracy, % | 96.4 | 96.2 |
"""

from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from autograd_lite.nn import MLP, Dropout, Layer
from autograd_lite.nn.sequential import Sequential
from autograd_lite.optim import SGD, Adam
from autograd_lite.train import Standardizer, fit, outputs_of
from autograd_lite.train.adversarial import FastGradientSign
from autograd_lite.train.callbacks import EarlyStopping, LossBelow
from autograd_lite.train.whitening import Whitener

pytestmark = pytest.mark.slow

SEEDS = range(5)
each_seed = pytest.mark.parametrize("seed", SEEDS)


@dataclass(frozen=True)
class Scores:
    """How well a model does on some samples: the mean loss and the share of right classes, by numpy alone."""

    loss: float
    accuracy: float

    @classmethod
    def of(cls, model, rows, targets):
        z = outputs_of(model, rows)
        z = z - z.max(axis=1, keepdims=True)
        picked = z[np.arange(len(z)), targets]
        return cls(float(np.mean(np.log(np.exp(z).sum(axis=1)) - picked)), float(np.mean(z.argmax(axis=1) == targets)))


def digits(count, seed):
    """So many digits for training and all others for the test, with pixels from 0 to 1."""
    rows, targets = load_digits(return_X_y=True)
    return train_test_split(rows / 16.0, targets, train_size=count, random_state=seed, stratify=targets)


def relabelled(targets, dice):
    """A fifth of the classes replaced by one drawn at random."""
    return np.where(dice.random(len(targets)) < 0.2, dice.integers(0, 10, len(targets)), targets)


def adam(rate):
    return lambda model: Adam(model, rate)


def mean_of(found, name):
    return np.mean([getattr(one, name) for one in found])


# --- dropout --------------------------------------------------------------------------------------------------------------


def trained_on_few(seed, rate):
    """Scores on 200 digits, a fifth of them mislabelled, and on all others, of a network that can learn the 200."""
    rows, test_rows, targets, test_targets = digits(200, seed)
    targets = relabelled(targets, np.random.default_rng(seed))
    hidden = Layer(64, 64, init="he", seed=seed), Dropout(rate, seed=seed)
    model = Sequential(*hidden[: 2 if rate else 1], Layer(64, 10, nonlin=False, init="he", seed=seed))
    fit(model, rows, targets, optimizer=adam(3e-3), epochs=100, seed=seed, metric=None)
    return Scores.of(model, rows, targets), Scores.of(model, test_rows, test_targets)


def test_dropout_makes_a_large_network_err_less_on_new_samples():
    plain, dropped = ([trained_on_few(seed, rate) for seed in SEEDS] for rate in (0.0, 0.5))
    for (_, test), (_, dropped_test) in zip(plain, dropped, strict=True):
        assert dropped_test.loss < test.loss
        assert dropped_test.accuracy > test.accuracy
    (training, test), (dropped_training, dropped_test) = ([*zip(*found, strict=True)] for found in (plain, dropped))
    assert mean_of(dropped_test, "accuracy") > mean_of(test, "accuracy") + 0.03
    gap = mean_of(test, "loss") - mean_of(training, "loss")
    dropped_gap = mean_of(dropped_test, "loss") - mean_of(dropped_training, "loss")
    assert dropped_gap < 0.6 * gap


# --- early stopping -------------------------------------------------------------------------------------------------------


def late_and_stopped(seed):
    """The history, the loss on held-out and that on new digits: of a training to its end, and of one stopped early."""
    rows, test_rows, targets, test_targets = digits(300, seed)
    dice = np.random.default_rng(seed)
    targets, test_targets = relabelled(targets, dice), relabelled(test_targets, dice)
    held_out, found = (rows[200:], targets[200:]), []
    for callbacks in ([], [EarlyStopping(5)]):
        model = MLP(64, [32, 10], init="he", seed=seed)
        options = {"validation": held_out, "callbacks": callbacks, "metric": None}
        history = fit(model, rows[:200], targets[:200], optimizer=adam(1e-2), epochs=40, seed=seed, **options)
        found.append((history, Scores.of(model, *held_out).loss, Scores.of(model, test_rows, test_targets).loss))
    return found


@each_seed
def test_early_stopping_keeps_parameters_that_err_less_than_those_after_all_epochs(seed):
    (whole, _, late), (short, best, kept) = late_and_stopped(seed)
    assert kept < 0.85 * late
    assert best == pytest.approx(min(short.validation_losses), rel=1e-12)
    epochs = len(short.epoch_losses)
    assert epochs < 40
    assert short.epoch_losses == whole.epoch_losses[:epochs]  # the same training, until it ended
    assert whole.epoch_losses[-1] < 0.7 * short.epoch_losses[-1]  # which goes on learning the samples, and errs more


# --- whitening ------------------------------------------------------------------------------------------------------------


def steps_of_steepest_descent(rows, targets):
    """The largest rate 1/λ, the loss when 0.1 % of the gain is left, the first step below it, and the condition number.

    ½·mean (w·x + b - t)² is a parabola along each eigenvector of the inputs' second moments, on which k steps of the rate
    1/λ_max shrink the distance by (1 - λ/λ_max)^k: about as many are needed as the condition number λ_max/λ_min says.
    """
    inputs = np.column_stack([rows, np.ones(len(rows))])
    eigenvalues, vectors = np.linalg.eigh(inputs.T @ inputs / len(rows))
    best = np.linalg.lstsq(inputs, targets, rcond=None)[0]
    gains = 0.5 * eigenvalues * (vectors.T @ best) ** 2
    rest = 0.5 * np.mean((inputs @ best - targets) ** 2)
    left = (1.0 - eigenvalues / eigenvalues[-1])[None, :] ** (2 * np.arange(10_000)[:, None]) @ gains
    step = int(np.argmax(left < 1e-3 * gains.sum()))
    # Between that step's loss and the one before, so that no rounding decides.
    return 1.0 / eigenvalues[-1], rest + 0.5 * (left[step] + left[step - 1]), step, eigenvalues[-1] / eigenvalues[0]


def steps_by_inputs(seed):
    """For raw, standardised and whitened inputs the steps taken, those expected, and the condition number."""
    dice = np.random.default_rng(seed)
    correlated = np.sqrt(0.9) * dice.normal(size=(200, 1)) + np.sqrt(0.1) * dice.normal(size=(200, 4))
    targets = correlated @ dice.normal(size=4) + 0.1 * dice.normal(size=200)
    raw = correlated * [1.0, 2.0, 4.0, 8.0] + dice.normal(size=4)
    forms = {"raw": raw, "standardised": Standardizer.fitted(raw)(raw), "whitened": Whitener.fitted(raw)(raw)}
    found = {}
    for name, rows in forms.items():
        rate, loss, expected, condition = steps_of_steepest_descent(rows, targets)
        model = MLP(4, [1], init=lambda generator, nin, nout: [0.0] * nin)
        options = {"epochs": 10_000, "batch_size": 200, "callbacks": [LossBelow(loss)], "metric": None}
        history = fit(model, rows, targets, "half_squared_error", lambda model, rate=rate: SGD(model, rate), **options)
        found[name] = len(history.losses) - 1, expected, condition  # the last loss is that before its step
    return found


@each_seed
def test_whitened_inputs_need_one_step_where_others_need_as_many_as_their_condition_number_says(seed):
    found = steps_by_inputs(seed)
    for taken, expected, _ in found.values():
        assert taken == expected
    taken, _, condition = found["whitened"]
    assert condition == pytest.approx(1.0, rel=1e-9)
    assert taken == 1
    for better, worse, times in (("whitened", "standardised", 20), ("standardised", "raw", 4)):
        assert found[worse][2] > 10 * found[better][2]
        assert found[worse][0] > times * found[better][0]


# --- adversarial training -------------------------------------------------------------------------------------------------

EPSILON = 0.1


def attacked(model, rows, targets):
    """x + ε·sign ∂loss/∂x, by backpropagation with matrices through the one hidden layer."""
    numbers = np.array([p.data for p in model.parameters()])
    hidden, output = numbers[: 32 * 65].reshape(32, 65), numbers[32 * 65 :].reshape(10, 33)
    z = rows @ hidden[:, :-1].T + hidden[:, -1]
    scores = np.maximum(z, 0.0) @ output[:, :-1].T + output[:, -1]
    delta = np.exp(scores - scores.max(axis=1, keepdims=True))
    delta /= delta.sum(axis=1, keepdims=True)
    delta[np.arange(len(rows)), targets] -= 1.0
    return rows + EPSILON * np.sign(((delta @ output[:, :-1]) * (z > 0.0)) @ hidden[:, :-1])


def defended_and_not(seed):
    """Accuracies on new digits, clean and under attack: of a network trained as usual, and of one attacked."""
    rows, test_rows, targets, test_targets = digits(1000, seed)
    found = []
    for defended in (False, True):
        model = MLP(64, [32, 10], init="he", seed=seed)
        augment = FastGradientSign(model, EPSILON) if defended else None
        fit(model, rows, targets, optimizer=adam(1e-2), epochs=15, seed=seed, metric=None, augment=augment)
        moved = attacked(model, test_rows, test_targets)
        found.append([Scores.of(model, these, test_targets).accuracy for these in (test_rows, moved)])
    return found


def test_adversarial_training_withstands_the_attack_and_stays_as_good_without_one():
    found = np.array([defended_and_not(seed) for seed in SEEDS])
    (clean, under_attack), (defended_clean, defended) = found.mean(axis=0)
    assert (found[:, 1, 1] > found[:, 0, 1] + 0.35).all()
    assert under_attack < 0.3
    assert defended > 0.6
    assert defended_clean > clean - 0.015

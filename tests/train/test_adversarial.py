"""Adversarial examples: the step of the paper, and what training with it does.

Measured on two moons (400 points, noise 0.15; ε = 0.3), accuracy in % on 200 other points for the seeds 0 to 4:

| seed | clean | under attack | trained with adversarial examples: clean | … under attack |
|---|---|---|---|---|
| 0 | 98.0 | 55.5 | 95.5 | 75.5 |
| 1 | 99.0 | 54.5 | 95.5 | 74.5 |
| 2 | 98.5 | 55.5 | 96.5 | 79.5 |
| 3 | 99.0 | 59.5 | 97.5 | 80.0 |
| 4 | 99.5 | 56.0 | 95.5 | 77.0 |
| mean | 98.8 | 56.2 | 96.1 | 77.3 |
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import relu
from autograd_lite.nn import MLP, Dropout, Module, hinge, squared_error
from autograd_lite.optim import Adam
from autograd_lite.train.adversarial import FastGradientSign, fast_gradient_sign
from autograd_lite.train.augmentation import InputNoise, chain
from autograd_lite.train.datasets import moons
from autograd_lite.train.engines import outputs_of
from autograd_lite.train.fit import fit
from tests.strategies import examples

pytestmark = pytest.mark.slow  # numbers that no interpreter changes

either_engine = pytest.mark.parametrize("engine", ["jit", "eager"])
ROWS = np.random.default_rng(0).normal(size=(6, 3))
CLASSES = np.array([0, 1, 1, 0, 1, 0])


def tanh_network():
    return MLP(3, [4, 2], activation="tanh", init="xavier", seed=3)


def losses(model, rows, targets):
    """Softmax cross-entropy of each row, by numpy alone but for the outputs."""
    z = outputs_of(model, rows)
    return np.logaddexp.reduce(z, axis=1) - z[np.arange(len(z)), targets]


def differences(model, rows, targets, step=1e-5):
    """∂loss/∂rows by central differences."""
    moves = step * np.eye(rows.shape[1])
    return np.column_stack(
        [(losses(model, rows + move, targets) - losses(model, rows - move, targets)) / (2.0 * step) for move in moves]
    )


# --- the step -------------------------------------------------------------------------------------------------------------


@either_engine
@examples(20)
@given(seed=st.integers(0, 1000), epsilon=st.sampled_from([0.0, 0.125, 1.0]))
def test_of_a_linear_model_the_step_is_epsilon_times_the_sign_of_the_weights_and_of_the_error(engine, seed, epsilon):
    dice = np.random.default_rng(seed)
    rows, targets = dice.normal(size=(5, 3)), dice.normal(size=5)
    model = MLP(3, [1], seed=seed)
    w, b = np.array([p.data for p in model.parameters()[:3]]), model.parameters()[3].data
    error = rows @ w + b - targets
    found = fast_gradient_sign(model, rows, targets, epsilon, loss=squared_error, engine=engine)
    assert np.array_equal(found, rows + epsilon * np.sign(error)[:, None] * np.sign(w))


@either_engine
def test_the_step_is_the_sign_of_differences(engine):
    model = tanh_network()
    found = fast_gradient_sign(model, ROWS, CLASSES, 0.25, engine=engine)
    slopes = differences(model, ROWS, CLASSES)
    assert np.abs(slopes).min() > 1e-6  # differences are good to 1e-9, so that every sign is sure
    assert np.array_equal(found, ROWS + 0.25 * np.sign(slopes))


def test_the_loss_grows_to_first_order_by_epsilon_times_the_sum_of_absolute_derivatives():
    model = tanh_network()
    before, slope = losses(model, ROWS, CLASSES), np.abs(differences(model, ROWS, CLASSES)).sum(axis=1)
    rests = []
    for epsilon in (1e-2, 1e-3):
        gain = losses(model, fast_gradient_sign(model, ROWS, CLASSES, epsilon), CLASSES) - before
        rests.append(np.abs(gain - epsilon * slope))
    assert (rests[0] < 0.1 * 1e-2 * slope).all()
    assert (rests[1] < 0.02 * rests[0]).all()  # of the second order: a hundredth for a tenth of the step


def test_no_other_step_of_that_size_gains_more_to_first_order():
    model, epsilon = tanh_network(), 1e-3
    found = losses(model, fast_gradient_sign(model, ROWS, CLASSES, epsilon), CLASSES)
    corners = np.array(np.meshgrid(*[[-1.0, 1.0]] * 3)).reshape(3, -1).T
    best = np.max([losses(model, ROWS + epsilon * corner, CLASSES) for corner in corners], axis=0)
    assert np.allclose(found, best, rtol=1e-12)


def test_a_feature_without_influence_stays():
    assert fast_gradient_sign(
        lambda x: relu(x[0]), [[-1.0, 2.0], [1.0, 2.0]], [1.0, 5.0], 0.5, loss=squared_error
    ).tolist() == [
        [-1.0, 2.0],
        [1.5 - 1.0, 2.0],
    ]


def test_bounds_hold():
    rows = np.array([[0.0, 1.0, 0.5], [1.0, 0.95, 0.02]])
    found = fast_gradient_sign(tanh_network(), rows, [0, 1], 0.1, clip=(0.0, 1.0))
    free = fast_gradient_sign(tanh_network(), rows, [0, 1], 0.1)
    assert np.array_equal(found, np.clip(free, 0.0, 1.0))
    assert not np.array_equal(found, free)


def test_images_and_lists_are_taken_as_they_come():
    model = tanh_network()
    expected = fast_gradient_sign(model, ROWS, CLASSES, 0.1)
    assert np.array_equal(fast_gradient_sign(model, ROWS.tolist(), CLASSES.tolist(), 0.1), expected)
    images = fast_gradient_sign(lambda image: model(list(image[0])), ROWS[:, None, :], CLASSES, 0.1)
    assert np.array_equal(images, expected[:, None, :])


# --- the model ------------------------------------------------------------------------------------------------------------


class Halved(Module):
    """A network behind a layer of dropout."""

    def __init__(self):
        self.layers = [Dropout(0.5, seed=0), tanh_network()]

    def __call__(self, x):
        return self.layers[1](self.layers[0](x))


@either_engine
@pytest.mark.parametrize("mode", [True, False])
def test_the_derivative_is_taken_in_the_mode_of_use_and_every_layer_gets_its_own_back(engine, mode):
    model = Halved()
    model.layers[0].train(mode)
    found = fast_gradient_sign(model, ROWS, CLASSES, 0.1, engine=engine)
    assert np.array_equal(found, fast_gradient_sign(model.layers[1], ROWS, CLASSES, 0.1))
    assert model.layers[0].training is mode


def test_the_mode_comes_back_after_an_error_too():
    model = Halved()
    with pytest.raises(IndexError):
        fast_gradient_sign(model, ROWS, CLASSES + 7, 0.1, engine="eager")
    assert model.layers[0].training


@either_engine
def test_parameters_are_read_anew_and_stay_as_they_are(engine):
    model = tanh_network()
    attack = FastGradientSign(model, 0.1, engine=engine)
    attack.adversarial(ROWS, CLASSES)
    for parameter in model.parameters():
        parameter.data = -parameter.data if parameter is model.parameters()[-1] else 0.5 * parameter.data
    before = [p.data for p in model.parameters()]
    found = attack.adversarial(ROWS[:4], CLASSES[:4])
    assert np.array_equal(found, fast_gradient_sign(model, ROWS[:4], CLASSES[:4], 0.1, engine=engine))
    assert [p.data for p in model.parameters()] == before
    assert {p.grad for p in model.parameters()} == {None}


def test_it_is_traced_once_for_batches_of_any_size():
    calls = []

    def model(x):
        calls.append(x)
        return x[0] * x[1] - x[2]

    attack = FastGradientSign(model, 0.1, loss=squared_error)
    for size in (6, 3, 6, 1):
        attack.adversarial(ROWS[:size], CLASSES[:size])
    assert len(calls) == 1


# --- training -------------------------------------------------------------------------------------------------------------


def test_as_an_augmentation_it_doubles_the_batch():
    model, dice = tanh_network(), np.random.default_rng(0)
    attack = FastGradientSign(model, 0.1)
    rows, targets = attack(ROWS, CLASSES, dice)
    assert np.array_equal(rows, np.concatenate([ROWS, attack.adversarial(ROWS, CLASSES)]))
    assert targets.tolist() == [*CLASSES, *CLASSES]
    assert len(chain(InputNoise(0.1), attack)(ROWS, CLASSES, dice)[0]) == 12


EPSILON = 0.3


def robust_and_clean(seed, *, adversarial):
    """The accuracy under attack, and without one, on points that were not trained on."""
    (rows, targets), (others, goals) = moons(400, noise=0.15, seed=seed), moons(200, noise=0.15, seed=100 + seed)
    model = MLP(2, [16, 16, 2], init="he", seed=seed)
    attack = FastGradientSign(model, EPSILON)
    fit(
        model,
        rows,
        targets,
        optimizer=Adam(model, 0.01),
        epochs=60,
        batch_size=20,
        seed=seed,
        augment=attack if adversarial else None,
    )
    attacked = attack.adversarial(others, goals)
    return tuple(float(np.mean(outputs_of(model, x).argmax(axis=1) == goals)) for x in (attacked, np.array(others)))


@pytest.mark.parametrize("seed", range(5))
def test_an_attack_breaks_a_trained_network_and_adversarial_training_mends_it(seed):
    robust, clean = robust_and_clean(seed, adversarial=False)
    mended, kept = robust_and_clean(seed, adversarial=True)
    assert clean > 0.96
    assert robust < 0.65
    assert mended > robust + 0.12
    assert kept > clean - 0.05


# --- what cannot be done --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"epsilon": -0.1}, ValueError, "epsilon is -0.1; it must be a finite number ≥ 0"),
        ({"epsilon": float("nan")}, ValueError, "epsilon is nan"),
        ({"epsilon": float("inf")}, ValueError, "epsilon is inf"),
        ({"clip": (1.0, 0.0)}, ValueError, "the first below the second"),
        ({"engine": "torch"}, ValueError, "the engine is 'torch'; it must be one of jit, eager"),
        ({"loss": "hinge"}, TypeError, "the loss is of type str, which cannot be called"),
        ({"model": Module()}, TypeError, "the model is of type Module, which cannot be called"),
        ({"rows": ROWS[:4]}, ValueError, "4 samples and 6 targets"),
        ({"rows": ROWS[:0], "targets": []}, ValueError, "0 samples"),
        ({"rows": np.full((6, 3), np.nan)}, ValueError, r"features\[0, 0\] is nan"),
        ({"rows": ROWS[:, :2]}, ValueError, "3 inputs was given 2"),
        ({"model": lambda x: [x[0] * float("nan"), x[1]]}, ValueError, "the derivative of the loss of sample 0 is nan"),
    ],
)
def test_bad_input_is_said(change, error, message):
    given = {"model": tanh_network(), "rows": ROWS, "targets": CLASSES, "epsilon": 0.1, **change}
    with pytest.raises(error, match=message):
        fast_gradient_sign(**given)


def test_a_loss_of_labels_with_signs_serves_too():
    found = fast_gradient_sign(lambda x: x[0] - x[1], [[0.0, 0.0], [3.0, 0.0]], [-1, 1], 0.5, loss=hinge)
    assert found.tolist() == [[0.5, -0.5], [3.0, 0.0]]  # the second one is on its side by more than 1: no loss, no step


@pytest.mark.parametrize("engine", ["jit", "eager"])
def test_a_class_that_no_output_stands_for_has_no_adversarial_example(engine):
    with pytest.raises(IndexError, match="the index is 5; it must be a whole number from 0 to 1"):
        fast_gradient_sign(MLP(3, [2], seed=0), [[1.0, 2.0, 3.0]], [5], 0.1, engine=engine)

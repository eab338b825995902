"""The lecture's training: a hidden sigmoid layer, the sum of squared errors, steepest descent with the rate A/(B+m)."""

import numpy as np
import pytest

from autograd_lite.nn import MLP
from autograd_lite.optim import SGD, harmonic
from autograd_lite.train import fit
from autograd_lite.train.callbacks import LossBelow
from autograd_lite.train.restarts import fit_restarts

XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0.0, 1.0, 1.0, 0.0])
A, B = 400.0, 100.0


def network(**weights):
    return MLP(2, [3, 1], activation=["sigmoid", "sigmoid"], **weights)


def settings(epochs, tolerance):
    return {
        "loss": "squared_error",
        "optimizer": lambda model: SGD(model, harmonic(A, B)),
        "epochs": epochs,
        "batch_size": 4,
        "reduction": "sum",
        "callbacks": [LossBelow(tolerance)],
    }


def by_hand(weights, epochs):
    """Backpropagation by matrices: the losses, and the weights after the last step."""
    rows, goals = XOR
    v, w = np.array(weights[:9]).reshape(3, 3), np.array(weights[9:])  # a row for each unit, its bias last
    inputs, losses = np.column_stack([rows, np.ones(4)]), []
    for m in range(1, epochs + 1):
        h = np.column_stack([1.0 / (1.0 + np.exp(-inputs @ v.T)), np.ones(4)])
        y = 1.0 / (1.0 + np.exp(-h @ w))
        losses.append(np.sum((y - goals) ** 2))
        delta = 2.0 * (y - goals) * y * (1.0 - y)
        hidden = np.outer(delta, w[:3]) * h[:, :3] * (1.0 - h[:, :3])
        rate = A / (B + m)
        v, w = v - rate * hidden.T @ inputs, w - rate * h.T @ delta
    return losses, [*v.ravel(), *w]


def test_every_step_is_that_of_backpropagation_by_hand():
    model = network(seed=3)
    losses, weights = by_hand([p.data for p in model.parameters()], 50)
    history = fit(model, *XOR, seed=0, **settings(50, 1e-9))
    # Fifty steps at rates of about 4 let roundings of 1e-16 grow a little.
    assert history.losses == pytest.approx(losses, rel=1e-10)
    assert [p.data for p in model.parameters()] == pytest.approx(weights, rel=1e-9)


def test_it_ends_at_the_first_epoch_within_the_tolerance():
    model = network(seed=3)
    history = fit(model, *XOR, seed=0, **settings(2000, 0.01))
    assert history.stopped == f"the loss is {history.losses[-1]:.3g}, below 0.01"
    assert history.losses[-1] < 0.01 <= min(history.losses[:-1])
    assert all(abs(model(row).data - goal) < 0.1 for row, goal in zip(*XOR, strict=True))


def test_restarts_find_what_one_beginning_may_miss():
    """Weights near 0 begin on the plateau where all units are alike; with a larger range most beginnings succeed."""
    options = {**settings(600, 0.01), "engine": "jit"}
    best = fit_restarts(network, *XOR, bounds=(0.001, 1.0, 3.0), repeats=2, seed=0, **options)
    losses = [attempt.loss for attempt in best.attempts]
    assert min(losses[:2]) > 0.5  # the plateau: ½ for every sample
    assert best.history.losses[-1] == min(losses) < 0.01

import math

import pytest

from autograd_lite import gradients
from autograd_lite.nn import MLP, squared_error
from autograd_lite.optim import SGD
from autograd_lite.train import DivergedError, accuracy, fit, moons
from autograd_lite.train.fit import mean_loss, predicted_class

POINTS, LABELS = moons(30, noise=0.1)
OPTIONS = {"epochs": 2, "batch_size": 8, "learning_rate": 0.1}


def trained(seed=0, **options):
    model = MLP(2, [4, 2], seed=1, init="he")
    history = fit(model, POINTS, LABELS, seed=seed, **{**OPTIONS, **options})
    return [p.data for p in model.parameters()], history


def test_training_is_the_same_to_the_bit_and_follows_its_seed():
    assert trained() == trained()
    assert trained()[0] != trained(seed=1)[0]


def test_training_learns():
    model = MLP(2, [12, 2], seed=1, init="he")
    history = fit(model, POINTS, LABELS, seed=0, epochs=100, batch_size=5, learning_rate=0.5)
    assert history.epoch_losses[-1] < 0.1 < history.epoch_losses[0]
    assert accuracy(model, POINTS, LABELS) == 1.0


def test_two_steps_of_a_whole_batch_are_two_steps_of_gradient_descent():
    weights, history = trained(batch_size=100)
    model, losses = MLP(2, [4, 2], seed=1, init="he"), []
    for rate in (0.1, 0.05):
        loss, _ = mean_loss(model, POINTS, LABELS)
        for parameter, slope in zip(model.parameters(), gradients(loss, model.parameters()), strict=True):
            parameter.data -= rate * slope
        losses.append(loss.data)
    # The order of samples differs, and so the roundings.
    assert weights == pytest.approx([p.data for p in model.parameters()], rel=1e-12, abs=1e-15)
    assert history.losses == pytest.approx(losses, rel=1e-12)


def test_an_epoch_sees_every_sample_once_and_its_loss_is_the_mean_over_them(monkeypatch):
    seen = []
    model = MLP(1, [2], seed=0)
    monkeypatch.setattr(SGD, "step", lambda self: None)
    rows = [[float(k)] for k in range(7)]

    def loss(output, target):
        seen.append(target)
        return squared_error(output[0], target)

    history = fit(model, rows, list(range(7)), epochs=2, batch_size=3, learning_rate=0.1, loss=loss, seed=0)
    assert sorted(seen[:7]) == sorted(seen[7:]) == list(range(7))
    assert seen[:7] != seen[7:]
    whole = mean_loss(model, rows, list(range(7)), lambda output, target: squared_error(output[0], target))[0].data
    assert history.epoch_losses == [pytest.approx(whole, rel=1e-14)] * 2
    assert (history.batches, history.steps, len(history.losses)) == (3, 6, 6)


def test_the_learning_rate_falls_linearly(monkeypatch):
    rates = []
    monkeypatch.setattr(SGD, "step", lambda self: rates.append(self.learning_rate))
    trained()
    assert rates == pytest.approx([0.1 * (1 - k / 8) for k in range(8)])


def test_the_callback_is_told_after_every_step():
    told = []
    trained(callback=lambda history: told.append((len(history.losses), len(history.epoch_losses))))
    assert told == [(step, 1 + (step - 1) // 4) for step in range(1, 9)]


def test_ctrl_c_keeps_what_was_learnt():
    def stop(history):
        if len(history.losses) == 3:
            raise KeyboardInterrupt

    weights, history = trained(callback=stop)
    assert (history.interrupted, len(history.losses), history.steps) == (True, 3, 8)
    assert weights != [p.data for p in MLP(2, [4, 2], seed=1, init="he").parameters()]


def test_a_diverging_loss_stops_and_asks_for_a_smaller_rate():
    with pytest.raises(
        DivergedError, match=r"the loss is (nan|inf) after \d+ steps at the learning rate 1e\+200; .* 1e\+199 say"
    ):
        trained(learning_rate=1e200)


def test_a_last_step_out_of_the_finite_numbers_is_seen_too():
    huge = [[1e200 * x for x in point] for point in POINTS]
    model = MLP(2, [2], seed=0)
    for parameter in model.parameters():
        parameter.data *= 1e-200
    with pytest.raises(DivergedError, match="a parameter is not finite after 1 steps"):
        fit(model, huge, LABELS, epochs=1, batch_size=100, learning_rate=1e200, seed=0)


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"batch_size": 0}, {"learning_rate": -1.0}, {"learning_rate": math.nan}])
def test_settings_that_cannot_work_are_refused(wrong):
    with pytest.raises(ValueError, match=r"it must be|both must be"):
        trained(**wrong)


def test_samples_and_targets_must_be_equally_many():
    model = MLP(2, [2], seed=0)
    with pytest.raises(ValueError, match="30 samples and 29 targets"):
        fit(model, POINTS, LABELS[1:], **OPTIONS)
    with pytest.raises(ValueError, match="no samples"):
        accuracy(model, [], [])


def test_of_equal_outputs_the_first_is_predicted():
    assert predicted_class([1.0, 3.0, 3.0]) == 1

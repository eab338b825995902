"""What looks on and may end a training; beginnings of which the best is kept; the picture of a history."""

import math

import numpy as np
import pytest

from autograd_lite import Value
from autograd_lite.nn import MLP, Module
from autograd_lite.optim import SGD
from autograd_lite.train import DivergedError, History, fit, moons
from autograd_lite.train.callbacks import Callback, EarlyStopping, GradientNormBelow, LossBelow, LossChangeBelow, Training
from autograd_lite.train.restarts import fit_restarts
from autograd_lite.train.samples import Samples

POINTS, LABELS = moons(30, noise=0.1)


class Constant(Module):
    """c, whatever the input is; with ½(c - t)² and gradient descent everything is known."""

    def __init__(self, c=1.0):
        self.c = Value(c)

    def __call__(self, row):
        return self.c + 0.0 * row[0]


def descended(*callbacks, epochs=50, rate=0.5, **options):
    """Gradient descent from c = 1 towards 0: c halves in every epoch."""
    model = Constant()
    history = fit(
        model, [[0.0]], [0.0], "half_squared_error", SGD(model, rate), epochs, callbacks=callbacks, seed=0, **options
    )
    return model.c.data, history


# --- stopping -------------------------------------------------------------------------------------------------------------


def test_the_change_of_the_loss_ends_training_at_the_first_epoch_below_the_tolerance():
    c, history = descended(LossChangeBelow(1e-4))
    losses = [0.5 * 0.25**k for k in range(50)]
    first = next(k for k in range(1, 50) if losses[k - 1] - losses[k] < 1e-4)
    assert (len(history.epoch_losses), c) == (first + 1, 0.5 ** (first + 1))
    assert history.epoch_losses == losses[: first + 1]
    assert history.stopped == "the loss changed by 9.16e-05, less than 0.0001"


def test_the_norm_of_the_gradient_ends_training():
    c, history = descended(GradientNormBelow(1e-3))
    assert (c, len(history.epoch_losses)) == (0.5**11, 11)  # the gradient is c itself: 0.5**10 in the 11th epoch
    assert history.stopped == "the norm of the gradient is 0.000977, below 0.001"


def test_a_small_loss_ends_training():
    _, history = descended(LossBelow(1e-3))
    assert history.epoch_losses[-1] < 1e-3 <= history.epoch_losses[-2]
    assert history.stopped.startswith("the loss is 0.000")


@pytest.mark.parametrize("rule", [LossChangeBelow, GradientNormBelow, LossBelow])
def test_a_tolerance_must_be_positive(rule):
    with pytest.raises(ValueError, match=f"{rule.__name__}: the tolerance is 0"):
        rule(0.0)


# The held-out sample has the target ½: the loss there falls while c goes from 1 to ½, and rises after that.
def test_early_stopping_gives_back_the_parameters_of_the_best_epoch():
    c, history = descended(EarlyStopping(patience=3), rate=0.1, validation=([[0.0]], [0.5]))
    best = int(np.argmin(history.validation_losses))
    assert history.best_epoch == best
    assert c == pytest.approx(0.9 ** (best + 1), rel=1e-14)
    assert best + 1 == min(range(50), key=lambda k: abs(0.9**k - 0.5))
    assert len(history.validation_losses) == best + 1 + 3
    assert history.stopped == "early stopping: no better validation loss in 3 epochs"


def test_early_stopping_keeps_the_best_also_where_training_ends_by_itself_or_by_ctrl_c():
    def stop(training):
        if len(training.history.validation_losses) == 9:
            raise KeyboardInterrupt

    for callbacks in ([EarlyStopping(patience=30)], [EarlyStopping(patience=30), stop]):
        c, history = descended(*callbacks, epochs=20, rate=0.1, validation=([[0.0]], [0.5]))
        assert c == pytest.approx(0.9 ** (history.best_epoch + 1), rel=1e-14)
        assert history.best_epoch == 6  # 0.9**7 = 0.478, 0.9**6 = 0.531


def test_a_held_out_loss_that_is_no_number_is_never_the_best():
    nan = math.nan
    for losses, best in (([nan, 3.0, 1.0, 2.0], 2), ([3.0, nan, 1.0, nan], 2), ([nan, nan, nan, nan], 0)):
        model, rule = MLP(1, [1], seed=0), EarlyStopping(patience=9)
        held = Samples.of([[0.0]], [0.0])
        training = Training(model, None, History(4, 1), held, held)
        rule.on_start(training)
        for epoch, loss in enumerate(losses):
            model.parameters()[0].data = float(epoch)
            training.history.validation_losses.append(loss)
            rule.on_epoch(training)
        rule.on_end(training)
        assert (training.history.best_epoch, model.parameters()[0].data) == (best, best)


def test_early_stopping_can_be_used_again():
    rule = EarlyStopping(patience=3)
    first, again = (descended(rule, rate=0.1, validation=([[0.0]], [0.5])) for _ in range(2))
    assert first[0] == again[0]
    assert first[1].validation_losses == again[1].validation_losses


def test_early_stopping_without_held_out_samples_is_refused():
    with pytest.raises(ValueError, match="there are no held-out samples; give"):
        descended(EarlyStopping())
    with pytest.raises(ValueError, match="patience is 0"):
        EarlyStopping(0)


# --- looking on -----------------------------------------------------------------------------------------------------------


class Notes(Callback):
    def __init__(self):
        self.told = []

    def on_start(self, training):
        self.told.append("start")

    def on_step(self, training):
        self.told.append(f"step {len(training.history.losses)}")

    def on_epoch(self, training):
        self.told.append(f"epoch {len(training.history.epoch_losses)}")

    def on_end(self, training):
        self.told.append("end")


def test_callbacks_are_told_in_the_order_of_events():
    notes, epochs = Notes(), []
    functions = [notes, lambda training: epochs.append(len(training.history.losses))]
    fit(MLP(2, [2], seed=0), POINTS, LABELS, epochs=2, batch_size=15, callbacks=functions, seed=0)
    assert notes.told == ["start", "step 1", "step 2", "epoch 1", "step 3", "step 4", "epoch 2", "end"]
    assert epochs == [2, 4]


def test_a_callback_may_stop_between_steps():
    class Stop(Callback):
        def on_step(self, training):
            training.stop("enough")

    notes = Notes()
    history = fit(MLP(2, [2], seed=0), POINTS, LABELS, batch_size=15, callbacks=[notes, Stop()], seed=0)
    assert notes.told == ["start", "step 1", "end"]
    assert (history.stopped, len(history.losses), history.epoch_metrics) == ("enough", 1, [])


def test_the_bar_shows_epoch_loss_metric_and_samples_per_second(capfd):
    fit(MLP(2, [2], seed=0), POINTS, LABELS, epochs=2, validation=0.2, progress=True, seed=0)
    shown = capfd.readouterr().err.replace("\r", "\n").strip().splitlines()[-1]
    for part in ("epoch 2/2: 100%", "samples/s", "loss 0.", "validation 0.", "accuracy 0."):
        assert part in shown


def test_nothing_is_shown_unless_it_is_asked_for(capfd):
    fit(MLP(2, [2], seed=0), POINTS, LABELS, epochs=1, seed=0)
    assert capfd.readouterr() == ("", "")


def test_a_history_draws_itself():
    figure = History(2, 2, losses=[3.0, 2.0, 1.0], epoch_losses=[2.5, 1.0], validation_losses=[2.0], best_epoch=0).plot(
        "a $b"
    )
    axes = figure.axes[0]
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert [line.get_label() for line in axes.lines] == ["mini-batches", "mean of the epoch", "validation", "kept"]
    assert axes.lines[0].get_xdata().tolist() == [0.0, 0.5, 1.0]
    assert axes.lines[2].get_xdata().tolist() == [1.0]


def test_few_epochs_have_a_marker_each_and_the_lines_of_many_remain_lines():
    for epochs, shown in ((5, 5), (39, 39), (400, 37)):  # every eleventh of 400
        _, mean = History(epochs, 1, losses=[1.0], epoch_losses=[1.0] * epochs).plot().axes[0].lines
        assert len(range(0, epochs, mean.get_markevery())) == shown


def test_the_picture_of_a_history_has_room_for_negative_losses():
    for losses, lowest in (([3.0, 2.0], True), ([3.0, -2.0], False)):
        bottom, top = History(1, 2, losses=losses, epoch_losses=[1.0]).plot().axes[0].get_ylim()
        assert bool(bottom == 0.0) is lowest
        assert bottom <= min(losses) < max(losses) <= top


# --- restarts -------------------------------------------------------------------------------------------------------------

XOR = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0.0, 1.0, 1.0, 0.0]


def test_of_several_beginnings_the_best_is_kept():
    made = []

    def make(**weights):
        made.append(MLP(2, [2, 1], activation="tanh", **weights))
        return made[-1]

    best = fit_restarts(
        make, *XOR, bounds=(0.01, 1.0, 2.0), repeats=2, loss="squared_error", optimizer=lambda m: SGD(m, 0.3), epochs=200
    )
    assert [attempt.bound for attempt in best.attempts] == [0.01, 0.01, 1.0, 1.0, 2.0, 2.0]
    losses = [attempt.loss for attempt in best.attempts]
    assert best.model is made[losses.index(min(losses))]
    assert best.history.epoch_losses[-1] == min(losses) < 0.01 < max(losses)


def test_beginnings_that_diverge_are_left_out():
    def rate(model):
        return SGD(model, 1e300 if abs(model.layers[0].neurons[0].w[0].data) > 0.5 else 0.1)

    options = {"loss": "squared_error", "epochs": 2, "seed": 1}
    best = fit_restarts(lambda **w: MLP(2, [1], **w), *XOR, bounds=(0.1, 1000.0), optimizer=rate, **options)
    assert [math.isinf(attempt.loss) for attempt in best.attempts] == [False, True]
    with pytest.raises(DivergedError, match="every training diverged"):
        fit_restarts(lambda **w: MLP(2, [1], **w), *XOR, bounds=(1000.0,), optimizer=rate, **options)


def test_beginnings_must_be_several_models():
    model = MLP(2, [1], seed=0)
    with pytest.raises(TypeError, match="the same model twice"):
        fit_restarts(lambda **weights: model, *XOR, loss="squared_error", epochs=1)
    with pytest.raises(ValueError, match="one at least of each"):
        fit_restarts(lambda **weights: model, *XOR, bounds=())


def test_of_several_beginnings_one_whose_loss_is_no_number_is_the_worst():
    made = []

    def make(**weights):
        made.append(MLP(2, [1], **weights))
        return made[-1]

    def loss(output, target):
        return (output - target) ** 2

    def spoil(training):
        if training.model is made[0]:
            training.history.epoch_losses[-1] = math.nan

    best = fit_restarts(make, *XOR, bounds=np.array([1.0, 0.1]), loss=loss, epochs=1, callbacks=[spoil])
    assert best.model is made[1]
    assert best.attempts[0].loss == math.inf > best.attempts[1].loss


def test_beginnings_that_are_interrupted_at_once_have_learnt_nothing():
    class Interrupted(Callback):
        def on_start(self, training):
            raise KeyboardInterrupt

    best = fit_restarts(lambda **w: MLP(2, [2], **w), *XOR, epochs=1, callbacks=[Interrupted()])
    assert best.history.interrupted
    assert [attempt.loss for attempt in best.attempts] == [math.inf]

import math

import pytest

import autograd_lite as ag
from autograd_lite import gradients
from autograd_lite.compiler import TracingError
from autograd_lite.nn import MLP, softmax_cross_entropy, squared_error
from autograd_lite.optim import SGD
from autograd_lite.train import DivergedError, accuracy, fit, moons
from autograd_lite.train.datasets import SOURCES
from autograd_lite.train.engines import ENGINES, mean_loss, outputs_of
from autograd_lite.train.fit import predicted_class
from autograd_lite.train.job import parts_of

either_engine = pytest.mark.parametrize("engine", ENGINES)
POINTS, LABELS = moons(30, noise=0.1)
OPTIONS = {"epochs": 2, "batch_size": 8, "learning_rate": 0.1}


def trained(seed=0, **options):
    model = MLP(2, [4, 2], seed=1, init="he")
    history = fit(model, POINTS, LABELS, seed=seed, **{**OPTIONS, **options})
    return [p.data for p in model.parameters()], history


@either_engine
def test_training_is_the_same_to_the_bit_and_follows_its_seed(engine):
    assert trained(engine=engine) == trained(engine=engine)
    assert trained(engine=engine)[0] != trained(seed=1, engine=engine)[0]


@either_engine
def test_training_learns(engine):
    model = MLP(2, [12, 2], seed=1, init="he")
    history = fit(model, POINTS, LABELS, seed=0, epochs=100, batch_size=5, learning_rate=0.5, engine=engine)
    assert history.epoch_losses[-1] < 0.1 < history.epoch_losses[0]
    assert accuracy(model, POINTS, LABELS) == 1.0


@either_engine
def test_two_steps_of_a_whole_batch_are_two_steps_of_gradient_descent(engine):
    weights, history = trained(batch_size=100, engine=engine)
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
    monkeypatch.setattr(SGD, "step", lambda self, gradient: None)
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


@either_engine
def test_the_learning_rate_falls_linearly(engine, monkeypatch):
    rates = []
    monkeypatch.setattr(SGD, "step", lambda self, gradient: rates.append(self.learning_rate))
    trained(engine=engine)
    assert rates == pytest.approx([0.1 * (1 - k / 8) for k in range(8)])


def test_the_callback_is_told_after_every_step():
    told = []
    trained(callback=lambda history: told.append((len(history.losses), len(history.epoch_losses))))
    assert told == [(step, 1 + (step - 1) // 4) for step in range(1, 9)]


@either_engine
def test_ctrl_c_keeps_what_was_learnt(engine):
    def stop(history):
        if len(history.losses) == 3:
            raise KeyboardInterrupt

    weights, history = trained(callback=stop, engine=engine)
    assert (history.interrupted, len(history.losses), history.steps) == (True, 3, 8)
    assert weights != [p.data for p in MLP(2, [4, 2], seed=1, init="he").parameters()]


@either_engine
def test_a_diverging_loss_stops_and_asks_for_a_smaller_rate(engine):
    with pytest.raises(
        DivergedError, match=r"the loss is (nan|inf) after \d+ steps at the learning rate 1e\+200; .* 1e\+199 say"
    ):
        trained(learning_rate=1e200, engine=engine)


# With a gradient SGD steps by numpy, which says it when it overflows.
@either_engine
def test_a_last_step_out_of_the_finite_numbers_is_seen_too(engine):
    huge = [[1e200 * x for x in point] for point in POINTS]
    model = MLP(2, [2], seed=0)
    for parameter in model.parameters():
        parameter.data *= 1e-200
    with pytest.raises(DivergedError, match="a parameter is not finite after 1 steps"):
        fit(model, huge, LABELS, epochs=1, batch_size=100, learning_rate=1e200, seed=0, engine=engine)


@pytest.mark.parametrize(
    "wrong", [{"epochs": 0}, {"batch_size": 0}, {"learning_rate": -1.0}, {"learning_rate": math.nan}, {"engine": "gpu"}]
)
def test_settings_that_cannot_work_are_refused(wrong):
    with pytest.raises(ValueError, match=r"it must be|both must be"):
        trained(**wrong)


def test_samples_and_targets_must_be_equally_many():
    model = MLP(2, [2], seed=0)
    with pytest.raises(ValueError, match="30 samples and 29 targets"):
        fit(model, POINTS, LABELS[1:], **OPTIONS)
    with pytest.raises(ValueError, match="no samples"):
        accuracy(model, [], [])


# --- compiled -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("data", "epochs"), [("moons", 3), ("iris", 20)])
def test_both_engines_give_the_same_losses_weights_and_accuracies(data, epochs):
    source = SOURCES[data]
    preprocessing, task, training, _ = parts_of(source.load())
    rows, found = preprocessing(training.features), []
    for engine in ENGINES:
        model = MLP(len(rows[0]), [*source.settings.hidden, task.outputs], seed=1, init="he")
        options = {
            "epochs": epochs,
            "batch_size": source.settings.batch_size,
            "learning_rate": source.settings.learning_rate,
        }
        history = fit(model, rows, training.targets, loss=task.loss, hit=task.is_hit, seed=0, engine=engine, **options)
        found.append((history, [p.data for p in model.parameters()]))
    (compiled, weights), (eager, eager_weights) = found
    # Sums in another order differ by some 1e-16, which some hundred steps on a smooth loss do not make 1e-9.
    assert compiled.losses == pytest.approx(eager.losses, abs=1e-9)
    assert weights == pytest.approx(eager_weights, abs=1e-9)
    assert compiled.epoch_accuracies == pytest.approx(eager.epoch_accuracies, rel=1e-12)


@pytest.mark.parametrize("batch_size", [1, 29, 100])
def test_one_trace_serves_batches_of_any_size(batch_size):
    traced = []

    def loss(outputs, target):
        traced.append(target)
        return softmax_cross_entropy(outputs, target)

    weights, history = trained(batch_size=batch_size, loss=loss, engine="jit")
    assert len(history.losses) == 2 * math.ceil(30 / batch_size)
    assert len(traced) == 1
    assert weights == pytest.approx(trained(batch_size=batch_size)[0], abs=1e-12)


@pytest.mark.parametrize(("outputs", "targets"), [(1, [x + y for x, y in POINTS]), (2, POINTS)])
def test_targets_may_be_numbers_or_rows_of_them(outputs, targets):
    weights = []
    for engine in ENGINES:
        model = MLP(2, [4, outputs], seed=1, activation="tanh")
        fit(model, POINTS, targets, loss=squared_error, hit=None, seed=0, engine=engine, **OPTIONS)
        weights.append([p.data for p in model.parameters()])
    assert weights[0] == pytest.approx(weights[1], abs=1e-12)


@pytest.mark.parametrize("outputs", [1, 3])
def test_outputs_of_many_samples_are_those_of_each(outputs):
    model = MLP(2, [4, outputs], seed=1, activation="tanh")
    compiled, eager = (outputs_of(model, POINTS, engine=engine) for engine in ENGINES)
    for found, one_by_one, point in zip(compiled, eager, POINTS, strict=True):
        assert found == pytest.approx(one_by_one, abs=1e-14)
        assert isinstance(found, list) == isinstance(model(point), list) == (outputs > 1)


def test_a_loss_that_leaves_the_graph_is_refused_when_it_is_compiled():
    def loss(outputs, target):
        return -ag.log_softmax(outputs)[int(target)]

    assert trained(loss=loss)[1].losses == pytest.approx(trained()[1].losses, rel=1e-12)
    with pytest.raises(TracingError, match=r"^int\(\)"):
        trained(loss=loss, engine="jit")


@pytest.mark.parametrize(
    ("features", "targets", "what"), [(POINTS, ["upper"] * 30, "targets"), ([[1.0], [1.0, 2.0]] * 15, LABELS, "features")]
)
def test_what_is_no_array_of_numbers_is_refused_when_it_is_compiled(features, targets, what):
    with pytest.raises(ValueError, match=f"the {what} are no numbers, or rows of equally many .* only the eager engine"):
        fit(MLP(2, [2], seed=0), features, targets, engine="jit", **OPTIONS)


def test_of_equal_outputs_the_first_is_predicted():
    assert predicted_class([1.0, 3.0, 3.0]) == 1

"""The training loop: that it does the steps it says, whatever computes them, and refuses what cannot work."""

import math
from itertools import pairwise

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import gradients
from autograd_lite.compiler import TracingError
from autograd_lite.nn import MLP, Module, Sequential, softmax_cross_entropy, squared_error
from autograd_lite.nn.nested import mapped
from autograd_lite.nn.penalties import l2
from autograd_lite.optim import LBFGS, SGD, HessianFree, LevenbergMarquardt, Newton, SteepestDescent
from autograd_lite.train import DivergedError, EarlyStopping, GradientNormBelow, accuracy, fit, moons, outputs_of
from autograd_lite.train.datasets import SOURCES
from autograd_lite.train.engines import ENGINES, mean_loss
from autograd_lite.train.job import parts_of

either_engine = pytest.mark.parametrize("engine", ENGINES)
POINTS, LABELS = moons(30, noise=0.1)
OPTIONS = {"epochs": 2, "batch_size": 8}


def sgd(rate=0.1):
    return lambda model: SGD(model, rate)


def trained(seed=0, rate=0.1, **options):
    model = MLP(2, [4, 2], seed=1, init="he")
    given = {"targets": LABELS, "optimizer": sgd(rate), **OPTIONS, **options}
    history = fit(model, POINTS, seed=seed, **given)
    return numbers(model), history


def numbers(model):
    return [p.data for p in model.parameters()]


def facts(history):
    """All but the seconds."""
    return {name: item for name, item in vars(history).items() if name != "seconds"}


class Line(Module):
    """w·x, with w at 0."""

    def __init__(self):
        self.w = ag.Value(0.0)

    def __call__(self, row):
        return self.w * row[0]


class Scaled(Module):
    """a times the inputs, in their shape, with a at 1."""

    def __init__(self):
        self.a = ag.Value(1.0)

    def __call__(self, x):
        return mapped(lambda number: self.a * number, x)


# --- steps ----------------------------------------------------------------------------------------------------------------


@either_engine
def test_training_is_the_same_to_the_bit_and_follows_its_seed(engine):
    (weights, history), (again, other) = trained(engine=engine), trained(engine=engine)
    assert weights == again
    assert facts(history) == facts(other)
    assert trained(engine=engine)[0] != trained(seed=1, engine=engine)[0]


@either_engine
def test_training_learns(engine):
    model = MLP(2, [12, 2], seed=1, init="he")
    history = fit(model, POINTS, LABELS, seed=0, optimizer=sgd(0.5), epochs=100, batch_size=5, engine=engine)
    assert history.epoch_losses[-1] < 0.1 < history.epoch_losses[0]
    assert accuracy(model, POINTS, LABELS, engine=engine) == 1.0


@either_engine
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_two_steps_of_a_whole_batch_are_two_steps_of_gradient_descent(engine, reduction):
    rate = 0.1 if reduction == "mean" else 0.1 / 30
    weights, history = trained(rate=rate, batch_size=30, engine=engine, reduction=reduction)
    model, losses, factor = MLP(2, [4, 2], seed=1, init="he"), [], 1.0 if reduction == "mean" else 30.0
    for _ in range(2):
        loss, _ = mean_loss(model, POINTS, LABELS)
        for parameter, slope in zip(model.parameters(), gradients(loss, model.parameters()), strict=True):
            parameter.data -= rate * factor * slope
        losses.append(factor * loss.data)
    # The order of samples differs, and so the roundings.
    assert weights == pytest.approx(numbers(model), rel=1e-12, abs=1e-15)
    assert history.losses == pytest.approx(losses, rel=1e-12)


@either_engine
def test_sequential_updating_in_the_given_order_is_the_recursion_of_the_textbook(engine):
    """w ← w + η(t - wx)x, sample by sample (Widrow and Hoff, 1960)."""
    rows, goals, w = [[1.0], [2.0], [-1.0]], [2.0, 3.0, 1.0], 0.0
    model = Line()
    options = {"epochs": 2, "batch_size": 1, "shuffle": False, "engine": engine}
    fit(model, rows, goals, "half_squared_error", sgd(0.1), **options)
    for (x,), t in zip(rows * 2, goals * 2, strict=True):
        w += 0.1 * (t - w * x) * x
    assert model.w.data == pytest.approx(w, rel=1e-14)


def test_an_epoch_sees_every_sample_once_and_its_loss_is_the_mean_over_them():
    seen = []
    model = MLP(1, [2], seed=0)
    rows = [[float(k)] for k in range(7)]

    def loss(output, target):
        seen.append(target)
        return squared_error(output[0], target)

    history = fit(model, rows, list(range(7)), loss, sgd(0.0), epochs=2, batch_size=3, seed=0, engine="eager")
    assert sorted(seen[:7]) == sorted(seen[7:]) == list(range(7))
    assert seen[:7] != seen[7:]
    whole = mean_loss(model, rows, list(range(7)), lambda output, target: squared_error(output[0], target))[0].data
    assert history.epoch_losses == [pytest.approx(whole, rel=1e-14)] * 2
    assert (history.batches, history.steps, len(history.losses)) == (3, 6, 6)


@either_engine
def test_a_penalty_is_part_of_the_loss_and_of_its_gradient(engine):
    weights, history = trained(batch_size=30, epochs=1, penalty=lambda model: l2(model, 0.3), engine=engine)
    decayed = trained(batch_size=30, epochs=1, optimizer=lambda model: SGD(model, 0.1, weight_decay=0.3), engine=engine)
    assert weights == pytest.approx(decayed[0], rel=1e-12)
    begin = MLP(2, [4, 2], seed=1, init="he")
    assert history.losses[0] - decayed[1].losses[0] == pytest.approx(0.15 * sum(w * w for w in numbers(begin)), rel=1e-12)


@either_engine
def test_augmentation_changes_what_is_trained_on_and_follows_the_seed(engine):
    def doubled(rows, goals, dice):
        noise = dice.normal(size=rows.shape)
        return np.concatenate([rows, rows + noise]), np.concatenate([goals, goals])

    plain, one, two = trained(engine=engine), *(trained(engine=engine, augment=doubled) for _ in range(2))
    assert one[0] == two[0] != plain[0]
    other = trained(engine=engine, augment=doubled, seed=5)
    assert other[0] != one[0]
    assert len(one[1].losses) == len(plain[1].losses)


@either_engine
@pytest.mark.parametrize("make", [SteepestDescent, Newton, HessianFree, LBFGS])
def test_optimisers_that_look_at_the_loss_itself_train_on_full_batches(make, engine):
    model = MLP(2, [3, 1], activation="tanh", seed=1)
    goals = [x * y for x, y in POINTS[::5]]
    history = fit(model, POINTS[::5], goals, "half_squared_error", make, 12, 6, seed=0, engine=engine)
    assert history.losses[-1] < 0.5 * history.losses[0]
    # Each has a line search or a like; orders of samples differ, and so the roundings.
    assert all(later <= loss + 1e-14 for loss, later in pairwise(history.losses))


@either_engine
def test_one_newton_step_fits_a_linear_model(engine):
    model = Line()
    rule = GradientNormBelow(1e-9)
    history = fit(model, [[1.0], [2.0]], [2.0, 4.5], "half_squared_error", Newton, 5, 2, callbacks=[rule], engine=engine)
    assert model.w.data == pytest.approx((1.0 * 2.0 + 2.0 * 4.5) / 5.0, rel=1e-14)
    assert len(history.losses) == 2
    assert history.stopped.startswith("the norm of the gradient is ")


# --- what is held out -----------------------------------------------------------------------------------------------------


@either_engine
def test_held_out_samples_are_measured_without_penalty_and_in_the_mode_of_use(engine):
    model = MLP(2, [4, 2], seed=1, init="he")
    options = {"validation": (POINTS, LABELS), "penalty": lambda model: l2(model, 1.0), "engine": engine}
    history = fit(model, POINTS, LABELS, optimizer=sgd(), epochs=3, seed=0, **options)
    assert history.validation_losses[-1] == pytest.approx(mean_loss(model, POINTS, LABELS)[0].data, rel=1e-12)
    assert history.validation_metrics[-1] == accuracy(model, POINTS, LABELS)
    assert len(history.validation_losses) == len(history.epoch_metrics) == len(history.seconds) == 3


@pytest.mark.parametrize(("share", "held"), [(0.2, 6), (0.5, 15)])
def test_a_share_is_held_out_with_every_class_alike(share, held):
    seen = []
    trained(validation=share, callbacks=[lambda training: seen.append((training.samples, training.held_out))])
    samples, held_out = seen[0]
    assert (len(samples), len(held_out)) == (30 - 2 * round(15 * share), 2 * round(15 * share))
    assert np.bincount(held_out.targets.astype(int)).tolist() == [round(15 * share)] * 2
    together = sorted([*samples.features.tolist(), *held_out.features.tolist()])
    assert together == sorted(np.array(POINTS).tolist())


def test_a_share_of_numbers_is_held_out_at_random():
    seen = []
    options = {"validation": 0.3, "callbacks": [lambda training: seen.append(len(training.held_out))]}
    fit(MLP(2, [1], seed=0), POINTS, [x for x, _ in POINTS], "squared_error", sgd(), 1, seed=0, **options)
    assert seen == [9]


def test_without_a_seed_a_share_is_held_out_too():
    history = fit(MLP(2, [2], seed=0), POINTS, LABELS, epochs=1, validation=0.2)
    assert len(history.validation_losses) == 1


def test_dropout_is_off_for_held_out_samples_and_after_training():
    class Dropped(Module):
        def __init__(self):
            self.inner, self.dropout = MLP(2, [4, 2], seed=1, init="he"), ag.nn.Dropout(0.5, seed=0)

        def __call__(self, row):
            return self.inner(self.dropout(row))

    model = Dropped()
    history = fit(model, POINTS, LABELS, optimizer=sgd(), epochs=2, seed=0, validation=(POINTS, LABELS))
    assert not model.dropout.training
    assert history.validation_losses[-1] == pytest.approx(mean_loss(model, POINTS, LABELS)[0].data, rel=1e-12)


# --- both engines ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("data", "epochs"), [("moons", 3), ("iris", 20)])
def test_both_engines_give_the_same_losses_weights_and_accuracies(data, epochs):
    source = SOURCES[data]
    preprocessing, task, training, _ = parts_of(source.load())
    rows, found = preprocessing(training.features), []
    for engine in ENGINES:
        model = MLP(len(rows[0]), [*source.settings.hidden, task.outputs], seed=1, init="he")
        options = {"epochs": epochs, "batch_size": source.settings.batch_size}
        rate = sgd(source.settings.learning_rate)
        history = fit(model, rows, training.targets, task.loss, rate, seed=0, engine=engine, **options)
        found.append((history, numbers(model)))
    (compiled, weights), (eager, eager_weights) = found
    # Sums in another order differ by some 1e-16, which some hundred steps on a smooth loss do not make 1e-9.
    assert compiled.losses == pytest.approx(eager.losses, abs=1e-9)
    assert weights == pytest.approx(eager_weights, abs=1e-9)
    assert compiled.epoch_metrics == pytest.approx(eager.epoch_metrics, rel=1e-12)


@pytest.mark.parametrize("batch_size", [1, 29, 30])
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
        fit(model, POINTS, targets, "squared_error", sgd(), seed=0, engine=engine, **OPTIONS)
        weights.append(numbers(model))
    assert weights[0] == pytest.approx(weights[1], abs=1e-12)


COLUMN_OR_NOT = {
    "squared_error": [0.5, -0.5, 2.0],
    "half_squared_error": [0.5, -0.5, 2.0],
    "binary_cross_entropy": [0, 1, 0.5],
    "hinge": [-1, 1, 1],
    "logistic": [-1, 1, 1],
    "multivariate_logistic": [0, 1, 1],
}


@either_engine
@pytest.mark.parametrize("loss", COLUMN_OR_NOT)
def test_a_column_of_targets_is_numbers_whether_the_output_stands_in_a_list_or_not(loss, engine):
    targets, found = np.array(COLUMN_OR_NOT[loss]), []
    for goals in (targets, targets[:, None]):
        for inlist in (False, True):
            model = MLP(2, [1], seed=0)
            whole = Sequential(model, lambda y: [y]) if inlist else model
            options = {"epochs": 2, "seed": 0, "engine": engine, "validation": (POINTS[:3], goals)}
            history = fit(whole, POINTS[:3], goals, loss, sgd(), **options)
            found.append([*history.losses, *history.epoch_metrics, *history.validation_losses, *numbers(model)])
    assert all(other == pytest.approx(found[0], abs=1e-12) for other in found[1:])


@pytest.mark.parametrize("validation", [None, 0.5])
def test_a_column_of_classes_is_classes(validation):
    flat, column = (trained(validation=validation), trained(validation=validation, targets=[[k] for k in LABELS]))
    assert flat[0] == column[0]
    model = MLP(2, [4, 2], seed=1)
    assert accuracy(model, POINTS, [[k] for k in LABELS]) == accuracy(model, POINTS, LABELS)


@either_engine
def test_signs_for_several_outputs_cost_the_sum_of_their_losses(engine):
    rows, signs = np.array([[0.5, -2.0], [3.0, 0.25]]), np.array([[1.0, 1.0], [-1.0, 1.0]])
    for loss, each in (("hinge", lambda z: np.maximum(0.0, 1.0 - z)), ("logistic", lambda z: np.logaddexp(0.0, -z))):
        history = fit(Scaled(), rows, signs, loss, sgd(), epochs=1, engine=engine)
        assert history.losses == [pytest.approx(each(rows * signs).sum() / 2, rel=1e-14)]
        assert history.epoch_metrics == [0.0]


@either_engine
def test_outputs_may_be_nested_lists_and_targets_too_or_rows_as_long(engine):
    images = np.arange(12.0).reshape(3, 2, 2)
    assert np.array_equal(outputs_of(Scaled(), images, engine=engine), images)
    found = [
        fit(Scaled(), images, targets, "squared_error", sgd(), epochs=1, engine=engine).losses
        for targets in (images + 1.0, images.reshape(3, 4) + 1.0)
    ]
    assert found == [[4.0], [4.0]]
    with pytest.raises(ValueError, match="it must be a number for each output"):
        fit(Scaled(), np.zeros((3, 2, 3)), np.zeros((3, 3, 2)), "squared_error", sgd(), epochs=1, engine=engine)
    uneven = Sequential(Scaled(), lambda y: [y[0], y[1][0]])
    assert outputs_of(uneven, images, engine=engine).tolist() == images.reshape(3, 4)[:, :3].tolist()


@either_engine
def test_what_augmentation_gives_is_looked_at_and_may_be_lists(engine):
    given = trained(augment=lambda rows, targets, dice: (rows.tolist(), targets.tolist()), engine=engine)
    assert given[0] == pytest.approx(trained(engine=engine)[0], abs=1e-12)
    with pytest.raises(ValueError, match=r"features\[0, 0\] is nan; all must be finite"):
        trained(augment=lambda rows, targets, dice: (rows * math.nan, targets), engine=engine)


@pytest.mark.parametrize("outputs", [1, 3])
def test_outputs_of_many_samples_are_those_of_each(outputs):
    model = MLP(2, [4, outputs], seed=1, activation="tanh")
    compiled, eager = (outputs_of(model, POINTS, engine=engine) for engine in ENGINES)
    assert compiled.shape == eager.shape == ((30,) if outputs == 1 else (30, 3))
    assert np.allclose(compiled, eager, rtol=0.0, atol=1e-14)
    of_one = model(POINTS[7])
    assert eager[7].tolist() == (of_one.data if outputs == 1 else [output.data for output in of_one])


def test_a_loss_that_leaves_the_graph_is_refused_when_it_is_compiled():
    def loss(outputs, target):
        return -ag.log_softmax(outputs)[int(target)]

    assert trained(loss=loss, engine="eager")[1].losses == pytest.approx(trained()[1].losses, rel=1e-12)
    with pytest.raises(TracingError, match=r"^int\(\)"):
        trained(loss=loss, engine="jit")


# --- the end --------------------------------------------------------------------------------------------------------------


@either_engine
def test_ctrl_c_keeps_what_was_learnt(engine):
    def stop(training):
        if len(training.history.epoch_losses) == 1:
            raise KeyboardInterrupt

    weights, history = trained(callbacks=[stop], engine=engine)
    assert (history.interrupted, history.stopped, len(history.losses), history.steps) == (True, "Ctrl-C", 4, 8)
    assert weights == trained(epochs=1, engine=engine)[0]


@either_engine
def test_a_diverging_loss_stops_and_asks_for_a_smaller_rate(engine):
    with pytest.raises(
        DivergedError, match=r"the loss is (nan|inf).* after \d+ steps?; the learning rate is 1e\+200; .* 1e\+199 say"
    ):
        trained(rate=1e200, engine=engine)


@either_engine
def test_a_loss_that_is_not_finite_is_stopped_at_with_its_sample_and_its_operation(engine):
    def loss(output, target):
        return ag.log(target - output)  # is nan for the second sample alone

    with pytest.raises(
        DivergedError, match=r"the loss is nan \(log\(-1\) is nan, called at .*return ag.log\(target - output\).*target -1"
    ):
        fit(Line(), [[1.0], [2.0]], [1.0, -1.0], loss, sgd(), engine=engine)


@either_engine
def test_a_derivative_that_is_not_finite_is_stopped_at_too(engine):
    with pytest.raises(
        DivergedError, match=r"the loss is 0 \(the derivative of sqrt\(0\) towards argument 1 is inf.*target 0"
    ):
        fit(Line(), [[1.0]], [0.0], lambda output, target: ag.sqrt(output * output), sgd(), engine=engine)


# With a gradient SGD steps by numpy, which says it when it overflows.
@either_engine
def test_a_last_step_out_of_the_finite_numbers_is_seen_too(engine):
    huge = [[1e200 * x for x in point] for point in POINTS]
    model = MLP(2, [2], seed=0)
    for parameter in model.parameters():
        parameter.data *= 1e-200
    with pytest.raises(DivergedError, match="a parameter is not finite after 1 step;"):
        fit(model, huge, LABELS, optimizer=sgd(1e200), epochs=1, batch_size=30, seed=0, engine=engine)


# --- what is refused ------------------------------------------------------------------------------------------------------

NAN = [[1.0, 2.0], [3.0, math.nan]]
REFUSED = {
    "no epochs": ({"epochs": 0}, "epochs is 0; it must be a whole number from 1 on"),
    "an empty batch": ({"batch_size": 0}, "batch_size is 0; it must be a whole number from 1 on"),
    "a batch larger than the data": (
        {"batch_size": 3},
        "batch_size is 3 for 2 samples; it can be 2, the full batch, at most",
    ),
    "an unknown loss": ({"loss": "l3"}, "unknown loss 'l3'; known are binary_cross_entropy, half_squared_error"),
    "an unknown optimiser": ({"optimizer": "adamm"}, "unknown optimiser 'adamm'; known are adagrad, adam"),
    "an unknown metric": ({"metric": "f2"}, "unknown metric 'f2'"),
    "an unknown engine": ({"engine": "gpu"}, "the engine is 'gpu'; it must be one of jit, eager"),
    "an unknown reduction": ({"reduction": "max"}, "the reduction is 'max'; it must be one of mean, sum"),
    "no samples": ({"features": [], "targets": []}, "0 samples and 0 targets; they must be equally many, and not 0"),
    "too few targets": ({"targets": [0]}, "2 samples and 1 targets"),
    "nan in the features": ({"features": NAN}, r"features\[1, 1\] is nan; all must be finite"),
    "inf in the targets": ({"targets": [0, math.inf]}, r"targets\[1\] is inf; all must be finite"),
    "rows of different lengths": (
        {"features": [[1.0], [1.0, 2.0]]},
        "the features must be numbers, or rows of equally many",
    ),
    "words": ({"targets": ["a", "b"]}, "the targets must be numbers"),
    "a number for each sample": (
        {"features": [1.0, 2.0]},
        r"the shape \(2,\); they must be a row of numbers for each sample",
    ),
    "too many features": ({"features": [[1.0] * 3] * 2}, "a neuron of 2 inputs was given 3"),
    "a class too large": ({"targets": [0, 2]}, "the target of sample 1 is 2.0; .* must be a class, a whole number from 0"),
    "half a class": ({"targets": [0.5, 1]}, "the target of sample 0 is 0.5"),
    "a negative class": ({"targets": [0, -1]}, "the target of sample 1 is -1.0"),
    "rows for classes": ({"targets": [[0, 1], [1, 0]]}, r"the target of sample 0 is \[0.0, 1.0\]"),
    "one number for two outputs": ({"loss": "squared_error"}, "for squared_error and 2 outputs it must be a num"),
    "no signs": ({"loss": "hinge", "targets": [[1, -1], [0, 1]]}, r"sample 1 is \[0.0, 1.0\].* it must be -1 or 1"),
    "no probability": ({"loss": "binary_cross_entropy", "targets": [[1, 0], [2, 1]]}, "must be a number from 0 to 1"),
    "accuracy without classes": (
        {"loss": "squared_error", "targets": [[0, 0]] * 2, "metric": "accuracy"},
        "this loss knows no classes",
    ),
    "a share that leaves nothing": ({"validation": 1.5}, "validation is 1.5; as a share it must lie between 0 and 1"),
    "a share that is no number": ({"validation": math.nan}, "validation is nan; as a share"),
    "a class too large, and a share": ({"targets": [0, 2], "validation": 0.5}, "the target of sample 1 is 2.0"),
    "held-out samples of other features": ({"validation": ([[1.0]], [0])}, r"the held-out samples have the shape \(1,\)"),
    "a held-out class too large": ({"validation": ([[1.0, 2.0]], [7])}, "the target of sample 0 is 7.0"),
    "a negative rate": ({"optimizer": sgd(-1.0)}, "the learning rate is -1.0"),
    "an optimiser of another model": (
        {"optimizer": SGD(MLP(1, [1], seed=0), 0.1)},
        "the optimiser was made for other parameters; make it with this model",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_work_is_refused_before_anything_is_changed(case):
    wrong, message = REFUSED[case]
    model = MLP(2, [2], seed=0)
    before = numbers(model)
    with pytest.raises(ValueError, match=message):
        fit(model, **{"features": [[1.0, 2.0], [3.0, 4.0]], "targets": [0, 1], **wrong})
    assert numbers(model) == before


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"model": lambda row: row}, "the model is of type function; it must be a Module"),
        ({"loss": 3}, "the loss is of type int"),
        ({"epochs": 0.5}, "epochs is 0.5 of type float; it must be a whole number"),
        ({"optimizer": LevenbergMarquardt}, "LevenbergMarquardt steps on residuals"),
        ({"optimizer": 0.1}, "the optimiser is of type float; give one of ag.optim"),
        ({"validation": "half"}, "validation must be a share such as 0.2, or a pair"),
        ({"features": 3}, "the features are of type int; give an array or a list"),
        ({"targets": None}, "the targets are of type NoneType; give an array or a list"),
        ({"callbacks": EarlyStopping()}, "callbacks is of type EarlyStopping; give a list"),
        ({"callbacks": [EarlyStopping]}, "a callback is <class .*; give an object, EarlyStopping.. say, or a function"),
        ({"callbacks": [3]}, "a callback is 3; give an object"),
        ({"penalty": 1e-4}, "penalty is 0.0001; it must be a function, or None"),
        ({"augment": 0.1}, "augment is 0.1; it must be a function, or None"),
        ({"augment": lambda rows, targets, dice: rows}, "augment gave array.*; it must give features and targets"),
        ({"seed": np.random.default_rng(0)}, "the seed is Generator.*; it must be a whole number, a random.Random, or None"),
    ],
)
def test_arguments_of_a_wrong_kind_are_refused(wrong, message):
    with pytest.raises(TypeError, match=message):
        fit(**{"model": MLP(2, [2], seed=0), "features": [[1.0, 2.0]], "targets": [0], **wrong})


def test_accuracy_needs_samples_that_fit_its_loss():
    model = MLP(2, [2], seed=0)
    with pytest.raises(ValueError, match="30 samples and 29 targets"):
        accuracy(model, POINTS, LABELS[1:])
    with pytest.raises(ValueError, match="0 samples"):
        accuracy(model, [], [])
    with pytest.raises(ValueError, match="squared_error knows no classes"):
        accuracy(model, POINTS, LABELS, "squared_error")
    with pytest.raises(ValueError, match="outputs_of: there are no samples"):
        outputs_of(model, [])


@pytest.mark.parametrize(
    ("loss", "outputs", "right", "wrong"),
    [
        ("softmax_cross_entropy", [[0.0, 1.0], [2.0, 2.0]], [1, 0], [0, 1]),
        ("multivariate_logistic", [[-1.0, 1.0], [-2.0, -3.0]], [2, 0], [1, 2]),
        ("binary_cross_entropy", [3.0, -1.0], [1, 0], [0, 1]),
        ("log_loss", [0.6, 0.4], [1, 0], [0, 1]),
        ("hinge", [3.0, -1.0], [1, -1], [-1, 1]),
        ("logistic", [3.0, -1.0], [1, -1], [-1, 1]),
    ],
)
def test_what_counts_as_right_depends_on_the_loss(loss, outputs, right, wrong):
    class Given(Module):
        def __init__(self):
            self.one = ag.Value(1.0)

        def __call__(self, row):
            return [self.one * x for x in row] if len(row) > 1 else self.one * row[0]

    rows = outputs if isinstance(outputs[0], list) else [[x] for x in outputs]
    assert accuracy(Given(), rows, right, loss) == 1.0
    assert accuracy(Given(), rows, wrong, loss) == 0.0

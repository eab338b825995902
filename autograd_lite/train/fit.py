"""The training loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

from autograd_lite.nn.initializers import generator_of
from autograd_lite.nn.layers import Seed
from autograd_lite.nn.module import Module
from autograd_lite.optim import OPTIMIZERS, AdamW, linear_decay
from autograd_lite.optim.levenberg_marquardt import LevenbergMarquardt
from autograd_lite.optim.ranges import checked_count
from autograd_lite.train.callbacks import Callback, Function, Progress, Training
from autograd_lite.train.criteria import Criterion, Loss, accuracy_of, criterion_of
from autograd_lite.train.engines import ENGINES, Computation, Model, Penalty, outputs_of
from autograd_lite.train.history import History
from autograd_lite.train.loop import Augment, Loop, Metric
from autograd_lite.train.samples import Array, Samples

__all__ = ["accuracy", "fit"]

DEFAULT_METRIC = "default"
DEFAULT_BATCH = 32


def accuracy(
    model: Model,
    features: Any,
    targets: Any,
    loss: str | Loss = "softmax_cross_entropy",
    *,
    engine: str = ENGINES[0],
) -> float:
    """The share of samples that a model classifies rightly, in the sense of a loss: the largest output is that of the class.

    Raises:
        ValueError: if there are no samples, or not as many targets, or they do not fit the loss.

    >>> from autograd_lite.nn import MLP
    >>> model = MLP(1, [2], seed=0)
    >>> for parameter, number in zip(model.parameters(), [1.0, 0.0, -1.0, 0.0]):
    ...     parameter.data = number
    >>> accuracy(model, [[1.0], [-1.0], [2.0], [3.0]], [0, 1, 0, 1])
    0.75
    """
    samples, criterion = Samples.of(features, targets), criterion_of(loss)
    if criterion.hits is None:
        raise ValueError(f"accuracy: {getattr(criterion.loss, '__name__', 'this loss')} knows no classes")
    outputs = outputs_of(model, samples.features, engine=engine)
    return accuracy_of(criterion.hits)(outputs, criterion.checked(samples, outputs).targets)


def fit(
    model: Model,
    features: Any,
    targets: Any,
    loss: str | Loss = "softmax_cross_entropy",
    optimizer: Any = None,
    epochs: int = 50,
    batch_size: int | None = None,
    *,
    validation: float | tuple[Any, Any] | None = None,
    callbacks: Sequence[Callback | Callable[[Training], object]] = (),
    metric: str | Metric | None = DEFAULT_METRIC,
    penalty: Penalty | None = None,
    reduction: str = "mean",
    augment: Augment | None = None,
    shuffle: bool = True,
    seed: Seed = None,
    engine: str = ENGINES[0],
    progress: bool = False,
) -> History:
    """Trains a model on samples; afterwards it is in the mode of use (`model.eval()`).

    Ctrl-C ends the training and keeps what was learnt.

    Arguments:
        model: a Module that gives the outputs of a row of features: a list, or a single number.
        features: a row of finite numbers for each sample; an array or nested lists.
        targets: a number for each sample, or a row of them; what they must be depends on the loss. Where the loss is known
            by name, a column of numbers will do for numbers, and flat rows for nested lists.
        loss: of one sample's outputs and target: a name (see `train.CRITERIA`) or a function.
        optimizer: one of `ag.optim`, made for this model; or what makes one, `lambda model: SGD(model, 0.1)` say; or a name.
            None is AdamW with a weight decay of 0.1, whose rate falls linearly from 0.01 to 0 (chosen by cross-validation on
            four data sets of standardised features, for networks of one or two hidden layers that begin with "he").
            Those that look at the loss itself, `Newton` say, train without dropout, best with the full batch.
        epochs: how often each sample is seen.
        batch_size: how many samples make one step; 1 is sequential updating, `len(features)` the full batch. None is 32, or
            all if there are fewer. The last batch of an epoch may have fewer.
        validation: held-out samples: a pair of features and targets, or the share of the samples to hold out at random.
        callbacks: see `train.Callback`; a function is called with a `Training` after each epoch.
        metric: what `history.epoch_metrics` are: by default the accuracy where the loss knows classes; a function of an
            array of outputs and one of targets; or None.
        penalty: what is added to every batch's loss: a function of the model, `lambda model: ag.nn.l2(model, 1e-4)` say.
        reduction: "mean" or "sum", over the samples of a batch.
        augment: changes every batch before its step: a function of features, targets and a `numpy.random.Generator` that
            returns both, `train.InputNoise(0.1)` say.
        shuffle: whether each epoch has an order of its own.
        seed: of orders, a held-out part and augmentation: a seed, a `random.Random`, or None for Python's shared generator.
        engine: "jit" compiles loss and gradient once for all batches; "eager" makes a graph of each batch, which gives the
            same but for rounding and the masks of `Dropout`. Compiled, what model and loss do besides computing is done
            once.
        progress: whether a bar on stderr shows epoch, loss, metric and samples per second.

    Raises:
        ValueError: for samples, sizes or names that do not fit.
        TypeError: for an argument of a wrong kind.
        DivergedError: if the loss or a parameter is no longer finite; it names the sample and the operation.

    >>> from autograd_lite.nn import MLP
    >>> from autograd_lite.optim import SGD
    >>> model = MLP(1, [2], seed=0)
    >>> history = fit(model, [[-1.0], [1.0]], [0, 1], optimizer=SGD(model, 1.0), epochs=20, seed=0)
    >>> history.losses[-1] < 0.1 < history.losses[0], accuracy(model, [[-1.0], [1.0]], [0, 1])
    (True, 1.0)
    """
    if not isinstance(model, Module):
        raise TypeError(f"fit: the model is of type {type(model).__name__}; it must be a Module, such as ag.nn.MLP")
    for what, function in (("penalty", penalty), ("augment", augment)):
        if not (function is None or callable(function)):
            raise TypeError(f"fit: {what} is {function!r}; it must be a function, or None")
    watching = _watching(callbacks)
    criterion, generator = criterion_of(loss), generator_of(seed)
    name, measure = _metric_of(metric, criterion)
    computation = Computation(criterion.loss, reduction, penalty, engine)
    samples = Samples.of(features, targets)
    outputs = outputs_of(model, samples.features[:1], engine="eager")
    samples, held = _parts(criterion.checked(samples, outputs), validation, criterion, outputs, generator)
    size = _batch_size(batch_size, len(samples))
    checked_count("fit: epochs", epochs)
    history = History(epochs, math.ceil(len(samples) / size), name)
    training = Training(model, _optimizer_of(optimizer, model, history.steps), history, samples, held)
    loop = Loop(training, computation, measure, [*watching, *([Progress()] if progress else [])], augment)
    loop.run(size, generator, shuffle=shuffle)
    return history


def _watching(callbacks: Any) -> list[Callback]:
    if not isinstance(callbacks, (list, tuple)):
        raise TypeError(f"fit: callbacks is of type {type(callbacks).__name__}; give a list of them")
    for item in callbacks:
        if isinstance(item, type) or not (isinstance(item, Callback) or callable(item)):
            raise TypeError(f"fit: a callback is {item!r}; give an object, EarlyStopping() say, or a function of a Training")
    return [item if isinstance(item, Callback) else Function(item) for item in callbacks]


def _parts(
    samples: Samples, validation: Any, criterion: Criterion, outputs: Array, generator: Any
) -> tuple[Samples, Samples | None]:
    """The samples for training, and those held out."""
    if validation is None:
        return samples, None
    if isinstance(validation, Real):
        share = float(validation)
        if not 0.0 < share < 1.0:
            raise ValueError(f"fit: validation is {validation}; as a share it must lie between 0 and 1")
        return samples.split(share, stratified=criterion.has_classes, generator=generator)
    if not isinstance(validation, (tuple, list)) or len(validation) != 2:
        raise TypeError("fit: validation must be a share such as 0.2, or a pair of features and targets")
    held = Samples.of(*validation)
    if held.features.shape[1:] != samples.features.shape[1:]:
        shapes = held.features.shape[1:], samples.features.shape[1:]
        raise ValueError(f"fit: the held-out samples have the shape {shapes[0]}; those for training {shapes[1]}")
    return samples, criterion.checked(held, outputs)


def _batch_size(given: int | None, count: int) -> int:
    if given is None:
        return min(DEFAULT_BATCH, count)
    if checked_count("fit: batch_size", given) > count:
        raise ValueError(f"fit: batch_size is {given} for {count} samples; it can be {count}, the full batch, at most")
    return given


def _metric_of(metric: str | Metric | None, criterion: Criterion) -> tuple[str | None, Metric | None]:
    if metric is None or callable(metric):
        return getattr(metric, "__name__", None if metric is None else "metric"), metric
    if metric not in (DEFAULT_METRIC, "accuracy"):
        raise ValueError(f"fit: unknown metric {metric!r}; give 'accuracy', a function of outputs and targets, or None")
    if criterion.hits is not None:
        return "accuracy", accuracy_of(criterion.hits)
    if metric == "accuracy":
        raise ValueError("fit: this loss knows no classes; give a function of outputs and targets as the metric")
    return None, None


def _optimizer_of(given: Any, model: Model, steps: int) -> Any:
    """An optimiser of this model: given as it is, by what makes one, or by name; or the default for so many steps."""
    if given is None:
        return AdamW(model, linear_decay(0.01, steps), weight_decay=0.1)
    if isinstance(given, str):
        if given not in OPTIMIZERS:
            raise ValueError(f"fit: unknown optimiser {given!r}; known are {', '.join(sorted(OPTIMIZERS))}")
        given = OPTIMIZERS[given]
    made = given(model) if callable(given) else given
    if not callable(getattr(made, "step", None)) or not hasattr(made, "vector"):
        raise TypeError(f"fit: the optimiser is of type {type(made).__name__}; give one of ag.optim, or what makes one")
    if isinstance(made, LevenbergMarquardt):
        raise TypeError("fit: LevenbergMarquardt steps on residuals, and fit has a loss; call its step, or take HessianFree")
    if made.vector.module is not model:
        raise ValueError("fit: the optimiser was made for other parameters; make it with this model, SGD(model, 0.1) say")
    return made

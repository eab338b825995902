"""The mini-batch loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.state import no_grad
from autograd_lite.engine.value import Value
from autograd_lite.nn.initializers import generator_of
from autograd_lite.nn.layers import Seed
from autograd_lite.nn.losses import softmax_cross_entropy
from autograd_lite.optim.sgd import SGD
from autograd_lite.train.engines import Loss, Model, batch_of

__all__ = ["DivergedError", "History", "accuracy", "fit", "is_hit", "predicted_class"]


class DivergedError(ArithmeticError):
    """Training left the finite numbers; the message suggests a smaller learning rate."""


@dataclass
class History:
    """What happened in training so far.

    Attributes:
        epochs: how many passes over the data were planned.
        batches: how many mini-batches make an epoch.
        losses: the mean loss of every mini-batch, taken before its step.
        epoch_losses, epoch_accuracies: the mean loss, and the share classified rightly, of every epoch's samples, each
            taken before its step; the last is that of the samples so far. Without classes there are no accuracies.
        interrupted: whether Ctrl-C ended the training.

    >>> history = History(epochs=2, batches=2)
    >>> for loss, accuracy, size in [(4.0, 0.0, 2), (1.0, 1.0, 1), (0.5, 1.0, 2)]:
    ...     history.record(loss, accuracy, size)
    >>> history.epoch_losses, history.epoch_accuracies[-1]
    ([3.0, 0.5], 1.0)
    """

    epochs: int
    batches: int
    losses: list[float] = field(default_factory=list)
    epoch_losses: list[float] = field(default_factory=list)
    epoch_accuracies: list[float] = field(default_factory=list)
    interrupted: bool = False
    _seen: int = 0

    @property
    def steps(self) -> int:
        """How many mini-batches were planned."""
        return self.epochs * self.batches

    def record(self, loss: float, accuracy: float | None, size: int) -> None:
        """Adds a mini-batch of so many samples."""
        if len(self.losses) % self.batches == 0:
            self._seen = 0
        self.losses.append(loss)
        self._seen += size
        for means, number in ((self.epoch_losses, loss), (self.epoch_accuracies, accuracy)):
            if number is not None:
                if self._seen == size:  # the first of its epoch
                    means.append(0.0)
                means[-1] += (number - means[-1]) * size / self._seen


def predicted_class(outputs: Sequence[Scalar]) -> int:
    """The place of the largest output; of the first one, where several are.

    >>> predicted_class([0.5, 2.0, -1.0])
    1
    """
    numbers = [x.data if isinstance(x, Value) else x for x in outputs]
    return numbers.index(max(numbers))


def is_hit(outputs: Sequence[Scalar], target: float) -> bool:
    """Whether the largest output is that of the class.

    >>> is_hit([0.5, 2.0, -1.0], 1)
    True
    """
    return predicted_class(outputs) == target


def accuracy(model: Model, features: Sequence[Sequence[float]], targets: Sequence[float]) -> float:
    """The share of samples that a model classifies rightly.

    Raises:
        ValueError: if there are no samples, or not as many targets.

    >>> accuracy(lambda row: row, [[1.0, 2.0], [3.0, 0.0]], [1, 1])
    0.5
    """
    if not features:
        raise ValueError("accuracy: there are no samples")
    with no_grad():
        return _share([is_hit(model(row), target) for row, target in zip(features, targets, strict=True)])


def _share(hits: Sequence[bool]) -> float:
    return hits.count(True) / len(hits)


def fit(
    model: Model,
    features: Sequence[Sequence[float]],
    targets: Sequence[Any],
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    loss: Loss = softmax_cross_entropy,
    hit: Callable[[Any, Any], bool] | None = is_hit,
    seed: Seed = None,
    engine: str = "eager",
    callback: Callable[[History], object] | None = None,
) -> History:
    """Trains a model by stochastic gradient descent.

    Ctrl-C ends the training and keeps what was learnt. The learning rate falls linearly to 0.

    Arguments:
        model: a Module that gives the outputs of a row of features.
        features, targets: the samples; for the eager engine rows of Python floats are the fastest.
        epochs: how often each sample is seen, each time in another order.
        batch_size: how many samples make one step; the last batch of an epoch may have fewer.
        learning_rate: that of the first step.
        loss: of one sample's outputs and target.
        hit: whether outputs classify a target rightly, for the accuracies in the history; None where there are no classes.
        seed: of the order of samples: a seed, a `random.Random`, or None for Python's shared generator.
        engine: "eager" makes a graph of each mini-batch; "jit" compiles the loss once for all of them, by `ag.jit` and
            `ag.vmap`, which gives the same but for rounding. Then targets must be numbers or rows of them, the model is
            handed its rows as arrays, and what model and loss do besides computing is done once.
        callback: called with the history after each step.

    Raises:
        ValueError: for no samples, not as many targets, a number of epochs or samples below 1, a rate that SGD refuses, or
            an unknown engine.
        DivergedError: if the loss or a parameter is no longer finite.

    >>> from autograd_lite.nn import MLP
    >>> model = MLP(1, [2], seed=0)
    >>> history = fit(model, [[-1.0], [1.0]], [0, 1], epochs=20, batch_size=2, learning_rate=1.0, seed=0)
    >>> history.losses[-1] < 0.1 < history.losses[0], accuracy(model, [[-1.0], [1.0]], [0, 1])
    (True, 1.0)
    """
    if not features or len(features) != len(targets):
        raise ValueError(f"fit: {len(features)} samples and {len(targets)} targets; they must be equally many, and not 0")
    if epochs < 1 or batch_size < 1:
        raise ValueError(f"fit: epochs is {epochs} and batch_size {batch_size}; both must be whole numbers from 1 on")
    history = History(epochs, math.ceil(len(features) / batch_size))
    optimizer = SGD(model, learning_rate)
    batch = batch_of(model, features, targets, loss, engine=engine)
    try:
        for places in _batches(len(features), epochs, batch_size, generator_of(seed)):
            found, outputs, gradient = batch(places)
            if not math.isfinite(found):
                raise _diverged(f"the loss is {found} after {len(history.losses)} steps", learning_rate)
            optimizer.learning_rate = learning_rate * (1.0 - len(history.losses) / history.steps)
            optimizer.step(gradient)
            share = _share([hit(output, targets[i]) for output, i in zip(outputs, places, strict=True)]) if hit else None
            history.record(found, share, len(places))
            if callback is not None:
                callback(history)
    except KeyboardInterrupt:
        history.interrupted = True
    if not all(math.isfinite(parameter.data) for parameter in optimizer.parameters):  # the last step has no loss after it
        raise _diverged(f"a parameter is not finite after {len(history.losses)} steps", learning_rate)
    return history


def _batches(count: int, epochs: int, batch_size: int, generator: Any) -> Iterator[list[int]]:
    """The places of each mini-batch's samples, in a new order in each epoch."""
    order = list(range(count))
    for _ in range(epochs):
        generator.shuffle(order)
        for start in range(0, count, batch_size):
            yield order[start : start + batch_size]


def _diverged(what: str, learning_rate: float) -> DivergedError:
    return DivergedError(
        f"training diverged: {what} at the learning rate {learning_rate:g}; try a smaller one, {learning_rate / 10:g} say"
    )

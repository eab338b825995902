"""What looks on while a model is trained, and may end it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.optim.parameter_vector import ParameterVector, Vector
from autograd_lite.train.engines import Model
from autograd_lite.train.history import History
from autograd_lite.train.samples import Samples

__all__ = ["Callback", "EarlyStopping", "GradientNormBelow", "LossBelow", "LossChangeBelow", "Progress", "Training"]


@dataclass
class Training:
    """A training as its callbacks see it.

    Attributes:
        model: what is trained.
        optimizer: what makes the steps.
        history: what happened so far.
        samples: those that are trained on.
        held_out: those that it is validated with, if any.
        loss: that of the last mini-batch.
        gradient: that of the last mini-batch; None where the optimiser looks at the loss itself.
    """

    model: Model
    optimizer: Any
    history: History
    samples: Samples
    held_out: Samples | None = None
    loss: float = math.nan
    gradient: Vector | None = None

    def stop(self, reason: str) -> None:
        """Ends the training after this step; the reason stands in the history."""
        self.history.stopped = reason


class Callback:
    """Looks on: each method is called at its moment, and does nothing unless a subclass says what."""

    def on_start(self, training: Training) -> None:
        """Before the first step."""

    def on_step(self, training: Training) -> None:
        """After each step."""

    def on_epoch(self, training: Training) -> None:
        """After each whole epoch, and its validation."""

    def on_end(self, training: Training) -> None:
        """After the last step, also where Ctrl-C ended the training."""


class Function(Callback):
    """A function of the training, called after each epoch."""

    def __init__(self, function: Callable[[Training], object]) -> None:
        self.function = function

    def on_epoch(self, training: Training) -> None:
        self.function(training)


class EarlyStopping(Callback):
    """Ends the training when the held-out loss stops falling, and gives the model its best parameters back.

    The best parameters are those after the epoch with the least validation loss, also where the training ends for another
    reason (Goodfellow et al., Deep Learning, 2016, algorithm 7.1).

    Arguments:
        patience: after how many epochs in a row without a better one.
        least: by how much a loss must be less than the best to be better.

    Raises:
        ValueError: for a patience below 1 or a negative `least`.

    >>> EarlyStopping(patience=5).patience
    5
    """

    def __init__(self, patience: int = 10, least: float = 0.0) -> None:
        if patience < 1 or not least >= 0.0:
            raise ValueError(f"EarlyStopping: patience is {patience} and least {least}; they must be at least 1 and 0")
        self.patience, self.least = patience, least

    def on_start(self, training: Training) -> None:
        if training.held_out is None:
            raise ValueError("EarlyStopping: there are no held-out samples; give fit(validation=0.2), or a pair of arrays")
        self._vector = ParameterVector("EarlyStopping", training.model)
        self._best, self._numbers = math.inf, self._vector.read()

    def on_epoch(self, training: Training) -> None:
        history = training.history
        epoch, loss = len(history.validation_losses) - 1, history.validation_losses[-1]
        if loss < self._best - self.least or history.best_epoch is None:
            self._best = math.inf if math.isnan(loss) else loss  # than nan nothing would be less
            self._numbers, history.best_epoch = self._vector.read(), epoch
        elif epoch - history.best_epoch >= self.patience:
            training.stop(f"early stopping: no better validation loss in {self.patience} epochs")

    def on_end(self, training: Training) -> None:
        if training.history.best_epoch is not None:
            self._vector.write(self._numbers)


@dataclass(frozen=True)
class _Below(Callback):
    """Ends the training when something is small.

    Attributes:
        tolerance: a number above 0.
    """

    tolerance: float

    def __post_init__(self) -> None:
        if not self.tolerance > 0.0:
            raise ValueError(f"{type(self).__name__}: the tolerance is {self.tolerance}; it must be a number above 0")


class GradientNormBelow(_Below):
    """Ends the training when the norm of the last mini-batch's gradient is below a tolerance.

    With the full batch that is the gradient of the loss, before the last step.
    """

    def on_epoch(self, training: Training) -> None:
        last = training.gradient
        norm = float(training.optimizer.last.gradient_norm if last is None else np.linalg.norm(last))
        if norm < self.tolerance:
            training.stop(f"the norm of the gradient is {norm:.3g}, below {self.tolerance:g}")


class LossChangeBelow(_Below):
    """Ends the training when the loss of an epoch differs from that of the one before by less than a tolerance."""

    def on_epoch(self, training: Training) -> None:
        change = math.inf
        if len(training.history.epoch_losses) > 1:
            change = abs(training.history.epoch_losses[-1] - training.history.epoch_losses[-2])
        if change < self.tolerance:
            training.stop(f"the loss changed by {change:.3g}, less than {self.tolerance:g}")


class LossBelow(_Below):
    """Ends the training when the loss of an epoch is below a tolerance."""

    def on_epoch(self, training: Training) -> None:
        loss = training.history.epoch_losses[-1]
        if loss < self.tolerance:
            training.stop(f"the loss is {loss:.3g}, below {self.tolerance:g}")


class Progress(Callback):
    """A bar on stderr: epoch, loss, metric, samples per second."""

    def on_start(self, training: Training) -> None:
        from tqdm import tqdm  # only where something is shown

        total = len(training.samples) * training.history.epochs
        self._bar = tqdm(total=total, unit=" samples", unit_scale=True, dynamic_ncols=True)
        self._seen = 0

    def on_step(self, training: Training) -> None:
        history = training.history
        seen = len(training.samples) * (len(history.epoch_losses) - 1) + history._seen
        self._bar.update(seen - self._seen)
        self._seen = seen

    def on_epoch(self, training: Training) -> None:
        history = training.history
        self._bar.set_description(f"epoch {len(history.epoch_losses)}/{history.epochs}", refresh=False)
        shown = {"loss": history.epoch_losses, "validation": history.validation_losses}
        if history.metric is not None:
            shown[history.metric] = history.validation_metrics or history.epoch_metrics
        text = ", ".join(f"{name} {found[-1]:.4f}" for name, found in shown.items() if found)
        self._bar.set_postfix_str(text, refresh=False)

    def on_end(self, training: Training) -> None:
        self._bar.close()

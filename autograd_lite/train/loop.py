"""What happens in each epoch and each step."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from autograd_lite.checks.anomaly import AnomalyError, detect_anomaly
from autograd_lite.engine.value import gradients
from autograd_lite.optim import Optimizer
from autograd_lite.optim.parameter_vector import ParameterVector
from autograd_lite.train.callbacks import Callback, Training
from autograd_lite.train.engines import Computation
from autograd_lite.train.history import INTERRUPTED
from autograd_lite.train.samples import Array, Samples

__all__ = ["Augment", "DivergedError", "Loop", "Metric"]

Metric: TypeAlias = Callable[[Array, Array], float]
"""Of the outputs and the targets of many samples."""

Augment: TypeAlias = Callable[[Array, Array, np.random.Generator], tuple[Array, Array]]
"""Changes features and targets of a mini-batch."""


class DivergedError(ArithmeticError):
    """Training left the finite numbers; the message names where, and suggests a smaller learning rate."""


@dataclass(frozen=True)
class Loop:
    """A training and all that it needs.

    Attributes:
        training: what callbacks see.
        computation: the loss that is trained on.
        measure: the metric, if any.
        callbacks: what looks on.
        augment: what changes each batch before its step, if anything.
    """

    training: Training
    computation: Computation
    measure: Metric | None
    callbacks: Sequence[Callback]
    augment: Augment | None

    def run(self, size: int, generator: Any, *, shuffle: bool) -> None:
        """All epochs, with batches of so many samples; the model is left in the mode of use."""
        training, history = self.training, self.training.history
        dice = np.random.default_rng(generator.getrandbits(64))
        started: list[Callback] = []
        self.set_mode()
        try:
            for callback in self.callbacks:
                callback.on_start(training)
                started.append(callback)
            while history.stopped is None and len(history.seconds) < history.epochs:
                self.epoch(size, dice, shuffle=shuffle)
        except KeyboardInterrupt:
            history.stopped = INTERRUPTED
        finally:
            training.model.eval()
            for callback in started:
                callback.on_end(training)
        if not np.isfinite(ParameterVector("fit", training.model).read()).all():  # the last step has no loss after it
            raise self.diverged("a parameter is not finite")

    def epoch(self, size: int, dice: np.random.Generator, *, shuffle: bool) -> None:
        """One pass over the samples, and the validation after it."""
        training, history, start = self.training, self.training.history, time.perf_counter()
        outputs, targets = [], []
        for places in training.samples.batches(size, dice if shuffle else None):
            batch = training.samples.at(places)
            if self.augment is not None:
                batch = self.changed(self.augment(batch.features, batch.targets, dice))
            outputs.append(self.step(batch))
            targets.append(batch.targets)
            history.record(training.loss, len(places))
            for callback in self.callbacks:
                callback.on_step(training)
            if history.stopped is not None:
                return
        if self.measure is not None:
            history.epoch_metrics.append(self.measure(np.concatenate(outputs), np.concatenate(targets)))
        if training.held_out is not None:
            self.validate(training.held_out)
        history.seconds.append(time.perf_counter() - start)
        for callback in self.callbacks:
            callback.on_epoch(training)

    def changed(self, augmented: Any) -> Samples:
        """What augmentation made of a batch, looked at as all samples are."""
        if not isinstance(augmented, (tuple, list)) or len(augmented) != 2:
            raise TypeError(f"fit: augment gave {augmented!r:.60}; it must give features and targets, both of them")
        return Samples.of(*augmented)

    def step(self, batch: Samples) -> Array:
        """One step on a mini-batch; returns the outputs before it."""
        training, outputs = self.training, np.empty(0)
        if isinstance(training.optimizer, Optimizer):
            training.loss, outputs, training.gradient = self.computation.gradient(training.model, batch)
            if not (math.isfinite(training.loss) and np.isfinite(training.gradient).all()):
                raise self.diverged(f"the loss is {training.loss:g}{self.culprit(batch)}")
            training.optimizer.step(training.gradient)
            return outputs
        if self.measure is not None:
            outputs = self.computation.value(training.model, batch)[1]
        try:
            training.loss = self.computation.step(training.optimizer, batch)
        except FloatingPointError as error:
            raise self.diverged(f"the loss or a derivative is not finite{self.culprit(batch)}") from error
        return outputs

    def set_mode(self) -> None:
        """In training masks are drawn at random; but an optimiser that looks at the loss itself needs the same one twice."""
        self.training.model.train(isinstance(self.training.optimizer, Optimizer))

    def validate(self, held_out: Samples) -> None:
        """The loss, and the metric, of the held-out samples."""
        training, history = self.training, self.training.history
        training.model.eval()
        found, outputs = self.without_penalty.value(training.model, held_out)
        self.set_mode()
        history.validation_losses.append(found)
        if self.measure is not None:
            history.validation_metrics.append(self.measure(outputs, held_out.targets))

    @cached_property
    def without_penalty(self) -> Computation:
        """The loss of held-out samples, which have no share in the penalty."""
        return self.computation if self.computation.penalty is None else replace(self.computation, penalty=None)

    def culprit(self, batch: Samples) -> str:
        """Which sample's loss, and which operation in it, is the first without a finite number: each is looked at alone."""
        model, eager = self.training.model, replace(self.computation, engine="eager")
        for row, goal in zip(batch.features.tolist(), batch.targets.tolist(), strict=True):
            try:
                with detect_anomaly():
                    gradients(eager.of(model, [row], [goal])[0], model.parameters())
            except AnomalyError as error:
                return f" ({error}; the sample has the target {goal})"
        return ""

    def diverged(self, what: str) -> DivergedError:
        """The error, with advice."""
        training = self.training
        steps, advice = len(training.history.losses), "look at the model, its first weights and the loss"
        if steps and isinstance(training.optimizer, Optimizer):
            rate = training.optimizer.rate
            advice = f"the learning rate is {rate:g}; try a smaller one, {rate / 10:g} say"
        return DivergedError(f"training diverged: {what} after {steps} step{'s' * (steps != 1)}; {advice}")

"""What the estimators for scikit-learn have in common: their parameters, and how they are trained."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from functools import partial
from random import Random
from typing import Any, Self

import numpy as np

from autograd_lite.engine.extras import require
from autograd_lite.nn.activations import Activation
from autograd_lite.nn.layers import MLP
from autograd_lite.optim import OPTIMIZERS, SGD, Optimizer, linear_decay
from autograd_lite.optim.parameter_vector import ParameterVector
from autograd_lite.optim.ranges import checked_count, checked_number
from autograd_lite.train.callbacks import Callback, EarlyStopping, Progress, Training
from autograd_lite.train.criteria import Loss
from autograd_lite.train.history import History
from autograd_lite.train.loop import Loop
from autograd_lite.train.samples import Array, Samples
from autograd_lite.train.workbench import Workbench, WorkbenchKey, workbench

__all__ = ["PerceptronEstimator", "Settled", "base", "utils", "validation"]

base: Any = require("sklearn.base", "data")
exceptions: Any = require("sklearn.exceptions", "data")
utils: Any = require("sklearn.utils", "data")
validation: Any = require("sklearn.utils.validation", "data")

SYNONYMS = {"logistic": "sigmoid"}
"""scikit-learn's names for what has another here."""

NAMED = {**OPTIMIZERS, "sgd": partial(SGD, momentum=0.9, nesterov=True)}
"""What makes an optimiser from a model and a learning rate, by name."""

SCHEDULES = ("linear", "constant")

STEPS, SMALLEST, LARGEST = 10, 16, 200
"""A batch is so large that an epoch has so many steps, but within these sizes."""


class Settled(Callback):
    """Ends the training when the loss of an epoch was not below the best by more than `least` in so many epochs in a row."""

    def __init__(self, patience: int, least: float) -> None:
        self.patience, self.least, self.best, self.waited = patience, least, np.inf, 0

    def on_epoch(self, training: Training) -> None:
        loss = training.history.epoch_losses[-1]
        self.waited = 0 if loss <= self.best - self.least else self.waited + 1
        self.best = min(self.best, loss)
        if self.waited > self.patience:
            training.stop(f"the loss fell by less than {self.least:g} in {self.patience} epochs")


class PerceptronEstimator(base.BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What the two have in common; a subclass says what the targets are."""

    loss: Loss
    model_: MLP
    _structure: WorkbenchKey
    loss_curve_: list[float]

    def __init__(
        self,
        hidden_layer_sizes: int | Iterable[int] = (100,),
        activation: str | Activation = "relu",
        *,
        optimizer: str | Callable[..., Optimizer] = "adam",
        alpha: float = 0.03,
        batch_size: int | str = "auto",
        learning_rate: str = "linear",
        learning_rate_init: float = 0.01,
        max_iter: int = 100,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.optimizer = optimizer
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def _structure_of(self, outputs: int) -> WorkbenchKey:
        sizes, name = self.hidden_layer_sizes, self.activation
        hidden = tuple(sizes) if isinstance(sizes, Iterable) else (sizes,)
        activation = SYNONYMS.get(name, name) if isinstance(name, str) else name
        return WorkbenchKey(self.n_features_in_, (*hidden, outputs), activation, type(self).loss)

    def trained(self, samples: Samples, outputs: int, *, first: bool, whole: bool) -> Self:
        """Trains: whole, or for one epoch; from the beginning if it is the first time, otherwise on from where it was."""
        structure = self._structure_of(outputs)
        if first:
            self._dice = Random(int(utils.check_random_state(self.random_state).randint(2**31 - 1)))
            self._state = None
            model, curve = structure.network(self._dice, "xavier"), []
        else:
            model, curve = self.model_, self.loss_curve_
            if structure != self._structure:
                raise ValueError(f"this cannot go on with {model}: hidden_layer_sizes or activation were changed meanwhile")
        callbacks, held = self._callbacks(whole=whole), None
        if whole and self.early_stopping:
            classes = base.is_classifier(self)
            samples, held = samples.split(self.validation_fraction, stratified=classes, generator=self._dice)
        size, own = self._size_of_batch(len(samples)), ParameterVector("fit", model)
        history = History(checked_count("max_iter", self.max_iter) if whole else 1, -(-len(samples) // size))
        with workbench(structure, own.read()) as bench:
            optimizer = self._optimizer_on(bench, size, history.steps if whole else None)
            training = Training(bench.model, optimizer, history, samples, held)
            Loop(training, bench.training, None, callbacks, None).run(size, self._dice, shuffle=self.shuffle)
            own.write(bench.vector.read())
        self._structure, self._state = structure, optimizer.state_dict()
        self.model_, self.history_, self.loss_curve_ = model, history, curve + history.epoch_losses
        self.n_iter_, self.loss_ = len(self.loss_curve_), self.loss_curve_[-1] if self.loss_curve_ else np.nan
        if history.interrupted:
            raise KeyboardInterrupt  # what was learnt is kept; a search that trains many must end nevertheless
        if history.stopped is None and any(isinstance(callback, Settled) for callback in callbacks):
            text = f"{type(self).__name__}: all {history.epochs} epochs were done and the loss still falls"
            advice = "give a larger max_iter, or learning_rate='linear'"
            warnings.warn(f"{text}; {advice}", exceptions.ConvergenceWarning, stacklevel=4)
        return self

    def _callbacks(self, *, whole: bool) -> list[Callback]:
        patience, least = checked_count("n_iter_no_change", self.n_iter_no_change), checked_number("tol", self.tol)
        callbacks: list[Callback] = [Progress()] if self.verbose else []
        if whole and self.early_stopping:
            callbacks.append(EarlyStopping(patience, least))
        elif whole and self.learning_rate == "constant":
            callbacks.append(Settled(patience, least))
        return callbacks

    def _size_of_batch(self, count: int) -> int:
        if isinstance(self.batch_size, str):
            if self.batch_size != "auto":
                raise ValueError(f"batch_size is {self.batch_size!r}; it must be a whole number from 1 on, or 'auto'")
            return min(max(count // STEPS, SMALLEST), LARGEST, count)
        return min(checked_count("batch_size", self.batch_size), count)

    def _optimizer_on(self, bench: Workbench, size: int, steps: int | None) -> Optimizer:
        """The optimiser for a training of so many steps; or for one epoch, as the training before has left it."""
        given = self.optimizer
        if isinstance(given, str) and given not in NAMED:
            raise ValueError(f"unknown optimizer {given!r}; known are {', '.join(sorted(NAMED))}")
        if self.learning_rate not in SCHEDULES:
            raise ValueError(f"learning_rate is {self.learning_rate!r}; it must be one of {', '.join(SCHEDULES)}")
        rate: Any = self.learning_rate_init
        if steps is not None and self.learning_rate == "linear":
            rate = linear_decay(rate, steps)
        make: Any = NAMED[given] if isinstance(given, str) else given
        made = make(bench.model, rate)
        if not isinstance(made, Optimizer):
            raise TypeError(f"the optimizer made a {type(made).__name__}; it must be one that steps by a gradient alone")
        if steps is None and self._state is not None and self._state["optimizer"] == type(made).__name__:
            made.load_state_dict(self._state)
        decay, clip = bench.is_weight * (checked_number("alpha", self.alpha) / size), made.clip
        # Not as weight_decay, which would hold down the biases too, nor in the loss, which would be compiled for each alpha.
        made.clip = lambda gradient: (gradient if clip is None else clip(gradient)) + decay * bench.vector.buffer()
        return made

    def outputs_for(self, X: Any) -> Array:  # noqa: N803  # scikit-learn's name
        """The network's outputs, a row for each sample."""
        validation.check_is_fitted(self)
        rows = validation.validate_data(self, X, dtype=np.float64, reset=False)
        with workbench(self._structure, ParameterVector("predict", self.model_).read()) as bench:
            return bench.outputs(rows).reshape(len(rows), -1)

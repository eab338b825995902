"""Several beginnings, of which the best ending is kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from autograd_lite.nn.initializers import generator_of, uniform_in
from autograd_lite.train.engines import Model
from autograd_lite.train.fit import fit
from autograd_lite.train.history import History
from autograd_lite.train.loop import DivergedError

__all__ = ["Attempt", "Restarts", "fit_restarts"]


@dataclass(frozen=True)
class Attempt:
    """One beginning and where it led.

    Attributes:
        bound: the weights began uniformly distributed in [-bound, bound].
        loss: the last validation loss, or without held-out samples the last epoch's; infinite where training diverged, where
            it was interrupted at once, and in place of nan.
    """

    bound: float
    loss: float


@dataclass(frozen=True)
class Restarts:
    """The best of several trainings.

    Attributes:
        model: the model with the least loss.
        history: what happened in its training.
        attempts: all of them, in their order.
    """

    model: Model
    history: History
    attempts: list[Attempt]


def fit_restarts(
    make: Callable[..., Model],
    features: Any,
    targets: Any,
    *,
    bounds: Sequence[float] = (0.1, 0.5, 1.0),
    repeats: int = 1,
    seed: int = 0,
    **options: Any,
) -> Restarts:
    """Trains models from different random weights, of different ranges, and keeps the best.

    Arguments:
        make: makes a model: a function of `init`, the initialiser, and `seed`, such as
            `lambda **weights: MLP(2, [4, 1], **weights)`.
        features, targets: the samples.
        bounds: the ranges of the first weights.
        repeats: how many beginnings each range has.
        seed: of all weights and orders of samples.
        options: those of `fit`; the optimiser as a name or as what makes one, since each model needs its own.

    Raises:
        TypeError: if `make` gives the same model twice.
        ValueError: for no ranges, or what `fit` refuses.
        DivergedError: if every training diverged.

    >>> from autograd_lite.nn import MLP
    >>> xor = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0]
    >>> best = fit_restarts(lambda **weights: MLP(2, [3, 2], **weights), *xor, epochs=10)
    >>> [attempt.bound for attempt in best.attempts], best.history.epoch_losses[-1] == min(a.loss for a in best.attempts)
    ([0.1, 0.5, 1.0], True)
    """
    if not len(bounds) or repeats < 1:
        raise ValueError(
            f"fit_restarts: bounds are {list(bounds)} and repeats {repeats}; there must be one at least of each"
        )
    generator, best, attempts, last = generator_of(seed), None, [], None
    for bound in [bound for bound in bounds for _ in range(repeats)]:
        model = make(init=uniform_in(bound), seed=generator)
        if best is not None and model is best.model:
            raise TypeError("fit_restarts: make gave the same model twice; each beginning needs one of its own")
        try:
            history = fit(model, features, targets, seed=generator, **options)
        except DivergedError as error:
            attempts.append(Attempt(bound, math.inf))
            last = error
            continue
        losses = history.validation_losses or history.epoch_losses or [math.inf]  # none if it was interrupted at once
        loss = losses[-1 if history.best_epoch is None else history.best_epoch]
        attempts.append(Attempt(bound, math.inf if math.isnan(loss) else loss))
        if best is None or attempts[-1].loss < min(attempt.loss for attempt in attempts[:-1]):
            best = Restarts(model, history, attempts)
        if history.interrupted:
            break
    if best is None:
        raise DivergedError("fit_restarts: every training diverged; the last one said why") from last
    return best

"""Pruning: the weights that are nearest to 0 become 0 and stay it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from autograd_lite.nn.module import Module
from autograd_lite.nn.penalties import weights
from autograd_lite.optim.parameter_vector import ParameterVector
from autograd_lite.optim.ranges import checked_count, checked_number
from autograd_lite.train.callbacks import Callback, Training

__all__ = ["NUMBER_BITS", "Pruned", "Tune", "prune"]

NUMBER_BITS = 64
"""The bits of a parameter as it is trained: a double."""

Tune: TypeAlias = Callable[[Callback], object]
"""Trains a compressed model further, with the callback that keeps it compressed:
`lambda callback: fit(model, features, targets, callbacks=[callback])`."""


@dataclass(frozen=True, eq=False)
class Pruned(Callback):
    """Which parameters of a model are left; as a callback of `fit` it keeps the others at 0.

    After every step the pruned weights are 0 again, whatever the optimiser remembers of them, so that every loss and every
    gradient is that of the pruned network.

    Attributes:
        vector: the parameters of the model.
        left: for each of them whether it is left.
        weights: how many of them are weights.
    """

    vector: ParameterVector
    left: npt.NDArray[np.bool_]
    weights: int

    @property
    def count(self) -> int:
        """How many parameters are left, the biases among them."""
        return int(self.left.sum())

    @property
    def bits(self) -> int:
        """The size of the model with a double for each parameter that is left, and a bit for each weight that says which."""
        return NUMBER_BITS * self.count + self.weights

    def apply(self) -> None:
        """Sets the pruned weights to 0.

        Raises:
            ValueError: if the model has other parameters by now.
        """
        self.vector.write(np.where(self.left, self.vector.read(), 0.0))

    def on_start(self, training: Training) -> None:
        if training.model is not self.vector.module:
            raise ValueError("Pruned: this is the callback of another model; give that of prune(model, …) for this one")
        self.apply()

    def on_step(self, training: Training) -> None:
        self.apply()

    def on_end(self, training: Training) -> None:
        self.apply()  # Ctrl-C may have come between a step and its end


def prune(model: Module, share: float, *, rounds: int = 1, tune: Tune | None = None) -> Pruned:
    """Sets the share of a model's weights to 0 that are smallest in size, all layers together; biases stay.

    The network is changed in place. Trained on with the callback that is returned, it mends most of what that did; and in
    several rounds of pruning and training it bears more: each round leaves the same share of what the round before left.

    Arguments:
        model: a trained Module.
        share: of all weights to be 0 in the end, those that are 0 already included; from 0 to below 1.
        rounds: how often some are pruned.
        tune: trains on after each round, `lambda pruned: fit(model, features, targets, callbacks=[pruned])` say.

    Returns:
        What is left, which is also the callback that keeps the others at 0 in any further training.

    Raises:
        TypeError: for what is no Module.
        ValueError: for a share or a number of rounds out of its range, or if there are no weights.

    Source: Han, Pool, Tran and Dally, Learning both Weights and Connections for Efficient Neural Networks (NIPS 2015).

    >>> from autograd_lite.nn import Neuron
    >>> neuron = Neuron(4, init=lambda generator, nin, nout: [0.5, -2.0, 3.0, -0.1])
    >>> pruned = prune(neuron, 0.5)
    >>> [w.data for w in neuron.w], pruned.count
    ([0.0, -2.0, 3.0, 0.0], 3)
    """
    if not isinstance(model, Module):
        raise TypeError(f"prune: the model is of type {type(model).__name__}; it must be a Module, such as ag.nn.MLP")
    share = checked_number("prune: share", share, below=1.0)
    checked_count("prune: rounds", rounds)
    if not weights(model):
        raise ValueError(f"prune: {model!r} has no weights")
    for k in range(1, rounds + 1):
        # In the end the share itself, with no rounding.
        pruned = _pruned(model, share if k == rounds else 1.0 - (1.0 - share) ** (k / rounds))
        if tune is not None:
            tune(pruned)
    return pruned


def _pruned(model: Module, share: float) -> Pruned:
    vector = ParameterVector("prune", model)
    numbers, left = vector.read(), np.ones(len(vector), dtype=bool)
    prunable = set(weights(model))
    places = np.array([place for place, leaf in enumerate(vector.leaves) if leaf in prunable])
    smallest = np.argsort(np.abs(numbers[places]), kind="stable")  # of equal ones those that stand first
    left[places[smallest[: round(share * len(places))]]] = False
    pruned = Pruned(vector, left, len(places))
    pruned.apply()
    return pruned

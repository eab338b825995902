"""Neurons and learning rules from before backpropagation, on numbers: none of them needs a derivative."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from autograd_lite.engine.sequences import dot
from autograd_lite.nn.layers import check_size

__all__ = ["NotSeparableWarning", "Perceptron", "ThresholdUnit", "hebbian_update", "oja_update"]


@dataclass(frozen=True)
class ThresholdUnit:
    """Fires, 1, where the weighted sum of its inputs reaches the threshold, and else is silent, 0.

    The neuron of McCulloch and Pitts (A logical calculus of the ideas immanent in nervous activity, 1943), their inhibition
    written as a negative weight. Any Boolean function is a network of them.

    Arguments:
        weights: one number for each input.
        threshold: a number.

    Raises:
        ValueError: for a number that is not finite, or if there are no weights.

    >>> AND, OR, NOT = ThresholdUnit((1, 1), 2), ThresholdUnit((1, 1), 1), ThresholdUnit((-1,), 0)
    >>> [(AND([a, b]), OR([a, b])) for a in (0, 1) for b in (0, 1)], NOT([0]), NOT([1])
    ([(0, 0), (0, 1), (0, 1), (1, 1)], 1, 0)
    """

    weights: Sequence[float]
    threshold: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", tuple(self.weights))
        if not self.weights or not all(math.isfinite(number) for number in (*self.weights, self.threshold)):
            raise ValueError(f"{self}: there must be weights, and all numbers must be finite")

    def __call__(self, x: Sequence[float]) -> int:
        """1 or 0 for as many numbers as there are weights."""
        return int(dot(self.weights, x) >= self.threshold)


def hebbian_update(weights: Sequence[float], x: Sequence[float], y: float, rate: float) -> list[float]:
    """w + rate·y·x: what fires together wires together (Hebb, The Organization of Behavior, 1949).

    Arguments:
        weights, x: the weights of a neuron, and its inputs.
        y: its output, its own or one that a teacher sets.
        rate: how much is learned.

    Raises:
        ValueError: if there are not as many inputs as weights.

    >>> hebbian_update([0.0, 0.5], x=[1.0, -1.0], y=2.0, rate=0.25)
    [0.5, 0.0]
    """
    return [w + rate * y * xk for w, xk in _pairs(weights, x)]


def oja_update(weights: Sequence[float], x: Sequence[float], y: float, rate: float) -> list[float]:
    """w + rate·y·(x - y·w): Hebb's rule that forgets, so that the weights keep their length (Oja, 1982).

    Of a linear neuron on centred data they become the first principal component.

    Arguments, Raises: those of `hebbian_update`.

    >>> oja_update([0.0, 0.5], x=[1.0, -1.0], y=2.0, rate=0.25)
    [0.5, -0.5]
    """
    return [w + rate * y * (xk - y * w) for w, xk in _pairs(weights, x)]


def _pairs(weights: Sequence[float], x: Sequence[float]) -> list[tuple[float, float]]:
    if len(weights) != len(x):
        raise ValueError(f"{len(weights)} weights were given {len(x)} inputs; they must be equally many")
    return list(zip(weights, x, strict=True))


class NotSeparableWarning(UserWarning):
    """A perceptron still made mistakes when it was stopped: perhaps no hyperplane separates the two classes."""


class Perceptron:
    """A threshold unit that learns by its mistakes (Rosenblatt, The perceptron, Psychological Review, 1958).

        for each sample (x, t), t = ±1, that it gets wrong:    w ← w + t·x,    b ← b + t

    All start at 0. Where a hyperplane separates the classes with the margin γ, and R is the length of the longest sample,
    the constant 1 for the bias among its numbers, it makes at most (R/γ)² mistakes (Novikoff, 1962).

    Arguments:
        nin: the number of inputs.

    Raises:
        ValueError: for a number of inputs below 1.

    >>> perceptron = Perceptron(2).fit([[0, 0], [0, 1], [1, 0], [1, 1]], [-1, 1, 1, 1])
    >>> [perceptron(x) for x in ([0, 0], [0, 1], [1, 0], [1, 1])]
    [-1, 1, 1, 1]
    """

    def __init__(self, nin: int) -> None:
        check_size(nin, "inputs")
        self.weights, self.bias = [0.0] * nin, 0.0
        self.mistakes = 0

    def __call__(self, x: Sequence[float]) -> int:
        """The class, 1 or -1; on the hyperplane itself it is -1."""
        return 1 if dot([*self.weights, self.bias], [*x, 1.0]) > 0.0 else -1

    def fit(self, samples: Sequence[Sequence[float]], labels: Sequence[int], *, max_epochs: int = 1000) -> Self:
        """Goes through the samples in their order until it makes no more mistakes; `mistakes` counts those it made.

        Arguments:
            samples: each with as many numbers as there are inputs.
            labels: -1 or 1 for each sample.
            max_epochs: how often it may go through all of them.

        Returns:
            The perceptron.

        Raises:
            ValueError: for samples or labels that do not fit.

        Warns:
            NotSeparableWarning: if it still made mistakes in the last epoch.
        """
        self._check(samples, labels, max_epochs)
        for _ in range(max_epochs):
            before = self.mistakes
            for x, label in zip(samples, labels, strict=True):
                if self(x) != label:
                    self.weights, self.bias = hebbian_update(self.weights, x, label, 1.0), self.bias + label
                    self.mistakes += 1
            if self.mistakes == before:
                return self
        wrong = self.mistakes - before
        warnings.warn(
            f"Perceptron: {wrong} mistakes in the last of {max_epochs} epochs; perhaps no hyperplane separates the classes",
            NotSeparableWarning,
            stacklevel=2,
        )
        return self

    def _check(self, samples: Sequence[Any], labels: Sequence[Any], max_epochs: int) -> None:
        if not len(samples) or len(samples) != len(labels):
            raise ValueError(f"Perceptron: {len(samples)} samples and {len(labels)} labels; there must be as many, and some")
        check_size(max_epochs, "epochs")
        for x, label in zip(samples, labels, strict=True):
            if len(x) != len(self.weights) or not all(math.isfinite(number) for number in x):
                raise ValueError(f"Perceptron: a sample is {x}; it must be {len(self.weights)} finite numbers")
            if label not in (-1, 1):
                raise ValueError(f"Perceptron: a label is {label!r}; it must be -1 or 1")

"""What happens to data before training: splitting, and scaling by what the training part alone shows."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from autograd_lite.nn.initializers import generator_of
from autograd_lite.nn.layers import Seed
from autograd_lite.train.preprocessor import Array, Preprocessor, check_statistics, means_of, training_rows, vector

__all__ = ["Centerer", "MinMaxScaler", "Standardizer", "stratified_split"]


@dataclass(frozen=True)
class Centerer(Preprocessor):
    """x - mean in every column.

    Attributes:
        mean: one number for each column.

    Raises:
        ValueError: if one is not finite.

    >>> centerer = Centerer.fitted([[1.0, 5.0], [3.0, 5.0]])
    >>> centerer, centerer([[4.0, 5.0]]), centerer.inverse([[2.0, 0.0]])
    (Centerer(mean=(2.0, 5.0)), [[2.0, 0.0]], [[4.0, 5.0]])
    """

    mean: tuple[float, ...]

    def check(self) -> None:
        check_statistics("Centerer", mean=self.mean)

    @classmethod
    def fitted(cls, rows: Iterable[Sequence[float]]) -> Self:
        """The one that gives each column of these rows the mean 0.

        Raises:
            TypeError, ValueError: for no rows, what is no finite numbers, or sums that overflow.
        """
        return cls(tuple(means_of("Centerer", training_rows("Centerer", rows)).tolist()))

    @property
    def columns(self) -> int:
        return len(self.mean)

    def forward(self, x: Array) -> Array:
        return x - vector(self.mean)

    def backward(self, z: Array) -> Array:
        return z + vector(self.mean)


@dataclass(frozen=True)
class Standardizer(Preprocessor):
    """(x - mean) / scale in every column.

    Attributes:
        mean: what is subtracted, one number for each column.
        scale: what is divided by.

    Raises:
        ValueError: if they are not equally many, or not finite, or a scale is not above 0.

    >>> standardizer = Standardizer.fitted([[1.0, 5.0], [3.0, 5.0]])
    >>> standardizer
    Standardizer(mean=(2.0, 5.0), scale=(1.0, 1.0))
    >>> standardizer([[4.0, 5.0]]), standardizer.inverse([[2.0, 0.0]])
    ([[2.0, 0.0]], [[4.0, 5.0]])
    """

    mean: tuple[float, ...]
    scale: tuple[float, ...]

    def check(self) -> None:
        check_statistics("Standardizer", mean=self.mean, scale=self.scale)
        if not all(scale > 0.0 for scale in self.scale):
            raise ValueError("Standardizer: means must be finite, and scales above 0")

    @classmethod
    def fitted(cls, rows: Iterable[Sequence[float]]) -> Self:
        """The one that gives each column of these rows the mean 0 and the variance 1, Σ (x - mean)² / n (not n - 1).

        A constant column keeps its scale: it becomes 0.

        Raises:
            TypeError, ValueError: for no rows, what is no finite numbers, or numbers so large that sums overflow.
        """
        x = training_rows("Standardizer", rows)
        mean = means_of("Standardizer", x)
        with np.errstate(over="ignore", invalid="ignore"):
            largest = np.abs(x - mean).max(axis=0)
            unit = np.where(largest > 0.0, largest, 1.0)
            spread = unit * np.sqrt(np.square((x - mean) / unit).mean(axis=0))  # no square over- or underflows
        return cls(tuple(mean.tolist()), tuple(np.where(spread == 0.0, 1.0, spread).tolist()))

    @property
    def columns(self) -> int:
        return len(self.mean)

    def forward(self, x: Array) -> Array:
        return (x - vector(self.mean)) / vector(self.scale)

    def backward(self, z: Array) -> Array:
        return z * vector(self.scale) + vector(self.mean)


@dataclass(frozen=True)
class MinMaxScaler(Preprocessor):
    """low + (high - low)·(x - minimum) / (maximum - minimum) in every column.

    A constant column is divided by 1 in place of its span of 0: it becomes low.

    Attributes:
        minimum, maximum: one number each for each column.
        low, high: what they become; rows beyond them go beyond.

    Raises:
        ValueError: for numbers that are not finite, or not in order.

    >>> scaler = MinMaxScaler.fitted([[1.0, 5.0], [3.0, 5.0]], low=-1.0)
    >>> scaler
    MinMaxScaler(minimum=(1.0, 5.0), maximum=(3.0, 5.0), low=-1.0, high=1.0)
    >>> scaler([[2.0, 5.0], [4.0, 5.0]]), scaler.inverse([[2.0, -1.0]])
    ([[0.0, -1.0], [2.0, -1.0]], [[4.0, 5.0]])
    """

    minimum: tuple[float, ...]
    maximum: tuple[float, ...]
    low: float = 0.0
    high: float = 1.0

    def check(self) -> None:
        check_statistics("MinMaxScaler", minimum=self.minimum, maximum=self.maximum)
        for smallest, largest in zip(self.minimum, self.maximum, strict=True):
            if not 0.0 <= largest - smallest < math.inf:
                raise ValueError(
                    f"MinMaxScaler: a column goes from {smallest} to {largest}; it must go up, and not overflow"
                )
        if not 0.0 < self.high - self.low < math.inf:
            raise ValueError(f"MinMaxScaler: low is {self.low} and high {self.high}; low must be finite, and below high")

    @classmethod
    def fitted(cls, rows: Iterable[Sequence[float]], *, low: float = 0.0, high: float = 1.0) -> Self:
        """The one that makes `low` of the smallest number of each column of these rows, and `high` of the largest.

        Raises:
            TypeError, ValueError: for no rows, what is no finite numbers, or ends that are not in order.
        """
        x = training_rows("MinMaxScaler", rows)
        return cls(tuple(x.min(axis=0).tolist()), tuple(x.max(axis=0).tolist()), low, high)

    @property
    def columns(self) -> int:
        return len(self.minimum)

    def forward(self, x: Array) -> Array:
        share = (x - vector(self.minimum)) / self._span()
        return self.low * (1.0 - share) + self.high * share  # both ends exactly

    def backward(self, z: Array) -> Array:
        return vector(self.minimum) + self._span() * ((z - self.low) / (self.high - self.low))

    def _span(self) -> Array:
        span = vector(self.maximum) - vector(self.minimum)
        return np.where(span == 0.0, 1.0, span)


def stratified_split(targets: Sequence[Hashable], test_size: float = 0.2, seed: Seed = 0) -> tuple[list[int], list[int]]:
    """Places of a training and of a test part, both with every class in the same proportion.

    Arguments:
        targets: the class of each sample.
        test_size: the test part's share of each class, between 0 and 1; rounded, but one sample at least in either part.
        seed: a seed or a `random.Random`, or None for Python's shared generator; the same seed gives the same split, on any
            machine.

    Returns:
        two lists of places in `targets`, ascending, which share none and leave none out.

    Raises:
        ValueError: if a class has fewer than two samples, or the share is not between 0 and 1.

    >>> stratified_split(["a", "b", "a", "b", "a", "b", "a", "b"], 0.25)
    ([0, 2, 3, 5, 6, 7], [1, 4])
    """
    if not 0.0 < test_size < 1.0:
        raise ValueError(f"stratified_split: test_size is {test_size}; it must lie between 0 and 1")
    generator = generator_of(seed)
    places: dict[Hashable, list[int]] = {}
    for place, target in enumerate(targets):
        places.setdefault(target, []).append(place)
    training, test = [], []
    for target, members in places.items():
        if len(members) < 2:
            raise ValueError(f"stratified_split: class {target!r} has one sample; each part needs one, so give two at least")
        generator.shuffle(members)
        count = min(max(round(len(members) * test_size), 1), len(members) - 1)
        test += members[:count]
        training += members[count:]
    return sorted(training), sorted(test)

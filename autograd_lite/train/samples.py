"""Samples as arrays, looked at before anything is computed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_lite.train.preprocessing import stratified_split

__all__ = ["Array", "Samples", "array_of"]

Array = npt.NDArray[np.float64]


def array_of(what: str, numbers: Any) -> Array:
    """Numbers as an array.

    Raises:
        ValueError: for what is no numbers, or rows of different lengths, or a number that is not finite.

    >>> array_of("features", [[1.0, float("nan")]])
    Traceback (most recent call last):
    ValueError: features[0, 1] is nan; all must be finite: remove the sample, or replace the number
    """
    try:
        array = np.array(numbers, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the {what} must be numbers, or rows of equally many numbers ({error})") from error
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        place = ", ".join(map(str, wrong[0]))
        raise ValueError(
            f"{what}[{place}] is {array[tuple(wrong[0])]}; all must be finite: remove the sample, or replace the number"
        )
    return array


@dataclass(frozen=True)
class Samples:
    """Features and targets, one of each for every sample.

    Attributes:
        features: an array whose first dimension counts the samples; rows of numbers, or images.
        targets: a number, or a row of them, for each.

    >>> Samples.of([[0.0, 1.0], [1.0, 0.0]], [1, 0]).features.shape
    (2, 2)
    """

    features: Array
    targets: Array

    @classmethod
    def of(cls, features: Any, targets: Any) -> Samples:
        """Samples from arrays or nested lists.

        Raises:
            TypeError: for what can be no samples.
            ValueError: for no samples, not as many targets, or what is no finite numbers of one shape.
        """
        for what, given in (("features", features), ("targets", targets)):
            if not hasattr(given, "__len__"):
                raise TypeError(f"the {what} are of type {type(given).__name__}; give an array or a list with all samples")
        if len(features) == 0 or len(features) != len(targets):
            raise ValueError(f"{len(features)} samples and {len(targets)} targets; they must be equally many, and not 0")
        rows, goals = array_of("features", features), array_of("targets", targets)
        if rows.ndim < 2 or rows.size == 0:
            raise ValueError(
                f"the features have the shape {rows.shape}; they must be a row of numbers for each sample: "
                "for one number each, write [[x] for x in features]"
            )
        return cls(rows, goals)

    def __len__(self) -> int:
        return len(self.features)

    def at(self, places: Any) -> Samples:
        """Those at some places."""
        return Samples(self.features[places], self.targets[places])

    def split(self, share: float, *, stratified: bool, generator: Random) -> tuple[Samples, Samples]:
        """Two parts, the second with this share of the samples, drawn at random; of each class alike, where there are some.

        Raises:
            ValueError: for a share that leaves one of the parts empty.
        """
        if stratified:
            kept, held = stratified_split(self.targets.tolist(), share, generator)
        else:
            count = round(len(self) * share)
            if not 0 < count < len(self):
                raise ValueError(f"a share of {share} of {len(self)} samples for validation leaves one of the parts empty")
            order = generator.sample(range(len(self)), len(self))
            kept, held = sorted(order[count:]), sorted(order[:count])
        return self.at(kept), self.at(held)

    def batches(self, size: int, dice: np.random.Generator | None) -> Iterator[npt.NDArray[np.intp]]:
        """The places of each mini-batch's samples, in a random order if there are dice; the last batch may have fewer."""
        places = np.arange(len(self)) if dice is None else dice.permutation(len(self))
        for start in range(0, len(self), size):
            yield places[start : start + size]

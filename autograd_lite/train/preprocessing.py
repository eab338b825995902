"""What happens to data before training: splitting, and scaling by what the training part alone shows."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from random import Random

__all__ = ["Standardizer", "stratified_split"]


@dataclass(frozen=True)
class Standardizer:
    """(x - mean) / scale in every column.

    Attributes:
        mean: what is subtracted, one number for each column.
        scale: what is divided by.

    Raises:
        ValueError: if they are not equally many, or not finite, or a scale is not above 0.

    >>> standardizer = Standardizer.fitted([[1.0, 5.0], [3.0, 5.0]])
    >>> standardizer
    Standardizer(mean=(2.0, 5.0), scale=(1.0, 1.0))
    >>> standardizer([[4.0, 5.0]])
    [[2.0, 0.0]]
    """

    mean: tuple[float, ...]
    scale: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.mean) != len(self.scale):
            raise ValueError(f"Standardizer: {len(self.mean)} means and {len(self.scale)} scales; they must be equally many")
        if not all(math.isfinite(x) for x in self.mean + self.scale) or not all(scale > 0.0 for scale in self.scale):
            raise ValueError("Standardizer: means and scales must be finite, and scales above 0; make the data smaller")

    @classmethod
    def fitted(cls, rows: Sequence[Sequence[float]]) -> Standardizer:
        """The standardiser that gives each column of these rows the mean 0 and the variance 1.

        A constant column keeps its scale: it becomes 0.

        Raises:
            ValueError: if there are no rows, or their numbers are so large that sums overflow.
        """
        if not rows:
            raise ValueError("Standardizer: there are no rows to take means of")
        columns = list(zip(*rows, strict=True))
        try:
            mean = tuple(math.fsum(column) / len(column) for column in columns)
        except OverflowError as error:
            raise ValueError("Standardizer: the sum of a column overflows; make the data smaller") from error
        return cls(mean, tuple(_spread(column, middle) for column, middle in zip(columns, mean, strict=True)))

    def __call__(self, rows: Iterable[Sequence[float]]) -> list[list[float]]:
        """The rows, standardised.

        Raises:
            ValueError: if a row has not one number for each mean.
        """
        return [[(x - m) / s for x, m, s in zip(row, self.mean, self.scale, strict=True)] for row in rows]

    def record(self) -> dict[str, list[float]]:
        """The numbers as plain data, by the names of the attributes."""
        return {"mean": list(self.mean), "scale": list(self.scale)}


def _spread(column: Sequence[float], mean: float) -> float:
    """The standard deviation; 1 if there is none."""
    if min(column) == max(column):  # not `deviation == 0`: the mean of equal numbers can be off by a rounding
        return 1.0
    return math.dist(column, [mean] * len(column)) / math.sqrt(len(column)) or 1.0  # no square over- or underflows


def stratified_split(
    targets: Sequence[Hashable], test_size: float = 0.2, seed: int | Random = 0
) -> tuple[list[int], list[int]]:
    """Places of a training and of a test part, both with every class in the same proportion.

    Arguments:
        targets: the class of each sample.
        test_size: the test part's share of each class, between 0 and 1; rounded, but one sample at least in either part.
        seed: a seed or a `random.Random`; the same seed gives the same split, on any machine.

    Returns:
        two lists of places in `targets`, ascending, which share none and leave none out.

    Raises:
        ValueError: if a class has fewer than two samples, or the share is not between 0 and 1.

    >>> stratified_split(["a", "b", "a", "b", "a", "b", "a", "b"], 0.25)
    ([0, 2, 3, 5, 6, 7], [1, 4])
    """
    if not 0.0 < test_size < 1.0:
        raise ValueError(f"stratified_split: test_size is {test_size}; it must lie between 0 and 1")
    generator = seed if isinstance(seed, Random) else Random(seed)
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

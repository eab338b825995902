"""What is trained on: splits of scikit-learn's data sets, standardised, and the two spirals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.train import Standardizer

__all__ = ["Parts", "both_spirals", "standardised_split", "two_spirals"]


@dataclass(frozen=True)
class Parts:
    """Samples for training and for the test, as arrays."""

    features: Any
    targets: Any
    test_features: Any
    test_targets: Any

    @property
    def width(self) -> int:
        """How many features a sample has."""
        return int(self.features.shape[1])

    @property
    def classes(self) -> int:
        return int(self.targets.max()) + 1


def standardised_split(name: str, split: int) -> Parts:
    """A quarter of scikit-learn's data set for the test; both parts standardised by what the other three show."""
    from sklearn import datasets
    from sklearn.model_selection import train_test_split

    features, targets = getattr(datasets, f"load_{name}")(return_X_y=True)
    training, test, goals, test_goals = train_test_split(
        features, targets, test_size=0.25, random_state=split, stratify=targets
    )
    standardizer = Standardizer.fitted(training.tolist())
    rows, test_rows = (np.array(standardizer(part.tolist())) for part in (training, test))
    return Parts(rows, goals, test_rows, test_goals)


def two_spirals(n: int = 97) -> list[tuple[float, float, int]]:
    """2n points (x, y, class) on two spirals of three turns each, the second the first one's negative.

    Source: Lang and Witbrock, Learning to Tell Two Spirals Apart (1988).
    """
    points = []
    for i in range(n):
        angle, radius = i * math.pi / 16, 6.5 * (104 - i) / 104
        x, y = radius * math.sin(angle), radius * math.cos(angle)
        points += [(x, y, 1), (-x, -y, 0)]
    return points


def both_spirals() -> Parts:
    """All points, standardised, for training and for the test."""
    points = two_spirals()
    rows = [[x, y] for x, y, _ in points]
    features, targets = np.array(Standardizer.fitted(rows)(rows)), np.array([label for *_, label in points])
    return Parts(features, targets, features, targets)

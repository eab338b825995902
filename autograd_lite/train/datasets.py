"""Data sets by name, each with the settings that train well on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from autograd_lite.engine.extras import require
from autograd_lite.nn.activations import activation_named

__all__ = ["SOURCES", "Dataset", "Settings", "Source", "moons"]


@dataclass(frozen=True)
class Dataset:
    """Samples with the class, or the number, of each.

    Attributes:
        name: what to call it.
        features: one row of floats for each sample; Python's own floats, which the engine takes as they are.
        targets: the class of each sample, a place in `class_names`; or its number.
        class_names: the classes, two at least; None where the targets are numbers.
        feature_names: what the features are called, if anything.
        target_name: what the targets are called, if anything.

    Raises:
        ValueError: if the rows differ in length, a number is not finite, or a target is no class.

    >>> Dataset("and", [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 0, 0, 1], ("false", "true"))
    Dataset(and: 4 samples, 2 features, 2 classes)
    """

    name: str
    features: Sequence[Sequence[float]]
    targets: Sequence[float]
    class_names: tuple[str, ...] | None = None
    feature_names: tuple[str, ...] | None = None
    target_name: str | None = None

    def __post_init__(self) -> None:
        if not self.features or len(self.features) != len(self.targets):
            raise ValueError(
                f"{self.name}: {len(self.features)} samples and {len(self.targets)} targets; there must be equally many, "
                "and at least one"
            )
        self._check_features()
        self._check_targets()

    def _check_features(self) -> None:
        for number, row in enumerate(self.features):
            if len(row) != len(self.features[0]) or not row:
                raise ValueError(
                    f"{self.name}: sample {number} has {len(row)} features; sample 0 has {len(self.features[0])}"
                )
            if not all(math.isfinite(x) for x in row):
                raise ValueError(f"{self.name}: sample {number} holds a number that is not finite; remove or replace it")
        names = self.feature_names
        if names is not None and len(set(names)) != len(self.features[0]):
            raise ValueError(f"{self.name}: the features have the names {names}; each must have one of its own")

    def _check_targets(self) -> None:
        if self.class_names is not None and len(self.class_names) < 2:
            raise ValueError(f"{self.name}: {len(self.class_names)} classes; there must be at least 2")
        for number, target in enumerate(self.targets):
            if self.class_names is None:
                fits, wanted = math.isfinite(target), "a finite number"
            else:
                fits, wanted = target in range(len(self.class_names)), f"a class from 0 to {len(self.class_names) - 1}"
            if not fits:
                raise ValueError(f"{self.name}: the target of sample {number} is {target}; it must be {wanted}")

    def __repr__(self) -> str:
        aim = "a number for each" if self.class_names is None else f"{len(self.class_names)} classes"
        return f"Dataset({self.name}: {len(self.features)} samples, {len(self.features[0])} features, {aim})"


@dataclass(frozen=True)
class Settings:
    """How to train.

    Attributes:
        hidden: the numbers of neurons in the hidden layers.
        activation: the name of their activation.
        epochs: how often each sample is seen.
        batch_size: how many samples make one step.
        learning_rate: that of the first step; it falls linearly to 0.

    Raises:
        ValueError: for a setting that cannot work.

    >>> Settings(hidden=(16,), activation="relu", epochs=0, batch_size=10, learning_rate=0.1)
    Traceback (most recent call last):
    ValueError: the number of epochs is 0; it must be a whole number from 1 on
    """

    hidden: tuple[int, ...]
    activation: str
    epochs: int
    batch_size: int
    learning_rate: float

    def __post_init__(self) -> None:
        counts = [("epochs", self.epochs), ("samples in a batch", self.batch_size)]
        for what, count in [*counts, *[("neurons in a hidden layer", size) for size in self.hidden]]:
            if not count >= 1 or count % 1 != 0:
                raise ValueError(f"the number of {what} is {count!r}; it must be a whole number from 1 on")
        if not (self.learning_rate > 0.0 and math.isfinite(self.learning_rate)):
            raise ValueError(f"the learning rate is {self.learning_rate}; it must be a finite number above 0, such as 0.1")
        activation_named(self.activation)


@dataclass(frozen=True)
class Source:
    """Where a data set comes from, and what trains well on it.

    Attributes:
        load: makes the data set; raises MissingExtraError where a library is missing.
        settings: the defaults.
        about: a few words.
    """

    load: Callable[[], Dataset]
    settings: Settings
    about: str


def moons(
    n: int = 100, *, noise: float = 0.1, seed: int | Random = 0, labels: tuple[int, int] = (0, 1)
) -> tuple[list[list[float]], list[int]]:
    """Two half circles, each reaching into the other, with gaussian noise.

    Arguments:
        n: how many points; half of them, rounded down, lie on the upper moon.
        noise: the standard deviation of the noise.
        seed: a seed or a `random.Random`.
        labels: those of the upper and of the lower moon; (-1, 1) suits a hinge loss.

    Returns:
        the points and their labels, the upper moon first.

    Raises:
        ValueError: for fewer than two points or a negative noise.

    Source: the shape is that of scikit-learn's `make_moons`.

    >>> points, labels = moons(4, noise=0.0, labels=(-1, 1))
    >>> [[round(x, 3) for x in point] for point in points], labels
    ([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.5], [2.0, 0.5]], [-1, -1, 1, 1])
    """
    if n < 2 or not noise >= 0.0:
        raise ValueError(f"moons: n is {n} and noise {noise}; there must be at least 2 points and noise at least 0")
    generator = seed if isinstance(seed, Random) else Random(seed)
    upper = [(math.cos(angle), math.sin(angle)) for angle in _half_turn(n // 2)]
    lower = [(1.0 - math.cos(angle), 0.5 - math.sin(angle)) for angle in _half_turn(n - n // 2)]
    points = [[x + generator.gauss(0.0, noise), y + generator.gauss(0.0, noise)] for x, y in upper + lower]
    return points, [labels[0]] * len(upper) + [labels[1]] * len(lower)


def _half_turn(count: int) -> list[float]:
    """Angles from 0 to π, equally far apart."""
    return [math.pi * k / max(count - 1, 1) for k in range(count)]


def _moons() -> Dataset:
    points, labels = moons(500, noise=0.15)
    return Dataset("moons", points, labels, ("upper", "lower"), ("x", "y"), "moon")


def _from_sklearn(name: str) -> Dataset:
    bunch = getattr(require("sklearn.datasets", "data"), f"load_{name}")()
    classes, features = (tuple(map(str, names)) for names in (bunch.target_names, bunch.feature_names))
    return Dataset(name, bunch.data.tolist(), bunch.target.tolist(), classes, features, "target")


SOURCES: dict[str, Source] = {
    "digits": Source(
        lambda: _from_sklearn("digits"),
        Settings(hidden=(32,), activation="relu", epochs=10, batch_size=16, learning_rate=0.2),
        "1,797 handwritten digits of 8 by 8 pixels",
    ),
    "moons": Source(
        _moons,
        Settings(hidden=(16, 16), activation="relu", epochs=20, batch_size=20, learning_rate=0.2),
        "500 points on two half circles",
    ),
    "iris": Source(
        lambda: _from_sklearn("iris"),
        Settings(hidden=(16,), activation="tanh", epochs=40, batch_size=10, learning_rate=0.1),
        "150 flowers of three species",
    ),
    "breast_cancer": Source(
        lambda: _from_sklearn("breast_cancer"),
        Settings(hidden=(16,), activation="relu", epochs=15, batch_size=16, learning_rate=0.05),
        "569 tumours, malignant or benign",
    ),
}
"""Every data set by its name."""

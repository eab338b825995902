"""What can be learnt of a sample: its class, or a number. All that differs between the two stands here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.sequences import softmax
from autograd_lite.nn.losses import softmax_cross_entropy, squared_error
from autograd_lite.train.datasets import Dataset
from autograd_lite.train.preprocessing import Standardizer

__all__ = ["Classification", "Regression", "Scores", "Task", "described", "r_squared", "root_mean_squared_error", "task_of"]

Scores: TypeAlias = dict[str, float]
"""How good predictions are, by the names of the measures."""

FORMATS = {"accuracy": ".2%", "R²": ".4f", "RMSE": ".6g"}


@dataclass(frozen=True)
class Classification:
    """One output for each class, the logarithm of its probability but for a constant.

    Attributes:
        class_names: the classes, in the order of the outputs.

    >>> task = Classification(("no", "yes"))
    >>> task.prediction([1.5, 1.5])
    ('no', 0.5, 0.5)
    >>> task.scores(["no", "yes"], ["yes", "yes"])
    {'accuracy': 0.5}
    """

    class_names: tuple[str, ...]

    name: ClassVar[str] = "classification"
    loss = staticmethod(softmax_cross_entropy)

    @property
    def outputs(self) -> int:
        """How many outputs the network has."""
        return len(self.class_names)

    @property
    def columns(self) -> tuple[str, ...]:
        """What a prediction consists of."""
        return ("prediction", *(f"probability_{name}" for name in self.class_names))

    def prediction(self, outputs: Sequence[float]) -> tuple[Any, ...]:
        """The name of the class, and the probability of every class."""
        largest = outputs.index(max(outputs))  # the first one, where several are
        return (self.class_names[largest], *softmax(outputs))

    def actual(self, targets: Sequence[float]) -> list[Any]:
        """The names of the classes that a data set knows by their places."""
        return [self.class_names[int(target)] for target in targets]

    def scores(self, predicted: Sequence[str], actual: Sequence[str]) -> Scores:
        """The share of classes that are predicted rightly."""
        return {"accuracy": sum(p == a for p, a in zip(predicted, actual, strict=True)) / len(actual)}

    def record(self) -> dict[str, Any]:
        """What a model's file must know of the task, as plain data."""
        return {"class_names": list(self.class_names)}


@dataclass(frozen=True)
class Regression:
    """One output, the standardised number.

    Attributes:
        scaling: what standardises the number.

    >>> task = Regression(Standardizer((10.0,), (2.0,)))
    >>> task.prediction([1.5]), task.loss(1.5, 14.0)
    ((13.0,), 0.25)
    >>> described(task.scores([1.0, 2.0, 3.0], [1.0, 2.0, 6.0]))
    'R² 0.3571, RMSE 1.73205'
    """

    scaling: Standardizer

    name: ClassVar[str] = "regression"
    outputs: ClassVar[int] = 1
    columns: ClassVar[tuple[str, ...]] = ("prediction",)

    def loss(self, output: Scalar, target: float) -> Scalar:
        """The squared error of the standardised number."""
        return squared_error(output, (target - self.scaling.mean[0]) / self.scaling.scale[0])

    def prediction(self, outputs: Sequence[float]) -> tuple[float]:
        """The number."""
        return (self.scaling.mean[0] + self.scaling.scale[0] * outputs[0],)

    def actual(self, targets: Sequence[float]) -> list[Any]:
        """The numbers, as a data set has them."""
        return list(targets)

    def scores(self, predicted: Sequence[float], actual: Sequence[float]) -> Scores:
        """R², and the root of the mean squared error in the unit of the numbers."""
        return {"R²": r_squared(predicted, actual), "RMSE": root_mean_squared_error(predicted, actual)}

    def record(self) -> dict[str, Any]:
        """What a model's file must know of the task, as plain data."""
        return {"target_preprocessing": self.scaling.record()}


Task: TypeAlias = Classification | Regression


def task_of(dataset: Dataset, targets: Sequence[float]) -> Task:
    """What a data set asks for; numbers are scaled by what these targets show."""
    if dataset.class_names is not None:
        return Classification(dataset.class_names)
    return Regression(Standardizer.fitted([[target] for target in targets]))


def r_squared(predicted: Sequence[float], actual: Sequence[float]) -> float:
    """1 - Σ (actual - predicted)² / Σ (actual - mean)²; nan where all actual numbers are equal.

    >>> r_squared([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    1.0
    """
    if min(actual) == max(actual):
        return math.nan
    mean = math.fsum(actual) / len(actual)
    # As norms, which do not overflow where squares would.
    return 1.0 - (math.dist(actual, predicted) / math.dist(actual, [mean] * len(actual))) ** 2


def root_mean_squared_error(predicted: Sequence[float], actual: Sequence[float]) -> float:
    """√(Σ (actual - predicted)² / n).

    >>> root_mean_squared_error([1.0, 5.0], [3.0, 3.0])
    2.0
    """
    return math.dist(actual, predicted) / math.sqrt(len(actual))


def described(scores: Scores) -> str:
    """Scores as text.

    >>> described({"accuracy": 0.5})
    'accuracy 50.00%'
    """
    return ", ".join(
        f"{name} {'undefined' if math.isnan(score) else format(score, FORMATS[name])}" for name, score in scores.items()
    )

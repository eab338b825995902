"""The losses that `fit` knows by name: which targets each takes, and when it counts an output as right."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from autograd_lite.engine.primitive import Scalar
from autograd_lite.nn import losses
from autograd_lite.train.samples import Array, Samples

__all__ = ["CRITERIA", "Criterion", "Loss", "accuracy_of", "criterion_of"]

Loss: TypeAlias = Callable[[Any, Any], Scalar]
"""The loss of one sample: a function of the model's outputs and the target."""

Shape: TypeAlias = tuple[int, ...]

Hits: TypeAlias = Callable[[Array, Array], npt.NDArray[np.bool_]]
"""From the outputs and the targets of many samples: which are classified rightly."""


@dataclass(frozen=True)
class Criterion:
    """A loss, and what is to be known of it.

    Attributes:
        loss: that of one sample.
        hits: which outputs classify their targets rightly; None where there are no classes.
        wanted: what its targets must be, for the message.
        fits: whether a target is so, given the shape of a sample's outputs, () for a single number.
        has_classes: whether each target is the number of a class, so that a held-out part can have the same share of each.
    """

    loss: Loss
    hits: Hits | None = None
    wanted: str = ""
    fits: Callable[[Array, Shape], bool] | None = None
    has_classes: bool = False

    def checked(self, samples: Samples, outputs: Array) -> Samples:
        """The samples with targets as the loss takes them, given the outputs for some.

        A column of numbers becomes numbers where these are wanted, and rows as long as nested outputs have numbers become
        nested too.

        Raises:
            ValueError: for targets that the loss cannot take.
        """
        if self.fits is None:
            return samples
        targets, shape = samples.targets, outputs.shape[1:]
        wanted = () if self.has_classes else shape
        if targets[0].size == math.prod(wanted) and min(targets.ndim - 1, len(wanted)) <= 1:
            targets = targets.reshape(-1, *wanted)
        for number, target in enumerate(targets):
            if not self.fits(target, shape):
                count = math.prod(shape)
                raise ValueError(
                    f"the target of sample {number} is {target.tolist()}; for {self.loss.__name__} and {count} "
                    f"output{'s' * (count != 1)} it must be {self.wanted}"
                )
        return Samples(samples.features, targets)


def accuracy_of(hits: Hits) -> Callable[[Array, Array], float]:
    """The share of right outputs, as a metric."""

    def accuracy(outputs: Array, targets: Array) -> float:
        return float(np.mean(hits(outputs, targets)))

    return accuracy


def _is_class(count: int, target: Array) -> bool:
    return target.ndim == 0 and bool(0 <= target < count) and bool(target % 1 == 0)


def _largest(outputs: Array, targets: Array) -> npt.NDArray[np.bool_]:
    hits: npt.NDArray[np.bool_] = np.argmax(outputs, axis=1) == targets
    return hits


def _baseline(outputs: Array, targets: Array) -> npt.NDArray[np.bool_]:
    """Class 0 is the one whose logit is always 0."""
    logits = outputs.reshape(len(targets), -1)
    return _largest(np.column_stack([np.zeros(len(logits)), logits]), targets)


def _positive(outputs: Array, targets: Array) -> npt.NDArray[np.bool_]:
    """Whether all of a sample's outputs are on the side of their targets: above 0 where these are above the middle."""
    sides = (outputs > 0.0).reshape(len(outputs), -1) == (targets > 0.5).reshape(len(targets), -1)
    right: npt.NDArray[np.bool_] = sides.all(axis=1)
    return right


def _likely(outputs: Array, targets: Array) -> npt.NDArray[np.bool_]:
    """The outputs are probabilities themselves."""
    return _positive(outputs - 0.5, targets)


def _as_many(target: Array, outputs: Shape) -> bool:
    return target.shape == outputs


def _signs(target: Array, outputs: Shape) -> bool:
    return _as_many(target, outputs) and bool(np.all(np.abs(target) == 1.0))


def _probabilities(target: Array, outputs: Shape) -> bool:
    return _as_many(target, outputs) and bool(np.all((target >= 0.0) & (target <= 1.0)))


def _one_of_outputs(target: Array, outputs: Shape) -> bool:
    return math.prod(outputs) > 1 and _is_class(math.prod(outputs), target)


def _one_more_than_outputs(target: Array, outputs: Shape) -> bool:
    return _is_class(math.prod(outputs) + 1, target)


NUMBERS = "a number for each output"
SIGNS = "-1 or 1 for each output"

CRITERIA: dict[str, Criterion] = {
    criterion.loss.__name__: criterion
    for criterion in (
        Criterion(losses.squared_error, None, NUMBERS, _as_many),
        Criterion(losses.half_squared_error, None, NUMBERS, _as_many),
        Criterion(
            losses.softmax_cross_entropy,
            _largest,
            "a class, a whole number from 0 to below the number of outputs, two or more",
            _one_of_outputs,
            has_classes=True,
        ),
        Criterion(
            losses.multivariate_logistic,
            _baseline,
            "a class, a whole number from 0, the class without an output, to the number of outputs",
            _one_more_than_outputs,
            has_classes=True,
        ),
        Criterion(losses.binary_cross_entropy, _positive, "a number from 0 to 1 for each output", _probabilities),
        Criterion(losses.log_loss, _likely, "a number from 0 to 1 for each output", _probabilities),
        Criterion(losses.hinge, _positive, SIGNS, _signs),
        Criterion(losses.logistic, _positive, SIGNS, _signs),
    )
}
"""Every loss by its name."""


def criterion_of(loss: str | Loss) -> Criterion:
    """What is known of a loss, given by name or as a function; of one's own nothing is.

    Raises:
        ValueError: for an unknown name.
        TypeError: for what is neither a name nor a function.

    >>> criterion_of("hinge").hits is criterion_of(losses.hinge).hits
    True
    """
    if isinstance(loss, str):
        if loss not in CRITERIA:
            raise ValueError(f"unknown loss {loss!r}; known are {', '.join(sorted(CRITERIA))}")
        return CRITERIA[loss]
    if not callable(loss):
        raise TypeError(f"the loss is of type {type(loss).__name__}; it must be a name or a function of outputs and target")
    known = [criterion for criterion in CRITERIA.values() if criterion.loss is loss]
    return known[0] if known else Criterion(loss)

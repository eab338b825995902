"""Distillation: a small network learns from a large one what that says of every class, not only which one it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.engine.sequences import dot, logsumexp
from autograd_lite.nn.losses import softmax_cross_entropy
from autograd_lite.optim.ranges import checked_number
from autograd_lite.train.criteria import CRITERIA, Loss
from autograd_lite.train.engines import Model, outputs_of
from autograd_lite.train.fit import fit
from autograd_lite.train.history import History
from autograd_lite.train.samples import Array, Samples

__all__ = ["distil", "distillation_loss", "soft_targets"]


def soft_targets(teacher: Model, features: Any, temperature: float = 1.0) -> Array:
    """softmax(z / T) of a classifier's logits z, a row for each sample: the higher the temperature T, the softer.

    Arguments:
        teacher: a trained Module with a logit for each class; it is put into the mode of use.
        features: a row of numbers for each sample.
        temperature: T, a number > 0.

    Raises:
        TypeError, ValueError: for a temperature out of its range, or features that do not fit.

    >>> from autograd_lite.nn import MLP
    >>> teacher = MLP(1, [2], bias=False, init=lambda generator, nin, nout: [3.0 * generator.random()], seed=0)
    >>> cold, hot = (soft_targets(teacher, [[2.0]], T) for T in (1.0, 10.0))
    >>> cold.round(2).tolist(), hot.round(2).tolist()
    ([[0.63, 0.37]], [[0.51, 0.49]])
    """
    temperature = checked_number("soft_targets: temperature", temperature, positive=True)
    logits = outputs_of(teacher.eval(), features) / temperature
    if logits.ndim != 2:
        raise ValueError("soft_targets: the teacher has one output; it must have a logit for each of two or more classes")
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: Array = powers / powers.sum(axis=1, keepdims=True)
    return probabilities


def distillation_loss(temperature: float = 2.0, weight: float = 0.9) -> Loss:
    """The loss of logits z for a target that is a teacher's probabilities q at the temperature T and, last, the class.

        weight·T²·H(q, softmax(z / T)) + (1 - weight)·H(class, softmax(z)),        H(q, p) = -Σ q·log p

    The derivative of the first term by z is T·(softmax(z / T) - q), of which each factor gets smaller as 1/T: T² keeps the
    two terms in proportion when T changes.

    Arguments:
        temperature: T, a number > 0, that of the soft targets.
        weight: from 0, the classes alone, to 1, the teacher alone.

    Raises:
        TypeError, ValueError: for a number out of its range.

    >>> loss = distillation_loss(temperature=1.0, weight=0.5)
    >>> loss([0.0, 0.0], [0.25, 0.75, 1.0]) == softmax_cross_entropy([0.0, 0.0], 1)     # log 2 both: all is undecided
    True
    """
    t = checked_number("distillation_loss: temperature", temperature, positive=True)
    if checked_number("distillation_loss: weight", weight) > 1.0:
        raise ValueError(f"distillation_loss: weight is {weight}; it must be a number from 0 to 1")

    def loss(logits: Any, target: Any) -> Any:
        *soft, label = target
        scaled = [z / t for z in logits]
        from_teacher = logsumexp(scaled) - dot(soft, scaled)  # Σ q = 1
        return weight * t * t * from_teacher + (1.0 - weight) * softmax_cross_entropy(logits, label)

    return loss


def distil(
    teacher: Model,
    student: Model,
    features: Any,
    targets: Any,
    *,
    temperature: float = 2.0,
    weight: float = 0.9,
    **options: Any,
) -> History:
    """Trains a student on a teacher's probabilities and the classes, by `distillation_loss`; the teacher stays as it is.

    Arguments:
        teacher: a trained Module with a logit for each class.
        student: a Module with as many outputs, a smaller one say.
        features, targets: the samples, each target a class.
        temperature: of both networks' probabilities where they are compared; what is wrong but alike counts more the higher
            it is.
        weight: how much the teacher counts, from 0 to 1; the classes count the rest.
        options: those of `fit`. The metric is the share of right classes, that of held-out samples too.

    Returns:
        What happened in training.

    Raises:
        TypeError, ValueError: for numbers out of their range, targets that are no classes of the teacher, and as `fit`.

    Source: Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network (arXiv:1503.02531).

    >>> from autograd_lite.nn import MLP
    >>> rows, classes = [[-2.0], [-1.0], [1.0], [2.0]], [0, 0, 1, 1]
    >>> teacher, student = MLP(1, [8, 2], seed=0), MLP(1, [2], seed=1)
    >>> _ = fit(teacher, rows, classes, epochs=100, seed=0)
    >>> distil(teacher, student, rows, classes, epochs=400, seed=0).epoch_metrics[-1]
    1.0
    """
    loss = distillation_loss(temperature, weight)

    def rows(features: Any, targets: Any) -> Array:
        samples = Samples.of(features, targets)
        soft = soft_targets(teacher, samples.features, temperature)
        return np.column_stack([soft, CRITERIA["softmax_cross_entropy"].checked(samples, soft).targets])

    held = options.get("validation")
    if isinstance(held, (tuple, list)) and len(held) == 2:
        options["validation"] = held[0], rows(*held)
    options = {"metric": accuracy, **options}
    return fit(student, features, rows(features, targets), loss, **options)


def accuracy(outputs: Array, targets: Array) -> float:
    """The share of samples whose class, the last of their targets, has the largest output."""
    return float(np.mean(outputs.argmax(axis=1) == targets[:, -1]))

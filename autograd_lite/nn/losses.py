"""Losses of one sample, stable for logits of any size."""

from __future__ import annotations

from collections.abc import Sequence

from autograd_lite.engine.functions import pick, real, relu, softplus
from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.sequences import dot, logsumexp, total

__all__ = ["binary_cross_entropy", "hinge", "softmax_cross_entropy", "squared_error"]


def squared_error(output: Scalar, target: Scalar) -> Scalar:
    """(output - target)², summed where both are sequences.

    Arguments:
        output, target: two numbers or Values, or two sequences of equally many.

    Raises:
        ValueError: if the sequences differ in length.

    >>> squared_error(3.0, 1.0), squared_error([3.0, 1.0], [1.0, 1.0])
    (4.0, 4.0)
    """
    if hasattr(output, "__len__") != hasattr(target, "__len__"):
        raise ValueError("squared_error: output and target must both be numbers or both sequences")
    if not hasattr(output, "__len__"):
        return (output - target) * (output - target)
    if len(output) != len(target):
        raise ValueError(f"squared_error: {len(output)} outputs and {len(target)} targets; they must be equally many")
    return total([squared_error(o, t) for o, t in zip(output, target, strict=True)])


def hinge(score: Scalar, label: float) -> Scalar:
    """max(0, 1 - label·score) for a label of -1 or 1.

    >>> hinge(0.25, 1), hinge(0.25, -1)
    (0.75, 1.25)
    """
    return relu(1.0 - label * score)


def softmax_cross_entropy(logits: Sequence[Scalar], label: Scalar) -> Scalar:
    """-log softmax(logits)[label], from logits of any size.

    Arguments:
        logits: one unnormalised log-probability for each class.
        label: the class, a whole number from 0 on.

    Raises:
        IndexError: if there is no such class.

    >>> softmax_cross_entropy([1000.0, -1000.0], 1)
    2000.0
    """
    return logsumexp(logits) - pick(logits, label)


def binary_cross_entropy(logit: Scalar, label: Scalar) -> Scalar:
    """-log of the probability that sigmoid(logit) gives to a label of 0 or 1 (or between them), from a logit of any size.

    >>> binary_cross_entropy(1000.0, 1), binary_cross_entropy(1000.0, 0)
    (0.0, 1000.0)
    """
    return dot((softplus(logit), softplus(-real(logit, "binary_cross_entropy"))), (1.0 - label, label))

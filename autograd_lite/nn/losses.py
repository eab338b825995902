"""Losses of one sample, stable for logits of any size.

A logit is a score that a sigmoid or a softmax would make a probability of; those losses that want logits do so themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from autograd_lite.engine.functions import pick, real, relu, softplus, xlogy
from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.scope import scoped
from autograd_lite.engine.sequences import dot, logsumexp, total

__all__ = [
    "binary_cross_entropy",
    "half_squared_error",
    "hinge",
    "log_loss",
    "logistic",
    "multivariate_logistic",
    "softmax_cross_entropy",
    "squared_error",
]


def _summed(loss: Callable[[Scalar, Scalar], Scalar], output: Scalar, target: Scalar, what: str) -> Scalar:
    """loss(output, target), summed where both are sequences."""
    several = _is_sequence(output)
    if several != _is_sequence(target):
        raise ValueError(f"{what}: output and target must both be numbers or both sequences")
    if not several:
        return loss(output, target)
    if len(output) != len(target):
        raise ValueError(f"{what}: {len(output)} outputs and {len(target)} targets; they must be equally many")
    return total([_summed(loss, o, t, what) for o, t in zip(output, target, strict=True)])


def _is_sequence(item: object) -> bool:
    return hasattr(item, "__len__") and not isinstance(item, str)  # a text is a slip, and consists of texts without end


def _squared_difference(output: Scalar, target: Scalar) -> Scalar:
    error = output - target
    return error * error


@scoped
def squared_error(output: Scalar, target: Scalar) -> Scalar:
    """(output - target)², summed where both are sequences: ‖y - t‖², the sum of squared errors.

    Arguments:
        output, target: two numbers or Values, or two sequences of equally many.

    Raises:
        ValueError: if the sequences differ in length.

    >>> squared_error(3.0, 1.0), squared_error([3.0, 1.0], [1.0, 1.0])
    (4.0, 4.0)
    """
    return _summed(_squared_difference, output, target, "squared_error")


@scoped
def half_squared_error(output: Scalar, target: Scalar) -> Scalar:
    """½(output - target)², summed where both are sequences: ½‖y - t‖², whose derivative by y is y - t.

    Arguments, Raises: those of `squared_error`.

    >>> half_squared_error(3.0, 1.0), half_squared_error([3.0, 1.0], [1.0, 1.0])
    (2.0, 2.0)
    """
    return 0.5 * _summed(_squared_difference, output, target, "half_squared_error")


@scoped
def hinge(score: Scalar, label: Scalar) -> Scalar:
    """max(0, 1 - label·score) for a label of -1 or 1, summed where both are sequences.

    Raises:
        ValueError: if the sequences differ in length.

    >>> hinge(0.25, 1), hinge(0.25, -1), hinge([0.25, 0.25], [1, -1])
    (0.75, 1.25, 2.0)
    """
    return _summed(lambda s, t: relu(1.0 - t * s), score, label, "hinge")


@scoped
def logistic(score: Scalar, label: Scalar) -> Scalar:
    """log(1 + exp(-label·score)) for a label of -1 or 1, from a score of any size, summed where both are sequences.

    It is `binary_cross_entropy` with the labels -1 and 1 in place of 0 and 1.

    Raises:
        ValueError: if the sequences differ in length.

    >>> logistic(1000.0, 1), logistic(1000.0, -1), logistic([1000.0, 1000.0], [1, -1])
    (0.0, 1000.0, 1000.0)
    """
    return _summed(lambda s, t: softplus(-(t * s)), score, label, "logistic")


@scoped
def softmax_cross_entropy(logits: Sequence[Scalar], label: Scalar) -> Scalar:
    """-log softmax(logits)[label], from logits of any size; its derivative by the logits is softmax(logits) - onehot(label).

    Arguments:
        logits: one unnormalised log-probability for each class.
        label: the class, a whole number from 0 on.

    Raises:
        IndexError: if there is no such class.

    >>> softmax_cross_entropy([1000.0, -1000.0], 1)
    2000.0
    """
    return logsumexp(logits) - pick(logits, label)


@scoped
def multivariate_logistic(logits: Scalar | Sequence[Scalar], label: Scalar) -> Scalar:
    """log(1 + Σ exp(s)) - s[label] for K classes and K - 1 logits: class 0 is the baseline, whose logit is always 0.

    That is multinomial logistic regression with a baseline category (Agresti, Categorical Data Analysis, 3rd edition,
    section 8.1, whose baseline is the last one). With two classes it is `binary_cross_entropy`.

    Arguments:
        logits: log(probability of class k / probability of class 0) for k = 1 … K - 1; a single one may stand by itself.
        label: the class, a whole number from 0 to K - 1.

    Raises:
        IndexError: if there is no such class.

    >>> multivariate_logistic([1000.0, -1000.0], 0), multivariate_logistic([1000.0, -1000.0], 1)
    (1000.0, 0.0)
    """
    return softmax_cross_entropy([0.0, *(logits if _is_sequence(logits) else [logits])], label)


@scoped
def binary_cross_entropy(logit: Scalar, label: Scalar) -> Scalar:
    """-log of the probability that sigmoid(logit) gives to a label of 0 or 1 (or between them), from a logit of any size.

    Where both are sequences, several sigmoid outputs say, it is summed; the derivative by a logit is sigmoid(logit) - label.

    Raises:
        ValueError: if the sequences differ in length.

    >>> binary_cross_entropy(1000.0, 1), binary_cross_entropy(1000.0, 0)
    (0.0, 1000.0)
    >>> binary_cross_entropy([1000.0, -1000.0], [0, 1])
    2000.0
    """
    return _summed(_binary_cross_entropy, logit, label, "binary_cross_entropy")


def _binary_cross_entropy(logit: Scalar, label: Scalar) -> Scalar:
    return dot((softplus(logit), softplus(-real(logit, "binary_cross_entropy"))), (1.0 - label, label))


@scoped
def log_loss(probability: Scalar, label: Scalar) -> Scalar:
    """-label·log(probability) - (1 - label)·log(1 - probability), where 0·log(0) is 0; summed where both are sequences.

    It is the cross-entropy of outputs that are probabilities already, of sigmoid units say. A probability that was rounded
    to 0 or 1 gives inf where it is wrong: where there is a choice, take `binary_cross_entropy` of the logits.

    Raises:
        ValueError: if the sequences differ in length.

    >>> log_loss(0.0, 0), log_loss([1.0, 0.5], [1, 0])
    (0.0, 0.6931471805599453)
    """
    return _summed(lambda p, t: 0.0 - xlogy(t, p) - xlogy(1.0 - t, 1.0 - p), probability, label, "log_loss")

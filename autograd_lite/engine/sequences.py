"""Functions of sequences, one node for any number of elements; sums run from left to right."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from autograd_lite.engine import reductions as table
from autograd_lite.engine.functions import equal, exp, sqrt, stop_gradient, where
from autograd_lite.engine.operations import divide
from autograd_lite.engine.primitive import Many, NaryPrimitive, Operand, Scalar

__all__ = [
    "dot",
    "log_softmax",
    "logaddexp",
    "logsumexp",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "norm",
    "prod",
    "product",
    "softmax",
    "std",
    "sum",
    "total",
    "var",
]


def maximum(x: Scalar, y: Scalar) -> Scalar:
    """The larger of two; at a tie each has the derivative ½.

    >>> maximum(1.0, 2.0)
    2.0
    """
    return table.max((x, y))


def minimum(x: Scalar, y: Scalar) -> Scalar:
    """The smaller of two; at a tie each has the derivative ½.

    >>> minimum(1.0, 2.0)
    1.0
    """
    return table.min((x, y))


def max(*xs: Scalar) -> Scalar:
    """The largest of a sequence, or of several arguments; n that tie have the derivative 1/n each.

    Raises:
        ValueError: if there is none.

    >>> max([1.0, 3.0, 2.0]), max(1.0, 3.0)
    (3.0, 3.0)
    """
    return _reduce(table.max, xs)


def min(*xs: Scalar) -> Scalar:
    """The smallest of a sequence, or of several arguments; n that tie have the derivative 1/n each.

    Raises:
        ValueError: if there is none.

    >>> min([1.0, 3.0, 2.0]), min(1.0, 3.0)
    (1.0, 1.0)
    """
    return _reduce(table.min, xs)


def dot(xs: Sequence[Scalar], ys: Sequence[Scalar]) -> Scalar:
    """Σ xs[k]·ys[k] as one node; 0 of nothing.

    Raises:
        ValueError: if the lengths differ.

    >>> dot([1.0, 2.0], [3.0, 4.0])
    11.0
    """
    xs, ys = tuple(xs), tuple(ys)
    if len(xs) != len(ys):
        raise ValueError(f"dot: the sequences have {len(xs)} and {len(ys)} elements; they must have equally many")
    return table.dot(xs + ys) if xs else 0.0


def total(xs: Iterable[Scalar] | Many) -> Scalar:
    """The sum of a sequence as one node, added from left to right; 0 of nothing.

    >>> total([1.0, 2.0, 3.0])
    6.0
    """
    items = _items(xs)
    return 0.0 if type(items) is tuple and not items else table.total(items)


def product(xs: Iterable[Scalar]) -> Scalar:
    """The product of a sequence as one node; 1 of nothing. Its derivatives use no division, so that zeros do no harm.

    >>> product([2.0, 3.0, 4.0])
    24.0
    """
    items = tuple(xs)
    return table.product(items) if items else 1.0


sum = total
prod = product


def norm(xs: Iterable[Scalar] | Many) -> Scalar:
    """The Euclidean norm √(Σ x²) as one node, without overflow; 0 of nothing.

    >>> norm([3.0, 4.0])
    5.0
    """
    items = _items(xs)
    return 0.0 if type(items) is tuple and not items else table.norm(items)


def mean(xs: Iterable[Scalar] | Many) -> Scalar:
    """The arithmetic mean.

    Raises:
        ValueError: of nothing.

    >>> mean([1.0, 2.0, 6.0])
    3.0
    """
    items = _some(xs, "mean")
    return table.total(items) / _count(items)


def var(xs: Iterable[Scalar] | Many, ddof: int = 0) -> Scalar:
    """The variance, as numpy's: the sum of squared deviations from the mean divided by n - ddof.

    Raises:
        ValueError: if there are not more than `ddof` elements.

    >>> var([1.0, 3.0]), var([1.0, 3.0], ddof=1)
    (1.0, 2.0)
    """
    items = _some(xs, "var", ddof)
    if isinstance(items, Many):
        middle = mean(items)
        return table.total(items.each(lambda x: (x - middle) * (x - middle))) / (_count(items) - ddof)
    return table.var(items) * len(items) / (len(items) - ddof) if ddof else table.var(items)


def std(xs: Iterable[Scalar] | Many, ddof: int = 0) -> Scalar:
    """The square root of `var`; its derivatives at equal values are 0.

    >>> std([1.0, 3.0])
    1.0
    """
    items = _some(xs, "std", ddof)
    if isinstance(items, Many):
        spread = var(items, ddof)
        return where(equal(spread, 0.0), 0.0, sqrt(spread))
    return table.std(items) * math.sqrt(len(items) / (len(items) - ddof)) if ddof else table.std(items)


def logsumexp(xs: Iterable[Scalar] | Many) -> Scalar:
    """log(Σ exp(x)) as one node, without overflow.

    Raises:
        ValueError: of nothing.

    >>> logsumexp([1000.0, 1000.0])
    1000.6931471805599
    """
    return table.logsumexp(_some(xs, "logsumexp"))


def logaddexp(x: Scalar, y: Scalar) -> Scalar:
    """log(exp(x) + exp(y)), without overflow.

    >>> logaddexp(1000.0, -1000.0)
    1000.0
    """
    return logsumexp((x, y))


def log_softmax(xs: Iterable[Scalar]) -> list[Scalar]:
    """The logarithms of `softmax`, without overflow: x - logsumexp(xs) for each x.

    Raises:
        ValueError: of nothing.

    >>> log_softmax([0.0, 1000.0])
    [-1000.0, 0.0]
    """
    items = _some(xs, "log_softmax")
    scale = logsumexp(items)
    return [x - scale for x in items]


def softmax(xs: Iterable[Scalar]) -> list[Scalar]:
    """The probabilities exp(x) / Σ exp(x), without overflow.

    Raises:
        ValueError: of nothing.

    >>> softmax([7.0, 7.0])
    [0.5, 0.5]
    """
    items = _some(xs, "softmax")
    top = stop_gradient(table.max(items))  # the probabilities do not depend on it
    powers = [exp(x - top) for x in items]
    scale = total(powers)
    return [divide(power, scale) for power in powers]


def _items(xs: Iterable[Scalar] | Many) -> Any:
    """The elements as a tuple, of an array of any dimensions; what is not told apart stays whole."""
    if isinstance(xs, Many):
        return xs
    flat: Any = getattr(xs, "ravel", None)
    return tuple(xs if flat is None else flat().tolist())


def _count(items: Any) -> Scalar:
    return items.count() if isinstance(items, Many) else float(len(items))


def _some(xs: Iterable[Scalar] | Many, what: str, more_than: int = 0) -> Any:
    items = _items(xs)
    if isinstance(items, Many):
        if more_than and items.count() <= more_than:
            raise ValueError(f"{what}: it needs at least {more_than + 1} elements")
    elif len(items) <= more_than:
        raise ValueError(f"{what}: {len(items)} elements were given; it needs at least {more_than + 1}")
    return items


def _reduce(row: NaryPrimitive, xs: tuple[Scalar, ...]) -> Scalar:
    """A row over several arguments, or over the one sequence that is given."""
    alone = len(xs) == 1 and (isinstance(xs[0], Many) or not isinstance(xs[0], (Operand, int, float)))
    return row(_some(xs[0] if alone else xs, row.name))

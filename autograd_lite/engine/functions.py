"""Functions of numbers and Values alike: the table's rows under their public names, and what is composed of them.

A function of numbers alone returns a float; one Value among the arguments makes it a Value. What can be had accurately from
the table's rows is an ordinary function here and no row of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from autograd_lite.engine import operations as table
from autograd_lite.engine.operations import (
    abs,
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cbrt,
    ceil,
    copysign,
    cos,
    cosh,
    divide,
    erf,
    erfc,
    exp,
    exp2,
    expm1,
    floor,
    fmod,
    less_equal,
    lgamma,
    log,
    log1p,
    log2,
    log10,
    logsumexp,
    polygamma,
    pow,
    relu,
    remainder,
    round,
    sigmoid,
    sign,
    sin,
    sinh,
    softplus,
    sqrt,
    step,
    stop_gradient,
    tan,
    tanh,
    trunc,
    xlogy,
)
from autograd_lite.engine.primitive import NaryPrimitive, Operand, Scalar, number

__all__ = [
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "clip", "copysign", "cos", "cosh",
    "digamma", "dot", "elu", "equal", "erf", "erfc", "exp", "exp2", "expm1", "floor", "fmod", "gelu", "hardsigmoid",
    "hardtanh", "hypot", "leaky_relu", "lgamma", "log", "log10", "log1p", "log2", "log_softmax", "logaddexp", "logsigmoid",
    "logsumexp", "max", "maximum", "mean", "min", "minimum", "mish", "norm", "norm_cdf", "norm_pdf", "pick", "polygamma",
    "pow", "prod", "product", "reciprocal", "relu", "relu6", "remainder", "round", "rsqrt", "selu", "sigmoid", "sign",
    "silu", "sin", "sinh", "softmax", "softplus", "softsign", "sqrt", "square", "std", "step", "stop_gradient", "sum", "tan",
    "tanh", "total", "trunc", "var", "where", "xlogy",
]  # fmt: skip

# --- powers and scalings -------------------------------------------------------------------------------------------------


def square(x: Scalar) -> Scalar:
    """x².

    >>> square(3.0)
    9.0
    """
    return _real(x, "square") * x


def reciprocal(x: Scalar) -> Scalar:
    """1 / x, infinite at 0.

    >>> reciprocal(4.0), reciprocal(0.0)
    (0.25, inf)
    """
    return divide(1.0, x)


def rsqrt(x: Scalar) -> Scalar:
    """1 / √x.

    >>> rsqrt(4.0)
    0.5
    """
    return divide(1.0, sqrt(x))


def digamma(x: Scalar) -> Scalar:
    """The derivative of `lgamma`, ψ(x).

    >>> digamma(1.0)  # minus Euler's constant
    -0.5772156649015329
    """
    return polygamma(0.0, x)


def norm_cdf(x: Scalar) -> Scalar:
    """The standard normal distribution function, accurate in both tails.

    >>> norm_cdf(0.0), norm_cdf(1.959963984540054)
    (0.5, 0.975)
    """
    return 0.5 * erfc(_real(x, "norm_cdf") * -math.sqrt(0.5))


def norm_pdf(x: Scalar) -> Scalar:
    """The standard normal density.

    >>> norm_pdf(0.0)
    0.3989422804014327
    """
    return exp(-0.5 * square(x)) * (1.0 / math.sqrt(2.0 * math.pi))


# --- choices -------------------------------------------------------------------------------------------------------------


def where(condition: Scalar, x: Scalar, y: Scalar) -> Scalar:
    """x if the condition holds, else y; the branch not taken receives no derivative, not even a nan.

    Arguments:
        condition: a comparison of Values, a bool, or a number (it holds where that is not 0).
        x, y: numbers or Values; both are computed.

    >>> where(True, 1.0, 2.0), where(0.0, 1.0, 2.0)
    (1.0, 2.0)
    """
    return table.choose(getattr(condition, "node", condition), _real(x, "where"), _real(y, "where"))


def equal(x: Scalar, y: Scalar) -> Scalar:
    """1 where x = y, else 0: what `==` between a Value and a number refuses to be.

    >>> equal(2.0, 2.0), equal(2.0, 3.0)
    (1.0, 0.0)
    """
    return table.equal(x, y)


def clip(x: Scalar, low: Scalar | None = None, high: Scalar | None = None) -> Scalar:
    """x limited to [low, high]; an end that is None is open. The derivative is 1 inside and on the edges.

    >>> clip(5.0, 0.0, 1.0), clip(-3.0, high=1.0)
    (1.0, -3.0)
    """
    return table.clip(x, -math.inf if low is None else low, math.inf if high is None else high)


def pick(xs: Iterable[Scalar], i: Scalar) -> Scalar:
    """The element of a sequence at the place i, a whole number from 0 on; the others receive no derivative.

    Raises:
        IndexError: if i is not a place in the sequence.

    >>> pick([10.0, 20.0, 30.0], 1)
    20.0
    """
    return table.pick((*xs, i))


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


# --- activations ---------------------------------------------------------------------------------------------------------


def leaky_relu(x: Scalar, negative_slope: float = 0.01) -> Scalar:
    """x where x > 0, else negative_slope·x.

    >>> leaky_relu(-2.0)
    -0.02
    """
    return where(table.less(0.0, x), x, x * negative_slope)


def hardtanh(x: Scalar, low: float = -1.0, high: float = 1.0) -> Scalar:
    """x limited to [low, high], with the derivative 0 from the edges on (`clip` has 1 there).

    >>> hardtanh(0.5), hardtanh(3.0)
    (0.5, 1.0)
    """
    return where(less_equal(x, low), low, where(less_equal(high, x), high, x))


def relu6(x: Scalar) -> Scalar:
    """x limited to [0, 6].

    >>> relu6(7.0)
    6.0
    """
    return hardtanh(x, 0.0, 6.0)


def hardsigmoid(x: Scalar) -> Scalar:
    """x/6 + ½ limited to [0, 1].

    >>> hardsigmoid(0.0)
    0.5
    """
    return relu6(_real(x, "hardsigmoid") + 3.0) / 6.0


def elu(x: Scalar, alpha: float = 1.0) -> Scalar:
    """x where x > 0, else alpha·(exp(x) - 1).

    >>> elu(1.0), elu(-1e9)
    (1.0, -1.0)
    """
    return where(table.less(0.0, x), x, expm1(x) * alpha)


def selu(x: Scalar) -> Scalar:
    """The self-normalising ELU, with the constants of Klambauer et al., 2017 (arXiv:1706.02515).

    >>> selu(1.0)
    1.0507009873554805
    """
    return elu(x, 1.6732632423543772848170429916717) * 1.0507009873554804934193349852946


def gelu(x: Scalar, approximate: str = "none") -> Scalar:
    """x·Φ(x), Φ the normal distribution function (Hendrycks and Gimpel, arXiv:1606.08415).

    Arguments:
        approximate: "none", exact, or "tanh", the paper's approximation by a hyperbolic tangent.

    >>> gelu(0.0)
    0.0
    """
    if approximate == "none":
        return x * norm_cdf(x)
    if approximate == "tanh":
        return 0.5 * x * (1.0 + tanh((x + 0.044715 * x * x * x) * math.sqrt(2.0 / math.pi)))
    raise ValueError(f"gelu: approximate is {approximate!r}; it must be 'none' or 'tanh'")


def silu(x: Scalar) -> Scalar:
    """x·sigmoid(x), also called swish.

    >>> silu(0.0)
    0.0
    """
    return x * sigmoid(x)


def mish(x: Scalar) -> Scalar:
    """x·tanh(softplus(x)) (Misra, arXiv:1908.08681).

    >>> mish(0.0)
    0.0
    """
    return x * tanh(softplus(x))


def logsigmoid(x: Scalar) -> Scalar:
    """log(sigmoid(x)), exact for every x.

    >>> logsigmoid(-1000.0)
    -1000.0
    """
    return -softplus(-_real(x, "logsigmoid"))


def softsign(x: Scalar) -> Scalar:
    """x / (1 + |x|).

    >>> softsign(1.0)
    0.5
    """
    return divide(x, 1.0 + abs(x))


# --- sequences -----------------------------------------------------------------------------------------------------------


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


def total(xs: Iterable[Scalar]) -> Scalar:
    """The sum of a sequence as one node, added from left to right; 0 of nothing.

    >>> total([1.0, 2.0, 3.0])
    6.0
    """
    items = tuple(xs)
    return table.total(items) if items else 0.0


def product(xs: Iterable[Scalar]) -> Scalar:
    """The product of a sequence as one node; 1 of nothing. Its derivatives use no division, so that zeros do no harm.

    >>> product([2.0, 3.0, 4.0])
    24.0
    """
    items = tuple(xs)
    return table.product(items) if items else 1.0


sum = total
prod = product


def norm(xs: Iterable[Scalar]) -> Scalar:
    """The Euclidean norm √(Σ x²) as one node, without overflow; 0 of nothing.

    >>> norm([3.0, 4.0])
    5.0
    """
    items = tuple(xs)
    return table.hypot(items) if items else 0.0


def hypot(*xs: Scalar) -> Scalar:
    """The Euclidean norm of its arguments, without overflow.

    >>> hypot(3.0, 4.0)
    5.0
    """
    return norm(xs)


def mean(xs: Iterable[Scalar]) -> Scalar:
    """The arithmetic mean.

    Raises:
        ValueError: of nothing.

    >>> mean([1.0, 2.0, 6.0])
    3.0
    """
    items = _some(xs, "mean")
    return table.total(items) / float(len(items))


def var(xs: Iterable[Scalar], ddof: int = 0) -> Scalar:
    """The variance, as numpy's: the sum of squared deviations from the mean divided by n - ddof.

    Raises:
        ValueError: if there are not more than `ddof` elements.

    >>> var([1.0, 3.0]), var([1.0, 3.0], ddof=1)
    (1.0, 2.0)
    """
    items = _some(xs, "var", ddof)
    return table.var(items) * (len(items) / (len(items) - ddof)) if ddof else table.var(items)


def std(xs: Iterable[Scalar], ddof: int = 0) -> Scalar:
    """The square root of `var`; its derivatives at equal values are 0.

    >>> std([1.0, 3.0])
    1.0
    """
    items = _some(xs, "std", ddof)
    return table.std(items) * math.sqrt(len(items) / (len(items) - ddof)) if ddof else table.std(items)


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


def _real(x: Scalar, what: str) -> Scalar:
    """A number as a float, before Python's operators meet it."""
    return x if isinstance(x, Operand) else number(x, what)


def _some(xs: Iterable[Scalar], what: str, more_than: int = 0) -> tuple[Scalar, ...]:
    items = tuple(xs)
    if len(items) <= more_than:
        raise ValueError(f"{what}: {len(items)} elements were given; it needs at least {more_than + 1}")
    return items


def _reduce(row: NaryPrimitive, xs: tuple[Scalar, ...]) -> Scalar:
    """A row over several arguments, or over the one sequence that is given."""
    items = tuple(xs[0]) if len(xs) == 1 and not isinstance(xs[0], (Operand, int, float)) else xs
    return row(_some(items, row.name))

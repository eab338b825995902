"""Functions of numbers and Values alike: the table's rows under their public names, and what is composed of them.

A function of numbers alone returns a float; one Value among the arguments makes it a Value. What can be had accurately from
the table's rows is an ordinary function and no row of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from autograd_lite.engine import operations as table
from autograd_lite.engine import reductions
from autograd_lite.engine.operations import atan2, copysign, divide, fmod, hypot, polygamma, pow, remainder, xlogy
from autograd_lite.engine.primitive import Operand, Scalar, number
from autograd_lite.engine.record import unary

__all__ = [
    "abs",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cbrt",
    "ceil",
    "clip",
    "copysign",
    "cos",
    "cosh",
    "digamma",
    "equal",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "floor",
    "fmod",
    "hypot",
    "lgamma",
    "log",
    "log10",
    "log1p",
    "log2",
    "norm_cdf",
    "norm_pdf",
    "pick",
    "polygamma",
    "pow",
    "reciprocal",
    "relu",
    "remainder",
    "round",
    "rsqrt",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "softplus",
    "sqrt",
    "square",
    "step",
    "stop_gradient",
    "tan",
    "tanh",
    "trunc",
    "where",
    "xlogy",
]

# --- the table's unary rows -----------------------------------------------------------------------------------------------

abs = unary(table.abs)
acos = unary(table.acos)
acosh = unary(table.acosh)
asin = unary(table.asin)
asinh = unary(table.asinh)
atan = unary(table.atan)
atanh = unary(table.atanh)
cbrt = unary(table.cbrt)
ceil = unary(table.ceil)
cos = unary(table.cos)
cosh = unary(table.cosh)
erf = unary(table.erf)
erfc = unary(table.erfc)
exp = unary(table.exp)
exp2 = unary(table.exp2)
expm1 = unary(table.expm1)
floor = unary(table.floor)
lgamma = unary(table.lgamma)
log = unary(table.log)
log1p = unary(table.log1p)
log2 = unary(table.log2)
log10 = unary(table.log10)
relu = unary(table.relu)
round = unary(table.round)
sigmoid = unary(table.sigmoid)
sign = unary(table.sign)
sin = unary(table.sin)
sinh = unary(table.sinh)
softplus = unary(table.softplus)
sqrt = unary(table.sqrt)
step = unary(table.step)
stop_gradient = unary(table.stop_gradient)
tan = unary(table.tan)
tanh = unary(table.tanh)
trunc = unary(table.trunc)

# --- powers and scalings -------------------------------------------------------------------------------------------------


def square(x: Scalar) -> Scalar:
    """x².

    >>> square(3.0)
    9.0
    """
    return real(x, "square") * x


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
    return 0.5 * erfc(real(x, "norm_cdf") * -math.sqrt(0.5))


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
    return table.choose(getattr(condition, "node", condition), real(x, "where"), real(y, "where"))


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
    return reductions.pick((*xs, i))


def real(x: Scalar, what: str) -> Scalar:
    """A number as a float, before Python's operators meet it."""
    return x if isinstance(x, Operand) else number(x, what)

"""What every operation of the table means, said a second time by others: mpmath, numpy and scipy.

Nothing here is the library's own code; a definition where mpmath has no function of that name is the textbook's.
"""

from __future__ import annotations

import math

import numpy as np
from mpmath import mp
from scipy import special

# --- mpmath: the mathematical value, to any number of digits -------------------------------------------------------------


def _truncate(x):
    return mp.floor(x) if x > 0 else mp.ceil(x)


def _variance(*xs):
    middle = mp.fsum(xs) / len(xs)
    return mp.fsum((x - middle) ** 2 for x in xs) / len(xs)


def _dot(*xs):
    if len(xs) % 2:
        raise ValueError("dot takes two sequences of one length")
    return mp.fdot(xs[: len(xs) // 2], xs[len(xs) // 2 :])


SPELLINGS = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "pow": mp.power,
    "remainder": lambda x, y: x - mp.floor(x / y) * y,
    "fmod": lambda x, y: x - _truncate(x / y) * y,
    "negative": lambda x: -x,
    "positive": lambda x: x,
    "abs": mp.fabs,
    "exp2": lambda x: mp.power(2, x),
    "log2": lambda x: mp.log(x) / mp.log(2),
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(mp.fabs(x)),
    "xlogy": lambda x, y: x * mp.log(y),
    "lgamma": lambda x: mp.log(mp.fabs(mp.gamma(x))),
    "polygamma": lambda n, x: mp.psi(int(n), x),
    "trunc": _truncate,
    "round": mp.nint,
    "step": lambda x: mp.mpf(x > 0),
    "equal": lambda x, y: mp.mpf(x == y),
    "less": lambda x, y: mp.mpf(x < y),
    "less_equal": lambda x, y: mp.mpf(x <= y),
    "copysign": lambda x, y: mp.fabs(x) if y > 0 else -mp.fabs(x),
    "where": lambda condition, x, y: x if condition != 0 else y,
    "clip": lambda x, low, high: min(max(x, low), high),
    "stop_gradient": lambda x: x,
    "relu": lambda x: max(x, mp.zero),
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "total": lambda *xs: mp.fsum(xs),
    "product": lambda *xs: mp.fprod(xs),
    "dot": _dot,
    "norm": lambda *xs: mp.sqrt(mp.fsum(x * x for x in xs)),
    "var": _variance,
    "std": lambda *xs: mp.sqrt(_variance(*xs)),
    "logsumexp": lambda *xs: mp.log(mp.fsum(mp.exp(x) for x in xs)),
    "max": lambda *xs: max(xs),
    "min": lambda *xs: min(xs),
    "pick": lambda *xs: xs[int(xs[-1])],
}
"""The operations that mpmath does not have under the row's name, or not for every real argument."""


def oracle(name):
    """The function of mpmath numbers that a row of the table computes; a sequence comes as separate arguments."""
    return SPELLINGS.get(name) or getattr(mp, name)


DIGITS, STEP = 130, 40
"""How many digits differences are taken with, and the negative exponent of their step.

A step of 1e-40 is small beside the distance of a float from any singularity that it is not itself, about 1e-16 of its size;
a second difference divides by 1e-80 and keeps 50 digits.
"""


class NotRealError(ArithmeticError):
    """The function has no finite real value at a point."""


def real_value(name, point):
    """The value at a point of floats or mpmath numbers; raises where there is no real one."""
    try:
        value = mp.mpmathify(oracle(name)(*point))
    except (ArithmeticError, ValueError, TypeError, IndexError) as error:
        raise NotRealError(f"{name}{point}") from error
    if not isinstance(value, mp.mpf) or not mp.isfinite(value):
        raise NotRealError(f"{name}{point} is {value}")
    return value


def value_at(name, point):
    """The value to 130 digits."""
    with mp.workdps(DIGITS):
        return real_value(name, [mp.mpf(x) for x in point])


STEPS = (mp.mpf("1e-40"), mp.mpf("1e-44"))
"""Two steps between which a difference quotient does not change where there is a derivative."""


def steps_beside(x):
    """Two such steps that are small beside the distance from a float to the next one, however close to 0."""
    return mp.mpf(math.ulp(x)) * mp.mpf("1e-20"), mp.mpf(math.ulp(x)) * mp.mpf("1e-24")


def slopes_at(name, point, k, step=None):
    """The difference quotients towards argument k from the left and from the right: at a kink or a jump they differ."""
    with mp.workdps(DIGITS):
        xs = [mp.mpf(x) for x in point]
        h = step or mp.mpf(10) ** -STEP
        left, middle, right = (real_value(name, [*xs[:k], xs[k] + move, *xs[k + 1 :]]) for move in (-h, 0, h))
        return (middle - left) / h, (right - middle) / h


def second_derivative_at(name, point, j, k):
    """The second derivative towards the arguments j and k, by central differences."""
    with mp.workdps(DIGITS):
        h = mp.mpf(10) ** -STEP

        def value(move_j, move_k):
            xs = [mp.mpf(x) for x in point]
            xs[j] += move_j
            xs[k] += move_k
            return real_value(name, xs)

        if j == k:
            return (value(h, 0) - 2 * value(0, 0) + value(-h, 0)) / h**2
        return (value(h, h) - value(h, -h) - value(-h, h) + value(-h, -h)) / (4 * h**2)


# --- numpy and scipy: the value at nan, ±inf, ±0 and the ends of the floats ----------------------------------------------


def _norm(*xs):
    """Left to right, but nan where an overflow on the way would hide a nan to come."""
    unknown = np.isnan(xs).any(axis=0) & ~np.isinf(xs).any(axis=0)
    return np.where(unknown, math.nan, np.hypot.reduce(xs))


def _lgamma(xs):
    """mpmath's value; +inf at the poles and at both infinities, as in C: scipy has -inf at -inf, +inf near 0."""
    at_infinity = [math.isinf(x) or (x <= 0.0 and x % 1.0 == 0.0) for x in xs]
    return np.array([math.inf if far else float(SPELLINGS["lgamma"](x)) for far, x in zip(at_infinity, xs, strict=True)])


def _polygamma(orders, xs):
    """mpmath's value rounded to a float, and the limits of Abramowitz and Stegun 6.3 and 6.4 where it has none."""
    return np.array([_polygamma_of_one(int(n), float(x)) for n, x in zip(orders, xs, strict=True)])


def _polygamma_of_one(n, x):
    if math.isnan(x) or x == -math.inf:
        return math.nan
    if x == math.inf:  # (-1)^(n+1)·(n-1)!/x^n, and log(x) for n = 0
        return math.inf if n == 0 else math.copysign(0.0, (-1.0) ** (n + 1))
    if x <= 0.0 and x == math.floor(x):  # a pole: both its sides agree for odd n alone
        return math.inf if n % 2 else math.nan
    nearest = float(mp.psi(n, mp.mpf(x)))
    return math.copysign(nearest, (-1.0) ** (n + 1)) if nearest == 0.0 else nearest  # an underflow, for large x alone


ARRAY_SPELLINGS = {
    "negative": np.negative,
    "positive": np.positive,
    "pow": np.power,
    "abs": np.abs,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "atan2": np.arctan2,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "erf": special.erf,
    "erfc": special.erfc,
    "lgamma": _lgamma,
    "polygamma": _polygamma,
    "xlogy": special.xlogy,
    "round": np.rint,
    "step": lambda x: np.heaviside(x, 0.0),
    "where": lambda condition, x, y: np.where(condition != 0.0, x, y),
    "stop_gradient": lambda x: x,
    "relu": lambda x: np.maximum(x, 0.0),
    "sigmoid": special.expit,
    "softplus": lambda x: np.logaddexp(x, 0.0),
    "total": lambda *xs: np.add.accumulate(xs)[-1],  # `np.sum` starts at +0 and so loses the sign of -0
    "product": lambda *xs: np.multiply.accumulate(xs)[-1],
    "dot": lambda *xs: np.add.accumulate(np.multiply(xs[: len(xs) // 2], xs[len(xs) // 2 :]))[-1],
    "norm": _norm,
    "var": lambda *xs: np.var(xs, axis=0),
    "std": lambda *xs: np.std(xs, axis=0),
    "logsumexp": lambda *xs: np.logaddexp.reduce(xs),
    "max": lambda *xs: np.maximum.reduce(xs),
    "min": lambda *xs: np.minimum.reduce(xs),
    "pick": lambda *xs: np.array([column[int(column[-1])] for column in np.transpose(xs)]),
}
"""The operations that numpy does not have under the row's name."""


def array_oracle(name):
    """The function of numpy arrays that a row of the table computes, elementwise, on float64."""
    return ARRAY_SPELLINGS.get(name) or getattr(np, name)

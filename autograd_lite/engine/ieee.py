"""The table's functions on floats, with the values that IEEE 754, C and numpy give.

Python's `math` raises where the standard returns inf or nan, and its operators raise or turn complex; here nothing does.
Every name is the name of a row of the table: this module is the namespace in which rows are evaluated on floats.
"""

from __future__ import annotations

import functools
import math
import operator
from builtins import abs as magnitude
from collections.abc import Callable, Sequence
from math import copysign, erf, erfc, inf, isfinite, isinf, nan

from autograd_lite.engine.special import polygamma

__all__ = ["polygamma", "erf", "erfc", "copysign"]

add: Callable[[float, float], float] = operator.add
subtract: Callable[[float, float], float] = operator.sub
multiply: Callable[[float, float], float] = operator.mul
negative: Callable[[float], float] = operator.neg
positive: Callable[[float], float] = operator.pos
abs: Callable[[float], float] = magnitude


def divide(x: float, y: float) -> float:
    try:
        return x / y
    except ZeroDivisionError:
        return nan if x == 0.0 or x != x else copysign(inf, x) * copysign(1.0, y)


def pow(x: float, y: float) -> float:
    try:
        return math.pow(x, y)
    except OverflowError:
        return -inf if x < 0.0 and y % 2.0 == 1.0 else inf
    except ValueError:
        if x != 0.0:
            return nan
        return copysign(inf, x) if y % 2.0 == 1.0 else inf


def remainder(x: float, y: float) -> float:
    """Python's `%`, with the sign of y."""
    try:
        return x % y
    except ZeroDivisionError:
        return nan


def fmod(x: float, y: float) -> float:
    """C's fmod, with the sign of x."""
    try:
        return math.fmod(x, y)
    except ValueError:
        return nan


def total_function(
    function: Callable[[float], float],
    *,
    overflow: Callable[[float], float] = lambda x: inf,
    poles: dict[float, float] | None = None,
) -> Callable[[float], float]:
    """A function of `math` that returns where the original raises.

    Arguments:
        function: raises OverflowError where its value is too large, ValueError at poles and outside its domain.
        overflow: the value where it overflows.
        poles: the values where it has poles or special arguments; nan at every other point outside its domain.
    """
    at_poles = poles or {}

    @functools.wraps(function)
    def evaluate(x: float) -> float:
        try:
            return function(x)
        except OverflowError:
            return overflow(x)
        except ValueError:
            return at_poles.get(x, nan)

    return evaluate


exp = total_function(math.exp)
expm1 = total_function(math.expm1)
exp2 = total_function(math.exp2)
log = total_function(math.log, poles={0.0: -inf})
log1p = total_function(math.log1p, poles={-1.0: -inf})
log2 = total_function(math.log2, poles={0.0: -inf})
log10 = total_function(math.log10, poles={0.0: -inf})
sqrt = total_function(math.sqrt)
cbrt: Callable[[float], float] = math.cbrt
sin = total_function(math.sin)
cos = total_function(math.cos)
tan = total_function(math.tan)
asin = total_function(math.asin)
acos = total_function(math.acos)
atan: Callable[[float], float] = math.atan
atan2: Callable[[float, float], float] = math.atan2
hypot: Callable[..., float] = math.hypot
sinh = total_function(math.sinh, overflow=lambda x: copysign(inf, x))
cosh = total_function(math.cosh)
tanh: Callable[[float], float] = math.tanh
asinh: Callable[[float], float] = math.asinh
acosh = total_function(math.acosh)
atanh = total_function(math.atanh, poles={1.0: inf, -1.0: -inf})


def lgamma(x: float) -> float:
    try:
        return math.lgamma(x)
    except (OverflowError, ValueError):  # too large, or a pole at 0, -1, -2 …
        return inf


def rounding(function: Callable[[float], int]) -> Callable[[float], float]:
    """A rounding of `math` as a float that keeps the sign of a zero, and inf and nan as they are."""

    @functools.wraps(function)
    def evaluate(x: float) -> float:
        return copysign(float(function(x)), x) if isfinite(x) else x

    return evaluate


floor = rounding(math.floor)
ceil = rounding(math.ceil)
trunc = rounding(math.trunc)
round = rounding(round)


def sign(x: float) -> float:
    return x if x != x else 0.0 if x == 0.0 else copysign(1.0, x)


def step(x: float) -> float:
    return 1.0 if x > 0.0 else x if x != x else 0.0


def relu(x: float) -> float:
    return x if x > 0.0 or x != x else 0.0


def equal(x: float, y: float) -> float:
    return 1.0 if x == y else 0.0


def less(x: float, y: float) -> float:
    return 1.0 if x < y else 0.0


def less_equal(x: float, y: float) -> float:
    return 1.0 if x <= y else 0.0


def where(condition: float, x: float, y: float) -> float:
    return x if condition != 0.0 else y


def maximum(x: float, y: float) -> float:
    return x if x >= y or x != x else y


def minimum(x: float, y: float) -> float:
    return x if x <= y or x != x else y


def clip(x: float, low: float, high: float) -> float:
    return minimum(maximum(x, low), high)


def xlogy(x: float, y: float) -> float:
    return 0.0 if x == 0.0 and y == y else x * log(y)


# --- functions of a sequence; sums run left to right on every version of Python ------------------------------------------


def max(xs: Sequence[float]) -> float:
    return functools.reduce(maximum, xs)


def min(xs: Sequence[float]) -> float:
    return functools.reduce(minimum, xs)


def total(xs: Sequence[float]) -> float:
    return functools.reduce(operator.add, xs)


def product(xs: Sequence[float]) -> float:
    return functools.reduce(operator.mul, xs)


def dot(xs: Sequence[float]) -> float:
    """Σ xs[k]·xs[n + k] of a sequence of 2n: the left operand, then the right one."""
    half = len(xs) // 2
    return total(tuple(map(operator.mul, xs[:half], xs[half:])))


def norm(xs: Sequence[float]) -> float:
    return math.hypot(*xs)


def logsumexp(xs: Sequence[float]) -> float:
    top = max(xs)
    if isinf(top) or top != top:
        return top
    others = list(xs)
    others.remove(top)
    return top + log1p(total([0.0, *[exp(x - top) for x in others]]))


def mean(xs: Sequence[float]) -> float:
    return total(xs) / len(xs)


def var(xs: Sequence[float]) -> float:
    middle = mean(xs)
    return mean([(x - middle) * (x - middle) for x in xs])


def std(xs: Sequence[float]) -> float:
    return sqrt(var(xs))


def pick(xs: Sequence[float]) -> float:
    """The element whose index stands last."""
    if not (0.0 <= xs[-1] < len(xs) - 1 and xs[-1] == math.floor(xs[-1])):
        raise IndexError(f"pick: the index is {xs[-1]:g}; it must be a whole number from 0 to {len(xs) - 2}")
    return xs[int(xs[-1])]

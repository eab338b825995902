"""The table's functions on complex numbers, for derivatives by a complex step: f'(x) = Im f(x + ih) / h.

There is no difference of near numbers, so that h can be 1e-20 and the derivative has all its digits. Every name is the name
of a row of the table, as in `engine/ieee.py`. Functions that choose, choose by real parts, and what is constant between
jumps has no imaginary part; what Python's `cmath` does not have (erf, lgamma …) is not here.

Sources: W. Squire and G. Trapp, Using complex variables to estimate derivatives of real functions, SIAM Review 40 (1998)
110-112; J. R. R. A. Martins, P. Sturdza and J. J. Alonso, The complex-step derivative approximation, ACM Transactions on
Mathematical Software 29 (2003) 245-262, for `abs`, comparisons and the inverse functions.
"""

from __future__ import annotations

import builtins
import cmath
import functools
import math
import operator
from collections.abc import Callable, Sequence

from autograd_lite.engine import ieee

C = complex

add: Callable[[C, C], C] = operator.add
subtract: Callable[[C, C], C] = operator.sub
multiply: Callable[[C, C], C] = operator.mul
divide: Callable[[C, C], C] = operator.truediv
negative: Callable[[C], C] = operator.neg
positive: Callable[[C], C] = operator.pos
exp: Callable[[C], C] = cmath.exp
log: Callable[[C], C] = cmath.log
sqrt: Callable[[C], C] = cmath.sqrt
sin: Callable[[C], C] = cmath.sin
cos: Callable[[C], C] = cmath.cos
tan: Callable[[C], C] = cmath.tan
asin: Callable[[C], C] = cmath.asin
acos: Callable[[C], C] = cmath.acos
atan: Callable[[C], C] = cmath.atan
sinh: Callable[[C], C] = cmath.sinh
cosh: Callable[[C], C] = cmath.cosh
tanh: Callable[[C], C] = cmath.tanh
asinh: Callable[[C], C] = cmath.asinh
acosh: Callable[[C], C] = cmath.acosh
atanh: Callable[[C], C] = cmath.atanh


def abs(x: C) -> C:
    return -x if x.real < 0.0 else x


def pow(x: C, y: C) -> C:
    if y.imag == 0.0 and y.real == math.floor(y.real) and builtins.abs(y.real) <= 64.0:
        power = functools.reduce(operator.mul, [x] * int(builtins.abs(y.real)), C(1.0))
        return power if y.real >= 0.0 else 1.0 / power
    return exp(y * log(x))


def hypot(x: C, y: C) -> C:
    scale = max_of_two(abs(x), abs(y)).real
    return scale * sqrt((x / scale) * (x / scale) + (y / scale) * (y / scale))


def remainder(x: C, y: C) -> C:
    return x - math.floor(x.real / y.real) * y


def fmod(x: C, y: C) -> C:
    return x - math.trunc(x.real / y.real) * y


def expm1(x: C) -> C:
    """exp(a)·cos(b) - 1 + i·exp(a)·sin(b), whose real part is expm1(a) where b is tiny."""
    return C(ieee.expm1(x.real), 0.0) + exp(x.real) * (cmath.exp(C(0.0, x.imag)) - 1.0)


def exp2(x: C) -> C:
    return exp(x * math.log(2.0))


def log1p(x: C) -> C:
    return C(math.log1p(x.real), math.atan2(x.imag, 1.0 + x.real))


def log2(x: C) -> C:
    return log(x) / math.log(2.0)


def log10(x: C) -> C:
    return log(x) / math.log(10.0)


def cbrt(x: C) -> C:
    return -cbrt(-x) if x.real < 0.0 else exp(log(x) / 3.0)


def xlogy(x: C, y: C) -> C:
    return x * log(y)


def atan2(y: C, x: C) -> C:
    if builtins.abs(x.real) >= builtins.abs(y.real):
        return atan(y / x) + (math.copysign(math.pi, y.real) if x.real < 0.0 else 0.0)
    return math.copysign(math.pi / 2.0, y.real) - atan(x / y)


def _constant(function: Callable[..., float]) -> Callable[..., C]:
    """What does not change where it is smooth."""
    return lambda *xs: C(function(*[x.real for x in xs]))


floor, ceil, trunc, round = map(_constant, (ieee.floor, ieee.ceil, ieee.trunc, ieee.round))
sign, step = map(_constant, (ieee.sign, ieee.step))
equal, less, less_equal = map(_constant, (ieee.equal, ieee.less, ieee.less_equal))


def stop_gradient(x: C) -> C:
    return C(x.real)


def copysign(x: C, y: C) -> C:
    return abs(x) * math.copysign(1.0, y.real)


def where(condition: C, x: C, y: C) -> C:
    return x if condition.real != 0.0 else y


def max_of_two(x: C, y: C) -> C:
    return x if x.real >= y.real else y


def clip(x: C, low: C, high: C) -> C:
    raised = max_of_two(x, low)
    return raised if raised.real <= high.real else high


def relu(x: C) -> C:
    return x if x.real > 0.0 else C(0.0)


def sigmoid(x: C) -> C:
    return 1.0 / (1.0 + exp(-x)) if x.real >= 0.0 else exp(x) / (1.0 + exp(x))


def softplus(x: C) -> C:
    return x + log1p(exp(-x)) if x.real >= 0.0 else log1p(exp(x))


# --- functions of a sequence ----------------------------------------------------------------------------------------------


def total(xs: Sequence[C]) -> C:
    return functools.reduce(operator.add, xs)


def product(xs: Sequence[C]) -> C:
    return functools.reduce(operator.mul, xs)


def dot(xs: Sequence[C]) -> C:
    half = len(xs) // 2
    return total(list(map(operator.mul, xs[:half], xs[half:])))


def norm(xs: Sequence[C]) -> C:
    scale = builtins.max(builtins.abs(x.real) for x in xs)
    return scale * sqrt(total([(x / scale) * (x / scale) for x in xs]))


def max(xs: Sequence[C]) -> C:
    return builtins.max(xs, key=lambda x: x.real)


def min(xs: Sequence[C]) -> C:
    return builtins.min(xs, key=lambda x: x.real)


def logsumexp(xs: Sequence[C]) -> C:
    top = max(xs).real
    return top + log(total([exp(x - top) for x in xs]))


def var(xs: Sequence[C]) -> C:
    middle = total(xs) / len(xs)
    return total([(x - middle) * (x - middle) for x in xs]) / len(xs)


def std(xs: Sequence[C]) -> C:
    return sqrt(var(xs))


def pick(xs: Sequence[C]) -> C:
    return xs[int(xs[-1].real)]

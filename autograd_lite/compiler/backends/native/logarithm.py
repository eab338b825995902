"""Logarithms on vectors of native code.

Source: the construction of fdlibm (Sun Microsystems, 1993; e_log.c and s_log1p.c describe it): x = 2**k·(1 + f) with 1 + f
between √½ and √2, s = f / (2 + f), and log(1 + f) = 2·artanh(s) = f - (f²/2 - s·(f²/2 + R(s²))). Everything is
within 2 ulp of the truth.
"""

from __future__ import annotations

import math

from autograd_lite.compiler.backends.native.exponential import LN2_HEAD, exp_with_rest, power_of_two, rounded
from autograd_lite.compiler.backends.native.pairs import fast_two_sum, polynomial, quotient, two_product, two_sum
from autograd_lite.compiler.backends.native.vectors import Term, Vector, fma

__all__ = ["acosh", "asinh", "atanh", "log", "log1p", "log2", "log10", "softplus", "split"]

LOG = (
    *(0.6666666666666735, 0.39999999999411096, 0.28571428743262023, 0.2222219847604077),
    *(0.1818356973721844, 0.153139033111462, 0.14797507065607862),
)
"""Of the powers of s² in (2·artanh(s) - 2s) / s³ on |s| ≤ (√2 - 1) / (√2 + 1): minimax, by the exchange of Remez.

Computed with mpmath; the relative error of the logarithm is below 2.5e-18.
"""

LN2_SHORT, LN2_LEFT = 0.6931471803691238, 1.9082149292705877e-10
"""ln 2 in two pieces: the first has 32 bits, so that its product by the exponent of a float is exact."""

LARGE = 2.0**60
"""Beyond it, 1 + x is x."""

ROOT_HALF = 0x3FE6A09E00000000
ONE = 0x3FF0000000000000
FRACTION = 0x000FFFFFFFFFFFFF
SMALLEST_NORMAL = 2.0**-1022


def split(x: Vector) -> tuple[Vector, Vector]:
    """k and 1 + f with x = 2**k·(1 + f), √½ ≤ 1 + f < √2, of a positive float."""
    tiny = x < SMALLEST_NORMAL
    shifted = tiny.choose(x * 2.0**54, x).bits() + (ONE - ROOT_HALF)
    k = ((shifted >> 52) | 0x4330000000000000).float() - tiny.choose(2.0**52 + 1023.0 + 54.0, 2.0**52 + 1023.0)
    return k, ((shifted & FRACTION) + ROOT_HALF).float()


def near_one(f: Vector) -> tuple[Vector, Vector]:
    """f²/2, and what is to be taken from it so that log(1 + f) = f - (f²/2 - rest)."""
    s = f / (f + 2.0)
    square = s * s
    half = 0.5 * f * f
    return half, s * fma(square, polynomial(square, LOG), half)


def at_ends(found: Vector, x: Vector) -> Vector:
    """A logarithm of x, with its values at 0, infinity, nan and below 0 put in."""
    found = x.equals(math.inf).choose(x, found)
    return (x > 0.0).choose(found, x.equals(0.0).choose(-math.inf, math.nan))


def of_sum(x: Vector, rest: Term) -> tuple[Vector, Vector]:
    """The logarithm of x + rest as a sum of two, the rest to first order; x is positive and finite."""
    k, m = split(x)
    f = m - 1.0
    half, correction = near_one(f)
    head, lost = fast_two_sum(k * LN2_SHORT, f)
    correction = fma(k, LN2_LEFT, correction)
    if isinstance(rest, Vector):
        correction = correction + rest / x
    return head, lost - (half - correction)


def of_one_and(x: Vector, rest: Term) -> Vector:
    """log(1 + x + rest), with what rounding takes from the first sum put back."""
    large = x > 1.0
    total, lost = fast_two_sum(large.choose(x, 1.0), large.choose(1.0, x))
    head, tail = of_sum(total, lost + rest)
    return at_ends(head + tail, total)


def log(x: Vector) -> Vector:
    head, tail = of_sum(x, 0.0)
    return at_ends(head + tail, x)


def log1p(x: Vector) -> Vector:
    return (abs(x) < 2.0**-60).choose(x, of_one_and(x, 0.0))


def softplus(x: Vector) -> Vector:
    """max(x, 0) + log1p(exp(-|x|)), where 1 + exp(-|x|) is 1 + f or 2·(1 + f)."""
    small, left = exp_with_rest(-abs(x))
    large = small > 0.41421356
    f, lost = fast_two_sum(large.choose(-0.5, 0.0), large.choose(0.5 * small, small))
    lost = lost + large.choose(0.5 * left, left)
    half, correction = near_one(f)
    head, tail = fast_two_sum(large.choose(LN2_HEAD, 0.0), f)
    correction = correction + fma(-f, lost, lost)  # all but lost / (1 + f)
    return (x > 0.0).choose(x, 0.0) + (head + (tail - (half - correction)))


def log2(x: Vector) -> Vector:
    return _by_base(x, 1.0, 0.0, 1.4426950408889634, 2.0355273740931033e-17)


def log10(x: Vector) -> Vector:
    return _by_base(x, 0.3010299955494702, 1.1451100898021838e-10, 0.4342944819032518, 1.098319650216765e-17)


def _by_base(x: Vector, unit: float, unit_left: float, inverse: float, inverse_left: float) -> Vector:
    """The logarithm to a base of which 2 has the logarithm unit + unit_left, and e inverse + inverse_left."""
    k, m = split(x)
    f = m - 1.0
    half, correction = near_one(f)
    head, lost = fast_two_sum(f, -half)
    product, rest = two_product(head, f.filled(inverse))
    total, more = fast_two_sum(k * unit, product)
    rest = fma(head, inverse_left, fma(lost + correction, inverse, rest))
    return at_ends(total + (more + fma(k, unit_left, rest)), x)


def asinh(x: Vector) -> Vector:
    """log(1 + x + x² / (1 + √(1 + x²))); log(x) + ln 2 where x is large."""
    size = abs(x)
    large = size > LARGE
    small = large.choose(1.0, size)
    square = small * small
    total, rest = fast_two_sum(large.choose(size, small), large.choose(0.0, square / (1.0 + (1.0 + square).sqrt())))
    found = of_one_and(total, rest) + large.choose(math.log(2.0), 0.0)
    return (size < 2.0**-30).choose(x, found.copysign(x))


def acosh(x: Vector) -> Vector:
    """log(1 + y + √(y·(y + 2))) of y = x - 1; log(x) + ln 2 where x is large."""
    large = x > LARGE
    y = large.choose(1.0, x - 1.0)
    square, lost = two_product(y, y)
    square, rest = two_sum(2.0 * y, square)
    root = square.sqrt()
    error = (fma(-root, root, square) + (rest + lost)) / (root + root)
    total, lost = two_sum(root, y)
    rest = (large | ~(root > 0.0)).choose(0.0, lost + error)
    found = of_one_and(large.choose(x, total), rest) + large.choose(math.log(2.0), 0.0)
    return (x >= 1.0).choose(found, math.nan)


def atanh(x: Vector) -> Vector:
    """½·log(q) of q = (1 + x) / (1 - x) = 2**k·(1 + f), where s = f / (2 + f) comes from x without rounding q."""
    size = abs(x)
    above, above_rest = fast_two_sum(1.0, size)
    below, below_rest = fast_two_sum(1.0, -size)
    k, _ = split(above / below)
    power = power_of_two(rounded(k)[1] - 1023)
    below, below_rest = below * power, below_rest * power
    difference, lost = two_sum(above, -below)
    total, more = two_sum(above, below)
    rests = above_rest - below_rest, above_rest + below_rest
    s, rest = quotient(difference, lost + rests[0], total, more + rests[1])
    square = s * s
    logarithm, lost = fast_two_sum(k * (0.5 * LN2_SHORT), s)
    rest = fma(k, 0.5 * LN2_LEFT, fma(0.5 * s * square, polynomial(square, LOG), rest)) + lost
    found = (logarithm + rest).copysign(x)
    return (size < 1.0).choose(found, size.equals(1.0).choose(x * math.inf, math.nan))

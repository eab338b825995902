"""Powers and roots on vectors of native code.

Source: fdlibm (Sun Microsystems, 1993; e_pow.c and s_cbrt.c describe them) for x**y = exp(y·log |x|) with a logarithm in two
pieces, and for the special cases, which are those of C; J.-M. Muller et al., Handbook of Floating-Point Arithmetic (2nd
edition, 2018), chapters 4 and 5, for the sums of two pieces. Everything is within 2 ulp of the truth.
"""

from __future__ import annotations

import math

from autograd_lite.compiler.backends.native.exponential import Reduced, power_of_two, rounded
from autograd_lite.compiler.backends.native.logarithm import LN2_LEFT, LN2_SHORT, split
from autograd_lite.compiler.backends.native.pairs import fast_two_sum, polynomial, quotient, two_product
from autograd_lite.compiler.backends.native.vectors import SIGN, Vector, fma, where_any

__all__ = ["cbrt", "hypot", "pow"]

TWO_THIRDS, TWO_THIRDS_LEFT = 0.6666666666666666, 3.700743415417188e-17

POW = (
    *(0.4000000000000227, 0.28571428570091884, 0.22222222521354149, 0.18181784237147802),
    *(0.1538676352224796, 0.13256669142020225, 0.131977466799853),
)
"""Of the powers of s² in (2·artanh(s) - 2s - ⅔·s³) / s⁵ on |s| ≤ (√2 - 1) / (√2 + 1): minimax, by the exchange of Remez.

Computed with mpmath; the relative error of the logarithm is below 1.2e-20.
"""

CBRT = (
    *(2.2102528015306877, -3.8542325328254554, 6.527053349819196, -7.457986510476992),
    *(5.571045272097466, -2.615316116622173, 0.7011372110448449, -0.08195352870081396),
)
"""Of the powers of m in 1 / ∛m on √½ ≤ m ≤ √2: minimax as above; the relative error is below 1.5e-7."""


def pow(x: Vector, y: Vector) -> Vector:
    size = abs(x)
    head, tail = _logarithm(size)
    exponent, rest = two_product(head, y)
    rest = (abs(exponent) < 1000.0).choose(fma(tail, y, rest), 0.0)
    found = Reduced.of(exponent.at_least(-746.0).at_most(710.0), rest)
    value = found.scaled(1.0 + found.head)
    special = ~((x > 0.0) & (x < math.inf) & (abs(y) < math.inf))
    return where_any(special, value, lambda: _special_power(x, y, value, head))


def _special_power(x: Vector, y: Vector, value: Vector, logarithm: Vector) -> Vector:
    """The power from that of |x|, which is right but where x is zero or infinite or y is, and from log |x|."""
    size = abs(x)
    logarithm = size.equals(0.0).choose(-math.inf, (size < math.inf).choose(logarithm, size))
    exponent = logarithm * y
    limit = (exponent < 0.0).choose(0.0, (exponent > 0.0).choose(math.inf, math.nan))
    value = (abs(exponent) < math.inf).choose(value, limit)
    whole, even = y.floor().equals(y), (0.5 * y).floor().equals(0.5 * y)
    value = (whole & ~even).choose((value.bits() | (x.bits() & SIGN)).float(), value)
    value = ((x > -math.inf) & (x < 0.0) & ~whole).choose(math.nan, value)
    return (x.equals(1.0) | y.equals(0.0) | (size.equals(1.0) & abs(y).equals(math.inf))).choose(1.0, value)


def _logarithm(x: Vector) -> tuple[Vector, Vector]:
    """log(x) as a sum of two, to about 66 bits: k·ln 2 + 2·artanh(s), all products and sums in two pieces."""
    k, m = split(x)
    f = m - 1.0
    s, s_rest = quotient(f, 0.0, *fast_two_sum(2.0, f))
    square, square_rest = two_product(s, s)
    square_rest = fma(s + s, s_rest, square_rest)
    factor, factor_rest = fast_two_sum(TWO_THIRDS, square * polynomial(square, POW))
    part, part_rest = two_product(square, factor)
    part_rest = part_rest + fma(square, factor_rest + TWO_THIRDS_LEFT, square_rest * factor)
    term, term_rest = two_product(s, part)
    term_rest = term_rest + fma(s, part_rest, s_rest * part)
    head, lost = fast_two_sum(k * LN2_SHORT, s + s)
    head, more = fast_two_sum(head, term)
    return head, fma(k, LN2_LEFT, fma(s_rest, 2.0, term_rest)) + (lost + more)


def cbrt(x: Vector) -> Vector:
    """x·y² for a y near 1 / ∛x, from a polynomial and a step of Halley's; then a step of Newton's."""
    size = abs(x)
    k, m = split(size)
    third, bits = rounded(k * (1.0 / 3.0))
    left = k - 3.0 * third
    more, less = left > 0.5, left < -0.5
    y = polynomial(m, CBRT) * more.choose(0.5 ** (1.0 / 3.0), less.choose(2.0 ** (1.0 / 3.0), 1.0))
    m = m * more.choose(2.0, less.choose(0.5, 1.0))
    error = fma(-m * y, y * y, 1.0)
    y = fma(y * error, fma(error, 2.0 / 9.0, 1.0 / 3.0), y)
    root = m * y * y
    square, rest = two_product(root, root)
    error = fma(square, root, -m) + rest * root
    root = fma(error * (y * y), -1.0 / 3.0, root)
    root = (root * power_of_two(bits - 1023)).copysign(x)
    return ((size > 0.0) & (size < math.inf)).choose(root, x)


def hypot(x: Vector, y: Vector) -> Vector:
    """√(x² + y²), scaled so that squares are finite, from squares and their sum in two pieces."""
    x, y = abs(x), abs(y)
    swapped = x < y
    large, small = swapped.choose(y, x), swapped.choose(x, y)
    huge, tiny = large > 2.0**500, large < 2.0**-450
    scale, back = huge.choose(2.0**-600, tiny.choose(2.0**600, 1.0)), huge.choose(2.0**600, tiny.choose(2.0**-600, 1.0))
    large, small = large * scale, small * scale
    one, one_rest = two_product(large, large)
    other, other_rest = two_product(small, small)
    total, rest = fast_two_sum(one, other)
    root = total.sqrt()
    error = fma(-root, root, total) + (rest + (one_rest + other_rest))
    root = (root > 0.0).choose(root + error / (root + root), root)
    return (x.equals(math.inf) | y.equals(math.inf)).choose(math.inf, root * back)

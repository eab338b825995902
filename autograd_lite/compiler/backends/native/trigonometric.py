"""Sine, cosine and tangent on vectors of native code.

Source: W. J. Cody and W. Waite, Software Manual for the Elementary Functions (1980), chapter 8, for x = n·π/2 + r with
|r| ≤ π/4 and π/2 in three pieces; J.-M. Muller, Elementary Functions (3rd edition, 2016), chapter 11, for r as a sum of two
floats. Everything is within 2 ulp of the truth, whatever the size of x.
"""

from __future__ import annotations

import math

from autograd_lite.compiler.backends.native.huge import HALF_PI, with_huge
from autograd_lite.compiler.backends.native.pairs import fast_two_sum, joined, polynomial, quotient, two_product
from autograd_lite.compiler.backends.native.vectors import SIGN, Bits, Mask, Vector, fma

__all__ = ["cos", "sin", "tan"]

HUGE = 2.0**30
"""Up to it the three pieces of π/2 are enough, and n·π/2 is taken away exactly but for what is below r·2**-60."""

ROUND = 1.5 * 2.0**52
"""Added to a float below 2**50, it leaves the nearest whole number in the last bits of the sum."""

SIN = (
    *(-0.16666666666666632, 0.00833333333332237, -0.0001984126982977126, 2.7557313678694295e-06),
    *(-2.5050755965688064e-08, 1.589666675043375e-10),
)
"""Of the powers of r² in (sin(r) - r) / r³ on |r| ≤ π/4: minimax, by the exchange of Remez with mpmath, below 3.5e-18."""

COS = (
    *(0.0416666666666666, -0.0013888888888874064, 2.480158728944351e-05, -2.755731434066753e-07),
    *(2.087572162483427e-09, -1.1359559388885938e-11),
)
"""Of the powers of r² in (cos(r) - 1 + r²/2) / r⁴ on |r| ≤ π/4: minimax as above, below 4.8e-20."""


def sin(x: Vector) -> Vector:
    quadrant, r, rest = reduced(abs(x))
    sine, cosine = _at(r, rest)
    value = _odd(quadrant).choose(joined(cosine), joined(sine))
    return (value.bits() ^ (quadrant << 62 & SIGN) ^ (x.bits() & SIGN)).float()


def cos(x: Vector) -> Vector:
    quadrant, r, rest = reduced(abs(x))
    sine, cosine = _at(r, rest)
    value = _odd(quadrant).choose(joined(sine), joined(cosine))
    return (value.bits() ^ (quadrant + 1 << 62 & SIGN)).float()


def tan(x: Vector) -> Vector:
    quadrant, r, rest = reduced(abs(x))
    sine, cosine = (fast_two_sum(*pair) for pair in _at(r, rest))
    odd = _odd(quadrant)
    above = (odd.choose(one, other) for one, other in zip(cosine, sine, strict=True))
    below = (odd.choose(one, other) for one, other in zip(sine, cosine, strict=True))
    value = joined(quotient(*above, *below))
    return (value.bits() ^ (quadrant << 63) ^ (x.bits() & SIGN)).float()


def _odd(quadrant: Bits) -> Mask:
    return (quadrant & 1).is_nonzero()


def _at(r: Vector, rest: Vector) -> tuple[tuple[Vector, Vector], tuple[Vector, Vector]]:
    """The sine and the cosine of r + rest, each as a sum of two; the rest to first order."""
    square = r * r
    half = 0.5 * square
    main = 1.0 - half
    sine = fma(r * square, polynomial(square, SIN), rest * main)
    cosine = fma(square * square, polynomial(square, COS), ((1.0 - main) - half) - r * rest)
    return (r, sine), (main, cosine)


# --- what is left of x when n·π/2 is taken away --------------------------------------------------------------------------


def reduced(x: Vector) -> tuple[Bits, Vector, Vector]:
    """For x ≥ 0: a whole number that ends in the last bits of n, r, and what rounding took from it."""
    shifted = fma(x, 2.0 / math.pi, ROUND)
    n = shifted - ROUND
    first = fma(-n, HALF_PI[0], x)
    product, lost = two_product(n, HALF_PI[1])
    # The first is a multiple of the last place of the product: the sum of two is exact though it may be the smaller one.
    r, rest = fast_two_sum(first, -product)
    return with_huge(x, HUGE, shifted.bits(), r, rest - fma(n, HALF_PI[2], lost))

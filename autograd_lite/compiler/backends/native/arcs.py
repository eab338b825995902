"""Inverse trigonometric functions on vectors of native code.

Source: S. L. Moshier, Methods and Programs for Mathematical Functions (1989): the arctangent of x near 1 is π/4 + atan(t)
with t = (x - 1) / (x + 1), of a large x π/2 - atan(1 / x), so that |t| ≤ tan(π/8); asin(x) = π/2 - 2·asin(√((1 - x) / 2))
where x is above ½. The polynomials are minimax, by the exchange of Remez with mpmath. Everything is within
2 ulp of the truth.
"""

from __future__ import annotations

import math

from autograd_lite.compiler.backends.native.huge import HALF_PI
from autograd_lite.compiler.backends.native.pairs import fast_two_sum, polynomial, quotient
from autograd_lite.compiler.backends.native.vectors import Mask, Vector, fma

__all__ = ["acos", "asin", "atan", "atan2"]

ATAN = (
    *(-0.333333333333332, 0.19999999999953658, -0.14285714280203637, 0.11111110783798346, -0.09090897766681205),
    *(0.0769206035560338, -0.06663105393582647, 0.058478969896594055, -0.05039329202697776, 0.038064917664381255),
    -0.017907306831520555,
)
"""Of the powers of t² in (atan(t) - t) / t³ on |t| ≤ tan(π/8); the relative error of the arctangent is below 1.3e-18."""

ASIN = (
    *(0.16666666666666763, 0.07499999999970267, 0.04464285717511724, 0.03038194268377577, 0.022372215656097975),
    *(0.017351600163255626, 0.013980960640934464, 0.011397782265789677, 0.010786495739778272, 0.0036831611641948577),
    *(0.021763224171558827, -0.021076922568362876, 0.03267666966974324),
)
"""Of the powers of t² in (asin(t) - t) / t³ on |t| ≤ ½; the relative error of the arcsine is below 9.8e-19."""

TAN_EIGHTH = math.sqrt(2.0) - 1.0
QUARTER_PI, QUARTER_PI_LEFT = 0.7853981633974483, 3.061616997868383e-17
"""π/4 in two pieces: the first ends in zeros, so that up to four times it is exact."""


def atan(x: Vector) -> Vector:
    return _angle(abs(x).at_most(2.0**900), x.filled(1.0), None).copysign(x)


def atan2(y: Vector, x: Vector) -> Vector:
    """The angle of the point (|x|, |y|), scaled so that sums are finite and quotients keep their digits; or π less it."""
    across, up = abs(x), abs(y)
    larger = (across < up).choose(up, across)
    scale = (larger > 2.0**900).choose(2.0**-200, (larger < 2.0**-700).choose(2.0**200, 1.0))
    infinite = larger.equals(math.inf)
    across, up = (infinite.choose(_at_infinity(side), side * scale) for side in (across, up))
    across = larger.equals(0.0).choose(1.0, across)
    return _angle(up, across, (x.bits() >> 63).is_nonzero()).copysign(y)


def _at_infinity(side: Vector) -> Vector:
    """What stands for a side where one is infinite: 1 for an infinite one, 0 for a finite one, nan for nan."""
    return (side < math.inf).choose(0.0, side.equals(math.inf).choose(1.0, side))


def _angle(up: Vector, across: Vector, behind: Mask | None) -> Vector:
    """The angle of a point, as k·π/4 ± atan(t); its sides are not below 0.

    Arguments:
        behind: where it is to be π less that angle.
    """
    steep = up > across
    above, below = steep.choose(across, up), steep.choose(up, across)
    middle = above > TAN_EIGHTH * below
    difference, difference_rest = fast_two_sum(below, -above)
    total, total_rest = fast_two_sum(below, above)
    t, rest = quotient(
        middle.choose(-difference, above),
        middle.choose(-difference_rest, 0.0),
        middle.choose(total, below),
        middle.choose(total_rest, 0.0),
    )
    square = t * t
    rest = fma(t * square, polynomial(square, ATAN), fma(-square, rest, rest))  # the slope of atan is 1 - t², nearly
    k = steep.choose(middle.choose(1.0, 2.0), middle.choose(1.0, 0.0))
    sign = steep.choose(-1.0, t.filled(1.0))
    if behind is not None:
        k, sign = behind.choose(4.0 - k, k), behind.choose(-sign, sign)
    angle, lost = fast_two_sum(k * QUARTER_PI, sign * t)
    return angle + (lost + fma(sign, rest, k * QUARTER_PI_LEFT))


def asin(x: Vector) -> Vector:
    size = abs(x)
    t, rest, square = _half_angle(size)
    arc = t * square * polynomial(square, ASIN)
    angle, lost = fast_two_sum(HALF_PI[0], -2.0 * t)
    far = angle + (lost + (HALF_PI[1] - 2.0 * (rest + arc)))
    return (size > 0.5).choose(far, t + arc).copysign(x)


def acos(x: Vector) -> Vector:
    size = abs(x)
    t, rest, square = _half_angle(size)
    arc = t * square * polynomial(square, ASIN) + rest
    small, positive = size <= 0.5, x > 0.0
    # The angle is π/2 - (t + arc) with the sign of x, or 2·(t + arc), or π less that.
    base = small.choose(HALF_PI[0], positive.choose(0.0, 2.0 * HALF_PI[0]))
    left = small.choose(HALF_PI[1], positive.choose(0.0, 2.0 * HALF_PI[1]))
    factor = small.choose(t.filled(1.0).copysign(-x), t.filled(2.0).copysign(x))
    angle, lost = fast_two_sum(base, factor * t)
    return angle + (lost + fma(factor, arc, left))


def _half_angle(size: Vector) -> tuple[Vector, Vector, Vector]:
    """t, what rounding took from it, and t²: t is the size up to ½, and √((1 - size) / 2) beyond."""
    square = (size > 0.5).choose(0.5 - 0.5 * size, size * size)
    root = square.sqrt()
    rest = (root > 0.0).choose(fma(-root, root, square) / (root + root), 0.0)
    small = size <= 0.5
    return small.choose(size, root), small.choose(0.0, rest), square

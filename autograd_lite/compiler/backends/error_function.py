"""erf and erfc over arrays: numpy has neither.

Source: M. M. Shepherd and J. G. Laframboise, Chebyshev approximation of (1 + 2x)·exp(x²)·erfc(x) in 0 ≤ x < ∞, Mathematics
of Computation 36 (1981): as a function of t = (x - k) / (x + k) that is smooth and all but constant, so that one polynomial
serves every x ≥ 0. Near 0, where 1 - erfc(x) loses digits, erf is its power series, Abramowitz and Stegun 7.1.5.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

__all__ = ["Numbers", "erf", "erfc"]

Numbers: TypeAlias = Any
"""An array of floats, or a float."""

PIVOT = 4.0
"""k: with it the polynomial is as short as with any other."""

END = 28.0
"""From 27.3 on, erfc is below the smallest float."""

COEFFICIENTS = (
    *(1.2329951186255526, -0.1396211168405629, 0.01537965210262074, 0.06809705425473732, -0.10103906603635213),
    *(0.09373283499679412, -0.06633036581152939, 0.03716751556249286, -0.016197734059115006, 0.005031969755895426),
    *(-0.00075777334141333, -0.00019925550755614952, 0.000150622243948303, -2.4403169244974074e-05),
    *(-1.1224789135154701e-05, 5.7178872846321855e-06, 3.0135049944875397e-07, -8.351619688696847e-07),
    *(6.270727157198311e-08, 1.1534943745754157e-07, -7.71541861441783e-09, -1.3670989863347383e-08),
    -1.8206098680308682e-09,
)
"""Of the powers of t: the polynomial through (1 + 2x)·exp(x²)·erfc(x) at the 23 Chebyshev points of 0 ≤ x ≤ END.

By mpmath to 60 digits; its relative error is below 1.4e-17.
"""

NEAR = 0.5
SERIES = tuple((-1.0) ** n * 2.0 / math.sqrt(math.pi) / (math.factorial(n) * (2 * n + 1)) for n in range(12))
"""Of the odd powers of x; below NEAR the thirteenth term is below 1e-17."""

UPPER_HALF = np.uint64(0xFFFFFFFFF8000000)
"""Leaves a float its first 26 bits, so that its square is exact."""


def erfc(x: Numbers, out: Numbers = None) -> Numbers:
    """1 - erf(x), accurate for large x, within 4 ulp.

    Arguments:
        x: an array or a number.
        out: where the values go; a new array by default.

    >>> erfc(np.array([0.0, 1.0, 10.0]))
    array([1.00000000e+00, 1.57299207e-01, 2.08848758e-45])
    """
    return _joined(x, out, near=lambda erf: 1.0 - erf, far=lambda x, tail: np.where(x < 0.0, 2.0 - tail, tail))


def erf(x: Numbers, out: Numbers = None) -> Numbers:
    """The error function, within 4 ulp.

    Arguments:
        x, out: as for `erfc`.

    >>> erf(np.array([0.0, 0.1, 1.0]))
    array([0.        , 0.11246292, 0.84270079])
    """
    return _joined(x, out, near=lambda erf: erf, far=lambda x, tail: np.copysign(1.0 - tail, x))


def _joined(x: Numbers, out: Numbers, *, near: Callable[..., Numbers], far: Callable[..., Numbers]) -> Numbers:
    """The values of either function, from erf(x) where x is near 0, from x and erfc(|x|) elsewhere."""
    points = np.asarray(x, dtype=np.float64)
    lanes = np.atleast_1d(points)
    size = np.abs(lanes)
    found = far(lanes, _tail(size))
    close = size < NEAR
    if close.any():
        few = lanes[close]
        found[close] = near(few * _series(np.square(few)))
    shaped = found.reshape(points.shape)
    if out is None:
        return shaped
    np.copyto(out, shaped)
    return out


def _series(square: Numbers) -> Numbers:
    value = np.multiply(square, SERIES[-1])
    for coefficient in SERIES[-2:0:-1]:
        value += coefficient
        value *= square
    value += SERIES[0]
    return value


def _tail(x: Numbers) -> Numbers:
    """erfc at x ≥ 0.

    What rounding takes from the last sum of the polynomial, from 1 + 2x and from x² is computed exactly (T. J. Dekker, A
    floating-point technique for extending the available precision, Numerische Mathematik 18, 1971), and put back together
    at the end, to first order: it is below 1e-12 of the value.
    """
    x = np.minimum(x, END)
    t = (x - PIVOT) / (x + PIVOT)
    rest = np.multiply(t, COEFFICIENTS[-1])
    for coefficient in COEFFICIENTS[-2:0:-1]:
        rest += coefficient
        rest *= t
    value = COEFFICIENTS[0] + rest
    rest -= value - COEFFICIENTS[0]
    rest /= value
    twice = 2.0 * x
    divisor = 1.0 + twice
    twice -= divisor
    twice += 1.0
    twice /= divisor
    square = np.square(x)
    head = np.bitwise_and(x.view(np.uint64), UPPER_HALF).view(np.float64)
    lost = square - np.square(head)
    lost -= (x - head) * (x + head)
    lost += rest
    lost -= twice
    value /= divisor
    value *= np.exp(np.negative(square, out=square), out=square)
    value += lost * value
    return value

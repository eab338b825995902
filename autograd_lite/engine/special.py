"""Polygamma functions, which Python's `math` does not have and derivatives of `lgamma` need.

Source: M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions, 6.3 and 6.4 (recurrence 6.4.6, reflection
6.4.7, asymptotic series 6.3.18 and 6.4.11).
"""

from __future__ import annotations

import functools
import math

__all__ = ["polygamma"]

BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)
"""B₂, B₄, … B₂₀."""

DIGAMMA_ROOT = 1.4616321449683623
DIGAMMA_ROOT_TAIL = 9.549995429965697e-17
"""The positive zero of ψ in two parts: near it ψ(x) is a small difference of large terms."""


def polygamma(n: float, x: float) -> float:
    """The n-th derivative of the digamma function ψ = (log Γ)', at any real x.

    Arguments:
        n: the order, a whole number from 0 to 170; 0 is the digamma function itself.
        x: a real number; the poles 0, -1, -2 … give nan (digamma) as their two sides differ, or +inf for odd n.

    Raises:
        ValueError: if n is not such a number.

    >>> polygamma(0, 1.0), polygamma(1, 1.0)  # -γ, π²/6
    (-0.5772156649015329, 1.6449340668482264)
    """
    if not (0 <= n <= 170 and n == math.floor(n)):  # 171! is beyond the floats
        raise ValueError(f"polygamma: the order is {n:g}; it must be a whole number from 0 to 170")
    order = int(n)
    if x != x or x == -math.inf:
        return math.nan
    if x == math.inf:
        return math.inf if order == 0 else 0.0 if order % 2 else -0.0
    if x <= 0.0 and x == math.floor(x):
        return math.inf if order % 2 else math.nan
    if x < 0.0:
        sign = -1.0 if order % 2 else 1.0
        return sign * _positive(order, 1.0 - x) - cotangent_derivative(order, x)
    return _positive(order, x)


def _positive(order: int, x: float) -> float:
    """By the recurrence up to an x where the asymptotic series is exact to rounding."""
    if order == 0 and math.fabs(x - DIGAMMA_ROOT) < 0.02:
        return _near_root(x)
    sign = -1.0 if order % 2 == 0 else 1.0
    scale = float(math.factorial(order))
    try:
        terms = []
        while x < 15.0 + order:
            terms.append(sign * scale * (1.0 / x) ** (order + 1))
            x += 1.0
        return math.fsum([*terms, *_asymptotic(order, x)]) or sign * 0.0  # fsum drops the sign of an underflow
    except OverflowError:  # a pole so near that the value is beyond the floats
        return sign * math.inf


def _asymptotic(order: int, x: float) -> list[float]:
    inverse = 1.0 / x
    if order == 0:
        series = [-coefficient / (2 * k) * inverse ** (2 * k) for k, coefficient in enumerate(BERNOULLI, start=1)]
        return [math.log(x), -0.5 * inverse, *series]
    sign = 1.0 if order % 2 else -1.0
    lead = sign * math.factorial(order - 1) * inverse**order
    terms = [lead, lead * order * inverse / 2.0]
    for k, coefficient in enumerate(BERNOULLI, start=1):
        rising = math.prod(range(order, 2 * k + order))  # (2k + order - 1)! / (order - 1)!
        terms.append(lead * coefficient * (rising / math.factorial(2 * k)) * inverse ** (2 * k))
    return terms


def _near_root(x: float) -> float:
    """Taylor's series around the root, where the distance to it is known to twice the precision."""
    distance = (x - DIGAMMA_ROOT) - DIGAMMA_ROOT_TAIL
    terms = [
        _positive(k, DIGAMMA_ROOT) * distance**k / math.factorial(k)  # powers past the eighth are below rounding
        for k in range(1, 10)
    ]
    return math.fsum(terms)


def cotangent_derivative(order: int, x: float) -> float:
    """The order-th derivative of π·cot(πx), as a polynomial in c = cot(πx): dc/dx = -π(1 + c²)."""
    distance = x - round(x)  # exact, also close to a pole
    c = 1.0 / math.tan(math.pi * distance) if math.fabs(distance) != 0.5 else 0.0
    coefficients = [0.0, math.pi]
    for _ in range(order):
        slopes = [k * coefficient for k, coefficient in enumerate(coefficients)][1:]
        coefficients = [
            -math.pi * ((slopes[k] if k < len(slopes) else 0.0) + (slopes[k - 2] if k >= 2 else 0.0))
            for k in range(len(slopes) + 2)
        ]
    return functools.reduce(lambda value, coefficient: value * c + coefficient, reversed(coefficients))

"""Sums of two floats, of which the second is what rounding took from the first: twice the digits.

Source: J.-M. Muller et al., Handbook of Floating-Point Arithmetic (2nd edition, 2018), chapters 4, 5 and 14.
"""

from __future__ import annotations

from collections.abc import Sequence

from autograd_lite.compiler.backends.native.vectors import Term, Vector, fma

__all__ = ["fast_two_sum", "joined", "polynomial", "quotient", "two_product", "two_sum"]


def polynomial(x: Vector, coefficients: Sequence[float]) -> Vector:
    """Σ coefficients[k]·x**k: the even and the odd powers by Horner's rule each, side by side."""
    if len(coefficients) < 4:
        return _horner(x, coefficients)
    square = x * x
    return fma(x, _horner(square, coefficients[1::2]), _horner(square, coefficients[0::2]))


def _horner(x: Vector, coefficients: Sequence[float]) -> Vector:
    value = x.filled(coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        value = fma(x, value, coefficient)
    return value


def fast_two_sum(x: Term, y: Vector) -> tuple[Vector, Vector]:
    """x + y for |x| ≥ |y| or x = 0, and what rounding took from it (T. J. Dekker, Numerische Mathematik 18, 1971)."""
    total = x + y
    return total, y - (total - x)


def two_sum(x: Vector, y: Vector) -> tuple[Vector, Vector]:
    """x + y, and what rounding took from it (D. E. Knuth, The Art of Computer Programming 2, section 4.2.2)."""
    total = x + y
    back = total - x
    return total, (x - (total - back)) + (y - back)


def two_product(x: Vector, y: Term) -> tuple[Vector, Vector]:
    """x·y, and what rounding took from it."""
    product = x * y
    return product, fma(x, y, -product)


def quotient(x: Vector, x_rest: Term, y: Vector, y_rest: Term) -> tuple[Vector, Vector]:
    """(x + x_rest) / (y + y_rest) as a sum of two, the rests to first order."""
    inverse = 1.0 / y
    ratio = x * inverse
    return ratio, (fma(-ratio, y, x) + fma(-ratio, y_rest, x_rest)) * inverse


def joined(pair: tuple[Vector, Vector]) -> Vector:
    """The sum of two."""
    return pair[0] + pair[1]

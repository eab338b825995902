"""The exponential and what is made of it, on vectors of native code.

Source: W. J. Cody and W. Waite, Software Manual for the Elementary Functions (1980), chapter 6, for the reduction
x = n·ln 2 + r, |r| ≤ ½·ln 2, with ln 2 in two pieces; J.-M. Muller, Elementary Functions (3rd edition, 2016), chapters 3 and
11, for the polynomial of exp(r) and for the sums in two pieces. With a fused product the first piece of n·ln 2 is taken away
exactly. Everything is within 2 ulp of the truth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from autograd_lite.compiler.backends.native.pairs import fast_two_sum, joined, polynomial, quotient, two_product
from autograd_lite.compiler.backends.native.vectors import Bits, Term, Vector, fma

__all__ = [
    "LN2_HEAD",
    "LN2_TAIL",
    "cosh",
    "exp",
    "exp2",
    "exp_with_rest",
    "expm1",
    "power_of_two",
    "sigmoid",
    "sinh",
    "tanh",
]

LN2_HEAD, LN2_TAIL = 0.6931471805599453, 2.3190468138462996e-17

ROUND = 1.5 * 2.0**52 + 2046.0
"""Added to a float below 2**50, it leaves the nearest whole number n in the last bits of the sum, as n + 2·1023."""

EXP = (
    *(0.5, 0.16666666666666685, 0.041666666666602674, 0.008333333333313936, 0.001388888892732203),
    *(0.00019841269904868878, 2.480150801787803e-05, 2.755722613733788e-06, 2.7625451935174466e-07),
    2.51150713638794e-08,
)
"""Of the powers of r in (exp(r) - 1 - r) / r² on |r| ≤ ½·ln 2: minimax, by the exchange of Remez with mpmath.

The error of exp(r) is below 5.6e-18.
"""

SINH = (
    *(0.16666666666666669, 0.008333333333333139, 0.00019841269841437687, 2.755731915533548e-06),
    *(2.5052123398739715e-08, 1.6057240329069078e-10, 7.759312521305073e-13),
)
"""Of the powers of x² in (sinh(x) - x) / x³ on |x| ≤ 1: minimax as above."""


@dataclass(frozen=True)
class Reduced:
    """exp of something, as 2**n·(1 + head + tail).

    Attributes:
        bits: end in n + 2·1023.
        head: between -0.3 and 0.42.
        tail: what rounding took from it.
    """

    bits: Bits
    head: Vector
    tail: Vector

    @classmethod
    def of(cls, x: Vector, rest: Term = 0.0) -> Reduced:
        """Of x + rest: x is above -750 and below 750, rest about its last place or less."""
        n, bits = rounded(x * (1.0 / math.log(2.0)))
        r = fma(-n, LN2_HEAD, x)
        return cls.near_zero(bits, *fast_two_sum(r, fma(n, -LN2_TAIL, rest)))

    @classmethod
    def near_zero(cls, bits: Bits, r: Vector, rest: Vector) -> Reduced:
        """Of r + rest, |r| ≤ ½·ln 2, times 2**n."""
        head, tail = fast_two_sum(r, r * r * polynomial(r, EXP))
        return cls(bits, head, tail + rest)

    def scaled(self, x: Vector, less: int = 0) -> Vector:
        """x·2**(n - less), rounded once, by two factors: 2**n may be too large or too small for a float."""
        half = self.bits >> 1
        return x * power_of_two(half) * power_of_two(self.bits - half - less)

    def inverse_power(self) -> Vector:
        """2**-n."""
        half = self.bits >> 1
        return power_of_two(2046 - half) * power_of_two(2046 - (self.bits - half))


def rounded(x: Vector) -> tuple[Vector, Bits]:
    """The nearest whole number n, of a float below 2**50; and what ends in the bits of n + 2·1023."""
    shifted = x + ROUND
    return shifted - ROUND, shifted.bits()


def power_of_two(biased: Bits) -> Vector:
    """2**(n - 1023) of the last bits of a whole number n."""
    return (biased << 52).float()


def exp(x: Vector) -> Vector:
    found = Reduced.of(x.at_least(-746.0).at_most(710.0))
    return found.scaled(1.0 + found.head)


def exp_with_rest(x: Vector) -> tuple[Vector, Vector]:
    """exp(x) for x ≤ 0, and what rounding took from it."""
    found = Reduced.of(x.at_least(-746.0))
    head, rest = fast_two_sum(1.0, found.head)
    return found.scaled(head), found.scaled(rest + found.tail)


def exp2(x: Vector) -> Vector:
    x = x.at_least(-1076.0).at_most(1025.0)
    n, bits = rounded(x)
    found = Reduced.near_zero(bits, *two_product(x - n, LN2_HEAD))
    return found.scaled(1.0 + found.head)


def expm1(x: Vector) -> Vector:
    """2**n·((1 - 2**-n) + head + tail)."""
    found = Reduced.of(x.at_least(-40.0).at_most(710.0))
    total, rest = fast_two_sum(1.0 - found.inverse_power(), found.head)
    return found.scaled(total + (rest + found.tail)).copysign(x)


def tanh(x: Vector) -> Vector:
    """expm1(2x) / (expm1(2x) + 2), divided by 2**n above and below, in sums of two pieces."""
    found = Reduced.of(abs(x + x).at_most(44.0))
    inverse = power_of_two(1023 + 2046 - found.bits)
    above, above_rest = fast_two_sum(1.0 - inverse, found.head)
    below, lost = fast_two_sum(1.0, inverse)
    below, below_rest = fast_two_sum(below, found.head)
    return joined(quotient(above, above_rest + found.tail, below, (lost + below_rest) + found.tail)).copysign(x)


def sigmoid(x: Vector) -> Vector:
    """min(exp(x), 1) / (1 + exp(-|x|)), as on floats: what 1 - sigmoid(x) has lost of its digits is the same as there."""
    small = exp(-abs(x))
    return (x < 0.0).choose(small, 1.0) / (1.0 + small)


def cosh(x: Vector) -> Vector:
    found = Reduced.of(abs(x).at_most(712.0))
    growing, falling, rest = _both(found)
    return found.scaled(growing + (falling + rest), less=1)


def sinh(x: Vector) -> Vector:
    found = Reduced.of(abs(x).at_most(712.0))
    growing, falling, rest = _both(found)
    square = x * x
    near = fma(x * square, polynomial(square, SINH), x)
    return (abs(x) < 1.0).choose(near, found.scaled(growing - (falling - rest), less=1).copysign(x))


def _both(found: Reduced) -> tuple[Vector, Vector, Vector]:
    """exp(x)·2**-n, exp(-x)·2**-n, and what rounding took from the first."""
    growing, rest = fast_two_sum(1.0, found.head)
    inverse = found.inverse_power()
    return growing, inverse * inverse / growing, rest + found.tail

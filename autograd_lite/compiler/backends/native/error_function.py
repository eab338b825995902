"""The error function and its complement, on vectors of native code.

Source: M. M. Shepherd and J. G. Laframboise, Chebyshev approximation of (1 + 2x)·exp(x²)·erfc(x) in 0 ≤ x < ∞, Mathematics
of Computation 36 (1981), for erfc as exp(-x²) times a polynomial in t = (x - k) / (x + k). The polynomials here are minimax,
by the exchange of Remez with mpmath; that of erfc is the one of `error_function`. Both are within 2 ulp of the truth.
"""

from __future__ import annotations

from autograd_lite.compiler.backends.error_function import COEFFICIENTS, END, PIVOT
from autograd_lite.compiler.backends.native.exponential import Reduced, power_of_two
from autograd_lite.compiler.backends.native.pairs import fast_two_sum, joined, polynomial, quotient, two_product
from autograd_lite.compiler.backends.native.vectors import Vector, fma

__all__ = ["erf", "erfc"]

NEAR = (
    *(0.12837916709551258, -0.3761263890318352, 0.11283791670944185, -0.02686617064311143, 0.0052239776061183026),
    *(-0.0008548325929311471, 0.00012055293576939506, -1.4924712304756816e-05, 1.6447131624733688e-06),
    *(-1.6206314285130832e-07, 1.3710983067766377e-08, -7.779474028167907e-10),
)
"""Of the powers of x² in erf(x) / x - 1 on |x| ≤ 1; the relative error of erf is below 7.4e-18."""

FAR_PIVOT = 3.0
FAR = (
    *(0.1790011511813489, -0.3262335600461234, 0.24560380166325152, -0.1501159362770202, 0.07166585149226291),
    *(-0.024392315366955214, 0.004270421251867082, 0.0007134053676176444, -0.0005805882369387922),
    *(7.708277634754404e-05, 0.00010348729929732215, 1.5384312534685862e-05),
)
"""Of the powers of t in exp(x²)·erfc(x) on 1 ≤ x ≤ 6, t = (x - 3) / (x + 3); the error of erf is below 7e-18."""

FAR_END = 6.0
"""From there on erf is 1 to the last place."""


def erf(x: Vector) -> Vector:
    size = abs(x).at_most(FAR_END)
    square = size * size
    found = Reduced.of(-square)
    small = power_of_two(found.bits - 1023) * (1.0 + found.head)
    far = fma(-small, polynomial((size - FAR_PIVOT) / (size + FAR_PIVOT), FAR), 1.0).copysign(x)
    return (size < 1.0).choose(fma(x, polynomial(square, NEAR), x), far)


def erfc(x: Vector) -> Vector:
    """1 - erf(x) near 0; else exp(-x²)·(a polynomial) / (1 + 2x) with what rounding takes from each, and from x²."""
    size = abs(x).at_most(END)
    square, lost = two_product(size, size)
    found = Reduced.of(-square, -lost)
    small, small_rest = fast_two_sum(1.0, found.head)
    t = (size - PIVOT) / (size + PIVOT)
    factor, factor_rest = fast_two_sum(COEFFICIENTS[0], t * polynomial(t, COEFFICIENTS[1:]))
    product, rest = two_product(small, factor)
    rest = rest + fma(small, factor_rest, (small_rest + found.tail) * factor)
    tail = found.scaled(joined(quotient(product, rest, *fast_two_sum(size + size, size.filled(1.0)))))
    total, lost = fast_two_sum(1.0, -x)
    near = total + fma(-x, polynomial(square, NEAR), lost)
    return (size < 0.5).choose(near, (x < 0.0).choose(2.0 - tail, tail))

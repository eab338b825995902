"""Remainders of division on vectors of native code, exact as in C and in Python.

Where the quotient is below 2**52, its whole part q is right or one too large, and the remainder x - q·y is a float: one
fused product gives it (J.-M. Muller et al., Handbook of Floating-Point Arithmetic, 2nd edition, 2018, chapter 4). Where
it is larger, or an argument is special, the lanes go through LLVM's own remainder, which is the `fmod` of C.
"""

from __future__ import annotations

import math

from autograd_lite.compiler.backends.native.vectors import Vector, fma, where_any

__all__ = ["fmod", "remainder"]


def fmod(x: Vector, y: Vector) -> Vector:
    size, unit = abs(x), abs(y)
    quotient = (size / unit).floor()
    rest = fma(-quotient, unit, size)
    rest = (rest < 0.0).choose(rest + unit, rest).copysign(x)
    special = ~((quotient < 2.0**52) & (unit < math.inf))
    return where_any(special, rest, lambda: Vector(x.builder, x.builder.frem(x.value, y.value)))


def remainder(x: Vector, y: Vector) -> Vector:
    rest = fmod(x, y)
    moved = ((rest < 0.0) & (y > 0.0) | (rest > 0.0) & (y < 0.0)).choose(rest + y, rest)
    return rest.equals(0.0).choose(rest.copysign(y), moved)

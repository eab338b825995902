"""The table's functions on vectors of native code.

Those of single precision are those of doubles, rounded. (Wide vectors of them are left to LLVM, which spreads them over
registers: pieces of one or two registers were slower by measurement.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from llvmlite import ir

from autograd_lite.compiler.backends.native import arcs as arcs
from autograd_lite.compiler.backends.native import error_function as errors
from autograd_lite.compiler.backends.native import exponential as exponential
from autograd_lite.compiler.backends.native import logarithm as logarithm
from autograd_lite.compiler.backends.native import power as power
from autograd_lite.compiler.backends.native import remainder as remainders
from autograd_lite.compiler.backends.native import trigonometric as trigonometric
from autograd_lite.compiler.backends.native.vectors import DOUBLE, Vector, like
from autograd_lite.engine import operations
from autograd_lite.engine.primitive import Primitive

__all__ = ["FORMULAS", "Builder", "vector_function"]

Builder: TypeAlias = Callable[..., ir.Value]
"""Appends the code of a function: takes an IRBuilder and arguments, floats or vectors of one type, and gives the value."""

FORMULAS: dict[Primitive, Callable[..., Vector]] = {
    operations.remainder: remainders.remainder,
    operations.fmod: remainders.fmod,
    operations.exp: exponential.exp,
    operations.expm1: exponential.expm1,
    operations.exp2: exponential.exp2,
    operations.log: logarithm.log,
    operations.log1p: logarithm.log1p,
    operations.log2: logarithm.log2,
    operations.log10: logarithm.log10,
    operations.cbrt: power.cbrt,
    operations.pow: power.pow,
    operations.hypot: power.hypot,
    operations.sin: trigonometric.sin,
    operations.cos: trigonometric.cos,
    operations.tan: trigonometric.tan,
    operations.asin: arcs.asin,
    operations.acos: arcs.acos,
    operations.atan: arcs.atan,
    operations.atan2: arcs.atan2,
    operations.sinh: exponential.sinh,
    operations.cosh: exponential.cosh,
    operations.tanh: exponential.tanh,
    operations.asinh: logarithm.asinh,
    operations.acosh: logarithm.acosh,
    operations.atanh: logarithm.atanh,
    operations.erf: errors.erf,
    operations.erfc: errors.erfc,
    operations.sigmoid: exponential.sigmoid,
    operations.softplus: logarithm.softplus,
}
"""Rows by their formulas; each value is within 2 ulp of the truth, and as on floats where an argument is special."""


def vector_function(row: Primitive) -> Builder | None:
    """What builds the native code of a row's value, or None where there is no formula.

    Arguments:
        row: a row of the table.

    >>> vector_function(operations.exp) is None, vector_function(operations.polygamma) is None
    (False, True)
    """
    formula = FORMULAS.get(row)
    if formula is None:
        return None

    def build(builder: ir.IRBuilder, *args: ir.Value) -> ir.Value:
        kind = args[0].type
        double = like(kind, DOUBLE)
        if kind == double:
            return formula(*(Vector(builder, x) for x in args)).value
        value = formula(*(Vector(builder, builder.fpext(x, double)) for x in args)).value
        return builder.fptrunc(value, kind)

    return build

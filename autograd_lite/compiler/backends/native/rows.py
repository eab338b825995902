"""How the rows of the table are written in native code, on single numbers and on vectors.

Arithmetic, comparisons and choices are written out; elementary functions are those of `functions`. On the same
numbers a row has the value that it has on floats, within 4 ulp.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from autograd_lite.compiler.backends.native.emitter import Emitter
from autograd_lite.compiler.backends.native.functions import vector_function
from autograd_lite.compiler.backends.native.vectors import Vector
from autograd_lite.engine import operations
from autograd_lite.engine.primitive import Primitive

__all__ = ["is_written", "maximum", "minimum", "written"]


def is_written(row: Primitive) -> bool:
    """Whether native code has a row of a fixed number of arguments."""
    return row in WRITTEN or vector_function(row) is not None


def written(e: Emitter, row: Primitive, args: Sequence[ir.Value], constants: Sequence[float | None]) -> ir.Value:
    """The value of a row.

    Arguments:
        args: all of one type.
        constants: of each argument its number, where it is known in advance.
    """
    special = BY_CONSTANT.get((row, constants[-1]))
    if special is not None:
        return special(e, Vector(e.builder, args[0])).value
    if row in WRITTEN:
        found: Vector = WRITTEN[row](e, *[Vector(e.builder, x) for x in args])
        return found.value
    return e.builder.call(_function(e, row, args[0].type), args)


def _function(e: Emitter, row: Primitive, kind: ir.Type) -> ir.Function:
    """A function of the module for a row, on numbers of a type; written when it is first called."""
    module = e.builder.module
    name = f"row.{row.name}.{kind.count if isinstance(kind, ir.VectorType) else 1}"
    if name in module.globals:
        return module.globals[name]
    function = ir.Function(module, ir.FunctionType(kind, [kind] * (row.arity or 1)), name)
    function.linkage = "internal"
    inner = Emitter(function, e.element)
    build = vector_function(row)
    assert build is not None
    inner.builder.ret(build(inner.builder, *function.args))
    return function


# --- written out ---------------------------------------------------------------------------------------------------------


def maximum(e: Emitter, x: Vector, y: Vector) -> Vector:
    """The larger of two, the first of those that tie, and nan if one is nan."""
    return ((x >= y) | x.is_nan()).choose(x, y)


def minimum(e: Emitter, x: Vector, y: Vector) -> Vector:
    """The smaller, as above."""
    return ((x <= y) | x.is_nan()).choose(x, y)


def _intrinsic(name: str) -> Callable[..., Vector]:
    return lambda e, *xs: Vector(e.builder, e.intrinsic(name, *[x.value for x in xs]))


def _xlogy(e: Emitter, x: Vector, y: Vector) -> Vector:
    product = x * Vector(e.builder, written(e, operations.log, [y.value], [None]))
    nothing = x.equals(0.0) & y.equals(y)
    return nothing.choose(0.0, product)


WRITTEN: dict[Primitive, Callable[..., Vector]] = {
    operations.add: lambda e, x, y: x + y,
    operations.subtract: lambda e, x, y: x - y,
    operations.multiply: lambda e, x, y: x * y,
    operations.divide: lambda e, x, y: x / y,
    operations.negative: lambda e, x: -x,
    operations.positive: lambda e, x: x,
    operations.stop_gradient: lambda e, x: x,
    operations.abs: lambda e, x: abs(x),
    operations.sqrt: lambda e, x: x.sqrt(),
    operations.floor: _intrinsic("floor"),
    operations.ceil: _intrinsic("ceil"),
    operations.trunc: _intrinsic("trunc"),
    operations.round: _intrinsic("rint"),
    operations.copysign: lambda e, x, y: x.copysign(y),
    operations.sign: lambda e, x: x.is_nan().choose(x, (x > 0.0).choose(1.0, (x < 0.0).choose(-1.0, abs(x)))),
    operations.step: lambda e, x: (x > 0.0).choose(1.0, x.is_nan().choose(x, 0.0)),
    operations.relu: lambda e, x: (x <= 0.0).choose(0.0, x),
    operations.equal: lambda e, x, y: x.equals(y).choose(1.0, 0.0),
    operations.less: lambda e, x, y: (x < y).choose(1.0, 0.0),
    operations.less_equal: lambda e, x, y: (x <= y).choose(1.0, 0.0),
    operations.where: lambda e, c, x, y: c.equals(0.0).choose(y, x),
    operations.clip: lambda e, x, low, high: minimum(e, maximum(e, x, low), high),
    operations.xlogy: _xlogy,
}
"""Rows by what they are made of."""


def _root(e: Emitter, x: Vector) -> Vector:
    """x to the power ½, which is not the square root at -0 and at -∞."""
    return x.equals(-math.inf).choose(math.inf, x.sqrt() + 0.0)


BY_CONSTANT: dict[tuple[Primitive, float | None], Callable[[Emitter, Vector], Any]] = {
    (operations.pow, 0.0): lambda e, x: x.filled(1.0),
    (operations.pow, 0.5): _root,
    (operations.pow, 1.0): lambda e, x: x,
    (operations.pow, 2.0): lambda e, x: x * x,
    (operations.pow, 3.0): lambda e, x: x * x * x,
    (operations.pow, -1.0): lambda e, x: 1.0 / x,
}
"""Rows whose last argument is a certain constant."""

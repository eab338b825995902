"""What is left of a huge x when the multiples of π/2 are taken away.

Source: M. H. Payne and R. N. Hanek, Radian reduction for trigonometric functions, SIGNUM Newsletter 18 (1983); J.-M. Muller,
Elementary Functions (3rd edition, 2016), chapter 11. Of the product of x and 2/π, in whole numbers, only the bits around the
point are computed.
"""

from __future__ import annotations

import itertools

from llvmlite import ir

from autograd_lite.compiler.backends.native.pairs import fast_two_sum, two_product, two_sum
from autograd_lite.compiler.backends.native.vectors import DOUBLE, INT64, Bits, Vector, fma, select_where_any

__all__ = ["HALF_PI", "with_huge"]

INT32, INT128 = ir.IntType(32), ir.IntType(128)
REDUCED = ir.LiteralStructType([INT64, DOUBLE, DOUBLE])

HALF_PI = (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33)

TWO_OVER_PI = (
    *(0x0000000000000000, 0xA2F9836E4E441529, 0xFC2757D1F534DDC0, 0xDB6295993C439041, 0xFE5163ABDEBBC561),
    *(0xB7246E3A424DD2E0, 0x06492EEA09D1921C, 0xFE1DEB1CB129A73E, 0xE88235F52EBB4484, 0xE99C7026B45F7E41),
    *(0x3991D639835339F4, 0x9C845F8BBDF9283B, 0x1FF897FFDE05980F, 0xEF2F118B5A0A6D1F, 0x6D367ECF27CB09B7),
    *(0x4F463F669E5FEA2D, 0x7527BAC7EBE5F17B, 0x3D0739F78A5292EA, 0x6BFB5FB11F8D5D08, 0x56033046FC7B6BAB),
)
"""The bits of 2/π behind the point, after 64 zeros."""


def with_huge(x: Vector, bound: float, n: Bits, r: Vector, rest: Vector) -> tuple[Bits, Vector, Vector]:
    """n, r and rest, by another way in the lanes where x is above a bound; no time is lost where there are none.

    Arguments:
        x: not below 0.
        bound: at least 2**23.
        n, r, rest: with x = n·π/2 + r + rest and |r| ≤ π/4, where x is up to the bound; n modulo 4.
    """
    builder, huge = x.builder, x > bound
    found = (n.value, r.value, rest.value)
    values = select_where_any(huge, found, lambda: _each_lane(builder, huge.choose(x, 2.0 * bound).value))
    return Bits(builder, values[0]), Vector(builder, values[1]), Vector(builder, values[2])


def _each_lane(builder: ir.IRBuilder, x: ir.Value) -> list[ir.Value]:
    """n, r and rest of every lane."""
    function = _one_lane(builder.module)
    if not isinstance(x.type, ir.VectorType):
        found = builder.call(function, [x])
        return [builder.extract_value(found, k) for k in range(3)]
    joined = [ir.Constant(ir.VectorType(element, x.type.count), ir.Undefined) for element in REDUCED.elements]
    for lane in range(x.type.count):
        index = ir.Constant(INT32, lane)
        found = builder.call(function, [builder.extract_element(x, index)])
        joined = [builder.insert_element(all_, builder.extract_value(found, k), index) for k, all_ in enumerate(joined)]
    return joined


def _one_lane(module: ir.Module) -> ir.Function:
    """The function that gives n, r and rest of one huge x, made once in a module.

    x is m·2**p with a whole m below 2**53. Of the bits of 2/π, those before place p - 1 make multiples of 4 of n, and
    the 192 that follow are enough: no float is so near to a multiple of π/2 that more than 64 bits of r would be lost.
    """
    name = "ag.reduced_huge"
    if name in module.globals:
        return module.globals[name]
    function = ir.Function(module, ir.FunctionType(REDUCED, [DOUBLE]), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    function.attributes.add("optnone")  # huge angles are rare: the time to compile counts
    builder = ir.IRBuilder(function.append_basic_block())
    x = Vector(builder, function.args[0])
    mantissa = (x.bits() & (2**52 - 1)) | 2**52
    n, fraction = _quarters(builder, mantissa.value, _window(builder, (x.bits() >> 52) - (1075 + 2 - 64)))
    # Pieces of 32 bits are floats without rounding; the first has the sign.
    pieces = [builder.trunc(builder.lshr(fraction, _wide(96 - 32 * k)), INT32) for k in range(4)]
    floats = [Vector(builder, (builder.uitofp if k else builder.sitofp)(pieces[k], DOUBLE)) for k in range(4)]
    first, second, third, fourth = (part * 2.0 ** (-32 * (k + 1)) for k, part in enumerate(floats))
    head, lost = two_sum(first, second)
    head, tail = fast_two_sum(head, lost + (third + fourth))
    r, rest = two_product(head, x.filled(HALF_PI[0]))
    rest = fma(head, HALF_PI[1], fma(tail, HALF_PI[0], rest))
    values = (n, (r + (x - x)).value, rest.value)  # x - x is nan where x is infinite
    found = ir.Constant(REDUCED, ir.Undefined)
    for k, value in enumerate(values):
        found = builder.insert_value(found, value, k)
    builder.ret(found)
    return function


def _window(builder: ir.IRBuilder, place: Bits) -> list[ir.Value]:
    """192 of the bits of 2/π, from a place on, in three words."""
    module = builder.module
    kind = ir.ArrayType(INT64, len(TWO_OVER_PI))
    table = ir.GlobalVariable(module, kind, "ag.two_over_pi")
    table.linkage, table.global_constant, table.initializer = "internal", True, ir.Constant(kind, TWO_OVER_PI)
    word, shift = (place >> 6).value, (place & 63).value
    places = [builder.add(word, ir.Constant(INT64, k)) for k in range(4)]
    words = [builder.load(builder.gep(table, [ir.Constant(INT64, 0), at], inbounds=True)) for at in places]
    name = "llvm.fshl.i64"
    moved = module.globals.get(name) or ir.Function(module, ir.FunctionType(INT64, [INT64] * 3), name)
    return [builder.call(moved, [high, low, shift]) for high, low in itertools.pairwise(words)]


def _quarters(builder: ir.IRBuilder, mantissa: ir.Value, window: list[ir.Value]) -> tuple[ir.Value, ir.Value]:
    """The nearest whole number to a product that is given modulo 4, and what is left, in units of 2**-128 from -½ to ½."""
    wide = _widened(builder, mantissa)
    first, second, third = (builder.mul(wide, _widened(builder, word)) for word in window)
    product = builder.add(builder.add(builder.shl(first, _wide(64)), second), builder.lshr(third, _wide(64)))
    n = builder.lshr(builder.add(product, _wide(2**125)), _wide(126))
    return builder.trunc(n, INT64), builder.shl(product, _wide(2))


def _wide(value: int) -> ir.Constant:
    return ir.Constant(INT128, value)


def _widened(builder: ir.IRBuilder, value: ir.Value) -> ir.Value:
    return builder.zext(value, INT128)

"""Arithmetic on the vectors of native code, written as formulas.

A `Vector` stands for a value that the code will have; each operator appends one instruction. What is computed for one lane
never depends on another lane, nor on how many there are. Nothing is contracted but where a formula calls `fma`.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from llvmlite import ir

__all__ = ["Bits", "Mask", "Term", "Vector", "fma", "select_where_any", "where_any"]

DOUBLE, FLOAT, INT64, BOOL = ir.DoubleType(), ir.FloatType(), ir.IntType(64), ir.IntType(1)
SIGN = 1 << 63


@lru_cache
def like(shape: ir.Type, element: ir.Type) -> ir.Type:
    """The type of as many lanes as another has."""
    return ir.VectorType(element, shape.count) if isinstance(shape, ir.VectorType) else element


def element_of(kind: ir.Type) -> ir.Type:
    """What a vector has in a lane; what is no vector is that itself."""
    return kind.element if isinstance(kind, ir.VectorType) else kind


def spelled(x: float, element: ir.Type) -> str:
    """A constant as the language of LLVM spells it: the bits of a double, rounded before where floats are shorter."""
    rounded = ctypes.c_float(x).value if element == FLOAT else x
    return f"0x{struct.unpack('<Q', struct.pack('<d', rounded))[0]:016X}"


class Literal(ir.Constant):  # type: ignore[misc]  # llvmlite ships no types
    """A constant as the language of LLVM spells it; one of many lanes in one word."""

    def __init__(self, kind: ir.Type, element: ir.Type, text: str) -> None:
        self.type = kind
        self.constant = f"splat ({element} {text})" if isinstance(kind, ir.VectorType) else text

    def _get_reference(self) -> str:
        return self.constant


def intrinsic(builder: ir.IRBuilder, name: str, *args: ir.Value) -> ir.Value:
    """A call of `llvm.name`, whose arguments and value have one type."""
    kind = args[0].type
    lanes = f"v{kind.count}" if isinstance(kind, ir.VectorType) else ""
    full = f"llvm.{name}.{lanes}{'f32' if element_of(kind) == FLOAT else 'f64'}"
    module = builder.module
    function = module.globals.get(full) or ir.Function(module, ir.FunctionType(kind, [kind] * len(args)), full)
    return builder.call(function, args)


@dataclass(frozen=True)
class Lanes:
    """What the kinds of lanes have in common: a value, and where the code that makes it is built."""

    builder: ir.IRBuilder
    value: ir.Value

    def constant(self, element: ir.Type, text: str) -> ir.Value:
        """One number in every lane."""
        return Literal(like(self.value.type, element), element, text)


@dataclass(frozen=True)
class Mask(Lanes):
    """Truths, and the type of the floats that they choose from."""

    element: ir.Type = DOUBLE

    def __and__(self, other: Mask) -> Mask:
        return Mask(self.builder, self.builder.and_(self.value, other.value), self.element)

    def __or__(self, other: Mask) -> Mask:
        return Mask(self.builder, self.builder.or_(self.value, other.value), self.element)

    def __invert__(self) -> Mask:
        return Mask(self.builder, self.builder.not_(self.value), self.element)

    def choose(self, x: Term, y: Term) -> Vector:
        """x where it is true, else y."""
        return Vector(self.builder, self.builder.select(self.value, number(self, x), number(self, y)))

    def any(self) -> ir.Value:
        """Whether it is true in some lane."""
        kind = self.value.type
        if not isinstance(kind, ir.VectorType):
            return self.value
        width = ir.IntType(kind.count)
        return self.builder.icmp_unsigned("!=", self.builder.bitcast(self.value, width), ir.Constant(width, 0))


@dataclass(frozen=True)
class Bits(Lanes):
    """Whole numbers modulo 2**64: the bits of floats."""

    def _operand(self, other: Bits | int) -> ir.Value:
        if isinstance(other, Bits):
            return other.value
        return self.constant(INT64, str(other % 2**64 - 2**64 * (other % 2**64 >= SIGN)))

    def __add__(self, other: Bits | int) -> Bits:
        return Bits(self.builder, self.builder.add(self.value, self._operand(other)))

    def __sub__(self, other: Bits | int) -> Bits:
        return Bits(self.builder, self.builder.sub(self.value, self._operand(other)))

    def __rsub__(self, other: int) -> Bits:
        return Bits(self.builder, self.builder.sub(self._operand(other), self.value))

    def __and__(self, other: Bits | int) -> Bits:
        return Bits(self.builder, self.builder.and_(self.value, self._operand(other)))

    def __or__(self, other: Bits | int) -> Bits:
        return Bits(self.builder, self.builder.or_(self.value, self._operand(other)))

    def __xor__(self, other: Bits | int) -> Bits:
        return Bits(self.builder, self.builder.xor(self.value, self._operand(other)))

    def __lshift__(self, places: int) -> Bits:
        return Bits(self.builder, self.builder.shl(self.value, self._operand(places)))

    def __rshift__(self, places: int) -> Bits:
        return Bits(self.builder, self.builder.lshr(self.value, self._operand(places)))

    def is_nonzero(self) -> Mask:
        return Mask(self.builder, self.builder.icmp_unsigned("!=", self.value, self._operand(0)))

    def float(self) -> Vector:
        """The floats that have these bits."""
        return Vector(self.builder, self.builder.bitcast(self.value, like(self.value.type, DOUBLE)))


@dataclass(frozen=True, eq=False)
class Vector(Lanes):
    """Floats. Comparisons are false where an operand is nan, but for `!=`."""

    @property
    def element(self) -> ir.Type:
        """Their type."""
        return element_of(self.value.type)

    def __add__(self, other: Term) -> Vector:
        return Vector(self.builder, self.builder.fadd(self.value, number(self, other)))

    def __sub__(self, other: Term) -> Vector:
        return Vector(self.builder, self.builder.fsub(self.value, number(self, other)))

    def __mul__(self, other: Term) -> Vector:
        return Vector(self.builder, self.builder.fmul(self.value, number(self, other)))

    def __truediv__(self, other: Term) -> Vector:
        return Vector(self.builder, self.builder.fdiv(self.value, number(self, other)))

    def __radd__(self, other: float) -> Vector:
        return Vector(self.builder, self.builder.fadd(number(self, other), self.value))

    def __rsub__(self, other: float) -> Vector:
        return Vector(self.builder, self.builder.fsub(number(self, other), self.value))

    def __rmul__(self, other: float) -> Vector:
        return Vector(self.builder, self.builder.fmul(number(self, other), self.value))

    def __rtruediv__(self, other: float) -> Vector:
        return Vector(self.builder, self.builder.fdiv(number(self, other), self.value))

    def __neg__(self) -> Vector:
        return Vector(self.builder, self.builder.fneg(self.value))

    def _compare(self, sign: str, other: Term) -> Mask:
        return Mask(self.builder, self.builder.fcmp_ordered(sign, self.value, number(self, other)), self.element)

    def __lt__(self, other: Term) -> Mask:
        return self._compare("<", other)

    def __le__(self, other: Term) -> Mask:
        return self._compare("<=", other)

    def __gt__(self, other: Term) -> Mask:
        return self._compare(">", other)

    def __ge__(self, other: Term) -> Mask:
        return self._compare(">=", other)

    def equals(self, other: Term) -> Mask:
        return self._compare("==", other)

    def is_nan(self) -> Mask:
        return Mask(self.builder, self.builder.fcmp_unordered("uno", self.value, self.value), self.element)

    def __abs__(self) -> Vector:
        return Vector(self.builder, intrinsic(self.builder, "fabs", self.value))

    def floor(self) -> Vector:
        return Vector(self.builder, intrinsic(self.builder, "floor", self.value))

    def sqrt(self) -> Vector:
        return Vector(self.builder, intrinsic(self.builder, "sqrt", self.value))

    def copysign(self, sign: Vector) -> Vector:
        """Its size, with the sign of another."""
        return Vector(self.builder, intrinsic(self.builder, "copysign", self.value, sign.value))

    def at_most(self, bound: float) -> Vector:
        """The smaller one; nan stays nan."""
        return (self > bound).choose(bound, self)

    def at_least(self, bound: float) -> Vector:
        """The larger one; nan stays nan."""
        return (self < bound).choose(bound, self)

    def filled(self, x: float) -> Vector:
        """One number in as many lanes."""
        return Vector(self.builder, number(self, x))

    def bits(self) -> Bits:
        return Bits(self.builder, self.builder.bitcast(self.value, like(self.value.type, INT64)))


Term: TypeAlias = Vector | float


def number(lanes: Mask | Vector, term: Term) -> ir.Value:
    """The value of an operand."""
    return term.value if isinstance(term, Vector) else lanes.constant(lanes.element, spelled(term, lanes.element))


def fma(x: Vector, y: Term, z: Term) -> Vector:
    """x·y + z, rounded once."""
    return Vector(x.builder, intrinsic(x.builder, "fma", x.value, number(x, y), number(x, z)))


def where_any(mask: Mask, found: Vector, repaired: Callable[[], Vector]) -> Vector:
    """What was found, by another formula in the lanes of a mask; no time is lost where there are none."""
    (value,) = select_where_any(mask, [found.value], lambda: [repaired().value])
    return Vector(found.builder, value)


def select_where_any(mask: Mask, found: Sequence[ir.Value], repaired: Callable[[], Sequence[ir.Value]]) -> list[ir.Value]:
    """Several values, in the lanes of a mask replaced by others, whose code is jumped over where there are none."""
    builder, before = mask.builder, mask.builder.block
    with builder.if_then(mask.any(), likely=False):
        chosen = [builder.select(mask.value, new, old) for new, old in zip(repaired(), found, strict=True)]
        after = builder.block
    joined = [builder.phi(value.type) for value in found]
    for phi, old, new in zip(joined, found, chosen, strict=True):
        phi.add_incoming(old, before)
        phi.add_incoming(new, after)
    return joined

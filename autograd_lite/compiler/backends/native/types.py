"""The types of native code, and the constants that it is full of."""

from __future__ import annotations

from functools import lru_cache

from llvmlite import ir

from autograd_lite.compiler.backends.native.vectors import DOUBLE, FLOAT, element_of

__all__ = ["DOUBLE", "ELEMENTS", "FLOAT", "I1", "I64", "POINTER", "VOID"]
__all__ += ["alignment", "constant", "places_of", "vector_of", "width_of"]

I64, I1, VOID, POINTER = ir.IntType(64), ir.IntType(1), ir.VoidType(), ir.PointerType()

ELEMENTS = {"float64": DOUBLE, "float32": FLOAT}
"""The types of the numbers of a plan, by their names in numpy."""


@lru_cache
def vector_of(element: ir.Type, width: int) -> ir.Type:
    """So many elements; one of them is no vector."""
    return ir.VectorType(element, width) if width > 1 else element


@lru_cache(1000)
def constant(x: int, bits: int = 64) -> ir.Value:
    """A whole number; one that is met again and again is spelled once."""
    return ir.Constant(ir.IntType(bits), x)


@lru_cache(1000)
def places_of(places: tuple[int, ...]) -> ir.Value:
    """Lanes by their numbers."""
    return ir.Constant(ir.VectorType(ir.IntType(32), len(places)), [constant(k, 32) for k in places])


def width_of(kind: ir.Type) -> int:
    return kind.count if isinstance(kind, ir.VectorType) else 1


def alignment(kind: ir.Type) -> int:
    """Bytes: a vector may begin at any of its numbers."""
    return 4 if element_of(kind) == FLOAT else 8

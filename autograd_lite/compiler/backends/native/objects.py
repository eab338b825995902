"""Python's own objects as native code sees them: floats, tuples, arrays of numpy, and the functions that make them.

Where the fields of an object stand is looked up once, on objects at hand; an interpreter that has them elsewhere (one
without a global lock, say) is called in the ordinary way.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir

from autograd_lite.compiler.backends.native.emitter import DOUBLE, I64, POINTER, VOID, Emitter

__all__ = ["DEFINITION", "Objects", "builtin", "fields_are_known"]

TYPE, VALUE = 8, 16
"""Where an object has its type, and a float its number."""

SIZE, ITEMS = 16, 24
"""Where a tuple has its length and its items."""

DATA, DIMENSIONS, SHAPE, STRIDES, KIND, FLAGS = 16, 24, 32, 40, 56, 64
"""Where an array has its numbers, how many dimensions it has, their lengths and strides, its type of numbers, its flags."""

SIDE_BY_SIDE, ALIGNED = 1, 0x100
"""Flags of an array."""

FUNCTIONS: dict[str, tuple[ir.Type, ...]] = {
    "PyFloat_FromDouble": (POINTER, DOUBLE),
    "PyTuple_New": (POINTER, I64),
    "PyTuple_SetItem": (ir.IntType(32), POINTER, I64, POINTER),
    "PyList_New": (POINTER, I64),
    "PyList_SetItem": (ir.IntType(32), POINTER, I64, POINTER),
    "PyObject_CallNoArgs": (POINTER, POINTER),
    "PyObject_GetAttr": (POINTER, POINTER, POINTER),
    "Py_IncRef": (VOID, POINTER),
    "Py_DecRef": (VOID, POINTER),
    "PyErr_Clear": (VOID,),
    "PyEval_SaveThread": (POINTER,),
    "PyEval_RestoreThread": (VOID, POINTER),
}
"""What is called of Python's interface for C: the type of what it returns, and those of its arguments."""

DEFINITION = 4
"""Words of what Python calls a PyMethodDef: a name, the code, flags, and a text for people."""

NAME = ctypes.c_char_p(b"call")

ONE_ARGUMENT = 8
"""The flag METH_O of a function that is given one object."""


@cache
def fields_are_known() -> bool:
    """Whether floats, tuples and arrays have their fields where this module says, in this interpreter.

    Elsewhere than in CPython the id of an object need not be its address. Without a global lock (the flag t: Python's
    documentation, "Python support for free threading") arguments could change while they are looked at.
    """
    import llvmlite.binding as llvm

    if sys.implementation.name != "cpython" or "t" in getattr(sys, "abiflags", "") or sys.byteorder != "little":
        return False
    if ctypes.sizeof(ctypes.c_void_p) != 8:
        return False
    word, number, short = ctypes.c_int64.from_address, ctypes.c_double.from_address, ctypes.c_int32.from_address
    x, pair, array = 0.375, (0.5, 0.625), np.zeros((3, 5))[:, ::2]
    at = id(array)
    found = [
        (word(id(x) + TYPE).value, id(float)),
        (number(id(x) + VALUE).value, x),
        (word(id(pair) + SIZE).value, 2),
        (word(id(pair) + ITEMS + 8).value, id(pair[1])),
        (word(at + TYPE).value, id(np.ndarray)),
        (word(at + DATA).value, array.ctypes.data),
        (short(at + DIMENSIONS).value, 2),
    ]
    if any(here != wanted for here, wanted in found):
        return False
    lengths, strides = word(at + SHAPE).value, word(at + STRIDES).value
    found = [(word(lengths + 8 * k).value, n) for k, n in enumerate(array.shape)]
    found += [(word(strides + 8 * k).value, n) for k, n in enumerate(array.strides)]
    found += [(word(at + KIND).value, id(np.dtype(float))), (short(at + FLAGS).value & (SIDE_BY_SIDE | ALIGNED), ALIGNED)]
    if any(here != wanted for here, wanted in found):
        return False
    for name in FUNCTIONS:
        address = ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value
        llvm.add_symbol(name, address)
    return True


def builtin(address: int, own: Any) -> Any:
    """A function of Python made of machine code.

    Arguments:
        address: of a function of two objects, `own` and the argument.
        own: an array of whole numbers, the last DEFINITION of which are left for what Python looks up when the function is
            called and when it dies: there it outlives the function, in whatever order the collector takes things apart.
    """
    definition = own[-DEFINITION:]
    definition[:] = [ctypes.cast(NAME, ctypes.c_void_p).value, address, ONE_ARGUMENT, 0]
    make = ctypes.pythonapi.PyCFunction_NewEx
    make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
    return make(definition.ctypes.data, own, None)


class Objects:
    """Writes what is done with objects.

    Arguments:
        missed: where the code goes with an object that it is not made for.
        failed: where it goes when Python has raised an error.
    """

    def __init__(self, e: Emitter, missed: ir.Block, failed: ir.Block) -> None:
        self.e, self.missed, self.failed = e, missed, failed

    def field(self, item: ir.Value, offset: int, kind: ir.Type = I64) -> ir.Value:
        """A field of an object, or what stands so many bytes on."""
        place = self.e.builder.gep(item, [ir.Constant(I64, offset)], source_etype=ir.IntType(8))
        return self.e.builder.load(place, typ=kind)

    def call(self, name: str, *args: ir.Value) -> ir.Value:
        """A call of Python's interface for C."""
        kind, *types = FUNCTIONS[name]
        return self.e.builder.call(self.e.declared(name, kind, *types), args)

    def refuse_unless(self, truth: ir.Value) -> None:
        """Leaves where something is not true."""
        builder = self.e.builder
        block = builder.append_basic_block("so")
        builder.cbranch(truth, block, self.missed)
        builder.position_at_end(block)

    def refuse_others(self, x: ir.Value, y: ir.Value) -> None:
        """Leaves where two words differ."""
        self.refuse_unless(self.e.builder.icmp_unsigned("==", x, y))

    def refuse_changed(self, item: ir.Value, name: ir.Value, wanted: ir.Value) -> None:
        """Leaves where an attribute of an object is another object than it was."""
        builder = self.e.builder
        found = self.call("PyObject_GetAttr", item, name)
        missing, there = builder.append_basic_block("missing"), builder.append_basic_block("there")
        nothing = ir.Constant(POINTER, None)
        builder.cbranch(builder.icmp_unsigned("==", found, nothing), missing, there)
        builder.position_at_end(missing)
        self.call("PyErr_Clear")
        builder.branch(self.missed)
        builder.position_at_end(there)
        self.call("Py_DecRef", found)
        self.refuse_others(found, wanted)

    def made(self, item: ir.Value) -> ir.Value:
        """A new object, if Python has made one."""
        builder = self.e.builder
        there = builder.append_basic_block("made")
        builder.cbranch(builder.icmp_unsigned("==", item, ir.Constant(POINTER, None)), self.failed, there)
        builder.position_at_end(there)
        return item

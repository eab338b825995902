"""Python's own objects as native code sees them: where the fields of floats, tuples and arrays of numpy stand.

That is looked up once, on objects at hand; an interpreter that has them elsewhere (one without a global lock, say) is called
in the ordinary way.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

import numpy as np

__all__ = ["DEFINITION", "builtin", "fields_are_known"]

TYPE, VALUE = 8, 16
"""Where an object has its type, and a float its number."""

SIZE, ITEMS = 16, 24
"""Where a tuple has its length and its items."""

DATA, DIMENSIONS, SHAPE, STRIDES, KIND, FLAGS = 16, 24, 32, 40, 56, 64
"""Where an array has its numbers, how many dimensions it has, their lengths and strides, its type of numbers, its flags."""

SIDE_BY_SIDE, ALIGNED = 1, 0x100
"""Flags of an array."""

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
    return all(here == wanted for here, wanted in found)


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

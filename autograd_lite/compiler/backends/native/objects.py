"""What native code does with Python's objects: it reads their fields, and calls the functions that make them."""

from __future__ import annotations

from llvmlite import ir

from autograd_lite.compiler.backends.native.emitter import DOUBLE, I64, POINTER, VOID, Emitter

__all__ = ["Objects"]

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

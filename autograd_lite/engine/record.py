"""How an operation becomes a node: functions and methods, made once for each row of the table.

They hold in their closures what can be looked up beforehand, and write the node's slots by themselves: a generic call
for each operation, which asks what it was given, takes longer than the operation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from autograd_lite.engine import state
from autograd_lite.engine.node import Node
from autograd_lite.engine.primitive import Primitive, Scalar, number

__all__ = ["binary", "named", "record", "reflected", "unary", "with_other"]

N = TypeVar("N", bound=Node)

_new = object.__new__

REFUSED = (str, bytes, bytearray, complex, list, tuple, dict, set, frozenset, type(None))
"""Operands that can only be a slip; other strangers may know themselves what to do with a Value."""


def record(kind: type[N], op: Primitive, args: tuple[Scalar, ...]) -> N:
    """The node of an operation on any arguments, whatever modes are on."""
    if state.watch:
        state.refresh()
        tracer = state.tracing()
        if tracer is not None:
            traced: N = tracer.record(op, args)
            return traced
    try:
        numbers = [arg if type(arg) is float else arg._number for arg in args]
    except AttributeError:  # an int, one of numpy's scalars, or what is no number at all
        args = tuple([arg if isinstance(arg, Node) else number(arg, op.name) for arg in args])
        numbers = [arg if type(arg) is float else arg._number for arg in args]
    node = _new(kind)
    node.grad = node.label = node._scope = None
    node._birth = state.epoch
    node._number = op.evaluate(numbers) if op.arity is None else op.evaluate(*numbers)
    node._op = op
    node._x, node._y = (args[0], None) if op.arity == 1 else args if op.arity == 2 else (args, None)
    if state.watch:
        state.made(node)
        if not state.is_recording():
            node._op = node._x = node._y = None
    return node


def unary(op: Primitive) -> Callable[[Any], Any]:
    """The function of a unary operation, for numbers and nodes alike; it serves as a method too."""
    evaluate = op.evaluate

    def function(x: Any) -> Any:
        if type(x) is float:
            return evaluate(x)
        if state.watch:
            return op(x)
        try:
            number = evaluate(x._number)
        except AttributeError:  # an int, one of numpy's scalars, or what is no number at all
            return op(x)
        node = _new(type(x))
        node._number = number
        node._op = op
        node._x = x
        node._y = node.grad = node.label = node._scope = None
        node._birth = state.epoch
        return node

    return named(function, op.name, str(op.__doc__))


def binary(op: Primitive, name: str) -> Callable[[Any, Any], Any]:
    """The method of a binary operation."""
    evaluate = op.evaluate

    def method(x: N, y: Any) -> Any:
        kind = type(y)
        if state.watch:
            return with_other(op, x, y, turned=False)
        if kind is type(x):
            b = y._number
        elif kind is float:
            b = y
        elif kind is int:
            b = y = float(y)
        else:
            return with_other(op, x, y, turned=False)
        node = _new(type(x))
        node._number = evaluate(x._number, b)
        node._op = op
        node._x = x
        node._y = y
        node._birth = state.epoch
        node.grad = node.label = node._scope = None
        return node

    return named(method, name, op.doc)


def reflected(op: Primitive, name: str) -> Callable[[Any, Any], Any]:
    """The method for a number on the left, which Python calls with the operands turned round."""
    evaluate = op.evaluate

    def method(y: N, x: Any) -> Any:
        if state.watch or (type(x) is not float and type(x) is not int):
            return with_other(op, y, x, turned=True)
        x = float(x)
        node = _new(type(y))
        node._number = evaluate(x, y._number)
        node._op = op
        node._x = x
        node._y = y
        node._birth = state.epoch
        node.grad = node.label = node._scope = None
        return node

    return named(method, name, op.doc)


def with_other(op: Primitive, node: Node, other: Any, *, turned: bool) -> Any:
    """A binary operation off the fast path: under some mode, or with a stranger.

    Returns:
        NotImplemented where the stranger may know what to do with a Value: numpy's arrays go through their elements.

    Raises:
        TypeError: for operands that can only be a slip, such as a string.
    """
    if type(other) is not float and not isinstance(other, Node):
        if hasattr(other, "__array_ufunc__") or not (isinstance(other, REFUSED) or hasattr(other, "__float__")):
            return NotImplemented
        other = number(other, f"'{op.symbol}' with a Value")
    return node.apply(op, (other, node) if turned else (node, other))


def named(method: Callable[..., Any], name: str, doc: str) -> Callable[..., Any]:
    """A function under the name and with the sentence that help() shows, and where pickle finds it."""
    method.__module__ = "autograd_lite"
    method.__name__ = method.__qualname__ = name
    method.__doc__ = doc
    return method

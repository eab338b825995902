"""The record of a node: a number, the operation that made it, and the arguments of that operation. Nothing else.

No closures: a closure in every node makes a reference cycle, and leaves the collector to find what counting could free.
"""

from __future__ import annotations

from typing import Any

from autograd_lite.engine.primitive import Operand, Primitive, Scalar

__all__ = ["Node"]


class Node(Operand):
    """A vertex of the computational graph; `Value` adds the arithmetic.

    The slots that only the engine touches:
        _number: the number.
        _op: the row of the table that made the node; None for a leaf.
        _x, _y: the arguments of a unary or binary operation; of any other the tuple of all arguments, in _x. An argument is
            a Node, or a float for a constant. A leaf that belongs to a module keeps here where its number lives: the
            buffer and the position in it.
        _birth: the epoch in which the node was made or, if it is a leaf, last written.
        _scope: which part of a program made the node (see `scope.marks`); None of most.
    """

    __slots__ = ("_birth", "_number", "_op", "_scope", "_x", "_y", "grad", "label")

    _number: float
    _op: Primitive | None
    _x: Any
    _y: Any
    _birth: int
    _scope: Any
    grad: Scalar | None
    label: str | None

    @property
    def op(self) -> Primitive | None:
        """The operation that made this node; None for a leaf."""
        return self._op

    @property
    def args(self) -> tuple[Scalar, ...]:
        """The arguments in order, nodes and constants; empty for a leaf. `x * x` has two."""
        if self._op is None:
            return ()
        arity = self._op.arity
        if arity == 1:
            return (self._x,)
        if arity == 2:
            return (self._x, self._y)
        args: tuple[Scalar, ...] = self._x
        return args

    @property
    def numbers(self) -> list[float]:
        """The numbers of the arguments, in order."""
        return [arg if type(arg) is float else arg._number for arg in self.args]

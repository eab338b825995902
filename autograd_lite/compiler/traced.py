"""Traced: a Value whose number cannot be read, since it stands for the numbers of all calls."""

from __future__ import annotations

from typing import Any, NoReturn

from autograd_lite.compiler.program import Axes
from autograd_lite.engine.primitive import Primitive, Scalar
from autograd_lite.engine.value import Value

__all__ = ["Traced", "TracingError", "UntraceableError", "escapes"]


class TracingError(TypeError):
    """Something was done with a traced value that needs its number."""


class UntraceableError(Exception):
    """A way through the function cannot be traced: it is left to the function itself, which may never take it."""


def escapes(what: str, instead: str) -> NoReturn:
    """Raises the error that names a way out."""
    raise TracingError(f"{what} inside a function that is being compiled would let a number escape unseen: {instead}")


class Traced(Value):
    """A Value of one run of a traced function.

    Attributes:
        tracer: the run it belongs to.
        place: its place in the program.
        axes, over: over which axes it varies, and which it reduces.
    """

    __slots__ = ("axes", "over", "place", "tracer")

    tracer: Any
    place: int
    axes: Axes
    over: Axes

    def apply(self, op: Primitive, args: tuple[Scalar, ...]) -> Scalar:
        return self.tracer.record(op, args)

    @property
    def data(self) -> float:
        escapes(".data", "compute with the value itself, and return it from the function")

    @data.setter
    def data(self, data: Any) -> None:
        escapes("writing .data", "return the new number, and write it outside")

    @property
    def numbers(self) -> list[float]:
        escapes("the numbers of a graph", "look at the graph of the function outside of jit")

    def backward(self, gradient: Any = 1.0, *, create_graph: bool = False) -> None:
        escapes(".backward()", "use ag.grad, ag.value_and_grad or ag.gradients, which return derivatives")

    def detach(self) -> Value:
        escapes(".detach()", "use ag.stop_gradient(value)")

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        escapes("== and !=", "use ag.equal(x, y), which gives 1 or 0")

    __hash__ = Value.__hash__

    def __bool__(self) -> bool:
        truth: bool = self.tracer.decide(self)
        return truth

    @property
    def grad(self) -> Any:
        escapes(".grad", "use ag.grad or ag.gradients, which return derivatives")

    @grad.setter
    def grad(self, grad: Any) -> None:
        escapes("writing .grad", "use ag.grad or ag.gradients, which return derivatives")

    def __float__(self) -> NoReturn:
        escapes("float(), or a function of math", "use this library's functions, ag.sin in place of math.sin")

    def __int__(self) -> NoReturn:
        escapes("int()", "use ag.floor or ag.round, or make the argument a static one by static_argnums")

    def __index__(self) -> int:
        escapes("indexing by a value", "use ag.pick(sequence, i) for an element whose place is computed")

    def __repr__(self) -> str:
        return f"Traced(%{self.place})"

    def __format__(self, specification: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        escapes("pickling", "return the value instead")

    def __deepcopy__(self, memo: Any) -> NoReturn:
        escapes("copying", "return the value instead")

"""Value: a number that remembers how it was made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any, NoReturn, TypeAlias, overload

from autograd_lite.engine import activations, copying, functions, operations, sequences, state
from autograd_lite.engine.condition import Condition
from autograd_lite.engine.node import Node
from autograd_lite.engine.primitive import Primitive, Scalar, number
from autograd_lite.engine.record import binary, named, record, reflected, unary
from autograd_lite.engine.sweep import reverse, topological
from autograd_lite.engine.sweep_graph import reverse_graph

__all__ = ["Value", "gradients"]

Number: TypeAlias = "Value | float"


def _compared(op: Primitive, name: str, *, turned: bool = False) -> Callable[[Any, Any], Condition]:
    compare = reflected(op, name) if turned else binary(op, name)

    def method(x: Value, y: Any) -> Any:
        node = compare(x, y)
        return node if node is NotImplemented else Condition(node)

    return named(method, name, op.doc)


def _refused(name: str) -> Callable[[Any], NoReturn]:
    def method(x: Value) -> NoReturn:
        raise TypeError(
            f"{name} of a Value would lose its derivative: use value.data for the number, ag.sin(value), ag.exp(value) … in "
            "place of math.sin, math.exp …, and ag.floor, ag.trunc or ag.round for whole numbers"
        )

    return named(method, name, "Raises a TypeError that names what to use instead.")


class Value(Node):
    """A number that remembers how it was made.

    Arguments:
        data: a real number.
        label: a name for pictures and messages.

    Attributes:
        data: the number, a float. A leaf's can be written; graphs made from its old number then refuse `backward()`.
        grad: the derivative that `backward()` of some output left here, or None if none did. A leaf's adds up over several
            calls, as mini-batches want it; an inner node's is set anew. It can be written.
        op, args: the operation that made the value and its arguments; None and () for a leaf.
        label: the name, or None.

    Raises:
        TypeError: if data is not a real number.

    >>> x = Value(3.0)
    >>> y = x * x + 2.0 * x
    >>> y.backward()
    >>> y.data, x.grad
    (15.0, 8.0)
    """

    __slots__ = ("__weakref__",)  # so that what is kept beside nodes does not keep them alive

    def __init__(self, data: Any, label: str | None = None) -> None:
        self._number = number(data, "Value()")
        self._op = self._x = self._y = self.grad = None
        self._scope = state.scope() if state.watch else None
        self.label, self._birth = label, state.epoch

    @property
    def data(self) -> float:
        """The number."""
        if state.watch:
            state.reading(self)
        return self._number

    @data.setter
    def data(self, data: Any) -> None:
        if self._op is not None:
            raise AttributeError(
                f"this Value is the result of '{self._op.symbol}'; only the number of a leaf can be written: write the leaf "
                "and compute again, or start anew from value.detach()"
            )
        state.reading(self)
        self._number = number(data, "Value.data =")
        if self._x is not None:
            self._x.numbers[self._y] = self._number
        self._birth = state.advance()

    # --- derivatives -----------------------------------------------------------------------------------------------------

    def backward(self, gradient: Number = 1.0, *, create_graph: bool = False) -> None:
        """Computes the derivative of this value with respect to every node that it depends on.

        Adds to `.grad` of leaves and sets `.grad` of inner nodes. A node that is reached but inactive, behind a dead relu
        say, gets 0. Adding to one leaf from several threads at once is a race.

        Arguments:
            gradient: the derivative of some further result with respect to this value, multiplied into all.
            create_graph: makes every `.grad` a Value that can be differentiated again. A leaf and its `.grad` then refer
                to each other, which only Python's cyclic collector frees; `gradients` avoids that.

        Raises:
            RuntimeError: if a leaf was written since this value was computed.
        """
        adjoint: Any
        if create_graph:
            order = topological(self)
            graph = reverse_graph(self, order, gradient)
            adjoint = {node: _as_value(graph.get(node, 0.0)) for node in order}
        else:
            adjoint = reverse(self, number(gradient, "backward(gradient)"))
        for node, derivative in adjoint.items():
            found = 0.0 if derivative is None else derivative
            node.grad = found if node._op is not None or node.grad is None else node.grad + found

    def zero_grad(self) -> None:
        """Forgets the derivative: sets `.grad` to None."""
        self.grad = None

    def detach(self) -> Value:
        """A new leaf with the same number and no past."""
        return Value(self.data)

    def apply(self, op: Primitive, args: tuple[Scalar, ...]) -> Scalar:
        """The result of an operation on arguments of which this is one."""
        return record(Value, op, args)

    # --- operators -------------------------------------------------------------------------------------------------------

    __add__ = binary(operations.add, "__add__")
    __sub__ = binary(operations.subtract, "__sub__")
    __mul__ = binary(operations.multiply, "__mul__")
    __truediv__ = binary(operations.divide, "__truediv__")
    __pow__ = binary(operations.pow, "__pow__")
    __mod__ = binary(operations.remainder, "__mod__")
    __radd__ = reflected(operations.add, "__radd__")
    __rsub__ = reflected(operations.subtract, "__rsub__")
    __rmul__ = reflected(operations.multiply, "__rmul__")
    __rtruediv__ = reflected(operations.divide, "__rtruediv__")
    __rpow__ = reflected(operations.pow, "__rpow__")
    __rmod__ = reflected(operations.remainder, "__rmod__")
    __neg__ = unary(operations.negative)
    __pos__ = unary(operations.positive)
    __abs__ = functions.abs
    __floor__ = functions.floor
    __ceil__ = functions.ceil
    __trunc__ = functions.trunc
    __lt__ = _compared(operations.less, "__lt__")
    __le__ = _compared(operations.less_equal, "__le__")
    __gt__ = _compared(operations.less, "__gt__", turned=True)
    __ge__ = _compared(operations.less_equal, "__ge__", turned=True)
    __float__ = _refused("float()")
    __int__ = _refused("int()")

    def __round__(self, digits: None = None) -> Value:
        if digits is not None:
            raise TypeError("round(Value, digits) is not defined; use round(value.data, digits) to show a number")
        rounded: Value = self.round()
        return rounded

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Value):
            return self is other
        if isinstance(other, Real):
            raise TypeError(
                "== and != between a Value and a number are not defined, since nodes are compared by identity; use "
                "ag.equal(x, y), or compare value.data"
            )
        return NotImplemented

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        return self.data != 0.0

    # --- methods where micrograd, PyTorch or numpy have them -------------------------------------------------------------

    exp = functions.exp
    exp2 = functions.exp2
    expm1 = functions.expm1
    log = functions.log
    log1p = functions.log1p
    log2 = functions.log2
    log10 = functions.log10
    sqrt = functions.sqrt
    cbrt = functions.cbrt
    sin = functions.sin
    cos = functions.cos
    tan = functions.tan
    asin = arcsin = functions.asin
    acos = arccos = functions.acos
    atan = arctan = functions.atan
    sinh = functions.sinh
    cosh = functions.cosh
    tanh = functions.tanh
    asinh = arcsinh = functions.asinh
    acosh = arccosh = functions.acosh
    atanh = arctanh = functions.atanh
    erf = functions.erf
    erfc = functions.erfc
    lgamma = functions.lgamma
    abs = functions.abs
    floor = functions.floor
    ceil = functions.ceil
    round = rint = functions.round
    trunc = functions.trunc
    sign = functions.sign
    relu = functions.relu
    sigmoid = functions.sigmoid
    softplus = functions.softplus
    pow = __pow__
    atan2 = arctan2 = binary(operations.atan2, "atan2")
    copysign = binary(operations.copysign, "copysign")
    fmod = binary(operations.fmod, "fmod")
    remainder = __mod__
    xlogy = binary(operations.xlogy, "xlogy")
    clip = clamp = functions.clip
    digamma = functions.digamma
    elu = activations.elu
    gelu = activations.gelu
    hardsigmoid = activations.hardsigmoid
    hardtanh = activations.hardtanh
    hypot = binary(operations.hypot, "hypot")
    leaky_relu = activations.leaky_relu
    logaddexp = sequences.logaddexp
    logsigmoid = activations.logsigmoid
    maximum = sequences.maximum
    minimum = sequences.minimum
    mish = activations.mish
    reciprocal = functions.reciprocal
    relu6 = activations.relu6
    rsqrt = functions.rsqrt
    selu = activations.selu
    silu = activations.silu
    softsign = activations.softsign
    square = functions.square

    # --- showing and copying ---------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        state.refresh()
        grad = self.grad._number if isinstance(self.grad, Value) else self.grad
        return f"Value(data={self._number}, grad={grad}{'' if self.label is None else f', label={self.label!r}'})"

    def __format__(self, specification: str) -> str:
        return format(self.data, specification) if specification else repr(self)

    def __copy__(self) -> Value:
        raise TypeError("a shallow copy of a Value is not defined; use value.detach() for a new leaf, or copy.deepcopy()")

    __deepcopy__ = copying.deepcopy
    __reduce__ = copying.reduce
    __setstate__ = copying.restore_grad


def _as_value(x: Scalar) -> Value:
    return x if isinstance(x, Value) else Value(x)


@overload
def gradients(output: Value, inputs: Value, *, create_graph: bool = False) -> Any: ...
@overload
def gradients(output: Value, inputs: Sequence[Value], *, create_graph: bool = False) -> list[Any]: ...
def gradients(output: Value, inputs: Value | Sequence[Value], *, create_graph: bool = False) -> Any:
    """The derivatives of an output with respect to any nodes, leaves or inner ones; nothing is written.

    Arguments:
        output: the Value to differentiate.
        inputs: one Value, or a sequence of them.
        create_graph: returns Values that can be differentiated again.

    Returns:
        a float for one input, a list for a sequence, or the same of Values; 0 for an input that the output does not reach.

    Raises:
        TypeError: if the output or an input is not a Value.
        RuntimeError: if a leaf was written since the output was computed.

    >>> x = Value(2.0)
    >>> (slope,) = gradients(x**3, [x], create_graph=True)
    >>> slope.data, gradients(slope, x)
    (12.0, 12.0)
    """
    wanted = [inputs] if isinstance(inputs, Value) else list(inputs)
    for item, what in [(output, "output"), *[(item, "input") for item in wanted]]:
        if not isinstance(item, Value):
            raise TypeError(f"gradients: the {what} is of type {type(item).__name__}; it must be a Value")
    derivatives: list[Any]
    if create_graph or state.tracing():
        graph = reverse_graph(output, wanted)
        derivatives = [_as_value(graph.get(item, 0.0)) for item in wanted]
    else:
        adjoint = reverse(output)
        derivatives = [0.0 if s is None else s for s in map(adjoint.get, wanted)]
    return derivatives[0] if isinstance(inputs, Value) else derivatives

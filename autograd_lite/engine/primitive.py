"""What an operation is: one frozen row that checks itself.

A row declares its name, value, partial derivatives, domain and symbol, once. All else follows from it: the eager value,
reverse and forward sweeps, derivatives of any order, the label in a picture, the property tests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from functools import partial as bind
from types import FunctionType
from typing import Any, TypeAlias

from autograd_lite.engine import ieee
from autograd_lite.engine.domain import REAL, Domain
from autograd_lite.engine.notation import PLAIN, Notation, notation_of
from autograd_lite.engine.operand import Many, Operand, Scalar, number

__all__ = [
    "TABLE", "Many", "NaryPrimitive", "Operand", "Primitive", "Scalar", "bind_slopes", "declare", "declare_nary", "number"
]  # fmt: skip

Partial: TypeAlias = Callable[..., Scalar] | float | None

Slope: TypeAlias = Any
"""A partial on floats: a function that gives a float, or None where no adjoint flows; or a constant float."""

TABLE: dict[str, Primitive] = {}
"""Every operation by its name."""


@dataclass(frozen=True, eq=False)
class Primitive:
    """One row of the table: an operation of a fixed number of arguments.

    Attributes:
        name: the name under which the row is found, pickled and compiled.
        partials: towards each argument, a function of the arguments and the result, `(x, y, out)`, written with the
            table's own functions; or a constant; or None where nothing flows back (an order, a condition).
        active: towards each argument, a function as above that is 0 where the partial is a structural zero; None where
            there is none. An argument behind a structural zero receives no adjoint at all.
        domain: where the value is defined and the partials are continuous.
        symbol: what a picture shows.
        doc: one sentence.
        evaluate: floats to a float, by IEEE 754; never raises.
        slopes: the partials on floats, see `Slope`.
        notation: how an expression with it is written.
    """

    name: str
    arity: int | None
    partials: tuple[Partial, ...]
    active: tuple[Callable[..., Scalar] | None, ...]
    domain: Domain
    symbol: str
    doc: str
    evaluate: Callable[..., float] = field(repr=False)
    slopes: tuple[Slope, ...] = field(repr=False)
    notation: Notation = field(default=PLAIN, repr=False)

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or not self.symbol:
            raise ValueError(f"declare: the name is {self.name!r}; it must be an identifier, and the symbol not empty")
        if self.domain.arity != self.arity or len(self.active) != len(self.partials):
            raise ValueError(f"declare: the domain, partials and active of {self.name} differ in their number of arguments")
        for function in [p for p in (*self.partials, *self.active) if callable(p)]:
            if self.arity is not None and _parameter_count(function) != self.arity + 1:
                raise ValueError(f"declare: a partial of {self.name} must take its {self.arity} arguments and the result")
        # What help() shows of a row that stands under a public name; without it, the words above about rows in general.
        object.__setattr__(self, "__doc__", f"{self.doc}.\n\nTakes numbers and Values; of numbers alone it gives a float.")

    def __call__(self, *args: Scalar) -> Scalar:
        for arg in args:
            if type(arg) is not float:
                break
        else:
            return self.evaluate(*args)
        for arg in args:
            if isinstance(arg, Operand):
                return arg.apply(self, args)
        return self.evaluate(*[number(arg, self.name) for arg in args])

    def __repr__(self) -> str:
        return f"<operation {self.name}>"

    @cached_property
    def is_ungated(self) -> bool:
        """Whether an adjoint flows to every argument, wherever that is."""
        return None not in self.partials and all(active is None for active in self.active)

    def __reduce__(self) -> str | tuple[Any, ...]:
        return _row, (self.name,)

    def local_slopes(self, args: Sequence[float], out: float) -> Sequence[float | None]:
        """The partials towards all arguments on floats; None where no adjoint flows."""
        return [slope(*args, out) if callable(slope) else slope for slope in self.slopes]

    def flows(self, args: Sequence[float], out: float) -> Sequence[object]:
        """Truths, one for each argument: whether an adjoint flows to it at this point."""
        return [
            partial is not None and (active is None or active(*args, out))
            for partial, active in zip(self.partials, self.active, strict=True)
        ]

    def local_partials(self, args: Sequence[Scalar], out: Scalar, needed: Sequence[object]) -> Sequence[Scalar | None]:
        """The partials as graphs, where they are needed; None elsewhere."""
        return [
            (partial(*args, out) if callable(partial) else partial) if need else None
            for partial, need in zip(self.partials, needed, strict=True)
        ]


@dataclass(frozen=True, eq=False, repr=False)
class NaryPrimitive(Primitive):
    """One row of the table: an operation on one sequence of any length.

    Its single partial is a function `(args, out, needed)` that gives all partials at once, in linear time, and None for
    those not needed; its `active`, if any, a function `(args, out)` that gives as many truths. `evaluate` takes the
    sequence. An argument towards which nothing ever flows (an index) is inactive everywhere.
    """

    def __call__(self, *args: Scalar) -> Scalar:
        (xs,) = args
        if isinstance(xs, Many):
            return xs.reduce(self)
        items = tuple(xs)
        for x in items:
            if isinstance(x, Operand):
                return x.apply(self, items)
        return self.evaluate([x if type(x) is float else number(x, self.name) for x in items])

    def local_slopes(self, args: Sequence[float], out: float) -> Sequence[float | None]:
        flows = self.flows(args, out)
        partials = self.local_partials(args, out, flows)
        return partials if self.active[0] is None else [z if flow else None for z, flow in zip(partials, flows, strict=True)]

    def flows(self, args: Sequence[float], out: float) -> Sequence[object]:
        (active,) = self.active
        return [True] * len(args) if active is None else active(args, out)

    def local_partials(self, args: Sequence[Scalar], out: Scalar, needed: Sequence[object]) -> Sequence[Scalar | None]:
        function: Any = self.partials[0]
        partials: Sequence[Scalar | None] = function(args, out, needed)
        return partials


def _parameter_count(function: Callable[..., Scalar]) -> int:
    code = getattr(function, "__code__", None)
    if code is None:
        raise ValueError(f"declare: {function!r} must be a Python function")
    return int(code.co_argcount)


def _row(name: str) -> Primitive:
    """The row of a name, for unpickling."""
    if name not in TABLE:
        raise KeyError(f"the operation {name!r} is not in the table; import the module that declares it first")
    return TABLE[name]


def _slope(partial: Partial, active: Callable[..., Scalar] | None) -> Slope:
    """A partial on floats, from its generic form."""
    if active is None and partial is not None:
        return partial
    slope, flows = partial if callable(partial) else lambda *args: partial, active or (lambda *args: True)
    return lambda *args: slope(*args) if flows(*args) else None


def bind_slopes(names: dict[str, Any]) -> None:
    """Binds the slopes of a module's rows to floats: the code of the partials, with each row named replaced by its value.

    A row that is called asks what it was given, which takes longer than most values; in a slope all are floats. To be
    called after the module's last row, since partials name rows that stand below them.

    Arguments:
        names: the module's `globals()`.
    """
    on_floats = {name: item.evaluate if isinstance(item, Primitive) else item for name, item in names.items()}

    def turned(function: Any) -> Any:
        if not isinstance(function, FunctionType) or function.__globals__ is not names:
            return function
        return FunctionType(function.__code__, on_floats, function.__name__, function.__defaults__, function.__closure__)

    on_floats |= {name: turned(item) for name, item in on_floats.items()}
    for row in [item for item in names.values() if isinstance(item, Primitive) and item.arity is not None]:
        slopes = tuple(_slope(turned(p), turned(flow)) for p, flow in zip(row.partials, row.active, strict=True))
        object.__setattr__(row, "slopes", slopes)


def _evaluator(name: str, value: Callable[..., float] | None) -> Callable[..., float]:
    """The value on floats: the namespace's function of the row's name, or the row's own spelling over the namespace."""
    if value is None:
        function: Callable[..., float] = getattr(ieee, name)
        return function
    return bind(value, ieee)


def _enter(row: Primitive) -> None:
    if row.name in TABLE:
        raise ValueError(f"declare: the table already has an operation named {row.name!r}; choose another name")
    TABLE[row.name] = row


def declare(
    name: str,
    *,
    partials: tuple[Partial, ...],
    doc: str,
    active: tuple[Callable[..., Scalar] | None, ...] | None = None,
    domain: Domain = REAL,
    value: Callable[..., float] | None = None,
    symbol: str | None = None,
    notation: Notation | str = PLAIN,
) -> Primitive:
    """Enters an operation of a fixed number of arguments into the table.

    Arguments:
        name: a new identifier.
        partials, active, domain, doc, notation: see `Primitive`.
        value: a function `(m, x, …)` that takes every function it needs from the namespace m; by default the
            namespace's function of the row's own name.
        symbol: by default the name.

    Raises:
        ValueError: if the row contradicts itself or the name is taken.
    """
    flows = active or (None,) * len(partials)
    row = Primitive(
        name=name,
        arity=len(partials),
        partials=partials,
        active=flows,
        domain=domain,
        symbol=symbol or name,
        doc=doc,
        evaluate=_evaluator(name, value),
        slopes=tuple(_slope(partial, flow) for partial, flow in zip(partials, flows, strict=False)),
        notation=notation_of(notation),
    )
    _enter(row)
    return row


def declare_nary(
    name: str,
    *,
    partials: Callable[[Sequence[Scalar], Scalar, Sequence[object]], Sequence[Scalar | None]],
    doc: str,
    domain: Domain,
    active: Callable[[Sequence[Scalar], Scalar], Sequence[Scalar]] | None = None,
    value: Callable[..., float] | None = None,
    symbol: str | None = None,
    notation: Notation | str = PLAIN,
) -> NaryPrimitive:
    """Enters an operation on a sequence into the table; see `NaryPrimitive` and `declare`."""
    row = NaryPrimitive(
        name=name,
        arity=None,
        partials=(partials,),
        active=(active,),
        domain=domain,
        symbol=symbol or name,
        doc=doc,
        evaluate=_evaluator(name, value),
        slopes=(),
        notation=notation_of(notation),
    )
    _enter(row)
    return row

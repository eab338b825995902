"""A function recorded at a point: fresh inputs, what it returned, and derivatives between them in either direction.

Every call of a transform makes input nodes of its own, so that nested derivatives never take each other's inputs for their
own. For a number that is a new leaf; for a Value it is a node that leads to it (a unary +), through which outer derivatives
see.

Derivatives are numbers where numbers came in and nothing else is being differentiated: then the sweeps on floats run.
Otherwise they are Values, made by the sweeps that make graphs. `makes_graph` alone decides which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from operator import index
from typing import Any, TypeAlias

from autograd_lite.calculus.contents import holds_value, map_values
from autograd_lite.calculus.trees import Structure, flatten
from autograd_lite.engine import state
from autograd_lite.engine.node import Node
from autograd_lite.engine.operand import Many
from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.sequences import dot
from autograd_lite.engine.sweep import forward, reverse
from autograd_lite.engine.sweep_graph import forward_graph, reverse_graph
from autograd_lite.engine.value import Value

__all__ = [
    "Argnums",
    "Recording",
    "differentiating",
    "is_differentiating",
    "makes_graph",
    "number_of",
    "on_numbers",
    "positions",
    "record",
    "recording",
]

Argnums: TypeAlias = int | Sequence[int]
"""The place of the argument to differentiate by, or several."""

_depth: ContextVar[int] = ContextVar("autograd_lite.transforms", default=0)


@contextmanager
def recording() -> Iterator[None]:
    """Records operations, whatever stands around: a derivative needs its graph under `no_grad` too."""
    token = state._recording.set(True)
    try:
        yield
    finally:
        state._recording.reset(token)


@contextmanager
def differentiating() -> Iterator[None]:
    """Says that whatever is computed inside is part of something that will be differentiated."""
    token = _depth.set(_depth.get() + 1)
    try:
        with recording():
            yield
    finally:
        _depth.reset(token)


@contextmanager
def on_numbers() -> Iterator[None]:
    """Computes numbers and nothing else, whatever is being differentiated around it."""
    token = _depth.set(0)
    try:
        with state.no_grad():
            yield
    finally:
        _depth.reset(token)


def is_differentiating() -> bool:
    """Whether a transform stands around what is computed here and now."""
    return _depth.get() > 0


def makes_graph(*trees: Any) -> bool:
    """Whether derivatives at these arguments, here and now, are to be Values that can be differentiated again."""
    return _depth.get() > 0 or state.tracing() is not None or any(holds_value(tree) for tree in trees)


@dataclass(frozen=True)
class Recording:
    """A function at a point.

    Attributes:
        what: the transform, for messages.
        inputs: the fresh nodes that stand for the scalars of the arguments differentiated by.
        place: the structure of these arguments.
        outputs: the scalars that the function returned; a float is a constant.
        result: their structure.
        aux: what else it returned.
        graph: whether derivatives are Values.
    """

    what: str
    inputs: list[Value]
    place: Structure
    outputs: list[Scalar]
    result: Structure
    aux: Any
    graph: bool

    @property
    def value(self) -> Any:
        """What the function returned."""
        return self.result.rebuild(self.finish([number_of(x) for x in self.outputs] if not self.graph else self.outputs))

    @property
    def nodes(self) -> list[Value]:
        """The outputs that are no constants."""
        return [output for output in self.outputs if isinstance(output, Value)]

    def finish(self, scalars: Sequence[Scalar], *, graph: bool | None = None) -> list[Scalar]:
        """Results as they are handed out: floats, or Values; under `no_grad`, Values without a past."""
        if not (self.graph if graph is None else graph):
            return list(scalars)
        values = [x if isinstance(x, Value) else Value(x) for x in scalars]
        return values if state.is_recording() else [+x for x in values]

    def pull(self, cotangents: Mapping[int, Scalar], *, graph: bool) -> list[Scalar]:
        """Σ over some outputs, named by their places, of cotangent · derivative, for each input: reverse mode."""
        pairs = [(self.outputs[k], s) for k, s in cotangents.items() if isinstance(self.outputs[k], Value)]
        if not pairs:
            return [0.0] * len(self.inputs)
        output, gradient = pairs[0]
        if len(pairs) > 1:
            with recording():
                output, gradient = dot([y for y, _ in pairs], [s for _, s in pairs]), 1.0
        if graph:
            adjoints = reverse_graph(output, self.inputs, gradient, independent=True)
            return [adjoints.get(x, 0.0) for x in self.inputs]
        adjoint = reverse(output, gradient)
        return [0.0 if s is None else s for s in map(adjoint.get, self.inputs)]

    def push(self, tangents: Mapping[Node, Scalar], *, graph: bool) -> list[Scalar]:
        """The derivative of each output along a direction, given by the tangents of some inputs: forward mode."""
        nodes = self.nodes
        tangent = (forward_graph if graph else forward)(nodes, tangents) if nodes else {}
        return [tangent.get(y, 0.0) if isinstance(y, Value) else 0.0 for y in self.outputs]


def record(
    what: str,
    function: Callable[..., Any],
    args: Sequence[Any],
    options: Mapping[str, Any] | None = None,
    *,
    argnums: Argnums,
    has_aux: bool = False,
    beside: Any = None,
) -> Recording:
    """Calls a function on fresh inputs.

    Arguments:
        what: the transform, for messages.
        args, options: the positional and keyword arguments.
        argnums: the positional arguments to differentiate by; the others reach the function untouched.
        has_aux: whether the function returns a pair of which only the first is differentiated.
        beside: what else goes into the result and so decides whether it is a graph.

    Raises:
        TypeError: if the function cannot be called, or what it is given or returns is no tree of scalars.
        ValueError: for places out of range.
    """
    if not callable(function):
        raise TypeError(f"{what}: the function is of type {type(function).__name__}; give something that can be called")
    graph = makes_graph(args, list((options or {}).values()), beside)
    places, several = positions(what, argnums, len(args)), isinstance(argnums, (tuple, list, range))
    chosen = tuple([args[k] for k in places]) if several else args[places[0]]
    scalars, place = flatten(chosen, f"{what}: what is differentiated by")
    with differentiating():
        inputs = [_fresh(x, graph=graph) for x in scalars]
        given = list(args)
        rebuilt = place.rebuild(inputs)
        for k, item in zip(places, rebuilt if several else [rebuilt], strict=True):
            given[k] = item
        returned = function(*given, **(options or {}))
    aux = None
    if has_aux:
        if not isinstance(returned, tuple) or len(returned) != 2:
            raise TypeError(f"{what}: with has_aux=True the function must return a pair (output, aux), not {returned!r:.60}")
        returned, aux = returned
        aux = aux if graph else map_values(number_of, aux)
    outputs, result = flatten(returned, f"{what}: what the function returned")
    for y in outputs:
        if isinstance(y, Many):
            y.told_apart(what)
    return Recording(what, inputs, place, outputs, result, aux, graph)


def _fresh(x: Scalar, *, graph: bool) -> Value:
    tracer = state.tracing()
    if tracer is not None:
        node: Value = tracer.fresh(x)
        return node
    return +x if graph and isinstance(x, Value) else Value(number_of(x))


def positions(what: str, argnums: Argnums, count: int) -> list[int]:
    """The places of arguments, counted from 0.

    Raises:
        TypeError: if they are no whole numbers.
        ValueError: if they are out of range or repeat.
    """
    try:
        if isinstance(argnums, bool):
            raise TypeError
        items: Any = argnums if isinstance(argnums, (tuple, list, range)) else [argnums]
        places = [index(k) for k in items]
    except TypeError:
        raise TypeError(f"{what}: argnums is {argnums!r}; it must be a whole number, or a tuple of them") from None
    for k in places:
        if not -count <= k < count:
            raise ValueError(f"{what}: argnums names argument {k}, but the function was given {count} positional arguments")
    places = [k % count for k in places]
    if len(set(places)) < len(places) or not places:
        raise ValueError(f"{what}: argnums is {argnums!r}; it must name at least one argument, and none twice")
    return places


def number_of(x: Scalar) -> float:
    """The number of a scalar, where no graph is made."""
    number: float = x.data if isinstance(x, Value) else x
    return number

"""A call of a function traced: its arguments as traced values, its results as places of the program."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from typing import Any

from autograd_lite.calculus.recording import differentiating
from autograd_lite.calculus.trees import ArrayBlock, ModuleBlock, Structure, blocks, is_array
from autograd_lite.compiler.accumulate import TracedAccumulation
from autograd_lite.compiler.evaluate import evaluated
from autograd_lite.compiler.lanes import InputArray, Lanes
from autograd_lite.compiler.program import Argument, Axes, Input, Program
from autograd_lite.compiler.sources import Array, Constants, Numbers, Parameters, Source
from autograd_lite.compiler.trace import Guard, Tracer
from autograd_lite.compiler.traced import Traced, TracingError
from autograd_lite.engine.node import Node
from autograd_lite.engine.primitive import Primitive
from autograd_lite.engine.reductions import total

__all__ = ["Form", "Trace", "trace_call"]


@dataclass(frozen=True)
class Form:
    """How one block of the results is made from an array of results.

    Attributes:
        kind: "number", "array" or "lanes".
        index: of a number its place in the array of all numbers, else the number of the array.
        shape: of the elements.
        lanes: the axes of the array of results, which stand after the elements.
        order: the dimensions of elements and lanes as the result shall have them.
    """

    kind: str
    index: int
    shape: tuple[int, ...] = ()
    order: tuple[int, ...] = ()


@dataclass(frozen=True)
class Trace:
    """What one run of a function has written.

    Attributes:
        program: whose outputs are the guards, the numbers, and the arrays.
        results: how its outputs form arrays: of each the number of elements and the axes.
        forms, structure: how the arrays form the result of the call.
        fixed: of each block of the arguments that is an array the dimensions whose lengths the program depends on.
        axes: what the axes run along: the axis, an array, and its dimension.
        shapes: of each block that is an array its shape in the run.
    """

    program: Program
    sources: tuple[Source, ...]
    guards: tuple[Guard, ...]
    results: tuple[tuple[int, Axes], ...]
    forms: tuple[Form, ...]
    structure: Structure
    axes: tuple[tuple[int, Array | Constants, int], ...]
    shapes: dict[int, tuple[int, ...]]
    fixed: dict[int, frozenset[int]]
    decisions: tuple[bool, ...]
    branches: frozenset[Any]
    bodies: int
    optimistic: bool
    careful: bool

    @property
    def sizes(self) -> dict[int, int]:
        """Of each axis the number of lanes in the run."""
        return {
            axis: (self.shapes[source.block] if isinstance(source, Array) else source.array.shape)[dimension]
            for axis, source, dimension in self.axes
        }


def trace_call(
    f: Callable[..., Any],
    items: Sequence[Any],
    structure: Structure,
    rebuild: Callable[[Any], tuple[Sequence[Any], dict[str, Any]]],
    *,
    decisions: Sequence[bool] = (),
    branches: frozenset[Any] = frozenset(),
    careful: bool = False,
) -> Trace:
    """Runs a function on traced values.

    Arguments:
        items, structure: the blocks of the arguments.
        rebuild: makes the arguments from the tree of traced blocks.
    """
    tracer = Tracer(decisions, branches, careful=careful)
    looks = _Looks()
    tracer.accumulation = lambda: TracedAccumulation(tracer)
    tracer.evaluate = lambda place: evaluated(tracer, items, place)
    tracer.array = lambda source, numbers: InputArray(tracer, source, numbers, looks.look)
    with tracer.running(), differentiating():
        given, count = [], 0
        for k, (leaf, item) in enumerate(zip(structure.leaves, items, strict=True)):
            if isinstance(leaf, ModuleBlock):
                source = Parameters(k)
                hints = [parameter._number for parameter in item.parameters()]
                given.append(leaf.module.with_parameters([tracer.read(source, i, (), x) for i, x in enumerate(hints)]))
            elif isinstance(leaf, ArrayBlock):
                looks.shapes[k] = item.shape
                given.append(tracer.array(Array(k, (None,) * item.ndim), item))
            else:
                given.append(tracer.read(Numbers(), count, (), float(item)))
                count += 1
        args, options = rebuild(structure.from_blocks(given))
        returned = f(*args, **options)
        blocks_of_result, form = blocks(returned, "what the compiled function returned")
        return _finished(tracer, looks, blocks_of_result, form)


@dataclass
class _Looks:
    """Which dimensions of which arrays a function has looked into."""

    shapes: dict[int, tuple[int, ...]] = field(default_factory=dict)
    fixed: dict[int, set[int]] = field(default_factory=dict)

    def look(self, source: Array | Constants, dimensions: Sequence[int]) -> None:
        if isinstance(source, Array):
            self.fixed.setdefault(source.block, set()).update(dimensions)


def _finished(tracer: Tracer, looks: _Looks, items: Sequence[Any], structure: Structure) -> Trace:
    """The outputs, in the order: guards, numbers, arrays."""
    program = tracer.program
    numbers: list[Argument] = [guard.place for guard in tracer.guards]
    arrays: list[list[Argument]] = []
    axes: list[Axes] = []
    forms = []
    for item in items:
        if isinstance(item, InputArray):
            item = item.elements
        if isinstance(item, Lanes):
            places, shape, lanes, order = _spread_out(tracer, item)
            forms.append(Form("lanes", len(arrays), shape, order))
        elif is_array(item):
            places, shape, lanes = [_place(tracer, x) for x in item.ravel().tolist()], item.shape, ()
            forms.append(Form("array", len(arrays), shape))
        else:
            forms.append(Form("number", len(numbers)))
            numbers.append(_place(tracer, item))
            continue
        arrays.append(places)
        axes.append(lanes)
    numbers += _hidden(tracer)
    program.outputs = [*numbers, *[place for places in arrays for place in places]]
    results = [(len(numbers), ()), *[(len(places), lanes) for places, lanes in zip(arrays, axes, strict=True)]]
    return Trace(
        program=program,
        sources=tuple(tracer.sources),
        guards=tuple(tracer.guards),
        results=tuple(results),
        forms=tuple(forms),
        structure=structure,
        axes=tuple(tracer.along),
        shapes=looks.shapes,
        fixed={k: frozenset(dimensions) for k, dimensions in looks.fixed.items()},
        decisions=tracer.way(),
        branches=tracer.branches,
        bodies=tracer.bodies,
        optimistic=bool(tracer.doubtful),
        careful=tracer.careful,
    )


def _hidden(tracer: Tracer) -> list[int]:
    """Numbers that rely on 0·x being 0 and that a result may depend on although it stays finite if they do not.

    A comparison takes a nan and gives a number; most operations hand a nan on.
    """
    program, tainted, hidden = tracer.program, set(tracer.doubtful), []
    if not tainted:
        return []
    for place, (op, args) in enumerate(zip(program.ops, program.args, strict=True)):
        if isinstance(op, Input) or tainted.isdisjoint(args):
            continue
        tainted.add(place)
        hidden += [arg for k, arg in enumerate(args) if type(arg) is int and arg in tainted and swallows_nan(op, k)]
    places = list(dict.fromkeys(hidden))
    return [program.add(total, (k,), (), program.axes[k]) if program.axes[k] else k for k in places]


def swallows_nan(op: Primitive, k: int) -> bool:
    """Whether an operation may give a number although argument k is a nan, other than by a structural zero."""
    if op.arity is None or op.active[k] is not None:
        return False
    return _swallows(op, k)


@cache
def _swallows(op: Primitive, k: int) -> bool:
    points = product((0.0, 1.0, -1.0, math.inf), repeat=(op.arity or 1) - 1)
    return any(
        op.evaluate(*[*point[:k], math.nan, *point[k:]]) == op.evaluate(*[*point[:k], math.nan, *point[k:]])
        for point in points
    )


def _place(tracer: Tracer, x: Any, lanes: Axes = ()) -> Argument:
    if isinstance(x, Traced) and not set(x.axes) <= set(lanes):
        raise TracingError(
            "a value that differs from lane to lane was kept outside of its vmap; return it from the function"
        )
    return tracer.lift(x) if isinstance(x, Node) else float(x)


def _spread_out(tracer: Tracer, lanes: Lanes) -> tuple[list[Argument], tuple[int, ...], Axes, tuple[int, ...]]:
    """The places of the elements of Lanes, their shape, their axes, and the order of the dimensions of the whole."""
    chain = [lanes]
    while isinstance(chain[-1].item, Lanes):
        chain.append(chain[-1].item)
    item = chain[-1].item
    if isinstance(item, InputArray):
        item = item.elements
    shape = item.shape if is_array(item) else ()
    axes = tuple(sorted(link.axis for link in chain))
    places = [_place(tracer, x, axes) for x in (item.ravel().tolist() if is_array(item) else [item])]
    order = list(range(len(shape)))
    for link in reversed(chain):
        place = link.place if link.place >= 0 else link.place + len(order) + 1
        order.insert(place, len(shape) + axes.index(link.axis))
    return places, shape, axes, tuple(order)

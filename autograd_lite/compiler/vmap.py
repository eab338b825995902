"""vmap: one scalar sample, many lanes.

Called on numbers it is a loop. In a traced function the mapped function is run once, on values that vary over an axis.

A branch of the mapped function may go either way in different lanes. Of a branch that does, both sides are traced, each as a
run of the mapped function of its own, and `where` chooses in every lane: the side that is not taken passes no derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd_lite.calculus.trees import ArrayBlock, ScalarBlock, Structure, blocks, is_array, object_array
from autograd_lite.compiler.lanes import InputArray, Lanes
from autograd_lite.compiler.sources import Constants
from autograd_lite.compiler.trace import Region, Tracer
from autograd_lite.compiler.traced import Traced
from autograd_lite.engine import state
from autograd_lite.engine.functions import equal, where
from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.reductions import total
from autograd_lite.engine.value import Value

__all__ = ["vmap"]

InAxes = int | None | Sequence[int | None]


def vmap(f: Callable[..., Any], in_axes: InAxes = 0, out_axes: int = 0) -> Callable[..., Any]:
    """Maps a function of one sample over an axis of its arguments (JAX's `vmap`).

    Arguments:
        f: a function of numbers, Values, arrays, modules and nested lists, tuples and dicts of them.
        in_axes: along which dimension of every array in an argument the samples lie; None for an argument that all samples
            share. One for all arguments, or one for each.
        out_axes: along which dimension of the results they shall lie.

    Returns:
        a function of the same arguments, with arrays of results. Inside a function that is compiled by `jit` the results
        cannot be told apart: reductions such as `ag.mean` take them, and they can be returned.

    Raises:
        TypeError: if an argument to map over has no array.
        ValueError: if arrays differ in their number of samples, or have none.

    >>> import numpy as np
    >>> vmap(lambda x, y: x * y, in_axes=(0, None))(np.array([1.0, 2.0]), 10.0)
    array([10., 20.])
    """

    def mapped(*args: Any) -> Any:
        axes = _for_each(in_axes, len(args))
        taken = [_take_arrays(arg, axis, k) for k, (arg, axis) in enumerate(zip(args, axes, strict=True))]
        size = _common_size(taken)
        tracer = state.tracing()
        if isinstance(tracer, Tracer):
            lanes = _open(tracer, taken, size)
            if lanes is not None:
                return lanes.run(f, out_axes)
        results = [f(*[argument.sample(k) for argument in taken]) for k in range(size)]
        return _stacked(results, out_axes)

    return mapped


@dataclass
class _Argument:
    """An argument: shared as it is, or arrays with the dimension along which samples lie."""

    shared: Any = None
    arrays: list[Any] = field(default_factory=list)
    structure: Structure | None = None
    axis: int = 0

    def sample(self, k: int) -> Any:
        if self.structure is None:
            return self.shared
        return self.structure.from_blocks([_element(array, self.axis, k) for array in self.arrays])


def _element(array: Any, axis: int, k: int) -> Any:
    elements = array.elements if isinstance(array, InputArray) else array
    item = elements[(slice(None),) * (axis % elements.ndim) + (k,)]
    return item if is_array(item) or isinstance(item, Value) else float(item)


def _for_each(in_axes: InAxes, count: int) -> list[int | None]:
    axes = [in_axes] * count if in_axes is None or isinstance(in_axes, int) else list(in_axes)
    if len(axes) != count:
        raise ValueError(f"vmap: in_axes has {len(axes)} entries for {count} arguments; it must have one for each")
    if all(axis is None for axis in axes):
        raise ValueError("vmap: in_axes maps over no argument")
    return axes


def _take_arrays(arg: Any, axis: int | None, k: int) -> _Argument:
    if axis is None:
        return _Argument(shared=arg)
    if isinstance(arg, Lanes):
        arrays, structure = [arg], Structure(block=ScalarBlock())
    else:
        arrays, structure = blocks(_rectangular(arg), f"argument {k} of vmap")
    for array in arrays:
        if not (is_array(array) or isinstance(array, Lanes)):
            raise TypeError(
                f"vmap: argument {k} is to be mapped over and is no array; in_axes=None shares it among all samples"
            )
        if not -array.ndim <= axis < array.ndim:
            raise ValueError(f"vmap: argument {k} has an array of {array.ndim} dimensions, and none with the number {axis}")
    if not arrays:
        raise TypeError(f"vmap: argument {k} is to be mapped over and is empty")
    return _Argument(arrays=arrays, structure=structure, axis=axis)


def _rectangular(arg: Any) -> Any:
    """Lists of numbers, or of equally long lists of them, as an array; everything else as it is."""
    if not isinstance(arg, (list, tuple)) or not arg:
        return arg
    if all(isinstance(x, (Value, int, float)) for x in arg):
        return ArrayBlock((len(arg),)).rebuild(arg)
    rows = [_rectangular(x) for x in arg]
    if all(is_array(row) and isinstance(x, (list, tuple)) for row, x in zip(rows, arg, strict=True)):
        shapes = {row.shape for row in rows}
        if len(shapes) == 1:
            return ArrayBlock((len(rows), *shapes.pop())).rebuild([x for row in rows for x in row.ravel().tolist()])
    return arg


def _common_size(taken: Sequence[_Argument]) -> int:
    sizes = [
        array.size_along(argument.axis) if isinstance(array, (InputArray, Lanes)) else array.shape[argument.axis]
        for argument in taken
        for array in argument.arrays
    ]
    if len(set(sizes)) != 1:
        raise ValueError(f"vmap: the arrays have {', '.join(map(str, sizes))} samples; they must have equally many")
    if sizes[0] == 0:
        raise ValueError("vmap: there are no samples to map over")
    return int(sizes[0])


def _stacked(results: Sequence[Any], out_axes: int) -> Any:
    """The results of all samples as one tree of arrays."""
    items, structures = zip(*[blocks(result, "the result of the mapped function") for result in results], strict=True)
    if len(set(structures)) != 1:
        raise ValueError("vmap: the function returns trees of different structures for different samples")
    return structures[0].from_blocks([_stack(column, out_axes) for column in zip(*items, strict=True)])


def _stack(column: Sequence[Any], out_axes: int) -> Any:
    import numpy as np  # only where arrays are made

    if is_array(column[0]):
        return np.stack(column, axis=out_axes)
    if any(isinstance(x, Value) for x in column):
        return object_array(column, (len(column),))
    return np.array(column, dtype=float)


# --- in a traced function -------------------------------------------------------------------------------------------------


def _open(tracer: Tracer, taken: Sequence[_Argument], size: int) -> _Region | None:
    """The region of a vmap whose arrays all stay whole; None where some array's elements were computed one by one."""
    arrays = [array for argument in taken for array in argument.arrays]
    if any(not isinstance(array, (InputArray, Lanes)) and array.dtype.kind == "O" for array in arrays):
        return None
    open_lanes = {array.axis for array in arrays if isinstance(array, Lanes)}
    if len(open_lanes) > 1:
        return None
    axis = open_lanes.pop() if open_lanes else tracer.new_axis(size)
    return _Region(tracer, taken, axis)


@dataclass
class _Region:
    """One vmap of one run: its arguments in any lane, and the ways through its function that were run."""

    tracer: Tracer
    taken: Sequence[_Argument]
    axis: int

    def run(self, f: Callable[..., Any], out_axes: int) -> Any:
        """The results as a tree of `Lanes`."""
        args = [self._lane(argument) for argument in self.taken]
        name = self.tracer.enter_region()
        before = self.tracer.open
        self.tracer.open = self.tracer.union(before, (self.axis,))
        try:
            items, structure = _Explorer(self.tracer, name, lambda: f(*args)).explore(())
        finally:
            self.tracer.open = before
        return structure.from_blocks([Lanes(self.tracer, item, self.axis, out_axes) for item in items])

    def _lane(self, argument: _Argument) -> Any:
        if argument.structure is None:
            return argument.shared
        lanes = []
        for array in argument.arrays:
            if isinstance(array, Lanes):
                lanes.append(array.item)
                continue
            if not isinstance(array, InputArray):
                array = self.tracer.array(Constants(array, id(array), (None,) * array.ndim), array)
            lanes.append(array.mapped(argument.axis % array.ndim, self.axis))
        return argument.structure.from_blocks(lanes)


@dataclass
class _Explorer:
    """Runs a mapped function down every way that is to be traced, and joins the results.

    Attributes:
        name: of the region; with the decisions up to a branch it names the branch.
        forced: the decisions to take first in the run that is under way.
        taken: the decisions so far in that run, each with its number, its truth and its line.
    """

    tracer: Tracer
    name: Any
    body: Callable[[], Any]
    forced: tuple[bool, ...] = ()
    taken: list[tuple[Traced, bool, str]] = field(default_factory=list)

    def explore(self, way: tuple[bool, ...]) -> tuple[list[Any], Structure]:
        """The results of all ways that begin like this one: their blocks and their structure."""
        self.forced, self.taken = way, []
        outer, self.tracer.decide_lanes = self.tracer.decide_lanes, self._decide
        region, self.tracer.region = self.tracer.region, Region(self.name, self.way)
        self.tracer.bodies += 1
        try:
            items, structure = blocks(self.body(), "the result of the mapped function")
        finally:
            self.tracer.decide_lanes, self.tracer.region = outer, region
        taken = self.taken
        for depth in range(len(taken) - 1, len(way) - 1, -1):
            node, truth, line = taken[depth]
            decided = tuple(t for _, t, _ in taken[:depth])
            if (self.name, decided) in self.tracer.branches:
                others, other_structure = self.explore((*decided, not truth))
                if structure != other_structure:
                    raise ValueError(f"the two ways of the branch at {line} return trees of different structures")
                pairs = zip(items, others, strict=True)
                items = [_choose(node, x, y) if truth else _choose(node, y, x) for x, y in pairs]
            else:
                self._cover(taken[: depth + 1], line, (self.name, decided))
        return items, structure

    def way(self) -> tuple[bool, ...]:
        """The decisions so far."""
        return tuple(truth for _, truth, _ in self.taken)

    def _decide(self, node: Traced, line: str) -> bool:
        depth = len(self.taken)
        truth = self.forced[depth] if depth < len(self.forced) else node._number != 0.0
        self.taken.append((node, truth, line))
        return truth

    def _cover(self, taken: Sequence[tuple[Traced, bool, str]], line: str, branch: Any) -> None:
        """Notes the guard that no lane comes to this branch and takes its other side."""
        *before, (node, truth, _) = taken
        strays: Scalar = _is(node, not truth)
        decided: tuple[bool, ...] = ()
        for earlier, way, _ in before:
            if (self.name, decided) in self.tracer.branches:
                strays = strays * _is(earlier, way)
            decided = (*decided, way)
        count = self.tracer.record(total, (strays,), over=strays.axes)
        self.tracer.guard(count, False, line, branch)


def _is(node: Traced, truth: bool) -> Traced:
    """1 in the lanes where a number has this truth, else 0; a nan is true, as in Python."""
    zero: Traced = equal(node, 0.0)
    return 1.0 - zero if truth else zero


def _choose(condition: Traced, x: Any, y: Any) -> Any:
    if isinstance(x, Lanes) and isinstance(y, Lanes) and x.axis == y.axis:
        return Lanes(x.tracer, _choose(condition, x.item, y.item), x.axis, x.place)
    if is_array(x):
        return object_array([where(condition, a, b) for a, b in zip(x.ravel(), y.ravel(), strict=True)], x.shape)
    return where(condition, x, y)

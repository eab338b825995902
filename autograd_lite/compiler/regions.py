"""A vmap of a traced function: one run of the mapped function stands for all lanes.

A branch of the mapped function may go either way in different lanes. Of a branch that does, both sides are traced, each as a
run of the mapped function of its own, and `where` chooses in every lane: the side that is not taken passes no derivative. Of
any other branch a guard checks that no lane takes the other side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd_lite.calculus.trees import Structure, blocks, is_array, object_array
from autograd_lite.compiler.lanes import InputArray, Lanes
from autograd_lite.compiler.sources import Constants
from autograd_lite.compiler.trace import Region, Tracer
from autograd_lite.compiler.traced import Traced, TracingError, UntraceableError
from autograd_lite.engine.functions import equal, where
from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.reductions import total
from autograd_lite.engine.value import Value

__all__ = ["Mapped", "check_out_axes", "open_region"]


@dataclass
class Mapped:
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


def check_out_axes(out_axes: int, dimensions: int) -> None:
    if not -dimensions - 1 <= out_axes <= dimensions:
        raise ValueError(
            f"vmap: out_axes is {out_axes}, but a sample's result has {dimensions} dimensions; it must be from "
            f"{-dimensions - 1} to {dimensions}"
        )


def open_region(tracer: Tracer, taken: Sequence[Mapped], size: int) -> _Region | None:
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
    taken: Sequence[Mapped]
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
        for item in items:
            check_out_axes(out_axes, getattr(item, "ndim", 0))
        return structure.from_blocks([Lanes(self.tracer, item, self.axis, out_axes) for item in items])

    def _lane(self, argument: Mapped) -> Any:
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
        reliable = self.tracer.reliable
        self.tracer.bodies += 1
        self.tracer.explorers.append(self)
        try:
            items, structure = blocks(self.body(), "the result of the mapped function")
        except TracingError:
            raise
        except Exception as error:
            if self.tracer.reliable:
                raise
            raise UntraceableError from error  # the numbers belong to no lane that goes this way
        finally:
            self.tracer.decide_lanes, self.tracer.region, self.tracer.reliable = outer, region, reliable
            self.tracer.explorers.pop()
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
        hint = node._number != 0.0
        # Off its lane's way a number says nothing, and what is false leaves loops.
        truth = self.forced[depth] if depth < len(self.forced) else hint and self.tracer.reliable
        self.tracer.reliable = self.tracer.reliable and truth == hint
        self.taken.append((node, truth, line))
        return truth

    def _cover(self, taken: Sequence[tuple[Traced, bool, str]], line: str, branch: Any) -> None:
        """Notes the guard that no lane comes to this branch and takes its other side."""
        way: list[tuple[Traced, bool, str]] = []
        for explorer in self.tracer.explorers:
            way += explorer.taken
        *before, (node, truth, _) = [*way, *taken]
        strays: Scalar = 1.0
        for earlier, decided, _ in before:  # in order, so that guards share what they have in common
            strays = strays * _is(earlier, decided)
        strays = strays * _is(node, not truth)
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

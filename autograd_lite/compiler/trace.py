"""trace: a Python function run once on traced values, which write a Program instead of numbers to be kept.

A traced value is a Value, so that every function and operator takes it, but its number cannot be read: it belongs to this
one run. What the engine has is used as it is: the reverse sweep on traced values writes the derivative into the program.

A trace goes one way through the branches of the function. Where the function asks for the truth of a traced number the trace
notes a guard; the numbers of this run are hints for the way that will be taken, and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from autograd_lite.checks.lines import user_line
from autograd_lite.compiler.program import Argument, Axes, Input, Program
from autograd_lite.compiler.sources import Counts, Leaves, Source, StoredIn, Uniform
from autograd_lite.compiler.traced import Traced, TracingError, escapes
from autograd_lite.engine import state
from autograd_lite.engine.node import Node
from autograd_lite.engine.operations import positive
from autograd_lite.engine.primitive import Primitive, Scalar, number
from autograd_lite.engine.storage import Buffer

__all__ = ["Guard", "Region", "Tracer"]

_new = object.__new__


@dataclass(frozen=True)
class Guard:
    """A number on which the way of a trace depends.

    Attributes:
        place: of the number in the program, or the number itself.
        truth: whether it must differ from 0 for the program to be right.
        line: where the function asked, for messages.
        branch: of a guard over lanes, the name of the branch that lanes go both ways at if it fails; else None.
    """

    place: Argument
    truth: bool
    line: str
    branch: Any = None


@dataclass
class Region:
    """A stretch of a run in which vmaps are counted, to name them: the whole, or one run of a mapped function.

    Attributes:
        name: its own.
        way: gives the decisions so far, on which it depends what comes next.
        count: how many vmaps were met.
    """

    name: Any
    way: Callable[[], tuple[bool, ...]]
    count: int = 0


class Tracer:
    """One run of a function: the program it writes, the sources it reads, the way it takes.

    Arguments:
        decisions: the truths of its first guards, whatever the hints say.
        branches: the names of those branches over lanes of which both sides are traced.
        careful: whether derivatives gate every product, see `accumulate`.
    """

    def __init__(
        self, decisions: Sequence[bool] = (), branches: frozenset[Any] = frozenset(), *, careful: bool = False
    ) -> None:
        self.program = Program()
        self.guards: list[Guard] = []
        self.decisions, self.branches, self.careful = tuple(decisions), branches, careful
        self.sources: list[Source] = []
        self.sizes: list[int] = []
        """Of each axis, how many lanes it has in this run."""
        self.along: list[tuple[int, Any, int]] = []
        """What the axes run along: the axis, an array, and its dimension."""
        self.open: Axes = ()
        """The axes of the vmaps whose functions are running."""
        self.decide_lanes: Callable[[Traced, str], bool] | None = None
        self.region = Region((), self.way)
        self.explorers: list[Any] = []
        """What explores the ways through the mapped functions that are running."""
        self.reliable = True
        """Whether the numbers of this run belong to a lane that goes this way."""
        self.bodies = 0
        """How many runs of mapped functions there were."""
        self.doubtful: list[int] = []
        """The places of sums of products that rely on 0·x being 0."""
        self.reducing: Axes = ()
        """What operations on sequences reduce that do not say so themselves."""
        self.accumulation: Callable[[], Any]
        """Makes what a sweep of this run adds up by."""
        self.evaluate: Callable[[int], float]
        """Computes the number at a place on the arguments of this call."""
        self.array: Callable[..., Any]
        """Makes an array of this run of a source and its numbers."""
        self.lifted: dict[Node, Argument] = {}
        self._asked = 0
        self._unions: dict[tuple[Axes, Axes], Axes] = {}
        state.refresh()  # what is stale would be refreshed on the way, and look as if it were made in this run
        self._epoch = state.advance()

    # --- entries ---------------------------------------------------------------------------------------------------------

    def record(self, op: Primitive, args: tuple[Scalar, ...], over: Axes = ()) -> Traced:
        """The traced value of an operation on any arguments."""
        places: list[Argument] = []
        hints: list[float] = []
        axes: Axes = ()
        for arg in args:
            kind = type(arg)
            if kind is Traced:
                places.append(arg.place if arg.tracer is self else self.lift(arg))
                hints.append(arg._number)
                if arg.axes != axes:
                    axes = self.union(axes, arg.axes)
            elif kind is float:
                places.append(arg)
                hints.append(arg)
            elif isinstance(arg, Node):
                places.append(self.lift(arg))
                hints.append(arg._number)
            else:
                args = tuple([x if isinstance(x, Node) else number(x, op.name) for x in args])
                return self.record(op, args, over)
        if op.arity is None:
            over = over or self.reducing
            if over:
                axes = tuple([axis for axis in axes if axis not in over])
            hints = [hints]  # type: ignore[list-item]  # the one argument of a row of sequences
        try:
            hint = op.evaluate(*hints)
        except (IndexError, ValueError):  # the numbers of this run may belong to a lane that never comes here
            hint = math.nan
        node = self._entry(op, tuple(places), axes, over, hint)
        if state.is_recording():
            node._op = op
            node._x, node._y = (args[0], None) if op.arity == 1 else args if op.arity == 2 else (args, None)
        return node

    def read(self, source: Source, position: int, axes: Axes, hint: float) -> Traced:
        """The traced value of an element of a source."""
        return self._entry(Input(self.source(source), position), (), axes, (), hint)

    def fresh(self, x: Scalar) -> Traced:
        """An input of a derivative: its own for every lane of the vmaps that are open."""
        node = self.record(positive, (x,))
        node.axes = self.program.axes[node.place] = self.union(node.axes, self.open)
        return node

    def alias(self, x: Scalar, op: Primitive, args: tuple[Scalar, ...]) -> Traced:
        """A value that is computed like another, and differentiated by an operation of its own on these arguments."""
        source = x if isinstance(x, Traced) else self.record(positive, (x,))
        node = _new(Traced)
        node._number, node._birth, node.label = source._number, self._epoch, None
        node.tracer, node.axes, node.over, node.place = self, source.axes, (), source.place
        node._op, node._x, node._y = (op, args, None) if state.is_recording() else (None, None, None)
        return node

    def count(self, axis: int) -> Traced:
        """The number of lanes of an axis."""
        return self.read(Counts(), axis, (), float(self.sizes[axis]))

    def uniform(self, generator: Random) -> Traced:
        """A random number, its own for every lane of the vmaps that are open."""
        source = Uniform(generator, id(generator), self.open)
        kept = self.sources[self.source(source)]
        assert isinstance(kept, Uniform)
        kept.count[0] += 1
        return self.read(source, kept.count[0] - 1, self.open, 0.5)

    def lift(self, node: Node) -> Argument:
        """The place of a Value from outside, which is read at every call; one that is made in this run is a constant."""
        if type(node) is Traced:
            if node.tracer is not self:
                escapes("a value that another run has kept", "return values from compiled functions")
            return node.place
        place = self.lifted.get(node)
        if place is None:
            place = self.lifted[node] = self._lifted(node)
        return place

    def _lifted(self, node: Node) -> Argument:
        if node._birth >= self._epoch:
            return node._number
        buffer = node._x if node._op is None else None
        if isinstance(buffer, Buffer):
            return self.program.add(Input(self.source(StoredIn(buffer)), node._y), (), ())
        source = self.source(Leaves())
        leaves = self.sources[source]
        assert isinstance(leaves, Leaves)
        leaves.nodes.append(node)
        return self.program.add(Input(source, len(leaves.nodes) - 1), (), ())

    def check_reading(self, node: Node) -> None:
        """Refuses to let the number of a Value from outside be read or written: it would become part of the program."""
        if node._birth < self._epoch or isinstance(node, Traced):
            escapes(".data of a Value from outside", "compute with the Value itself; it is read anew at every call")

    def source(self, wanted: Source) -> int:
        """The number of a source, a new one if it was not met before."""
        for k, source in enumerate(self.sources):
            if source is wanted or source == wanted:
                return k
        self.sources.append(wanted)
        return len(self.sources) - 1

    def new_axis(self, size: int) -> int:
        """An axis of so many lanes."""
        self.sizes.append(size)
        return len(self.sizes) - 1

    def union(self, a: Axes, b: Axes) -> Axes:
        """All axes of two, ascending."""
        found = self._unions.get((a, b))
        if found is None:
            found = self._unions[a, b] = tuple(sorted({*a, *b}))
        return found

    def _entry(self, op: Primitive | Input, places: tuple[Argument, ...], axes: Axes, over: Axes, hint: float) -> Traced:
        node = _new(Traced)
        node._number = hint
        node.label = node._op = node._x = node._y = None
        node._birth = self._epoch
        node.tracer, node.axes, node.over = self, axes, over
        node.place = self.program.add(op, places, axes, over)
        return node

    # --- the way ---------------------------------------------------------------------------------------------------------

    def decide(self, node: Traced) -> bool:
        """The truth of a number on the way that this run takes; noted as a guard."""
        file, number = user_line() or ("?", 0)
        line = f"{file}:{number}"
        lanes = set(node.axes)
        if lanes - set(self.open):
            raise TracingError(
                f"{line} asks for the truth of a number that differs from lane to lane of a vmap; ask inside the mapped "
                "function, use ag.where, or reduce the lanes by ag.total, ag.max … first"
            )
        if lanes and self.decide_lanes is not None:
            return self.decide_lanes(node, line)
        hint = self.evaluate(node.place) if self._depends_on_lanes(node.place) else node._number
        return self.guard(node, hint != 0.0, line)

    def _depends_on_lanes(self, place: int) -> bool:
        """Whether a number was reduced over lanes, of which the numbers of this run know only the first."""
        over, args = self.program.over, self.program.args
        if not self.sizes:
            return False
        seen, stack = {place}, [place]
        while stack:
            place = stack.pop()
            if over[place]:
                return True
            below = [arg for arg in args[place] if type(arg) is int and arg not in seen]
            seen.update(below)
            stack += below
        return False

    def guard(self, node: Traced, hint: bool, line: str, branch: Any = None) -> bool:
        """Notes a guard; its truth is the one decided beforehand, or the hint's."""
        asked = self._asked
        truth = self.decisions[asked] if branch is None and asked < len(self.decisions) else hint
        self._asked += branch is None
        self.guards.append(Guard(node.place, truth, line, branch))
        return truth

    def way(self) -> tuple[bool, ...]:
        """The decisions so far that hold for all lanes."""
        return tuple(guard.truth for guard in self.guards if guard.branch is None)

    def enter_region(self) -> Any:
        """The name of the vmap that begins."""
        self.region.count += 1
        return (self.region.name, self.region.way(), self.region.count)

    @contextmanager
    def reducing_as(self, node: Node) -> Iterator[None]:
        """Has operations on sequences reduce the axes that a node reduces, as its local derivatives do."""
        before, self.reducing = self.reducing, node.over if isinstance(node, Traced) else ()
        try:
            yield
        finally:
            self.reducing = before

    @contextmanager
    def running(self) -> Iterator[Tracer]:
        """Has operations of this thread write into this run's program."""
        with state.traced_by(self):
            yield self

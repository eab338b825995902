"""Program: a scalar graph as a flat list in single assignment, that checks itself and prints itself.

Every entry is one scalar for each point of its axes. An axis is what a `vmap` maps over; one without axes is one number.
An operation reads its arguments at the same point of every axis they have, and repeats them over those they have not. The
entry's own axes are those of its arguments, and those opened by the vmap it stands in, but for the axes it runs `over`:
these its sequence of arguments is repeated along, once for each lane, so that a `total` over an axis adds up the lanes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from autograd_lite.engine.primitive import Primitive
from autograd_lite.engine.reductions import dot

__all__ = ["Argument", "Axes", "Input", "Program", "lanes_text"]

Argument: TypeAlias = int | float
"""The place of an earlier entry (int), or a constant (float)."""

Axes: TypeAlias = tuple[int, ...]
"""Numbers of axes, ascending."""


@dataclass(frozen=True, slots=True)
class Input:
    """Where an entry without an operation is read from at every call.

    Attributes:
        source: the number of the array it stands in.
        position: its place among the elements of that array that one lane sees, in C order.
    """

    source: int
    position: int


@dataclass(slots=True)
class Program:
    """The entries in order, by columns: of entry k the operation is `ops[k]`, its arguments are `args[k]`, and so on.

    Attributes:
        ops: the row of the table, or the `Input` of an entry that is read.
        args: places of earlier entries, and constants; empty for an input.
        axes: over which the entry varies.
        over: which it reduces.
        outputs: places, or constants, of the results.
    """

    ops: list[Primitive | Input] = field(default_factory=list)
    args: list[tuple[Argument, ...]] = field(default_factory=list)
    axes: list[Axes] = field(default_factory=list)
    over: list[Axes] = field(default_factory=list)
    outputs: list[Argument] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ops)

    def add(self, op: Primitive | Input, args: tuple[Argument, ...], axes: Axes, over: Axes = ()) -> int:
        """Appends an entry and returns its place."""
        self.ops.append(op)
        self.args.append(args)
        self.axes.append(axes)
        self.over.append(over)
        return len(self.ops) - 1

    def validate(self) -> Program:
        """Checks that every entry says what this module's first lines say, and returns the program.

        Raises:
            ValueError: that names the first entry which does not.
        """
        axes_of: dict[int, Axes] = {}
        for place, (op, args, axes, over) in enumerate(zip(self.ops, self.args, self.axes, self.over, strict=True)):
            problem = _problem(self, place, op, args, axes, over)
            if isinstance(op, Input) and axes_of.setdefault(op.source, axes) != axes:
                problem = problem or f"other inputs of source {op.source} have other axes"
            if problem:
                raise ValueError(f"entry {place} of the program, {self._entry(place)}: {problem}")
        for output in self.outputs:
            if type(output) is not float and not 0 <= output < len(self):
                raise ValueError(f"the program has no entry {output} for its output")
        return self

    def used(self) -> list[bool]:
        """Of each entry whether an output depends on it."""
        live = [False] * len(self)
        for output in self.outputs:
            if type(output) is int:
                live[output] = True
        for place in range(len(self) - 1, -1, -1):
            if live[place]:
                for arg in self.args[place]:
                    if type(arg) is int:
                        live[arg] = True
        return live

    def renumbered(self, places: Sequence[Argument | None]) -> list[Argument]:
        """The outputs after every entry k has moved to `places[k]`."""
        moved = [places[output] if type(output) is int else output for output in self.outputs]
        return [output for output in moved if output is not None]

    def _entry(self, place: int) -> str:
        op, args, axes, over = self.ops[place], self.args[place], self.axes[place], self.over[place]
        named = f"%{place}{lanes_text(axes)}"
        if isinstance(op, Input):
            return f"{named} = input {op.source}[{op.position}]"
        shown = [f"%{arg}" if type(arg) is int else f"{arg:.6g}" if type(arg) is float else repr(arg) for arg in args]
        if len(shown) > 8:
            shown = [*shown[:4], f"… {len(shown) - 6} more …", *shown[-2:]]
        return f"{named} = {op.name}{f' over {lanes_text(over)}' if over else ''}({', '.join(shown)})"

    def __str__(self) -> str:
        lines = [self._entry(place) for place in range(len(self))]
        results = ", ".join(f"%{output}" if type(output) is int else f"{output:.6g}" for output in self.outputs)
        return "\n".join([*lines, f"return {results}"])


def lanes_text(axes: Iterable[int]) -> str:
    """Axes by letters: [a,b]."""
    letters = [chr(ord("a") + axis) if axis < 26 else f"a{axis}" for axis in axes]
    return f"[{','.join(letters)}]" if letters else ""


def _problem(
    program: Program, place: int, op: Primitive | Input, args: tuple[Argument, ...], axes: Axes, over: Axes
) -> str | None:
    """What is wrong with an entry, or None."""
    if list(axes) != sorted(set(axes)) or list(over) != sorted(set(over)) or set(axes) & set(over):
        return "its axes are not ascending, or one of them is reduced"
    if isinstance(op, Input):
        if op.position < 0:
            return "an input has a position from 0 on"
        return "an input has no arguments and reduces nothing" if args or over else None
    if op is dot and len(args) % 2:
        return f"dot was given {len(args)} arguments, which are no pairs"
    if not args or (op.arity is not None and op.arity != len(args)):
        return f"{op.name} was given {len(args)} arguments"
    if over and op.arity is not None:
        return f"{op.name} is no operation on a sequence and reduces nothing"
    for arg in args:
        if type(arg) is int:
            if not 0 <= arg < place:
                return f"its argument %{arg} does not stand before it"
            if not set(program.axes[arg]) <= set(axes) | set(over):
                return f"its argument %{arg} varies over an axis that it has not"
        elif type(arg) is not float:
            return f"its argument {arg!r} is neither a place nor a float"
    return None

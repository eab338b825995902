"""A program as straight-line Python: one statement for each entry.

For one lane, and for graphs that are deep and narrow, where an array operation for each entry is the wrong tool. The code is
text, printed in parts of limited size and compiled by `exec`; its names are generated, and nothing that a user wrote is in
it. Tracebacks and debuggers find its lines in `linecache` for as long as it lives.
"""

from __future__ import annotations

import linecache
import weakref
from collections.abc import Callable, Sequence
from itertools import count, pairwise
from typing import Any

from autograd_lite.compiler.backends.spellings import Scope, cost_of, literal, spell
from autograd_lite.compiler.program import Argument, Axes, Input, Program

__all__ = ["Body", "PythonFunction", "compiled", "cost", "has_lanes", "part_bounds"]

PART = 2000
"""Statements in one function, to bound the memory that compiling it takes."""


class PythonFunction:
    """A program without axes as a function of floats.

    Its pickle is the program's, and the code is made anew.

    Arguments:
        program: whose entries have no axes and reduce none.
        results: how its outputs form arrays: of each the number of elements, and the axes, which are none.

    Attributes:
        text: the code.

    Raises:
        ValueError: if an entry or a result has axes.

    >>> from autograd_lite.engine.operations import multiply, sin
    >>> program = Program()
    >>> x = program.add(Input(0, 0), (), ())
    >>> y = program.add(sin, (x,), ())
    >>> program.outputs = [program.add(multiply, (y, 2.0), ()), x]
    >>> function = PythonFunction(program, [(2, ())])
    >>> function([[0.5]])
    [[0.958851077208406, 0.5]]
    >>> print(function.text)
    def part(m, s0):
        v0 = s0[0]
        v1 = sin(v0) if -1e300 < v0 < 1e300 else f0(v0)
        v1 = v1 * 2.0
        return [[v1, v0]]
    """

    def __init__(self, program: Program, results: Sequence[tuple[int, Axes]]) -> None:
        if has_lanes(program, results):
            raise ValueError("the program varies over lanes, and straight-line Python has only one; run its plan by numpy")
        self.program, self.results = program, tuple(results)
        bounds = part_bounds(program)
        slots = _slots(program, bounds)
        self._memory = len(slots)
        self._sources = _source_count(program)  # there may be more that nothing is read from
        self._parts: list[Callable[..., Any]] = []
        scope, texts = Scope(), []
        parameters = ", ".join(["m", *[f"s{source}" for source in range(_source_count(program))]])
        for start, stop in pairwise(bounds):
            body = Body(program, range(start, stop), scope, slots, lambda op: f"s{op.source}[{op.position}]")
            for place in range(start, stop):
                body.write(place)
            if stop == len(program):
                body.lines.append(f"return [{', '.join(_arrays(body, program.outputs, results))}]")
            texts.append(f"def part({parameters}):\n{body}")
            self._parts.append(compiled(texts[-1], "part", scope))
        self.text = "\n\n".join(texts)

    def __call__(self, sources: Sequence[Sequence[float]]) -> list[list[float]]:
        """Runs the code.

        Arguments:
            sources: of every source the numbers, which must be of type float, as an array's `tolist()` gives them.

        Returns:
            of every array of results its numbers.
        """
        memory = [0.0] * self._memory
        *before, last = self._parts
        for part in before:
            part(memory, *sources[: self._sources])
        arrays: list[list[float]] = last(memory, *sources[: self._sources])
        return arrays

    def __reduce__(self) -> tuple[Any, ...]:
        return PythonFunction, (self.program, self.results)


def has_lanes(program: Program, results: Sequence[tuple[int, Axes]]) -> bool:
    """Whether a number of the program, or of its results, is one of many lanes."""
    return any(program.axes) or any(program.over) or any(axes for _, axes in results)


def cost(program: Program) -> float:
    """About how many microseconds a call takes on a core of 2026.

    >>> from autograd_lite.engine.operations import multiply
    >>> program = Program()
    >>> x = program.add(Input(0, 0), (), ())
    >>> program.outputs = [program.add(multiply, (x, x), ())]
    >>> 0.2 < cost(program) < 1.0
    True
    """
    entries = sum(
        READ if isinstance(op, Input) else cost_of(op, len(args)) for op, args in zip(program.ops, program.args, strict=True)
    )
    return CALL + entries + WRITTEN * len(program.outputs)


CALL, READ, WRITTEN = 0.3, 0.01, 0.01
"""Microseconds for a call, for an input and for an output."""


class Body:
    """The statements of some entries, written one after the other.

    A number has a variable for as long as it is needed, which then serves for another one: a function with few variables
    is faster than one with many.

    Arguments:
        program: see the module.
        places: of the entries.
        scope: takes in what the code names.
        slots: of each number that entries outside of this body read, its place in the list `m`.
        read: the expression of an input.

    Attributes:
        lines: the statements so far.
    """

    def __init__(
        self, program: Program, places: range, scope: Scope, slots: dict[int, int], read: Callable[[Input], str]
    ) -> None:
        self.program, self.scope, self.slots, self.read = program, scope, slots, read
        self.lines: list[str] = []
        self._names: dict[int, str] = {}
        self._free: list[str] = []
        self._variables = 0
        self._last_reader: dict[int, int] = {}
        for place in places:
            self._last_reader.update(dict.fromkeys([arg for arg in program.args[place] if type(arg) is int], place))
        if places.stop == len(program):
            self._last_reader.update(dict.fromkeys([arg for arg in program.outputs if type(arg) is int], places.stop))

    def write(self, place: int) -> None:
        """Writes the statement of an entry, if anything needs it."""
        op, args = self.program.ops[place], self.program.args[place]
        if isinstance(op, Input) or not (place in self._last_reader or place in self.slots):
            return
        expression = spell(op, [self.operand(arg) for arg in args], self.scope)
        for arg in args:
            if type(arg) is int and arg in self._names and self._last_reader[arg] == place:
                self._free.append(self._names.pop(arg))
        targets = [f"m[{self.slots[place]}]"] if place in self.slots else []
        if place in self._last_reader:
            targets.append(self._variable(place))
        self.lines.append(" = ".join([*targets, expression]))

    def operand(self, arg: Argument) -> str:
        """A constant, or the variable of an entry, which is read if it was not before."""
        if isinstance(arg, float):
            return literal(arg)
        if arg not in self._names:
            expression = self._read(arg)
            if expression.isidentifier():
                return expression
            self.lines.append(f"{self._variable(arg)} = {expression}")
        return self._names[arg]

    def result(self, arg: Argument) -> str:
        """A constant, a variable, or what reads an entry."""
        if isinstance(arg, float):
            return literal(arg)
        return self._names.get(arg) or self._read(arg)

    def _read(self, place: int) -> str:
        op = self.program.ops[place]
        return self.read(op) if isinstance(op, Input) else f"m[{self.slots[place]}]"

    def _variable(self, place: int) -> str:
        if self._free:
            name = self._free.pop()
        else:
            name = f"v{self._variables}"
            self._variables += 1
        self._names[place] = name
        return name

    def __str__(self) -> str:
        return "\n".join([f"    {line}" for line in self.lines or ["pass"]])


def part_bounds(program: Program) -> list[int]:
    """The places where parts begin, and the end."""
    bounds, size = [0], 0
    for place, args in enumerate(program.args):
        size += 1 + len(args) // 8
        if size > PART:
            bounds.append(place)
            size = 1 + len(args) // 8
    return [*bounds, len(program)]


def _slots(program: Program, bounds: Sequence[int]) -> dict[int, int]:
    """Of each result of an operation that another part reads, its place in the list that the parts share."""
    slots: dict[int, int] = {}
    for start, stop in pairwise(bounds):
        readers = [*program.args[start:stop], program.outputs if stop == len(program) else ()]
        for args in readers:
            for arg in args:
                if type(arg) is int and arg < start and not isinstance(program.ops[arg], Input):
                    slots.setdefault(arg, len(slots))
    return slots


def _source_count(program: Program) -> int:
    return 1 + max([op.source for op in program.ops if isinstance(op, Input)], default=-1)


def _arrays(body: Body, outputs: Sequence[Argument], results: Sequence[tuple[int, Axes]]) -> list[str]:
    """The arrays of results as lists."""
    lists, start = [], 0
    for size, _ in results:
        lists.append(f"[{', '.join([body.result(output) for output in outputs[start : start + size]])}]")
        start += size
    return lists


# --- code ----------------------------------------------------------------------------------------------------------------

_compiled = count(1)


def compiled(text: str, name: str, scope: Scope) -> Callable[..., Any]:
    """The function of a name that a text defines."""
    file = f"<autograd_lite code {next(_compiled)}>"
    exec(compile(text, file, "exec"), scope.items)
    function: Callable[..., Any] = scope.items.pop(name)
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    weakref.finalize(function, linecache.cache.pop, file, None).atexit = False
    return function

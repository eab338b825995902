"""schedule: Program → Plan. Entries of one level that do the same become one step.

The level of an entry is one more than the highest of its arguments. Entries of a level with the same operation, axes and
operands' buffers are one step; the step's results lie side by side in the order of the program, so that the operands of the
next step are almost always found at base + Σ counter·stride.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np

from autograd_lite.compiler.affine import nest_of
from autograd_lite.compiler.plan import Buffer, Output, Piece, Plan, Result, Step, View
from autograd_lite.compiler.program import Argument, Axes, Input, Program
from autograd_lite.compiler.sources import Source
from autograd_lite.engine.primitive import Primitive
from autograd_lite.engine.reductions import dot, total

__all__ = ["schedule"]

CONSTANT = -1
"""The number of the buffer that constants are said to be in."""

Signature = tuple[Any, ...]


def schedule(program: Program, sources: Sequence[Source], results: Sequence[tuple[int, Axes]]) -> Plan:
    """The plan of a program.

    Arguments:
        program: a valid one.
        sources: what its inputs read.
        results: how its outputs form arrays: of each the number of elements and the axes.
    """
    return _Scheduler(program, sources).plan(results)


@dataclass
class _Scheduler:
    program: Program
    sources: Sequence[Source]
    buffers: list[Buffer] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    home: list[int] = field(default_factory=list)
    """Of each entry the buffer it stands in."""
    row: list[int] = field(default_factory=list)
    phase: list[int] = field(default_factory=list)
    terms: dict[int, list[tuple[Any, Any]]] = field(default_factory=dict)
    """Of each sum that is being scheduled its terms, sorted by the buffers of their factors."""

    def plan(self, results: Sequence[tuple[int, Axes]]) -> Plan:
        count = len(self.program)
        self.home, self.row, self.phase = [CONSTANT] * count, [0] * count, [0] * count
        self.buffers = [Buffer(axes) for axes in self._source_axes()]
        for level in self._levels():
            groups: dict[Signature, list[int]] = {}
            for place in level:
                groups.setdefault(self._signature(place), []).append(place)
            for signature, places in groups.items():
                self._add_step(signature, places)
        steps = sorted(self.steps, key=lambda step: step.phase)  # stable: levels stay in order within a phase
        arrays, start = [], 0
        for size, axes in results:
            arrays.append(self._result(self.program.outputs[start : start + size], axes))
            start += size
        return Plan(tuple(self.sources), tuple(self.buffers), tuple(steps), tuple(arrays), count)

    def _source_axes(self) -> list[Axes]:
        axes: list[Axes] = [()] * len(self.sources)
        for op, own in zip(self.program.ops, self.program.axes, strict=True):
            if isinstance(op, Input):
                axes[op.source] = own
        return axes

    def _levels(self) -> list[list[int]]:
        """Entries with an operation by level; inputs are given their homes."""
        heights = [0] * len(self.program)
        levels: list[list[int]] = []
        for place, (op, args) in enumerate(zip(self.program.ops, self.program.args, strict=True)):
            if isinstance(op, Input):
                self.home[place], self.row[place] = op.source, op.position
                continue
            height = 0
            for arg in args:
                if type(arg) is int and heights[arg] > height:
                    height = heights[arg]
            heights[place] = height + 1
            if height == len(levels):
                levels.append([])
            levels[height].append(place)
        return levels

    def _signature(self, place: int) -> Signature:
        """What entries of one step have in common: operation, axes, phase, and the buffers of the operands."""
        program, home, phases, over = self.program, self.home, self.phase, self.program.over
        op, args = program.ops[place], program.args[place]
        phase, homes = 0, []
        for arg in args:
            if type(arg) is int:
                homes.append(home[arg])
                # What is reduced over lanes is whole only in the next phase.
                after = phases[arg] + 1 if over[arg] else phases[arg]
                if after > phase:
                    phase = after
            else:
                homes.append(CONSTANT)
        phases[place] = phase
        assert isinstance(op, Primitive)
        if op is dot or op is total:
            pairs = self._sorted_terms(op, args, homes)
            self.terms[place] = pairs
            runs: Signature = tuple([(key, len(list(run))) for key, run in groupby(pair[0] for pair in pairs)])
        else:
            runs = tuple(homes)
        return (op, program.axes[place], over[place], phase, runs)

    def _sorted_terms(self, op: Primitive, args: Sequence[Argument], homes: Sequence[int]) -> list[tuple[Any, Any]]:
        """The factors of each term with the buffers they stand in, in the order of those and of places: a sum has none."""
        row = self.row
        terms: list[tuple[Any, Any, int]] = []
        if op is total:
            for a, x in zip(homes, args, strict=True):
                terms.append(((a,), (x,), row[x] if type(x) is int else 0))
        else:
            half = len(args) // 2
            for a, b, x, y in zip(homes[:half], homes[half:], args[:half], args[half:], strict=True):
                if a < b:
                    a, b, x, y = b, a, y, x
                terms.append(((a, b), (x, y), row[x] if type(x) is int else 0))
        terms.sort(key=itemgetter(0, 2))
        return [(homes, factors) for homes, factors, _ in terms]

    def _add_step(self, signature: Signature, places: list[int]) -> None:
        _, axes, over, phase, runs = signature
        op = self.program.ops[places[0]]
        assert isinstance(op, Primitive)
        buffer = len(self.buffers)
        self.buffers.append(Buffer(axes, len(places)))
        if len(places) > 1:
            places = self._ordered(places)
        for row, place in enumerate(places):
            self.home[place], self.row[place] = buffer, row
        if op is dot or op is total:
            kind, pieces = "contraction", self._contraction(places, runs)
        elif op.arity is None:
            kind, pieces = "reduction", self._sequence(places, runs)
        else:
            columns = zip(*[self.program.args[place] for place in places], strict=True)
            operands = [self._operand(home, [[arg] for arg in column]) for home, column in zip(runs, columns, strict=True)]
            kind, pieces = "elementwise", [_piece(operands)]
        self.steps.append(Step(op, kind, buffer, len(places), axes, over, phase, tuple(pieces)))

    def _ordered(self, places: list[int]) -> list[int]:
        """Entries in the order of what they read, whatever order they were made in: a backward sweep runs the other way."""
        row, keys = self.row, []
        for place in places:
            terms = self.terms.get(place)
            args = terms[0][1] if terms else self.program.args[place][:2]
            keys.append(tuple([row[arg] if type(arg) is int else 0 for arg in args]))
        return [place for _, place in sorted(zip(keys, places, strict=True))]

    def _contraction(self, places: list[int], runs: Signature) -> list[Piece]:
        pieces, start = [], 0
        for homes, length in runs:
            terms = [self.terms[place][start : start + length] for place in places]
            operands = [
                self._operand(home, [[pair[1][side] for pair in row] for row in terms]) for side, home in enumerate(homes)
            ]
            kept = [operand for operand in operands if operand.buffer != CONSTANT or (operand.numbers != 1.0).any()]
            pieces.append(_piece(kept or operands[:1]))
            start += length
        for place in places:
            del self.terms[place]
        return pieces

    def _sequence(self, places: list[int], runs: Signature) -> list[Piece]:
        pieces, start = [], 0
        for home, run in groupby(runs):
            stop = start + len(list(run))
            rows = [self.program.args[place][start:stop] for place in places]
            pieces.append(_piece([self._operand(home, rows)]))
            start = stop
        return pieces

    def _operand(self, home: int, rows: Sequence[Sequence[Argument]]) -> _Operand:
        """The operand of a step: for each row the places of its terms, all in one buffer, or constants."""
        if home == CONSTANT:
            return _Operand(home, np.array(rows, dtype=float))
        row = self.row
        return _Operand(home, np.array([[row[arg] for arg in args] for args in rows], dtype=np.int64))  # type: ignore[index]

    def _result(self, outputs: Sequence[Argument], axes: Axes) -> Result:
        """Where the elements of an array of results come from."""
        groups: dict[int, list[int]] = {}
        for position, output in enumerate(outputs):
            groups.setdefault(self.home[output] if type(output) is int else CONSTANT, []).append(position)
        parts = []
        for home, positions in groups.items():
            operand = self._operand(home, [[outputs[position]] for position in positions])
            piece = _piece([_Operand(0, np.array(positions)[:, None]), operand])
            target, view = piece.operands
            parts.append(Output(target, Piece(piece.rows, (), (view,))))
        return Result(len(outputs), axes, tuple(parts))


@dataclass(frozen=True)
class _Operand:
    """The positions in a buffer, or the constants, that the rows and terms of a step read."""

    buffer: int
    numbers: Any


def _piece(operands: Sequence[_Operand]) -> Piece:
    """Operands under one nest of counters; those that follow no pattern list their positions."""
    rows, terms = operands[0].numbers.shape
    regular = [k for k, operand in enumerate(operands) if operand.buffer != CONSTANT and _is_separable(operand.numbers)]
    nests: Any = ((rows,) if rows > 1 else (), []), ((terms,) if terms > 1 else (), [])
    while regular:
        found = (
            nest_of([operands[k].numbers[:, 0] for k in regular]),
            nest_of([operands[k].numbers[0] for k in regular]),
        )
        if all(found):
            nests = found
            break
        regular = _without_irregular(operands, regular)
    (row_counts, row_strides), (term_counts, term_strides) = nests
    views = []
    for k, operand in enumerate(operands):
        if k in regular:
            n = regular.index(k)
            views.append(View(operand.buffer, int(operand.numbers[0, 0]), row_strides[n] + term_strides[n]))
        elif operand.buffer != CONSTANT:
            views.append(View(operand.buffer, positions=operand.numbers))
        elif _is_constant(operand.numbers):
            views.append(View(CONSTANT, constants=float(operand.numbers[0, 0])))
        else:
            views.append(View(CONSTANT, constants=operand.numbers))
    return Piece(row_counts, term_counts, tuple(views))


def _is_constant(numbers: Any) -> bool:
    """Whether all numbers are the same to the bit: 0.0 is not -0.0, and nan is nan."""
    bits = numbers.view(np.int64)
    return bool((bits == bits.flat[0]).all())


def _is_separable(positions: Any) -> bool:
    """Whether a term moves the position by the same in every row."""
    return bool((positions == positions[:, :1] + positions[:1] - positions[0, 0]).all())


def _without_irregular(operands: Sequence[_Operand], regular: list[int]) -> list[int]:
    """The operands that follow a pattern by themselves; or if all do and yet no common one, all but the last."""
    alone = [k for k in regular if nest_of([operands[k].numbers[:, 0]]) and nest_of([operands[k].numbers[0]])]
    return alone if len(alone) < len(regular) else regular[:-1]

"""Plan: a program as a few array operations, as plain data.

What it means. There are buffers, each an array of rows, and a row has one number for each point of the buffer's axes. The
first buffers are the program's sources, the others are each written by one step. A step applies one row of the table to many
rows of its operands at once:

- *elementwise*: row r of the result is op(operand 0 at r, operand 1 at r, …), at each point of the step's axes;
- *contraction* (`terms` in its pieces): row r is the sum, over all pieces, all terms t and all lanes of the axes that the
  step runs over, of the product of the piece's one or two operands at (r, t);
- *reduction*: row r is op of the sequence of operands at (r, t) for all terms t of all pieces in order, and for all lanes.

An operand is a `View` of a buffer: counters run over the piece's rows, then over its terms, and the buffer is read at place
base + Σ counter·stride; or the positions are listed; or it is no buffer but constants. Steps stand in an order in which they
can be run. Their phases tell how lanes can be run in blocks: within a phase no step reads what a step of that phase
reduces over lanes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from autograd_lite.compiler.program import Axes
from autograd_lite.compiler.sources import Source
from autograd_lite.engine.primitive import Primitive

__all__ = ["Buffer", "Output", "Piece", "Plan", "Step", "View"]


@dataclass(frozen=True)
class View:
    """How an operand is read.

    Attributes:
        buffer: its number; -1 for constants.
        base, strides: the first position, and how far each counter moves it.
        positions: instead of those, all positions (rows × terms) where they follow no pattern.
        constants: the numbers, (rows × terms), or one that serves for all.
    """

    buffer: int
    base: int = 0
    strides: tuple[int, ...] = ()
    positions: Any = None
    constants: Any = None


@dataclass(frozen=True)
class Piece:
    """Operands under one nest of counters.

    Attributes:
        rows, terms: the lengths of the counters; the product of those of the rows is the number of rows of the step.
        operands: the views.
    """

    rows: tuple[int, ...]
    terms: tuple[int, ...]
    operands: tuple[View, ...]


@dataclass(frozen=True)
class Step:
    """One array operation; see the module."""

    op: Primitive
    kind: str
    buffer: int
    rows: int
    axes: Axes
    over: Axes
    phase: int
    pieces: tuple[Piece, ...]

    def __post_init__(self) -> None:
        if any(math.prod(piece.rows) != self.rows for piece in self.pieces):
            raise ValueError(f"a piece of the step for buffer {self.buffer} has not its {self.rows} rows")


@dataclass(frozen=True)
class Buffer:
    """An array of rows; of a source the number of rows is not known."""

    axes: Axes
    rows: int | None = None


@dataclass(frozen=True)
class Output:
    """Rows that are copied to places of a result, both under one nest of counters."""

    target: View
    piece: Piece


@dataclass(frozen=True)
class Result:
    """One array of results: its number of elements, its axes, and where they come from."""

    size: int
    axes: Axes
    outputs: tuple[Output, ...]


@dataclass(frozen=True)
class Plan:
    """A program as array operations; see the module.

    Attributes:
        sources: where the first buffers are read from.
        buffers: all buffers, those of the sources first.
        steps: in an order in which they can be run.
        results: what is returned, each an array.
        nodes: how many entries the program has.
    """

    sources: tuple[Source, ...]
    buffers: tuple[Buffer, ...]
    steps: tuple[Step, ...]
    results: tuple[Result, ...]
    nodes: int
    notes: tuple[str, ...] = field(default=())

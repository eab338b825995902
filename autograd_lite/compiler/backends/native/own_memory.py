"""Where the buffers are that only one stage knows, and how many lanes go together.

Stages run one after the other and share one stretch of memory; in a stage with blocks it holds one block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from autograd_lite.compiler.backends.memory import placed
from autograd_lite.compiler.backends.native.chunks import Group, groups, is_narrow
from autograd_lite.compiler.backends.native.machine import FIRST_CACHE
from autograd_lite.compiler.backends.native.nest import Nest, Nests
from autograd_lite.compiler.backends.native.pieces import Copy
from autograd_lite.compiler.backends.native.stages import BLOCKS, FOREIGN, Stage, Stages

__all__ = ["OwnMemory"]

WIDEST = 64
"""Lanes in a block at most."""


@dataclass
class OwnMemory:
    """The memory of stages.

    Arguments:
        loops: of each step, by its buffer.
        copied: the copies to results, by the identity of the output.
        width: of a vector.

    Attributes:
        block: how many lanes go together; 0 if there are none.
        offsets: of each stage the first row of each buffer.
        size: how many numbers there is room for.
    """

    stages: Stages
    nests: Nests
    loops: Mapping[int, Sequence[Nest]]
    copied: Mapping[int, Copy]
    width: int
    block: int = 0
    offsets: list[dict[int, int]] = field(default_factory=list)
    size: int = 0

    def __post_init__(self) -> None:
        rows = {id(stage): self._place(stage) for stage in self.stages.order}
        blocks = [rows[id(stage)] for stage in self.stages.order if stage.kind == BLOCKS]
        self.block = self._fitting(max(blocks)) if blocks else 0
        self.size = max([rows[id(stage)] * self.lanes(stage) for stage in self.stages.order], default=0)

    def lanes(self, stage: Stage) -> int:
        """How many numbers a row has in a stage."""
        return self.block if stage.kind == BLOCKS else 1

    def groups(self, stage: Stage) -> list[Group]:
        """The steps of a stage that go together."""
        axis = self.stages.axis
        steps = [(step, list(self.loops[step.buffer])) for step in stage.steps]
        return list(groups([(step, nests, is_narrow(step, nests) and axis not in step.over) for step, nests in steps]))

    def packed(self, stage: Stage) -> dict[int, int]:
        """The sources with lanes that a stage of blocks reads, and how many of their rows."""
        rows: dict[int, int] = {}
        if stage.kind != BLOCKS:
            return rows
        reads = [
            (access, (*nest.counts, *part.counts))
            for step in stage.steps
            for nest in self.loops[step.buffer]
            for part in nest.parts
            for access in part.operands
        ]
        reads += [(self.copied[id(output)][1], self.copied[id(output)][0]) for _, output in stage.copies]
        for access, counts in reads:
            if 0 <= access.buffer < len(self.stages.plan.sources) and access.has_lanes:
                last = access.last_row(counts, self.nests.tables)
                rows[access.buffer] = max(rows.get(access.buffer, 0), last + 1)
        return rows

    def _place(self, stage: Stage) -> int:
        """Finds the offsets of a stage; returns how many rows they take."""
        if stage.kind == FOREIGN:
            self.offsets.append({})
            return 0
        packed, turns = self.packed(stage), self._turns(stage)
        end = max([last for _, last in turns.values()], default=0) + 1
        last: dict[int, int] = {output.piece.operands[0].buffer: end for _, output in stage.copies}
        for step in stage.steps:
            for view in [view for piece in step.pieces for view in piece.operands]:
                last[view.buffer] = max(last.get(view.buffer, 0), turns[step.buffer][1])
        lives = [(rows, 0, last[number]) for number, rows in packed.items()]
        numbers = list(packed)
        for step in stage.steps:
            if step.buffer in self.stages.local:
                first, done = turns[step.buffer]
                lives.append((self.nests.rows(step.buffer), first, max(last.get(step.buffer, 0), done)))
                numbers.append(step.buffer)
        offsets, rows = placed(lives)
        self.offsets.append(dict(zip(numbers, offsets, strict=True)))
        return rows

    def _turns(self, stage: Stage) -> dict[int, tuple[int, int]]:
        """When each step first and last writes. Steps that run through their rows together have one turn: what one of them
        reads for the last time, another may not overwrite, since it is rows ahead."""
        turns: dict[int, tuple[int, int]] = {}
        now = 0
        for group in self.groups(stage):
            for step, _ in group.steps:
                now += group.written_out
                turns[step.buffer] = turns.get(step.buffer, (now, now))[0], now
            now += not group.written_out
        return turns

    def _fitting(self, rows: int) -> int:
        """How many lanes of so many rows stay in the first cache, a power of two."""
        fit = WIDEST
        while fit > 2 * self.width and fit * rows * self.nests.dtype.itemsize > FIRST_CACHE:
            fit //= 2
        return fit

"""What of a plan runs as native code, in which order, and where its buffers are.

Steps run in stages. A stage is *free* (its steps have nothing to do with the axis whose lanes go in blocks), or it runs in
*blocks* of lanes, each of which goes through all its steps, or it is *foreign*: one step that numpy runs over all lanes,
such as a product that a matrix library does better. Buffers that only one stage knows lie side by side in memory that the
stages share, of those with lanes one block alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from autograd_lite.compiler.backends.native.reduction import is_reduced
from autograd_lite.compiler.backends.native.rows import is_written
from autograd_lite.compiler.plan import Output, Piece, Plan, Step

__all__ = ["BLOCKS", "FOREIGN", "FREE", "Stage", "Stages"]

FREE, BLOCKS, FOREIGN = "free", "blocks", "foreign"

LARGE = 16 * 1024
"""Numbers of a factor without lanes from which on a product is left to the matrix library: it does not fit the caches."""


@dataclass(frozen=True)
class Stage:
    """Steps that run together.

    Attributes:
        copies: pieces of results, with the number of the result, that are copied while a block is there.
    """

    kind: str
    steps: tuple[Step, ...]
    copies: tuple[tuple[int, Output], ...] = ()

    @cached_property
    def written(self) -> frozenset[int]:
        """The buffers that its steps write."""
        return frozenset(step.buffer for step in self.steps)

    @cached_property
    def read(self) -> frozenset[int]:
        """The buffers that its steps and copies read."""
        pieces = [piece for step in self.steps for piece in step.pieces] + [copy.piece for _, copy in self.copies]
        return frozenset(view.buffer for piece in pieces for view in piece.operands if view.buffer >= 0)


@dataclass
class Stages:
    """The stages of a plan.

    Arguments:
        axis: whose lanes go in blocks.
        sizes: of the other axes.

    Attributes:
        order: the stages.
        local: the buffers that only one stage knows, of lanes in blocks only one block.
        copies: the pieces of results without lanes, which are copied at the end, with the numbers of the results.
    """

    plan: Plan
    axis: int | None
    sizes: dict[int, int]
    order: list[Stage] = field(default_factory=list)
    local: frozenset[int] = frozenset()
    copies: list[tuple[int, Output]] = field(default_factory=list)

    def __post_init__(self) -> None:
        waiting = list(self.plan.steps)
        done = set(range(len(self.plan.sources)))
        while waiting:
            for kind in (FREE, BLOCKS, FOREIGN):
                steps = self._ready(waiting, kind, done)
                if not steps:
                    continue
                self.order += [Stage(kind, tuple(steps))] if kind != FOREIGN else [Stage(kind, (step,)) for step in steps]
                done |= {step.buffer for step in steps}
                waiting = [step for step in waiting if step.buffer not in done]
        self.local = self._found_local()
        self._share_out_copies()
        self.local |= {buffer for stage in self.order if stage.kind == FREE for buffer in self._alone_in(stage)}

    def kind_of(self, step: Step) -> str:
        """The kind of the stage that a step belongs to."""
        if not self._is_native(step):
            return FOREIGN
        return BLOCKS if self.axis is not None and self.axis in (*step.axes, *step.over) else FREE

    def _alone_in(self, stage: Stage) -> frozenset[int]:
        """The buffers that no other stage reads, nor a result in the end."""
        others = {buffer for other in self.order if other is not stage for buffer in other.read}
        others |= {output.piece.operands[0].buffer for _, output in self.copies}
        return stage.written - others

    def has_lanes(self, buffer: int) -> bool:
        return buffer >= 0 and self.axis in self.plan.buffers[buffer].axes

    def _ready(self, waiting: Sequence[Step], kind: str, done: set[int]) -> list[Step]:
        """The steps of a kind that can run after those that are done; within a stage one after the other."""
        whole, found = set(done), []
        for step in waiting:
            read = {view.buffer for piece in step.pieces for view in piece.operands if view.buffer >= 0}
            if self.kind_of(step) == kind and read <= whole:
                found.append(step)
                # What is summed over lanes is whole only when all blocks are done; what numpy computes is a stage by itself.
                if kind == FREE or (kind == BLOCKS and self.axis in step.axes):
                    whole.add(step.buffer)
        return found

    def _is_native(self, step: Step) -> bool:
        if step.kind == "elementwise":
            return is_written(step.op)
        over = self.axis is not None and self.axis in step.over
        if step.kind == "reduction":
            return is_reduced(step.op) and not over and self._has_common_rows(step)
        if over and not all(self._varies(piece) for piece in step.pieces):
            return False
        return not any(self._is_large(step, piece) for piece in step.pieces)

    def _varies(self, piece: Piece) -> bool:
        return any(self.has_lanes(view.buffer) for view in piece.operands)

    def _has_common_rows(self, step: Step) -> bool:
        return len({piece.rows for piece in step.pieces}) == 1

    def _is_large(self, step: Step, piece: Piece) -> bool:
        """Whether a piece is a matrix product that a matrix library does better."""
        if len(piece.operands) != 2 or self.axis is None or self.axis not in (*step.axes, *step.over):
            return False
        return step.rows * math.prod(piece.terms) >= LARGE and all(view.constants is None for view in piece.operands)

    def _found_local(self) -> frozenset[int]:
        """Buffers with lanes that one stage of blocks writes, and no other stage reads."""
        readers: dict[int, set[int]] = {}
        for number, stage in enumerate(self.order):
            for buffer in stage.read:
                readers.setdefault(buffer, set()).add(number)
        found = set()
        for number, stage in enumerate(self.order):
            if stage.kind == BLOCKS:
                found |= {b for b in stage.written if self.has_lanes(b) and readers.get(b, set()) <= {number}}
        return frozenset(found)

    def _share_out_copies(self) -> None:
        """Pieces of results that need what lives in a block are copied there, the others at the end, of lanes in blocks."""
        here: dict[int, list[tuple[int, Output]]] = {}
        home = {buffer: number for number, stage in enumerate(self.order) for buffer in stage.written}
        for number, result in enumerate(self.plan.results):
            for output in result.outputs:
                buffer = output.piece.operands[0].buffer
                if buffer in self.local:
                    here.setdefault(home[buffer], []).append((number, output))
                elif self.axis is not None and self.axis in result.axes:
                    here.setdefault(len(self.order), []).append((number, output))
                else:
                    self.copies.append((number, output))
        last = here.pop(len(self.order), [])
        for number, copies in here.items():
            self.order[number] = Stage(BLOCKS, self.order[number].steps, tuple(copies))
        self.order += [Stage(BLOCKS, (), tuple(last))] if last else []

"""A plan run by numpy: one call for a step, on views that are made once.

Lanes go through the plan in blocks, so that what a block computes is still in the cache when it is used. Buffers that are
used beyond their phase are kept for all lanes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from autograd_lite.compiler.backends.binding import Binder
from autograd_lite.compiler.backends.contraction import Call, Scratch
from autograd_lite.compiler.backends.memory import placed
from autograd_lite.compiler.backends.workers import run_side_by_side
from autograd_lite.compiler.plan import Output, Plan, Step
from autograd_lite.compiler.program import Axes

__all__ = ["BoundPlan"]

CACHE = 4 * 1024 * 1024
"""Bytes that the buffers of one block of lanes shall take: a share of the last cache. (Smaller blocks, for the caches before
it, were slower by measurement: they need more calls.)"""

BUSY = 4096
"""Numbers that a step shall compute in one block on average: with fewer, calls cost more than what they compute."""


FEWEST = 256
"""Lanes that are worth a thread of their own."""


@dataclass
class BoundPlan:
    """A plan with its buffers, for given sources and numbers of lanes; one thread at a time runs it.

    Arguments:
        plan: see `Plan`.
        sources: an array for each source, rows first and then the source's axes.
        sizes: the number of lanes of each axis.
        threads: how many of them share the blocks of lanes.
    """

    plan: Plan
    sources: Sequence[Any]
    sizes: dict[int, int]
    dtype: Any = np.float64
    threads: int = 1
    stages: list[list[list[Call]]] = field(default_factory=list)
    """What is run one after the other; the lists of calls of one stage side by side."""

    def __post_init__(self) -> None:
        self.axis = self._blocked_axis()
        self.scratch = Scratch(self.dtype)
        self.axes = [buffer.axes for buffer in self.plan.buffers]
        self.phase_of = {step.buffer: step.phase for step in self.plan.steps if self.axis in step.axes}
        self.kept = self._kept()
        self.copies = self._copies()
        self.whole = dict(enumerate(self.sources))
        self.results = [np.empty((r.size, *[self.sizes[x] for x in r.axes]), self.dtype) for r in self.plan.results]
        for number in range(len(self.sources), len(self.plan.buffers)):
            if number not in self.phase_of or number in self.kept:
                self.whole[number] = np.empty(self._shape(number, None), self.dtype)
        for phase in range(1 + max((step.phase for step in self.plan.steps), default=0)):
            self._bind(phase)
        binder = Binder(self.whole, self.axes, self.sizes, self.dtype, self.scratch)
        for result, output in self.copies.get(None, []):
            axes = self.plan.results[result].axes
            self._add(binder.copy(output.piece, output.target, axes, self.results[result]))

    def run(self) -> list[Any]:
        """Runs all steps; the results are overwritten by the next run."""
        for stage in self.stages:
            if len(stage) == 1:
                _run(stage[0])
            else:
                run_side_by_side([partial(_run, calls) for calls in stage])
        return self.results

    # --- what lies where ---------------------------------------------------------------------------------------------------

    def _blocked_axis(self) -> int | None:
        """The axis whose lanes go in blocks: the longest."""
        axes = {axis for buffer in self.plan.buffers for axis in buffer.axes}
        axes |= {axis for step in self.plan.steps for axis in step.over}
        return max(axes, key=lambda axis: (self.sizes[axis], -axis)) if axes else None

    def _in_blocks(self, step: Step) -> bool:
        """Whether the step runs once for each block: it has the axis, or adds up over it."""
        return self.axis in step.axes or (self.axis in step.over and step.kind == "contraction")

    def _kept(self) -> set[int]:
        """The buffers that all lanes are kept of, since something outside of their phase's blocks reads them."""
        kept = set()
        for step in self.plan.steps:
            for view in [view for piece in step.pieces for view in piece.operands]:
                if view.buffer in self.phase_of and (self.phase_of[view.buffer] != step.phase or not self._in_blocks(step)):
                    kept.add(view.buffer)
        return kept

    def _copies(self) -> dict[int | None, list[tuple[int, Output]]]:
        """The pieces of results, by the phase in whose blocks they are copied; None for those copied at the end."""
        copies: dict[int | None, list[tuple[int, Output]]] = {}
        for number, result in enumerate(self.plan.results):
            for output in result.outputs:
                buffer = output.piece.operands[0].buffer
                local = self.axis in result.axes and buffer in self.phase_of and buffer not in self.kept
                copies.setdefault(self.phase_of[buffer] if local else None, []).append((number, output))
        return copies

    def _shape(self, number: int, width: int | None) -> list[int]:
        """The shape of a buffer, for all lanes or for a block."""
        buffer = self.plan.buffers[number]
        lanes = [self.sizes[axis] if axis != self.axis or width is None else width for axis in buffer.axes]
        return [buffer.rows or 0, *lanes]

    def _local(self, steps: Sequence[Step], copied: set[int], lanes: int) -> tuple[dict[int, Any], int]:
        """Memory for the buffers of a phase that a block leaves behind, and the number of lanes in a block."""
        numbers = [step.buffer for step in steps if step.buffer in self.phase_of and step.buffer not in self.kept]
        last = dict.fromkeys(copied, len(steps))
        for k, step in enumerate(steps):
            for view in [view for piece in step.pieces for view in piece.operands]:
                last[view.buffer] = max(last.get(view.buffer, 0), k)
        first = {step.buffer: k for k, step in enumerate(steps)}
        sizes = [math.prod(self._shape(number, 1)) for number in numbers]
        lives = [(n, first[b], last.get(b, first[b])) for n, b in zip(sizes, numbers, strict=True)]
        offsets, rows = placed(lives)
        width = self._width(lanes, rows, sum(sizes), len(steps))
        memory = np.empty(rows * width, self.dtype)
        arrays = {}
        for number, offset, size in zip(numbers, offsets, sizes, strict=True):
            arrays[number] = memory[offset * width : (offset + size) * width].reshape(self._shape(number, width))
        return arrays, width

    def _width(self, lanes: int, rows: int, rows_computed: int, steps: int) -> int:
        """The number of lanes in a block whose memory has so many rows, while the steps compute so many."""
        fit = max(BUSY * steps // max(rows_computed, 1), CACHE // (max(rows, 1) * np.dtype(self.dtype).itemsize), 1)
        return int(-(-lanes // -(-lanes // fit)))

    # --- calls -----------------------------------------------------------------------------------------------------------

    def _add(self, calls: list[Call]) -> None:
        """Adds calls to what runs after all so far."""
        if not self.stages or len(self.stages[-1]) > 1:
            self.stages.append([[]])
        self.stages[-1][0] += calls

    def _bind(self, phase: int) -> None:
        """The calls of a phase: what has not the blocked axis, then the blocks, then what needs all blocks."""
        steps = [step for step in self.plan.steps if step.phase == phase]
        whole = Binder(self.whole, self.axes, self.sizes, self.dtype, self.scratch)
        for step in steps:
            if not self._in_blocks(step) and self.axis not in step.over:
                self._add(whole.step(step, self.whole[step.buffer]))
        self._bind_blocks([step for step in steps if self._in_blocks(step)], self.copies.get(phase, []))
        for step in steps:
            if not self._in_blocks(step) and self.axis in step.over:
                self._add(whole.step(step, self.whole[step.buffer]))

    def _bind_blocks(self, steps: Sequence[Step], copies: Sequence[tuple[int, Output]]) -> None:
        """The calls of all blocks, shared out among the threads, and those that add up what each thread has summed."""
        if not steps or self.axis is None:
            return
        lanes = self.sizes[self.axis]
        threads = min(self.threads, -(-lanes // FEWEST)) if self.threads > 1 else 1
        share = -(-lanes // threads)
        side_by_side: list[list[Call]] = []
        sums: list[Call] = []
        for start in range(0, lanes, share):
            partial_sums = {} if start == 0 else {
                step.buffer: np.empty_like(self.whole[step.buffer]) for step in steps if self.axis in step.over
            }  # fmt: skip
            side_by_side.append(self._calls_of_blocks(steps, copies, range(start, min(start + share, lanes)), partial_sums))
            sums += [(np.add, (self.whole[k], array, self.whole[k])) for k, array in partial_sums.items()]
        if len(side_by_side) == 1:
            self._add(side_by_side[0])
        else:
            self.stages.append(side_by_side)
            self._add(sums)

    def _calls_of_blocks(
        self, steps: Sequence[Step], copies: Sequence[tuple[int, Output]], lanes: range, partial_sums: dict[int, Any]
    ) -> list[Call]:
        """The calls for some lanes, block by block; a step that sees only its block's memory is bound once for all."""
        assert self.axis is not None
        axis = self.axis
        local, width = self._local(steps, {output.piece.operands[0].buffer for _, output in copies}, len(lanes))
        scratch = Scratch(self.dtype)
        shared: dict[tuple[int, int], list[Call]] = {}
        calls: list[Call] = []
        for start in range(lanes.start, lanes.stop, width):
            stop = min(start + width, lanes.stop)
            arrays = self._of_block(local, start, stop) | partial_sums
            binder = Binder(arrays, self.axes, self.sizes | {axis: stop - start}, self.dtype, scratch)
            for k, step in enumerate(steps):
                if not self._is_local(step, local):
                    adds = start > lanes.start and self.axis in step.over
                    calls += binder.step(step, arrays[step.buffer], accumulate=adds)
                    continue
                if (k, stop - start) not in shared:
                    shared[k, stop - start] = binder.step(step, arrays[step.buffer])
                calls += shared[k, stop - start]
            for number, output in copies:
                axes = self.plan.results[number].axes
                calls += binder.copy(output.piece, output.target, axes, self._lanes(self.results[number], axes, start, stop))
        return calls

    def _is_local(self, step: Step, local: dict[int, Any]) -> bool:
        views = [view.buffer for piece in step.pieces for view in piece.operands]
        return step.buffer in local and all(b in local or b < 0 or self.axis not in self.axes[b] for b in views)

    def _of_block(self, local: dict[int, Any], start: int, stop: int) -> dict[int, Any]:
        """Of every buffer what a block of lanes sees."""
        arrays = {}
        for number, array in self.whole.items():
            arrays[number] = self._lanes(array, self.axes[number], start, stop)
        for number, array in local.items():
            arrays[number] = self._lanes(array, self.axes[number], 0, stop - start)
        return arrays

    def _lanes(self, array: Any, axes: Axes, start: int, stop: int) -> Any:
        if self.axis not in axes:
            return array
        return array[(*(slice(None),) * (1 + axes.index(self.axis)), slice(start, stop))]


def _run(calls: list[Call]) -> None:
    for function, args in calls:
        function(*args)

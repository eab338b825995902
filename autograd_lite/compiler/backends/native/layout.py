"""The table of whole numbers that all functions of native code are given: how many lanes, and where everything is."""

from __future__ import annotations

from dataclasses import dataclass

from autograd_lite.compiler.plan import Plan

__all__ = ["FAILED", "LANES", "NAME", "PADDED", "RUN", "SCRATCH", "Layout", "blocked_axis"]

NAME, RUN = "call", "run.0"
"""The function that is the way in, and the one that it calls."""

LANES, PADDED, FAILED, SCRATCH, FIRST = range(5)
"""Entries of the table: how many lanes, how far apart rows of all lanes are, whether a row refused, memory for blocks."""


def blocked_axis(plan: Plan, sizes: dict[int, int]) -> int | None:
    """The axis whose lanes go in blocks: the longest."""
    axes = {axis for buffer in plan.buffers for axis in buffer.axes}
    axes |= {axis for step in plan.steps for axis in step.over}
    return max(axes, key=lambda axis: (sizes[axis], -axis)) if axes else None


@dataclass(frozen=True)
class Layout:
    """Where the entries of the table are."""

    buffers: int
    tables: int
    results: int

    def buffer(self, number: int) -> int:
        """The pointer to a buffer; of a source with lanes two entries follow: how far apart rows and lanes are."""
        return FIRST + 3 * number

    def table(self, number: int) -> int:
        return FIRST + 3 * self.buffers + number

    def result(self, number: int) -> int:
        return FIRST + 3 * self.buffers + self.tables + number

    @property
    def size(self) -> int:
        return FIRST + 3 * self.buffers + self.tables + self.results

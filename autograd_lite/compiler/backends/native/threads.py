"""Machine code on several threads: each has a share of the blocks of lanes, memory for its blocks, and sums of its own.

What the threads have summed is added up in their order, so that for as many threads a result has the same bits every time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from autograd_lite.compiler.backends.native.layout import FAILED, SCRATCH
from autograd_lite.compiler.backends.workers import run_side_by_side

__all__ = ["SideBySide", "room_for_sums", "shares"]

FEWEST = 256
"""Lanes that are worth a thread of their own."""


def shares(lanes: int, block: int, threads: int) -> list[tuple[int, int]]:
    """The first lane and the end of each thread's share, which consists of whole blocks but for the last.

    >>> shares(1000, 64, 2), shares(100, 64, 2)
    ([(0, 512), (512, 1000)], [(0, 100)])
    """
    count = max(1, min(threads, lanes // FEWEST))
    share = -(-lanes // (count * block)) * block
    return [(start, min(start + share, lanes)) for start in range(0, lanes, share)]


def room_for_sums(shape: Sequence[int], dtype: Any) -> Any:
    """An array for sums over lanes, in memory with room for as many doubles: they are such until they are whole.

    >>> room_for_sums((2, 3), np.float32).base.nbytes
    48
    """
    count = math.prod(shape)
    return np.zeros(count).view(dtype)[:count].reshape(tuple(shape))


@dataclass
class SideBySide:
    """A stage of blocks that several threads run.

    Arguments:
        function: of the stage: it is given a table, the first lane and the end.
        table: of the plan; threads after the first have copies with memory of their own.
        sums: of each buffer that is summed over lanes its entry in the table, and its array.
        scratch: how many numbers a block leaves behind.
    """

    function: Callable[..., Any]
    table: Any
    parts: Sequence[tuple[int, int]]
    sums: Sequence[tuple[int, Any]]
    scratch: int

    def __post_init__(self) -> None:
        self.tables = [self.table]
        self.partial_sums: list[list[Any]] = []
        self.memory: list[Any] = []
        for _ in self.parts[1:]:
            table, scratch = self.table.copy(), np.zeros(self.scratch)
            own = [room_for_sums(array.shape, array.dtype) for _, array in self.sums]
            table[SCRATCH] = scratch.ctypes.data
            for (entry, _), array in zip(self.sums, own, strict=True):
                table[entry] = array.ctypes.data
            self.tables.append(table)
            self.partial_sums.append(own)
            self.memory.append(scratch)
        pairs = zip(self.tables, self.parts, strict=True)
        self.tasks = [partial(self.function, table.ctypes.data, *lanes) for table, lanes in pairs]

    def __call__(self) -> int:
        """Runs the stage; returns whether a row refused a number."""
        run_side_by_side(self.tasks)
        for own in self.partial_sums:
            for (_, array), more in zip(self.sums, own, strict=True):
                np.add(array, more, out=array)
        failed = [int(table[FAILED]) for table in self.tables]
        for table in self.tables[1:]:
            table[FAILED] = 0
        return max(failed)

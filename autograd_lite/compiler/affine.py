"""affine: rows of positions as a base and strides.

Positions of operands that come from a loop are, almost always, base + i·s for nested counters i; then they are a strided
view of an array and need no copy. Several columns of positions that are read together are given one nest of counters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["Nest", "nest_of"]

DEEPEST = 5
"""More nested counters than these are no pattern any more."""

Nest = tuple[tuple[int, ...], list[tuple[int, ...]]]
"""The lengths of nested counters, outermost first, and for each column its strides."""


def nest_of(columns: Sequence[Any]) -> Nest | None:
    """The nest of counters that gives all columns, or None where there is none.

    Arguments:
        columns: arrays of whole numbers, equally long.

    >>> nest_of([np.array([0, 0, 10, 10, 20, 20]), np.array([5, 6, 5, 6, 5, 6])])
    ((3, 2), [(10, 0), (0, 1)])
    """
    table = np.stack([np.asarray(column, dtype=np.int64) for column in columns])
    lengths: list[int] = []
    strides: list[Any] = []
    while table.shape[1] > 1:
        if len(lengths) == DEEPEST:
            return None
        steps = np.diff(table, axis=1)
        breaks = np.flatnonzero((steps != steps[:, :1]).any(axis=0))
        length = int(breaks[0]) + 1 if len(breaks) else table.shape[1]
        if table.shape[1] % length:
            return None
        blocks = table.reshape(len(table), -1, length)
        counted = steps[:, :1] * np.arange(length)
        if (blocks != blocks[:, :, :1] + counted[:, None, :]).any():
            return None
        lengths.append(length)
        strides.append(steps[:, 0])
        table = blocks[:, :, 0]
    return tuple(lengths[::-1]), [tuple(int(stride[k]) for stride in strides[::-1]) for k in range(len(table))]

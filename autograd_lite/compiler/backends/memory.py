"""Where buffers lie in one stretch of memory, so that those that are not alive at the same time share it."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from autograd_lite.compiler.backends.background import is_background

__all__ = ["no_collection", "placed"]


def placed(lives: Sequence[tuple[int, int, int]]) -> tuple[list[int], int]:
    """An offset for each buffer, by first fit.

    Arguments:
        lives: of each buffer its size, and the first and the last step at which it is alive; ascending by the first.

    Returns:
        the offsets, and how much memory it takes in all.

    >>> placed([(10, 0, 1), (10, 1, 2), (5, 2, 3)])
    ([0, 10, 0], 20)
    """
    offsets: list[int] = []
    alive: list[tuple[int, int, int]] = []  # offset, end, last step; ascending by offset
    top = 0
    for size, first, last in lives:
        alive = [block for block in alive if block[2] >= first]
        start, place = 0, len(alive)
        for k, (offset, end, _) in enumerate(alive):
            if offset - start >= size:
                place = k
                break
            start = end
        alive.insert(place, (start, start + size, last))
        offsets.append(start)
        top = max(top, start + size)
    return offsets, top


@contextmanager
def no_collection() -> Iterator[None]:
    """Keeps the cyclic collector from walking, again and again, through millions of entries that are all in use.

    In the background it goes on: what others leave behind meanwhile would add up, and whether it runs is theirs to say.
    """
    enabled = gc.isenabled() and not is_background()
    if enabled:
        gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()

"""What the engine remembers between operations: the epoch of writes, and the modes that are on.

Modes are context-local: a thread or a coroutine does not see another's. So that not every operation has to ask a context
variable, `watch` counts the reasons, over all threads, why an operation cannot take the fast path; only where it is not zero
does an operation look closer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import RLock
from typing import Protocol

__all__ = ["advance", "catch_up", "is_recording", "mark_stale", "no_grad", "refresh"]


class Refreshable(Protocol):
    """Numbers that were written past their Values, which must take them over before they are next read."""

    def refresh(self) -> None: ...


watch = 0
"""How many reasons there are, over all threads, to leave the fast path."""

epoch = 0
"""Raised by every write to a leaf: a node keeps the epoch of its birth, a leaf that of its last write."""

stale: list[Refreshable] = []
"""What must be refreshed before the next number is read."""

_lock = RLock()
_recording: ContextVar[bool] = ContextVar("autograd_lite.recording", default=True)


def advance() -> int:
    """Raises the epoch, to mark a write, and returns it."""
    global epoch
    with _lock:
        epoch += 1
        return epoch


def catch_up(birth: int) -> None:
    """Raises the epoch to that of a node from elsewhere, a pickle say."""
    global epoch
    if birth > epoch:
        with _lock:
            epoch = max(epoch, birth)


def watch_for(change: int) -> None:
    """Adds a reason to leave the fast path, or with -1 takes one away."""
    global watch
    with _lock:
        watch += change


def mark_stale(numbers: Refreshable) -> None:
    """Has `refresh` called on the numbers before an operation reads them."""
    with _lock:
        if not any(numbers is other for other in stale):
            stale.append(numbers)
            watch_for(+1)


def refresh() -> None:
    """Brings Values up to date with numbers written past them."""
    if not stale:
        return
    with _lock:
        while stale:
            stale[-1].refresh()
            stale.pop()
            watch_for(-1)


def is_recording() -> bool:
    """Whether operations add nodes to a graph here and now."""
    return _recording.get()


@contextmanager
def no_grad() -> Iterator[None]:
    """Computes values without recording a graph, as a context or a decorator.

    Results inside are leaves: they have a number and no past. Only the current thread or coroutine is affected.

    >>> import autograd_lite as ag
    >>> x = ag.Value(3.0)
    >>> with ag.no_grad():
    ...     y = x * x
    >>> y.data, y.op
    (9.0, None)
    """
    token = _recording.set(False)
    watch_for(+1)
    try:
        yield
    finally:
        watch_for(-1)
        _recording.reset(token)

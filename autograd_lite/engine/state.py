"""What the engine remembers between operations: the epoch of writes, and the modes that are on.

Modes are context-local: a thread or a coroutine does not see another's. So that not every operation has to ask a context
variable, `watch` counts the reasons, over all threads, why an operation cannot take the fast path; only where it is not zero
does an operation look closer.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import wraps
from threading import RLock
from typing import Any, Protocol, TypeVar, cast

__all__ = [
    "Observer", "advance", "catch_up", "is_recording", "made", "mark_stale", "no_grad", "observed", "observer",
    "observing", "reading", "refresh", "scope", "scoped_by", "traced_by", "tracing",
]  # fmt: skip

Sweep = TypeVar("Sweep", bound=Callable[..., Any])

T = TypeVar("T")


class Refreshable(Protocol):
    """Numbers that were written past their Values, which must take them over before they are next read."""

    def refresh(self) -> None: ...


class Observer(Protocol):
    """What looks on as graphs are made and swept."""

    def made(self, node: Any) -> None:
        """Is shown every node as soon as it has its number, its operation and its arguments."""

    def sweeping(self) -> AbstractContextManager[None]:
        """Surrounds a sweep, which makes nodes of its own."""

    def swept(self, output: Any, derivatives: Any, *, backward: bool) -> None:
        """Is shown what a sweep found, node by node."""


watch = 0
"""How many reasons there are, over all threads, to leave the fast path."""

epoch = 0
"""Raised by every write to a leaf: a node keeps the epoch of its birth, a leaf that of its last write."""

stale: list[Refreshable] = []
"""What must be refreshed before the next number is read."""

_lock = RLock()
if hasattr(os, "register_at_fork"):  # a child must not inherit a lock that a thread of its parent holds
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)
_recording: ContextVar[bool] = ContextVar("autograd_lite.recording", default=True)
_observer: ContextVar[Observer | None] = ContextVar("autograd_lite.observer", default=None)
_tracer: ContextVar[Any] = ContextVar("autograd_lite.tracer", default=None)
_scope: ContextVar[Any] = ContextVar("autograd_lite.scope", default=None)


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
    with _set(_recording, False):
        yield


@contextmanager
def _set(variable: ContextVar[T], value: T) -> Iterator[None]:
    """Has a mode on, in the current thread or coroutine only, and operations look closer meanwhile."""
    token = variable.set(value)
    watch_for(+1)
    try:
        yield
    finally:
        watch_for(-1)
        variable.reset(token)


# --- looking on ----------------------------------------------------------------------------------------------------------


def observer() -> Observer | None:
    """Who looks on here and now."""
    return _observer.get()


def made(node: Any) -> None:
    """Marks a new node with the scope it is made in, and shows it to the observer, if there is one."""
    around = _scope.get()
    if around is not None:
        node._scope = around
    looking = _observer.get()
    if looking is not None:
        looking.made(node)


def observed(*, backward: bool, on_numbers: bool = False) -> Callable[[Sweep], Sweep]:
    """Decorates a sweep that starts from an output: an observer is shown what it finds, and none costs a look at `watch`.

    A sweep on numbers is refused in a function that is being compiled, which has none yet.
    """

    def decorate(sweep: Sweep) -> Sweep:
        @wraps(sweep)
        def shown(output: Any, *args: Any, **options: Any) -> Any:
            if watch and on_numbers:
                for node in output if isinstance(output, (list, tuple)) else [output]:
                    reading(node)
            looking = _observer.get() if watch else None
            if looking is None:
                return sweep(output, *args, **options)
            with looking.sweeping():
                derivatives = sweep(output, *args, **options)
            looking.swept(output, derivatives, backward=backward)
            return derivatives

        return cast(Sweep, shown)

    return decorate


def observing(looking: Observer) -> AbstractContextManager[None]:
    """Has an observer look on, in the current thread or coroutine only, in place of any other."""
    return _set(_observer, looking)


# --- scopes --------------------------------------------------------------------------------------------------------------


def scope() -> Any:
    """The scope that nodes are made in here and now, or None."""
    return _scope.get() if watch else None


def scoped_by(around: Any) -> AbstractContextManager[None]:
    """Has nodes marked with a scope, in the current thread or coroutine only."""
    return _set(_scope, around)


# --- tracing -------------------------------------------------------------------------------------------------------------


def tracing() -> Any:
    """What records operations here and now in place of the engine: the run of a function that is being compiled, or None."""
    return _tracer.get() if watch else None


def reading(node: Any) -> None:
    """Brings a number up to date before it is read or written; a function that is being compiled may not do either."""
    refresh()
    tracer = tracing()
    if tracer is not None:
        tracer.check_reading(node)


def traced_by(tracer: Any) -> AbstractContextManager[None]:
    """Has a tracer record operations, in the current thread or coroutine only; None gives them back to the engine."""
    return _set(_tracer, tracer)

"""Machine code made beside the calls: one thread makes what is wanted, one after the other, and ends when nothing is left.

Neither a fork nor the end of the process may find it inside of LLVM: both wait for what is just being made, and for nothing
that comes after it.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from time import monotonic
from typing import Generic, TypeAlias, TypeVar
from warnings import warn
from weakref import WeakMethod

from autograd_lite.engine.collection import no_collection

__all__ = ["COMPILER", "StandIns", "Task", "uncollected", "wait_for"]

T = TypeVar("T")

Sizes: TypeAlias = dict[int, int]
"""Of each axis the number of lanes."""

COMPILER = threading.RLock()
"""Held while machine code is made, which LLVM does for one thread at a time anyway; a fork waits for that, too."""

DEPTH = 6
"""Which of the functions under way called a compiled one, when that warns that its machine code could not be made."""


class Task:
    """Machine code that is to be made.

    Arguments:
        make: a method that makes machine code, and says what became of it. Its object is not kept alive for its turn to
            come; without it there is nothing to do.
        sizes: what it is called with.
        name: of the function that wants it.

    Attributes:
        error: what it raised, if anything.
    """

    def __init__(self, make: Callable[[Sizes], str], sizes: Sizes, name: str) -> None:
        self._make, self._sizes, self._name = WeakMethod(make), sizes, name
        self._done = threading.Event()
        self.error: Exception | None = None

    @property
    def is_done(self) -> bool:
        """Whether it was made, or failed."""
        return self._done.is_set()

    def run(self) -> None:
        """Makes it."""
        make = self._make()
        try:
            said = "" if make is None else make(self._sizes)
        except Exception as error:
            self.error, said = error, f"runs without machine code: {error!r}"
        try:
            if said and os.environ.get("AUTOGRAD_LITE_DEBUG"):
                print(f"{self._name} {said}", file=sys.stderr)
        finally:  # nobody waits forever, whatever became of standard error
            self._done.set()

    def wait(self, seconds: float | None) -> bool:
        """Waits until it is made, for so long at most; whether it is.

        Raises:
            Exception: what it raised.
        """
        found = self.is_done or (_worker.start() and self._done.wait(seconds))
        if self.error is not None:
            raise self.error
        return found


def wait_for(tasks: list[Task], seconds: float | None) -> bool:
    """Waits until all is made, for so long at most; whether it is."""
    if seconds is None:
        return all(task.wait(None) for task in tasks)
    end = monotonic() + seconds
    return all(task.wait(max(end - monotonic(), 0.0)) for task in tasks)


class StandIns(Generic[T]):
    """What runs a function while its machine code is being made, for each numbers of lanes that it is made for.

    Attributes:
        name: of the function.
    """

    def __init__(self) -> None:
        self.name = "a function"
        self._found: dict[Hashable, tuple[Task, T]] = {}
        self._warned: set[Hashable] = set()

    @property
    def tasks(self) -> list[Task]:
        """What makes the machine code that is not there."""
        return [task for task, _ in list(self._found.values())]

    def of(self, sizes: Sizes) -> T | None:
        """What runs these numbers of lanes; None if nothing is being made for them."""
        key = _key(sizes)
        task, stand_in = self._found.get(key, (None, None))
        if task is not None and not task.is_done:
            _worker.start()  # a forked process has no thread before it needs one
        elif task is not None and task.error is not None and key not in self._warned:
            self._warned.add(key)
            warn(f"jit: {self.name} runs without machine code, since making it raised {task.error!r}", RuntimeWarning, DEPTH)
        return stand_in

    def add(self, sizes: Sizes, make: Callable[[Sizes], str], stand_in: T) -> T:
        """Puts a task off, unless another thread was faster, and returns what runs until it is done."""
        task = Task(make, sizes, self.name)
        found, stand_in = self._found.setdefault(_key(sizes), (task, stand_in))
        if found is task:
            _worker.add(task)
        return stand_in

    def drop(self, sizes: Sizes) -> None:
        """Lets go of what ran these numbers of lanes, since machine code does."""
        del self._found[_key(sizes)]

    def reason(self, sizes: Sizes, wanted: str) -> str:
        """Why there is no machine code, and why it is wanted, in words."""
        task, _ = self._found.get(_key(sizes), (None, None))
        if task is not None and task.error is not None:
            return f"since making machine code raised {task.error!r}"
        return f"until machine code is ready, {wanted}"


def _key(sizes: Sizes) -> Hashable:
    return tuple(sizes.items())


class _Worker:
    """The thread, as long as there is something to do."""

    def __init__(self) -> None:
        self._tasks: deque[Task] = deque()
        self.renew()

    def renew(self) -> None:
        """Begins without a thread, as a forked process does; tasks are kept for when one is needed."""
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._pauses = 0
        self._ended = False

    @property
    def is_here(self) -> bool:
        """Whether this is the thread."""
        return threading.current_thread() is self._thread

    def add(self, task: Task) -> None:
        """Takes a task in."""
        self._tasks.append(task)
        self.start()

    def start(self) -> bool:
        """Begins to work if there is something to do; whether tasks will be done."""
        with self._lock:
            if self._tasks and not self._pauses and not (self._thread and self._thread.is_alive()):
                thread = threading.Thread(target=self._work, name="autograd_lite background", daemon=True)
                try:
                    thread.start()
                except RuntimeError:  # there are too many threads, or the process ends; later calls try again
                    return False
                self._thread = thread
            return not self._ended

    def _work(self) -> None:
        while True:
            with self._lock:
                if self._pauses or not self._tasks:
                    self._thread = None
                    return
                task = self._tasks.popleft()
            task.run()
            del task  # else it lives as long as the next one takes

    def pause(self) -> None:
        """Waits for the task that is at work, and begins no other."""
        with self._lock:
            self._pauses += 1
            thread = self._thread
        if thread is not None:
            thread.join()

    def resume(self) -> None:
        """Goes on after a pause."""
        with self._lock:
            self._pauses -= 1
        self.start()

    def end(self) -> None:
        """Waits for the task that is at work, the last one."""
        self._ended = True
        self.pause()


_worker = _Worker()
atexit.register(_worker.end)


def _before_fork() -> None:
    _worker.pause()
    COMPILER.acquire()


def _after_fork(go_on: Callable[[], None]) -> None:
    COMPILER.release()
    go_on()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=partial(_after_fork, _worker.resume),
        after_in_child=partial(_after_fork, _worker.renew),
    )


def uncollected() -> AbstractContextManager[None]:
    """Work without the cyclic collector, but not in the background: there, whether it runs is for the callers to say."""
    return nullcontext() if _worker.is_here else no_collection()

"""Threads that run blocks of lanes: numpy lets them work at the same time, since it does not hold the interpreter."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from importlib import import_module
from typing import Any

from autograd_lite.compiler.backends.arrays import quiet

__all__ = ["one_thread_each", "run_side_by_side"]


@cache
def _pool(process: int) -> ThreadPoolExecutor:
    """The threads of a process; a forked one has none of its parent's."""
    return ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 1), thread_name_prefix="autograd_lite")


def run_side_by_side(tasks: Sequence[Callable[[], None]]) -> None:
    """Runs tasks at the same time, the first in this thread, and waits for all."""

    def quietly(task: Callable[[], None]) -> None:
        with quiet():
            task()

    futures = [_pool(os.getpid()).submit(quietly, task) for task in tasks[1:]]
    try:
        quietly(tasks[0])
    finally:
        _wait_for(futures)
    for future in futures:
        future.result()


def _wait_for(futures: Sequence[Future[None]]) -> None:
    """Waits until all are done, also where the user interrupts it: until then they write to memory that others may get."""
    interruption: KeyboardInterrupt | None = None
    while not all(future.done() for future in futures):
        try:
            wait(futures)
        except KeyboardInterrupt as raised:
            interruption = raised
    if interruption is not None:
        raise interruption


@cache
def _controller() -> Any:
    try:
        return import_module("threadpoolctl").ThreadpoolController()
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "threads= needs threadpoolctl, to keep the matrix library from starting threads of its own; install it with "
            "pip install 'autograd_lite[threads]'"
        ) from None


def one_thread_each(threads: int) -> AbstractContextManager[Any]:
    """The context in which the matrix library uses the calling thread alone, if several share the work."""
    limited: AbstractContextManager[Any] = nullcontext() if threads == 1 else _controller().limit(limits=1)
    return limited

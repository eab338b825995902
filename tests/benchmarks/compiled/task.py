"""What a contender is to do, and how one process of it measures that."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

__all__ = ["Build", "Task", "first_call", "flat", "pinned_jax", "sample"]

Call = Callable[[], Any]

SHORTEST = 2e-4
"""Seconds that one reading of the clock shall span at least: shorter calls are timed several at once."""


@dataclass(frozen=True)
class Task:
    """One piece of work in one contender's best form.

    Attributes:
        prepare: compiles, where that is not left to the first call; returns the call.
        numbers: the value and the derivatives in what the call returned, in one order for all contenders.
        jitted, args: of this library the compiled function and what it is called with, for counts and profiles.
    """

    prepare: Callable[[], Call]
    numbers: Callable[[Any], Sequence[float]]
    jitted: Any = None
    args: tuple[Any, ...] = ()


Build = Callable[[], Task]


def first_call(task: Task) -> tuple[Call, Any, float]:
    """The call, what it returned the first time, and the seconds until then."""
    start = perf_counter()
    call = task.prepare()
    result = call()
    return call, result, perf_counter() - start


def sample(call: Call, seconds: float) -> float:
    """The median time of a call, repeated for some seconds after some to warm up; of a slow one a single time."""
    once = _timed(call, 1)
    if once > seconds:
        return once
    once = min(once, _timed(call, 1))
    repeat = max(1, int(SHORTEST / once))
    for warm_up in (True, False):
        times: list[float] = []
        end = perf_counter() + (0.3 * seconds if warm_up else seconds)
        while not times or perf_counter() < end:
            times.append(_timed(call, repeat))
    return median(times)


def _timed(call: Call, repeat: int) -> float:
    start = perf_counter()
    for _ in range(repeat):
        call()
    return (perf_counter() - start) / repeat


def flat(*items: Any) -> list[float]:
    """All numbers in numbers, arrays, and lists of them, in order."""
    import numpy as np

    return [float(x) for item in items for x in np.asarray(item, dtype=float).ravel()]


def pinned_jax() -> Any:
    """jax with doubles, on the processor. (That it uses one thread stands in the environment; see `processes`.)"""
    import jax

    jax.config.update("jax_enable_x64", True)
    if "torch" in sys.modules:
        raise RuntimeError("two peers in one process disturb each other")
    return jax

"""Measures one work with all its contenders, in turns."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from tests.benchmarks.compiled.comparison import LIBRARY, Comparison
from tests.benchmarks.compiled.processes import AbsentError, Process

__all__ = ["Measured", "cores", "measure"]

ROUNDS, ROUNDS_QUICK = 11, 3
FIRSTS = 3

COARSER = 1e6
"""How many times further apart numbers in single precision may be: by sums of thousands of terms in another order."""


@dataclass
class Measured:
    """What was found out about one work.

    Attributes:
        calls, firsts: by contender, seconds of a call and of the first one.
        absent: by contender, why it has no figures.
        nodes, megabytes, profile: of this library.
        passes: of this library, in the first call the seconds of each pass.
    """

    calls: dict[str, float] = field(default_factory=dict)
    firsts: dict[str, float] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    nodes: int = 0
    megabytes: float = 0.0
    passes: dict[str, float] = field(default_factory=dict)
    profile: str = ""


def measure(comparison: Comparison, work: str, *, quick: bool) -> Measured:
    """All contenders of a work.

    Raises:
        SystemExit: if they do not agree.
    """
    found, grows = Measured(), work in comparison.growth
    numbers: dict[str, Sequence[float]] = {}
    firsts: dict[str, list[float]] = {}
    passes: dict[str, list[float]] = {}
    processes: dict[str, Process] = {}
    repeated = 1 if quick or not (grows or work in comparison.first) else FIRSTS
    try:
        for contender in comparison.works[work]:
            try:
                for _ in range(repeated):
                    if contender in processes:
                        processes.pop(contender).end()
                    process = processes[contender] = Process(
                        comparison.module, work, contender, cores(2 if work in comparison.two_cores else 1), quick=quick
                    )
                    answer = process.ask("first")
                    firsts.setdefault(contender, []).append(answer["first"])
                    for name, seconds in answer["passes"].items() if contender == LIBRARY else ():
                        passes.setdefault(name, []).append(seconds)
            except AbsentError as reason:
                found.absent[contender] = str(reason)
                processes.pop(contender).end()
                continue
            numbers[contender] = answer["numbers"]
            if contender == LIBRARY:
                found.nodes, found.megabytes = answer["nodes"], answer["megabytes"]
        compare(work, numbers, COARSER if work in comparison.single else 1.0)
        found.passes = {name: median(times) for name, times in passes.items()}
        found.firsts = {contender: median(times) for contender, times in firsts.items()}
        if not grows:
            take_turns(processes, found, ROUNDS_QUICK if quick else ROUNDS)
            if LIBRARY in processes:
                found.profile = processes[LIBRARY].ask("profile")
    finally:
        for process in processes.values():
            process.end()
    print(f"{work}: done", file=sys.stderr)
    return found


def take_turns(processes: dict[str, Process], found: Measured, rounds: int) -> None:
    """The median time of a call of each contender."""
    samples: dict[str, list[float]] = {contender: [] for contender in processes}
    for _ in range(rounds):
        for contender, process in list(processes.items()):
            try:
                samples[contender].append(process.ask("sample"))
            except AbsentError as reason:
                found.absent[contender] = str(reason)
                del processes[contender], samples[contender]
    found.calls = {contender: median(times) for contender, times in samples.items()}


def compare(work: str, numbers: dict[str, Sequence[float]], coarser: float = 1.0) -> None:
    """Stops where contenders differ by more than the order of additions explains.

    Arguments:
        coarser: how many times coarser than doubles the numbers are.
    """
    ours = numbers.get(LIBRARY)
    for contender, theirs in numbers.items():
        if ours is None or not theirs:
            continue
        if len(ours) != len(theirs):
            raise SystemExit(f"{work}: {contender} finds {len(theirs)} numbers, {LIBRARY} {len(ours)}; nothing was timed")
        least = 1e-12 * coarser * max(map(abs, theirs))
        for k, (x, y) in enumerate(zip(theirs, ours, strict=True)):
            if not math.isclose(x, y, rel_tol=1e-9 * coarser, abs_tol=least):
                raise SystemExit(f"{work}, number {k}: {contender} finds {x!r}, {LIBRARY} {y!r}; nothing was timed")


def cores(count: int) -> list[int]:
    """The last cores that there are."""
    found = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if found and len(found) < count:
        print(f"{count} threads share {len(found)} core: let this process use more", file=sys.stderr)
    return found[-count:]

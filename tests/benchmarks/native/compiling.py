"""What it takes to make machine code, and to read it from the cache in a second process."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.benchmarks.compiled.comparison import LIBRARY
from tests.benchmarks.compiled.measured import cores
from tests.benchmarks.compiled.processes import AbsentError, Process
from tests.benchmarks.compiled.table import aligned
from tests.benchmarks.native.works import NATIVE, STRAIGHT

__all__ = ["Made", "lines", "measure"]

ROUNDS, PATIENCE = 3, 300.0
LONG = 10.0
"""Seconds of a first call that is not repeated."""

MOST_SECONDS, FEW_STEPS, MOST_READING, MOST_GROWTH = 0.4, 100, 0.005, 2.0
"""Seconds to compile a plan of fewer steps, and to read any; how much more an operation may cost in the longest plan."""


@dataclass(frozen=True)
class Made:
    """What was found out about the code of one plan.

    Attributes:
        steps, bytes: of the plan, and of its code.
        compile, read: seconds from the plan to functions that can be called, in a first process and in a second, which reads
            the code; llvmlite is there by then, since the backend is chosen before.
        first, again: seconds of the first call in each of the two processes.
    """

    steps: int
    bytes: int
    compile: float
    read: float
    first: float
    again: float


def measure(work: str, *, quick: bool) -> Made | None:
    """Two processes, one after the other, with a cache of their own; medians. None where a process does not answer."""
    pairs = []
    for _ in range(1 if quick else ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            try:
                pairs.append((_first(work, folder), _first(work, folder)))
            except AbsentError as reason:
                print(f"{work}: {reason}", file=sys.stderr)
                return None
        made, read = pairs[-1]
        if made["kept"] or not read["kept"]:
            raise SystemExit(f"{work}: the first process must make the code, and the second read it")
        if made["numbers"] != read["numbers"]:
            raise SystemExit(f"{work}: what was read from the cache does not give the same numbers")
        if made["first"] > LONG:
            break
    made, read = [
        {what: median(pair[which][what] for pair in pairs) for what in ("steps", "bytes", "compile", "first")}
        for which in (0, 1)
    ]
    return Made(made["steps"], made["bytes"], made["compile"], read["compile"], made["first"], read["first"])


def _first(work: str, folder: str) -> Any:
    process = Process(NATIVE.module, work, LIBRARY, cores(1), quick=True, AUTOGRAD_LITE_CACHE=folder)
    try:
        return process.ask("first", PATIENCE)
    finally:
        process.end()


def lines(found: Mapping[str, Made | None], *, markdown: bool) -> list[str]:
    """The table."""
    head = ["plan", "steps", "code, KB", "compile, s", "reach", "", "from the cache, ms", "reach", ""]
    rows: list[Sequence[str]] = [[*head, "first call, s", "with the cache, s"]]
    for work, made in found.items():
        if made is None:
            rows.append([work, "failed", *[""] * 9])
            continue
        few = made.steps < FEW_STEPS
        cells = [work, f"{made.steps:,}", f"{made.bytes / 1024:,.0f}", f"{made.compile:.2f}"]
        cells += [f"≤ {MOST_SECONDS:g} s", _met(made.compile <= MOST_SECONDS)] if few else ["", ""]
        cells += [f"{made.read * 1e3:.1f}", f"≤ {MOST_READING * 1e3:g} ms", _met(made.read <= MOST_READING)]
        rows.append([*cells, f"{made.first:.2f}", f"{made.again:.2f}"])
    return [*aligned(rows, markdown=markdown), *_growth(found)]


def _growth(found: Mapping[str, Made | None]) -> list[str]:
    """One line: what an operation of straight-line code costs, in short programs and in long ones."""
    each = [made.compile / n * 1e6 for name, n in STRAIGHT.items() if (made := found.get(name)) is not None]
    if len(each) < len(STRAIGHT):
        return []
    sizes = " / ".join(f"{n:,}" for n in STRAIGHT.values())
    ratio = each[-1] / each[1]
    return [
        "",
        f"Straight-line code, {sizes} operations: {' / '.join(f'{x:.0f}' for x in each)} µs to compile an operation; the "
        f"longest takes {ratio:.2f} times as much of each as the second; linear: {_met(ratio <= MOST_GROWTH)}.",
    ]


def _met(reached: bool) -> str:
    return "met" if reached else "missed"

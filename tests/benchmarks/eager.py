"""The eager engine beside micrograd: time, memory, and how both grow. Prints Markdown tables.

    python -m tests.benchmarks.eager [--quick]

Every contender runs in processes of its own, one after the other on one pinned core, in several rounds; times are medians
over all rounds. With the collector on, repetitions follow one another as in a training loop, and Python collects when it
sees fit; with "gc off" it collects between the repetitions only, untimed. Before anything is timed, both engines must agree
on every value and derivative.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks import measure
from tests.benchmarks.contenders import CHAIN_LENGTH, CONTENDERS, LIBRARY, PEER, with_deep_stack

ROOT = Path(__file__).parents[2]

MICRO, NANO = 1e6, 1e9 / CHAIN_LENGTH
ROWS: list[tuple[str, str, str, str, float, tuple[float, float]]] = [
    # work, the peer's work, the library's, unit, units in a second, the least ratios with the collector on and off
    ("README expression and 2 derivatives", "readme", "readme", "µs", MICRO, (3.0, 0.0)),
    ("demo step, one `dot` per neuron", "demo", "demo", "ms", 1e3, (20.0, 0.0)),
    ("demo step, one `*` and `+` per weight", "demo", "demo by weights", "ms", 1e3, (5.0, 0.0)),
    ("chain of 10,000 with constants", "constants", "constants", "ns/op", NANO, (4.0, 1.6)),
    ("chain of 10,000 with Values", "values", "values", "ns/op", NANO, (2.5, 1.3)),
]
MOST_BYTES, MOST_GROWTH = 160, 2.0


def run(contender: str, job: str, core: int | None, *, quick: bool) -> Any:
    """What a job finds in a fresh process of a contender."""
    command = [sys.executable, "-m", "tests.benchmarks.eager", "--contender", contender, "--job", job]
    command += ["--quick"] * quick + (["--core", str(core)] if core is not None else [])
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout)


def compare(found: dict[str, dict[str, list[float]]]) -> None:
    """Stops where the contenders differ by more than rounding explains.

    Raises:
        SystemExit: with the work and the two numbers.
    """
    for _, theirs, ours, *_ in ROWS:
        for x, y in zip(found[PEER][theirs], found[LIBRARY][ours], strict=True):
            if not math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-13):
                raise SystemExit(f"{ours}: {PEER} finds {x!r}, {LIBRARY} {y!r}; nothing was timed")


def time_table(samples: dict[str, dict[str, Any]]) -> list[str]:
    """Rows of Markdown: each work as a whole, and its phases."""
    lines = [
        f"| work | | {PEER} | {LIBRARY} | ratio | {PEER}, gc off | {LIBRARY}, gc off | ratio | reach |",
        "|---|---|--:|--:|--:|--:|--:|--:|---|",
    ]
    for title, theirs, ours, unit, scale, reaches in ROWS:
        for phase in ("total", *measure.PHASES):
            cells = [f"{title}, {unit}" if phase == "total" else "", phase]
            ratios = []
            for collector in ("on", "off"):
                x, y = (
                    median(sample[phase] for sample in samples[name][f"{work} {collector}"]) * scale
                    for name, work in ((PEER, theirs), (LIBRARY, ours))
                )
                ratios.append(x / y)
                cells += [_digits(x), _digits(y), f"{x / y:.1f}"]
            cells.append(_reach(ratios, reaches) if phase == "total" else "")
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def _digits(x: float) -> str:
    return f"{x:,.0f}" if x >= 100.0 else f"{x:.3g}"


def _reach(ratios: Sequence[float], reaches: Sequence[float]) -> str:
    wanted = [(ratio, reach, name) for ratio, reach, name in zip(ratios, reaches, ("on", "off"), strict=True) if reach]
    return ", ".join(f"≥ {reach:g} {name}: {'met' if ratio >= reach else 'missed'}" for ratio, reach, name in wanted)


def growth_table(memory: dict[str, Any], growth: dict[str, dict[str, float]]) -> list[str]:
    """Rows of Markdown: bytes per node, and the time per node of a long chain against that of a short one."""
    lines = [f"| chain | | {PEER} | {LIBRARY} | reach |", "|---|---|--:|--:|---|"]
    for kind in measure.KINDS:
        theirs, ours = memory[PEER][kind], memory[LIBRARY][kind]
        for what in ours:
            missed = "missed" if ours[what] > MOST_BYTES else "met"
            reach = f"≤ {MOST_BYTES}: {missed}" if what.startswith("allocated") else ""
            lines.append(f"| with {kind} | bytes per node {what} | {theirs[what]:,.0f} | {ours[what]:,.0f} | {reach} |")
    for kind in measure.KINDS:
        short, long = growth[kind]["short"], growth[kind]["long"]
        reach = f"long ≤ {MOST_GROWTH:g}× short: {'missed' if long > MOST_GROWTH * short else 'met'}"
        for what, value in (("short", short), ("long", long)):
            title = f"ns per node at {measure.LENGTHS[what]:,} nodes"
            lines.append(f"| with {kind} | {title} | | {value:,.0f} | {reach if what == 'long' else ''} |")
    return lines


def processor() -> str:
    """The model of the processor, as far as the system tells."""
    information = Path("/proc/cpuinfo")
    names = information.read_text().splitlines() if information.exists() else []
    return next((line.split(":", 1)[1].strip() for line in names if line.startswith("model name")), platform.processor())


def benchmark(*, quick: bool) -> None:
    """Everything, printed."""
    core = max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    compare({name: run(name, "check", core, quick=quick) for name in CONTENDERS})
    samples: dict[str, dict[str, Any]] = {name: {} for name in CONTENDERS}
    for _ in range(1 if quick else 7):
        for name in CONTENDERS:
            for work, found in run(name, "time", core, quick=quick).items():
                samples[name].setdefault(work, []).extend(found)
    memory = {name: {kind: run(name, f"memory {kind}", core, quick=quick) for kind in measure.KINDS} for name in CONTENDERS}
    growth = {kind: run(LIBRARY, f"growth {kind}", core, quick=quick) for kind in measure.KINDS}
    print(f"Python {platform.python_version()}, {processor()}, one core; medians; gc on unless it says off.\n")
    print("\n".join([*time_table(samples), "", *growth_table(memory, growth)]))


def main() -> None:
    parser = argparse.ArgumentParser(description="The eager engine beside micrograd.")
    parser.add_argument("--quick", action="store_true", help="a rough look, within half a minute")
    for hidden in ("--contender", "--job"):  # how the script calls itself
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    parser.add_argument("--core", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job is None:
        benchmark(quick=options.quick)
        return
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    print(json.dumps(with_deep_stack(lambda: measure.job(options.contender, options.job, quick=options.quick))))


if __name__ == "__main__":
    main()

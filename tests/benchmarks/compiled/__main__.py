"""Compiled functions beside the peers' best forms. Prints a table.

    pip install . --group peers
    python -m tests.benchmarks.compiled [--quick] [--only NAME] [--markdown]

Every contender has a process of its own for every work, all on one core (the last that this process may use: `taskset -c`
says which) and with one thread, but for the work with two. In each of several rounds each process in turn repeats its call;
a time is the median over all rounds. First calls are measured in fresh processes. Before anything is timed, all values and
derivatives must agree. What takes over a minute is said not to finish. Where a reach is missed, a line below the tables
says where this library's time goes.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from tests.benchmarks.compiled import measured, table, worker
from tests.benchmarks.compiled.rows import COMPILED, WORKS
from tests.benchmarks.eager import processor

PACKAGES = ("numpy", "micrograd", "torch", "jax", "casadi")


def versions(packages: Sequence[str]) -> str:
    found = []
    for name in packages:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} missing")
    return ", ".join(found)


def benchmark(only: Sequence[str], *, quick: bool, markdown: bool) -> None:
    """Everything, printed."""
    names = [name for name in WORKS if not only or any(part in name for part in only)]
    if not names:
        raise SystemExit(f"no work has {', '.join(only)} in its name; there are: {', '.join(WORKS)}")
    found = {name: measured.measure(COMPILED, name, quick=quick) for name in names}
    print(f"Python {platform.python_version()}, {versions(PACKAGES)}; {processor()}; float64, medians.\n")
    print("\n".join(table.comparison(found, COMPILED.rows, markdown=markdown)))
    growth = table.growth(found, markdown=markdown)
    print("\n".join(["", *growth] if growth else []))
    profiles = table.profiles(found, COMPILED.rows)
    if profiles:
        print("\n".join(["\nWhere the time goes:\n", *profiles]))


def main() -> None:
    parser = argparse.ArgumentParser(description="Compiled functions beside the peers' best forms.")
    parser.add_argument("--quick", action="store_true", help="a rough look, within some minutes")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="works with this in their names")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    for hidden in ("--work", "--contender", "--cores"):  # how the script calls itself
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work is None:
        benchmark(options.only, quick=options.quick, markdown=options.markdown)
        return
    if options.cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(map(int, options.cores.split(","))))
    worker.serve(COMPILED, options.work, options.contender, quick=options.quick)


if __name__ == "__main__":
    main()

"""Machine code beside the peers' best forms. Prints tables.

    pip install '.[native,threads]' --group peers
    python -m tests.benchmarks.native [--quick] [--only NAME] [--markdown] [--profile NAME]

Every contender has a process of its own for every work, all on one core (the last that this process may use: `taskset -c`
says which) and with one thread, but for the works with two. In each of several rounds each process in turn repeats its call;
a time is the median over all rounds. Before anything is timed, all values and derivatives must agree. Then what it takes to
compile each plan, and to read its code from the cache in a second process. Where a reach is missed, a line below the tables
says where the time goes; `--profile` prints it for any work, without the peers.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Sequence

from tests.benchmarks.compiled import measured, table, worker
from tests.benchmarks.compiled.__main__ import versions
from tests.benchmarks.compiled.comparison import LIBRARY
from tests.benchmarks.compiled.processes import Process
from tests.benchmarks.eager import processor
from tests.benchmarks.native import compiling
from tests.benchmarks.native.works import NATIVE, ONE_THREAD, STRAIGHT

PACKAGES = ("numpy", "llvmlite", "micrograd", "torch", "jax", "casadi", "drjit")


def chosen(only: Sequence[str]) -> list[str]:
    """The works with one of these in their names, or all.

    Raises:
        SystemExit: if there are none.
    """
    names = [name for name in NATIVE.works if not only or any(part in name for part in only)]
    if not names:
        raise SystemExit(f"no work has {', '.join(only)} in its name; there are: {', '.join(NATIVE.works)}")
    return names


def benchmark(names: Sequence[str], *, quick: bool, markdown: bool) -> None:
    """Everything, printed."""
    found = {name: measured.measure(NATIVE, name, quick=quick) for name in names if name not in STRAIGHT}
    print(f"Python {platform.python_version()}, {versions(PACKAGES)}; {processor()}; float64 but where said, medians.\n")
    print("\n".join(table.comparison(found, NATIVE.rows, markdown=markdown)), flush=True)
    plans = [name for name in names if ONE_THREAD not in NATIVE.works[name]]
    made = {name: compiling.measure(name, quick=quick) for name in plans}
    print("\n".join(["", *compiling.lines(made, markdown=markdown)]))
    profiles = table.profiles(found, NATIVE.rows)
    if profiles:
        print("\n".join(["\nWhere the time goes:\n", *profiles]))


def profile(names: Sequence[str]) -> None:
    """Where the time of this library goes, printed."""
    for name in names:
        process = Process(NATIVE.module, name, LIBRARY, measured.cores(1), quick=True)
        try:
            process.ask("first")
            print(f"- {name}: {process.ask('profile')}", flush=True)
        finally:
            process.end()


def main() -> None:
    parser = argparse.ArgumentParser(description="Machine code beside the peers' best forms.")
    parser.add_argument("--quick", action="store_true", help="a rough look, within some minutes")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="works with this in their names")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    parser.add_argument("--profile", action="append", default=[], metavar="NAME", help="say where the time of works goes")
    for hidden in ("--work", "--contender", "--cores"):  # how the script calls itself
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work is None:
        if options.profile:
            profile(chosen(options.profile))
        else:
            benchmark(chosen(options.only), quick=options.quick, markdown=options.markdown)
        return
    if options.cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(map(int, options.cores.split(","))))
    worker.serve(NATIVE, options.work, options.contender, quick=options.quick)


if __name__ == "__main__":
    main()

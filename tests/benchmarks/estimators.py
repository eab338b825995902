"""`autograd_lite.sklearn.MLPClassifier` beside scikit-learn's own, both with their defaults, on digits. Prints a table.

    pip install '.[data]'
    python -m tests.benchmarks.estimators [--quick] [--markdown]

Each is fitted behind a StandardScaler in a Pipeline, on the splits 0 to 4, `train_test_split(test_size=0.25,
random_state=split, stratify=y)`, with the split as its `random_state` and the same hidden layers. Every split and library
has a process of its own, in turn, on one core (the last that this process may use) with one thread. The first fit in a
process, which compiles here, is a time of its own: the median over the splits. The other is that of the fits after it.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from statistics import mean, median, stdev
from time import perf_counter

from tests.benchmarks.compiled.processes import ENVIRONMENT, ROOT
from tests.benchmarks.eager import processor
from tests.benchmarks.training import aligned

__all__ = ["LIBRARIES", "Fits", "fits"]

LIBRARIES = {"autograd_lite": "autograd_lite.sklearn", "scikit-learn": "sklearn.neural_network"}
"""Where each library's MLPClassifier is."""

HIDDEN = ((100,), (32,), (64, 64))
"""The sizes of hidden layers; the first is the default of both."""

SPLITS = range(5)


@dataclass(frozen=True)
class Fits:
    """What came of a split: the accuracy on the test part, the epochs, and the seconds of the first fit and of others."""

    accuracy: float
    epochs: int
    first: float
    later: list[float]


def fits(library: str, hidden: Sequence[int], split: int, *, repetitions: int = 0) -> Fits:
    """A library's classifier fitted on a split of digits, once and some times more."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X, y = load_digits(return_X_y=True)  # noqa: N806  # scikit-learn's names
    X, test, y, test_y = train_test_split(X, y, test_size=0.25, random_state=split, stratify=y)  # noqa: N806  # as above
    classifier = importlib.import_module(LIBRARIES[library]).MLPClassifier(tuple(hidden), random_state=split)
    pipeline, seconds = make_pipeline(StandardScaler(), classifier), []
    for _ in range(1 + repetitions):
        start = perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scikit-learn's says so where all its epochs were too few for its tolerance
            pipeline.fit(X, y)
        seconds.append(perf_counter() - start)
    return Fits(float(pipeline.score(test, test_y)), pipeline[-1].n_iter_, seconds[0], seconds[1:])


def in_a_process(library: str, hidden: Sequence[int], split: int, repetitions: int) -> Fits:
    """The same in a fresh process on one core."""
    core = max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    task = json.dumps([core, library, hidden, split, repetitions])
    command = [sys.executable, "-m", "tests.benchmarks.estimators", "--task", task]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | ENVIRONMENT, stdout=subprocess.PIPE, text=True, check=True)
    return Fits(**json.loads(done.stdout))


def work(task: str) -> None:
    """What a process does: its result goes to standard output."""
    core, library, hidden, split, repetitions = json.loads(task)
    if core is not None:
        os.sched_setaffinity(0, {core})
    print(json.dumps(vars(fits(library, hidden, split, repetitions=repetitions))))


def table(*, quick: bool) -> list[list[str]]:
    """A line for each network and library."""
    lines = [["hidden layers", "", "accuracy, %", "± over splits", "each split", "epochs", "first fit, s", "ratio"]]
    lines[0] += ["later fits, s", "ratio"]
    splits, repetitions = (SPLITS[:2], 1) if quick else (SPLITS, 5)
    for hidden in HIDDEN:
        found: dict[str, list[Fits]] = {library: [] for library in LIBRARIES}
        for split in splits:
            for library, results in found.items():
                results.append(in_a_process(library, hidden, split, repetitions))
        print(f"{hidden}: done", file=sys.stderr)
        lines += rows("-".join(map(str, hidden)), found)
    return lines


def rows(name: str, found: dict[str, list[Fits]]) -> list[list[str]]:
    """The lines of one network; the ratios are this library's times over the other's."""
    firsts = [median(fit.first for fit in results) for results in found.values()]
    laters = [median(seconds for fit in results for seconds in fit.later) for results in found.values()]
    lines = []
    for (library, results), first, later in zip(found.items(), firsts, laters, strict=True):
        each = [100.0 * fit.accuracy for fit in results]
        cells = [f"{mean(each):.2f}", f"{stdev(each):.2f}", ", ".join(f"{x:.1f}" for x in each)]
        cells.append(f"{mean(fit.epochs for fit in results):.0f}")
        lines.append([name, library, *cells, f"{first:.2f}", f"{first / firsts[-1]:.2f}×"])
        lines[-1] += [f"{later:.2f}", f"{later / laters[-1]:.2f}×"]
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description="MLPClassifier beside scikit-learn's own, on digits.")
    parser.add_argument("--quick", action="store_true", help="two splits, and two fits of each")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        work(options.task)
        return
    names = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scikit-learn"))
    print(f"Python {platform.python_version()}, {names}; {processor()}; float64, one thread.\n")
    print(aligned(table(quick=options.quick), markdown=options.markdown))


if __name__ == "__main__":
    main()

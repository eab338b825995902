"""Training: accuracies with the same settings for all data, and `fit`'s time beside a plain PyTorch loop. Prints two tables.

    pip install '.[data]' --group peers
    python -m tests.benchmarks.training [--only accuracy|speed|generalisation|defaults] [--quick] [--markdown]

Accuracies are those of the test parts of the splits 0 to 4, `train_test_split(test_size=0.25, random_state=split,
stratify=y)`, standardised by what the training part shows, with the split as the network's seed. Beside them stands
scikit-learn's `MLPClassifier` with its own defaults, its hidden layers as large, on the same numbers. The two spirals are
fitted: there the accuracy is that of the training points, and both are given as many epochs, of mini-batches of 32 here and
of all points at once there.

How the time is taken stands in `training_loops`. Two more tables are printed when they are asked for: what dropout and other
remedies do (`generalisation`, which needs pytest), and the defaults of `fit` beside other settings (`defaults`).
"""

from __future__ import annotations

import argparse
import platform
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean, median, stdev
from time import perf_counter
from typing import Any

from autograd_lite.nn import MLP
from autograd_lite.train import accuracy, fit
from tests.benchmarks import training_loops
from tests.benchmarks.compiled.__main__ import versions
from tests.benchmarks.defaults import defaults_table
from tests.benchmarks.eager import processor
from tests.benchmarks.training_data import Parts, both_spirals, standardised_split

__all__ = ["CLAIMS", "Claim", "Fitted", "fitted"]

SPLITS = range(5)


@dataclass(frozen=True)
class Claim:
    """An accuracy that is to be reached.

    Attributes:
        parts: the samples for training and for the test in a split.
        hidden: the sizes of the hidden layers.
        epochs: how often each sample is seen.
        least: the accuracy, as the mean over the splits.
    """

    parts: Callable[[int], Parts]
    hidden: tuple[int, ...]
    epochs: int
    least: float


@dataclass(frozen=True)
class Fitted:
    """What came of a split: the accuracy, and the seconds of training."""

    accuracy: float
    seconds: float


CLAIMS = {
    "digits": Claim(lambda split: standardised_split("digits", split), (32,), 50, 0.97),
    "breast_cancer": Claim(lambda split: standardised_split("breast_cancer", split), (32,), 50, 0.965),
    "two spirals": Claim(lambda split: both_spirals(), (64, 64, 64), 800, 0.99),
}


def fitted(claim: Claim, split: int) -> Fitted:
    """This library's network, trained and tested."""
    parts = claim.parts(split)
    model = MLP(parts.width, [*claim.hidden, parts.classes], init="he", seed=split)
    start = perf_counter()
    fit(model, parts.features, parts.targets, epochs=claim.epochs, seed=split)
    seconds = perf_counter() - start
    return Fitted(accuracy(model, parts.test_features, parts.test_targets), seconds)


def fitted_by_sklearn(claim: Claim, split: int) -> Fitted:
    """scikit-learn's, with the epochs of its own default where these are more."""
    from sklearn.neural_network import MLPClassifier

    parts = claim.parts(split)
    peer = MLPClassifier(claim.hidden, max_iter=max(200, claim.epochs), random_state=split)
    start = perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says so where all its epochs were too few for its tolerance
        peer.fit(parts.features, parts.targets)
    seconds = perf_counter() - start
    return Fitted(float(peer.score(parts.test_features, parts.test_targets)), seconds)


def accuracy_table(*, quick: bool) -> list[list[str]]:
    """A line for each claim and library, with one thread."""
    from threadpoolctl import threadpool_limits  # which scikit-learn needs, too

    with threadpool_limits(1):
        return _accuracies(SPLITS[:2] if quick else SPLITS)


def _accuracies(splits: Sequence[int]) -> list[list[str]]:
    lines = [["data", "network", "", "accuracy, %", "± over splits", "each split", "seconds of fit", "reach", ""]]
    for name, claim in CLAIMS.items():
        for library, run in (("autograd_lite", fitted), ("scikit-learn", fitted_by_sklearn)):
            found = [run(claim, split) for split in splits]
            print(f"{name}, {library}: done", file=sys.stderr)
            lines.append([name, "-".join(map(str, claim.hidden)), library, *_cells(found)])
            if run is fitted:
                met = "met" if mean(one.accuracy for one in found) >= claim.least else "missed"
                lines[-1] += [f"≥ {100.0 * claim.least:g}", met]
            else:
                lines[-1] += ["", ""]
    return lines


def generalisation_table(*, quick: bool) -> list[list[str]]:
    """What remedies do, a line for each figure."""
    from tests.benchmarks import generalisation  # which needs pytest

    return generalisation.generalisation_table(quick=quick)


def _cells(found: Sequence[Fitted]) -> list[str]:
    each = [100.0 * one.accuracy for one in found]
    shown = ", ".join(f"{x:.1f}" for x in each)
    return [f"{mean(each):.2f}", f"{stdev(each):.2f}", shown, f"{median(one.seconds for one in found):.2f}"]


def aligned(lines: Sequence[Sequence[str]], *, markdown: bool) -> str:
    """A table as text or as Markdown."""
    if markdown:
        head, *rest = [f"| {' | '.join(line)} |" for line in lines]
        return "\n".join([head, f"|{'---|' * len(lines[0])}", *rest])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(cell.ljust(size) for cell, size in zip(line, widths, strict=True)).rstrip() for line in lines)


ALWAYS = ("accuracy", "speed")
TABLES: dict[str, Callable[..., Any]] = {
    "accuracy": accuracy_table,
    "speed": training_loops.speed_table,
    "generalisation": generalisation_table,
    "defaults": defaults_table,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Accuracies of fit, and its time beside PyTorch's.")
    parser.add_argument("--only", choices=TABLES, help=f"one of the tables; without it, {' and '.join(ALWAYS)}")
    parser.add_argument("--quick", action="store_true", help="fewer splits, rounds, seeds and settings")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    options = parser.parse_args()
    packages = versions(("numpy", "torch", "scikit-learn"))
    print(f"Python {platform.python_version()}, {packages}; {processor()}; float64.")
    for name in [options.only] if options.only else ALWAYS:
        print(f"\n{aligned(TABLES[name](quick=options.quick), markdown=options.markdown)}")


if __name__ == "__main__":
    main()

"""What dropout, early stopping, whitening and adversarial training do, by the functions of their tests. Needs pytest.

A line for each figure, without and with the remedy, as the mean over the seeds and for each of them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from statistics import mean

import numpy as np

from tests.train.test_generalisation import (
    SEEDS,
    Scores,
    defended_and_not,
    late_and_stopped,
    steps_by_inputs,
    trained_on_few,
)

__all__ = ["generalisation_table"]

Figures = Iterator[tuple[str, str, Sequence[float], Sequence[float]]]
"""What was measured, how its numbers are written, and those of each seed without the remedy and with it."""


def generalisation_table(*, quick: bool) -> list[list[str]]:
    """A line for each figure; a quick one has two seeds."""
    seeds = SEEDS[:2] if quick else SEEDS
    lines = [["figure", "without", "with", "each seed without", "each seed with"]]
    for figures in (_dropout, _early_stopping, _whitening, _adversarial):
        for name, form, without, with_it in figures(seeds):
            sides = (without, with_it)
            each = (", ".join(format(number, form) for number in side) for side in sides)
            lines.append([name, *(format(mean(side), form) for side in sides), *each])
        print(f"{figures.__name__[1:]}: done", file=sys.stderr)
    return lines


def _dropout(seeds: Sequence[int]) -> Figures:
    plain, dropped = ([trained_on_few(seed, rate) for seed in seeds] for rate in (0.0, 0.5))
    figures: dict[str, tuple[str, Callable[[Scores, Scores], float]]] = {
        "dropout: test loss": (".2f", lambda training, test: test.loss),
        "dropout: test accuracy, %": (".0f", lambda training, test: 100.0 * test.accuracy),
        "dropout: test loss less training loss": (".2f", lambda training, test: test.loss - training.loss),
    }
    for name, (form, of) in figures.items():
        yield name, form, [of(*found) for found in plain], [of(*found) for found in dropped]


def _early_stopping(seeds: Sequence[int]) -> Figures:
    late, stopped = zip(*map(late_and_stopped, seeds), strict=True)
    yield "early stopping: test loss", ".2f", *([loss for _, _, loss in found] for found in (late, stopped))


def _whitening(seeds: Sequence[int]) -> Figures:
    found = [steps_by_inputs(seed) for seed in seeds]
    raw, standardised, whitened = ([one[name][0] for one in found] for name in ("raw", "standardised", "whitened"))
    yield "steps of steepest descent: raw inputs, standardised", ".0f", raw, standardised
    yield "steps of steepest descent: raw inputs, whitened", ".0f", raw, whitened


def _adversarial(seeds: Sequence[int]) -> Figures:
    found = 100.0 * np.array([defended_and_not(seed) for seed in seeds])
    yield "adversarial training: accuracy under attack, %", ".0f", found[:, 0, 1].tolist(), found[:, 1, 1].tolist()
    yield "adversarial training: accuracy without one, %", ".1f", found[:, 0, 0].tolist(), found[:, 1, 0].tolist()

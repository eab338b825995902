"""What `fit` does by default, beside other optimisers, rates, weight decays and sizes of mini-batches: cross-validation.

Every setting trains networks of one and of two hidden layers on four of scikit-learn's data sets, 50 epochs each. Only the
training part of the split 0 (see `training_data`) is seen: it is divided into five, each of which is the test once for
networks that learn from the other four, standardised by what these show. The figures are mean accuracies.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from statistics import mean
from typing import Any

import numpy as np

from autograd_lite.nn import MLP
from autograd_lite.optim import SGD, Adam, AdamW, RMSProp, linear_decay
from autograd_lite.train import Standardizer, accuracy, fit
from tests.benchmarks.training_data import Parts, standardised_split

__all__ = ["DEFAULT", "SETTINGS", "Setting", "defaults_table"]

DATA = ("digits", "breast_cancer", "wine", "iris")
HIDDEN = ((32,), (32, 32))
EPOCHS = 50
FOLDS = 5

OPTIMISERS = {
    "AdamW": lambda model, rate, decay: AdamW(model, rate, weight_decay=decay),
    "Adam": lambda model, rate, decay: Adam(model, rate),
    "RMSProp": lambda model, rate, decay: RMSProp(model, rate),
    "momentum 0.9": lambda model, rate, decay: SGD(model, rate, momentum=0.9),
}


@dataclass(frozen=True)
class Setting:
    """How networks are trained.

    Attributes:
        optimiser: one of `OPTIMISERS`.
        rate: the rate, or the first one.
        falling: whether it falls linearly to 0.
        decay: the weight decay, of AdamW.
        batch: how many samples make a step.
    """

    optimiser: str
    rate: float
    falling: bool
    decay: float
    batch: int

    def __str__(self) -> str:
        decay = f", weight decay {self.decay:g}" if self.decay else ""
        return f"{self.optimiser}, {self.rate:g}{' falling' if self.falling else ''}{decay}, batches of {self.batch}"

    def optimizer(self, model: MLP, steps: int) -> Any:
        rate = linear_decay(self.rate, steps) if self.falling else self.rate
        return OPTIMISERS[self.optimiser](model, rate, self.decay)


DEFAULT = Setting("AdamW", 0.01, True, 0.1, 32)
SETTINGS = [
    *(Setting("AdamW", rate, True, decay, 32) for rate, decay in product((0.003, 0.01, 0.03), (0.0, 0.01, 0.1, 1.0))),
    *(Setting("AdamW", rate, False, 0.1, 32) for rate in (0.003, 0.01)),
    *(Setting("AdamW", 0.01, True, 0.1, batch) for batch in (16, 64)),
    *(Setting("Adam", rate, False, 0.0, 32) for rate in (0.001, 0.003, 0.01)),
    *(Setting("RMSProp", rate, falling, 0.0, 32) for rate, falling in product((0.001, 0.003), (False, True))),
    *(Setting("momentum 0.9", rate, falling, 0.0, 32) for rate, falling in product((0.01, 0.03), (False, True))),
    Setting("momentum 0.9", 0.1, True, 0.0, 32),
]


def defaults_table(*, quick: bool) -> list[list[str]]:
    """A line for each setting, the best one first; a quick one has the default and four others."""
    settings = [setting for k, setting in enumerate(SETTINGS) if setting == DEFAULT or k % 7 == 0] if quick else SETTINGS
    folds = {name: list(_folds(name)) for name in DATA}
    found: dict[Setting, Any] = {}
    for setting in settings:
        found[setting] = np.array([[100.0 * _accuracy(setting, parts) for parts in folds[name]] for name in DATA])
        print(f"{setting}: done", file=sys.stderr)
    lines = [["setting", "mean, %", *DATA, "beside the default"]]
    for setting, each in sorted(found.items(), key=lambda item: -item[1].mean()):
        cells = [f"{share:.2f}" for share in (each.mean(), *each.mean(axis=1))]
        beside = "it is" if setting == DEFAULT else _beside(each, found[DEFAULT])
        lines.append([str(setting), *cells, beside])
    return lines


def _beside(each: Any, default: Any) -> str:
    """The difference of the means over data sets, and its standard error, as folds have it on which both were tested."""
    differences = each - default
    error = np.sqrt((differences.var(axis=1, ddof=1) / FOLDS).sum()) / len(DATA)
    return f"{differences.mean():+.2f} ± {error:.2f}"


def _folds(name: str) -> Iterator[Parts]:
    """The training part in fifths, each of them once the test."""
    from sklearn.model_selection import StratifiedKFold

    parts = standardised_split(name, 0)
    for kept, out in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(parts.features, parts.targets):
        standardizer = Standardizer.fitted(parts.features[kept])
        rows, test_rows = (np.array(standardizer(parts.features[part])) for part in (kept, out))
        yield Parts(rows, parts.targets[kept], test_rows, parts.targets[out])


def _accuracy(setting: Setting, parts: Parts) -> float:
    """The mean over networks of one and of two hidden layers."""
    found = []
    for hidden in HIDDEN:
        model = MLP(parts.width, [*hidden, parts.classes], init="he", seed=0)
        optimizer = setting.optimizer(model, EPOCHS * -(-len(parts.targets) // setting.batch))
        options = {"epochs": EPOCHS, "batch_size": setting.batch, "seed": 0, "metric": None}
        fit(model, parts.features, parts.targets, optimizer=optimizer, **options)
        found.append(accuracy(model, parts.test_features, parts.test_targets))
    return mean(found)

"""Compression: how small a network for digits can be made, and how well it does then. Prints a table.

    pip install '.[data]'
    python -m tests.benchmarks.compression [--quick] [--markdown]

The network is 64-64-10 with relu, trained for 30 epochs with AdamW and a rate that falls linearly to 0. It is compressed,
and tuned for 10 epochs more where that is said: after each round of pruning, with weights on their levels, or as two layers.
The students are 64-8-10: alone they learn from the classes, distilled from the teacher's probabilities too, in as many
epochs and from the same first weights. A network of 40 epochs more shows how much of all this is training alone.

Accuracies are those of the test parts of the splits 0 to 4 (see `training_data`), with the split as the seed. What a method
changes is the difference to its row of reference in the same split. Sizes are in bits: 64 for each number as it is trained;
of a pruned network the numbers that are left, and a bit for each weight that says which; of a quantised one the codes, a
step and a zero for each layer, and 64 bits for each bias.
"""

from __future__ import annotations

import argparse
import copy
import math
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import mean, stdev
from typing import Any

from autograd_lite.nn import MLP
from autograd_lite.optim import AdamW, linear_decay
from autograd_lite.train import accuracy, fit
from autograd_lite.train.compression import distil, factorise, prune, quantise
from autograd_lite.train.compression.pruning import NUMBER_BITS
from tests.benchmarks.compiled.__main__ import versions
from tests.benchmarks.eager import processor
from tests.benchmarks.training import aligned
from tests.benchmarks.training_data import Parts, standardised_split

__all__ = ["METHODS", "Compressed", "Trained", "trained"]

SPLITS = range(5)
HIDDEN, SMALL, FEW = 64, 8, 135
EPOCHS, TUNING = 30, 10


@dataclass(frozen=True)
class Compressed:
    """What came of a split: how large the network is, and the share of test samples that it classifies rightly."""

    parameters: int
    bits: int
    accuracy: float


@dataclass(frozen=True)
class Trained:
    """The network of a split, and its samples."""

    split: int
    parts: Parts
    model: Any
    few: Parts = field(repr=False)

    def measured(self, model: Any, bits: int | None = None, parameters: int | None = None) -> Compressed:
        count = len(model.parameters()) if parameters is None else parameters
        share = accuracy(model, self.parts.test_features, self.parts.test_targets)
        return Compressed(count, NUMBER_BITS * count if bits is None else bits, share)

    def tune(self, model: Any, *callbacks: Any, epochs: int = TUNING) -> None:
        """Trains on, with a third of the first rate."""
        learn(fit, model, self.parts, self.split, epochs, 0.003, callbacks=callbacks)


def learn(how: Callable[..., Any], model: Any, parts: Parts, split: int, epochs: int, rate: float, **options: Any) -> None:
    """Trains by `fit` or `distil`, with a rate that falls linearly to 0."""
    falling = linear_decay(rate, epochs * math.ceil(len(parts.targets) / 32))
    options["optimizer"] = lambda model: AdamW(model, falling, weight_decay=0.1)
    how(model, parts.features, parts.targets, epochs=epochs, seed=split, **options)


def trained(split: int) -> Trained:
    """The network that is compressed."""
    parts = standardised_split("digits", split)
    model = MLP(parts.width, [HIDDEN, parts.classes], init="he", seed=split)
    learn(fit, model, parts, split, EPOCHS, 0.01)
    few = Parts(parts.features[:FEW], parts.targets[:FEW], parts.test_features, parts.test_targets)
    return Trained(split, parts, model, few)


# --- what is done with it -------------------------------------------------------------------------------------------------


def itself(network: Trained, *, epochs: int = 0) -> Compressed:
    model = copy.deepcopy(network.model)
    if epochs:
        network.tune(model, epochs=epochs)
    return network.measured(model)


def pruned(network: Trained, share: float, *, rounds: int = 0) -> Compressed:
    """In no rounds it is not tuned."""
    model = copy.deepcopy(network.model)
    left = prune(model, share, rounds=max(rounds, 1), tune=partial(network.tune, model) if rounds else None)
    return network.measured(model, left.bits, left.count)


def quantised(network: Trained, bits: int, *, tune: bool = False) -> Compressed:
    model = copy.deepcopy(network.model)
    codes = quantise(model, bits, tune=partial(network.tune, model) if tune else None)
    return network.measured(model, codes.bits)


def pruned_and_quantised(network: Trained, share: float, bits: int, *, rounds: int) -> Compressed:
    model = copy.deepcopy(network.model)
    left = prune(model, share, rounds=rounds, tune=partial(network.tune, model))
    codes = quantise(model, bits, tune=lambda callback: network.tune(model, left, callback))
    # Codes of the weights that are left alone, and the bit for each weight that says which.
    gone = len(left.left) - left.count
    return network.measured(model, codes.bits - bits * gone + left.weights, left.count)


def factorised(network: Trained, rank: int, *, tune: bool = False) -> Compressed:
    model = factorise(network.model, rank=rank)
    if tune:
        network.tune(model)
    return network.measured(model)


def student(network: Trained, *, temperature: float | None = None, few: bool = False) -> Compressed:
    """With no temperature it has no teacher."""
    model = MLP(network.parts.width, [SMALL, network.parts.classes], init="he", seed=network.split)
    how: Callable[..., Any] = fit if temperature is None else partial(distil, network.model, temperature=temperature)
    learn(how, model, network.few if few else network.parts, network.split, EPOCHS * (10 if few else 1), 0.01)
    return network.measured(model)


@dataclass(frozen=True)
class Method:
    """A row: what is done, and the row it is compared with."""

    run: Callable[[Trained], Compressed]
    beside: str


ITSELF, ALONE, ALONE_OF_FEW = "the network", f"64-{SMALL}-10 alone", f"64-{SMALL}-10 alone, {FEW} samples"

METHODS: dict[str, Method] = {
    ITSELF: Method(itself, ITSELF),
    "40 epochs more": Method(partial(itself, epochs=40), ITSELF),
    **{
        f"pruned by {share:.0%}{how}": Method(partial(pruned, share=share, rounds=rounds), ITSELF)
        for share in (0.8, 0.9, 0.95)
        for how, rounds in (("", 0), (", tuned", 1), (" in 4 rounds, tuned", 4))
    },
    **{
        f"quantised to {bits} bits{', tuned' * tune}": Method(partial(quantised, bits=bits, tune=tune), ITSELF)
        for bits, tune in ((8, False), (4, False), (3, False), (3, True), (2, False), (2, True))
    },
    "pruned by 80% in 4 rounds, 4 bits, tuned": Method(partial(pruned_and_quantised, share=0.8, bits=4, rounds=4), ITSELF),
    **{
        f"rank {rank}{', tuned' * tune}": Method(partial(factorised, rank=rank, tune=tune), ITSELF)
        for rank in (16, 8, 4)
        for tune in (False, True)
    },
    ALONE: Method(student, ALONE),
    **{f"64-{SMALL}-10 distilled, T = {t}": Method(partial(student, temperature=float(t)), ALONE) for t in (1, 2, 4)},
    ALONE_OF_FEW: Method(partial(student, few=True), ALONE_OF_FEW),
    f"64-{SMALL}-10 distilled, T = 4, {FEW} samples": Method(partial(student, few=True, temperature=4.0), ALONE_OF_FEW),
}


def table(splits: Sequence[int]) -> list[list[str]]:
    """A line for each method."""
    found: dict[str, list[Compressed]] = {name: [] for name in METHODS}
    for split in splits:
        network = trained(split)
        for name, method in METHODS.items():
            found[name].append(method.run(network))
        print(f"split {split}: done", file=sys.stderr)
    lines = [["", "parameters", "kbit", "times smaller", "accuracy, %", "± over splits", "difference", "± over splits"]]
    for name, method in METHODS.items():
        runs, beside = found[name], found[method.beside]
        bits = mean(run.bits for run in runs)
        each = [100.0 * run.accuracy for run in runs]
        changes = [x - 100.0 * other.accuracy for x, other in zip(each, beside, strict=True)]
        sizes = [f"{runs[0].parameters:,}", f"{bits / 1000:.1f}", f"{mean(run.bits for run in found[ITSELF]) / bits:.1f}"]
        scores = [f"{mean(each):.2f}", f"{stdev(each):.2f}", f"{mean(changes):+.2f}", f"{stdev(changes):.2f}"]
        lines.append([name, *sizes, *(scores if name != method.beside else [*scores[:2], "", ""])])
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description="Sizes and accuracies of compressed networks for digits.")
    parser.add_argument("--quick", action="store_true", help="two splits")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    options = parser.parse_args()
    packages = versions(("numpy", "scikit-learn"))
    print(f"Python {platform.python_version()}, {packages}; {processor()}; float64.")
    print(f"\n{aligned(table(SPLITS[:2] if options.quick else SPLITS), markdown=options.markdown)}")


if __name__ == "__main__":
    main()

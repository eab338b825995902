"""Parameters and data of the networks, the same for all contenders.

`layers` are lists of (W[outputs, inputs], b[outputs]); derivatives are compared neuron by neuron, its weights and then its
bias, as a model's `parameters()` stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from tests.benchmarks.compiled.task import flat
from tests.benchmarks.workloads import two_moons

__all__ = ["Layers", "joined", "layers_of", "moons", "pictures"]

Layers = list[tuple[Any, Any]]


def layers_of(sizes: Sequence[int], numbers: Sequence[float]) -> Layers:
    """Parameters as matrices and vectors."""
    rest, layers = np.array(numbers), []
    for inputs, outputs in pairwise(sizes):
        block = rest[: outputs * (inputs + 1)].reshape(outputs, inputs + 1)
        layers.append((block[:, :-1].copy(), block[:, -1].copy()))
        rest = rest[block.size :]
    return layers


def joined(layers: Sequence[tuple[Any, Any]]) -> list[float]:
    """Matrices and vectors as one list, neuron by neuron."""
    return flat(*[np.column_stack([np.asarray(w), np.asarray(b)]) for w, b in layers])


def moons(n: int) -> tuple[Any, Any]:
    points = np.array(two_moons(n))
    return points[:, :2].copy(), points[:, 2].copy()


def pictures(sizes: Sequence[int], lanes: int) -> tuple[list[float], Any, Any]:
    """Parameters, inputs and labels of a classifier of random pictures."""
    dice = np.random.default_rng(0)
    numbers = [b for n, m in pairwise(sizes) for b in (dice.normal(size=(m, n + 1)) / np.sqrt(n)).ravel()]
    return numbers, dice.normal(size=(lanes, sizes[0])), dice.integers(0, sizes[-1], lanes)

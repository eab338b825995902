"""Networks of one structure, computed by what was compiled once for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np

from autograd_lite.engine.primitive import Scalar
from autograd_lite.nn.activations import Activation
from autograd_lite.nn.initializers import Initializer
from autograd_lite.nn.layers import MLP, Seed
from autograd_lite.nn.penalties import weights
from autograd_lite.optim.parameter_vector import ParameterVector, Vector
from autograd_lite.train.criteria import Loss
from autograd_lite.train.engines import Computation
from autograd_lite.train.samples import Array, Samples

__all__ = ["Workbench", "WorkbenchKey", "workbench"]

KEPT = 8
"""For how many structures what was compiled is kept."""


@dataclass(frozen=True)
class WorkbenchKey:
    """What a compiled function depends on: the structure of a network, and the loss that it is trained with.

    Attributes:
        inputs, nouts, activation: see `MLP`.
        loss: of one sample.
    """

    inputs: int
    nouts: tuple[int, ...]
    activation: str | Activation
    loss: Loss

    def network(self, seed: Seed, init: str | Initializer = "uniform") -> MLP:
        """A network of this structure."""
        return MLP(self.inputs, self.nouts, activation=self.activation, seed=seed, init=init)


@dataclass
class Workbench:
    """A network on which others of its structure are trained in turn: a compiled function belongs to one module.

    Attributes:
        key: its structure.
        model: whose parameters are set before it is used, and read after.
        training: loss and gradient.
        use: the outputs alone.
    """

    key: WorkbenchKey
    model: MLP = field(init=False)
    training: Computation = field(init=False)
    use: Computation = field(init=False)

    def __post_init__(self) -> None:
        self.model, self.training, self.use = self.key.network(0), Computation(self.key.loss), Computation(_nothing)
        self.vector = ParameterVector("workbench", self.model)

    @cached_property
    def is_weight(self) -> Vector:
        """1 for a weight and 0 for a bias."""
        found = set(weights(self.model))
        return np.array([float(parameter in found) for parameter in self.vector.leaves])

    def outputs(self, rows: Array) -> Array:
        """The network's outputs: a row for each sample, or a number where it has one."""
        return self.use.value(self.model, Samples(rows, np.zeros(len(rows))))[1]


def _nothing(outputs: object, target: Scalar) -> Scalar:
    """The loss where only outputs are wanted."""
    return 0.0


@lru_cache(KEPT)
def _idle(key: WorkbenchKey) -> list[Workbench]:
    """Those of this structure that nobody uses. There is no lock, which a fork could leave closed for ever in the child."""
    return []


@contextmanager
def workbench(key: WorkbenchKey, numbers: Vector) -> Iterator[Workbench]:
    """A workbench that nobody else uses meanwhile, its network with these parameters; several threads have one each.

    After an error it is thrown away.

    >>> key = WorkbenchKey(1, (1,), "relu", lambda output, target: output)
    >>> with workbench(key, np.array([2.0, 1.0])) as bench:
    ...     bench.outputs(np.array([[3.0]]))
    array([7.])
    """
    try:
        bench = _idle(key).pop()
    except IndexError:
        bench = Workbench(key)
    bench.vector.write(numbers)
    yield bench
    _idle(key).append(bench)

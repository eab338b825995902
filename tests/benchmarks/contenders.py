"""The engines that the benchmarks compare, each with its own best form of every piece of work."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count, pairwise
from typing import Any, TypeVar

from tests.benchmarks import workloads

__all__ = ["CHAIN_LENGTH", "CONTENDERS", "LIBRARY", "PEER", "Engine", "Work", "load", "with_deep_stack", "works"]

PEER, LIBRARY = "micrograd", "autograd_lite"
CONTENDERS = (PEER, LIBRARY)
CHAIN_LENGTH = 10_000

T = TypeVar("T")
Build = Callable[[], tuple[Any, Sequence[Any]]]


@dataclass(frozen=True)
class Engine:
    """What the benchmarks need of an engine, under one set of names.

    Attributes:
        relu: the method itself, the shortest way that every engine has.
        total: the sum of a list, in the engine's own way.
        wraps_numbers: whether every number that meets a Value becomes one.
    """

    Value: type[Any]
    relu: Callable[[Any], Any]
    MLP: Callable[[int, list[int]], Any]
    total: Callable[..., Any] = sum
    wraps_numbers: bool = False


def load(name: str) -> Engine:
    """The engine of a name; the other is not imported."""
    if name == PEER:
        from micrograd.engine import Value
        from micrograd.nn import MLP

        return Engine(Value, Value.relu, MLP, wraps_numbers=True)
    import autograd_lite as ag

    return Engine(ag.Value, ag.Value.relu, ag.nn.MLP, ag.total)


def with_deep_stack(work: Callable[[], T]) -> T:
    """What the work returns, where a recursion may go as deep as the longest chain: micrograd's does."""
    sys.setrecursionlimit(10_000_000)
    threading.stack_size(512 * 2**20)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Work:
    """One piece of work for one engine.

    Attributes:
        build: makes the graph; returns its output, and the leaves whose derivatives count.
        before, after: what a training step does around it, timed with the whole.
        calls: how often it is done between two looks at the result, so that short work is measured too.
    """

    build: Build
    before: Callable[[], None] = _nothing
    after: Callable[[], None] = _nothing
    calls: int = 1


def works(engine: Engine) -> dict[str, Work]:
    """All works by name."""
    found = {
        "readme": Work(_readme(engine), calls=200),
        "constants": Work(chain(engine, "constants", CHAIN_LENGTH)),
        "values": Work(chain(engine, "values", CHAIN_LENGTH)),
        "demo": _demo(engine, engine.MLP(2, list(workloads.DEMO_SIZES[1:]))),
    }
    if not engine.wraps_numbers:
        found["demo by weights"] = _demo(engine, ByWeights(engine), total=sum)
    return found


def _readme(engine: Engine) -> Build:
    def build() -> tuple[Any, Sequence[Any]]:
        a, b = engine.Value(-4.0), engine.Value(2.0)
        return workloads.readme_expression(a, b, engine), (a, b)

    return build


def chain(engine: Engine, kind: str, n: int) -> Build:
    """A chain of n operations, its coefficients "constants" or "values"."""

    def constants() -> tuple[Any, Sequence[Any]]:
        x = engine.Value(1.0)
        return workloads.chain_constants(x, n), (x,)

    def values() -> tuple[Any, Sequence[Any]]:
        x, a, b = engine.Value(1.0), engine.Value(0.999), engine.Value(0.001)
        return workloads.chain_values(x, a, b, n), (x, a, b)

    return {"constants": constants, "values": values}[kind]


class ByWeights:
    """The demonstration network with micrograd's own text of a neuron, on another engine's Values."""

    def __init__(self, engine: Engine) -> None:
        sizes = workloads.DEMO_SIZES
        self.layers = [
            [([engine.Value(0.0) for _ in range(inputs)], engine.Value(0.0)) for _ in range(outputs)]
            for inputs, outputs in pairwise(sizes)
        ]

    def __call__(self, x: Sequence[Any]) -> Any:
        for layer in self.layers[:-1]:
            x = [workloads.neuron_by_weights(w, b, x).relu() for w, b in layer]
        (score,) = [workloads.neuron_by_weights(w, b, x) for w, b in self.layers[-1]]
        return score

    def parameters(self) -> list[Any]:
        return [parameter for layer in self.layers for w, b in layer for parameter in (*w, b)]

    def zero_grad(self) -> None:
        for parameter in self.parameters():
            parameter.grad = 0.0


def _demo(engine: Engine, model: Any, total: Callable[..., Any] | None = None) -> Work:
    """One training step after the other, all points at once."""
    parameters = model.parameters()
    for parameter, number in zip(parameters, workloads.initial_parameters(), strict=True):
        parameter.data = number
    points = workloads.two_moons()
    inputs, labels = [[x, y] for x, y, _ in points], [label for _, _, label in points]
    steps = count()

    def build() -> tuple[Any, Sequence[Any]]:
        # Made into Values once for each point, as micrograd's demonstration does, not once for each weight that it meets.
        rows = [list(map(engine.Value, row)) for row in inputs] if engine.wraps_numbers else inputs
        scores = [model(row) for row in rows]
        return workloads.demo_loss(scores, parameters, labels, engine.relu, total or engine.total), parameters

    def update() -> None:
        rate = workloads.demo_rate(next(steps))
        for parameter in model.parameters():
            parameter.data -= rate * parameter.grad

    return Work(build, before=model.zero_grad, after=update)

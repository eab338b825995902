"""Networks: what every peer runs, each in its best idiomatic form. What this library runs stands in `networks`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

import numpy as np

from tests.benchmarks import contenders
from tests.benchmarks.compiled.network_data import Layers, joined, layers_of, moons, pictures
from tests.benchmarks.compiled.task import Task, pinned_jax
from tests.benchmarks.workloads import DEMO_SIZES, demo_rate, initial_parameters

__all__ = ["jax_classifier", "jax_moons", "micrograd_demo", "numpy_demo", "torch_classifier", "torch_moons"]


def in_layers(found: tuple[Any, Layers]) -> list[float]:
    """The numbers of a value, and of matrices and vectors by layers."""
    return [float(found[0]), *joined(found[1])]


def in_pairs(found: tuple[Any, Sequence[Any]]) -> list[float]:
    """The same, where matrices and vectors stand in turns."""
    value, arrays = found
    return in_layers((value, list(zip(arrays[::2], arrays[1::2], strict=True))))


# --- micrograd -----------------------------------------------------------------------------------------------------------


def micrograd_demo() -> Task:
    work = contenders.works(contenders.load(contenders.PEER))["demo"]

    def call() -> tuple[Any, Any]:
        work.before()
        loss, parameters = work.build()
        loss.backward()
        work.after()
        return loss, parameters

    return Task(lambda: call, lambda found: [found[0].data, *(p.data for p in found[1])])


# --- torch ---------------------------------------------------------------------------------------------------------------


def torch_network(
    sizes: Sequence[int], numbers: Sequence[float], threads: int = 1, dtype: str = "float64"
) -> tuple[Any, Layers]:
    import torch

    torch.set_num_threads(threads)
    layers = layers_of(sizes, numbers)
    return torch, [tuple(torch.tensor(x.astype(dtype), requires_grad=True) for x in pair) for pair in layers]


def torch_scores(torch: Any, layers: Layers, X: Any) -> Any:  # noqa: N803
    h = X
    for i, (w, b) in enumerate(layers):
        h = torch.nn.functional.linear(h, w, b)
        if i < len(layers) - 1:
            h = torch.relu(h)
    return h


def torch_moons(lanes: int, *, update: bool, dtype: str = "float64") -> Task:
    torch, layers = torch_network(DEMO_SIZES, initial_parameters(), dtype=dtype)
    parameters = [p for pair in layers for p in pair]
    (X, y), steps = [torch.tensor(array.astype(dtype)) for array in moons(lanes)], count()  # noqa: N806

    def call() -> tuple[Any, Any]:
        scores = torch_scores(torch, layers, X)[:, 0]
        loss = torch.relu(1 - y * scores).mean() + 1e-4 * sum((p * p).sum() for p in parameters)
        gradients = torch.autograd.grad(loss, parameters)
        if update:
            rate = demo_rate(next(steps))
            with torch.no_grad():
                for p, g in zip(parameters, gradients, strict=True):
                    p -= rate * g
        return loss.detach(), [p.detach() for p in (parameters if update else gradients)]

    return Task(lambda: call, in_pairs)


def torch_classifier(sizes: Sequence[int], lanes: int, threads: int = 1, dtype: str = "float64") -> Task:
    numbers, rows, labels = pictures(sizes, lanes)
    torch, layers = torch_network(sizes, numbers, threads, dtype)
    parameters = [p for pair in layers for p in pair]
    X, y = torch.tensor(rows.astype(dtype)), torch.tensor(labels)  # noqa: N806

    def call() -> tuple[Any, Any]:
        loss = torch.nn.functional.cross_entropy(torch_scores(torch, layers, X), y)
        return loss.detach(), torch.autograd.grad(loss, parameters)

    return Task(lambda: call, in_pairs)


# --- jax -----------------------------------------------------------------------------------------------------------------


def jax_scores(jax: Any, layers: Layers, X: Any) -> Any:  # noqa: N803
    h = X
    for i, (w, b) in enumerate(layers):
        h = h @ w.T + b
        if i < len(layers) - 1:
            h = jax.numpy.maximum(h, 0)
    return h


def jax_moons(lanes: int, *, update: bool) -> Task:
    jax = pinned_jax()
    layers = jax.tree.map(jax.numpy.array, layers_of(DEMO_SIZES, initial_parameters()))
    (X, y), steps = map(jax.numpy.array, moons(lanes)), count()  # noqa: N806

    def loss(layers: Layers, X: Any, y: Any) -> Any:  # noqa: N803
        hinge = jax.numpy.maximum(1 - y * jax_scores(jax, layers, X)[:, 0], 0).mean()
        return hinge + 1e-4 * sum((p * p).sum() for pair in layers for p in pair)

    @jax.jit
    def step(layers: Layers, X: Any, y: Any, rate: float) -> Any:  # noqa: N803
        value, gradients = jax.value_and_grad(loss)(layers, X, y)
        return value, jax.tree.map(lambda p, g: p - rate * g, layers, gradients)

    gradient = jax.jit(jax.value_and_grad(loss))

    def call() -> tuple[Any, Any]:
        nonlocal layers
        if not update:
            found: tuple[Any, Any] = jax.block_until_ready(gradient(layers, X, y))
            return found
        value, layers = jax.block_until_ready(step(layers, X, y, demo_rate(next(steps))))
        return value, layers

    return Task(lambda: call, in_layers)


def jax_classifier(sizes: Sequence[int], lanes: int) -> Task:
    jax = pinned_jax()
    numbers, *data = pictures(sizes, lanes)
    layers, (X, y) = jax.tree.map(jax.numpy.array, layers_of(sizes, numbers)), map(jax.numpy.array, data)  # noqa: N806

    @jax.jit
    @jax.value_and_grad
    def step(layers: Layers, X: Any, y: Any) -> Any:  # noqa: N803
        scores = jax_scores(jax, layers, X)
        picked = jax.numpy.take_along_axis(scores, y[:, None], axis=1)[:, 0]
        return (jax.scipy.special.logsumexp(scores, axis=1) - picked).mean()

    return Task(lambda: lambda: jax.block_until_ready(step(layers, X, y)), in_layers)


# --- numpy ---------------------------------------------------------------------------------------------------------------


def numpy_demo() -> Task:
    """Backpropagation by hand, in place."""
    layers, (X, y), steps = layers_of(DEMO_SIZES, initial_parameters()), moons(100), count()  # noqa: N806

    def call() -> float:
        rate, acts, h = demo_rate(next(steps)), [X], X
        for i, (w, b) in enumerate(layers):
            h = h @ w.T + b
            if i < len(layers) - 1:
                h = np.maximum(h, 0)
            acts.append(h)
        margin = 1 - y * h[:, 0]
        value = np.maximum(margin, 0).mean() + 1e-4 * sum((p * p).sum() for pair in layers for p in pair)
        delta = (-(y * (margin > 0)) / len(y))[:, None]
        for i in range(len(layers) - 1, -1, -1):
            w, b = layers[i]
            gw, gb = delta.T @ acts[i] + 2e-4 * w, delta.sum(0) + 2e-4 * b
            if i:
                delta = (delta @ w) * (acts[i] > 0)
            w -= rate * gw
            b -= rate * gb
        return float(value)

    return Task(lambda: call, lambda value: [value, *joined(layers)])

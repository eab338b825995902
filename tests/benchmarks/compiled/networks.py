"""Networks: this library's programs, and who runs what. The peers' programs stand in `network_peers`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count, pairwise
from typing import Any

from tests.benchmarks.compiled.network_data import moons, pictures
from tests.benchmarks.compiled.network_peers import (
    jax_classifier,
    jax_moons,
    micrograd_demo,
    numpy_demo,
    torch_classifier,
    torch_moons,
)
from tests.benchmarks.compiled.task import Build, Task, flat
from tests.benchmarks.workloads import DEMO_SIZES, demo_loss, demo_rate, initial_parameters, neuron_by_weights

__all__ = [
    "DEMO", "DEMO_BY_WEIGHTS", "DIGITS", "DIGITS_SIZES", "MOONS", "THREADS", "WIDE_SIZES",
    "our_classifier", "our_demo", "our_moons",
]  # fmt: skip

DIGITS_SIZES, WIDE_SIZES = (784, 128, 10), (64, 32, 10)


def model_of(sizes: Sequence[int], numbers: Sequence[float]) -> Any:
    import autograd_lite as ag

    model = ag.nn.MLP(sizes[0], sizes[1:], seed=0)
    for parameter, number in zip(model.parameters(), numbers, strict=True):
        parameter.data = float(number)
    return model


def our_moons_loss(model: Any, X: Any, y: Any) -> Any:  # noqa: N803 - X is the matrix of all inputs
    import autograd_lite as ag

    losses = ag.vmap(lambda model, x, t: ag.relu(1.0 - t * model(x)), in_axes=(None, 0, 0))(model, X, y)
    return ag.mean(losses) + 1e-4 * ag.total([p * p for p in model.parameters()])


def our_step(model: Any, loss: Callable[..., Any], X: Any, y: Any, backend: str = "auto") -> Task:  # noqa: N803
    """A training step: value, gradient, update."""
    import autograd_lite as ag

    value_and_gradient, steps = ag.jit(ag.value_and_grad(loss), backend=backend), count()
    optimizer = ag.optim.SGD(model, learning_rate=1.0)

    def call() -> float:
        value, gradient = value_and_gradient(model, X, y)
        optimizer.learning_rate = demo_rate(next(steps))
        optimizer.step(gradient)
        return float(value)

    numbers = lambda value: [value, *(p.data for p in model.parameters())]  # noqa: E731
    return Task(lambda: call, numbers, value_and_gradient, (model, X, y))


def our_demo(backend: str = "auto") -> Task:
    return our_step(model_of(DEMO_SIZES, initial_parameters()), our_moons_loss, *moons(100), backend=backend)


def our_demo_by_weights() -> Task:
    """micrograd's own text: a loop over the points, a `*` and a `+` for every weight, Python's `sum`."""
    import autograd_lite as ag

    class Network(ag.nn.Module):
        def __init__(self) -> None:
            numbers = iter(initial_parameters())
            self.layers = [
                [([ag.Value(next(numbers)) for _ in range(n)], ag.Value(next(numbers))) for _ in range(m)]
                for n, m in pairwise(DEMO_SIZES)
            ]

        def __call__(self, x: Sequence[Any]) -> Any:
            for layer in self.layers[:-1]:
                x = [neuron_by_weights(w, b, x).relu() for w, b in layer]
            (score,) = [neuron_by_weights(w, b, x) for w, b in self.layers[-1]]
            return score

    def loss(model: Any, X: Any, y: Any) -> Any:  # noqa: N803
        return demo_loss([model(x) for x in X], model.parameters(), y, ag.relu)

    return our_step(Network(), loss, *moons(100))


def our_moons(lanes: int = 10_000, backend: str = "auto", threads: int = 1, dtype: str = "float64") -> Task:
    import autograd_lite as ag

    model = model_of(DEMO_SIZES, initial_parameters())
    X, y = (array.astype(dtype) for array in moons(lanes))  # noqa: N806
    step = ag.jit(ag.value_and_grad(our_moons_loss), backend=backend, threads=threads, dtype=dtype)
    return Task(lambda: lambda: step(model, X, y), lambda found: flat(*found), step, (model, X, y))


def our_classifier(
    sizes: Sequence[int], lanes: int, threads: int = 1, backend: str = "auto", dtype: str = "float64"
) -> Task:
    import autograd_lite as ag

    numbers, X, labels = pictures(sizes, lanes)  # noqa: N806
    model, X, y = model_of(sizes, numbers), X.astype(dtype), labels.astype(dtype)  # noqa: N806

    def loss(model: Any, X: Any, y: Any) -> Any:  # noqa: N803
        one = lambda model, x, t: ag.nn.losses.softmax_cross_entropy(model(x), t)  # noqa: E731
        return ag.mean(ag.vmap(one, in_axes=(None, 0, 0))(model, X, y))

    step = ag.jit(ag.value_and_grad(loss), backend=backend, threads=threads, dtype=dtype)
    return Task(lambda: lambda: step(model, X, y), lambda found: flat(*found), step, (model, X, y))


# --- who runs what -------------------------------------------------------------------------------------------------------

DEMO: dict[str, Build] = {
    "autograd_lite": our_demo,
    "micrograd": micrograd_demo,
    "torch": lambda: torch_moons(100, update=True),
    "jax": lambda: jax_moons(100, update=True),
    "numpy by hand": numpy_demo,
}
DEMO_BY_WEIGHTS: dict[str, Build] = {"autograd_lite": our_demo_by_weights, "micrograd": micrograd_demo}
MOONS: dict[str, Build] = {
    "autograd_lite": our_moons,
    "torch": lambda: torch_moons(10_000, update=False),
    "jax": lambda: jax_moons(10_000, update=False),
}
DIGITS: dict[int, dict[str, Build]] = {
    lanes: {
        "autograd_lite": lambda lanes=lanes: our_classifier(DIGITS_SIZES, lanes),
        "torch": lambda lanes=lanes: torch_classifier(DIGITS_SIZES, lanes),
        "jax": lambda lanes=lanes: jax_classifier(DIGITS_SIZES, lanes),
    }
    for lanes in (64, 1024)
}
THREADS: dict[str, Build] = {
    "autograd_lite": lambda: our_classifier(WIDE_SIZES, 10_000, threads=2),
    "autograd_lite, 1 thread": lambda: our_classifier(WIDE_SIZES, 10_000),
    "torch": lambda: torch_classifier(WIDE_SIZES, 10_000, threads=2),
    "torch, 1 thread": lambda: torch_classifier(WIDE_SIZES, 10_000),
}

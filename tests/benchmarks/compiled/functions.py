"""Functions of numbers: this library's programs, and who runs what. The peers' programs stand in `function_peers`."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from tests.benchmarks.compiled.function_peers import (
    POINT,
    N,
    casadi_heston_one,
    casadi_readme,
    casadi_rosenbrock,
    jax_heston_paths,
    jax_readme,
    jax_rosenbrock,
    jax_rosenbrock_loop,
    micrograd_heston_one,
    micrograd_readme,
    micrograd_rosenbrock,
    numpy_rosenbrock,
    paths,
    point,
    torch_heston,
)
from tests.benchmarks.compiled.task import Build, Task, flat
from tests.benchmarks.workloads import heston, readme_expression, rosenbrock

__all__ = [
    "GROWTH", "HESTON", "HESTON_ONE", "PRODUCT", "README", "ROSENBROCK", "SIZES",
    "our_heston", "our_heston_one", "our_product", "our_readme", "our_rosenbrock",
]  # fmt: skip

SIZES = (1_000, 10_000, 100_000, 1_000_000)
"""Nodes of the program that gives the gradient, about."""


def our_heston(backend: str = "auto") -> Task:
    """The loop over the steps of one path, mapped over the paths."""
    import autograd_lite as ag

    p, z = paths()
    many = ag.jit(ag.vmap(ag.value_and_grad(lambda p, z: heston(p, z, ag))), backend=backend)
    return Task(lambda: lambda: many(p, z), lambda found: flat(*found), many, (p, z))


def our_heston_one(backend: str = "auto") -> Task:
    import autograd_lite as ag

    (p, *_), (z, *_) = paths()
    one = ag.jit(ag.value_and_grad(lambda p, z: heston(p, z, ag)), backend=backend)
    return Task(lambda: lambda: one(p, z), lambda found: flat(*found), one, (p, z))


def our_readme(backend: str = "auto") -> Task:
    import autograd_lite as ag

    f = ag.jit(ag.value_and_grad(lambda a, b: readme_expression(a, b, ag), argnums=(0, 1)), backend=backend)
    return Task(lambda: lambda: f(*POINT), lambda found: [found[0], *found[1]], f, POINT)


def our_rosenbrock(n: int = N, backend: str = "auto") -> Task:
    import autograd_lite as ag

    x = point()[0] if n == N else np.random.default_rng(0).normal(size=n)
    gradient = ag.jit(ag.grad(rosenbrock), backend=backend)
    return Task(lambda: lambda: gradient(x), flat, gradient, (x,))


def our_product(backend: str = "auto") -> Task:
    import autograd_lite as ag

    product, args = ag.jit(ag.hvp(rosenbrock), backend=backend), point()
    return Task(lambda: lambda: product(*args), flat, product, args)


def our_layers(nodes: int) -> Task:
    """A network of n inputs, n hidden neurons and one output; the loss of a batch."""
    import autograd_lite as ag

    n = max(3, round(math.sqrt(nodes / 3.0)))
    dice = np.random.default_rng(0)
    model, X, y = ag.nn.MLP(n, [n, 1], seed=0), dice.normal(size=(32, n)), dice.normal(size=32)  # noqa: N806

    def loss(model: Any, X: Any, y: Any) -> Any:  # noqa: N803
        return ag.mean(ag.vmap(lambda model, x, t: (model(x) - t) ** 2, in_axes=(None, 0, 0))(model, X, y))

    step = ag.jit(ag.value_and_grad(loss))
    return Task(lambda: lambda: step(model, X, y), lambda found: flat(*found), step, (model, X, y))


# --- who runs what -------------------------------------------------------------------------------------------------------

README: dict[str, Build] = {
    "autograd_lite": our_readme, "micrograd": micrograd_readme, "jax": jax_readme, "casadi": casadi_readme,
}  # fmt: skip
HESTON: dict[str, Build] = {
    "autograd_lite": our_heston,
    "jax, reverse mode": lambda: jax_heston_paths(forward=False),
    "jax, forward mode": lambda: jax_heston_paths(forward=True),
    "torch": torch_heston,
}
HESTON_ONE: dict[str, Build] = {
    "autograd_lite": our_heston_one,
    "micrograd": micrograd_heston_one,
    "jax, forward mode": lambda: jax_heston_paths(forward=True, one=True),
    "casadi": casadi_heston_one,
}
ROSENBROCK: dict[str, Build] = {
    "autograd_lite": our_rosenbrock,
    "micrograd": micrograd_rosenbrock,
    "casadi": casadi_rosenbrock,
    "jax": jax_rosenbrock,
    "jax, the loop": jax_rosenbrock_loop,
    "numpy by hand": numpy_rosenbrock,
}
PRODUCT: dict[str, Build] = {
    "autograd_lite": our_product,
    "autograd_lite, gradient": lambda: replace(our_rosenbrock(), numbers=lambda found: []),  # no product to compare
    "casadi": lambda: casadi_rosenbrock(product=True),
    "jax": lambda: jax_rosenbrock(product=True),
}
GROWTH: dict[str, dict[int, Build]] = {
    "Rosenbrock": {nodes: lambda nodes=nodes: our_rosenbrock(nodes // 19) for nodes in SIZES},
    "layers": {nodes: lambda nodes=nodes: our_layers(nodes) for nodes in SIZES},
}

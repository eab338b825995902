"""Functions of numbers: what every peer runs, each in its best idiomatic form. What this library runs is in `functions`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.benchmarks import contenders
from tests.benchmarks.compiled.task import Task, flat, pinned_jax
from tests.benchmarks.workloads import heston, readme_expression, rosenbrock

__all__ = [
    "POINT", "N", "paths", "point",
    "casadi_call", "casadi_heston", "casadi_heston_one", "casadi_readme", "casadi_readme_function", "casadi_rosenbrock",
    "casadi_rosenbrock_function", "jax_heston_paths", "jax_readme", "jax_rosenbrock",
    "jax_rosenbrock_loop", "micrograd_heston_one", "micrograd_readme", "micrograd_rosenbrock", "numpy_rosenbrock",
    "torch_heston",
]  # fmt: skip

POINT = (-4.0, 2.0)
N = 1000


def point() -> tuple[Any, Any]:
    """Where Rosenbrock's function is looked at, and the direction of the Hessian's product."""
    dice = np.random.default_rng(0)
    return dice.normal(size=N), dice.normal(size=N)


def paths(n: int = 10_000) -> tuple[Any, Any]:
    """Parameters and normal numbers for n paths of Heston's model."""
    dice = np.random.default_rng(2)
    return np.array([1.5, 0.04, 0.4, -0.6, 0.05]) * dice.uniform(0.9, 1.1, (n, 5)), dice.normal(size=(n, 128))


# --- micrograd -----------------------------------------------------------------------------------------------------------


def micrograd_functions() -> Any:
    """The functions that micrograd has, and exp as its author's lecture adds it."""
    from micrograd.engine import Value

    def exp(x: Any) -> Any:
        out = Value(math.exp(x.data), (x,), "exp")

        def _backward() -> None:
            x.grad += out.data * out.grad

        out._backward = _backward
        return out

    return SimpleNamespace(Value=Value, relu=Value.relu, sqrt=lambda x: x**0.5, exp=exp)


def micrograd_heston_one() -> Task:
    o, ((numbers, *_), (z, *_)) = micrograd_functions(), paths()
    normals = z.tolist()

    def call() -> list[float]:
        p = list(map(o.Value, numbers.tolist()))
        value = heston(p, normals, o)
        value.backward()
        return [value.data, *(x.grad for x in p)]

    return Task(lambda: call, flat)


def micrograd_readme() -> Task:
    work = contenders.works(contenders.load(contenders.PEER))["readme"]

    def call() -> list[float]:
        value, leaves = work.build()
        value.backward()
        return [value.data, *(x.grad for x in leaves)]

    return Task(lambda: call, flat)


def micrograd_rosenbrock() -> Task:
    o, numbers = micrograd_functions(), point()[0].tolist()

    def call() -> list[float]:
        x = list(map(o.Value, numbers))
        rosenbrock(x).backward()
        return [a.grad for a in x]

    return Task(lambda: call, flat)


# --- jax -----------------------------------------------------------------------------------------------------------------


def jax_heston(jax: Any) -> Any:
    """One path: the steps as a scan, the least program that jax can be given. (Unrolling it made it slower.)"""
    jnp = jax.numpy

    def payoff(p: Any, z: Any, steps: int = 64) -> Any:
        kappa, theta, xi, rho, v = p
        dt, r = 1.0 / steps, 0.02
        rho_c = jnp.sqrt(1.0 - rho * rho)

        def step(state: tuple[Any, Any], z: Any) -> tuple[tuple[Any, Any], None]:
            log_s, v = state
            vp = jnp.maximum(v - 1e-4, 0.0) + 1e-4
            sq = jnp.sqrt(vp * dt)
            log_s = log_s + (sq * z[0] - vp * (0.5 * dt)) + r * dt
            return (log_s, v + kappa * (theta - vp) * dt + xi * sq * (rho * z[0] + rho_c * z[1])), None

        (log_s, _), _ = jax.lax.scan(step, (v * 0.0, v), z.reshape(steps, 2))
        return jnp.maximum(100.0 * jnp.exp(log_s) - 95.0, 0.0) * math.exp(-r)

    return payoff


def jax_heston_paths(*, forward: bool, one: bool = False) -> Task:
    """Value and gradient in reverse mode, as one writes it, or with five tangents forward: no step need be kept."""
    jax = pinned_jax()
    p, z = map(jax.numpy.array, [array[0] if one else array for array in paths()])
    payoff = jax_heston(jax)
    both = (lambda p, z: (payoff(p, z), jax.jacfwd(payoff)(p, z))) if forward else jax.value_and_grad(payoff)
    f = jax.jit(both if one else jax.vmap(both))
    return Task(lambda: lambda: jax.block_until_ready(f(p, z)), lambda found: flat(*found))


def jax_readme() -> Task:
    jax = pinned_jax()
    o = SimpleNamespace(relu=lambda x: jax.numpy.maximum(x, 0.0))
    f = jax.jit(jax.value_and_grad(lambda a, b: readme_expression(a, b, o), argnums=(0, 1)))
    return Task(lambda: lambda: jax.block_until_ready(f(*POINT)), lambda found: flat(found[0], *found[1]))


def jax_rosenbrock(*, product: bool = False) -> Task:
    """The function on arrays."""
    jax = pinned_jax()
    x, v = map(jax.numpy.array, point())
    gradient = jax.grad(lambda x: (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum())
    f = jax.jit((lambda x, v: jax.jvp(gradient, (x,), (v,))[1]) if product else lambda x, v: gradient(x))
    return Task(lambda: lambda: jax.block_until_ready(f(x, v)), flat)


def jax_rosenbrock_loop() -> Task:
    """The same scalar loop that this library is given."""
    jax = pinned_jax()
    x = jax.numpy.array(point()[0])
    f = jax.jit(jax.grad(rosenbrock))
    return Task(lambda: lambda: jax.block_until_ready(f(x)), flat)


# --- torch ---------------------------------------------------------------------------------------------------------------


def torch_heston() -> Task:
    """The same loop, every number a tensor of all paths."""
    import torch

    torch.set_num_threads(1)
    p, z = [torch.tensor(array.T.copy()) for array in paths()]
    p.requires_grad_()

    def call() -> tuple[Any, Any]:
        value = heston(p.unbind(), z, torch)
        return value.detach(), torch.autograd.grad(value.sum(), p)[0]

    return Task(lambda: call, lambda found: flat(found[0], found[1].T))


# --- casadi --------------------------------------------------------------------------------------------------------------


def casadi_call(make: Any, arguments: Sequence[Any], sizes: Sequence[int]) -> Task:
    """A function on buffers that are bound once: CasADi's shortest call."""

    def prepare() -> Any:
        function = make()
        buffer, evaluate = function.buffer()
        results = [np.zeros(size) for size in sizes]
        for k, array in enumerate(arguments):
            buffer.set_arg(k, memoryview(array))
        for k, array in enumerate(results):
            buffer.set_res(k, memoryview(array))

        def call() -> list[Any]:
            evaluate()
            return results

        call.buffer = buffer  # the memory must outlive this function
        return call

    return Task(prepare, lambda found: flat(*found))


def casadi_rosenbrock_function(*, product: bool) -> Any:
    import casadi

    x, v = casadi.SX.sym("x", N), casadi.SX.sym("v", N)
    gradient = casadi.gradient(rosenbrock(casadi.vertsplit(x)), x)
    if product:
        return casadi.Function("product", [x, v], [casadi.densify(casadi.jtimes(gradient, x, v))])
    return casadi.Function("gradient", [x], [casadi.densify(gradient)])


def casadi_rosenbrock(*, product: bool = False) -> Task:
    return casadi_call(lambda: casadi_rosenbrock_function(product=product), point()[: 2 if product else 1], (N,))


def casadi_heston() -> Any:
    import casadi

    o = SimpleNamespace(relu=lambda x: casadi.fmax(x, 0.0), sqrt=casadi.sqrt, exp=casadi.exp)
    p, z = casadi.SX.sym("p", 5), casadi.SX.sym("z", 128)
    value = heston(casadi.vertsplit(p), casadi.vertsplit(z), o)
    return casadi.Function("heston", [p, z], [value, casadi.densify(casadi.gradient(value, p))])


def casadi_heston_one() -> Task:
    return casadi_call(casadi_heston, [array[0].copy() for array in paths()], (1, 5))


def casadi_readme_function() -> Any:
    import casadi

    x = casadi.SX.sym("x", 2)
    value = readme_expression(x[0], x[1], SimpleNamespace(relu=lambda x: casadi.fmax(x, 0.0)))
    return casadi.Function("readme", [x], [value, casadi.densify(casadi.gradient(value, x))])


def casadi_readme() -> Task:
    return casadi_call(casadi_readme_function, [np.array(POINT)], (1, 2))


# --- numpy ---------------------------------------------------------------------------------------------------------------


def numpy_rosenbrock() -> Task:
    """The gradient by hand."""
    x = point()[0]

    def call() -> Any:
        head, d = x[:-1], x[1:] - x[:-1] ** 2
        gradient = np.zeros_like(x)
        gradient[:-1] = -400.0 * head * d - 2.0 * (1.0 - head)
        gradient[1:] += 200.0 * d
        return gradient

    return Task(lambda: call, flat)

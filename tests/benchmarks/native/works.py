"""What machine code is compared at, with whom, and what is to be reached."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

import numpy as np

from tests.benchmarks.compiled.comparison import LIBRARY, Comparison, Row
from tests.benchmarks.compiled.function_peers import (
    casadi_heston_one,
    casadi_readme,
    casadi_rosenbrock,
    jax_heston_paths,
    jax_readme,
    jax_rosenbrock,
    micrograd_readme,
    numpy_rosenbrock,
    torch_heston,
)
from tests.benchmarks.compiled.functions import our_heston, our_heston_one, our_product, our_readme, our_rosenbrock
from tests.benchmarks.compiled.network_peers import (
    jax_classifier,
    jax_moons,
    micrograd_demo,
    numpy_demo,
    torch_classifier,
    torch_moons,
)
from tests.benchmarks.compiled.networks import DIGITS_SIZES, WIDE_SIZES, our_classifier, our_demo, our_moons
from tests.benchmarks.compiled.task import Build, Task
from tests.benchmarks.native.peers import casadi_code_heston, casadi_code_readme, casadi_code_rosenbrock, drjit_heston

__all__ = ["NATIVE", "ONE_THREAD", "STRAIGHT"]

ONE_THREAD = f"{LIBRARY}, 1 thread"
NUMPY = f"{LIBRARY}, numpy"
DOUBLES = f"{LIBRARY}, doubles"
MANY = 100_000
PARAMETERS = 10_000

STRAIGHT = {f"straight {n}": n for n in (1_000, 10_000, 100_000)}
"""Works that are compiled only, with the number of their operations."""


def our_straight(operations: int) -> Task:
    """Operations of which each needs the one before and another that is not long ago: nothing goes side by side."""
    import autograd_lite as ag

    kinds = (lambda a, b: a + 0.5 * b, lambda a, b: a * b, lambda a, b: a / (b * b + 1.0), lambda a, b: ag.sin(a) - b)

    def function(x: Any) -> Any:
        dice, recent, done = random.Random(0), list(x), 0
        while done < operations:
            k = dice.randrange(len(kinds))
            recent = [*recent[1:], kinds[k](recent[-1], recent[dice.randrange(len(recent) - 1)])]
            done += (2, 1, 3, 2)[k]
        return recent[-1]

    args = (np.random.default_rng(0).normal(size=8),)
    f = ag.jit(function, backend="native")
    return Task(lambda: lambda: f(*args), lambda found: [found], f, args)


def our_floats() -> Task:
    """Five floats, four operations: what a call costs."""
    import autograd_lite as ag

    f, args = ag.jit(lambda a, b, c, d, e: a * b + c * d + e, backend="native"), (1.0, 2.0, 3.0, 4.0, 5.0)
    return Task(lambda: lambda: f(*args), lambda found: [found], f, args)


def our_parameters() -> Task:
    """A module with many parameters, of which little is computed: what a call costs."""
    import autograd_lite as ag

    model = ag.nn.MLP(99, [PARAMETERS // 100], seed=0)
    f = ag.jit(lambda model, x: model.parameters()[0] * x + model.parameters()[-1], backend="native")
    assert len(model.parameters()) == PARAMETERS
    return Task(lambda: lambda: f(model, 2.0), lambda found: [found], f, (model, 2.0))


def classifiers(sizes: tuple[int, ...], lanes: int) -> dict[str, Build]:
    return {
        LIBRARY: lambda: our_classifier(sizes, lanes, backend="native"),
        NUMPY: lambda: our_classifier(sizes, lanes, backend="numpy"),
        "torch": lambda: torch_classifier(sizes, lanes),
        "jax": lambda: jax_classifier(sizes, lanes),
    }


def in_single_precision(ours: Any, torchs: Any) -> dict[str, Build]:
    return {
        LIBRARY: lambda: ours(backend="native", dtype="float32"),
        DOUBLES: lambda: ours(backend="native"),
        NUMPY: lambda: ours(backend="numpy", dtype="float32"),
        "torch": lambda: torchs(dtype="float32"),
    }


def threads(build: Any) -> dict[str, Build]:
    return {LIBRARY: lambda: build(2), ONE_THREAD: lambda: build(1)}


WORKS: dict[str, dict[str, Build]] = {
    "demo": {
        LIBRARY: lambda: our_demo("native"), NUMPY: lambda: our_demo("numpy"), "micrograd": micrograd_demo,
        "torch": lambda: torch_moons(100, update=True), "jax": lambda: jax_moons(100, update=True),
        "numpy by hand": numpy_demo,
    },
    "moons": {
        LIBRARY: lambda: our_moons(backend="native"), NUMPY: lambda: our_moons(backend="numpy"),
        "torch": lambda: torch_moons(10_000, update=False), "jax": lambda: jax_moons(10_000, update=False),
    },
    "wide 32": classifiers(WIDE_SIZES, 32),
    "wide 10000": classifiers(WIDE_SIZES, 10_000),
    "digits 64": classifiers(DIGITS_SIZES, 64),
    "digits 1024": classifiers(DIGITS_SIZES, 1024),
    "moons, single": in_single_precision(partial(our_moons, 10_000), partial(torch_moons, 10_000, update=False)),
    "wide 10000, single": in_single_precision(
        partial(our_classifier, WIDE_SIZES, 10_000), partial(torch_classifier, WIDE_SIZES, 10_000)
    ),
    "heston": {
        LIBRARY: lambda: our_heston("native"), NUMPY: lambda: our_heston("numpy"),
        "drjit": lambda: drjit_heston(frozen=False), "drjit, frozen": lambda: drjit_heston(frozen=True),
        "torch": torch_heston, "jax, reverse mode": lambda: jax_heston_paths(forward=False),
        "jax, forward mode": lambda: jax_heston_paths(forward=True),
    },
    "heston one": {
        LIBRARY: lambda: our_heston_one("native"), "casadi": casadi_heston_one, "casadi, C": casadi_code_heston,
        "jax, forward mode": lambda: jax_heston_paths(forward=True, one=True),
    },
    "readme": {
        LIBRARY: lambda: our_readme("native"), f"{LIBRARY}, python": lambda: our_readme("python"), "casadi": casadi_readme,
        "casadi, C": casadi_code_readme, "jax": jax_readme, "micrograd": micrograd_readme,
    },
    "rosenbrock": {
        LIBRARY: lambda: our_rosenbrock(backend="native"), NUMPY: lambda: our_rosenbrock(backend="numpy"),
        "casadi": casadi_rosenbrock, "casadi, C": casadi_code_rosenbrock, "jax": jax_rosenbrock,
        "numpy by hand": numpy_rosenbrock,
    },
    "product": {
        LIBRARY: lambda: our_product("native"), "casadi": lambda: casadi_rosenbrock(product=True),
        "jax": lambda: jax_rosenbrock(product=True),
    },
    "threads, 2-16-16-1": threads(lambda threads: our_moons(MANY, "native", threads)),
    "threads, 64-32-10": threads(lambda threads: our_classifier(WIDE_SIZES, MANY, threads, "native")),
    "floats": {LIBRARY: our_floats},
    "parameters": {LIBRARY: our_parameters},
    **{name: {LIBRARY: lambda n=n: our_straight(n)} for name, n in STRAIGHT.items()},
}  # fmt: skip

ROWS = (
    Row("demo step, 2-16-16-1, 100 points, hinge + L2 + update", "demo", "torch", 12.0),
    Row("", "demo", "jax", 3.0),
    Row("", "demo", "micrograd", 10_000.0),
    Row("", "demo", "numpy by hand"),
    Row("", "demo", NUMPY),
    Row("2-16-16-1, 10,000 lanes, loss + gradient", "moons", "torch", 3.0),
    Row("", "moons", "jax", 2.0),
    Row("", "moons", NUMPY),
    Row("64-32-10, softmax cross-entropy, 32 lanes", "wide 32", "torch", 5.0),
    Row("", "wide 32", "jax"),
    Row("", "wide 32", NUMPY),
    Row("the same, 10,000 lanes", "wide 10000", "torch", 1.3),
    Row("", "wide 10000", "jax"),
    Row("", "wide 10000", NUMPY),
    Row("784-128-10, 64 lanes", "digits 64", "torch", 1.1),
    Row("", "digits 64", "jax"),
    Row("", "digits 64", NUMPY),
    Row("the same, 1,024 lanes", "digits 1024", "torch", 0.9),
    Row("", "digits 1024", "jax"),
    Row("", "digits 1024", NUMPY),
    Row("2-16-16-1, 10,000 lanes, float32", "moons, single", "torch"),
    Row("", "moons, single", DOUBLES),
    Row("", "moons, single", NUMPY),
    Row("64-32-10, 10,000 lanes, float32", "wide 10000, single", "torch"),
    Row("", "wide 10000, single", DOUBLES),
    Row("", "wide 10000, single", NUMPY),
    Row("Heston, 64 steps, 10,000 paths, value + gradient", "heston", "drjit", 1.0 / 1.3, "≤ 1.3× its time"),
    Row("", "heston", "drjit, frozen", 1.0 / 1.3, "≤ 1.3× its time"),
    Row("", "heston", "torch", 4.0),
    Row("", "heston", "jax, reverse mode", 5.0),
    Row("", "heston", "jax, forward mode", 5.0),
    Row("", "heston", NUMPY),
    Row("Heston, one point", "heston one", "casadi, C", 1.0 / 1.5, "≤ 1.5× its time"),
    Row("", "heston one", "casadi"),
    Row("", "heston one", "jax, forward mode"),
    Row("README expression, value + 2 derivatives", "readme", "casadi", 0.25, "≤ 4× its time"),
    Row("", "readme", "casadi, C"),
    Row("", "readme", "jax", 30.0),
    Row("", "readme", "micrograd"),
    Row("", "readme", f"{LIBRARY}, python"),
    Row("Rosenbrock, n = 1,000, gradient", "rosenbrock", "casadi", 2.0),
    Row("", "rosenbrock", "casadi, C"),
    Row("", "rosenbrock", "jax"),
    Row("", "rosenbrock", "numpy by hand"),
    Row("", "rosenbrock", NUMPY),
    Row("its Hessian · v", "product", "casadi"),
    Row("", "product", "jax"),
    Row("2-16-16-1, 100,000 lanes, 2 threads", "threads, 2-16-16-1", ONE_THREAD, 1.6),
    Row("64-32-10, 100,000 lanes, 2 threads", "threads, 64-32-10", ONE_THREAD, 1.6),
    Row("a call of 5 floats", "floats", reach="≤ 2 µs", most=2e-6),
    Row("a call of a module with 10,000 parameters", "parameters", reach="≤ 5 µs", most=5e-6),
)

NATIVE = Comparison(
    "tests.benchmarks.native",
    WORKS,
    ROWS,
    two_cores=frozenset(name for name in WORKS if name.startswith("threads")),
    single=frozenset(name for name in WORKS if name.endswith("single")),
)

"""The works by name with all that do them, and the rows of the table with what is to be reached."""

from __future__ import annotations

from tests.benchmarks.compiled.comparison import LIBRARY, Comparison, Row
from tests.benchmarks.compiled.functions import GROWTH, HESTON, HESTON_ONE, PRODUCT, README, ROSENBROCK, SIZES
from tests.benchmarks.compiled.networks import DEMO, DEMO_BY_WEIGHTS, DIGITS, MOONS, THREADS
from tests.benchmarks.compiled.task import Build

__all__ = ["COMPILED", "GROWN", "MOST_GROWTH", "MOST_MEGABYTES", "MOST_MICROSECONDS", "WORKS"]

WORKS: dict[str, dict[str, Build]] = {
    "demo": DEMO,
    "demo by weights": DEMO_BY_WEIGHTS,
    "moons": MOONS,
    "digits 64": DIGITS[64],
    "digits 1024": DIGITS[1024],
    "heston": HESTON,
    "heston one": HESTON_ONE,
    "readme": README,
    "rosenbrock": ROSENBROCK,
    "product": PRODUCT,
    "threads": THREADS,
    **{f"growth {name} {nodes}": {LIBRARY: build} for name, sizes in GROWTH.items() for nodes, build in sizes.items()},
}

GROWN = {name: [f"growth {name} {nodes}" for nodes in SIZES] for name in GROWTH}
MOST_MICROSECONDS, MOST_GROWTH, MOST_MEGABYTES = 15.0, 2.0, 3000
"""What tracing and scheduling may take per node, how many times as much per node in the longest program as in the second,
and what a process may have resident after the first call."""

ROWS = (
    Row("demo step, 2-16-16-1, 100 points, hinge + L2 + update, `vmap`", "demo", "micrograd", 5000.0),
    Row("", "demo", "torch", 6.0),
    Row("", "demo", "jax", 1.3),
    Row("", "demo", "numpy by hand", 1.0),
    Row("the same as micrograd's plain loop, a `*` and `+` per weight", "demo by weights", "micrograd", 2000.0),
    Row("2-16-16-1, 10,000 lanes, loss + gradient", "moons", "torch", 0.9),
    Row("", "moons", "jax", 0.6),
    Row("784-128-10, softmax cross-entropy, 64 lanes", "digits 64", "torch", 1.0),
    Row("", "digits 64", "jax"),
    Row("its first call", "digits 64", reach="under 4 s", first=True, most=4.0),
    Row("the same, 1,024 lanes", "digits 1024", "torch", 0.85),
    Row("", "digits 1024", "jax"),
    Row("Heston, 10,000 lanes, value + gradient", "heston", "jax, reverse mode", 1.0),
    Row("", "heston", "jax, forward mode", 1.0),
    Row("", "heston", "torch"),
    Row("Heston, one lane", "heston one", "micrograd", 30.0),
    Row("", "heston one", "jax, forward mode"),
    Row("", "heston one", "casadi"),
    Row("README expression, value + 2 derivatives", "readme", "jax", 15.0),
    Row("", "readme", "micrograd", 20.0),
    Row("", "readme", "casadi"),
    Row("Rosenbrock, n = 1,000, gradient", "rosenbrock", "micrograd", 800.0),
    Row("", "rosenbrock", "casadi", 0.5, "≤ 2× its time"),
    Row("", "rosenbrock", "jax"),
    Row("", "rosenbrock", "jax, the loop"),
    Row("", "rosenbrock", "numpy by hand"),
    Row("its set-up (first call)", "rosenbrock", "casadi", 1.0, "≤ 1× its set-up", first=True),
    Row("", "rosenbrock", "jax", first=True),
    Row("Rosenbrock, n = 1,000, Hessian · v", "product", "autograd_lite, gradient", 1.0 / 3.0, "≤ 3× the gradient"),
    Row("", "product", "casadi"),
    Row("", "product", "jax"),
    Row("64-32-10, 10,000 lanes, 2 threads", "threads", "autograd_lite, 1 thread", 1.5),
    Row("", "threads", "torch"),
    Row("", "threads", "torch, 1 thread"),
)

COMPILED = Comparison(
    "tests.benchmarks.compiled", WORKS, ROWS, two_cores=frozenset({"threads"}), first=frozenset({"digits 64", "rosenbrock"}),
    growth=frozenset(name for names in GROWN.values() for name in names),
)  # fmt: skip

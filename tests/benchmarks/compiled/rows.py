"""The works by name with all that do them, and the rows of the table with what is to be reached."""

from __future__ import annotations

from dataclasses import dataclass

from tests.benchmarks.compiled.functions import GROWTH, HESTON, HESTON_ONE, PRODUCT, README, ROSENBROCK, SIZES
from tests.benchmarks.compiled.networks import DEMO, DEMO_BY_WEIGHTS, DIGITS, MOONS, THREADS
from tests.benchmarks.compiled.task import Build

__all__ = [
    "FIRST",
    "GROWN",
    "LIBRARY",
    "MOST_GROWTH",
    "MOST_MEGABYTES",
    "MOST_MICROSECONDS",
    "ROWS",
    "TWO_CORES",
    "WORKS",
    "Row",
]

LIBRARY = "autograd_lite"

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

TWO_CORES = {"threads"}
FIRST = {"digits 64", "rosenbrock"}
"""Works whose first call is measured in several processes."""


@dataclass(frozen=True)
class Row:
    """What is compared, and what is to be reached.

    Attributes:
        title: empty in the rows after the first of a work.
        work, peer: whose time stands beside ours; no peer: ours alone, against `most`.
        least: the ratio peer's time / our time that is to be reached; None: for information.
        reach: the same in words.
        first: whether it is the first call that counts.
        most: the seconds that ours may take.
    """

    title: str
    work: str
    peer: str = ""
    least: float | None = None
    reach: str = ""
    first: bool = False
    most: float | None = None


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

"""Products with Hessians beside whole Hessians, and forward mode beside reverse mode. Prints Markdown tables.

    python -m tests.benchmarks.calculus [--quick]

One process on one pinned core; what is compared alternates, and times are medians. What takes longer than a second is timed
once, between the others; what is short is called again and again in its turn, since the others have emptied its caches.
Before anything is timed, all ways must agree with numpy's closed forms.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

import autograd_lite as ag
from tests.benchmarks.eager import processor

__all__ = ["rosenbrock", "tall", "wide"]

TURN = 0.02
"""How many seconds a turn lasts at least."""
REACH = 100.0
"""How many times faster than the Hessian a product with it is to be."""


def rosenbrock(x: Sequence[Any]) -> Any:
    """Σ 100·(x[i+1] - x[i]²)² + (1 - x[i])², Rosenbrock's valley in n variables."""
    return ag.total([100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in pairwise(x)])


def rosenbrock_hessian(x: Any) -> Any:
    """Its matrix of second derivatives by hand, tridiagonal."""
    off = -400.0 * x[:-1]
    diagonal = np.zeros(len(x))
    diagonal[:-1] += 1200.0 * x[:-1] ** 2 - 400.0 * x[1:] + 2.0
    diagonal[1:] += 200.0
    return np.diag(diagonal) + np.diag(off, 1) + np.diag(off, -1)


def hessian_by_rows(x: Any) -> Any:
    """The Hessian as those form it who have reverse mode alone: a backward sweep of the gradient's graph for each row."""
    return ag.jacrev(ag.jacrev(rosenbrock))(x)


def hessian_by_products(x: Any) -> Any:
    """The Hessian by a product with each unit vector, each from the beginning."""
    return np.array([ag.hvp(rosenbrock)(x, unit) for unit in np.eye(len(x))])


def wide(x: Sequence[Any]) -> list[Any]:
    """n inputs, one output."""
    return [ag.total([ag.sin(a) * b for a, b in pairwise(x)])]


def tall(x: Sequence[Any], n: int) -> list[Any]:
    """One input, n outputs."""
    return [ag.sin(x[0] * (1.0 + k / n)) * x[0] for k in range(n)]


def seconds(works: dict[str, Callable[[], Any]], repetitions: int) -> dict[str, float]:
    """The median time of each, in turns."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repetitions):
        for name, work in works.items():
            if found[name] and found[name][0] > 1.0:
                continue
            calls, start = 0, perf_counter()
            while not calls or perf_counter() - start < TURN:
                work()
                calls += 1
            found[name].append((perf_counter() - start) / calls)
    return {name: median(times) for name, times in found.items()}


def hessians(n: int, repetitions: int) -> list[str]:
    """The table of what second derivatives of Rosenbrock's function cost."""
    x, v = np.linspace(-1.0, 1.5, n), np.cos(np.arange(float(n)))
    expected = rosenbrock_hessian(x)
    compiled = ag.jit(ag.hvp(rosenbrock))
    works: dict[str, Callable[[], Any]] = {
        "function": lambda: rosenbrock(x.tolist()),
        "`grad`": lambda: ag.grad(rosenbrock)(x),
        "`hvp`": lambda: ag.hvp(rosenbrock)(x, v),
        "`jit(hvp)`": lambda: compiled(x, v),
        "`hessian`: one graph of the gradient, n forward sweeps": lambda: ag.hessian(rosenbrock)(x),
        "`jacrev(jacrev)`: one graph of the gradient, n reverse sweeps": lambda: hessian_by_rows(x),
        "n products, each from the beginning": lambda: hessian_by_products(x),
    }
    small = x[:20]
    for form in (ag.hessian(rosenbrock), hessian_by_rows, hessian_by_products):
        np.testing.assert_allclose(form(small), rosenbrock_hessian(small), rtol=1e-10, atol=1e-9)
    for product_of in (ag.hvp(rosenbrock), compiled):
        np.testing.assert_allclose(product_of(x, v), expected @ v, rtol=1e-9, atol=1e-9)
    times = seconds(works, repetitions)
    product = times["`hvp`"]
    lines = [f"| Rosenbrock, {n:,} variables | ms | times `hvp` | reach |", "|---|--:|--:|---|"]
    for name, time in times.items():
        whole = name.startswith(("`hessian", "`jacrev", "n products"))
        reach = f"≥ {REACH:g}: {'met' if time >= REACH * product else 'missed'}" if whole else ""
        lines.append(f"| {name} | {time * 1e3:,.3g} | {time / product:,.3g} | {reach} |")
    return lines


def modes(n: int, repetitions: int) -> list[str]:
    """The table of what Jacobians cost by either mode."""
    shapes = {f"{n:,} inputs, 1 output": (wide, [0.1] * n), f"1 input, {n:,} outputs": (lambda x: tall(x, n), [0.7])}
    lines = ["| function | `jacfwd`, ms | `jacrev`, ms | `jacobian` | it chose |", "|---|--:|--:|--:|---|"]
    for name, (f, x) in shapes.items():
        forms = {"forward": ag.jacfwd(f), "reverse": ag.jacrev(f), "either": ag.jacobian(f)}
        matrices = [np.array(form(x)) for form in forms.values()]
        for matrix in matrices[1:]:
            np.testing.assert_allclose(matrix, matrices[0], rtol=1e-12, atol=1e-13)
        works = {way: lambda form=form, x=x: form(x) for way, form in forms.items()}
        times = seconds(works, repetitions)
        cells = [f"{times[way] * 1e3:,.3g}" for way in forms]
        lines.append(f"| {name} | {' | '.join(cells)} | {ag.jacobian(f).mode(x)} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description="What derivatives of functions cost.")
    parser.add_argument("--quick", action="store_true", help="a rough look, within some seconds")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(f"Python {platform.python_version()}, {processor()}, one core; medians.\n")
    print("\n".join(hessians(100 if options.quick else 1000, 3 if options.quick else 7)))
    print()
    print("\n".join(modes(50 if options.quick else 300, 3 if options.quick else 7)))


if __name__ == "__main__":
    main()

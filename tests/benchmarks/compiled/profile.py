"""Where the time of a compiled function goes: of a call by the kind of step, of the first call by pass."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import Any

from tests.benchmarks.compiled import machine_code
from tests.benchmarks.compiled.task import Task, sample

__all__ = ["facts", "of_call", "passes"]

PASSES = {"trace": ("jit", "trace_call"), "simplify": ("runtime", "simplify"), "schedule": ("runtime", "schedule")}
"""The passes by their modules and names there."""


@contextmanager
def passes() -> Iterator[dict[str, float]]:
    """The seconds that each pass takes while this is entered."""
    import importlib

    found: dict[str, float] = {}
    before = []
    for title, (module_name, name) in PASSES.items():
        module = importlib.import_module(f"autograd_lite.compiler.{module_name}")
        pass_ = getattr(module, name)
        before.append((module, name, pass_))

        def timed(*args: Any, pass_: Any = pass_, title: str = title, **options: Any) -> Any:
            start = perf_counter()
            try:
                return pass_(*args, **options)
            finally:
                found[title] = found.get(title, 0.0) + perf_counter() - start

        setattr(module, name, timed)
    try:
        yield found
    finally:
        for module, name, pass_ in before:
            setattr(module, name, pass_)


def facts(task: Task) -> dict[str, Any]:
    """How many nodes the program has, and what there is to say of its machine code."""
    return {"nodes": task.jitted.lower(*task.args).nodes, **machine_code.code_of(task.jitted)}


def of_call(task: Task, seconds: float) -> str:
    """One line: what runs the function, what the longest kinds of its steps take, and what is around them."""
    lowered = task.jitted.lower(*task.args)
    counts = f"{lowered.backend}: {lowered.nodes:,} nodes, {lowered.steps} steps, {lowered.matrix_products} matrix products"
    variant = machine_code.variant_of(task.jitted)
    if lowered.backend == "python":
        if variant.direct is None:
            return f"{counts}; a call in all {seconds * 1e6:.3g} µs"
        inside = sample(lambda: variant.direct(task.args), 0.05)
        return f"{counts}; µs: statements and results {inside * 1e6:.3g}, around them {(seconds - inside) * 1e6:.3g}"
    if lowered.backend == "native":
        return f"{counts}; {_around(machine_code.parts_of(task.jitted), task, seconds)}"
    stages = variant._idle[-1].runner.stages
    times = _by_kind(stages, max(3, min(50, int(0.3 / seconds))))
    count = sum(len(calls) for stage in stages for calls in stage)
    parts = [f"{name} {time * 1e6:,.1f}" for name, time in sorted(times.items(), key=lambda item: -item[1])[:8]]
    all_steps = sum(times.values())
    if any(len(stage) > 1 for stage in stages):
        rest = f"all steps in one thread {all_steps * 1e6:,.1f}, the call {seconds * 1e6:,.1f}"
    else:
        rest = f"around the steps {(seconds - all_steps) * 1e6:,.1f}"
    return f"{counts}, {count} calls of numpy; µs: {', '.join(parts)}; {rest}"


def _around(parts: dict[str, float], task: Task, seconds: float) -> str:
    """The parts of the machine code, and what is around them: of the function, and of the whole call."""
    function = sample(lambda: task.jitted(*task.args), 0.1)
    text = [f"{name} {time * 1e6:,.3g}" for name, time in parts.items() if time > 0.005 * seconds]
    around = f"checks, flattening and reading back {max(function - sum(parts.values()), 0.0) * 1e6:.3g}"
    if task.jitted.options.threads > 1:
        around = f"all that in one thread; {task.jitted.options.threads} threads"
    return f"µs: {'; '.join(text)}; {around}; the function {function * 1e6:,.4g}, the call in all {seconds * 1e6:,.4g}"


def _by_kind(stages: Any, rounds: int) -> dict[str, float]:
    """The seconds of all calls of the same numpy function, one call after the other in this thread."""
    samples: dict[str, list[float]] = {}
    clock = median([-perf_counter() + perf_counter() for _ in range(1000)])
    for _ in range(rounds):
        sums: dict[str, float] = {}
        for stage in stages:
            for calls in stage:
                for function, args in calls:
                    start = perf_counter()
                    function(*args)
                    spent = perf_counter() - start - clock
                    name = _name(function)
                    sums[name] = sums.get(name, 0.0) + spent
        for name, sum_ in sums.items():
            samples.setdefault(name, []).append(sum_)
    return {name: median(found) for name, found in samples.items()}


def _name(function: Any) -> str:
    while hasattr(function, "func"):
        function = function.func
    return str(getattr(function, "__name__", type(function).__name__))

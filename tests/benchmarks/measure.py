"""What one process of one contender measures: times by phase, bytes per node, growth with the length of a chain."""

from __future__ import annotations

import gc
import os
import tracemalloc
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from tests.benchmarks.contenders import CHAIN_LENGTH, PEER, Engine, Work, chain, load, works

__all__ = ["KINDS", "LENGTHS", "PHASES", "job"]

PHASES = ("building", "backward", "rest")
KINDS = ("constants", "values")
LENGTHS = {"short": 10_000, "long": 1_000_000}
STATM = Path("/proc/self/statm")


def job(contender: str, task: str, *, quick: bool) -> Any:
    """The result of a task ("check", "time", "memory kind", "growth kind"), in what JSON can hold."""
    engine = load(contender)
    what, _, kind = task.partition(" ")
    if what == "check":
        return {name: check(work) for name, work in works(engine).items()}
    if what == "memory":
        # A recursion as deep as 100,000 nodes takes minutes; what a node costs does not depend on how many there are.
        return memory(engine, kind, CHAIN_LENGTH if quick or contender == PEER else 100_000)
    if what == "growth":
        return growth(engine, kind, 1 if quick else 3)
    return {
        f"{name} {collector}": repeat(work, 2 if quick else 4, collect=collector == "on")
        for name, work in works(engine).items()
        for collector in ("on", "off")
    }


def check(work: Work) -> list[float]:
    """The values and derivatives of two repetitions; a training step starts where the last one ended."""
    found: list[float] = []
    for _ in range(2):
        work.before()
        output, leaves = work.build()
        output.backward()
        found += [output.data, *(leaf.grad for leaf in leaves)]
        work.after()
    return found


def repeat(work: Work, repetitions: int, *, collect: bool, warm_up: int = 1) -> list[dict[str, float]]:
    """The seconds of each phase, and in total, in several repetitions after some to warm up."""
    samples = []
    gc.collect()
    if not collect:
        gc.disable()
    for _ in range(warm_up + repetitions):
        sums = [0.0, 0.0, 0.0]
        for _ in range(work.calls):
            sums = [sum_ + seconds for sum_, seconds in zip(sums, _once(work), strict=True)]
        phases = {phase: seconds / work.calls for phase, seconds in zip(PHASES, sums, strict=True)}
        samples.append({"total": sum(phases.values()), **phases})
        if not collect:
            gc.collect()
    gc.enable()
    return samples[warm_up:]


def _once(work: Work) -> tuple[float, float, float]:
    """The seconds of building, of backward, and of the rest: resetting derivatives, the update, freeing the graph."""
    start = perf_counter()
    work.before()
    ready = perf_counter()
    output, leaves = work.build()
    built = perf_counter()
    output.backward()
    swept = perf_counter()
    work.after()
    del output, leaves
    return built - ready, swept - built, perf_counter() - swept + ready - start


def memory(engine: Engine, kind: str, nodes: int) -> dict[str, float]:
    """Bytes per node of a chain, after building and after backward: resident in memory, and as Python allocated them."""
    build = chain(engine, kind, nodes)
    chain(engine, kind, 100)()[0].backward()  # whatever is made on first use is no node's
    found = {}
    gc.collect()
    for name, used in (("resident", _resident), ("allocated", _allocated)):
        if name == "allocated":
            tracemalloc.start()
        elif not STATM.exists():
            continue
        empty = used()
        output, leaves = build()
        found[name] = (used() - empty) / nodes
        output.backward()
        gc.collect()
        found[f"{name} after backward"] = (used() - empty) / nodes
        del output, leaves
        gc.collect()
    tracemalloc.stop()  # all that runs later would take twice as long
    return dict(sorted(found.items()))


def _resident() -> int:
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _allocated() -> int:
    return tracemalloc.get_traced_memory()[0]


def growth(engine: Engine, kind: str, repetitions: int) -> dict[str, float]:
    """Nanoseconds per node, building and backward and freeing, of a short and of a long chain; collector on."""
    found = {}
    for name, nodes in LENGTHS.items():  # the short one first, which warms up for both
        work, times = Work(chain(engine, kind, nodes)), repetitions * (5 if name == "short" else 1)
        samples = repeat(work, times, collect=True, warm_up=int(name == "short"))
        found[name] = median(sample["total"] for sample in samples) / nodes * 1e9
    return found

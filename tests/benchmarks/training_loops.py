"""`fit` on digits beside a plain PyTorch loop: 64-32-10, relu, mini-batches of 32, 20 epochs, from beginning to end.

Both start from the same weights and see the same mini-batches; before anything is timed, all their losses must agree. Each
has a process of its own, on one core (the last that this process may use) with one thread. In each of several rounds each in
turn trains a new network, this library's tracing included; a time is the median over the rounds. The loop does what one
writes by hand, and keeps the losses; `fit` keeps the accuracies besides. PyTorch has three forms of each optimiser, of which
the fastest counts.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from itertools import pairwise
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from autograd_lite.nn import MLP
from autograd_lite.optim import SGD, Adam
from autograd_lite.train import fit
from tests.benchmarks.compiled.network_data import layers_of
from tests.benchmarks.compiled.processes import ENVIRONMENT, ROOT
from tests.benchmarks.training_data import Parts, standardised_split

__all__ = ["speed_table"]

SIZES, EPOCHS, BATCH, SEED = (64, 32, 10), 20, 32, 0
RATES = {"SGD": 0.1, "Adam": 1e-3}
LIBRARY, PEER = "autograd_lite", "torch"
FORMS: dict[str, dict[str, bool]] = {"": {"foreach": False}, ", foreach": {"foreach": True}, ", fused": {"fused": True}}
CONTENDERS = (LIBRARY, *(f"{PEER}{form}" for form in FORMS))


def network() -> MLP:
    """The network that all start from."""
    return MLP(SIZES[0], list(SIZES[1:]), init="he", seed=SEED)


def by_library(parts: Parts, optimizer: str) -> tuple[float, list[float]]:
    """Seconds of a training, and the loss of each mini-batch."""
    model = network()
    chosen = {"SGD": SGD, "Adam": Adam}[optimizer]
    start = perf_counter()
    history = fit(
        model,
        parts.features,
        parts.targets,
        optimizer=lambda model: chosen(model, RATES[optimizer]),
        epochs=EPOCHS,
        batch_size=BATCH,
        seed=SEED,
    )
    return perf_counter() - start, history.losses


def by_torch(parts: Parts, optimizer: str, form: dict[str, bool]) -> tuple[float, list[float]]:
    """The same by PyTorch."""
    import torch

    torch.set_num_threads(1)
    model, losses = _torch_network(torch), []
    dice = np.random.default_rng(Random(SEED).getrandbits(64))  # the order of samples in which `fit` sees them
    start = perf_counter()
    X, y = torch.from_numpy(parts.features), torch.from_numpy(parts.targets)  # noqa: N806
    steps = getattr(torch.optim, optimizer)(model.parameters(), RATES[optimizer], **form)
    for _ in range(EPOCHS):
        order = torch.from_numpy(dice.permutation(len(X)))
        for rows, goals in zip(X[order].split(BATCH), y[order].split(BATCH), strict=True):
            steps.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(rows), goals)
            loss.backward()
            steps.step()
            losses.append(loss.item())
    return perf_counter() - start, losses


def _torch_network(torch: Any) -> Any:
    """The same network, in doubles."""
    layers: list[Any] = []
    for inputs, outputs in pairwise(SIZES):
        layers += [torch.nn.Linear(inputs, outputs, dtype=torch.float64), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    numbers = [x for pair in layers_of(SIZES, [p.data for p in network().parameters()]) for x in pair]
    with torch.no_grad():
        for parameter, number in zip(model.parameters(), numbers, strict=True):
            parameter.copy_(torch.from_numpy(number))
    return model


class Contender:
    """The process of a contender, which trains when it is asked."""

    def __init__(self, name: str, core: int | None) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.training_loops", name, "" if core is None else str(core)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def train(self, optimizer: str) -> tuple[float, list[float]]:
        """Seconds, and losses."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{optimizer}\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        if not answer:
            raise SystemExit("a contender has failed; its message stands above")
        seconds, losses = json.loads(answer)
        return seconds, losses

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


def serve(name: str) -> None:
    """Trains with the optimiser that each line of standard input names, and answers in JSON."""
    parts = standardised_split("digits", SEED)
    for line in sys.stdin:
        if name == LIBRARY:
            answer = by_library(parts, line.strip())
        else:
            answer = by_torch(parts, line.strip(), FORMS[name.removeprefix(PEER)])
        print(json.dumps(answer), flush=True)


def speed_table(*, quick: bool) -> list[list[str]]:
    """A line for each optimiser."""
    core = max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    lines = [["training", *CONTENDERS, "ratio", "reach", ""]]
    processes = {name: Contender(name, core) for name in CONTENDERS}
    try:
        for optimizer in RATES:
            agree({name: process.train(optimizer)[1] for name, process in processes.items()}, optimizer)
            times: dict[str, list[float]] = {name: [] for name in CONTENDERS}
            for _ in range(3 if quick else 11):
                for name, process in processes.items():
                    times[name].append(process.train(optimizer)[0])
            found = {name: median(seconds) for name, seconds in times.items()}
            ratio = min(seconds for name, seconds in found.items() if name != LIBRARY) / found[LIBRARY]
            cells = [f"{seconds:.3f} s" for seconds in found.values()]
            lines.append([f"digits, {optimizer}", *cells, f"{ratio:.2f}×", "≥ 1×", "met" if ratio >= 1.0 else "missed"])
    finally:
        for process in processes.values():
            process.end()
    return lines


def agree(losses: dict[str, list[float]], optimizer: str) -> None:
    """Stops where the losses of two contenders differ by more than rounding explains.

    Raises:
        SystemExit: with the place and the two losses.
    """
    ours = losses[LIBRARY]
    for name, theirs in losses.items():
        for k, (x, y) in enumerate(zip(ours, theirs, strict=True)):
            if not math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-9):
                raise SystemExit(f"{optimizer}, step {k}: {LIBRARY} finds {x!r}, {name} {y!r}; nothing was timed")


if __name__ == "__main__":
    contender, core = sys.argv[1:]
    if core:
        os.sched_setaffinity(0, {int(core)})
    serve(contender)

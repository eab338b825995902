"""How long a picture of a large graph takes, and a move of a slider. Prints lines.

    python -m tests.benchmarks.drawing

One process, on one core if it is pinned to one (`taskset -c 2`); medians. The large graph is the loss of a 2-16-16-1 network
on 1,500 points, 102,342 nodes; a move is all that `play` does in Python between a slider and its answer, the text that goes
to the page included. It needs the extra `notebooks`.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from statistics import median
from time import process_time
from typing import Any

import autograd_lite as ag
from autograd_lite.nn import MLP, hinge, l2
from autograd_lite.train.datasets import moons
from tests.benchmarks.eager import processor

POINTS, LINKS = 1500, 124


def network_loss() -> ag.Value:
    """Hinge loss and penalty, with their derivatives."""
    model = MLP(2, [16, 16, 1], seed=1)
    points, labels = moons(POINTS, noise=0.1, seed=0)
    loss = ag.mean([hinge(model(point), label) for point, label in zip(points, labels, strict=True)]) + l2(model, 1e-4)
    loss.backward()
    return loss


def chain(x: Any, y: Any) -> Any:
    """Links of four nodes, each of which needs the one before."""
    v = x
    for _ in range(LINKS):
        v = ag.sin(v * y) + x * 0.5
    return v


def timed(call: Callable[[], Any], times: int) -> float:
    """The median of the processor's seconds."""
    found = []
    for _ in range(times):
        start = process_time()
        call()
        found.append(process_time() - start)
    return median(found)


def main() -> None:
    print(f"Python {platform.python_version()}; {processor()}; seconds of the processor, medians.\n")
    loss = network_loss()
    for depth in (1, 2, 3):
        seconds = timed(lambda depth=depth: ag.draw(loss, depth=depth).svg, 5)
        print(f"draw(loss, depth={depth}): {ag.draw(loss, depth=depth)}: {seconds:.2f} s")
    played = ag.play(chain, x=(-3.0, 3.0), y=(0.0, 2.0, 0.7))
    positions = iter(range(1000))

    def move() -> str:
        return json.dumps(played.answer({"position": [-1.0 + 0.05 * next(positions), 0.7], "view": "a"}))

    print(f"play, {repr(played.picture).split(',')[0]}: {1e3 * timed(move, 41):.0f} ms for a move of {len(move()):,} bytes")


if __name__ == "__main__":
    main()

"""A number of a program that is being written, computed on the numbers of the call that it is traced for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_lite.compiler.backends.arrays import quiet
from autograd_lite.compiler.backends.numpy_backend import BoundPlan
from autograd_lite.compiler.feed import Feed
from autograd_lite.compiler.program import Program
from autograd_lite.compiler.schedule import schedule
from autograd_lite.compiler.simplify import simplify
from autograd_lite.compiler.trace import Tracer

__all__ = ["evaluated"]


def evaluated(tracer: Tracer, items: Sequence[Any], place: int) -> float:
    """The number at a place that has no axes.

    Arguments:
        items: the blocks of the arguments.

    Returns:
        the number; nan where an operation refuses a number.
    """
    written = tracer.program
    program = simplify(Program(written.ops, written.args, written.axes, written.over, [place]))
    sizes = dict(enumerate(tracer.sizes))
    plan = schedule(program, tracer.sources, [(1, ())])
    feed = Feed(tracer.sources, items, sizes, np.float64)
    feed.fill(items)
    try:
        with quiet():
            return float(BoundPlan(plan, feed.arrays, sizes).run()[0][0])
    except (IndexError, ValueError):
        return math.nan

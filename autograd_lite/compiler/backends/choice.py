"""Which backend runs a compiled function, and why."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_lite.compiler.backends.python_backend import cost, has_lanes
from autograd_lite.compiler.plan import Plan
from autograd_lite.compiler.program import Program

__all__ = ["BACKENDS", "choose_backend"]

BACKENDS = ("auto", "numpy", "python", "native")

STATEMENTS = 20_000
"""Of a longer program it counts how long it takes until the first call is done."""

COMPILED, BOUND = 15.0, 100.0
"""Microseconds to compile a statement, and to bind a piece of a step to its arrays."""

CALL, STEP, NUMBER = 10.0, 1.6, 0.0012
"""Microseconds that numpy takes for a call, for each piece of a step, and for each number that it reads or computes."""


def choose_backend(wanted: str, program: Program, plan: Plan, dtype: Any) -> tuple[str, str]:
    """The name of the backend, and the reason in words.

    Arguments:
        wanted: "auto", or the name of one.

    Raises:
        ValueError: for one that cannot run the program.
    """
    problem = ""
    if has_lanes(program, [(result.size, result.axes) for result in plan.results]):
        problem = "there are lanes"
    elif np.dtype(dtype) != np.float64:
        problem = f"numbers are {np.dtype(dtype).name}"
    if wanted == "python" and problem:
        raise ValueError(f"jit: backend='python' runs one lane of doubles, and {problem}; use 'auto' or 'numpy'")
    if wanted != "auto":
        return wanted, "as was asked for"
    if problem:
        return "numpy", f"since {problem}"
    pieces = sum(len(step.pieces) for step in plan.steps)
    if len(program) > STATEMENTS and COMPILED * len(program) > BOUND * pieces:
        return "numpy", f"since {len(program)} statements take long to compile"
    arrays, statements = _cost_of_arrays(plan), cost(program)
    name, sign = ("python", "<") if statements < arrays else ("numpy", "≥")
    return name, f"since {statements:.1f} µs for statements {sign} {arrays:.1f} µs for array operations, by estimate"


def _cost_of_arrays(plan: Plan) -> float:
    pieces = [(step.rows, piece) for step in plan.steps for piece in step.pieces]
    numbers = sum(rows * math.prod(piece.terms) * (1 + len(piece.operands)) for rows, piece in pieces)
    return CALL + STEP * len(pieces) + NUMBER * numbers

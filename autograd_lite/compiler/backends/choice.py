"""Which backend runs a compiled function, and why."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_lite.compiler.backends.native.machine import has_native, machine
from autograd_lite.compiler.backends.python_backend import cost, has_lanes
from autograd_lite.compiler.plan import Plan
from autograd_lite.compiler.program import Program

__all__ = ["BACKENDS", "choose_backend", "interpreted"]

BACKENDS = ("auto", "numpy", "python", "native")

STATEMENTS = 20_000
"""Of a longer program it counts how long it takes until the first call is done."""

COMPILED, BOUND = 15.0, 100.0
"""Microseconds to compile a statement, and to bind a piece of a step to its arrays."""

CALL, STEP, NUMBER = 10.0, 1.6, 0.0012
"""Microseconds that numpy takes for a call, for each piece of a step, and for each number that it reads or computes."""


REPLAYS = 1000
"""Calls over which "auto" spreads what compiling to machine code costs."""

PRODUCT = 0.1
"""What a number that a sum over lanes or in lanes reads costs, beside others."""

CODE, PIECE, OPERATION = 30_000.0, 6000.0, 250.0
"""Microseconds to compile anything to machine code, and for a piece of a wide step, and an operation that is written out."""

NATIVE_CALL, NATIVE_NUMBER = 0.5, 0.0001
"""Microseconds that machine code takes for a call, and for each number that it reads or computes."""


def choose_backend(
    wanted: str, program: Program, plan: Plan, dtype: Any, sizes: Mapping[int, int] | None = None
) -> tuple[str, str]:
    """The name of the backend, and the reason in words.

    Arguments:
        wanted: "auto", or the name of one.
        sizes: of each axis the number of lanes.

    Raises:
        ValueError: for one that cannot run the program.
        ModuleNotFoundError: for "native" without llvmlite.
    """
    lanes = has_lanes(program, [(result.size, result.axes) for result in plan.results])
    other = "" if np.dtype(dtype) == np.float64 else f"numbers are {np.dtype(dtype).name}"
    problem = "there are lanes" if lanes else other
    if wanted == "python" and problem:
        raise ValueError(f"jit: backend='python' runs one lane of doubles, and {problem}; use 'auto' or 'numpy'")
    if wanted == "native":
        machine()
    if wanted != "auto":
        return wanted, "as was asked for"
    name, microseconds, reason = _interpreted(program, plan, problem, sizes or {})
    return _with_machine_code(name, microseconds, reason, plan, sizes or {})


def interpreted(program: Program, plan: Plan, dtype: Any, sizes: Mapping[int, int]) -> str:
    """The name of the backend that runs something until its machine code is there."""
    lanes = has_lanes(program, [(result.size, result.axes) for result in plan.results])
    problem = "" if np.dtype(dtype) == np.float64 and not lanes else "it is not one lane of doubles"
    return _interpreted(program, plan, problem, sizes)[0]


def _interpreted(program: Program, plan: Plan, problem: str, sizes: Mapping[int, int]) -> tuple[str, float, str]:
    """What runs without machine code, about how many microseconds it takes, and why it is that."""
    arrays = _cost_of_arrays(plan, sizes)
    if problem:
        return "numpy", arrays, f"since {problem}"
    pieces = sum(len(step.pieces) for step in plan.steps)
    if len(program) > STATEMENTS and COMPILED * len(program) > BOUND * pieces:
        return "numpy", arrays, f"since {len(program)} statements take long to compile"
    statements = cost(program)
    name, sign = ("python", "<") if statements < arrays else ("numpy", "≥")
    reason = f"since {statements:.1f} µs for statements {sign} {arrays:.1f} µs for array operations, by estimate"
    return name, min(statements, arrays), reason


def _with_machine_code(name: str, microseconds: float, reason: str, plan: Plan, sizes: Mapping[int, int]) -> tuple[str, str]:
    """Machine code, if within some calls it makes up for what compiling it takes."""
    native = NATIVE_CALL + NATIVE_NUMBER * _numbers(plan, sizes)
    compiling = CODE + sum(
        min(PIECE, OPERATION * step.rows * max(math.prod(piece.terms), 1)) for step in plan.steps for piece in step.pieces
    )
    saved = REPLAYS * (microseconds - native)
    if saved < compiling:
        return name, reason
    words = f"about {native:.1f} µs for machine code in place of {microseconds:.1f} µs"
    if not has_native():
        return name, f"{reason}; {words} with pip install 'autograd_lite[native]'"
    return "native", f"since {words} make up for {compiling / 1e6:.2f} s of compiling within {REPLAYS} calls, by estimate"


def _cost_of_arrays(plan: Plan, sizes: Mapping[int, int]) -> float:
    return CALL + STEP * sum(len(step.pieces) for step in plan.steps) + NUMBER * _numbers(plan, sizes)


def _numbers(plan: Plan, sizes: Mapping[int, int]) -> float:
    """How many numbers all steps read and compute; what matrix products read counts less, since it is read many times."""
    found = 0.0
    for step in plan.steps:
        lanes = math.prod(sizes.get(axis, 1) for axis in (*step.axes, *step.over))
        weight = PRODUCT if step.kind == "contraction" and lanes > 1 else 1.0
        numbers = sum(step.rows * math.prod(piece.terms) * (1 + len(piece.operands)) for piece in step.pieces)
        found += weight * lanes * numbers
    return found

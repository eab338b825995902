"""What a call is compiled to, for people to read: program and plan as text, with counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd_lite.compiler.plan import Piece, Plan, Step, View
from autograd_lite.compiler.program import Axes, Program, lanes_text
from autograd_lite.compiler.trace import Guard

__all__ = ["Lowered", "matrix_product", "plan_text"]


@dataclass(frozen=True)
class Lowered:
    """A compiled call: `jit(f).lower(*args)` makes it, `print` shows it.

    Attributes:
        program: the scalar graph, one entry a line.
        plan: the array operations.
        nodes: how many scalar operations and inputs the function made when it was traced.
        guards: the numbers on whose truth the program's way depends.
        sizes: of each axis the number of lanes in this call.
        backend, reason: what runs it, and why.
        code: the machine code, where that runs it.
    """

    program: Program
    plan: Plan
    nodes: int
    guards: tuple[Guard, ...]
    sizes: dict[int, int]
    backend: str
    reason: str
    code: Any = field(default=None, repr=False)

    def native_text(self) -> str:
        """The machine code as text: in LLVM's language, and as assembly.

        Raises:
            ValueError: if something else runs the function.
        """
        if self.code is None:
            raise ValueError(
                f"native_text: {self.backend} runs this, {self.reason}; jit(f, backend='native') makes machine code"
            )
        return f"{self.code.code.text}\n\n{self.code.code.assembly()}"

    @property
    def steps(self) -> int:
        """How many array operations there are."""
        return len(self.plan.steps)

    @property
    def matrix_products(self) -> int:
        """How many of the steps are matrix products, or have one among their pieces."""
        products = [any(matrix_product(self.plan, step, piece) for piece in step.pieces) for step in self.plan.steps]
        return sum(products)

    @property
    def bytes(self) -> int:
        """What the results of all steps take, for all lanes, in doubles."""
        return 8 * sum(
            step.rows * math.prod(self.sizes[axis] for axis in self.plan.buffers[step.buffer].axes)
            for step in self.plan.steps
        )

    def __str__(self) -> str:
        lanes = ", ".join(f"{lanes_text((axis,))} of {size}" for axis, size in self.sizes.items())
        counts = (
            f"{self.nodes} nodes traced, {len(self.program)} after simplification; {self.steps} steps, "
            f"{self.matrix_products} of them matrix products; {self.bytes} bytes; {len(self.guards)} guards"
            + (f"; lanes {lanes}" if lanes else "")
        )
        places = zip(self.program.outputs, self.guards, strict=False)
        guards = [f"  %{place} must be {'true' if guard.truth else 'false'}: {guard.line}" for place, guard in places]
        made = "" if self.code is None else f"\n{self.code.summary}"
        parts = [counts, f"backend: {self.backend}, {self.reason}{made}", f"Program:\n{_shortened(str(self.program))}"]
        parts += ["Guards:\n" + "\n".join(guards)] if guards else []
        return "\n\n".join([*parts, f"Plan:\n{plan_text(self.plan)}"])


LINES = 60
"""More lines of a program than these are shown as their first and last."""


def _shortened(text: str) -> str:
    lines = text.splitlines()
    if len(lines) <= LINES:
        return text
    return "\n".join([*lines[: LINES // 2], f"… {len(lines) - LINES} more …", *lines[-LINES // 2 :]])


def plan_text(plan: Plan) -> str:
    """The plan, one step a line, and how its results are put together."""
    lines = [
        f"b{number}{lanes_text(buffer.axes)} = {type(source).__name__.lower()}"
        for number, (source, buffer) in enumerate(zip(plan.sources, plan.buffers, strict=False))
    ]
    lines += [_step_text(plan, step) for step in plan.steps]
    for result in plan.results:
        pieces = [_view_text(output.piece.operands[0], output.piece.rows) for output in result.outputs]
        lines.append(f"return [{result.size}]{lanes_text(result.axes)} from {', '.join(pieces) or 'nothing'}")
    return "\n".join(lines)


def _step_text(plan: Plan, step: Step) -> str:
    over = f" over {lanes_text(step.over)}" if step.over else ""
    joint = " + " if step.kind == "contraction" else ", "
    pieces = joint.join(_piece_text(plan, step, piece) for piece in step.pieces)
    phase = f"  (phase {step.phase})" if step.phase else ""
    return f"b{step.buffer}[{step.rows}]{lanes_text(step.axes)} = {step.op.name}{over}: {pieces}{phase}"


def _piece_text(plan: Plan, step: Step, piece: Piece) -> str:
    counters = (*piece.rows, *piece.terms)
    sign = " · " if step.kind == "contraction" else ", "
    text = sign.join(_view_text(view, counters) for view in piece.operands)
    if step.kind != "contraction":
        return text
    terms = f"Σ{'×'.join(map(str, piece.terms))} " if piece.terms else ""
    return terms + text + matrix_product(plan, step, piece)


def _view_text(view: View, counters: Sequence[int]) -> str:
    """A view as buffer[base + counters·strides]."""
    if view.constants is not None:
        return f"{view.constants:g}" if isinstance(view.constants, float) else f"constants{list(view.constants.shape)}"
    if view.positions is not None:
        return f"b{view.buffer}[gathered {view.positions.size}]"
    names = "ijklmnop"
    moves = [f"{stride}{names[k]}" if stride != 1 else names[k] for k, stride in enumerate(view.strides) if stride]
    base = [str(view.base)] if view.base or not moves else []
    return f"b{view.buffer}[{' + '.join([*base, *moves])}]"


def matrix_product(plan: Plan, step: Step, piece: Piece) -> str:
    """The matrix product that a piece of a step is, as text with its shapes; empty if it is none."""
    if step.kind != "contraction" or len(piece.operands) != 2:
        return ""
    counters = [*piece.rows, *piece.terms]
    kept = {*range(len(piece.rows)), *[("lane", axis) for axis in step.axes]}
    summed = {*range(len(piece.rows), len(counters)), *[("lane", axis) for axis in step.over]}
    a, b = [
        _dimensions(plan.buffers[view.buffer].axes if view.buffer >= 0 else (), view, counters) for view in piece.operands
    ]
    if not (a & b & summed) or a & b & kept:
        return ""
    return f" (matrix product {_shape(a & kept, counters)}×{_shape(a & b & summed, counters)}×{_shape(b & kept, counters)})"


def _dimensions(axes: Axes, view: View, counters: Sequence[int]) -> set[object]:
    """The counters that move a view, and the axes that it has."""
    if view.strides or (view.positions is None and view.constants is None):
        moving: set[object] = {k for k, stride in enumerate(view.strides) if stride and counters[k] > 1}
    else:
        moving = set() if isinstance(view.constants, float) else {k for k, length in enumerate(counters) if length > 1}
    return moving | {("lane", axis) for axis in axes}


def _shape(dimensions: set[object], counters: Sequence[int]) -> str:
    lengths = math.prod(counters[k] for k in dimensions if isinstance(k, int))
    lanes = "".join(sorted(chr(ord("a") + d[1]) for d in dimensions if isinstance(d, tuple)))
    return f"{lengths}{lanes}" if lengths > 1 or not lanes else lanes

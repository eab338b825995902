"""Machine code as it is made: everything that writes it, and LLVM's compiler. What is read from disk needs none of this."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from autograd_lite.compiler.backends.native.cache import Kept
from autograd_lite.compiler.backends.native.call import CallWriter
from autograd_lite.compiler.backends.native.entry import Entry
from autograd_lite.compiler.backends.native.machine import compiled, machine
from autograd_lite.compiler.backends.native.module import ModuleWriter
from autograd_lite.compiler.backends.native.nest import Nests
from autograd_lite.compiler.backends.native.slots import Slot
from autograd_lite.compiler.backends.native.stages import BLOCKS, FOREIGN, Stages
from autograd_lite.compiler.plan import Plan, Step

__all__ = ["made", "text_of"]


def made(plan: Plan, axis: int | None, sizes: dict[int, int], dtype: Any, entry: Entry | None) -> Kept:
    """The code of a plan.

    Arguments:
        axis: whose lanes go in blocks.
        sizes: of the other axes.
        dtype: of numbers.
        entry: what the way in is made for, if there may be one.
    """
    writer, slots = _written(plan, axis, sizes, dtype, entry)
    facts = {
        "block": writer.room.block,
        "scratch": writer.room.size,
        "rooms": [buffer for buffer in sorted(writer.functions.met - writer.stages.local) if buffer >= len(plan.sources)],
        "work": sum(step.rows * max(math.prod(piece.terms) for piece in step.pieces) for step in plan.steps),
        "runs": [run.buffer if isinstance(run, Step) else run for run in writer.runs],
        "parts": {run: [(name, _sums(writer, name)) for name in names] for run, names in writer.parts.items()},
        "slots": slots,
    }
    return Kept(facts, writer.nests.tables, compiled(str(writer.module)))


def text_of(plan: Plan, axis: int | None, sizes: dict[int, int], dtype: Any, entry: Entry | None) -> str:
    """The same in LLVM's language."""
    return str(_written(plan, axis, sizes, dtype, entry)[0].module)


def _written(
    plan: Plan, axis: int | None, sizes: dict[int, int], dtype: Any, entry: Entry | None
) -> tuple[ModuleWriter, Sequence[Slot] | None]:
    """The module, and what the way in needs in the table; None where there is none, since numpy runs a step."""
    stages = Stages(plan, axis, sizes)
    writer = ModuleWriter(plan, stages, Nests(plan, axis, sizes, dtype), machine())
    if entry is None or not writer.runs or any(stage.kind == FOREIGN for stage in stages.order):
        return writer, None
    way_in = CallWriter(entry.trace, entry.arguments, axis, dtype, writer.module, writer.layout)
    way_in.write()
    return writer, way_in.slots


def _sums(writer: ModuleWriter, name: str) -> list[int] | None:
    """The buffers that a stage sums over the lanes of its blocks; None for a stage without blocks."""
    stage = writer.stages.order[int(name.split(".")[1])] if "." in name else None
    if stage is None or stage.kind != BLOCKS:
        return None
    return [step.buffer for step in stage.steps if writer.stages.axis in step.over]

"""What makes two groups of steps the same code: all but which buffers they read and write, and at which row they begin.

The layers of a network are such groups. The code is a function of the places of the buffers, and it is written once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from autograd_lite.compiler.backends.native.chunks import Group
from autograd_lite.compiler.backends.native.nest import CONSTANTS, Access, Nest

__all__ = ["Outline", "outline_of"]


@dataclass(frozen=True)
class Outline:
    """A group of steps as a form and what is filled in.

    Attributes:
        form: equal for groups with the same code.
        buffers: those with a place in memory, in the order in which they are met.
        bases: of each its first row.
    """

    form: object
    buffers: tuple[int, ...]
    bases: tuple[int, ...]


def outline_of(group: Group, axis: int | None, needed: frozenset[int], kind_of: Callable[[int], object]) -> Outline:
    """The outline of a group of loops.

    Arguments:
        axis: whose lanes go in blocks.
        needed: the buffers of the group's own that have a place in memory.
        kind_of: what else there is to say of a buffer's place.
    """
    names: dict[int, int] = {}
    first: dict[int, int] = {}
    for step, nests in group.steps:
        for access in [access for nest in nests for part in nest.parts for access in part.operands]:
            if access.buffer != CONSTANTS:
                names.setdefault(access.buffer, len(names))
                # Where positions are listed, the row is no sum.
                base = access.base if access.places is None else 0
                first[access.buffer] = min(first.get(access.buffer, base), base)
        names.setdefault(step.buffer, len(names))
        first[step.buffer] = 0

    def told(access: Access) -> object:
        name = names.get(access.buffer, CONSTANTS)
        base = access.base - first.get(access.buffer, 0)
        number = None if access.constant is None else access.constant.hex()  # -0.0 is another number than 0.0
        strides = access.strides, access.places
        return name, base, strides, number, access.table, access.start, access.unit, access.has_lanes

    def told_nest(nest: Nest) -> object:
        parts = [(part.counts, part.along, tuple(map(told, part.operands))) for part in nest.parts]
        return nest.counts, nest.out, tuple(parts)

    own = {step.buffer for step, _ in group.steps}
    buffers = tuple([buffer for buffer in names if buffer not in own or buffer in needed])
    steps = [
        (step.op, step.kind, axis in step.axes, axis in step.over, names[step.buffer], tuple(map(told_nest, nests)))
        for step, nests in group.steps
    ]
    form = tuple(steps), tuple([(names[buffer], kind_of(buffer)) for buffer in buffers]), group.adds
    return Outline(form, buffers, tuple([first[buffer] for buffer in buffers]))

"""What stands in the table for the way in, as plain data: it is kept with the code, and found anew where the code is used.

A slot is a name and some numbers: a whole number to be worked out, or an object whose address is wanted.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from autograd_lite.compiler.backends.direct import MISS
from autograd_lite.compiler.feed import base_of
from autograd_lite.compiler.traced_call import Trace

__all__ = ["Runner", "Slot", "values"]

Slot: TypeAlias = tuple[Any, ...]


@dataclass
class Runner:
    """What slots are worked out from.

    Arguments:
        own: what runs the plan.
        items: the blocks of the arguments.
    """

    trace: Trace
    own: Any
    items: Sequence[Any]


def _base(runner: Runner, source: int) -> Any:
    return base_of(runner.trace.sources[source], runner.items)


NUMBERS: dict[str, Callable[..., int]] = {
    "nothing": lambda r: 0,
    "is long": lambda r: int(r.own.is_long),
    "room": lambda r, k: r.own.room_of_result(k),
    "length": lambda r, k, d: int(r.items[k].shape[d]),
    "base": lambda r, n: int(np.asarray(_base(r, n)).ctypes.data),
    "length of base": lambda r, n: len(_base(r, n)),
}
"""Numbers: whether a run is long, how many numbers stand where result k goes, the length of dimension d of argument k, the
address and the number of those that source n reads of a module."""

OBJECTS: dict[str, Callable[..., Any]] = {
    "miss": lambda r: MISS,
    "none": lambda r: None,
    "false": lambda r: False,
    "float": lambda r: float,
    "array": lambda r: np.ndarray,
    "number type": lambda r: r.own.dtype,
    "module": lambda r, k: r.items[k],
    "storage": lambda r, k: r.items[k].storage,
    "buffer": lambda r, k: r.items[k].storage._buffer,
    "closure": lambda r, n: r.trace.sources[n].buffer,
    "name": lambda r, text: sys.intern(text),
    "copy": lambda r, n: r.own.copy_of(r.trace.forms[n]),
}
"""Objects: argument k and where its numbers live, what source n reads, the name of an attribute, what copies result n."""


def values(slots: Sequence[Slot], runner: Runner) -> list[int]:
    """What slots hold; objects are kept as long as what runs the plan."""
    return [
        NUMBERS[name](runner, *more) if name in NUMBERS else id(runner.own.kept(OBJECTS[name](runner, *more)))
        for name, *more in slots
    ]

"""Where the time of machine code goes: by its stages, by the calls of numpy between them, and around them."""

from __future__ import annotations

import ctypes
from collections import Counter
from functools import partial
from typing import Any

from autograd_lite.compiler.backends.native.stages import Stages
from tests.benchmarks.compiled.task import sample

__all__ = ["code_of", "parts_of", "variant_of"]

SECONDS = 0.05


def variant_of(jitted: Any) -> Any:
    """The newest compiled way."""
    return [variant for variants in jitted._variants.values() for variant in variants][-1]


def code_of(jitted: Any) -> dict[str, Any]:
    """Steps, the seconds until the code could be called, whether it was read from disk, and its size."""
    variant = variant_of(jitted)
    if not variant._natives:
        return {}
    native = variant._natives[-1]
    return {
        "steps": len(variant.plan.steps), "compile": native.seconds, "kept": native.was_kept, "bytes": native.code.size,
    }  # fmt: skip


def parts_of(jitted: Any) -> dict[str, float]:
    """The seconds of each stage, of each call of numpy, and of copies of arguments; by what they are."""
    bound = variant_of(jitted)._idle[-1].runner
    native, address = bound.native, bound.table.ctypes.data
    outside = _time_of_nothing()
    found: dict[str, float] = {}
    if bound.fills:
        found["copies of arguments"] = sample(lambda: [fill() for fill in bound.fills], SECONDS)
    for name in [name for parts in native.parts.values() for name, _ in parts]:
        function = native.code.function(name, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, returns=None)
        spent = sample(lambda function=function: function(address, 0, bound.lanes), SECONDS)
        found[_title(native, name)] = max(spent - outside, 0.0)
    for call, args in bound.calls:
        if isinstance(call, partial) and not isinstance(call.args[0], ctypes._CFuncPtr):
            shapes = " ".join("×".join(map(str, item.shape)) for item in args if hasattr(item, "shape"))
            title = f"numpy's {_name(call.args[0])} {shapes}"
            found[title] = found.get(title, 0.0) + sample(partial(call, *args), SECONDS)
    return found


def _name(function: Any) -> str:
    while isinstance(function, partial):
        function = function.func
    return str(getattr(function, "__name__", type(function).__name__))


def _title(native: Any, name: str) -> str:
    """What a stage does: its kind, and its most frequent steps."""
    if "." not in name:
        return f"{name}: results without lanes"
    stage = Stages(native.plan, native.axis, native.sizes).order[int(name.split(".")[1])]
    names = Counter(step.op.name for step in stage.steps).most_common(4)
    steps = ", ".join(f"{count} {op}" for op, count in names)
    lanes = f"in blocks of {native.block} lanes" if stage.kind == "blocks" else stage.kind
    return f"{name} {lanes}, {len(stage.steps)} steps ({steps}{', …' if len(names) == 4 else ''})"


def _time_of_nothing() -> float:
    """The seconds that a call from Python takes that does nothing."""
    address = ctypes.cast(ctypes.CDLL(None).abs, ctypes.c_void_p).value
    nothing = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)(address)
    return sample(lambda: nothing(0, 0, 0), SECONDS)

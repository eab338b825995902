"""Ten custom rows, each with one planted error, and two without."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from typing import Any

import autograd_lite as ag
from autograd_lite.engine.domain import NONZERO, POSITIVE, REAL, each
from autograd_lite.engine.primitive import TABLE


@dataclass(frozen=True)
class Planted:
    """A row that is wrong.

    Attributes:
        fault: in what way.
        facts: for `declare`.
        point: where that shows.
        argument: towards which argument, counted from 1.
    """

    fault: str
    facts: dict[str, Any]
    point: tuple[float, ...]
    argument: int = 1


def _bump(m, x):
    return m.exp(-x * x)


PLANTED = [
    Planted("sign", {"value": lambda m, x: m.cos(x), "partials": (lambda x, out: ag.sin(x),)}, (0.7,)),
    Planted("factor", {"value": lambda m, x: m.tanh(x), "partials": (lambda x, out: 1.001 * (1.0 - out * out),)}, (0.3,)),
    Planted(
        "wrong argument",
        {
            "value": lambda m, x, y: x * x * y,
            "partials": (lambda x, y, out: 2.0 * x * y, lambda x, y, out: y * y),
            "domain": each(REAL, REAL),
        },
        (1.5, 0.5),
        argument=2,
    ),
    Planted(
        "swapped arguments",
        {
            "value": lambda m, x, y: m.divide(x, y),
            "partials": (lambda x, y, out: -ag.pow(y, -2.0) * x, lambda x, y, out: ag.reciprocal(y)),
            "domain": each(REAL, NONZERO),
        },
        (1.5, 2.5),
    ),
    Planted("missing term", {"value": lambda m, x: x * m.exp(x), "partials": (lambda x, out: ag.exp(x),)}, (0.5,)),
    Planted(
        "wrong at negative x",
        {"value": lambda m, x: m.abs(x) * x, "partials": (lambda x, out: 2.0 * x,), "domain": NONZERO},
        (-1.25,),
    ),
    Planted("dropped chain factor", {"value": _bump, "partials": (lambda x, out: out,)}, (0.8,)),
    Planted(
        "stale out",
        # As if `out` were the square root itself, where it is one more than that.
        {
            "value": lambda m, x: m.sqrt(x) + 1.0,
            "partials": (lambda x, out: 0.5 * ag.reciprocal(out),),
            "domain": POSITIVE,
        },
        (2.0,),
    ),
    Planted("constant instead of a function", {"value": lambda m, x: x * x, "partials": (2.0,)}, (3.0,)),
    Planted(
        "wrong structural zero",
        {
            "value": lambda m, x: m.maximum(x, 0.0) + 0.1 * m.minimum(x, 0.0),
            "partials": (lambda x, out: 0.1 + 0.9 * ag.step(x),),
            "active": (lambda x, out: ag.step(x),),
            "domain": NONZERO,
        },
        (-2.0,),
    ),
]

RIGHT = {
    "right_bump": {"value": _bump, "partials": (lambda x, out: -2.0 * x * out,)},
    "right_ratio": {
        "value": lambda m, x, y: m.divide(x, y),
        "partials": (lambda x, y, out: ag.reciprocal(y), lambda x, y, out: -out * ag.reciprocal(y)),
        "domain": each(REAL, NONZERO),
    },
    "right_ramp": {
        "value": lambda m, x: m.maximum(x, 0.0),
        "partials": (lambda x, out: ag.step(x),),
        "active": (lambda x, out: ag.step(x),),
        "domain": NONZERO,
    },
}


@contextlib.contextmanager
def declared(name, facts):
    """A row that is in the table as long as the context lasts."""
    row = ag.declare(name, doc="a row of the tests", **facts)
    try:
        yield row
    finally:
        del TABLE[name]


def planted(case):
    return declared("planted_" + case.fault.replace(" ", "_"), case.facts)


def around(row, xs):
    """A function in which the row is one node of several."""
    return ag.tanh(0.3 * row(*xs)) + ag.exp(0.1 * xs[0]) * math.pi

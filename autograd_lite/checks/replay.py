"""A recorded graph computed again: at other numbers of its leaves, or on complex numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from autograd_lite.checks import complex_rows
from autograd_lite.engine import operations, reductions
from autograd_lite.engine.node import Node
from autograd_lite.engine.primitive import Primitive
from autograd_lite.engine.sweep import topological

__all__ = ["complex_step", "evaluate", "replay"]

T = TypeVar("T", float, complex)


def evaluate(op: Primitive, numbers: Sequence[float]) -> float:
    """The value of a row on floats."""
    return op.evaluate(list(numbers)) if op.arity is None else op.evaluate(*numbers)


def replay(
    order: Sequence[Node], moved: Mapping[Node, T], function: Callable[[Primitive, list[T]], T], *, hold: bool
) -> dict[Node, T]:
    """The numbers of all nodes that depend on those that were moved.

    Arguments:
        order: nodes, every one after its arguments.
        moved: new numbers of leaves.
        function: computes a row.
        hold: whether an argument that its row does not differentiate keeps its recorded number, as derivatives see it.
    """
    numbers = dict(moved)
    for node in order:
        op, args = node._op, node.args
        if op is None or not any(type(arg) is not float and arg in numbers for arg in args):
            continue
        held = [hold and op.arity is not None and partial is None for partial in op.partials]
        new: list[T] = []
        for k, (arg, number) in enumerate(zip(args, node.numbers, strict=True)):
            fixed = type(arg) is float or (op.arity is not None and held[k])
            new.append(number if fixed else numbers.get(arg, number))
        numbers[node] = function(op, new)
    return numbers


def complex_step(output: Node, leaf: Node) -> float | None:
    """The derivative by a complex step; None where a row of the graph has no complex form.

    >>> from autograd_lite import Value, sin
    >>> x = Value(1.0)
    >>> complex_step(sin(x), x) == math.cos(1.0)
    True
    """
    x = leaf._number
    h = 1e-20 * abs(x) or 1e-20
    if h < 1e-280:  # products of what is left would underflow
        return None
    try:
        found = replay(topological(output), {leaf: complex(x, h)}, _on_complex, hold=True)
    except (AttributeError, ArithmeticError, ValueError):
        return None
    slope = found.get(output, 0j).imag / h
    return slope if math.isfinite(slope) else None


def _on_complex(op: Primitive, numbers: list[complex]) -> complex:
    if op not in (getattr(operations, op.name, None), getattr(reductions, op.name, None)):
        raise AttributeError(f"{op.name} is no row of the library's own table")
    function = getattr(complex_rows, op.name)
    points = [complex(x) for x in numbers]
    result: complex = function(points) if op.arity is None else function(*points)
    return result

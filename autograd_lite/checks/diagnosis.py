"""Why a derivative is wrong: the recorded graph, asked node by node."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from autograd_lite.checks.differences import EPSILON, SAFETY, Agreement, compare
from autograd_lite.checks.lines import SourceLines, as_text, called
from autograd_lite.checks.replay import evaluate
from autograd_lite.engine.domain import Domain
from autograd_lite.engine.node import Node
from autograd_lite.engine.primitive import Primitive
from autograd_lite.engine.sweep import topological

__all__ = [
    "Finding",
    "along_argument",
    "between",
    "check_argument",
    "culprit",
    "is_isolated",
    "kink_near",
    "stopping",
    "stops",
]


@dataclass(frozen=True)
class Finding:
    """What was found, and whether the derivative is right all the same."""

    text: str
    harmless: bool = False


def is_isolated(domain: Domain, point: Sequence[float], k: int) -> bool:
    """Whether argument k cannot be moved at all within the domain: a condition, an order, an index."""
    move = 2.0**-20 * max(1.0, abs(point[k]))
    neighbours = [(*point[:k], point[k] + h, *point[k + 1 :]) for h in (-move, move)]
    return domain.contains(*point) and not any(domain.contains(*neighbour) for neighbour in neighbours)


def between(output: Node, leaf: Node) -> list[Node]:
    """The nodes that depend on a leaf, and on which the output depends, in order."""
    found = {leaf: None}
    for node in topological(output):
        if any(type(arg) is not float and arg in found for arg in node.args):
            found[node] = None
    return list(found)


def along_argument(op: Primitive, numbers: Sequence[float], k: int) -> Callable[[float], float]:
    """A row as a function of one of its arguments; nan where it refuses the number."""

    def function(x: float) -> float:
        try:
            return evaluate(op, [*numbers[:k], x, *numbers[k + 1 :]])
        except (IndexError, ValueError):
            return math.nan

    return function


def check_argument(op: Primitive, numbers: Sequence[float], out: float, k: int, z: float) -> Agreement:
    """Holds a local derivative against differences of the row's own value."""
    noise = 4.0 * EPSILON * abs(out)  # functions of C's library are right to an ulp or two
    return compare(z, along_argument(op, numbers, k), numbers[k], noise=noise, magnitude=abs(z))


def culprit(nodes: Sequence[Node], rates: Mapping[Node, float], lines: SourceLines) -> Finding | None:
    """The first node whose row does not stand up to differences of its own value, at the recorded numbers.

    Arguments:
        nodes: in order; only arguments among them are looked at.
        rates: how the nodes change with the input.
        lines: of the nodes.
    """
    inner = set(nodes)
    for node in nodes:
        op, numbers, out = node._op, node.numbers, node._number
        if op is None:
            continue
        where = lines.of(node)
        if _on_kink(node, rates):
            return Finding(f"a kink at {_point(op, numbers)} in {op.name}{where}")
        for k, (arg, z) in enumerate(zip(node.args, op.local_slopes(numbers, out), strict=True)):
            if arg not in inner or stops(op, k) or is_isolated(op.domain, numbers, k):
                continue
            found = check_argument(op, numbers, out, k, 0.0 if z is None else z)
            if found.agrees or not math.isfinite(found.slope.value):
                continue
            if bends(along_argument(op, numbers, k), numbers[k]):
                if not op.domain.contains(*numbers):  # a tie of arguments that move together is none
                    continue
                return Finding(f"a kink at {_point(op, numbers)} in {op.name}, whose domain lets it in{where}")
            says = "says that nothing flows to it" if z is None else f"says {as_text(z)}"
            differences = f"differences say {found.slope.value:.12g} ± {SAFETY * found.slope.error:.0e}"
            text = f"row `{op.name}`, argument {k + 1} is wrong: {called(op, numbers)} {says}, {differences}{where}"
            return Finding(text)
    return None


def stops(op: Primitive, k: int) -> bool:
    """Whether argument k is one that its row does not differentiate."""
    return op.arity is not None and op.partials[k] is None


def stopping(nodes: Sequence[Node], lines: SourceLines) -> Finding | None:
    """The first node that stops the gradient although its value depends on the argument."""
    inner = set(nodes)
    for node in nodes:
        op, numbers = node._op, node.numbers
        for k, arg in enumerate(node.args):
            if op is not None and arg in inner and stops(op, k) and not is_isolated(op.domain, numbers, k):
                return Finding(f"agrees; {op.name} stops the gradient on purpose{lines.of(node)}", harmless=True)
    return None


def kink_near(nodes: Sequence[Node], tangents: dict[Node, float], step: float, lines: SourceLines) -> Finding | None:
    """The first node whose local derivatives differ by much within a step of the input.

    Arguments:
        tangents: the rates of change of the nodes with the input.
    """
    for node in nodes:
        op, numbers = node._op, node.numbers
        if op is None:
            continue
        rates = [0.0 if type(arg) is float else tangents.get(arg, 0.0) for arg in node.args]
        ends = [[x + side * step * rate for x, rate in zip(numbers, rates, strict=True)] for side in (-1.0, 1.0)]
        try:
            low, high = ([z or 0.0 for z in op.local_slopes(end, evaluate(op, end))] for end in ends)
        except (IndexError, ValueError):
            continue
        if any(rate and abs(a - b) > 1e-2 * (abs(a) + abs(b)) for a, b, rate in zip(low, high, rates, strict=True)):
            return Finding(f"a kink within {step:.0e} of {_point(op, numbers)} in {op.name}{lines.of(node)}")
    return None


def has_kink(nodes: Sequence[Node], rates: Mapping[Node, float]) -> bool:
    """Whether a node stands on a kink: differences can agree with the mean of its two slopes by chance.

    Arguments:
        rates: how the nodes change with the input.
    """
    return any(_on_kink(node, rates) for node in nodes)


def _on_kink(node: Node, rates: Mapping[Node, float]) -> bool:
    """Whether a row has a kink at the recorded numbers, as they move with the input: those of a tie may move together."""
    op, numbers = node._op, node.numbers
    if op is None or op.domain.contains(*numbers):
        return False
    moves = [0.0 if type(arg) is float or stops(op, k) else rates.get(arg, 0.0) for k, arg in enumerate(node.args)]
    return any(moves) and bends(lambda t: _moved(op, numbers, moves, t), 0.0)


def _moved(op: Primitive, numbers: Sequence[float], moves: Sequence[float], t: float) -> float:
    try:
        return evaluate(op, [x + t * move for x, move in zip(numbers, moves, strict=True)])
    except (IndexError, ValueError):
        return math.nan


def bends(f: Callable[[float], float], x: float) -> bool:
    """Whether the slopes of a function on the two sides of a point differ: a kink, or a jump.

    Of a smooth function the difference of one-sided differences of second order falls with the square of the step; at a kink
    it stays, at a jump it grows.
    """
    far = 0.5 * max(1.0, abs(x))
    # The arguments are rounded too, which counts with the slope at the point, or farther off where that one vanishes.
    slopes = [abs(f(x + s) - f(x)) / far for s in (-far, far)]
    middle, gaps = f(x), list[float]()
    for h in (1e-4 * max(1e-3, abs(x)), 1e-5 * max(1e-3, abs(x))):
        sides = [(-3.0 * middle + 4.0 * f(x + s) - f(x + 2.0 * s)) / (2.0 * s) for s in (-h, h)]
        gaps.append(abs(sides[1] - sides[0]))
        slopes += [abs(side) for side in sides]
    noise = EPSILON * (abs(middle) + abs(x) * max((slope for slope in slopes if slope < math.inf), default=0.0)) / h
    return gaps[1] > 0.5 * gaps[0] and gaps[1] > 1e3 * noise


def _point(op: Primitive, numbers: Sequence[float]) -> str:
    return f"x={as_text(numbers[0])}" if op.arity == 1 else f"({', '.join(map(as_text, numbers[:4]))})"

"""A graph as indented text, for terminals and for readers of screens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from autograd_lite.drawing.nodes import derivative_of, is_stale
from autograd_lite.drawing.options import check_digits, check_most
from autograd_lite.engine.node import Node
from autograd_lite.engine.printing import named, short_formula
from autograd_lite.engine.sweep import topological

__all__ = ["describe"]

DEEPEST = 10
"""Lines further in are not indented more but say their level: a screen is not wide, and a voice does not count spaces."""


class Line(NamedTuple):
    """What is still to be told: an argument, how far in, and the words about its edge."""

    arg: Node | float
    level: int
    edge: str


def describe(value: Node, *, digits: int = 6, limit: int = 200) -> str:
    """Tells a graph in words, a line for each node: how it is computed, its value, its gradient, and on every edge the
    local derivative.

    Below a node, further in, stand its arguments. A node that is used more than once is told once, and then referred to by
    name. Nodes without a label are called v1, v2 …

    Arguments:
        value: the output, with all it depends on.
        digits: the significant digits of numbers.
        limit: the largest number of lines; a sentence says how many nodes are left out.

    Raises:
        TypeError: if it is not a Value.
        ValueError: for digits or a limit that make no sense.

    >>> from autograd_lite import Value
    >>> x, w = Value(3.0, label="x"), Value(-2.0, label="w")
    >>> y = (w * x).tanh() + x
    >>> y.backward()
    >>> print(describe(y, digits=3))
    v3 = v2 + x, value 2, gradient 1
      v2 = tanh(v1), value -1, gradient 1; local derivative 1
        v1 = w * x, value -6, gradient 2.46e-05; local derivative 2.46e-05
          w, value -2, gradient 7.37e-05; local derivative 3
          x, value 3, gradient 1; local derivative -2
      x, told above; local derivative 1
    """
    if not isinstance(value, Node):
        raise TypeError(f"describe: a {type(value).__name__} was given; it must be a Value")
    check_digits("describe", digits)
    check_most("describe", limit)
    order = topological(value, allow_stale=True)
    names = named(order)
    told: set[Node] = set()
    lines: list[str] = []
    stack = [Line(value, 0, "")]
    while stack and len(lines) < limit:
        line = stack.pop()
        lines.append(_indented(line.level, _words(line.arg, names, told, digits) + line.edge))
        if isinstance(line.arg, Node) and line.arg not in told:
            told.add(line.arg)
            stack.extend(reversed(_below(line.arg, line.level + 1, digits)))
    if len(told) < len(order):
        more = f"{len(order) - len(told):,} more nodes are left out"
        lines.append(f"… {more}: say describe(value, limit=…) to hear them, or describe an inner value.")
    elif stack:
        lines.append("… all nodes are told, but not all uses of them: say describe(value, limit=…) to hear those.")
    return "\n".join(lines)


def _indented(level: int, words: str) -> str:
    return f"{'  ' * DEEPEST}level {level}: {words}" if level > DEEPEST else f"{'  ' * level}{words}"


def _words(arg: Node | float, names: Mapping[Node, str], told: set[Node], digits: int) -> str:
    if not isinstance(arg, Node):
        return f"constant {arg:.{digits}g}"
    name = names[arg]
    if arg in told:
        return f"{name}, told above"
    made = "" if arg._op is None else f" = {short_formula(arg, names)}"
    grad = derivative_of(arg)
    derivative = "no gradient yet" if grad is None else f"gradient {grad:.{digits}g}"
    return f"{name}{made}, value {arg._number:.{digits}g}, {derivative}"


def _below(node: Node, level: int, digits: int) -> list[Line]:
    """The arguments of a node, each with the words about its edge."""
    if node._op is None:
        return []
    stale = is_stale(node)
    slopes = node._op.local_slopes(node.numbers, node._number)
    lines = []
    for arg, z in zip(node.args, slopes, strict=True):
        if not isinstance(arg, Node):
            edge = ""
        elif stale:
            edge = "; local derivative unknown, since a leaf was written after it was used"
        else:
            edge = "; no gradient flows here" if z is None else f"; local derivative {z:.{digits}g}"
        lines.append(Line(arg if isinstance(arg, Node) else float(arg), level, edge))
    return lines

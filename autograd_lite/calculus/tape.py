"""A linear map as a list of multiplications: what remains of a graph at one point, for many sweeps over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd_lite.engine.node import Node
from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.sweep import local_derivatives, topological

__all__ = ["Tape"]


class Tape:
    """The derivative of some outputs by some inputs at a point: the edges of the graph between them, in order.

    Local derivatives are computed once; a sweep is then one multiplication and one addition for each edge, and no more.

    Arguments:
        inputs: nodes of which none depends on another.
        outputs: nodes; a float is a constant.
    """

    def __init__(self, inputs: Sequence[Node], outputs: Sequence[Scalar]) -> None:
        place = {node: k for k, node in enumerate(inputs)}
        self._edges: list[tuple[int, int, float]] = []  # where to, where from, z
        slopes: dict[Any, list[list[float]]] = {}
        for node in topological(*[y for y in outputs if isinstance(y, Node)], sources=inputs):
            if node in place:
                continue
            own = len(place)
            for arg, z in _derivatives(node, slopes):
                if arg in place:
                    self._edges.append((own, place[arg], z))
                    place[node] = own
        self._size = len(place)
        self._outputs = [place.get(y) if isinstance(y, Node) else None for y in outputs]

    def push(self, tangents: Sequence[float | None]) -> list[float]:
        """The rates of change of the outputs, given those of the inputs; None is one that stands still.

        What stands still is not multiplied, so that a direction along one input meets no inf or nan of another's.
        """
        tangent: list[float | None] = [*tangents, *[None] * (self._size - len(tangents))]
        for to, start, z in self._edges:
            rate = tangent[start]
            if rate is not None:
                seen = tangent[to]
                tangent[to] = rate * z if seen is None else seen + rate * z
        rates = [None if k is None else tangent[k] for k in self._outputs]
        return [0.0 if rate is None else rate for rate in rates]


def _derivatives(node: Node, slopes: dict[Any, list[list[float]]]) -> list[tuple[Node, float]]:
    """The edges into a node; those of a call with a rule of its own from unit tangents, once for all its outputs."""
    op: Any = node._op
    if not hasattr(op, "call"):
        return local_derivatives(node)
    if op.call not in slopes:
        count, numbers = op.call.size, node.numbers
        units = [[1.0 if j == k else None for j in range(count)] for k in range(count)]
        slopes[op.call] = [
            op.call.push(numbers, unit) if isinstance(arg, Node) else [0.0] * op.call.count
            for arg, unit in zip(node.args, units, strict=False)  # an output after the first has that one as an argument too
        ]
    return [(arg, z[op.index]) for arg, z in zip(node.args, slopes[op.call], strict=False) if isinstance(arg, Node)]

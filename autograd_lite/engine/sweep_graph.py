"""The sweeps as graphs of their own: derivatives that can be differentiated again.

They are the recurrences of `sweep` run on Values: an adjoint is one `dot` of the users' adjoints with the local derivatives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from autograd_lite.engine.node import Node
from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.reductions import dot
from autograd_lite.engine.state import observed, tracing
from autograd_lite.engine.sweep import Pending, pulled, pushed, several, topological

__all__ = ["Accumulation", "Term", "contract", "forward_graph", "reverse_graph"]

Term: TypeAlias = tuple[Node, Scalar, Scalar, Any]
"""What is added up at a node: the user (or argument) it comes from, its adjoint (or tangent), z, and the gate between."""


@observed(backward=False)
def forward_graph(output: Node | Sequence[Node], tangents: Mapping[Node, Scalar]) -> dict[Node, Scalar]:
    """Forward accumulation as a graph of its own: each tangent is a node that can be differentiated again.

    Arguments:
        output: a node, or several.
        tangents: the rates of change of some nodes, none of which depends on another.

    Returns:
        the tangents of the nodes above those; a node that is reached through structural zeros alone is left out.
    """
    tangent: dict[Node, Scalar] = dict(tangents)
    pending: Pending = {}
    way = _accumulation()
    for node in topological(*several(output), sources=tangents):
        op, args = node._op, node.args
        moving = [type(arg) is not float and arg in tangent for arg in args]
        if op is None or node in tangent or not any(moving):
            continue
        if hasattr(op, "call"):
            rate = pushed(node, args, tangent, pending)
            if rate is not None:
                tangent[node] = rate
            continue
        gates = way.gates(node, moving)
        partials = way.partials(node, gates)
        edges = zip(args, partials, gates, strict=True)
        terms = [(arg, tangent[arg], z, gate) for arg, z, gate in edges if gate is not False]
        if terms:
            tangent[node] = way.forward_sum(node, terms)
    return tangent


@observed(backward=True)
def reverse_graph(
    output: Node, inputs: Iterable[Node], gradient: Scalar = 1.0, *, independent: bool = False
) -> dict[Node, Scalar]:
    """Reverse accumulation as a graph of its own: each adjoint is a node that can be differentiated again.

    Only nodes between the inputs and the output get one: one `dot` of the users' adjoints with the local partials, the
    recurrence to the letter.

    Arguments:
        independent: says that no input depends on another; then nobody looks at what lies below them.

    Returns:
        the adjoints of those nodes; a node that the output reaches through structural zeros alone is left out.
    """
    wanted = dict.fromkeys(inputs)
    between = dict(wanted)
    order = topological(output, sources=between if independent else ())
    for node in order:
        if node not in between and any(type(arg) is not float and arg in between for arg in node.args):
            between[node] = None
    way = _accumulation()
    terms: dict[Node, list[Term]] = {output: [(output, gradient, 1.0, True)]}
    adjoint: dict[Node, Scalar] = {}
    pending: Pending = {}
    for node in reversed(order):
        if node not in terms or node not in between:
            continue
        s = adjoint[node] = way.reverse_sum(node, terms.pop(node))
        op, args = node._op, node.args
        if op is None or (independent and node in wanted):
            continue
        if hasattr(op, "call"):
            for arg, term in pulled(op, args, args, s, pending):
                if arg in between:
                    terms.setdefault(arg, []).append((node, term, 1.0, True))
            continue
        gates = way.gates(node, [type(arg) is not float and arg in between for arg in args])
        for arg, z, gate in zip(args, way.partials(node, gates), gates, strict=True):
            if gate is not False:
                terms.setdefault(arg, []).append((node, s, z, gate))
    return adjoint


class Accumulation:
    """How sweeps that make graphs read local derivatives, and add up products; the run of a compiler has its own way.

    A gate says whether an adjoint flows to an argument: False, True, or for such a run a number that is not 0 where it does.
    """

    def gates(self, node: Node, wanted: Sequence[bool]) -> Sequence[Any]:
        """The gates of the edges into a node; False where none is wanted."""
        op: Any = node._op
        flows = op.flows(node.numbers, node._number)
        return [want and bool(flow) for want, flow in zip(wanted, flows, strict=True)]

    def partials(self, node: Node, gates: Sequence[Any]) -> Sequence[Scalar | None]:
        """The local derivatives of a node as graphs; None where the gate is False."""
        op: Any = node._op
        partials: Sequence[Scalar | None] = op.local_partials(node.args, node, [gate is not False for gate in gates])
        return partials

    def reverse_sum(self, node: Node, terms: Sequence[Term]) -> Scalar:
        """The adjoint of a node, from its users."""
        return contract([s for _, s, _, _ in terms], [z for _, _, z, _ in terms])

    def forward_sum(self, node: Node, terms: Sequence[Term]) -> Scalar:
        """The tangent of a node, from its arguments."""
        return self.reverse_sum(node, terms)


def _accumulation() -> Accumulation:
    tracer = tracing()
    way: Accumulation = Accumulation() if tracer is None else tracer.accumulation()
    return way


def contract(adjoints: list[Scalar], partials: list[Scalar]) -> Scalar:
    """Σ S·z as one node; none at all for a single path of slope 1."""
    if len(adjoints) > 1:
        return dot([*adjoints, *partials])
    (s,), (z,) = adjoints, partials
    if type(z) is float and z == 1.0:
        return s
    if type(s) is float and s == 1.0:
        return z
    return s * z

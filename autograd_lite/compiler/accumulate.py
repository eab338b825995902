"""How the sweeps of a traced function add up: over lanes, and with structural zeros that are only known at a call.

An edge behind a structural zero carries nothing, not even inf·0. Which edges those are differs from call to call and from
lane to lane, so the run writes gates, numbers that are 0 there. There are two ways to use them:

- *optimistic*: where a local derivative is computed, it is 0 behind the gate by itself, and products are taken as they are:
  sums of products stay sums of products. Constant derivatives are gated. If all adjoints are finite this is exact; if a
  result is not finite, the call is repeated the other way.
- *careful*: every product is gated, by its own edge's gate and by those of the edges that its adjoint came through.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd_lite.compiler.program import Axes
from autograd_lite.compiler.trace import Tracer
from autograd_lite.compiler.traced import Traced
from autograd_lite.engine.node import Node
from autograd_lite.engine.operations import where
from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.reductions import dot, max, total
from autograd_lite.engine.sweep_graph import Accumulation, Term, contract

__all__ = ["TracedAccumulation"]


class TracedAccumulation(Accumulation):
    """One sweep of a run."""

    def __init__(self, tracer: Tracer) -> None:
        self.tracer = tracer
        self._open: dict[Node, Scalar] = {}
        """Of nodes whose adjoint or tangent came through gates alone, whether any was open."""

    def gates(self, node: Node, wanted: Sequence[bool]) -> Sequence[Any]:
        op: Any = node._op
        if not isinstance(node, Traced):
            return super().gates(node, wanted)
        if op.is_ungated:
            return wanted
        with self.tracer.reducing_as(node):
            if op.arity is None:
                (active,) = op.active
                flows = [True] * len(wanted) if active is None else active(node.args, node)
            else:
                flows = [
                    partial is not None and (active is None or (want and active(*node.args, node)))
                    for partial, active, want in zip(op.partials, op.active, wanted, strict=True)
                ]
        return [want and (flow if isinstance(flow, Node) else bool(flow)) for want, flow in zip(wanted, flows, strict=True)]

    def partials(self, node: Node, gates: Sequence[Any]) -> Sequence[Scalar | None]:
        if not _over(node):
            return super().partials(node, gates)
        with self.tracer.reducing_as(node):
            return super().partials(node, gates)

    def reverse_sum(self, node: Node, terms: Sequence[Term]) -> Scalar:
        own = _axes(node)
        return self._sum(node, [(term, _lanes_between(term[0], own) if term[0] is not node else ()) for term in terms])

    def forward_sum(self, node: Node, terms: Sequence[Term]) -> Scalar:
        return self._sum(node, [(term, _over(node)) for term in terms])

    def _sum(self, node: Node, terms: Sequence[tuple[Term, Axes]]) -> Scalar:
        """Σ s·z over the terms, and over the lanes of the axes that stand beside each."""
        if not self.tracer.careful and all(term[3] is True and not over for term, over in terms):
            return contract([term[1] for term, _ in terms], [term[2] for term, _ in terms])
        groups: dict[Axes, tuple[list[Scalar], list[Scalar]]] = {}
        doubtful = False
        for (other, s, z, gate), over in terms:
            gate = self._through(other, gate)
            if gate is not True and self.tracer.careful:
                s, z = where(gate, s * z, 0.0), 1.0
            elif gate is not True:
                doubtful = True
                s = where(gate, s, 0.0) if type(z) is float else s
            adjoints, partials = groups.setdefault(over, ([], []))
            adjoints.append(s)
            partials.append(z)
        if self.tracer.careful:
            self._note(node, terms)
        parts = [self._part(over, *pairs) for over, pairs in groups.items()]
        found = parts[0] if len(parts) == 1 else total(parts)
        if doubtful and isinstance(found, Traced):
            self.tracer.doubtful.append(found.place)
        return found

    def _part(self, over: Axes, adjoints: list[Scalar], partials: list[Scalar]) -> Scalar:
        if over:
            return self.tracer.record(dot, (*adjoints, *partials), over)
        return contract(adjoints, partials)

    def _through(self, other: Node, gate: Any) -> Any:
        """The gate of an edge together with those before it, where products are gated carefully."""
        before = self._open.get(other)
        if before is None:
            return gate
        return before if gate is True else before * gate

    def _note(self, node: Node, terms: Sequence[tuple[Term, Axes]]) -> None:
        """Remembers whether anything came to a node, if all of it came through gates."""
        gates = [(self._through(other, gate), over) for (other, _, _, gate), over in terms]
        if all(gate is not True for gate, _ in gates):
            opened = [self.tracer.record(max, (gate,), over) if over else gate for gate, over in gates]
            self._open[node] = opened[0] if len(opened) == 1 else max(opened)


def _axes(node: Node) -> Axes:
    return node.axes if isinstance(node, Traced) else ()


def _over(node: Node) -> Axes:
    return node.over if isinstance(node, Traced) else ()


def _lanes_between(user: Node, own: Axes) -> Axes:
    """The axes that a user has or reduces and its argument has not: over those the argument is used in every lane."""
    axes, over = _axes(user), _over(user)
    return () if axes == own and not over else tuple(sorted({*axes, *over}.difference(own)))

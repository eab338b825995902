"""The pathwise aggregation lemma as dynamic programming over any graph.

    do/dw  =  Σ over paths p: w→o   Π over edges (i,j) of p   z(i,j),      z(i,j) = ∂y(j)/∂y(i)
    S(o,o) =  1,     S(i,o) = Σ over j that use i  S(j,o)·z(i,j)

There may be exponentially many paths; the recurrence spends one multiplication and one addition on each edge. Sweeps return
what they find and write nothing into the graph.

Source: for reverse and forward accumulation, A. Griewank and A. Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, ch. 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from autograd_lite.engine.node import Node
from autograd_lite.engine.primitive import Primitive, Scalar
from autograd_lite.engine.state import observed, refresh, stale

__all__ = ["Pending", "forward", "local_derivatives", "pulled", "pushed", "reverse", "several", "topological"]

Pending: TypeAlias = dict[Any, list[Scalar]]
"""Of calls that bring their own rule (see `pulled`): the adjoints, or the tangents, of their outputs so far."""


def topological(*outputs: Node, sources: Iterable[Node] = (), allow_stale: bool = False) -> list[Node]:
    """All nodes that the output depends on, itself last, every node after its arguments.

    The order depends on the graph alone, so that sums come out the same to the bit every time.

    Arguments:
        outputs: one node, or several, each after what it depends on.
        sources: nodes below which nobody looks; they come first.
        allow_stale: walks a graph although a leaf was written since, as copying and drawing may.

    Raises:
        RuntimeError: if a leaf was written after the graph was made from its old number.
    """
    return list(_ordered(*outputs, sources=sources, allow_stale=allow_stale))


def _ordered(*outputs: Node, sources: Iterable[Node] = (), allow_stale: bool = False) -> dict[Node, float | None]:
    """The order of `topological` as the keys of a dictionary, for a sweep to fill: all values are None.

    The order itself tells which nodes were met before: a node that lies on the stack a second time is looked at again only
    when all above it, and so the node itself, is in the order.
    """
    if stale:
        refresh()
    order: dict[Node, float | None] = dict.fromkeys(sources)
    oldest_user, youngest_leaf = min([output._birth for output in outputs], default=0), 0
    stack: list[Node | None] = [*reversed(outputs)]
    push, pop = stack.append, stack.pop
    while stack:
        node = pop()
        if node is None:  # all arguments of the node below are in the order
            order[pop()] = None  # type: ignore[index]  # below a None always lies the node it closes
        elif node in order:
            continue
        elif node._op is None:
            order[node] = None
            if node._birth > youngest_leaf:
                youngest_leaf = node._birth
        else:
            if node._birth < oldest_user:
                oldest_user = node._birth
            push(node)
            push(None)
            x, y = node._x, node._y
            if type(x) is tuple:
                stack.extend([arg for arg in x if type(arg) is not float and arg not in order])
                continue
            if type(y) is not float and y is not None and y not in order:
                push(y)
            if type(x) is not float and x not in order:
                push(x)
    if youngest_leaf > oldest_user and not allow_stale:
        _refuse_mixtures(order)
    return order


def _refuse_mixtures(order: Iterable[Node]) -> None:
    """Looks at every argument, since some leaf was written after some node was made."""
    for node in order:
        for arg in node.args:
            if type(arg) is not float and arg._birth > node._birth:
                raise _written_since(arg, node)


def _written_since(leaf: Node, user: Node) -> RuntimeError:
    name = f" {leaf.label!r}" if leaf.label else ""
    return RuntimeError(
        f"the leaf{name} was written (its .data is now {leaf._number:g}) after {user._op} had used its old number; old and "
        "new numbers are never mixed: compute the output again, then differentiate it"
    )


@observed(backward=True, on_numbers=True)
def reverse(output: Node, gradient: float = 1.0, *, order: Iterable[Node] | None = None) -> dict[Node, float | None]:
    """The derivative of the output with respect to every node, times `gradient`: reverse accumulation.

    Arguments:
        order: the output's nodes as `topological` gives them, from who has them already.

    Returns:
        S(i, o)·gradient for each node i below the output, arguments first; None where no path leads from i to the output
        but through structural zeros.
    """
    adjoint = _ordered(output) if order is None else dict.fromkeys(order)
    adjoint[output] = gradient
    pending: Pending = {}
    for node, s in reversed(adjoint.items()):
        op = node._op
        if s is None or op is None:
            continue
        x, y, out = node._x, node._y, node._number
        if op.arity == 2:
            slope_x, slope_y = op.slopes
            a = x if type(x) is float else x._number
            b = y if type(y) is float else y._number
            if a is not x:
                z = slope_x if type(slope_x) is float else slope_x(a, b, out)
                if z is not None:
                    seen = adjoint[x]
                    adjoint[x] = s * z if seen is None else seen + s * z
            if b is not y:
                z = slope_y if type(slope_y) is float else slope_y(a, b, out)
                if z is not None:
                    seen = adjoint[y]
                    adjoint[y] = s * z if seen is None else seen + s * z
        elif op.arity == 1:
            (slope,) = op.slopes
            z = slope if type(slope) is float else slope(x._number, out)
            if z is not None:
                seen = adjoint[x]
                adjoint[x] = s * z if seen is None else seen + s * z
        else:
            numbers = [arg if type(arg) is float else arg._number for arg in x]
            for arg, term in _terms(op, x, numbers, out, s, pending):
                seen = adjoint[arg]
                adjoint[arg] = term if seen is None else seen + term
    return adjoint


def _terms(
    op: Primitive, args: Sequence[Scalar], numbers: list[float], out: float, s: float, pending: Pending
) -> list[tuple[Node, float]]:
    """What a node of many arguments hands to those that are nodes."""
    if hasattr(op, "call"):
        return pulled(op, args, numbers, s, pending)
    slopes = op.local_slopes(numbers, out)
    return [(arg, s * z) for arg, z in zip(args, slopes, strict=True) if z is not None and type(arg) is not float]


def local_derivatives(node: Node) -> list[tuple[Node, float]]:
    """The edges into a node: each argument that is a node and can pass an adjoint, with its local derivative z."""
    if node._op is None:
        return []
    slopes = node._op.local_slopes(node.numbers, node._number)
    return [(arg, z) for arg, z in zip(node.args, slopes, strict=True) if z is not None and type(arg) is not float]


@observed(backward=False, on_numbers=True)
def forward(output: Node | Sequence[Node], tangents: Mapping[Node, float]) -> dict[Node, float]:
    """The derivative of every node below the output along a direction: forward accumulation.

    Arguments:
        output: a node, or several.
        tangents: the direction, as the rates of change of some nodes; those of the others follow.
    """
    tangent: dict[Node, float] = {}
    pending: Pending = {}
    for node in topological(*several(output)):
        rate = tangents.get(node)
        if rate is None and hasattr(node._op, "call"):
            rate = pushed(node, node.numbers, tangent, pending)
        elif rate is None:
            terms = [tangent[arg] * z for arg, z in local_derivatives(node) if arg in tangent]
            for term in terms:
                rate = term if rate is None else rate + term
        if rate is not None:
            tangent[node] = rate
    return tangent


def several(output: Node | Sequence[Node]) -> Sequence[Node]:
    return [output] if isinstance(output, Node) else output


def pulled(
    op: Any, nodes: Sequence[Scalar], args: Sequence[Scalar], s: Scalar, pending: Pending
) -> list[tuple[Node, Scalar]]:
    """What one output of a call with a rule of its own hands to its arguments.

    All outputs of the call have the first among their arguments. They tell it their adjoints; it comes last, asks the rule
    once, and hands on for all of them.
    """
    adjoints = pending.setdefault(op.call, [0.0] * op.call.count)
    adjoints[op.index] = s
    if op.index:
        return [(nodes[-1], 0.0)]
    terms = op.call.pull(args, pending.pop(op.call), [type(arg) is not float for arg in nodes])
    return [(arg, z) for arg, z in zip(nodes, terms, strict=True) if z is not None and type(arg) is not float]


def pushed(node: Node, args: Sequence[Scalar], tangent: Mapping[Node, Scalar], pending: Pending) -> Scalar | None:
    """The tangent of one output of a call with a rule of its own, which is asked once, at the first output."""
    op: Any = node._op
    if not op.index:
        rates = [None if type(arg) is float else tangent.get(arg) for arg in node.args]
        if any(rate is not None for rate in rates):
            pending[op.call] = op.call.push(args, rates)
    return pending[op.call][op.index] if op.call in pending else None

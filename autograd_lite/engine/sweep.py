"""The pathwise aggregation lemma as dynamic programming over any graph.

    do/dw  =  Σ over paths p: w→o   Π over edges (i,j) of p   z(i,j),      z(i,j) = ∂y(j)/∂y(i)
    S(o,o) =  1,     S(i,o) = Σ over j that use i  S(j,o)·z(i,j)

There may be exponentially many paths; the recurrence spends one multiplication and one addition on each edge. Sweeps return
what they find and write nothing into the graph.

Source: for reverse and forward accumulation, A. Griewank and A. Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, ch. 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from autograd_lite.engine.node import Node
from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.reductions import dot
from autograd_lite.engine.state import refresh, stale

__all__ = ["forward", "local_derivatives", "reverse", "reverse_graph", "topological"]


def topological(output: Node, *, allow_stale: bool = False) -> list[Node]:
    """All nodes that the output depends on, itself last, every node after its arguments.

    The order depends on the graph alone, so that sums come out the same to the bit every time.

    Arguments:
        allow_stale: walks a graph although a leaf was written since, as copying and drawing may.

    Raises:
        RuntimeError: if a leaf was written after the graph was made from its old number.
    """
    return list(_ordered(output, allow_stale=allow_stale))


def _ordered(output: Node, *, allow_stale: bool = False) -> dict[Node, float | None]:
    """The order of `topological` as the keys of a dictionary, for a sweep to fill: all values are None.

    The order itself tells which nodes were met before: a node that lies on the stack a second time is looked at again only
    when all above it, and so the node itself, is in the order.
    """
    if stale:
        refresh()
    order: dict[Node, float | None] = {}
    oldest_user, youngest_leaf = output._birth, 0
    stack: list[Node | None] = [output]
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


def reverse(output: Node, gradient: float = 1.0) -> dict[Node, float | None]:
    """The derivative of the output with respect to every node, times `gradient`: reverse accumulation.

    Returns:
        S(i, o)·gradient for each node i below the output, arguments first; None where no path leads from i to the output
        but through structural zeros.
    """
    adjoint = _ordered(output)
    adjoint[output] = gradient
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
            for arg, z in zip(x, op.local_slopes(numbers, out), strict=True):
                if z is not None and type(arg) is not float:
                    seen = adjoint[arg]
                    adjoint[arg] = s * z if seen is None else seen + s * z
    return adjoint


def local_derivatives(node: Node) -> list[tuple[Node, float]]:
    """The edges into a node: each argument that is a node and can pass an adjoint, with its local derivative z."""
    if node._op is None:
        return []
    slopes = node._op.local_slopes(node.numbers, node._number)
    return [(arg, z) for arg, z in zip(node.args, slopes, strict=True) if z is not None and type(arg) is not float]


def forward(output: Node, tangents: Mapping[Node, float]) -> dict[Node, float]:
    """The derivative of every node below the output along a direction: forward accumulation.

    Arguments:
        tangents: the direction, as the rates of change of some nodes; those of the others follow.
    """
    tangent: dict[Node, float] = {}
    for node in topological(output):
        rate = tangents.get(node)
        if rate is None:
            terms = [tangent[arg] * z for arg, z in local_derivatives(node) if arg in tangent]
            if not terms:
                continue
            rate = terms[0]
            for term in terms[1:]:
                rate += term
        tangent[node] = rate
    return tangent


def reverse_graph(output: Node, inputs: Iterable[Node], gradient: Scalar = 1.0) -> dict[Node, Scalar]:
    """Reverse accumulation as a graph of its own: each adjoint is a node that can be differentiated again.

    Only nodes between the inputs and the output get one: one `dot` of the users' adjoints with the local partials, the
    recurrence to the letter.

    Returns:
        the adjoints of those nodes; a node that the output reaches through structural zeros alone is left out.
    """
    order = topological(output)
    between = set(inputs)
    for node in order:
        if node not in between and any(type(arg) is not float and arg in between for arg in node.args):
            between.add(node)
    terms: dict[Node, tuple[list[Scalar], list[Scalar]]] = {output: ([gradient], [1.0])}
    adjoint: dict[Node, Scalar] = {}
    for node in reversed(order):
        if node not in terms or node not in between:
            continue
        s = adjoint[node] = _contract(*terms.pop(node))
        op, args = node._op, node.args
        if op is None:
            continue
        flows = op.flows(node.numbers, node._number)
        needed = [type(arg) is not float and arg in between and flow for arg, flow in zip(args, flows, strict=True)]
        for arg, need, z in zip(args, needed, op.local_partials(args, node, needed), strict=True):
            if need:
                adjoints, partials = terms.setdefault(arg, ([], []))
                adjoints.append(s)
                partials.append(z)
    return adjoint


def _contract(adjoints: list[Scalar], partials: list[Scalar]) -> Scalar:
    """Σ S·z as one node; none at all for a single path of slope 1."""
    if len(adjoints) > 1:
        return dot([*adjoints, *partials])
    (s,), (z,) = adjoints, partials
    if type(z) is float and z == 1.0:
        return s
    if type(s) is float and s == 1.0:
        return z
    return s * z

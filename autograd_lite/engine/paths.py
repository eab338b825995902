"""The lemma itself, path by path: what the sweeps sum without listing it.

    do/dw  =  Σ over paths p: w→o   Π over edges (i,j) of p   z(i,j),      z(i,j) = ∂y(j)/∂y(i)

An edge leads from an argument to the node that uses it; `x * x` has two from x. Where no adjoint can flow, behind a
structural zero, there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from autograd_lite.engine.node import Node
from autograd_lite.engine.printing import count_text, named, short
from autograd_lite.engine.sweep import topological

__all__ = ["Edge", "Path", "Pathwise", "count_paths", "path_product", "paths", "pathwise_gradient"]

LONGEST = 12
"""How many nodes of a path its repr shows."""


@dataclass(frozen=True)
class Edge:
    """The use of an argument.

    Attributes:
        user: the node that uses it.
        position: its place among the user's arguments.
        argument: the node that is used.
        z: the local derivative ∂user/∂argument through this place.
    """

    user: Node
    position: int
    argument: Node
    z: float


@dataclass(frozen=True)
class Path:
    """A way from a source to an output.

    Attributes:
        source: where it begins.
        edges: in order; none if the source is the output itself.
    """

    source: Node
    edges: tuple[Edge, ...]

    def __post_init__(self) -> None:
        at = self.source
        for edge in self.edges:
            if edge.argument is not at:
                raise ValueError("Path: an edge does not begin where the one before it ends")
            at = edge.user

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes on the way, source and output among them."""
        return (self.source, *[edge.user for edge in self.edges])

    def __str__(self) -> str:
        nodes = self.nodes
        signs = [_sign(node) for node in (nodes if len(nodes) <= LONGEST else (*nodes[:6], *nodes[-5:]))]
        if len(nodes) > LONGEST:
            signs.insert(6, "…")
        return " → ".join(signs)

    def __repr__(self) -> str:
        return f"<path {self}: {short(path_product(self))}>"


def _sign(node: Node) -> str:
    """A node's label, else its operation's symbol."""
    (name,) = named([node]).values()
    return name if node.label or node.op is None else node.op.symbol


Between: TypeAlias = dict[Node, list[Edge]]
"""The part of a graph that lies between a source and an output, arguments first: of each node the edges that lie on a way
from the source; the source itself has none."""


def edges_into(user: Node) -> list[Edge]:
    """The edges that end in a node: one for each argument that is a node and can pass an adjoint."""
    op = user.op
    if op is None:
        return []
    slopes = op.local_slopes(user.numbers, user._number)
    uses = zip(user.args, slopes, strict=True)
    return [Edge(user, k, arg, z) for k, (arg, z) in enumerate(uses) if z is not None and type(arg) is not float]


def between(output: Node, source: Node) -> Between:
    """The edges from which the source can be reached, of every node below the output that has any."""
    found: Between = {}
    for node in topological(output):
        if node is source:
            found[node] = []
        elif found:
            edges = [edge for edge in edges_into(node) if edge.argument in found]
            if edges:
                found[node] = edges
    return found


def check_nodes(what: str, output: object, source: object) -> None:
    """Refuses what is no node."""
    for item, role in ((output, "output"), (source, "source")):
        if not isinstance(item, Node):
            raise TypeError(f"{what}: the {role} is of type {type(item).__name__}; it must be a Value")


# --- counting ------------------------------------------------------------------------------------------------------------


def counted(ways: Between, output: Node, source: Node) -> tuple[int, int]:
    """How many paths there are, and how many edges they have together; no path is listed.

    Counts are dropped when all edges of a node are done: each can be as long as the graph is deep.
    """
    counts = {output: (1, 0)}
    for node, edges in reversed(ways.items()):
        paths, steps = counts.pop(node, (0, 0))
        if node is source:
            return paths, steps
        for edge in edges:
            seen_paths, seen_steps = counts.get(edge.argument, (0, 0))
            counts[edge.argument] = seen_paths + paths, seen_steps + steps + paths
    return 0, 0


def count_paths(output: Node, source: Node) -> int:
    """The number of paths from a source to an output, exactly, in linear time.

    Raises:
        TypeError: if one of them is not a Value.
        RuntimeError: if a leaf was written since the output was computed.

    >>> from autograd_lite import Value
    >>> x = Value(1.0)
    >>> y = x
    >>> for _ in range(1000):
    ...     y = y + y
    >>> count_paths(y, x) == 2**1000
    True
    """
    check_nodes("count_paths", output, source)
    return counted(between(output, source), output, source)[0]


# --- listing -------------------------------------------------------------------------------------------------------------


def paths(output: Node, source: Node) -> Iterator[Path]:
    """All paths from a source to an output, one after another.

    The order is that of the arguments: of two paths, the first is the one whose edge, where going back from the output they
    part, stands first among the arguments. Parallel edges, as in `x * x`, make paths of their own. No time is spent on ways
    that do not lead to the source.

    Raises:
        TypeError: if one of them is not a Value.
        RuntimeError: if a leaf was written since the output was computed.

    >>> from autograd_lite import Value
    >>> a, b = Value(4.0, "a"), Value(3.0, "b")
    >>> list(paths(a * (a + b), a))
    [<path a → ×: 7>, <path a → + → ×: 4>]
    """
    check_nodes("paths", output, source)
    return _walk(between(output, source), output, source)


def _walk(ways: Between, output: Node, source: Node) -> Iterator[Path]:
    if output is source:
        yield Path(source, ())
    trail: list[Edge] = []
    stack = [iter(ways.get(output, ()))]
    while stack:
        edge = next(stack[-1], None)
        if edge is None:
            stack.pop()
            if trail:
                trail.pop()
        elif edge.argument is source:
            yield Path(source, (edge, *reversed(trail)))
        else:
            trail.append(edge)
            stack.append(iter(ways[edge.argument]))


def path_product(path: Path) -> float:
    """The product of the local derivatives on a path, multiplied from the output back, as the reverse sweep does.

    >>> from autograd_lite import Value
    >>> x = Value(3.0)
    >>> [path_product(path) for path in paths(x * x * x, x)]
    [9.0, 9.0, 9.0]
    """
    product = 1.0
    for edge in reversed(path.edges):
        product *= edge.z
    return product


# --- the algorithm that the sweeps replace -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pathwise:
    """What the exponential algorithm found and spent.

    Attributes:
        derivative: the sum over all paths.
        paths: how many there are.
        multiplications, additions: how many it took.
    """

    derivative: float
    paths: int
    multiplications: int
    additions: int


def pathwise_cost(path_count: int, steps: int) -> tuple[int, int]:
    """The multiplications and additions that it takes to list so many paths, with so many edges together.

    A path of n edges takes n - 1 multiplications; so many products one addition less.
    """
    return max(steps - path_count, 0), max(path_count - 1, 0)


def pathwise_gradient(output: Node, source: Node, limit: int = 1_000_000) -> Pathwise:
    """The derivative by the lemma taken at its word: lists every path, multiplies its local derivatives, adds the products.

    The time grows exponentially with the graph; `gradients` finds the same by one sweep.

    Arguments:
        output: the Value to differentiate.
        source: with respect to which.
        limit: how many multiplications and additions may be spent.

    Raises:
        ValueError: if it would take more.
        TypeError: if one of the nodes is not a Value.
        RuntimeError: if a leaf was written since the output was computed.

    >>> from autograd_lite import Value
    >>> a, b = Value(4.0), Value(3.0)
    >>> pathwise_gradient(a * (a + b), a)
    Pathwise(derivative=11.0, paths=2, multiplications=1, additions=1)
    """
    check_nodes("pathwise_gradient", output, source)
    ways = between(output, source)
    count, steps = counted(ways, output, source)
    cost = sum(pathwise_cost(count, steps))
    if cost > limit:
        raise ValueError(
            f"pathwise_gradient: the {count_text(count)} paths would take {count_text(cost)} multiplications and additions, "
            f"the limit is {count_text(limit)}; use gradients(), which takes one sweep, or ledger() for the largest paths, "
            "or raise the limit"
        )
    derivative, multiplications, found = 0.0, 0, 0
    for path in _walk(ways, output, source):
        product = path.edges[-1].z if path.edges else 1.0
        for edge in reversed(path.edges[:-1]):
            product *= edge.z
            multiplications += 1
        derivative = derivative + product if found else product
        found += 1
    return Pathwise(derivative, found, multiplications, max(found - 1, 0))

"""What a gradient costs, counted on the graph: one sweep, beside a pass for each weight, beside path by path."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from autograd_lite.engine.node import Node
from autograd_lite.engine.paths import edges_into
from autograd_lite.engine.printing import count_text
from autograd_lite.engine.sweep_table import aligned, sweep_table
from autograd_lite.engine.value import Value
from autograd_lite.nn.module import Module

__all__ = ["Costs", "Operations", "count_operations"]

Users = dict[Node, dict[Node, int]]
"""Of each node those that use it, and through how many edges."""


@dataclass(frozen=True)
class Operations:
    """How many multiplications and additions something takes."""

    multiplications: int
    additions: int

    @property
    def total(self) -> int:
        """Both together."""
        return self.multiplications + self.additions


@dataclass(frozen=True)
class Costs:
    """What the derivatives by all weights cost by three algorithms; shows itself as a table.

    Attributes:
        weights: how many there are.
        sweep: the reverse sweep: a product for each edge, once. In a network of layers it is O(weights).
        passes: a forward pass over the whole graph for each weight: O(weights²).
        sparse_passes: the same, each pass only along what depends on its weight: still O(weights²) as layers are added.
        path_by_path: every path from every leaf by itself: exponential in the number of layers.
    """

    weights: int
    sweep: Operations
    passes: Operations
    sparse_passes: Operations
    path_by_path: Operations

    def __str__(self) -> str:
        kinds = [
            ("the sweep", self.sweep),
            ("a pass for each weight", self.passes),
            ("along what depends on it", self.sparse_passes),
            ("path by path", self.path_by_path),
        ]
        rows = [[name, *map(count_text, (cost.multiplications, cost.additions))] for name, cost in kinds]
        return aligned((f"{self.weights:,} weights", "multiplications", "additions"), rows)

    __repr__ = __str__


def count_operations(output: Value, weights: Module | Iterable[Value], limit: int = 100_000) -> Costs:
    """The multiplications and additions that the derivatives by all weights take, counted on the graph.

    Local derivatives are counted as known; all these algorithms need the same.

    Arguments:
        output: a loss, or another Value computed from the weights.
        weights: a module, all of its parameters, or Values.
        limit: the largest number of nodes.

    Raises:
        TypeError: if the output is not a Value.
        ValueError: if the output depends on more nodes than the limit.
        RuntimeError: if a weight was written since the output was computed.

    >>> from autograd_lite.nn import MLP
    >>> for size in (4, 8, 16):
    ...     model = MLP(size, [size, size, 1], activation="tanh", seed=0)
    ...     costs = count_operations(model([1.0] * size), model)
    ...     print(costs.weights, costs.sweep.total, costs.passes.total)
    45 85 5805
    153 297 68697
    561 1105 934065
    """
    table = sweep_table(output, limit)
    sources = weights.parameters() if isinstance(weights, Module) else list(weights)
    users: Users = {row.node: {} for row in table.rows}
    inner = 0
    for row in table.rows:
        edges = edges_into(row.node) if row.total is not None else []
        inner += bool(edges)
        for edge in edges:
            uses = users[edge.argument]
            uses[edge.user] = uses.get(edge.user, 0) + 1
    return Costs(
        weights=len(sources),
        sweep=Operations(table.multiplications, table.additions),
        # Forwards the products of a node are summed where they enter it: one sum less than it has edges.
        passes=Operations(len(sources) * table.multiplications, len(sources) * (table.multiplications - inner)),
        sparse_passes=_sparse_passes(sources, users),
        path_by_path=Operations(table.pathwise_multiplications, table.pathwise_additions),
    )


def _sparse_passes(sources: Iterable[Node], users: Users) -> Operations:
    """A forward pass for each source: a product for each edge on the way, and a sum for each but the first into a node."""
    known: dict[tuple[Node, ...], Operations] = {}
    multiplications = additions = 0
    for source in sources:
        direct = users.get(source, {})
        key = tuple(direct)
        if key not in known:
            known[key] = _above(key, users)
        edges = sum(direct.values())
        # A node is reached by a first edge, which is added to nothing.
        multiplications += edges + known[key].multiplications
        additions += edges + known[key].additions
    return Operations(multiplications, additions)


def _above(nodes: Iterable[Node], users: Users) -> Operations:
    """What a pass takes above these nodes; its additions count a first edge from below into each of them."""
    reached = dict.fromkeys(nodes)
    waiting = list(reached)
    edges = 0
    while waiting:
        for user, count in users[waiting.pop()].items():
            edges += count
            if user not in reached:
                reached[user] = None
                waiting.append(user)
    return Operations(edges, edges - len(reached))

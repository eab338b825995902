"""Which node of one graph is which of another: by identity, by labels, from the outputs down, and by equal structure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator

from autograd_lite.engine.node import Node
from autograd_lite.engine.primitive import Scalar

__all__ = ["paired"]


def paired(first: list[Node], second: list[Node]) -> dict[Node, Node]:
    """Pairs the nodes of two graphs.

    A node of both graphs is its own partner. Nodes whose label no other node of their graph has are paired by it, and the
    outputs if they are of one operation. What a pair is made of is paired by place, as long as operations and labels agree.
    What is then left is paired where it is built alike all the way down, users before their arguments. All of it takes one
    look at every edge.

    Arguments:
        first, second: the nodes of each graph in topological order.

    Returns:
        the partner in the second graph of each node of the first that has one.

    >>> from autograd_lite import Value
    >>> from autograd_lite.engine.sweep import topological
    >>> x, y = Value(1.0), Value(2.0)
    >>> pairs = paired(topological((x * 2.0).exp()), topological((y * 2.0).tanh()))
    >>> [(node.data, partner.data) for node, partner in pairs.items()]
    [(2.0, 4.0), (1.0, 2.0)]
    """
    pairs = _Pairs()
    shared = set(second)
    for node in first:
        if node in shared:
            pairs.add(node, node)
    labels = _lone_labels(second)
    for label, node in _lone_labels(first).items():
        other = labels.get(label)
        if other is not None and (node._op is None) == (other._op is None) and pairs.is_free(node, other):
            pairs.add(node, other)
    pairs.spread(list(pairs.partner.items()))
    pairs.spread([(first[-1], second[-1])])
    keys: dict[Hashable, int] = {}
    first_keys, second_keys = _structures(first, keys), _structures(second, keys)
    places: dict[int, list[Node]] = defaultdict(list)
    for node in second:
        places[second_keys[node]].append(node)
    for node in reversed(first):
        candidates = places[first_keys[node]]
        while node not in pairs.partner and candidates:
            pairs.spread([(node, candidates.pop())])
    return pairs.partner


class _Pairs:
    """The pairs so far, in both directions."""

    def __init__(self) -> None:
        self.partner: dict[Node, Node] = {}
        self.taken: set[Node] = set()

    def add(self, node: Node, other: Node) -> None:
        self.partner[node] = other
        self.taken.add(other)

    def spread(self, stack: list[tuple[Node, Node]]) -> None:
        """Pairs these where they agree, then what they are made of, and so on down."""
        while stack:
            node, other = stack.pop()
            if self.partner.get(node) is not other:
                if node in self.partner or other in self.taken or not _agree(node, other):
                    continue
                self.add(node, other)
            stack.extend(pair for pair in _arguments(node, other) if self.is_free(*pair))

    def is_free(self, node: Node, other: Node) -> bool:
        return node not in self.partner and other not in self.taken


def _arguments(node: Node, other: Node) -> Iterator[tuple[Node, Node]]:
    """The arguments of two nodes at the same places, the last first."""
    if len(node.args) == len(other.args):
        for arg, argument in zip(reversed(node.args), reversed(other.args), strict=True):
            if isinstance(arg, Node) and isinstance(argument, Node):
                yield arg, argument


def _agree(node: Node, other: Node) -> bool:
    return node._op is other._op and node.label == other.label


def _lone_labels(order: list[Node]) -> dict[str, Node]:
    counts = Counter(node.label for node in order)
    return {node.label: node for node in order if node.label and counts[node.label] == 1}


def _structures(order: list[Node], keys: dict[Hashable, int]) -> dict[Node, int]:
    """A number for each node, the same for nodes that are built alike from leaves of the same labels."""
    structure: dict[Node, int] = {}
    for node in order:
        parts = tuple([_part(arg, structure) for arg in node.args])
        structure[node] = keys.setdefault((node._op, node.label, parts), len(keys))
    return structure


def _part(arg: Scalar, structure: dict[Node, int]) -> int | str:
    return structure[arg] if isinstance(arg, Node) else repr(arg)  # nan is not equal to itself, its text is

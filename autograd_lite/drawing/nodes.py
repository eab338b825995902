"""What pictures and tables ask of a node."""

from __future__ import annotations

from autograd_lite.engine.node import Node

__all__ = ["derivative_of", "is_stale"]


def derivative_of(node: Node) -> float | None:
    """The derivative that a node keeps, as a number, though it may be a Value."""
    grad = node.grad._number if isinstance(node.grad, Node) else node.grad
    return None if grad is None else float(grad)


def is_stale(node: Node) -> bool:
    """Whether an argument of a node was written since the node was computed."""
    birth = node._birth
    for arg in node.args:  # noqa: SIM110  # asked of very many nodes, and any() takes several times as long
        if type(arg) is not float and arg._op is None and arg._birth > birth:
            return True
    return False

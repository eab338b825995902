"""Copies and pickles of graphs of any depth, without recursion.

Python's own ways go from a node to its arguments and exceed the stack at a depth of some hundreds. Here a node hands over
first all that it depends on, arguments before their users; each of these then finds its own arguments already known.
"""

from __future__ import annotations

import weakref
from threading import local
from typing import Any, TypeVar

from autograd_lite.engine import state
from autograd_lite.engine.node import Node
from autograd_lite.engine.primitive import Primitive
from autograd_lite.engine.sweep import topological

__all__ = ["deepcopy", "reduce", "restore_grad"]

N = TypeVar("N", bound=Node)

_pickling = local()


def _make(kind: type[N], op: Primitive | None, x: Any, y: Any, data: float, label: str | None, birth: int) -> N:
    node = object.__new__(kind)
    node._op, node._x, node._y, node._number, node.label, node._birth = op, x, y, data, label, birth
    node.grad = node._scope = None
    return node


def deepcopy(node: N, memo: dict[int, Any]) -> N:
    """`copy.deepcopy`: the node and all it depends on, with what the memo already holds shared."""
    originals = [original for original in _with_grads(node) if id(original) not in memo]
    for original in originals:
        x, y = original._x, original._y
        if original._op is None:  # the copy of a module's parameter has no home until a module gives it one
            x = y = None
        elif type(x) is tuple:
            x = tuple([memo.get(id(arg), arg) for arg in x])
        else:
            x, y = memo.get(id(x), x), memo.get(id(y), y)
        memo[id(original)] = _make(type(original), original._op, x, y, original._number, original.label, original._birth)
    for original in originals:
        memo[id(original)].grad = memo.get(id(original.grad), original.grad)
    copy: N = memo[id(node)]
    return copy


def _with_grads(node: Node) -> list[Node]:
    """The nodes below one, and below the derivatives that `create_graph` left on them; arguments before their users."""
    found: dict[Node, None] = {}
    roots = [node]
    for root in roots:
        for inner in topological(root, allow_stale=True):
            if inner not in found:
                found[inner] = None
                if isinstance(inner.grad, Node):
                    roots.append(inner.grad)
    return list(found)


class _Below(list[Node]):
    """What a node that is being pickled depends on, arguments first; the pickler keeps it alive while it works."""

    def __init__(self, nodes: list[Node]) -> None:
        super().__init__(nodes)
        self.ids = frozenset(map(id, nodes))

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (), None, iter(self)


def reduce(node: Node) -> tuple[Any, ...]:
    """Pickles a node after what it depends on, so that one pickle of several outputs shares what they share."""
    state.refresh()
    below: list[Node] | None = None
    op, x, y = node._op, node._x, node._y
    if op is None:  # the home of a module's parameter is not pickled: a module gives it a new one
        x = y = None
    elif not _is_announced(node):
        below = _Below(topological(node, allow_stale=True)[:-1])
        alive = [reference for reference in getattr(_pickling, "announced", ()) if reference() is not None]
        _pickling.announced = [weakref.ref(below), *alive]
    return _restore, (below, type(node), op, x, y, node._number, node.label, node._birth), node.grad


def _is_announced(node: Node) -> bool:
    """Whether this thread has told a pickler to take the node in its order."""
    for reference in getattr(_pickling, "announced", ()):
        below = reference()
        if below is not None and id(node) in below.ids:
            return True
    return False


def _restore(
    below: list[Node] | None, kind: type[N], op: Primitive | None, x: Any, y: Any, data: float, label: str, birth: int
) -> N:
    state.catch_up(birth)
    return _make(kind, op, x, y, data, label, birth)


def restore_grad(node: Node, grad: Any) -> None:
    """`__setstate__`: the derivative comes after the node, since it may lead back to it."""
    node.grad = grad

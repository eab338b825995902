"""What a picture of a graph shows: boxes for nodes, arrows with local derivatives, as texts and numbers without places."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from autograd_lite.engine.node import Node
from autograd_lite.engine.sweep import topological

__all__ = ["Mark", "Scene", "Shown", "scene_of", "shortened", "strength"]

FAR = 2
"""A leaf whose users stand further apart than so many columns is drawn again for each use."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One box.

    Attributes:
        kind: "leaf", "result" or "constant".
        title: the label, the operation's symbol, or both; of a constant its number.
        value: the number.
        grad: the derivative, None before backward.
        node: the position of the node in topological order, the same for all boxes of one leaf.
    """

    kind: str
    title: str
    value: float
    grad: float | None
    node: int


@dataclass(frozen=True, slots=True)
class Mark:
    """One arrow, from an argument to its user.

    Attributes:
        source, target: positions of the boxes.
        derivative: the local derivative z; None for a constant, and where no adjoint flows.
        flows: whether an adjoint flows: not to constants, nor through structural zeros.
        text: what stands on the arrow.
    """

    source: int
    target: int
    derivative: float | None
    flows: bool
    text: str


@dataclass(frozen=True, slots=True)
class Scene:
    """All boxes, arguments before their users, and all arrows; `digits` is the precision of the texts."""

    boxes: list[Shown]
    marks: list[Mark]
    digits: int

    def number(self, x: float | None) -> str:
        """A number as the picture shows it."""
        return "–" if x is None else format(x, f".{self.digits}g").replace("-", "−")


def shortened(text: str, most: int = 32) -> str:
    """A label as one line that any format can hold: no control characters, and of a long one the beginning alone."""
    start = text if len(text) <= most else f"{text[: most - 1]}…"
    return "".join(c if c.isprintable() else " " if c.isspace() else "�" for c in start)


def scene_of(value: Node, digits: int, limit: int) -> Scene:
    """The boxes and arrows of all that a value depends on.

    Raises:
        ValueError: if there are more boxes than the limit.
    """
    order = topological(value, allow_stale=True)
    _check(len(order), limit)
    number = {node: k for k, node in enumerate(order)}
    copied = _far_used(order)
    scene = Scene([], [], digits)
    box: dict[Node, int] = {}

    def add(node: Node) -> int:
        scene.boxes.append(_shown(node, number[node]))
        return len(scene.boxes) - 1

    for node in order:
        if node._op is None and node in copied:
            continue
        own: dict[Node, int] = {}
        sources = [_source(scene, arg, box, own, add) for arg in node.args]
        box[node] = add(node)
        _check(len(scene.boxes), limit)
        _mark(scene, node, sources, box[node])
    return scene


def _source(scene: Scene, arg: object, box: dict[Node, int], own: dict[Node, int], add: Callable[[Node], int]) -> int:
    """The box of an argument: a new one for a constant, and for a leaf that is drawn once per use."""
    if not isinstance(arg, Node):
        scene.boxes.append(Shown("constant", scene.number(float(arg)), float(arg), None, -1))  # type: ignore[arg-type]  # a float
        return len(scene.boxes) - 1
    if arg in box:
        return box[arg]
    if arg not in own:
        own[arg] = add(arg)
    return own[arg]


def _shown(node: Node, number: int) -> Shown:
    symbol = "" if node._op is None else node._op.symbol
    label = "" if node.label is None else shortened(str(node.label))
    title = f"{label} = {symbol}" if label and symbol else label or symbol
    grad = node.grad._number if isinstance(node.grad, Node) else node.grad
    return Shown("result" if node._op else "leaf", title, node._number, None if grad is None else float(grad), number)


def _mark(scene: Scene, node: Node, sources: list[int], target: int) -> None:
    """The arrows into a node; where a leaf was written since, the derivatives are of numbers no longer there."""
    if node._op is None:
        return
    args = node.args
    stale = any(isinstance(arg, Node) and arg._op is None and arg._birth > node._birth for arg in args)
    slopes = node._op.local_slopes(node.numbers, node._number)
    for arg, source, z in zip(args, sources, slopes, strict=True):
        if not isinstance(arg, Node):
            scene.marks.append(Mark(source, target, None, False, ""))
        elif stale:
            scene.marks.append(Mark(source, target, None, True, "?"))
        else:
            scene.marks.append(Mark(source, target, z, z is not None, "0" if z is None else scene.number(z)))


def _far_used(order: list[Node]) -> set[Node]:
    """The leaves whose users stand in columns far apart."""
    column: dict[Node, int] = {}
    nearest: dict[Node, int] = {}
    farthest: dict[Node, int] = {}
    for node in order:
        nodes = [arg for arg in node.args if isinstance(arg, Node)]
        own = column[node] = max((column[arg] + 1 for arg in nodes), default=0)
        for arg in nodes:
            if arg._op is None:
                nearest[arg] = min(nearest.get(arg, own), own)
                farthest[arg] = max(farthest.get(arg, own), own)
    return {leaf for leaf in nearest if farthest[leaf] - nearest[leaf] > FAR}


def _check(count: int, limit: int) -> None:
    if count > limit:
        raise ValueError(
            f"the graph has more than {limit} boxes, too many to see anything: draw an inner value, or say draw(value, "
            "limit=…) to have them all"
        )


def strength(x: float | None, largest: float) -> float:
    """How strongly a derivative colours its box, from 0 to 1: the root of its share of the largest one."""
    if x is None or math.isnan(x) or x == 0.0:
        return 0.0
    return 1.0 if abs(x) >= largest else math.sqrt(abs(x) / largest)

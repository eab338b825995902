"""The part of a graph that is shown: what is near a node, or lies between two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograd_lite.drawing.folding import Box, Folded, Item
from autograd_lite.drawing.scene import shortened
from autograd_lite.engine.node import Node

__all__ = ["Part", "items_of"]


@dataclass(frozen=True)
class Part:
    """Which part of a graph is shown.

    Attributes:
        around, radius: a node, and how many arrows away from it others may be.
        between: two nodes, of which all is shown that depends on the one and that the other depends on.
    """

    around: Node | None = None
    radius: int = 2
    between: tuple[Node, Node] | None = None

    def __post_init__(self) -> None:
        if self.around is not None and not isinstance(self.around, Node):
            raise TypeError(f"draw: around is of type {type(self.around).__name__}; it must be a Value of the graph")
        if type(self.radius) is not int or self.radius < 0:
            raise ValueError(f"draw: the radius is {self.radius!r}; it must be a whole number from 0 on")
        pair = self.between
        if pair is not None and not (isinstance(pair, tuple) and len(pair) == 2 and all(isinstance(n, Node) for n in pair)):
            raise TypeError(f"draw: between is {shortened(repr(pair), 60)}; it must be two Values of the graph, (w, loss)")

    @property
    def whole(self) -> bool:
        """Whether all of the graph is shown."""
        return self.around is None and self.between is None


def items_of(boxes: Sequence[Box], item_of: Mapping[Node, Item], part: Part) -> set[Item]:
    """The items of the part that is shown."""
    kept = {box.item for box in boxes}
    for what, nodes in (("around", (part.around,)), ("between", part.between)):
        for node in nodes or ():
            if node is not None and node not in item_of:
                raise ValueError(f"draw: {what} has a Value that the drawn one does not depend on; it must be in its graph")
    if part.between is not None:
        start, end = part.between
        kept = _on_ways(boxes, _holding(boxes, item_of, start), item_of[end])
        if not kept:
            raise ValueError("draw: between has two Values of which the second does not depend on the first: (w, loss)")
    if part.around is not None:
        kept &= _near(boxes, _holding(boxes, item_of, part.around), part.radius)
        if not kept:
            raise ValueError(
                f"draw: nothing that is between the two Values is within a radius of {part.radius} around the third one: "
                "give a larger radius, or one of the two options alone"
            )
    return kept


def _holding(boxes: Sequence[Box], item_of: Mapping[Node, Item], node: Node) -> set[Item]:
    """The box of a node; of a leaf in a group whose runs have boxes of their own, those of all runs that use it."""
    own = item_of[node]
    if isinstance(own, Node) or node._op is not None:
        return {own}
    runs = [box.item for box in boxes if isinstance(box.item, Folded) and box.item.group is own.group]
    users = {item_of[user] for user in item_of if any(arg is node for arg in user.args)} if len(runs) > 1 else set()
    return {own, *[run for run in runs if run in users]}


def _on_ways(boxes: Sequence[Box], starts: set[Item], end: Item) -> set[Item]:
    """The items that are reached from one of the starts, and that reach the end."""
    after = set(starts)
    for box in boxes:
        if any(item in after for item in box.edges):
            after.add(box.item)
    ahead = {end}
    for box in reversed(boxes):
        if box.item in ahead:
            ahead |= set(box.edges)
    return after & ahead


def _near(boxes: Sequence[Box], starts: set[Item], radius: int) -> set[Item]:
    """The items at most so many arrows away from one of the starts, whichever way the arrows lead."""
    beside: dict[Item, list[Item]] = {box.item: list(box.edges) for box in boxes}
    for box in boxes:
        for other in box.edges:
            beside[other].append(box.item)
    near, rim = set(starts), set(starts)
    while rim and radius > 0:
        rim = {other for item in rim for other in beside[item]} - near
        near |= rim
        radius -= 1
    return near

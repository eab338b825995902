"""Folding: which nodes of a graph become one box, so that a large graph is read from its parts.

A folded group with all its runs is one box. Where that would make arrows run in a circle, as of a part that is used again on
what others made of its results, each run has a box of its own.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from autograd_lite.drawing.groups import Group, Grouping, grouping_of
from autograd_lite.engine.node import Node

__all__ = ["Box", "Folded", "Folding", "Item", "folded"]

Item: TypeAlias = "Node | Folded"
"""What has a box of its own."""


@dataclass(frozen=True)
class Folding:
    """Which groups of a graph are folded.

    Attributes:
        depth: groups so deep are, and groups that have no others in them; None for no depth.
        fold, unfold: names or modules of groups that are and are not, whatever their depth.
        unrolled: whether each run of a group is a box of its own.
    """

    depth: int | None = None
    fold: tuple[Any, ...] = ()
    unfold: tuple[Any, ...] = ()
    unrolled: bool = False

    def __post_init__(self) -> None:
        if self.depth is not None and (type(self.depth) is not int or self.depth < 1):
            raise ValueError(
                f"draw: the depth is {self.depth!r}; it must be a whole number from 1 on, or None for all nodes"
            )

    @property
    def anything(self) -> bool:
        """Whether any group is to be folded, or named."""
        return self.depth is not None or bool(self.fold) or bool(self.unfold)


class Folded:
    """A group in one box, or one run of it.

    Attributes:
        group: the group.
        run: which of its runs, from 1 on; 0 for all of them.
        members: the positions of its nodes in topological order.
    """

    def __init__(self, group: Group, run: int) -> None:
        self.group = group
        self.run = run
        self.members: list[int] = []


@dataclass(frozen=True)
class Box:
    """What has a box of its own, with the edges that arrive from others.

    Attributes:
        item: a node or a folded group.
        edges: by what they come from, each as the position of the user and the place of the argument.
    """

    item: Item
    edges: dict[Item, list[tuple[int, int]]]


def folded(order: Sequence[Node], folding: Folding) -> list[Box]:
    """The boxes of a graph of which groups are folded, arguments before their users.

    Arguments:
        order: the nodes in topological order.
        folding: what is to be folded.

    Raises:
        ValueError: for a name or module that no group has.

    >>> from autograd_lite.engine.sweep import topological
    >>> from autograd_lite.nn import MLP
    >>> output = MLP(1, [1, 1], seed=0)([0.5]).tanh()
    >>> boxes = folded(topological(output), Folding(depth=2))
    >>> [box.item.group.path for box in boxes[:2]], len(boxes)
    (['MLP/layers.0', 'MLP/layers.1'], 3)
    """
    named = (*folding.fold, *folding.unfold)
    grouping = grouping_of(order, None if named else folding.depth)
    closed = _closed(grouping.whole, folding)
    apart = set(closed) if folding.unrolled else set()
    while True:
        boxes = _boxes(order, _items(order, grouping, closed, apart))
        found = _sorted(boxes)
        if len(found) == len(boxes):
            return found
        circling = [box.item.group for box in _circling(boxes) if isinstance(box.item, Folded)]
        joined = [group for group in circling if group not in apart]
        # Runs that still circle, as those of threads may, are drawn node by node.
        apart |= set(joined)
        closed -= set() if joined else set(circling)


def _closed(whole: Group, folding: Folding) -> set[Group]:
    """The groups that are folded; what is in one of them is not looked at."""
    groups = list(whole.within())
    fold, unfold = _named(groups, folding.fold), _named(groups, folding.unfold)
    open_ = {around for group in unfold for around in group.around}
    closed = set()
    for group in groups:
        deep = folding.depth is not None and (group.depth >= folding.depth or not group.inner)
        if group not in open_ and (deep or group in fold):
            closed.add(group)
    return closed


def _named(groups: Iterable[Group], wanted: Iterable[Any]) -> list[Group]:
    """The groups that have a path, else those whose path ends in it, and those of a module.

    A scope's name may be longer than the one in its path, and have other signs: as it was given it is known too.
    """
    found = []
    for one in wanted:
        if isinstance(one, str):
            own = [group for group in groups if group.path == one]
            own = own or [group for group in groups if group.path.endswith(f"/{one}")]
            own = own or [group for group in groups if isinstance(group.owner, str) and group.owner == one]
        else:
            own = [group for group in groups if group.owner is one]
        if not own:
            paths = [group.path for group in groups]
            listed = ", ".join(map(repr, paths[:8])) + (" …" if len(paths) > 8 else "")
            there = f"its groups are {listed}" if paths else "it has none: use name_scope, or modules"
            raise ValueError(f"draw: the graph has no group {one!r:.60}; {there}")
        found += own
    return found


def _items(order: Sequence[Node], grouping: Grouping, closed: set[Group], apart: set[Group]) -> dict[Node, Item]:
    """For each node what has the box that it is in."""
    outer: dict[Group | None, Group | None] = {grouping.whole: None}
    for group in grouping.whole.within():
        outer[group] = outer[group.parent] or (group if group in closed else None)
    boxes: dict[Group, dict[Any, Folded]] = {}
    items: dict[Node, Item] = {}
    for are_leaves in (False, True):  # results first: of several runs, the first one has the group's leaves
        for position, node in enumerate(order):
            if (node._op is None) is not are_leaves:
                continue
            around = outer[grouping.group[node]]
            if around is None:
                items[node] = node
                continue
            made = boxes.setdefault(around, {})
            one = are_leaves or around not in apart
            run = next(iter(made), None) if one else grouping.frames[node][around.depth - 1]
            if run not in made:
                made[run] = Folded(around, len(made) + 1 if around in apart else 0)
            items[node] = made[run]
            made[run].members.append(position)
    for made in boxes.values():
        for item in made.values():
            item.members.sort()
    return items


def _boxes(order: Sequence[Node], items: Mapping[Node, Item]) -> list[Box]:
    """The boxes in the order of their first nodes, with all edges between them."""
    boxes: dict[Item, Box] = {}
    for position, node in enumerate(order):
        target = items[node]
        edges = (boxes.get(target) or boxes.setdefault(target, Box(target, {}))).edges
        for place, arg in enumerate(node.args):
            if type(arg) is float or (source := items[arg]) is target:
                continue
            if arg._op is not None or not _same_group(source, target):
                if source in edges:
                    edges[source].append((position, place))
                else:
                    edges[source] = [(position, place)]
    return list(boxes.values())


def _same_group(some: Item, other: Item) -> bool:
    """Whether two boxes are runs of one group, of which each has the group's leaves."""
    return isinstance(some, Folded) and isinstance(other, Folded) and some.group is other.group


def _sorted(boxes: Sequence[Box]) -> list[Box]:
    """The boxes with arguments before their users, the given order kept where it can be; without what runs in circles."""
    return _removed(boxes, {box.item: list(box.edges) for box in boxes})


def _removed(boxes: Sequence[Box], before: Mapping[Item, list[Item]]) -> list[Box]:
    """The boxes in the order in which all that comes before each has gone."""
    place = {box.item: k for k, box in enumerate(boxes)}
    left = {item: len(items) for item, items in before.items()}
    after: dict[Item, list[Item]] = {box.item: [] for box in boxes}
    for item, items in before.items():
        for other in items:
            after[other].append(item)
    ready = [place[item] for item, count in left.items() if not count]
    heapq.heapify(ready)
    found = []
    while ready:
        box = boxes[heapq.heappop(ready)]
        found.append(box)
        for item in after[box.item]:
            left[item] -= 1
            if not left[item]:
                heapq.heappush(ready, place[item])
    return found


def _circling(boxes: Sequence[Box]) -> list[Box]:
    """The boxes on circles and between them: what is left when none has only arrows in, or only arrows out."""
    gone = {box.item for box in _sorted(boxes)}
    left = [box for box in boxes if box.item not in gone]
    after: dict[Item, list[Item]] = {box.item: [] for box in left}
    for box in left:
        for source in box.edges:
            if source in after:
                after[source].append(box.item)
    ends = {box.item for box in _removed(left, after)}
    return [box for box in left if box.item not in ends]

"""The pictures among which one chooses while stepping: all groups folded, one of them open, or every node."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from autograd_lite.drawing.folded_scene import folded_scene, group_lines, largest_of
from autograd_lite.drawing.folding import Folding
from autograd_lite.drawing.groups import Group, grouping_of
from autograd_lite.drawing.part import Part
from autograd_lite.drawing.scene import Scene, Shown
from autograd_lite.engine.node import Node

__all__ = ["View", "views_of"]

MOST = 40_000
"""Boxes and arrows in all pictures of a page together, each of some hundred bytes."""

ALL = "all nodes"


@dataclass(frozen=True)
class View:
    """One picture of the graph.

    Attributes:
        name: what it is called: the path of the group that is open, "overview" or "all nodes".
        group: the path of the group that is open; "" of the others.
        scene: the picture.
        arrow: for each arrow of the whole graph the one that stands for it here; −1 for one within a folded group.
        text_from: for each arrow the step from which on its text is known.
    """

    name: str
    group: str
    scene: Scene
    arrow: tuple[int, ...]
    text_from: tuple[int, ...]


def views_of(
    order: Sequence[Node],
    whole: Scene,
    depth: int | None,
    named: Callable[[Shown], Shown],
    totals: Sequence[float | None],
    known: Sequence[int],
    swept: Sequence[int],
) -> tuple[View, ...]:
    """The pictures of a graph, that to begin with first: the whole of it, or with a depth the groups of that depth.

    Arguments:
        order: the nodes in topological order.
        whole: the picture of all nodes.
        depth: how deep groups are open at first; None for no groups at all.
        named: gives a box the name and derivative that it has in the steps.
        totals: the derivative with respect to each node.
        known, swept: the steps at which the value and the derivative of each node are computed.

    Raises:
        ValueError: for a depth that makes no sense, and for pictures that are too large together.
    """
    edges = [mark.edges[0] for mark in whole.marks]
    if depth is None:
        return (_view(ALL, "", whole, edges, order, known, swept),)
    foldings = {"": Folding(depth)}
    for group in sorted(grouping_of(order).whole.within(), key=_place):
        foldings[group.path] = Folding(depth, unfold=(group.path,))
    views: list[View] = []
    size = len(whole.boxes) + len(whole.marks)
    for path, folding in foldings.items():
        scene = folded_scene(order, whole.digits, MOST, {}, folding, Part())
        size += len(scene.boxes) + len(scene.marks)
        if size > MOST:
            raise ValueError(
                f"step_through: {len(foldings):,} groups to open one by one are too many: give a larger depth, an inner "
                "value, or no depth, which shows all nodes"
            )
        boxes = [_summed(named(shown), scene, order, totals) for shown in scene.boxes]
        found = replace(scene, boxes=boxes)
        if not views or found.boxes not in (views[0].scene.boxes, whole.boxes):
            views.append(_view(path or "overview", path, found, edges, order, known, swept))
    return (*views, _view(ALL, "", whole, edges, order, known, swept))


def _place(group: Group) -> list[tuple[int, str]]:
    """Sorts names as readers do: layers.2 before layers.10."""
    return [(int(digits or -1), text) for text, digits in re.findall(r"(\D*)(\d*)", group.path)]


def _summed(shown: Shown, scene: Scene, order: Sequence[Node], totals: Sequence[float | None]) -> Shown:
    """A group's box with the derivatives of the steps."""
    if not shown.group:
        return shown
    largest = largest_of(s for k in shown.members if (s := totals[k]) is not None)
    return replace(shown, lines=group_lines(scene, [order[k] for k in shown.members], largest), heat=largest)


def _view(
    name: str,
    group: str,
    scene: Scene,
    edges: Sequence[tuple[int, int]],
    order: Sequence[Node],
    known: Sequence[int],
    swept: Sequence[int],
) -> View:
    arrow = {edge: k for k, mark in enumerate(scene.marks) for edge in mark.edges}
    number = {node: k for k, node in enumerate(order)}
    text_from = []
    for mark in scene.marks:
        box = scene.boxes[mark.target]
        alone = not box.group and not scene.boxes[mark.source].group
        # On an arrow for many edges stands what flows back, which comes with the last derivative that it goes to.
        args = [order[user].args[place] for user, place in mark.edges]
        text_from.append(known[box.node] if alone else max(swept[number[arg]] for arg in args if isinstance(arg, Node)))
    return View(name, group, scene, tuple([arrow.get(edge, -1) for edge in edges]), tuple(text_from))

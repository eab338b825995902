"""The scene of a graph of which groups are folded, or of which a part is shown alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias

from autograd_lite.drawing.folding import Box, Folded, Folding, Item, folded
from autograd_lite.drawing.nodes import is_stale
from autograd_lite.drawing.part import Part, items_of
from autograd_lite.drawing.scene import Mark, Scene, Shown, add_marks, check_limit, far_used, shortened, shown_of
from autograd_lite.engine.node import Node
from autograd_lite.engine.sweep import reverse

__all__ = ["folded_scene", "group_lines", "largest_of"]

LONGEST, MOST_NAMED = 48, 8
"""Characters, of a group's title; and arguments of a node that are not shown, each under its name."""

Slopes: TypeAlias = dict[int, tuple[Sequence[Any], float | None, Sequence[float | None]]]
"""Of nodes, by their positions, the arguments, the derivative that arrives or None, and the local ones if one does."""


class _Builder:
    """A scene in the making.

    Attributes:
        order, number: the graph's nodes in topological order, and their positions.
    """

    def __init__(self, order: Sequence[Node], digits: int, names: Mapping[Node, str]) -> None:
        self.order = order
        self.number = {node: k for k, node in enumerate(self.order)}
        self.names = names
        self.scene = Scene([], [], digits)
        self.place: dict[Item, int] = {}
        self.copied: set[Item] = set()

    def add(self, shown: Shown) -> int:
        self.scene.boxes.append(shown)
        return len(self.scene.boxes) - 1

    # --- boxes -----------------------------------------------------------------------------------------------------------

    def shown(self, item: Item) -> Shown:
        """The box of a node, or of a group with what its nodes have in common."""
        if isinstance(item, Node):
            return shown_of(item, self.number[item], self.names)
        nodes = [self.order[k] for k in item.members]
        group, runs = item.group, item.group.runs
        grads = [float(g._number if isinstance(g, Node) else g) for node in nodes if (g := node.grad) is not None]
        largest = largest_of(grads)
        return Shown(
            "group",
            _title(group.path, f" {item.run}" if item.run else f" ×{runs:,}" if runs > 1 else ""),
            math.nan,
            None,
            -1,
            lines=group_lines(self.scene, nodes, largest),
            heat=largest,
            group=group.path,
            members=tuple(item.members),
        )

    # --- arrows ----------------------------------------------------------------------------------------------------------

    def node(self, node: Node, kept: set[Item], item_of: Mapping[Node, Item], near: dict[Item, int]) -> None:
        """The box of a result or leaf and the arrows that arrive there, one for each node, one for all from a group."""
        sources: list[int | None] = []
        groups: dict[Item | None, list[tuple[int, int]]] = {}
        many = sum(isinstance(arg, Node) and item_of[arg] not in kept for arg in node.args) > MOST_NAMED
        for place, arg in enumerate(node.args):
            if not isinstance(arg, Node):
                sources.append(self.add(Shown("constant", self.scene.number(float(arg)), float(arg), None, -1)))
            elif item_of[arg] not in kept and not many:
                sources.append(self.add(self.elsewhere(arg)))
            elif item_of[arg] not in kept or isinstance(item_of[arg], Folded):
                groups.setdefault(item_of[arg] if item_of[arg] in kept else None, []).append((self.number[node], place))
                sources.append(None)
            else:
                sources.append(self.source(arg, near))
        others = self.add(Shown("elsewhere", f"… {len(groups[None]):,} others", math.nan, None, -1)) if many else -1
        target = self.place[node] = self.add(self.shown(node))
        add_marks(self.scene, node, self.number[node], sources, target)
        slopes: Slopes = {}
        for group, edges in groups.items():
            self.scene.marks.append(self.bundle(others if group is None else self.place[group], target, edges, slopes))

    def group(self, box: Box, kept: set[Item], near: dict[Item, int]) -> None:
        """The box of a group and the arrows that arrive there, one from each other box."""
        arrows = [
            (self.source(item, near) if isinstance(item, Node) else self.place[item], edges)
            for item, edges in box.edges.items()
            if item in kept
        ]
        target = self.place[box.item] = self.add(self.shown(box.item))
        slopes: Slopes = {}
        self.scene.marks.extend([self.bundle(source, target, edges, slopes) for source, edges in arrows])

    def source(self, item: Item, near: dict[Item, int]) -> int:
        """The box of an argument: its own, or for a leaf that is drawn once per use a new one for each user."""
        if item in self.place:
            return self.place[item]
        if item not in near:
            near[item] = self.add(self.shown(item))
        return near[item]

    def elsewhere(self, arg: Node) -> Shown:
        """What stands for an argument that is not shown: its name, or its number."""
        name = shortened(str(arg.label)) if arg.label not in (None, "") else self.names.get(arg, "")
        return Shown("elsewhere", f"… {name or self.scene.number(arg._number)}", arg._number, None, -1)

    def bundle(self, source: int, target: int, edges: list[tuple[int, int]], slopes: Slopes) -> Mark:
        """One arrow for many edges, with what flows back there: to one node a derivative, to several the norm of theirs."""
        flowing: dict[Node, float] = {}
        sources: set[Node] = set()
        for user, places in groupby(edges, itemgetter(0)):
            if user not in slopes:
                slopes[user] = self.slopes(self.order[user])
            args, s, own = slopes[user]
            for _, place in places:
                arg = args[place]
                sources.add(arg)
                if s is not None and (z := own[place]) is not None:
                    flowing[arg] = flowing.get(arg, 0.0) + s * z
        number = self.scene.number
        if self.stale:
            text = "?"
        elif len(sources) == 1:
            text = f"∂ {number(next(iter(flowing.values()), 0.0))}"
        else:
            text = f"‖∂‖ {number(math.hypot(*flowing.values()))} of {len(sources):,}"
        return Mark(source, target, None, self.stale or bool(flowing), text, tuple(edges))

    def slopes(self, node: Node) -> tuple[Sequence[Any], float | None, Sequence[float | None]]:
        """What `Slopes` has of a node."""
        op, s = node._op, self.adjoint.get(node)
        return node.args, s, () if op is None or s is None else op.local_slopes(node.numbers, node._number)

    @cached_property
    def adjoint(self) -> Mapping[Node, float | None]:
        """The derivative of the output with respect to each node; none of a graph that leaves were written in since."""
        return {} if self.stale else reverse(self.order[-1], order=self.order)

    @cached_property
    def stale(self) -> bool:
        """Whether a leaf was written since the graph was made, so that its derivatives are those of numbers gone."""
        oldest = min([node._birth for node in self.order if node._op is not None], default=0)
        youngest = max([node._birth for node in self.order if node._op is None], default=0)
        return youngest > oldest and any(map(is_stale, self.order))


def _title(path: str, run: str) -> str:
    """The end of a path, which tells groups apart, and the run."""
    room = LONGEST - len(run)
    return (path if len(path) <= room else f"…{path[1 - room :]}") + run


def largest_of(grads: Iterable[float]) -> float | None:
    """The size of the largest derivative; nan if one is, since it is larger than none."""
    sizes = [abs(grad) for grad in grads]
    return math.nan if any(size != size for size in sizes) else max(sizes, default=None)


def group_lines(scene: Scene, nodes: Sequence[Node], largest: float | None) -> tuple[str, ...]:
    """What the box of a group says of its nodes, the largest derivative of which is given."""
    results = [node._number for node in nodes if node._op is not None]
    numbers = [x for x in results if x == x]
    leaves, nans = len(nodes) - len(results), len(results) - len(numbers)
    lines = [f"{len(results):,} operation{'s' * (len(results) != 1)}"]
    lines += [f"{leaves:,} lea{'ves' if leaves > 1 else 'f'}"] if leaves else []
    lines += [f"{scene.number(min(numbers))} … {scene.number(max(numbers))}"] if numbers else []
    lines += [f"{nans:,} nan"] if nans else []
    return (*lines, f"|grad| {'–' if largest is None else f'≤ {scene.number(largest)}'}")


def folded_scene(
    order: Sequence[Node], digits: int, limit: int, names: Mapping[Node, str], folding: Folding, part: Part
) -> Scene:
    """The boxes and arrows of a graph with groups folded, or of a part of it.

    Arguments:
        order: the graph's nodes in topological order.
        digits, limit, names: see `scene_of`.
        folding, part: what is folded, and what is shown.

    Raises:
        ValueError: if there are more boxes than the limit, or the graph has not what is asked for.
    """
    builder = _Builder(order, digits, names)
    boxes = folded(builder.order, folding)
    item_of: dict[Node, Item] = {}
    for box in boxes:
        members = [box.item] if isinstance(box.item, Node) else [builder.order[k] for k in box.item.members]
        item_of |= dict.fromkeys(members, box.item)
    kept = items_of(boxes, item_of, part)
    grouped = any(isinstance(box.item, Folded) for box in boxes)
    instead = "fold more of it, with a smaller depth" if grouped else "it has no groups yet, so use name_scope or modules"
    check_limit(len(kept), limit, instead)
    shown = [box for box in boxes if box.item in kept]
    builder.copied = far_used((box.item, [item for item in box.edges if item in kept]) for box in shown)
    for box in shown:
        near: dict[Item, int] = {}
        if isinstance(box.item, Folded):
            builder.group(box, kept, near)
        elif box.item not in builder.copied:
            builder.node(box.item, kept, item_of, near)
        check_limit(len(builder.scene.boxes), limit, instead)
    drawn = sum(1 if isinstance(item, Node) else len(item.members) for item in kept)
    return replace(builder.scene, hidden=len(order) - drawn)

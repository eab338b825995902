"""What a picture of a graph shows: boxes for nodes, arrows with local derivatives, as texts and numbers without places."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

from autograd_lite.drawing.nodes import derivative_of, is_stale
from autograd_lite.engine.node import Node
from autograd_lite.engine.sweep import topological

__all__ = ["Heat", "Look", "Mark", "Scene", "Shown", "Trail"]
__all__ += ["add_marks", "check_limit", "far_used", "scene_of", "shortened", "shown_of", "strength"]

FAR = 2
"""A leaf whose users stand further apart than so many columns is drawn again for each use."""

Item = TypeVar("Item", bound=Hashable)

NO_NAMES: Mapping[Node, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Shown:
    """One box.

    Attributes:
        kind: "leaf", "result", "constant", "group", or "elsewhere" of an argument that is not drawn but named; and perhaps a
            further word, as in "leaf added".
        title: the label, the operation's symbol, or both; of a constant its number; of a group its name.
        value: the number; of a group nan.
        grad: the derivative, None before backward; of a group None.
        node: the position of the node in topological order, the same for all boxes of one leaf; of a group −1.
        lines: what stands below the title in place of number and derivative.
        notes: what stands below them.
        state: "dead" or "saturated", of a unit that learns nothing.
        heat: the number that colours it, where that is not the size of its derivative.
        pale: whether it is drawn faintly, since it is beside the point.
        group: the name of the group that it stands for; "" of a box for one node.
        members: of a group, the positions of its nodes.
    """

    kind: str
    title: str
    value: float
    grad: float | None
    node: int
    lines: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    state: str = ""
    heat: float | None = None
    pale: bool = False
    group: str = ""
    members: tuple[int, ...] = ()

    @property
    def bare(self) -> bool:
        """Whether it is a text alone, without a frame."""
        return self.kind in ("constant", "elsewhere")

    @property
    def warmth(self) -> float | None:
        """The number that colours it."""
        return self.grad if self.heat is None else self.heat


@dataclass(frozen=True, slots=True)
class Mark:
    """One arrow, from an argument to its user.

    Attributes:
        source, target: positions of the boxes.
        derivative: the local derivative z; None for a constant, where no adjoint flows, and for many edges as one.
        flows: whether an adjoint flows: not to constants, nor through structural zeros.
        text: what stands on the arrow.
        edges: the edges that it stands for, each as the position of the user's node and the argument's place there.
        weight: what flows along it of the derivative towards a chosen node; None where none is chosen.
        ranks: the highlighted paths that take it, from 1.
        pale: as for boxes.
    """

    source: int
    target: int
    derivative: float | None
    flows: bool
    text: str
    edges: tuple[tuple[int, int], ...] = ()
    weight: float | None = None
    ranks: tuple[int, ...] = ()
    pale: bool = False


@dataclass(frozen=True, slots=True)
class Heat:
    """The derivative towards a chosen node, by whose parts a scene is coloured.

    Attributes:
        name: of the node.
        derivative: the sum of the products of all paths.
        magnitude: the sum of their absolute values.
    """

    name: str
    derivative: float
    magnitude: float


@dataclass(frozen=True, slots=True)
class Trail:
    """A highlighted path, as texts for the legend."""

    rank: int
    product: str
    share: str


@dataclass(frozen=True, slots=True)
class Look:
    """How a scene is drawn.

    Attributes:
        down: from top to bottom, and not from left to right.
        theme: "light", "dark", or "auto", which follows the reader's screen where the format can.
        legend: whether it is explained below the picture what colours, strokes and marks mean.
    """

    down: bool = False
    theme: str = "light"
    legend: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """All boxes, arguments before their users, and all arrows.

    Attributes:
        digits: the precision of the texts.
        look: how it is drawn.
        heat: the derivative by whose parts it is coloured; None where it is by the sizes of the boxes' derivatives.
        trails: the highlighted paths; `others` is how many more the ledger has.
        hidden: how many nodes of the graph are in no box.
    """

    boxes: list[Shown]
    marks: list[Mark]
    digits: int
    look: Look = Look()
    heat: Heat | None = None
    trails: tuple[Trail, ...] = ()
    others: int = 0
    hidden: int = 0

    @property
    def largest(self) -> float:
        """The number that has the deepest colour; inf where there is none to compare with."""
        if self.heat is not None:
            return self.heat.magnitude if math.isfinite(self.heat.magnitude) else math.inf
        warmths = [b.warmth for b in self.boxes]
        return max([abs(x) for x in warmths if x is not None and math.isfinite(x)], default=0.0)

    def width_of(self, mark: Mark) -> float | None:
        """What share flows along an arrow, from 0 to 1, where that is known."""
        if mark.weight is None or self.heat is None:
            return None
        share = abs(mark.weight) / self.heat.magnitude if 0.0 < self.heat.magnitude < math.inf else 0.0
        return min(share, 1.0) if share == share else 0.0

    def number(self, x: float | None) -> str:
        """A number as the picture shows it."""
        return "–" if x is None else format(x, f".{self.digits}g").replace("-", "−")


def shortened(text: str, most: int = 32) -> str:
    """A label as one line that any format can hold: no control characters, and of a long one the beginning alone."""
    start = text if len(text) <= most else f"{text[: most - 1]}…"
    return "".join(c if c.isprintable() else " " if c.isspace() else "�" for c in start)


def scene_of(value: Node, digits: int, limit: int, names: Mapping[Node, str] = NO_NAMES) -> Scene:
    """The boxes and arrows of all that a value depends on.

    Arguments:
        names: of nodes that have no label of their own.

    Raises:
        ValueError: if there are more boxes than the limit.
    """
    order = topological(value, allow_stale=True)
    check_limit(len(order), limit)
    number = {node: k for k, node in enumerate(order)}
    copied = far_used((node, [arg for arg in node.args if isinstance(arg, Node)]) for node in order)
    scene = Scene([], [], digits)
    box: dict[Node, int] = {}

    def add(node: Node) -> int:
        scene.boxes.append(shown_of(node, number[node], names))
        return len(scene.boxes) - 1

    for node in order:
        if node._op is None and node in copied:
            continue
        own: dict[Node, int] = {}
        sources = [_source(scene, arg, box, own, add) for arg in node.args]
        box[node] = add(node)
        check_limit(len(scene.boxes), limit)
        add_marks(scene, node, number[node], sources, box[node])
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


def shown_of(node: Node, number: int, names: Mapping[Node, str]) -> Shown:
    """The box of a node."""
    symbol = "" if node._op is None else node._op.symbol
    label = names.get(node, "") if node.label in (None, "") else shortened(str(node.label))
    title = f"{label} = {symbol}" if label and symbol else label or symbol
    return Shown("result" if node._op else "leaf", title, node._number, derivative_of(node), number)


def add_marks(scene: Scene, node: Node, number: int, sources: Sequence[int | None], target: int) -> None:
    """The arrows into a node, but for those whose source is None.

    Where a leaf was written since, the derivatives are of numbers no longer there.
    """
    if node._op is None:
        return
    stale = is_stale(node)
    slopes = node._op.local_slopes(node.numbers, node._number)
    for place, (arg, source, z) in enumerate(zip(node.args, sources, slopes, strict=True)):
        edges = ((number, place),)
        if source is None:
            continue
        if not isinstance(arg, Node):
            scene.marks.append(Mark(source, target, None, False, "", edges))
        elif stale:
            scene.marks.append(Mark(source, target, None, True, "?", edges))
        else:
            scene.marks.append(Mark(source, target, z, z is not None, "0" if z is None else scene.number(z), edges))


def far_used(uses: Iterable[tuple[Item, Sequence[Item]]]) -> set[Item]:
    """The leaves whose users stand in columns far apart.

    Arguments:
        uses: what has a box, arguments before their users, each with the boxes that its arrows come from.
    """
    column: dict[Item, int] = {}
    nearest: dict[Item, int] = {}
    farthest: dict[Item, int] = {}
    for item, sources in uses:
        own = column[item] = max([column[source] + 1 for source in sources], default=0)
        for source in sources:
            if isinstance(source, Node) and source._op is None:
                nearest[source] = min(nearest.get(source, own), own)
                farthest[source] = max(farthest.get(source, own), own)
    return {leaf for leaf in nearest if farthest[leaf] - nearest[leaf] > FAR}


FOLD = "fold its modules and scopes, draw(value, depth=1)"


def check_limit(count: int, limit: int, instead: str = FOLD) -> None:
    """Refuses more boxes than a picture may have, and says what to do instead."""
    if count > limit:
        raise ValueError(
            f"the graph has more than {limit} boxes, too many to see anything: {instead}, look around a node, draw(value, "
            "around=node), or have them all, draw(value, limit=…)"
        )


def strength(x: float | None, largest: float) -> float:
    """How strongly a derivative colours its box, from 0 to 1: the root of its share of the largest one."""
    if x is None or math.isnan(x) or x == 0.0:
        return 0.0
    return 1.0 if abs(x) >= largest else math.sqrt(abs(x) / largest)

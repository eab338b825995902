"""What differs between two graphs: nodes added, removed, and changed in their numbers, as text and as a picture."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from autograd_lite.drawing.nodes import derivative_of
from autograd_lite.drawing.options import check_digits, check_most
from autograd_lite.drawing.pairing import paired
from autograd_lite.drawing.picture import LIMIT as MOST_BOXES
from autograd_lite.drawing.picture import Picture
from autograd_lite.drawing.scene import Mark, Scene, Shown, check_limit, scene_of, shortened
from autograd_lite.engine.node import Node
from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.printing import named, short, short_formula
from autograd_lite.engine.sweep import topological

__all__ = ["Change", "Difference", "diff"]

LIMIT = 100_000
"""Nodes of each graph."""

SHOWN = 60
"""How many lines the text has for added, removed and changed nodes each."""

SHOWN_BOXES = 2000
"""Beyond so many a notebook shows the text in place of the picture."""

STYLE = (
    ".added .box{fill:#cfe8d5;stroke:#1b7837;stroke-width:3}"
    ".removed .box{fill:#f3d9ec;stroke:#762a83;stroke-width:3;stroke-dasharray:6 3}"
    ".changed .box{fill:#fff0c2;stroke:#8a6d00;stroke-width:3;stroke-dasharray:1 2}"
    ".same .box{fill:#fff}"
)
"""Green and purple are told apart by all eyes; frames and the words in the titles say the same without colour."""


@dataclass(frozen=True)
class Change:
    """A node of both graphs that is not the same in both.

    Attributes:
        before, after: the node in the first and in the second graph.
        name: its name.
        facts: what differs, in words.
    """

    before: Node
    after: Node
    name: str
    facts: tuple[str, ...]

    def __str__(self) -> str:
        return f"≠ {self.name}: {'; '.join(self.facts)}"


@dataclass(frozen=True)
class Difference:
    """What differs between two graphs; shows itself as text, and in a notebook as a picture. True if anything does.

    Attributes:
        output: of the second graph.
        added: nodes of the second graph that the first has not.
        removed: nodes of the first graph that the second has not.
        changed: nodes of both, with another number, derivative, operation or other arguments.
        partner: of each node of both graphs, the one in the second by the one in the first.
        names: of the nodes of both graphs; partners have one name.
    """

    output: Node
    added: tuple[Node, ...]
    removed: tuple[Node, ...]
    changed: tuple[Change, ...]
    partner: Mapping[Node, Node]
    names: Mapping[Node, str]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    def __str__(self) -> str:
        same = len(self.partner) - len(self.changed)
        head = f"{len(self.added):,} added, {len(self.removed):,} removed, {len(self.changed):,} changed, {same:,} the same"
        added, removed = self._told("+", self.added), self._told("−", self.removed)
        return "\n".join([head, *_cut(added), *_cut(removed), *_cut([str(change) for change in self.changed])])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        try:
            return self.draw(limit=SHOWN_BOXES)._repr_html_()
        except ValueError:  # too many boxes
            return f"<pre>{html.escape(str(self))}</pre>"

    def _told(self, sign: str, nodes: Sequence[Node]) -> list[str]:
        made = [" = ".join(filter(None, [self.names[node], short_formula(node, self.names)])) for node in nodes]
        return [f"{sign} {text}, value {short(node._number)}" for text, node in zip(made, nodes, strict=True)]

    def draw(self, *, digits: int = 4, limit: int = MOST_BOXES) -> Picture:
        """The second graph with the removed nodes beside it; words, frames and colours say what became of a box.

        A removed node has the arrows from its arguments, and none to users that are still there.

        Raises:
            ValueError: for digits or a limit that make no sense, and if there are more boxes than the limit.
        """
        check_digits("diff", digits)
        check_most("diff", limit)
        order = topological(self.output, allow_stale=True)
        added, changes = set(self.added), {change.after: change for change in self.changed}
        try:
            scene = scene_of(self.output, digits, limit)
            check_limit(len(scene.boxes) + len(self.removed), limit)
        except ValueError:  # its advice is for draw()
            raise ValueError(f"the difference has more than {limit} boxes: print it, or compare inner values") from None
        box: dict[Node, int] = {}
        for k, shown in enumerate(scene.boxes):
            if shown.node >= 0:
                node = order[shown.node]
                box[node] = k
                kind = "added" if node in added else "changed" if node in changes else "same"
                was = _was(scene, changes[node]) if node in changes else ""
                title = shown.title if kind == "same" else _titled(kind, shown.title) + was
                scene.boxes[k] = replace(shown, kind=f"{shown.kind} {kind}", title=title)
        place = {before: box[after] for before, after in self.partner.items()}
        for number, node in enumerate(self.removed, start=len(order)):
            place[node] = _add_removed(scene, node, place, number)
        return Picture(scene, "own", style=STYLE)


def _add_removed(scene: Scene, node: Node, box: Mapping[Node, int], number: int) -> int:
    """Adds the box of a removed node, and the arrows from its arguments or from what they have become."""
    kind, symbol = ("result", node._op.symbol) if node._op else ("leaf", "")
    title = " = ".join(filter(None, [shortened(str(node.label or "")), symbol]))
    target = len(scene.boxes)
    scene.boxes.append(Shown(f"{kind} removed", _titled("removed", title), node._number, derivative_of(node), number))
    for arg in node.args:
        if isinstance(arg, Node):
            scene.marks.append(Mark(box[arg], target, None, flows=False, text=""))
    return target


def _titled(state: str, title: str) -> str:
    return f"{state}: {title}" if title else state


def _was(scene: Scene, change: Change) -> str:
    """What a changed number was before."""
    before, after = change.before, change.after
    op = f", was {before._op.symbol}" if before._op and before._op is not after._op else ""
    value = f", was {scene.number(before._number)}" if _differ(before._number, after._number) else ""
    grad = (
        f", grad was {scene.number(derivative_of(before))}" if _differ(derivative_of(before), derivative_of(after)) else ""
    )
    return op + value + grad


def diff(first: Node, second: Node) -> Difference:
    """Compares two graphs: what was added, what removed, and what has another number or derivative.

    Nodes are the same by a label that no other node of their graph has, by their place below the outputs, or by being built
    alike. Numbers are compared to the bit.

    Arguments:
        first, second: the outputs, with all they depend on.

    Raises:
        TypeError: if one is not a Value.
        ValueError: if a graph has more than 100,000 nodes.

    >>> from autograd_lite import Value
    >>> x, w = Value(2.0, label="x"), Value(3.0, label="w")
    >>> print(diff(x * w, Value(2.5, label="x") * w + 1.0))
    1 added, 0 removed, 2 changed, 1 the same
    + v2 = v1 + 1, value 8.5
    ≠ x: value 2 → 2.5
    ≠ v1: value 6 → 7.5
    """
    orders = []
    for output in (first, second):
        if not isinstance(output, Node):
            raise TypeError(f"diff: a {type(output).__name__} was given; it must be a Value")
        orders.append(topological(output, allow_stale=True))
        if len(orders[-1]) > LIMIT:
            raise ValueError(f"diff: a graph has {len(orders[-1]):,} nodes, the limit is {LIMIT:,}: compare inner values")
    old, new = orders
    partner = paired(old, new)
    partners = set(partner.values())
    added = tuple([node for node in new if node not in partners])
    removed = tuple([node for node in old if node not in partner])
    names = named([*new, *removed])
    names |= {before: names[after] for before, after in partner.items()}
    changed = []
    for before, after in partner.items():
        facts = tuple(_facts(before, after, partner, names))
        if facts:
            changed.append(Change(before, after, names[after], facts))
    place = {node: k for k, node in enumerate(new)}
    changed.sort(key=lambda change: place[change.after])
    return Difference(second, added, removed, tuple(changed), partner, names)


def _facts(before: Node, after: Node, partner: Mapping[Node, Node], names: Mapping[Node, str]) -> Iterator[str]:
    if before._op is not after._op or not _same_arguments(before.args, after.args, partner):
        yield f"made by {short_formula(before, names) or 'nothing'} → {short_formula(after, names) or 'nothing'}"
    for what, x, y in (("value", before._number, after._number), ("gradient", derivative_of(before), derivative_of(after))):
        if _differ(x, y):
            texts = (short(x), short(y)) if short(x) != short(y) else (repr(x), repr(y))
            yield f"{what} {' → '.join(texts)}"


def _same_arguments(before: Sequence[Scalar], after: Sequence[Scalar], partner: Mapping[Node, Node]) -> bool:
    return len(before) == len(after) and all(
        partner.get(x) is y if isinstance(x, Node) else not isinstance(y, Node) and repr(x) == repr(y)
        for x, y in zip(before, after, strict=True)
    )


def _differ(x: float | None, y: float | None) -> bool:
    return repr(x) != repr(y)  # so that nan is nan, and -0.0 is not 0.0


def _cut(lines: list[str]) -> list[str]:
    return lines if len(lines) <= SHOWN else [*lines[:SHOWN], f"{lines[0][0]} … {len(lines) - SHOWN:,} more"]

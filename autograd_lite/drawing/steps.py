"""The two sweeps as data, step by step: what is computed at each, with the numbers as `sweep_table` writes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from autograd_lite.drawing.scene import Mark, Scene, Shown, scene_of
from autograd_lite.drawing.step_views import View, views_of
from autograd_lite.engine.node import Node
from autograd_lite.engine.notation import ATOM, SUM
from autograd_lite.engine.notation import Part as Written
from autograd_lite.engine.printing import operation, short
from autograd_lite.engine.sweep import topological
from autograd_lite.engine.sweep_table import Row, sweep_table

__all__ = ["Contribution", "Part", "Step", "Steps", "steps_of"]

DIGITS = 6
"""Of the numbers in the picture, as many as `sweep_table` shows."""

ARROWS = 5
"""So many arrows for each node that the limit allows: sums of thousands of terms are no easier to see than deep graphs."""


@dataclass(frozen=True)
class Contribution:
    """What one user adds to a node's derivative: the numbers as texts.

    Attributes:
        user: the user's number among the parts.
        s, z, product: S(user), the local derivative, and what they make.
        arrow: the number of the arrow that carries it.
    """

    user: int
    s: str
    z: str
    product: str
    arrow: int


@dataclass(frozen=True)
class Part:
    """A node as a reader sees it, in the texts of its row of `sweep_table`.

    Attributes:
        name: its name there.
        made: the name and how it is computed.
        value: its number.
        rule: the recurrence with its symbols and numbers.
        total: S(node); a dash where no adjoint flows to it.
        contributions: what its users add, in the order in which it is added.
    """

    name: str
    made: str
    value: str
    rule: str
    total: str
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True)
class Step:
    """One step of a sweep.

    Attributes:
        phase: "start", "forward" or "backward".
        node: the number of the part that is computed; −1 at the start.
        text: what is computed, with its numbers.
        spoken: the same in words, for those who hear it.
        arrows: the arrows whose numbers are used.
        used: the parts whose numbers are used.
    """

    phase: str
    node: int
    text: str
    spoken: str
    arrows: tuple[int, ...]
    used: tuple[int, ...]


@dataclass(frozen=True)
class Steps:
    """Both sweeps of a graph, as they were when `steps_of` was called.

    Attributes:
        parts: the nodes, arguments before their users.
        steps: the start, in which the leaves alone have numbers, then forward each result, then backward each node.
        views: the pictures, in which every box has its part's name and, for a derivative, its S; the first to begin with.
    """

    parts: tuple[Part, ...]
    steps: tuple[Step, ...]
    views: tuple[View, ...]

    @property
    def scene(self) -> Scene:
        """The picture to begin with."""
        return self.views[0].scene


def steps_of(output: Node, limit: int, depth: int | None = None) -> Steps:
    """The steps of the sweep forward to an output and of the sweep back from it.

    Arguments:
        limit: how many nodes at most.
        depth: folds groups so deep in the first picture, and makes one more for each group to open; None for all nodes.

    Raises:
        ValueError: if the graph has more nodes than the limit, or more than five times as many arrows.
        RuntimeError: if a leaf was written since the output was computed.

    >>> from autograd_lite import Value
    >>> a, b = Value(4.0, "a"), Value(3.0, "b")
    >>> for step in steps_of(a * (a + b), limit=100).steps:
    ...     print(step.text)
    the leaves have their numbers: a = 4, b = 3
    v1 = a + b = 4 + 3 = 7
    v2 = a * v1 = 4 * 7 = 28
    S(v2) = 1: the output
    S(v1) ⇐ S(v2)·z = 1·4 = 4
    S(b) ⇐ S(v1)·z = 4·1 = 4
    S(a) ⇐ S(v2)·z + S(v1)·z = 1·7 + 4·1 = 11
    """
    order = topological(output)
    arrows = sum(len(node.args) for node in order)
    if len(order) > limit or arrows > ARROWS * limit:
        raise ValueError(
            f"step_through: the graph has {len(order):,} nodes and {arrows:,} arrows, too many to step through; the limit "
            f"is {limit:,} nodes and {ARROWS * limit:,} arrows: step through an inner value, or read sweep_table()"
        )
    rows = sweep_table(output, limit).rows
    number = {row.node: len(rows) - 1 - k for k, row in enumerate(rows)}
    scene = scene_of(output, DIGITS, len(order) + arrows)
    carried = _carried(scene, rows)
    parts = tuple([_part(row, number, arrows_of) for row, arrows_of in zip(rows, carried, strict=True)][::-1])
    into = _into(scene, len(parts))
    steps = (
        _start(order, parts),
        *_forward(order, parts, number, into),
        *[_backward(number[row.node], parts[number[row.node]], row) for row in rows],
    )
    known, swept = [0] * len(parts), [0] * len(parts)
    for k, step in enumerate(steps):
        if step.phase != "start":
            (known if step.phase == "forward" else swept)[step.node] = k

    def named(shown: Shown) -> Shown:
        return _named(shown, parts, rows)

    whole = replace(scene, boxes=[named(shown) for shown in scene.boxes])
    totals = [row.total for row in reversed(rows)]
    return Steps(parts, steps, views_of(order, whole, depth, named, totals, known, swept))


# --- the picture ---------------------------------------------------------------------------------------------------------


def _named(shown: Shown, parts: tuple[Part, ...], rows: tuple[Row, ...]) -> Shown:
    """A box under its part's name, so that the S(name) of a text is found in the picture, and with S as its derivative."""
    if shown.node < 0:
        return shown
    name, row = parts[shown.node].name, rows[len(rows) - 1 - shown.node]
    title = name if row.node.op is None else f"{name} = {row.node.op.symbol}"
    return replace(shown, title=title, grad=row.total)


def _into(scene: Scene, count: int) -> list[list[int]]:
    """For each node the arrows that end there."""
    into: list[list[int]] = [[] for _ in range(count)]
    for arrow, mark in enumerate(scene.marks):
        into[_ends(scene, mark)[1]].append(arrow)
    return into


def _ends(scene: Scene, mark: Mark) -> tuple[int, int]:
    """The nodes at the ends of an arrow; a constant is none, −1."""
    return scene.boxes[mark.source].node, scene.boxes[mark.target].node


def _carried(scene: Scene, rows: tuple[Row, ...]) -> list[list[int]]:
    """For each row the arrows that carry its terms: those along which an adjoint flows, in the order in which they do."""
    into = _into(scene, len(rows))
    carried: list[list[int]] = [[] for _ in rows]
    for k, row in enumerate(rows):
        if row.total is None:
            continue
        for arrow in into[len(rows) - 1 - k]:
            if scene.marks[arrow].flows:
                carried[len(rows) - 1 - _ends(scene, scene.marks[arrow])[0]].append(arrow)
    return carried


# --- texts ---------------------------------------------------------------------------------------------------------------


def _part(row: Row, number: dict[Node, int], arrows: list[int]) -> Part:
    made, value, rule, total, _ = row.cells()
    pairs = zip(row.terms, arrows, strict=True)
    contributions = [
        Contribution(number[term.user], short(term.s), short(term.z), short(term.product), arrow) for term, arrow in pairs
    ]
    return Part(row.name, made, value, rule, total, tuple(contributions))


SHOWN_LEAVES = 12


def _start(order: list[Node], parts: tuple[Part, ...]) -> Step:
    leaves = [f"{part.name} = {part.value}" for node, part in zip(order, parts, strict=True) if node.op is None]
    more = [f"… {len(leaves) - SHOWN_LEAVES} more"] * (len(leaves) > SHOWN_LEAVES)
    text = f"the leaves have their numbers: {', '.join(leaves[:SHOWN_LEAVES] + more)}"
    return Step("start", -1, text, f"Start: {text}", (), ())


def _forward(order: list[Node], parts: tuple[Part, ...], number: dict[Node, int], into: list[list[int]]) -> Iterator[Step]:
    """The numbers appear, arguments before their users."""
    for k, node in enumerate(order):
        if node.op is not None:
            part, args = parts[k], [arg for arg in node.args if isinstance(arg, Node)]
            numbers = operation(node.op, [_written(x) for x in node.numbers], latex=False).text
            text = f"{part.made} = {numbers} = {part.value}"
            spoken = f"Forward: {part.made}, with numbers {numbers}, equals {part.value}"
            yield Step("forward", k, text, spoken, tuple(into[k]), tuple(dict.fromkeys([number[arg] for arg in args])))


def _written(x: float) -> Written:
    return Written(short(x), SUM if x < 0.0 else ATOM)


def _backward(k: int, part: Part, row: Row) -> Step:
    terms = part.contributions
    if terms:
        text = f"S({part.name}) ⇐ {part.rule} = {part.total}"
        sum_of = ", plus ".join([f"{term.s} times {term.z}" for term in terms])
        spoken = f"Backward: S of {part.name} is {sum_of}, equals {part.total}"
    elif row.total is None:
        text = f"S({part.name}) = {part.total}: {part.rule}"
        spoken = f"Backward: {part.name} has no path to the output along which a derivative flows"
    else:
        text = f"S({part.name}) = {part.total}: {part.rule}"
        spoken = f"Backward: S of {part.name}, the output, equals {part.total}"
    used = tuple(dict.fromkeys([term.user for term in terms]))
    return Step("backward", k, text, spoken, tuple([term.arrow for term in terms]), used)

"""A layered layout: boxes in columns from left to right, arrows between them, room for a text on every arrow.

From top to bottom it is the same layout with the two directions exchanged; all words here are those of left to right.

Columns, and the order in each, are found first (see `order`). Within a column the squared distances to the places that
neighbours ask for are then minimised under that order. That is isotonic regression, solved by pooling adjacent violators
(R. E. Barlow et al., Statistical Inference under Order Restrictions, 1972), and linear.

Left of every box stand its slots, one above the other: the texts of the arrows that end there, and boxes that stand beside
it. The room that a box takes in its column is at least that of its slots, so that a text is always next to its target.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from autograd_lite.drawing.order import Grid, grid_of

__all__ = ["Arrow", "Box", "Layout", "Place", "lay_out"]

BEND = 9.0
"""The height of the lane in which a long arrow passes a column."""
NARROWEST = 16.0
"""Between columns: the steeper the arrows, the more room they get."""
PORTS = 0.7
"""The share of a box's height over which arrows arrive."""
GIVING_WAY = 1e-3
ROUNDS = 3
"""How often all columns are settled, from the right and from the left."""


class _Gaps(NamedTuple):
    """What stays free between two boxes of a column and between two slots; how much room a steep arrow asks for and gets."""

    row: float
    slot: float
    steepness: float
    widest: float


ACROSS = _Gaps(12.0, 3.0, 0.12, 120.0)
DOWN = _Gaps(16.0, 6.0, 0.08, 160.0)
"""Boxes and texts are wider than high: side by side they need more between them, and arrows lead further sideways."""


class Box(NamedTuple):
    """A rectangle to place; one that is `beside` has a single arrow, without text, and stands in the place of that text."""

    width: float
    height: float
    beside: bool = False


class Arrow(NamedTuple):
    """An arrow from one box to another, by their positions in the sequence, with room for a text of the given size."""

    source: int
    target: int
    width: float
    height: float


Sized = TypeVar("Sized", Box, Arrow)


class Place(NamedTuple):
    """A point; of what has a size, its centre."""

    x: float
    y: float


class Layout(NamedTuple):
    """Where everything goes.

    Attributes:
        boxes: the place of each box.
        texts: the place of each arrow's text.
        paths: for each arrow the points it passes, from the right side of its source to the left side of its target, or
            from the lower side to the upper one.
        width, height: of the whole, which begins at (0, 0).
    """

    boxes: list[Place]
    texts: list[Place]
    paths: list[list[Place]]
    width: float
    height: float


class _Rows(NamedTuple):
    """Vertical places: of the items of the grid, and for each arrow of its slot and of the port where it ends."""

    items: list[float]
    slots: list[float]
    ports: list[float]
    height: float


class _Columns(NamedTuple):
    """Horizontal places: in each column first the slots, then the boxes around their middle."""

    slots_left: list[float]
    slots_right: list[float]
    left: list[float]
    right: list[float]

    def middle(self, column: int) -> float:
        return (self.left[column] + self.right[column]) / 2.0


def lay_out(boxes: Sequence[Box], arrows: Sequence[Arrow], *, down: bool = False) -> Layout:
    """Places boxes and arrows.

    Arguments:
        boxes: in an order in which every arrow goes forward.
        arrows: parallel ones stay apart.
        down: from top to bottom, not from left to right; texts, and boxes beside another, then stand above the target.

    >>> lay_out([Box(40.0, 20.0), Box(40.0, 20.0)], [Arrow(0, 1, 30.0, 12.0)], down=True).boxes
    [Place(x=28.0, y=10.0), Place(x=28.0, y=74.0)]
    """
    if not down:
        return _across(boxes, arrows, ACROSS)
    turned = _across([_turned(box) for box in boxes], [_turned(arrow) for arrow in arrows], DOWN)
    return Layout(
        [Place(y, x) for x, y in turned.boxes],
        [Place(y, x) for x, y in turned.texts],
        [[Place(y, x) for x, y in path] for path in turned.paths],
        turned.height,
        turned.width,
    )


def _turned(sized: Sized) -> Sized:
    return sized._replace(width=sized.height, height=sized.width)


def _across(boxes: Sequence[Box], arrows: Sequence[Arrow], gaps: _Gaps) -> Layout:
    """The layout from left to right."""
    grid = grid_of([box.beside for box in boxes], [(arrow.source, arrow.target) for arrow in arrows])
    slots = [boxes[arrow.source] if boxes[arrow.source].beside else Box(arrow.width, arrow.height) for arrow in arrows]
    rows = _rows(grid, boxes, slots, gaps)
    columns = _columns(grid, boxes, slots, rows, gaps)
    places = [Place(columns.middle(grid.column[k]), rows.items[k]) for k in range(len(boxes))]
    texts = []
    for chain, y in zip(grid.chains, rows.slots, strict=True):
        column = grid.column[chain[-1]]
        text = Place((columns.slots_left[column] + columns.slots_right[column]) / 2.0, y)
        texts.append(text)
        if boxes[chain[0]].beside:
            places[chain[0]] = text
    paths = _paths(grid, boxes, places, rows, columns)
    return Layout(places, texts, paths, max(columns.right, default=0.0), rows.height)


def _rows(grid: Grid, boxes: Sequence[Box], slots: Sequence[Box], gaps: _Gaps) -> _Rows:
    """Stacks the slots of each box around its middle, and gives each box the room of its stack."""
    room = [BEND] * len(grid.column)
    shifts, ports = [0.0] * len(slots), [0.0] * len(slots)
    for k, (box, arriving) in enumerate(zip(boxes, grid.arriving, strict=True)):
        tall = sum([slots[number].height + gaps.slot for number in arriving])
        room[k] = max(box.height + gaps.row, tall)
        squeezed = min(1.0, PORTS * box.height / tall) if tall else 1.0
        top = -tall / 2.0
        for number in arriving:
            height = slots[number].height + gaps.slot
            shifts[number] = top + height / 2.0
            ports[number] = shifts[number] * squeezed
            top += height
    y = _heights(grid, room)
    standing = [k for row in grid.rows for k in row]
    top = min([y[k] - room[k] / 2.0 for k in standing], default=0.0)
    y = [middle - top for middle in y]
    height = max([y[k] + room[k] / 2.0 for k in standing], default=0.0)
    targets = [chain[-1] for chain in grid.chains]
    return _Rows(
        y,
        [y[target] + shift for target, shift in zip(targets, shifts, strict=True)],
        [y[target] + shift for target, shift in zip(targets, ports, strict=True)],
        height,
    )


def _heights(grid: Grid, room: Sequence[float]) -> list[float]:
    """The vertical middles of all items: each as near to its neighbours as the order and the room allow."""
    y = [0.0] * len(room)
    rows = []
    for row in grid.rows:
        offsets, bottom = [], 0.0
        for k in row:
            offsets.append(bottom + room[k] / 2.0)
            bottom += room[k]
        rows.append((row, offsets))
    # What nothing leads to gives way to the rest, so that a long chain with a leaf at every step stays level.
    weight = [1.0 if near else GIVING_WAY for near in grid.before]
    before = [[j for j in near if grid.before[j]] or near for near in grid.before]
    last = [[] if inner else near for inner, near in zip(grid.before, grid.after, strict=True)]
    for neighbours, some in [*[(grid.after, rows[::-1]), (before, rows)] * ROUNDS, (last, rows)]:
        for row, offsets in some:
            wanted = []
            for k in row:
                near = neighbours[k]
                if len(near) == 1:
                    wanted.append(y[near[0]])
                else:
                    wanted.append(math.fsum([y[j] for j in near]) / len(near) if near else y[k])
            _settle(row, offsets, y, wanted, weight)
    return y


def _settle(row: list[int], offsets: list[float], y: list[float], wanted: list[float], weight: list[float]) -> None:
    """Weighted least squares to the wanted places under the order and the room: pool adjacent violators."""
    pools: list[tuple[float, float, int]] = []
    for k, offset, want in zip(row, offsets, wanted, strict=True):
        mean, heavy, size = want - offset, weight[k], 1
        while pools and pools[-1][0] > mean:
            other, others, count = pools.pop()
            mean = (mean * heavy + other * others) / (heavy + others)
            heavy += others
            size += count
        pools.append((mean, heavy, size))
    position = 0
    for mean, _, size in pools:
        for _ in range(size):
            y[row[position]] = mean + offsets[position]
            position += 1


def _columns(grid: Grid, boxes: Sequence[Box], slots: Sequence[Box], rows: _Rows, gaps: _Gaps) -> _Columns:
    """A column is as wide as its widest slot and box, and as far from the last one as the steepest arrow between needs."""
    count = len(grid.rows)
    slot_width, box_width, steep, steep_end = [0.0] * count, [0.0] * count, [0.0] * count, [0.0] * count
    for box, column in zip(boxes, grid.column, strict=False):
        if not box.beside:
            box_width[column] = max(box_width[column], box.width)
    for number, (chain, slot) in enumerate(zip(grid.chains, slots, strict=True)):
        target, y = chain[-1], rows.slots[number]
        column = grid.column[target]
        slot_width[column] = max(slot_width[column], slot.width)
        steep_end[column] = max(steep_end[column], abs(y - rows.ports[number]))
        if not boxes[chain[0]].beside:
            levels = [*[rows.items[k] for k in chain[:-1]], y]
            for back, (a, b) in enumerate(zip(levels[::-1][1:], levels[::-1], strict=False)):
                steep[column - back] = max(steep[column - back], abs(a - b))
    columns, x = _Columns([], [], [], []), 0.0
    for column in range(count):
        if column:
            x += _gap(steep[column], gaps)
        columns.slots_left.append(x)
        x += slot_width[column]
        columns.slots_right.append(x)
        if column or slot_width[column]:
            x += _gap(steep_end[column], gaps)
        columns.left.append(x)
        x += box_width[column]
        columns.right.append(x)
    return columns


def _gap(steep: float, gaps: _Gaps) -> float:
    return min(NARROWEST + gaps.steepness * steep, gaps.widest)


def _paths(grid: Grid, boxes: Sequence[Box], places: Sequence[Place], rows: _Rows, columns: _Columns) -> list[list[Place]]:
    """The points that each arrow passes: level through every column, bending between columns alone."""
    paths = []
    for chain, y, port in zip(grid.chains, rows.slots, rows.ports, strict=True):
        source, target = chain[0], chain[-1]
        column = grid.column[target]
        start, end = places[source], places[target]
        path = [Place(start.x + boxes[source].width / 2.0, start.y)]
        if not boxes[source].beside:
            path.append(Place(columns.right[grid.column[source]], start.y))
        for bend in chain[1:-1]:
            passed, level = grid.column[bend], rows.items[bend]
            path += (Place(columns.slots_left[passed], level), Place(columns.right[passed], level))
        if not boxes[source].beside:
            path.append(Place(columns.slots_left[column], y))
        path += (Place(columns.slots_right[column], y), Place(columns.left[column], port))
        path.append(Place(end.x - boxes[target].width / 2.0, port))
        paths.append(path)
    return paths

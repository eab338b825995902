"""Which column everything stands in, and in what order from top to bottom, before anything has a size.

The steps are those of K. Sugiyama, S. Tagawa and M. Toda, Methods for visual understanding of hierarchical system
structures, IEEE Trans. SMC 11 (1981): columns by the longest path, long arrows cut into pieces, an order in each column by
barycentres. Every step is linear or sorts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Grid", "grid_of"]

CAREFUL_UP_TO = 1500
"""Up to so many items the order is improved until crossings stop falling; beyond, a few sweeps must do."""
FEW_SWEEPS, PATIENCE = 4, 4
MOST_BENDS = 6000
"""So many, or two for each arrow, if that is more; arrows that are too long for it stay in one piece."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The items, which are first the boxes and then the bends of long arrows, in columns.

    Attributes:
        column: the column of each item; a box beside another has the other's.
        chains: the items that each arrow passes: its source, a bend in each column between, its target.
        before, after: the items that stand left and right of each on some chain.
        rows: the items of each column from top to bottom, without those beside another.
        arriving: for each box the arrows that end there, from top to bottom.
    """

    column: list[int]
    chains: list[list[int]]
    before: list[list[int]]
    after: list[list[int]]
    rows: list[list[int]]
    arriving: list[list[int]]


def grid_of(beside: Sequence[bool], arrows: Sequence[tuple[int, int]]) -> Grid:
    """Puts boxes into columns and orders these so that few arrows cross.

    Arguments:
        beside: for each box whether it stands beside the one box that its one arrow leads to.
        arrows: their sources and targets; boxes come in an order in which all go forward.
    """
    column = _columns(beside, arrows)
    chains = _cut(column, beside, arrows)
    before: list[list[int]] = [[] for _ in column]
    after: list[list[int]] = [[] for _ in column]
    for chain in chains:
        if not beside[chain[0]]:
            left = chain[0]
            for right in chain[1:]:
                after[left].append(right)
                before[right].append(left)
                left = right
    placed = [k >= len(beside) or not beside[k] for k in range(len(column))]
    rows = _ordered(column, before, after, placed)
    return Grid(column, chains, before, after, rows, _arriving(beside, chains, _places(rows, len(column))))


def _columns(beside: Sequence[bool], arrows: Sequence[tuple[int, int]]) -> list[int]:
    """The longest path from the left to each box; boxes that nothing leads to stand just before their first user."""
    column = [0] * len(beside)
    first_user = [-1] * len(beside)
    inner = [False] * len(beside)
    outgoing: list[list[int]] = [[] for _ in beside]
    for source, target in arrows:
        outgoing[source].append(target)
    for k, targets in enumerate(outgoing):
        if not beside[k]:
            for target in targets:
                inner[target] = True
                column[target] = max(column[target], column[k] + 1)
    for source, target in arrows:
        if first_user[source] < 0 or column[target] < first_user[source]:
            first_user[source] = column[target]
    for k, user in enumerate(first_user):
        if user > 0 and not inner[k]:
            column[k] = user - 1
    for source, target in arrows:
        if beside[source]:
            column[source] = column[target]
    return column


def _cut(column: list[int], beside: Sequence[bool], arrows: Sequence[tuple[int, int]]) -> list[list[int]]:
    """The chain of each arrow; new items for the bends are added to the columns."""
    spans = [column[target] - column[source] for source, target in arrows]
    room, longest = max(MOST_BENDS, 2 * len(arrows)), 0
    for span in sorted(spans):
        room -= max(span - 1, 0)
        if room < 0:
            break
        longest = span
    chains = []
    for (source, target), span in zip(arrows, spans, strict=True):
        passed = range(column[source] + 1, column[target]) if span <= longest else range(0)
        chains.append([source, *range(len(column), len(column) + len(passed)), target])
        column.extend(passed)
    return chains


def _ordered(column: list[int], before: list[list[int]], after: list[list[int]], placed: list[bool]) -> list[list[int]]:
    """The items of each column in order: from two that one can start with, the better one in the end."""
    careful = len(column) <= CAREFUL_UP_TO
    results = []
    for walk in [_from_the_right(before, after), range(len(column))][: 2 if careful else 1]:
        rows: list[list[int]] = [[] for _ in range(max(column, default=-1) + 1)]
        for k in walk:
            if placed[k]:
                rows[column[k]].append(k)
        results.append(_improved(rows, before, after, careful))
    return min(results, key=lambda result: result[0])[1]


def _improved(
    rows: list[list[int]], before: list[list[int]], after: list[list[int]], careful: bool
) -> tuple[int, list[list[int]]]:
    """Sorts each row by the barycentres of its neighbours, from the right and from the left in turn.

    Returns:
        the rows and how many arrows cross; if not careful, the rows after a few sweeps and 0.
    """
    place = _places(rows, len(before))
    fewest = _crossings(rows, after, place) if careful else 0
    best, in_vain, sweep = [list(row) for row in rows], 0, 0
    while in_vain < PATIENCE and fewest if careful else sweep < FEW_SWEEPS:
        from_right = sweep % 2 == 0
        neighbours = after if from_right else before
        for row in reversed(rows) if from_right else rows:
            if len(row) > 1:
                if careful and sweep % 4 > 1:
                    row.reverse()  # what has equal barycentres is tried both ways round
                _sort(row, neighbours, place)
        sweep += 1
        if careful:
            crossings = _crossings(rows, after, place)
            in_vain = 0 if crossings < fewest else in_vain + 1
            if crossings < fewest:
                best, fewest = [list(row) for row in rows], crossings
    return fewest, best if careful else rows


def _sort(row: list[int], neighbours: list[list[int]], place: list[int]) -> None:
    keys = {}
    for k in row:
        near = neighbours[k]
        keys[k] = place[near[0]] if len(near) == 1 else sum([place[j] for j in near]) / len(near) if near else place[k]
    row.sort(key=keys.__getitem__)
    for position, k in enumerate(row):
        place[k] = position


def _places(rows: list[list[int]], count: int) -> list[int]:
    place = [0] * count
    for row in rows:
        for position, k in enumerate(row):
            place[k] = position
    return place


def _from_the_right(before: list[list[int]], after: list[list[int]]) -> list[int]:
    """All items in the order in which a walk against the arrows meets them: neighbours start out together."""
    seen = [False] * len(before)
    walk = []
    stack = [k for k in range(len(before)) if not after[k]][::-1]
    while stack:
        k = stack.pop()
        if not seen[k]:
            seen[k] = True
            walk.append(k)
            stack.extend(reversed(before[k]))
    return walk


def _crossings(rows: list[list[int]], after: list[list[int]], place: list[int]) -> int:
    """How many pairs of arrow pieces cross."""
    return sum(_inversions([end for k in row for end in sorted([place[j] for j in after[k]])]) for row in rows)


def _inversions(numbers: list[int]) -> int:
    """How many pairs stand in the wrong order: each number against those before it, in a binary indexed tree."""
    size, count = max(numbers, default=0) + 1, 0
    tree = [0] * (size + 1)
    for seen, number in enumerate(numbers):
        not_larger, index = 0, number + 1
        while index > 0:
            not_larger += tree[index]
            index -= index & -index
        count += seen - not_larger
        index = number + 1
        while index <= size:
            tree[index] += 1
            index += index & -index
    return count


def _arriving(beside: Sequence[bool], chains: list[list[int]], place: list[int]) -> list[list[int]]:
    """The arrows into each box in the order of what they come from; a box beside it stays after the argument before it."""
    arriving: list[list[tuple[int, int]]] = [[] for _ in beside]
    for arrow, chain in enumerate(chains):
        others = arriving[chain[-1]]
        key = place[chain[-2]] if not beside[chain[0]] else others[-1][0] if others else -1
        others.append((key, arrow))
    return [[arrow for _, arrow in sorted(arrows)] for arrows in arriving]

"""Which column everything stands in, and in what order from top to bottom, before anything has a size.

The steps are those of K. Sugiyama, S. Tagawa and M. Toda, Methods for visual understanding of hierarchical system
structures, IEEE Trans. SMC 11 (1981): columns by longest paths, then moves that shorten arrows; long arrows cut into pieces;
an order in each column (see `crossings`). Every step is linear or sorts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograd_lite.drawing.crossings import ordered, places_of

__all__ = ["Grid", "grid_of"]

CAREFUL_UP_TO = 1500
"""Up to so many boxes are moved to where their arrows are shorter."""
MOST_ROUNDS, LARGEST_GROUP = 2, 10
"""How often each box is tried, and with how many others it may move at once: nearly all that there is to gain."""
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
    rows = ordered(column, before, after, placed)
    return Grid(column, chains, before, after, rows, _arriving(beside, chains, places_of(rows, len(column))))


def _columns(beside: Sequence[bool], arrows: Sequence[tuple[int, int]]) -> list[int]:
    """The column of each box, from 0: such that arrows are short in sum."""
    before: list[list[int]] = [[] for _ in beside]
    after: list[list[int]] = [[] for _ in beside]
    for source, target in arrows:
        if not beside[source]:
            before[target].append(source)
            after[source].append(target)
    column = _early(before, after)
    if len(beside) <= CAREFUL_UP_TO:
        late = _late(column, after)
        for choice in (column, late):
            _shorten(choice, before, after)
        column = min(column, late, key=lambda choice: _length(choice, after))
    first = min([place for place, aside in zip(column, beside, strict=True) if not aside], default=0)
    column = [place - first for place in column]
    for source, target in arrows:
        if beside[source]:
            column[source] = column[target]
    return column


def _early(before: list[list[int]], after: list[list[int]]) -> list[int]:
    """The longest path from the left to each box; boxes that nothing leads to stand just before their first user."""
    column = [0] * len(before)
    for k, sources in enumerate(before):
        if sources:
            column[k] = max([column[source] for source in sources]) + 1
    for k, targets in enumerate(after):
        if targets and not before[k]:
            column[k] = min([column[target] for target in targets]) - 1
    return column


def _late(early: list[int], after: list[list[int]]) -> list[int]:
    """All boxes just before their first user, and those that lead nowhere as early as they can be."""
    column = list(early)
    for k in reversed(range(len(column))):
        if after[k]:
            column[k] = min([column[target] for target in after[k]]) - 1
    return column


def _length(column: list[int], after: list[list[int]]) -> int:
    """How many columns all arrows lead on, in sum."""
    return sum([column[target] - column[k] for k, targets in enumerate(after) for target in targets])


def _shorten(column: list[int], before: list[list[int]], after: list[list[int]]) -> None:
    """Moves boxes, with those that stand in their way, to the left and to the right while arrows get shorter in sum.

    Source: N. S. Nikolov and A. Tarassov, Graph layering by promotion of nodes, Discrete Applied Mathematics 154 (2006).
    """
    for _ in range(MOST_ROUNDS):
        moved = False
        for ahead, behind, step in ((before, after, -1), (after, before, 1)):
            for k in range(len(column))[::-step]:
                group = _group(k, column, ahead)
                if sum([len(ahead[j]) - len(behind[j]) for j in group]) > 0:
                    free = min([abs(column[i] - column[j]) for j in group for i in ahead[j] if i not in group]) - 1
                    for j in group:
                        column[j] += step * free
                    moved = True
        if not moved:
            break


def _group(k: int, column: list[int], ahead: list[list[int]]) -> dict[int, None]:
    """A box and all that must move ahead with it; none if they are too many."""
    group, stack = {k: None}, [k]
    while stack:
        j = stack.pop()
        for i in ahead[j]:
            if i not in group and abs(column[i] - column[j]) == 1:
                if len(group) == LARGEST_GROUP:
                    return {}
                group[i] = None
                stack.append(i)
    return group


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


def _arriving(beside: Sequence[bool], chains: list[list[int]], place: list[int]) -> list[list[int]]:
    """The arrows into each box in the order of what they come from; a box beside it stays after the argument before it."""
    arriving: list[list[tuple[int, int]]] = [[] for _ in beside]
    for arrow, chain in enumerate(chains):
        others = arriving[chain[-1]]
        key = place[chain[-2]] if not beside[chain[0]] else others[-1][0] if others else -1
        others.append((key, arrow))
    return [[arrow for _, arrow in sorted(arrows)] for arrows in arriving]

"""In what order the items of each column stand, so that few arrows cross.

Sweeps by barycentres (K. Sugiyama, S. Tagawa and M. Toda, Methods for visual understanding of hierarchical system
structures, IEEE Trans. SMC 11, 1981), each followed by exchanges of neighbours (E. R. Gansner, E. Koutsofios, S. C. North
and K.-P. Vo, A technique for drawing directed graphs, IEEE Trans. Software Eng. 19, 1993).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

__all__ = ["ordered", "places_of"]

EFFORT = 16_000
"""Items and pieces of arrows in all sweeps together; where a few sweeps are more than that, only these are made."""
FEW_SWEEPS, MOST_SWEEPS, PATIENCE = 4, 16, 4

Neighbours = Sequence[Sequence[int]]


def ordered(column: Sequence[int], before: Neighbours, after: Neighbours, placed: Sequence[bool]) -> list[list[int]]:
    """The items of each column from top to bottom: from two orders that one can start with, the better one in the end.

    Arguments:
        column: the column of each item.
        before, after: the items left and right of each, in the next columns, that an arrow joins to it.
        placed: which items take part.
    """
    size = len(column) + sum(map(len, after))
    sweeps = EFFORT // max(size, 1)
    if sweeps < FEW_SWEEPS:
        rows = _rows(column, placed, _from_the_right(before, after))
        place = places_of(rows, len(column))
        for sweep in range(FEW_SWEEPS):
            _sweep(rows, before, after, place, sweep)
        return rows
    results = []
    for start in (_from_the_right(before, after), range(len(column))):
        if sweeps >= FEW_SWEEPS:
            rows = _rows(column, placed, start)
            crossings, made = _improve(rows, before, after, min(sweeps, MOST_SWEEPS))
            results.append((crossings, rows))
            sweeps -= made
    return min(results, key=lambda result: result[0])[1]


def _rows(column: Sequence[int], placed: Sequence[bool], walk: Iterable[int]) -> list[list[int]]:
    rows: list[list[int]] = [[] for _ in range(max(column, default=-1) + 1)]
    for k in walk:
        if placed[k]:
            rows[column[k]].append(k)
    return rows


def _from_the_right(before: Neighbours, after: Neighbours) -> list[int]:
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


def _improve(rows: list[list[int]], before: Neighbours, after: Neighbours, most: int) -> tuple[int, int]:
    """Sweeps and exchanges, and in the end takes the rows back to where the fewest arrows crossed.

    Returns:
        how many cross, and how many sweeps were made.
    """
    place = places_of(rows, len(before))
    fewest = _crossings(rows, after, place)
    best, in_vain, sweep = [list(row) for row in rows], 0, 0
    while fewest and in_vain < PATIENCE and sweep < most:
        if sweep % 4 > 1:
            for row in rows:
                row.reverse()  # what has equal barycentres is tried both ways round
        _sweep(rows, before, after, place, sweep)
        _exchange(rows, before, after, place)
        for row in rows:
            _exchanged(row, before, after, place, least=0)  # what makes no difference may open the way to more
        _exchange(rows, before, after, place)
        sweep += 1
        crossings = _crossings(rows, after, place)
        in_vain = 0 if crossings < fewest else in_vain + 1
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    rows[:] = best
    return fewest, sweep


def _sweep(rows: list[list[int]], before: Neighbours, after: Neighbours, place: list[int], sweep: int) -> None:
    """Sorts each row by the barycentres of its neighbours, from the right and from the left in turn."""
    neighbours = before if sweep % 2 else after
    for row in rows if sweep % 2 else reversed(rows):
        if len(row) > 1:
            keys = {}
            for k in row:
                near = neighbours[k]
                key = place[near[0]] if len(near) == 1 else sum([place[j] for j in near]) / len(near) if near else place[k]
                keys[k] = key
            row.sort(key=keys.__getitem__)
            for position, k in enumerate(row):
                place[k] = position


def _exchange(rows: list[list[int]], before: Neighbours, after: Neighbours, place: list[int]) -> None:
    """Exchanges neighbours in a row as long as that makes fewer arrows cross."""
    waiting = [len(row) > 1 for row in rows]
    while any(waiting):
        for number, row in enumerate(rows):
            if waiting[number]:
                waiting[number] = False
                if _exchanged(row, before, after, place, least=1):
                    for other in (number - 1, number + 1):
                        if 0 <= other < len(rows):
                            waiting[other] = len(rows[other]) > 1


def _exchanged(row: list[int], before: Neighbours, after: Neighbours, place: list[int], *, least: int) -> bool:
    """Exchanges each two neighbours of a row that gain so many crossings at least; whether there were any."""
    ends = [(sorted([place[j] for j in before[k]]), sorted([place[j] for j in after[k]])) for k in row]
    at, changed = 0, False
    while at < len(row) - 1:
        (left, right), (next_left, next_right) = ends[at], ends[at + 1]
        if _excess(left, next_left) + _excess(right, next_right) >= least:
            row[at], row[at + 1] = row[at + 1], row[at]
            ends[at], ends[at + 1] = ends[at + 1], ends[at]
            changed = True
            at = max(at - 1, 0) if least else at + 1
        else:
            at += 1
    for position, k in enumerate(row):
        place[k] = position
    return changed


def _excess(ends: list[int], others: list[int]) -> int:
    """How many more arrows cross if one item stands before another than if it stands after; from the sorted ends of both."""
    if len(ends) == 1 == len(others):
        return (ends[0] > others[0]) - (ends[0] < others[0])
    return sum([bisect_left(others, end) + bisect_right(others, end) for end in ends]) - len(ends) * len(others)


def places_of(rows: list[list[int]], count: int) -> list[int]:
    """The position of each item in its row."""
    place = [0] * count
    for row in rows:
        for position, k in enumerate(row):
            place[k] = position
    return place


def _crossings(rows: list[list[int]], after: Neighbours, place: list[int]) -> int:
    """How many pairs of arrow pieces cross."""
    return sum(_inversions([end for k in row for end in sorted([place[j] for j in after[k]])]) for row in rows)


def _inversions(numbers: list[int]) -> int:
    """How many pairs stand in the wrong order: each number against those before it."""
    seen: list[int] = []
    count = 0
    for number in numbers:
        position = bisect_right(seen, number)
        count += len(seen) - position
        seen.insert(position, number)
    return count

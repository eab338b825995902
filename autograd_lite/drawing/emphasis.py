"""What a picture points out: units that learn nothing, what flows towards one node, the paths of a ledger.

Each function takes a scene and gives another one. Boxes are found by the positions of their nodes in topological order, and
arrows by the edges that they stand for, so that a folded graph is treated as any other.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from autograd_lite.drawing.nodes import is_stale
from autograd_lite.drawing.scene import Heat, Mark, Scene, Shown, Trail
from autograd_lite.engine.ledger import Ledger, forward_sums
from autograd_lite.engine.node import Node
from autograd_lite.engine.paths import Between, between
from autograd_lite.engine.primitive import Primitive, Scalar
from autograd_lite.engine.sweep import reverse, topological

__all__ = ["emphasised", "state_of", "with_heat", "with_trails", "with_units"]

SATURATED = 0.01
"""The slope up to which a unit counts as saturated, as for `nn.saturated_units`."""

MOST_TRAILS = 10
"""So many paths can be told apart."""


def emphasised(
    scene: Scene, order: Sequence[Node], *, heat: Node | None, paths: Ledger | None, names: Mapping[Node, str]
) -> Scene:
    """A scene of a graph, given by its nodes in topological order, with all that is to be pointed out; see `draw`."""
    scene = with_units(scene, order)
    if heat is not None:
        name = getattr(heat, "label", None) or (names.get(heat) if isinstance(heat, Node) else None) or "the chosen node"
        scene = with_heat(scene, order, heat, str(name))
    return scene if paths is None else with_trails(scene, order, paths)


# --- units ---------------------------------------------------------------------------------------------------------------


def state_of(node: Node) -> str:
    """ "dead" or "saturated" of a unit that learns nothing at this point, else "".

    A unit is a bend: an operation that can shut its argument off (relu on its flat side, clip outside of its range), or one
    of a single argument that levels off towards an infinity. It is dead if no derivative passes it, and saturated if it
    levels off on both sides and its slope is 0.01 at most. What is flat everywhere, such as floor, is no unit.

    >>> from autograd_lite import Value
    >>> [state_of(x) for x in (Value(-1.0).relu(), Value(9.0).tanh(), Value(1.0).relu(), Value(1.5).floor())]
    ['dead', 'saturated', '', '']
    """
    row = node._op
    if row is None or not _can_shut(row):
        return ""
    slopes = row.local_slopes(node.numbers, node._number)
    sides = _level_sides(row)
    z = slopes[0] if sides else None
    if _shuts(row, node.args, slopes) or z == 0.0:
        state = "dead"
    elif sides == 2 and z is not None and abs(z) <= SATURATED:
        state = "saturated"
    else:
        return ""
    return "" if is_stale(node) else state


def _shuts(row: Primitive, args: Sequence[Scalar], slopes: Sequence[float | None]) -> bool:
    """Whether no argument passes an adjoint on that would elsewhere."""
    found = False
    for k, (arg, z) in enumerate(zip(args, slopes, strict=True)):
        place = k if row.arity else 0  # one partial stands for all elements of a sequence
        if type(arg) is not float and row.partials[place] is not None:
            if z is not None or row.active[place] is None:
                return False
            found = True
    return found


@lru_cache(maxsize=512)
def _can_shut(row: Primitive) -> bool:
    """Whether a row is a unit's at all: of most nodes of a large graph this is all that is asked."""
    return any(mask is not None for mask in row.active) or _level_sides(row) > 0


@lru_cache(maxsize=512)
def _level_sides(row: Primitive) -> int:
    """Towards how many of the two infinities an operation of one argument levels off; 0 of one with a constant slope."""
    if row.arity != 1 or not callable(row.partials[0]):
        return 0
    return sum(math.isfinite(row.evaluate(end)) for end in (-math.inf, math.inf))


def with_units(scene: Scene, order: Sequence[Node]) -> Scene:
    """A scene in which dead and saturated units are marked, and groups say how many they hold."""
    rows = {id(row) for row in {id(node._op): node._op for node in order}.values() if row is not None and _can_shut(row)}
    states = {k: state for k, node in enumerate(order) if id(node._op) in rows and (state := state_of(node))}

    def marked(shown: Shown) -> Shown:
        if shown.group:
            counts = Counter([states[k] for k in shown.members if k in states])
            return replace(shown, notes=(*shown.notes, *[f"{counts[state]:,} {state}" for state in sorted(counts)]))
        state = states.get(shown.node, "")
        return replace(shown, state=state, notes=(*shown.notes, state)) if state else shown

    return replace(scene, boxes=[marked(shown) for shown in scene.boxes]) if states else scene


# --- heat ----------------------------------------------------------------------------------------------------------------


def with_heat(scene: Scene, order: Sequence[Node], source: Node, name: str) -> Scene:
    """A scene coloured by what flows towards one node: through a node i the sum over all paths that pass it, F(i)·S(i).

    F(i) is the sum over all ways from the source to i, S(i) that over all ways from i to the output; through an edge it is
    F(i)·z·S(j). The share is that in the sum of the absolute products of all paths, as in a ledger: where paths cancel,
    shares of the derivative itself would exceed 1.

    Arguments:
        order: the graph's nodes in topological order, the output last.
        name: of the source.

    Raises:
        TypeError: if the source is not a Value.
        ValueError: if it is not in the graph.
        RuntimeError: if a leaf was written since the graph was made.
    """
    if not isinstance(source, Node):
        raise TypeError(f"draw: heat is of type {type(source).__name__}; it must be a Value of the graph")
    number = {node: k for k, node in enumerate(order)}
    if source not in number:
        raise ValueError(
            "draw: heat is a Value that the drawn one does not depend on; it must be a leaf or node of its graph"
        )
    output = order[-1]
    ways, back = between(output, source), reverse(output)
    sums = forward_sums(ways)
    through = {number[node]: sums[node] * s for node in ways if (s := back[node]) is not None}
    along = {
        (number[node], edge.position): sums[edge.argument] * edge.z * s
        for node, edges in ways.items()
        for edge in edges
        if (s := back[node]) is not None
    }
    heat = Heat(name, back[source] or 0.0, forward_sums(ways, absolute=True).get(output, 0.0))
    marks = [_weighed(mark, [along[edge] for edge in mark.edges if edge in along]) for mark in scene.marks]
    groups = _through_groups(scene, ways, number, along)
    groups |= {k: heat.derivative for k, shown in enumerate(scene.boxes) if number[source] in shown.members}
    boxes = [
        _heated(scene, heat, shown, groups.get(k) if shown.group else through.get(shown.node))
        for k, shown in enumerate(scene.boxes)
    ]
    return replace(scene, boxes=boxes, marks=marks, heat=heat)


def _weighed(mark: Mark, weights: list[float]) -> Mark:
    if not weights:
        return replace(mark, pale=True)
    total = 0.0
    for weight in weights:
        total += weight
    return replace(mark, weight=total)


def _through_groups(
    scene: Scene, ways: Between, number: Mapping[Node, int], along: Mapping[tuple[int, int], float]
) -> dict[int, float]:
    """What flows through each group: a path that does not begin in it enters it by one edge."""
    owner = {member: k for k, shown in enumerate(scene.boxes) for member in shown.members}
    found: dict[int, float] = {}
    for node, edges in ways.items() if owner else ():
        group = owner.get(number[node])
        for edge in edges:
            flow = along.get((number[node], edge.position))
            if group is not None and flow is not None and owner.get(number[edge.argument]) != group:
                found[group] = found.get(group, 0.0) + flow
    return found


def _heated(scene: Scene, heat: Heat, shown: Shown, via: float | None) -> Shown:
    if via is None:
        return shown if shown.bare else replace(shown, heat=0.0, pale=True)
    share = f" ({share_text(via, heat.magnitude)})" if 0.0 < heat.magnitude < math.inf else ""
    return replace(shown, heat=via, notes=(f"via {scene.number(via + 0.0)}{share}", *shown.notes))


def share_text(part: float, whole: float) -> str:
    """A share in per cent.

    >>> share_text(-7.0, 11.0)
    '63.6 %'
    """
    return f"{100.0 * abs(part) / whole:.3g} %"


# --- paths ---------------------------------------------------------------------------------------------------------------


def with_trails(scene: Scene, order: Sequence[Node], ledger: Ledger) -> Scene:
    """A scene in which the paths of a ledger are highlighted, ten at most.

    Arguments:
        order: the graph's nodes in topological order, the output last.

    Raises:
        TypeError: if it is no Ledger.
        ValueError: if it is that of another output.
        RuntimeError: if a leaf was written since the graph was made.
    """
    if not isinstance(ledger, Ledger):
        raise TypeError(f"draw: paths is of type {type(ledger).__name__}; it must be a Ledger: ledger(value, w, k=3)")
    if ledger.output is not order[-1]:
        raise ValueError("draw: paths is the ledger of another output; make it of the drawn one: ledger(value, w)")
    topological(order[-1])  # refuses a graph whose numbers are no longer those of the ledger
    number = {node: k for k, node in enumerate(order)}
    ranks: dict[tuple[int, int], list[int]] = {}
    entries = ledger.entries[:MOST_TRAILS]
    trails = []
    for rank, entry in enumerate(entries, start=1):
        product, share, _ = entry.cells(ledger.magnitude)
        trails.append(Trail(rank, product.replace("-", "−"), share.replace("%", " %")))
        for edge in entry.path.edges:
            ranks.setdefault((number[edge.user], edge.position), []).append(rank)
    marks = [_ranked(mark, ranks) for mark in scene.marks]
    return replace(scene, marks=marks, trails=tuple(trails), others=ledger.paths - len(entries))


def _ranked(mark: Mark, ranks: dict[tuple[int, int], list[int]]) -> Mark:
    found = {rank for edge in mark.edges for rank in ranks.get(edge, ())}
    return replace(mark, ranks=tuple(sorted(found))) if found else mark

"""The curves of arrows through the points of a layout, and strokes that run beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from autograd_lite.drawing.layout import Place

__all__ = ["beside", "controls", "svg_curve", "svg_line"]

FLAT = 0.05
"""What coordinates are rounded to."""
PIECES = 12
"""Into so many straight ones a curve is cut where a stroke runs beside it."""
TIP = 7.0
"""How long before the end a stroke stops, so that the arrow's tip is seen."""


def controls(start: Place, end: Place, *, down: bool) -> tuple[Place, Place] | None:
    """The control points of the cubic between two points, which leaves and arrives level, or upright from top to bottom.

    Returns:
        None where a straight line does it.
    """
    if down:
        middle = (start.y + end.y) / 2.0
        return None if abs(start.x - end.x) < FLAT else (Place(start.x, middle), Place(end.x, middle))
    middle = (start.x + end.x) / 2.0
    return None if abs(start.y - end.y) < FLAT else (Place(middle, start.y), Place(middle, end.y))


def svg_curve(path: Sequence[Place], *, down: bool) -> str:
    """The curve through the points as the `d` of an SVG path."""
    pieces = [f"M{_at(path[0])}"]
    for start, end in pairwise(_distinct(path)):
        bend = controls(start, end, down=down)
        pieces.append(f"L{_at(end)}" if bend is None else f"C{_at(bend[0])} {_at(bend[1])} {_at(end)}")
    return "".join(pieces)


def svg_line(points: Sequence[Place]) -> str:
    """The straight lines between the points as the `d` of an SVG path."""
    return "M" + "L".join(map(_at, points))


def _at(place: Place) -> str:
    return f"{place.x:.1f} {place.y:.1f}"


def beside(path: Sequence[Place], offset: float, *, down: bool) -> list[Place]:
    """The points of a line at a constant distance below the curve, or right of it if it leads down; it spares the tip.

    >>> beside([Place(0.0, 0.0), Place(20.0, 0.0)], 3.0, down=False)
    [Place(x=0.0, y=3.0), Place(x=13.0, y=3.0)]
    >>> beside([Place(0.0, 0.0), Place(0.0, 20.0)], 3.0, down=True)
    [Place(x=3.0, y=0.0), Place(x=3.0, y=13.0)]
    """
    corners = _distinct(path)
    if len(corners) > 1:
        corners[-1] = _towards(corners[-1], corners[-2], TIP, down=down)
    points = []
    for start, end in pairwise(corners):
        bend = controls(start, end, down=down)
        ts = (0.0, 1.0) if bend is None else [k / PIECES for k in range(PIECES + 1)]
        a, b = bend or (_mixed(start, end, 1.0 / 3.0), _mixed(start, end, 2.0 / 3.0))
        points += [_shifted((start, a, b, end), t, -offset if down else offset) for t in ts]
    return points


def _distinct(path: Sequence[Place]) -> list[Place]:
    """The points without repetitions: a piece without length has no direction, and so the arrow's tip on it."""
    return [path[0], *[end for start, end in pairwise(path) if abs(start.x - end.x) + abs(start.y - end.y) > FLAT]]


def _towards(end: Place, start: Place, length: float, *, down: bool) -> Place:
    """The end moved back along the direction in which an arrow arrives, by no more than half the way."""
    if down:
        return Place(end.x, end.y - min(length, (end.y - start.y) / 2.0))
    return Place(end.x - min(length, (end.x - start.x) / 2.0), end.y)


def _mixed(start: Place, end: Place, share: float) -> Place:
    return Place(start.x + (end.x - start.x) * share, start.y + (end.y - start.y) * share)


def _shifted(cubic: tuple[Place, Place, Place, Place], t: float, offset: float) -> Place:
    """The point of a cubic at t, moved to the right of the direction of travel (Bernstein polynomials and their slopes)."""
    u = 1.0 - t
    weights = (u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t)
    slopes = (-u * u, u * u - 2.0 * u * t, 2.0 * u * t - t * t, t * t)
    x, y = (sum([w * p[k] for w, p in zip(weights, cubic, strict=True)]) for k in (0, 1))
    dx, dy = (sum([w * p[k] for w, p in zip(slopes, cubic, strict=True)]) for k in (0, 1))
    length = math.hypot(dx, dy) or 1.0
    return Place(x - dy / length * offset, y + dx / length * offset)

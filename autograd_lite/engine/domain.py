"""Where an operation is smooth: a predicate on its arguments together with a sampler.

A `Domain` holds the points at which an operation's value is defined and its partial derivatives are continuous. Not all
domains are boxes (`atan2`, `max`), so a domain is a base shape and the conditions laid upon it. Samplers roll no dice:
they map numbers of the unit interval to a point, so that whoever holds the dice (hypothesis, a seeded generator) can
repeat and shrink what it found.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["NONZERO", "POSITIVE", "REAL", "Domain", "each", "integers", "interval", "sequence"]

Point = tuple[float, ...]

CORNERS = (0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 1.5, -1.5, 5.0, -5.0)
"""Where operations have their kinks, poles and ties: every sampler visits them often."""

GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


@dataclass(frozen=True)
class Domain:
    """A set of argument points.

    Attributes:
        text: the condition as a reader would write it, `"x > 0"`.
        arity: how many numbers a point has; None for a sequence of any length.
        contains: whether a point, given as separate arguments, lies in the set.
        draw: maps as many numbers of [0, 1] as the point has coordinates to a point, perhaps outside the set.
        base: the domain this one restricts, or None for the whole space.
        parts: the factors of a product of one-dimensional domains.

    >>> POSITIVE.contains(2.0), POSITIVE.contains(-2.0)
    (True, False)
    """

    text: str
    arity: int | None
    contains: Callable[..., bool]
    draw: Callable[[Sequence[float]], Point]
    base: Domain | None = None
    parts: tuple[Domain, ...] = ()

    def where(self, condition: Callable[..., bool], text: str) -> Domain:
        """The points of this domain that also meet a condition."""
        return Domain(
            text=text if self is REAL else f"{self.text}, {text}",
            arity=self.arity,
            contains=lambda *point: self.contains(*point) and condition(*point),
            draw=self.draw,
            base=self,
        )

    def sample(self, units: Sequence[float]) -> Point:
        """Maps numbers of [0, 1] to a point of the domain, the same point every time.

        Raises:
            ValueError: where no point of the domain is found within a thousand tries.
        """
        for step in range(1000):
            # Each coordinate at a pace of its own: in step, equal units would give equal arguments for ever.
            point = self.draw([(unit + step * (k + 1) * GOLDEN) % 1.0 if step else unit for k, unit in enumerate(units)])
            if self.contains(*point):
                return point
        raise ValueError(f"no point of the domain '{self.text}' found from {list(units)}; widen its sampler")


def interval(low: float = -math.inf, high: float = math.inf) -> Domain:
    """The open interval (low, high); either end may be infinite.

    >>> interval(-1, 1).text
    '-1 < x < 1'
    """
    corners = [corner for corner in CORNERS if low < corner < high]

    def draw(units: Sequence[float]) -> Point:
        (unit,) = units
        if unit < 0.25 and corners:
            return (corners[int(unit * 4.0 * len(corners))],)
        unit = min(max(unit, 1e-9), 1.0 - 1e-9)
        if math.isinf(low) and math.isinf(high):
            return (math.sinh(4.0 * (2.0 * unit - 1.0)),)
        if math.isinf(high):
            return (low + math.exp(4.0 * (2.0 * unit - 1.0)),)
        if math.isinf(low):
            return (high - math.exp(4.0 * (2.0 * unit - 1.0)),)
        return (low + (high - low) * unit,)

    ends = (f"{low:g} < " if low > -math.inf else "", f" < {high:g}" if high < math.inf else "")
    text = f"x > {low:g}" if ends[0] and not ends[1] else f"{ends[0]}x{ends[1]}"
    whole = low == -math.inf and high == math.inf
    return Domain(
        text="real x" if whole else text,
        arity=1,
        contains=lambda x: low < x < high,
        draw=draw,
        base=None if whole else REAL,
    )


REAL = interval()
POSITIVE = interval(low=0.0)
NONZERO = REAL.where(lambda x: x != 0.0, "x ≠ 0")


def integers(low: int, high: int) -> Domain:
    """The whole numbers from low to high, both included: orders and indices, which nothing differentiates."""
    count = high - low + 1
    return Domain(
        text=f"whole {low} ≤ n ≤ {high}",
        arity=1,
        contains=lambda n: low <= n <= high and n == math.floor(n),
        draw=lambda units: (float(low + min(int(units[0] * count), count - 1)),),
    )


def each(*parts: Domain) -> Domain:
    """The product of one-dimensional domains, one for each argument."""
    return Domain(
        text="; ".join(part.text.replace("x", name) for part, name in zip(parts, "xyz", strict=False)),
        arity=len(parts),
        contains=lambda *point: all(part.contains(x) for part, x in zip(parts, point, strict=True)),
        draw=lambda units: tuple(part.draw([unit])[0] for part, unit in zip(parts, units, strict=True)),
        parts=parts,
    )


def sequence(element: Domain, least: int = 1, multiple: int = 1) -> Domain:
    """Sequences of any length from `least` on, a multiple of `multiple`, with every element in one domain."""
    return Domain(
        text=f"{element.text} for each of at least {least}",
        arity=None,
        contains=lambda *point: (
            len(point) >= least and len(point) % multiple == 0 and all(element.contains(x) for x in point)
        ),
        draw=lambda units: tuple(element.draw([unit])[0] for unit in units),
        parts=(element,),
    )

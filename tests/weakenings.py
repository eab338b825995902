"""Domains that let in what they should keep out: the same domain without each of its constraints in turn."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from autograd_lite.engine.domain import Domain, each
from tests.strategies import LENGTHS, lengths


@dataclass(frozen=True)
class Weakening:
    """A domain without one of its constraints.

    Attributes:
        domain: the larger domain; half of its samples are sought among the points let in.
        coordinate: which argument the constraint was on; None where it was on several, or on their number.
    """

    domain: Domain
    coordinate: int | None


def weakenings(domain: Domain) -> list[Weakening]:
    """The domain without each of its constraints in turn.

    Whole numbers (orders, indices, conditions) are a space of their own and no constraint: nothing differentiates them. The
    length of a sequence is none where a condition on all elements is, which may well keep the same lengths out.
    """
    on_one = [(k, wide) for k, part in coordinates(domain) for wide in _without_constraint(part)]
    found = [Weakening(seeking(exchange(domain, k, wide), domain), k) for k, wide in on_one]
    on_several = _without_condition(domain) if domain.arity != 1 else []
    if domain.arity is None and domain.base is None:
        on_several = [_with_length(domain, n) for n in range(4) if n not in lengths(domain)]
    return found + [Weakening(seeking(wide, domain), None) for wide in on_several]


def coordinates(domain: Domain) -> list[tuple[int, Domain]]:
    """The one-dimensional domains of the separate arguments; none for a sequence."""
    if domain.arity == 1:
        return [(0, domain)]
    while domain.base is not None:
        domain = domain.base
    return [] if domain.arity is None else list(enumerate(domain.parts))


def exchange(domain: Domain, k: int, coordinate: Domain) -> Domain:
    """The domain with another domain of its argument k; a condition on several holds where it was defined."""
    if domain.arity == 1:
        return coordinate
    base = domain.base
    if base is None:
        return each(*[coordinate if i == k else part for i, part in enumerate(domain.parts)])
    changed = exchange(base, k, coordinate)
    return replace(
        domain, contains=lambda *p: changed.contains(*p) and (not base.contains(*p) or domain.contains(*p)), base=changed
    )


def _without_constraint(domain: Domain) -> list[Domain]:
    """A one-dimensional domain with the points below it let in, and with those above or within."""
    base = domain.base
    if base is None:
        return []
    (anchor,) = domain.sample((0.6,))
    sides: list[Callable[[float], bool]] = [lambda x: x < anchor, lambda x: x > anchor]
    probes = [base.draw((k / 1000.0,))[0] for k in range(1000)]
    return [
        replace(domain, contains=lambda x, side=side: domain.contains(x) or (side(x) and base.contains(x)), draw=base.draw)
        for side in sides
        if any(side(x) and not domain.contains(x) for x in probes)
    ]


def _without_condition(domain: Domain) -> list[Domain]:
    """A domain without the last of the conditions on several arguments, without the one before it, and so on."""
    base = domain.base
    if base is None:
        return []
    return [base] + [
        replace(
            domain,
            contains=lambda *p, wide=wide: wide.contains(*p) and (not base.contains(*p) or domain.contains(*p)),
            base=wide,
        )
        for wide in _without_condition(base)
    ]


def _with_length(domain: Domain, length: int) -> Domain:
    (element,) = domain.parts
    return replace(
        domain, contains=lambda *p: domain.contains(*p) or (len(p) == length and all(element.contains(x) for x in p))
    )


def seeking(wide: Domain, domain: Domain) -> Domain:
    """The wider domain with a sampler that takes half its points from those not in the other, as far as it finds any."""
    reachable = [
        n for n in LENGTHS if domain.arity in (n, None) and any(_outsider(wide, domain, [k / 7] * n) for k in range(7))
    ]

    def draw(units: Sequence[float]) -> tuple[float, ...]:
        aim = len(units) in reachable and (not units or units[0] < 0.5)
        return (aim and _outsider(wide, domain, units)) or wide.draw(units)

    return replace(wide, draw=draw)


def _outsider(wide: Domain, domain: Domain, units: Sequence[float]) -> tuple[float, ...] | None:
    """A point of the wider domain that is not in the other."""
    for step in range(300):
        scale = 0.25 if step % 2 else 1.0  # the lowest quarter of a unit is the corners, where arguments tie
        point = wide.draw([(unit + (step + 1) * pace) % 1.0 * scale for unit, pace in zip(units, PACES, strict=False)])
        if wide.contains(*point) and not domain.contains(*point):
            return point
    return None


PACES = [math.sqrt(prime) for prime in (2, 3, 5, 7, 11, 13)]
"""How fast each coordinate moves in the search: no two in step, or equal units would give equal arguments for ever."""

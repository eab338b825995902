"""The domains of the table's rows: all that is in them is smooth, what is just outside is not, by mpmath's word."""

from __future__ import annotations

import itertools

from autograd_lite.engine.primitive import TABLE
from tests import oracles
from tests.engine.test_rows import every_row, moving
from tests.strategies import GOLDEN, lengths
from tests.weakenings import coordinates, weakenings


def is_smooth(name, point, steps=(None,)):
    """Whether the operation has a real value, and one and the same slope on both sides of every argument.

    Arguments:
        steps: two of different size tell a vertical tangent and a jump, whose quotients grow as the step shrinks.
    """
    row = TABLE[name]
    try:
        row.evaluate(list(point)) if row.arity is None else row.evaluate(*point)
        oracles.value_at(name, point)
        slopes = [[z for h in steps for z in oracles.slopes_at(name, point, k, h)] for k in moving(name, point)]
    except (oracles.NotRealError, IndexError, TypeError, ValueError):
        return False
    return all(abs(z - towards[0]) <= 1e-15 * (1 + abs(z)) for towards in slopes for z in towards)


def spread(domain, count):
    """Points of a domain of every length, always the same."""
    units = [[(k + 1) * (j + 1) * GOLDEN % 1.0 for j in range(max(lengths(domain)))] for k in range(count)]
    return [domain.sample(row[:n]) for row in units for n in lengths(domain)]


@every_row
def test_every_constraint_of_a_domain_keeps_out_a_point_that_is_not_smooth(name):
    domain = TABLE[name].domain
    for weakening in weakenings(domain):
        let_in = [point for point in spread(weakening.domain, 40) if not domain.contains(*point)]
        assert any(not is_smooth(name, point, oracles.STEPS) for point in let_in)


def edge(domain, inside, outside):
    """The neighbouring floats between two numbers of which a one-dimensional domain has only the first."""
    while (middle := inside / 2 + outside / 2) not in (inside, outside):
        inside, outside = (middle, outside) if domain.contains(middle) else (inside, middle)
    return inside, outside


@every_row
def test_a_constraint_on_one_argument_ends_at_the_very_float_where_smoothness_ends(name):
    domain = TABLE[name].domain
    for weakening in weakenings(domain):
        k = weakening.coordinate
        if k is None:
            continue
        coordinate = dict(coordinates(domain))[k]
        outside = []
        for point, wider in zip(spread(domain, 12), spread(weakening.domain, 12), strict=True):
            if not coordinate.contains(wider[k]):
                ends = [(*point[:k], x, *point[k + 1 :]) for x in edge(coordinate, point[k], wider[k])]
                assert is_smooth(name, ends[0], oracles.steps_beside(ends[0][k])) or not domain.contains(*ends[0])
                outside.append(ends[1])
        # At some point, whatever the others are: 0**2 is as smooth as can be, 0**0.5 is not.
        assert any(not is_smooth(name, point, oracles.STEPS) for point in outside)


@every_row
def test_the_sampler_of_a_domain_finds_a_point_from_any_numbers(name):
    domain = TABLE[name].domain
    assert lengths(domain)
    for n in lengths(domain):
        for ends in itertools.islice(itertools.product((0.0, 1.0, 0.5), repeat=n), 30):
            assert domain.contains(*domain.sample(ends))

"""What the tests roll dice for beside the package's own strategies: settings, and special points of rows."""

from __future__ import annotations

import itertools
import math

from hypothesis import settings

from autograd_lite.checks import strategies
from autograd_lite.checks.strategies import (  # noqa: F401  # tests import them from here
    LARGEST,
    LENGTHS,
    REACH,
    SMALLEST,
    SPECIAL,
    Recipe,
    Step,
    apply,
    graphs,
    lengths,
    points,
    special_floats,
)
from autograd_lite.engine.domain import GOLDEN  # noqa: F401  # as above
from autograd_lite.engine.primitive import TABLE


def examples(count: int) -> settings:
    """Settings for so many examples, in proportion more or fewer where the profile asks for other than the usual hundred."""
    return settings(max_examples=max(count * settings().max_examples // 100, 1))


FEW_SPECIAL = (math.nan, math.inf, -math.inf, 0.0, -0.0, 1e300, -LARGEST, SMALLEST, 1.0, -1.5)
"""A choice among them, for triples."""


def special_points(name: str) -> list[tuple[float, ...]]:
    """All combinations of special floats for the arguments of a row; sequences of one, two, three and four.

    Orders and indices, which a row refuses where they are not valid, are valid ones.
    """
    if name == "polygamma":
        return [(float(order), x) for order in range(5) for x in SPECIAL]
    if name == "pick":
        pairs = [pair for n in (1, 2) for pair in itertools.product(SPECIAL, repeat=n)]
        return [(*pair, float(k)) for pair in pairs for k in range(len(pair))]
    if name == "dot":
        return [*itertools.product(SPECIAL, repeat=2), *itertools.product(FEW_SPECIAL[:6], repeat=4)]
    choices = {1: SPECIAL, 2: SPECIAL, 3: FEW_SPECIAL}
    arity = TABLE[name].arity
    return [point for n in ([arity] if arity else choices) for point in itertools.product(choices[n], repeat=n)]


def is_discrete(name: str, k: int, count: int) -> bool:
    """Whether argument k of the row, which has so many, is a condition, an order or an index."""
    return strategies.is_discrete(TABLE[name].domain, k, count)

"""Derivatives of functions of numbers by differences, with an estimate of their error.

Source: C. J. F. Ridders, Accurate computation of F'(x) and F'(x)F''(x), Advances in Engineering Software 4 (1982) 75-76;
W. H. Press et al., Numerical Recipes, 3rd ed., Cambridge 2007, section 5.7: central differences at shrinking steps,
extrapolated to the step 0, with the error estimated from how the extrapolations differ. Added here: rounding of the
function, which bounds the error from below, and several tables that start at steps of very different size.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Agreement", "Slope", "compare", "first_steps", "ridders"]

EPSILON = sys.float_info.epsilon

RUNGS = 6
"""Steps in a table, each half of the one before; six extrapolate to an error of order step¹²."""

SAFETY = 10.0
"""How many times its estimate an error may be: the estimate is taken where a table happens to agree best with itself."""


@dataclass(frozen=True)
class Slope:
    """A derivative by differences.

    Attributes:
        value: the derivative; nan where the function has no finite values around the point.
        error: how far off it is, by estimate; inf where that is unknown.
        rounding: the part of the error that comes from the rounding of the function.
        step: the step that the value comes from.
    """

    value: float
    error: float
    rounding: float
    step: float


def ridders(f: Callable[[float], float], x: float, step: float, noise: float = 0.0) -> Slope:
    """The derivative of f at x by extrapolated central differences.

    Arguments:
        f: a function of a number.
        x: the point.
        step: the largest step.
        noise: the rounding error of f, if it is known to be more than that of its last operation.

    >>> import math
    >>> slope = ridders(math.exp, 0.0, 0.1)
    >>> abs(slope.value - 1.0) < 10 * slope.error < 1e-10
    True
    """
    best, row = Slope(math.nan, math.inf, math.inf, step), list[float]()
    for rung in range(RUNGS):
        high, low = x + step / 2.0**rung, x - step / 2.0**rung
        above, below = f(high), f(low)
        width = high - low  # not 2h: neither end is exactly h away
        if not (math.isfinite(above) and math.isfinite(below)) or width == 0.0:
            row = []
            continue
        rounding = (noise + EPSILON * max(abs(above), abs(below))) / width * 2.0
        previous, row = row, [(above - below) / width]
        for k, older in enumerate(previous, start=1):
            row.append(row[-1] + (row[-1] - older) / (4.0**k - 1.0))
            error = max(abs(row[k] - row[k - 1]), abs(row[k] - older), rounding)
            if error < best.error:
                best = Slope(row[k], error, rounding, width / 2.0)
        if best.error <= rounding:  # which grows as the step shrinks
            break
    return best


def first_steps(x: float) -> list[float]:
    """Steps of very different size for a table at x to start from, the most promising first.

    A step has to be small against the distance of the next kink or pole, and large against the rounding of f; nobody knows
    these, so that steps are tried both in relation to x and to 1.

    >>> first_steps(2.0) == [2.0**-9, 2.0**-3, 2.0**-17, 2.0**-25]
    True
    """
    one = max(1.0, abs(x))
    steps = [one * 2.0**-10, one * 2.0**-4, one * 2.0**-18, one * 2.0**-26]
    return steps + [abs(x) * 2.0**-k for k in (4, 10, 18) if 0.0 < abs(x) < 0.25]


@dataclass(frozen=True)
class Agreement:
    """How a claimed derivative stands to the one by differences.

    Attributes:
        slope: the derivative by differences.
        agrees: whether the two are as close as the error of the differences, and of the claim, lets them be.
        decided: whether the differences are accurate enough to tell.
    """

    slope: Slope
    agrees: bool
    decided: bool


def compare(
    claim: float,
    f: Callable[[float], float],
    x: float,
    *,
    noise: float = 0.0,
    magnitude: float = 0.0,
    step: float | None = None,
) -> Agreement:
    """Holds a claimed derivative of f at x against differences.

    A table that reaches over a kink can be wrong, so that a claim is refused only where no table that is nearly as accurate
    as the best one agrees with it.

    Arguments:
        claim: the derivative that is to be checked, finite.
        noise: the rounding error of f.
        magnitude: the sum of the absolute terms that the claim was added up from; they set its rounding error.
        step: the one step to start from; by default several are tried.

    >>> import math
    >>> [compare(claim, math.sin, 0.0).agrees for claim in (1.0, 1.000001)]
    [True, False]
    """
    # Below the normal floats an ulp is not relative.
    rounding = 64.0 * EPSILON * max(abs(claim), magnitude) + sys.float_info.min
    found: list[Slope] = []
    for first in first_steps(x) if step is None else [step]:
        slope = ridders(f, x, first, noise)
        found.append(slope)
        tolerance = SAFETY * slope.error + rounding
        # As good as a difference in double precision usually gets: no need to look further.
        if abs(slope.value - claim) <= tolerance <= 1e-7 * max(abs(claim), magnitude):
            return Agreement(slope, agrees=True, decided=True)
    best = min(found, key=lambda slope: slope.error)
    close = [s for s in found if abs(s.value - claim) <= SAFETY * s.error + rounding and s.error <= 1000.0 * best.error]
    chosen = min(close, key=lambda slope: slope.error, default=best)
    size = max(abs(claim), magnitude)
    decided = SAFETY * chosen.error <= 1e-3 * max(size, abs(chosen.value)) or (size == 0.0 and math.isfinite(chosen.error))
    return Agreement(chosen, agrees=bool(close), decided=decided)

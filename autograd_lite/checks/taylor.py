"""taylor_test: how fast the remainders of a function's Taylor series vanish."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from autograd_lite.calculus.trees import flatten
from autograd_lite.checks.comparison import conditioning
from autograd_lite.checks.differences import EPSILON
from autograd_lite.checks.subject import Subject, number_of
from autograd_lite.engine.sweep import forward
from autograd_lite.engine.value import Value

__all__ = ["TaylorReport", "taylor_test"]


@dataclass(frozen=True)
class TaylorReport:
    """The remainders of a function along a direction, and the rates at which they vanish; true if those are 1 and 2.

    Attributes:
        steps: the steps h, each half of the one before.
        zeroth: |f(x + hv) - f(x)|.
        first: |f(x + hv) - f(x) - h·f'(x)v|.
        rounding: what rounding alone may leave of a remainder; below it there is no rate.
    """

    steps: tuple[float, ...]
    zeroth: tuple[float, ...]
    first: tuple[float, ...]
    rounding: float

    @property
    def zeroth_rates(self) -> list[float]:
        """The observed powers of h in `zeroth`, near 1; nan where a remainder is below rounding."""
        return self._rates(self.zeroth)

    @property
    def first_rates(self) -> list[float]:
        """The observed powers of h in `first`, near 2 if the derivative is right; nan where below rounding."""
        return self._rates(self.first)

    def _rates(self, remainders: tuple[float, ...]) -> list[float]:
        return [math.log2(a / b) if min(a, b) > self.rounding else math.nan for a, b in pairwise(remainders)]

    def __bool__(self) -> bool:
        """Whether the last rate is not below what it should be by more than a tenth, before rounding takes over.

        The rates of larger steps may be, while terms of higher order count; higher rates happen where terms vanish.
        """
        if not all(map(math.isfinite, self.first)):
            return False
        last = [[rate for rate in rates if not math.isnan(rate)][-1:] for rates in (self.zeroth_rates, self.first_rates)]
        return all(rate >= wanted - 0.1 for rates, wanted in zip(last, (1.0, 2.0), strict=True) for rate in rates)

    def __str__(self) -> str:
        rows = ["       h   |f(x+hv) - f(x)|   rate   |f(x+hv) - f(x) - h f'(x)v|   rate"]
        rates = zip([math.nan, *self.zeroth_rates], [math.nan, *self.first_rates], strict=True)
        for h, zeroth, first, (one, two) in zip(self.steps, self.zeroth, self.first, rates, strict=True):
            rows.append(f"{h:8.2e}   {zeroth:16.3e}   {_shown(one)}   {first:27.3e}   {_shown(two)}")
        return "\n".join(rows)


def taylor_test(f: Callable[..., Any], x: Any, v: Any, *, step: float = 0.01, halvings: int = 4) -> TaylorReport:
    """The remainders of f(x + hv) without and with the first derivative, which vanish as h and as h².

    The derivative is that of the forward sweep. A right one leaves a remainder of second order, a wrong one of first order:
    this tests the derivative of a whole function along one direction with some values of it and no tolerance.

    Arguments:
        f: a function of one tree of numbers that returns a scalar.
        x: the point.
        v: the direction, with as many numbers as x.
        step: the largest h.
        halvings: how often h is halved.

    Raises:
        ValueError: if x and v have different shapes, or f returns no single scalar.

    Source: the convention of dolfin-adjoint (P. E. Farrell, D. A. Ham, S. W. Funke and M. E. Rognes, Automated derivation of
    the adjoint of high-level transient finite element programs, SIAM J. Sci. Comput. 35 (2013) C369-C393): the step 0.01,
    halved, and the rates from neighbouring steps.

    >>> import autograd_lite as ag
    >>> print(taylor_test(ag.exp, 0.0, 1.0, halvings=2))
           h   |f(x+hv) - f(x)|   rate   |f(x+hv) - f(x) - h f'(x)v|   rate
    1.00e-02          1.005e-02      –                     5.017e-05      –
    5.00e-03          5.013e-03   1.00                     1.252e-05   2.00
    2.50e-03          2.503e-03   1.00                     3.128e-06   2.00
    """
    subject = Subject(f, (x,))
    direction = [number_of(rate) for rate in flatten((v,), "the direction")[0]]
    if len(direction) != len(subject.numbers):
        raise ValueError(f"taylor_test: x has {len(subject.numbers)} numbers and v {len(direction)}; they must match")
    leaves, outputs = subject.record()
    if len(outputs) != 1:
        raise ValueError(f"taylor_test: the function returns {len(outputs)} scalars; it must return one")
    output = outputs[0] if isinstance(outputs[0], Value) else Value(outputs[0])
    slope = forward(output, dict(zip(leaves, direction, strict=True))).get(output, 0.0)
    middle = output.data
    steps = tuple([step / 2.0**k for k in range(halvings + 1)])
    changes = []
    for h in steps:
        moved = [number + h * rate for number, rate in zip(subject.numbers, direction, strict=True)]
        changes.append(number_of(subject.record(moved)[1][0]) - middle)
    # Both values are rounded, and so is the point, by an ulp of each number.
    magnitude, noise = conditioning(output)
    noise += EPSILON * sum(magnitude.get(leaf, 0.0) * abs(leaf.data) for leaf in leaves)
    first = [abs(change - h * slope) for change, h in zip(changes, steps, strict=True)]
    return TaylorReport(steps, tuple(map(abs, changes)), tuple(first), 8.0 * noise)


def _shown(rate: float) -> str:
    return f"{rate:4.2f}" if rate == rate else "   –"

"""gradcheck: reverse against forward against differences against a complex step, and why they disagree if they do."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autograd_lite.calculus.trees import flatten
from autograd_lite.checks.comparison import CheckedDerivative, Sweeps
from autograd_lite.checks.subject import Subject
from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.value import Value, gradients

__all__ = ["CheckedDerivative", "GradcheckError", "GradcheckReport", "gradcheck", "gradgradcheck"]


class GradcheckError(AssertionError):
    """A derivative does not stand up to the check; the message is the report."""


@dataclass(frozen=True)
class GradcheckReport:
    """What a check found, one line for each derivative; true if all of them passed."""

    lines: tuple[CheckedDerivative, ...]

    def __bool__(self) -> bool:
        return all(line.passed for line in self.lines)

    def __str__(self) -> str:
        return "\n".join(map(str, self.lines))


def gradcheck(
    f: Callable[..., Any], *inputs: Any, step: float | None = None, raise_exception: bool = True
) -> GradcheckReport:
    """Checks the derivatives of a function at a point, in four ways, and says why they disagree if they do.

    The reverse sweep is compared with the forward sweep, with extrapolated central differences of the function, and with a
    complex step through the recorded graph where its rows allow that. Each comparison is as strict as its own error lets it
    be, by estimate, so that there is no tolerance to choose. Where they disagree, the check looks for the first row whose
    derivative is wrong, for a kink, for a nan, for a function that gives two answers to one question or goes past the graph.

    Arguments:
        f: takes the inputs; returns a scalar, or a tree of scalars, each of which is checked.
        inputs: numbers, arrays, modules, and lists, tuples and dicts of them; every number is an input.
        step: the step to start the differences from; by default several, in relation to the input and to 1.
        raise_exception: whether a failure is an error, as in PyTorch, or a report that is false.

    Raises:
        GradcheckError: if a derivative fails.

    Source: see `differences`, `complex_rows`.

    >>> import autograd_lite as ag
    >>> print(gradcheck(lambda x, y: x * ag.sin(y), 2.0, 0.0))
    output by inputs[0]:  reverse 0  forward 0  difference 0  complex 0  agrees
    output by inputs[1]:  reverse 2  forward 2  difference 2  complex 2  agrees
    >>> print(gradcheck(lambda x: 3.0 * ag.relu(x), 0.0, raise_exception=False))
    output by inputs[0]:  reverse 0  ... a kink at x=0 in relu, called at <doctest ...>:1: print(gradcheck(...
    """
    subject = Subject(f, inputs)
    leaves, outputs = subject.record()
    sweeps = [Sweeps(subject, leaves, output, k, step) for k, output in enumerate(outputs)]
    report = GradcheckReport(tuple([sweep.checked(place) for sweep in sweeps for place in range(len(leaves))]))
    if raise_exception and not report:
        raise GradcheckError("\n".join(str(line) for line in report.lines if not line.passed))
    return report


def gradgradcheck(
    f: Callable[..., Any], *inputs: Any, step: float | None = None, raise_exception: bool = True
) -> GradcheckReport:
    """Checks second derivatives: `gradcheck` of the gradient along a fixed direction, taken as a graph.

    Arguments, Returns, Raises: as `gradcheck`.

    >>> import autograd_lite as ag
    >>> bool(gradgradcheck(lambda x, y: ag.exp(x * y), 0.5, -1.0))
    True
    """

    def slopes(*points: Any) -> list[Scalar]:
        leaves, _ = flatten(points, "the inputs")
        if not all(isinstance(leaf, Value) for leaf in leaves):
            raise TypeError("a gradient is taken with respect to Values")
        outputs, _ = flatten(f(*points), "what the function returns")
        directions = [math.cos(k + 1.0) for k in range(len(leaves))]  # no two alike, and none is 0
        found: list[Scalar] = []
        for output in outputs:
            gradient = gradients(output, leaves, create_graph=True) if isinstance(output, Value) else [0.0] * len(leaves)
            terms = [z * v for z, v in zip(gradient, directions, strict=True)]
            found.append(sum(terms[1:], terms[0]))
        return found

    return gradcheck(slopes, *inputs, step=step, raise_exception=raise_exception)

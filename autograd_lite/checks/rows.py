"""check_primitive: a row of the table against its own value, all over its domain."""

from __future__ import annotations

import math
from collections.abc import Sequence

from autograd_lite.checks.diagnosis import along_argument, bends, check_argument, is_isolated, stops
from autograd_lite.checks.differences import EPSILON, SAFETY, compare
from autograd_lite.checks.lines import as_text, called
from autograd_lite.checks.replay import evaluate
from autograd_lite.engine.extras import require
from autograd_lite.engine.primitive import Primitive
from autograd_lite.engine.sweep import local_derivatives
from autograd_lite.engine.value import Value, gradients

__all__ = ["PrimitiveError", "check_primitive"]


class PrimitiveError(AssertionError):
    """A row says something that its own value contradicts."""


def check_primitive(row: Primitive, *, examples: int = 100) -> None:
    """Checks what a row says, at points from all over its domain, against differences of its value.

    At every point: the value is finite, has no kink, and is the same of floats and of Values; the partials are what
    differences of the value say, as numbers and as graphs; what is masked as a structural zero has the derivative 0; second
    derivatives are what differences of the partials say. An argument whose partial is None is taken to be meant so. The
    points are the same every time; the point of a failure is the simplest that was found.

    Arguments:
        row: what `declare` or `declare_nary` returned.
        examples: how many points.

    Raises:
        PrimitiveError: names the row, the argument and the point.
        ImportError: without hypothesis.

    >>> import autograd_lite as ag
    >>> cube = ag.declare("cube_of", partials=(lambda x, out: 2.0 * x * x,), value=lambda m, x: x * x * x, doc="x³")
    >>> check_primitive(cube)
    Traceback (most recent call last):
    autograd_lite.checks.rows.PrimitiveError: row `cube_of`, argument 1 is wrong at cube_of(...): ...
    >>> from autograd_lite.engine.primitive import TABLE
    >>> del TABLE["cube_of"]
    """
    hypothesis = require("hypothesis", "checks")
    points = require("autograd_lite.checks.strategies", "checks").points
    settings = hypothesis.settings(max_examples=examples, derandomize=True, database=None, deadline=None)
    found: list[str] = []

    @settings  # type: ignore[untyped-decorator]  # hypothesis comes untyped through `require`
    @hypothesis.given(points(row.domain))  # type: ignore[untyped-decorator]  # as above
    def check(point: tuple[float, ...]) -> None:
        message = fault(row, point)
        if message:
            found.append(message)
        assert not message

    try:
        check()
    except AssertionError:
        raise PrimitiveError(found[-1]) from None


def fault(row: Primitive, point: Sequence[float]) -> str:
    """What is wrong with a row at a point of its domain; empty if nothing is."""
    out, at = evaluate(row, point), called(row, list(point))
    if not math.isfinite(out):
        return f"row `{row.name}` is {as_text(out)} at {at}, which lies in its domain '{row.domain.text}'"
    leaves = [Value(x) for x in point]
    node = row(leaves) if row.arity is None else row(*leaves)
    if node.data != out:
        return f"row `{row.name}` is {as_text(out)} of floats and {as_text(node.data)} of Values, at {at}"
    heard = dict(local_derivatives(node))
    numbers, graphs = gradients(node, leaves), gradients(node, leaves, create_graph=True)
    for k, leaf in enumerate(leaves):
        if stops(row, k) or is_isolated(row.domain, point, k):
            continue
        if bends(along_argument(row, point, k), point[k]):
            return f"row `{row.name}` has a kink in argument {k + 1} at {at}, which lies in its domain '{row.domain.text}'"
        where = f"row `{row.name}`, argument {k + 1} is wrong at {at}"
        found = check_argument(row, point, out, k, numbers[k])
        if not found.agrees:
            says = f"it says {as_text(numbers[k])}" if leaf in heard else "it says that nothing flows to it"
            return f"{where}: {says}, differences say {found.slope.value:.12g} ± {SAFETY * found.slope.error:.0e}"
        if abs(graphs[k].data - numbers[k]) > 64.0 * EPSILON * abs(numbers[k]):
            return f"{where}: its partial is {as_text(numbers[k])} of floats and {as_text(graphs[k].data)} as a graph"
        message = _second_fault(row, point, k, gradients(graphs[k], leaves))
        if message:
            return f"{where}: {message}"
    return ""


def _second_fault(row: Primitive, point: Sequence[float], k: int, curvatures: Sequence[float]) -> str:
    """Whether the derivatives of a partial, taken as a graph, are those of its numbers."""

    def partial(j: int, x: float) -> float:
        moved = [*point[:j], x, *point[j + 1 :]]
        out = evaluate(row, moved) if row.domain.contains(*moved) else math.nan
        return (row.local_slopes(moved, out)[k] or 0.0) if math.isfinite(out) else math.nan

    for j, claim in enumerate(curvatures):
        if stops(row, j) or is_isolated(row.domain, point, j) or not math.isfinite(claim):
            continue
        size = abs(partial(j, point[j]))
        found = compare(claim, lambda x, j=j: partial(j, x), point[j], noise=64.0 * EPSILON * size, magnitude=size)  # type: ignore[misc]  # mypy knows no default of a lambda's own
        if not found.agrees and math.isfinite(found.slope.value):
            return (
                f"the derivative of its partial by argument {j + 1} is {as_text(claim)} as a graph, and by differences "
                f"{found.slope.value:.12g} ± {SAFETY * found.slope.error:.0e}"
            )
    return ""

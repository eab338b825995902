"""detect_anomaly: an error at the first nan or inf, where Values otherwise follow IEEE 754 in silence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from autograd_lite.checks.lines import SourceLines, as_text, called
from autograd_lite.engine import state
from autograd_lite.engine.node import Node
from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.sweep import topological

__all__ = ["AnomalyError", "blame_derivative", "blame_value", "detect_anomaly"]


class AnomalyError(FloatingPointError):
    """A nan or an inf came up while `detect_anomaly` was on."""


@contextmanager
def detect_anomaly() -> Iterator[None]:
    """Stops at the first nan or inf, in an operation on Values or in a sweep for derivatives; a context or a decorator.

    The error names the operation, its operands and the line that called it. For a sweep that is the line where the operation
    was called going forward, if that was in the context too. Lines are kept for nodes made in the context, as long as the
    nodes live. Only the current thread or coroutine is affected, and outside of the context nothing costs anything.

    What lies in a branch that `where` does not take is computed, and so it counts too. Within a sweep only the derivatives
    of nodes count, not what lies behind structural zeros.

    Raises:
        AnomalyError: as soon as a result or a derivative is nan or infinite.

    >>> import autograd_lite as ag
    >>> x = ag.Value(0.0, label="x")
    >>> with ag.detect_anomaly():
    ...     y = 1.0 + ag.log(x)
    Traceback (most recent call last):
    autograd_lite.checks.anomaly.AnomalyError: log(0) is -inf, called at ...: y = 1.0 + ag.log(x)
    """
    if isinstance(state.observer(), _Anomaly):  # one within another: the outer one goes on, and knows more lines
        yield
        return
    with state.observing(_Anomaly()):
        yield


class _Anomaly:
    """Looks at every number; while a sweep runs it waits for the result, since a graph also computes what is masked."""

    def __init__(self) -> None:
        self._lines = SourceLines()
        self._sweeps = 0

    def made(self, node: Node) -> None:
        self._lines.made(node)
        if not self._sweeps and not math.isfinite(node._number):
            raise AnomalyError(blame_value(node, self._lines))

    @contextmanager
    def sweeping(self) -> Iterator[None]:
        self._sweeps += 1
        try:
            yield
        finally:
            self._sweeps -= 1

    def swept(self, output: Node | Sequence[Node], derivatives: Mapping[Node, Scalar | None], *, backward: bool) -> None:
        message = blame_derivative(output, derivatives, self._lines, backward=backward)
        if message and not self._sweeps:
            raise AnomalyError(message)


def blame_value(output: Node, lines: SourceLines) -> str:
    """What is to be said of the first node below an output that is nan or infinite; empty if all are finite."""
    for node in topological(output, allow_stale=True):
        if not math.isfinite(node._number):
            if node._op is not None:
                return f"{called(node._op, node.numbers)} is {as_text(node._number)}{lines.of(node)}"
            name = f" {node.label!r}" if node.label else ""
            return f"the leaf{name} is {as_text(node._number)}: it was so before the first operation"
    return ""


def blame_derivative(
    output: Node | Sequence[Node], derivatives: Mapping[Node, Scalar | None], lines: SourceLines, *, backward: bool
) -> str:
    """What is to be said of the first derivative that a sweep made nan or infinite; empty if all are finite."""
    rates: dict[Node, float] = {}
    for node, s in derivatives.items():
        if s is not None:
            rates[node] = s if type(s) is float else s._number
    if all(math.isfinite(rate) for rate in rates.values()):
        return ""
    order = topological(*([output] if isinstance(output, Node) else output))
    for node in reversed(order) if backward else order:
        op = node._op
        if op is None:
            continue
        for k, (arg, z) in enumerate(zip(node.args, op.local_slopes(node.numbers, node._number), strict=True), start=1):
            if type(arg) is float or z is None or node not in rates or arg not in rates:
                continue
            rate = rates[node] if backward else rates[arg]
            if math.isfinite(rate) and not math.isfinite(rate * z):
                text = f"the derivative of {called(op, node.numbers)} towards argument {k} is {as_text(z)}"
                whole = "of the output towards it" if backward else "of that argument along the direction"
                return f"{text}, times the derivative {as_text(rate)} {whole}{lines.of(node)}"
    return "derivatives add up to inf or nan though each is finite, or the one to start from is not"

"""One derivative, had in every way there is, and the verdict on it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograd_lite.checks.anomaly import blame_derivative, blame_value
from autograd_lite.checks.diagnosis import Finding, between, culprit, has_kink, kink_near, stopping
from autograd_lite.checks.differences import EPSILON, Agreement, Slope, compare
from autograd_lite.checks.lines import SourceLines, as_text
from autograd_lite.checks.replay import complex_step, evaluate, replay
from autograd_lite.checks.subject import Subject
from autograd_lite.engine import state
from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.sweep import forward, local_derivatives, reverse, topological
from autograd_lite.engine.value import Value

__all__ = ["CheckedDerivative", "Sweeps", "conditioning"]


@dataclass(frozen=True)
class CheckedDerivative:
    """One derivative, had in four ways.

    Attributes:
        input, output: which one it is.
        reverse, forward: from the sweeps; forward is None where a custom rule serves reverse mode alone.
        difference: from differences of the function, with its error.
        complex: from a complex step; None where a row of the graph has no complex form.
        passed: whether they agree, or disagree for a reason that is none of theirs.
        verdict: in words.
    """

    input: str
    output: str
    reverse: float
    forward: float | None
    difference: Slope
    complex: float | None
    passed: bool
    verdict: str

    def __str__(self) -> str:
        found = {
            "reverse": self.reverse,
            "forward": self.forward,
            "difference": self.difference.value,
            "complex": self.complex,
        }
        numbers = [f"{name} {'–' if number is None else format(number, '.12g')}" for name, number in found.items()]
        return "  ".join([f"{self.output} by {self.input}:", *numbers, self.verdict])


def conditioning(output: Value) -> tuple[dict[Any, float], float]:
    """For each node the sum over all paths of |Π z|, and what the rounding of every node may add up to in the output."""
    magnitude: dict[Any, float] = {output: 1.0}
    noise = 0.0
    for node in reversed(topological(output)):
        size = magnitude.setdefault(node, 0.0)
        if node._op is not None and size:  # what is behind a structural zero may well be nan
            noise += 2.0 * EPSILON * size * abs(node._number)
        for arg, z in local_derivatives(node):
            magnitude[arg] = magnitude.get(arg, 0.0) + size * abs(z)
    return magnitude, noise


class Sweeps:
    """What the sweeps of one output say, and how its derivatives are checked.

    Arguments:
        subject: the function.
        leaves, output: the graph; an output that is a float depends on nothing.
        number: which of the outputs it is.
        step: of the differences, or None.
    """

    def __init__(self, subject: Subject, leaves: Sequence[Value], output: Scalar, number: int, step: float | None) -> None:
        self._subject, self._number, self._step = subject, number, step
        self._leaves = leaves
        self._output = output if isinstance(output, Value) else Value(output)
        self._adjoint = reverse(self._output)
        self._magnitude, self._noise = conditioning(self._output)

    def checked(self, place: int) -> CheckedDerivative:
        """The derivative by one input."""
        leaf, output, x = self._leaves[place], self._output, self._subject.numbers[place]
        claim = self._adjoint.get(leaf) or 0.0
        rates = _rates(output, leaf)
        tangent = None if rates is None else rates.get(output, 0.0)
        if math.isfinite(output._number) and math.isfinite(claim):
            f, magnitude = self._subject.along(place, self._number), self._magnitude.get(leaf, 0.0)
            again = f(x)
            found = compare(claim, f, x, noise=self._noise, magnitude=magnitude, step=self._step)
            exact = complex_step(output, leaf)
            # A sweep multiplies and adds along every path: some roundings of each path's product.
            rounding = (64.0 + len(self._adjoint)) * EPSILON * magnitude
            finding = self._judged(place, claim, found, exact, rates, rounding)
            if repr(again) != repr(output._number):
                two = f"{as_text(output._number)}, then {as_text(again)}"
                finding = Finding(f"the function is not deterministic: at one and the same point it gave {two}")
        else:
            found, exact = Agreement(Slope(math.nan, math.inf, math.inf, 0.0), agrees=False, decided=False), None
            finding = self._diagnosed(place, found)
        names = (self._subject.labels[place], self._subject.outputs[self._number])
        return CheckedDerivative(*names, claim, tangent, found.slope, exact, finding.harmless, finding.text)

    def _judged(
        self,
        place: int,
        claim: float,
        found: Agreement,
        exact: float | None,
        rates: dict[Any, float] | None,
        rounding: float,
    ) -> Finding:
        # Rows have complex forms that are as accurate as their own, though not to the last bits.
        off = exact is not None and abs(exact - claim) > 1e-9 * max(
            abs(claim), self._magnitude.get(self._leaves[place], 0.0)
        )
        proven = exact is not None and not off and self._step is None
        forward_agrees = rates is None or abs(rates.get(self._output, 0.0) - claim) <= rounding
        sure = forward_agrees and not off and found.agrees and (found.decided or proven)
        if sure and not has_kink(between(self._output, self._leaves[place]), rates or {}):
            return Finding("agrees", harmless=True)
        return self._diagnosed(place, found)

    def _diagnosed(self, place: int, found: Agreement) -> Finding:
        """Why the derivative by an input is not what it should be: the graph, made anew with its source lines."""
        lines = SourceLines()
        with state.observing(lines):
            leaves, outputs = self._subject.record()
        leaf, output = leaves[place], outputs[self._number]
        if not isinstance(output, Value):
            output = Value(output)
        if not math.isfinite(output._number):
            return Finding(f"not finite: {blame_value(output, lines)}")
        message = blame_derivative(output, reverse(output), lines, backward=True)
        if message:
            return Finding(f"not finite: {message}")
        return (
            culprit(between(output, leaf), _rates(output, leaf) or {}, lines)
            or self._past_the_graph(place, leaf, output, found, lines)
            or self._of_the_step(leaf, output, found, lines)
        )

    def _past_the_graph(
        self, place: int, leaf: Value, output: Value, found: Agreement, lines: SourceLines
    ) -> Finding | None:
        """Whether the function at a moved input is not the graph at a moved input."""
        f, x, order = self._subject.along(place, self._number), leaf._number, topological(output)
        step = found.slope.step
        for moved in [end for end in (x + step, x - step) if math.isfinite(f(end))]:
            numbers = replay(order, {leaf: moved}, evaluate, hold=False)
            replayed, value = numbers.get(output, output._number), f(moved)
            if abs(replayed - value) > 1e-3 * abs(value - output._number) + 16.0 * self._noise:
                kink = kink_near(between(output, leaf), _rates(output, leaf) or {}, step, lines)
                return kink or Finding(
                    f"the function goes past the graph: at {as_text(moved)} it gives {as_text(value)}, and the graph it "
                    f"recorded gives {as_text(replayed)}; it reads .data, or branches on a number"
                )
        try:
            floats = self._subject.on_floats()[self._number]
        except Exception:  # a function may well be for Values alone
            return None
        if abs(floats - output._number) > 16.0 * self._noise:
            gives = f"{as_text(output._number)} of Values and {as_text(floats)} of floats"
            return Finding(f"the function gives {gives}: it asks for the type of its input")
        return None

    def _of_the_step(self, leaf: Value, output: Value, found: Agreement, lines: SourceLines) -> Finding:
        """Rows and graph are as they should be: what is wrong with the differences."""
        nodes, slope = between(output, leaf), found.slope
        claim = reverse(output).get(leaf) or 0.0
        rates = _rates(output, leaf)
        tangent = claim if rates is None else rates.get(output, 0.0)
        if abs(tangent - claim) > 1e-9 * sum(abs(z) for z in (tangent, claim)):
            return Finding(f"reverse and forward sweep differ: {as_text(claim)} and {as_text(tangent)}")
        near = None if found.agrees else stopping(nodes, lines) or kink_near(nodes, rates or {}, slope.step, lines)
        if near:
            return near
        if self._step is not None:
            small = slope.rounding > 0.5 * slope.error
            why = (
                f"the rounding of the function, about {self._noise:.0e}, hides it"
                if small
                else "the function bends within it"
            )
            return Finding(f"the step {self._step:g} is too {'small' if small else 'large'} for this scale: {why}")
        return Finding("agrees, row by row; rounding hides it in differences of the whole", harmless=True)


def _rates(output: Value, leaf: Value) -> dict[Any, float] | None:
    """The rates of change of all nodes with a leaf; None where forward mode cannot pass."""
    try:
        rates: dict[Any, float] = {**forward(output, {leaf: 1.0})}
    except TypeError:  # a custom_vjp, which has no rule for it
        return None
    return rates

"""How an entry of a program is spelled as a Python expression, and what that costs.

On floats an expression gives what the row's `evaluate` gives, to the bit. Where the operators and functions of Python would
raise it calls `evaluate`; so does, always, a row that has no spelling here. Sums run from left to right.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd_lite.engine import operations, reductions
from autograd_lite.engine.primitive import Primitive

__all__ = ["Scope", "cost_of", "literal", "spell"]

TEMPLATES: dict[Primitive, str] = {
    operations.add: "{x} + {y}",
    operations.subtract: "{x} - {y}",
    operations.multiply: "{x} * {y}",
    operations.remainder: "{x} % {y} if {y} else {call}",
    operations.negative: "-{x}",
    operations.positive: "+{x}",
    operations.stop_gradient: "{x}",
    operations.exp: "exp({x}) if {x} < 700.0 else {call}",
    operations.expm1: "expm1({x}) if {x} < 700.0 else {call}",
    operations.log: "log({x}) if {x} > 0.0 else {call}",
    operations.log1p: "log1p({x}) if {x} > -1.0 else {call}",
    operations.log2: "log2({x}) if {x} > 0.0 else {call}",
    operations.log10: "log10({x}) if {x} > 0.0 else {call}",
    operations.sqrt: "sqrt({x}) if {x} >= 0.0 else {call}",
    operations.sin: "sin({x}) if -1e300 < {x} < 1e300 else {call}",
    operations.cos: "cos({x}) if -1e300 < {x} < 1e300 else {call}",
    operations.sinh: "sinh({x}) if -700.0 < {x} < 700.0 else {call}",
    operations.cosh: "cosh({x}) if -700.0 < {x} < 700.0 else {call}",
    operations.equal: "1.0 if {x} == {y} else 0.0",
    operations.less: "1.0 if {x} < {y} else 0.0",
    operations.less_equal: "1.0 if {x} <= {y} else 0.0",
    operations.where: "{y} if {x} != 0.0 else {z}",
    operations.clip: "{x} if {y} <= {x} <= {z} else {call}",
    operations.step: "1.0 if {x} > 0.0 else {x} if {x} != {x} else 0.0",
    operations.sign: "1.0 if {x} > 0.0 else -1.0 if {x} < 0.0 else {call}",
    operations.relu: "{x} if {x} > 0.0 or {x} != {x} else 0.0",
    operations.sigmoid: "1.0 / (1.0 + exp(-{x})) if {x} > 0.0 else exp({x}) / (1.0 + exp({x})) if {x} <= 0.0 else {call}",
    operations.softplus: "{x} + log1p(exp(-{x})) if {x} > 0.0 else log1p(exp({x})) if {x} <= 0.0 else {call}",
}
"""Rows by their expressions: {x}, {y} and {z} are the operands, {call} is the call of `evaluate` on all of them."""

FUNCTIONS = ("cos", "cosh", "exp", "expm1", "inf", "log", "log10", "log1p", "log2", "nan", "pow", "sin", "sinh", "sqrt")
"""What the expressions name of `math`."""

INLINE = 200
"""Terms up to which a sum or product is one expression: Python's compiler recurses as deep as there are terms."""


@dataclass
class Scope:
    """The names under which generated code finds what is no number of the program.

    Attributes:
        items: what they name.
    """

    items: dict[str, Any] = field(default_factory=lambda: {name: getattr(math, name) for name in FUNCTIONS})
    _names: dict[int, str] = field(default_factory=dict)

    def bind(self, kind: str, item: Any) -> str:
        """The name of an object: a letter for its kind, and a number."""
        name = self._names.get(id(item))
        if name is None:
            name = self._names[id(item)] = f"{kind}{len(self._names)}"
            self.items[name] = item
        return name


def literal(x: float) -> str:
    """A constant as an operand.

    >>> literal(0.1), literal(-0.0), literal(-math.inf)
    ('0.1', '(-0.0)', '(-inf)')
    """
    text = repr(x)
    return f"({text})" if text.startswith("-") else text


def spell(op: Primitive, operands: Sequence[str], scope: Scope) -> str:
    """The expression of an operation.

    Arguments:
        op: a row of the table.
        operands: names, or constants as `literal` spells them.
        scope: takes in what the expression names.

    >>> spell(operations.divide, ["v1", "v2"], Scope())
    'v1 / v2 if v2 else f0(v1, v2)'
    >>> spell(reductions.dot, ["v1", "v2", "v3", "0.5", "(-1.0)", "1.0"], Scope())
    'v1 * 0.5 - v2 + v3'
    """
    template = BUILT[op](operands) if op in BUILT else TEMPLATES.get(op, "{call}")
    call = ""
    if "{call}" in template:
        listed = ", ".join(operands)
        call = f"{scope.bind('f', op.evaluate)}({f'[{listed}]' if op.arity is None else listed})"
    return template.format(**dict(zip("xyz", operands, strict=False)), call=call)


# --- expressions that depend on the number of operands, or on constants among them ---------------------------------------


def _constant(operand: str) -> float | None:
    try:
        return float(operand.strip("()"))
    except ValueError:
        return None


def _quotient(operands: Sequence[str]) -> str:
    return "{x} / {y}" if _constant(operands[1]) else "{x} / {y} if {y} else {call}"


def _power(operands: Sequence[str]) -> str:
    """The fast way is for a constant exponent, and for bases whose power neither overflows nor leaves the real numbers."""
    y = _constant(operands[1])
    if y is None or not math.isfinite(y):
        return "{call}"
    if y in {0.0, 1.0}:
        return "+{x}" if y else "1.0"
    if y in {2.0, 3.0}:  # many times faster, and not more than a unit of the last place away
        return " * ".join(["{x}"] * int(y))
    top = 10.0 ** min(300.0 / abs(y), 300.0)
    least = -top if y > 0.0 and y.is_integer() else 1.0 / top
    return f"pow({{x}}, {{y}}) if {least!r} < {{x}} < {top!r} else {{call}}"


def _total(operands: Sequence[str]) -> str:
    return " + ".join(operands) if len(operands) <= INLINE else "{call}"


def _product(operands: Sequence[str]) -> str:
    return " * ".join(operands) if len(operands) <= INLINE else "{call}"


def _dot(operands: Sequence[str]) -> str:
    """Spares products by ±1, which change nothing but the sign."""
    half = len(operands) // 2
    if half > INLINE:
        return "{call}"
    text = ""
    for x, y in zip(operands[:half], operands[half:], strict=True):
        x, y = (y, x) if x in {"1.0", "(-1.0)"} else (x, y)
        if y == "(-1.0)" and text:
            text += f" - {x}"
        else:
            text += f"{' + ' if text else ''}{x}" if y == "1.0" else f"{' + ' if text else ''}{x} * {y}"
    return text


def _max(operands: Sequence[str]) -> str:
    return "{x} if {x} >= {y} or {x} != {x} else {y}" if len(operands) == 2 else "{call}"


def _min(operands: Sequence[str]) -> str:
    return "{x} if {x} <= {y} or {x} != {x} else {y}" if len(operands) == 2 else "{call}"


BUILT: dict[Primitive, Callable[[Sequence[str]], str]] = {
    operations.divide: _quotient,
    operations.pow: _power,
    reductions.total: _total,
    reductions.product: _product,
    reductions.dot: _dot,
    reductions.max: _max,
    reductions.min: _min,
}
"""Rows whose template is made for the operands."""

# --- what it costs -------------------------------------------------------------------------------------------------------

NANOSECONDS: dict[Primitive, float] = {
    **dict.fromkeys([row for row in TEMPLATES if "(" not in TEMPLATES[row] and "call" not in TEMPLATES[row]], 14.0),
    operations.divide: 24.0,
    operations.remainder: 28.0,
    operations.abs: 22.0,
    operations.sqrt: 30.0,
    operations.sin: 45.0,
    operations.cos: 45.0,
    operations.sigmoid: 70.0,
    operations.softplus: 90.0,
    operations.polygamma: 10000.0,
    reductions.logsumexp: 1000.0,
}
"""What an entry takes where it was measured: on one core of a server, under CPython 3.11."""

SPELLED, CALLED = 45.0, 80.0
"""What any other row takes that has a spelling, and one that has none."""

PER_ARGUMENT = 60.0
"""What each argument of a sequence takes that is handed over in a list; of a sum that is written out it is a quarter."""


def cost_of(op: Primitive, arguments: int) -> float:
    """About how many microseconds an entry takes.

    >>> cost_of(operations.add, 2) < cost_of(operations.exp, 1) < cost_of(reductions.total, 20) < cost_of(reductions.var, 20)
    True
    """
    known = op in TEMPLATES or op in BUILT
    if op.arity is not None:
        return 1e-3 * NANOSECONDS.get(op, SPELLED if known else CALLED)
    written = BUILT[op](["v"] * arguments) != "{call}" if op in BUILT else False
    each = PER_ARGUMENT / 4.0 if written else PER_ARGUMENT
    return 1e-3 * (NANOSECONDS.get(op, 0.0 if written else 300.0) + each * arguments)

r"""How an expression is written, as text and as LaTeX: what a row of the table says, and how parts are put together.

A row writes its operation on arguments that are written already. Each written part knows how tightly it binds, so that
brackets stand where they are needed and nowhere else. Texts are Python over the public names; evaluated again they give the
same number to the bit: what is not written (a factor 1, a divisor 1, an exponent 1) and x - y for x + (-y) change none.

    >>> text = infix("*", PRODUCT, units=(1.0, 1.0)).text
    >>> text("multiply", [Part("a"), Part("a + b", SUM)]).text
    'a * (a + b)'
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

__all__ = ["ATOM", "POWER", "PRODUCT", "SUM", "Notation", "Part", "infix", "notation_of", "template"]

SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4
"""How tightly an operation binds. What begins with a minus is a sum, so that no two signs ever meet."""

TEXT, LATEX = ("(", ")"), (r"\left(", r"\right)")
"""The brackets of either form."""


@dataclass(frozen=True)
class Part:
    """An expression that is written already.

    Attributes:
        text: the expression.
        strength: how tightly its outermost operation binds.
        number: of a constant, its number.
        condition: of a comparison, how it is written where a truth is wanted.
        opposite: of what begins with a minus, the same without.
    """

    text: str
    strength: int = ATOM
    number: float | None = None
    condition: str = ""
    opposite: Part | None = None

    def within(self, strength: int, brackets: tuple[str, str]) -> str:
        """The expression as an operand of an operation that wants this strength: in brackets if it binds less."""
        return self.text if self.strength >= strength else f"{brackets[0]}{self.text}{brackets[1]}"


Form: TypeAlias = Callable[[str, Sequence[Part]], Part]
"""Writes an operation, given the row's name and the written arguments."""

Units: TypeAlias = tuple[float | None, float | None]
"""For each of two operands the constant that leaves the other one exactly as it is, if there is one."""


@dataclass(frozen=True)
class Notation:
    r"""How an operation is written; by default as `name(x, y)`, of a sequence `name([x, y])`.

    Attributes:
        text: as Python over the public names.
        latex: as LaTeX; by default `\operatorname{name}\left(x, y\right)`.
    """

    text: Form | None = None
    latex: Form | None = None

    def write(self, name: str, parts: Sequence[Part], *, latex: bool, sequence: bool) -> Part:
        """The operation on written arguments.

        Arguments:
            name: the row's name.
            latex: as LaTeX, else as text.
            sequence: whether the operation takes one sequence.
        """
        if latex:
            return (self.latex or CALL_LATEX)(name.replace("_", r"\_"), parts)
        return (self.text or (CALL_SEQUENCE if sequence else CALL))(name, parts)


def template(
    text: str,
    strength: int = ATOM,
    needs: Sequence[int] = (),
    *,
    units: Units = (None, None),
    condition: str = "",
    brackets: tuple[str, str] = LATEX,
) -> Form:
    """A form with gaps for the arguments.

    Arguments:
        text: holds `#1`, `#2` … for the arguments; `#*` for all, `#<` for all but the last, `#>` for the last; `?1` for the
            first as a truth; `#0` for the row's name.
        strength: how tightly the whole binds.
        needs: how tightly each argument must bind, to stand without brackets; those beyond need nothing.
        units: see `Units`; such an argument is not written, and neither is the operation.
        condition: the same text where a truth is wanted.
        brackets: those of LaTeX, or of text.
    """

    def form(name: str, parts: Sequence[Part]) -> Part:
        for part, other, unit in zip(parts, parts[::-1], units, strict=False):
            if part.number is not None and part.number == unit:
                return other
        written = [part.within(need, brackets) for part, need in zip(parts, [*needs, *[0] * len(parts)], strict=False)]

        def gap(match: re.Match[str]) -> str:
            kind, place = match.groups()
            if kind == "?":
                return parts[0].condition or written[0] + (r" \neq 0" if brackets is LATEX else "")
            if place.isdigit():
                return written[int(place) - 1] if place != "0" else name
            return ", ".join({"*": written, "<": written[:-1], ">": written[-1:]}[place])

        return Part(GAP.sub(gap, text), strength, condition=GAP.sub(gap, condition))

    return form


GAP = re.compile(r"([#?])([0-9*<>])")
CALL, CALL_SEQUENCE = template("#0(#*)", brackets=TEXT), template("#0([#*])", brackets=TEXT)
CALL_LATEX = template(r"\operatorname{#0}\left(#*\right)", POWER)
PLAIN = Notation()


def notation_of(given: Notation | str) -> Notation:
    r"""A notation as a row gives it: the text of a `template` for LaTeX, or the sign of a function, `\sin` say."""
    if isinstance(given, Notation):
        return given
    return Notation(latex=template(given if "#" in given else given + r"\left(#*\right)", POWER))


def infix(sign: str, strength: int, latex: str | None = None, *, units: Units = (None, None)) -> Notation:
    """An operation between its operands, of which those to the left bind first.

    Arguments:
        sign: what stands between them.
        strength: how tightly it binds.
        latex: what stands between them in LaTeX, if that is another sign.
        units: see `Units`.
    """
    needs = (strength, strength + 1)
    text = template(f"#1 {sign} #2", strength, needs, units=units, brackets=TEXT)
    return Notation(text, template(f"#1 {latex or sign} #2", strength, needs, units=units))


def comparison(sign: str, latex: str) -> Notation:
    """The truth of a comparison: a number where a number is wanted."""
    text = template(f"where(#1 {sign} #2, 1, 0)", condition=f"#1 {sign} #2", brackets=TEXT)
    return Notation(text, template(rf"\left[#1 {latex} #2\right]", condition=f"#1 {latex} #2"))


def prefix(sign: str) -> Notation:
    """A sign before its operand."""
    text, latex = (template(f"{sign}#1", SUM, (PRODUCT,), brackets=brackets) for brackets in (TEXT, LATEX))
    return Notation(text, latex)


def opposing(minus: Notation) -> Notation:
    """A minus that a sum takes for its own: x + (-y) is written x - y."""
    return Notation(*[_opposing(form) for form in (minus.text, minus.latex) if form])


def _opposing(minus: Form) -> Form:
    return lambda name, parts: replace(minus(name, parts), opposite=parts[0])


def adding(plus: Notation, minus: Notation) -> Notation:
    """A sum in which a term that begins with a minus is subtracted."""
    forms = ((plus.text, minus.text), (plus.latex, minus.latex))
    return Notation(*[_adding(plus, minus) for plus, minus in forms if plus and minus])


def _adding(plus: Form, minus: Form) -> Form:
    def form(name: str, parts: Sequence[Part]) -> Part:
        opposite = parts[1].opposite
        return minus(name, (parts[0], opposite)) if opposite else plus(name, parts)

    return form


def turning(times: Notation, minus: Notation) -> Notation:
    """A product in which a factor -1 is written as a sign."""
    forms = ((times.text, minus.text), (times.latex, minus.latex))
    return Notation(*[_turning(product, sign) for product, sign in forms if product and sign])


def _turning(product: Form, sign: Form) -> Form:
    def form(name: str, parts: Sequence[Part]) -> Part:
        for part, other in zip(parts, parts[::-1], strict=True):
            if part.number == -1.0:
                return sign(name, (other,))
        return product(name, parts)

    return form


def chain(two: Notation) -> Notation:
    """An operation on a sequence, written as the one on two operands between all its elements, from left to right."""
    return Notation(*[_chained(form) for form in (two.text, two.latex) if form])


def _chained(two: Form) -> Form:
    return lambda name, parts: functools.reduce(lambda x, y: two(name, (x, y)), parts)


def sum_of_products(plus: Notation, times: Notation) -> Notation:
    """x[0]·y[0] + x[1]·y[1] + … of one sequence: all x, then all y."""
    forms = ((plus.text, times.text), (plus.latex, times.latex))
    return Notation(*[_products(chain, product) for chain, product in forms if chain and product])


def _products(plus: Form, times: Form) -> Form:
    def form(name: str, parts: Sequence[Part]) -> Part:
        half = len(parts) // 2
        pairs = zip(parts[:half], parts[half:], strict=True)
        return _chained(plus)(name, [times(name, pair) for pair in pairs])

    return form


MINUS = infix("-", SUM)
PLUS = adding(infix("+", SUM), MINUS)
NEGATIVE, POSITIVE = opposing(prefix("-")), prefix("+")
TIMES = turning(infix("*", PRODUCT, r"\cdot", units=(1.0, 1.0)), NEGATIVE)
QUOTIENT = Notation(infix("/", PRODUCT, units=(None, 1.0)).text, template(r"\frac{#1}{#2}", POWER, units=(None, 1.0)))
RAISED = Notation(
    template("#1 ** #2", POWER, (ATOM, ATOM), units=(None, 1.0), brackets=TEXT),
    template("#1^{#2}", POWER, (ATOM,), units=(None, 1.0)),
)
MODULO = Notation(latex=template(r"#1 \bmod #2", SUM, (POWER, POWER)))
LESS, LESS_EQUAL = comparison("<", "<"), comparison("<=", r"\leq")
EQUAL = Notation(latex=template(r"\left[#1 = #2\right]", condition="#1 = #2"))
ROOT = Notation(latex=template(r"\sqrt{#1}"))
FLOOR = Notation(latex=template(r"\left\lfloor #1 \right\rfloor"))
CEILING = Notation(latex=template(r"\left\lceil #1 \right\rceil"))
CASES = Notation(
    template("where(?1, #2, #3)", brackets=TEXT),
    template(r"\begin{cases} #2 & \text{if } ?1 \\ #3 & \text{else} \end{cases}"),
)
ELEMENT = Notation(template("#0([#<], #>)", brackets=TEXT), template(r"\left(#<\right)_{#>}"))

r"""Graphs as text and as LaTeX: names for nodes, numbers to read, and expressions put together from the rows' notation.

Labels are untrusted: a name is one printable line, and in LaTeX nothing in it acts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Container, Iterable, Mapping

from autograd_lite.engine.node import Node
from autograd_lite.engine.notation import ATOM, PRODUCT, SUM, Part
from autograd_lite.engine.primitive import Primitive, Scalar
from autograd_lite.engine.sweep import topological

__all__ = [
    "count_text",
    "expression",
    "formula",
    "latex_name",
    "latex_number",
    "named",
    "operation",
    "short",
    "short_formula",
]

LONGEST_NAME = 30

MOST_ARGUMENTS = 8
"""Of an operation on more, a short formula does not name them."""

# --- names ---------------------------------------------------------------------------------------------------------------


def named(nodes: Iterable[Node]) -> dict[Node, str]:
    """A name for every node, no two alike: its label, or v1, v2 … in the order of the nodes.

    Of nodes with one label, the first keeps it and the others are numbered: `a`, `a_2`, `a_3`.

    >>> from autograd_lite import Value
    >>> list(named([Value(1.0, "a"), Value(2.0), Value(3.0, "a")]).values())
    ['a', 'v1', 'a_2']
    """
    labels = {node: _cleaned(node.label) for node in nodes}
    taken = {label for label in labels.values() if label}
    names: dict[Node, str] = {}
    bearers: dict[str, int] = {}
    for node, label in labels.items():
        count = bearers.get(label, 0) + 1
        name = label
        if not label or count > 1:
            while (name := f"{label}_{count}" if label else f"v{count}") in taken:
                count += 1
        bearers[label] = count
        taken.add(name)
        names[node] = name
    return names


def _cleaned(label: object) -> str:
    """A label as one line without control characters, and of a long one the beginning alone."""
    if label is None:
        return ""
    text = "".join([c if c.isprintable() else " " for c in str(label)[: 4 * LONGEST_NAME]])
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…"


LATEX_SIGNS = {c: "\\" + c for c in "#$%&_{}"} | {
    "\\": r"\backslash{}",
    "^": r"\wedge{}",
    "~": r"\sim{}",
    "<": r"\langle{}",  # a bare one could begin a tag where a page shows the source
    ">": r"\rangle{}",
    "`": r"\prime{}",
    "|": r"\vert{}",
    "*": r"\ast{}",
}


def latex_name(name: str) -> str:
    r"""A name as LaTeX: `x`, `x_{1}`, `\mathit{loss}`; of any other text every sign is shown and none acts.

    >>> latex_name("x1"), latex_name("loss"), latex_name("50% $")
    ('x_{1}', '\\mathit{loss}', '\\text{50}\\%\\text{ }\\$')
    """
    match = re.fullmatch(r"([A-Za-z]+)_?([0-9]*)", name)
    if match:
        word, index = match.groups()
        word = word if len(word) == 1 else rf"\mathit{{{word}}}"
        return f"{word}_{{{index}}}" if index else word
    pieces = re.findall(r"[#$%&_{}\\^~<>`|*]|[^#$%&_{}\\^~<>`|*]+", name)
    return "".join([LATEX_SIGNS.get(piece) or rf"\text{{{piece}}}" for piece in pieces])


# --- numbers -------------------------------------------------------------------------------------------------------------


def short(x: float | None) -> str:
    """A number to read, with six digits; a dash for none."""
    return "–" if x is None else f"{x:.6g}"


def latex_number(text: str) -> str:
    """A number that is written as Python, as LaTeX."""
    mantissa, _, exponent = text.partition("e")
    text = f"{mantissa} \\cdot 10^{{{int(exponent)}}}" if exponent else text
    return text.replace("inf", r"\infty").replace("nan", r"\mathrm{nan}")


def count_text(count: int) -> str:
    """A count, however large.

    >>> count_text(1024), count_text(2**1000)
    ('1,024', '1.07e+301')
    """
    if count < 10**15:
        return f"{count:,}"
    exponent = math.log10(count)  # of an int of any size
    return f"{10 ** (exponent % 1):.2f}e+{int(exponent)}"


def _constant(x: float, *, latex: bool) -> Part:
    """A number to the last digit; whole ones without the `.0`, since next to a Value the two are the same."""
    negative = math.copysign(1.0, x) < 0.0
    # Of zeros the sign counts, which a whole 0 has not: -0 * a would lose it.
    whole = 0.0 < abs(x) < 1e15 and x == math.floor(x)
    text = f"{x:.0f}" if whole or (latex and x == 0.0 and not negative) else repr(x)
    strength = SUM if negative else PRODUCT if latex and "e" in text else ATOM
    opposite = _constant(-x, latex=latex) if negative else None
    return Part(latex_number(text) if latex else text, strength, number=x, opposite=opposite)


# --- expressions ---------------------------------------------------------------------------------------------------------


def operation(op: Primitive, parts: list[Part], *, latex: bool) -> Part:
    """An operation on arguments that are written already."""
    return op.notation.write(op.name, parts, latex=latex, sequence=op.arity is None)


def _atom(arg: Scalar, names: Mapping[Node, str], *, latex: bool) -> Part:
    """An argument by its name; a constant, or a leaf without a name, by its number."""
    if type(arg) is float or arg not in names:
        return _constant(arg if type(arg) is float else arg._number, latex=latex)
    return Part(latex_name(names[arg]) if latex else names[arg])


def formula(node: Node, names: Mapping[Node, str], *, latex: bool = False) -> str:
    """The one operation that made a node, on the names of its arguments; nothing for a leaf."""
    if node._op is None:
        return ""
    return operation(node._op, [_atom(arg, names, latex=latex) for arg in node.args], latex=latex).text


def short_formula(node: Node, names: Mapping[Node, str]) -> str:
    """The same; of an operation on more than eight arguments only how many there are."""
    if node._op is None or len(node.args) <= MOST_ARGUMENTS:
        return formula(node, names)
    return f"{node._op.name} of {len(node.args):,} arguments"


def expression(
    root: Scalar, names: Mapping[Node, str], *, limit: int, atoms: Container[Node] = (), latex: bool = False
) -> Part:
    """A whole graph as one expression.

    Arguments:
        root: its result, a node or a number.
        names: of the leaves and of the atoms; a leaf without one is written as its number.
        limit: the largest number of characters.
        atoms: inner nodes that are written by their names.
        latex: as LaTeX, else as text.

    Raises:
        ValueError: if the expression is longer; what is shared is written wherever it is used, so that it can grow
            exponentially with the graph.
    """
    if type(root) is float:
        return _constant(root, latex=latex)
    written: dict[Node, Part] = {}
    for node in _above(topological(root, allow_stale=True), root, atoms):
        if node._op is None or node in atoms:
            written[node] = _atom(node, names, latex=latex)
            continue
        parts = [_constant(arg, latex=latex) if type(arg) is float else written[arg] for arg in node.args]
        length = sum(len(part.text) for part in parts)
        if length <= limit:
            written[node] = operation(node._op, parts, latex=latex)
            length = len(written[node].text)
        if length > limit:
            raise ValueError(
                f"the expression has more than {limit:,} characters, since all that is shared is written wherever it is "
                "used; raise the limit, name inner nodes, or look at the graph with draw() or sweep_table()"
            )
    return written[root]


def _above(order: list[Node], root: Node, atoms: Container[Node]) -> list[Node]:
    """What an expression is made of, in order: the nodes below its root, but not those below an atom."""
    needed = {root}
    for node in reversed(order):
        if node in needed and node not in atoms:
            needed.update([arg for arg in node.args if type(arg) is not float])
    return [node for node in order if node in needed]

r"""The chain rule written out: in symbols, with the formulas of the local derivatives, in numbers.

Two kinds of derivative must not be mixed up. ∂o/∂i is that of the output towards i, through all that uses i. z(i,j) is that
of one user j by its own formula, towards one argument i, with its other arguments held.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from autograd_lite.engine import state
from autograd_lite.engine.node import Node
from autograd_lite.engine.notation import LATEX, PRODUCT, TEXT, Part
from autograd_lite.engine.paths import Between, Edge, between, check_nodes
from autograd_lite.engine.printing import expression, formula, latex_name, latex_number, named, short
from autograd_lite.engine.sweep import reverse, topological
from autograd_lite.engine.value import Value

__all__ = ["Derivation", "derivation"]

FORMULA = 1_000
"""How many characters the formula of a local derivative may have."""


@dataclass(frozen=True)
class Equation:
    """What is equal to what, line by line."""

    left: str
    rights: tuple[str, ...]

    def text(self) -> str:
        """As text, with the signs of equality below each other."""
        margin = "\n" + " " * len(self.left)
        return self.left + margin.join([f" = {right}" for right in self.rights])

    def latex(self) -> str:
        """As lines of an aligned environment."""
        return self.left + r" \\ ".join([f" &= {right}" for right in self.rights])


@dataclass(frozen=True)
class Derivation:
    """A derivative with its reasons; shows itself as text, Markdown and LaTeX.

    Attributes:
        derivative: the number it comes to.
        sections: title, equations as text, and the same equations as LaTeX, for the values, the local derivatives and the
            chain rule.
    """

    derivative: float
    sections: tuple[tuple[str, tuple[Equation, ...], tuple[Equation, ...]], ...]

    def __str__(self) -> str:
        sections = [[title, *[equation.text() for equation in equations]] for title, equations, _ in self.sections]
        return "\n\n".join(["\n".join(lines) for lines in sections])

    __repr__ = __str__

    def latex(self) -> str:
        """All equations in one aligned environment, without delimiters."""
        return _align([equation for _, _, equations in self.sections for equation in equations])

    def markdown(self) -> str:
        """Titles and displayed equations."""
        return "\n\n".join([f"**{title}**\n\n$${_align(equations)}$$" for title, _, equations in self.sections])

    def _repr_latex_(self) -> str:
        return f"$${self.latex()}$$"

    def _repr_markdown_(self) -> str:
        return self.markdown()


def _align(equations: Sequence[Equation]) -> str:
    lines = r" \\ ".join([equation.latex() for equation in equations])
    return rf"\begin{{aligned}} {lines} \end{{aligned}}"


def derivation(output: Value, source: Value, limit: int = 100) -> Derivation:
    """The chain rule from an output to a source, step by step: in symbols, with formulas, in numbers.

    Arguments:
        output: the Value to differentiate.
        source: with respect to which.
        limit: how many arguments all operations together may have.

    Raises:
        TypeError: if one of the nodes is not a Value.
        ValueError: if the graph is larger than the limit.
        RuntimeError: if a leaf was written since the output was computed, or within `no_grad`.

    >>> a, b = Value(4.0, "a"), Value(3.0, "b")
    >>> c = a + b
    >>> c.label = "c"
    >>> d = a * c
    >>> d.label = "d"
    >>> print(derivation(d, a))
    Values
    a = 4
    b = 3
    c = a + b
      = 7
    d = a * c
      = 28
    <BLANKLINE>
    Local derivatives
    z(a,c) = 1
    z(a,d) = c
           = 7
    z(c,d) = a
           = 4
    <BLANKLINE>
    Chain rule
    ∂d/∂d = 1
    ∂d/∂c = ∂d/∂d · z(c,d)
          = ∂d/∂d · a
          = 1 · 4
          = 4
    ∂d/∂a = ∂d/∂d · z(a,d) + ∂d/∂c · z(a,c)
          = ∂d/∂d · c + ∂d/∂c · 1
          = 1 · 7 + 4 · 1
          = 11
    """
    check_nodes("derivation", output, source)
    if not state.is_recording():
        raise RuntimeError(
            "derivation: local derivatives in symbols are graphs, and no_grad() records none; call it outside"
        )
    order = topological(output)
    size = sum(len(node.args) for node in order)
    if size > limit:
        raise ValueError(
            f"derivation: the operations have {size:,} arguments together, the limit is {limit:,}; use sweep_table() for "
            "the numbers of every step, ledger() for the largest paths, or raise the limit"
        )
    names = named([*order, source])
    ways, adjoint = between(output, source), reverse(output)
    writers = [_Writer(output, names, ways, adjoint, latex=latex) for latex in (False, True)]
    sections = [("Values", [tuple(writer.values(order)) for writer in writers])]
    if output in ways and output is not source:
        sections.append(("Local derivatives", [tuple(writer.local_derivatives()) for writer in writers]))
    sections.append(("Chain rule", [tuple(writer.chain_rule(source)) for writer in writers]))
    return Derivation(adjoint.get(source) or 0.0, tuple((title, text, latex) for title, (text, latex) in sections))


class _Writer:
    """Writes the equations of one graph, either as text or as LaTeX."""

    def __init__(
        self, output: Node, names: Mapping[Node, str], ways: Between, adjoint: Mapping[Node, float | None], *, latex: bool
    ) -> None:
        self.output, self.names, self.latex = output, names, latex
        self.ways = {node: edges for node, edges in ways.items() if adjoint.get(node) is not None}
        self.adjoint = {node: s for node, s in adjoint.items() if s is not None}
        self.times, self.brackets = (r" \cdot ", LATEX) if latex else (" · ", TEXT)

    def values(self, order: Sequence[Node]) -> Iterator[Equation]:
        """How the number of each node comes about."""
        for node in order:
            made = [formula(node, self.names, latex=self.latex)] if node.op is not None else []
            yield Equation(self.name(node), (*made, self.number(node._number)))

    def local_derivatives(self) -> Iterator[Equation]:
        """The derivatives on the edges."""
        for user, edges in self.ways.items():
            for edge, part in zip(edges, self.formulas(user), strict=True):
                rights = (part.text,) if part.number is not None else (part.text, self.number(edge.z))
                yield Equation(self.edge(edge), rights)

    def chain_rule(self, source: Node) -> Iterator[Equation]:
        """The recurrence, from the output back."""
        if self.output not in self.ways:
            yield Equation(self.quotient(source), (self.number(0.0),))
            return
        terms: dict[Node, list[tuple[Edge, Part]]] = {}
        for node, edges in reversed(self.ways.items()):
            yield self.sum_over_users(node, terms.get(node, []))
            for edge, part in zip(edges, self.formulas(node), strict=True):
                terms.setdefault(edge.argument, []).append((edge, part))

    def sum_over_users(self, node: Node, terms: Sequence[tuple[Edge, Part]]) -> Equation:
        """The derivative towards a node: in symbols, with formulas, in numbers."""
        rights = [self.number(self.adjoint[node])]
        if terms:
            quotients = [self.quotient(edge.user) for edge, _ in terms]
            rights = [
                self.sum(quotients, [self.edge(edge) for edge, _ in terms]),
                self.sum(quotients, [part.within(PRODUCT + 1, self.brackets) for _, part in terms]),
                self.sum(
                    [self.number(self.adjoint[edge.user], within=True) for edge, _ in terms],
                    [self.number(edge.z, within=True) for edge, _ in terms],
                ),
                *rights,
            ]
        return Equation(self.quotient(node), tuple(rights))

    def formulas(self, user: Node) -> list[Part]:
        """The local derivatives of a node in symbols: the partials of its row, run on symbols for what they depend on."""
        edges, op = self.ways[user], user.op
        if op is None or not edges:
            return []
        symbols: dict[Node, Node] = {arg: Value(arg._number) for arg in (*user.args, user) if type(arg) is not float}
        needed = [False] * len(user.args)
        for edge in edges:
            needed[edge.position] = True
        args = [arg if type(arg) is float else symbols[arg] for arg in user.args]
        partials = op.local_partials(args, symbols[user], needed)
        names = {symbol: self.names[arg] for arg, symbol in symbols.items()}
        return [expression(partials[edge.position], names, limit=FORMULA, latex=self.latex) for edge in edges]

    # --- pieces ----------------------------------------------------------------------------------------------------------

    def name(self, node: Node) -> str:
        return latex_name(self.names[node]) if self.latex else self.names[node]

    def number(self, x: float, *, within: bool = False) -> str:
        text = latex_number(short(x)) if self.latex else short(x)
        return f"{self.brackets[0]}{text}{self.brackets[1]}" if within and x < 0.0 else text

    def quotient(self, node: Node) -> str:
        over, under = self.name(self.output), self.name(node)
        return rf"\frac{{\partial {over}}}{{\partial {under}}}" if self.latex else f"∂{over}/∂{under}"

    def edge(self, edge: Edge) -> str:
        """z(i,j), with a number where the user has the argument more than once."""
        uses = [other.position for other in self.ways[edge.user] if other.argument is edge.argument]
        use = uses.index(edge.position) + 1 if len(uses) > 1 else ""
        ends = f"{self.name(edge.argument)},{self.name(edge.user)}"
        if self.latex:
            return (rf"z_{{{use}}}" if use else "z") + rf"\left({ends}\right)"
        return f"z{use}({ends})"

    def sum(self, left: Sequence[str], right: Sequence[str]) -> str:
        return " + ".join([f"{x}{self.times}{y}" for x, y in zip(left, right, strict=True)])

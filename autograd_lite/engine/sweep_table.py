"""The reverse sweep written down: the dynamic program S(i,o) ⇐ Σ S(j,o)·z(i,j), row by row in the order computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from autograd_lite.engine.node import Node
from autograd_lite.engine.paths import edges_into, pathwise_cost
from autograd_lite.engine.printing import count_text, formula, named, short
from autograd_lite.engine.sweep import topological

__all__ = ["Row", "SweepTable", "Term", "aligned", "html_table", "sweep_table"]

SHOWN = 60
"""How many rows are shown; of more, the first and the last."""

SHOWN_TERMS = 6


@dataclass(frozen=True)
class Term:
    """What one user adds to a node's derivative.

    Attributes:
        user: the node that uses it.
        name: the user's.
        s: S(user), the derivative of the output with respect to the user.
        z: the local derivative of the user towards the node.
    """

    user: Node
    name: str
    s: float
    z: float

    @property
    def product(self) -> float:
        """S(user)·z."""
        return self.s * self.z

    def __str__(self) -> str:
        return f"S({self.name})·z = {short(self.s)} · {short(self.z)}"


@dataclass(frozen=True)
class Row:
    """One step of the sweep.

    Attributes:
        node: the node i.
        name: its name in the table.
        formula: how it is computed; empty for a leaf.
        terms: S(j)·z for each use of it, in the order in which they are added.
        total: S(i), the derivative of the output with respect to it; None where no adjoint flows to it.
        paths: how many paths lead from it to the output.
    """

    node: Node
    name: str
    formula: str
    terms: tuple[Term, ...]
    total: float | None
    paths: int

    def cells(self) -> list[str]:
        """What the table shows of it."""
        terms = self.terms[:SHOWN_TERMS]
        more = [f"… {len(self.terms) - SHOWN_TERMS} more"] * (len(self.terms) > SHOWN_TERMS)
        symbols = " + ".join([f"S({term.name})·z" for term in terms] + more)
        numbers = " + ".join([f"{_factor(term.s)}·{_factor(term.z)}" for term in terms] + more)
        rule = f"{symbols} = {numbers}" if terms else "the output" if self.paths else "no path"
        made = f"{self.name} = {self.formula}" if self.formula else self.name
        return [made, short(self.node._number), rule, short(self.total), count_text(self.paths)]


@dataclass(frozen=True)
class SweepTable:
    """The sweep from an output to all it depends on; shows itself as a table.

    Attributes:
        rows: in the order computed, the output first.
        multiplications, additions: what the sweep takes: one of each for an edge, but for the first term of each sum.
        pathwise_multiplications, pathwise_additions: what it would take to list all paths from all leaves instead.
    """

    rows: tuple[Row, ...]
    multiplications: int
    additions: int
    pathwise_multiplications: int
    pathwise_additions: int

    def __str__(self) -> str:
        return f"{aligned(HEADER, self._cells())}\n\n{self._costs()}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"{html_table(HEADER, self._cells())}<p>{escape(self._costs())}</p>"

    def _cells(self) -> list[list[str]]:
        if len(self.rows) <= SHOWN:
            return [row.cells() for row in self.rows]
        half, left = SHOWN // 2, len(self.rows) - SHOWN
        shown = [row.cells() for row in (*self.rows[:half], *self.rows[-half:])]
        return [*shown[:half], [f"… {left:,} more", *[""] * (len(HEADER) - 1)], *shown[half:]]

    def _costs(self) -> str:
        swept, listed = (
            f"{count_text(multiplications)} multiplications and {count_text(additions)} additions"
            for multiplications, additions in (
                (self.multiplications, self.additions),
                (self.pathwise_multiplications, self.pathwise_additions),
            )
        )
        return f"the sweep: {swept}; path by path: {listed}"


HEADER = ("node", "value", "S(node) ⇐ Σ S(user)·z", "= S(node)", "paths")


def sweep_table(output: Node, limit: int = 10_000) -> SweepTable:
    """The reverse sweep, step by step: every node's derivative as the sum over its users of theirs times the local one.

    The numbers are those of `gradients`, to the bit.

    Arguments:
        output: the Value to differentiate.
        limit: the largest number of rows.

    Raises:
        TypeError: if the output is not a Value.
        ValueError: if the output depends on more nodes than the limit.
        RuntimeError: if a leaf was written since the output was computed.

    >>> from autograd_lite import Value
    >>> a, b = Value(4.0, "a"), Value(3.0, "b")
    >>> for row in sweep_table(a * (a + b)).rows:
    ...     print(row.name, *row.terms, row.total, sep="   ")
    v2   1.0
    v1   S(v2)·z = 1 · 4   4.0
    b   S(v1)·z = 4 · 1   4.0
    a   S(v2)·z = 1 · 7   S(v1)·z = 4 · 1   11.0
    """
    if not isinstance(output, Node):
        raise TypeError(f"sweep_table: the output is of type {type(output).__name__}; it must be a Value")
    order = topological(output)
    if len(order) > limit:
        raise ValueError(
            f"sweep_table: the output depends on {len(order):,} nodes, the limit is {limit:,}; use gradients() for the "
            "numbers, ledger() for the largest paths, or raise the limit"
        )
    names = named(order)
    terms: dict[Node, list[Term]] = {node: [] for node in order}
    ways = {output: (1, 0)}
    rows = []
    for node in reversed(order):
        total = 1.0 if node is output else _added(terms[node])
        paths, steps = ways.setdefault(node, (0, 0))
        rows.append(Row(node, names[node], formula(node, names), tuple(terms[node]), total, paths))
        if total is None:
            continue
        for edge in edges_into(node):
            terms[edge.argument].append(Term(node, names[node], total, edge.z))
            seen_paths, seen_steps = ways.get(edge.argument, (0, 0))
            ways[edge.argument] = seen_paths + paths, seen_steps + steps + paths
    costs = [pathwise_cost(*ways[node]) for node in order if node.op is None]
    return SweepTable(
        rows=tuple(rows),
        multiplications=sum(len(row.terms) for row in rows),
        additions=sum(max(len(row.terms) - 1, 0) for row in rows),
        pathwise_multiplications=sum(multiplications for multiplications, _ in costs),
        pathwise_additions=sum(additions for _, additions in costs),
    )


def _added(terms: Sequence[Term]) -> float | None:
    """The sum of the products from left to right, begun with the first: 0 + -0 would lose a sign."""
    total = None
    for term in terms:
        total = term.product if total is None else total + term.product
    return total


def _factor(x: float) -> str:
    return f"({short(x)})" if x < 0.0 else short(x)


# --- tables --------------------------------------------------------------------------------------------------------------


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as text, with columns of one width."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [header, ["-" * width for width in widths], *rows]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def html_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as HTML; the cells are texts, not HTML."""
    lines = ["".join(f"<th>{escape(cell)}</th>" for cell in header)]
    lines += ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows]
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"

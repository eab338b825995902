"""Backpropagation through a network of layers, written down cell by cell.

Layers and units are counted from 1, as in lectures: unit j of layer l has the weighted sum s[l,j], the output h[l,j], the
weight w[l,j,i] of what unit i before it puts out, and the bias b[l,j]; x[i] are the inputs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeAlias

from autograd_lite.engine.printing import short
from autograd_lite.engine.sweep_table import aligned, html_table

__all__ = ["Backpropagation", "LayerTable"]

SHOWN = 60
"""How many rows of a table are shown; of more, the first and the last."""

SHOWN_TERMS = 6

Row: TypeAlias = tuple[float, ...]
Matrix: TypeAlias = tuple[Row, ...]
Section: TypeAlias = tuple[str, tuple[str, ...], list[list[str]]]


@dataclass(frozen=True)
class LayerTable:
    """One layer: forwards what it computes, backwards what reaches it.

    Attributes:
        number: the first layer is 1.
        activation: its name.
        whole: whether the activation is of all sums together, as softmax is.
        inputs: x, or the outputs h of the layer before.
        weights, biases: W, a row for each unit, and b; None without.
        sums, outputs: s and h of each unit.
        slopes: ∂h[k]/∂s[j] in row k; diagonal, f′(s), unless the activation is of the whole layer.
        formulas: f′(s) in symbols for each unit; h(1 - h) is sigmoid(s)·sigmoid(-s); empty where it is too long.
        errors: e = ∂E/∂h.
        deltas: δ = -∂E/∂s.
        by_weight, by_bias: ∂E/∂W and ∂E/∂b.
        jacobian: J = slopes·W, the derivatives of outputs by inputs: diag(f′(s))·W of ridge functions f(w·x + b).
        passed: e·J, the errors of the layer before.
    """

    number: int
    activation: str
    whole: bool
    inputs: Row
    weights: Matrix
    biases: Row | None
    sums: Row
    outputs: Row
    slopes: Matrix
    formulas: tuple[str, ...]
    errors: Row
    deltas: Row
    by_weight: Matrix
    by_bias: Row | None
    jacobian: Matrix
    passed: Row

    def unit_cells(self, after: LayerTable | None) -> list[list[str]]:
        """A row of the table of units for each unit, of which the layer after this one is told δ by."""
        return [[f"{self.number},{j}", *self._forwards(j - 1), self._delta(j - 1, after)] for j in self._units()]

    def weight_cells(self) -> list[list[str]]:
        """A row of the table of weights for each weight and bias."""
        first = self.number == 1
        before, case = ("x[", "from an input") if first else (f"h[{self.number - 1},", "from a hidden unit")
        cells = []
        for j in self._units():
            rows = [
                (f"w[{self.number},{j},{i}]", case, w, f"{before}{i}]", x, slope)
                for i, (w, x, slope) in enumerate(
                    zip(self.weights[j - 1], self.inputs, self.by_weight[j - 1], strict=True), start=1
                )
            ]
            if self.biases is not None and self.by_bias is not None:
                rows.append((f"b[{self.number},{j}]", "bias", self.biases[j - 1], "1", 1.0, self.by_bias[j - 1]))
            delta = _factor(self.deltas[j - 1])
            cells += [
                [name, kind, short(w), f"−δ[{self.number},{j}]·{symbol} = −{delta}·{_factor(x)}", short(slope)]
                for name, kind, w, symbol, x, slope in rows
            ]
        return cells

    def layer_cells(self) -> list[str]:
        """What the table of layers shows of it."""
        return [str(self.number), self.activation, _matrix(self.jacobian), _row(self.errors), _row(self.passed)]

    def _units(self) -> range:
        return range(1, len(self.sums) + 1)

    def _forwards(self, j: int) -> list[str]:
        """s, h and f′(s), each with how it comes about."""
        terms = [f"{_factor(w)}·{_factor(x)}" for w, x in zip(self.weights[j], self.inputs, strict=True)]
        bias = [] if self.biases is None else [_factor(self.biases[j])]
        made = f"{self.activation}(s)[{j + 1}]" if self.whole else f"{self.activation}({short(self.sums[j])})"
        slope = "" if self.whole else short(self.slopes[j][j])
        formula = self.formulas[j]
        return [
            f"{_sum([*_some(terms), *bias])} = {short(self.sums[j])}",
            f"{made} = {short(self.outputs[j])}",
            f"{formula} = {slope}" if formula not in ("", slope) else slope,
        ]

    def _delta(self, j: int, after: LayerTable | None) -> str:
        """δ in symbols, in numbers, and what it comes to."""
        result = short(self.deltas[j])
        if self.whole:
            parts = [
                (f"∂E/∂h[{self.number},{k}]·∂h[{self.number},{k}]/∂s", f"{_factor(e)}·{_factor(row[j])}")
                for k, (e, row) in enumerate(zip(self.errors, self.slopes, strict=True), start=1)
            ]
            symbols, numbers = (_sum(_some(side)) for side in zip(*parts, strict=True))
            return f"−({symbols}) = −({numbers}) = {result}"
        slope = _factor(self.slopes[j][j])
        if after is None:
            return f"−∂E/∂h·f′(s) = −{_factor(self.errors[j])}·{slope} = {result}"
        parts = [
            (f"w[{after.number},{k},{j + 1}]·δ[{after.number},{k}]", f"{_factor(w[j])}·{_factor(delta)}")
            for k, (w, delta) in enumerate(zip(after.weights, after.deltas, strict=True), start=1)
        ]
        symbols, numbers = (_sum(_some(side)) for side in zip(*parts, strict=True))
        return f"({symbols})·f′(s) = ({numbers})·{slope} = {result}"


@dataclass(frozen=True)
class Backpropagation:
    """Backpropagation by hand; shows itself as text, Markdown and HTML.

    Attributes:
        loss: the name of the loss.
        value: E, what it comes to.
        layers: from the first to the last.
    """

    loss: str
    value: float
    layers: tuple[LayerTable, ...]

    def __str__(self) -> str:
        tables = [f"{title}\n{aligned(header, rows)}" for title, header, rows in self._sections()]
        return "\n\n".join([*self._remarks(), *tables])

    __repr__ = __str__

    def markdown(self) -> str:
        """Titles, and tables with bars between the cells."""
        tables = [f"**{_marked(title)}**\n\n{_markdown_table(header, rows)}" for title, header, rows in self._sections()]
        return "\n\n".join([*map(_marked, self._remarks()), *tables])

    def html(self) -> str:
        """Paragraphs and tables; all text in them is escaped."""
        remarks = [f"<p>{escape(remark)}</p>" for remark in self._remarks()]
        tables = [f"<h4>{escape(title)}</h4>{html_table(header, rows)}" for title, header, rows in self._sections()]
        return "".join(remarks + tables)

    def _repr_html_(self) -> str:
        return self.html()

    def _remarks(self) -> list[str]:
        return [
            f"E = {self.loss}(outputs, target) = {short(self.value)}",
            "δ = −∂E/∂s, so that ∂E/∂w = −δ·h, and a step of the size η moves a weight by +η·δ·h",
        ]

    def _sections(self) -> list[Section]:
        after = (*self.layers[1:], None)
        units = [row for layer, next in zip(self.layers, after, strict=True) for row in layer.unit_cells(next)]
        weights = [row for layer in self.layers for row in layer.weight_cells()]
        layers = [layer.layer_cells() for layer in self.layers]
        return [
            ("Units", ("unit", "s = Σ w·h + b", "h = f(s)", "f′(s)", "δ"), _shortened(units)),
            ("Weights", ("weight", "case", "value", "∂E/∂w", "= ∂E/∂w"), _shortened(weights)),
            ("Layers", ("layer", "f", "J = f′(s)·W", "e = ∂E/∂h", "e·J, the e before"), _shortened(layers)),
        ]


# --- cells ---------------------------------------------------------------------------------------------------------------


def _factor(x: float) -> str:
    return f"({short(x)})" if x < 0.0 else short(x)


def _some(terms: Sequence[str]) -> list[str]:
    more = [f"… {len(terms) - SHOWN_TERMS} more"] * (len(terms) > SHOWN_TERMS)
    return [*terms[:SHOWN_TERMS], *more]


def _sum(terms: Sequence[str]) -> str:
    return " + ".join(terms)


def _row(numbers: Row) -> str:
    return f"({', '.join(_some([short(x) for x in numbers]))})"


def _matrix(rows: Matrix) -> str:
    return f"({', '.join(_some([_row(row) for row in rows]))})"


def _shortened(rows: list[list[str]]) -> list[list[str]]:
    if len(rows) <= SHOWN:
        return rows
    half, left = SHOWN // 2, len(rows) - SHOWN
    return [*rows[:half], [f"… {left:,} more", *[""] * (len(rows[0]) - 1)], *rows[-half:]]


def _marked(text: str) -> str:
    """Text in which nothing acts as Markdown or HTML: names are not ours."""
    return re.sub(r"[\\`*_<>|$~&#]|\](?=\()", r"\\\g<0>", text)


def _markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [[_marked(cell) for cell in line] for line in (header, *rows)]
    lines.insert(1, ["---"] * len(header))
    return "\n".join([f"| {' | '.join(line)} |" for line in lines])

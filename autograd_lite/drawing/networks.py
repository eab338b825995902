"""The picture of a network that lectures draw: units as circles, weights as lines between them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from autograd_lite.drawing.axes import Theme, axes_of, legend_on
from autograd_lite.drawing.options import check_digits
from autograd_lite.drawing.scene import strength
from autograd_lite.drawing.theme import mixed
from autograd_lite.engine.extras import require
from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.printing import short
from autograd_lite.engine.sequences import dot
from autograd_lite.engine.value import Value, gradients
from autograd_lite.nn.chain import Loss, layers_of, loss_named
from autograd_lite.nn.layers import Layer
from autograd_lite.nn.module import Module
from autograd_lite.optim.ranges import checked_count

__all__ = ["draw_network"]

QUANTITIES = {"weight": "w", "gradient": "∂E/∂w"}
"""What a line can show, and its sign in the legend."""

WIDEST = 4.0
"""Of the lines, in points."""
FAINTEST = 0.3
"""The share of its colour that the line of the least number has."""
RADIUS = 0.38
INCHES = 0.72
"""From one unit to the next."""
NARROWEST = 6.0
"""Of figures, in units: the legend needs it."""
HAIRLINE = 0.4
"""In points: under a number there is a line, even if it is that of a 0."""
FEW_UNITS = 4
"""Up to so many in each layer the lines have room for their numbers."""


class _Column(NamedTuple):
    """A layer, or the inputs, from top to bottom.

    Attributes:
        places: the height of each unit that is shown.
        size: how many there are.
        gap: the height where the others would stand.
        constant: that of the constant unit, the bias.
    """

    places: dict[int, float]
    size: int
    gap: float | None
    constant: float | None


class _Edge(NamedTuple):
    """A line from a unit, or from the constant unit, to unit j of the column after it."""

    column: int
    start: float
    j: int
    parameter: Value


class _Sweep(NamedTuple):
    """What the network computes: outputs of all columns, δ = −∂E/∂s of all layers, ∂E/∂w, and E."""

    outputs: list[list[float]]
    deltas: list[list[float]]
    slopes: dict[Value, float]
    error: float | None


def draw_network(
    model: Module,
    x: Iterable[Scalar] | None = None,
    target: Any = None,
    loss: Loss = "half_squared_error",
    *,
    width: str = "weight",
    colour: str = "weight",
    bias: bool = False,
    most: int = 10,
    digits: int = 2,
    theme: str = "light",
    ax: Any = None,
) -> Any:
    """Draws a network: a circle for each unit, a line for each weight, blue where it is above 0 and orange below.

    Arguments:
        model: an MLP, a Layer, or a Sequential of such.
        x: inputs; then each circle has its output in it, and is filled by it.
        target: what the loss is given as its second argument; then under each circle stands its δ = −∂E/∂s.
        loss: a function of outputs and target, or the name of one in `nn.losses`.
        width: what lines are as wide as: the size of the "weight", or of its "gradient" ∂E/∂w.
        colour: what they have the sign and the strength of colour by, likewise.
        bias: whether biases are drawn, as weights of a constant unit 1.
        most: how many units of a layer are drawn; of more, the first and the last.
        digits: the significant digits of numbers.
        theme: "light" or "dark", the ground of a new figure.
        ax: axes of matplotlib to draw on, in place of a new figure.

    Returns:
        the matplotlib figure, which shows itself in a notebook.

    Raises:
        TypeError: for another model.
        ValueError: for another number of inputs, or options that make no sense; also for gradients without a target.
        MissingExtraError: without matplotlib.

    >>> from autograd_lite.nn import MLP
    >>> figure = draw_network(MLP(2, [3, 1], activation="tanh", seed=0), [1.0, -1.0], 0.5)
    >>> len(figure.axes[0].patches)
    6
    """
    layers = layers_of(model, "draw_network")
    _check(width, colour, most, x, target)
    check_digits("draw_network", digits)
    sweep = None if x is None else _sweep(layers, x, target, loss)
    columns = _columns(layers, most, bias)
    rows = max(len(column.places) + (column.gap is not None) + (column.constant is not None) for column in columns)
    few = all(column.size <= FEW_UNITS for column in columns)
    step = 3.0 if few else max(2.6, 0.3 * rows)
    across, top = max(0.9, (NARROWEST - step * len(layers)) / 2.0), rows / 2.0
    axes, colours = axes_of(ax, theme, (INCHES * (step * len(layers) + 2.0 * across), INCHES * (rows + 1.9)))
    axes.set(xlim=(-across, step * len(layers) + across), ylim=(-top - 0.6, top + 0.6), aspect="equal")
    axes.axis("off")
    sheet = _Sheet(axes, colours, step, columns, digits)
    numbers = {"weight": {p: p.data for p in model.parameters()}, "gradient": sweep.slopes if sweep else {}}
    edges = list(_edges(layers, columns))
    widest = _largest(numbers[width][edge.parameter] for edge in edges)
    _draw_edges(sheet, edges, numbers[width], numbers[colour], widest, few)
    _draw_units(sheet, sweep)
    activations = [str(getattr(layer.activation, "__name__", layer.activation)) for layer in layers]
    inputs = "inputs" if columns[0].size > 1 else "input"
    for k, (column, name) in enumerate(zip(columns, [inputs, *activations], strict=True)):
        sheet.write(k, -top - 0.35, f"{column.size:,} {name}", fontsize=9)
    if sweep is not None and sweep.error is not None:
        sheet.write(len(layers) / 2.0, top + 0.3, f"E = {short(sweep.error)}", fontsize=10)
    _explain(sheet, width, widest, colour)
    return axes.figure


def _check(width: str, colour: str, most: int, x: Any, target: Any) -> None:
    if target is not None and x is None:
        raise ValueError("draw_network: a target was given without an x; give the inputs too")
    for name, quantity in (("width", width), ("colour", colour)):
        if quantity not in QUANTITIES:
            raise ValueError(f"draw_network: {name} is {quantity!r}; it must be one of {', '.join(map(repr, QUANTITIES))}")
        if quantity == "gradient" and target is None:
            raise ValueError(f"draw_network: {name}='gradient' needs an x and a target, by which to differentiate the loss")
    if checked_count("draw_network: most", most) < 2:
        raise ValueError(f"draw_network: most is {most}; of a layer two units at least are drawn")


# --- what is shown -------------------------------------------------------------------------------------------------------


def _sweep(layers: Sequence[Layer], x: Iterable[Scalar], target: Any, loss: Loss) -> _Sweep:
    """One pass forwards, and backwards if there is a target."""
    column: list[Any] = [item.data if isinstance(item, Value) else float(item) for item in x]
    if len(column) != len(layers[0].neurons[0].w):
        raise ValueError(f"draw_network: {len(column)} inputs were given to a network of {len(layers[0].neurons[0].w)}")
    outputs, sums = [column], []
    for layer in layers:
        own = [dot(n.w, column) if n.b is None else dot([*n.w, n.b], [*column, 1.0]) for n in layer.neurons]
        pairs = zip(layer.neurons, own, strict=True)
        column = [neuron.activation(s) for neuron, s in pairs] if layer.whole is None else layer.whole(own)
        sums.append(own)
        outputs.append(column)
    shown = [[h.data if isinstance(h, Value) else float(h) for h in column] for column in outputs]
    if target is None:
        return _Sweep(shown, [], {}, None)
    error = loss_named(loss)(column if len(column) > 1 else column[0], target)
    if not isinstance(error, Value):
        raise TypeError(f"draw_network: the loss gave a {type(error).__name__}; it must be a Value of the outputs")
    parameters = list(dict.fromkeys(p for layer in layers for p in layer.parameters()))
    found = iter(gradients(error, [*[s for own in sums for s in own], *parameters]))
    deltas = [[0.0 - next(found) for _ in own] for own in sums]
    return _Sweep(shown, deltas, dict(zip(parameters, found, strict=True)), error.data)


def _columns(layers: Sequence[Layer], most: int, bias: bool) -> list[_Column]:
    biased = [bias and any(neuron.b is not None for neuron in layer.neurons) for layer in layers]
    sizes = [len(layers[0].neurons[0].w), *[len(layer.neurons) for layer in layers]]
    return [_column(size, most, constant) for size, constant in zip(sizes, [*biased, False], strict=True)]


def _column(size: int, most: int, constant: bool) -> _Column:
    left_out = size > most
    shown = [*range(most - most // 2), *range(size - most // 2, size)] if left_out else [*range(size)]
    slots: list[int | None] = [*shown]
    if left_out:
        slots.insert(most - most // 2, None)
    top = (len(slots) + constant - 1) / 2.0
    heights = {unit: top - constant - row for row, unit in enumerate(slots)}
    gap = heights.pop(None, None)
    return _Column({unit: y for unit, y in heights.items() if unit is not None}, size, gap, top if constant else None)


def _edges(layers: Sequence[Layer], columns: Sequence[_Column]) -> Iterator[_Edge]:
    for k, layer in enumerate(layers):
        for j in columns[k + 1].places:
            neuron, constant = layer.neurons[j], columns[k].constant
            yield from (_Edge(k, y, j, neuron.w[i]) for i, y in columns[k].places.items())
            if constant is not None and neuron.b is not None:
                yield _Edge(k, constant, j, neuron.b)


def _largest(numbers: Iterable[float]) -> float:
    return max((abs(x) for x in numbers if math.isfinite(x)), default=0.0)


# --- drawing -------------------------------------------------------------------------------------------------------------


class _Sheet(NamedTuple):
    """What is drawn on: column k stands at k steps to the right."""

    axes: Any
    colours: Theme
    step: float
    columns: Sequence[_Column]
    digits: int

    def write(self, k: float, y: float, text: str, *, paper: bool = True, **options: Any) -> None:
        """A text, on paper of its own unless it stands in a circle."""
        style = {"fontsize": 7.5, "color": self.colours.ink, "ha": "center", "va": "center", "zorder": 3} | options
        bbox = {"facecolor": self.colours.ground, "edgecolor": "none", "pad": 0.6} if paper else None
        self.axes.text(self.step * k, y, text, bbox=bbox, parse_math=False, **style)

    def circle(self, k: int, y: float, fill: str, style: str = "-") -> None:
        """A unit."""
        circle = require("matplotlib.patches", "data").Circle
        place, ink = (self.step * k, y), self.colours.ink
        self.axes.add_patch(circle(place, RADIUS, facecolor=fill, edgecolor=ink, linestyle=style, zorder=2))

    def number(self, x: float) -> str:
        """A number as the picture shows it."""
        return format(x, f".{self.digits}g").replace("-", "−")


def _draw_edges(
    sheet: _Sheet, edges: Sequence[_Edge], sizes: dict[Value, float], signs: dict[Value, float], widest: float, few: bool
) -> None:
    """Lines whose width is in proportion to one number, and whose colour grows stronger with the other."""
    colours, strongest = sheet.colours, _largest(signs[edge.parameter] for edge in edges)
    lines, widths, strokes = [], [], []
    for k, start, j, parameter in edges:
        size, sign, end = sizes[parameter], signs[parameter], sheet.columns[k + 1].places[j]
        lines.append([(sheet.step * k, start), (sheet.step * (k + 1), end)])
        widths.append(WIDEST * min(abs(size) / widest, 1.0) if widest and not math.isnan(size) else 0.0)
        share = FAINTEST + (1.0 - FAINTEST) * strength(sign, strongest)
        strokes.append(mixed(colours.ground, colours.stroke(sign), share))
        if few:
            along = 1.0 / (sheet.columns[k + 1].size + 1.0)  # where the lines between two columns are evenly spread
            sheet.write(k + along, start + along * (end - start), sheet.number(size))
    collection = require("matplotlib.collections", "data").LineCollection
    sheet.axes.add_collection(collection(lines, linewidths=widths, colors=strokes, zorder=1), autolim=False)
    if few:
        sheet.axes.add_collection(collection(lines, linewidths=HAIRLINE, colors=colours.quiet, zorder=0.9), autolim=False)


def _draw_units(sheet: _Sheet, sweep: _Sweep | None) -> None:
    for k, column in enumerate(sheet.columns):
        largest = _largest(sweep.outputs[k]) if sweep else 0.0
        for unit, y in column.places.items():
            h = sweep.outputs[k][unit] if sweep else 0.0
            sheet.circle(k, y, sheet.colours.shade(h, strength(h, largest)))
            if sweep is not None:
                sheet.write(k, y, sheet.number(h), paper=False)
            if sweep is not None and sweep.deltas and k:
                sheet.write(k, y - 0.5, f"δ {sheet.number(sweep.deltas[k - 1][unit])}")
        if column.gap is not None:
            sheet.write(k, column.gap, f"… {column.size:,} units")
        if column.constant is not None:
            sheet.circle(k, column.constant, sheet.colours.ground, ":")
            sheet.write(k, column.constant, "1", paper=False)


def _explain(sheet: _Sheet, width: str, largest: float, colour: str) -> None:
    """The legend: how much the widest line stands for, and what the colours say."""
    line, colours = require("matplotlib.lines", "data").Line2D, sheet.colours
    handles = [line([], [], color=colours.quiet, linewidth=WIDEST, label=f"|{QUANTITIES[width]}| = {short(largest)}")]
    for sign, relation in ((1.0, ">"), (-1.0, "<")):
        label = f"{QUANTITIES[colour]} {relation} 0"
        handles.append(line([], [], color=colours.stroke(sign), linewidth=WIDEST / 2.0, label=label))
    legend_on(sheet.axes, colours, handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=3, fontsize=8)

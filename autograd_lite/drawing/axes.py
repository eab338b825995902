"""Axes of matplotlib on a light or a dark ground, in colours that colour-blind people tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autograd_lite.drawing.theme import mixed
from autograd_lite.engine.extras import require
from autograd_lite.train.figures import notebook_figure

__all__ = ["DASHES", "MARKERS", "THEMES", "Theme", "axes_of", "bar_beside", "legend_on"]

MARKERS = "os^Dv*PX"
DASHES = ("-", "--", "-.", ":")
"""Beside the colour, what tells points and lines apart."""


@dataclass(frozen=True)
class Theme:
    """The colours of a figure, as text "#rrggbb".

    Attributes:
        ground, ink, quiet: of the paper, of text, and of lines that only help to read.
        positive, negative: of lines that stand for numbers above and below 0.
        above, below: the strongest fill for such numbers; ink is readable on it.
        series: for things that are side by side.
    """

    ground: str
    ink: str
    quiet: str
    positive: str
    negative: str
    above: str
    below: str
    series: tuple[str, ...]

    def shade(self, x: float, share: float) -> str:
        """A fill between the ground and the strongest for the sign of x."""
        return mixed(self.ground, self.below if x < 0.0 else self.above, share)

    def stroke(self, x: float) -> str:
        """The colour of a line that stands for x."""
        return self.negative if x < 0.0 else self.positive if x > 0.0 else self.quiet

    def scale(self) -> Any:
        """A colour map from the strongest fill for numbers below 0 over the ground to that for those above."""
        return _map_of([self.below, self.ground, self.above])

    def rising(self) -> Any:
        """A colour map from the ground to the strongest fill for numbers above 0."""
        return _map_of([self.ground, self.above])


THEMES = {
    # Blue and orange of C. Brewer's scales, and the colours of M. Okabe and K. Ito, Color Universal Design, 2008.
    "light": Theme(
        ground="#ffffff",
        ink="#111111",
        quiet="#b0b0b0",
        positive="#08519c",
        negative="#d94801",
        above="#6baed6",
        below="#fdae6b",
        series=("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000"),
    ),
    "dark": Theme(
        ground="#1b1b1b",
        ink="#eeeeee",
        quiet="#6a6a6a",
        positive="#6baed6",
        negative="#fd8d3c",
        above="#2171b5",
        below="#a63603",
        series=("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00", "#ffffff"),
    ),
}


def axes_of(ax: Any, theme: str, size: tuple[float, float]) -> tuple[Any, Theme]:
    """The axes to draw on and the colours to draw with: those given, on whatever ground they have, or new ones.

    Raises:
        TypeError: if something else than axes is given.
        ValueError: for an unknown theme.
        MissingExtraError: without matplotlib.

    >>> axes, colours = axes_of(None, "dark", (4.0, 3.0))
    >>> colours.ink, axes.get_facecolor() == axes.figure.get_facecolor()
    ('#eeeeee', True)
    """
    if theme not in THEMES:
        raise ValueError(f"unknown theme {theme!r}; known are {', '.join(THEMES)}")
    if ax is not None:
        if not hasattr(ax, "get_xlim"):
            raise TypeError(
                f"ax is of type {type(ax).__name__}; it must be axes of matplotlib, such as figure.add_subplot()"
            )
        red, green, blue, _ = ax.get_facecolor()
        return ax, THEMES["dark" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.5 else "light"]
    colours = THEMES[theme]
    axes = notebook_figure(figsize=size, layout="constrained", facecolor=colours.ground).add_subplot()
    axes.set_facecolor(colours.ground)
    _ink(axes, colours)
    return axes, colours


def legend_on(axes: Any, colours: Theme, **options: Any) -> None:
    """A legend in the colours of the axes; none where nothing has a label."""
    if options.get("handles") or axes.get_legend_handles_labels()[0]:
        axes.legend(facecolor=colours.ground, edgecolor=colours.quiet, labelcolor=colours.ink, **options)


def bar_beside(axes: Any, colours: Theme, mappable: Any, label: str, **options: Any) -> None:
    """A bar that says which colour stands for which number."""
    bar = axes.figure.colorbar(mappable, ax=axes, label=label, **options)
    _ink(bar.ax, colours)
    bar.outline.set_edgecolor(colours.quiet)


def _ink(axes: Any, colours: Theme) -> None:
    axes.tick_params(which="both", colors=colours.ink)
    for part in (axes.title, axes.xaxis.label, axes.yaxis.label):
        part.set_color(colours.ink)
    for spine in axes.spines.values():
        spine.set_color(colours.quiet)


def _map_of(colours: Sequence[str]) -> Any:
    return require("matplotlib.colors", "data").LinearSegmentedColormap.from_list("", colours)

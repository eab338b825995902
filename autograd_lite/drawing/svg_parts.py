"""The pieces of an SVG: texts fitted to their width, rectangles, and the legend."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from xml.sax.saxutils import escape

from autograd_lite.drawing.layout import Place
from autograd_lite.drawing.legend import Line
from autograd_lite.drawing.theme import DARK, palette_of, trail_of

__all__ = ["LINE", "SMALL", "chip", "fill_of", "legend_part", "legend_size", "rectangle", "stroke_of", "text", "width_of"]

CHARACTER = 7.2
"""The width of a character of the monospaced font at 12 pixels; texts are fitted to it, whatever font the reader has."""
LINE = 15.0
SMALL = 0.85
CHIP = 11.0
SAMPLE = 34.0
"""The room for a sample of a stroke in the legend."""


@lru_cache(maxsize=10_000)
def _cells(line: str) -> int:
    """The columns a text takes in a monospaced font: wide characters two, combining ones none; at least one in all."""
    if line.isascii():
        return len(line)
    return max(1, sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line))


def width_of(line: str) -> float:
    """The width of a text in the size of the boxes."""
    return CHARACTER * _cells(line)


def text(line: str, x: float, y: float, style: str, scale: float = 1.0) -> str:
    """A text, fitted to its width."""
    fitted = f' textLength="{width_of(line) * scale:.1f}" lengthAdjust="spacingAndGlyphs"' if line else ""
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}"{fitted}>{escape(line)}</text>'


def rectangle(place: Place, width: float, height: float, rest: str) -> str:
    """A rectangle around a place."""
    left, top = place.x - width / 2.0, place.y - height / 2.0
    return f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" {rest}/>'


def fill_of(theme: str, share: float) -> str:
    """The attributes that colour a box by its share; of "auto" for both kinds of screen."""
    dark = f' style="--dark:{DARK.shade(share)}"' if theme == "auto" else ""
    return f'fill="{palette_of(theme).shade(share)}"{dark}'


def stroke_of(rank: int) -> str:
    """The attributes of the stroke of a highlighted path."""
    stroke = trail_of(rank)
    dashes = f' stroke-dasharray="{" ".join(map(str, stroke.dashes))}"' if stroke.dashes else ""
    return f'class="trail" data-rank="{rank}" stroke="{stroke.colour}"{dashes}'


def chip(rank: int, x: float, y: float) -> str:
    """The number of a highlighted path on a ground of its colour."""
    stroke, label = trail_of(rank), str(rank)
    ground = rectangle(Place(x, y), CHIP, CHIP, f'rx="2" fill="{stroke.colour}"')
    fitted = f'textLength="{min(width_of(label) * SMALL, CHIP - 1.0):.1f}" lengthAdjust="spacingAndGlyphs"'
    return (
        f'{ground}<text class="small rank" x="{x:.1f}" y="{y + 3.5:.1f}" {fitted} style="fill:{stroke.ink}">{label}</text>'
    )


# --- the legend ----------------------------------------------------------------------------------------------------------


def legend_size(lines: Sequence[Line]) -> tuple[float, float]:
    """Width and height of a legend."""
    if not lines:
        return 0.0, 0.0
    return max([_indent(line) + width_of(line.text) * SMALL for line in lines]), LINE * len(lines) + LINE / 2.0


def legend_part(lines: Sequence[Line], theme: str, left: float, top: float) -> str:
    """A legend as a group of the class "legend", one line below the other."""
    parts = []
    for number, line in enumerate(lines):
        y = top + LINE * (number + 1.0)
        parts.append(_sample(line, theme, left, y))
        parts.append(text(line.text, left + _indent(line), y + 3.5, "told", SMALL))
    return f'<g class="legend">{"".join(parts)}</g>'


def _swatch_width(number: str) -> float:
    return width_of(number) * SMALL + 10.0


def _indent(line: Line) -> float:
    """Where the text begins: right of its sample."""
    return sum([_swatch_width(number) for _, number in line.scale]) + 8.0 if line.scale else SAMPLE


def _sample(line: Line, theme: str, left: float, y: float) -> str:
    parts = []
    for share, number in line.scale:
        width = _swatch_width(number)
        middle = Place(left + width / 2.0, y)
        parts.append(rectangle(middle, width, LINE - 2.0, f'class="swatch" {fill_of(theme, share)}'))
        parts.append(text(number, middle.x, y + 3.5, "small", SMALL))
        left += width
    stroke, box = f'd="M{left:.1f} {y:.1f}h{SAMPLE - 8.0:.1f}"', Place(left + SAMPLE / 2.0 - 4.0, y)
    outline = rectangle(box, SAMPLE - 12.0, LINE - 5.0, f'class="box" rx="3" {fill_of(theme, 0.0)}')
    if line.kind == "trail":
        parts.append(f"<path {stroke_of(line.rank)} {stroke}/>{chip(line.rank, box.x, y)}")
    elif line.kind == "dashed":
        parts.append(f'<path class="arrow blocked" {stroke} marker-end="url(#tip)"/>')
    elif line.kind == "width":
        parts.append(f'<path class="arrow" style="stroke-width:5" {stroke}/>')
    elif line.kind == "dead":
        hatch = rectangle(box, SAMPLE - 12.0, LINE - 5.0, 'class="hatch" rx="3" fill="url(#hatch)"')
        parts.append(f'<g class="dead">{outline}{hatch}</g>')
    elif line.kind in ("saturated", "pale"):
        parts.append(f'<g class="{line.kind}">{outline}</g>')
    return "".join(parts)

"""A scene as SVG text: self-contained, on its own white ground, readable without colour."""

from __future__ import annotations

import math
import unicodedata
from functools import lru_cache
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

from autograd_lite.drawing.layout import Arrow, Box, Place, lay_out
from autograd_lite.drawing.scene import Mark, Scene, Shown, strength
from autograd_lite.drawing.texts import lines_of

__all__ = ["svg_of"]

CHARACTER = 7.2
"""The width of a character of the monospaced font at 12 pixels; texts are fitted to it, whatever font the reader has."""
LINE = 15.0
SMALL = 0.85
MARGIN = 6.0

PALE, DEEP = (255, 255, 255), (107, 174, 214)
"""One hue from white to blue: told apart by lightness alone, and dark text is readable on all of it."""

STYLE = (
    "text{text-anchor:middle;font:12px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#111}"
    ".small{font-size:10.2px;fill:#333}.title{font-weight:600}"
    ".arrow{fill:none;stroke:#555;stroke-width:1.1}.quiet{stroke:#bbb}.blocked{stroke-dasharray:3 3;stroke:#999}"
    ".box{stroke:#333;stroke-width:1.1}.leaf .box{stroke-width:2}.constant text{fill:#666}"
)


def svg_of(scene: Scene, title: str) -> str:
    """The picture of a scene.

    Every box is a group of the class "node" with the attributes data-value, data-grad (empty before backward) and data-node;
    every arrow one of the class "edge" with data-source, data-target and data-derivative (empty where nothing flows).
    """
    lines = [lines_of(scene, shown) for shown in scene.boxes]
    boxes = [_box_of(shown, texts) for shown, texts in zip(scene.boxes, lines, strict=True)]
    arrows = [_arrow_of(mark) for mark in scene.marks]
    layout = lay_out(boxes, arrows)
    width, height = layout.width + 2.0 * MARGIN, layout.height + 2.0 * MARGIN
    largest = max((abs(b.grad) for b in scene.boxes if b.grad is not None and math.isfinite(b.grad)), default=0.0)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.1f}" height="{height:.1f}" '
        f'viewBox="{-MARGIN:.1f} {-MARGIN:.1f} {width:.1f} {height:.1f}" role="img" aria-label={quoteattr(title)}>',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#555"/></marker></defs>',
        f'<rect x="{-MARGIN:.1f}" y="{-MARGIN:.1f}" width="{width:.1f}" height="{height:.1f}" fill="#fff"/>',
    ]
    parts += [_edge(mark, path) for mark, path in zip(scene.marks, layout.paths, strict=True)]
    parts += [_edge_text(mark, arrow, place) for mark, arrow, place in zip(scene.marks, arrows, layout.texts, strict=True)]
    parts += [
        _node(shown, texts, box, place, strength(shown.grad, largest))
        for shown, texts, box, place in zip(scene.boxes, lines, boxes, layout.boxes, strict=True)
    ]
    return "\n".join([*parts, "</svg>", ""])


@lru_cache(maxsize=10_000)
def _cells(text: str) -> int:
    """The columns a text takes in a monospaced font: wide characters two, combining ones none; at least one in all."""
    if text.isascii():
        return len(text)
    return max(1, sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text))


def _width(text: str) -> float:
    return CHARACTER * _cells(text)


def _box_of(shown: Shown, lines: list[str]) -> Box:
    if shown.kind == "constant":
        return Box(_width(lines[0]) * SMALL + 4.0, 12.0, beside=True)
    return Box(max(map(_width, lines)) + 14.0, LINE * len(lines) + 8.0)


def _arrow_of(mark: Mark) -> Arrow:
    if not mark.text:
        return Arrow(mark.source, mark.target, 0.0, 0.0)
    return Arrow(mark.source, mark.target, _width(mark.text) * SMALL + 4.0, 12.0)


def _rectangle(place: Place, width: float, height: float, rest: str) -> str:
    left, top = place.x - width / 2.0, place.y - height / 2.0
    return f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" {rest}/>'


def _colour(share: float) -> str:
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(PALE, DEEP, strict=True))


def _text(line: str, x: float, y: float, style: str, scale: float = 1.0) -> str:
    fitted = f' textLength="{_width(line) * scale:.1f}" lengthAdjust="spacingAndGlyphs"' if line else ""
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}"{fitted}>{escape(line)}</text>'


def _node(shown: Shown, lines: list[str], box: Box, place: Place, share: float) -> str:
    grad = "" if shown.grad is None else repr(shown.grad)
    head = f'<g class="node {shown.kind}" data-node="{shown.node}" data-value="{shown.value!r}" data-grad="{grad}">'
    if shown.kind == "constant":
        return f"{head}{_text(lines[0], place.x, place.y + 3.5, 'small', SMALL)}</g>"
    fill, top = _colour(share), place.y - box.height / 2.0
    rectangle = _rectangle(place, box.width, box.height, f'class="box" rx="4" fill="{fill}"')
    styles = ["title", "", ""] if shown.title else ["", ""]
    texts = [
        _text(line, place.x, top + 4.0 + LINE * (number + 0.78), style)
        for number, (line, style) in enumerate(zip(lines, styles, strict=True))
    ]
    return f"{head}{rectangle}{''.join(texts)}</g>"


def _edge(mark: Mark, path: list[Place]) -> str:
    style = "arrow" if mark.flows else "arrow blocked" if mark.text else "arrow quiet"
    derivative = "" if mark.derivative is None else repr(mark.derivative)
    return (
        f'<g class="edge" data-source="{mark.source}" data-target="{mark.target}" data-derivative="{derivative}">'
        f'<path class="{style}" d="{_curve(path)}" marker-end="url(#tip)"/></g>'
    )


def _edge_text(mark: Mark, arrow: Arrow, place: Place) -> str:
    """The derivative on its arrow, on a white ground that keeps it readable where lines pass."""
    if not mark.text:
        return ""
    ground = _rectangle(place, arrow.width, arrow.height, 'fill="#fff" opacity=".9"')
    return f'<g class="derivative">{ground}{_text(mark.text, place.x, place.y + 3.5, "small", SMALL)}</g>'


def _curve(path: list[Place]) -> str:
    """A smooth curve through the points, level at each of them."""
    pieces = [f"M{path[0].x:.1f} {path[0].y:.1f}"]
    for (left, y), (right, end) in pairwise(path):
        if abs(y - end) < 0.05:
            pieces.append(f"H{right:.1f}")
        else:
            middle = (left + right) / 2.0
            pieces.append(f"C{middle:.1f} {y:.1f} {middle:.1f} {end:.1f} {right:.1f} {end:.1f}")
    return "".join(pieces)

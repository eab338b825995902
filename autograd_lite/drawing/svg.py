"""A scene as SVG text: self-contained, on its own ground, readable without colour."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from autograd_lite.drawing.curves import beside, svg_curve, svg_line
from autograd_lite.drawing.layout import Arrow, Box, Place, lay_out
from autograd_lite.drawing.legend import legend_of
from autograd_lite.drawing.scene import Mark, Scene, Shown, shortened, strength
from autograd_lite.drawing.svg_parts import (
    LINE,
    SMALL,
    chip,
    fill_of,
    legend_part,
    legend_size,
    rectangle,
    stroke_of,
    text,
    width_of,
)
from autograd_lite.drawing.texts import lines_of
from autograd_lite.drawing.theme import palette_of, style_of

__all__ = ["svg_of"]

MARGIN = 6.0
SLOT = 12.0
"""The height of the text on an arrow, and of the numbers of highlighted paths above it."""
CHIP_ROOM = 13.0
APART = 4.0
"""How far apart the strokes of several paths on one arrow run."""
THIN, WIDER = 1.1, 4.9
"""An arrow's width, and how much wider one is along which everything flows."""
CARD = 4.0
"""How far the card behind a group's box stands out."""


def svg_of(scene: Scene, title: str) -> str:
    """The picture of a scene.

    Every box is a group of the class "node" with the attributes data-value, data-grad (empty before backward) and data-node,
    that of a folded group with data-group and data-count beside; every arrow one of the class "edge" with data-source,
    data-target and data-derivative (empty where nothing flows), a highlighted one with data-ranks; the legend, if any, one
    of the class "legend".
    """
    down = scene.look.down
    lines = [lines_of(scene, shown) for shown in scene.boxes]
    boxes = [_box_of(shown, texts) for shown, texts in zip(scene.boxes, lines, strict=True)]
    arrows = [_arrow_of(mark, down=down) for mark in scene.marks]
    layout = lay_out(boxes, arrows, down=down)
    legend = legend_of(scene)
    wide, high = legend_size(legend)
    size = max(layout.width, wide) + 2.0 * MARGIN, layout.height + high + 2.0 * MARGIN
    largest = scene.largest
    hatched = any(shown.state for shown in scene.boxes) or any(line.kind == "dead" for line in legend)
    parts = [_head(scene, title, size, hatched=hatched)]
    parts += [_edge(scene, mark, path) for mark, path in zip(scene.marks, layout.paths, strict=True)]
    parts += [_edge_text(scene, mark, arrow, at) for mark, arrow, at in zip(scene.marks, arrows, layout.texts, strict=True)]
    parts += [
        _node(scene, shown, texts, box, place, strength(shown.warmth, largest))
        for shown, texts, box, place in zip(scene.boxes, lines, boxes, layout.boxes, strict=True)
    ]
    if legend:
        parts.append(legend_part(legend, scene.look.theme, 0.0, layout.height))
    return "\n".join([*parts, "</svg>", ""])


def _head(scene: Scene, title: str, size: tuple[float, float], *, hatched: bool) -> str:
    """All that stands before the arrows: title, style, tips of arrows, the ground."""
    (width, height), palette = size, palette_of(scene.look.theme)
    tips = [_tip("tip", 7.7)]
    if scene.heat is not None:
        tips.append(_tip("widetip", 13.0))
    if hatched:
        tips.append(
            '<pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse">'
            '<path class="lines" d="M0 5L5 0" stroke-width="1"/></pattern>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.1f}" height="{height:.1f}" '
        f'viewBox="{-MARGIN:.1f} {-MARGIN:.1f} {width:.1f} {height:.1f}" role="img" aria-label={quoteattr(title)}>\n'
        f"<title>{escape(title)}</title><style>{style_of(scene.look.theme)}</style>\n<defs>{''.join(tips)}</defs>\n"
        f'<rect class="ground" x="{-MARGIN:.1f}" y="{-MARGIN:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'fill="{palette.ground}"/>'
    )


def _tip(name: str, size: float) -> str:
    """The tip of an arrow, of the same size however wide the arrow is."""
    return (
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="{size}" markerHeight="{size}" '
        'markerUnits="userSpaceOnUse" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker>'
    )


# --- boxes ---------------------------------------------------------------------------------------------------------------


def _box_of(shown: Shown, lines: list[str]) -> Box:
    if shown.bare:
        return Box(width_of(lines[0]) * SMALL + 4.0, SLOT, beside=shown.kind == "constant")
    room = 2.0 * CARD if shown.group else 0.0
    return Box(max(map(width_of, lines)) + 14.0 + room, LINE * len(lines) + 8.0 + room)


def _node(scene: Scene, shown: Shown, lines: list[str], box: Box, place: Place, share: float) -> str:
    head = _node_head(shown)
    if shown.bare:
        return f"{head}{text(lines[0], place.x, place.y + 3.5, 'small', SMALL)}</g>"
    fill, card = fill_of(scene.look.theme, share), ""
    width, height, top = box.width, box.height, place.y - box.height / 2.0
    if shown.group:
        width, height, top = width - CARD, height - CARD, top + CARD
        behind, place = Place(place.x + CARD / 2.0, place.y - CARD / 2.0), Place(place.x - CARD / 2.0, place.y + CARD / 2.0)
        card = rectangle(behind, width, height, f'class="card" rx="7" {fill}')
    rounding = 'rx="7"' if shown.group else 'rx="4"'
    frame = rectangle(place, width, height, f'class="box" {rounding} {fill}')
    if shown.state == "dead":
        frame += rectangle(place, width, height, 'class="hatch" rx="4" fill="url(#hatch)"')
    styles = ["title"] * bool(shown.title) + [""] * len(lines)
    first = top + (height - LINE * len(lines)) / 2.0
    texts = [
        text(line, place.x, first + LINE * (number + 0.78), style)
        for number, (line, style) in enumerate(zip(lines, styles, strict=False))
    ]
    return f"{head}{card}{frame}{''.join(texts)}</g>"


def _node_head(shown: Shown) -> str:
    classes = " ".join(["node", shown.kind, *filter(None, [shown.state, "pale" * shown.pale])])
    value = "" if shown.group else repr(shown.value)
    grad = "" if shown.grad is None else repr(shown.grad)
    group = quoteattr(shortened(shown.group, len(shown.group)), {'"': "&quot;"})
    more = f' data-group={group} data-count="{len(shown.members)}"' if shown.group else ""
    via = "" if shown.heat is None else f' data-heat="{shown.heat!r}"'
    return f'<g class="{classes}" data-node="{shown.node}" data-value="{value}" data-grad="{grad}"{more}{via}>'


# --- arrows --------------------------------------------------------------------------------------------------------------


def _text_height(mark: Mark) -> float:
    return SLOT * (1 + bool(mark.ranks))


def _arrow_of(mark: Mark, *, down: bool) -> Arrow:
    """The room of its text and, across, of its strokes."""
    if not mark.text:
        return Arrow(mark.source, mark.target, 0.0, 0.0)
    width = max(width_of(mark.text) * SMALL + 4.0, CHIP_ROOM * len(mark.ranks))
    across = 0.0 if down else APART * (len(mark.ranks) + 1)
    return Arrow(mark.source, mark.target, width, max(_text_height(mark), across))


def _edge(scene: Scene, mark: Mark, path: list[Place]) -> str:
    style, down = "arrow" if mark.flows else "arrow blocked" if mark.text else "arrow quiet", scene.look.down
    derivative = "" if mark.derivative is None else repr(mark.derivative)
    more, width, tip = "", "", "tip"
    share = scene.width_of(mark)
    if share is not None:
        wide = THIN + WIDER * share
        more, tip = f' data-weight="{mark.weight!r}"', "widetip" if wide > 2.0 * THIN else "tip"
        width = f' style="stroke-width:{wide:.2f}"'
    if mark.ranks:
        more += f' data-ranks="{" ".join(map(str, mark.ranks))}"'
    strokes = []
    for number, rank in enumerate(mark.ranks):
        line = beside(path, APART * (number - (len(mark.ranks) - 1) / 2.0), down=down)
        strokes.append(f'<path {stroke_of(rank)} d="{svg_line(line)}"/>')
    return (
        f'<g class="edge{" pale" * mark.pale}" data-source="{mark.source}" data-target="{mark.target}" '
        f'data-derivative="{derivative}"{more}>'
        f'<path class="{style}"{width} d="{svg_curve(path, down=down)}" marker-end="url(#{tip})"/>{"".join(strokes)}</g>'
    )


def _edge_text(scene: Scene, mark: Mark, arrow: Arrow, place: Place) -> str:
    """The derivative on its arrow, on a ground that keeps it readable where lines pass, and the numbers of paths above."""
    if not mark.text:
        return ""
    fill = palette_of(scene.look.theme).ground
    ground = rectangle(place, arrow.width, _text_height(mark), f'class="ground" fill="{fill}" opacity=".9"')
    left = place.x - CHIP_ROOM * (len(mark.ranks) - 1) / 2.0
    chips = [chip(rank, left + CHIP_ROOM * k, place.y - SLOT / 2.0) for k, rank in enumerate(mark.ranks)]
    low = place.y + (SLOT / 2.0 if chips else 0.0) + 3.5
    number = text(mark.text, place.x, low, "small", SMALL)
    return f'<g class="derivative{" pale" * mark.pale}">{ground}{number}{"".join(chips)}</g>'

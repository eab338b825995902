r"""A scene as LaTeX: a `tikzpicture` with the library's own layout, and a document that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from autograd_lite.drawing.curves import beside, controls
from autograd_lite.drawing.layout import Arrow, Box, Place, lay_out
from autograd_lite.drawing.legend import legend_texts
from autograd_lite.drawing.scene import Mark, Scene, Shown, strength
from autograd_lite.drawing.texts import lines_of, mark_lines
from autograd_lite.drawing.theme import palette_of, trail_of

__all__ = ["document_of", "tikz_of"]

CHARACTER = 4.3
"""The width in points of a character of the typewriter font at 8 points (0.525 em), rounded up."""
LINE = 9.5
LARGEST = 16_000.0
"""TeX knows no length above 16,384 points."""

STYLES = (
    r"leaf/.style={draw=frame,thick,rounded corners=2pt}, result/.style={draw=frame,rounded corners=2pt}, "
    r"group/.style={draw=frame,double=ground,rounded corners=4pt}, constant/.style={text=muted}, "
    r"dead/.style={dashed}, saturated/.style={densely dotted}, pale/.style={draw=faint,text=muted}, "
    r"flow/.style={->,draw=line}, blocked/.style={->,dashed,draw=faint}, quiet/.style={->,draw=faint}, "
    r"derivative/.style={fill=ground,inner sep=0.5pt}, legend/.style={anchor=north west,align=left,inner sep=0pt}"
)
COLOURS = ("ground", "text", "muted", "frame", "line", "faint")
"""The colours of a palette that the styles name."""

ROOM = 6.0
"""Around a picture whose ground is not white, and above the legend."""
APART = 2.8
"""How far apart the strokes of several paths on one arrow run."""

SIGNS = {c: "\\" + c for c in "#$%&_{}"} | {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    '"': r"\char34{}",  # some languages make it act
    "−": "$-$",
    "–": r"\textendash{}",
    "…": r"\ldots{}",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "≤": r"$\leq$",
    "∂": r"$\partial$",
    "Σ": r"$\Sigma$",
    "Π": r"$\Pi$",
    "σ": r"$\sigma$",
    "�": "?",
}
"""Signs that act in LaTeX, and those of the library that not every engine of TeX has in its fonts."""


def tikz_of(scene: Scene) -> str:
    r"""The `tikzpicture` of a scene, to be set in a document that says `\usepackage{tikz}`.

    Other letters than Latin ones stay as they are: lualatex and xelatex show them, with a font that has them.

    Raises:
        ValueError: for a picture larger than TeX can draw.

    >>> from autograd_lite import Value
    >>> from autograd_lite.drawing.scene import scene_of
    >>> for line in tikz_of(scene_of(Value(3.0, label="x_1"), digits=4, limit=10)).splitlines()[2:]:
    ...     print(line)
    \node[leaf,minimum width=32.8pt,minimum height=34.5pt] (n0) at (16.4,-23.2) {{x\_1}\\{3}\\{grad \textendash{}}};
    \end{tikzpicture}
    """
    lines = [lines_of(scene, shown) for shown in scene.boxes]
    boxes = [_box_of(shown, texts) for shown, texts in zip(scene.boxes, lines, strict=True)]
    layout = lay_out(boxes, [_arrow_of(mark, down=scene.look.down) for mark in scene.marks], down=scene.look.down)
    largest = max(layout.width, layout.height)
    if largest > LARGEST:
        raise ValueError(
            f"the picture is {largest:,.0f} points large and TeX draws at most {LARGEST:,.0f}: draw an inner value, or save "
            "as .svg"
        )
    parts = [_head(scene)]
    told = legend_texts(scene)
    if scene.look.theme == "dark":
        wide = max([layout.width, *[CHARACTER * len(line) for line in told]]) + ROOM
        high = layout.height + LINE * len(told) + 2.0 * ROOM
        parts.append(rf"\fill[ground] {_at(Place(-ROOM, -ROOM))} rectangle {_at(Place(wide, high))};")
    for mark, path in zip(scene.marks, layout.paths, strict=True):
        parts += [_line(scene, mark, path), *_strokes(scene, mark, path)]
    parts += [_derivative(mark, place) for mark, place in zip(scene.marks, layout.texts, strict=True) if mark.text]
    warmest = scene.largest
    for number, (shown, texts, box, place) in enumerate(zip(scene.boxes, lines, boxes, layout.boxes, strict=True)):
        share = strength(shown.warmth, warmest)
        fill = f",fill={_colour(palette_of(scene.look.theme).shade(share))}" if share else ""
        parts.append(_node(number, shown, texts, box, place, fill))
    if told:
        parts.append(rf"\node[legend] at {_at(Place(0.0, layout.height + ROOM))} {{{_stacked(told)}}};")
    return "\n".join([*parts, r"\end{tikzpicture}", ""])


def _head(scene: Scene) -> str:
    """The beginning: sizes and styles, and the colours that these name."""
    palette = palette_of(scene.look.theme)
    colours = [rf"\definecolor{{{name}}}{{HTML}}{{{getattr(palette, name)[1:].upper()}}}" for name in COLOURS]
    font = r"font=\ttfamily\fontsize{8}{9.5}\selectfont"
    return "\n".join([rf"\begin{{tikzpicture}}[x=1pt,y=1pt,{font},align=center,text=text,{STYLES}]", "".join(colours)])


def _colour(colour: str) -> str:
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return f"{{rgb,255:red,{red};green,{green};blue,{blue}}}"


def document_of(scene: Scene) -> str:
    """A document with the picture alone, for pdflatex, lualatex or xelatex."""
    head = "\\documentclass[border=4pt]{standalone}\n\\usepackage{tikz}\n\\begin{document}\n"
    return f"{head}{tikz_of(scene)}\\end{{document}}\n"


def _box_of(shown: Shown, lines: list[str]) -> Box:
    width = CHARACTER * max(map(len, lines))
    if shown.bare:
        return Box(width + 2.0, LINE, beside=shown.kind == "constant")
    return Box(width + 7.0, LINE * len(lines) + 6.0)


def _arrow_of(mark: Mark, *, down: bool) -> Arrow:
    lines = mark_lines(mark)
    width = CHARACTER * max(map(len, lines)) + 2.0 if lines else 0.0
    across = 0.0 if down or not mark.ranks else APART * (len(mark.ranks) + 1)
    return Arrow(mark.source, mark.target, width, max(LINE * len(lines), across))


def _at(place: Place) -> str:
    return f"({place.x:.1f},{-place.y:.1f})"


def _stacked(lines: list[str]) -> str:
    r"""Lines one below the other, each in braces: after \\ a bracket or a star would be read as an argument."""
    return r"\\".join([f"{{{_escaped(line)}}}" for line in lines])


def _node(number: int, shown: Shown, lines: list[str], box: Box, place: Place, fill: str) -> str:
    size = "inner sep=0pt" if box.beside else f"minimum width={box.width:.1f}pt,minimum height={box.height:.1f}pt"
    kind = "constant" if shown.bare else shown.kind.split()[0]
    styles = ",".join([kind, *filter(None, [shown.state, "pale" * shown.pale])])
    return rf"\node[{styles}{fill},{size}] (n{number}) at {_at(place)} {{{_stacked(lines)}}};"


def _derivative(mark: Mark, place: Place) -> str:
    return rf"\node[derivative{',pale,draw=none' * mark.pale}] at {_at(place)} {{{_stacked(mark_lines(mark))}}};"


def _line(scene: Scene, mark: Mark, path: list[Place]) -> str:
    style = "flow" if mark.flows else "blocked" if mark.text else "quiet"
    share = scene.width_of(mark)
    width = "" if share is None else f",line width={0.4 + 3.6 * share:.2f}pt"
    pieces = [_at(path[0])]
    for start, end in pairwise(path):
        bend = controls(start, end, down=scene.look.down)
        curve = "--" if bend is None else f".. controls {_at(bend[0])} and {_at(bend[1])} .."
        pieces.append(f"{curve} {_at(end)}")
    return rf"\draw[{style}{',draw=faint' * mark.pale}{width}] {' '.join(pieces)};"


def _strokes(scene: Scene, mark: Mark, path: list[Place]) -> Iterator[str]:
    """The strokes of the highlighted paths that take an arrow, side by side."""
    for number, rank in enumerate(mark.ranks):
        stroke = trail_of(rank)
        lengths = [f"{what} {length}pt" for what, length in zip(("on", "off") * 2, stroke.dashes, strict=False)]
        dashes = f",dash pattern={' '.join(lengths)}" if lengths else ""
        line = beside(path, APART * (number - (len(mark.ranks) - 1) / 2.0), down=scene.look.down)
        yield rf"\draw[draw={_colour(stroke.colour)},line width=2pt{dashes}] {' -- '.join(map(_at, line))};"


def _escaped(line: str) -> str:
    return "".join(SIGNS.get(c, c) for c in line)

r"""A scene as LaTeX: a `tikzpicture` with the library's own layout, and a document that shows it."""

from __future__ import annotations

from itertools import pairwise

from autograd_lite.drawing.layout import Arrow, Box, Place, lay_out
from autograd_lite.drawing.scene import Mark, Scene, Shown
from autograd_lite.drawing.texts import lines_of

__all__ = ["document_of", "tikz_of"]

CHARACTER = 4.3
"""The width in points of a character of the typewriter font at 8 points (0.525 em), rounded up."""
LINE = 9.5
LARGEST = 16_000.0
"""TeX knows no length above 16,384 points."""

FLAT = 0.05
"""What coordinates are rounded to."""

STYLES = (
    r"leaf/.style={draw,thick,rounded corners=2pt}, result/.style={draw,rounded corners=2pt}, constant/.style={gray}, "
    r"flow/.style={->}, blocked/.style={->,dashed,gray}, quiet/.style={->,lightgray}, "
    r"derivative/.style={fill=white,inner sep=0.5pt}"
)

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
    >>> for line in tikz_of(scene_of(Value(3.0, label="x_1"), digits=4, limit=10)).splitlines()[1:]:
    ...     print(line)
    \node[leaf,minimum width=32.8pt,minimum height=34.5pt] (n0) at (16.4,-23.2) {{x\_1}\\{3}\\{grad \textendash{}}};
    \end{tikzpicture}
    """
    lines = [lines_of(scene, shown) for shown in scene.boxes]
    boxes = [_box_of(shown, texts) for shown, texts in zip(scene.boxes, lines, strict=True)]
    layout = lay_out(boxes, [_arrow_of(mark) for mark in scene.marks])
    largest = max(layout.width, layout.height)
    if largest > LARGEST:
        raise ValueError(
            f"the picture is {largest:,.0f} points large and TeX draws at most {LARGEST:,.0f}: draw an inner value, or save "
            "as .svg"
        )
    head = rf"\begin{{tikzpicture}}[x=1pt,y=1pt,font=\ttfamily\fontsize{{8}}{{9.5}}\selectfont,align=center,{STYLES}]"
    parts = [_line(mark, path) for mark, path in zip(scene.marks, layout.paths, strict=True)]
    parts += [_derivative(mark, place) for mark, place in zip(scene.marks, layout.texts, strict=True) if mark.text]
    parts += [
        _node(number, shown, texts, box, place)
        for number, (shown, texts, box, place) in enumerate(zip(scene.boxes, lines, boxes, layout.boxes, strict=True))
    ]
    return "\n".join([head, *parts, r"\end{tikzpicture}", ""])


def document_of(scene: Scene) -> str:
    """A document with the picture alone, for pdflatex, lualatex or xelatex."""
    head = "\\documentclass[border=4pt]{standalone}\n\\usepackage{tikz}\n\\begin{document}\n"
    return f"{head}{tikz_of(scene)}\\end{{document}}\n"


def _box_of(shown: Shown, lines: list[str]) -> Box:
    width = CHARACTER * max(map(len, lines))
    if shown.kind == "constant":
        return Box(width + 2.0, LINE, beside=True)
    return Box(width + 7.0, LINE * len(lines) + 6.0)


def _arrow_of(mark: Mark) -> Arrow:
    width, height = (CHARACTER * len(mark.text) + 2.0, LINE) if mark.text else (0.0, 0.0)
    return Arrow(mark.source, mark.target, width, height)


def _at(place: Place) -> str:
    return f"({place.x:.1f},{-place.y:.1f})"


def _node(number: int, shown: Shown, lines: list[str], box: Box, place: Place) -> str:
    size = "inner sep=0pt" if box.beside else f"minimum width={box.width:.1f}pt,minimum height={box.height:.1f}pt"
    # Each line in braces: after \\ a bracket or a star would be read as an argument.
    text = r"\\".join(f"{{{_escaped(line)}}}" for line in lines)
    return rf"\node[{shown.kind.split()[0]},{size}] (n{number}) at {_at(place)} {{{text}}};"


def _derivative(mark: Mark, place: Place) -> str:
    return rf"\node[derivative] at {_at(place)} {{{_escaped(mark.text)}}};"


def _line(mark: Mark, path: list[Place]) -> str:
    style = "flow" if mark.flows else "blocked" if mark.text else "quiet"
    pieces = [_at(path[0])]
    for start, end in pairwise(path):
        middle = (start.x + end.x) / 2.0
        curve = f".. controls {_at(Place(middle, start.y))} and {_at(Place(middle, end.y))} .."
        pieces.append(f"{'--' if abs(start.y - end.y) < FLAT else curve} {_at(end)}")
    return rf"\draw[{style}] {' '.join(pieces)};"


def _escaped(line: str) -> str:
    return "".join(SIGNS.get(c, c) for c in line)

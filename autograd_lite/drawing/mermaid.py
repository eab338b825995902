"""A scene as Mermaid text, which GitHub, GitLab and many editors show as a picture."""

from __future__ import annotations

import re
from collections.abc import Iterator

from autograd_lite.drawing.legend import legend_texts
from autograd_lite.drawing.scene import Mark, Scene, Shown, strength
from autograd_lite.drawing.texts import lines_of, mark_lines
from autograd_lite.drawing.theme import palette_of, trail_of

__all__ = ["mermaid_of"]

MOST_ARROWS = 500
"""What Mermaid shows unless it is configured otherwise: its `maxEdges`."""

MOST_CHARACTERS = 50_000
"""Its `maxTextSize`."""

PLAIN = frozenset(",=×−–…·")
"""What stands for itself beside letters, digits, and the signs of which `_is_plain` knows more."""

JOINER = "\u2060"
"""A sign without width."""

TAKEN = re.compile(r"\\(?=n)|ﬂ(?=°)|¶(?=ß)")
"""Mermaid breaks lines at a backslash with an n, even where both are entities, and marks entities with the other two pairs
while it works: a joiner keeps them apart."""


def mermaid_of(scene: Scene) -> str:
    """The flowchart of a scene: boxes with arrows, local derivatives on the arrows.

    Leaves have round ends, groups double sides and constants no frame. A dashed arrow is one through which no adjoint flows.

    Raises:
        ValueError: for a graph that is larger than what Mermaid shows.

    >>> from autograd_lite import Value
    >>> from autograd_lite.drawing.scene import scene_of
    >>> print(mermaid_of(scene_of(Value(3.0, label="x").exp(), digits=4, limit=10)))
    flowchart LR
        n0(["x<br/>3<br/>grad –"])
        n1["exp<br/>20.09<br/>grad –"]
        n0 -->|"20.09"| n1
    """
    if len(scene.marks) > MOST_ARROWS:
        raise _too_large(f"{len(scene.marks)} arrows", f"{MOST_ARROWS} arrows")
    boxes = [f"    n{k}{_box(scene, shown)}" for k, shown in enumerate(scene.boxes)]
    arrows = [f"    n{mark.source} {_arrow(mark)} n{mark.target}" for mark in scene.marks]
    told = "<br/>".join(map(_escaped, legend_texts(scene)))
    legend = [f'    legend["{told}"]'] if told else []
    constants = [*[f"n{k}" for k, shown in enumerate(scene.boxes) if shown.bare], *["legend"] * bool(told)]
    styles = (
        ["    classDef constant fill:none,stroke:none", f"    class {','.join(constants)} constant"] if constants else []
    )
    head = ['%%{init: {"theme": "dark"}}%%'] if scene.look.theme == "dark" else []
    head.append("flowchart TD" if scene.look.down else "flowchart LR")
    text = "\n".join([*head, *boxes, *arrows, *legend, *styles, *_box_styles(scene), *_arrow_styles(scene), ""])
    if len(text) > MOST_CHARACTERS:
        raise _too_large(f"{len(text):,} characters", f"{MOST_CHARACTERS:,} characters")
    return text


def _too_large(given: str, most: str) -> ValueError:
    return ValueError(f"the graph takes {given}, Mermaid shows at most {most}: draw an inner value, or save as .svg")


def _box(scene: Scene, shown: Shown) -> str:
    lines = "<br/>".join(map(_escaped, lines_of(scene, shown)))
    if shown.group:
        return f'[["{lines}"]]'
    return f'(["{lines}"])' if shown.kind.startswith("leaf") else f'["{lines}"]'


def _arrow(mark: Mark) -> str:
    if not mark.text:
        return "-->"
    text = "<br/>".join(map(_escaped, mark_lines(mark)))
    return f'-->|"{text}"|' if mark.flows else f'-.->|"{text}"|'


def _box_styles(scene: Scene) -> Iterator[str]:
    """The colours of boxes, and the outlines of units that learn nothing."""
    palette, largest = palette_of(scene.look.theme), scene.largest
    shares = [strength(shown.warmth, largest) for shown in scene.boxes]
    if any(shares):  # Mermaid's own ground for a box is a tint, and would look larger than a small number's
        yield f"    classDef default fill:{palette.ground},color:{palette.text}"
    for k, (shown, share) in enumerate(zip(scene.boxes, shares, strict=True)):
        styles = [f"fill:{palette.shade(share)}", f"color:{palette.text}"] if share else []
        styles += [f"color:{palette.muted}"] if shown.pale else []
        styles += [DASHES[shown.state]] if shown.state else []
        if styles:
            yield f"    style n{k} {','.join(styles)}"


def _arrow_styles(scene: Scene) -> Iterator[str]:
    """The widths of arrows, and the strokes of highlighted paths; where several take an arrow, that of the first."""
    for k, mark in enumerate(scene.marks):
        share = scene.width_of(mark)
        if mark.ranks:
            stroke = trail_of(mark.ranks[0])
            dashes = f",stroke-dasharray:{' '.join(map(str, stroke.dashes))}" if stroke.dashes else ""
            yield f"    linkStyle {k} stroke:{stroke.colour},stroke-width:3px{dashes}"
        elif share is not None:
            yield f"    linkStyle {k} stroke-width:{1.0 + 5.0 * share:.2f}px"


DASHES = {"dead": "stroke-dasharray:5 2", "saturated": "stroke-dasharray:2 2"}


def _escaped(line: str) -> str:
    """A line in which nothing acts: what does not stand for itself is a numeric entity."""
    line = TAKEN.sub(rf"\g<0>{JOINER}", line)
    return "".join(c if _is_plain(line, k) else f"#{ord(c)};" for k, c in enumerate(line))


def _is_plain(line: str, k: int) -> bool:
    """Whether a sign stands for itself there: a full stop within a number, but not the one of `1. item`."""
    c = line[k]
    if c == ".":
        return line[k + 1 : k + 2].isdigit()
    if c == " ":
        return k > 0
    return c.isalnum() or c in PLAIN

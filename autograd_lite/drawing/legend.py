"""What colours, strokes and marks of a picture mean, in short plain words."""

from __future__ import annotations

import math
from dataclasses import dataclass

from autograd_lite.drawing.scene import Heat, Scene, Shown, shortened
from autograd_lite.engine.printing import count_text

__all__ = ["Line", "legend_of", "legend_texts"]

SHARES = (0.0, 0.5, 1.0)
"""The strengths of colour that the scale shows; they are the roots of what they stand for."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a legend.

    Attributes:
        text: what it says.
        kind: what it explains: "scale", "via", "width", "pale", "dashed", "dead", "saturated",
            "flow", "trail" or "others".
        scale: of a colour scale the strengths from 0 to 1, and the numbers that have them.
        rank: of a highlighted path.
    """

    text: str
    kind: str
    scale: tuple[tuple[float, str], ...] = ()
    rank: int = 0


def legend_of(scene: Scene) -> list[Line]:
    """The lines that a picture needs: none where nothing is coloured or marked, or no legend is wanted."""
    if not scene.look.legend:
        return []
    lines = _scale(scene)
    if scene.heat is not None:
        lines += _of_heat(scene, scene.heat)
    if any(mark.text.startswith("∂") for mark in scene.marks):
        lines.append(Line("∂: the derivative that flows back along an arrow for many edges", "flow"))
    if any(mark.text.startswith("‖∂‖") for mark in scene.marks):
        lines.append(Line("‖∂‖ … of n: the norm of those that flow back to n values", "flow"))
    if any(mark.text and not mark.flows for mark in scene.marks):
        lines.append(Line("dashed arrow: no derivative flows along it", "dashed"))
    lines += [Line(told, state) for state, told in STATES.items() if any(_holds(shown, state) for shown in scene.boxes)]
    lines += [
        Line(f"path {trail.rank}: product {trail.product}{_share(trail.share)}", "trail", (), trail.rank)
        for trail in scene.trails
    ]
    if scene.trails and scene.others:
        lines.append(Line(f"other paths, not highlighted: {count_text(scene.others)}", "others"))
    return lines


STATES = {
    "dead": "dead: its slope is 0, no derivative passes it",
    "saturated": "saturated: its slope is 0.01 at most",
}


def _holds(shown: Shown, state: str) -> bool:
    """Whether a box is such a unit, or a group that counts some."""
    return shown.state == state or (bool(shown.group) and any(note.endswith(f" {state}") for note in shown.notes))


def legend_texts(scene: Scene) -> list[str]:
    """The same as texts alone, for formats that have no samples of strokes."""
    texts = []
    for line in legend_of(scene):
        scale = f", strongest at {line.scale[-1][1]}" if line.scale else ""
        texts.append(line.text + scale)
    return texts


def _scale(scene: Scene) -> list[Line]:
    """Where anything is coloured, what is, and which numbers have which strength."""
    largest = scene.largest
    if not 0.0 < largest < math.inf:
        return []
    numbers = tuple([(share, scene.number(largest * share * share)) for share in SHARES])
    return [Line("colour: |grad|" if scene.heat is None else "colour: |via|", "scale", numbers)]


def _of_heat(scene: Scene, heat: Heat) -> list[Line]:
    name = shortened(heat.name, 20)
    lines = [
        Line(f"via: the part of ∂/∂{name} = {scene.number(heat.derivative)} that flows through the box", "via"),
        Line(f"%: of the absolute sum over all paths, {scene.number(heat.magnitude)}", "via"),
        Line("wide arrow: a large part flows along it", "width"),
    ]
    if any(shown.pale for shown in scene.boxes):
        lines.append(Line(f"pale: nothing of ∂/∂{name} flows there", "pale"))
    return lines


def _share(share: str) -> str:
    return f", share {share}" if share else ""

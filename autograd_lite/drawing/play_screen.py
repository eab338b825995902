"""What a page shows of a graph that is replayed: a picture laid out once for each shape, then texts and colours alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from autograd_lite.drawing.play_replay import Recording
from autograd_lite.drawing.scene import Look, Mark, Scene, Shown, scene_of, strength
from autograd_lite.drawing.svg import svg_of
from autograd_lite.drawing.texts import lines_of
from autograd_lite.drawing.theme import DARK, palette_of

__all__ = ["Screen", "scene_at"]

WIDEST = -0.12345678901234567
"""Boxes have room for this number at the chosen digits; a longer one, with an exponent, is squeezed by a third at most."""

PLAIN = Look()

Box = tuple[str, str, str]
"""The text of its number, that of its derivative, and its colour; with the theme "auto" that on a dark screen too."""
Arrow = tuple[str, int]
"""Its text, and whether an adjoint flows."""


def scene_at(recording: Recording, digits: int) -> Scene:
    """The boxes and arrows of a graph as it is now."""
    return scene_of(recording.output, digits, recording.boxes)


class Screen:
    """What the page shows; it tells what is to be sent for the page to show another graph, or the same with other numbers.

    Arguments:
        digits: the significant digits that are shown.
        look: how the picture is drawn.
    """

    def __init__(self, digits: int, look: Look = PLAIN) -> None:
        self.digits, self.look = digits, look
        self._pictures: dict[Any, tuple[int, str]] = {}
        self._graph = -1
        self._boxes: list[Box] = []
        self._arrows: list[Arrow] = []

    @property
    def pictures(self) -> int:
        """How many pictures were laid out."""
        return len(self._pictures)

    def update(self, recording: Recording, *, whole: bool = False) -> dict[str, Any]:
        """What the page needs in order to show a graph as it is now: what has changed, or the whole.

        Returns:
            "graph", the number of the picture, and "title"; "boxes" and "arrows": of each that has changed its place among
            those that can change, and its texts; and "svg" if the picture is not the one that the page has.
        """
        scene = replace(scene_at(recording, self.digits), look=self.look)
        if recording.key not in self._pictures:
            self._pictures[recording.key] = len(self._pictures), svg_of(_widest(scene), "")
        graph, svg = self._pictures[recording.key]
        whole = whole or graph != self._graph
        largest = scene.largest
        boxes = [_box(scene, shown, largest) for shown in scene.boxes if shown.kind != "constant"]
        arrows = [(mark.text, int(mark.flows)) for mark in scene.marks if mark.text]
        count = len(recording.nodes)
        title = f"graph of {count:,} node{'s' * (count != 1)}, value {scene.number(recording.output._number)}"
        payload: dict[str, Any] = {"graph": graph, "title": title} | ({"svg": svg} if whole else {})
        payload["boxes"] = _changed(boxes, [] if whole else self._boxes)
        payload["arrows"] = _changed(arrows, [] if whole else self._arrows)
        self._graph, self._boxes, self._arrows = graph, boxes, arrows
        return payload


def _widest(scene: Scene) -> Scene:
    """The scene with texts that need as much room as any but the longest."""

    def box(shown: Shown) -> Shown:
        return shown if shown.kind == "constant" else replace(shown, value=WIDEST, grad=WIDEST)

    def arrow(mark: Mark) -> Mark:
        return replace(mark, derivative=None, flows=True, text=scene.number(WIDEST)) if mark.text else mark

    return replace(scene, boxes=[box(shown) for shown in scene.boxes], marks=[arrow(mark) for mark in scene.marks])


def _box(scene: Scene, shown: Shown, largest: float) -> Box:
    value, grad = lines_of(scene, shown)[-2:]
    share, theme = strength(shown.grad, largest), scene.look.theme
    colour = palette_of(theme).shade(share)
    return value, grad, f"{colour} {DARK.shade(share)}" if theme == "auto" else colour


def _changed(now: Sequence[tuple[Any, ...]], before: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [[k, *item] for k, (item, old) in enumerate(zip_longest(now, before)) if item != old]

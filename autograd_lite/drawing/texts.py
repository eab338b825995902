"""The lines of text in a box and on an arrow, the same in every format."""

from __future__ import annotations

from autograd_lite.drawing.scene import Mark, Scene, Shown

__all__ = ["lines_of", "mark_lines"]


def lines_of(scene: Scene, shown: Shown) -> list[str]:
    """Title, number and derivative, or what stands in their place, and notes; of a constant the number alone.

    >>> from autograd_lite import Value
    >>> from autograd_lite.drawing.scene import scene_of
    >>> scene = scene_of(Value(3.0, label="x"), digits=4, limit=10)
    >>> lines_of(scene, scene.boxes[0])
    ['x', '3', 'grad –']
    """
    if shown.bare:
        return [shown.title]
    lines = shown.lines or (scene.number(shown.value), f"grad {scene.number(shown.grad)}")
    return [*[shown.title] * bool(shown.title), *lines, *shown.notes]


def mark_lines(mark: Mark) -> list[str]:
    """What stands on an arrow: the highlighted paths that take it, and the derivative; in SVG the paths have their strokes.

    >>> mark_lines(Mark(0, 1, 2.0, True, "2", ranks=(1, 3)))
    ['path 1, 3', '2']
    """
    paths = [f"path {', '.join(map(str, mark.ranks))}"] if mark.ranks else []
    return [*paths, mark.text] if mark.text else []

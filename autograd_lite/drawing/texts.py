"""The lines of text in a box, the same in every format."""

from __future__ import annotations

from autograd_lite.drawing.scene import Scene, Shown

__all__ = ["lines_of"]


def lines_of(scene: Scene, shown: Shown) -> list[str]:
    """Title, number and derivative; of a constant the number alone.

    >>> from autograd_lite import Value
    >>> from autograd_lite.drawing.scene import scene_of
    >>> scene = scene_of(Value(3.0, label="x"), digits=4, limit=10)
    >>> lines_of(scene, scene.boxes[0])
    ['x', '3', 'grad –']
    """
    if shown.kind == "constant":
        return [shown.title]
    lines = [scene.number(shown.value), f"grad {scene.number(shown.grad)}"]
    return [shown.title, *lines] if shown.title else lines

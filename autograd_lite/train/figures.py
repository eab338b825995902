"""Figures of matplotlib that show themselves in a notebook."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import Any

from autograd_lite.engine.extras import require

__all__ = ["notebook_figure"]


def notebook_figure(**options: Any) -> Any:
    """A matplotlib figure that shows itself in a notebook: pyplot would choose, and keep, a backend for the whole process.

    Arguments:
        options: those of `matplotlib.figure.Figure`.

    Raises:
        MissingExtraError: without matplotlib.

    >>> notebook_figure(figsize=(1, 1))._repr_png_()[1:4]
    b'PNG'
    """
    return _figure_type()(**options)


@cache
def _figure_type() -> Any:
    canvas = require("matplotlib.backends.backend_agg", "data").FigureCanvasAgg
    base: Any = require("matplotlib.figure", "data").Figure

    class NotebookFigure(base):  # type: ignore[misc]  # its base is known when matplotlib is
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            canvas(self)

        def _repr_png_(self) -> bytes:
            image = BytesIO()
            self.savefig(image, format="png")
            return image.getvalue()

    return NotebookFigure

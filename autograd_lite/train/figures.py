"""Figures of matplotlib that show themselves in a notebook."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import Any

from autograd_lite.engine.extras import require

__all__ = ["description_of", "notebook_figure"]


def description_of(figure: Any) -> str:
    """What a figure's axes are called and what is drawn on them, for readers who do not see it.

    >>> figure = notebook_figure()
    >>> axes = figure.add_subplot(xlabel="epoch", ylabel="loss", title="two moons")
    >>> _ = axes.plot([2.0, 1.0], label="training")
    >>> description_of(figure)
    'figure: two moons; epoch; loss; training'
    """
    found: list[str] = []
    for axes in figure.axes:
        texts = [axes.get_title(), axes.get_xlabel(), axes.get_ylabel(), *axes.get_legend_handles_labels()[1]]
        found += [" ".join(text.split()) for text in texts if text and not text.isspace()]
    return f"figure: {'; '.join(found)}" if found else "figure"


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

        def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
            """No picture besides, but the alternative text, where IPython and nbconvert look for it."""
            return {}, {"image/png": {"alt": description_of(self)}}

    return NotebookFigure

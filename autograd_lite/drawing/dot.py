"""A scene as a Graphviz digraph, and the `dot` program where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from tempfile import TemporaryFile
from typing import Any

from autograd_lite.drawing.legend import legend_texts
from autograd_lite.drawing.scene import Mark, Scene, Shown, strength
from autograd_lite.drawing.texts import lines_of, mark_lines
from autograd_lite.drawing.theme import Palette, palette_of, trail_of

__all__ = ["DotError", "digraph_of", "run_dot"]

MOST_NODES = 500
MOST_BENDS = 5000
"""`dot` cuts an arrow at every rank it passes; beyond so many pieces it may take minutes and all memory."""
SECONDS = 30.0


class DotError(RuntimeError):
    """The `dot` program is not installed, too slow or too small for a graph."""


def digraph_of(scene: Scene) -> Any:
    """The scene as a `graphviz.Digraph`: boxes with title, number and derivative, arrows with local derivatives.

    Raises:
        ImportError: if the Python package graphviz is missing.
    """
    try:
        from graphviz import Digraph, escape, nohtml
    except ImportError as error:
        raise ImportError("to_dot() needs the package graphviz: pip install graphviz") from error

    def label(lines: Sequence[str], end: str = "\\n") -> Any:
        """A label in which nothing acts; Graphviz reads entities such as &lt; in any, and one in <> as HTML."""
        return nohtml(end.join([escape(line.replace("&", "&amp;")) for line in lines]))

    look, palette = scene.look, palette_of(scene.look.theme)
    told = label([*legend_texts(scene), ""], "\\l")
    graph = Digraph(
        graph_attr={
            "rankdir": "TB" if look.down else "LR",
            "bgcolor": palette.ground,
            **({"label": told, "labeljust": "l", "fontname": "monospace", "fontcolor": palette.small} if told else {}),
        },
        node_attr={"shape": "box", "fontname": "monospace", "color": palette.frame, "fontcolor": palette.text},
        edge_attr={"color": palette.line, "fontname": "monospace", "fontcolor": palette.small},
    )
    largest = scene.largest
    for k, shown in enumerate(scene.boxes):
        fill = palette.shade(strength(shown.warmth, largest))
        graph.node(f"n{k}", label=label(lines_of(scene, shown)), **_box_style(shown, fill, palette))
    for mark in scene.marks:
        text = label(mark_lines(mark))
        graph.edge(f"n{mark.source}", f"n{mark.target}", label=text, **_arrow_style(scene, mark, palette))
    return graph


def _box_style(shown: Shown, fill: str, palette: Palette) -> dict[str, str]:
    if shown.bare:
        return {"shape": "plaintext", "fontcolor": palette.muted}
    style = {"dead": "filled,dashed", "saturated": "filled,dotted"}.get(shown.state, "filled")
    pale = {"color": palette.faint, "fontcolor": palette.muted} if shown.pale else {}
    return {"style": style, "fillcolor": fill, **({"shape": "box3d"} if shown.group else {}), **pale}


def _arrow_style(scene: Scene, mark: Mark, palette: Palette) -> dict[str, str]:
    if mark.ranks:
        # Graphviz draws a list of colours as parallel strokes.
        return {"color": ":".join([trail_of(rank).colour for rank in mark.ranks]), "penwidth": "2.5"}
    width = scene.width_of(mark)
    style = {} if width is None else {"penwidth": f"{1.0 + 4.0 * width:.2f}"}
    if not mark.flows:
        return {"style": "dashed"} if mark.text else {"color": palette.faint}
    return style | ({"color": palette.faint} if mark.pale else {})


def run_dot(scene: Scene, form: str) -> bytes:
    """The picture that the `dot` program makes, as bytes of the format.

    Raises:
        DotError: with one sentence, if there is no such program, or the graph is beyond what it does in time.
    """
    program = shutil.which("dot")
    if program is None:
        raise DotError("the program 'dot' is not installed: install Graphviz, or save as .svg or .html")
    bends = _bends(scene)
    if len(scene.boxes) > MOST_NODES or bends > MOST_BENDS:
        raise DotError(f"{len(scene.boxes)} boxes and {bends} bends are too many for 'dot', which may take minutes")
    source: bytes = digraph_of(scene).source.encode()
    # Files and not pipes: a pipe that a child of a killed program still holds would be waited for.
    with TemporaryFile() as given, TemporaryFile() as output, TemporaryFile() as messages:
        given.write(source)
        given.seek(0)
        try:
            done = subprocess.run(
                [program, f"-T{form}"], stdin=given, stdout=output, stderr=messages, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise DotError(f"'dot' took more than {SECONDS:g} seconds") from None
        except OSError as error:
            raise DotError(f"'dot' cannot be started: {error.strerror}") from None
        output.seek(0)
        messages.seek(0)
        picture = output.read()
        if done.returncode or not picture:
            reason = " ".join(messages.read().decode(errors="replace").split()) or f"exit code {done.returncode}, no picture"
            raise DotError(f"'dot' failed: {reason[:500]}")
        return picture


def _bends(scene: Scene) -> int:
    """Into how many more pieces than arrows `dot` would cut the arrows, one for each rank they pass."""
    rank = [0] * len(scene.boxes)
    for mark in scene.marks:  # arrows come in the order of their targets, arguments first
        rank[mark.target] = max(rank[mark.target], rank[mark.source] + 1)
    return sum(rank[mark.target] - rank[mark.source] - 1 for mark in scene.marks)

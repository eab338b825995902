"""A scene as a Graphviz digraph, and the `dot` program where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from tempfile import TemporaryFile
from typing import Any

from autograd_lite.drawing.scene import Scene
from autograd_lite.drawing.texts import lines_of

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
        from graphviz import Digraph, escape
    except ImportError as error:
        raise ImportError("to_dot() needs the package graphviz: pip install graphviz") from error
    graph = Digraph(graph_attr={"rankdir": "LR"}, node_attr={"shape": "box", "fontname": "monospace"})
    for k, shown in enumerate(scene.boxes):
        shape = {"shape": "plaintext"} if shown.kind == "constant" else {}
        # Graphviz reads entities such as &lt; in any label.
        label = escape("\n".join(lines_of(scene, shown)).replace("&", "&amp;")).replace("\n", "\\n")
        graph.node(f"n{k}", label=label, **shape)
    for mark in scene.marks:
        style = {} if mark.flows else {"style": "dashed"} if mark.text else {"color": "gray"}
        graph.edge(f"n{mark.source}", f"n{mark.target}", label=escape(mark.text), **style)
    return graph


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

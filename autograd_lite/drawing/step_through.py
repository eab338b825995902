"""step_through: both sweeps of a graph as a page that plays them, in a notebook and as a file, without a network."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from dataclasses import asdict
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from autograd_lite.drawing.options import check_most
from autograd_lite.drawing.step_views import View
from autograd_lite.drawing.steps import Steps, steps_of
from autograd_lite.drawing.svg import svg_of
from autograd_lite.engine.node import Node
from autograd_lite.engine.sweep_table import html_table

__all__ = ["StepThrough", "step_through"]

LIMIT = 2_000
"""Nodes; beyond, a page is some ten megabytes large, and nobody sees the whole of it."""

TALLEST = 900
"""Pixels, of the frame in a notebook; what does not fit is scrolled."""


class StepThrough:
    """Both sweeps of a graph, as it was when `step_through` was called, to be played forward and back; it makes it.

    In a notebook it is one frame that holds the whole page. A frame of its own keeps the page's names, styles and keys and
    the notebook's apart, however often it is shown; `sandbox="allow-scripts"` gives its script no way to the notebook; and
    being text in the saved output it works in a notebook that is opened again, or exported. Where notebooks are not trusted,
    front ends take frames and styles away: what they leave is an image, which the style had hidden.
    """

    def __init__(self, steps: Steps) -> None:
        self.steps = steps

    @cached_property
    def svg(self) -> str:
        """The picture after the last step, as SVG text."""
        return svg_of(self.steps.scene, str(self))

    @cached_property
    def page(self) -> str:
        """The page, as HTML text: it asks for nothing from elsewhere, and refuses any script but its own."""
        script = _asset("step_through.js")
        sha = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{sha}'"
        title, style = html.escape(str(self)), _asset("step_through.css")
        return (
            '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{title}</title><style>\n{style}</style></head><body>\n"
            f'{CONTROLS}\n<div id="picture">\n{self._pictures()}</div>\n{DETAILS}\n'
            f"<noscript><p>{STILL}</p>{self._table()}</noscript>\n"
            f'<script type="application/json" id="steps">{_json(self._data())}</script>\n'
            f"<script>{script}</script></body></html>\n"
        )

    def save(self, path: str | Path) -> Path:
        """Writes the page to a file that any browser opens, without a network.

        Arguments:
            path: ends in .html.

        Returns:
            the path.

        Raises:
            ValueError: for another ending.
        """
        path = Path(path)
        if path.suffix.lower() != ".html":
            raise ValueError(f"cannot save steps as {path.name!r}; the name must end in .html (draw() makes pictures)")
        path.write_text(self.page, encoding="utf-8")
        return path

    def _data(self) -> dict[str, Any]:
        """What the script reads."""
        nodes = [asdict(part) for part in self.steps.parts]
        for node in nodes:
            node["terms"] = node.pop("contributions")
        return {
            "nodes": nodes,
            "steps": [asdict(step) for step in self.steps.steps],
            "views": [_view_data(view) for view in self.steps.views],
        }

    def _pictures(self) -> str:
        """The picture of each view, of which all but the first are hidden until chosen."""
        parts = []
        for k, view in enumerate(self.steps.views):
            svg = svg_of(view.scene, f"{self}, {view.name}") if k else self.svg
            if k:
                svg = _renamed(svg, f"v{k}-")
            parts.append(f'<div class="view"{" hidden" if k else ""}>\n{svg}</div>')
        return "\n".join(parts)

    def _table(self) -> str:
        rows = [[part.made, part.value, part.rule, part.total] for part in reversed(self.steps.parts)]
        return f'<div id="sweep">{html_table(("node", "value", "S(node) ⇐ Σ S(user)·z", "= S(node)"), rows)}</div>'

    def _repr_html_(self) -> str:
        data, alt = base64.b64encode(self.svg.encode()).decode(), html.escape(str(self))
        return (
            "<style>.autograd-lite-still{display:none!important}</style>"
            f'<iframe title="{alt}" sandbox="allow-scripts" srcdoc=\'{_single_quoted(self.page)}\' '
            f'style="width:100%;height:{self._height()}px;border:0"></iframe>'
            f'<img class="autograd-lite-still" style="max-width:100%;background:#fff" alt="{alt}" '
            f'src="data:image/svg+xml;base64,{data}">'
        )

    def _height(self) -> int:
        """Of the frame: the picture's, and what stands above and below."""
        drawn = float(self.svg.split('height="', 1)[1].split('"', 1)[0])
        return min(round(drawn) + 440, TALLEST)

    def __repr__(self) -> str:
        last, count = self.steps.parts[-1], len(self.steps.parts)
        forward = len(self.steps.steps) - 1 - count
        nodes = f"{count:,} node{'s' * (count != 1)}"
        return f"steps through a graph of {nodes}: {forward} forward, {count} backward; value {last.value}"


STILL = "Scripts are off, so nothing moves: the picture shows both sweeps done, and the table how."

CONTROLS = """\
<div id="controls" role="group" aria-label="Steps" data-live hidden>
<button id="first" aria-label="First step" title="First step (Home)">|◀</button>
<button id="back" aria-label="One step back" title="One step back (←)">◀</button>
<button id="play" title="Play or pause (Space)">Play</button>
<button id="forward" aria-label="One step forward" title="One step forward (→)">▶</button>
<button id="last" aria-label="Last step" title="Last step (End)">▶|</button>
<input id="slider" type="range" min="0" value="0" aria-label="Step">
<span id="place"></span>
<label>speed <select id="speed"><option value="1">1×</option><option value="4">4×</option><option value="16">16×</option>\
</select></label>
<input id="search" type="search" placeholder="find a name" aria-label="Find a node by its name; Enter shows the next one">
<span id="found" role="status"></span>
<label id="views" hidden>show <select id="view" aria-label="Which group of nodes is open"></select></label>
</div>
<div id="rule" role="group" aria-label="What this step computes" data-live hidden></div>
<div id="heard" class="heard" role="status" aria-live="polite"></div>"""

DETAILS = """\
<section id="details" aria-label="Contributions" data-live hidden></section>
<p id="help" data-live hidden><kbd>→</kbd> <kbd>←</kbd> one step, <kbd>Space</kbd> play or pause, <kbd>Home</kbd>
<kbd>End</kbd>, <kbd>/</kbd> find. Point at a node to see what is added up there, click it to keep it, <kbd>Esc</kbd> lets it
go; among nodes <kbd>↑</kbd> <kbd>↓</kbd> and <kbd>Enter</kbd>. In the picture, grad is S(node).
<span id="unfolding" hidden>Click a group to open it; <kbd>Esc</kbd> folds all again.</span></p>"""


def _renamed(svg: str, prefix: str) -> str:
    """A picture whose tips and patterns have names of their own, as several on one page must; texts stay as they are."""
    return re.sub(r"<[^<>]*>", lambda tag: re.sub(r'( id="|="url\(#)', rf"\g<1>{prefix}", tag[0]), svg)


def _view_data(view: View) -> dict[str, Any]:
    """What the script reads of a picture: the nodes in each box, and what each of its arrows stands for."""
    boxes = [list(shown.members) or [shown.node] for shown in view.scene.boxes if shown.kind != "constant"]
    groups = [shown.group for shown in view.scene.boxes if shown.kind != "constant"]
    texts = [bool(mark.text) for mark in view.scene.marks]
    return {
        "name": view.name,
        "group": view.group,
        "boxes": boxes,
        "groups": groups,
        "arrows": view.arrow,
        "textFrom": view.text_from,
        "texts": texts,
    }


@cache
def _asset(name: str) -> str:
    return files("autograd_lite.drawing").joinpath(name).read_text(encoding="utf-8")


def _single_quoted(text: str) -> str:
    """Text for an attribute in single quotes: a page is full of double ones, each of which would take six characters."""
    return html.escape(text, quote=False).replace("'", "&#x27;")


def _json(data: object) -> str:
    """JSON that can stand in a script element: ASCII alone, and no `<`, with which any end of the element would begin."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def step_through(loss: Node, *, depth: int | None = None, limit: int = LIMIT) -> StepThrough:
    """Both sweeps of a graph to play, pause, and step through: values appear forward, S(i) ⇐ Σ S(j)·z(i,j) backward.

    Arguments:
        loss: the output; its past is computed forward, and its derivatives backward.
        depth: folds modules and scopes so deep at first; a click opens one. None shows all nodes.
        limit: how many nodes at most, and five times as many arrows.

    Returns:
        a page that shows itself in a notebook, and saves itself as a file.

    Raises:
        TypeError: if it is not a Value.
        ValueError: if the limit or the depth makes no sense, or the graph is beyond the limit.
        RuntimeError: if a leaf was written since the output was computed.

    >>> from autograd_lite import Value
    >>> a, b = Value(4.0, "a"), Value(3.0, "b")
    >>> step_through(a * (a + b))
    steps through a graph of 4 nodes: 2 forward, 4 backward; value 28
    """
    if not isinstance(loss, Node):
        raise TypeError(f"step_through: a {type(loss).__name__} was given; it must be a Value")
    check_most("step_through", limit)
    return StepThrough(steps_of(loss, limit, depth))

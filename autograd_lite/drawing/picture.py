"""draw: a graph as a picture that shows itself in a notebook and saves itself to files."""

from __future__ import annotations

import base64
import html
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from autograd_lite.drawing.dot import DotError, digraph_of, run_dot
from autograd_lite.drawing.emphasis import emphasised
from autograd_lite.drawing.folded_scene import folded_scene
from autograd_lite.drawing.folding import Folding
from autograd_lite.drawing.graph_json import Entry, entries_of, json_of
from autograd_lite.drawing.mermaid import mermaid_of
from autograd_lite.drawing.names import names_in
from autograd_lite.drawing.options import check_options, listed, look_of
from autograd_lite.drawing.part import Part
from autograd_lite.drawing.scene import Scene, scene_of
from autograd_lite.drawing.svg import svg_of
from autograd_lite.drawing.theme import page_style, palette_of
from autograd_lite.drawing.tikz import document_of, tikz_of
from autograd_lite.engine.collection import no_collection
from autograd_lite.engine.extras import require
from autograd_lite.engine.ledger import Ledger
from autograd_lite.engine.node import Node
from autograd_lite.engine.sweep import topological

__all__ = ["Picture", "draw", "draw_dot"]

LIMIT = 25_000
"""Boxes; laying out so many takes some seconds."""


class Picture:
    """A picture of a graph, as it was when `draw` was called; `draw` makes it.

    In a notebook it shows itself, in one image element: that works in untrusted notebooks, scales to the page, and stays
    readable on a dark one.

    Arguments:
        scene: its boxes and arrows.
        engine: "own" or "dot".
        entries: makes the graph's nodes, where the picture is of one.
        style: more rules for the style of the SVG.
    """

    def __init__(
        self, scene: Scene, engine: str, entries: Callable[[], Iterable[Entry]] | None = None, *, style: str = ""
    ) -> None:
        self.scene = scene
        self.engine = engine
        self._entries = entries
        self._style = style

    @property
    def svg(self) -> str:
        """The picture as SVG text."""
        svg, explanation = self._drawn
        if explanation:
            warnings.warn(explanation, stacklevel=2)
        return svg

    @cached_property
    def _drawn(self) -> tuple[str, str]:
        """The SVG text, and why the program `dot` did not make it if it should have."""
        explanation = ""
        if self.engine == "dot":
            try:
                text = run_dot(self.scene, "svg").decode(errors="replace")
                return text[text.index("<svg") :], ""
            except (DotError, ImportError) as error:
                explanation = f"{error}; the library's own layout is used"
            except ValueError:
                explanation = "'dot' made no SVG; the library's own layout is used"
        return svg_of(self.scene, str(self)).replace("</style>", f"{self._style}</style>", 1), explanation

    def to_dot(self) -> Any:
        """The graph as a `graphviz.Digraph`."""
        return digraph_of(self.scene)

    def mermaid(self) -> str:
        """The graph as Mermaid text, which GitHub and many editors show as a picture.

        Raises:
            ValueError: for a graph larger than what Mermaid shows.
        """
        return mermaid_of(self.scene)

    def tikz(self) -> str:
        r"""The graph as a `tikzpicture` for LaTeX; a file ending in .tex has a whole document.

        Raises:
            ValueError: for a picture larger than what TeX can draw.
        """
        return tikz_of(self.scene)

    def json(self) -> str:
        """The graph as canonical JSON, from which `graph_from_json` makes it again.

        Raises:
            ValueError: for an operation that is not in the table, if a leaf was written since the graph was made, or if the
                picture is of a difference.
        """
        if self._entries is None:
            raise ValueError("a picture of a difference is no graph: keep one of the two as JSON")
        return json_of(self._entries())

    def save(self, path: str | Path) -> Path:
        """Writes a file of the format that its ending names.

        Arguments:
            path: ends in .svg, .html, .dot, .mmd (Mermaid), .tex or .json; or in .png or .pdf, for which the program `dot`
                or the package cairosvg must be installed; if both are, the engine of the picture decides.

        Returns:
            the path.

        Raises:
            ValueError: for another ending, and where the format cannot hold the graph.
            RuntimeError: if neither the program nor the package can make the picture.
        """
        path = Path(path)
        form = path.suffix.lower().removeprefix(".")
        texts = {
            "svg": lambda: self.svg,
            "html": self._page,
            "dot": lambda: self.to_dot().source,
            "mmd": self.mermaid,
            "tex": lambda: document_of(self.scene),
            "json": self.json,
        }
        if form in texts:
            path.write_text(texts[form](), encoding="utf-8")
        elif form in ("png", "pdf"):
            path.write_bytes(self._rendered(form))
        else:
            *endings, last = [f".{ending}" for ending in (*texts, "png", "pdf")]
            raise ValueError(f"cannot save a picture as {path.name!r}; the name must end in {', '.join(endings)} or {last}")
        return path

    def _rendered(self, form: str) -> bytes:
        """The picture as it is shown, which cairosvg or the program `dot` makes; where one is missing, that of the other."""
        ways: list[Callable[[str], bytes]] = [self._converted, partial(run_dot, self.scene)]
        reasons = []
        for way in ways if self.engine == "own" else reversed(ways):
            try:
                return way(form)
            except (DotError, ImportError, OSError) as error:  # cairosvg needs a library of C besides
                reasons.append(" ".join(str(error).split()))
        raise RuntimeError(f"cannot make a .{form}: {'; '.join(reasons)}")

    def _converted(self, form: str) -> bytes:
        """What cairosvg makes of the SVG."""
        cairosvg: Any = require("cairosvg", "pictures")
        convert = {"png": cairosvg.svg2png, "pdf": cairosvg.svg2pdf}[form]
        picture: bytes = convert(bytestring=self._drawn[0].encode())
        return picture

    def _page(self) -> str:
        return (
            f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/><title>{html.escape(str(self))}</title>'
            f"<style>{page_style(self.scene.look.theme)}</style></head><body>\n{self.svg}</body></html>\n"
        )

    def _repr_html_(self) -> str:
        svg, explanation = self._drawn
        data = base64.b64encode(svg.encode()).decode()
        # An image knows the reader's screen by the colour scheme of its element, and brings its own ground.
        auto = self.scene.look.theme == "auto"
        ground = "color-scheme:light dark" if auto else f"background:{palette_of(self.scene.look.theme).ground}"
        style, alt = f"max-width:100%;{ground}", html.escape(str(self))
        image = f'<img style="{style}" alt="{alt}" src="data:image/svg+xml;base64,{data}">'
        return f"{image}<p>{html.escape(explanation)}</p>" if explanation else image

    def __repr__(self) -> str:
        nodes = {k for shown in self.scene.boxes for k in (shown.node, *shown.members) if k >= 0}
        boxes = [shown for shown in self.scene.boxes if not shown.bare]
        folded = f" in {len(boxes):,} box{'es' * (len(boxes) != 1)}" if any(shown.group for shown in boxes) else ""
        if self.scene.hidden:
            return f"part of a graph: {len(nodes):,} of {len(nodes) + self.scene.hidden:,} nodes{folded}"
        last = boxes[-1]
        numbers = f", value {self.scene.number(last.value)}, grad {self.scene.number(last.grad)}"
        return f"graph of {len(nodes):,} node{'s' * (len(nodes) != 1)}{folded}{'' if last.group else numbers}"


@no_collection()
def draw(
    value: Node,
    *,
    depth: int | None = None,
    fold: Any = (),
    unfold: Any = (),
    unrolled: bool = False,
    around: Node | None = None,
    radius: int = 2,
    between: tuple[Node, Node] | None = None,
    heat: Node | None = None,
    paths: Ledger | None = None,
    names: Mapping[str, object] | None = None,
    direction: str = "right",
    theme: str = "light",
    legend: bool = True,
    engine: str = "own",
    digits: int = 4,
    limit: int = LIMIT,
) -> Picture:
    """Draws the graph of a value: boxes with number and derivative, and on every arrow the local derivative.

    The larger a derivative, the deeper the colour of its box. Units that no derivative passes are marked "dead", and those
    where their activation is all but flat "saturated".

    Arguments:
        value: the output, whose past is drawn.
        depth: folds modules and scopes (see `name_scope`) that are so deep, each into one box; 1 folds the outermost ones.
            On an arrow from or to a group stands ∂, the derivative that flows back along it, or ‖∂‖, the norm of several.
        fold, unfold: a group that is or is not folded, whatever the depth: its name, "layers.0" say, or the module; or a
            list of such.
        unrolled: draws each run of a folded group by itself, and not all of them as one box.
        around, radius: draws what is at most so many arrows away from a node.
        between: draws what lies on the ways from one node to another, (w, loss).
        heat: a node of the graph: boxes are coloured, and arrows widened, by how much of the derivative with respect to it
            flows through them, and boxes say it: "via 7 (64 %)".
        paths: a ledger of the value, whose paths are highlighted, ten at most.
        names: variables that name the Values without a label, such as `globals()`.
        direction: "right" or "down", where arrows lead.
        theme: "light", "dark", or "auto", which follows the reader's screen (in SVG and HTML; it is light elsewhere).
        legend: whether colours, strokes and marks, where there are any, are explained below the picture.
        engine: "own" needs nothing; "dot" asks the Graphviz program where it is installed and the graph not too large.
        digits: the significant digits that are shown.
        limit: how many boxes to draw at most.

    Returns:
        a `Picture` of the graph as it is now.

    Raises:
        TypeError: if it is not a Value, or heat, paths or names are something else.
        ValueError: for an option that makes no sense, heat or paths of another graph, or a graph beyond the limit.
        RuntimeError: if heat or paths are asked for and a leaf was written since the graph was made.

    >>> from autograd_lite import Value
    >>> x = Value(3.0, label="x")
    >>> y = x * x
    >>> y.backward()
    >>> draw(y)
    graph of 2 nodes, value 9, grad 1
    """
    if not isinstance(value, Node):
        raise TypeError(f"draw: a {type(value).__name__} was given; it must be a Value")
    check_options(engine=engine, digits=digits, limit=limit, unrolled=unrolled)
    look = look_of(direction=direction, theme=theme, legend=legend)
    called = {} if names is None else names_in(names)
    order = topological(value, allow_stale=True)
    folding = Folding(depth, listed(fold), listed(unfold), unrolled)
    part = Part(around, radius, between)
    if folding.anything or not part.whole:
        scene = folded_scene(order, digits, limit, called, folding, part)
    else:
        scene = scene_of(value, digits, limit, called)
    scene = replace(scene, look=look)
    scene = emphasised(scene, order, heat=heat, paths=paths, names=called)
    return Picture(scene, engine, entries_of(order))


def draw_dot(root: Node) -> Picture:
    """The graph of a value, under the name that micrograd's notebook gives it.

    >>> from autograd_lite import Value
    >>> draw_dot(Value(2.0) + 1.0)
    graph of 2 nodes, value 3, grad –
    """
    return draw(root)

"""Pictures read back by the parsers of others, and random graphs of Values to draw."""

from __future__ import annotations

import html
import re
import warnings
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pydot calls its own parser by names that are about to go
    import pydot
    import pydot.dot_parser

SVG = "{http://www.w3.org/2000/svg}"


# --- pictures read back --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReadBox:
    """A box of an SVG: what a program reads in its attributes, and what a person reads in its texts."""

    kind: str
    node: int
    value: float
    grad: float | None
    texts: list[str]
    fill: str | None


@dataclass(frozen=True)
class ReadArrow:
    """An arrow of an SVG; its text stands in a group of its own, in the same order."""

    source: int
    target: int
    derivative: float | None
    styles: list[str]


def number(text):
    return float(text) if text else None


def read_svg(svg):
    """The boxes, arrows and arrows' texts of an SVG."""
    groups = ElementTree.fromstring(svg).findall(f"{SVG}g")
    boxes, arrows, derivatives = [], [], []
    for group in groups:
        name = group.get("class").split()
        texts = [text.text or "" for text in group.iter(f"{SVG}text")]
        if name[0] == "node":
            fills = [rectangle.get("fill") for rectangle in group.iter(f"{SVG}rect")]
            value, grad = number(group.get("data-value")), number(group.get("data-grad"))
            boxes.append(ReadBox(name[1], int(group.get("data-node")), value, grad, texts, fills[0] if fills else None))
        elif name[0] == "edge":
            ends = int(group.get("data-source")), int(group.get("data-target"))
            path = next(group.iter(f"{SVG}path"))  # the strokes of highlighted paths follow
            arrows.append(ReadArrow(*ends, number(group.get("data-derivative")), path.get("class").split()))
        elif name[0] != "legend":
            assert name[0] == "derivative"
            derivatives += texts[:1]
    return boxes, arrows, derivatives


def read_dot(source):
    """The labels of the nodes by name, and (source, target, label, attributes) of each edge, as Graphviz would show them."""
    (graph,) = pydot.graph_from_dot_data(source)
    defaults = ("graph", "node", "edge")
    boxes = [node for node in graph.get_nodes() if node.get_name() not in defaults]
    nodes = {box.get_name(): shown(box.get("label")) for box in boxes}
    arrows = sorted(graph.get_edges(), key=lambda edge: edge.get_sequence())  # pydot keeps them by their ends
    edges = [(e.get_source(), e.get_destination(), shown(e.get("label")), e.get_attributes()) for e in arrows]
    return nodes, edges


def shown(attribute):
    """A label as Graphviz shows it: its lexer takes the quotes off, its labels resolve escapes and entities."""
    if attribute.startswith('"'):
        attribute = re.sub(r"\\(.)", lambda pair: pair[1] if pair[1] == '"' else pair[0], attribute[1:-1])
    escaped = re.sub(r"\\(.)", lambda pair: {"n": "\n", "\\": "\\"}[pair[1]], attribute)
    return html.unescape(escaped)


def displayed(x, digits=4):
    """A number as it is shown, with a true minus; a dash before backward."""
    return "–" if x is None else f"{x:.{digits}g}".replace("-", "−")


# --- random graphs -------------------------------------------------------------------------------------------------------

UNARY = [ag.exp, ag.tanh, ag.relu, ag.log, ag.sqrt, ag.abs, ag.stop_gradient, lambda x: x * x, lambda x: -x]
BINARY = [
    lambda x, y: x + y,
    lambda x, y: x * y,
    lambda x, y: x - y,
    lambda x, y: x / y,
    lambda x, y: x**y,
    ag.maximum,
    ag.minimum,
    lambda x, y: ag.where(x < y, x, y),
]
SEQUENCES = [ag.total, ag.max, lambda xs: ag.dot(xs, xs[::-1]), lambda xs: ag.dot(xs, [2.0] * len(xs)), ag.logsumexp]

numbers = st.floats(-4.0, 4.0) | st.sampled_from([0.0, -0.0, 1.0, float("nan"), float("inf"), -1e300, 5e-324])


@st.composite
def values(draw, largest=14):
    """The output of a random graph: shared nodes, constants, parallel edges, dead branches, sometimes after backward."""
    nodes = [
        Value(x, label=draw(st.none() | st.sampled_from("abc"))) for x in draw(st.lists(numbers, min_size=1, max_size=4))
    ]
    for _ in range(draw(st.integers(0, largest))):
        operation = draw(st.sampled_from([*UNARY, *BINARY, *SEQUENCES]))
        some = st.sampled_from(nodes)
        if operation in UNARY:
            nodes.append(operation(draw(some)))
        elif operation in BINARY:
            x, y = draw(some), draw(some | numbers)
            nodes.append(operation(*draw(st.permutations([x, y]))))
        else:
            nodes.append(operation([draw(some), *draw(st.lists(some | numbers, max_size=5))]))
    if draw(st.booleans()):
        nodes[-1].backward()
    return nodes[-1]


def nodes_below(output):
    """All nodes that an output depends on, in no particular order."""
    found, stack = {id(output): output}, [output]
    while stack:
        for arg in stack.pop().args:
            if isinstance(arg, Value) and id(arg) not in found:
                found[id(arg)] = arg
                stack.append(arg)
    return list(found.values())

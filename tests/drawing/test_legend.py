"""What a legend says, in which pictures there is one, and that other formats say it too."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.drawing import draw
from autograd_lite.drawing.legend import legend_of, legend_texts
from autograd_lite.engine.ledger import ledger
from tests.drawing.reading import SVG, read_svg, shown, values
from tests.drawing.test_exports import typeset
from tests.strategies import examples


def legend(svg):
    """The lines that explain something, and the numbers in the swatches."""
    groups = [g for g in ElementTree.fromstring(svg).findall(f"{SVG}g") if g.get("class") == "legend"]
    texts = [text for group in groups for text in group.iter(f"{SVG}text")]
    told = [text.text for text in texts if text.get("class") == "told"]
    return told, [text.text for text in texts if text.get("class") == "small"]


def neuron():
    """2·relu(−a) + tanh(5b) with a = 1 and b = 1: one unit dead, one saturated."""
    a, b = Value(1.0, "a"), Value(1.0, "b")
    return 2.0 * ag.relu(-a) + ag.tanh(5.0 * b), a, b


def test_where_nothing_is_coloured_or_marked_there_is_none():
    x = Value(3.0)
    assert legend(draw(x * x).svg) == ([], [])
    assert legend(draw(x).svg) == ([], [])


def test_the_colour_scale_says_what_is_coloured_from_0_to_the_largest():
    x = Value(3.0)
    y = 4.0 * x
    y.backward()
    assert legend(draw(y).svg) == (["colour: |grad|"], ["0", "1", "4"])  # colours are by roots: ½ stands for a quarter


def test_a_swatch_has_the_colour_of_a_box_with_its_number():
    x, w = Value(1.0), Value(0.25)
    y = x * 4.0 + w
    y.backward()
    x.grad, w.grad = 4.0, 1.0
    boxes = {box.grad: box.fill for box in read_svg(draw(y).svg)[0] if box.kind == "leaf"}
    (group,) = [g for g in ElementTree.fromstring(draw(y).svg).findall(f"{SVG}g") if g.get("class") == "legend"]
    swatches = [rectangle.get("fill") for rectangle in group.iter(f"{SVG}rect")]
    assert swatches == ["#ffffff", boxes[1.0], boxes[4.0]]


def test_marks_and_dashes_are_explained_where_there_are_any():
    output, *_ = neuron()
    assert legend(draw(output).svg)[0] == [
        "dashed arrow: no derivative flows along it",
        "dead: its slope is 0, no derivative passes it",
        "saturated: its slope is 0.01 at most",
    ]


def test_heat_is_explained_with_the_name_of_the_node_and_its_derivative():
    a = Value(2.0)
    y = 5.0 * a - 3.0 * a + Value(1.0)
    told, numbers = legend(draw(y, heat=a, names={"a": a}).svg)
    assert told == [
        "colour: |via|",
        "via: the part of ∂/∂a = 2 that flows through the box",
        "%: of the absolute sum over all paths, 8",
        "wide arrow: a large part flows along it",
        "pale: nothing of ∂/∂a flows there",
    ]
    assert numbers == ["0", "2", "8"]
    assert "via: the part of ∂/∂the chosen node = 2 that flows through the box" in legend(draw(y, heat=a).svg)[0]


def test_each_highlighted_path_has_its_product_and_share_as_in_the_ledger():
    a, b = Value(4.0, "a"), Value(3.0, "b")
    y = a * (a + b) - a * 2.0
    found = ledger(y, a, k=2)
    assert legend(draw(y, paths=found).svg)[0] == [
        "path 1: product 7, share 53.8 %",
        "path 2: product 4, share 30.8 %",
        "other paths, not highlighted: 1",
    ]
    assert [row.split()[1:3] for row in str(found).split("\n")[3:5]] == [["7", "53.8%"], ["4", "30.8%"]]


def test_more_paths_than_a_float_can_count_are_no_trouble():
    x = Value(1.0)
    y = x
    for _ in range(1100):
        y = y + y
    assert legend(draw(y, paths=ledger(y, x, k=1)).svg)[0][-1].startswith("other paths, not highlighted: 1.36e+331")


def test_it_is_turned_off():
    output, a, _ = neuron()
    output.backward()
    picture = draw(output, heat=a, paths=ledger(output, a, k=1), legend=False)
    assert legend(picture.svg) == ([], [])
    assert "legend" not in picture.mermaid()
    assert r"\node[legend]" not in picture.tikz()
    assert "label=" not in picture.to_dot().source.split("n0")[0]


@examples(60)
@given(output=values())
def test_it_stands_below_all_boxes_and_within_the_picture(output):
    svg = draw(output).svg
    root = ElementTree.fromstring(svg)
    left, top, width, height = map(float, root.get("viewBox").split())
    rectangles = {"node": [], "legend": []}
    texts = []
    for group in root.findall(f"{SVG}g"):
        kind = group.get("class").split()[0]
        for rectangle in group.iter(f"{SVG}rect"):
            if kind in rectangles:
                rectangles[kind].append(float(rectangle.get("y")) + float(rectangle.get("height")) * (kind == "node"))
        if kind == "legend":
            texts = [(float(t.get("x")), float(t.get("y")), float(t.get("textLength"))) for t in group.iter(f"{SVG}text")]
    assert max(rectangles["node"], default=0.0) < min(rectangles["legend"], default=height)
    assert all(x >= left and top <= y <= top + height and x + long <= left + width for x, y, long in texts)


@pytest.mark.parametrize("down", [False, True])
def test_other_formats_tell_the_same_in_text(down):
    output, _, b = neuron()
    output.backward()
    picture = draw(output, heat=b, paths=ledger(output, b, k=1), direction="down" if down else "right")
    texts = legend_texts(picture.scene)
    assert texts[0].startswith("colour: |via|, strongest at ")
    assert texts[1:] == [line.text for line in legend_of(picture.scene)][1:]
    assert [line.text for line in legend_of(picture.scene)] == legend(picture.svg)[0]
    (label,) = re.findall(r'\blabel=("(?:[^"\\]|\\.)*")', picture.to_dot().source.split("n0")[0])
    assert shown(label.replace("\\l", "\\n")).split("\n") == [*texts, ""]
    (node,) = [line for line in picture.tikz().split("\n") if line.startswith(r"\node[legend]")]
    assert [typeset(part) for part in node.split("{{", 1)[1].removesuffix("}};").split(r"}\\{")] == texts
    (line,) = [line for line in picture.mermaid().split("\n") if line.startswith("    legend[")]
    assert len(line.split("<br/>")) == len(texts)

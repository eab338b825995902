"""What pictures point out, against all paths listed one by one, and against the library's diagnostics of networks."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.drawing import draw
from autograd_lite.drawing.emphasis import MOST_TRAILS, state_of, with_heat, with_trails, with_units
from autograd_lite.drawing.legend import legend_texts
from autograd_lite.drawing.scene import Look, Mark, Scene, Shown, scene_of
from autograd_lite.engine.ledger import ledger
from autograd_lite.engine.paths import count_paths, path_product, paths
from autograd_lite.engine.primitive import TABLE
from autograd_lite.engine.sweep import topological
from autograd_lite.nn import MLP, dead_units, saturated_units
from tests.drawing.reading import SVG, displayed, read_svg
from tests.strategies import apply, examples, graphs

ROUNDING = 1e-11
"""Of the sum of the absolute products of all paths: a dozen operations in another order move a sum by some 1e-15 of it."""


@st.composite
def derivatives(draw):
    """An output with up to some hundred finite paths from a node below it, and that node."""
    recipe = draw(graphs(largest=10))
    assume(recipe.steps)
    values = recipe.run([Value(x) for x in recipe.inputs], lambda name, args: apply(TABLE[name], args))
    output = values[-1]
    source = draw(st.sampled_from(topological(output)))
    assume(count_paths(output, source) <= 300)
    assume(math.isfinite(sum(abs(path_product(path)) for path in paths(output, source))))
    return output, source


def elements(svg, name):
    """The attributes of all groups of a class."""
    groups = ElementTree.fromstring(svg).findall(f"{SVG}g")
    return [(group.get("class").split(), group) for group in groups if group.get("class").split()[0] == name]


# --- heat ----------------------------------------------------------------------------------------------------------------


@examples(100)
@given(derivatives())
def test_what_flows_through_a_box_is_the_sum_over_all_paths_that_pass_it(case):
    output, source = case
    order, through, magnitude = topological(output), {}, 0.0
    for path in paths(output, source):
        product = path_product(path)
        magnitude += abs(product)
        for node in path.nodes:
            through.setdefault(order.index(node), []).append(product)
    for classes, group in elements(draw(output, heat=source).svg, "node"):
        number = int(group.get("data-node"))
        if number in through:
            via = float(group.get("data-heat"))
            assert abs(via - sum(through[number])) <= ROUNDING * magnitude
            notes = [text.text for text in group.iter(f"{SVG}text") if text.text.startswith("via ")]
            share = f" ({100.0 * abs(via) / magnitude:.3g} %)" if magnitude else ""
            assert notes == [f"via {displayed(via + 0.0)}{share}"] or abs(via) < 0.999 * magnitude
            assert "pale" not in classes
        else:
            assert ("pale" in classes) == (number >= 0)


@examples(100)
@given(derivatives())
def test_what_flows_along_an_arrow_is_the_sum_over_all_paths_that_take_it(case):
    output, source = case
    picture, order = draw(output, heat=source), topological(output)
    along, magnitude = {}, 0.0
    for path in paths(output, source):
        magnitude += abs(path_product(path))
        for edge in path.edges:
            along.setdefault((order.index(edge.user), edge.position), []).append(path_product(path))
    for mark in picture.scene.marks:
        (edge,) = mark.edges
        assert mark.pale == (edge not in along)
        assert (mark.weight is None) == mark.pale
        assert mark.pale or abs(mark.weight - sum(along[edge])) <= ROUNDING * magnitude


@examples(100)
@given(derivatives())
def test_what_flows_across_any_cut_sums_to_the_derivative(case):
    output, source = case
    scene, order = draw(output, heat=source).scene, topological(output)
    (derivative,) = ag.gradients(output, [source])
    for cut in range(order.index(source) + 1, len(order)):
        across = [
            mark.weight or 0.0
            for mark in scene.marks
            if mark.weight is not None and scene.boxes[mark.source].node < cut <= scene.boxes[mark.target].node
        ]
        assert abs(sum(across) - (derivative or 0.0)) <= ROUNDING * scene.heat.magnitude


def test_the_share_is_that_of_all_absolute_products_so_that_it_never_exceeds_1_where_paths_cancel():
    x = Value(2.0, label="x")
    y = 5.0 * x - 3.0 * x
    texts = [box.texts for box in read_svg(draw(y, heat=x).svg)[0] if box.kind != "constant"]
    assert [lines[-1] for lines in texts] == ["via 2 (25 %)", "via 5 (62.5 %)", "via −3 (37.5 %)", "via 2 (25 %)"]


def test_the_example_of_two_paths():
    a, b = Value(4.0, "a"), Value(3.0, "b")
    svg = draw(a * (a + b), heat=a).svg
    assert [box.texts[-1] for box in read_svg(svg)[0]] == [
        "via 11 (100 %)", "grad –", "via 4 (36.4 %)", "via 11 (100 %)"
    ]  # fmt: skip
    assert [(group.get("data-weight")) for _, group in elements(svg, "edge")] == ["4.0", None, "7.0", "4.0"]
    assert ["pale" in classes for classes, _ in elements(svg, "edge")] == [False, True, False, False]


def test_an_arrow_is_the_wider_the_more_flows_along_it():
    x = Value(1.0)
    svg = draw(ag.total([0.5 * x, 1.5 * x, 6.0 * x]), heat=x).svg
    widths = {
        float(group.get("data-weight")): float(next(group.iter(f"{SVG}path")).get("style").removeprefix("stroke-width:"))
        for _, group in elements(svg, "edge")
        if group.get("data-weight")
    }
    assert sorted(widths, key=widths.get) == [0.5, 1.5, 6.0]
    assert widths[6.0] - 1.1 == pytest.approx(4.0 * (widths[1.5] - 1.1), abs=0.05)  # widths are rounded to 0.01


def test_where_nothing_flows_all_boxes_but_none_of_the_path_are_pale():
    x, y = Value(-1.0, "x"), Value(2.0, "y")
    z = ag.relu(x) + y
    boxes = elements(draw(z, heat=x).svg, "node")
    assert all("pale" in classes for classes, _ in boxes)
    assert "via" not in " ".join(text.text for _, group in boxes for text in group.iter(f"{SVG}text"))


@pytest.mark.parametrize("big", [1e300, math.inf, math.nan])
def test_what_overflows_is_shown_without_a_share(big):
    x = Value(1.0)
    y = ag.total([x * big, x * -big]) * 1e300
    assert "%" not in " ".join(text for box in read_svg(draw(y, heat=x).svg)[0] for text in box.texts)


def test_what_cannot_be_compared_with_anything_has_no_colour():
    x = Value(1.0)
    y = x * math.nan + x * 2.0
    boxes = {box.texts[-1]: box.fill for box in read_svg(draw(y, heat=x).svg)[0] if box.fill}
    assert boxes == {"via nan": "#ffffff", "via 2": "#ffffff"}


def test_heat_of_another_graph_or_of_no_value_is_refused():
    x = Value(1.0)
    with pytest.raises(ValueError, match="the drawn one does not depend on"):
        draw(x * 2.0, heat=Value(1.0))
    with pytest.raises(TypeError, match="heat is of type str; it must be a Value of the graph"):
        draw(x * 2.0, heat="x")


def test_of_a_graph_whose_leaf_was_written_no_derivative_is_shown():
    x, w = Value(2.0), Value(5.0)
    y = x * w
    found = ledger(y, w)
    x.data = 7.0
    for options in ({"heat": w}, {"paths": found}):
        with pytest.raises(RuntimeError, match="compute the output again"):
            draw(y, **options)


# --- paths ---------------------------------------------------------------------------------------------------------------


@examples(100)
@given(derivatives(), st.integers(1, MOST_TRAILS))
def test_the_arrows_of_a_rank_are_those_of_the_path_and_no_others(case, k):
    output, source = case
    found, order = ledger(output, source, k=k), topological(output)
    boxes, arrows, _ = read_svg(svg := draw(output, paths=found).svg)
    seen = {}
    into = [0] * len(boxes)
    for (_, group), arrow in zip(elements(svg, "edge"), arrows, strict=True):
        position = into[arrow.target]
        into[arrow.target] += 1
        for rank in (group.get("data-ranks") or "").split():
            seen.setdefault(int(rank), set()).add((boxes[arrow.target].node, position))
        strokes = [path.get("data-rank") for path in group.iter(f"{SVG}path") if path.get("class") == "trail"]
        assert strokes == (group.get("data-ranks") or "").split()
    for rank, entry in enumerate(found.entries, start=1):
        assert seen.pop(rank, set()) == {(order.index(edge.user), edge.position) for edge in entry.path.edges}
    assert seen == {}


@examples(50)
@given(derivatives(), st.integers(1, 5))
def test_the_highlighted_paths_have_the_largest_products_of_all(case, k):
    output, source = case
    products = sorted((path_product(path) for path in paths(output, source)), key=abs, reverse=True)
    scene = draw(output, paths=ledger(output, source, k=k)).scene
    assert len(scene.trails) == min(k, len(products))
    assert scene.others == len(products) - len(scene.trails)
    for trail, product in zip(scene.trails, products, strict=False):
        # Ties may be broken the other way; the text has six digits.
        assert abs(float(trail.product.replace("−", "-"))) == pytest.approx(abs(product), rel=1e-5)


def test_strokes_of_several_paths_run_side_by_side():
    x = Value(2.0)
    h = x.sin()
    y = h * 2.0 + h * 3.0
    svg = draw(y, paths=ledger(y, x, k=2)).svg
    (shared,) = [group for _, group in elements(svg, "edge") if group.get("data-ranks") == "1 2"]
    starts = [path.get("d").split("L")[0] for path in shared.iter(f"{SVG}path") if path.get("class") == "trail"]
    (x1, y1), (x2, y2) = [[float(number) for number in start[1:].split()] for start in starts]
    assert (x1, y2 - y1) == (x2, pytest.approx(4.0, abs=0.11))  # coordinates are rounded to 0.1
    chips = [text.text for text in ElementTree.fromstring(svg).iter(f"{SVG}text") if text.get("class").endswith(" rank")]
    assert sorted(chips) == ["1"] * 4 + ["2"] * 4  # on the three arrows of each path, and in the legend


@pytest.mark.parametrize("down", [False, True])
def test_strokes_of_ten_paths_side_by_side_spare_the_text_of_the_arrow_beside_theirs(down):
    x = u = Value(1.0)
    for _ in range(5):
        x = x * x + u
    svg = draw(x, paths=ledger(x, u, k=10), direction="down" if down else "right").svg
    along, across = (1, 0) if down else (0, 1)
    grounds, strokes = [], []
    for (_, edge), (_, text) in zip(elements(svg, "edge"), elements(svg, "derivative"), strict=True):
        place = [float(text.find(f"{SVG}rect").get(name)) for name in ("x", "y", "width", "height")]
        grounds.append(((place[along], place[along] + place[along + 2]), (place[across], place[across] + place[across + 2])))
        for path in edge.iter(f"{SVG}path"):
            if path.get("class") == "trail":
                points = [[float(number) for number in point.split()] for point in path.get("d")[1:].split("L")]
                strokes += [(len(grounds), start, end) for start, end in pairwise(points) if start[across] == end[across]]
    assert len({start[across] for arrow, start, _ in strokes}) > 20
    for arrow, start, end in strokes:
        for number, ((left, right), (top, bottom)) in enumerate(grounds, start=1):
            if number != arrow and start[along] < right and left < end[along]:
                assert not top < start[across] < bottom


def test_ten_paths_are_highlighted_at_most():
    x = Value(1.0)
    y = ag.total([x * float(k) for k in range(1, 16)])
    scene = draw(y, paths=ledger(y, x, k=15)).scene
    assert (len(scene.trails), scene.others) == (10, 5)
    assert max(rank for mark in scene.marks for rank in mark.ranks) == 10


def test_a_ledger_of_another_output_or_none_at_all_is_refused():
    x = Value(1.0)
    y = x * 2.0
    with pytest.raises(ValueError, match="ledger of another output; make it of the drawn one"):
        draw(y * 2.0, paths=ledger(y, x))
    with pytest.raises(TypeError, match="paths is of type list; it must be a Ledger"):
        draw(y, paths=[x])


# --- units ---------------------------------------------------------------------------------------------------------------


@examples(60)
@given(
    st.sampled_from(["relu", "tanh", "sigmoid"]),
    st.lists(st.floats(-8.0, 8.0), min_size=12, max_size=12),
    st.lists(st.floats(-2.0, 2.0), min_size=2, max_size=2),
)
def test_marked_units_are_those_of_the_diagnostics(activation, numbers, row):
    model = MLP(2, [4, 1], activation=activation, seed=0)
    model.storage.write([*numbers, *[1.0] * 5])
    unit = {p: k for k, neuron in enumerate(model.layers[0].neurons) for p in neuron.parameters()}
    dead, saturated = set(), set()
    for node in topological(model(row)):
        if state := state_of(node):
            (number,) = {unit[arg] for arg in node.args[0].args if arg in unit}
            saturated.add(number)
            dead |= {number} if state == "dead" else set()
    assert tuple(sorted(dead)) == dead_units(model, [row])[0]
    assert tuple(sorted(saturated)) == saturated_units(model, [row])[0]


DEAD = {
    "relu on its flat side": lambda x: ag.relu(x - 1.0),
    "relu at 0": lambda x: ag.relu(x * 0.0),
    "clip out of its range": lambda x: ag.clip(x, 3.0, 4.0),
    "the smaller of two with a constant": lambda x: ag.maximum(x, 2.0),
    "hardtanh": lambda x: ag.hardtanh(x + 3.0),
    "the branch not taken": lambda x: ag.where(x < 0.0, x * 1.0, 2.0),
    "tanh so far out that the slope underflows": lambda x: ag.tanh(x + 400.0),
}
SATURATED = {
    "tanh": lambda x: ag.tanh(x + 3.0),
    "sigmoid": lambda x: ag.sigmoid(x - 6.0),
    "erf": lambda x: ag.erf(x * -6.0),
    "atan": lambda x: ag.atan(x + 50.0),
}
NO_UNITS = {
    "relu that passes": lambda x: ag.relu(x),
    "tanh in its middle": lambda x: ag.tanh(x),
    "a step": lambda x: ag.floor(x),
    "a sign": lambda x: ag.sign(x),
    "a comparison as a number": lambda x: ag.equal(x, 3.0),
    "a product with 0": lambda x: x * 0.0,
    "0 times 0": lambda x: (x * 0.0) * (x * 0.0),
    "a stationary point": lambda x: ag.cos(x * 0.0),
    "the foot of a parabola": lambda x: (x * 0.0) ** 2.0,
    "a small slope of what is not bounded": lambda x: ag.log(x * 1e9),
    "a small slope on one side only": lambda x: ag.exp(x - 20.0),
    "what is held fast": lambda x: ag.stop_gradient(x),
    "a choice between constants": lambda x: ag.where(x, 1.0, 2.0),
    "the branch taken": lambda x: ag.where(x < 3.0, x, 2.0),
    "a choice that passes": lambda x: ag.maximum(x, -1.0),
    "a leaf": lambda x: x,
}


@pytest.mark.parametrize(("state", "case"), [("dead", k) for k in DEAD] + [("saturated", k) for k in SATURATED])
def test_a_unit_that_learns_nothing_is_marked_in_words_and_by_its_outline(state, case):
    unit = {**DEAD, **SATURATED}[case](Value(1.0))
    ((classes, group),) = [(c, g) for c, g in elements(draw(unit * 2.0).svg, "node") if state in c]
    assert (classes, [text.text for text in group.iter(f"{SVG}text")][-1]) == (["node", "result", state], state)
    assert [r.get("fill") for r in group.iter(f"{SVG}rect")][1:] == ["url(#hatch)"] * (state == "dead")


@pytest.mark.parametrize("case", NO_UNITS)
def test_what_is_no_unit_or_learns_is_not_marked(case):
    output = NO_UNITS[case](Value(1.0, "x"))
    states = [shown.state for shown in draw(output).scene.boxes]
    assert set(states) == {""}


@pytest.mark.parametrize("bend", [ag.relu, ag.tanh])
def test_of_numbers_that_are_no_longer_there_no_state_is_told(bend):
    x = Value(-9.0)
    y = bend(x)
    assert state_of(y) != ""
    x.data = -8.0
    assert state_of(y) == ""


# --- groups --------------------------------------------------------------------------------------------------------------


def folded():
    """The graph of relu(x) + x·w with x and relu in a group "layer", drawn by hand; x = −1 and w = 3."""
    x, w = Value(-1.0, "x"), Value(3.0, "w")
    r = ag.relu(x)
    output = r + x * w
    order = topological(output)
    place = {node: k for k, node in enumerate(order)}
    scene = Scene(
        boxes=[
            Shown("group", "layer", math.nan, None, -1, ("2 nodes",), group="layer", members=(place[x], place[r])),
            *[Shown("leaf" if n.op is None else "result", "", n.data, None, place[n]) for n in order if n not in (x, r)],
        ],
        marks=[],
        digits=4,
    )
    box = {shown.node: k for k, shown in enumerate(scene.boxes)} | {place[x]: 0, place[r]: 0}
    for node in order:
        for position, arg in enumerate(node.args):
            if box[place[arg]] != box[place[node]]:
                edges = ((place[node], position),)
                scene.marks.append(Mark(box[place[arg]], box[place[node]], None, True, "z", edges))
    return scene, order, x, w, r


def test_a_group_has_what_flows_in_or_begins_in_it_and_says_how_many_units_are_dead():
    scene, order, x, w, _ = folded()
    hot = with_heat(with_units(scene, order), order, x, "x")
    group = hot.boxes[0]
    assert (group.heat, group.notes) == (3.0, ("via 3 (100 %)", "1 dead"))
    assert [mark.weight for mark in hot.marks if mark.source == 0] == [None, 3.0] or [
        mark.weight for mark in hot.marks if mark.source == 0
    ] == [3.0, None]
    assert with_heat(scene, order, w, "w").boxes[0].pale
    told = legend_texts(replace(with_units(scene, order), look=Look(legend=True)))
    assert told == ["dead: its slope is 0, no derivative passes it"]


def test_an_arrow_that_stands_for_several_edges_has_all_that_flows_and_all_paths():
    x = Value(2.0)
    u, v = x * 3.0, x * 4.0
    output = u + v
    order = topological(output)
    group = Shown("group", "g", math.nan, None, -1, ("2 nodes",), group="g", members=(1, 2))
    leaf, last = scene_of(output, 4, 100).boxes[0], scene_of(output, 4, 100).boxes[-1]
    edges = ((3, 0), (3, 1))
    into = tuple((k, list(order[k].args).index(x)) for k in (1, 2))
    marks = [Mark(0, 1, None, True, "Σ", into), Mark(1, 2, None, True, "Σ", edges)]
    scene = Scene([leaf, group, last], marks, 4)
    assert [mark.weight for mark in with_heat(scene, order, x, "x").marks] == [7.0, 7.0]
    assert with_heat(scene, order, x, "x").boxes[1].heat == 7.0
    assert [mark.ranks for mark in with_trails(scene, order, ledger(output, x)).marks] == [(1, 2), (1, 2)]

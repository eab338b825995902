"""Two graphs compared: what was done to a graph is what is found, and the picture says it without colour too."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.drawing import difference as module
from autograd_lite.drawing.difference import diff
from autograd_lite.drawing.graph_json import graph_from_json, graph_to_json
from tests.drawing.reading import SVG, nodes_below, read_dot, values
from tests.drawing.test_exports import read_mermaid, read_tikz
from tests.drawing.test_labels import hostile
from tests.strategies import examples, graphs


def model(x=2.0, b=1.0, activation=ag.tanh, *, backward=False):
    """A neuron and a penalty on its weight."""
    x, w, b = Value(x, label="x"), Value(3.0, label="w"), Value(b, label="b")
    loss = activation(w * x + b) + 0.5 * w * w
    if backward:
        loss.backward()
    return loss


def built(recipe, *, change=None):
    """The output of a recipe and its leaves, one of them changed."""
    leaves = [Value(x, label=f"x{k}") for k, x in enumerate(recipe.inputs)]
    if change is not None:
        leaves[change].data += 1e-3
    return recipe.on_rows(leaves)[-1]


# --- what is found -------------------------------------------------------------------------------------------------------


@examples(60)
@given(output=values())
def test_a_graph_and_its_copy_do_not_differ(output):
    difference = diff(output, graph_from_json(graph_to_json(output)))
    assert not difference
    assert len(difference.partner) == len(nodes_below(output))
    assert str(difference) == f"0 added, 0 removed, 0 changed, {len(nodes_below(output))} the same"
    assert not diff(output, output)


@examples(60)
@given(recipe=graphs(largest=12), data=st.data())
def test_after_a_changed_leaf_exactly_the_nodes_with_other_numbers_are_told(recipe, data):
    before, after = built(recipe), built(recipe, change=data.draw(st.integers(0, len(recipe.inputs) - 1)))
    difference = diff(before, after)
    assert (difference.added, difference.removed) == ((), ())
    pairs = walk(before, after)
    assert dict(difference.partner) == pairs
    assert {c.before for c in difference.changed} == {x for x, y in pairs.items() if repr(x.data) != repr(y.data)}


def walk(first, second):
    """The pairs of two graphs of one recipe, side by side."""
    pairs, stack = {}, [(first, second)]
    while stack:
        x, y = stack.pop()
        if x not in pairs:
            pairs[x] = y
            stack += [(a, b) for a, b in zip(x.args, y.args, strict=True) if isinstance(a, Value)]
    return pairs


@examples(60)
@given(recipe=graphs(largest=12))
def test_what_is_built_on_top_is_added_one_way_and_removed_the_other(recipe):
    output, larger = built(recipe), ag.tanh(built(recipe)) * 2.0
    there, back = diff(output, larger), diff(larger, output)
    assert set(there.added) == set(back.removed) == {larger, larger.args[0]}
    assert (there.removed, there.changed, back.added, back.changed) == ((), (), (), ())


def test_the_text_says_what_was_added_removed_and_changed():
    assert str(diff(model(), model(x=2.5, activation=ag.sigmoid))) == (
        "1 added, 1 removed, 4 changed, 4 the same\n"
        "+ v3 = sigmoid(v2), value 0.999797\n"
        "− v7 = tanh(v2), value 0.999998\n"
        "≠ x: value 2 → 2.5\n"
        "≠ v1: value 6 → 7.5\n"
        "≠ v2: value 7 → 8.5\n"
        "≠ v6: made by v7 + v5 → v3 + v5; value 5.5 → 5.4998"
    )


def test_a_gradient_that_was_not_there_is_a_change():
    difference = diff(model(), model(backward=True))
    assert [change.name for change in difference.changed][:2] == ["w", "x"]
    assert all(fact.startswith("gradient – → ") for change in difference.changed for fact in change.facts)
    assert len(difference.changed) == len(difference.partner)


def test_turned_arguments_another_constant_and_another_operation_of_one_label_are_changes():
    x, y = Value(2.0, label="x"), Value(3.0, label="y")
    assert str(diff(x - y, y - x)).endswith("≠ v1: made by x - y → y - x; value -1 → 1")
    assert str(diff(x * 2.0, x * 4.0)).endswith("≠ v1: made by x * 2 → x * 4; value 4 → 8")
    first, second = x + y, x * y
    first.label = second.label = "h"
    assert str(diff(first, second)).endswith("≠ h: made by x + y → x * y; value 5 → 6")


def test_numbers_that_look_alike_but_differ_in_a_bit_are_written_out():
    assert str(diff(Value(0.1 + 0.2), Value(0.3))).endswith("≠ v1: value 0.30000000000000004 → 0.3")
    assert str(diff(Value(0.0), Value(-0.0))).endswith("≠ v1: value 0 → -0")
    assert not diff(Value(float("nan")), Value(float("nan")))


@examples(60)
@given(output=values(largest=8), data=st.data())
def test_a_node_that_both_graphs_share_is_its_own_partner(output, data):
    inner = data.draw(st.sampled_from(sorted(nodes_below(output), key=lambda node: str(node.data))))
    label = data.draw(st.sampled_from([None, "a", "b"]))
    other = ag.exp(inner * Value(1.0, label=label))
    for difference in (diff(output, other), diff(other, output)):
        for node in nodes_below(inner):
            assert difference.partner[node] is node
        told = len(difference.partner) + len(difference.added) + len(difference.removed)
        assert len(set(difference.names.values())) == told
        assert len(read_tikz(difference.draw().tikz())[0]) >= told


def test_of_many_lines_the_first_are_told_and_the_rest_counted():
    few, many = ag.total([Value(1.0)]), ag.total([Value(1.0, label=f"x{k}") for k in range(100)])
    lines = str(diff(few, many)).split("\n")
    assert lines[0].startswith("100 added, 1 removed")
    assert lines[1 + module.SHOWN] == f"+ … {100 - module.SHOWN} more"


# --- the picture ---------------------------------------------------------------------------------------------------------


def styles(svg):
    return [
        g.get("class").split()[1:] for g in ElementTree.fromstring(svg).iter(f"{SVG}g") if g.get("class").startswith("node")
    ]


def test_the_picture_says_in_words_classes_and_frames_what_became_of_a_box():
    picture = diff(model(), model(x=2.5, activation=ag.sigmoid)).draw()
    titles = [lines[0] for lines in read_mermaid(picture.mermaid())[0].values()]
    found = dict(zip(titles, styles(picture.svg), strict=True))
    assert found["changed: x, was 2"] == ["leaf", "changed"]
    assert found["added: σ"] == ["result", "added"]
    assert found["removed: tanh"] == ["result", "removed"]
    assert found["w"] == ["leaf", "same"]
    for state in ("added", "removed", "changed"):
        assert f".{state} .box{{" in picture.svg.split("</style>")[0]


@examples(20)
@given(first=values(largest=8), second=values(largest=8))
def test_any_two_graphs_are_compared_and_drawn_in_every_format(first, second):
    difference = diff(first, second)
    nodes = len(difference.partner)
    assert nodes + len(difference.removed) == len(nodes_below(first))
    assert nodes + len(difference.added) == len(nodes_below(second))
    assert len(set(difference.partner.values())) == nodes
    picture = difference.draw()
    seen = {tuple(style) for style in styles(picture.svg)}
    assert any("added" in style for style in seen) == bool(difference.added)
    assert any("removed" in style for style in seen) == bool(difference.removed)
    assert any("changed" in style for style in seen) == bool(difference.changed)
    boxes = len(picture.scene.boxes)
    assert len(read_mermaid(picture.mermaid())[0]) == len(read_tikz(picture.tikz())[0]) == boxes
    assert len(read_dot(picture.to_dot().source)[0]) == boxes
    assert difference._repr_html_().startswith("<img ")


def test_a_picture_of_a_difference_is_no_graph(tmp_path):
    with pytest.raises(ValueError, match="a picture of a difference is no graph: keep one of the two as JSON"):
        diff(model(), model()).draw().save(tmp_path / "x.json")


@hostile
def test_a_label_is_text_in_the_comparison_and_its_picture(label):
    first, second = Value(1.0, label=label), Value(2.0, label=label)
    difference = diff(first * 2.0, ag.exp(second * 2.0))
    assert all(line.isprintable() for line in str(difference).split("\n"))
    assert {tuple(style) for style in styles(difference.draw().svg)} == {
        ("leaf", "changed"),
        ("constant",),
        ("result", "changed"),
        ("result", "added"),
    }


@hostile
def test_a_label_is_text_where_a_notebook_shows_the_comparison_as_text(label):
    first, second = Value(1.0, label=label), Value(2.0, label=label)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SHOWN_BOXES", 1)
        shown = diff(first * 2.0, ag.exp(second * 2.0))._repr_html_()
    (text,) = re.fullmatch(r"<pre>([^<>]*)</pre>", shown).groups()
    assert html.unescape(text) == str(diff(first * 2.0, ag.exp(second * 2.0)))


# --- limits --------------------------------------------------------------------------------------------------------------


def chain(length):
    x = Value(1.0)
    for _ in range(length - 1):
        x = -x
    return x


def test_long_chains_are_compared_without_recursion_shown_as_text_and_refused_beyond_the_limit(monkeypatch):
    difference = diff(chain(30_000), chain(30_002))
    assert len(difference.added) == 2
    assert difference._repr_html_().startswith("<pre>2 added, 0 removed")
    with pytest.raises(ValueError, match="more than 25000 boxes"):
        difference.draw()
    with pytest.raises(ValueError, match="diff: a graph has 100,001 nodes, the limit is 100,000: compare inner values"):
        diff(chain(100_001), Value(1.0))


def test_only_values_are_compared():
    with pytest.raises(TypeError, match="diff: a float was given; it must be a Value"):
        diff(Value(1.0), 1.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"digits": 0}, "diff: digits is 0; it must be a whole number from 1 to 17"),
        ({"limit": 0}, "diff: the limit is 0; it must be a whole number above 0"),
        ({"limit": 2}, "the difference has more than 2 boxes: print it, or compare inner values"),
        ({"limit": 4}, "the difference has more than 4 boxes: print it, or compare inner values"),
    ],
)
def test_a_picture_of_a_difference_refuses_what_makes_no_sense_with_advice_that_it_can_take(options, message):
    x = Value(2.0, label="x")
    difference = diff(ag.exp(x).sin(), ag.log(x).cos())
    assert len(difference.draw(limit=5).scene.boxes) == 5
    with pytest.raises(ValueError, match=f"^{message}$"):
        difference.draw(**options)

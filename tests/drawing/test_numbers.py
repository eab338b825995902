"""The numbers in a picture, read back by an XML parser and a DOT parser, against the graph and against differences."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.drawing import draw
from autograd_lite.engine.primitive import TABLE
from autograd_lite.engine.sweep import local_derivatives, topological
from tests.drawing.reading import displayed, nodes_below, read_dot, read_svg, values
from tests.oracles import NotRealError, slopes_at
from tests.strategies import apply, examples, graphs, is_discrete


def same(a, b):
    """Whether two numbers are the same to the bit, with None and nan the same as themselves."""
    if a is None or b is None:
        return a is b
    return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1.0, a) == math.copysign(1.0, b))


def incoming(arrows, k):
    return [arrow for arrow in arrows if arrow.target == k]


@examples(150)
@given(output=values())
def test_every_node_occurs_with_its_very_numbers(output):
    boxes, _, _ = read_svg(draw(output).svg)
    order = topological(output)
    assert {id(node) for node in order} == {id(node) for node in nodes_below(output)}
    assert {box.node for box in boxes} - {-1} == set(range(len(order)))
    for box in boxes:
        if box.kind == "constant":
            assert (box.node, box.grad) == (-1, None)
        else:
            node = order[box.node]
            assert box.kind == ("leaf" if node.op is None else "result")
            assert same(box.value, node.data)
            assert same(box.grad, node.grad)


@examples(100)
@given(output=values())
def test_what_is_written_in_a_box_is_title_value_and_derivative(output):
    boxes, _, _ = read_svg(draw(output).svg)
    order = topological(output)
    for box in boxes:
        if box.kind == "constant":
            assert box.texts == [displayed(box.value)]
            continue
        node = order[box.node]
        title = " = ".join(filter(None, [node.label, node.op and node.op.symbol]))
        title_lines, numbers = [title] if title else [], [displayed(node.data), f"grad {displayed(node.grad)}"]
        assert box.texts in ([*title_lines, *numbers, *state] for state in ([], ["dead"], ["saturated"]))


@examples(150)
@given(output=values())
def test_every_argument_has_its_arrow_in_order_with_the_local_derivative_of_the_engine(output):
    boxes, arrows, _ = read_svg(draw(output).svg)
    order = topological(output)
    number = {id(node): k for k, node in enumerate(order)}
    for k, box in enumerate(boxes):
        args = order[box.node].args if box.kind == "result" else ()
        into = incoming(arrows, k)
        for arrow, arg in zip(into, args, strict=True):
            if isinstance(arg, Value):
                assert boxes[arrow.source].node == number[id(arg)]
            else:
                assert boxes[arrow.source].kind == "constant"
                assert same(boxes[arrow.source].value, arg)
                assert (arrow.derivative, arrow.styles) == (None, ["arrow", "quiet"])
        if args:
            flowing = [(boxes[a.source].node, a.derivative) for a in into if a.derivative is not None]
            expected = [(number[id(arg)], z) for arg, z in local_derivatives(order[box.node])]
            assert [source for source, _ in flowing] == [source for source, _ in expected]
            assert all(same(z, found) for (_, found), (_, z) in zip(flowing, expected, strict=True))


@examples(25)
@given(recipe=graphs(largest=12))
def test_the_derivative_on_an_arrow_equals_differences_in_mpmath(recipe):
    assume(recipe.steps)
    output = recipe.run([Value(x) for x in recipe.inputs], lambda name, args: apply(TABLE[name], args))[-1]
    boxes, arrows, _ = read_svg(draw(output).svg)
    order = topological(output)
    for k, box in enumerate(boxes):
        if box.kind != "result":
            continue
        node = order[box.node]
        point = [boxes[arrow.source].value for arrow in incoming(arrows, k)]
        for position, arrow in enumerate(incoming(arrows, k)):
            if arrow.derivative is None or is_discrete(node.op.name, position, len(point)):
                continue
            try:
                left, right = slopes_at(node.op.name, point, position)
            except NotRealError:
                continue  # on the edge of a domain
            # Kinks aside, where left and right differ, a float partial is good to some ulp of its own or its terms' size.
            if abs(left - right) < 1e-12:
                assert abs(float(right) - arrow.derivative) <= 1e-9 * (1.0 + abs(arrow.derivative))


@examples(100)
@given(output=values())
def test_an_arrow_shows_its_derivative_and_a_structural_zero_is_dashed(output):
    _, arrows, derivatives = read_svg(draw(output).svg)
    written = iter(derivatives)
    for arrow in arrows:
        if "quiet" in arrow.styles:
            continue
        text = next(written)
        assert ("blocked" in arrow.styles) == (arrow.derivative is None)
        assert text == ("0" if arrow.derivative is None else displayed(arrow.derivative))
    assert list(written) == []


def test_the_branch_not_taken_is_dashed_with_0_and_the_other_is_not():
    x, y = Value(2.0), Value(3.0)
    _, arrows, derivatives = read_svg(draw(ag.where(x < y, x, y)).svg)
    assert [(arrow.derivative, arrow.styles) for arrow in arrows[-3:]] == [
        (None, ["arrow", "blocked"]),
        (1.0, ["arrow"]),
        (None, ["arrow", "blocked"]),
    ]
    assert derivatives[-3:] == ["0", "1", "0"]


def test_parallel_edges_stay_two():
    x = Value(3.0, label="x")
    picture = draw(x * x)
    boxes, arrows, _ = read_svg(picture.svg)
    assert [(a.source, a.target, a.derivative) for a in arrows] == [(0, 1, 3.0), (0, 1, 3.0)]
    assert len(boxes) == 2
    assert [edge[:3] for edge in read_dot(picture.to_dot().source)[1]] == [("n0", "n1", "3")] * 2


def test_before_backward_a_dash_stands_for_the_derivative_and_after_it_a_number():
    x = Value(3.0)
    y = x * 2.0
    for box in read_svg(draw(y).svg)[0]:
        assert box.kind == "constant" or box.texts[-1] == "grad –"
    y.backward()
    assert [box.texts[-1] for box in read_svg(draw(y).svg)[0]] == ["grad 2", "2", "grad 1"]


def test_a_constant_is_no_node_to_differentiate():
    boxes, arrows, derivatives = read_svg(draw(Value(3.0) + 1.0).svg)
    assert [box.kind for box in boxes] == ["leaf", "constant", "result"]
    assert [arrow.derivative for arrow in arrows] == [1.0, None]
    assert derivatives == ["1"]


def test_derivatives_kept_as_graphs_are_shown_as_numbers():
    x = Value(3.0)
    y = x**3.0
    y.backward(create_graph=True)
    assert isinstance(x.grad, Value)
    assert [box.grad for box in read_svg(draw(y).svg)[0] if box.kind != "constant"] == [27.0, 1.0]


@pytest.mark.parametrize(("digits", "text"), [(1, "−0.7"), (3, "−0.667"), (17, "−0.66666666666666663")])
def test_so_many_digits_are_shown_as_were_asked_for_while_the_attribute_has_all(digits, text):
    (box,) = read_svg(draw(Value(-2.0 / 3.0), digits=digits).svg)[0]
    assert box.texts[0] == text
    assert box.value == -2.0 / 3.0


def darkness(box):
    """0 for white; a screen's brightness by the weights of ITU-R BT.709."""
    red, green, blue = (int(box.fill[k : k + 2], 16) for k in (1, 3, 5))
    return 1.0 - (2126 * red + 7152 * green + 722 * blue) / 2_550_000


@examples(100)
@given(grads=st.lists(st.none() | st.floats(), min_size=2, max_size=12))
def test_a_box_is_the_darker_the_larger_its_derivative(grads):
    leaves = [Value(1.0) for _ in grads]
    output = ag.total(leaves)
    for leaf, grad in zip(leaves, grads, strict=True):
        leaf.grad = grad
    boxes = [box for box in read_svg(draw(output).svg)[0] if box.kind == "leaf"]
    known = [box for box in boxes if box.grad is not None and not math.isnan(box.grad)]
    assert all(darkness(box) == 0.0 for box in boxes if box not in known or box.grad == 0.0)
    known.sort(key=lambda box: abs(box.grad))
    shades = [darkness(box) for box in known]
    assert shades == sorted(shades)
    assert not known or known[-1].grad == 0.0 or shades[-1] > 0.2


@examples(20)
@given(output=values(largest=6))
def test_the_dot_source_has_the_same_boxes_arrows_and_texts(output):
    picture = draw(output)
    boxes, arrows, derivatives = read_svg(picture.svg)
    nodes, edges = read_dot(picture.to_dot().source)
    assert nodes == {f"n{k}": "\n".join(box.texts) for k, box in enumerate(boxes)}
    assert [edge[:2] for edge in edges] == [(f"n{arrow.source}", f"n{arrow.target}") for arrow in arrows]
    assert [label for _, _, label, _ in edges if label] == derivatives
    for arrow, (_, _, _, attributes) in zip(arrows, edges, strict=True):
        assert (attributes.get("style") == "dashed") == ("blocked" in arrow.styles)

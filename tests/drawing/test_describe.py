"""A graph in words: every node told once, every edge with its derivative, and no more lines than asked for."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.drawing.description import describe
from autograd_lite.engine.node import Node
from tests.drawing.reading import nodes_below, values
from tests.drawing.test_labels import hostile
from tests.strategies import examples


def depths(text):
    """How far in each line stands, whether by spaces or by its word."""
    found = []
    for line in text.split("\n"):
        spaces, level = re.fullmatch(r"( *)(?:level (\d+): )?.*", line).groups()
        found.append(int(level) if level else len(spaces) // 2)
    return found


@examples(100)
@given(output=values())
def test_every_node_is_told_once_and_every_edge_has_a_line(output):
    lines = describe(output, limit=10_000).split("\n")
    nodes = nodes_below(output)
    edges = sum(len(node.args) for node in nodes)
    assert len(lines) == 1 + edges
    assert sum(", value " in line for line in lines) == len(nodes)
    assert sum(line.strip().startswith("constant ") for line in lines) == sum(
        not isinstance(arg, Node) for node in nodes for arg in node.args
    )
    assert sum("; " in line for line in lines) == sum(isinstance(arg, Node) for node in nodes for arg in node.args)


@examples(100)
@given(output=values())
def test_a_line_stands_one_step_in_from_the_line_of_its_user(output):
    """Read back: the depths alone give, for each line that tells a node, how many arguments it has."""
    text = describe(output, limit=10_000)
    counts, stack = [], []
    for line, depth in zip(text.split("\n"), depths(text), strict=True):
        assert depth <= len(stack)
        del stack[depth:]
        if stack:
            counts[stack[-1]] += 1
        stack.append(len(counts))
        counts.append(0)
        if ", value " not in line:
            assert "told above" in line or "constant " in line
    assert sorted(filter(None, counts)) == sorted(filter(None, [len(node.args) for node in nodes_below(output)]))


def test_a_shared_node_is_told_where_it_is_met_first_and_then_named():
    x = Value(3.0, label="x")
    y = x * x
    assert describe(y) == (
        "v1 = x * x, value 9, no gradient yet\n"
        "  x, value 3, no gradient yet; local derivative 3\n"
        "  x, told above; local derivative 3"
    )


def test_arguments_are_told_in_their_order():
    x, y = Value(3.0, label="x"), Value(4.0, label="y")
    lines = describe(x - ag.exp(y)).split("\n")
    assert [line.split(",")[0].strip() for line in lines] == ["v2 = x - v1", "x", "v1 = exp(y)", "y"]


def test_the_branch_not_taken_and_a_leaf_written_since_are_said_in_words():
    x, y = Value(2.0, label="x"), Value(3.0, label="y")
    text = describe(ag.maximum(x, y))
    assert "x, value 2, no gradient yet; no gradient flows here" in text
    assert "y, value 3, no gradient yet; local derivative 1" in text
    z = x * y
    x.data = 7.0
    assert describe(z).count("local derivative unknown, since a leaf was written after it was used") == 2


def test_so_many_digits_are_told_as_were_asked_for():
    assert describe(Value(2.0 / 3.0), digits=2) == "v1, value 0.67, no gradient yet"


def test_an_operation_on_many_says_how_many_and_no_formula():
    output = ag.total([Value(float(k)) for k in range(1000)])
    assert describe(output, limit=1).split("\n")[0] == "v1001 = total of 1,000 arguments, value 499500, no gradient yet"


@pytest.mark.parametrize("shape", ["deep", "wide"])
def test_of_a_hundred_thousand_nodes_as_many_are_told_as_fit_and_the_rest_counted(shape):
    output = Value(1.0)
    if shape == "deep":
        for _ in range(99_999):
            output = -output
    else:
        output = ag.total([Value(1.0) for _ in range(99_999)])
    lines = describe(output).split("\n")
    assert len(lines) == 201
    assert lines[-1] == (
        "… 99,800 more nodes are left out: say describe(value, limit=…) to hear them, or describe an inner value."
    )
    assert all(len(line) < 120 for line in lines)
    if shape == "deep":
        assert depths("\n".join(lines[:-1])) == list(range(200))


def test_where_all_nodes_are_told_but_not_all_edges_the_last_line_says_so():
    x = Value(1.0, label="x")
    assert describe(x * x, limit=2).endswith(
        "\n… all nodes are told, but not all uses of them: say describe(value, limit=…) to hear those."
    )


def test_a_diamond_with_two_to_the_thousand_paths_is_told_in_two_thousand_lines():
    x = Value(1.0)
    for _ in range(1000):
        x = x * x
    assert len(describe(x, limit=10_000).split("\n")) == 2001


@hostile
def test_a_label_adds_no_line_and_nothing_that_a_terminal_obeys(label):
    x = Value(2.0, label=label)
    y = x * 3.0
    y.label = label
    lines = describe(y).split("\n")
    assert len(lines) == 3
    assert all(line.isprintable() and len(line) < 200 for line in lines)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"digits": 0}, "digits is 0"), ({"limit": 0}, "the limit is 0"), ({"limit": True}, "the limit is True")],
)
def test_an_option_that_makes_no_sense_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        describe(Value(1.0), **options)
    with pytest.raises(TypeError, match="a float was given; it must be a Value"):
        describe(1.0)

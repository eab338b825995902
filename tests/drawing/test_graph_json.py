"""A graph as JSON: back to the bit, one text for one graph, and nothing believed."""

from __future__ import annotations

import json
import math
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.drawing import draw, graph_json
from autograd_lite.drawing.graph_json import graph_from_json, graph_to_json
from autograd_lite.engine.node import Node
from tests.drawing.reading import values
from tests.drawing.test_labels import hostile
from tests.strategies import examples, graphs, special_floats


def bits(x):
    """A float as its eight bytes; all that are not a number are one, and None is itself."""
    return x if x is None else "nan" if math.isnan(x) else struct.pack(">d", x)


def told(value):
    """All facts of a graph, from a walk of its own: shared nodes by their number."""
    facts, number, stack = [], {}, [value]
    while stack:
        node = stack.pop()
        if node in number:
            facts.append(number[node])
            continue
        number[node] = len(number)
        facts.append((node.op and node.op.name, bits(node.data), bits(node.grad), node.label, len(node.args)))
        facts += [bits(arg) for arg in node.args if not isinstance(arg, Node)]
        stack += [arg for arg in node.args if isinstance(arg, Node)]
    return facts


def two_factors():
    x = Value(3.0, label="x")
    return x * x


# --- there and back ------------------------------------------------------------------------------------------------------


@examples(100)
@given(output=values())
def test_a_graph_of_any_numbers_comes_back_to_the_bit(output):
    assert told(graph_from_json(graph_to_json(output))) == told(output)


@examples(60)
@given(recipe=graphs(largest=15))
def test_a_graph_of_any_operations_comes_back_and_has_the_same_derivatives(recipe):
    leaves = [Value(x, label=f"x{k}") for k, x in enumerate(recipe.inputs)]
    output = recipe.on_rows(leaves)[-1]
    back = graph_from_json(graph_to_json(output))
    assert told(back) == told(output)
    output.backward()
    back.backward()
    assert told(back) == told(output)


@examples(60)
@given(recipe=graphs(largest=15))
def test_graphs_that_were_built_alike_have_one_text_and_it_is_kept_on_the_way(recipe):
    first, second = (graph_to_json(recipe.on_rows([Value(x) for x in recipe.inputs])[-1]) for _ in range(2))
    assert first == second == graph_to_json(graph_from_json(first))


@examples(100)
@given(value=special_floats | st.floats(), grad=st.none() | special_floats | st.floats(), constant=special_floats)
def test_every_float_comes_back_to_the_bit(value, grad, constant):
    leaf = Value(value)
    leaf.grad = grad
    back = graph_from_json(graph_to_json(ag.where(leaf, constant, leaf)))
    assert bits(back.args[0].data) == bits(value)
    assert bits(back.args[0].grad) == bits(grad)
    assert bits(back.args[1]) == bits(constant)


@hostile
def test_a_parser_of_json_finds_any_label_as_it_is(label):
    x = Value(2.0, label=label)
    text = draw(x * x).json()
    assert text.isascii()
    assert [node.get("label") for node in json.loads(text)["nodes"]] == [label, None]
    assert graph_from_json(text).args[0].label == label


def test_the_text_is_strict_json_with_sorted_keys_and_a_node_on_each_line():
    output = ag.log(Value(-1.0)) * math.inf
    text = graph_to_json(output)

    def refuse(name):
        raise AssertionError(name)

    content = json.loads(text, parse_constant=refuse)
    assert list(content) == ["format", "nodes", "version"]
    assert [line.startswith('{"') for line in text.splitlines()] == [True] * (1 + len(content["nodes"])) + [False]
    assert all(list(node) == sorted(node) for node in content["nodes"])
    assert content["nodes"][2] == {"args": [1, {"constant": "inf"}], "op": "multiply", "value": "nan"}


def test_a_picture_keeps_the_graph_as_it_was(tmp_path):
    output = two_factors()
    picture, text = draw(output), graph_to_json(output)
    output.args[0].grad = 5.0
    assert picture.json() == text == picture.save(tmp_path / "x.json").read_text(encoding="utf-8")


def test_a_number_that_another_machine_rounded_otherwise_is_kept_as_it_was():
    output = ag.exp(Value(0.5))
    elsewhere = math.nextafter(output.data, math.inf)
    assert graph_from_json(graph_to_json(output).replace(repr(output.data), repr(elsewhere))).data == elsewhere


def test_a_derivative_kept_as_a_graph_is_written_as_its_number():
    x = Value(3.0)
    y = x**3.0
    y.backward(create_graph=True)
    assert graph_from_json(graph_to_json(y)).args[0].grad == 27.0


def test_modes_that_are_on_do_not_change_what_is_read():
    text = graph_to_json(two_factors())
    with ag.no_grad():
        assert graph_from_json(text).op is not None
    text = graph_to_json(ag.log(Value(-1.0)))
    with ag.detect_anomaly():
        assert math.isnan(graph_from_json(text).data)


def test_a_chain_as_long_as_the_limit_comes_back_without_recursion_and_one_node_more_is_refused(monkeypatch):
    monkeypatch.setattr(graph_json, "LIMIT", 50_001)
    deep = Value(1.0)
    for _ in range(50_000):
        deep = -deep
    text = graph_to_json(deep)
    assert graph_from_json(text).data == 1.0
    with pytest.raises(ValueError, match=r"up to 50,001 nodes .* this one is larger: keep an inner value, or use pickle"):
        graph_to_json(-deep)
    monkeypatch.setattr(graph_json, "LIMIT", 50_000)
    with pytest.raises(ValueError, match="the graph has 50,001 nodes; at most 50,000 are read"):
        graph_from_json(text)


# --- what is refused -----------------------------------------------------------------------------------------------------


def test_what_no_file_can_name_or_what_is_out_of_date_is_not_written():
    with pytest.raises(TypeError, match="a float was given; it must be a Value"):
        graph_to_json(3.0)
    with pytest.raises(ValueError, match="is not in the table, so that no file can name it"):
        graph_to_json(ag.checkpoint(lambda x: x * x)(Value(2.0)))
    output = two_factors()
    output.args[0].data = 4.0
    with pytest.raises(ValueError, match=r"a leaf was written since .* compute the output again"):
        graph_to_json(output)


def file(*nodes, **changes):
    return json.dumps({"format": "autograd_lite graph", "version": 1, "nodes": list(nodes)} | changes)


X = {"value": 3.0}
REFUSED = {
    "no JSON": ("x = 3", "is no graph: Expecting value"),
    "nothing": ("", "is no graph"),
    "NaN": ('{"format": NaN}', "NaN is not JSON; it is written as a text"),
    "too deep": ("[" * 200_000, "is no graph"),
    "a huge integer": (file({"value": 0}).replace("0", "9" * 10_000), "is no graph"),
    "a key twice": (file(X).replace('"value"', '"value": 1.0, "value"'), "a key stands twice"),
    "a list": ("[]", 'must be an object with "format"'),
    "another format": (file(X, format="x"), 'must be an object with "format"'),
    "another version": (file(X, version=2), "the version is '2'; this library reads version 1"),
    "a version that is true": (file(X, version=True), "the version is 'True'"),
    "no nodes": (file(), "a list that is not empty"),
    "nodes that are no list": (file(X, nodes={"0": X}), "a list that is not empty"),
    "more than nodes": (file(X, code="import os"), 'besides "format" and "version"'),
    "a node that is no object": (file(3.0), "node 0: it must be an object"),
    "a node without a number": (file({"label": "x"}), "node 0: it must be an object"),
    "an unknown fact": (file(X | {"birth": 7}), "node 0: it must be an object"),
    "a whole number": (file({"value": 3}), "'3' is no number; it must be written with a point"),
    "true for a number": (file({"value": True}), "'True' is no number"),
    "a number too large": (file(X).replace("3.0", "1e999"), "'inf' is no number"),
    "a number as text": (file({"value": "3.0"}), "'3.0' is no number"),
    "a label that is no text": (file(X | {"label": ["x"]}), "the label must be a text"),
    "a label that is null": (file(X | {"label": None}), "the label must be a text"),
    "a derivative that is null": (file(X | {"grad": None}), "'None' is no number"),
    "an operation without arguments": (file(X, X | {"op": "exp"}), '"op" and "args" must stand together'),
    "an unknown operation": (
        file(X, X | {"op": "os.system", "args": [0]}),
        "node 1: the operation 'os.system' is not in the t",
    ),
    "an operation that is no text": (file(X, X | {"op": ["exp"], "args": [0]}), "is not in the table"),
    "too many arguments": (file(X, X | {"op": "exp", "args": [0, 0]}), "the arguments of exp must be a list of 1"),
    "arguments that are no list": (file(X, X | {"op": "total", "args": {}}), "the arguments of total must be a list"),
    "a node that uses itself": (file(X, X | {"op": "positive", "args": [1]}), "the position of an earlier node"),
    "a node from the end": (file(X, X | {"op": "positive", "args": [-1]}), "the position of an earlier node"),
    "true for a position": (file(X, X, X | {"op": "positive", "args": [True]}), "the position of an earlier node"),
    "a result of constants": (file(X | {"op": "positive", "args": [{"constant": 3.0}]}), "must be a node"),
    "a sequence of nothing": (file(X, X | {"op": "total", "args": []}), "must be a node"),
    "half a pair": (file(X, {"value": 9.0, "op": "dot", "args": [0, 0, 0]}), "node 1: "),
    "a number where there is none": (
        file({"value": -1.0}, X | {"op": "log", "args": [0]}),
        "the value is 3.0, but log gives nan",
    ),
    "an index outside": (file(X, X | {"op": "pick", "args": [0, {"constant": 7.0}]}), "node 1: pick: the index is 7"),
    "an order that is none": (
        file(X, X | {"op": "polygamma", "args": [{"constant": 1e9}, 0]}),
        "node 1: polygamma: the order",
    ),
    "a number that is not the result": (
        file(X, {"value": 7.0, "op": "exp", "args": [0]}),
        "the value is 7.0, but exp gives 20.0",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_is_no_graph_is_refused_with_a_reason(case):
    text, reason = REFUSED[case]
    with pytest.raises(ValueError, match=r"\Agraph_from_json: ") as error:
        graph_from_json(text)
    assert reason in str(error.value)
    assert len(str(error.value)) < 500


def test_a_file_that_is_no_text_or_too_long_is_refused_before_it_is_looked_at(monkeypatch):
    with pytest.raises(TypeError, match="a bytes was given; it must be a text"):
        graph_from_json(b"{}")
    monkeypatch.setattr(graph_json, "MOST_CHARACTERS", 1000)
    monkeypatch.setattr(graph_json.json, "loads", lambda *args, **options: pytest.fail("it was parsed"))
    with pytest.raises(ValueError, match="1,001 characters were given; at most 1,000 are read"):
        graph_from_json(" " * 1001)
    with pytest.raises(ValueError, match="1,000 characters, and this one is larger"):
        graph_to_json(Value(1.0, label="x" * 1000))


things = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 5)
    | st.floats()
    | st.sampled_from(["nan", "exp", "total", "dot", "x", "where"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["constant", "value", "op"]), inner),
)
facts = st.fixed_dictionaries({}, optional=dict.fromkeys(("value", "op", "args", "label", "grad", "x"), things))
positions = st.lists(st.integers(0, 2) | st.fixed_dictionaries({"constant": st.floats()}), max_size=4)
results = st.fixed_dictionaries({"value": st.floats(), "op": st.sampled_from(sorted(graph_json.TABLE)), "args": positions})


@examples(200)
@given(nodes=st.lists(facts | results, min_size=1, max_size=4))
@example(nodes=[{"value": 0.0}, {"value": 0.0, "op": "norm", "args": [0]}])
def test_whatever_the_nodes_are_a_graph_comes_of_it_or_one_sentence(nodes):
    text = file({"value": 3.0}, *nodes)
    try:
        output = graph_from_json(text)
    except ValueError:
        with pytest.raises(ValueError, match=r"\Agraph_from_json: "):
            graph_from_json(text)
    else:
        assert told(graph_from_json(graph_to_json(output))) == told(output)

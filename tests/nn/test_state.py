import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.nn import MLP, Conv1d, Dropout, Flatten, Layer, Maxout, Module, Neuron, Sequential
from tests.strategies import examples


def bits(state):
    """A state with every number as its hexadecimal text, which is exact; nan is equal to nan."""
    return {
        name: [x.hex() for x in found] if isinstance(found, list) else [found.hex(), "alone"]
        for name, found in state.items()
    }


class Pair(Module):
    """A module with parameters in many places."""

    def __init__(self):
        self.scale, self.nothing, self.words = Value(2.0), None, ["a", 1.0]
        self.heads = {"left": Neuron(2, seed=0), "right": [Value(3.0), Value(4.0)]}
        self.mixed = (Value(5.0), [Value(6.0)], {"deep": (Value(7.0),)})


def test_names_are_attributes_places_and_keys_joined_by_dots():
    assert list(MLP(3, [2, 1]).state_dict()) == [
        "layers.0.neurons.0.w",
        "layers.0.neurons.0.b",
        "layers.0.neurons.1.w",
        "layers.0.neurons.1.b",
        "layers.1.neurons.0.w",
        "layers.1.neurons.0.b",
    ]
    pair = Pair()
    w = [x.data for x in pair.heads["left"].w]
    assert pair.state_dict() == {
        "scale": 2.0,
        "heads.left.w": w,
        "heads.left.b": 0.0,
        "heads.right": [3.0, 4.0],
        "mixed.0": 5.0,
        "mixed.1": [6.0],
        "mixed.2.deep": [7.0],
    }


MODULES = [
    lambda: MLP(2, [3, 2], seed=0),
    lambda: MLP(2, [2], bias=False, seed=0),
    lambda: Sequential(Conv1d(2, 2, 2, seed=0), Flatten(), "tanh", Dropout(0.5), Maxout(4, 2, 2, seed=0)),
    Pair,
]


@pytest.mark.parametrize("make", MODULES)
def test_the_state_has_every_parameter_once_in_their_order(make):
    module = make()
    for k, parameter in enumerate(module.parameters()):
        parameter.data = float(k)
    numbers = [x for found in module.state_dict().values() for x in (found if isinstance(found, list) else [found])]
    assert numbers == [float(k) for k in range(len(module.parameters()))]


@examples(50)
@given(data=st.data(), make=st.sampled_from(MODULES), through=st.sampled_from(["python", "numpy", "storage"]))
def test_a_state_that_is_loaded_is_the_same_to_the_bit(data, make, through):
    source, goal = make(), make()
    for parameter in source.parameters():
        parameter.data = data.draw(st.floats())
    state = source.state_dict()
    if through == "numpy":
        state = {name: np.array(found) for name, found in state.items()}
    if through == "storage":
        assert len(goal.storage.numbers) == len(goal.parameters())
    goal.load_state_dict(state)
    assert bits(goal.state_dict()) == bits(source.state_dict())
    assert [x.hex() for x in goal.storage.numbers] == [p.data.hex() for p in source.parameters()]


def test_it_is_plain_data_that_json_gives_back():
    state = MLP(2, [3, 2], seed=0).state_dict()
    assert bits(json.loads(json.dumps(state))) == bits(state)


def test_a_value_that_stands_in_several_places_is_named_after_the_first_alone():
    tied, layer = Neuron(2, seed=0), Layer(2, 2, seed=1)
    tied.w = layer.neurons[0].w
    model = Sequential(layer, tied, layer)
    assert list(model.state_dict()) == ["parts.0.neurons.0.w", "parts.0.neurons.0.b"] + [
        f"parts.{name}" for name in ("0.neurons.1.w", "0.neurons.1.b", "1.b")
    ]
    tied.w = [layer.neurons[0].w[0], Value(9.0)]
    assert model.state_dict()["parts.1.w"] == [9.0]


def test_a_compiled_function_sees_what_was_loaded():
    model, other = MLP(2, [3, 1], seed=0), MLP(2, [3, 1], seed=1)
    f = ag.jit(lambda model, x, y: model([x, y]))
    before = f(model, 1.0, 2.0)
    model.load_state_dict(other.state_dict())
    assert f(model, 1.0, 2.0) == pytest.approx(other([1.0, 2.0]).data, rel=1e-12) != before


WRONG = {
    "a name too few": (lambda s: s.pop("neurons.0.b"), "'neurons.0.b' is missing"),
    "a name too many": (lambda s: s.update(c=1.0), "'c' is unexpected"),
    "a number too few": (lambda s: s["neurons.0.w"].pop(), "'neurons.0.w' has 1 numbers in place of 2"),
    "a number for a list": (lambda s: s.update({"neurons.1.w": 3.0}), "'neurons.1.w' must be a list of 2 numbers"),
    "a list for a number": (lambda s: s.update({"neurons.1.b": [3.0]}), "'neurons.1.b' must be a number"),
    "a text": (lambda s: s.update({"neurons.1.w": [1.0, "2"]}), "'neurons.1.w' must be numbers alone"),
    "a text for the list": (lambda s: s.update({"neurons.1.w": "12"}), "'neurons.1.w' must be a list of 2 numbers"),
    "a truth": (lambda s: s.update({"neurons.1.b": True}), "'neurons.1.b' must be a number"),
    "a Value": (lambda s: s.update({"neurons.1.b": Value(1.0)}), "'neurons.1.b' must be a number"),
    "a number beyond the floats": (lambda s: s.update({"neurons.1.b": 10**400}), "'neurons.1.b' holds a number beyond"),
    "a matrix": (lambda s: s.update({"neurons.1.w": np.ones((2, 1))}), "'neurons.1.w' must be numbers alone"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_state_that_does_not_fit_is_refused_and_nothing_is_loaded(case):
    change, complaint = WRONG[case]
    layer, other = Layer(2, 2, seed=0), Layer(2, 2, seed=1).state_dict()
    before = layer.state_dict()
    change(other)
    with pytest.raises(ValueError, match=r"load_state_dict: the state does not fit this Layer: ") as raised:
        layer.load_state_dict(other)
    assert complaint in str(raised.value)
    assert layer.state_dict() == before


def test_the_first_few_of_many_complaints_are_listed():
    with pytest.raises(ValueError, match=r"'layers\.0\.neurons\.0\.w' is missing; .* and 997 more$") as raised:
        MLP(1, [500]).load_state_dict({})
    assert len(str(raised.value)) < 300
    with pytest.raises(TypeError, match="a list was given; it must be a dict"):
        MLP(1, [1]).load_state_dict([1.0])


def test_strict_is_of_names_alone():
    layer = Layer(2, 2, seed=0)
    before = layer.state_dict()
    layer.load_state_dict({"neurons.0.w": [7.0, 8.0], "other": "anything"}, strict=False)
    assert layer.state_dict() == {**before, "neurons.0.w": [7.0, 8.0]}
    with pytest.raises(ValueError, match="has 1 numbers in place of 2"):
        layer.load_state_dict({"neurons.0.b": 5.0, "neurons.0.w": [7.0]}, strict=False)
    assert layer.state_dict()["neurons.0.b"] == before["neurons.0.b"]


def test_parameters_that_are_results_are_read_and_not_written():
    w, b = Value(3.0), Value(1.0)
    copy = Neuron(1, seed=0).with_parameters([w * w, b])
    assert copy.state_dict() == {"w": [9.0], "b": 1.0}
    with pytest.raises(ValueError, match="'w' is computed from other Values"):
        copy.load_state_dict({"w": [2.0], "b": 5.0})
    assert (copy.state_dict(), b.data) == ({"w": [9.0], "b": 1.0}, 1.0)


def test_two_places_of_one_name_are_refused():
    pair = Pair()
    pair.heads["right.0"] = Value(1.0)
    pair.heads["right"] = [[Value(1.0)], Value(2.0)]
    pair.heads["right.1"] = Value(1.0)
    with pytest.raises(ValueError, match=r"two parameters have the name 'heads\.right\.[01]'; rename a key"):
        pair.state_dict()


def test_nan_and_inf_are_numbers_too():
    neuron = Neuron(1, seed=0)
    neuron.load_state_dict({"w": [math.inf], "b": math.nan})
    assert neuron.w[0].data == math.inf
    assert math.isnan(neuron.b.data)

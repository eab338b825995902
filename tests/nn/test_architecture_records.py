import inspect
import json
import pkgutil
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.nn import (
    MLP,
    RNN,
    Conv1d,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Maxout,
    Module,
    Neuron,
    Reshape,
    Residual,
    Sequential,
)
from autograd_lite.nn.activations import ACTIVATIONS
from autograd_lite.nn.architecture import KINDS, Kind, plan_of, record_of, register
from autograd_lite.nn.layers import LAYER_ACTIVATIONS
from autograd_lite.nn.records import size
from tests.strategies import examples

SIZES, FLAGS, NAMES = st.integers(1, 4), st.booleans(), st.sampled_from(sorted(ACTIVATIONS))
OF_LAYERS = st.sampled_from(sorted({**ACTIVATIONS, **LAYER_ACTIVATIONS}))
FEW, PAIRS = st.integers(0, 2), st.tuples(SIZES, SIZES)


def padding(zeros, kernel):
    """Less than the kernel, along each side."""
    return tuple(map(padding, zeros, kernel)) if isinstance(zeros, tuple) else min(zeros, kernel - 1)


ALONE = [
    st.builds(lambda n, a, b: Neuron(n, activation=a, bias=b, seed=0), SIZES, NAMES, FLAGS),
    st.builds(lambda n, m, a, b: Layer(n, m, activation=a, bias=b, seed=0), SIZES, SIZES, OF_LAYERS, FLAGS),
    st.builds(lambda n, m, a, b: MLP(n, m, activation=a, bias=b, seed=0), SIZES, st.lists(SIZES, min_size=1), NAMES, FLAGS),
    st.builds(
        lambda n, m, b: MLP(n, [k for k, _ in m], activation=[a for _, a in m], bias=b, seed=0),
        SIZES,
        st.lists(st.tuples(SIZES, OF_LAYERS), min_size=1, max_size=3),
        FLAGS,
    ),
    st.builds(lambda n, m, k, b: Maxout(n, m, k, bias=b, seed=0), SIZES, SIZES, SIZES, FLAGS),
    st.builds(
        lambda i, o, k, s, p, a, b: Conv1d(i, o, k, stride=s, padding=padding(p, k), activation=a, bias=b, seed=0),
        *[SIZES, SIZES, SIZES, SIZES, FEW, NAMES, FLAGS],
    ),
    st.builds(
        lambda i, o, k, s, p, a, b: Conv2d(i, o, k, stride=s, padding=padding(p, k), activation=a, bias=b, seed=0),
        *[SIZES, SIZES, PAIRS, PAIRS | SIZES, st.tuples(FEW, FEW), NAMES, FLAGS],
    ),
    st.builds(lambda n, h, a, b: RNN(n, h, activation=a, bias=b, seed=0), SIZES, SIZES, NAMES, FLAGS),
    st.builds(lambda r, t: Dropout(r, seed=0).train(t), st.floats(0.0, 1.0, exclude_max=True), FLAGS),
    st.just(Flatten()),
    st.builds(lambda s: Reshape(*s), st.lists(SIZES, min_size=1)),
]
NETWORKS = st.recursive(
    st.one_of(ALONE),
    lambda inner: (
        st.lists(inner | OF_LAYERS, min_size=1, max_size=4).map(lambda parts: Sequential(*parts)) | inner.map(Residual)
    ),
    max_leaves=5,
)


@examples(200)
@given(NETWORKS)
def test_the_module_of_a_record_has_the_same_record_and_the_same_names_of_parameters(module):
    record = record_of(module)
    plan = plan_of(json.loads(json.dumps(record)))
    made = plan.make()
    assert record_of(made) == record
    assert repr(made) == repr(module)
    assert plan.parameters == len(module.parameters()) == len(made.parameters())
    shapes = [{name: np.shape(found) for name, found in state.items()} for state in (made.state_dict(), module.state_dict())]
    assert shapes[0] == shapes[1]
    assert not any(parameter.data for parameter in made.parameters())


def test_every_type_of_module_has_a_row():
    modules = [import_module(f"autograd_lite.nn.{info.name}") for info in pkgutil.iter_modules(nn.__path__)]
    types = {item for module in modules for item in vars(module).values() if inspect.isclass(item)}
    own = {t.__name__ for t in types if issubclass(t, Module) and t.__module__.startswith("autograd_lite.nn.")}
    assert {name for name in own if not name.startswith("_")} - {"Module"} == {
        name for name, kind in KINDS.items() if kind.type.__module__.startswith("autograd_lite.nn.")
    }


def test_a_record_is_plain_words():
    assert record_of(MLP(2, [4, 3], activation="tanh")) == {
        "type": "MLP",
        "nin": 2,
        "nouts": [4, 3],
        "activation": ["tanh", "identity"],
        "bias": True,
    }
    model = Sequential(Residual(Sequential(ag.softmax)), Dropout(np.float64(0.5)), Conv1d(np.int64(1), 2, 3))
    first, second, third = record_of(model)["parts"]
    assert first == {"type": "Residual", "inner": {"type": "Sequential", "parts": ["softmax"]}}
    assert second == {"type": "Dropout", "rate": 0.5, "training": True}
    assert third == {
        "type": "Conv1d",
        "in_channels": 1,
        "out_channels": 2,
        "kernel_size": 3,
        "stride": 1,
        "padding": 0,
        "activation": "identity",
        "bias": True,
    }


# --- what a record has no words for ---------------------------------------------------------------------------------------


class Mine(MLP):
    """A class of one's own."""


class Call:
    """A function without a name, which cannot be hashed."""

    __hash__ = None

    def __call__(self, x):
        return x


def tied():
    layer = Layer(2, 2)
    return Sequential(layer, "tanh", layer)


def grown():
    layer = Layer(2, 2)
    layer.temperature = Value(1.0)
    return layer


def changed(module, change):
    change(module)
    return module


UNWRITABLE = {
    "a class of one's own": (lambda: Mine(2, [1]), TypeError, r"the class Mine .* state_dict\(\), or tell of it by nn.reg"),
    "one of them inside": (lambda: Sequential(Residual(Mine(2, [2]))), TypeError, "the class Mine is not one of nn"),
    "a lambda": (lambda: MLP(2, [1, 1], activation=lambda x: x), TypeError, r"the function <lambda> .* keep the state_dict"),
    "a lambda as a part": (lambda: Sequential(Flatten(), lambda x: x), TypeError, "the function <lambda> is no activation"),
    "one in a layer": (lambda: Layer(2, 2, activation=Call()), TypeError, "the function Call is no activation"),
    "no neurons": (lambda: changed(Layer(2, 2), lambda m: m.neurons.clear()), ValueError, "neurons side by side differ"),
    "an object that is called": (lambda: Residual(Call()), TypeError, "the function Call is no activation"),
    "a shared layer": (tied, ValueError, "has 12 parameters, and this one has 6: some are shared"),
    "a parameter of one's own": (grown, ValueError, "has 6 parameters, and this one has 7"),
    "neurons that differ": (
        lambda: changed(Layer(2, 2), lambda m: m.neurons[0].w.pop()),
        ValueError,
        "neurons side by side",
    ),
    "a neuron with its own activation": (
        lambda: changed(Layer(2, 2), lambda m: setattr(m.neurons[0], "activation", ag.tanh)),
        ValueError,
        "neurons side by side differ in inputs, activation or bias",
    ),
    "two activations in a row": (
        lambda: changed(Layer(2, 1, activation="softmax"), lambda m: setattr(m.neurons[0], "activation", ag.tanh)),
        ValueError,
        "a layer has an activation of its own and its neurons have another",
    ),
    "layers in a wrong order": (
        lambda: changed(MLP(2, [3, 1]), lambda m: m.layers.reverse()),
        ValueError,
        "the layers of an MLP do not fit",
    ),
    "units of unlike pieces": (
        lambda: changed(Maxout(2, 2, 2), lambda m: m.units[0].pop()),
        ValueError,
        "the units of a Maxout differ in pieces",
    ),
    "channels that do not fit the kernel": (
        lambda: changed(Conv1d(2, 1, 2), lambda m: m.neurons[0].w.pop()),
        ValueError,
        "has 5 parameters, and this one has 4",
    ),
}


@pytest.mark.parametrize("case", UNWRITABLE)
def test_what_a_record_has_no_words_for_is_refused(case):
    make, error, complaint = UNWRITABLE[case]
    with pytest.raises(error, match=complaint):
        record_of(make())


@pytest.mark.parametrize(
    "module",
    [changed(Layer(2, 1), lambda m: m.neurons[0].w.pop()), changed(MLP(3, [2, 1]), lambda m: m.layers.pop(0))],
    ids=["an input taken away", "a layer taken away"],
)
def test_a_network_that_was_made_smaller_is_written_as_what_it_is(module):
    assert len(plan_of(record_of(module)).make().parameters()) == len(module.parameters())


# --- records that may hold anything ---------------------------------------------------------------------------------------

LAYER = {"type": "Layer", "nin": 2, "nout": 2, "activation": "relu", "bias": True}
CONV2D = record_of(Conv2d(1, 1, 2))

UNREADABLE = {
    "nothing": (None, r"network is None; it must be an object with a 'type', one of Neuron, Layer, MLP"),
    "an unknown type": ({"type": "Sigmoid"}, "network is {'type': 'Sigmoid'}"),
    "a type that is a list": ({"type": []}, "it must be an object with a 'type'"),
    "a type of Python": ({"type": "__class__"}, "it must be an object with a 'type'"),
    "a field too few": ({"type": "Layer", "nin": 2}, "network is a Layer without 'nout'; its fields are 'nin', 'nout'"),
    "a field too many": ({**LAYER, "init": "he"}, "network is a Layer with 'init'"),
    "a size of none": ({**LAYER, "nin": 0}, "network.nin is 0; it must be a whole number from 1 on"),
    "half a size": ({**LAYER, "nin": 1.5}, "network.nin is 1.5"),
    "a size that is a truth": ({**LAYER, "nin": True}, "network.nin is True"),
    "a size beyond all machines": ({**LAYER, "nin": 10**4000}, "network.nin is 1000"),
    "an unknown activation": ({**LAYER, "activation": "rely"}, "network.activation is 'rely'; known are abs_relu, elu"),
    "an activation that is a list": ({**LAYER, "activation": []}, r"network.activation is \[\]; known are"),
    "a bias that is a number": ({**LAYER, "bias": 1}, "network.bias is 1; it must be true or false"),
    "a layer's activation for a neuron": (
        {"type": "Neuron", "nin": 2, "activation": "softmax", "bias": True},
        "network.activation is 'softmax'; known are",
    ),
    "no parts": ({"type": "Sequential", "parts": []}, r"network.parts is \[\]; it must be a list of one or more"),
    "a wrong part": ({"type": "Sequential", "parts": [LAYER, 3]}, "network.parts.1 is 3; it must be an object"),
    "a part with a wrong size": (
        {"type": "Sequential", "parts": [{"type": "Residual", "inner": {**LAYER, "nin": -1}}]},
        "network.parts.0.inner.nin is -1",
    ),
    "a name of no activation": ({"type": "Sequential", "parts": ["rely"]}, "network.parts.0 is 'rely'; known are"),
    "three sides of a kernel": ({**CONV2D, "kernel_size": [1, 2, 3]}, "network.kernel_size has 3 items; it must have 2"),
    "one number for two sides": ({**CONV2D, "stride": 1}, "network.stride is 1; it must be a list of 2"),
    "a negative padding": ({**CONV2D, "padding": [0, -1]}, "network.padding.1 is -1; it must be a whole number from 0 on"),
    "a padding of a gigabyte": (
        {**CONV2D, "padding": [0, 10**9]},
        r"a padding of \[0, 1000000000\] is not below the",
    ),
    "a rate that is nan": ({"type": "Dropout", "rate": float("nan"), "training": True}, "network.rate is nan; it must be a"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_wrong_record_is_refused_with_the_place_where_it_is_wrong(case):
    record, complaint = UNREADABLE[case]
    with pytest.raises(ValueError, match=complaint) as raised:
        plan_of(record)
    assert len(str(raised.value)) < 400


JUNK = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.sampled_from([*KINDS, "relu", "", "\n"]) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["type", "nin", "parts", "x"]), inner),
    max_leaves=8,
)


@examples(200)
@given(data=st.data(), module=NETWORKS)
def test_whatever_stands_in_a_field_it_is_a_plan_or_a_value_error_in_one_line(data, module):
    record = record_of(module)
    place = record
    while isinstance(place.get("parts"), list) and isinstance(place["parts"][0], dict) and data.draw(st.booleans()):
        place = place["parts"][0]
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(JUNK)
    try:
        assert plan_of(record).parameters >= 0
    except ValueError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017  # either way is right


# --- types of one's own ---------------------------------------------------------------------------------------------------


class Scale(Module):
    """A factor for each input, and a network behind it."""

    def __init__(self, nin, behind):
        self.factors, self.behind = [Value(1.0) for _ in range(nin)], behind

    def __call__(self, xs):
        return self.behind([f * x for f, x in zip(self.factors, xs, strict=True)])


@pytest.fixture
def _registered():
    before = dict(KINDS)
    fields = {"nin": size, "behind": lambda item, where: plan_of(item, where)}
    register(Kind(Scale, fields, lambda m: {"nin": len(m.factors), "behind": m.behind}, lambda nin, **_: nin))
    yield
    KINDS.clear()
    KINDS.update(before)


@pytest.mark.usefixtures("_registered")
def test_a_registered_type_is_kept_with_what_is_in_it():
    model = Sequential(Scale(2, MLP(2, [2], seed=0)), "tanh")
    plan = plan_of(json.loads(json.dumps(record_of(model))))
    made = plan.make()
    made.load_state_dict(model.state_dict())
    assert plan.parameters == 8
    assert [y.data for y in made([1.0, 2.0])] == [y.data for y in model([1.0, 2.0])]


@pytest.mark.usefixtures("_registered")
def test_one_name_is_one_class():
    register(KINDS["Scale"])  # again: a cell of a notebook
    with pytest.raises(
        ValueError, match=r"MLP is the name of autograd_lite\.nn\.layers\.MLP already; give the class another"
    ):
        register(Kind(type("MLP", (Module,), {}), {}, lambda module: {}))

"""Sequential, Residual, Flatten and Reshape; and what every module must be able to do."""

import copy
import math
import operator
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.nn.convolution import Conv1d, Conv2d
from autograd_lite.nn.dropout import Dropout
from autograd_lite.nn.layers import MLP, Layer, Neuron
from autograd_lite.nn.maxout import Maxout
from autograd_lite.nn.nested import elements
from autograd_lite.nn.recurrent import RNN
from autograd_lite.nn.reshape import Flatten, Reshape
from autograd_lite.nn.sequential import Residual, Sequential
from tests.strategies import examples


def numbers(outputs):
    return [y.data if isinstance(y, ag.Value) else y for y in elements(outputs)]


# --- one after the other --------------------------------------------------------------------------------------------------


def test_layers_one_after_the_other_are_the_network_of_these_layers():
    mlp = MLP(3, [4, 1, 2], activation="tanh", seed=3)
    assert numbers(Sequential(*mlp.layers)([0.5, -1.0, 2.0])) == numbers(mlp([0.5, -1.0, 2.0]))


def test_a_single_output_at_the_end_is_the_value_itself():
    assert isinstance(Sequential(Layer(2, 3, seed=0), Layer(3, 1, seed=1))([1.0, 2.0]), ag.Value)
    assert isinstance(Sequential(Layer(2, 1, seed=0), "tanh")([1.0, 2.0]), ag.Value)


def test_a_name_acts_on_every_number_or_on_the_list():
    image = [[[-1.0, 2.0], [3.0, -4.0]]]
    assert Sequential("relu")(image) == [[[0.0, 2.0], [3.0, 0.0]]]
    assert Sequential("relu")(np.array(image)) == [[[0.0, 2.0], [3.0, 0.0]]]
    assert Sequential("softmax")([7.0, 7.0]) == [0.5, 0.5]
    assert numbers(Sequential(Layer(2, 1, seed=0), "softmax")([1.0, 2.0])) == [1.0]


def test_a_function_is_called_with_the_outputs_as_they_are():
    seen = []
    Sequential(Layer(2, 1, seed=0), seen.append)([1.0, 2.0])
    Sequential(Layer(2, 2, seed=0), seen.append)([1.0, 2.0])
    assert [type(item) for item in seen] == [ag.Value, list]


def test_parts_are_found_by_place_and_a_slice_shares_them():
    model = Sequential(Layer(2, 3, seed=0), "relu", Layer(3, 1, seed=1), abs)
    assert len(model) == 4
    assert list(model) == [model[k] for k in range(4)]
    assert model[-1] is abs
    tail = model[2:]
    assert isinstance(tail, Sequential)
    assert tail.parameters() == model[2].parameters()
    with pytest.raises(IndexError):
        model[4]


def test_it_is_shown_with_one_line_for_each_part():
    inner = Sequential(Layer(2, 2, seed=0), "relu")
    assert repr(Sequential(inner, Residual(Layer(2, 2, seed=0)), ag.softmax, Dropout(0.5))) == (
        "Sequential(\n"
        "  0: Sequential(\n"
        "    0: Layer(2 -> 2, relu, 6 parameters)\n"
        "    1: relu\n"
        "  )\n"
        "  1: Residual(Layer(2 -> 2, relu, 6 parameters))\n"
        "  2: softmax\n"
        "  3: Dropout(0.5)\n"
        ")"
    )


# --- around ---------------------------------------------------------------------------------------------------------------


def test_a_residual_adds_its_inputs_number_by_number():
    layer = Layer(3, 3, activation="tanh", seed=0)
    x = [0.5, -1.0, 2.0]
    assert numbers(Residual(layer)(x)) == [a + b for a, b in zip(x, numbers(layer(x)), strict=True)]
    conv = Conv2d(1, 1, 3, padding=1, seed=0)
    image = np.arange(6.0).reshape(1, 2, 3)
    assert np.array_equal(numbers(Residual(conv)(image)), image.ravel() + numbers(conv(image)))


def test_a_residual_of_one_number_gives_the_value_itself():
    assert isinstance(Residual(Layer(1, 1, seed=0))([1.0]), ag.Value)
    assert len(Sequential(Residual(Layer(1, 1, seed=0)), Layer(1, 2, seed=1))([1.0])) == 2


@given(st.integers(1, 30), st.floats(0.01, 0.5))
def test_derivatives_pass_around_however_deep(depth, weight):
    # Each block is x + w·x: (1 + w)^depth in all, where without the way around it would be w^depth.
    block = Layer(1, 1, activation="identity", bias=False)
    block.neurons[0].w[0].data = weight
    x = ag.Value(1.0)
    out = Sequential(*[Residual(block)] * depth)([x])
    assert ag.gradients(out, x) == pytest.approx((1.0 + weight) ** depth, rel=1e-13)


# --- shapes ---------------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 3), min_size=1, max_size=4))
def test_flatten_and_reshape_are_numpys(shape):
    array = np.arange(float(math.prod(shape))).reshape(shape)
    assert Flatten()(array.tolist()) == array.ravel().tolist()
    assert Flatten()(array) == array.ravel().tolist()
    assert Reshape(*shape)(array.ravel()) == array.tolist()
    assert Reshape(*shape)(array[..., np.newaxis].tolist()) == array.tolist()


def test_values_keep_their_identity():
    x = [ag.Value(float(k)) for k in range(6)]
    rows = Reshape(2, 3)(x)
    assert rows[1][0] is x[3]
    assert [a is b for a, b in zip(Flatten()(rows), x, strict=True)] == [True] * 6


# --- what does not fit ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Sequential(), ValueError, "no parts"),
        (lambda: Sequential("rleu"), ValueError, "unknown activation 'rleu'"),
        (lambda: Sequential(Layer(1, 1), 3), TypeError, "part 1 is of type int"),
        (lambda: Sequential(Layer(2, 3), Layer(2, 1))([1.0, 2.0]), ValueError, "neuron of 2 inputs was given 3"),
        (lambda: Residual("relu"), TypeError, "of type str"),
        (lambda: Residual(Layer(2, 3))([1.0, 2.0]), ValueError, r"makes the shape \(3,\) of \(2,\)"),
        (lambda: Residual(Conv1d(1, 1, 2))([[1.0, 2.0]]), ValueError, r"makes the shape \(1, 1\) of \(1, 2\)"),
        (lambda: Reshape(), ValueError, "no shape"),
        (lambda: Reshape(2, 0), ValueError, r"Reshape\(2, 0\) is 0"),
        (lambda: Reshape(2, 3)([1.0, 2.0]), ValueError, r"Reshape\(2, 3\) was given 2 numbers; it must be given 6"),
        (lambda: Reshape(1)([1.0, 2.0]), ValueError, "given 2 numbers; it must be given 1"),
    ],
)
def test_what_does_not_fit_raises_with_what_was_given(make, error, message):
    with pytest.raises(error, match=message):
        make()


# --- every module ---------------------------------------------------------------------------------------------------------

MODULES = {
    "Neuron": (Neuron(3, activation="tanh", seed=1), (3,)),
    "Layer": (Layer(3, 2, activation="softmax", seed=1), (3,)),
    "MLP": (MLP(3, [2, 2], activation=["tanh", "log_softmax"], seed=1), (3,)),
    "Maxout": (Maxout(3, 2, 3, seed=1), (3,)),
    "Conv1d": (Conv1d(2, 2, 2, stride=2, padding=1, activation="tanh", seed=1), (2, 4)),
    "Conv2d": (Conv2d(2, 2, (1, 2), padding=(0, 1), activation="sigmoid", seed=1), (2, 2, 3)),
    "RNN": (RNN(2, 2, seed=1), (3, 2)),
    "Residual": (Residual(Layer(3, 3, activation="tanh", seed=1)), (3,)),
    "shapes": (Sequential(Flatten(), Layer(4, 4, activation="tanh", seed=1), Reshape(2, 2)), (2, 2)),
    "image": (
        Sequential(
            Conv2d(1, 2, 2, seed=1), "tanh", Flatten(), Dropout(0.5).eval(), Maxout(8, 1, 2, seed=2), Layer(1, 2, seed=3)
        ),
        (1, 3, 3),
    ),
    "sequence": (Sequential(RNN(1, 3, seed=1), operator.itemgetter(-1), Layer(3, 1, activation="tanh", seed=2)), (4, 1)),
}  # fmt: skip
every_module = pytest.mark.parametrize(("module", "shape"), MODULES.values(), ids=list(MODULES))


def inputs(shape):
    """Numbers that are no two the same, without a pattern."""
    return np.sin(1.0 + 1.7 * np.arange(math.prod(shape)) ** 1.3).reshape(shape)


def flat(module, x):
    return list(elements(module(x)))


@every_module
def test_copies_are_equal_and_independent(module, shape):
    x = inputs(shape)
    wanted = numbers(module(x))
    assert len(module.storage.numbers) == len(module.parameters())
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert numbers(other(x)) == wanted
        assert repr(other) == repr(module)
        other.storage.write([0.0] * len(other.parameters()))
        assert numbers(other(x)) != wanted
        assert numbers(module(x)) == wanted


@every_module
def test_other_parameters_take_the_place_of_all(module, shape):
    x = inputs(shape)
    values = [parameter * 2.0 for parameter in module.parameters()]
    other = module.with_parameters(values)
    assert other.parameters() == values
    doubled = copy.deepcopy(module)
    doubled.storage.write([2.0 * number for number in doubled.storage.numbers])
    assert numbers(other(x)) == numbers(doubled(x))


@pytest.mark.slow  # the same on any interpreter
@every_module
def test_derivatives_stand_up_to_differences(module, shape):
    assert ag.gradcheck(flat, module, inputs(shape))


@every_module
def test_compiled_over_lanes_it_is_the_same_with_its_derivatives(module, shape):
    samples = np.stack([inputs(shape), 0.5 - inputs(shape), inputs(shape) ** 2])
    compiled = ag.jit(ag.vmap(flat, in_axes=(None, 0)))(module, samples)
    assert np.stack(compiled, axis=-1) == pytest.approx(
        np.array([numbers(module(x)) for x in samples]), rel=1e-12, abs=1e-13
    )

    def loss(module, samples):
        return ag.mean(ag.vmap(lambda x: ag.total([y * y for y in flat(module, x)]))(samples))

    towards_module, towards_inputs = ag.jit(ag.grad(loss, argnums=(0, 1)))(module, samples)
    eager = ag.total([y * y for x in samples for y in flat(module, x)]) * (1 / 3)
    assert towards_module == pytest.approx(ag.gradients(eager, module.parameters()), rel=1e-12, abs=1e-13)
    for x, slope in zip(samples, towards_inputs, strict=True):
        wanted = ag.grad(lambda x: ag.total([y * y for y in flat(module, x)]) * (1 / 3))(x)
        assert slope == pytest.approx(wanted, rel=1e-12, abs=1e-13)


@examples(20)
@given(st.lists(st.sampled_from(["tanh", "sigmoid", "softplus", "identity"]), min_size=1, max_size=4), st.data())
def test_any_chain_of_blocks_stands_up_to_differences_and_is_the_same_compiled(names, data):
    seed = data.draw(st.integers(0, 99))
    wrap = [data.draw(st.sampled_from([Residual, Sequential])) for _ in names]
    blocks = [
        make(Layer(2, 2, activation=name, seed=seed + k)) for k, (name, make) in enumerate(zip(names, wrap, strict=True))
    ]
    model = Sequential(*blocks)
    x = np.array(data.draw(st.lists(st.floats(-2.0, 2.0), min_size=2, max_size=2)))
    assert ag.gradcheck(flat, model, x)
    compiled = ag.jit(ag.vmap(flat, in_axes=(None, 0)))(model, np.stack([x, -x]))
    assert np.stack(compiled, axis=-1) == pytest.approx(np.array([numbers(model(y)) for y in (x, -x)]), rel=1e-12, abs=1e-12)

"""Conv1d and Conv2d: cross-correlations by scipy's and PyTorch's numbers, their derivatives, and what they compile to."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import correlate

import autograd_lite as ag
from autograd_lite.nn.convolution import Conv1d, Conv2d
from autograd_lite.nn.nested import elements
from tests.strategies import examples

INPUTS = st.floats(-4.0, 4.0)


def numbers(outputs):
    """The numbers of nested lists of Values as an array."""
    if isinstance(outputs, list):
        return np.array([numbers(item) for item in outputs])
    return outputs.data if isinstance(outputs, ag.Value) else outputs


def correlated(conv, x):
    """What a linear convolution gives, by scipy: [channel] and then positions."""
    x = np.pad(np.asarray(x, float), [(0, 0), *[(zeros, zeros) for zeros in conv.padding]])
    strides = tuple(slice(None, None, step) for step in conv.stride)
    outputs = []
    for neuron in conv.neurons:
        kernel = np.array([w.data for w in neuron.w]).reshape(conv.in_channels, *conv.kernel_size)
        bias = 0.0 if neuron.b is None else neuron.b.data
        # All channels overlap fully, so that the first dimension of the correlation is 1.
        outputs.append(correlate(x, kernel, mode="valid", method="direct")[0][strides] + bias)
    return np.array(outputs)


@st.composite
def convolutions(draw, dimensions):
    """A convolution and an input on which it fits."""
    size = st.integers(1, 3)
    kernel, stride = [tuple(draw(size) for _ in range(dimensions)) for _ in range(2)]
    padding = tuple(draw(st.integers(0, 2)) for _ in range(dimensions))
    shape = [max(1, k - 2 * p) + draw(st.integers(0, 4)) for k, p in zip(kernel, padding, strict=True)]
    cin, cout = draw(size), draw(size)
    options = {"bias": draw(st.booleans()), "seed": draw(st.integers(0, 99)), "init": "uniform"}
    if dimensions == 1:
        conv = Conv1d(cin, cout, kernel[0], stride=stride[0], padding=padding[0], **options)
    else:
        conv = Conv2d(cin, cout, kernel, stride=stride, padding=padding, **options)
    for neuron in conv.neurons:
        if neuron.b is not None:
            neuron.b.data = draw(INPUTS)
    count = cin * math.prod(shape)
    return conv, np.array(draw(st.lists(INPUTS, min_size=count, max_size=count))).reshape(cin, *shape)


either = pytest.mark.parametrize("dimensions", [1, 2])


@either
@examples(60)
@given(data=st.data())
def test_a_convolution_is_scipys_correlation_of_the_padded_input_at_every_stride(dimensions, data):
    conv, x = data.draw(convolutions(dimensions))
    # Up to 27 products of at most 4·1, and a bias of at most 4: their sum rounds by less than 112·28 half ulps.
    assert numbers(conv(x)) == pytest.approx(correlated(conv, x), abs=1e-12)
    assert (numbers(conv(x.tolist())) == numbers(conv(x))).all()


@either
@examples(15)
@given(data=st.data())
def test_derivatives_stand_up_to_differences(dimensions, data):
    conv, x = data.draw(convolutions(dimensions))
    assert ag.gradcheck(lambda conv, x: ag.total([ag.tanh(y) for y in elements(conv(x))]), conv, x)


@either
@examples(15)
@given(data=st.data())
def test_compiled_over_lanes_it_is_the_same(dimensions, data):
    conv, x = data.draw(convolutions(dimensions))
    samples = np.stack([x, 2.0 - x, 0.5 * x])
    compiled = ag.jit(ag.vmap(lambda conv, x: list(elements(conv(x))), in_axes=(None, 0)))
    wanted = np.array([correlated(conv, x).ravel() for x in samples])
    assert np.stack([np.broadcast_to(y, 3) for y in compiled(conv, samples)], axis=-1) == pytest.approx(wanted, abs=1e-12)


def with_numbers(module, values):
    for parameter, value in zip(module.parameters(), values, strict=True):
        parameter.data = value
    return module


def test_values_and_derivatives_are_pytorchs():
    # torch 2.13.0 in float64: conv = Conv2d(2, 2, (2, 3), stride=(1, 2), padding=(1, 0)), the weight
    # sin(arange(24)).reshape(2, 2, 2, 3), the bias (0.5, -0.25), x = cos(arange(30)).reshape(2, 3, 5), y = tanh(conv(x));
    # then (y * y).sum().backward().
    weights = [math.sin(k) for k in range(24)]
    conv = Conv2d(2, 2, (2, 3), stride=(1, 2), padding=(1, 0), activation="tanh")
    with_numbers(conv, [*weights[:12], 0.5, *weights[12:], -0.25])
    x = np.cos(np.arange(30.0)).reshape(2, 3, 5)
    y = [
        [[0.8055902407225525, 0.3416645141631958], [-0.05628751801235775, 0.8023898832720155],
         [-0.0519311752248447, 0.336926432176394], [0.8110426321811878, 0.09673357846965434]],
        [[0.2454297130636659, -0.5914579011300231], [-0.39721060831195015, 0.3232899769706414],
         [-0.6862466221963883, -0.0067250794703406615], [0.1232517279580907, -0.6605973722830901]],
    ]  # fmt: skip
    assert numbers(conv(x)) == pytest.approx(np.array(y), abs=1e-14)
    slopes, towards_x = ag.grad(lambda conv, x: ag.total([y * y for y in elements(conv(x))]), argnums=(0, 1))(conv, x)
    weight = [
        -0.23314362258187554, -0.6364840731040866, -0.45464400211109157, 1.3044687537950317, 0.05875334547215297,
        -1.2409796177228885, -0.21740983234504696, 0.3979416337246332, 0.647427396949755, -1.4902590574060874,
        -1.0281940400855745, 0.37918783592985866, -1.9582074083172125, -2.3046200007044275, -0.5321755927436593,
        1.626003829790335, 0.2685513670955311, -1.3358059840188212, 0.5242584806592657, 2.3018098579262376,
        1.9630878671558567, -1.7066490605453195, -1.3484568907653318, 0.24950032565673763,
    ]  # fmt: skip
    assert slopes == pytest.approx([*weight[:12], 2.8690068609591988, *weight[12:], -1.6393615098501115], abs=1e-13)
    assert towards_x.ravel()[:3] == pytest.approx([0.7387954357989859, -0.9363815139232136, -2.476295581334412], abs=1e-13)
    assert towards_x.ravel()[-2:] == pytest.approx([-0.31054464775105656, -1.0761686843951668], abs=1e-13)


def test_all_positions_share_the_weights():
    conv = Conv2d(3, 8, 3, padding=1, seed=0)
    assert len(conv.parameters()) == 8 * (3 * 3 * 3 + 1)
    assert repr(conv) == "Conv2d(3 -> 8, kernel 3×3, identity, 224 parameters)"


def test_a_window_over_the_edge_adds_no_terms_for_the_padding():
    out = Conv1d(1, 1, 3, padding=1, bias=False, seed=0)([[1.0, math.inf]])[0][0]
    assert (out.op.name, len(out.args)) == ("dot", 4)
    alone = Conv1d(1, 1, 1, padding=1, seed=0)([[7.0]])[0]
    assert [len(out.args) for out in alone] == [2, 4, 2]  # the bias alone where there is nothing but padding


def test_the_sizes_that_initialisers_ask_for_are_those_of_windows():
    asked = []

    def draw(generator, nin, nout):
        asked.append((nin, nout))
        return [0.0] * nin

    Conv2d(3, 5, (2, 4), init=draw)
    assert asked == [(3 * 8, 5 * 8)] * 5  # PyTorch's fan_in and fan_out


def test_over_an_image_and_lanes_it_is_one_matrix_product_and_so_is_its_derivative():
    conv, samples = Conv2d(1, 8, 3, activation="relu", seed=0), np.linspace(-1.0, 1.0, 32 * 64).reshape(32, 1, 8, 8)
    forward = ag.jit(ag.vmap(lambda conv, x: list(elements(conv(x))), in_axes=(None, 0))).lower(conv, samples)
    assert (forward.steps, forward.matrix_products) == (2, 1)

    def loss(conv, samples):
        return ag.mean(ag.vmap(lambda x: ag.total([y * y for y in elements(conv(x))]))(samples))

    lowered = ag.jit(ag.value_and_grad(loss)).lower(conv, samples)
    assert lowered.matrix_products == 2
    assert lowered.steps < 20
    assert lowered.nodes > 2000


IMAGE = [[[1.0, 2.0], [3.0, 4.0]]]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Conv1d(0, 1, 1), "number of input channels is 0"),
        (lambda: Conv1d(1, 0, 1), "number of output channels is 0"),
        (lambda: Conv1d(1, 1, 0), "along a side of the kernel is 0"),
        (lambda: Conv1d(1, 1, 1, stride=0), "stride is 0"),
        (lambda: Conv1d(1, 1, 1, padding=-1), "padding is -1; it must be a whole number from 0 on"),
        (lambda: Conv2d(1, 1, (1, 2.5)), "kernel is 2.5"),
        (lambda: Conv2d(1, 1, (1, 2, 3)), "kernel_size has 3 numbers; give one, or a pair"),
        (lambda: Conv2d(1, 1, 1, activation="rleu"), "unknown activation 'rleu'"),
        (lambda: Conv2d(1, 1, 1, activation="softmax"), "softmax acts on a whole layer"),
        (lambda: Conv2d(1, 1, 1, init="magic"), "unknown initialiser 'magic'"),
        (lambda: Conv2d(1, 1, 3)(IMAGE), r"kernel \(3, 3\) is larger than the input \(2, 2\) with its padding, \(2, 2\)"),
        (lambda: Conv2d(2, 1, 1)(IMAGE), r"given the shape \(1, 2, 2\); wanted is \(2, rows, columns\)"),
        (lambda: Conv1d(1, 1, 1)(IMAGE), r"given the shape \(1, 2, 2\); wanted is \(1, positions\)"),
        (lambda: Conv1d(1, 1, 1)([1.0, 2.0]), r"given the shape \(2,\); wanted is \(1, positions\)"),
        (lambda: Conv1d(2, 1, 1)([[1.0], [1.0, 2.0]]), "equally long"),
        (lambda: Conv1d(1, 1, 1)([[]]), "larger than the input"),
    ],
)
def test_what_does_not_fit_raises_with_what_was_given(make, message):
    with pytest.raises(ValueError, match=message):
        make()

"""RNN: the recurrence by hand, PyTorch's numbers, and the derivative through time by a closed form."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.nn.recurrent import RNN
from tests.strategies import examples

INPUTS = st.floats(-2.0, 2.0)


def matrices(rnn, nin):
    """W, U and b as arrays."""
    rows = np.array([[w.data for w in neuron.w] for neuron in rnn.neurons])
    return rows[:, :nin], rows[:, nin:], np.array([0.0 if n.b is None else n.b.data for n in rnn.neurons])


@st.composite
def recurrences(draw):
    """A network, a sequence of inputs for it, and a state to begin with, or none."""
    nin, nhidden, steps = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 5))
    rnn = RNN(nin, nhidden, bias=draw(st.booleans()), seed=draw(st.integers(0, 99)))
    xs = np.array(draw(st.lists(INPUTS, min_size=steps * nin, max_size=steps * nin))).reshape(steps, nin)
    return rnn, xs, draw(st.none() | st.lists(INPUTS, min_size=nhidden, max_size=nhidden))


@examples(50)
@given(recurrences())
def test_every_state_is_made_of_the_input_and_the_state_before(drawn):
    rnn, xs, h0 = drawn
    w, u, b = matrices(rnn, xs.shape[1])
    h = np.zeros(len(b)) if h0 is None else np.array(h0)
    states = rnn(xs, h0)
    assert len(states) == len(xs)
    for x, state in zip(xs, states, strict=True):
        h = np.tanh(w @ x + u @ h + b)
        assert [unit.data for unit in state] == pytest.approx(h, rel=1e-12, abs=1e-13)


@examples(15)
@given(recurrences())
def test_derivatives_through_time_stand_up_to_differences(drawn):
    rnn, xs, h0 = drawn
    h0 = [0.0] * len(rnn.neurons) if h0 is None else h0
    assert ag.gradcheck(lambda rnn, xs, h0: rnn(xs, h0)[-1], rnn, xs, h0)


@examples(10)
@given(recurrences())
def test_compiled_over_lanes_it_is_the_same(drawn):
    rnn, xs, h0 = drawn
    samples = np.stack([xs, 1.0 - xs])
    compiled = ag.jit(ag.vmap(lambda rnn, xs: rnn(xs, h0)[-1], in_axes=(None, 0)))(rnn, samples)
    wanted = [[unit.data for unit in rnn(xs, h0)[-1]] for xs in samples]
    assert np.stack(compiled, axis=-1) == pytest.approx(np.array(wanted), rel=1e-12, abs=1e-13)


@given(st.lists(INPUTS, min_size=1, max_size=8), INPUTS, st.floats(-1.0, 1.0), INPUTS)
def test_the_gradient_of_a_linear_unit_is_that_of_its_closed_form(xs, w, u, h0):
    # h[steps] = u^steps h0 + Σ over t = 1 … steps of u^(steps-t) w x[t]
    rnn = RNN(1, 1, activation="identity", bias=False)
    rnn.neurons[0].w[0].data, rnn.neurons[0].w[1].data = w, u
    start, steps = ag.Value(h0), len(xs)
    last = rnn([[x] for x in xs], [start])[-1][0]
    powers = [(steps - t, x) for t, x in enumerate(xs, 1)]
    towards_w = math.fsum(u**k * x for k, x in powers)
    towards_u = steps * u ** (steps - 1) * h0 + math.fsum(k * u ** max(k - 1, 0) * w * x for k, x in powers)
    found = ag.gradients(last, [*rnn.parameters(), start])
    # At most 8 terms, each below 8·2·2 in size.
    assert found == pytest.approx([towards_w, towards_u, u**steps], abs=1e-13)
    assert last.data == pytest.approx(u**steps * h0 + w * towards_w, abs=1e-13)


def test_values_and_derivatives_are_pytorchs():
    # torch 2.13.0 in float64: rnn = RNN(2, 3), weight_ih sin(arange(6)).reshape(3, 2), weight_hh
    # cos(arange(9)).reshape(3, 3), bias_ih (0.1, 0.2, 0.3), bias_hh 0, on sin(arange(8) + 1).reshape(4, 2);
    # then hs[-1].sum().backward().
    rnn = RNN(2, 3)
    for k, neuron in enumerate(rnn.neurons):
        numbers = [math.sin(2 * k), math.sin(2 * k + 1), *[math.cos(3 * k + j) for j in range(3)]]
        for w, number in zip(neuron.w, numbers, strict=True):
            w.data = number
        neuron.b.data = (k + 1) / 10
    xs = np.sin(np.arange(8.0) + 1).reshape(4, 2)
    states = rnn(xs)
    assert [h.data for h in states[0]] == pytest.approx(
        [0.6989002496739171, 0.7981402240247727, -0.8363115669338108], abs=1e-14
    )
    assert [h.data for h in states[-1]] == pytest.approx(
        [0.03175195999350007, 0.9452965168672236, -0.9583602373741433], abs=1e-14
    )
    slopes = ag.gradients(ag.total(states[-1]), rnn.parameters())
    assert slopes == pytest.approx(
        [
            -0.12634445783793813, 0.6522114484400535, 0.5481477546911909, -1.1533357610794763, 1.566583840773671,
            2.1739346400137065, -0.2612820016279709, -0.01146685128879256, 0.2798701102372013, -0.33622248241030134,
            0.41758968154850473, 0.5508874031504348, 0.14725541710569168, 0.10244837046519253, -0.11367282274638611,
            0.046107559342100056, -0.03777732674257643, -0.065060939806544,
        ],
        abs=1e-13,
    )  # fmt: skip


def test_all_steps_share_the_weights_and_a_long_sequence_needs_no_recursion():
    rnn = RNN(1, 1, activation="identity", bias=False)
    rnn.neurons[0].w[0].data, rnn.neurons[0].w[1].data = 1.0, 1.0
    last = rnn([[1.0]] * 20_000)[-1][0]
    assert last.data == 20_000
    assert ag.gradients(last, rnn.neurons[0].w) == [20_000, sum(range(20_000))]
    assert repr(rnn) == "RNN(1 -> 1, identity, 2 parameters)"


def test_the_sizes_that_initialisers_ask_for_are_those_of_all_units():
    asked = []
    RNN(2, 3, init=lambda generator, nin, nout: asked.append((nin, nout)) or [0.0] * nin)
    assert asked == [(5, 3)] * 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RNN(0, 1), "number of inputs is 0"),
        (lambda: RNN(1, 0), "number of hidden units is 0"),
        (lambda: RNN(1, 1, activation="rleu"), "unknown activation 'rleu'"),
        (lambda: RNN(1, 1)([]), "sequence is empty"),
        (lambda: RNN(2, 1)([[1.0, 2.0], [1.0]]), "input of step 1 is 1 numbers; it must be a list of 2"),
        (lambda: RNN(1, 1)([1.0]), "input of step 0 is a number and no list"),
        (lambda: RNN(1, 2)([[1.0]], [0.0]), "h0 has 1 numbers; it must have one for each of 2 hidden units"),
    ],
)
def test_what_does_not_fit_raises_with_what_was_given(make, message):
    with pytest.raises(ValueError, match=message):
        make()

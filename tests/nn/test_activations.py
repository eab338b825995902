"""Activations by name: values and slopes against mpmath, kinks, and many lanes at once."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from mpmath import mp

import autograd_lite as ag
from autograd_lite.engine.activations import swish
from autograd_lite.nn.activations import ACTIVATIONS, activation_named


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def elu(x, alpha=1):
    return x if x > 0 else alpha * mp.expm1(x)


def limited(x, low, high):
    return min(max(x, mp.mpf(low)), mp.mpf(high))


ORACLES = {
    "identity": lambda x: x,
    "relu": lambda x: max(x, mp.zero),
    "sigmoid": sigmoid,
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "tanh": mp.tanh,
    "abs_relu": mp.fabs,
    "elu": elu,
    "gelu": lambda x: x * mp.ncdf(x),
    "hardsigmoid": lambda x: limited(x / 6 + mp.mpf(1) / 2, 0, 1),
    "hardtanh": lambda x: limited(x, -1, 1),
    "leaky_relu": lambda x: x if x > 0 else x * mp.mpf(0.01),
    "logsigmoid": lambda x: mp.log(sigmoid(x)),
    "mish": lambda x: x * mp.tanh(mp.log1p(mp.exp(x))),
    "relu6": lambda x: limited(x, 0, 6),
    "selu": lambda x: mp.mpf("1.0507009873554804934193349852946") * elu(x, mp.mpf("1.6732632423543772848170429916717")),
    "silu": lambda x: x * sigmoid(x),
    "softsign": lambda x: x / (1 + mp.fabs(x)),
    "swish": lambda x: x * sigmoid(x),
}
"""The textbooks' definitions, in mpmath."""
KINKS = (0.0, 1.0, 3.0, 6.0)
"""The absolute values of the points where some of them have no derivative."""
off_kinks = st.floats(-30.0, 30.0).filter(lambda x: all(abs(abs(x) - kink) > 1e-6 for kink in KINKS))


def agrees(function, oracle, number):
    """Value and slope are those of mpmath, which takes the slope by finite differences with sixty digits."""
    x = ag.Value(number)
    out = function(x)
    with mp.workdps(60):
        value, slope = oracle(mp.mpf(number)), mp.diff(oracle, mp.mpf(number), h=mp.mpf(10) ** -25)
    # Every one is made of few operations on numbers up to 30, some of which (3 + x, say) cancel.
    assert out.data == pytest.approx(float(value), rel=1e-14, abs=1e-15)
    assert ag.gradients(out, x) == pytest.approx(float(slope), rel=1e-13, abs=4e-15)


def test_every_activation_has_an_oracle():
    assert set(ORACLES) == set(ACTIVATIONS)


@pytest.mark.parametrize("name", ORACLES)
@given(number=off_kinks)
def test_an_activation_and_its_slope_are_those_of_mpmath(name, number):
    agrees(activation_named(name), ORACLES[name], number)


@given(number=off_kinks, beta=st.floats(-3.0, 3.0))
def test_swish_and_its_slope_are_those_of_mpmath_for_every_beta(number, beta):
    agrees(lambda x: swish(x, beta=beta), lambda x: x * sigmoid(beta * x), number)


@given(number=off_kinks, slope=st.floats(-2.0, 2.0))
def test_the_other_numbers_of_activations_are_those_of_mpmath(number, slope):
    agrees(lambda x: ag.leaky_relu(x, slope), lambda x: x if x > 0 else slope * x, number)
    agrees(lambda x: ag.elu(x, slope), lambda x: elu(x, slope), number)
    assume(min(abs(number - slope), abs(number - 2.5)) > 1e-6)
    agrees(lambda x: ag.hardtanh(x, slope, 2.5), lambda x: limited(x, slope, 2.5), number)


@given(number=st.floats(-30.0, 30.0), beta=st.floats(-3.0, 3.0))
def test_the_beta_of_swish_can_be_learned(number, beta):
    b = ag.Value(beta)
    with mp.workdps(60):
        s = sigmoid(mp.mpf(number) * beta)
        wanted = float(mp.mpf(number) ** 2 * s * (1 - s))
    assert ag.gradients(swish(number, beta=b), b) == pytest.approx(wanted, rel=1e-13, abs=1e-300)


@given(st.floats(allow_nan=False))
def test_silu_is_swish_of_beta_one_to_the_bit(number):
    assert ag.silu(number) == swish(number, beta=1.0) or number == -np.inf
    assert ag.silu(ag.Value(2.0)).data == ag.Value(2.0).silu().data


@pytest.mark.parametrize(
    ("name", "point", "slope"),
    [
        ("relu", 0.0, 0.0),
        ("leaky_relu", 0.0, 0.01),
        ("abs_relu", 0.0, 0.0),
        ("abs_relu", -3.0, -1.0),
        ("hardtanh", 1.0, 0.0),
        ("hardtanh", -1.0, 0.0),
        ("elu", 0.0, 1.0),
    ],
)
def test_slopes_at_kinks_are_those_of_the_conventions(name, point, slope):
    x = ag.Value(point)
    assert ag.gradients(activation_named(name)(x), x) == slope


@pytest.mark.parametrize("name", ORACLES)
def test_an_activation_is_the_same_compiled_over_many_lanes(name):
    activation = activation_named(name)
    points = np.linspace(-9.0, 9.0, 37)  # kinks among them
    value, slope = ag.jit(ag.vmap(ag.value_and_grad(activation)))(points)
    eager = [ag.value_and_grad(activation)(float(x)) for x in points]
    assert value == pytest.approx([v for v, _ in eager], rel=1e-12, abs=1e-15)
    assert slope == pytest.approx([s for _, s in eager], rel=1e-12, abs=1e-15)


def test_what_is_no_activation_raises_with_what_was_given():
    with pytest.raises(ValueError, match="unknown activation 'rleu'; known are abs_relu, elu"):
        activation_named("rleu")
    with pytest.raises(TypeError, match="of type int"):
        activation_named(3)

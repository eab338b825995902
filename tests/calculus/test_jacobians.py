"""Jacobians and Hessians as trees of blocks, and the laws they obey."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import rosen_der, rosen_hess, rosen_hess_prod

import autograd_lite as ag
from autograd_lite import nn
from tests.strategies import examples

moderate = st.floats(-2.0, 2.0)


def arrays(*shape):
    count = int(np.prod(shape))
    return st.lists(moderate, min_size=count, max_size=count).map(lambda numbers: np.array(numbers).reshape(shape))


def smooth(a):
    """A function from vectors to vectors, with all outputs depending on all inputs."""
    return lambda x: np.array([ag.tanh(row @ x) + ag.sin(row[0] * x[-1]) for row in a])


@examples(40)
@given(a=arrays(4, 3), b=arrays(2, 4), x=arrays(3), data=st.data())
def test_the_jacobian_of_a_composition_is_the_product_of_the_jacobians(a, b, x, data):
    g, h = smooth(a), smooth(b)
    form = data.draw(st.sampled_from([ag.jacfwd, ag.jacrev, ag.jacobian]))
    inner = np.array([float(y.data) for y in g(np.array([ag.Value(t) for t in x]))])
    whole, product = form(lambda x: h(g(x)))(x), form(h)(inner) @ form(g)(x)
    assert whole.shape == (2, 3)
    # Entries of the factors are at most 4, so that products of them are some tens: rounding is a few 1e-15 of that.
    assert np.abs(whole - product).max() <= 1e-12


@examples(30)
@given(x=arrays(3), numbers=st.lists(moderate, min_size=23, max_size=23))
def test_activity_flows_back_through_a_network_by_the_jacobians_of_its_layers(x, numbers):
    """e(l) = e(l+1)·J(l), with e(l) the derivative of the loss by the outputs of layer l."""
    model = nn.MLP(3, [3, 2, 1], activation="tanh", seed=0)
    for parameter, number in zip(model.parameters(), numbers, strict=True):
        parameter.data = number
    layers = [lambda z, layer=layer: np.atleast_1d(np.array(layer(z), dtype=object)) for layer in model.layers]
    activities = [x]
    for layer in layers:
        activities.append(np.array([y.data for y in layer(activities[-1])]))
    e = ag.grad(lambda z: (z[0] - 1.0) ** 2)(activities[-1])
    for k in reversed(range(len(layers))):
        e = e @ ag.jacobian(layers[k])(activities[k])

        def rest(z, k=k):
            for layer in layers[k:]:
                z = layer(z)
            return (z[0] - 1.0) ** 2

        # Weights are at most 2 and layers at most 3 wide: the products stay below 1e4, of which rounding is 1e-16.
        assert np.abs(e - ag.grad(rest)(activities[k])).max() <= 1e-10


@pytest.mark.parametrize("form", [ag.jacfwd, ag.jacrev, ag.jacobian])
def test_blocks_have_the_shape_of_the_output_followed_by_that_of_the_input(form):
    def f(p, s):
        return {"m": p["a"] * s, "t": (s * s, p["a"].sum())}

    a = np.arange(6.0).reshape(2, 3)
    by_p, by_s = form(lambda p, s: f(p, s)["m"], argnums=(0, 1))({"a": a}, 2.0)
    assert by_p["a"].shape == (2, 3, 2, 3)
    assert by_p["a"][1, 2, 1, 2] == 2.0
    assert by_p["a"][1, 2, 1, 1] == 0.0
    assert by_s.tolist() == a.tolist()
    tree = form(f)({"a": a}, 2.0)
    assert tree["t"][0]["a"].tolist() == np.zeros((2, 3)).tolist()
    assert tree["t"][1]["a"].tolist() == np.ones((2, 3)).tolist()
    assert form(f, argnums=1)({"a": a}, 2.0)["t"] == (4.0, 0.0)


def test_a_hessian_is_a_tree_of_the_argument_twice():
    second = ag.hessian(lambda p: p["x"] ** 2 * p["v"].sum())({"x": 3.0, "v": np.array([1.0, 2.0])})
    assert second["x"]["x"] == 6.0
    assert second["x"]["v"].tolist() == [6.0, 6.0]
    assert second["v"]["x"].tolist() == [6.0, 6.0]
    assert second["v"]["v"].tolist() == [[0.0, 0.0], [0.0, 0.0]]
    by_both = ag.hessian(lambda x, y: x * y * y, argnums=(0, 1))(2.0, 3.0)
    assert by_both == ((0.0, 6.0), (6.0, 4.0))


def test_the_jacobian_says_which_mode_it_takes_and_takes_the_cheaper():
    tall, wide = ag.jacobian(lambda x: [x, x, x]), ag.jacobian(lambda x: x @ x)
    assert tall.mode(1.0) == "forward"
    assert wide.mode(np.ones(3)) == "reverse"
    assert ag.jacfwd(lambda x: x).mode(1.0) == "forward"
    assert ag.jacrev(lambda x: x).mode(1.0) == "reverse"


@pytest.mark.parametrize("form", [ag.jacfwd, ag.jacrev, ag.jacobian, ag.hessian])
def test_a_jacobian_calls_its_function_once(form):
    calls = []
    form(lambda x: calls.append(1) or x @ x)(np.ones(4))
    assert len(calls) == 1


@pytest.mark.parametrize("form", [ag.jacfwd, ag.jacrev])
def test_the_jacobian_of_nothing_and_towards_nothing_is_empty(form):
    assert form(lambda x: [])(1.0) == []
    assert form(lambda x: 1.0)([]) == []
    assert form(lambda x: x)(np.ones((0,))).shape == (0, 0)


def test_the_hessian_of_rosenbrock_is_the_published_one():
    def rosenbrock(x):
        return ag.total([100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in pairwise(x)])

    x = np.linspace(-1.0, 1.5, 8)
    v = np.cos(np.arange(8.0))
    assert ag.grad(rosenbrock)(x) == pytest.approx(rosen_der(x), rel=1e-12, abs=1e-10)
    assert ag.hessian(rosenbrock)(x) == pytest.approx(rosen_hess(x), rel=1e-12, abs=1e-10)
    assert ag.hvp(rosenbrock)(x, v) == pytest.approx(rosen_hess_prod(x, v), rel=1e-12, abs=1e-9)

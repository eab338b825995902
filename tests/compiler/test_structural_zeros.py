"""Behind a structural zero nothing flows, not even inf or nan: in scalars, over lanes, at second order, forward and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from tests.compiler.test_jit import assert_close
from tests.strategies import examples

pytestmark = pytest.mark.slow  # numbers that no interpreter changes

DEAD = {
    "root of relu": lambda w, x: ag.sqrt(ag.relu(w * x)),
    "log where positive": lambda w, x: ag.where(x > 0.0, ag.log(w * x), 0.0),
    "log of where": lambda w, x: ag.log(ag.where(x > 0.0, w * x, 1.0)),
    "reciprocal where not zero": lambda w, x: ag.where(ag.equal(x, 0.0), w * 0.5, w * ag.reciprocal(x)),
    "max with a root behind": lambda w, x: ag.max(ag.where(x > 0.0, ag.sqrt(w * x), -1.0), ag.tanh(w) * 0.1),
    "root of the larger": lambda w, x: ag.sqrt(ag.max(w * x, 0.0)),
    "root of the smaller": lambda w, x: ag.sqrt(-ag.min(-w * x, 0.0)),
    "root of clip": lambda w, x: ag.sqrt(ag.clip(w * x, 0.0, 2.0)),
    "power of relu": lambda w, x: ag.relu(w * x) ** 0.5,
    "cube root behind pick": lambda w, x: ag.pick([ag.cbrt(w), ag.sqrt(w * x)], ag.step(x)),
    "twice behind": lambda w, x: ag.sqrt(ag.relu(ag.sqrt(ag.relu(w * x)) - 0.5)),
    "two dead ways and one alive": lambda w, x: ag.sqrt(ag.relu(w * x)) + ag.sqrt(ag.relu(-w * x - 1.0)) + w * x,
    "a factor of inf": lambda w, x: ag.where(x > 0.0, w, 0.0) * ag.where(x > 0.0, ag.reciprocal(ag.relu(x)), 2.0),
    "overflow behind": lambda w, x: ag.where(x > 0.0, w * x, ag.exp(w * 2000.0 * x)),
}
"""Functions of which one side is infinite or nan somewhere, though nobody asks for it."""

LANES = {
    "all alive": [0.5, 1.5, 2.5],
    "one dead": [0.5, -1.5, 2.5],
    "first dead": [-0.5, 1.5, 2.5],
    "all dead": [-0.5, -1.5],
    "one lane dead": [-0.5],
    "exact zero": [0.0, 1.5],
}


def both_ways(f):
    """The same derivative by reverse and by forward mode."""
    return [lambda w, xs: ag.grad(f)(w, xs), lambda w, xs: ag.jvp(lambda w: f(w, xs), (w,), (1.0,))[1]]


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("name", DEAD)
def test_over_lanes_nothing_comes_from_behind_a_structural_zero(name, lanes):
    def f(w, xs):
        return ag.total(ag.vmap(DEAD[name], in_axes=(None, 0))(w, xs))

    xs = np.array(LANES[lanes])
    ways = [f, *both_ways(f), ag.grad(f, 1), lambda w, xs: ag.jvp(f, (w, xs), (0.0, xs))[1], ag.vmap(DEAD[name], (None, 0))]
    for way in ways:
        compiled = ag.jit(way)
        for scale in (1.0, 2.0):  # the second call takes the shorter way
            expected = way(0.7, xs * scale)
            assert_close(np.nan_to_num(compiled(0.7, xs * scale)), np.nan_to_num(expected), 100.0)
            assert (np.isfinite(compiled(0.7, xs * scale)) == np.isfinite(expected)).all()


@pytest.mark.parametrize("lanes", [name for name in LANES if name != "exact zero"])
@pytest.mark.parametrize("name", DEAD)
def test_at_second_order_nothing_comes_from_behind_a_structural_zero(name, lanes):
    def f(w, xs):
        return ag.total(ag.vmap(DEAD[name], in_axes=(None, 0))(w, xs))

    xs = np.array(LANES[lanes])
    ways = [
        ag.grad(ag.grad(f)),
        ag.hessian(f),
        ag.hessian(f, 1),
        lambda w, xs: ag.hvp(f)(w, 0.7, xs),
        lambda w, xs: ag.jvp(ag.grad(f), (w, xs), (1.0, xs))[1],
        lambda w, xs: ag.grad(lambda w: ag.jvp(lambda w: f(w, xs), (w,), (1.0,))[1])(w),
        ag.vmap(ag.grad(ag.grad(DEAD[name])), in_axes=(None, 0)),
    ]
    for way in ways:
        expected = way(0.7, xs)
        assert np.isfinite(expected).all()
        assert_close(ag.jit(way)(0.7, xs), expected, 100.0)


@pytest.mark.parametrize("name", DEAD)
def test_a_scalar_behind_a_structural_zero_is_spared_too(name):
    for x in (0.5, -1.5):
        for way in (
            ag.grad(DEAD[name]),
            ag.grad(ag.grad(DEAD[name])),
            ag.grad(DEAD[name], 1),
            ag.hessian(DEAD[name], (0, 1)),
        ):
            expected = way(0.7, x)
            assert_close(ag.jit(way)(0.7, x), expected, 100.0)


@examples(30)
@given(
    names=st.lists(st.sampled_from(sorted(DEAD)), min_size=1, max_size=3),
    lanes=st.lists(st.sampled_from([-1.5, -0.5, 0.75, 2.25]), min_size=1, max_size=4),
    reduction=st.sampled_from(["total", "mean", "var", "norm", "logsumexp"]),
)
def test_mixtures_of_dead_ends_are_right_in_every_derivative(names, lanes, reduction):
    def one(w, x):
        y = x
        for name in names:
            y = DEAD[name](w, y) - 0.3
        return y + 0.1 * w

    def f(w, xs):
        return getattr(ag, reduction)(ag.vmap(one, in_axes=(None, 0))(w, xs))

    xs = np.array(lanes)
    for way in (ag.grad(f, (0, 1)), ag.hessian(f), lambda w, xs: ag.jvp(ag.grad(f), (w, xs), (1.0, xs))):
        expected = way(0.7, xs)
        size = np.abs(np.concatenate([np.ravel(x) for x in _flat(expected)])).max()
        if np.isfinite(size) and size < 1e6:
            assert_close(ag.jit(way)(0.7, xs), expected, max(size, 1.0), 1e-10)


def _flat(tree):
    return [x for item in tree for x in _flat(item)] if isinstance(tree, tuple) else [tree]


def test_nested_lanes_with_dead_ends_give_finite_shared_gradients():
    def f(w, table):
        return ag.mean(ag.vmap(lambda row: ag.max(ag.vmap(lambda x: ag.sqrt(ag.relu(w * x)))(row)) + row[0])(table))

    table = np.array([[1.0, -2.0, 3.0], [-1.0, -2.0, -3.0]])
    for way in (ag.grad(f, (0, 1)), ag.hessian(f)):
        assert_close(ag.jit(way)(0.7, table), way(0.7, table), 10.0)
    assert_close(ag.jit(ag.grad(f))(0.7, table), np.sqrt(3.0 / 0.7) / 4.0, 1.0)


def test_the_losers_of_max_pass_nothing_though_nan_is_behind_them():
    behind = lambda w, x: ag.where(x > 0.0, x, -ag.sqrt(ag.relu(w * x)) - 5.0)  # noqa: E731  # one line
    f = lambda w, xs: ag.max(ag.vmap(behind, in_axes=(None, 0))(w, xs))  # noqa: E731  # one line
    xs = np.array([-1.0, 2.0, -3.0])
    assert ag.jit(ag.grad(f))(1.0, xs) == 0.0
    assert_close(ag.jit(ag.grad(f, 1))(1.0, xs), [0.0, 1.0, 0.0])
    assert_close(ag.jit(ag.hessian(f))(1.0, xs), 0.0)


def test_what_only_looks_at_a_derivative_sees_the_right_one():
    """Comparisons, `where` and powers turn a nan into a number, which would hide a wrong one."""
    slope = ag.grad(lambda x: ag.sqrt(ag.relu(x)))
    readers = [
        lambda s: ag.where(s, 1.0, 2.0),
        lambda s: ag.where(s < 1.0, 1.0, 2.0),
        lambda s: 1.0 if s < 1.0 else 2.0,
        lambda s: ag.step(s) + ag.sign(s) + ag.equal(s, 0.0),
        lambda s: (s + 2.0) ** 0.0 + ag.floor(s),
        lambda s: ag.where(ag.tanh(s), 1.0, 2.0),
        lambda s: ag.max(s, 0.5),
        lambda s: ag.pick([3.0, 4.0], ag.step(s)),
    ]
    for reader in readers:
        f = lambda x, reader=reader: reader(slope(x))  # noqa: E731  # one of many
        for x in (4.0, -1.0, 0.1):
            assert ag.jit(f)(x) == f(x)
        for lanes in ([4.0, -1.0], [-1.0, 4.0], [0.1, -1.0, 4.0]):
            found = ag.jit(ag.vmap(f))(np.array(lanes))
            assert found.tolist() == [f(x) for x in lanes]
            total = ag.jit(lambda xs, f=f: ag.total(ag.vmap(f)(xs)))(np.array(lanes))
            assert total == sum(f(x) for x in lanes)


def test_infinities_and_nans_that_belong_to_the_result_are_returned():
    f = lambda w, xs: ag.total(ag.vmap(lambda x: ag.sqrt(ag.relu(w * x)))(xs))  # noqa: E731  # one line
    compiled = ag.jit(ag.grad(f, 1))
    assert compiled(1.0, np.array([4.0, -1.0])).tolist() == [0.25, 0.0]
    assert np.isnan(compiled(1.0, np.array([np.nan, -1.0]))[0])
    root = ag.jit(ag.vmap(ag.grad(ag.sqrt)))
    assert root(np.array([0.0, 4.0])).tolist() == [np.inf, 0.25]
    assert ag.jit(ag.grad(lambda x: ag.log(x) * 0.0))(1.0) == 0.0
    assert ag.jit(lambda x: 1.0 / x)(0.0) == np.inf


def test_a_call_after_one_that_was_not_finite_is_as_right_as_one_before():
    f = lambda w, xs: ag.total(ag.vmap(lambda x: ag.sqrt(ag.relu(w * x)) * x)(xs))  # noqa: E731  # one line
    compiled = ag.jit(ag.value_and_grad(f, (0, 1)))
    for lanes in ([1.0, 2.0], [1.0, -2.0], [3.0, 4.0], [-1.0, -2.0], [1.0, 2.0]):
        assert_close(compiled(0.7, np.array(lanes)), ag.value_and_grad(f, (0, 1))(0.7, np.array(lanes)), 20.0)

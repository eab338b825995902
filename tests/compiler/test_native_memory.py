"""Memory of native code: what shares it is not overwritten while it is needed, and all that is read is there."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.compiler.backends.memory import placed
from autograd_lite.compiler.backends.native import machine as native_machine
from tests.strategies import examples

if native_machine.has_native():
    from autograd_lite.compiler.backends.native import stages
    from autograd_lite.compiler.backends.native.layout import FAILED, SCRATCH
    from autograd_lite.compiler.backends.native.threads import SideBySide

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not native_machine.has_native(), reason="native code needs llvmlite: pip install 'autograd_lite[native]'"
    ),
]

dice = np.random.default_rng(0)


def lives(spans):
    """Sizes with the first and last step, ascending by the first."""
    return sorted([(size, first, first + more) for size, first, more in spans], key=lambda life: life[1])


@examples(200)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 9), st.integers(0, 5)), max_size=12).map(lives))
def test_buffers_that_are_alive_at_the_same_step_lie_apart_and_what_they_take_is_counted(lives):
    offsets, room = placed(lives)
    spans = [range(start, start + size) for start, (size, _, _) in zip(offsets, lives, strict=True)]
    for step in range(16):
        taken = [k for span, (_, first, last) in zip(spans, lives, strict=True) if first <= step <= last for k in span]
        assert len(taken) == len(set(taken))
    assert room == max([span.stop for span in spans], default=0)


def test_a_buffer_is_placed_where_one_that_is_no_longer_needed_lay():
    assert placed([(4, 0, 0), (2, 0, 3), (3, 1, 3), (1, 2, 3), (2, 3, 3)]) == ([0, 4, 0, 3, 6], 8)


@pytest.mark.parametrize("count", [0, 9])
def test_what_is_given_back_of_a_network_s_inside_is_not_overwritten_by_what_follows(count):
    weights = [dice.normal(size=(20, 20)) for _ in range(4)]

    def layers(x):
        found = [list(x)]
        for w in weights:
            found.append([ag.tanh(ag.dot(row, found[-1])) for row in w])
        return [np.array(numbers) for numbers in found[1:]]

    xs = dice.normal(size=(count or 1, 20))
    found = ag.jit(ag.vmap(layers) if count else layers, backend="native")(xs if count else xs[0])
    for w, numbers in zip(weights, found, strict=True):
        xs = np.tanh(xs @ w.T)
        np.testing.assert_allclose(np.reshape(numbers, xs.shape), xs, rtol=1e-10, atol=1e-11)  # rounding, four layers on


@pytest.mark.parametrize("large", [16 * 1024, 10])
def test_what_all_lanes_share_is_computed_before_lanes_or_a_matrix_library_read_it(large, monkeypatch):
    monkeypatch.setattr(stages, "LARGE", large)  # products from so many numbers on are the library's

    def f(v, xs):
        waves = [ag.sin(a) for a in v]
        shared = [a * b for a, b in zip(waves, waves[::-1], strict=True)]
        return ag.vmap(lambda x: np.array([ag.dot(shared[k : k + 20], x) for k in range(20)]))(xs)

    v, xs = dice.normal(size=40), dice.normal(size=(70, 20))
    shared = np.sin(v) * np.sin(v)[::-1]
    wanted = xs @ np.array([shared[k : k + 20] for k in range(20)]).T
    np.testing.assert_allclose(ag.jit(f, backend="native")(v, xs), wanted, atol=1e-13)  # sums of 20 numbers


def test_each_layer_s_own_weights_lie_where_their_layer_reads_them():
    """Weights that are made of those of the layer before, in no order that a run through the rows could keep."""

    def f(v, xs):
        layers, w = [], list(v)
        for _ in range(4):
            w = [ag.sin(a + b) for a, b in zip(w, w[::-1], strict=True)]
            layers.append(w)

        def run(x):
            for w in layers:
                x = [ag.tanh(ag.dot(w[9 * k : 9 * k + 9], x)) for k in range(9)]
            return np.array(x)

        return ag.vmap(run)(xs)

    w, xs = dice.normal(size=81), dice.normal(size=(70, 9))
    found = ag.jit(f, backend="native")(w, xs)
    for _ in range(4):
        w = np.sin(w + w[::-1])
        xs = np.tanh(xs @ w.reshape(9, 9).T)
    np.testing.assert_allclose(found, xs, rtol=1e-10, atol=1e-11)  # rounding, four layers on


@pytest.mark.parametrize("count", [9, 70])
def test_stages_of_either_kind_keep_to_the_memory_that_they_share(count):
    def f(v, xs):
        waves = [ag.sin(a) for a in v]
        for _ in range(3):
            waves = [a * b for a, b in zip(waves, waves[::-1], strict=True)]
        sums = ag.vmap(lambda x: ag.total([ag.sin(a) * x[0] for a in x]))(xs)
        return ag.total(waves), ag.total(sums)

    v, xs = dice.normal(size=70), dice.normal(size=(count, 20))
    jitted = ag.jit(f, backend="native")
    found = jitted(v, xs)
    ((variant,),) = jitted._variants.values()
    (bound,) = variant._idle
    around = np.full(bound.runner.native.scratch + 20_000, 7.0)
    bound.runner.table[SCRATCH] = around[10_000:].ctypes.data
    assert bound.runner.run()[0].tolist() == list(found)
    assert set(around[:10_000]) == set(around[-10_000:]) == {7.0}


def test_threads_have_memory_and_sums_of_their_own():
    """Each notes how many lanes it was given where its table says that its sum is."""
    entry, shared, own = 1 + max(SCRATCH, FAILED), np.zeros(16), np.zeros(2)
    table = np.zeros(entry + 1, np.int64)
    table[SCRATCH], table[entry] = shared.ctypes.data, own.ctypes.data

    def count(address, low, high):
        place = (ctypes.c_int64 * len(table)).from_address(address)[entry]
        (ctypes.c_double * 2).from_address(place)[:] = (high - low, 1.0)

    stage = SideBySide(count, table, [(0, 512), (512, 1024), (1024, 1500)], [(entry, own)], len(shared))
    places = sorted([int(table[SCRATCH]) for table in stage.tables])
    assert min(np.diff(places)) >= shared.nbytes
    assert stage() == 0
    assert own.tolist() == [1500.0, 3.0]


@pytest.mark.parametrize("count", [0, 9])
def test_constants_that_differ_in_the_sign_of_zero_alone_are_not_one(count):
    signs = [0.0, -0.0, -0.0] * 7
    way = lambda xs: np.array([ag.copysign(x, sign) for x, sign in zip(xs, signs, strict=True)])  # noqa: E731
    xs = dice.normal(size=(count, 21) if count else 21)
    found = ag.jit(ag.vmap(way) if count else way, backend="native")(xs)
    assert found.tolist() == np.copysign(xs, signs).tolist()


@pytest.mark.parametrize("order", ["C", "F"])
def test_lanes_of_an_argument_are_given_back_as_they_are_beside_what_is_computed(order):
    xs = np.array(dice.normal(size=(70, 20)), order=order)
    turned = ag.jit(ag.vmap(lambda x: np.array([*x[::-1], *[ag.abs(a) for a in x[:5]]])), backend="native")
    assert turned(xs).tolist() == np.hstack([xs[:, ::-1], np.abs(xs[:, :5])]).tolist()
    same = ag.jit(ag.vmap(lambda x: (x[7], x[1])), backend="native")
    assert [numbers.tolist() for numbers in same(xs)] == [xs[:, 7].tolist(), xs[:, 1].tolist()]


@pytest.mark.parametrize("shape", [(9, 5), (5, 70)])
def test_rows_of_lanes_within_lanes_that_are_listed_are_all_there(shape):
    places = [(k * k) % 17 for k in range(12)]
    way = ag.vmap(ag.vmap(lambda x: np.array([2.0 * x[place] for place in places])))
    xs = dice.normal(size=(*shape, 17))
    assert np.reshape(ag.jit(way, backend="native")(xs), (*shape, 12)).tolist() == (2.0 * xs[..., places]).tolist()

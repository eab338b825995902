"""Plans as machine code: the eager values over random functions, special floats, structural zeros, any number of lanes."""

from __future__ import annotations

import gc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.compiler.backends.native import machine as native_machine
from autograd_lite.engine.primitive import TABLE
from tests.compiler import strategies
from tests.compiler.test_arrays import assert_same, by_length, eager, size_of_terms
from tests.compiler.test_jit import NEAR, WAYS, assert_close, check, numbers_of, unless_too_branchy
from tests.compiler.test_structural_zeros import DEAD, LANES, both_ways
from tests.strategies import examples, graphs, points, special_points

if native_machine.has_native():
    from autograd_lite.compiler.backends.native import backend as native_backend
    from autograd_lite.compiler.backends.native import chunks as native_chunks
    from autograd_lite.compiler.backends.native import module as native_module
    from autograd_lite.compiler.backends.native import stages as native_stages
    from autograd_lite.compiler.backends.native import threads as native_threads

pytestmark = [
    pytest.mark.slow,  # what depends on the interpreter is in test_native_call
    pytest.mark.skipif(
        not native_machine.has_native(), reason="native code needs llvmlite: pip install 'autograd_lite[native]'"
    ),
]

COUNTS = [1, 7, 8, 9, 64, 65, 1000]
"""Lanes: one, around a vector, around the longest block, and many blocks."""


def native(f, **options):
    return ag.jit(f, backend="native", **options)


def of_row(row):
    """The row as a function of one array of its arguments."""
    return (lambda xs: row(list(xs))) if row.arity is None else (lambda xs: row(*xs))


def without_overflow(name, chosen):
    """The points of a row at which no product of two terms overflows: contracted with a sum it need not."""
    if name != "dot":
        return chosen
    half = chosen.shape[1] // 2
    with np.errstate(all="ignore"):
        products = chosen[:, :half] * chosen[:, half:]
    fine = np.isfinite(products) | ~np.isfinite(chosen[:, :half]) | ~np.isfinite(chosen[:, half:])
    return chosen[fine.all(axis=1)]


# --- rows ----------------------------------------------------------------------------------------------------------------

every_row = pytest.mark.parametrize("name", sorted(TABLE))


@every_row
def test_a_row_over_lanes_is_the_eager_value_at_special_floats(name):
    row = TABLE[name]
    for chosen in by_length(special_points(name)):
        chosen = without_overflow(name, chosen)
        found = native(ag.vmap(of_row(row)))(chosen)
        assert_same(np.asarray(found), eager(row, chosen.tolist()))


@every_row
@examples(5)
@given(data=st.data())
def test_a_row_over_lanes_is_within_4_ulp_of_the_eager_value_on_its_domain(name, data):
    row = TABLE[name]
    for chosen in by_length(data.draw(st.lists(points(row.domain), min_size=1, max_size=20))):
        found = np.asarray(native(ag.vmap(of_row(row)))(chosen))
        # A product contracted with a sum is rounded once less.
        assert_same(found, eager(row, chosen.tolist()), size=size_of_terms(name, chosen) * 4.0)


@every_row
def test_a_row_of_one_lane_is_the_eager_value_at_special_floats(name):
    row = TABLE[name]
    for chosen in by_length(special_points(name)):
        some = without_overflow(name, chosen)[:: max(len(chosen) // 60, 1)]
        found = native(lambda table, row=row: np.array([of_row(row)(list(xs)) for xs in table]))(some)
        assert_same(found, eager(row, some.tolist()))


# --- random functions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@examples(8)
@given(f=strategies.functions(), first=strategies.arguments(), second=strategies.arguments())
def test_a_random_function_of_lanes_is_compiled_to_the_same_numbers(way, f, first, second):
    check(WAYS[way], f, (first, second, first), backend="native")


@examples(8)
@given(f=strategies.functions(), first=strategies.arguments(st.sampled_from([7, 8, 9])), second=strategies.arguments())
def test_the_lanes_of_a_random_function_are_compiled_to_the_same_numbers(f, first, second):
    lanes = native(f.lanes, max_variants=16)
    for args in (first, second, first):
        if f.watched(*args)[0] >= NEAR:
            found = unless_too_branchy(lanes, args)
            if found is None:
                return
            assert_close(found, f.lanes(*args), 10.0)  # a result is a sum of three numbers below 1


@pytest.mark.parametrize("order", ["value", "gradient", "product"])
@examples(12)
@given(recipe=graphs())
def test_a_random_graph_of_all_rows_is_compiled_to_the_same_numbers(order, recipe):
    def f(*inputs):
        return recipe.on_rows(inputs)[-1]

    everything = range(len(recipe.inputs))
    ways = {
        "value": f,
        "gradient": ag.grad(f, everything),
        "product": lambda *inputs: ag.jvp(ag.grad(f, everything), inputs, inputs),
    }
    eager_way = ways[order]
    # As for the numpy backend: rows differ by some ulp, and a chain of them may be as steep as its derivative says.
    steepest = np.abs(numbers_of(ways["gradient"](*recipe.inputs))).max()
    expected = numbers_of(eager_way(*recipe.inputs))
    scale = max(np.abs(expected).max(initial=1.0), steepest, 1.0)
    assert_close(native(eager_way)(*recipe.inputs), expected, scale, 1e-10 if order != "product" else 1e-8)


# --- structural zeros ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DEAD)
def test_over_lanes_nothing_comes_from_behind_a_structural_zero(name):
    def f(w, xs):
        return ag.total(ag.vmap(DEAD[name], in_axes=(None, 0))(w, xs))

    for way in [f, *both_ways(f)]:
        compiled = native(way)  # once for all lanes: the plan knows nothing of their numbers
        for lanes, numbers in LANES.items():
            xs = np.array(numbers)
            expected, found = way(0.7, xs), compiled(0.7, xs)
            assert_close(np.nan_to_num(found), np.nan_to_num(expected), 100.0)
            assert (np.isfinite(found) == np.isfinite(expected)).all(), lanes


# --- lanes ---------------------------------------------------------------------------------------------------------------

dice = np.random.default_rng(5)


def network_loss(model, X, y):  # noqa: N803 - X is the matrix of all inputs
    losses = ag.vmap(lambda model, x, t: ag.relu(1.0 - t * model(x)), in_axes=(None, 0, 0))(model, X, y)
    return ag.mean(losses) + 1e-4 * ag.total([p * p for p in model.parameters()])


def classifier_loss(model, X, y):  # noqa: N803
    one = lambda model, x, t: ag.nn.losses.softmax_cross_entropy(model(x), t)  # noqa: E731
    return ag.mean(ag.vmap(one, in_axes=(None, 0, 0))(model, X, y))


@pytest.mark.parametrize("sizes", [(2, 16, 16, 1), (3, 7, 5, 1), (1, 1), (65, 33, 10)])
def test_a_network_gives_the_gradients_of_the_numpy_backend_for_any_number_of_lanes(sizes):
    model = ag.nn.MLP(sizes[0], sizes[1:], seed=3)
    classes = sizes[-1] > 1
    way = ag.value_and_grad(classifier_loss if classes else network_loss)
    plain, compiled = ag.jit(way, backend="numpy"), native(way)
    for count in COUNTS:
        xs = dice.normal(size=(count, sizes[0]))
        labels = dice.integers(0, sizes[-1], count) * 1.0 if classes else np.sign(xs[:, 0])
        expected, wanted = plain(model, xs, labels)
        value, gradient = compiled(model, xs, labels)
        assert abs(value - expected) <= 1e-12 * abs(expected) + 1e-14
        np.testing.assert_allclose(numbers_of(gradient), numbers_of(wanted), rtol=1e-11, atol=1e-13)


def test_no_lanes_are_refused_as_ever():
    with pytest.raises(ValueError, match="no samples"):
        native(ag.vmap(lambda x: x * 2.0))(np.zeros(0))


@pytest.mark.parametrize("count", COUNTS)
def test_code_compiled_for_some_lanes_serves_for_others(count):
    f = native(lambda w, xs: (ag.total(ag.vmap(lambda x: ag.exp(w * x))(xs)), ag.vmap(lambda x: ag.sin(w * x))(xs)))
    f(0.5, dice.normal(size=3))
    xs = dice.normal(size=count)
    total, lanes = f(0.5, xs)
    assert abs(total - np.exp(0.5 * xs).sum()) <= 1e-12 * np.exp(0.5 * xs).sum()
    np.testing.assert_allclose(lanes, np.sin(0.5 * xs), rtol=1e-15, atol=1e-16)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("special", [np.inf, -np.inf, np.nan, -0.0])
def test_a_special_float_in_one_lane_stays_there(count, special):
    xs = dice.normal(size=(count, 2))
    xs[count // 2, 1] = special
    found = native(ag.vmap(lambda x: ag.total([x[0] * 2.0, x[1]])))(xs)
    np.testing.assert_array_equal(found, xs[:, 0] * 2.0 + xs[:, 1])


@pytest.mark.parametrize("count", COUNTS)
def test_a_sum_over_lanes_of_negative_zeros_is_one(count):
    total, product = native(lambda w, xs: (ag.total(ag.vmap(lambda x: -x)(xs)), ag.total(ag.vmap(lambda x: w * x)(xs))))(
        -2.0, np.zeros(count)
    )
    assert (total, product) == (0.0, 0.0)
    assert np.signbit([total, product]).all()


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_lanes_of_lanes_are_summed_and_kept(rows):
    def f(w, table):
        inner = ag.vmap(lambda row: ag.vmap(lambda x: ag.tanh(w * x + row[0]))(row))(table)
        return ag.total(ag.vmap(lambda row: ag.total(row) * ag.max(row))(inner)), inner

    table = dice.normal(size=(rows, 11))
    expected, found = f(0.3, table), native(f)(0.3, table)
    assert abs(found[0] - expected[0]) <= 1e-12 * 121
    np.testing.assert_allclose(found[1], numbers_of(expected[1]).reshape(rows, 11), rtol=1e-14)


# --- guards --------------------------------------------------------------------------------------------------------------


def test_a_guard_that_fails_compiles_the_other_way():
    f = native(lambda x: ag.sin(x) if x > 0.0 else ag.exp(x))
    assert [f(x) for x in (1.0, -1.0, 2.0, -2.0)] == pytest.approx(np.array([np.sin(1), np.exp(-1), np.sin(2), np.exp(-2)]))


def test_lanes_that_branch_differently_each_go_their_way():
    f = native(ag.vmap(lambda x: ag.sin(x) if x > 0.0 else ag.exp(x)))
    xs = dice.normal(size=37)
    np.testing.assert_allclose(f(xs), np.where(xs > 0.0, np.sin(xs), np.exp(xs)), rtol=1e-15)


def test_a_place_that_is_none_is_refused_in_the_words_of_the_eager_operation():
    f = native(ag.vmap(lambda x: ag.pick([x[0], x[1]], x[2])))
    assert f(np.array([[1.0, 2.0, 1.0]])) == [2.0]
    with pytest.raises(IndexError, match="from 0 to 1"):
        f(np.array([[1.0, 2.0, 1.0], [1.0, 2.0, 2.0]]))


# --- other machines, other sizes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [2, 4, 8])
@pytest.mark.parametrize("cache", [256, 4096, 1 << 20])
@pytest.mark.parametrize("large", [1, 1 << 30])
def test_vectors_and_blocks_of_any_length_and_any_share_of_the_matrix_library_give_the_same(width, cache, large):
    host = replace(native_machine.machine(), width=width)
    model = ag.nn.MLP(5, [9, 3], seed=3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native_backend, "machine", lambda: host)
        patch.setattr(native_module, "FIRST_CACHE", cache)
        patch.setattr(native_stages, "LARGE", large)
        f = native(ag.value_and_grad(classifier_loss))
        for count in (1, 7, 30):
            xs, labels = dice.normal(size=(count, 5)), dice.integers(0, 3, count) * 1.0
            expected, wanted = ag.jit(ag.value_and_grad(classifier_loss), backend="numpy")(model, xs, labels)
            value, gradient = f(model, xs, labels)
            assert abs(value - expected) <= 1e-12 * abs(expected) + 1e-14
            np.testing.assert_allclose(numbers_of(gradient), numbers_of(wanted), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("longest", [1, 5, 1000])
@examples(10)
@given(recipe=graphs())
def test_straight_line_code_in_pieces_of_any_length_gives_the_same(longest, recipe):
    def f(*inputs):
        return recipe.on_rows(inputs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native_chunks, "LONGEST", longest)
        found = native(f)(*recipe.inputs)
    expected = f(*recipe.inputs)
    scale = np.abs(numbers_of(expected)).max(initial=1.0)
    assert_close(found, expected, scale, 1e-10)


def test_the_same_call_gives_the_same_bits():
    model = ag.nn.MLP(7, [16, 5], seed=3)
    xs, labels = dice.normal(size=(1000, 7)), dice.integers(0, 5, 1000) * 1.0
    f = native(ag.value_and_grad(classifier_loss))
    first = numbers_of(f(model, xs, labels)).tobytes()
    assert all(numbers_of(f(model, xs, labels)).tobytes() == first for _ in range(5))
    assert numbers_of(native(ag.value_and_grad(classifier_loss))(model, xs, labels)).tobytes() == first


@pytest.mark.parametrize("threads", [2, 3])
def test_lanes_shared_by_threads_give_the_same_numbers_and_the_same_bits_every_time(threads):
    model = ag.nn.MLP(4, [6, 3], seed=3)
    xs, labels = dice.normal(size=(1000, 4)), dice.integers(0, 3, 1000) * 1.0

    def f(model, xs, labels):
        return (*ag.value_and_grad(classifier_loss)(model, xs, labels), ag.vmap(lambda x: ag.exp(x[0]))(xs))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native_threads, "FEWEST", 100)
        shared, alone = native(f, threads=threads), native(f)
        first = shared(model, xs, labels)
        for found, wanted in zip(first, alone(model, xs, labels), strict=True):
            np.testing.assert_allclose(numbers_of(found), numbers_of(wanted), rtol=1e-11, atol=1e-13)
        for _ in range(3):
            again = shared(model, xs, labels)
            assert [numbers_of(x).tobytes() for x in again] == [numbers_of(x).tobytes() for x in first]


def test_compiling_again_and_again_leaves_nothing_behind():
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return

    def compile_some(count):
        for k in range(count):
            assert native(lambda x, k=k: x * (k + 0.5))(2.0) == 2.0 * k + 1.0
        gc.collect()
        return int(statm.read_text().split()[1]) * 4096

    compile_some(100)
    before = compile_some(50)
    # What one compilation leaves would be seen 150 times; a page or two of fragments are no growth.
    assert compile_some(150) - before < 150 * 4096


@pytest.mark.parametrize("pieces", [1, 3, 64])
@pytest.mark.parametrize("count", [0, 1, 9])
def test_sums_of_many_pieces_are_cut_and_give_the_same(pieces, count):
    def f(x, a):
        y, squares = x, []
        for _ in range(20):
            y = y * 0.9 + a * ag.sin(y)
            squares.append(y * y)
        return ag.total(squares)

    way = ag.value_and_grad(f, (0, 1))
    xs, a = dice.normal(size=count), 0.3
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native_chunks, "PIECES", pieces)
        patch.setattr(native_chunks, "FEW", 1)  # so that little is straight-line
        for args in [(0.7, a)] if not count else [(xs, np.full(count, a))]:
            over = ag.vmap(way) if count else way
            assert_close(native(over)(*args), numbers_of(ag.jit(over, backend="numpy")(*args)), 100.0)
            if count:
                shared = ag.grad(lambda a, xs: ag.total(ag.vmap(lambda x: f(x, a))(xs)))
                assert_close(native(shared)(a, xs), ag.jit(shared, backend="numpy")(a, xs), 1000.0)


@pytest.mark.parametrize("count", COUNTS)
def test_what_is_summed_over_lanes_is_whole_before_lanes_read_it(count):
    def f(w, xs):
        powers = ag.vmap(lambda x: ag.exp(w * x))(xs)
        scale, largest = ag.total(powers), ag.max(powers)
        shares = ag.vmap(lambda e: e / scale)(powers)
        return ag.total(ag.vmap(lambda p, e: p * (e - largest))(shares, powers)), shares

    xs = dice.normal(size=count)
    found, shares = native(f)(0.5, xs)
    expected = np.exp(0.5 * xs) / np.exp(0.5 * xs).sum()
    np.testing.assert_allclose(shares, expected, rtol=1e-13)
    powers = np.exp(0.5 * xs)
    assert found == pytest.approx((expected * (powers - powers.max())).sum(), rel=1e-12, abs=1e-13)

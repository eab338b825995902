"""Plans as machine code: the eager values over random functions, special floats, structural zeros, any number of lanes.

In single precision the same is claimed: values are those of doubles at numbers that are float32, within what rounding to
float32 at every step leaves; sums of many lanes are compared with numpy's, whose draws of masks are the same.
"""

from __future__ import annotations

import gc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.compiler.backends.arrays import quiet
from autograd_lite.compiler.backends.native import machine as native_machine
from autograd_lite.engine.primitive import TABLE
from tests.compiler import strategies
from tests.compiler.test_arrays import assert_same, by_length, eager, size_of_terms
from tests.compiler.test_jit import NEAR, WAYS, assert_close, check, check_graph, check_lanes, numbers_of
from tests.compiler.test_structural_zeros import DEAD, LANES, both_ways
from tests.strategies import examples, graphs, points, special_points

if native_machine.has_native():
    from autograd_lite.compiler.backends.native import chunks as native_chunks
    from autograd_lite.compiler.backends.native import making as native_making
    from autograd_lite.compiler.backends.native import own_memory
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


DTYPES = ["float64", "float32"]

COARSER = {"float64": 1.0, "float32": 2.0**29}
"""How many times a unit in the last place is larger than that of doubles: tolerances are written for those."""

SUMS = {"float64": 1.0, "float32": 1e7}
"""The same for tolerances of sums, which are thousands of units for doubles."""

every_dtype = pytest.mark.parametrize("dtype", DTYPES)


def native(f, **options):
    return ag.jit(f, backend="native", **options)


def rounded_eager(row, chosen):
    """The eager values at points, in the precision of these."""
    with quiet():
        return eager(row, chosen.astype(float).tolist()).astype(chosen.dtype)


def as_dtype(chosen, dtype):
    """Points in a precision; what is too large for it is infinite."""
    with quiet():
        return chosen.astype(dtype)


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


@every_dtype
@every_row
def test_a_row_over_lanes_is_the_eager_value_at_special_floats(name, dtype):
    row = TABLE[name]
    for chosen in by_length(special_points(name)):
        chosen = without_overflow(name, as_dtype(chosen, dtype))
        found = native(ag.vmap(of_row(row)), dtype=dtype)(chosen)
        assert found.dtype == dtype
        assert_same(found, rounded_eager(row, chosen))


@every_row
@examples(5)
@given(data=st.data(), dtype=st.sampled_from(DTYPES))
def test_a_row_over_lanes_is_within_4_ulp_of_the_eager_value_on_its_domain(name, data, dtype):
    row = TABLE[name]
    for chosen in by_length(data.draw(st.lists(points(row.domain), min_size=1, max_size=20))):
        chosen = as_dtype(chosen, dtype)
        found = native(ag.vmap(of_row(row)), dtype=dtype)(chosen)
        # A product contracted with a sum is rounded once less.
        assert_same(found, rounded_eager(row, chosen), size=size_of_terms(name, chosen.astype(float)) * 4.0)


@every_dtype
@every_row
def test_a_row_of_one_lane_is_the_eager_value_at_special_floats(name, dtype):
    row = TABLE[name]
    for chosen in by_length(special_points(name)):
        some = without_overflow(name, as_dtype(chosen, dtype))[:: max(len(chosen) // 60, 1)]
        found = native(lambda table, row=row: np.array([of_row(row)(list(xs)) for xs in table]), dtype=dtype)(some)
        assert_same(found, rounded_eager(row, some))


# --- random functions ----------------------------------------------------------------------------------------------------

FURTHER = {"float64": NEAR, "float32": 1e-2}
"""How near a kink may be: a second derivative beside that of a root is as large as its distance to the power -3/2."""


@pytest.mark.parametrize("way", WAYS)
@examples(8)
@given(f=strategies.functions(), first=strategies.arguments(), second=strategies.arguments())
def test_a_random_function_of_lanes_is_compiled_to_the_same_numbers(way, f, first, second):
    check(WAYS[way], f, (first, second, first), backend="native")


@pytest.mark.parametrize("way", ["value_and_grad", "jvp"])
@examples(8)
@given(f=strategies.functions(), first=strategies.arguments(), second=strategies.arguments())
def test_in_single_precision_a_random_function_of_lanes_has_the_values_of_doubles_rounded_on_the_way(way, f, first, second):
    # Of smaller numbers than those of doubles: some hundred roundings, each carried on by a derivative of 100 at most.
    bounds = {"near": FURTHER["float32"], "large": 100.0, "tolerance": 2e-3}
    check(WAYS[way], f, (first, second, first), backend="native", dtype="float32", **bounds)


@examples(8)
@given(
    f=strategies.functions(),
    first=strategies.arguments(st.sampled_from([7, 8, 9])),
    second=strategies.arguments(),
    dtype=st.sampled_from(DTYPES),
)
def test_the_lanes_of_a_random_function_are_compiled_to_the_same_numbers(f, first, second, dtype):
    check_lanes(f, (first, second, first), near=FURTHER[dtype], size=10.0 * SUMS[dtype], backend="native", dtype=dtype)


@pytest.mark.parametrize("order", ["value", "gradient", "product"])
@examples(12)
@given(recipe=graphs())
def test_a_random_graph_of_all_rows_is_compiled_to_the_same_numbers(order, recipe):
    check_graph(recipe, order, backend="native")


@examples(25)
@given(recipe=graphs())
def test_in_single_precision_a_random_graph_is_off_by_what_its_operations_round(recipe):
    nodes = recipe.on_rows([ag.Value(x) for x in recipe.inputs])
    slopes = ag.gradients(nodes[-1], nodes)
    # Of each node its own 8 ulp, and its constants': moved by a share of themselves, they move it by at most 50 such shares.
    terms = [abs(s) * (8.0 * abs(node.data) + 64.0) for node, s in zip(nodes, numbers_of(slopes), strict=True)]
    found = native(lambda *inputs: recipe.on_rows(inputs)[-1], dtype="float32")(*recipe.inputs)
    assert abs(found - nodes[-1].data) <= np.finfo(np.float32).eps * sum(terms)


# --- structural zeros ----------------------------------------------------------------------------------------------------


@every_dtype
@pytest.mark.parametrize("name", DEAD)
def test_over_lanes_nothing_comes_from_behind_a_structural_zero(name, dtype):
    def f(w, xs):
        return ag.total(ag.vmap(DEAD[name], in_axes=(None, 0))(w, xs))

    for way in [f, *both_ways(f)]:
        compiled = native(way, dtype=dtype)  # once for all lanes: the plan knows nothing of their numbers
        for lanes, numbers in LANES.items():
            xs = np.array(numbers)
            expected, found = way(0.7, xs), compiled(0.7, xs)
            assert_close(np.nan_to_num(found), np.nan_to_num(expected), 100.0 * SUMS[dtype])
            assert (np.isfinite(found) == np.isfinite(expected)).all(), lanes


# --- lanes ---------------------------------------------------------------------------------------------------------------

dice = np.random.default_rng(5)


def network_loss(model, X, y):  # noqa: N803 - X is the matrix of all inputs
    losses = ag.vmap(lambda model, x, t: ag.relu(1.0 - t * model(x)), in_axes=(None, 0, 0))(model, X, y)
    return ag.mean(losses) + 1e-4 * ag.total([p * p for p in model.parameters()])


def classifier_loss(model, X, y):  # noqa: N803
    one = lambda model, x, t: ag.nn.losses.softmax_cross_entropy(model(x), t)  # noqa: E731
    return ag.mean(ag.vmap(one, in_axes=(None, 0, 0))(model, X, y))


def assert_same_slopes(found, expected, dtype="float64"):
    """A loss and its gradient, which are sums of terms of about one size."""
    (value, gradient), (wanted, slopes) = found, expected
    assert abs(value - wanted) <= (1e-12 * abs(wanted) + 1e-14) * SUMS[dtype]
    # Sums of hundreds of terms near 1: in single precision 100 of its ulp, or 1e-5.
    close = {"float64": {"rtol": 1e-11, "atol": 1e-13}, "float32": {"rtol": 1e-5, "atol": 1e-5}}[dtype]
    np.testing.assert_allclose(numbers_of(gradient), numbers_of(slopes), **close)


@every_dtype
@pytest.mark.parametrize("sizes", [(2, 16, 16, 1), (3, 7, 5, 1), (1, 1), (65, 33, 10)])
def test_a_network_gives_the_gradients_of_the_numpy_backend_for_any_number_of_lanes(sizes, dtype):
    model = ag.nn.MLP(sizes[0], sizes[1:], seed=3)
    loss = classifier_loss if sizes[-1] > 1 else network_loss
    compiled, by_numpy = native(ag.value_and_grad(loss), dtype=dtype), ag.jit(ag.value_and_grad(loss), backend="numpy")
    dice = np.random.default_rng(5)  # its own: with other numbers a relu may lie within single precision of its kink
    for count in COUNTS:
        xs = dice.normal(size=(count, sizes[0]))
        labels = dice.integers(0, sizes[-1], count) * 1.0 if sizes[-1] > 1 else np.sign(xs[:, 0])
        found = compiled(model, xs.astype(dtype), labels.astype(dtype))
        assert found[1].dtype == dtype
        assert_same_slopes(found, by_numpy(model, xs, labels), dtype)


def test_no_lanes_are_refused_as_ever():
    with pytest.raises(ValueError, match="no samples"):
        native(ag.vmap(lambda x: x * 2.0))(np.zeros(0))


@every_dtype
def test_code_compiled_for_some_lanes_serves_for_others(dtype):
    f = native(
        lambda w, xs: (ag.total(ag.vmap(lambda x: ag.exp(w * x))(xs)), ag.vmap(lambda x: ag.sin(w * x))(xs)), dtype=dtype
    )
    f(0.5, dice.normal(size=3).astype(dtype))
    for count in COUNTS:
        xs = dice.normal(size=count).astype(dtype)
        total, lanes = f(0.5, xs)
        expected = np.exp(0.5 * xs.astype(float)).sum()
        assert abs(total - expected) <= 1e-12 * SUMS[dtype] * expected
        np.testing.assert_allclose(lanes, np.sin(0.5 * xs.astype(float)), rtol=1e-15 * COARSER[dtype], atol=1e-16)


@every_dtype
@pytest.mark.parametrize("special", [np.inf, -np.inf, np.nan, -0.0])
def test_a_special_float_in_one_lane_stays_there(special, dtype):
    f = native(ag.vmap(lambda x: ag.total([x[0] * 2.0, x[1]])), dtype=dtype)
    for count in COUNTS:
        xs = dice.normal(size=(count, 2)).astype(dtype)
        xs[count // 2, 1] = special
        np.testing.assert_array_equal(f(xs), xs[:, 0] * 2.0 + xs[:, 1])


@every_dtype
def test_a_sum_over_lanes_of_negative_zeros_is_one(dtype):
    f = native(lambda w, xs: (ag.total(ag.vmap(lambda x: -x)(xs)), ag.total(ag.vmap(lambda x: w * x)(xs))), dtype=dtype)
    for count in COUNTS:
        total, product = f(-2.0, np.zeros(count, dtype))
        assert (total, product) == (0.0, 0.0)
        assert np.signbit([total, product]).all()


@pytest.mark.parametrize("threads", [1, 2])
def test_in_single_precision_a_sum_over_many_lanes_loses_no_more_than_one_over_a_block(threads):
    xs = np.full(200_000, 1.0003, np.float32)  # all roundings of a sum that grows go the same way
    f = native(lambda w, xs: ag.total(ag.vmap(lambda x: w * x)(xs)), dtype="float32", threads=threads)
    found, expected = f(1.0, xs), 200_000 * float(xs[0])
    # 8 terms in every place of a vector, these by halves, and the whole sum: 12 roundings.
    assert abs(found - expected) <= 12.0 * 2.0**-24 * expected


@every_dtype
def test_norm_neither_overflows_nor_underflows_and_lanes_do_not_disturb_each_other(dtype):
    tiny, huge = np.finfo(dtype).smallest_subnormal, np.finfo(dtype).max
    unit = np.array([tiny, 2.0**8 * tiny, np.sqrt(tiny) * 5.3, 1.0, np.sqrt(huge), huge / 8.0], dtype)
    found = native(ag.vmap(lambda x: ag.norm([x * 3.0, x * 4.0])), dtype=dtype)(unit)
    np.testing.assert_array_equal(found, 5.0 * unit)


@every_dtype
@pytest.mark.parametrize("rows", [1, 2, 5])
def test_lanes_of_lanes_are_summed_and_kept(rows, dtype):
    def f(w, table):
        inner = ag.vmap(lambda row: ag.vmap(lambda x: ag.tanh(w * x + row[0]))(row))(table)
        return ag.total(ag.vmap(lambda row: ag.total(row) * ag.max(row))(inner)), inner

    table = dice.normal(size=(rows, 11)).astype(dtype).astype(float)
    expected, found = f(0.3, table), native(f, dtype=dtype)(0.3, table)
    assert abs(found[0] - expected[0]) <= 1e-12 * 121 * SUMS[dtype]
    # In single precision w·x and row[0] may cancel, which are near 1.
    close = {"float64": {"rtol": 1e-14}, "float32": {"rtol": 0.0, "atol": 1e-6}}[dtype]
    np.testing.assert_allclose(found[1], numbers_of(expected[1]).reshape(rows, 11), **close)


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
@pytest.mark.parametrize(
    ("cache", "large", "dtype"),
    [
        *[(cache, large, "float64") for cache in (256, 4096, 1 << 20) for large in (1, 1 << 30)],
        *[(256, 1 << 30, "float32"), (1 << 20, 1, "float32")],
    ],
)
def test_vectors_and_blocks_of_any_length_and_any_share_of_the_matrix_library_give_the_same(width, cache, large, dtype):
    host = replace(native_machine.machine(), width=width)
    model, dice = ag.nn.MLP(5, [9, 3], seed=3), np.random.default_rng(5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native_making, "machine", lambda: host)
        patch.setattr(own_memory, "FIRST_CACHE", cache)
        patch.setattr(native_stages, "LARGE", large)
        f, by_numpy = (
            native(ag.value_and_grad(classifier_loss), dtype=dtype),
            ag.jit(ag.value_and_grad(classifier_loss), backend="numpy"),
        )
        for count in (1, 7, 30):
            xs, labels = dice.normal(size=(count, 5)), dice.integers(0, 3, count) * 1.0
            assert_same_slopes(f(model, xs, labels), by_numpy(model, xs, labels), dtype)


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


@every_dtype
def test_the_same_call_gives_the_same_bits(dtype):
    model = ag.nn.MLP(7, [16, 5], seed=3)
    xs, labels = dice.normal(size=(1000, 7)), dice.integers(0, 5, 1000) * 1.0
    f = native(ag.value_and_grad(classifier_loss), dtype=dtype)
    first = numbers_of(f(model, xs, labels)).tobytes()
    assert all(numbers_of(f(model, xs, labels)).tobytes() == first for _ in range(5))
    again = native(ag.value_and_grad(classifier_loss), dtype=dtype)
    assert numbers_of(again(model, xs, labels)).tobytes() == first


@pytest.mark.parametrize(("threads", "dtype"), [(2, "float64"), (3, "float64"), (2, "float32")])
def test_lanes_shared_by_threads_give_the_same_numbers_and_the_same_bits_every_time(threads, dtype):
    model = ag.nn.MLP(4, [6, 3], seed=3)
    xs, labels = dice.normal(size=(1000, 4)), dice.integers(0, 3, 1000) * 1.0

    def f(model, xs, labels):
        return (*ag.value_and_grad(classifier_loss)(model, xs, labels), ag.vmap(lambda x: ag.exp(x[0]))(xs))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native_threads, "FEWEST", 100)
        shared, alone = native(f, threads=threads, dtype=dtype), native(f, dtype=dtype)
        first, other = shared(model, xs, labels), alone(model, xs, labels)
        assert_same_slopes(first[:2], other[:2], dtype)
        np.testing.assert_array_equal(first[2], other[2])
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

    before = compile_some(150)
    # Code alone is a page, and what LLVM knows of it is more; fragments of memory are no growth.
    assert compile_some(150) - before < 150 * 8192


def test_a_function_that_is_dropped_frees_its_code():
    maps = Path("/proc/self/maps")
    if not maps.exists():
        return

    def runnable():
        """The bytes that can be run and come from no file."""
        gc.collect()
        lines = [line.split() for line in maps.read_text().splitlines()]
        ends = [line[0].split("-") for line in lines if "x" in line[1] and len(line) == 5]
        return sum(int(end, 16) - int(start, 16) for start, end in ends)

    native(lambda x: x + 1.0)(2.0)  # the first one is no measure: libraries make room for themselves
    before = runnable()
    functions = [native(lambda x, k=k: x * (k + 0.5)) for k in range(20)]
    assert [f(2.0) for f in functions] == [2.0 * k + 1.0 for k in range(20)]
    size = runnable() - before
    assert size >= 20 * 4096
    kept = functions.pop()
    functions.clear()
    assert runnable() == before + size / 20
    assert kept(4.0) == 78.0


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


@pytest.mark.parametrize("width", [2, 4, 8])
@pytest.mark.parametrize("count", [9, 10, 15, 33])
def test_vectors_of_any_width_take_each_number_its_own_power(width, count):
    """A power by 2 is a product, but only where all numbers of a vector are to be squared."""
    powers = [[2.0, 3.0, 1.0, 0.5, -1.0, 0.0, 4.0][k % 7] for k in range(count)]
    xs = dice.uniform(0.5, 2.0, size=count)
    host = native_machine.machine()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native_making, "machine", lambda: replace(host, width=width))
        found = native(lambda xs: [x**p for x, p in zip(xs, powers, strict=True)])(xs)
    np.testing.assert_allclose(found, xs**powers, rtol=1e-15)


@pytest.mark.parametrize("count", COUNTS)
def test_of_what_all_lanes_share_a_sum_over_lanes_takes_as_many_as_there_are(count):
    """The lanes that the last block has too many count for nothing, also where but one factor has lanes."""
    xs = dice.normal(size=count)
    slope = native(ag.grad(lambda w, xs: ag.mean(ag.vmap(lambda x: w * x + w * w)(xs))))(0.5, xs)
    assert slope == pytest.approx(xs.mean() + 1.0, rel=1e-12)


@pytest.mark.parametrize("shape", [(3, 9), (9, 3), (1, 65)])
def test_results_of_lanes_within_lanes_are_put_together_from_pieces_in_any_order(shape):
    def of_pair(x, y):
        p, s = [a * y for a in x], [a + y for a in x]
        return np.array([*p, *s, y * y, 1.0]), np.array([p[0], s[0], p[1], p[2], s[1], x[0], p[0], s[2], p[3]])

    pairs = native(ag.vmap(ag.vmap(of_pair, in_axes=(0, None)), in_axes=(None, 0)))
    xs, ys = dice.normal(size=(shape[0], 4)), dice.normal(size=shape[1])
    for found, wanted in zip(pairs(xs, ys), zip(*[of_pair(x, y) for y in ys for x in xs], strict=True), strict=True):
        assert found.reshape(-1, found.shape[-1]).tolist() == np.array(wanted).tolist()


@pytest.mark.parametrize("count", [9, 10, 11, 16, 17, 33])
def test_products_with_a_matrix_have_all_rows_and_all_terms(count):
    matrix, x, y = dice.normal(size=(13, count)), dice.normal(size=13), dice.normal(size=count)
    both = native(lambda m, x, y: ([ag.dot(column, x) for column in m.T], [ag.dot(row, y) for row in m]))
    for found, wanted in zip(both(matrix, x, y), (x @ matrix, matrix @ y), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-13)


def test_the_memory_of_a_block_is_enough_for_the_stage_that_needs_most():
    """A first stage that keeps 200 rows at once, and a second one that keeps few."""

    def f(xs):
        sums = ag.vmap(lambda x: ag.total([ag.sin(a) * x[0] for a in x]))(xs)
        whole = ag.total(sums)
        return ag.vmap(lambda x: ag.sin(x + whole))(sums)

    xs = dice.normal(size=(70, 200))
    sums = np.sin(xs).sum(axis=1) * xs[:, 0]
    assert native(f).lower(xs).code.scratch >= 200
    np.testing.assert_allclose(native(f)(xs), np.sin(sums + sums.sum()), atol=1e-9)


READS = {
    "the first": lambda s: [x * s[0] for x in s],
    "backwards": lambda s: [x * y for x, y in zip(s, s[::-1], strict=True)],
    "across": lambda s: [x * s[k // 6 + 6 * (k % 6)] for k, x in enumerate(s)],
    "anywhere": lambda s: [x * s[(k * k) % 36] for k, x in enumerate(s)],
}


@pytest.mark.parametrize("order", READS)
@pytest.mark.parametrize("count", [0, 9])
def test_a_step_that_reads_another_s_rows_in_another_order_waits_for_them(order, count):
    f = lambda xs: READS[order]([ag.sin(x) for x in xs])  # noqa: E731
    xs = dice.normal(size=(count, 36)) if count else dice.normal(size=36)
    wanted = [np.array(f(row)) for row in np.atleast_2d(xs)]
    found = native(ag.vmap(f) if count else f)(xs)
    np.testing.assert_allclose(np.transpose(found) if count else [found], wanted, rtol=1e-13)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_place_that_any_thread_refuses_is_refused_once(threads):
    picked = native(ag.vmap(lambda x, k: ag.pick([x, 2.0 * x], k)), threads=threads)
    xs = np.ones(600)
    for place in [1.0, 5.0, 1.0]:
        places = np.append(np.ones(599), place)
        if place == 5.0:
            with pytest.raises(IndexError):
                picked(xs, places)
        else:
            assert picked(xs, places).tolist() == [2.0] * 600
    ((variant,),) = picked._variants.values()
    assert variant.run([xs, np.ones(600)])[0] is None  # what was refused is forgotten


@pytest.mark.parametrize("count", [1, 9, 65])
def test_a_place_is_refused_only_in_lanes_that_there_are(count):
    """Where lanes are added up, those that fill up a block are zeros, and 3 less that is no place."""

    def f(xs, ks):
        picked, places = ag.vmap(lambda x, k: (ag.pick([x, 2.0 * x], (0.0 * x + 3.0) - k), k))(xs, ks)
        return picked, ag.total(places)

    xs, ks = np.arange(1.0, count + 1.0), 2.0 + np.arange(count) % 2
    jitted = native(f)
    picked, total = jitted(xs, ks)
    jitted.lower(xs, ks)  # it was not left to the eager operations
    assert (picked.tolist(), total) == (np.where(ks == 2.0, 2.0 * xs, xs).tolist(), sum(ks))

"""Every row of the table over numpy arrays, against its value on floats: special floats, domains, strides."""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

from autograd_lite.compiler.backends import array_functions, error_function
from autograd_lite.compiler.backends.arrays import kernel, quiet
from autograd_lite.engine import ieee
from autograd_lite.engine.domain import POSITIVE, REAL, each, sequence
from autograd_lite.engine.primitive import TABLE, declare, declare_nary
from tests.strategies import FEW_SPECIAL, SPECIAL, apply, examples, points, special_points

every_row = pytest.mark.parametrize("name", sorted(TABLE))

LAYOUTS = {
    "contiguous": np.ascontiguousarray,
    "every third": lambda array: np.repeat(array, 3, axis=-1)[..., ::3],
    "backwards": lambda array: array[..., ::-1].copy()[..., ::-1],
    "columns together": np.asfortranarray,
    "in two rows": lambda array: np.stack([array, array], axis=-2),
}
"""Ways for an array to lie in memory; the last axis counts the points, the first, if there are two, the arguments."""


def evaluate(row, columns, out):
    """The kernel of a row on its arguments: those of a sequence are given as one array."""
    with quiet():
        if row.arity is None:
            kernel(row)(np.stack(columns) if isinstance(columns, (list, tuple)) else columns, out=out)
        else:
            kernel(row)(*columns, out=out)
    return out


def eager(row, chosen):
    """The values on floats, one for each point."""
    return np.array([row.evaluate(list(point)) if row.arity is None else row.evaluate(*point) for point in chosen], float)


def by_length(chosen):
    """Points as arrays, one row for each point, one array for each number of arguments."""
    for length in sorted({len(point) for point in chosen}):
        yield np.array([point for point in chosen if len(point) == length])


def assert_same(found, expected, ulps=4, size=0.0):
    """nan, inf and the sign of zero exactly, all else to so many ulp: two good libraries differ by 1 or 2.

    Arguments:
        size: of terms that may cancel, where ulps are those of the terms.
    """
    expected = np.broadcast_to(expected, found.shape)
    with quiet():
        exact = (found == expected) & (np.signbit(found) == np.signbit(expected)) | np.isnan(found) & np.isnan(expected)
        near = np.isfinite(expected) & (
            np.abs(found - expected) <= ulps * np.maximum(np.spacing(np.abs(expected)), np.finfo(found.dtype).eps * size)
        )
        # A zero is near to nothing but the remainder of what cancels.
        near &= (expected != 0.0) & (found != 0.0) | (expected != found) & (np.asarray(size) > 0.0)
    assert (exact | near).all(), [*zip(found[~(exact | near)], expected[~(exact | near)], strict=True)][:3]


CANCEL = {"total", "dot", "var", "std", "logsumexp"}
"""Sums, where terms may cancel: their error is measured by the size of the terms."""


def size_of_terms(name, chosen):
    """The size of what is added up at each of some points; 0 where nothing cancels."""
    if name not in CANCEL:
        return 0.0
    if name == "dot":
        half = chosen.shape[1] // 2
        return np.abs(chosen[:, :half] * chosen[:, half:]).sum(axis=1)
    if name == "var":
        return (chosen**2).sum(axis=1)
    # A deviation is the root of a variance: it has half its relative error, and where that is 1, the size of the terms.
    return 2.0 * np.abs(chosen).sum(axis=1) + math.log(chosen.shape[1])


# --- the eager value -----------------------------------------------------------------------------------------------------


@every_row
@pytest.mark.parametrize("layout", LAYOUTS)
def test_kernel_at_special_floats_is_the_eager_value_in_any_layout(name, layout):
    row, lay = TABLE[name], LAYOUTS[layout]
    for chosen in by_length(special_points(name)):
        columns = [lay(column) for column in chosen.T] if row.arity else lay(chosen.T)
        assert_same(evaluate(row, columns, lay(np.empty(len(chosen)))), eager(row, chosen.tolist()))


@every_row
@examples(30)
@given(data=st.data())
def test_kernel_at_points_of_the_domain_is_within_4_ulp_of_the_eager_value(name, data):
    row = TABLE[name]
    for chosen in by_length(data.draw(st.lists(points(row.domain), min_size=1, max_size=20))):
        found = evaluate(row, list(chosen.T), np.empty(len(chosen)))
        assert_same(found, eager(row, chosen.tolist()), size=size_of_terms(name, chosen))


@pytest.mark.parametrize("name", sorted(name for name in TABLE if (TABLE[name].arity or 0) > 1))
def test_an_argument_may_be_a_number_or_a_repeated_element(name):
    row = TABLE[name]
    special = special_points(name)
    special += [(*point[:-1], x) for point in special for x in (0.5, 2.0, -2.0)]  # exponents that numpy treats apart
    for k, text in itertools.product(range(row.arity), sorted({repr(x) for x in itertools.chain(*special)})):
        chosen = np.array([point for point in special if repr(point[k]) == text])  # by its digits: 0 and -0 are equal
        for constant in (float(text), np.array(float(text)), np.broadcast_to(float(text), len(chosen))):
            columns = [constant if j == k else column for j, column in enumerate(chosen.T)]
            if columns:
                assert_same(evaluate(row, columns, np.empty(len(chosen))), eager(row, chosen.tolist()))


@every_row
def test_numbers_alone_fill_arrays_of_any_shape(name):
    row = TABLE[name]
    for point in [special_points(name)[k] for k in (0, -1)]:
        for shape in [(), (0,), (3,), (2, 0), (2, 3)]:
            columns = point if row.arity else [np.broadcast_to(x, shape) for x in point]
            assert_same(evaluate(row, columns, np.empty(shape)), eager(row, [point])[0])


@pytest.mark.parametrize("name", sorted(name for name in TABLE if TABLE[name].arity == 2))
def test_arguments_broadcast(name):
    row = TABLE[name]
    xs, ys = (np.array(sorted({point[k] for point in special_points(name) if point[k] == point[k]})) for k in (0, 1))
    found = evaluate(row, [xs[:, np.newaxis], ys], np.empty((len(xs), len(ys))))
    assert_same(found, eager(row, itertools.product(xs.tolist(), ys.tolist())).reshape(found.shape))


@every_row
def test_out_may_be_an_argument(name):
    row = TABLE[name]
    for chosen in by_length(special_points(name)):
        for k in range(chosen.shape[1]):
            columns = chosen.T.copy()
            assert_same(evaluate(row, columns, columns[k]), eager(row, chosen.tolist()))


@every_row
def test_arguments_are_left_as_they_are(name):
    for chosen in by_length(special_points(name)):
        columns = chosen.T.copy()
        columns.flags.writeable = False
        evaluate(TABLE[name], columns, np.empty(len(chosen)))


@every_row
@examples(20)
@given(data=st.data())
def test_in_single_precision_a_kernel_is_within_8_ulp_of_the_rounded_eager_value(name, data):
    row = TABLE[name]
    for chosen in by_length(data.draw(st.lists(points(row.domain), min_size=1, max_size=20))):
        single = chosen.astype(np.float32)
        found = evaluate(row, list(single.T), np.empty(len(chosen), np.float32))
        with quiet():
            expected = eager(row, single.astype(float).tolist()).astype(np.float32)
        assert_same(found, expected, ulps=8, size=size_of_terms(name, single.astype(float)))


@every_row
def test_in_single_precision_inf_and_nan_and_the_sign_of_zero_are_those_of_the_rounded_eager_value(name):
    row = TABLE[name]
    for chosen in by_length(special_points(name)):
        with quiet():
            single = chosen.astype(np.float32)
        found = evaluate(row, single.T.copy(), np.empty(len(single), np.float32))
        with quiet():
            expected = eager(row, single.astype(float).tolist()).astype(np.float32)
        assert_same(found, expected, ulps=8)


# --- sums ----------------------------------------------------------------------------------------------------------------

numbers = st.floats(-1e6, 1e6)


@pytest.mark.parametrize(
    "lay", [np.ascontiguousarray, np.asfortranarray, lambda stack: stack[:, 0]], ids=["rows", "columns", "one lane"]
)
@examples(50)
@given(data=st.data())
def test_long_sums_are_within_1e_12_of_the_sum_of_absolute_terms(lay, data):
    size = data.draw(st.integers(1, 200))
    xs, ys = (data.draw(st.lists(numbers, min_size=size, max_size=size)) for _ in range(2))
    stack = lay(np.array([xs + ys, ys + xs]).T)
    found = {name: evaluate(TABLE[name], stack, np.empty(stack.shape[1:])).ravel() for name in ("total", "dot", "var")}
    products = [x * y for x, y in zip(xs, ys, strict=True)]
    middle = math.fsum(xs + ys) / (2 * size)
    squares = [(x - middle) ** 2 / (2 * size) for x in xs + ys]
    for name, terms in {"total": xs + ys, "dot": products, "var": squares}.items():
        # A variance is taken about a rounded mean too: what that adds is far below the square of the largest.
        mean_rounded = 1e-15 * max(map(abs, xs + ys)) ** 2 if name == "var" else 0.0
        bound = 1e-12 * math.fsum(map(abs, terms)) + mean_rounded + 1e-300  # the last for products that underflow
        assert (np.abs(found[name] - math.fsum(terms)) <= bound).all()


@pytest.mark.parametrize("scale", [1e-320, 1e-200, 1e-160, 1.0, 1e200])
def test_norm_neither_overflows_nor_underflows_and_lanes_do_not_disturb_each_other(scale):
    stack = np.array([[3.0 * scale, 3.0, math.nan], [4.0 * scale, 4.0, 1.0]])
    assert_same(evaluate(TABLE["norm"], stack, np.empty(3)), np.array([math.hypot(*stack[:, 0]), 5.0, math.nan]))


# --- erf and erfc --------------------------------------------------------------------------------------------------------

EDGES = [0.5, math.nextafter(0.5, 0.0), 4.0, 26.5, 26.6, 27.2, 27.3, 28.0, 28.1, 1e-9, 1e-30]

HARD = [
    *(1.887367723462215, 1.5275089039043286, 1.5303894964527658, 1.7095963521089568, 2.04249627518209, 2.1939343158349858),
    *(20.01468718122567, 22.086012470629935, 0.8191443315071276, 12.052975849633702, 8.733885040962194, 1.3268746852526132),
]
"""A dozen of some ten million where more than 4 ulp are lost without what rounding took from the last sum or from 1 + 2x."""


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_error_functions_are_within_4_ulp_of_those_of_c_at_the_hardest_points(sign):
    xs = sign * np.array(HARD + EDGES)
    with quiet():
        assert_same(error_function.erfc(xs), np.array([math.erfc(x) for x in xs.tolist()]))
        assert_same(error_function.erf(xs), np.array([math.erf(x) for x in xs.tolist()]))


@pytest.mark.parametrize("name", ["erf", "erfc"])
@examples(200)
@given(xs=st.lists(st.floats(-7.0, 28.5) | st.sampled_from(EDGES), min_size=1, max_size=40))
def test_error_functions_are_within_4_ulp_of_those_of_c(name, xs):
    expected = np.array([getattr(math, name)(x) for x in xs])
    with quiet():
        assert_same(getattr(error_function, name)(np.array(xs)), expected)


@pytest.mark.parametrize("name", ["erf", "erfc"])
@pytest.mark.parametrize(
    ("low", "high", "ulps"),
    [(-0.499999, 0.499999, 2), (-6.5, -0.5, 2), (0.5, 6.5, 3), (6.5, 26.5, 3)],  # by series; 2 - erfc(-x); the polynomial
)
def test_error_functions_are_within_3_ulp_of_mpmath_and_2_ulp_near_0(name, low, high, ulps):
    xs = np.linspace(low, high, 500)
    with mp.workdps(40):
        expected = np.array([float(getattr(mp, name)(mp.mpf(x))) for x in xs.tolist()])
    with quiet():
        assert_same(getattr(error_function, name)(xs), expected, ulps=ulps)


def test_the_coefficients_of_erfc_are_those_of_the_polynomial_through_the_chebyshev_points():
    count = len(error_function.COEFFICIENTS)
    with mp.workdps(60):
        k, end = mp.mpf(error_function.PIVOT), mp.mpf(error_function.END)
        low, high = mp.mpf(-1), (end - k) / (end + k)
        nodes = [(low + high + (high - low) * mp.cos(mp.pi * (2 * j + 1) / (2 * count))) / 2 for j in range(count)]
        xs = [k * (1 + t) / (1 - t) for t in nodes]
        values = [(1 + 2 * x) * mp.exp(x * x) * mp.erfc(x) for x in xs]
        powers = mp.matrix([[t**j for j in range(count)] for t in nodes])
        assert tuple(map(float, mp.lu_solve(powers, mp.matrix(values)))) == error_function.COEFFICIENTS


# --- which function a row gets -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "ufunc"),
    [
        ("add", np.add),
        ("multiply", np.multiply),
        ("exp", np.exp),
        ("tanh", np.tanh),
        ("sqrt", np.sqrt),
        ("abs", np.absolute),
    ],
)
def test_the_kernel_of_what_numpy_has_is_the_ufunc_itself(name, ufunc):
    assert kernel(TABLE[name]) is ufunc


FUNCTIONS_OF_FLOATS = sorted(
    {name for name, item in vars(ieee).items() if inspect.isfunction(item) and item.__module__ == ieee.__name__}
    - {"total_function", "rounding"}
    | set(TABLE) & set(vars(ieee))
)


def test_the_namespace_has_every_name_of_the_namespace_of_floats():
    tree = ast.parse(inspect.getsource(ieee))
    assigned = {target.id for node in tree.body if isinstance(node, ast.Assign) for target in node.targets}
    assert {"maximum", "minimum", "mean", "exp"} <= assigned | set(FUNCTIONS_OF_FLOATS)
    missing = [name for name in {*FUNCTIONS_OF_FLOATS, *assigned} - {"__all__"} if not hasattr(array_functions, name)]
    assert missing == []


@pytest.mark.parametrize("name", ["maximum", "minimum", "mean"])
def test_functions_of_the_namespace_that_are_no_rows_have_the_values_of_floats_too(name):
    pairs = list(itertools.product(SPECIAL, repeat=2))
    function, on_floats = getattr(array_functions, name), getattr(ieee, name)
    columns = np.array(pairs).T
    expected = np.array([on_floats(pair) if name == "mean" else on_floats(*pair) for pair in pairs])
    with quiet():
        assert_same(function(columns) if name == "mean" else function(*columns), expected)


@pytest.mark.parametrize("name", sorted(set(TABLE) & set(vars(ieee))))
def test_a_function_of_the_namespace_without_out_makes_an_array_of_floats(name):
    row, chosen = TABLE[name], next(by_length(special_points(name)))
    with quiet():
        columns = list(chosen.T)
        found = getattr(array_functions, name)(*([columns] if row.arity is None else columns))
    assert found.dtype == np.float64
    assert_same(found, eager(row, chosen.tolist()))


# --- rows of one's own ---------------------------------------------------------------------------------------------------


@pytest.fixture
def new_row():
    """Declares a row of a given value for the length of a test."""
    before = dict(TABLE)

    def make(value, domain=REAL):
        if domain.arity is None:
            return declare_nary("new_row", partials=lambda args, out, needed: args, domain=domain, value=value, doc="new")
        return declare("new_row", partials=(1.0,) * domain.arity, domain=domain, value=value, doc="new")

    yield make
    TABLE.clear()
    TABLE.update(before)


def counting(function):
    """The function, and the number of its calls in `calls[0]`."""
    calls = [0]

    @functools.wraps(function)
    def counted(*args):
        calls[0] += 1
        return function(*args)

    return counted, calls


@pytest.mark.parametrize(
    ("value", "domain"),
    [
        (lambda m, x: m.where(m.less(x, 0.0), -m.expm1(-x), 1.0 - m.less_equal(x, 1.0) - m.equal(x, 3.0)), REAL),
        (lambda m, x, y: m.maximum(m.sin(x), y) * m.clip(y, -1.0, m.relu(x)) + m.sign(m.step(y)), each(REAL, REAL)),
        (lambda m, xs: m.std(xs) + m.mean([x * x for x in xs]) + m.logsumexp([0.0, *xs]) + len(xs), sequence(REAL)),
        (lambda m, xs: m.max(xs[1:]) - m.total([m.abs(x) for x in xs]), sequence(REAL, least=2)),
        (lambda m, x: 2.5, REAL),
    ],
)
def test_the_value_of_a_new_row_runs_over_arrays(new_row, value, domain):
    counted, calls = counting(value)
    row = new_row(counted, domain)
    chosen = list(itertools.product(FEW_SPECIAL[3:], repeat=domain.arity or 3))
    expected = eager(row, chosen)
    calls[0] = 0
    assert_same(evaluate(row, list(np.array(chosen).T), np.empty(len(chosen))), expected, ulps=16)  # some ten operations
    assert calls[0] <= 2  # one to see that it takes arrays, one for the values


def add_in_place(m, x):
    x += 1.0
    return x


@pytest.mark.parametrize(
    ("value", "domain"),
    [
        pytest.param(lambda m, x: m.exp(x) if x < 0.0 else x, REAL, id="branches"),
        pytest.param(lambda m, x: math.atan(x), POSITIVE, id="takes a function from elsewhere"),
        pytest.param(lambda m, x, y: max(x, y), each(REAL, REAL), id="takes a function that compares"),
        pytest.param(lambda m, xs: sorted(xs)[0], sequence(REAL), id="sorts"),
        pytest.param(add_in_place, REAL, id="writes into its argument"),
    ],
)
def test_a_value_that_does_not_take_arrays_runs_element_by_element(new_row, value, domain):
    row = new_row(value, domain)
    chosen = np.array(list(itertools.product([0.5, 1.0, 2.0, -1.0], repeat=domain.arity or 2)))
    columns = chosen.T.copy()
    assert_same(evaluate(row, columns, np.empty(len(chosen))), eager(row, chosen.tolist()), ulps=0)
    assert (columns == chosen.T).all()


@pytest.mark.parametrize("name", ["exp", "hypot", "total"])
def test_a_row_whose_value_is_any_function_of_floats_runs_element_by_element(name):
    row = TABLE[name]
    other = replace(row, evaluate=lambda *args: 3.0 if args else 0.0)
    assert_same(evaluate(other, [np.ones(4)] * (row.arity or 2), np.empty(4)), np.full(4, 3.0), ulps=0)


@pytest.mark.parametrize("index", [-1.0, 2.0, 0.5, math.nan, math.inf])
def test_pick_refuses_an_index_that_is_no_place_in_the_words_of_the_eager_operation(index):
    with pytest.raises(IndexError) as eagerly:
        apply(TABLE["pick"], (1.0, 2.0, index))
    with pytest.raises(IndexError) as over_arrays:
        evaluate(TABLE["pick"], np.array([[1.0, 1.0], [2.0, 2.0], [0.0, index]]), np.empty(2))
    assert str(eagerly.value) == str(over_arrays.value)


def test_polygamma_refuses_an_order_that_is_not_whole():
    with pytest.raises(ValueError, match="polygamma: the order"):
        evaluate(TABLE["polygamma"], [np.array([0.0, 0.5]), np.ones(2)], np.empty(2))

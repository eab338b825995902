"""A compiled function gives what the function gives: random functions, all kinds of arguments and results, closures."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.calculus.trees import flatten
from autograd_lite.compiler import TracingError
from autograd_lite.compiler.backends import numpy_backend
from tests.compiler import strategies
from tests.strategies import examples, graphs

xs = np.array([1.0, -2.0, 3.0])
table = np.arange(6.0).reshape(2, 3) - 1.5


def numbers_of(tree):
    """All scalars of a tree as one array of floats."""
    return np.array([x.data if isinstance(x, ag.Value) else x for x in flatten(tree)[0]], dtype=float)


def assert_close(found, expected, scale=1.0, tolerance=1e-12):
    """Equal within a tolerance of a scale: the size of what was added up on the way."""
    found, expected = numbers_of(found), numbers_of(expected)
    assert found.shape == expected.shape
    assert (np.abs(found - expected) <= tolerance * scale).all(), (found, expected)


def counted(f):
    """The function, and the list that grows by one at each of its runs."""
    runs = []

    def counting(*args, **options):
        runs.append(None)
        return f(*args, **options)

    return counting, runs


# --- random functions ----------------------------------------------------------------------------------------------------

DIRECTION = np.array([0.3, -0.7])

WAYS = {
    "value": lambda f: f,
    "grad": lambda f: ag.grad(f, (0, 1, 2)),
    "value_and_grad": lambda f: ag.value_and_grad(f),
    "jvp": lambda f: lambda w, xs, y: ag.jvp(f, (w, xs, y), (w * 0.5 + 0.1, xs * 0.3 - 0.2, y * 0.7)),
    "hvp": lambda f: lambda w, xs, y: ag.hvp(f)(w, DIRECTION, xs, y),
    "hessian": lambda f: ag.hessian(f),
    "jacobian": lambda f: ag.jacobian(f, (0, 2)),
}

NEAR, LARGE = 1e-5, 1e4
"""Nearer than this to a kink rounding may decide; numbers and derivatives larger than that are not asked for."""


def unless_too_branchy(compiled, args):
    """The result; None where the function goes more ways than are compiled."""
    try:
        return compiled(*args)
    except RuntimeError as error:
        if "max_variants" in str(error):
            return None
        raise


def check(way, f, calls, near=NEAR, large=LARGE, tolerance=1e-10, **options):
    """Calls the compiled and the original function, with leaves that change in between.

    Arguments:
        near, large: calls nearer to a kink, or with larger numbers, are left out.
        tolerance: of the size of the result.
    """
    compiled, eager = ag.jit(way(lambda *args: f(*args)), max_variants=16, **options), way(lambda *args: f(*args))
    for args in calls:
        found_near, largest = f.watched(*args)
        expected = numbers_of(eager(*args))
        size = np.abs(expected).max(initial=1.0)
        if found_near < near or not max(size, largest) < large:
            continue
        found = unless_too_branchy(compiled, args)
        if found is None:
            return
        # Each of some hundred operations may err by half an ulp, and a derivative of size 1e4 at most carries it on.
        assert_close(found, numbers_of(eager(*args)), size, tolerance)
        for leaf in f.leaves:
            leaf.data = leaf.data * 0.9 + 0.05


@pytest.mark.parametrize("way", WAYS)
@examples(25)
@given(f=strategies.functions(), first=strategies.arguments(), second=strategies.arguments())
def test_a_random_function_of_lanes_is_compiled_to_the_same_numbers(way, f, first, second):
    check(WAYS[way], f, (first, second, first))


def check_lanes(f, calls, near=NEAR, size=10.0, **options):
    """The lanes of a random function, compiled and not; a result is a sum of three numbers below 1."""
    lanes = ag.jit(f.lanes, max_variants=16, **options)
    for args in calls:
        if f.watched(*args)[0] >= near:
            found = unless_too_branchy(lanes, args)
            if found is None:
                return
            assert_close(found, f.lanes(*args), size)


@examples(25)
@given(f=strategies.functions(), first=strategies.arguments(), second=strategies.arguments())
def test_the_lanes_of_a_random_function_are_compiled_to_the_same_numbers(f, first, second):
    check_lanes(f, (first, second, first))


@pytest.mark.parametrize("threads", [1, 2])
@examples(25)
@given(f=strategies.functions(), args=strategies.arguments(st.integers(3, 7)))
def test_lanes_in_blocks_of_one_and_over_threads_give_the_same_numbers(threads, f, args):
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CACHE", "BUSY", "FEWEST"):
            patch.setattr(numpy_backend, name, 1)
        check(WAYS["value_and_grad"], f, (args,), threads=threads)


def check_graph(recipe, order, **options):
    """A random graph, its gradient, or its Hessian times a vector, compiled and not."""

    def f(*inputs):
        return recipe.on_rows(inputs)[-1]

    everything = range(len(recipe.inputs))
    ways = {
        "value": f,
        "gradient": ag.grad(f, everything),
        "product": lambda *inputs: ag.jvp(ag.grad(f, everything), inputs, inputs),
    }
    eager = ways[order]
    # Rows differ by some ulp between backends and Python, and thirty of them in a chain, each steep as 100 at most, add up.
    steepest = np.abs(numbers_of(ways["gradient"](*recipe.inputs))).max()
    expected = numbers_of(eager(*recipe.inputs))
    scale = max(np.abs(expected).max(initial=1.0), steepest, 1.0)
    assert_close(ag.jit(eager, **options)(*recipe.inputs), expected, scale, 1e-10 if order != "product" else 1e-8)


@pytest.mark.parametrize("order", ["value", "gradient", "product"])
@examples(20)
@given(recipe=graphs())
def test_a_random_graph_of_all_rows_is_compiled_to_the_same_numbers(order, recipe):
    check_graph(recipe, order)


# --- arguments -----------------------------------------------------------------------------------------------------------

big = (np.arange(60000.0).reshape(20000, 3) % 977.0) * 1e-3  # more than is copied at a call

LAYOUTS = {
    "contiguous": lambda a: a,
    "columns together": np.asfortranarray,
    "transposed": lambda a: np.ascontiguousarray(a.T).T,
    "every second": lambda a: np.repeat(a, 2, axis=0)[::2],
    "backwards": lambda a: a[::-1],
    "backwards twice": lambda a: a[::-1, ::-1],
    "float32": lambda a: a.astype(np.float32),
    "whole numbers": lambda a: a.astype(int),
    "truths": lambda a: a > 0.5,
    "objects": lambda a: a.astype(object),
    "repeated": lambda a: np.broadcast_to(a[0], a.shape),
    "read only": lambda a: np.frombuffer(a.tobytes()).reshape(a.shape),
}


@pytest.mark.parametrize("array", [table, big[:40], big], ids=["2x3", "40x3", "20000x3"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_array_is_read_wherever_it_lies(layout, array):
    given = LAYOUTS[layout](array)
    plain = np.array(given, dtype=float)
    w = np.array([0.1, 0.2, -0.3])
    step = ag.jit(ag.value_and_grad(lambda w, xs: ag.mean(ag.vmap(lambda x: ag.tanh(ag.dot(w, x)))(xs))))
    t = np.tanh(plain @ w)
    for _ in range(2):
        value, slope = step(w, given)
        assert_close([value, slope], [t.mean(), (1.0 - t * t) @ plain / len(t)], np.abs(plain).max() + 1.0)
    if len(array) == 2:
        assert_close(ag.jit(lambda xs: xs * 2.0 + xs[::-1])(given), plain * 2.0 + plain[::-1], 10.0)


def test_another_array_of_the_same_shape_is_read_anew():
    f = ag.jit(lambda xs: ag.total(ag.vmap(lambda x: x[0] * x[1])(xs)))
    for scale in (1.0, 2.0, 3.0):
        other = np.asfortranarray(big * scale) if scale == 2.0 else big * scale
        assert_close(f(other), scale * scale * (big[:, 0] * big[:, 1]).sum(), 1e6)


def test_an_array_that_is_written_between_calls_is_seen():
    mine = big.copy()
    f = ag.jit(lambda xs: ag.total(ag.vmap(lambda x: x[0])(xs)))
    before = f(mine)
    mine *= 2.0
    assert_close(f(mine), 2.0 * before, 1e6)


NUMBERS = [3, True, 3.0, np.float64(3.0), np.float32(3.0), np.int64(3), np.array(3.0), np.bool_(True)]


@pytest.mark.parametrize("x", NUMBERS, ids=lambda x: type(x).__name__)
def test_any_real_number_is_a_number(x):
    f = ag.jit(lambda x: x * 2.0 + 1.0)
    assert f(1.0) == 3.0
    assert f(x) == 2.0 * float(x) + 1.0


ARRAY_FUNCTIONS = {
    "products": lambda a, x: (a @ x, x @ a.T, a.T @ a, np.dot(a, x), np.eye(2) @ a),
    "slices": lambda a, x: (a[:, 0], a[0], a[1:, ::-1], a[np.array([0, 1, 0])], a[..., None], a[-1][-1], x[[2, 0]]),
    "shapes": lambda a, x: (len(a), a.shape[1] * x, a.size * x, a.ndim * x, a.reshape(3, 2), a.ravel(), a.flatten()),
    "sums": lambda a, x: (a.sum(), a.sum(axis=0), a.mean(), np.sum(a), np.sum(a, axis=1), sum(x), ag.total(a)),
    "arithmetic": lambda a, x: (
        a * 2.0,
        2.0 * a,
        a + x,
        x - a,
        1.0 - a,
        -a,
        +a,
        abs(a),
        a / 2.0,
        3.0 / (a + 9.0),
        a**2,
        2.0**a,
    ),
    "arrays on the left": lambda a, x: (
        np.arange(3.0) * x,
        np.arange(3.0) - x,
        np.arange(1.0, 4.0) / x,
        np.float64(2.0) * x,
    ),
    "functions": lambda a, x: (
        np.tanh(a),
        np.exp(x),
        np.add(x, x),
        np.outer(x, x),
        np.stack([x, x]),
        np.concatenate([x, x]),
    ),
    "loops": lambda a, x: ([y * 2.0 for y in x], [b + c for b, c in zip(x, a[0], strict=True)], [list(row) for row in a]),
    "choices": lambda a, x: (max(x), min(x), sorted(x), x[x.argmax()], x[x > 0.0], x.tolist()),
    "in place": lambda a, x: _increased(x * 1.0),
}


def _increased(x):
    x += 1.0
    x[0] = 5.0
    return x


@pytest.mark.parametrize("name", ARRAY_FUNCTIONS)
def test_arrays_do_what_they_do_eagerly(name):
    f = ARRAY_FUNCTIONS[name]
    compiled = ag.jit(f)
    for scale in (1.0, -2.5):
        expected = f(table * scale, xs * scale)
        found = compiled(table * scale, xs * scale)
        assert flatten(found)[1] == flatten(expected)[1]
        assert_close(found, expected, 1e3)


def test_arguments_and_results_are_nested_as_they_like():
    def f(tree, *, factor):
        a, (b, c) = tree["a"], tree["rest"]
        return {"sum": a[0] + b, "list": [c, None, (a[1], 3)], "array": np.array([a[0], b]) * factor["k"], "same": c}

    given = {"rest": (2.0, xs), "a": [1, 5.0], "nothing": None}
    compiled = ag.jit(f)
    for factor in (2.0, 3.0):
        found, expected = compiled(given, factor={"k": factor}), f(given, factor={"k": factor})
        assert flatten(found)[1] == flatten(expected)[1]
        assert_close(found, expected, 10.0)


def test_results_may_be_inputs_constants_and_closures():
    leaf = ag.Value(2.0)
    f = ag.jit(lambda x, y: (y, y, x, 3, leaf, np.ones(2), [x[1], x[1], x[0]], x[::-1]))
    for scale in (1.0, 2.0):
        leaf.data = scale
        found = f(xs * scale, scale)
        assert_close(found, (scale, scale, xs * scale, 3.0, scale, np.ones(2), xs[[1, 1, 0]] * scale, xs[::-1] * scale))


def test_results_are_the_callers_own():
    f = ag.jit(lambda x: (x, x * 2.0))
    same, double = f(xs)
    same[0] = double[0] = 100.0
    assert_close(f(xs), (xs, xs * 2.0))
    assert xs[0] == 1.0
    assert double[0] == 100.0


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (1,), (1, 1)])
def test_small_and_empty_arrays_are_arrays(shape):
    f = ag.jit(lambda x: (x * 2.0, ag.total(x)))
    found, total = f(np.ones(shape))
    assert found.shape == shape
    assert total == found.size


def test_float32_is_computed_in_float32():
    f = ag.jit(lambda x: x + 1e-9, dtype=np.float32)
    assert f(1.0) == 1.0
    lanes = ag.jit(lambda xs: ag.mean(ag.vmap(lambda x: ag.tanh(x * 0.1))(xs)), dtype=np.float32)
    assert abs(lanes(xs) - np.tanh(xs * 0.1).mean()) < 1e-6


def test_static_arguments_may_be_anything_hashable_and_are_told_apart():
    f, runs = counted(lambda x, name, n: x * n if name == "times" else x + n)
    compiled = ag.jit(f, static_argnums=(1,))
    assert [compiled(2.0, "times", 3.0), compiled(2.0, "plus", 3.0), compiled(5.0, "times", 2.0)] == [6.0, 5.0, 10.0]
    assert len(runs) == 2
    signed = ag.jit(ag.atan2, static_argnums=1)
    assert [signed(0.0, 0.0), signed(0.0, -0.0)] == [0.0, np.pi]
    typed = ag.jit(lambda x, flag: x + (10.0 if flag is True else 1.0), static_argnums=1)
    assert [typed(0.0, 1), typed(0.0, True), typed(0.0, 1)] == [1.0, 10.0, 1.0]


def test_static_arguments_may_count_from_the_end_and_have_defaults():
    power = ag.jit(lambda x, n: x**n, static_argnums=-1)
    assert [power(2.0, 3), power(3.0, 3), power(2.0, 2)] == [8.0, 27.0, 4.0]
    default = ag.jit(lambda x, n=3: x * len(range(n)), static_argnums=1)
    assert [default(2.0), default(2.0, 4)] == [6.0, 8.0]


# --- closures and composition --------------------------------------------------------------------------------------------


def test_leaves_reached_by_closure_are_read_at_every_call():
    leaf, inner = ag.Value(2.0), ag.Value(1.5)
    derived = inner * inner
    f, runs = counted(lambda x: x * leaf + ag.tanh(leaf) * derived)
    compiled = ag.jit(f)
    for number in (2.0, 5.0, -1.0):
        leaf.data = number
        assert_close(compiled(3.0), 3.0 * number + np.tanh(number) * 2.25, 20.0)
    assert len(runs) == 1


def test_a_leaf_that_was_just_written_is_still_an_input():
    model = ag.nn.MLP(2, [3, 1], seed=1)
    leaf = ag.Value(0.0)
    model.storage.write(np.linspace(-1.0, 1.0, len(model.parameters())))
    leaf.data = 2.0
    compiled = ag.jit(lambda x: model([x, 1.0]) * leaf)
    for k in range(3):
        assert_close(compiled(0.5), (model([0.5, 1.0]) * leaf).data, 10.0)
        model.storage.write(np.linspace(-1.0, 1.0, len(model.parameters())) * k)
        leaf.data = k


def test_threads_may_call_one_compiled_function_at_once():
    f = ag.jit(ag.value_and_grad(lambda w, xs: ag.total(ag.vmap(lambda x: x * w if x > 0.0 else w * w)(xs))))
    failures = []

    def work(seed):
        try:
            for k in range(30):
                given = np.array([seed + k, -1.0 - seed, 2.0 * k - 20.0] * (1 + k % 2)) + 0.5
                value, slope = f(seed + 0.5, given)
                up = given[given > 0.0]
                down = len(given) - len(up)
                assert abs(value - (up.sum() * (seed + 0.5) + down * (seed + 0.5) ** 2)) < 1e-9
                assert abs(slope - (up.sum() + 2.0 * down * (seed + 0.5))) < 1e-9
        except Exception as error:
            failures.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert failures == []


def test_a_value_that_another_run_has_kept_is_refused():
    kept = []
    ag.jit(lambda x: kept.append(x) or x * 2.0)(5.0)
    with pytest.raises(TracingError, match="kept"):
        ag.jit(lambda x: x + kept[0])(1.0)
    with pytest.raises(TracingError, match="kept"):
        ag.jit(lambda x: ag.total([x, kept[0]]))(1.0)


def test_options_that_make_no_sense_are_refused():
    for options in ({"dtype": int}, {"dtype": "text"}, {"threads": 0}, {"max_variants": 0}):
        with pytest.raises((TypeError, ValueError)):
            ag.jit(lambda x: x, **options)(2.5)
    with pytest.raises(TypeError):
        ag.jit(3)(1.0)
    with pytest.raises(TypeError):
        ag.jit(lambda x: x)(1.0, 2.0)
    with pytest.raises(OverflowError):
        ag.jit(lambda x: x)(10**400)
    with pytest.raises(TypeError):
        ag.jit(lambda x: x)(1j)

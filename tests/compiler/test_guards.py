"""Branches on traced numbers: never a wrong number, a trace for each way, a message where a number would escape."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.compiler import TracingError
from tests.compiler.test_jit import assert_close, counted
from tests.strategies import examples

xs = np.array([1.0, -2.0, 3.0])


def halved(x):
    """A loop whose number of turns depends on x."""
    turns = 0
    while x > 1.0:
        x = x * 0.5
        turns += 1
    return x * turns


# --- shared numbers ------------------------------------------------------------------------------------------------------


def test_each_way_is_traced_once_and_going_back_traces_nothing():
    f, runs = counted(lambda x: x * 2.0 if x > 0.0 else x * x)
    compiled = ag.jit(f)
    assert [compiled(x) for x in (1.0, 3.0, -1.0, -4.0, 2.0, -3.0)] == [2.0, 6.0, 1.0, 16.0, 4.0, 9.0]
    assert len(runs) == 2


def test_a_border_belongs_to_the_side_that_python_gives_it():
    f = lambda x: (1.0 if x > 0 else 2.0) + (10.0 if x >= 0 else 20.0) + (100.0 if x else 200.0)  # noqa: E731  # one line
    for given_first in (0.0, 1.0, -1.0, math.nan):
        compiled = ag.jit(f)
        for x in (given_first, 0.0, -0.0, 1.0, -1.0, math.inf, math.nan):
            assert compiled(x) == f(x)


def test_conditions_combine_and_negate():
    f = lambda x, y: 1.0 if (x > 0) & ~(y > 0) else 2.0 if (x < -1) | (y < -1) else 3.0  # noqa: E731  # one line
    compiled = ag.jit(f)
    for x in (1.0, -2.0, -0.5):
        for y in (1.0, -2.0, -0.5):
            assert compiled(x, y) == (1.0 if x > 0 and not y > 0 else 2.0 if x < -1 or y < -1 else 3.0)


def test_a_loop_turns_as_often_as_the_numbers_ask():
    f, runs = counted(halved)
    compiled, slope = ag.jit(f), ag.jit(ag.grad(halved))
    for x in (0.5, 1.5, 10.0, 100.0, 3.0, 100.0):
        assert_close(compiled(x), halved(x), 10.0)
        assert_close(slope(x), ag.grad(halved)(x), 10.0)
    assert len(runs) == 5


def test_a_branch_on_a_leaf_from_outside_is_asked_at_every_call():
    leaf = ag.Value(1.0)
    f, runs = counted(lambda x: x if leaf > 0 else -x)
    compiled = ag.jit(f)
    for sign in (1.0, -1.0, 1.0, -1.0):
        leaf.data = sign
        assert compiled(3.0) == 3.0 * sign
    assert len(runs) == 2


def test_a_branch_on_a_derivative_is_a_branch():
    f = lambda x: x if ag.grad(ag.sin)(x) > 0 else 10.0 * x  # noqa: E731  # one line
    compiled = ag.jit(f)
    assert [compiled(x) for x in (0.5, 3.0, 0.7)] == [0.5, 30.0, 0.7]


def test_a_branch_on_what_is_reduced_over_lanes_is_one_for_all():
    def f(xs):
        middle = ag.mean(ag.vmap(lambda x: x * 1.0)(xs))
        return ag.total(ag.vmap(lambda x: x - middle if middle > 0 else x * x)(xs))

    compiled, slope = ag.jit(f), ag.jit(ag.grad(f))
    for sign in (1.0, -1.0, 1.0):
        assert_close(compiled(xs * sign), f(xs * sign), 20.0)
        assert_close(slope(xs * sign), ag.grad(f)(xs * sign), 20.0)


def test_a_branch_on_what_is_reduced_goes_by_all_lanes_from_the_first_call_on():
    """Lane 0 alone would say something else, and a loop that goes by it would never end."""

    def checked(xs):
        if ag.total(ag.vmap(lambda x: x * 2.0)(xs)) > 5.0:
            return ag.total(xs)
        raise ValueError("too small")

    def grown(w, xs):
        while ag.total(ag.vmap(lambda w, x: x * w, in_axes=(None, 0))(w, xs)) < 10.0:
            w = w + 1.0
            if w > 100.0:
                raise ValueError("it goes by lane 0")
        return w * w

    xs = np.array([0.0, 1.0, 2.0])
    assert ag.jit(checked)(xs) == 3.0
    with pytest.raises(ValueError, match="too small"):
        ag.jit(checked)(xs * 0.5)
    assert ag.jit(grown)(1.0, xs) == 16.0
    assert ag.jit(ag.grad(grown))(1.0, xs) == 8.0


# --- lanes ---------------------------------------------------------------------------------------------------------------


def test_a_branch_that_flips_per_lane_is_right_for_each_and_for_the_loss():
    one = lambda w, x: ag.sin(w) * x if w * x > 0 else w * w + x * x * x  # noqa: E731  # one line
    lanes = lambda w, xs: ag.vmap(one, in_axes=(None, 0))(w, xs)  # noqa: E731  # one line
    loss = lambda w, xs: ag.mean(lanes(w, xs))  # noqa: E731  # one line
    for f in (lanes, loss, ag.grad(loss, (0, 1)), ag.hessian(loss), ag.vmap(ag.grad(one, (0, 1)), in_axes=(None, 0))):
        compiled = ag.jit(f)
        for given_lanes in ([1.0, 2.0], [1.0, -2.0, 3.0], [-1.0, -2.0], [1.0], [-3.0, 3.0]):
            assert_close(compiled(0.7, np.array(given_lanes)), f(0.7, np.array(given_lanes)), 100.0)


def test_lanes_that_go_both_ways_are_traced_once_for_all_mixtures():
    f, runs = counted(lambda xs: ag.total(ag.vmap(lambda x: x * 2.0 if x > 0 else x * x)(xs)))
    compiled = ag.jit(f)
    for given_lanes in ([1.0, 2.0], [1.0, -2.0], [-1.0, -2.0], [3.0, 4.0], [-1.0, 1.0]):
        assert_close(compiled(np.array(given_lanes)), f(np.array(given_lanes)), 20.0)
    assert len(runs) - 5 == 2


@examples(40)
@given(
    lanes=st.lists(st.floats(-5.0, 40.0), min_size=1, max_size=6),
    again=st.lists(st.floats(0.0, 9.0), min_size=1, max_size=3),
)
def test_a_loop_turns_in_every_lane_as_often_as_it_must(lanes, again):
    compiled = ag.jit(ag.vmap(halved))
    slope = ag.jit(ag.grad(lambda w, xs: ag.total(ag.vmap(lambda x: halved(x * w))(xs))))
    for numbers in (lanes, again):
        assert_close(compiled(np.array(numbers)), [halved(x) for x in numbers], 10.0)
        expected = sum(x * halved(x) / y for x, y in zip(numbers, [_last(x) for x in numbers], strict=True) if x > 1.0)
        by_hand = sum(x * _turns(x) * 0.5 ** _turns(x) for x in numbers)
        assert_close(slope(1.0, np.array(numbers)), by_hand, 1e3)
        assert math.isfinite(expected)


def _turns(x):
    return (
        0 if x <= 1.0 else math.ceil(math.log2(x)) if 2.0 ** math.ceil(math.log2(x) - 1) < x else math.ceil(math.log2(x)) - 1
    )


def _last(x):
    return x * 0.5 ** _turns(x)


def test_nested_lanes_branch_on_outer_and_inner_numbers():
    def f(table, b):
        def outer(row, y):
            scale = 2.0 if y > 0.0 else y

            def inner(x):
                if x > y:
                    return x * scale
                return ag.sin(x) if x > 0.0 else ag.exp(x) * y

            s = ag.max(ag.vmap(inner)(row))
            return s * s if s > 1.0 else s - y

        return ag.mean(ag.vmap(outer)(table, b))

    compiled, slopes = ag.jit(f), ag.jit(ag.grad(f, (0, 1)))
    for k in range(8):
        table = np.sin(np.arange(6.0) * (k + 1.3)).reshape(2, 3) * 2.0
        b = np.cos(np.arange(2.0) * (k + 0.7))
        assert_close(compiled(table, b), f(table, b), 10.0)
        assert_close(slopes(table, b), ag.grad(f, (0, 1))(table, b), 10.0)


def test_lanes_that_never_come_to_an_inner_branch_do_not_drive_it():
    def guarded(body):
        def f(table):
            return ag.vmap(lambda row: ag.total(ag.vmap(lambda x: body(x, row))(row)) if row[0] > 0 else row[0] * 3.0)(table)

        return f

    def refusing(x, row):
        if x < 0:
            raise ValueError("negative")
        return ag.sqrt(x)

    endless = guarded(lambda x, row: halved(x / row[0]))
    refused = guarded(refusing)
    for table in ([[2.0, 4.0, 8.0], [0.0, 1.0, 2.0]], [[0.0, 1.0, 2.0], [2.0, 4.0, 8.0]], [[0.0, 1.0, 2.0]]):
        assert_close(ag.jit(endless)(np.array(table)), endless(np.array(table)), 20.0)
    for table in ([[2.0, 4.0, 8.0], [-1.0, -1.0, 2.0]], [[-1.0, -1.0, 2.0], [2.0, 4.0, 8.0]]):
        assert_close(ag.jit(refused)(np.array(table)), refused(np.array(table)), 20.0)
    with pytest.raises(ValueError, match="negative"):
        ag.jit(refused)(np.array([[1.0, -1.0, 1.0]]))


def test_a_label_is_asked_for_only_in_the_lanes_that_have_one():
    def f(scores, labels):
        return ag.vmap(lambda k: ag.pick([*scores], k) if k >= 0 else 0.0 * k)(labels)

    compiled = ag.jit(f)
    for labels in ([0.0, -1.0, 1.0], [-1.0, 0.0], [-1.0, -1.0], [1.0, 1.0]):
        assert_close(compiled(np.array([5.0, 6.0]), np.array(labels)), f(np.array([5.0, 6.0]), np.array(labels)), 6.0)


def test_sides_of_a_branch_may_return_trees_and_arrays():
    def one(x):
        return {"a": (x, np.array([x, 1.0]))} if x > 0 else {"a": (x * x, np.array([2.0, x]))}

    found, expected = ag.jit(ag.vmap(one))(xs), ag.vmap(one)(xs)
    for a, b in zip(found["a"], expected["a"], strict=True):
        assert_close(a, b, 10.0)


def test_a_branch_on_an_outer_number_inside_an_inner_vmap_is_one_of_its_lanes():
    f = lambda table, b: ag.vmap(lambda row, y: ag.total(ag.vmap(lambda x: x * y if y > 0 else x - y)(row)))(table, b)  # noqa: E731
    table, compiled = np.arange(6.0).reshape(3, 2), ag.jit(f)
    for b in ([1.0, -1.0, 2.0], [1.0, 1.0, 1.0], [-1.0, -2.0, -3.0]):
        assert_close(compiled(table, np.array(b)), f(table, np.array(b)), 20.0)


# --- the cap -------------------------------------------------------------------------------------------------------------


def test_too_many_ways_end_in_an_error_that_names_the_line():
    compiled = ag.jit(halved, max_variants=3)
    assert compiled(2.0) == 1.0
    with pytest.raises(
        RuntimeError, match=rf"max_variants=3.*test_guards\.py:{halved.__code__.co_firstlineno + 3}.*ag\.where"
    ):
        [compiled(x) for x in (3.0, 6.0, 12.0)]
    assert compiled(2.0) == 1.0
    lanes = ag.jit(ag.vmap(halved), max_variants=3)
    with pytest.raises(RuntimeError, match=rf"test_guards\.py:{halved.__code__.co_firstlineno + 3}.*where"):
        lanes(np.array([1.5, 1e9]))


def test_other_shapes_and_static_arguments_do_not_count_as_ways():
    f = ag.jit(lambda x, n: x[0] * n if x[0] > 0 else x[0], static_argnums=1, max_variants=2)
    for n in range(1, 6):
        for length in range(1, 5):
            assert [f(np.full(length, y), n) for y in (2.0, -2.0)] == [2.0 * n, -2.0]


# --- what lets a number escape -------------------------------------------------------------------------------------------

ESCAPES = {
    "data": (lambda x: x.data, "return it"),
    "writing data": (lambda x: setattr(x, "data", 1.0), "outside"),
    "float": (float, "ag"),
    "int": (int, "ag"),
    "a place in a list": (lambda x: [1.0, 2.0][x], "pick"),
    "a range": (lambda x: list(range(x)), "pick|static_argnums"),
    "backward": (lambda x: (x * x).backward(), "grad"),
    "detach": (lambda x: x.detach(), "stop_gradient"),
    "the gradient": (lambda x: x.grad, "grad"),
    "writing the gradient": (lambda x: setattr(x, "grad", 1.0), "grad"),
    "math": (math.sin, r"ag\.sin"),
    "numpy's doubles": (lambda x: np.asarray([x], dtype=float), "ag"),
}


@pytest.mark.parametrize("where", ["argument", "element", "lane"])
@pytest.mark.parametrize("name", ESCAPES)
def test_a_number_does_not_escape_and_the_way_out_is_named(name, where):
    use, way_out = ESCAPES[name]
    f, argument = {
        "argument": (use, 1.0),
        "element": (lambda x: use(x[0]), np.ones(2)),
        "lane": (ag.vmap(use), np.ones(2)),
    }[where]
    with pytest.raises(TypeError, match=way_out) as caught:
        ag.jit(f)(argument)
    assert ".data for the number" not in str(caught.value)


def test_numpy_does_not_take_a_traced_value_as_a_place():
    with pytest.raises(IndexError):  # in its own words: it asks by __index__, and drops the answer
        ag.jit(lambda x: np.arange(3.0)[x])(1.0)


def test_a_printed_value_shows_no_number():
    shown = []
    assert ag.jit(lambda x: shown.append(f"{x} {x!r} {x:.3f}") or x * 2.0)(123.0) == 246.0
    assert "123" not in shown[0]


def test_a_value_from_outside_is_neither_read_nor_written():
    leaf = ag.Value(2.0)
    with pytest.raises(TracingError, match="the Value itself"):
        ag.jit(lambda x: x * leaf.data)(1.0)
    with pytest.raises(TracingError):
        ag.jit(lambda x: setattr(leaf, "data", 3.0) or x)(1.0)
    with pytest.raises(TypeError):
        ag.jit(lambda x: (x * leaf).backward() or x)(1.0)
    assert leaf.data == 2.0


def test_what_is_no_number_is_named():
    with pytest.raises(TypeError, match="static_argnums"):
        ag.jit(lambda x: x)("a")
    with pytest.raises(TypeError, match=r"hashable.*1"):
        ag.jit(lambda x, n: x, static_argnums=1)(1.0, [1])
    with pytest.raises(TypeError, match="returned"):
        ag.jit(lambda x: "text")(1.0)
    with pytest.raises(TypeError):
        ag.jit(lambda x: x == 1.0)(1.0)
    with pytest.raises(TypeError):
        ag.jit(lambda x, y: 1.0 if x is None else (x == y) * 1.0)(xs, xs)


def test_an_exception_of_the_function_comes_out_and_leaves_no_trace_behind():
    def f(x):
        if x < 0:
            raise ValueError("negative")
        return ag.sqrt(x)

    compiled = ag.jit(f)
    for _ in range(2):
        with pytest.raises(ValueError, match="negative"):
            compiled(-1.0)
        assert compiled(4.0) == 2.0
    assert ag.Value(2.0).data == 2.0


# --- composition ---------------------------------------------------------------------------------------------------------


def test_called_on_values_a_compiled_function_runs_as_it_is_written():
    f, runs = counted(lambda x: x * x * x)
    compiled = ag.jit(f)
    x = ag.Value(2.0)
    y = compiled(x)
    y.backward()
    assert (y.data, x.grad, len(runs)) == (8.0, 12.0, 1)
    assert compiled([ag.Value(2.0)][0]).data == 8.0
    assert ag.jit(lambda x: x @ x)(np.array([ag.Value(1.0), ag.Value(2.0)])).data == 5.0


def test_derivatives_and_compiled_functions_nest_in_any_order():
    cube = ag.jit(lambda x: x**3)
    assert ag.grad(cube)(3.0) == 27.0
    assert ag.grad(ag.grad(cube))(3.0) == 18.0
    assert ag.jit(ag.grad(ag.jit(ag.grad(cube))))(3.0) == 18.0
    assert ag.jit(lambda x: ag.jit(lambda y: y * x)(2.0))(3.0) == 6.0
    assert_close(ag.jit(ag.vmap(ag.jit(ag.grad(cube))))(xs), 3.0 * xs * xs, 27.0)
    assert_close(ag.vmap(cube)(xs), xs**3, 27.0)
    assert ag.jit(lambda x: ag.vjp(cube, x)[1](1.0)[0])(2.0) == 12.0
    assert ag.jit(lambda x: ag.linearize(cube, x)[1](2.0))(2.0) == 24.0
    assert ag.jit(ag.value_and_grad(lambda x: (x * x, {"aux": x + 1.0}), has_aux=True))(2.0) == ((4.0, {"aux": 3.0}), 4.0)


def test_gradients_of_inner_values_leaves_and_lanes_are_compiled():
    leaf = ag.Value(2.0)

    def f(x, xs):
        inner = x * x
        out = ag.total(ag.vmap(lambda y: ag.sin(y * leaf) * inner)(xs))
        return ag.gradients(out, [x, inner, leaf])

    compiled = ag.jit(f)
    for number in (2.0, 0.5):
        leaf.data = number
        sines, slopes = np.sin(xs * number).sum(), (xs * np.cos(xs * number)).sum()
        assert_close(compiled(3.0, xs), [6.0 * sines, sines, 9.0 * slopes], 100.0)


def test_no_grad_and_stop_gradient_hold_inside():
    def held(x):
        with ag.no_grad():
            y = x * x
        return y * x

    assert ag.jit(ag.grad(held))(2.0) == ag.grad(held)(2.0)
    assert ag.jit(ag.grad(lambda x: ag.stop_gradient(x) * x))(3.0) == 3.0
    with ag.no_grad():
        assert ag.jit(ag.grad(lambda x: x * x))(3.0) == 6.0

"""vmap: a loop on numbers, an axis in a compiled function, and the same results; reductions, nesting, modules, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.calculus.trees import flatten
from autograd_lite.compiler import TracingError
from tests.compiler.test_jit import assert_close, counted, numbers_of
from tests.strategies import examples

xs = np.array([1.0, -2.0, 3.0])
table = np.arange(6.0).reshape(2, 3) - 1.5
REDUCTIONS = ["total", "mean", "max", "min", "var", "std", "norm", "logsumexp"]


def twice(f, *args, scale=100.0):
    """The result of the compiled function, once it is sure that it is the function's."""
    expected = f(*args)
    found = ag.jit(f)(*args)
    assert flatten(found)[1] == flatten(expected)[1]
    assert_close(found, expected, scale)
    return found


# --- axes ----------------------------------------------------------------------------------------------------------------


@examples(40)
@given(data=st.data())
def test_in_axes_and_out_axes_are_where_numpy_has_them(data):
    """The oracle is numpy's moveaxis."""
    ndim = data.draw(st.integers(1, 3))
    shape = tuple(data.draw(st.lists(st.integers(1, 3), min_size=ndim, max_size=ndim)))
    array = np.arange(float(np.prod(shape))).reshape(shape) + 1.0
    start, stop = data.draw(st.integers(-ndim, ndim - 1)), data.draw(st.integers(-ndim, ndim - 1))
    f = ag.vmap(lambda x: x * 2.0, in_axes=start, out_axes=stop)
    expected = np.moveaxis(array * 2.0, start, stop)
    for found in (f(array), ag.jit(f)(array)):
        assert found.shape == expected.shape
        assert (found == expected).all()


@examples(40)
@given(data=st.data())
def test_nested_vmaps_have_their_axes_where_numpy_has_them(data):
    shape = tuple(data.draw(st.lists(st.integers(1, 3), min_size=3, max_size=3)))
    array = np.arange(float(np.prod(shape))).reshape(shape) + 1.0
    outer_in, outer_out = data.draw(st.integers(-3, 2)), data.draw(st.integers(-3, 2))
    inner_in, inner_out = data.draw(st.integers(-2, 1)), data.draw(st.integers(-2, 1))
    inner = ag.vmap(lambda row: row * 2.0, inner_in, inner_out)
    f = ag.vmap(inner, outer_in, outer_out)
    slices = [np.moveaxis(part * 2.0, inner_in, inner_out) for part in np.moveaxis(array, outer_in, 0)]
    expected = np.stack(slices, axis=outer_out)
    for found in (f(array), ag.jit(f)(array)):
        assert found.shape == expected.shape
        assert (found == expected).all()


def test_arguments_are_shared_mapped_and_nested():
    def f(w, tree, k):
        return ag.vmap(lambda w, t, k: {"a": w[0] * t["x"], "b": [t["y"][0] * k, w[1]]}, in_axes=(None, 0, None))(w, tree, k)

    args = (np.array([2.0, 3.0]), {"x": xs, "y": np.arange(6.0).reshape(3, 2)}, 10.0)
    for found in (f(*args), ag.jit(f)(*args)):
        assert_close(found["a"], xs * 2.0)
        assert_close(found["b"], [[0.0, 20.0, 40.0], [3.0, 3.0, 3.0]])


def test_lists_are_mapped_over_as_arrays():
    f = ag.vmap(lambda x, y: x * y[0])
    args = ([1.0, 2.0], [[3.0, 4.0], [5.0, 6.0]])
    for found in (f(*args), ag.jit(lambda a: f([1.0, 2.0], a))(np.array(args[1]))):
        assert_close(found, [3.0, 10.0])


def test_an_array_from_outside_is_mapped_over_as_constants():
    f = ag.jit(lambda w: ag.total(ag.vmap(lambda w, x: ag.sin(w * x), in_axes=(None, 0))(w, xs)))
    for w in (1.0, 2.0):
        assert_close(f(w), np.sin(w * xs).sum())


def test_rows_that_are_not_looked_into_still_count_as_lanes():
    assert_close(twice(lambda w, a: ag.vmap(lambda row: w * 2.0)(a), 3.0, table), [6.0, 6.0])
    assert_close(twice(lambda w, a: ag.total(ag.vmap(lambda row: w * 2.0)(a)), 3.0, table), 12.0)


def test_a_result_of_a_vmap_is_mapped_over_along_the_axis_that_is_named():
    chained = lambda xs: ag.vmap(lambda y: y * y)(ag.vmap(lambda x: x + 1.0)(xs))  # noqa: E731  # three of a kind
    twice(chained, xs)
    pairs = lambda x: np.array([x, x * x])  # noqa: E731  # as above
    for first, second in [(0, 0), (0, -1), (0, 1), (1, 0), (1, 1), (-1, 0)]:
        try:
            found = ag.jit(lambda xs, a=first, b=second: ag.vmap(ag.total, in_axes=b)(ag.vmap(pairs, out_axes=a)(xs)))(xs)
        except TypeError:
            continue  # what would not be the lanes may be refused, and must not be the lanes
        assert_close(found, ag.vmap(ag.total, in_axes=second)(ag.vmap(pairs, out_axes=first)(xs)), 10.0)


# --- reductions ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["value", "grad", "hessian", "jvp"])
@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("item", ["lane", "shared", "both", "constant"])
def test_a_reduction_over_lanes_is_that_over_the_sequence(item, name, way):
    body = {
        "lane": lambda w, x: x * x * 0.3 + x,
        "shared": lambda w, x: w * w,
        "both": lambda w, x: ag.sin(w * x) + w,
        "constant": lambda w, x: 2.5,
    }[item]

    def f(w, xs, y):
        reduced = getattr(ag, name)(ag.vmap(body, in_axes=(None, 0))(w, xs))
        return reduced * reduced + w * y

    for lanes in (np.array([0.5, -1.5, 2.5, 0.7]), np.array([0.5])):
        ways = {
            "value": lambda w, xs: f(w, xs, 1.0),
            "grad": lambda w, xs: ag.grad(f, (0, 1))(w, xs, 1.0),
            "hessian": lambda w, xs: ag.hessian(f, (0, 1))(w, xs, 1.0),
            "jvp": lambda w, xs: ag.jvp(lambda w, xs: f(w, xs, 1.0), (w, xs), (0.7, xs * 2.0)),
        }
        twice(ways[way], 1.3, lanes, scale=1000.0)


@pytest.mark.parametrize("name", REDUCTIONS)
def test_a_reduction_over_nested_lanes_takes_all_of_them(name):
    def f(w, table, b):
        return getattr(ag, name)(ag.vmap(lambda row, y: ag.vmap(lambda x: ag.sin(w * x) * y)(row))(table, b))

    twice(f, 0.7, table, np.array([1.0, 2.0]))
    twice(ag.grad(f, (0, 1, 2)), 0.7, table, np.array([1.0, 2.0]))
    twice(ag.hessian(f), 0.7, table, np.array([1.0, 2.0]))


@pytest.mark.parametrize("name", ["max", "min"])
def test_lanes_that_tie_share_the_derivative(name):
    f = lambda xs: getattr(ag, name)(ag.vmap(lambda x: x * x)(xs))  # noqa: E731  # one line
    assert_close(ag.jit(ag.grad(f))(np.array([2.0, 2.0, 2.0])), [4.0 / 3.0] * 3, 4.0)
    twice(ag.grad(f), np.array([2.0, -2.0, 2.0]))


@pytest.mark.parametrize("name", ["std", "var"])
def test_lanes_that_are_all_equal_have_no_deviation_and_no_slope(name):
    f = lambda w, xs: getattr(ag, name)(ag.vmap(lambda x: w * x)(xs))  # noqa: E731  # one line
    assert_close(ag.jit(ag.value_and_grad(f))(2.0, np.array([1.5, 1.5])), (0.0, 0.0))
    assert_close(ag.jit(ag.grad(f, 1))(2.0, np.array([1.5, 1.5])), [0.0, 0.0])


@pytest.mark.parametrize("name", ["var", "std"])
def test_degrees_of_freedom_are_those_of_the_lanes(name):
    f = lambda w, xs: getattr(ag, name)(ag.vmap(lambda x: x * w)(xs), ddof=1)  # noqa: E731  # one line
    compiled = ag.jit(f)
    for lanes in (np.array([0.5, -1.5, 2.5]), np.array([1.0, 4.0])):
        assert_close(compiled(2.0, lanes), getattr(np, name)(2.0 * lanes, ddof=1), 20.0)
        twice(ag.grad(f, (0, 1)), 2.0, lanes)
    for one in (f, compiled, ag.jit(f)):
        with pytest.raises(ValueError, match=r"at least 2|ddof=1"):
            one(2.0, np.array([1.0]))


SPECIAL_LANES = [
    *([1.0, np.inf], [1.0, np.nan], [-np.inf, 1.0], [-np.inf, -np.inf], [np.inf, -np.inf]),
    *([1e200, 1e200], [1e-200, 1e-200], [0.0, -0.0], [-0.0]),
]


@pytest.mark.parametrize("name", REDUCTIONS)
def test_lanes_of_special_floats_reduce_as_a_sequence_of_them_does(name):
    f = lambda w, xs: getattr(ag, name)(ag.vmap(lambda x: x * w)(xs))  # noqa: E731  # one line
    values, slopes = ag.jit(f), ag.jit(ag.grad(f, 1))
    for lanes in map(np.array, SPECIAL_LANES):
        np.testing.assert_allclose(values(1.0, lanes), f(1.0, lanes), rtol=1e-12)
        np.testing.assert_allclose(slopes(1.0, lanes), ag.grad(f, 1)(1.0, lanes), rtol=1e-12)


def test_lanes_are_reduced_in_one_vmap_and_used_in_another():
    def f(w, xs):
        middle = ag.mean(ag.vmap(lambda x: x * w)(xs))
        spread = ag.max(ag.vmap(lambda x: ag.abs(x * w - middle))(xs))
        return ag.total(ag.vmap(lambda x: ag.tanh((x * w - middle) / spread))(xs)) + middle

    for way in (f, ag.grad(f, (0, 1)), ag.hessian(f)):
        twice(way, 0.7, np.array([0.5, -1.5, 2.2, 0.3]))


def test_a_derivative_may_be_taken_in_every_lane():
    cube = lambda w, x: w * x * x * x  # noqa: E731  # one line
    f = ag.vmap(ag.grad(cube, (0, 1)), in_axes=(None, 0))
    assert_close(ag.jit(f)(2.0, xs), (xs**3, 6.0 * xs * xs), 100.0)
    second = lambda w, xs: ag.total(ag.vmap(ag.grad(ag.grad(cube, 1), 1), in_axes=(None, 0))(w, xs))  # noqa: E731  # as above
    assert_close(ag.jit(ag.grad(second))(2.0, xs), 6.0 * xs.sum(), 100.0)
    hessians = ag.vmap(ag.hessian(lambda x: x[0] ** 2 * x[1]))
    twice(hessians, table[:, :2])


# --- modules and labels --------------------------------------------------------------------------------------------------


def loss(model, xs, labels):
    def sample(model, x, label):
        scores = model(x)
        return ag.logsumexp(scores) - ag.pick(scores, label)

    return ag.mean(ag.vmap(sample, in_axes=(None, 0, 0))(model, xs, labels))


def test_a_networks_loss_over_any_number_of_lanes_is_one_trace():
    model = ag.nn.MLP(2, [4, 3], seed=0)
    f, runs = counted(loss)
    step = ag.jit(ag.value_and_grad(f))
    optimizer = ag.optim.SGD(model, 0.5)
    for lanes in (5, 1, 8, 5):
        inputs = np.sin(np.arange(2.0 * lanes)).reshape(lanes, 2)
        labels = np.arange(lanes) % 3
        value, slope = step(model, inputs, labels)
        written = ag.mean([loss(model, inputs[k : k + 1], labels[k : k + 1]) for k in range(lanes)])
        assert_close([value, slope], [written, ag.gradients(written, model.parameters())], 10.0)
        optimizer.step(slope)
    assert len(runs) == 1


def test_a_network_reached_by_closure_is_seen_as_it_is_now():
    model = ag.nn.MLP(2, [3, 1], seed=1)
    f, runs = counted(lambda xs: ag.mean(ag.vmap(lambda x: model(x))(xs)))
    compiled = ag.jit(f)
    slopes = ag.jit(lambda xs: ag.gradients(f(xs), model.parameters()))
    for k in range(4):
        expected = ag.mean([model(row) for row in table[:, :2].tolist()])
        assert_close(compiled(table[:, :2]), expected)
        assert_close(slopes(table[:, :2]), ag.gradients(expected, model.parameters()), 10.0)
        (
            lambda: setattr(model.parameters()[0], "data", 0.25),
            lambda: ag.optim.SGD(model, 0.1).step(np.ones(len(model.parameters()))),
            lambda: model.storage.write(np.linspace(-1.0, 1.0, len(model.parameters()))),
            lambda: None,
        )[k]()
    assert len(runs) == 2


def test_a_network_whose_numbers_have_moved_to_another_buffer_is_still_seen():
    model = ag.nn.MLP(2, [3, 1], seed=1)
    for args in ((0.5,), (0.5, model)):
        model.storage.write(np.linspace(-1.0, 1.0, len(model.parameters())))
        compiled = ag.jit(lambda x, m=model: m([x, 1.0]))
        for _ in range(2):
            compiled(*args)
        first = model.layers[0]
        first.storage.write(np.linspace(0.1, 0.9, len(first.parameters())))
        assert_close(compiled(*args), model([0.5, 1.0]), 10.0)
        model.parameters()[0].data, model.parameters()[-1].data = 7.0, 9.0
        assert_close(compiled(*args), model([0.5, 1.0]), 10.0)


class Wrapped(ag.nn.Module):
    """A module around another one, whose parameters it shares."""

    def __init__(self, inner):
        self.inner = inner

    def __call__(self, x):
        return ag.total(self.inner(x))


def test_two_networks_the_same_twice_and_shared_parameters_are_told_apart():
    a, b = ag.nn.MLP(2, [3, 1], seed=1), ag.nn.MLP(2, [3, 1], seed=2)
    layer = ag.nn.MLP(2, [3], seed=3)
    tied, too = Wrapped(layer), Wrapped(layer)
    f = lambda p, q, x: p(x) * q(x) + p([1.0, 2.0])  # noqa: E731  # one line
    compiled = ag.jit(ag.value_and_grad(f, (0, 1)))
    for scale in (1.0, 0.5, 0.25):
        for p, q in ((a, b), (b, a), (a, a), (tied, too), (too, tied), (tied, tied), (tied, layer)):
            if q is not layer:
                assert_close(compiled(p, q, [0.3, 0.5]), ag.value_and_grad(f, (0, 1))(p, q, [0.3, 0.5]), 10.0)
        for module in (a, too, tied):
            module.storage.write(np.cos(np.arange(float(len(module.parameters())))) * scale)
            assert_close(compiled(tied, too, [0.3, 0.5]), ag.value_and_grad(f, (0, 1))(tied, too, [0.3, 0.5]), 10.0)


def test_an_argument_and_a_closure_of_the_same_network_are_two_inputs():
    model = ag.nn.MLP(2, [3, 1], seed=1)
    f = lambda m, x: m(x) * model(x)  # noqa: E731  # one line
    twice(ag.grad(f), model, [0.3, 0.5])


# --- errors --------------------------------------------------------------------------------------------------------------

WRONG_USES = {
    "indexing": lambda y: y[0],
    "slicing": lambda y: y[1:],
    "iterating": lambda y: next(iter(y)),
    "unpacking": lambda y: [*y],
    "the length": len,
    "the truth": lambda y: 1.0 if y else 2.0,
    "adding": lambda y: y + 1.0,
    "adding from the left": lambda y: 1.0 + y,
    "comparing": lambda y: y > 0.0,
    "the sign": lambda y: -y,
    "the size": abs,
    "a matrix product": lambda y: y @ y,
    "an array on the left": lambda y: np.ones(3) * y,
    "a function": ag.exp,
    "numpy's sum": np.sum,
    "numpy's function": np.exp,
    "numpy's array": np.array,
    "the built-in sum": sum,
    "softmax": ag.softmax,
    "a product": ag.product,
    "a dot": lambda y: ag.dot(y, y),
    "two arguments": lambda y: ag.max(y, 0.0),
    "float": float,
    "the shape": lambda y: y.shape,
}


@pytest.mark.parametrize("use", WRONG_USES)
def test_what_cannot_be_done_with_lanes_names_the_reductions(use):
    f = ag.jit(lambda xs: WRONG_USES[use](ag.vmap(lambda x: x * x)(xs)))
    with pytest.raises(TypeError, match=r"ag\.total.*ag\.max"):
        f(xs)


def test_a_number_of_a_lane_does_not_leave_its_vmap():
    def kept_by(use):
        def f(xs):
            kept = []
            ag.vmap(lambda x: kept.append(x * 2.0) or x)(xs)
            return use(kept)

        return f

    uses = (lambda kept: kept[-1], ag.total, lambda kept: np.array(kept), lambda kept: {"a": [kept[0] * 2.0]})
    for use in (*uses, lambda kept: 1.0 if kept[0] > 0 else 2.0):
        with pytest.raises(TracingError):
            ag.jit(kept_by(use))(xs)


def test_arrays_that_do_not_match_are_refused_at_every_call():
    f = ag.jit(ag.vmap(lambda x, y: x * y))
    for _ in range(2):
        with pytest.raises(ValueError, match=r"3.* 4 samples"):
            f(np.ones(3), np.ones(4))
        with pytest.raises(ValueError, match="no samples"):
            f(np.ones(0), np.ones(0))
        assert_close(f(xs, xs), xs * xs, 10.0)
        with pytest.raises(TypeError, match=r"holds .*abc"):
            f("abc", np.ones(3))


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_wrong_axes_are_refused(compiled):
    def run(f, *args):
        return (ag.jit(f) if compiled else f)(*args)

    with pytest.raises(ValueError, match="2 entries for 1"):
        run(ag.vmap(lambda x: x, in_axes=(0, 0)), xs)
    with pytest.raises(ValueError, match="no argument"):
        run(ag.vmap(lambda x: x, in_axes=None), xs)
    with pytest.raises(ValueError, match="1 dimensions"):
        run(ag.vmap(lambda x: x, in_axes=1), xs)
    with pytest.raises(TypeError, match="no array"):
        run(ag.vmap(lambda x, y: x * y), xs, 2.0)
    with pytest.raises(TypeError, match="empty"):
        run(ag.vmap(lambda x, y: x), xs, ())
    with pytest.raises(ValueError, match=r"out_axes|axis 5|dimensions"):
        run(ag.vmap(lambda x: np.array([x, x]), out_axes=5), xs)
    with pytest.raises(ValueError, match="structures"):
        run(ag.vmap(lambda x: (x, x) if x > 0.0 else x), xs)


def test_a_label_that_is_no_place_is_refused_as_eagerly():
    f = ag.vmap(lambda k: ag.pick([1.0, 2.0], k))
    for labels in (np.array([0, 1, 2]), np.array([-1, 0, 1]), np.array([0.5])):
        for one in (f, ag.jit(f)):
            with pytest.raises(IndexError, match="whole number from 0 to 1"):
                one(labels)


def test_what_is_compiled_returns_numbers():
    assert numbers_of(ag.jit(ag.vmap(lambda x: 3))(xs)).tolist() == [3.0, 3.0, 3.0]


@pytest.mark.parametrize("transform", [ag.jacobian, ag.jacrev, ag.jacfwd])
def test_derivatives_of_each_lane_by_what_they_share_are_those_of_the_function_as_it_is_written(transform):
    rows = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.0]])

    def of_all(w, rows):
        return ag.vmap(lambda w, row: ag.sin(w[0] * row[0]) + w[1] * row[1], in_axes=(None, 0))(w, rows)

    w = np.array([0.3, -0.7])
    expected = np.column_stack([np.cos(w[0] * rows[:, 0]) * rows[:, 0], rows[:, 1]])
    for compiled in (ag.jit(transform(of_all)), transform(ag.jit(of_all))):
        assert np.allclose(compiled(w, rows), expected, rtol=1e-14)

"""The arrays that are found again in scalar code: how many steps, how many matrix products, and the right numbers.

The oracle is numpy on whole arrays, with derivatives by hand.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from tests.compiler.test_jit import assert_close
from tests.strategies import examples


def spread(*shape):
    """Numbers that look like nothing, the same every time."""
    return np.sin(np.arange(1.0, 1.0 + np.prod(shape)) * 1.7).reshape(shape)


def counts(f, *args):
    """The steps and the matrix products of a compiled function."""
    lowered = ag.jit(f).lower(*args)
    return lowered.steps, lowered.matrix_products


def gradient_of(f, *args, **options):
    """The compiled gradient of f at some arguments."""
    return ag.jit(ag.grad(f, **options))(*args)


# --- one level -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 3, 10, 100])
def test_elementwise_chains_have_a_step_for_each_operation_whatever_their_length(n):
    def f(x):
        return np.array([ag.tanh(ag.sin(y) * 2.0) for y in x])

    assert counts(f, spread(n)) == (3, 0)
    assert_close(ag.jit(f)(spread(n)), np.tanh(np.sin(spread(n)) * 2.0))
    loss = lambda x: ag.total([ag.exp(y) for y in x])  # noqa: E731  # one line
    assert counts(ag.grad(loss), spread(n)) == (1, 0)
    assert_close(gradient_of(loss, spread(n)), np.exp(spread(n)))


@pytest.mark.parametrize("n", [2, 3, 5, 50, 500])
def test_sums_of_any_arity_and_spelling_are_one_step(n):
    x, w = spread(n), spread(2 * n)[n:]

    def loop(x, w):
        s = 0.0
        for a, b in zip(x, w, strict=True):
            s = s + a * b
        return s

    def accumulated(x, w):
        s = 1.0
        for k in range(len(x)):
            s += x[k] * w[k]
        return s

    for f, expected in [
        (loop, x @ w),
        (accumulated, x @ w + 1.0),
        (lambda x, w: ag.dot(x, w), x @ w),
        (lambda x, w: x @ w, x @ w),
        (lambda x, w: ag.total(x), x.sum()),
        (lambda x, w: sum(x), x.sum()),
        (lambda x, w: sum(a * b for a, b in zip(x, w, strict=True)), x @ w),
        (lambda x, w: ag.total([a * b for a, b in zip(x, w, strict=True)]), x @ w),
    ]:
        assert counts(f, x, w)[0] <= 1 + (n == 2)
        assert_close(ag.jit(f)(x, w), expected, n + 1.0)
        assert_close(gradient_of(f, x, w), ag.grad(f)(x, w), 2.0)


# --- networks ------------------------------------------------------------------------------------------------------------


def written_neuron(w, b, x):
    """micrograd's own: `+` and `*` for each weight."""
    activation = b
    for weight, value in zip(w, x, strict=True):
        activation = activation + weight * value
    return ag.relu(activation)


def written_network(parameters, x):
    for weights, biases in parameters:
        x = [written_neuron(w, b, x) for w, b in zip(weights, biases, strict=True)]
    return x


def network_parameters(*sizes):
    return [(spread(m, n) * 0.7, spread(m) * 0.1 + 0.05) for n, m in pairwise(sizes)]


def by_hand(parameters, xs):
    """The sum of the squared outputs, and its gradient, on whole arrays."""
    layers = [xs]
    for w, b in parameters:
        layers.append(np.maximum(layers[-1] @ w.T + b, 0.0))
    slopes, s = [], 2.0 * layers[-1]
    for (w, _), before, after in zip(parameters[::-1], layers[-2::-1], layers[:0:-1], strict=True):
        s = s * (after > 0.0)
        slopes.insert(0, (s.T @ before, s.sum(axis=0)))
        s = s @ w
    return (layers[-1] ** 2).sum(), slopes


@pytest.mark.parametrize("lanes", [1, 2, 7])
@pytest.mark.parametrize("sizes", [(3, 4), (2, 5, 3), (4, 6, 5, 2)])
def test_a_written_loop_over_samples_and_weights_is_a_few_matrix_products(sizes, lanes):
    parameters, xs = network_parameters(*sizes), spread(lanes, sizes[0])

    def loss(parameters, xs):
        return ag.total([y * y for x in xs for y in written_network(parameters, x)])

    value, slopes = ag.jit(ag.value_and_grad(loss))(parameters, xs)
    expected_value, expected_slopes = by_hand(parameters, xs)
    assert_close(value, expected_value, 1e3)
    assert_close(slopes, expected_slopes, 1e3)
    steps, products = counts(ag.value_and_grad(loss), parameters, xs)
    layers = len(sizes) - 1
    # Forward a weighted sum and a relu; back the slope of relu, its product, weights, biases, and the layer before.
    assert steps <= 9 * layers + 4
    if lanes > 1:
        assert products >= 3 * layers - 2


def test_the_number_of_steps_does_not_grow_with_samples_or_widths():
    def loss(parameters, xs):
        return ag.total([y * y for x in xs for y in written_network(parameters, x)])

    found = {
        (lanes, width): counts(ag.value_and_grad(loss), network_parameters(3, width, width, 2), spread(lanes, 3))
        for lanes in (4, 13)
        for width in (5, 9)
    }
    assert len(set(found.values())) == 1, found


def test_a_vmap_finds_the_matrix_products_of_each_layer():
    parameters, xs = network_parameters(3, 5, 2), spread(7, 3)

    def loss(parameters, xs):
        return ag.total(ag.vmap(lambda x: ag.total([y * y for y in written_network(parameters, x)]))(xs))

    value, slopes = ag.jit(ag.value_and_grad(loss))(parameters, xs)
    expected_value, expected_slopes = by_hand(parameters, xs)
    assert_close(value, expected_value, 1e3)
    assert_close(slopes, expected_slopes, 1e3)
    steps, products = counts(ag.value_and_grad(loss), parameters, xs)
    assert steps <= 18
    assert products >= 5  # two forward, two for the weights, one between the layers


def test_a_module_and_its_written_twin_are_the_same_plan():
    model, xs = ag.nn.MLP(3, [5, 2], seed=0), spread(6, 3)
    loop = lambda m, xs: ag.total([y * y for x in xs for y in m(x)])  # noqa: E731  # one line
    lanes = lambda m, xs: ag.total(ag.vmap(lambda x: ag.total([y * y for y in m(x)]))(xs))  # noqa: E731  # one line
    assert_close(ag.jit(ag.grad(loop))(model, xs), ag.grad(loop)(model, xs), 100.0)
    assert_close(ag.jit(ag.grad(lanes))(model, xs), ag.grad(loop)(model, xs), 100.0)
    assert counts(ag.grad(loop), model, xs)[1] >= 4
    assert counts(ag.grad(lanes), model, xs)[1] >= 4


def test_a_weight_used_by_data_and_by_a_regulariser_is_split():
    def loss(w, xs, t):
        data = ag.total([(ag.dot(w, x) - y) ** 2 for x, y in zip(xs, t, strict=True)])
        return data + 0.1 * ag.total([a * a for a in w])

    w, xs, t = spread(4), spread(9, 4), spread(9)
    residual = xs @ w - t
    value, slope = ag.jit(ag.value_and_grad(loss))(w, xs, t)
    assert_close(value, residual @ residual + 0.1 * w @ w, 100.0)
    assert_close(slope, 2.0 * xs.T @ residual + 0.2 * w, 100.0)
    assert counts(ag.value_and_grad(loss), w, xs, t)[0] <= 12
    assert counts(ag.value_and_grad(loss), w, xs, t)[1] >= 2


# --- shared weights ------------------------------------------------------------------------------------------------------


def test_a_convolution_written_as_loops_is_two_products_with_overlapping_views():
    def loss(kernel, x):
        size = len(kernel)
        y = [ag.total([kernel[j] * x[i + j] for j in range(size)]) for i in range(len(x) - size + 1)]
        return ag.total([ag.tanh(a) for a in y])

    found = set()
    for n in (8, 20):
        kernel, x = spread(3), spread(n)
        y = np.convolve(x, kernel[::-1], mode="valid")
        s = 1.0 - np.tanh(y) ** 2
        assert_close(ag.jit(loss)(kernel, x), np.tanh(y).sum(), 10.0)
        slopes = gradient_of(loss, kernel, x, argnums=(0, 1))
        assert_close(slopes, (np.convolve(x, s[::-1], mode="valid"), np.convolve(s, kernel)), 100.0)
        found.add(counts(ag.grad(loss), kernel, x))
        # At the borders fewer terms come together: a step for the middle, and one for each length of a sum.
        assert counts(ag.grad(loss, (0, 1)), kernel, x)[0] <= 12
    assert len(found) == 1


def test_a_recurrent_network_has_a_step_for_each_turn_and_operation():
    def loss(w, u, xs):
        h = [0.0] * len(w)
        for x in xs:
            h = [ag.tanh(ag.dot(w[i], h) + ag.dot(u[i], x)) for i in range(len(w))]
        return ag.total(h)

    w, u, turns = spread(4, 4) * 0.4, spread(4, 3), 50
    xs = spread(turns, 3)
    states = [np.zeros(4)]
    for x in xs:
        states.append(np.tanh(w @ states[-1] + u @ x))
    s, slope_w, slope_u = np.ones(4), np.zeros((4, 4)), np.zeros((4, 3))
    for k in range(turns - 1, -1, -1):
        delta = s * (1.0 - states[k + 1] ** 2)
        slope_w, slope_u, s = slope_w + np.outer(delta, states[k]), slope_u + np.outer(delta, xs[k]), w.T @ delta
    assert_close(ag.jit(loss)(w, u, xs), states[-1].sum(), 10.0)
    found = gradient_of(loss, w, u, xs, argnums=(0, 1))
    assert_close(found, (slope_w, slope_u), 100.0)
    assert counts(loss, w, u, xs)[0] <= 3 * turns + 1
    assert counts(ag.grad(loss, (0, 1)), w, u, xs)[0] <= 9 * turns + 10


def test_rosenbrocks_stencil_takes_the_same_steps_at_any_length():
    def rosenbrock(x):
        s = 0.0
        for i in range(len(x) - 1):
            s = s + 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
        return s

    def slope_of(x):
        slope, d = np.zeros(len(x)), x[1:] - x[:-1] ** 2
        slope[:-1] = -400.0 * x[:-1] * d - 2.0 * (1.0 - x[:-1])
        slope[1:] += 200.0 * d
        return slope

    found = set()
    for n in (10, 77, 200):
        x, v = spread(n), np.cos(np.arange(n))
        assert_close(ag.jit(rosenbrock)(x), 100.0 * ((x[1:] - x[:-1] ** 2) ** 2).sum() + ((1.0 - x[:-1]) ** 2).sum(), 1e5)
        assert_close(gradient_of(rosenbrock, x), slope_of(x), 1e4)
        diagonal, beside = np.zeros(n), -400.0 * x[:-1]
        diagonal[:-1] = 1200.0 * x[:-1] ** 2 - 400.0 * x[1:] + 2.0
        diagonal[1:] += 200.0
        product = diagonal * v
        product[:-1] += beside * v[1:]
        product[1:] += beside * v[:-1]
        assert_close(ag.jit(ag.hvp(rosenbrock))(x, v), product, 1e5)
        found.add((counts(ag.grad(rosenbrock), x), counts(ag.hvp(rosenbrock), x, v)))
    ((gradient_counts, product_counts),) = found
    assert gradient_counts[0] <= 16
    assert product_counts[0] <= 45


def test_a_dense_quadratic_form_is_two_matrix_products():
    def form(table, x):
        return ag.total([x[i] * table[i, j] * x[j] for i in range(len(x)) for j in range(len(x))])

    for n in (3, 11):
        table, x = spread(n, n), spread(2 * n)[n:]
        assert_close(ag.jit(form)(table, x), x @ table @ x, n * n)
        assert_close(gradient_of(form, table, x, argnums=1), (table + table.T) @ x, n * n)
        assert_close(gradient_of(form, table, x), np.outer(x, x))
        assert counts(form, table, x)[0] <= 3
        assert counts(ag.grad(form, 1), table, x)[0] <= 6
    rows = lambda table, x: ag.dot(x, [ag.dot(row, x) for row in table])  # noqa: E731  # one line
    assert counts(rows, spread(11, 11), spread(11)) == (2, 2)


# --- no pattern ----------------------------------------------------------------------------------------------------------


@examples(30)
@given(data=st.data())
def test_what_is_not_affine_is_gathered_and_still_right(data):
    """Elements in any order, repeated and left out, in sums of any lengths."""
    n = data.draw(st.integers(2, 12))
    x, w = spread(n), spread(2 * n)[n:]
    place = st.integers(0, n - 1)
    picked = data.draw(st.lists(place, min_size=1, max_size=20))
    sums = data.draw(st.lists(st.lists(place, min_size=1, max_size=4), min_size=1, max_size=6))

    def f(x, w):
        elements = [ag.sin(x[k]) * w[n - 1 - k] for k in picked]
        totals = [ag.total([x[k] * w[(k * 5 + 3) % n] for k in row]) for row in sums]
        return np.array(elements + totals)

    expected = [np.sin(x[k]) * w[n - 1 - k] for k in picked]
    expected += [sum(x[k] * w[(k * 5 + 3) % n] for k in row) for row in sums]
    assert_close(ag.jit(f)(x, w), expected, 10.0)
    loss = lambda x, w: ag.total([y * (k + 1.0) for k, y in enumerate(f(x, w))])  # noqa: E731  # one line
    assert_close(gradient_of(loss, x, w, argnums=(0, 1)), ag.grad(loss, (0, 1))(x, w), 1e3)
    xs = spread(3, n)
    lanes = lambda w, xs: ag.total(ag.vmap(lambda x: loss(x, w))(xs))  # noqa: E731  # one line
    assert_close(gradient_of(lanes, w, xs, argnums=(0, 1)), ag.grad(lanes, (0, 1))(w, xs), 1e4)


def test_a_permutation_costs_a_gather_and_no_more_steps():
    order = np.argsort(spread(50))
    f = lambda x, w: ag.dot([x[int(k)] for k in order], w)  # noqa: E731  # one line
    x, w = spread(50), spread(100)[50:]
    assert counts(f, x, w)[0] == 1
    assert_close(ag.jit(f)(x, w), x[order] @ w, 50.0)
    slope = np.zeros(50)
    slope[order] = w
    assert_close(gradient_of(f, x, w), slope)


def test_the_sign_of_zero_and_nan_of_one_constant_do_not_become_anothers():
    f = lambda x: np.array([ag.copysign(x[k], c) for k, c in enumerate((0.0, -0.0, 1.0, -1.0))])  # noqa: E731  # one line
    assert ag.jit(f)(np.full(4, 2.0)).tolist() == [2.0, -2.0, 2.0, -2.0]
    g = lambda x: [ag.atan2(x, 0.0), ag.atan2(x, -0.0), ag.max(x, float("nan")), x * 0.0 + 1.0]  # noqa: E731  # one line
    found = ag.jit(g)(0.0)
    assert found[:2] == [0.0, np.pi]
    assert np.isnan(found[2])


def gathers(f, *args):
    """How many operands of a compiled function are listed, position by position."""
    steps = ag.jit(f).lower(*args).plan.steps
    views = [view for step in steps for piece in step.pieces for view in piece.operands]
    return sum(view.positions is not None for view in views)


def test_what_comes_from_loops_is_read_through_strided_views():
    def loss(parameters, xs):
        return ag.total([y * y for x in xs for y in written_network(parameters, x)])

    parameters, xs = network_parameters(3, 5, 4, 2), spread(7, 3)
    assert gathers(loss, parameters, xs) == 0
    assert gathers(ag.value_and_grad(loss), parameters, xs) == 0
    form = lambda a, x: ag.dot(x, [ag.dot(row, x) for row in a])  # noqa: E731  # one line
    assert gathers(ag.grad(form, (0, 1)), spread(5, 5), spread(5)) == 0


def test_a_sum_that_is_used_twice_is_computed_once():
    def doubled(x):
        for _ in range(60):
            x = x + x
        return x

    lowered = ag.jit(doubled).lower(1.0)
    assert len(lowered.program) <= 61
    assert sum(map(len, lowered.program.args)) <= 120
    assert ag.jit(doubled)(1.5) == 1.5 * 2.0**60
    assert ag.jit(ag.grad(doubled))(1.5) == 2.0**60

"""Networks, and programs on lists, as machine code: many shapes, whose buffers share memory in many ways."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.compiler.backends.native import machine as native_machine
from tests.strategies import examples

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not native_machine.has_native(), reason="native code needs llvmlite: pip install 'autograd_lite[native]'"
    ),
]

LOSSES = {
    "cross entropy": nn.softmax_cross_entropy,
    "squares": lambda outputs, label: ag.dot(outputs, outputs) - 2.0 * ag.pick(outputs, label),
    "logsumexp": lambda outputs, label: ag.logsumexp(outputs) * (1.0 + label),
}


def layers(kind, inputs, hidden, outputs, activation, rate):
    """A network: layers, with what lies between them."""
    first = nn.Layer(inputs, hidden, activation=activation, init="he", seed=0)
    last = nn.Layer(hidden, outputs, activation="identity", init="he", seed=1)
    between = {
        "plain": [],
        "dropout": [nn.Dropout(rate, seed=2)],
        "residual": [nn.Residual(nn.Layer(hidden, hidden, activation=activation, init="he", seed=3)), "tanh"],
        "maxout": [nn.Maxout(hidden, hidden, 2, seed=4), nn.Dropout(rate, seed=5)],
    }
    return nn.Sequential(first, *between[kind], last)


SMOOTH = st.tuples(
    st.just("float32"), st.sampled_from(["plain", "dropout", "residual"]), st.sampled_from(["tanh", "sigmoid", "softplus"])
)
"""In single precision a rounding decides which side of a kink is taken, if one is that near: here there are none."""

ANY = st.tuples(
    st.just("float64"),
    st.sampled_from(["plain", "dropout", "residual", "maxout"]),
    st.sampled_from(["relu", "tanh", "sigmoid", "softplus"]),
)


@examples(40)
@given(
    way=st.one_of(ANY, ANY, SMOOTH),
    inputs=st.integers(1, 20),
    hidden=st.sampled_from([1, 2, 3, 8, 15, 16, 33, 40, 64]),
    outputs=st.integers(2, 12),
    samples=st.sampled_from([1, 2, 7, 8, 9, 33, 100]),
    loss=st.sampled_from(sorted(LOSSES)),
    rate=st.sampled_from([0.2, 0.5]),
)
@example(("float64", "dropout", "relu"), 2, 64, 10, 33, "cross entropy", 0.5)  # steps over many rows, buffers of few
@example(("float64", "dropout", "tanh"), 2, 40, 10, 8, "logsumexp", 0.5)
@example(("float32", "dropout", "relu"), 2, 64, 10, 33, "cross entropy", 0.5)
@example(("float32", "maxout", "relu"), 20, 64, 10, 100, "cross entropy", 0.2)
def test_the_derivative_of_a_network_s_loss_is_that_of_numpy(way, inputs, hidden, outputs, samples, loss, rate):
    dtype, kind, activation = way
    dice = np.random.default_rng(0)
    rows, labels = dice.normal(size=(samples, inputs)), (np.arange(samples) % outputs).astype(float)

    def step(model, rows, labels):
        return ag.mean(ag.vmap(lambda row, label: LOSSES[loss](model(row), label))(rows, labels))

    found = {}
    for backend in ("numpy", "native"):
        model = layers(kind, inputs, hidden, outputs, activation, rate)
        gradient = ag.jit(ag.value_and_grad(step), backend=backend, dtype=dtype)
        found[backend] = [gradient(model, rows, labels) for _ in range(2)]  # masks are drawn anew, alike for both
    for (value, slopes), (wanted, wanted_slopes) in zip(found["native"], found["numpy"], strict=True):
        # Sums of hundreds of terms in another order; each is at most some times as large as the largest slope.
        close = {"float64": 1e-12, "float32": 1e-5}[dtype]
        assert value == pytest.approx(wanted, rel=close, abs=close)
        assert np.abs(np.asarray(slopes) - np.asarray(wanted_slopes)).max() <= 10.0 * close * (
            1.0 + np.abs(wanted_slopes).max()
        )


def deep(depth, width, activation):
    """Layers of one shape, whose weights lie one after the other in one buffer, between two of other shapes."""
    return nn.MLP(3, [*[width] * depth, 2], activation=activation, seed=0)


def squares(model, rows):
    return ag.mean(ag.vmap(lambda row: ag.total([(y - 1.0) * y for y in model(row)]))(rows))


@examples(8)
@given(
    depth=st.integers(2, 6),
    width=st.sampled_from([2, 5, 8, 13, 16]),
    samples=st.sampled_from([1, 9, 70]),
    activation=st.sampled_from(["relu", "tanh"]),
)
def test_layers_that_share_their_code_have_their_own_weights_and_derivatives(depth, width, samples, activation):
    rows = np.random.default_rng(0).normal(size=(samples, 3))
    way = ag.value_and_grad(squares)
    (value, slopes), (wanted, wanted_slopes) = [
        ag.jit(way, backend=backend)(deep(depth, width, activation), rows) for backend in ("native", "numpy")
    ]
    assert value == pytest.approx(wanted, rel=1e-12, abs=1e-13)
    # Sums of some hundred terms in another order.
    assert np.abs(np.asarray(slopes) - np.asarray(wanted_slopes)).max() <= 1e-11 * (1.0 + np.abs(wanted_slopes).max())


def test_layers_of_one_shape_are_written_once():
    def functions(depth):
        jitted = ag.jit(ag.value_and_grad(squares), backend="native")
        text = jitted.lower(deep(depth, 13, "tanh"), np.ones((40, 3))).code.code.text
        return text.count("define internal")

    assert functions(4) == functions(9)


PLACES = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3]

ALIKE = [
    lambda xs, i: xs[i] * xs[i + 1],
    lambda xs, i: xs[i] * xs[i + 3],
    lambda xs, i: xs[i + 1] * xs[i],
    lambda xs, i: xs[i] * xs[23 - i],
    lambda xs, i: xs[i] * xs[PLACES[i]],
    lambda xs, i: xs[i] * xs[PLACES[15 - i]],
    lambda xs, i: xs[i] * 0.5,
    lambda xs, i: xs[i] * 0.75,
    lambda xs, i: xs[i] * (0.5 + i),
    lambda xs, i: xs[i] * (0.5 - i),
    lambda xs, i: xs[i] + xs[i + 1],
    lambda xs, i: ag.dot(xs[i : i + 5], xs[i + 1 : i + 6]),
    lambda xs, i: ag.dot(xs[i : i + 5], xs[i + 3 : i + 8]),
    lambda xs, i: ag.dot(xs[i : i + 4], xs[i : i + 4]),
    lambda xs, i: ag.dot(xs[i : i + 4], xs[i : i + 8 : 2]),
    lambda xs, i: ag.max(xs[i : i + 5]),
    lambda xs, i: ag.max(xs[i + 1 : i + 6]),
]
"""Steps of 16 rows that differ in where they read, or in what they do."""


@pytest.mark.parametrize("count", [0, 9])
def test_steps_that_differ_in_little_have_code_of_their_own(count):
    def chain(xs):
        xs, sums = list(xs), []
        for step in ALIKE:
            xs = [ag.tanh(x) for x in xs]
            sums.append(ag.total([step(xs, i) * ag.exp(x) for i, x in zip(range(16), xs, strict=False)]))
        return np.array(sums)

    way = ag.vmap(chain) if count else chain
    numbers = np.random.default_rng(0).normal(size=(count, 24) if count else 24)
    found, wanted = [ag.jit(way, backend=backend)(numbers) for backend in ("native", "numpy")]
    # Sums of 16 numbers below 50.
    assert np.abs(found - wanted).max() <= 16 * 50e-12


@pytest.mark.parametrize("count", [0, 9])
def test_a_reduction_whose_terms_lie_in_patterns_that_cannot_be_counted_together_has_all_of_them(count):
    def sums(x, y):
        return np.array([ag.logsumexp([x[10 * (i // 3) + i % 3], y[10 * (i // 2) + i % 2]]) for i in range(6)])

    way = ag.vmap(sums) if count else sums
    x, y = np.random.default_rng(0).normal(size=(2, count, 30) if count else (2, 30))
    wanted = np.logaddexp(x[..., [0, 1, 2, 10, 11, 12]], y[..., [0, 1, 10, 11, 20, 21]])
    np.testing.assert_allclose(ag.jit(way, backend="native")(x, y), wanted, rtol=1e-14)


# --- programs on lists ---------------------------------------------------------------------------------------------------

ELEMENTWISE = {
    "sin": lambda xs, ys: [ag.sin(x) for x in xs],
    "tanh": lambda xs, ys: [ag.tanh(x) for x in xs],
    "relu": lambda xs, ys: [ag.relu(x) for x in xs],
    "add": lambda xs, ys: [x + y for x, y in zip(xs, ys, strict=False)],
    "multiply": lambda xs, ys: [x * y for x, y in zip(xs, ys, strict=False)],
    "maximum": lambda xs, ys: [ag.maximum(x, y) for x, y in zip(xs, ys, strict=False)],
    "where": lambda xs, ys: [ag.where(x < y, x * 0.5, y) for x, y in zip(xs, ys, strict=False)],
    "scale": lambda xs, ys: [x * (0.1 * (k % 7)) + 0.01 * k for k, x in enumerate(xs)],
    "first": lambda xs, ys: [x * ys[0] for x in xs],
    "backwards": lambda xs, ys: [x + y for x, y in zip(xs, ys[::-1], strict=False)],
    "neighbours": lambda xs, ys: [xs[k] - xs[k - 1] for k in range(len(xs))],
    "every other": lambda xs, ys: xs[::2] + ys[1::2],
    "products": lambda xs, ys: [ag.dot(xs, ys[k:] + ys[:k]) for k in range(min(len(xs), 9))] if len(xs) == len(ys) else xs,
    "windows": lambda xs, ys: [ag.dot(xs[k : k + 3], [0.2, -0.5, 0.1]) for k in range(len(xs) - 2)] if len(xs) > 3 else xs,
    "shares": lambda xs, ys: ag.softmax(xs[:12]),
    "total": lambda xs, ys: [ag.total(xs) * (1.0 / len(xs)), *ys],
}


@st.composite
def programs(draw):
    """Steps that make a list of two of those so far, the later ones rather; and the length of the first two."""
    step = st.tuples(st.sampled_from(sorted(ELEMENTWISE)), st.integers(0, 5), st.integers(0, 5))
    return draw(st.sampled_from([2, 3, 8, 17, 40, 64])), draw(st.lists(step, min_size=3, max_size=14))


def run(program, xs, w):
    """The sum of squares of the last list, and its first number."""
    lists = [list(xs), list(w)]
    for name, a, b in program:
        some, others = lists[-1 - a % len(lists)], lists[-1 - b % len(lists)]
        lists.append(ELEMENTWISE[name](some, others)[:80])
    return ag.dot(lists[-1], lists[-1]), lists[-1][0]


def slopes_of(program, lanes):
    """The mean of a program's sum over so many lanes, or of its one number where there are none, with the derivatives."""

    def many(xs, w):
        return (
            ag.mean([out for out, _ in [run(program, xs[0], w)]])
            if not lanes
            else ag.mean(ag.vmap(lambda x: run(program, x, w)[0])(xs))
        )

    return ag.value_and_grad(many, argnums=(0, 1))


@pytest.mark.parametrize("lanes", [0, 9])
@pytest.mark.parametrize("name", sorted(ELEMENTWISE))
def test_in_single_precision_a_step_on_lists_has_the_values_and_derivatives_of_doubles(name, lanes):
    dice = np.random.default_rng(0)
    xs, w = dice.normal(size=(max(lanes, 1), 40)).astype("f"), dice.normal(size=40).astype("f")
    step = slopes_of([(name, 0, 1)], lanes)
    (found, slopes), (value, expected) = ag.jit(step, backend="native", dtype="float32")(xs, w), ag.jit(step)(xs, w)
    # Sums of at most 80 squares, and sums of at most 9 products in them.
    assert abs(found - value) <= 80.0 * np.finfo("f").eps * value
    for a, b in zip(slopes, expected, strict=True):
        assert a.dtype == np.float32
        assert np.abs(a - b).max() <= 80.0 * np.finfo("f").eps * np.abs(b).max()


@examples(40)
@given(programs(), st.sampled_from([0, 1, 3, 8, 9, 33, 100]))
def test_programs_on_lists_have_the_values_and_derivatives_of_numpy(case, lanes):
    length, program = case
    dice = np.random.default_rng(0)
    xs, w = dice.normal(size=(max(lanes, 1), length)), 0.5 * dice.normal(size=length)

    def lanes_of(xs, w):
        return ag.vmap(lambda x: run(program, x, w)[1])(xs)

    functions = {"slopes": slopes_of(program, lanes), "lanes": lanes_of}
    for what, function in functions.items():
        wanted = ag.jit(function, backend="numpy")(xs, w)
        found = ag.jit(function, backend="native")(xs, w)
        for a, b in zip(flat(found), flat(wanted), strict=True):
            size = np.abs(b[np.isfinite(b)]).max(initial=1.0)
            assert np.array_equal(np.isfinite(a), np.isfinite(b)), what
            assert np.abs(a - b)[np.isfinite(b)].max(initial=0.0) <= 1e-9 * size, what  # sums that cancel in another order


def flat(item):
    return [part for inner in item for part in flat(inner)] if isinstance(item, (tuple, list)) else [np.asarray(item, float)]

"""The examples that lectures on backpropagation use, with their numbers."""

import math

import pytest

import autograd_lite as ag
from autograd_lite import Value, gradients
from autograd_lite.engine.sweep import forward, reverse


def network_of_32_paths(number):
    """Five layers of two nodes; the first are copies of w, each other node is the product of both nodes before it."""
    w = Value(number, "w")
    layers = [(+w, +w)]
    for _ in range(4):
        x, y = layers[-1]
        layers.append((x * y, x * y))
    x, y = layers[-1]
    return w, layers, x * y


@pytest.mark.parametrize("number", [2.0, 0.5, -1.5, 1.1])
def test_the_network_of_32_paths(number):
    w, _, o = network_of_32_paths(number)
    assert o.data == pytest.approx(number**32, rel=1e-14)
    assert ag.count_paths(o, w) == 2**5
    assert [ag.path_product(path) for path in ag.paths(o, w)] == pytest.approx([number**31] * 32, rel=1e-14)
    found = ag.pathwise_gradient(o, w)
    assert found.derivative == pytest.approx(32 * number**31, rel=1e-13)
    # Six edges on a path; five of them after the copy.
    assert (found.paths, found.multiplications, found.additions) == (32, 32 * 5, 31)
    assert gradients(o, w) == pytest.approx(32 * number**31, rel=1e-13)


@pytest.mark.parametrize("number", [2.0, 0.5, -1.5])
def test_the_sums_of_the_32_paths_from_the_last_layer_back(number):
    """S(i,o) is the derivative of the output towards all that i influences: 2w²⁴ in the fourth layer, not 2w¹⁶."""
    _, layers, o = network_of_32_paths(number)
    expected = [number**16, 2 * number**24, 4 * number**28, 8 * number**30, 16 * number**31]
    rows = {row.node: row.total for row in ag.sweep_table(o).rows}
    for layer, s in zip(reversed(layers), expected, strict=True):
        assert [rows[node] for node in layer] == pytest.approx([s, s], rel=1e-14)


def test_the_ledger_of_the_32_paths_has_32_equal_entries():
    w, _, o = network_of_32_paths(2.0)
    found = ag.ledger(o, w, k=100)
    assert [entry.product for entry in found.entries] == [2.0**31] * 32
    assert (found.remainder, found.sum, found.derivative) == (0.0, 2.0**36, 2.0**36)


def test_the_sweep_of_the_32_path_network_takes_one_product_per_edge():
    _, _, o = network_of_32_paths(2.0)
    table = ag.sweep_table(o)
    assert (table.multiplications, table.additions) == (20, 9)
    assert (table.pathwise_multiplications, table.pathwise_additions) == (160, 31)


def test_the_derivation_of_the_32_path_network_is_short_enough_to_read():
    w, _, o = network_of_32_paths(2.0)
    found = ag.derivation(o, w)
    assert found.derivative == 2.0**36
    assert len(str(found).splitlines()) < 120


def test_the_slope_of_the_32_path_network_in_symbols():
    w, _, o = network_of_32_paths(2.0)
    slope = ag.symbolic(o, w)
    assert [slope(w=x) for x in (2.0, 1.0, 0.5)] == [2.0**36, 32.0, 32 * 0.5**31]


def test_d_equals_a_times_a_plus_b():
    a, b = Value(4.0, "a"), Value(3.0, "b")
    c = a + b
    d = a * c
    assert d.data == 28.0
    assert gradients(d, [a, b, c]) == [11.0, 4.0, 4.0]
    assert [ag.path_product(path) for path in ag.paths(d, a)] == [7.0, 4.0]
    assert ag.pathwise_gradient(d, a).derivative == 11.0
    assert ag.ledger(d, a).sum == 11.0
    assert ag.derivation(d, a).derivative == 11.0
    assert ag.symbolic(d, a)(a=4.0, b=3.0) == 11.0


@pytest.mark.parametrize(("x1", "x2"), [(2.0, 5.0), (-1.0, 0.5), (0.0, 3.0)])
def test_a_function_of_two_outputs(x1, x2):
    """y = (x₁, x₁ sin x₂) and f = y₁ + 2y₂: the chain rule through the Jacobian of y."""
    first, second = Value(x1, "x1"), Value(x2, "x2")
    y1, y2 = +first, first * ag.sin(second)
    f = y1 + 2.0 * y2
    assert gradients(f, [y1, y2]) == [1.0, 2.0]
    assert gradients(y1, [first, second]) == [1.0, 0.0]
    assert gradients(y2, [first, second]) == [math.sin(x2), x1 * math.cos(x2)]
    expected = [1.0 + 2.0 * math.sin(x2), 2.0 * x1 * math.cos(x2)]
    assert gradients(f, [first, second]) == pytest.approx(expected, rel=1e-15)
    assert [ag.pathwise_gradient(f, x).derivative for x in (first, second)] == pytest.approx(expected, rel=1e-15)
    assert [ag.symbolic(f, x).data for x in (first, second)] == pytest.approx(expected, rel=1e-15)
    assert [ag.count_paths(f, x) for x in (first, second)] == [2, 1]


def test_ln_x1_plus_x1_x2_minus_sin_x2():
    """The example of the survey of Baydin et al. (JMLR 18, 2018), with its table of forward and reverse mode at (2, 5)."""
    x1, x2 = Value(2.0, "x1"), Value(5.0, "x2")
    f = ag.log(x1) + x1 * x2 - ag.sin(x2)
    assert f.data == 11.652071455223084
    assert gradients(f, [x1, x2]) == [5.5, 1.7163378145367738]
    assert [forward(f, {x: 1.0})[f] for x in (x1, x2)] == [5.5, 1.7163378145367738]
    assert [ag.pathwise_gradient(f, x).derivative for x in (x1, x2)] == [5.5, 1.7163378145367738]
    assert [ag.ledger(f, x).sum for x in (x1, x2)] == [5.5, 1.7163378145367738]
    assert [entry.product for entry in ag.ledger(f, x1).entries] == [5.0, 0.5]


@pytest.mark.parametrize("count", [1, 2, 3, 10, 50])
def test_speelpennings_product(count):
    """∏ x: its gradient has n components, each the product of all others, and reverse mode finds it at a few times the cost.

    Source: B. Speelpenning, Compiling fast partial derivatives of functions given by algorithms, 1980.
    """
    numbers = [(1 + k) / (2 + k) for k in range(count)]
    xs = [Value(x, f"x{k}") for k, x in enumerate(numbers)]
    y = xs[0]
    for x in xs[1:]:
        y = y * x
    others = [math.prod(numbers[:k] + numbers[k + 1 :]) for k in range(count)]
    assert y.data == pytest.approx(1 / (count + 1), rel=1e-14)
    assert gradients(y, xs) == pytest.approx(others, rel=1e-14)
    assert gradients(ag.product(xs), xs) == pytest.approx(others, rel=1e-14)
    assert [ag.count_paths(y, x) for x in xs] == [1] * count
    assert ag.sweep_table(y).multiplications == 2 * (count - 1)


def test_speelpennings_product_with_a_zero_needs_no_division():
    xs = [Value(x) for x in (2.0, 0.0, 3.0, 5.0)]
    assert gradients(ag.product(xs), xs) == [0.0, 30.0, 0.0, 0.0]


def test_the_lemma_on_the_32_path_network_in_its_own_words():
    """S(o,o) = 1, S(i,o) = Σ over the users j of i of S(j,o)·z(i,j)."""
    w, layers, o = network_of_32_paths(1.25)
    s = reverse(o)
    assert s[o] == 1.0
    x, y = layers[3]
    users = layers[4]
    assert s[x] == sum(s[j] * y.data for j in users)
    assert s[w] == sum(s[j] * 1.0 for j in layers[0])

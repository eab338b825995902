"""The paths that carry a derivative, against all paths sorted."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value, gradients
from tests.engine.test_paths import MANY, diamonds
from tests.engine.test_random_graphs import on_values, sum_of_magnitudes
from tests.strategies import examples, graphs


def size(product):
    """inf and nan before all numbers."""
    return abs(product) if math.isfinite(product) else math.inf


def products(entries):
    return [entry.product for entry in entries]


@examples(100)
@given(recipe=graphs(largest=12), k=st.integers(1, 12))
def test_the_k_largest_are_those_of_a_full_list(recipe, k):
    inputs, output = on_values(recipe)
    for x in inputs:
        if ag.count_paths(output, x) > MANY:
            continue
        listed = sorted(map(ag.path_product, ag.paths(output, x)), key=size, reverse=True)
        found = ag.ledger(output, x, k=k)
        assert found.paths == len(listed)
        # The same products to the bit: both multiply from the output back, and no factor here is near an end of the floats.
        assert list(map(abs, products(found.entries))) == list(map(abs, listed[:k]))
        assert [ag.path_product(entry.path) for entry in found.entries] == products(found.entries)
        assert len({entry.path.edges for entry in found.entries}) == min(k, len(listed))
        assert math.isclose(found.magnitude, math.fsum(map(abs, listed)), rel_tol=1e-12)
        others = math.fsum(listed) - math.fsum(products(found.entries))
        assert abs(found.remainder - others) <= 1e-12 * found.magnitude


@examples(100)
@given(recipe=graphs(largest=12))
def test_all_paths_sum_to_the_derivative(recipe):
    inputs, output = on_values(recipe)
    for x, derivative, magnitude in zip(inputs, gradients(output, inputs), sum_of_magnitudes(output, inputs), strict=True):
        count = ag.count_paths(output, x)
        if count > MANY:
            continue
        found = ag.ledger(output, x, k=MANY)
        assert len(found.entries) == count
        assert found.remainder == 0.0
        assert abs(found.sum - derivative) <= 1e-12 * magnitude
        assert found.agrees


@examples(60)
@given(recipe=graphs(), k=st.integers(1, 40))
def test_entries_and_remainder_sum_to_the_derivative(recipe, k):
    inputs, output = on_values(recipe)
    for x, derivative, magnitude in zip(inputs, gradients(output, inputs), sum_of_magnitudes(output, inputs), strict=True):
        found = ag.ledger(output, x, k=k)
        assert found.derivative == derivative
        assert math.isclose(found.magnitude, magnitude, rel_tol=1e-12)
        assert abs(found.sum + found.remainder - derivative) <= 1e-12 * magnitude
        assert found.agrees


def towers(x, count):
    """Diamonds whose two sides have the slopes 0.75 and 0.25: the largest path goes by the first side always."""
    y = x
    for _ in range(count):
        y = y * 0.75 + y * 0.25
    return y


@pytest.mark.slow  # the same on any interpreter
def test_a_hundred_thousand_nodes_with_astronomically_many_paths():
    """The products are far below the smallest float, and still told apart."""
    x = Value(1.0)
    y = towers(x, 33_333)
    found = ag.ledger(y, x)
    assert found.paths == 2**33_333
    assert [len(entry.path.edges) for entry in found.entries] == [66_666] * 10
    best = found.entries[0]
    assert math.isclose(math.log2(best.mantissa) + best.exponent, 33_333 * math.log2(0.75), rel_tol=1e-12)
    # Any other path has at least one side of a third of the slope.
    sides = [sum(edge.z == 0.25 for edge in entry.path.edges) for entry in found.entries]
    assert sides == [0] + [1] * 9
    assert products(found.entries) == [0.0] * 10
    assert found.derivative == 1.0
    assert found.remainder == pytest.approx(1.0, rel=1e-12)
    assert found.agrees


def test_the_remainder_is_not_the_difference_to_the_sweep():
    """With another slope on one edge the sweep finds another derivative, and the ledger says so."""
    x = Value(1.0)
    y = towers(x, 4)
    good = ag.ledger(y, x, k=3)
    wrong = type(good)(good.output, good.source, good.entries, 16, good.remainder, good.derivative + 1e-9, good.magnitude)
    assert good.agrees
    assert not wrong.agrees
    assert "but the sweep finds" in str(wrong)


def test_products_that_are_inf_or_nan_come_first_and_zeros_last():
    x = Value(0.0)
    parts = [x * 3.0, x * math.inf, ag.floor(x + 0.5), x * -5.0, x * 0.0, x * math.nan]
    found = ag.ledger(ag.total(parts), x, k=6)
    assert [size(product) for product in products(found.entries)] == [math.inf, math.inf, 5.0, 3.0, 0.0, 0.0]
    assert math.isnan(found.derivative)
    assert found.agrees


def test_a_zero_times_inf_counts_as_any_inf():
    """A way of slope 0 that is dropped among better ones may become nan further on; then those others are inf."""
    x = Value(0.0)
    for inner, outer in ((1.0, math.inf), (math.inf, 1.0)):
        fan = ag.total([x * inner * float(k) for k in range(20)])
        found = ag.ledger(fan * outer, x, k=3)
        assert [size(product) for product in products(found.entries)] == [math.inf] * 3


def test_a_product_is_rounded_once_where_the_way_to_it_overflows():
    x = Value(1.0)
    found = ag.ledger(x * 1e300 * 1e300 * 1e-300, x, k=1)
    assert found.entries[0].product == pytest.approx(1e300)
    assert ag.ledger(x * 1e300 * -1e300, x).entries[0].product == -math.inf


def test_the_ledger_is_the_same_every_time():
    x = Value(1.0)
    y = diamonds(x, 30)  # 2**30 paths of one product
    again = Value(1.0)
    trails = [
        [[edge.position for edge in entry.path.edges] for entry in ag.ledger(output, source).entries]
        for output, source in ((y, x), (y, x), (diamonds(again, 30), again))
    ]
    assert trails[0] == trails[1] == trails[2]


def test_without_a_path_the_ledger_is_empty_and_the_derivative_0():
    x, y = Value(1.0), Value(2.0)
    found = ag.ledger(y * 2.0, x)
    assert (found.entries, found.paths, found.remainder, found.derivative, found.magnitude) == ((), 0, 0.0, 0.0, 0.0)
    assert found.agrees
    assert str(found)


def test_from_a_node_to_itself_the_ledger_has_the_path_without_edges():
    x = Value(1.0)
    found = ag.ledger(x, x)
    assert (products(found.entries), found.paths, found.remainder) == ([1.0], 1, 0.0)
    assert str(found)


@pytest.mark.parametrize(("k", "error"), [(0, ValueError), (-1, ValueError), (2.0, TypeError), (True, TypeError)])
def test_k_is_a_positive_int(k, error):
    x = Value(1.0)
    with pytest.raises(error, match="ledger: k is"):
        ag.ledger(x * x, x, k=k)


def test_labels_are_text_in_the_table():
    x = Value(2.0, "<script>alert(1)</script>")
    html = ag.ledger(x * x, x)._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_a_table_of_many_paths_is_short():
    x = Value(1.0, "x")
    text = str(ag.ledger(towers(x, 5_000), x, k=2))
    assert max(map(len, text.splitlines())) < 125
    assert "2.02e-625" in text  # 0.75**5000
    assert list(itertools.islice(text.splitlines(), 1)) == ["∂v1/∂x: 2 of 1.41e+1505 paths"]

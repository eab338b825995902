"""Sweeps from several outputs, from given sources, and forward accumulation as a graph."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Value, gradients, sqrt, where
from autograd_lite.engine.sweep import forward, topological
from autograd_lite.engine.sweep_graph import forward_graph, reverse_graph
from tests.engine.test_random_graphs import EPSILON, on_values, sum_of_magnitudes
from tests.strategies import examples, graphs


@examples(100)
@given(recipe=graphs(), data=st.data())
def test_tangents_as_graphs_are_the_same_numbers(recipe, data):
    inputs, output = on_values(recipe)
    rates = data.draw(st.lists(st.floats(-2.0, 2.0), min_size=len(inputs), max_size=len(inputs)))
    tangents = dict(zip(inputs, rates, strict=True))
    found, numbers = forward_graph(output, tangents), forward(output, tangents)
    assert set(found) == set(numbers) | set(inputs)
    size = sum(sum_of_magnitudes(output, inputs))
    if output in numbers:
        rate = found[output]
        # The same products in the same order, but for those with a partial of 1.
        assert abs((rate.data if isinstance(rate, Value) else rate) - numbers[output]) <= 200 * EPSILON * size


@examples(60)
@given(recipe=graphs(largest=12))
def test_forward_over_reverse_equals_reverse_over_forward(recipe):
    inputs, output = on_values(recipe)
    for k, x in enumerate(inputs):
        slope = gradients(output, x, create_graph=True)
        rate = forward_graph(output, {x: Value(1.0)}).get(output, Value(0.0))
        for j, y in enumerate(inputs):
            second = gradients(rate, y)
            size = 1.0 + sum_of_magnitudes(slope, inputs)[j] + sum_of_magnitudes(rate, inputs)[j]
            assert abs(forward(slope, {y: 1.0}).get(slope, 0.0) - second) <= 1e-10 * size, (k, j)


def test_several_outputs_are_swept_at_once():
    x, y = Value(2.0), Value(3.0)
    a, b = x * y, x + y
    order = topological(a, b, a)
    assert sorted(map(id, order)) == sorted(map(id, [x, y, a, b]))
    assert (order.index(a), order.index(b)) == (2, 3)
    rates = forward([a, b], {x: 1.0})
    assert (rates[a], rates[b]) == (3.0, 1.0)
    graph = forward_graph([a, b], {x: Value(1.0)})
    assert (graph[a].data, graph[b].data) == (3.0, 1.0)


def test_nobody_looks_below_sources():
    x = Value(2.0)
    y = x * x
    z = y * 3.0
    assert topological(z, sources=[y]) == [y, z]
    assert reverse_graph(z, [y], independent=True) == {z: 1.0, y: 3.0}
    assert set(forward_graph(z, {y: 1.0})) == {y, z}


def test_a_written_leaf_is_refused_from_any_output():
    x, w = Value(2.0), Value(1.0)
    a, b = x * x, w * w
    w.data = 5.0
    for sweep in (lambda: topological(a, b), lambda: forward([a, b], {x: 1.0}), lambda: forward_graph([b, a], {x: 1.0})):
        with pytest.raises(RuntimeError, match="was written"):
            sweep()


def test_a_tangent_does_not_pass_a_structural_zero():
    x = Value(0.0)
    y = where(x > 0.0, sqrt(x), 1.0)
    assert y not in forward_graph(y, {x: 1.0})
    assert y not in forward(y, {x: 1.0})

"""Derivatives of random graphs over the whole table, against differences of the same graph on floats and in mpmath."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

from autograd_lite import Value, gradients
from autograd_lite.engine.primitive import TABLE
from autograd_lite.engine.sweep import forward, local_derivatives, reverse, topological
from tests.oracles import oracle
from tests.strategies import REACH, apply, examples, graphs

every_row = pytest.mark.parametrize("name", sorted(TABLE))

EPSILON = 2.0**-52


def on_values(recipe):
    """The graph: its inputs and its output."""
    inputs = [Value(x) for x in recipe.inputs]
    return inputs, recipe.run(inputs, lambda name, args: apply(TABLE[name], args))[-1]


def replay(recipe, inputs, function, convert):
    """The output as a function of the inputs; what `stop_gradient` holds back stays as it is at the recipe's own inputs."""
    held = recipe.run([convert(x) for x in recipe.inputs], function, convert)
    places = iter(range(len(inputs), len(held)))

    def step(name, args):
        place = next(places)
        return held[place] if name == "stop_gradient" else function(name, args)

    return recipe.run(inputs, step, convert)[-1]


def on_floats(recipe, inputs):
    return replay(recipe, inputs, lambda name, args: apply(TABLE[name], args), float)


def in_mpmath(recipe, inputs):
    return replay(recipe, inputs, lambda name, args: oracle(name)(*args), mp.mpf)


def moved(inputs, *moves):
    inputs = list(inputs)
    for k, h in moves:
        inputs[k] += h
    return inputs


def sum_of_magnitudes(output, inputs):
    """Σ over all paths of |Π z|: what the rounding of the derivative is to be measured against."""
    magnitude = {output: 1.0}
    for node in reversed(topological(output)):
        for arg, z in local_derivatives(node):
            magnitude[arg] = magnitude.get(arg, 0.0) + magnitude.get(node, 0.0) * abs(z)
    return [magnitude.get(x, 0.0) for x in inputs]


@every_row
@examples(10)
@given(data=st.data())
def test_gradient_equals_differences_in_mpmath(name, data):
    recipe = data.draw(graphs(featuring=name))
    inputs, output = on_values(recipe)
    for k, (found, magnitude) in enumerate(zip(gradients(output, inputs), sum_of_magnitudes(output, inputs), strict=True)):
        with mp.workdps(50):
            h = mp.mpf(10) ** -15
            exact = [mp.mpf(x) for x in recipe.inputs]
            above, below = (in_mpmath(recipe, moved(exact, (k, move))) for move in (h, -h))
            # The error of a difference is of the order of h² = 1e-30; that of the sweep some ulp of every path.
            assert abs((above - below) / (2 * h) - found) <= 1e-9 * magnitude + 1e-25


@examples(100)
@given(recipe=graphs())
def test_a_sweep_that_is_told_the_order_finds_the_same_to_the_bit(recipe):
    _, output = on_values(recipe)
    found = reverse(output, 2.0, order=topological(output))
    assert [*found] == [*reverse(output, 2.0)]
    assert repr([*found.values()]) == repr([*reverse(output, 2.0).values()])  # a nan and the sign of 0 too


@examples(100)
@given(recipe=graphs())
def test_gradient_equals_central_differences(recipe):
    inputs, output = on_values(recipe)
    for k, (found, magnitude) in enumerate(zip(gradients(output, inputs), sum_of_magnitudes(output, inputs), strict=True)):
        # A tenth of the way to where the graph is known to be smooth: rounding weighs 1e-16 / h, curvature h².
        h = 0.01 * REACH * recipe.inputs[k]
        quotient = (on_floats(recipe, moved(recipe.inputs, (k, h))) - on_floats(recipe, moved(recipe.inputs, (k, -h)))) / (
            2 * h
        )
        assert abs(quotient - found) <= 1e-6 * (1.0 + magnitude)


@examples(100)
@given(recipe=graphs())
def test_forward_equals_reverse(recipe):
    inputs, output = on_values(recipe)
    for x, found, magnitude in zip(inputs, gradients(output, inputs), sum_of_magnitudes(output, inputs), strict=True):
        # The two sum the same products in another order, at most some hundred of them here.
        assert abs(forward(output, {x: 1.0}).get(output, 0.0) - found) <= 100 * EPSILON * magnitude


@examples(100)
@given(recipe=graphs())
def test_gradients_are_the_same_to_the_bit_every_time(recipe):
    inputs, output = on_values(recipe)
    again, output_again = on_values(recipe)
    first = gradients(output, inputs)
    assert gradients(output, inputs) == first
    assert gradients(output_again, again) == first


@examples(100)
@given(recipe=graphs())
def test_gradients_as_graphs_are_the_same_numbers(recipe):
    inputs, output = on_values(recipe)
    graph = [slope.data for slope in gradients(output, inputs, create_graph=True)]
    for found, expected, magnitude in zip(graph, gradients(output, inputs), sum_of_magnitudes(output, inputs), strict=True):
        assert abs(found - expected) <= 100 * EPSILON * magnitude


@examples(60)
@given(recipe=graphs(largest=12))
def test_second_derivatives_equal_differences_in_mpmath(recipe):
    inputs, output = on_values(recipe)
    slopes = gradients(output, inputs, create_graph=True)
    with mp.workdps(60):
        h = mp.mpf(10) ** -15
        exact = [mp.mpf(x) for x in recipe.inputs]
        for k, slope in enumerate(slopes):
            size = sum_of_magnitudes(slope, inputs)
            for j, found in enumerate(gradients(slope, inputs)):
                signs = [(a, b) for a in (1, -1) for b in (1, -1)]
                terms = [a * b * in_mpmath(recipe, moved(exact, (j, a * h), (k, b * h))) for a, b in signs]
                assert abs(mp.fsum(terms) / (4 * h**2) - found) <= 1e-9 * (1.0 + size[j])

"""Derivatives as expressions: they read back as the same number, and hold at other points."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value, gradients
from autograd_lite.engine.primitive import TABLE
from autograd_lite.engine.sweep import topological
from tests.engine.test_notation import PUBLIC
from tests.engine.test_paths import diamonds
from tests.engine.test_random_graphs import EPSILON, on_values, sum_of_magnitudes
from tests.strategies import REACH, apply, examples, graphs


def bits(x):
    return struct.pack("d", x)


@examples(100)
@given(recipe=graphs(largest=15))
def test_the_text_evaluates_to_the_derivative(recipe):
    inputs, output = on_values(recipe)
    for x in inputs:
        slope = ag.symbolic(output, x)
        try:
            text = slope.text(limit=100_000)
        except ValueError:
            continue
        fresh = {slope.names[leaf]: Value(leaf.data) for leaf in inputs if leaf in slope.names}
        found = eval(text, PUBLIC | fresh)
        found = found.data if isinstance(found, Value) else float(found)
        assert bits(found) == bits(slope.data)


@examples(100)
@given(recipe=graphs(), moves=st.lists(st.floats(-1.0, 1.0), min_size=4, max_size=4))
def test_evaluated_at_another_point_it_is_the_gradient_there(recipe, moves):
    """Within the distance in which a random graph is known to be smooth, no choice falls otherwise."""
    inputs, output = on_values(recipe)
    moved = [Value(x * (1.0 + 0.5 * REACH * move)) for x, move in zip(recipe.inputs, moves, strict=False)]
    there = recipe.run(moved, lambda name, args: apply(TABLE[name], args))[-1]
    magnitudes = sum_of_magnitudes(there, moved)
    for x, expected, magnitude in zip(inputs, gradients(there, moved), magnitudes, strict=True):
        slope = ag.symbolic(output, x)
        numbers = {old: new.data for old, new in zip(inputs, moved, strict=True) if old in slope.names}
        # Eager sweep and expression add up the same terms, in sums that may begin elsewhere.
        assert abs(slope(numbers) - expected) <= 100 * EPSILON * magnitude


@examples(60)
@given(recipe=graphs(largest=12))
def test_with_values_it_gives_a_graph_that_can_be_differentiated(recipe):
    inputs, output = on_values(recipe)
    slope = ag.symbolic(output, inputs[0])
    fresh = {x: Value(x.data) for x in inputs if x in slope.names}
    found = slope(fresh)
    again = gradients(slope.value, list(fresh))
    if isinstance(found, Value):
        assert found.data == slope.data
        assert gradients(found, list(fresh.values())) == pytest.approx(again, rel=1e-12, abs=1e-300)
    else:
        assert found == slope.data
        assert again == [0.0] * len(fresh)


def example():
    x, y = Value(2.0, "x"), Value(5.0, "y")
    return x, y, ag.log(x) + x * y - ag.sin(y)


def test_it_reads_as_in_a_book():
    x, y, f = example()
    f.label = "f"
    assert repr(ag.symbolic(f, x)) == "∂f/∂x = y + 1 / x"
    assert ag.symbolic(f, x).latex() == r"y + \frac{1}{x}"
    assert ag.symbolic(f, y)._repr_latex_() == (r"$\displaystyle \frac{\partial f}{\partial y} = -\cos\left(y\right) + x$")
    assert str(ag.symbolic(x**3, x)) == "3 * x ** 2"


def test_numbers_are_given_by_name_by_node_or_not_at_all():
    x, _, f = example()
    slope = ag.symbolic(f, x)
    assert slope() == slope.data == 5.5
    assert slope(x=4.0) == slope({"x": 4.0}) == slope({x: 4}) == 5.25
    assert slope({x: 1.0}, y=0.0) == 1.0
    assert [slope(x=4.0, y=number) for number in (0.0, 1.0)] == [0.25, 1.25]


def test_a_number_on_which_the_derivative_does_not_depend_may_be_given():
    x, y = Value(2.0, "x"), Value(5.0, "y")
    assert ag.symbolic(x * y, x)(x=100.0, y=7.0) == 7.0


def test_an_inner_node_is_a_symbol_and_can_be_given_or_computed():
    x = Value(2.0, "x")
    u = x * x
    u.label = "u"
    slope = ag.symbolic(ag.sin(u) * x, u)
    assert slope.text() == "x * cos(u)"
    assert slope() == pytest.approx(2.0 * math.cos(4.0))
    assert slope(x=3.0) == pytest.approx(3.0 * math.cos(9.0))
    assert slope(x=3.0, u=0.5) == pytest.approx(3.0 * math.cos(0.5))


@pytest.mark.parametrize(
    ("function", "number"),
    [
        (lambda x: x.relu() * x, -1.0),
        (lambda x: ag.where(x > 0, x * x, 3.0 * x), -1.0),
        (lambda x: ag.max([x, 1.0]) * x, 0.5),
        (lambda x: ag.clip(x, 1.0, 3.0) * x, 4.0),
        (lambda x: ag.pick([x, x * x], ag.floor(x) * 0.5), 0.5),
    ],
)
def test_where_a_choice_falls_otherwise_it_is_refused_and_never_wrong(function, number):
    x = Value(2.5, "x")
    if number == 0.5:
        x = Value(2.0, "x")
    slope = ag.symbolic(function(x), x)
    with pytest.raises(ValueError, match="falls otherwise than where the derivative was taken"):
        slope(x=number)
    there = Value(number)
    assert ag.symbolic(function(there), there).data == gradients(function(there), there)


def test_a_choice_that_the_derivative_does_not_pass_through_may_fall_as_it_likes():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    slope = ag.symbolic(x * x + y.relu() + ag.stop_gradient(x.relu()), x)
    assert slope(x=-1.0, y=-1.0) == -2.0


def test_a_derivative_of_a_derivative_is_an_expression_too():
    x = Value(2.0, "x")
    second = ag.symbolic(ag.symbolic(x**3, x).value, x)
    assert str(second) == "3 * (2 * x)"
    assert second(x=5.0) == 30.0


def test_where_the_source_has_no_influence_it_is_0():
    x, w = Value(2.0, "x"), Value(1.0)
    slope = ag.symbolic(x * x, w)
    assert (str(slope), slope.data, slope(x=7.0)) == ("0.0", 0.0, 0.0)
    assert str(ag.symbolic(x, x)) == "1"


def test_a_leaf_written_since_gives_its_new_number():
    x = Value(2.0, "x")
    slope = ag.symbolic(x**3, x)
    x.data = 3.0
    assert slope() == 27.0
    assert str(slope) == "3 * x ** 2"


def test_an_expression_too_long_to_show_says_so_and_is_evaluated_all_the_same():
    x = Value(1.0, "x")
    y = x
    for _ in range(500):
        y = y * 0.5 + ag.sin(y) * 0.5
    slope = ag.symbolic(y, x)
    assert "too long to show" in repr(slope)
    assert slope._repr_latex_() is None
    with pytest.raises(ValueError, match="more than 10,000 characters"):
        slope.text()
    fresh = Value(0.5)
    z = fresh
    for _ in range(500):
        z = z * 0.5 + ag.sin(z) * 0.5
    assert slope(x=0.5) == pytest.approx(gradients(z, fresh), rel=1e-12)


def test_a_graph_of_many_nodes_needs_no_recursion():
    x = Value(1.0, "x")
    slope = ag.symbolic(diamonds(x, 5000), x)
    assert slope(x=2.0) == 1.0
    assert repr(slope)


def test_an_unknown_name_is_refused_with_those_that_are_known():
    x, _, f = example()
    with pytest.raises(ValueError, match=r"no node 'z'; its inputs are x, y"):
        ag.symbolic(f, x)(z=1.0)
    with pytest.raises(ValueError, match="no node"):
        ag.symbolic(f, x)({Value(1.0): 1.0})


def test_what_is_no_number_is_refused():
    x, _, f = example()
    with pytest.raises(TypeError, match="the number of x is not defined for str"):
        ag.symbolic(f, x)(x="2")


def test_within_no_grad_nothing_is_recorded():
    x, _, f = example()
    with ag.no_grad(), pytest.raises(RuntimeError, match="call it outside"):
        ag.symbolic(f, x)


def test_labels_do_not_act_in_latex():
    x = Value(2.0, r"$\input{x}")
    found = ag.symbolic(x * x, x)._repr_latex_()
    assert r"\input" not in found
    assert found.count("$") - found.count(r"\$") == 2


def test_reading_changes_nothing_in_the_graph():
    x, y, f = example()
    slope = ag.symbolic(f, x)
    slope(x=1.0)
    assert [node.grad for node in topological(f)] == [None] * len(topological(f))
    assert (x.data, y.data) == (2.0, 5.0)

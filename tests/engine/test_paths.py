"""The lemma path by path, against a walk written as the definition reads."""

import itertools

import pytest
from hypothesis import given

import autograd_lite as ag
from autograd_lite import Value, gradients
from autograd_lite.engine.paths import Edge, Path
from autograd_lite.engine.sweep import local_derivatives
from tests.engine.test_random_graphs import EPSILON, on_values, sum_of_magnitudes
from tests.strategies import examples, graphs

MANY = 3_000
"""Paths that are listed one by one; random graphs with more are counted only."""


def walks(node, source):
    """The local derivatives on all ways down from a node to a source, by recursion."""
    if node is source:
        return [()]
    return [(z, *rest) for arg, z in local_derivatives(node) for rest in walks(arg, source)]


def diamonds(x, count):
    y = x
    for _ in range(count):
        y = y * 0.5 + y * 0.5
    return y


@examples(100)
@given(recipe=graphs(largest=12))
def test_paths_are_those_of_the_definition(recipe):
    inputs, output = on_values(recipe)
    for x in inputs:
        expected = walks(output, x)
        found = list(itertools.islice(ag.paths(output, x), MANY))
        assert ag.count_paths(output, x) == len(expected)
        assert [tuple(edge.z for edge in reversed(path.edges)) for path in found] == expected[:MANY]
        for path in found:
            assert path.nodes[0] is x
            assert path.nodes[-1] is output
            for edge in path.edges:
                assert edge.user.args[edge.position] is edge.argument


@examples(100)
@given(recipe=graphs(largest=15))
def test_the_pathwise_gradient_equals_gradients_wherever_it_is_allowed_to_run(recipe):
    inputs, output = on_values(recipe)
    for x, expected, magnitude in zip(inputs, gradients(output, inputs), sum_of_magnitudes(output, inputs), strict=True):
        if ag.count_paths(output, x) > MANY:
            continue
        found = ag.pathwise_gradient(output, x)
        lengths = [len(path.edges) for path in ag.paths(output, x)]
        # Every path is rounded once for each edge, and each of both sums once for each path.
        steps = max(lengths, default=0) + len(lengths)
        assert abs(found.derivative - expected) <= 4 * steps * EPSILON * magnitude
        assert found.paths == len(lengths)
        assert found.multiplications == sum(length - 1 for length in lengths)
        assert found.additions == max(len(lengths) - 1, 0)


def test_a_limit_is_the_last_cost_that_is_allowed():
    x = Value(1.0)
    y = diamonds(x, 5)
    spent = ag.pathwise_gradient(y, x)
    cost = spent.multiplications + spent.additions
    assert ag.pathwise_gradient(y, x, limit=cost) == spent
    with pytest.raises(ValueError, match="the 32 paths would take 319 multiplications and additions, the limit is 318"):
        ag.pathwise_gradient(y, x, limit=cost - 1)


def test_too_many_paths_are_refused_at_once_with_what_to_use_instead():
    x = Value(1.0)
    with pytest.raises(ValueError, match=r"the 1\.07e\+301 paths .* use gradients\(\)"):
        ag.pathwise_gradient(diamonds(x, 1000), x)


def test_2_to_the_1000_paths_are_counted_exactly():
    x = Value(1.0)
    assert ag.count_paths(diamonds(x, 1000), x) == 2**1000


def test_the_first_paths_of_2_to_the_1000_are_listed_without_the_others():
    x = Value(1.0)
    first = list(itertools.islice(ag.paths(diamonds(x, 1000), x), 5))
    assert [len(path.edges) for path in first] == [2000] * 5
    assert len({path.edges for path in first}) == 5
    assert {ag.path_product(path) for path in first} == {2.0**-1000}


def test_ways_that_do_not_lead_to_the_source_are_not_walked():
    """A blind alley with 2**1000 ways through it: a walk that entered it would not come back."""
    x, other = Value(1.0), Value(1.0)
    y = diamonds(other, 1000) + x
    assert len(list(ag.paths(y, x))) == 1
    assert ag.pathwise_gradient(y, x).derivative == 1.0


def test_parallel_edges_are_paths_of_their_own():
    x = Value(3.0)
    first, second = ag.paths(x * x, x)
    assert [edge.position for path in (first, second) for edge in path.edges] == [0, 1]
    assert first != second


def test_from_a_node_to_itself_there_is_one_path_without_edges():
    x = Value(3.0)
    y = x * x
    (path,) = ag.paths(y, y)
    assert (path.edges, ag.path_product(path), ag.count_paths(y, y)) == ((), 1.0, 1)
    assert ag.pathwise_gradient(y, y).derivative == 1.0


def test_where_nothing_leads_there_is_no_path():
    x, y = Value(3.0), Value(2.0)
    assert list(ag.paths(y * 2.0, x)) == []
    assert ag.count_paths(x, x * y) == 0
    assert ag.pathwise_gradient(y * 2.0, x) == ag.pathwise_gradient(x, y)
    assert ag.pathwise_gradient(y, x).derivative == 0.0


def test_behind_a_structural_zero_there_is_no_path():
    x = Value(-1.0)
    assert ag.count_paths(x.relu() + ag.where(x > 0, x, 3.0) + ag.stop_gradient(x), x) == 0
    assert ag.count_paths(ag.max([x, -2.0, x * 2.0]), x) == 1


def test_an_edge_of_slope_0_is_a_path_all_the_same():
    x = Value(1.5)
    (path,) = ag.paths(ag.floor(x), x)
    assert ag.path_product(path) == 0.0


def test_a_path_shows_its_nodes_and_of_a_long_one_the_ends():
    a = Value(4.0, "a")
    assert [repr(path) for path in ag.paths(a * ag.exp(a * 0.0), a)] == ["<path a → ×: 1>", "<path a → × → exp → ×: 0>"]
    (path,) = itertools.islice(ag.paths(diamonds(a, 20), a), 1)
    assert str(path) == "a → × → + → × → + → × → … → + → × → + → × → +"


def test_edges_that_do_not_meet_make_no_path():
    x, y = Value(1.0), Value(2.0)
    with pytest.raises(ValueError, match="does not begin where the one before it ends"):
        Path(x, (Edge(x + y, 1, y, 1.0),))


@pytest.mark.parametrize("function", [ag.count_paths, ag.paths, ag.pathwise_gradient, ag.ledger, ag.derivation, ag.symbolic])
def test_what_is_no_value_is_refused_before_anything_is_walked(function):
    with pytest.raises(TypeError, match="the output is of type float; it must be a Value"):
        function(1.0, Value(1.0))
    with pytest.raises(TypeError, match="the source is of type str; it must be a Value"):
        function(Value(1.0), "x")


@pytest.mark.parametrize("function", [ag.count_paths, ag.paths, ag.pathwise_gradient, ag.ledger, ag.derivation, ag.symbolic])
def test_old_and_new_numbers_are_never_mixed(function):
    x = Value(2.0)
    y = x * x
    x.data = 3.0
    with pytest.raises(RuntimeError, match="was written"):
        function(y, x)

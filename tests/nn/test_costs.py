"""The cost of a gradient in networks of layers: linear in the weights by the sweep, quadratic by a pass for each weight."""

import math
from itertools import pairwise

import pytest
from hypothesis import given

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.engine.paths import between
from autograd_lite.nn import MLP
from autograd_lite.nn.costs import Costs, Operations, count_operations
from tests.engine.test_random_graphs import on_values
from tests.strategies import examples, graphs


def costs_of(depth, size):
    """Of a network with so many hidden layers of so many tanh units, and one linear output."""
    model = MLP(size, [size] * depth + [1], activation="tanh", seed=0)
    return count_operations(model([0.5] * size), model)


def weight_count(depth, size):
    return depth * size * (size + 1) + size + 1


SIZES = [(1, 1), (1, 4), (2, 3), (3, 5), (5, 2), (4, 4)]


@pytest.mark.parametrize(("depth", "size"), SIZES)
def test_the_sweep_takes_a_product_for_each_weight_each_connection_and_each_activation(depth, size):
    costs = costs_of(depth, size)
    assert costs.weights == weight_count(depth, size)
    connections = (depth - 1) * size * size + size  # inputs are numbers, towards which nothing is derived
    assert costs.sweep.multiplications == costs.weights + connections + depth * size
    assert costs.sweep.additions == (depth - 1) * size * (size - 1)  # a hidden unit has `size` users, but of the last layer
    inner = 2 * depth * size + 1  # a sum for each, and its activation
    assert costs.passes.multiplications == costs.weights * costs.sweep.multiplications
    assert costs.passes.additions == costs.weights * (costs.sweep.multiplications - inner)


@pytest.mark.parametrize(("depth", "size"), SIZES)
def test_a_pass_for_each_weight_takes_what_lies_above_it(depth, size):
    products = sums = 0
    for layer in range(1, depth + 1):
        # The weight, its unit's activation, all of the next layer from that unit, then whole layers, then the output.
        fans = (
            [1, 1]
            + ([size, size] + [size * size, size] * (depth - layer - 1) if layer < depth else [])
            + [size if layer < depth else 1]
        )
        reached = 2 + 2 * size * (depth - layer) + 1
        products += size * (size + 1) * sum(fans)
        sums += size * (size + 1) * (sum(fans) - reached)
    costs = costs_of(depth, size)
    assert costs.sparse_passes == Operations(products + size + 1, sums)


def slope(xs, ys):
    return math.log(ys[-1] / ys[-2]) / math.log(xs[-1] / xs[-2])


@pytest.mark.parametrize(
    "shapes", [[(2**k, 4) for k in range(2, 6)], [(3, 2**k) for k in range(2, 6)]], ids=["deep", "wide"]
)
def test_the_sweep_is_linear_and_a_pass_for_each_weight_quadratic_in_the_weights(shapes):
    found = [costs_of(*shape) for shape in shapes]
    weights = [costs.weights for costs in found]
    assert slope(weights, [costs.sweep.total for costs in found]) == pytest.approx(1.0, abs=0.05)
    assert slope(weights, [costs.passes.total for costs in found]) == pytest.approx(2.0, abs=0.05)
    assert slope(weights, [costs.sparse_passes.total for costs in found]) == pytest.approx(2.0, abs=0.15)
    assert all(costs.sweep.total <= 3 * costs.weights for costs in found)
    assert all(costs.passes.total >= costs.weights**2 for costs in found)
    assert all(costs.sparse_passes.total <= costs.passes.total for costs in found)


def test_path_by_path_grows_by_a_power_of_the_layers():
    found = [costs_of(depth, 3).path_by_path.total for depth in (2, 4, 6, 8)]
    ratios = [b / a for a, b in pairwise(found)]
    assert all(ratio > 3**2 for ratio in ratios)  # two layers more: each path goes on in nine ways


def test_the_counts_are_those_of_the_sweep_table_and_of_the_pathwise_gradient():
    model = MLP(2, [2, 2, 1], activation="tanh", seed=0)
    out = model([0.5, -1.0])
    costs, table = count_operations(out, model), ag.sweep_table(out)
    assert costs.sweep == Operations(table.multiplications, table.additions)
    listed = [ag.pathwise_gradient(out, p) for p in model.parameters()]
    assert costs.path_by_path == Operations(sum(p.multiplications for p in listed), sum(p.additions for p in listed))


@examples(100)
@given(recipe=graphs())
def test_on_any_graph_a_pass_takes_the_edges_between_a_leaf_and_the_output(recipe):
    inputs, output = on_values(recipe)
    costs = count_operations(output, inputs)
    fans = [useful_edges(output, x) for x in inputs]
    products = sum(sum(edges.values()) for edges in fans)
    assert costs.sparse_passes == Operations(products, products - sum(len(edges) for edges in fans))
    assert costs.weights == len(inputs)


def useful_edges(output, source):
    """Of every node that lies on a way from the source to the output, the edges on such ways that end in it."""
    ways = between(output, source)
    useful, found = {output}, {}
    for node, edges in reversed(ways.items()):
        if node in useful and node is not source:
            found[node] = len(edges)
            useful.update(edge.argument for edge in edges)
    return found


def test_costs_show_themselves_as_a_table():
    costs = Costs(1234, Operations(1, 2), Operations(3000, 4), Operations(5, 6), Operations(10**20, 7))
    assert str(costs) == repr(costs)
    assert [line.split("  ")[0] for line in str(costs).splitlines()] == [
        "1,234 weights", "-" * 24, "the sweep", "a pass for each weight", "along what depends on it", "path by path",
    ]  # fmt: skip
    assert "1.00e+20" in str(costs)


def test_what_the_output_does_not_need_costs_nothing_along_what_depends_on_it():
    a, b = Value(2.0), Value(3.0)
    assert count_operations(a * a, [b]).sparse_passes == Operations(0, 0)
    assert count_operations(a * a, [a]).sparse_passes == Operations(2, 1)
    assert count_operations(ag.relu(-ag.exp(a) * a) + a, [a]).sparse_passes == Operations(1, 0)
    with pytest.raises(ValueError, match="the limit is 1"):
        count_operations(a * a, [a], limit=1)
    with pytest.raises(TypeError, match="must be a Value"):
        count_operations(3.0, [a])

"""Trees: taken apart and put together again."""

from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Value, nn
from autograd_lite.calculus.contents import holds_value, map_values
from autograd_lite.calculus.trees import blocks, flatten
from tests.strategies import examples

Point = namedtuple("Point", "x y")

trees = st.recursive(
    st.floats(allow_nan=False) | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=12,
)


@examples(100)
@given(tree=trees)
def test_a_tree_comes_back_from_its_scalars_and_from_its_blocks(tree):
    scalars, structure = flatten(tree)
    assert structure.rebuild(scalars) == tree
    found, same = blocks(tree)
    assert same == structure
    assert hash(same) == hash(structure)
    assert structure.from_blocks(found) == tree
    assert structure.size == len(scalars)


def test_structures_tell_containers_shapes_and_keys_apart_but_not_numbers():
    different = [1.0, [1.0], (1.0,), Point(1.0, 2.0), (1.0, 2.0), {"a": 1.0}, {"b": 1.0}, None, np.ones(2), np.ones((2, 1))]
    structures = {flatten(tree)[1] for tree in different}
    assert len(structures) == len(different)
    assert flatten([1, np.ones(2)])[1] == flatten([Value(5.0), np.zeros(2, dtype=int)])[1]


def test_entries_of_a_dict_come_in_the_order_of_their_keys():
    assert flatten({"b": 2, "a": 1})[0] == [1.0, 2.0]
    assert flatten({"b": 2, "a": 1})[1] == flatten({"a": 0, "b": 0})[1]
    with pytest.raises(TypeError, match="no order"):
        flatten({"a": 1.0, 2: 1.0})


def test_named_tuples_stay_what_they_are():
    scalars, structure = flatten(Point(1, [2]))
    assert structure.rebuild(scalars) == Point(1.0, [2.0])


def test_arrays_give_their_elements_in_c_order_and_come_back_as_doubles_or_as_objects():
    array = np.arange(6, dtype=np.int32).reshape(2, 3).T
    scalars, structure = flatten(array)
    assert scalars == [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]
    assert all(type(x) is float for x in scalars)
    assert structure.rebuild(scalars).dtype == np.float64
    assert (structure.rebuild(scalars) == array).all()
    values = [Value(x) for x in scalars]
    objects = structure.rebuild(values)
    assert objects.dtype == object
    assert flatten(objects)[0] == values


def test_blocks_are_taken_whole():
    array, model = np.ones((2, 2)), nn.Neuron(2)
    found, structure = blocks({"w": array, "m": model, "n": 1})
    assert found[0] is model
    assert found[1] == 1.0
    assert found[2] is array
    assert [leaf.size for leaf in structure.leaves] == [3, 1, 4]
    assert structure.of_vectors().rebuild([0.0] * 8)["m"].shape == (3,)


def test_a_module_is_known_by_its_identity():
    one, other = nn.Neuron(2, seed=0), nn.Neuron(2, seed=0)
    assert flatten(one)[1] == flatten(one)[1]
    assert flatten(one)[1] != flatten(other)[1]


@pytest.mark.parametrize(
    "wrong", ["text", len, {1.0}, 1j, nn.Neuron, np.array(["a"]), np.array([1j]), np.array([None]), b"x"]
)
def test_what_is_no_number_is_refused_by_its_type(wrong):
    with pytest.raises(TypeError, match="the weights"):
        flatten([1.0, wrong], "the weights")


def test_values_are_found_and_replaced_among_anything():
    x = Value(2.0)
    tree = {"a": [1, "text"], "b": (x, np.array([x, x]))}
    assert holds_value(tree)
    assert not holds_value({"a": [1, "text", np.ones(3)]})
    numbers = map_values(lambda value: value.data, tree)
    assert not holds_value(numbers)
    assert numbers["b"][1].dtype == np.float64
    assert numbers["a"] == [1, "text"]


# --- modules on other Values ----------------------------------------------------------------------------------------------


def test_a_module_on_other_values_computes_with_them_and_the_original_keeps_its_own():
    model = nn.MLP(2, [3, 1], activation="tanh", seed=1)
    own = model.parameters()
    before = [p.data for p in own]
    leaf = Value(0.5)
    copy = model.with_parameters([leaf * k for k in range(len(own))])
    assert [p.data for p in copy.parameters()] == [0.5 * k for k in range(len(own))]
    assert [p.data for p in copy.layers[0].neurons[0].parameters()] == [0.0, 0.5, 1.0]
    copy([1.0, 2.0]).backward()
    assert leaf.grad != 0.0
    assert model.parameters() == own
    assert [p.data for p in own] == before
    assert all(p.grad is None for p in own)
    with pytest.raises(ValueError, match="1 values were given for 13 parameters"):
        model.with_parameters([leaf])


def test_parameters_and_modules_that_are_shared_stay_shared():
    class Tied(nn.Module):
        def __init__(self):
            self.first = nn.Neuron(1, seed=0)
            self.again = {"same": self.first}
            self.w = self.first.w[0]
            self.names = ("a", {"b": 3})

    tied = Tied()
    a, b = Value(1.0), Value(2.0)
    copy = tied.with_parameters([a, b])
    assert copy.again["same"] is copy.first
    assert copy.w is a
    assert copy.names == tied.names
    assert type(copy) is Tied
    assert copy.parameters() == [a, b]
    assert copy.with_parameters([b, b]).parameters() == [b, b]

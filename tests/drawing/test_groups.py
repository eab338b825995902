"""Which nodes belong together, and graphs with groups folded."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.drawing.folding import Folded, Folding, folded
from autograd_lite.drawing.groups import grouping_of
from autograd_lite.engine.sweep import topological
from autograd_lite.nn import MLP, RNN, Conv1d, Layer, Maxout, Module, Neuron, Residual, Sequential, hinge
from tests.strategies import examples

# --- random programs with scopes, which remember where each node was made ----------------------------------------------

NAMES = st.sampled_from(["a", "b", "c"])


@st.composite
def programs(draw):
    """A random list of steps: enter a scope, leave one, or add or multiply two of the nodes so far."""
    steps = st.one_of(
        st.tuples(st.just("enter"), NAMES, st.just(0)),
        st.tuples(st.just("leave"), st.just(0), st.just(0)),
        st.tuples(st.sampled_from(["add", "multiply"]), st.integers(0, 10**6), st.integers(0, 10**6)),
    )
    return draw(st.lists(steps, min_size=3, max_size=40))


def run(program):
    """The sum of all nodes that a program makes, and the path of scopes that each was made in."""
    nodes, paths, scopes = [Value(0.5), Value(-1.5)], {}, []
    for what, a, b in program:
        if what == "enter":
            scopes.append((a, ag.name_scope(a)))
            scopes[-1][1].__enter__()
        elif what == "leave":
            if scopes:
                scopes.pop()[1].__exit__(None, None, None)
        else:
            x, y = nodes[a % len(nodes)], nodes[b % len(nodes)]
            nodes.append(x + y if what == "add" else x * y)
            paths[nodes[-1]] = "/".join(name for name, _ in scopes)
    while scopes:
        scopes.pop()[1].__exit__(None, None, None)
    out = ag.total(nodes)
    return out, {**paths, out: ""}


@examples(200)
@given(programs())
def test_a_node_is_in_the_scopes_that_were_open_when_it_was_made(program):
    out, paths = run(program)
    group = grouping_of(topological(out)).group
    assert {node: group[node].path for node in paths} == paths


@examples(200)
@given(
    programs(),
    st.builds(
        Folding,
        depth=st.none() | st.integers(1, 4),
        unrolled=st.booleans(),
    ),
)
def test_boxes_share_out_the_nodes_and_arrows_lead_forward(program, folding):
    out, paths = run(program)
    order = topological(out)
    boxes = folded(order, folding)
    item_of, seen = {}, set()
    for box in boxes:
        assert set(box.edges) <= seen  # arguments before their users
        seen.add(box.item)
        for node in [order[k] for k in box.item.members] if isinstance(box.item, Folded) else [box.item]:
            assert node not in item_of
            item_of[node] = box.item
    assert set(item_of) == set(order)
    crossing = {
        (k, place)
        for k, node in enumerate(order)
        for place, arg in enumerate(node.args)
        if item_of[arg] is not item_of[node] and not (arg.op is None and shares(item_of[arg], item_of[node]))
    }
    found = [
        (item_of[order[k].args[place]], box.item, (k, place))
        for box in boxes
        for s, e in box.edges.items()
        for k, place in e
    ]
    assert {edge for _, _, edge in found} == crossing
    assert len(found) == len(crossing)
    for node, path in paths.items():
        item = item_of[node]
        if isinstance(item, Folded):
            assert f"{path}/".startswith(f"{item.group.path}/")


def test_the_nodes_of_a_box_stand_in_their_order_leaves_too():
    boxes = folded(topological(MLP(2, [2, 1], seed=0)([0.5, 1.0])), Folding(depth=1))
    assert [box.item.members for box in boxes] == [list(range(len(boxes[0].item.members)))]


def shares(some, other):
    return isinstance(some, Folded) and isinstance(other, Folded) and some.group is other.group


# --- modules -------------------------------------------------------------------------------------------------------------


class Attention(Module):
    """A module that opens a scope of its own, and hands numbers from one part to another."""

    def __init__(self):
        self.query, self.mix = Layer(2, 2, activation="tanh", seed=0), Layer(2, 2, seed=1)

    def __call__(self, x):
        q = self.query(x)
        with ag.name_scope("weights"):
            weights = ag.softmax([a * b for a, b in zip(q, x, strict=True)])
        return self.mix([w * a for w, a in zip(weights, x, strict=True)])


MODELS = {
    "MLP": lambda x: MLP(2, [3, 2, 1], seed=0)(x),
    "softmax": lambda x: MLP(2, [3, 2], activation=["tanh", "softmax"], seed=0)(x)[1],
    "Sequential": lambda x: Sequential(Layer(2, 2, seed=0), "tanh", Residual(Layer(2, 2, seed=1)), Maxout(2, 1, 2, seed=2))(
        x
    ),
    "RNN": lambda x: ag.total(RNN(2, 3, seed=0)([x, x, x])[-1]),
    "Conv1d": lambda x: Conv1d(1, 2, 2, seed=0)([[*x, *x]])[0][1],
    "Attention": lambda x: ag.total(Attention()(x)),
    "twice": lambda x: (lambda model: ag.total(model(model(x))))(MLP(2, [2, 2], seed=0)),
    "loss": lambda x: ag.mean([hinge(MLP(2, [2, 1], seed=k)(x), 1.0) for k in range(3)]),
}


@pytest.mark.parametrize("model", MODELS)
def test_what_a_call_made_is_found_again_as_if_each_node_had_been_marked(model):
    x = [Value(0.5, "x0"), Value(-0.25, "x1")]
    found = grouping_of(topological(MODELS[model](x)))
    with ag.name_scope("all"):  # in a scope every node is marked as it is made
        order = topological(MODELS[model](x))
    marked = grouping_of(order)
    paths = [group.path for node, group in found.group.items() if node.op is not None]
    wanted = [
        group.path.removeprefix("all").removeprefix("/") for node, group in marked.group.items() if node.op is not None
    ]
    assert paths == wanted
    assert len(set(paths)) > 1 or model == "Conv1d"


def test_layers_and_neurons_have_the_names_of_their_places():
    model = MLP(2, [2, 1], seed=0)
    order = topological(model([Value(1.0), 2.0]))
    grouping = grouping_of(order)
    assert {group.path for group in grouping.whole.within()} == {
        "MLP",
        "MLP/layers.0",
        "MLP/layers.0/neurons.0",
        "MLP/layers.0/neurons.1",
        "MLP/layers.1",
        "MLP/layers.1/neurons.0",
    }
    for name, module in model.named_modules():
        if isinstance(module, Neuron):
            assert all(grouping.group[p].path.endswith(name.split(".", 2)[2]) for p in module.parameters())
    assert grouping.group[order[0]].path in ("", "MLP/layers.0/neurons.0")


def test_a_layer_s_softmax_is_no_neuron_s():
    layer = Layer(2, 3, activation="softmax", seed=0)
    order = topological(layer([1.0, 2.0])[0])
    grouping = grouping_of(order)
    own = [node for node in order if grouping.group[node].path == "Layer"]
    assert own
    assert all(not node.op.name.startswith("dot") for node in own if node.op)


def test_a_leaf_that_is_given_to_a_model_stays_outside_and_one_that_it_owns_inside():
    model, x = MLP(1, [1], seed=0), Value(1.0)
    loss = model([x]) + ag.dot(model.parameters(), model.parameters())
    group = grouping_of(topological(loss)).group
    assert group[x].path == ""
    assert {group[p].path for p in model.parameters()} == {"MLP/layers.0/neurons.0"}


def test_a_leaf_stands_in_the_scope_that_made_it_and_not_in_one_that_uses_it():
    outside = Value(1.0)
    with ag.name_scope("outer"):
        made = Value(2.0)
        with ag.name_scope("inner"):
            y = outside * made
    group = grouping_of(topological(y)).group
    assert [group[node].path for node in (outside, made, y)] == ["", "outer", "outer/inner"]


def test_what_a_module_keeps_from_one_call_to_the_next_was_not_made_in_the_next():
    class Cell(Module):
        def __init__(self):
            self.h, self.w = Value(1.0), Value(0.5)

        def __call__(self, x):
            self.h = ag.tanh(self.w * self.h + x)
            return self.h

    cell = Cell()
    for k in range(50):
        out = cell(float(k))
    grouping = grouping_of(topological(out))
    assert {group.path for group in grouping.whole.within()} == {"Cell"}
    assert max(len(runs) for runs in grouping.frames.values()) == 1


def test_a_part_used_again_on_what_others_made_of_it_has_a_box_for_each_run():
    layer = Layer(1, 1, activation="tanh", seed=0)
    h = layer([Value(0.5)])
    for _ in range(3):
        h = layer([ag.sin(h)])
    boxes = folded(topological(h), Folding(depth=1))
    assert [box.item.run for box in boxes if isinstance(box.item, Folded)] == [1, 2, 3, 4]
    chain = [box.item for box in boxes if not (isinstance(box.item, Value) and box.item.op is None)]
    assert [type(item) for item in chain] == [Folded, Value] * 3 + [Folded]
    for before, after in pairwise(chain):
        assert before in {box.item: box for box in boxes}[after].edges


def test_runs_are_joined_into_one_box_unless_unrolled():
    model = MLP(1, [1], seed=0)
    loss = ag.total([model([float(k)]) for k in range(5)])
    joined = [box.item for box in folded(topological(loss), Folding(depth=1))]
    apart = [box.item for box in folded(topological(loss), Folding(depth=1, unrolled=True))]
    assert [item.group.runs for item in joined if isinstance(item, Folded)] == [5]
    assert [item.run for item in apart if isinstance(item, Folded)] == [1, 2, 3, 4, 5]


def test_folding_and_unfolding_by_name_and_by_module():
    model = MLP(2, [2, 2, 1], seed=0)
    order = topological(model([1.0, 2.0]))

    def paths(**options):
        boxes = folded(order, Folding(**options))
        return {box.item.group.path for box in boxes if isinstance(box.item, Folded)}

    assert paths() == set()
    assert paths(depth=1) == {"MLP"}
    assert paths(depth=2) == {"MLP/layers.0", "MLP/layers.1", "MLP/layers.2"}
    assert paths(fold=("layers.0",)) == {"MLP/layers.0"} == paths(fold=(model.layers[0],))
    inner = {"MLP/layers.1/neurons.0", "MLP/layers.1/neurons.1"}
    assert paths(depth=2, unfold=("MLP/layers.1",)) == {"MLP/layers.0", "MLP/layers.2"} | inner
    assert paths(depth=2, unfold=("layers.0/neurons.1",)) == {"MLP/layers.0/neurons.0", "MLP/layers.1", "MLP/layers.2"}


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"depth": 0}, "the depth is 0"),
        ({"depth": 1.0}, "the depth is 1.0"),
        ({"depth": True}, "the depth is True"),
    ],
)
def test_a_depth_is_a_whole_number(options, error):
    with pytest.raises(ValueError, match=error):
        Folding(**options)


def test_an_unknown_group_is_refused_with_those_that_there_are():
    order = topological(MLP(1, [1], seed=0)([1.0]))
    with pytest.raises(ValueError, match=r"no group 'layer'; its groups are 'MLP', 'MLP/layers.0'"):
        folded(order, Folding(fold=("layer",)))
    with pytest.raises(ValueError, match=r"it has none: use name_scope, or modules"):
        folded(topological(Value(1.0) + 1.0), Folding(fold=("layer",)))


def test_groups_of_one_name_beside_each_other_are_numbered():
    first, second = MLP(1, [1], seed=0), MLP(1, [1], seed=1)
    grouping = grouping_of(topological(first([1.0]) + second([1.0])))
    assert sorted(group.name for group in grouping.whole.inner) == ["MLP", "MLP 2"]


def test_deep_scopes_do_not_exhaust_the_stack():
    x, scopes = Value(1.0), [ag.name_scope(str(k)) for k in range(3000)]
    for scope in scopes:
        scope.__enter__()
    y = x + 1.0
    for scope in scopes[::-1]:
        scope.__exit__(None, None, None)
    group = grouping_of(topological(y)).group[y]
    assert len(group.around) == 3000
    assert math.isclose(y.data, 2.0)

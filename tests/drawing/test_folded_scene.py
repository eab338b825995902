"""What folded pictures and parts of pictures say, against graphs cut open at their arrows, lists of paths, and searches."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.drawing import draw
from autograd_lite.drawing.folded_scene import folded_scene
from autograd_lite.drawing.folding import Folding
from autograd_lite.drawing.part import Part
from autograd_lite.drawing.scene import scene_of
from autograd_lite.engine.ledger import ledger
from autograd_lite.engine.paths import count_paths, path_product, paths
from autograd_lite.engine.record import record
from autograd_lite.engine.sweep import topological
from autograd_lite.nn import MLP, RNN, Module, hinge, l2
from tests.drawing.reading import displayed, values
from tests.drawing.test_groups import programs, run
from tests.strategies import examples

ROUNDING = 1e-11
"""Of the sum of absolute terms: some hundred operations in another order move a sum by some 1e-14 of it."""


def read(text):
    return float(text.replace("−", "-").replace(",", ""))


def rebuilt(order, edges=(), *, absolute=False, moved=None):
    """A graph made again node by node, in which a new leaf stands for each argument at the edges that are cut.

    Arguments:
        absolute: with the absolute values of leaves and constants, so that sums and products bound those of the graph.
        moved: how far the leaf that stands for a node is from it.

    Returns:
        the output, and the new leaves by the nodes that they stand for.
    """
    new, cut = {}, {}
    edges, moved = set(edges), moved or {}

    def number(x):
        return abs(x) if absolute else x

    for k, node in enumerate(order):
        args = []
        for place, arg in enumerate(node.args):
            if not isinstance(arg, Value):
                args.append(number(arg))
            elif (k, place) in edges:
                args.append(cut.setdefault(arg, Value(new[arg].data + moved.get(arg, 0.0))))
            else:
                args.append(new[arg])
        new[node] = Value(number(node.data)) if node.op is None else record(Value, node.op, tuple(args))
    return new[order[-1]], cut


def handed_back(order, edges, *, absolute=False):
    """The derivatives of the output towards the nodes at one end of an arrow, through its edges alone."""
    output, cut = rebuilt(order, edges, absolute=absolute)
    return list(zip(cut, ag.gradients(output, list(cut.values())), strict=True))


def bundles(scene):
    """The arrows from and to groups."""
    return [mark for mark in scene.marks if scene.boxes[mark.source].group or scene.boxes[mark.target].group]


def groups_of(picture):
    """The boxes of groups by their names."""
    return {shown.group: shown for shown in picture.scene.boxes if shown.group}


def network_loss():
    """A penalised loss of a network on three points."""
    model = MLP(2, [3, 1], activation="tanh", seed=0)
    points = [(0.5, -0.25, 1.0), (-1.0, 0.75, -1.0), (0.1, 0.9, 1.0)]
    with ag.name_scope("data"):
        losses = [hinge(model([Value(x), Value(y)]), target) for x, y, target in points]
    return model, ag.mean(losses) + l2(model, 1e-2)


# --- what stands on arrows -----------------------------------------------------------------------------------------------


@examples(100)
@given(programs(), st.integers(1, 3), st.booleans())
def test_an_arrow_says_what_flows_back_through_its_edges_if_they_are_cut(program, depth, unrolled):
    out, _ = run(program)
    order = topological(out)
    bound, _ = rebuilt(order, absolute=True)
    assume(bound.data < 1e150)
    for mark in bundles(draw(out, depth=depth, unrolled=unrolled, digits=17).scene):
        wanted = handed_back(order, mark.edges)
        rough = math.hypot(*[s for _, s in handed_back(order, mark.edges, absolute=True)])
        norm, count = re.fullmatch(r"(?:∂|‖∂‖) (\S+)(?: of (\d+))?", mark.text).groups()
        size = wanted[0][1] if count is None else math.hypot(*[s for _, s in wanted])
        assert len(wanted) == int(count or 1)
        assert mark.text.startswith("∂") == (count is None)
        assert abs(read(norm) - size) <= ROUNDING * rough
        assert mark.flows  # sums and products have no structural zeros


def test_an_arrow_of_a_network_says_what_finite_differences_do():
    _, loss = network_loss()
    order = topological(loss)
    scene = draw(loss, depth=2, digits=17).scene
    h = 1e-5  # h² of a smooth function is 1e-10, and the roundings of a difference of it some 1e-11
    for mark in bundles(scene):
        nodes = list(dict.fromkeys(order[user].args[place] for user, place in mark.edges))
        slopes = []
        for node in nodes:
            up, down = [rebuilt(order, mark.edges, moved={node: side * h})[0].data for side in (1.0, -1.0)]
            slopes.append((up - down) / (2.0 * h))
        norm = read(mark.text.split()[1])
        assert norm == pytest.approx(slopes[0] if len(nodes) == 1 else math.hypot(*slopes), abs=1e-8)
    assert len(bundles(scene)) >= 5


def test_towards_one_node_there_is_a_sum_and_towards_several_a_norm_over_nodes_and_not_over_edges():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    with ag.name_scope("f"):
        a, b = x * 5.0, x * 7.0
        c = y * 4.0
    scene = draw(ag.total([a, b, c * -1.0]), depth=1).scene
    found = {(scene.boxes[m.source].title, scene.boxes[m.target].title): m.text for m in bundles(scene)}
    assert found == {("x", "f"): "∂ 12", ("y", "f"): "∂ −4", ("f", "×"): "∂ −1", ("f", "Σ"): "‖∂‖ 1.414 of 2"}


def test_what_one_node_uses_twice_counts_as_one():
    x = Value(3.0)
    with ag.name_scope("f"):
        y = x + 1.0
    _, mark = bundles(draw(y * y, depth=1).scene)
    assert (mark.text, len(mark.edges)) == ("∂ 8", 2)


def test_where_nothing_flows_an_arrow_is_dashed_and_one_that_carries_0_is_not():
    x, y = Value(-1.0, "x"), Value(0.0, "y")
    with ag.name_scope("dead"):
        r = ag.relu(x)
    with ag.name_scope("level"):
        s = ag.cos(y)
    scene = draw(r + s, depth=1).scene
    found = {(scene.boxes[m.source].title, scene.boxes[m.target].title): (m.text, m.flows) for m in bundles(scene)}
    assert found == {
        ("x", "dead"): ("∂ 0", False),
        ("y", "level"): ("∂ 0", True),
        ("dead", "+"): ("∂ 1", True),
        ("level", "+"): ("∂ 1", True),
    }
    assert scene.boxes[1].notes == ("1 dead",)


def test_after_a_leaf_was_written_no_derivative_is_told():
    x, y = Value(2.0), Value(3.0)
    with ag.name_scope("f"):
        z = x * y
    out = z + 1.0
    x.data = 5.0
    marks = bundles(draw(out, depth=1).scene)
    assert [(mark.text, mark.flows, mark.derivative) for mark in marks] == [("?", True, None)] * 3


def test_before_and_after_backward_arrows_say_the_same_and_groups_do_not():
    _, loss = network_loss()
    before = draw(loss, depth=1)
    loss.backward()
    after = draw(loss, depth=1)
    assert before.scene.marks[:-3] == after.scene.marks[:-3]
    assert {shown.lines[-1] for shown in groups_of(before).values()} == {"|grad| –"}
    for shown in groups_of(after).values():
        largest = max(abs(topological(loss)[k].grad) for k in shown.members)
        assert (shown.heat, shown.lines[-1]) == (largest, f"|grad| ≤ {displayed(largest)}")


def test_constants_of_a_folded_group_are_in_it():
    x = Value(2.0, "x")
    with ag.name_scope("f"):
        y = (x * 3.0 + 1.0) ** 2
    scene = draw(y * 0.5, depth=1).scene
    assert [(shown.kind, shown.title) for shown in scene.boxes] == [
        ("leaf", "x"), ("group", "f"), ("constant", "0.5"), ("result", "×")
    ]  # fmt: skip
    assert [(mark.text, mark.flows) for mark in scene.marks] == [("∂ 21", True), ("", False), ("∂ 0.5", True)]


# --- what stands in boxes ------------------------------------------------------------------------------------------------


@examples(100)
@given(programs(), st.integers(1, 3), st.booleans())
def test_a_group_counts_its_nodes_and_gives_the_range_of_their_numbers(program, depth, unrolled):
    out, paths = run(program)
    order = topological(out)
    if abs(out.data) < 1e100:
        out.backward()
    for shown in draw(out, depth=depth, unrolled=unrolled).scene.boxes:
        if not shown.group:
            continue
        nodes = [order[k] for k in shown.members]
        assert all(f"{paths[node]}/".startswith(f"{shown.group}/") for node in nodes)
        numbers = [node.data for node in nodes if not math.isnan(node.data)]
        count = f"{len(nodes)} operation{'s' if len(nodes) > 1 else ''}"
        grad = max((abs(node.grad) for node in nodes if node.grad is not None), default=None)
        bound = "|grad| –" if grad is None else f"|grad| ≤ {displayed(grad)}"
        wide = [f"{displayed(min(numbers))} … {displayed(max(numbers))}"] if numbers else []
        nans = [f"{len(nodes) - len(numbers)} nan"] if len(nodes) > len(numbers) else []
        assert list(shown.lines) == [count, *wide, *nans, bound]


@pytest.mark.parametrize("nans", [[0], [1], [2], [0, 1, 2]])
def test_a_nan_is_told_wherever_it_stands(nans):
    leaves = [Value(math.nan if k in nans else k + 1.0) for k in range(3)]
    with ag.name_scope("f"):
        doubled = [leaf * 2.0 for leaf in leaves]
    out = ag.total(doubled)
    for node, grad in zip(doubled, [1.0, 2.0, 3.0], strict=True):
        node.grad = math.nan if math.isnan(node.data) else grad
    own = [displayed(2.0 * (k + 1)) for k in range(3) if k not in nans]
    wide = [f"{own[0]} … {own[-1]}"] if own else []
    assert list(groups_of(draw(out, depth=1))["f"].lines) == ["3 operations", *wide, f"{len(nans)} nan", "|grad| ≤ nan"]


def test_runs_are_counted_in_the_title_and_told_apart_when_unrolled():
    model = MLP(1, [1], seed=0)
    loss = ag.total([model([Value(float(k))]) for k in range(100)])
    joined = draw(loss, depth=1).scene
    assert [(shown.title, shown.lines[:2]) for shown in joined.boxes if shown.group] == [
        ("MLP ×100", ("100 operations", "2 leaves"))
    ]
    apart = draw(loss, depth=1, unrolled=True).scene
    titles = [shown.title for shown in apart.boxes if shown.group]
    assert titles == [f"MLP {k}" for k in range(1, 101)]
    assert [shown.lines[0] for shown in apart.boxes if shown.group] == ["1 operation"] * 100


def test_of_a_long_path_the_end_and_the_runs_are_shown():
    names = [f"{'long ' * 4}{k}" for k in range(4)]
    x, total = Value(1.0), []
    for _ in range(12):
        with ag.name_scope(names[0]), ag.name_scope(names[1]), ag.name_scope(names[2]), ag.name_scope(names[3]):
            total.append(x * 2.0)
    (shown,) = groups_of(draw(ag.total(total), depth=4)).values()
    assert shown.title.startswith("…")
    assert shown.title.endswith(f"/{names[3]} ×12")
    assert len(shown.title) == 48


# --- unrolled runs -------------------------------------------------------------------------------------------------------


def test_leaves_that_runs_share_stand_in_the_first_and_what_is_between_or_around_them_has_all_that_use_them():
    model = MLP(1, [1], seed=0)
    with ag.name_scope("data"):
        hidden = [model([Value(float(k), f"x{k}")]) * 2.0 for k in range(3)]
    out = ag.total(hidden)
    w = model.parameters()[0]

    def titles(**options):
        return [shown.title for shown in draw(out, fold=model, unrolled=True, **options).scene.boxes if shown.group]

    runs = [f"data/MLP {k}" for k in (1, 2, 3)]
    assert titles() == titles(between=(w, out)) == titles(around=w, radius=0) == runs
    assert titles(between=(hidden[1].args[0], out)) == [runs[1]]
    scene = draw(out, fold=model, unrolled=True).scene
    assert [len(shown.members) for shown in scene.boxes if shown.group] == [3, 1, 1]


def test_runs_that_use_one_another_s_results_are_boxes_in_a_row():
    cell = RNN(1, 2, seed=0)
    out = ag.total(cell([[Value(0.5)], [Value(0.25)], [Value(1.0)]])[-1])
    scene = draw(out, depth=1).scene
    assert [shown.title for shown in scene.boxes if shown.group] == ["RNN"]
    layer = MLP(1, [1], activation="tanh", seed=0)
    h = Value(0.5, "h")
    for _ in range(3):
        h = layer([h])
    for unrolled, row in [(False, ["h", "MLP ×3", "×"]), (True, ["h", "MLP 1", "MLP 2", "MLP 3", "×"])]:
        scene = draw(h * 2.0, depth=1, unrolled=unrolled).scene
        arrows = [(scene.boxes[m.source].title, scene.boxes[m.target].title) for m in bundles(scene)]
        assert arrows == [*pairwise(row)]


# --- what is folded ------------------------------------------------------------------------------------------------------


@examples(50)
@given(values())
def test_a_graph_of_which_nothing_is_folded_is_drawn_as_any_other(output):
    order = topological(output, allow_stale=True)
    scene = folded_scene(order, 4, 1000, {}, Folding(), Part())
    assert repr(scene) == repr(scene_of(output, 4, 1000))  # nan is not equal to nan


def test_what_is_folded_is_named_by_paths_their_ends_and_modules_one_or_several():
    model, loss = network_loss()

    def folded(**options):
        return set(groups_of(draw(loss, **options)))

    first, second = "data/MLP/layers.0", "data/MLP/layers.1"
    assert folded(fold=first) == folded(fold="layers.0") == folded(fold=model.layers[0]) == {first}
    assert folded(fold=["layers.0", model.layers[1]]) == folded(fold=("layers.0", "layers.1")) == {first, second}
    assert folded(fold={"MLP"}) == folded(fold="data", unfold="data") | {"data/MLP"} == {"data/MLP"}
    assert folded(depth=1, unfold=["data", model]) >= {first, second}
    assert folded(unfold="MLP") == set()


def test_a_name_that_is_shortened_in_the_picture_is_known_as_it_was_given():
    x = Value(1.0)
    for name in ("x" * 100, " padded ", "two\nlines", "\x00"):
        with ag.name_scope("outer"), ag.name_scope(name):
            y = x * 2.0
        (group,) = groups_of(draw(y + 1.0, fold=name)).values()
        assert group.lines[0] == "1 operation"
        assert set(groups_of(draw(y + 1.0, fold=group.group))) == {group.group}


def test_scopes_of_one_path_are_folded_together():
    x = Value(1.0)
    with ag.name_scope("a/b"):
        y = x * 2.0
    with ag.name_scope("a"), ag.name_scope("b"):
        z = x * 3.0
    found = [shown.members for shown in draw(y + z, fold="a/b").scene.boxes if shown.group]
    order = topological(y + z)
    assert sorted(order[members[0]].data for members in found) == [2.0, 3.0]
    assert [len(members) for members in found] == [1, 1]


@pytest.mark.parametrize("name", ["", " ", "\x1c"])
def test_a_module_whose_class_has_no_name_is_a_group_like_any_other(name):
    nameless = type(name, (Module,), {"__call__": lambda self, x: x * 2.0 + 1.0})
    (group,) = groups_of(draw(nameless()(Value(1.0)) + 1.0, depth=1)).values()
    assert (group.title, len(group.members)) == ("unnamed", 2)


def test_names_that_are_numbered_stay_apart():
    x, total = Value(1.0), []
    for name in ("a 2", "a", "a ", "a\n", "a 2 ", "b", "a 3"):
        with ag.name_scope(name):
            total.append(x * 2.0)
    names = [shown.group for shown in draw(ag.total(total), depth=1).scene.boxes if shown.group]
    assert len(set(names)) == len(names) == 7
    assert {name.split()[0] for name in names} == {"a", "b"}


def test_a_generator_given_by_keyword_is_read_once_and_its_nodes_are_outside():
    class Sums(Module):
        def __call__(self, *, xs):
            return ag.total(list(xs)) * 2.0

    x = Value(1.0)
    out = Sums()(xs=(x * float(k) for k in range(3)))
    (group,) = groups_of(draw(out + 1.0, depth=1)).values()
    assert len(group.members) == 2


# --- parts ---------------------------------------------------------------------------------------------------------------


def contracted(out, **options):
    """The picture of all boxes, which of them each node is in, and the boxes beside each."""
    scene, order = draw(out, **options).scene, topological(out)
    box = {k: b for b, shown in enumerate(scene.boxes) for k in (*shown.members, shown.node) if k >= 0}
    number = {node: k for k, node in enumerate(order)}
    after = {b: set() for b in box.values()}
    for node in order:
        for arg in node.args:
            if isinstance(arg, Value) and box[number[arg]] != box[number[node]]:
                after[box[number[arg]]].add(box[number[node]])
    return order, box, after


def parts_shown(scene):
    """The nodes that have a box, or are in one."""
    return {k for shown in scene.boxes for k in (*shown.members, shown.node) if k >= 0}


FOLDINGS = st.sampled_from([{}, {"depth": 1}, {"depth": 2}, {"depth": 1, "unrolled": True}])


@examples(150)
@given(programs(), st.data(), st.integers(0, 4), FOLDINGS)
def test_around_a_node_is_what_a_search_finds_within_the_radius(program, data, radius, folding):
    out, _ = run(program)
    node = data.draw(st.sampled_from(topological(out)))
    order, box, after = contracted(out, limit=10_000, **folding)
    distance = {box[order.index(node)]: 0}
    queue = list(distance)
    for at in queue:
        for other in after:
            if other not in distance and (other in after[at] or at in after[other]):
                distance[other] = distance[at] + 1
                queue.append(other)
    wanted = {k for k in box if distance[box[k]] <= radius}
    assert parts_shown(draw(out, around=node, radius=radius, **folding).scene) == wanted


@examples(150)
@given(programs(), st.data(), FOLDINGS)
def test_between_two_nodes_is_what_lies_on_a_way(program, data, folding):
    out, _ = run(program)
    nodes = topological(out)
    start, end = sorted([data.draw(st.integers(0, len(nodes) - 1)) for _ in range(2)])
    order, box, after = contracted(out, **folding)

    def reached(first):
        found, queue = {first}, [first]
        for at in queue:
            queue += [other for other in after[at] if other not in found]
            found |= after[at]
        return found

    on_way = {b for b in reached(box[start]) if box[end] in reached(b)}
    if on_way:
        scene = draw(out, between=(order[start], order[end]), **folding).scene
        assert parts_shown(scene) == {k for k in box if box[k] in on_way}
    else:
        with pytest.raises(ValueError, match="the second does not depend on the first"):
            draw(out, between=(order[start], order[end]), **folding)


@examples(60)
@given(programs(), st.data())
def test_without_groups_between_has_the_nodes_of_all_paths(program, data):
    out, _ = run(program)
    order = topological(out)
    source = data.draw(st.sampled_from(order))
    assume(count_paths(out, source) <= 200)
    on_path = {order.index(node) for path in paths(out, source) for node in path.nodes}
    assert parts_shown(draw(out, between=(source, out)).scene) == on_path


def test_a_radius_beyond_the_graph_shows_all_of_it():
    _, loss = network_loss()
    assert repr(draw(loss, around=loss, radius=10**9)) == repr(draw(loss))


def test_what_is_not_shown_is_named_at_its_user():
    x, w, v = Value(2.0, "x"), Value(3.0, label="a long name of some leaf, longer than a box"), Value(-4.0)
    y = x * w
    y.label = "y"
    z = y * v
    boxes = draw(z, around=z, radius=0).scene.boxes
    assert [(shown.kind, shown.title) for shown in boxes] == [
        ("elsewhere", "… y"), ("elsewhere", "… −4"), ("result", "×")
    ]  # fmt: skip
    boxes = draw(z, around=z, radius=0, names={"v": v}).scene.boxes
    assert [shown.title for shown in boxes] == ["… y", "… v", "×"]
    picture = draw(z, between=(x, z))
    assert [shown.title for shown in picture.scene.boxes][:3] == ["x", "… a long name of some leaf, longe…", "y = ×"]
    assert [mark.text for mark in picture.scene.marks] == ["3", "2", "−4", "6"]


def test_more_than_eight_that_are_not_shown_stand_at_their_user_as_one():
    xs = [Value(float(k), f"x{k}") for k in range(1, 10)]
    eight, nine = ag.dot(xs[:8], xs[:8][::-1]), ag.dot(xs, [3.0] * 9)
    assert [shown.title for shown in draw(nine * 2.0, around=nine, radius=0).scene.boxes] == [*["3"] * 9, "… 9 others", "·"]
    titles = [shown.title for shown in draw(eight * 2.0, around=eight, radius=0).scene.boxes]
    assert titles == ["… 16 others", "·"]
    few = ag.total(xs[:8])
    assert [shown.title for shown in draw(few, around=few, radius=0).scene.boxes] == [*[f"… x{k}" for k in range(1, 9)], "Σ"]
    output = nine * 2.0  # the derivative towards each of nine is 6, so the norm is 18
    scene = draw(output, around=nine, radius=0, heat=xs[3]).scene
    (mark,) = [mark for mark in scene.marks if mark.text]
    assert (mark.text, mark.flows, mark.weight, len(mark.edges)) == ("‖∂‖ 18 of 9", True, 6.0, 9)


def test_of_a_group_that_is_not_shown_what_its_node_hands_over_is_named():
    x = Value(2.0, "x")
    with ag.name_scope("f"):
        y = x * 3.0
        y.label = "y"
    z = y + 1.0
    scene = draw(z * 2.0, depth=1, around=z, radius=0).scene
    assert [shown.title for shown in scene.boxes] == ["… y", "1", "+"]


def test_between_and_around_together_show_what_is_in_both():
    x = Value(1.0, "x")
    y = x.sin()
    z = (y * 2.0).exp()
    scene = draw(z + x, between=(y, z), around=y, radius=1).scene
    assert [shown.title for shown in scene.boxes] == ["… x", "sin", "2", "×"]
    with pytest.raises(ValueError, match="nothing that is between the two Values is within a radius of 0"):
        draw(z + x, between=(y, z), around=x, radius=0)


# --- what is refused -----------------------------------------------------------------------------------------------------

x, z = Value(1.0), Value(2.0)
y = x * 2.0


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"around": "x"}, TypeError, "around is of type str; it must be a Value of the graph"),
        ({"around": z}, ValueError, "around has a Value that the drawn one does not depend on"),
        ({"around": x, "radius": -1}, ValueError, "the radius is -1; it must be a whole number from 0 on"),
        ({"around": x, "radius": 1.0}, ValueError, "the radius is 1.0; it must be a whole number"),
        ({"around": x, "radius": True}, ValueError, "the radius is True; it must be a whole number"),
        ({"radius": None}, ValueError, "the radius is None; it must be a whole number"),
        ({"between": x}, TypeError, r"between is Value\(data=1.0.*; it must be two Values of the graph, \(w, loss\)"),
        ({"between": (x,)}, TypeError, "between is .*; it must be two Values"),
        ({"between": (x, 2.0)}, TypeError, r"between is .*, 2.0\); it must be two Values"),
        ({"between": [x, y]}, TypeError, r"between is \[.*; it must be two Values"),
        ({"between": (z, y)}, ValueError, "between has a Value that the drawn one does not depend on"),
        ({"between": (y, x)}, ValueError, "the second does not depend on the first"),
        ({"depth": 0}, ValueError, "the depth is 0; it must be a whole number from 1 on, or None for all nodes"),
        ({"depth": "1"}, ValueError, "the depth is '1'; it must be a whole number"),
        ({"fold": "f"}, ValueError, "the graph has no group 'f'; it has none: use name_scope, or modules"),
        ({"unfold": "f"}, ValueError, "the graph has no group 'f'; it has none: use name_scope, or modules"),
        ({"fold": None}, ValueError, "the graph has no group None"),
        ({"fold": ["f", "g"]}, ValueError, "the graph has no group 'f'"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_with_what_is_wanted(options, error, message):
    with pytest.raises(error, match=f"draw: .*{message}"):
        draw(y, **options)


# --- large graphs --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large():
    """A deep chain of scopes, each a chain: 10⁵ nodes."""
    x = Value(1.0, "x")
    with ag.name_scope("chain"):
        for k in range(1000):
            with ag.name_scope(f"part {k}"):
                for _ in range(100):
                    x = x + 1.0
    return x * 2.0


def test_a_graph_beyond_the_limit_is_refused_with_what_to_do_and_drawn_if_that_is_done(large):
    with pytest.raises(ValueError, match=r"more than 25000 boxes, .*: fold its modules and scopes, draw\(value, depth=1\)"):
        draw(large)
    picture = draw(large, depth=1)
    assert repr(picture) == "graph of 100,002 nodes in 3 boxes, value 2e+05, grad –"
    assert groups_of(picture)["chain"].lines == ("100,000 operations", "2 … 1e+05", "|grad| –")
    with pytest.raises(ValueError, match="the graph has more than 2 boxes"):
        draw(large, depth=1, limit=2)


def test_a_chain_across_many_scopes_is_folded_into_a_row(large):
    picture = draw(large, depth=2)
    assert len(groups_of(picture)) == 1000
    assert {mark.text for mark in bundles(picture.scene)} == {"∂ 2"}
    for option in ({"between": (large.args[0], large)}, {"around": large, "radius": 1}):
        titles = [shown.title for shown in draw(large, depth=2, **option).scene.boxes]
        assert titles == ["chain/part 999", "2", "×"]


def test_a_chain_that_changes_between_two_scopes_does_not_exhaust_the_stack():
    x = Value(1.0)
    for k in range(20_000):
        with ag.name_scope("ab"[k % 2]):
            x = x + 1.0
    with pytest.raises(ValueError, match="more than 1000 boxes"):
        draw(x, depth=1, limit=1000)
    assert len(draw(x, depth=1, around=x, radius=5).scene.boxes) == 6


def test_many_groups_beside_each_other_are_named_in_order():
    x = Value(1.0)
    models = [MLP(1, [1], seed=0) for _ in range(300)]
    picture = draw(ag.total([model([x]) for model in models]), depth=1)
    assert list(groups_of(picture)) == ["MLP", *[f"MLP {k}" for k in range(2, 301)]]


# --- what is pointed out -------------------------------------------------------------------------------------------------


@examples(100)
@given(programs(), st.data(), st.integers(1, 2))
def test_through_a_group_flows_the_sum_over_all_paths_that_pass_it_and_along_an_arrow_over_those_that_take_it(
    program, data, depth
):
    out, _ = run(program)
    order = topological(out)
    source = data.draw(st.sampled_from(order))
    assume(count_paths(out, source) <= 200)
    found = list(paths(out, source))
    products = [path_product(path) for path in found]
    magnitude = sum(map(abs, products))
    assume(math.isfinite(magnitude))
    book = ledger(out, source, k=3)
    scene = draw(out, depth=depth, heat=source, paths=book).scene
    position = {node: k for k, node in enumerate(order)}
    for shown in scene.boxes:
        own = [p for path, p in zip(found, products, strict=True) if {position[n] for n in path.nodes} & set(shown.members)]
        if shown.group:
            assert shown.pale == (not own)
            assert abs(shown.heat - sum(own)) <= ROUNDING * magnitude
    for mark in scene.marks:
        own, ranks = [], set()
        for path, product in zip(found, products, strict=True):
            own += [product for edge in path.edges if (position[edge.user], edge.position) in mark.edges]
        for rank, entry in enumerate(book.entries, start=1):
            ranks |= {rank for edge in entry.path.edges if (position[edge.user], edge.position) in mark.edges}
        assert mark.pale == (not own)
        assert mark.weight is None or abs(mark.weight - sum(own)) <= ROUNDING * magnitude
        assert mark.ranks == tuple(sorted(ranks))


def test_a_group_says_how_many_of_its_units_are_dead_or_saturated():
    model = MLP(1, [4, 1], activation=["relu", "tanh"], seed=0)
    model.storage.write([1.0, -9.0] * 3 + [1.0, 9.0] + [9.0] * 4 + [0.0])
    loss = model([Value(0.5)]) * 1.0
    assert groups_of(draw(loss, depth=1))["MLP"].notes == ("3 dead", "1 saturated")
    notes = {name: shown.notes for name, shown in groups_of(draw(loss, depth=2)).items()}
    assert notes == {"MLP/layers.0": ("3 dead",), "MLP/layers.1": ("1 saturated",)}

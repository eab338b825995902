"""Stepping through a graph of which groups are folded: what each picture shows, and how groups are opened in a browser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.drawing.step_through import step_through
from autograd_lite.drawing.steps import steps_of
from autograd_lite.engine.sweep import topological
from autograd_lite.nn import MLP
from tests.drawing import test_browser as pictures
from tests.drawing.test_groups import programs, run
from tests.strategies import examples

browser, page = pictures.browser, pictures.page

expect = pictures.playwright.expect


def small_loss():
    model = MLP(2, [2, 1], activation="tanh", seed=0)
    return (model([Value(1.0, "x"), 2.0]) - 1.0) ** 2


@examples(100)
@given(programs(), st.integers(1, 3))
def test_in_every_picture_every_node_has_a_box_and_every_arrow_its_place(program, depth):
    out, _ = run(program)
    steps = steps_of(out, limit=2000, depth=depth)
    whole = steps.views[-1]
    assert whole.name == "all nodes"
    assert whole.arrow == tuple(range(len(whole.scene.marks)))
    edges = [mark.edges[0] for mark in whole.scene.marks]
    order = topological(out)
    number = {node: k for k, node in enumerate(order)}
    for view in steps.views:
        boxes = [set(shown.members) or {shown.node} for shown in view.scene.boxes]
        assert set().union(*boxes) - {-1} == set(range(len(order)))
        for (user, place), arrow in zip(edges, view.arrow, strict=True):
            arg = order[user].args[place]
            if arrow >= 0:
                mark = view.scene.marks[arrow]
                assert user in boxes[mark.target]
                assert number[arg] in boxes[mark.source]
            else:  # both in one folded box, or in runs that share the group's leaves
                shared = [shown.group for shown, own in zip(view.scene.boxes, boxes, strict=True) if user in own]
                holds = [shown.group for shown, own in zip(view.scene.boxes, boxes, strict=True) if number[arg] in own]
                assert shared[0] in holds


@examples(100)
@given(programs())
def test_a_text_appears_when_what_it_says_has_been_computed(program):
    out, _ = run(program)
    steps = steps_of(out, limit=2000, depth=1)
    order = topological(out)
    number = {node: k for k, node in enumerate(order)}
    known, swept = {}, {}
    for k, step in enumerate(steps.steps):
        (known if step.phase == "forward" else swept)[step.node] = k
    for view in steps.views:
        for mark, when in zip(view.scene.marks, view.text_from, strict=True):
            ends = [view.scene.boxes[mark.source].group, view.scene.boxes[mark.target].group]
            if any(ends):
                assert when == max(swept[number[order[user].args[place]]] for user, place in mark.edges)
            else:
                assert when == known[view.scene.boxes[mark.target].node]


def test_the_derivatives_on_a_group_are_those_of_the_steps():
    loss = small_loss()  # backward() was not called: what the nodes hold does not matter
    group = next(shown for shown in steps_of(loss, limit=100, depth=1).scene.boxes if shown.group)
    order = topological(loss)
    found = ag.gradients(loss, [order[k] for k in group.members])
    assert group.heat == max(map(abs, found))
    assert group.lines[-1] == f"|grad| ≤ {max(map(abs, found)):.6g}"


def test_a_graph_without_groups_has_one_picture():
    assert [view.name for view in steps_of(small_loss(), limit=100).views] == ["all nodes"]
    a = Value(2.0)
    assert [view.name for view in steps_of(a * a, limit=100, depth=1).views] == ["overview", "all nodes"]


def test_groups_are_listed_as_a_reader_counts():
    names = [view.name for view in steps_of(small_loss(), limit=100, depth=1).views]
    inner = ["MLP/layers.0", "MLP/layers.0/neurons.0", "MLP/layers.0/neurons.1", "MLP/layers.1", "MLP/layers.1/neurons.0"]
    assert names == ["overview", "MLP", *inner, "all nodes"]


@pytest.mark.parametrize("depth", [0, -1, 1.5, "1"])
def test_a_depth_that_makes_no_sense_is_refused(depth):
    with pytest.raises(ValueError, match=r"the depth is .*; it must be a whole number from 1 on"):
        step_through(small_loss(), depth=depth)


# --- in a browser --------------------------------------------------------------------------------------------------------


def opened(page, tmp_path, **options):
    page.goto(step_through(small_loss(), **options).save(tmp_path / "steps.html").as_uri())
    return page


def shown(page):
    """The titles of the groups in the picture that is seen."""
    return sorted(page.locator(".view:visible g.node.group .title").all_text_contents())


def test_a_click_opens_a_group_and_the_list_folds_it_again(page, tmp_path):
    page = opened(page, tmp_path, depth=1)
    assert shown(page) == ["MLP"]
    page.locator(".view:visible g.node.group").click()
    assert shown(page) == ["MLP/layers.0", "MLP/layers.1"]
    expect(page.locator("#view")).to_have_value("1")
    page.locator(".view:visible g.node.group").first.click()
    assert shown(page) == ["MLP/layers.0/neurons.0", "MLP/layers.0/neurons.1", "MLP/layers.1"]
    page.locator("#view").select_option("overview")
    assert shown(page) == ["MLP"]
    page.locator("#view").select_option("all nodes")
    assert shown(page) == []
    assert page.locator(".view:visible").count() == 1


def test_a_group_is_opened_by_keys_and_told_in_words(page, tmp_path):
    page = opened(page, tmp_path, depth=1)
    count = len(topological(small_loss())) - 3  # all but x, the difference and the square
    leaves = 2 * 3 + 3
    group = page.get_by_role("button", name=f"group MLP of {count} nodes, {leaves} with values, 0 with derivatives")
    expect(group).to_be_visible()
    group.focus()
    page.keyboard.press("Enter")
    assert shown(page) == ["MLP/layers.0", "MLP/layers.1"]


def test_the_step_goes_on_whatever_is_open(page, tmp_path):
    page = opened(page, tmp_path, depth=1)
    steps = steps_of(small_loss(), limit=100).steps
    last = len(steps) - 1
    for k in (1, last // 2, last):
        page.evaluate("k => go(k)", k)
        for name in ("overview", "MLP", "all nodes"):
            page.locator("#view").select_option(name)
            expect(page.locator("#rule")).to_have_text(steps[k].text)
            now = page.locator(".view:visible g.node.now")
            assert now.count() >= 1
    page.locator("#view").select_option("overview")
    label = page.locator(".view:visible g.node.group").get_attribute("aria-label")
    whole = label.split(" of ")[1].split(" nodes")[0]
    assert f"{whole} with values, {whole} with derivatives" in label


def test_the_keyboard_goes_on_in_the_group_that_it_opened_and_escape_folds_all(page, tmp_path):
    page = opened(page, tmp_path, depth=1)
    page.locator(".view:visible g.node.group").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('.view') === view.frame")
    for view in page.locator(".view").all():
        assert view.locator("g.node[tabindex='0']").count() == 1
    page.keyboard.press("Escape")
    assert shown(page) == ["MLP"]


def test_a_search_finds_groups_and_enter_opens_the_first(page, tmp_path):
    page = opened(page, tmp_path, depth=1)
    page.locator("#search").fill("layers.1")
    expect(page.locator("#found")).to_have_text("0 found, and 2 groups")
    page.keyboard.press("Enter")
    expect(page.locator("#view")).to_have_value("5")


def test_without_a_depth_there_is_nothing_to_choose(page, tmp_path):
    page = opened(page, tmp_path)
    expect(page.locator("#view")).to_be_hidden()
    assert page.locator("g.node.group").count() == 0

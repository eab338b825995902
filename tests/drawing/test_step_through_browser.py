"""The steps in a real browser, from a file and without a network: controls, numbers, keys, and what is heard."""

from __future__ import annotations

import itertools

import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.drawing.step_through import step_through
from tests.drawing import test_browser as pictures

browser, page = pictures.browser, pictures.page

expect = pictures.playwright.expect

MILLISECONDS = 1200
"""For a step, while it plays."""


def lemma():
    a, b = Value(4.0, "a"), Value(3.0, "b")
    return a * (a + b)


TEXTS = ["the leaves have their numbers: a = 4, b = 3", "v1 = a + b = 4 + 3 = 7", "v2 = a * v1 = 4 * 7 = 28"]
TEXTS += ["S(v2) = 1: the output", "S(v1) ⇐ S(v2)·z = 1·4 = 4", "S(b) ⇐ S(v1)·z = 4·1 = 4"]
TEXTS += ["S(a) ⇐ S(v2)·z + S(v1)·z = 1·7 + 4·1 = 11"]
"""What the page says at each step of the lemma's example: worked by hand."""


def opened(page, output, tmp_path):
    page.goto(step_through(output).save(tmp_path / "steps.html").as_uri())
    return page


def node(page, number):
    return page.locator(f'g.node[data-node="{number}"]').first


def says(page, k):
    expect(page.locator("#rule")).to_have_text(TEXTS[k])
    assert page.locator("#slider").input_value() == str(k)


# --- numbers -------------------------------------------------------------------------------------------------------------

READ = """steps => steps.map(k => {
    go(k)
    const seen = text => getComputedStyle(text).visibility === "visible" ? text.textContent : ""
    const texts = box => [...box.querySelectorAll("text")].map(seen)
    return {
        rule: document.querySelector("#rule").textContent, heard: document.querySelector("#heard").textContent,
        boxes: [...document.querySelectorAll("g.node:not(.constant)")].map(box => [Number(box.dataset.node), texts(box)]),
        now: [...document.querySelectorAll("g.node.now")].map(box => Number(box.dataset.node)),
        current: [...document.querySelectorAll("[aria-current=step]")].map(box => Number(box.dataset.node)),
        used: [...document.querySelectorAll(".derivative.now")].map(text => seen(text.querySelector("text"))),
        cells: [...document.querySelectorAll("#details tr")].map(row => [...row.children].map(cell => cell.textContent)),
    }
})"""


def shown(x):
    """As the picture has it: `sweep_table`'s digits, with a true minus."""
    return ("–" if x is None else f"{x:.6g}").replace("-", "−")


@pytest.mark.parametrize("graph", [lemma, *pictures.GRAPHS])
def test_at_each_step_the_numbers_on_screen_are_those_of_sweep_table(page, tmp_path, graph):
    output = graph()
    rows = ag.sweep_table(output).rows
    nodes = [row.node for row in reversed(rows)]
    results = [k for k, made in enumerate(nodes) if made.op is not None]
    opened(page, output, tmp_path)
    count = 1 + len(results) + len(rows)
    assert page.get_attribute("#slider", "max") == str(count - 1)
    for k, seen in enumerate(page.evaluate(READ, list(range(count)))):
        forward, backward = results[:k], rows[: max(0, k - len(results))]
        swept = {len(rows) - 1 - number: row for number, row in enumerate(backward)}
        for number, (*_, value, grad) in seen["boxes"]:
            known = nodes[number].op is None or number in forward
            assert value == (shown(nodes[number].data) if known else "")
            assert grad == (f"grad {shown(swept[number].total)}" if number in swept else "")
        at = [] if k == 0 else [forward[-1] if not backward else len(rows) - len(backward)]
        assert set(seen["now"]) == set(seen["current"]) == set(at)
        if backward:
            row = backward[-1]
            _, _, rule, total, _ = row.cells()
            assert seen["rule"] == (f"S({row.name}) ⇐ {rule} = {total}" if row.terms else f"S({row.name}) = {total}: {rule}")
            assert sorted(seen["used"]) == sorted(shown(term.z) for term in row.terms)
            cells = [[t.name, f"{t.s:.6g}", f"{t.z:.6g}", f"{t.product:.6g}"] for t in row.terms]
            assert seen["cells"][1:] == cells
        elif forward:
            assert seen["rule"].startswith(rows[len(rows) - 1 - forward[-1]].cells()[0])
            assert seen["rule"].endswith(f" = {nodes[forward[-1]].data:.6g}")
        assert seen["heard"].startswith(f"Step {k} of {count - 1}. ")


@pytest.mark.parametrize("graph", pictures.GRAPHS)
def test_at_three_steps_no_text_leaves_its_box_and_no_control_covers_another(page, tmp_path, graph):
    opened(page, graph(), tmp_path)
    last = int(page.get_attribute("#slider", "max"))
    for k, width in [(1, 1200), (last // 2, 700), (last, 360)]:
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate("k => go(k)", k)
        seen = page.evaluate(pictures.READ)
        assert not [pair for pair in itertools.combinations(seen["texts"], 2) if pictures.overlap(*pair)]
        assert [pair for pair in seen["framed"] if not pictures.inside(*pair)] == []
        assert [box for box in seen["all"] if not pictures.inside(box, seen["svg"])] == []
        assert seen["page"][0] <= width
        blocks = ["#controls > *", "#rule", "#picture", "#details", "#help"]
        boxes = [box.bounding_box() for block in blocks for box in page.locator(block).all() if box.is_visible()]
        places = [[b["x"], b["y"], b["x"] + b["width"], b["y"] + b["height"]] for b in boxes if b["width"] and b["height"]]
        assert len(places) >= 12
        assert not [pair for pair in itertools.combinations(places, 2) if pictures.overlap(*pair)]


# --- controls ------------------------------------------------------------------------------------------------------------


def test_buttons_and_slider_go_where_they_say(page, tmp_path):
    opened(page, lemma(), tmp_path)
    says(page, 0)
    expect(page.get_by_role("button", name="One step back")).to_be_disabled()
    for k in range(1, 7):
        page.get_by_role("button", name="One step forward").click()
        says(page, k)
    expect(page.get_by_role("button", name="Last step")).to_be_disabled()
    page.get_by_role("button", name="One step back").click()
    says(page, 5)
    page.get_by_role("button", name="First step").click()
    says(page, 0)
    page.get_by_role("button", name="Last step").click()
    says(page, 6)
    page.get_by_role("slider", name="Step").fill("4")
    says(page, 4)
    expect(page.locator("#place")).to_have_text("backward 2 of 4")
    page.get_by_role("slider", name="Step").press("ArrowLeft")
    says(page, 3)


def test_play_goes_on_by_itself_until_pause_or_the_end(page, tmp_path):
    page.clock.install()
    opened(page, lemma(), tmp_path)
    play = page.locator("#play")
    play.click()
    expect(play).to_have_text("Pause")
    page.clock.run_for(2 * MILLISECONDS)
    says(page, 2)
    play.click()
    expect(play).to_have_text("Play")
    page.clock.run_for(5 * MILLISECONDS)
    says(page, 2)
    page.get_by_label("speed").select_option("4")
    play.click()
    page.clock.run_for(2 * MILLISECONDS // 4)
    says(page, 4)
    page.clock.run_for(10 * MILLISECONDS)
    says(page, 6)
    expect(play).to_have_text("Play")
    play.click()
    says(page, 0)


def test_keys_do_what_the_buttons_do(page, tmp_path):
    page.clock.install()
    opened(page, lemma(), tmp_path)
    for key, k in [("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 6), ("Home", 0), ("ArrowLeft", 0)]:
        page.keyboard.press(key)
        says(page, k)
    page.keyboard.press("Space")
    page.clock.run_for(MILLISECONDS)
    says(page, 1)
    page.keyboard.press("Space")
    page.clock.run_for(MILLISECONDS)
    says(page, 1)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("a /")
    page.keyboard.press("ArrowLeft")
    assert page.get_by_role("searchbox").input_value() == "a /"
    says(page, 1)


def contributions(page):
    rows = page.locator("#details tr").all()
    return page.locator("#details h2").text_content(), [row.locator("td").all_text_contents() for row in rows[1:]]


def test_pointing_shows_contributions_and_a_click_keeps_them(page, tmp_path):
    opened(page, lemma(), tmp_path)
    page.keyboard.press("End")
    expect(page.locator("g.edge.now .arrow").first).to_have_css("stroke-width", "3px")
    node(page, 2).hover()
    assert contributions(page) == ("Contributions to v1", [["v2", "1", "4", "4"]])
    expect(page.locator("g.edge.looked")).to_have_count(1)
    expect(page.locator("g.edge.looked .arrow")).to_have_css("stroke-width", "2.5px")
    node(page, 0).hover()
    assert contributions(page) == ("Contributions to a", [["v2", "1", "7", "7"], ["v1", "4", "1", "4"]])
    expect(page.locator("g.edge.looked")).to_have_count(2)
    node(page, 0).click()
    page.mouse.move(1100, 700)
    page.keyboard.press("ArrowLeft")
    assert contributions(page)[0] == "Contributions to a (pinned) (still to come)"
    expect(node(page, 0)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    assert contributions(page)[0] == "Contributions to b"
    node(page, 3).click()
    node(page, 3).click()
    page.mouse.move(1100, 700)
    expect(page.locator("[aria-pressed=true]")).to_have_count(0)


def test_a_name_is_found_and_enter_goes_through_the_nodes_that_bear_it(page, tmp_path):
    x = Value(2.0, "x")
    y = x * x
    y.label = "xy"
    opened(page, y + Value(1.0, "b"), tmp_path)
    page.keyboard.press("/")
    page.keyboard.type("X")
    expect(page.locator("#found")).to_have_text("2 found")
    expect(page.locator("g.node.found")).to_have_count(2)
    page.keyboard.press("Enter")
    assert contributions(page)[0] == "Contributions to x (pinned) (still to come)"
    page.keyboard.press("Enter")
    assert contributions(page)[0] == "Contributions to xy (pinned) (still to come)"
    expect(page.locator("#found")).to_have_text("2 of 2: xy = x * x")
    page.get_by_role("searchbox").fill("nothing")
    expect(page.locator("#found")).to_have_text("0 found")


def test_a_computed_node_is_scrolled_into_sight_and_the_page_around_it_stays(page, tmp_path):
    x = Value(0.5, "x")
    for _ in range(40):
        x = ag.sin(x)
    opened(page, x, tmp_path)
    for k in (41, 81, 20):  # the output, which stands far to the right, the leaf, and one between
        page.get_by_role("slider", name="Step").fill(str(k))
        frame, box = page.locator("#picture").bounding_box(), page.locator("g.node.now").bounding_box()
        assert frame["x"] <= box["x"] <= box["x"] + box["width"] <= frame["x"] + frame["width"]
    assert page.evaluate("[scrollX, scrollY]") == [0, 0]


# --- without eyes or without a mouse --------------------------------------------------------------------------------------


def test_a_screen_reader_finds_roles_names_and_the_step_as_text(page, tmp_path):
    opened(page, lemma(), tmp_path)
    page.keyboard.press("End")
    heard = page.locator("#heard")
    expect(heard).to_have_attribute("aria-live", "polite")
    expect(heard).to_have_text("Step 6 of 6. Backward: S of a is 1 times 7, plus 4 times 1, equals 11")
    expect(page.get_by_role("group", name="Steps", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="a, value 4, derivative 11", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="v1 = a + b, value 7, derivative 4")).to_be_visible()
    expect(page.get_by_role("slider", name="Step")).to_have_attribute("aria-valuetext", "backward 4 of 4")
    page.keyboard.press("Home")
    expect(page.get_by_role("button", name="v1 = a + b, no value yet, no derivative yet")).to_be_visible()
    for control in page.locator("button, input, select, [role=button]").all():
        assert control.evaluate("e => e.ariaLabel || e.textContent || (e.labels && e.labels.length)")


def test_the_picture_is_one_stop_of_the_tab_key_and_arrows_go_from_node_to_node(page, tmp_path):
    opened(page, lemma(), tmp_path)
    page.locator("#search").focus()
    page.keyboard.press("Tab")
    focused = "document.activeElement.dataset.node"
    stops = [page.evaluate(focused)]
    if stops == [None]:  # browsers may stop at what scrolls
        page.keyboard.press("Tab")
        stops = [page.evaluate(focused)]
    for key in ("ArrowUp", "ArrowUp", "ArrowDown"):
        page.keyboard.press(key)
        stops.append(page.evaluate(focused))
    assert stops == ["3", "2", "1", "2"]
    page.keyboard.press("Enter")
    assert contributions(page)[0].startswith("Contributions to v1 (pinned)")
    page.keyboard.press("ArrowRight")
    says(page, 1)
    expect(page.locator("g.node[tabindex='0']")).to_have_count(1)

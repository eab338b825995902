"""The sliders of `play` in a real browser, without a network: moves, keys, branches, errors, light and dark, labels."""

from __future__ import annotations

import base64
import io
import itertools
import json
import re
from importlib.resources import files

import pytest

import autograd_lite as ag
from autograd_lite.drawing.playing import play
from tests.drawing import test_browser as pictures
from tests.drawing.reading import read_svg
from tests.drawing.test_play import branching, five_hundred, lesson, widgets  # noqa: F401  # a fixture

browser, page = pictures.browser, pictures.page

expect = pictures.playwright.expect

pytestmark = pytest.mark.usefixtures("widgets")

SCRIPT = files("autograd_lite.drawing").joinpath("play.js").read_text(encoding="utf-8")

PATIENCE = 3000
"""Milliseconds without an answer before the page says so."""

SHOW = """async ([script, setup, answering]) => {
    const { default: widget } = await import(`data:text/javascript;base64,${script}`)
    const listeners = new Set(), place = () => document.body.appendChild(document.createElement("div"))
    window.sent = []
    window.hear = reply => listeners.forEach(listener => listener(reply))
    const model = {
        get: name => JSON.parse(setup)[name],
        on: (event, listener) => event === "msg:custom" && listeners.add(listener),
        off: (event, listener) => listeners.delete(listener),
        send: async message => {
            sent.push(structuredClone(message))
            if (answering) hear(JSON.parse(await kernel(JSON.stringify(message))))
        },
    }
    window.show = () => { window.end = widget.render({ model, el: place() }) }
    window.count = () => listeners.size
    show()
}"""
"""A model as anywidget gives it, whose kernel is this process; `sent` are the messages to it."""


on_the_page = []
"""What is played, in a list: the function that a page has been given once stays."""


def opened(page, played, *, answering=True):
    on_the_page[:] = [played]
    if not page.evaluate("'kernel' in window"):
        page.expose_function("kernel", lambda text: json.dumps(on_the_page[0].answer(json.loads(text)), allow_nan=False))
    script = base64.b64encode(SCRIPT.encode()).decode()
    page.evaluate(SHOW, [script, json.dumps({"setup": played.widget.setup}), answering])
    return page


def lesson_play():
    return play(lesson, x=(-3, 3), y=(0.0, 2.0, 0.5))


def minus(text):
    return text.replace("-", "−")


def says(page, x, y):
    """That the boxes have the numbers of the closed form at a point."""
    sine, slope = float(ag.sin(x)), float(ag.cos(x))
    rows = [("x", x, slope * y + 2 * x), ("sin", sine, y), ("y", y, sine), ("×", sine * y, 1), ("**", x * x, 1)]
    rows.append(("+", sine * y + x * x, 1))
    lines = [[name, minus(f"{value:.4g}"), f"grad {minus(f'{grad:.4g}')}"] for name, value, grad in rows]
    expect(page.locator("g.node:not(.constant) text")).to_have_text([line for box in lines for line in box])


def slider(page, name):
    return page.get_by_role("slider", name=name, exact=True)


# --- moving --------------------------------------------------------------------------------------------------------------


def test_a_moved_slider_changes_numbers_derivatives_and_colours(page):
    played = lesson_play()
    opened(page, played)
    says(page, 0.0, 0.5)
    slider(page, "x").fill("1.5")
    says(page, 1.5, 0.5)
    slider(page, "y").fill("2")
    says(page, 1.5, 2.0)
    expect(page.locator("g.derivative text")).to_have_text(["0.07074", "2", "0.9975", "3", "1", "1"])
    boxes, _, _ = read_svg(played.picture.svg)
    assert [box.get_attribute("fill") for box in page.locator("g.node .box").all()] == [b.fill for b in boxes if b.fill]
    assert page.get_by_role("img", name="graph of 6 nodes, value 4.245").count() == 1


def test_keys_move_a_slider_and_the_tab_key_goes_through_them(page):
    opened(page, lesson_play())
    slider(page, "x").focus()
    for key, x in [("ArrowRight", 0.02), ("ArrowUp", 0.04), ("ArrowLeft", 0.02), ("Home", -3.0), ("End", 3.0)]:
        page.keyboard.press(key)
        says(page, x, 0.5)
    stops = []
    for _ in range(3):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.shadowRoot.activeElement.ariaLabel"))
    assert stops == ["x, from -3 to 3", "y", "y, from 0 to 2"]


def test_a_number_can_be_typed_and_one_off_the_slider_is_marked_and_not_sent(page):
    opened(page, lesson_play())
    exact = page.get_by_role("spinbutton", name="x, from -3 to 3")
    exact.fill("1.2345")
    says(page, 1.2345, 0.5)
    exact.fill("")
    for k, key in enumerate("1.005", start=1):  # what is half typed is not rewritten
        exact.press(key)
        says(page, float("1.005"[:k]), 0.5)
    count = page.evaluate("sent.length")
    for wrong in ("7", ""):
        exact.fill(wrong)
        expect(exact).to_have_attribute("aria-invalid", "true")
    assert page.evaluate("sent.length") == count
    slider(page, "y").fill("1")
    says(page, 1.005, 1.0)
    slider(page, "x").fill("-1")
    expect(exact).to_have_value("-1")
    expect(exact).to_have_attribute("aria-invalid", "false")


def test_moves_never_queue_up_and_the_last_one_is_sent_when_the_answer_is_there(page):
    played = lesson_play()
    opened(page, played, answering=False)
    for k in range(1, 20):
        slider(page, "x").fill(str(k / 10))
    moves = page.evaluate("sent.filter(message => message.position)")
    assert [move["position"] for move in moves] == [[0.1, 0.5]]
    page.evaluate("reply => hear(reply)", played.answer({"position": [-3.0, 0.5], "view": "another"}))
    says(page, -3.0, 0.5)
    assert slider(page, "x").input_value() == "1.9"
    assert len(page.evaluate("sent.filter(message => message.position)")) == 1
    page.evaluate("reply => hear(reply)", played.answer(moves[0]))
    says(page, 0.1, 0.5)
    assert slider(page, "x").input_value() == "1.9"  # the answer to an older move does not pull the slider back
    moves = page.evaluate("sent.filter(message => message.position)")
    assert [move["position"] for move in moves] == [[0.1, 0.5], [1.9, 0.5]]
    page.evaluate("reply => hear(reply)", played.answer(moves[1]))
    says(page, 1.9, 0.5)
    assert page.evaluate("sent.filter(message => message.position).length") == 2


def test_a_kernel_that_does_not_answer_is_named_and_the_next_move_is_sent_all_the_same(page):
    page.clock.install()
    played = lesson_play()
    opened(page, played, answering=False)
    slider(page, "x").fill("1")
    slider(page, "x").fill("2")
    page.clock.run_for(PATIENCE + 10)
    expect(page.get_by_role("status")).to_have_text("The kernel has not answered yet.")
    assert [move["position"] for move in page.evaluate("sent.slice(1)")] == [[1, 0.5], [2, 0.5]]
    page.evaluate("reply => hear(reply)", played.answer({"position": [2.0, 0.5], "view": page.evaluate("sent[1].view")}))
    says(page, 2.0, 0.5)
    expect(page.get_by_role("status")).to_have_text("graph of 6 nodes, value 4.455")


def test_another_branch_is_another_picture(page):
    opened(page, play(branching, x=(-1, 1, 0.5), y=(0.0, 2.0)))
    expect(page.locator("g.node .title")).to_have_text(["x", "y", "×"])
    slider(page, "x").fill("-0.5")
    expect(page.locator("g.node .title")).to_have_text(["y", "neg", "x", "exp", "<", "where"])
    slider(page, "y").fill("2")
    blocked = page.locator("g.edge .blocked")
    expect(blocked).to_have_count(2)
    slider(page, "x").fill("0.5")
    expect(page.locator("g.node text")).to_have_text(["x", "0.5", "grad 2", "y", "2", "grad 0.5", "×", "1", "grad 1"])


def test_an_error_stands_beside_the_sliders_until_they_are_moved_on(page):
    def f(x):
        if x < 0:
            raise ValueError("x must not be <b>below</b> 0")
        return ag.sqrt(x)

    opened(page, play(f, x=(-1, 1, 0.25)))
    slider(page, "x").fill("-0.5")
    status = page.get_by_role("status")
    expect(status).to_have_text("ValueError: x must not be <b>below</b> 0")
    expect(page.locator(".picture")).to_have_css("opacity", "0.45")
    slider(page, "x").fill("0.81")
    expect(status).to_have_text("graph of 2 nodes, value 0.9")
    expect(page.locator(".picture")).to_have_css("opacity", "1")
    expect(page.locator("g.node text")).to_have_text(["x", "0.81", "grad 0.5556", "sqrt", "0.9", "grad 1"])


def test_two_cells_that_show_it_move_together_and_one_that_is_gone_hears_nothing(page):
    played = lesson_play()
    opened(page, played)
    slider(page, "x").fill("1.5")
    says(page, 1.5, 0.5)
    page.evaluate("show()")
    second = page.locator("body > div").nth(1)
    expect(second.get_by_role("slider").first).to_have_value("1.5")
    expect(second.locator("g.node text").nth(1)).to_have_text("1.5")
    second.get_by_role("slider").first.fill("-2")
    for place in page.locator("body > div").all():
        expect(place.get_by_role("slider").first).to_have_value("-2")
        expect(place.locator("g.node text").nth(1)).to_have_text("−2")
    assert page.evaluate("count()") == 2
    page.evaluate("end()")
    assert page.evaluate("count()") == 1


# --- what it looks like --------------------------------------------------------------------------------------------------

READ = """() => {
    const box = element => { const r = element.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom] }
    const inside = document.querySelector("body > div > div").shadowRoot
    const all = selector => [...inside.querySelectorAll(selector)]
    return {
        texts: all("svg text").map(box), blocks: all(".sliders > *, .message, .picture").map(box),
        framed: all("g.node:not(.constant)").flatMap(
            node => [...node.querySelectorAll("text")].map(text => [box(text), box(node.querySelector(".box"))])),
    }
}"""


@pytest.mark.parametrize("exponent", [0, -5, 107, -107, 300])
def test_however_long_its_number_a_text_stays_in_its_box_and_overlaps_no_other(page, exponent):
    played = play(lambda x, y: ag.sin(x * 1.2345) * (-y * float(f"1e{exponent}")) / 7, x=(-3, 3), y=(0.0, 2.0, 0.5))
    opened(page, played)
    slider(page, "x").fill("1.26")
    expect(page.locator("g.node text").nth(1)).to_have_text("1.26")
    for width in (1200, 380):
        page.set_viewport_size({"width": width, "height": 800})
        seen = page.evaluate(READ)
        assert [pair for pair in seen["framed"] if not pictures.inside(*pair)] == []
        for kind in ("texts", "blocks"):
            assert not [pair for pair in itertools.combinations(seen[kind], 2) if pictures.overlap(*pair)]


@pytest.mark.parametrize(("ground", "ink"), [("#fff", 0.0), ("#111", 1.0)], ids=["light", "dark"])
def test_words_and_numbers_take_the_colour_of_the_page_and_the_picture_has_its_own_ground(page, ground, ink):
    image = pytest.importorskip("matplotlib.image", reason="matplotlib is not installed")
    opened(page, lesson_play())
    colours = {"background": ground, "color": "#fff" if ink else "#000"}
    page.evaluate("colours => Object.assign(document.body.style, colours)", colours)

    def pixels(place):
        return image.imread(io.BytesIO(page.locator(place).first.screenshot()), format="png")[:, :, :3]

    for place in (".sliders span", "input[type=number]", ".message"):
        assert (abs(pixels(place) - ink).max(axis=2) < 0.2).any()
    assert pixels(".picture svg")[1, 1].tolist() == [1.0] * 3
    assert (pixels(".picture svg").max(axis=2) < 0.3).any()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_theme_that_follows_the_screen_recolours_on_both(page, scheme):
    page.emulate_media(color_scheme=scheme)
    played = play(lesson, x=(-3, 3), y=(0.0, 2.0, 0.5), theme="auto", direction="down")
    opened(page, played)
    slider(page, "x").fill("1.5")
    says(page, 1.5, 0.5)
    alike = play(lesson, x=(-3, 3, 1.5), y=(0.0, 2.0, 0.5), theme=scheme).picture.svg
    fills = [tuple(bytes.fromhex(box.fill[1:])) for box in read_svg(alike)[0] if box.fill]
    for box, (red, green, blue) in zip(page.locator("g.node .box").all(), fills, strict=True):
        expect(box).to_have_css("fill", f"rgb({red}, {green}, {blue})")
    places = [box.bounding_box() for box in page.locator("g.node .box").all()]
    assert places[0]["y"] < places[-1]["y"]


def test_the_styles_of_the_picture_stay_within(page):
    opened(page, lesson_play())
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p class=title>a <span class=small>b</span></p>')")
    expect(page.locator("p.title")).to_have_css("font-weight", "400")
    expect(page.locator("span.small")).to_have_css("font-size", "16px")


def test_a_screen_reader_finds_names_and_is_told_the_result(page):
    opened(page, lesson_play())
    expect(page.get_by_role("group", name="Leaves")).to_be_visible()
    status = page.get_by_role("status")
    expect(status).to_have_attribute("aria-live", "polite")
    slider(page, "x").fill("1.5")
    expect(status).to_have_text("graph of 6 nodes, value 2.749")
    assert page.get_by_role("slider").count() == page.get_by_role("spinbutton").count() == 2
    for control in page.locator("input").all():
        assert control.get_attribute("aria-label")


def test_hostile_names_and_labels_run_nothing_and_add_nothing(page):
    names = [label for label in pictures.FIRING if label and "\ud800" not in label]

    def f(**leaves):
        output = ag.total([x * 2.0 if x > 0.5 else x for x in leaves.values()])
        output.label = pictures.FIRING[-1]
        return output

    opened(page, play(f, **dict.fromkeys(names, (0.0, 1.0, 0.25))))
    for place in page.get_by_role("slider").all()[-8:]:
        place.fill("0.75")
        expect(page.get_by_role("status")).to_have_text(re.compile("graph of"))
    assert page.locator(".sliders span").all_text_contents() == names
    assert page.locator("script, img, a, iframe, image, foreignObject").count() == 0
    assert page.locator("svg").count() == 1


def test_five_hundred_nodes_follow_a_slider(page):
    played = play(five_hundred, x=(-1, 1), y=(-1, 1, 0.3), z=(-1, 1, 0.7))
    opened(page, played)
    slider(page, "x").fill("0.5")
    scene = played.picture.scene
    expect(page.get_by_role("status")).to_have_text(
        re.compile(re.escape(f"nodes, value {scene.number(scene.boxes[-1].value)}"))
    )
    texts = page.locator("g.derivative text").all_text_contents()
    assert len(texts) > 500
    assert texts == [mark.text for mark in scene.marks if mark.text]

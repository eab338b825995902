"""Pictures in a real browser: what is shown is readable, complete, white below, and runs nothing."""

from __future__ import annotations

import io
import itertools
import shutil
from pathlib import Path

import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.drawing import draw
from autograd_lite.drawing.step_through import step_through
from autograd_lite.engine.ledger import ledger
from autograd_lite.engine.sweep import topological
from autograd_lite.nn import MLP, Neuron, hinge, l2
from autograd_lite.train.datasets import moons
from tests.benchmarks.workloads import readme_expression
from tests.drawing.test_labels import HOSTILE

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]

HALF_A_PIXEL = 0.5
"""Browsers round the boxes of texts to some fraction of a pixel."""


VIEWPORT = {"width": 1200, "height": 900}


@pytest.fixture(scope="module")
def browser():
    """A browser whose first page, without a network, serves test after test: a new one takes a process of its own."""
    with playwright.sync_playwright() as started:
        own = started.chromium.executable_path
        program = next(filter(None, map(shutil.which, CHROMIUM)), own if Path(own).exists() else None)
        if program is None:
            pytest.skip("no Chromium is installed")
        chromium = started.chromium.launch(executable_path=program, args=ARGUMENTS)
        page = chromium.new_context(offline=True, viewport=VIEWPORT).new_page()
        page.add_init_script("window.fired = 0; window.alert = () => { window.fired += 1 }")
        page.goto("about:blank")
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser):
    """A page as it was opened, that fails the test if anything in it fails, asks for something, or runs."""
    page = browser.contexts[0].pages[0]
    troubles = []
    listeners = {
        "console": lambda message: troubles.append(message.text),
        "pageerror": lambda error: troubles.append(str(error)),
        "dialog": lambda dialog: troubles.append(dialog.message) or dialog.dismiss(),
        "request": lambda request: request.url.startswith(("file:", "data:")) or troubles.append(request.url),
    }
    for event, listener in listeners.items():
        page.on(event, listener)
    yield page
    fired = page.evaluate("window.fired")
    page.goto("about:blank")
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    page.set_viewport_size(VIEWPORT)
    page.mouse.move(0, 0)
    for event, listener in listeners.items():
        page.remove_listener(event, listener)
    assert fired == 0
    assert troubles == []


def square():
    x = Value(3.0, label="x")
    return x * x


def neuron():
    return Neuron(3, seed=1)([Value(1.0, "x0"), Value(-2.0, "x1"), 0.5])


def readme_of_micrograd():
    a, b = Value(-4.0, "a"), Value(2.0, "b")
    return readme_expression(a, b, ag)


def loss():
    """The hinge loss with a penalty of a 2-4-4-1 network on four points: two hundred boxes."""
    model = MLP(2, [4, 4, 1], seed=0)
    points = [(0.1, 0.2, 1.0), (0.5, -0.3, -1.0), (0.9, 0.4, 1.0), (-0.2, 0.7, 1.0)]
    losses = [(1.0 - target * model([x, y])).relu() for x, y, target in points]
    return ag.mean(losses) + 1e-4 * ag.dot(model.parameters(), model.parameters())


def wide_labels():
    x = Value(-1.23456e-107, label="漢字カタカナ한글 wide 👍")
    y = ag.tanh(x * 2.0)
    y.label = "ĕ́ combining שלום עולם"
    return y * x


GRAPHS = [square, neuron, readme_of_micrograd, loss, wide_labels]

READ = """() => {
    const box = element => { const r = element.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom] }
    const svg = document.querySelector("svg")
    const drawn = [...svg.querySelectorAll("path.arrow, rect, text")]
    return {
        svg: box(svg), page: [document.documentElement.scrollWidth, document.documentElement.scrollHeight],
        texts: drawn.filter(e => e.tagName == "text").map(box),
        framed: [...svg.querySelectorAll("g.node .box")].flatMap(
            frame => [...frame.parentNode.querySelectorAll("text")].map(text => [box(text), box(frame)])),
        all: drawn.map(box), boxes: svg.querySelectorAll("g.node").length,
    }
}"""


def inside(inner, outer, room=HALF_A_PIXEL):
    return (
        inner[0] >= outer[0] - room
        and inner[1] >= outer[1] - room
        and inner[2] <= outer[2] + room
        and inner[3] <= outer[3] + room
    )


def overlap(a, b):
    return min(a[2], b[2]) - max(a[0], b[0]) > HALF_A_PIXEL and min(a[3], b[3]) - max(a[1], b[1]) > HALF_A_PIXEL


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("backward", [False, True], ids=["before backward", "after backward"])
def test_in_a_saved_page_every_text_is_in_its_box_and_none_overlaps_another(page, tmp_path, graph, backward):
    output = graph()
    if backward:
        output.backward()
    picture = draw(output)
    page.goto(picture.save(tmp_path / "page.html").as_uri())
    seen = page.evaluate(READ)
    assert seen["boxes"] == len(picture.scene.boxes)
    assert len(seen["texts"]) > seen["boxes"]
    assert not [pair for pair in itertools.combinations(seen["texts"], 2) if overlap(*pair)]
    assert [pair for pair in seen["framed"] if not inside(*pair)] == []
    assert [box for box in seen["all"] if not inside(box, seen["svg"])] == []
    assert all(right - left > 1.0 for left, _, right, _ in seen["texts"])
    assert inside(seen["svg"], [0.0, 0.0, *seen["page"]])


@pytest.mark.parametrize("direction", ["right", "down"])
@pytest.mark.parametrize("graph", GRAPHS)
def test_with_all_that_can_be_pointed_out_no_text_overlaps_another_either(page, tmp_path, graph, direction):
    output = graph()
    output.backward()
    source = next(node for node in topological(output) if node.grad)
    options = {"heat": source, "paths": ledger(output, source, k=5), "direction": direction, "theme": "auto"}
    picture = draw(output, **options)
    page.goto(picture.save(tmp_path / "page.html").as_uri())
    seen = page.evaluate(READ)
    assert not [pair for pair in itertools.combinations(seen["texts"], 2) if overlap(*pair)]
    assert [pair for pair in seen["framed"] if not inside(*pair)] == []
    assert [box for box in seen["all"] if not inside(box, seen["svg"])] == []


# --- folded pictures, legends, and long chains ---------------------------------------------------------------------------


def moons_loss():
    """The penalised loss of twenty points, in groups."""
    model = MLP(2, [16, 16, 1], seed=1337)
    points, targets = moons(20, noise=0.1, seed=0)
    scores = [model(point) for point in points]
    with ag.name_scope("mean hinge"):
        data = ag.mean([hinge(score, target) for score, target in zip(scores, targets, strict=True)])
    with ag.name_scope("penalty"):
        penalty = l2(model, 1e-4)
    loss = data + penalty
    loss.backward()
    return loss


def paths_of_layers():
    """Five layers of two nodes, with 32 paths from one end to the other, and the ledger of three."""
    w = Value(1.1, "w")
    a, b = w + 0.0, w + 0.5
    for _ in range(4):
        a, b = a * b, a + b
    out = a * b
    out.backward()
    return out, {"paths": ledger(out, w, k=3)}


def chain():
    """Five hundred operations in a row that share a leaf."""
    w, x = Value(1.2, "w"), Value(1.0, "x")
    for _ in range(250):
        x = ag.sin(w * x)
    x.backward()
    return x


def dead_and_pale():
    """Groups in groups with long names, units that learn nothing, and heat: a legend of many lines."""
    x, y = Value(-1.0, "x"), Value(2.0, "a label as long as a label can be, and longer")
    with ag.name_scope("a scope with a name longer than boxes are wide"), ag.name_scope("another scope of such a name"):
        z = ag.relu(x * y) + ag.tanh(y * 9.0)
    out = (z * x + y.exp()) * ag.relu(x)
    out.backward()
    return out, {"depth": 2, "heat": y}


PICTURES = {
    "neuron": lambda: (neuron(), {}),
    "moons at depth 1": lambda: (moons_loss(), {"depth": 1}),
    "moons at depth 2": lambda: (moons_loss(), {"depth": 2}),
    "moons unrolled": lambda: (moons_loss(), {"depth": 1, "unrolled": True}),
    "paths": paths_of_layers,
    "chain": lambda: (chain(), {}),
    "chain, around": lambda: (lambda out: (out, {"around": out, "radius": 2}))(chain()),
    "dead and pale": dead_and_pale,
}

TILES = """svg => {
    const box = element => { const r = element.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom] }
    const around = all => { const boxes = all.map(box), corner = k => boxes.map(b => b[k]); return [
        Math.min(...corner(0)), Math.min(...corner(1)), Math.max(...corner(2)), Math.max(...corner(3))] }
    const all = (within, what) => [...within.querySelectorAll(what)]
    const nodes = all(svg, "g.node").map(node => all(node, "rect").length ? all(node, "rect") : all(node, "text"))
    const legend = all(svg, "g.legend > *:not(g)")
    return {
        svg: box(svg), drawn: all(svg, "path.arrow, rect, text").map(box),
        tiles: [...nodes.map(around), ...all(svg, "g.derivative").map(group => around(all(group, "rect, text")))],
        texts: all(svg, "text").map(box),
        framed: all(svg, "g.node .box").flatMap(frame => all(frame.parentNode, "text").map(text => [box(text), box(frame)])),
        cards: all(svg, "g.node .card").map(card => [box(card), box(card.parentNode.querySelector(".box"))]),
        legend: legend.map(box), above: all(svg, "g.node, g.edge, g.derivative").map(box),
        swatches: all(svg, ".swatch").map(swatch => [box(swatch.nextSibling), box(swatch)]),
    }
}"""


def overlapping(boxes):
    """The pairs that overlap; looked for along the longer side, so that a long row does not take its square."""
    found, open_ = [], []
    side = max((0, 1), key=lambda k: max(box[k] for box in boxes) - min(box[k] for box in boxes))
    for box in sorted(boxes, key=lambda box: box[side]):
        open_ = [other for other in open_ if other[side + 2] > box[side]]
        found += [(other, box) for other in open_ if overlap(other, box)]
        open_.append(box)
    return found


def check_tiles(seen):
    """Boxes with their cards, texts on arrows, and lines of the legend stand apart, in the picture, and hold their texts."""
    assert overlapping(seen["tiles"]) == []
    assert overlapping(seen["texts"]) == []
    assert [pair for pair in [*seen["framed"], *seen["swatches"]] if not inside(*pair)] == []
    assert [box for box in seen["drawn"] if not inside(box, seen["svg"])] == []
    for card, box in seen["cards"]:
        assert abs((card[2] - card[0]) - (box[2] - box[0])) < HALF_A_PIXEL  # one behind the other, both to be seen
        assert (card[0] > box[0] + 1.0, card[1] < box[1] - 1.0) == (True, True)
    lowest = max(box[3] for box in seen["above"])
    assert [line for line in seen["legend"] if line[1] < lowest - HALF_A_PIXEL] == []


LOOKS = [("right", "light"), ("down", "dark"), ("right", "dark"), ("down", "light")]


@pytest.mark.parametrize("picture", PICTURES)
def test_boxes_groups_texts_and_legend_of_a_picture_stand_apart_and_in_their_frames(page, tmp_path, picture):
    output, options = PICTURES[picture]()
    for direction, theme in LOOKS if picture in ("neuron", "dead and pale") else LOOKS[:2]:
        drawn = draw(output, **options, direction=direction, theme=theme)
        page.goto(drawn.save(tmp_path / "page.html").as_uri())
        seen = page.locator("svg").evaluate(TILES)
        check_tiles(seen)
        groups = [shown for shown in drawn.scene.boxes if shown.group]
        assert len(seen["cards"]) == len(groups)
        assert len(seen["tiles"]) == len(drawn.scene.boxes) + sum(bool(mark.text) for mark in drawn.scene.marks)
        assert bool(seen["legend"]) == (page.locator("g.legend").count() == 1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_the_pictures_of_steps_boxes_groups_and_texts_stand_apart_too(page, tmp_path, scheme):
    model = MLP(2, [3, 1], activation="tanh", seed=0)
    loss = (model([Value(1.0, "x1"), Value(-0.5, "x2")]) - 1.0) ** 2
    steps = step_through(loss, depth=1)
    page.emulate_media(color_scheme=scheme)
    page.goto(steps.save(tmp_path / "steps.html").as_uri())
    last = len(steps.steps.steps) - 1
    for k in (1, last // 2, last):
        page.evaluate("k => go(k)", k)
        for name in ("overview", "MLP", "MLP/layers.0", "all nodes"):
            page.locator("#view").select_option(name)
            check_tiles(page.locator(".view:visible svg").evaluate(TILES))
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_loss_has_some_two_hundred_boxes():
    assert 150 <= len(draw(loss()).scene.boxes) <= 300


@pytest.mark.parametrize("ground", ["#fff", "#111"], ids=["light", "dark"])
@pytest.mark.parametrize("graph", GRAPHS)
def test_in_a_notebook_the_image_loads_fits_and_is_white_below(page, graph, ground):
    image = pytest.importorskip("matplotlib.image", reason="matplotlib is not installed")
    shown = draw(graph())._repr_html_()
    page.set_content(f'<body style="margin:0;background:{ground};color:#888"><div style="width:900px">{shown}</div></body>')
    element = page.wait_for_selector("img")
    natural, width = element.evaluate("async image => { await image.decode(); return [image.naturalWidth, image.width] }")
    assert 0 < width <= min(natural, 900)
    assert element.evaluate("image => getComputedStyle(image).backgroundColor") == "rgb(255, 255, 255)"
    element.evaluate(
        "image => { image.style.background = 'none' }"
    )  # as in a viewer of files: the picture has its own ground
    pixels = image.imread(io.BytesIO(element.screenshot()), format="png")[:, :, :3]
    height = pixels.shape[0]
    for y, x in [(1, 1), (1, width - 2), (height - 2, 1), (height - 2, width - 2)]:
        assert pixels[y, x].tolist() == [1.0, 1.0, 1.0]
    assert (pixels.min(axis=2) < 0.5).any()


FIRING = [
    *[label for label in HOSTILE if len(label) < 1000],
    "<script>window.fired=1</script>",
    "<img src=x onerror=fired=1>",
    "</text><svg onload=fired=1>",
    "</style><script>fired=1</script>",
    "<a href=javascript:fired=1>x</a>",
    "</title><iframe src=//a.b>",
]


def test_a_hostile_label_runs_nothing_and_adds_nothing_to_the_page(page, tmp_path):
    leaves = [Value(1.0, label=label) for label in FIRING]
    output = ag.total(leaves)
    output.label = FIRING[-1]
    picture = draw(output)
    page.goto(picture.save(tmp_path / "page.html").as_uri())
    assert page.evaluate("document.querySelectorAll('script, img, a, iframe, image, foreignObject').length") == 0
    assert page.evaluate("document.querySelectorAll('svg').length") == 1
    titles = page.eval_on_selector_all("text.title", "texts => texts.map(text => text.textContent)")
    assert set(FIRING[-6:]) <= set(titles)
    assert len(titles) == sum(map(bool, FIRING)) + 1
    page.goto(picture.save(tmp_path / "picture.svg").as_uri())
    assert page.evaluate("document.querySelectorAll('*').length") > len(FIRING)
    page.goto("about:blank")
    page.set_content(picture._repr_html_())
    assert page.wait_for_selector("img").evaluate("async image => { await image.decode(); return image.naturalWidth }") > 0

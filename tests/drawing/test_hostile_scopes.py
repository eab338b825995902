"""Names of scopes, classes, functions and parts are text that nobody has checked: in every format they are text alone."""

from __future__ import annotations

import base64
import json
import re
import shutil
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.drawing import draw
from autograd_lite.drawing.description import describe
from autograd_lite.drawing.dot import run_dot
from autograd_lite.drawing.graph_json import graph_from_json
from autograd_lite.drawing.playing import play
from autograd_lite.drawing.step_through import step_through
from autograd_lite.engine.scope import scoped
from autograd_lite.nn import Module
from tests.drawing import test_browser as pictures
from tests.drawing.reading import SVG, read_dot, read_svg
from tests.drawing.test_exports import read_mermaid, read_tikz
from tests.drawing.test_labels import HOSTILE, Page, is_shown_as, labels
from tests.drawing.test_play import widgets  # noqa: F401  # a fixture
from tests.strategies import examples

browser, page = pictures.browser, pictures.page

SCOPES = [
    *[name for name in HOSTILE if name.strip()],
    "</script><script>fired=1</script>",
    "]]></script>",
    "url(#tip)",
    '="url(#tip)',
    '" id="',
    ' id="x" ',
    "' id='x",
    "\u202eright to left\u2066\u200f",
    "a/b",
    "/",
    "//",
    "../..",
    "1",
    "007",
    "overview",
    "all nodes",
    "٣",
    "layers.0",
    "×100",
    "%s %(x)s {0} ${x}",
    "{{x}} {%x%}",
    "]] ]] [[",
    "%% --> ;",
    "end",
    "\\end{tikzpicture}",
    "__proto__",
    "constructor",
]

names = labels.filter(str.strip) | st.sampled_from(SCOPES)


def hostile(count):
    """The hostile names one by one, and so many others."""

    def decorated(test):
        for name in SCOPES:
            test = example(name=name)(test)
        return examples(count)(given(name=names)(test))

    return decorated


# --- what has names ------------------------------------------------------------------------------------------------------


class Plain(Module):
    """A module that doubles, under whatever name its class gets."""

    def __call__(self, x):
        return x * 2.0


class Holder(Module):
    """A module whose parts stand in a dictionary."""

    def __init__(self, parts):
        self.parts = parts

    def __call__(self, x):
        for part in self.parts.values():
            x = part(x)
        return x


def by_scope(name, x):
    with ag.name_scope(name):
        return x * 2.0


def by_class(name, x):
    kind = type("Plain", (Plain,), {})
    kind.__name__ = "".join(c for c in name if c != "\0" and not "\ud800" <= c <= "\udfff")  # Python takes no others
    return kind()(x)


def by_function(name, x):
    def double(x):
        return x * 2.0

    double.__name__ = name
    return scoped(double)(x)


def by_key(name, x):
    return Holder({name: Plain()})(x)


MAKERS = {"scope": by_scope, "class": by_class, "function": by_function, "key": by_key}


def graph(name, maker="scope"):
    """A graph of a group within a group of hostile names, whose nodes have it as labels too."""
    x = Value(2.0, label=name)
    with ag.name_scope(name):
        y = MAKERS[maker](name, x)
        y.label = name
        z = y + 1.0
    return z * 3.0


def title_of(picture):
    """The one group of a picture."""
    (shown,) = [shown for shown in picture.scene.boxes if shown.group]
    return shown.title


# --- names ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("maker", MAKERS)
@hostile(30)
def test_whatever_names_a_group_its_name_is_one_line_and_not_empty(maker, name):
    loss = graph(name, maker)
    outer = draw(loss, depth=1)
    assert is_shown_as(name.strip(), title_of(outer))
    groups = [shown.group for d in (2, 3) for shown in draw(loss, depth=d).scene.boxes if shown.group]
    assert groups
    for group in groups:
        assert group.isprintable()
        assert group.startswith(f"{title_of(outer)}/")
        assert len(group) > len(title_of(outer)) + 1


@hostile(30)
def test_a_group_of_any_name_is_folded_and_opened_by_that_name_and_by_the_one_in_the_picture(name):
    with ag.name_scope(name):
        y = Value(2.0) * 2.0
    loss = y + 1.0
    shown = title_of(draw(loss, depth=1))
    for known in (name, shown):
        assert title_of(draw(loss, fold=known)) == shown
        assert not [box for box in draw(loss, depth=1, unfold=known).scene.boxes if box.group]


# --- formats -------------------------------------------------------------------------------------------------------------


@hostile(50)
def test_the_name_of_a_group_is_text_in_svg_html_and_notebooks(name, tmp_path_factory):
    picture = draw(graph(name), depth=1)
    title = title_of(picture)
    source = picture.save(tmp_path_factory.mktemp("page") / "x.html").read_text(encoding="utf-8")
    ((_, attributes),) = Page(picture._repr_html_()).tags
    notebook = base64.b64decode(attributes["src"].split(",")[1], validate=True).decode()
    (in_page,) = ElementTree.fromstring(source).iter(f"{SVG}svg")
    for svg in (ElementTree.fromstring(picture.svg), ElementTree.fromstring(notebook), in_page):
        (group,) = [g for g in svg.findall(f"{SVG}g") if "group" in g.get("class").split()]
        assert group.get("data-group") == title
        assert next(group.iter(f"{SVG}text")).text == title
        assert all(key == "class" or key.startswith("data-") for key in group.attrib)
    for tag, attributes in Page(source).tags:
        assert tag not in ("script", "img", "a", "iframe", "image", "foreignobject", "object", "embed", "link")
        assert not [key for key in attributes if key.startswith("on") or key in ("href", "src")]


@hostile(10)
def test_the_name_of_a_group_is_text_in_dot_mermaid_and_tikz(name):
    picture = draw(graph(name), depth=1)
    title = title_of(picture)
    nodes, edges = read_dot(picture.to_dot().source.encode().decode())
    assert [label.split("\n")[0] for label in nodes.values()].count(title) >= 1
    assert (len(nodes), len(edges)) == (len(picture.scene.boxes), len(picture.scene.marks))
    boxes, _, arrows = read_mermaid(picture.mermaid())
    assert [lines[0].strip() for key, lines in boxes.items() if len(lines) == 4].count(title.strip()) == 1
    assert len(arrows) == len(picture.scene.marks)
    tikz, _, _ = read_tikz(picture.tikz())
    assert [lines[0] for kind, lines in tikz if kind == "group"] == [title.replace("\ufffd", "?")]


@pytest.mark.skipif(shutil.which("dot") is None, reason="the program 'dot' is not installed")
def test_the_program_dot_shows_the_names_of_groups_as_they_are():
    x, total = Value(2.0), []
    for name in SCOPES:
        with ag.name_scope(name):
            total.append(x * 2.0)
    picture = draw(ag.total(total), depth=1)
    svg = ElementTree.fromstring(run_dot(picture.scene, "svg"))
    assert {element.tag for element in svg.iter()} <= {f"{SVG}{tag}" for tag in (
        "svg", "g", "title", "polygon", "polyline", "path", "text")}  # fmt: skip
    shown = {text.text for text in svg.iter(f"{SVG}text")}
    plain = [box.title for box in picture.scene.boxes if box.group and "  " not in box.title and box.title.isascii()]
    assert len(plain) > 20
    assert {title.strip() for title in plain} <= {(text or "").replace("\xa0", " ").strip() for text in shown}


@hostile(50)
def test_json_and_description_know_labels_and_no_groups(name):
    loss = graph(name)
    text = draw(loss, depth=1).json()
    assert json.loads(text)["nodes"][0]["label"] == name
    assert text.isascii()
    assert graph_from_json(text).data == loss.data
    lines = describe(loss).split("\n")
    assert len(lines) == 7
    assert all(line.strip() and line.isprintable() for line in lines)


# --- steps and sliders ---------------------------------------------------------------------------------------------------


class Choices(HTMLParser):
    """The options of the list of groups, all tags, and the JSON of the steps."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.data, self.within = [], "", ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        self.within = attributes.get("id", "") if tag == "script" else ""

    def handle_endtag(self, tag):
        self.within = ""

    def handle_data(self, data):
        if self.within == "steps":
            self.data += data


@hostile(30)
def test_the_page_of_steps_holds_names_as_data_and_its_references_lead_somewhere(name):
    loss = ag.relu(graph(name) - 100.0)  # dead, and so hatched
    choices = Choices(step_through(loss, depth=1).page)
    assert [tag for tag, _ in choices.tags].count("script") == 2
    for _, attributes in choices.tags:
        assert not [key for key in attributes if key.startswith("on") or key in ("href", "src")]
        for text in (attributes.get("marker-end", ""), attributes.get("fill", "")):
            assert not text.startswith("url(#") or text[5:-1] in [other.get("id") for _, other in choices.tags]
    views = json.loads(choices.data)["views"]
    title = title_of(draw(loss, depth=1))
    assert [view["name"] for view in views[:2]] == ["overview", title]
    assert views[1]["group"] == title
    assert title in views[0]["groups"]
    assert all(group == "" or group.split("/")[0] == title.split("/")[0] for view in views for group in view["groups"])


@pytest.mark.usefixtures("widgets")
@hostile(10)
def test_the_screen_of_sliders_is_not_moved_by_names(name):
    def f(a):
        return by_scope(name, a) + 1.0

    played = play(f, a=(0.0, 1.0, 0.5))
    boxes, arrows, _ = read_svg(played.picture.svg)
    assert [box.texts[0] for box in boxes if box.kind != "constant"] == ["a", "×", "+"]
    assert len(arrows) == 4
    assert json.loads(json.dumps(played.widget.setup)) == played.widget.setup


# --- in a browser --------------------------------------------------------------------------------------------------------

RUNNING = [
    "</script><script>fired=1</script>",
    "]]></script><script>fired=1",
    "<img src=x onerror=fired=1>",
    "'><svg onload=fired=1>",
    "\"><svg onload='fired=1'>",
    "javascript:fired=1",
    "</style><script>fired=1//",
    "</option></select><script>",
    "' onfocus='fired=1' x='",
    '" onfocus="fired=1" x="',
    ' id="x" ="url(#tip)',
]
NAMES = [*RUNNING, "overview", "all nodes", "a/b", "1", "\u202eevil\u202c", "line\nline", "\x00", "&lt;", "__proto__"]
FIRING = [*RUNNING, *[name for name in SCOPES if len(name) < 1000 and name not in RUNNING]]


def firing(names):
    """A graph with a group for each name, and others within it."""
    x, total = Value(2.0, "x"), []
    for name in names:
        with ag.name_scope(name):
            total.append(by_key(name, x))
    return ag.total(total)


@pytest.fixture(scope="module")
def steps():
    return step_through(firing(NAMES), depth=1)


def test_hostile_names_run_nothing_in_a_picture(page, tmp_path):
    picture = draw(firing(FIRING), depth=1)
    titles = [shown.title for shown in picture.scene.boxes if shown.group]
    assert len(titles) == len(FIRING)
    for form in ("html", "svg"):
        page.goto(picture.save(tmp_path / f"picture.{form}").as_uri())
        assert page.evaluate("document.querySelectorAll('script, img, a, iframe, image, foreignObject').length") == 0
        assert page.eval_on_selector_all("g.group", "all => all.map(box => box.dataset.group)") == titles
        assert page.eval_on_selector_all("g.group .title", "all => all.map(text => text.textContent)") == titles
    page.goto("about:blank")
    page.set_content(picture._repr_html_())
    assert page.wait_for_selector("img").evaluate("async image => { await image.decode(); return image.naturalWidth }") > 0


def test_hostile_names_run_nothing_in_a_page_of_steps_and_are_chosen_and_heard_as_they_are(page, tmp_path, steps):
    page.goto(steps.save(tmp_path / "steps.html").as_uri())
    names = [view.name for view in steps.steps.views]
    assert page.eval_on_selector_all("#view option", "all => all.map(option => option.textContent)") == names
    groups = [shown.group for shown in steps.steps.views[0].scene.boxes if shown.group]
    heard = page.locator(".view:visible g.group").evaluate_all("all => all.map(box => box.getAttribute('aria-label'))")
    for text, name in zip(heard, groups, strict=True):
        assert re.fullmatch(rf"group {re.escape(name)} of \d+ nodes, \d+ with values, \d+ with derivatives", text)
    for k in (1, len(names) // 2, len(names) - 1):
        page.locator("#view").select_option(str(k))
        assert page.evaluate("k => view === views[k]", k)
    page.evaluate("steps.forEach((step, k) => go(k))")
    assert page.evaluate("document.querySelectorAll('script').length") == 2
    assert page.evaluate("document.querySelectorAll('img, a, iframe, image, foreignObject').length") == 0


def test_a_click_opens_each_group_whatever_its_name(page, tmp_path, steps):
    page.goto(steps.save(tmp_path / "steps.html").as_uri())
    groups = [shown.group for shown in steps.steps.views[0].scene.boxes if shown.group]
    opened = page.evaluate("""() => {
        const boxes = [...document.querySelector(".view").querySelectorAll("g.group")]
        return boxes.map(box => { openView(0); act(box); return view.group })
    }""")
    assert opened == groups
    page.evaluate("openView(0)")
    page.locator(".view:visible g.group").nth(3).click()
    assert page.evaluate("view.group") == groups[3]


def test_in_a_notebook_s_cell_hostile_names_run_nothing(page, steps):
    page.set_content(f"<body>{steps._repr_html_()}</body>")
    frame = page.frame_locator("iframe")
    frame.locator("#view").select_option("2")
    assert frame.locator("#view option").all_text_contents() == [view.name for view in steps.steps.views]
    assert frame.locator("body").evaluate("() => window.fired") in (0, None)
    assert page.evaluate("document.querySelectorAll('script').length") == 0

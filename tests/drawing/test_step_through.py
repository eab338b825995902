"""The steps as data are those of `sweep_table`, whatever the labels hold, and the page that plays them is self-contained."""

from __future__ import annotations

import base64
import configparser
import fnmatch
import hashlib
import importlib.metadata
import json
import re
import struct
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.drawing.step_through import step_through
from autograd_lite.drawing.steps import steps_of
from tests.drawing.reading import read_svg, values
from tests.drawing.test_labels import hostile
from tests.strategies import examples

CHECKOUT = Path(__file__).parent.parent.parent


def short(x):
    """As the cells of `sweep_table` have it."""
    return "–" if x is None else f"{x:.6g}"


def bits(x):
    return struct.pack("d", x)


def lemma():
    a, b = Value(4.0, "a"), Value(3.0, "b")
    return a * (a + b)


# --- the steps -----------------------------------------------------------------------------------------------------------


@examples(100)
@given(output=values())
def test_backward_steps_are_the_rows_of_sweep_table_with_its_texts(output):
    steps = steps_of(output, 1000)
    rows = ag.sweep_table(output).rows
    backward = [step for step in steps.steps if step.phase == "backward"]
    for step, row in zip(backward, rows, strict=True):
        part = steps.parts[step.node]
        made, value, rule, total, _ = row.cells()
        assert (part.name, part.made, part.value, part.rule, part.total) == (row.name, made, value, rule, total)
        terms = [(steps.parts[c.user].name, c.s, c.z, c.product) for c in part.contributions]
        assert terms == [(term.name, short(term.s), short(term.z), short(term.product)) for term in row.terms]
        arrow = "⇐" if terms else "="
        assert step.text == f"S({row.name}) {arrow} {f'{rule} = {total}' if terms else f'{total}: {rule}'}"
        assert all(f"{s} times {z}" in step.spoken for _, s, z, _ in terms)
        assert set(step.used) == {c.user for c in part.contributions}


@examples(100)
@given(output=values())
def test_the_arrows_of_a_backward_step_carry_its_terms(output):
    steps = steps_of(output, 1000)
    boxes, marks = steps.scene.boxes, steps.scene.marks
    for row, part in zip(ag.sweep_table(output).rows, reversed(steps.parts), strict=True):
        for term, contribution in zip(row.terms, part.contributions, strict=True):
            mark = marks[contribution.arrow]
            assert steps.parts[boxes[mark.source].node] is part
            assert boxes[mark.target].node == contribution.user
            assert bits(mark.derivative) == bits(term.z)
    used = [c.arrow for part in steps.parts for c in part.contributions]
    assert len(used) == len(set(used))


@examples(100)
@given(output=values())
def test_forward_steps_are_the_results_after_their_arguments(output):
    steps = steps_of(output, 1000)
    nodes = [row.node for row in reversed(ag.sweep_table(output).rows)]
    seen = {k for k, node in enumerate(nodes) if node.op is None}
    first, *rest = steps.steps
    assert (first.phase, first.node) == ("start", -1)
    forward = [step for step in rest if step.phase == "forward"]
    assert rest[: len(forward)] == forward
    for step in forward:
        assert set(step.used) <= seen
        assert {steps.scene.boxes[steps.scene.marks[arrow].target].node for arrow in step.arrows} == {step.node}
        assert len(step.arrows) == len(nodes[step.node].args)
        assert step.text.endswith(f" = {short(nodes[step.node].data)}")
        seen.add(step.node)
    assert seen == set(range(len(nodes)))


def test_the_numbers_of_a_forward_step_stand_where_the_names_do():
    x = Value(-3.0, "x")
    texts = [step.text for step in steps_of(2.0 * x - x / 8.0, 100).steps]
    assert texts[0] == "the leaves have their numbers: x = -3"
    assert "v1 = 2 * x = 2 * (-3) = -6" in texts
    assert "v2 = x / 8 = (-3) / 8 = -0.375" in texts
    assert "v3 = v1 - v2 = -6 - (-0.375) = -5.625" in texts


@examples(60)
@given(output=values())
def test_the_picture_has_the_names_values_and_derivatives_of_the_last_step(output):
    still = step_through(output)
    rows = ag.sweep_table(output).rows[::-1]
    boxes, _, _ = read_svg(still.svg)
    assert {box.node for box in boxes} - {-1} == set(range(len(rows)))
    for box in boxes:
        if box.node >= 0:
            row = rows[box.node]
            numbers = [short(row.node.data), f"grad {short(row.total)}"]
            assert box.texts[-2:] == [number.replace("-", "−") for number in numbers]
            assert box.texts[0].split(" = ")[0] == row.name or " = " in row.name


# --- the page ------------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """The tags with their attributes, and the text that follows each up to the next tag."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.inside = [], False
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes), []))
        self.inside = True

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.tags[-1][2].append(data)

    def texts(self, tag):
        return ["".join(texts) for name, _, texts in self.tags if name == tag]

    def attributes(self, tag):
        return [attributes for name, attributes, _ in self.tags if name == tag]


@hostile
def test_html_and_json_parsers_find_the_labels_and_nothing_that_runs(label):
    x = Value(2.0, label=label)
    y = x * 3.0
    y.label = label
    still = step_through(y)
    still.page.encode("utf-8")
    page, plain = Page(still.page), Page(step_through(Value(2.0) * 3.0).page)
    assert [tag for tag, _, _ in page.tags] == [tag for tag, _, _ in plain.tags]
    assert [set(attributes) for _, attributes, _ in page.tags] == [set(attributes) for _, attributes, _ in plain.tags]
    payload, script = page.texts("script")
    assert payload.isascii()
    assert [node["name"] for node in json.loads(payload)["nodes"]] == [r.name for r in reversed(ag.sweep_table(y).rows)]
    assert script == plain.texts("script")[1]


def test_a_label_that_ends_scripts_in_other_pages_is_read_back_whole():
    label = "</script><!--\"'&lt;"
    names = [
        node["name"] for node in json.loads(Page(step_through(Value(1.0, label=label)).page).texts("script")[0])["nodes"]
    ]
    assert names == [label]
    assert step_through(Value(1.0, label="a\u2028b")).steps.parts[0].name == "a b"


def test_the_page_asks_for_nothing_and_runs_its_own_script_alone():
    still = step_through(lemma())
    page = Page(still.page)
    for tag, attributes, _ in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name in ("href", "src", "action")], tag
    assert re.findall(r"https?://[^\"]*", still.page) == ["http://www.w3.org/2000/svg"]
    assert re.findall(r"url\(.*?\)|@import|fetch|XMLHttpRequest|innerHTML|import\(", still.page) == ["url(#tip)"] * 4
    (policy,) = [a["content"] for a in page.attributes("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    sha = base64.b64encode(hashlib.sha256(page.texts("script")[1].encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{sha}'"


def test_without_scripts_the_page_has_the_picture_and_all_rows():
    still = step_through(lemma())
    page = Page(still.page)
    cells = iter(page.texts("td"))
    rows = [row.cells()[:4] for row in ag.sweep_table(lemma()).rows]
    assert list(zip(*[cells] * 4, strict=True)) == [tuple(row) for row in rows]
    assert still.svg in still.page
    assert all("hidden" in attributes for _, attributes, _ in page.tags if "data-live" in attributes)


def test_in_a_notebook_it_is_a_frame_that_may_run_scripts_and_no_more_before_an_image():
    still = step_through(lemma())
    shown = Page(still._repr_html_())
    assert [tag for tag, _, _ in shown.tags] == ["style", "iframe", "img"]
    (frame,), (image,) = shown.attributes("iframe"), shown.attributes("img")
    assert frame["srcdoc"] == still.page
    assert frame["sandbox"] == "allow-scripts"
    assert shown.texts("style") == [f".{image['class']}{{display:none!important}}"]
    head, data = image["src"].split(",")
    assert head == "data:image/svg+xml;base64"
    assert ElementTree.fromstring(base64.b64decode(data, validate=True)).tag.endswith("svg")
    assert frame["title"] == image["alt"] == repr(still)


def test_it_is_saved_as_a_page(tmp_path):
    still = step_through(lemma())
    path = still.save(str(tmp_path / "x.HTML"))
    assert path == tmp_path / "x.HTML"
    assert path.read_text(encoding="utf-8") == still.page
    for name in ("x", "x.svg", ".html"):
        with pytest.raises(ValueError, match=r"must end in \.html"):
            still.save(tmp_path / name)


def test_it_is_of_the_graph_as_it_was_and_changes_nothing():
    output = lemma()
    leaf = output.args[0]
    leaf.grad = 5.0
    still = step_through(output)
    leaf.data = 100.0
    assert (leaf.grad, output.grad) == (5.0, None)
    assert still.steps.steps[-1].text == "S(a) ⇐ S(v2)·z + S(v1)·z = 1·7 + 4·1 = 11"
    assert "100" not in "".join(box.title + str(box.value) for box in still.steps.scene.boxes)
    with pytest.raises(RuntimeError, match="was written"):
        step_through(output)


# --- refusals ------------------------------------------------------------------------------------------------------------


def test_what_is_no_value_or_too_large_is_refused_with_what_to_do():
    with pytest.raises(TypeError, match="a float was given; it must be a Value"):
        step_through(3.0)
    for limit in (0, 2.0, True, None):
        with pytest.raises(ValueError, match="must be a whole number above 0"):
            step_through(lemma(), limit=limit)
    assert repr(step_through(lemma(), limit=4)) == "steps through a graph of 4 nodes: 2 forward, 4 backward; value 28"
    with pytest.raises(ValueError, match=r"has 4 nodes and 4 arrows.*3 nodes and 15 arrows.*sweep_table\(\)"):
        step_through(lemma(), limit=3)
    x = Value(1.0)
    with pytest.raises(ValueError, match="has 2 nodes and 11 arrows"):
        step_through(ag.total([x] * 11), limit=2)
    deep = Value(1.0)
    for _ in range(2000):
        deep = ag.sin(deep)
    with pytest.raises(ValueError, match="the limit is 2,000 nodes"):
        step_through(deep)


# --- the package ---------------------------------------------------------------------------------------------------------


def test_all_files_that_are_no_modules_are_declared_as_data_of_their_package():
    config = configparser.ConfigParser()
    config.read(CHECKOUT / "setup.cfg", encoding="utf-8")
    declared = config["options.package_data"]
    folder = CHECKOUT / "autograd_lite"
    assets = [path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")]
    assert {"step_through.js", "step_through.css"} <= {path.name for path in assets}
    for path in assets:
        package = ".".join(path.parent.relative_to(CHECKOUT).parts)
        patterns = [pattern.strip() for pattern in re.split(r"[,\n]", declared.get(package, ""))]
        assert any(fnmatch.fnmatch(path.name, pattern) for pattern in patterns), f"{path.name} is no data of {package}"


def test_where_the_package_is_installed_the_assets_came_with_the_module():
    try:
        installed = {str(path) for path in importlib.metadata.files("autograd_lite") or []}
    except importlib.metadata.PackageNotFoundError:
        installed = set()
    module = Path("autograd_lite", "drawing", "step_through.py")
    if str(module) in installed:
        assert {str(module.with_suffix(".js")), str(module.with_suffix(".css"))} <= installed

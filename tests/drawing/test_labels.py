"""Labels are text that nobody has checked: whatever they hold, real parsers read them back as text and as nothing else."""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autograd_lite import Value
from autograd_lite.drawing import draw
from autograd_lite.drawing.scene import shortened
from autograd_lite.engine.ledger import ledger
from tests.drawing.reading import SVG, displayed, read_dot, read_svg
from tests.strategies import examples

HOSTILE = [
    "<script>alert(1)</script>",
    "</text></svg><script>alert(1)</script>",
    "]]><img src=x onerror=alert(1)>",
    "<!-- --> <?xml?> <![CDATA[",
    '" onload="alert(1)" x=\'',
    "&lt;b&gt; &amp; &#60; &nosuch; &",
    "trailing backslash\\",
    '\\"',
    "\\n \\l \\r \\N \\\\",
    "|{}<>: a:b:c",
    "n0 -> n1; }",
    "<b>bold</b>",
    "line\nline\r\nline\ttab",
    "\0 \x1b[31m \x7f \x85 \u2028",
    "\ud800 lone \udfff",
    "\ufffe \uffff \U0010ffff",
    "שלום עולם \u202eevil\u202c",
    "e\u0301\u0301\u0301 \u0301",
    "👩‍👩‍👧‍👦 🇫🇷 👍🏽",
    "漢字カタカナ한글",
    "\u3000\u00a0",
    "",
    " ",
    "none, None and \u2013",
    "x" * 100_000,
    "\\" * 100_000,
    "<" * 33,
]

characters = st.characters(exclude_categories=()) | st.sampled_from("<>&\"'\\|{}:;\n\r\t\0 -")
labels = st.text(characters, max_size=60) | st.sampled_from(HOSTILE) | st.text(characters).map(lambda text: text * 50)

MOST = 32


def is_shown_as(label, text):
    """Whether a text is the label in one line: what cannot be printed replaced, what is too long left off."""
    if len(label) > MOST:
        if len(text) != MOST or text[-1] != "…":
            return False
        label, text = label[: MOST - 1], text[:-1]
    pairs = zip(label, text, strict=True)
    return len(label) == len(text) and all(a == b if a.isprintable() else b in " \ufffd" for a, b in pairs)


def picture_of(label):
    """A picture whose leaf and whose result have the label."""
    x = Value(2.0, label=label)
    y = x * 3.0
    y.label = label
    return draw(y)


def check(label, leaf, result):
    """The texts of the two boxes, without numbers, against the label."""
    if label:
        assert is_shown_as(label, leaf[0])
        assert result[0].endswith(" = ×")
        assert is_shown_as(label, result[0].removesuffix(" = ×"))
        leaf, result = leaf[1:], ["×", *result[1:]]
    assert leaf == ["2", "grad –"]
    assert result == ["×", "6", "grad –"]


def hostile(test):
    for label in HOSTILE:
        test = example(label=label)(test)
    return examples(100)(given(label=labels)(test))


@hostile
def test_an_xml_parser_finds_the_label_in_the_svg(label):
    svg = picture_of(label).svg
    boxes, _, _ = read_svg(svg.encode())
    check(label, boxes[0].texts, boxes[2].texts)
    tags = {element.tag for element in ElementTree.fromstring(svg).iter()}
    assert tags == {f"{SVG}{name}" for name in ("svg", "title", "style", "defs", "marker", "path", "rect", "g", "text")}


@hostile
def test_dot_source_gives_the_label_as_it_is_shown(label):
    picture = picture_of(label)
    nodes, edges = read_dot(picture.to_dot().source.encode().decode())
    check(label, nodes["n0"].split("\n"), nodes["n2"].split("\n"))
    assert list(nodes) == ["n0", "n1", "n2"]
    assert [edge[:2] for edge in edges] == [("n0", "n2"), ("n1", "n2")]


class Page(HTMLParser):
    """The tags with their attributes, and the texts of all <text> elements."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.texts, self.inside = [], [], False
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.inside = tag == "text"
        if self.inside:
            self.texts.append("")

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.texts[-1] += data


@hostile
def test_html_and_xml_parsers_find_the_label_in_the_page_and_nothing_that_runs(label, tmp_path_factory):
    path = picture_of(label).save(tmp_path_factory.mktemp("page") / "x.html")
    source = path.read_text(encoding="utf-8")
    page = Page(source)
    texts = [text.text or "" for text in ElementTree.fromstring(source).iter(f"{SVG}text")]
    assert texts == page.texts
    lines = 3 if label else 2
    check(label, texts[1 : 1 + lines], texts[-3:])
    assert texts[1 + lines] == "3"
    for tag, attributes in page.tags:
        assert tag in {
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "svg",
            "defs",
            "marker",
            "path",
            "rect",
            "g",
            "text",
        }
        assert not [name for name in attributes if name.startswith("on") or name in ("href", "src")]


@hostile
def test_the_image_in_a_notebook_holds_the_label(label):
    ((tag, attributes),) = Page(picture_of(label)._repr_html_()).tags
    assert tag == "img"
    assert set(attributes) == {"style", "alt", "src"}
    head, data = attributes["src"].split(",")
    assert head == "data:image/svg+xml;base64"
    boxes, _, _ = read_svg(base64.b64decode(data, validate=True))
    check(label, boxes[0].texts, boxes[2].texts)


@hostile
def test_pictures_of_any_label_are_saved_and_shown_as_text(label, tmp_path_factory):
    picture = picture_of(label)
    folder = tmp_path_factory.mktemp("pictures")
    for form in ("svg", "html", "dot"):
        assert picture.save(folder / f"x.{form}").read_bytes().decode("utf-8")
    assert repr(picture) == "graph of 2 nodes, value 6, grad –"


@pytest.mark.parametrize("label", ["漢" * 20, "x" * 20, "e\u0301" * 10, "👍" * 12])
def test_a_box_is_wide_enough_for_its_label(label):
    """Counted as a terminal does: a wide character takes two cells of 7.2 pixels, a combining one none."""
    cells = sum({"漢": 2, "👍": 2, "\u0301": 0}.get(character, 1) for character in label)
    (rectangle,) = re.findall(r'<rect [^>]*width="([\d.]+)"[^>]*class="box"', draw(Value(1.0, label=label)).svg)
    assert 7.2 * cells < float(rectangle) < 7.2 * cells + 30.0


# --- names of variables --------------------------------------------------------------------------------------------------


def titles(picture):
    """The first text of each box that is no constant."""
    return [box.texts[0] for box in read_svg(picture.svg)[0] if box.kind != "constant"]


def test_values_without_a_label_are_named_after_variables_where_it_is_asked_for():
    a, b = Value(1.0), Value(2.0, label="beta")
    x = [Value(3.0), Value(4.0)]
    w = ([Value(5.0)], (Value(6.0),))
    loss = a * b + x[0] * x[1] + w[0][0] * w[1][0]
    assert set(titles(draw(loss, names=locals()))) == {
        "a", "beta", "x[0]", "x[1]", "w[0][0]", "w[1][0]", "×", "+", "loss = +"
    }  # fmt: skip
    assert "a" not in titles(draw(loss))


def test_of_several_names_the_shortest_is_taken_and_of_those_the_first():
    x, y = Value(1.0), Value(2.0)
    variables = {"long": x, "bb": x, "aa": x, "points": [y, x], "z": 3.0, "text": "x", "none": None}
    assert titles(draw(x + y, names=variables)) == ["bb", "points[0]", "+"]


def test_private_names_and_what_the_notebook_keeps_are_passed_over():
    x = Value(1.0)
    variables = {"_": x, "_1": x, "__x__": x, "_x": [x], "Out": [x], "In": [x]}
    assert titles(draw(x.exp(), names=variables)) == ["1", "exp"]
    assert titles(draw(x.exp(), names={**variables, "the_longest_name_of_all": x})) == ["the_longest_name_of_all", "exp"]


def test_an_empty_label_is_none():
    assert titles(draw(Value(1.0, label=""), names={})) == ["1"]
    x = Value(1.0, label="")
    assert titles(draw(x, names={"x": x})) == ["x"]


def test_a_list_that_holds_itself_is_no_trouble():
    x = Value(1.0)
    loop = [x]
    loop.append(loop)
    assert titles(draw(x, names={"loop": loop})) == ["loop[0]"]


def test_names_that_are_no_mapping_of_texts_are_refused():
    with pytest.raises(
        TypeError, match=r"names is of type list; it must be a mapping of names to Values, such as globals\(\)"
    ):
        draw(Value(1.0), names=["x"])
    with pytest.raises(TypeError, match="names has a key of type int; names are texts"):
        draw(Value(1.0), names={1: Value(1.0)})


# --- all that can hold a name, in all formats ----------------------------------------------------------------------------


def everywhere(label, **options):
    """A picture in which a text is the name of a leaf, of what is chosen, of a group, a line in it and a note."""
    x = Value(2.0)
    y = x * 3.0
    picture = draw(y, heat=x, paths=ledger(y, x), names={f"n{label}": x}, **options)
    shown = picture.scene.boxes[2]
    text = shortened(label)
    picture.scene.boxes[2] = replace(
        shown, kind="group", title=text, lines=(text,), notes=(text,), group=label, members=(1,)
    )
    return picture


@hostile
def test_names_and_groups_are_text_in_svg_and_page_and_the_name_of_a_group_is_kept_whole(label, tmp_path_factory):
    picture = everywhere(label)
    leaf, _, group = read_svg(picture.svg)[0]
    assert is_shown_as(f"n{label}", leaf.texts[0])
    assert group.texts == [shortened(label)] * (3 if label else 2)
    assert len(list(ElementTree.fromstring(picture.svg).iter(f"{SVG}text"))) == len(Page(picture.svg).texts)
    source = picture.save(tmp_path_factory.mktemp("page") / "x.html").read_text(encoding="utf-8")
    for tag, attributes in Page(source).tags:
        assert tag in {
            *("html", "head", "meta", "title", "style", "body", "svg", "defs", "marker", "path", "rect", "g", "text")
        }
        assert not [name for name in attributes if name.startswith("on") or name in ("href", "src")]


@hostile
def test_names_and_groups_are_text_in_dot(label):
    nodes, edges = read_dot(everywhere(label, theme="dark").to_dot().source.encode().decode())
    assert is_shown_as(f"n{label}", nodes["n0"].split("\n")[0])
    assert nodes["n2"].split("\n") == [shortened(label)] * (3 if label else 2)
    assert (list(nodes), len(edges)) == (["n0", "n1", "n2"], 2)


@hostile
def test_what_is_not_drawn_but_named_is_text_in_every_format(label):
    x = Value(2.0, label=label)
    y = x.exp()
    y.label = label
    z = y * 3.0
    picture = draw(z, around=z, radius=0)
    title = f"… {shortened(label) or displayed(y.data)}"
    assert [box.texts for box in read_svg(picture.svg)[0]] == [[title], ["3"], ["×", displayed(z.data), "grad –"]]
    nodes, _ = read_dot(picture.to_dot().source.encode().decode())
    assert list(nodes.values())[:2] == [title, "3"]

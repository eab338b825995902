"""What a picture does: saves and shows itself, asks `dot` where it is there, and says in one line what it cannot do."""

from __future__ import annotations

import copy
import html
import os
import stat
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.drawing import Picture, dot, draw, draw_dot
from tests.drawing.reading import read_dot, read_svg, values
from tests.strategies import examples

OWN_LAYOUT = "the library's own layout is used"


@pytest.fixture
def square():
    x = Value(3.0, label="x")
    y = x * x
    y.backward()
    return y


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """An empty folder that is the whole PATH, and no cairosvg."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    return folder


def fake_dot(folder, script, first="#!/bin/sh"):
    program = folder / "dot"
    program.write_text(f"{first}\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


# --- saving --------------------------------------------------------------------------------------------------------------


def test_a_file_is_written_in_the_format_of_its_ending(square, tmp_path):
    picture = draw(square)
    for name in ("x.svg", "x.SVG", "a.b.svg"):
        path = picture.save(tmp_path / name)
        assert path == tmp_path / name
        assert path.read_text(encoding="utf-8") == picture.svg
    assert picture.svg in picture.save(str(tmp_path / "x.html")).read_text(encoding="utf-8")
    nodes, _ = read_dot(picture.save(tmp_path / "x.dot").read_text(encoding="utf-8"))
    assert nodes == {"n0": "x\n3\ngrad 6", "n1": "×\n9\ngrad 1"}


@pytest.mark.parametrize("name", ["x", "x.jpeg", "x.svg.gz", ".svg", "x."])
def test_another_ending_is_refused_with_those_that_are_known(square, tmp_path, name):
    with pytest.raises(ValueError, match=r"must end in \.svg, \.html, \.dot, \.mmd, \.tex, \.json, \.png or \.pdf"):
        draw(square).save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["png", "pdf"])
def test_without_the_program_a_png_or_pdf_is_refused_in_one_line_that_says_what_to_do(square, tmp_path, programs, form):
    with pytest.raises(RuntimeError) as error:
        draw(square).save(tmp_path / f"x.{form}")
    assert str(error.value) == (
        f"cannot make a .{form}: cairosvg cannot be imported (import of cairosvg halted; None in sys.modules); install it "
        "by pip install 'autograd_lite[pictures]'; the program 'dot' is not installed: install Graphviz, or save as .svg or "
        ".html"
    )
    assert not (tmp_path / f"x.{form}").exists()


# --- the program dot -----------------------------------------------------------------------------------------------------


def test_the_program_gets_the_source_and_its_output_is_saved(square, tmp_path, programs):
    fake_dot(programs, 'echo "$@"; while read -r line; do echo "$line"; done')
    written = draw(square).save(tmp_path / "x.png").read_text(encoding="utf-8")
    first, source = written.split("\n", 1)
    assert first == "-Tpng"
    assert read_dot(source) == read_dot(draw(square).to_dot().source)


def test_the_svg_of_the_program_is_taken_from_its_svg_element_on(square, programs):
    fake_dot(programs, 'echo \'<?xml version="1.0"?><!DOCTYPE svg><svg xmlns="http://www.w3.org/2000/svg"/>\'')
    picture = draw(square, engine="dot")
    assert ElementTree.fromstring(picture.svg).tag == "{http://www.w3.org/2000/svg}svg"
    assert picture.svg.startswith("<svg")
    assert "<p>" not in picture._repr_html_()


FAILURES = {
    "is not installed": (None, "the program 'dot' is not installed"),
    "hangs": ("exec /bin/sleep 5", "'dot' took more than 0.2 seconds"),
    "hangs in a child": ("/bin/sleep 2\nexit 0", "'dot' took more than 0.2 seconds"),
    "fails": ("echo 'Error: syntax' >&2\necho 'in line 1' >&2\nexit 1", "'dot' failed: Error: syntax in line 1"),
    "fails without a word": ("exit 3", "'dot' failed: exit code 3"),
    "writes nothing": ("exit 0", "'dot' failed: exit code 0, no picture"),
    "writes no svg": ("echo hello", "'dot' made no SVG"),
    "writes no text": ("printf '\\377\\376'", "'dot' made no SVG"),
    "never reads": ("exec <&-\necho '<svn'", "'dot' made no SVG"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_where_the_program_fails_the_own_layout_is_used_with_one_line_of_explanation(square, programs, monkeypatch, case):
    script, explanation = FAILURES[case]
    if script is not None:
        fake_dot(programs, script)
    monkeypatch.setattr(dot, "SECONDS", 0.2)
    picture = draw(square, engine="dot")
    with pytest.warns(UserWarning, match=OWN_LAYOUT) as caught:
        svg = picture.svg
    (warning,) = caught
    assert str(warning.message).startswith(explanation)
    assert str(warning.message).endswith(OWN_LAYOUT)
    assert "\n" not in str(warning.message)
    assert warning.filename == __file__
    assert svg == draw(square).svg


def test_a_program_that_cannot_be_started_is_one_that_fails(square, programs):
    fake_dot(programs, "", first="#!/no/such/interpreter")
    with pytest.warns(UserWarning, match="'dot' cannot be started: .*own layout"):
        assert draw(square, engine="dot").svg == draw(square).svg


def test_a_repr_explains_instead_of_warning(square, programs):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shown = draw(square, engine="dot")._repr_html_()
    assert shown.startswith("<img ")
    assert html.unescape(shown).endswith(f"{OWN_LAYOUT}</p>")


def test_what_a_failing_program_says_is_text_in_the_repr(square, programs):
    fake_dot(programs, "echo '<script>alert(1)</script>' >&2\nexit 1")
    shown = draw(square, engine="dot")._repr_html_()
    explanation = f"'dot' failed: <script>alert(1)</script>; {OWN_LAYOUT}"
    assert shown.endswith(f"<p>{html.escape(explanation)}</p>")


def test_a_failing_program_leaves_no_half_a_file(square, tmp_path, programs):
    fake_dot(programs, "echo half\nexit 1")
    with pytest.raises(RuntimeError, match="'dot' failed"):
        draw(square).save(tmp_path / "x.pdf")
    assert not (tmp_path / "x.pdf").exists()


def test_a_graph_too_large_for_the_program_is_not_given_to_it(tmp_path, programs):
    fake_dot(programs, f"echo called > '{tmp_path}/called'")
    wide = ag.total([Value(1.0) for _ in range(dot.MOST_NODES)])
    deep = Value(1.0)
    first = ag.exp(deep)
    deep = first
    for _ in range(110):
        deep = deep * first  # each arrow from the first node passes all columns between
    for value in (wide, deep):
        with pytest.warns(UserWarning, match=f"too many for 'dot'.*{OWN_LAYOUT}"):
            _ = draw(value, engine="dot").svg
    assert not (tmp_path / "called").exists()


# --- refusals ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("thing", [3.0, None, "x", [Value(1.0)], Value(1.0) < Value(2.0)])
def test_only_a_value_is_drawn(thing):
    with pytest.raises(TypeError, match=f"a {type(thing).__name__} was given; it must be a Value"):
        draw(thing)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "neato"}, "the engine is 'neato'; it must be 'own' or 'dot'"),
        ({"engine": None}, "the engine is None"),
        ({"digits": 0}, "digits is 0; it must be a whole number from 1 to 17"),
        ({"digits": 18}, "digits is 18"),
        ({"digits": 4.5}, "digits is 4.5"),
        ({"digits": "4"}, "digits is '4'"),
        ({"limit": 0}, "the limit is 0; it must be a whole number above 0"),
        ({"limit": None}, "the limit is None"),
        ({"direction": "up"}, "the direction is 'up'; it must be 'right' or 'down'"),
        ({"direction": None}, "the direction is None"),
        ({"theme": "sepia"}, "the theme is 'sepia'; it must be 'light', 'dark' or 'auto'"),
        ({"theme": ["dark"]}, "the theme is \\['dark'\\]"),
        ({"legend": 1}, "the legend is 1; it must be True or False"),
        ({"unrolled": "layers.0"}, "unrolled is 'layers.0'; it must be True or False"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(square, options, message):
    with pytest.raises(ValueError, match=message):
        draw(square, **options)


def test_a_graph_beyond_the_limit_is_refused_with_what_to_do():
    x = Value(1.0)
    y = ag.total([x * 2.0 for _ in range(10)])
    assert len(draw(y, limit=22).scene.boxes) == 22  # one leaf, ten constants, ten products, one sum
    with pytest.raises(ValueError, match=r"more than 21 boxes.*draw\(value, limit=…\)"):
        draw(y, limit=21)


# --- showing -------------------------------------------------------------------------------------------------------------


@examples(60)
@given(output=values())
def test_a_picture_shows_itself_as_text_and_as_html(output):
    picture = draw(output)
    assert repr(picture).startswith("graph of ")
    assert "\n" not in repr(picture)
    assert picture._repr_html_().startswith('<img style="max-width:100%;background:#ffffff" alt="graph of ')


def test_the_text_form_counts_nodes_and_has_value_and_derivative(square):
    assert repr(draw(square)) == "graph of 2 nodes, value 9, grad 1"
    assert repr(draw(Value(-0.5))) == "graph of 1 node, value −0.5, grad –"
    with ag.name_scope("all of it"):
        output = Value(2.0).exp() * 3.0
    assert repr(draw(output, depth=1)) == "graph of 3 nodes in 1 box"


def test_draw_dot_is_draw(square):
    assert isinstance(draw_dot(square), Picture)
    assert draw_dot(square).svg == draw(square).svg


def test_drawing_changes_nothing(square):
    before = copy.deepcopy(square)
    _ = draw(square).svg, draw(square).to_dot()
    assert (square.data, square.grad, square.args[0].grad) == (before.data, before.grad, before.args[0].grad)


def test_a_picture_is_of_the_graph_as_it_was(square):
    picture = draw(square)
    square.args[0].data = 100.0
    square.args[0].grad = 100.0
    assert [(box.value, box.grad) for box in read_svg(picture.svg)[0]] == [(3.0, 6.0), (9.0, 1.0)]


def test_where_a_leaf_was_written_since_a_question_mark_stands_for_the_derivative():
    x, w = Value(2.0), Value(5.0)
    y = x * w
    z = y * y
    z.backward()
    x.data = 7.0
    boxes, arrows, derivatives = read_svg(draw(z).svg)
    assert sorted(box.value for box in boxes) == [5.0, 7.0, 10.0, 100.0]
    assert [arrow.derivative for arrow in arrows] == [None, None, 10.0, 10.0]
    assert derivatives == ["?", "?", "10", "10"]


def test_the_program_gives_a_picture_where_it_is_installed(square, tmp_path):
    if not any(os.access(os.path.join(folder, "dot"), os.X_OK) for folder in os.get_exec_path()):  # noqa: PTH118
        pytest.skip("the program dot is not installed")
    assert subprocess.run(["dot", "-V"], capture_output=True, check=False).returncode == 0
    assert draw(square).save(tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    ElementTree.fromstring(draw(square, engine="dot").svg)

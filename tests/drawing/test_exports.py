"""Mermaid and TikZ read back sign by sign: the same boxes, arrows and texts as in the SVG, and nothing else that acts."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.drawing import draw, mermaid, tikz
from autograd_lite.drawing import picture as module
from autograd_lite.drawing.scene import shortened
from tests.drawing.reading import read_svg, values
from tests.drawing.test_labels import check, everywhere, hostile, is_shown_as, picture_of
from tests.strategies import examples

# --- Mermaid read back ---------------------------------------------------------------------------------------------------

TEXT = r'"((?:[^"#;&<>`%{}|\[\]()\\~*_+\-:\n]|#\d+;|<br/>)+)"'
"""In quotes: letters and harmless signs, numeric entities, breaks of lines; nothing that acts in Mermaid, HTML, Markdown."""

MERMAID = re.compile(
    rf"    (?:(?P<leaf>n\d+)\(\[{TEXT}\]\)|(?P<box>n\d+)\[\[?{TEXT}\]\]?"
    rf"|(?P<source>n\d+) (?P<line>-->|-\.->)(?:\|{TEXT}\|)? (?P<target>n\d+)"
    rf"|legend\[{TEXT}\]|classDef constant fill:none,stroke:none|class (?:n\d+|legend)(?:,n\d+)*(?:,legend)? constant"
    r"|classDef default fill:#\w{6},color:#\w{6}"
    r"|style n\d+ (?:fill:#\w{6},color:#\w{6}|color:#\w{6}|stroke-dasharray:\d \d|,)+"
    r"|linkStyle \d+ (?:stroke:#\w{6}|stroke-width:[\d.]+(?:px)?|stroke-dasharray:[\d ]+|,)+)"
)


def decoded(text):
    """What Mermaid 11 shows: `#35;` as the character of that number, then some pairs as others."""
    assert not re.match(r"\s|\d+\. ", text), "would be a list or a block of code in Markdown"
    shown = re.sub(r"#(\d+);", lambda entity: chr(int(entity[1])), text)
    assert not re.search(r"\\n|ﬂ°|¶ß", shown), "would be a break of lines, or an entity"
    return shown.replace("\u2060", "")  # has no width


def read_mermaid(text):
    """The lines of each box, which of them are leaves, and (source, target, text, dashed) of each arrow."""
    first, *lines, last = text.removeprefix('%%{init: {"theme": "dark"}}%%\n').split("\n")
    assert (first in ("flowchart LR", "flowchart TD"), last) == (True, "")
    boxes, leaves, arrows = {}, [], []
    for line in lines:
        match = MERMAID.fullmatch(line)
        assert match, line
        shown = next(filter(None, match.group(2, 4, 7)), None)
        if name := match["leaf"] or match["box"]:
            boxes[name] = [decoded(part) for part in shown.split("<br/>")]
            leaves += [name] * bool(match["leaf"])
        elif match["source"]:
            arrows.append((match["source"], match["target"], decoded(shown or ""), match["line"] == "-.->"))
    return boxes, leaves, arrows


# --- TikZ read back ------------------------------------------------------------------------------------------------------

WORDS = {
    "textbackslash": "\\",
    "textasciicircum": "^",
    "textasciitilde": "~",
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "textasciigrave": "`",
    "textendash": "–",
    "ldots": "…",
}
MATHS = {
    "-": "−",
    r"\partial": "∂",
    r"\times": "×",
    r"\cdot": "·",
    r"\leq": "≤",
    r"\Sigma": "Σ",
    r"\Pi": "Π",
    r"\sigma": "σ",
}
SHOWN = re.compile(
    rf"(?P<plain>[^\\{{}}$&#^_~%<>|`\"\x00-\x1f])|\\(?P<sign>[#$%&_{{}}])|\\(?P<word>{'|'.join(WORDS)})\{{\}}"
    rf"|(?P<quote>\\char34\{{\}})|\$(?P<maths>{'|'.join(map(re.escape, MATHS))})\$"
)


def typeset(text):
    """What TeX sets, of the commands that may stand in a text and no others."""
    shown, start = "", 0
    while start < len(text):
        match = SHOWN.match(text, start)
        assert match, text[start : start + 40]
        shown += (
            match["plain"]
            or match["sign"]
            or (match["quote"] and '"')
            or WORDS.get(match["word"] or "")
            or MATHS[match["maths"]]
        )
        start = match.end()
    return shown


POINT = r"\(-?\d+\.\d,-?\d+\.\d\)"
NODE = re.compile(
    r"\\node\[(leaf|result|constant|group)(?:,dead|,saturated)?(?:,pale)?(?:,fill=\{rgb,255:red,\d+;green,\d+;blue,\d+\})?,"
    r"(?:inner sep=0pt|minimum width=[\d.]+pt,minimum height=[\d.]+pt)\] "
    rf"\(n(\d+)\) at {POINT} \{{(\{{.*\}})\}};"
)
LINE = re.compile(
    rf"\\draw\[(flow|blocked|quiet)(?:,draw=faint)?(?:,line width=[\d.]+pt)?\] "
    rf"{POINT}(?: (?:--|\.\. controls {POINT} and {POINT} \.\.) {POINT})+;"
)
ON_LINE = re.compile(rf"\\node\[derivative(?:,pale,draw=none)?\] at {POINT} \{{\{{(.*)\}}\}};")
LEGEND = re.compile(rf"\\node\[legend\] at {POINT} \{{\{{(.*)\}}\}};")
STROKE = re.compile(
    r"\\draw\[draw=\{rgb,255:red,\d+;green,\d+;blue,\d+\},line width=2pt(?:,dash pattern=(?:(?:on|off) \d+pt ?)+)?\] "
    rf"{POINT}(?: -- {POINT})+;"
)


def read_tikz(text):
    """Kind and lines of each box, the style of each arrow, and the texts on them."""
    head, colours, *lines, end, last = text.split("\n")
    assert head.startswith(r"\begin{tikzpicture}[x=1pt,y=1pt,")
    assert re.fullmatch(r"(?:\\definecolor\{[a-z]+\}\{HTML\}\{[0-9A-F]{6}\})+", colours)
    assert (end, last) == (r"\end{tikzpicture}", "")
    boxes, styles, derivatives = [], [], []
    for line in lines:
        if match := NODE.fullmatch(line):
            assert int(match[2]) == len(boxes)
            boxes.append((match[1], [typeset(part) for part in match[3][1:-1].split(r"}\\{")]))
        elif match := ON_LINE.fullmatch(line):
            derivatives.append(typeset(match[1].split(r"}\\{")[-1]))
        elif match := LEGEND.fullmatch(line):
            assert all(typeset(part) for part in match[1].split(r"}\\{"))
        elif not STROKE.fullmatch(line) and not line.startswith(r"\fill[ground] ("):
            styles.append(LINE.fullmatch(line)[1])
    return boxes, styles, derivatives


# --- the same as in the SVG ----------------------------------------------------------------------------------------------


@examples(60)
@given(output=values())
def test_mermaid_has_the_boxes_arrows_and_texts_of_the_svg(output):
    picture = draw(output)
    boxes, arrows, derivatives = read_svg(picture.svg)
    read, leaves, read_arrows = read_mermaid(picture.mermaid())
    assert read == {f"n{k}": box.texts for k, box in enumerate(boxes)}
    assert leaves == [f"n{k}" for k, box in enumerate(boxes) if box.kind == "leaf"]
    assert [arrow[:2] for arrow in read_arrows] == [(f"n{arrow.source}", f"n{arrow.target}") for arrow in arrows]
    assert [text for _, _, text, _ in read_arrows if text] == derivatives
    assert [dashed for *_, dashed in read_arrows] == ["blocked" in arrow.styles for arrow in arrows]


@examples(60)
@given(output=values())
def test_tikz_has_the_boxes_arrows_and_texts_of_the_svg(output):
    picture = draw(output)
    boxes, arrows, derivatives = read_svg(picture.svg)
    read, styles, read_derivatives = read_tikz(picture.tikz())
    assert read == [(box.kind, box.texts) for box in boxes]
    assert styles == [{"blocked": "blocked", "quiet": "quiet"}.get(arrow.styles[-1], "flow") for arrow in arrows]
    assert read_derivatives == derivatives


ACTING = [
    "%%{init: {}}%%",
    "5% \\input{x} #1 $x$ a_b a^b ~ &",
    "1. item",
    "- item",
    "    code",
    "`code`",
    "ﬂ°°60¶ß",
    "C:\\new\\x",
    "[x]",
    "*",
    "#quot;",
    "^^5c",
]


@hostile
def test_a_label_is_text_and_nothing_else_in_mermaid(label):
    boxes, _, arrows = read_mermaid(picture_of(label).mermaid())
    check(label, boxes["n0"], boxes["n2"])
    assert [arrow[:2] for arrow in arrows] == [("n0", "n2"), ("n1", "n2")]


@hostile
def test_a_label_is_text_and_nothing_else_in_tikz(label):
    # The sign for what cannot be printed is in few fonts of TeX, which gets a question mark.
    boxes, _, _ = read_tikz(picture_of(label).tikz())
    leaf, result = boxes[0][1], boxes[2][1]
    if label:
        expected = read_svg(picture_of(label).svg)[0]
        assert is_shown_as(label, expected[0].texts[0])
        assert leaf[0] == expected[0].texts[0].replace("\ufffd", "?")
        assert result[0] == expected[2].texts[0].replace("\ufffd", "?")
        assert (leaf[1:], result[1:]) == (["2", "grad –"], ["6", "grad –"])
    else:
        check(label, leaf, result)


@hostile
def test_names_and_groups_are_text_and_nothing_else_in_mermaid_and_tikz(label):
    texts = [shortened(label)] * (3 if label else 2)
    boxes, _, _ = read_mermaid(everywhere(label).mermaid())
    assert is_shown_as(f"n{label}", boxes["n0"][0])
    assert boxes["n2"] == texts
    (_, leaf), _, group = read_tikz(everywhere(label, theme="dark", direction="down").tikz())[0]
    assert leaf[0] == shortened(f"n{label}").replace("\ufffd", "?")
    assert group == ("group", [text.replace("\ufffd", "?") for text in texts])


@pytest.mark.parametrize("label", ACTING)
def test_what_acts_in_mermaid_markdown_or_tex_is_shown_as_it_is(label):
    picture = picture_of(label)
    assert read_mermaid(picture.mermaid())[0]["n0"][0] == label
    assert read_tikz(picture.tikz())[0][0][1][0] == label


# --- what is pointed out -------------------------------------------------------------------------------------------------


def cancelling():
    """5·x·y − 3·relu(−x)·y − 2·x with the three paths of its ledger, x = 2 and y = 3; the unit is dead."""
    x, y = Value(2.0, "x"), Value(3.0, "y")
    output = 5.0 * x * y - 3.0 * ag.relu(-x) * y - 2.0 * x
    return output, x


def test_down_is_said_in_every_format():
    output, _ = cancelling()
    down, right = draw(output, direction="down"), draw(output)
    assert "rankdir=TB" in down.to_dot().source
    assert "rankdir=LR" in right.to_dot().source
    assert (down.mermaid().split("\n")[0], right.mermaid().split("\n")[0]) == ("flowchart TD", "flowchart LR")
    places = [
        [tuple(map(float, at)) for at in re.findall(r"\(n\d+\) at \((-?[\d.]+),(-?[\d.]+)\)", p.tikz())]
        for p in (down, right)
    ]
    for mark in down.scene.marks:
        assert places[0][mark.source][1] > places[0][mark.target][1]  # TikZ counts upwards
        assert places[1][mark.source][0] < places[1][mark.target][0]


@pytest.mark.parametrize("down", [False, True])
def test_an_arrow_leaves_and_arrives_in_the_direction_of_the_picture(down):
    output, _ = cancelling()
    svg = draw(output, direction="down" if down else "right").svg
    curves = re.findall(
        r'class="arrow[^"]*" d="M([\d. -]+)(?=[CL])[^"]*C([\d.-]+) ([\d.-]+) ([\d.-]+) ([\d.-]+) ([\d.-]+) ([\d.-]+)', svg
    )
    assert curves
    for *_, x1, y1, x2, y2 in curves:
        assert (x1 == x2) if down else (y1 == y2)
        assert y1 != y2 if down else x1 != x2


def test_a_group_is_drawn_as_such_in_every_format():
    picture = everywhere("layer 1")
    ((node,),) = [re.findall(r'<g class="node group"[^>]*>.*', picture.svg)]
    assert ('data-group="layer 1"' in node, 'data-count="1"' in node) == (True, True)
    assert (node.count('class="card"'), node.count('class="box"')) == (1, 1)
    assert "shape=box3d" in picture.to_dot().source
    assert '    n2[["layer 1<br/>layer 1<br/>layer 1"]]' in picture.mermaid()
    assert r"\node[group," in picture.tikz()


def test_highlighted_paths_are_strokes_in_every_format():
    output, x = cancelling()
    picture = draw(output, paths=ag.ledger(output, x, k=2))
    ranked = [k for k, mark in enumerate(picture.scene.marks) if mark.ranks]
    assert len(ranked) == 6
    assert len(re.findall(r'color="#\w{6}" penwidth=2.5', picture.to_dot().source)) == 6
    assert re.findall(r"linkStyle (\d+) stroke:#", picture.mermaid()) == [str(k) for k in ranked]
    assert len([line for line in picture.tikz().split("\n") if STROKE.fullmatch(line)]) == 6
    for texts in (picture.mermaid(), picture.tikz(), picture.to_dot().source):
        assert "path 1" in texts


def test_on_an_arrow_of_two_paths_dot_draws_two_strokes():
    x = Value(2.0)
    y = x.sin()
    output = y * 2.0 + y * 3.0
    source = draw(output, paths=ag.ledger(output, x, k=2)).to_dot().source
    assert 'label="path 1, 2\\n' in source
    assert 'color="#0072b2:#d55e00"' in source


def test_dead_units_and_pale_boxes_are_marked_in_every_format():
    output, x = cancelling()
    picture = draw(output, heat=x)
    assert 'style="filled,dashed"' in picture.to_dot().source
    assert "stroke-dasharray:5 2" in picture.mermaid()
    assert r"\node[result,dead,pale," in picture.tikz()
    assert r"\node[leaf,pale," in picture.tikz()


@pytest.mark.parametrize(("theme", "ground"), [("light", "#ffffff"), ("dark", "#15181c")])
def test_where_mermaid_colours_boxes_one_without_a_derivative_has_the_ground_of_the_scale(theme, ground):
    x, y = Value(2.0, "x"), Value(-1.0, "y")
    output = x + y.relu()
    assert "default" not in draw(output, theme=theme).mermaid()
    output.backward()
    picture = draw(output, theme=theme)
    styled = re.findall(r"style (n\d+) fill", picture.mermaid())
    assert [k for k, shown in enumerate(picture.scene.boxes) if f"n{k}" not in styled] == [
        k for k, shown in enumerate(picture.scene.boxes) if not shown.grad
    ]
    assert f"    classDef default fill:{ground},color:" in picture.mermaid()


# --- limits --------------------------------------------------------------------------------------------------------------


def test_a_graph_larger_than_what_the_readers_of_a_format_show_is_refused_with_what_to_do(tmp_path):
    picture = draw(ag.total([Value(1.0) for _ in range(mermaid.MOST_ARROWS + 1)]))
    with pytest.raises(
        ValueError, match="takes 501 arrows, Mermaid shows at most 500 arrows: draw an inner value, or save as"
    ):
        picture.save(tmp_path / "x.mmd")
    wordy = draw(ag.total([Value(1.0, label="#" * 32) for _ in range(400)]))
    with pytest.raises(ValueError, match=r"characters, Mermaid shows at most 50,000 characters"):
        wordy.mermaid()
    with pytest.raises(
        ValueError, match=r"points large and TeX draws at most 16,000: draw an inner value, or save as \.svg"
    ):
        picture.save(tmp_path / "x.tex")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shape", ["deep", "wide"])
def test_a_graph_of_a_hundred_thousand_nodes_is_refused_and_not_drawn(shape):
    output = Value(1.0)
    if shape == "deep":
        for _ in range(100_000):
            output = -output
    else:
        output = ag.total([Value(1.0) for _ in range(100_000)])
    with pytest.raises(ValueError, match="more than 25000 boxes, too many to see anything"):
        draw(output)


# --- files ---------------------------------------------------------------------------------------------------------------


def test_files_hold_what_the_methods_give(tmp_path):
    picture = picture_of("x")
    assert picture.save(tmp_path / "x.mmd").read_text(encoding="utf-8") == picture.mermaid()
    document = picture.save(tmp_path / "x.tex").read_text(encoding="utf-8")
    assert document == (
        "\\documentclass[border=4pt]{standalone}\n\\usepackage{tikz}\n\\begin{document}\n"
        f"{picture.tikz()}\\end{{document}}\n"
    )


def test_no_box_of_a_tikz_picture_is_narrower_than_its_text():
    """In points: a character of the typewriter font at 8 points is 4.2 wide."""
    for line in picture_of("x" * 30).tikz().split("\n"):
        if match := re.match(r"\\node\[\w+,minimum width=([\d.]+)pt.*\{\{(.*?)\}\\\\", line):
            assert float(match[1]) > 4.2 * len(typeset(match[2]))


def test_tex_sets_the_document(tmp_path):
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed")
    picture = draw(ag.total([Value(1.0, label=label) for label in ACTING if label.isascii()]))
    picture.save(tmp_path / "x.tex")
    done = subprocess.run(
        ["pdflatex", "-no-shell-escape", "-interaction=batchmode", "-halt-on-error", "x.tex"], cwd=tmp_path, check=False
    )
    assert done.returncode == 0


# --- cairosvg --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["png", "pdf"])
def test_without_the_program_dot_cairosvg_gets_the_svg(tmp_path, monkeypatch, form):
    def convert(name):
        return lambda bytestring: name + bytestring

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "cairosvg", SimpleNamespace(svg2png=convert(b"png"), svg2pdf=convert(b"pdf")))
    picture = picture_of("x")
    written = picture.save(tmp_path / f"x.{form}").read_bytes()
    assert written == form.encode() + picture.svg.encode()


@pytest.mark.parametrize(("engine", "made"), [("own", b"by cairosvg"), ("dot", b"by dot")])
def test_where_both_are_installed_a_file_has_the_layout_that_is_shown(tmp_path, monkeypatch, engine, made):
    monkeypatch.setitem(sys.modules, "cairosvg", SimpleNamespace(svg2png=lambda bytestring: b"by cairosvg", svg2pdf=None))
    monkeypatch.setattr(module, "run_dot", lambda scene, form: b"by dot")
    assert draw(Value(1.0), engine=engine).save(tmp_path / "x.png").read_bytes() == made


def test_cairosvg_gives_a_picture_where_it_is_installed(tmp_path, monkeypatch):
    pytest.importorskip("cairosvg", reason="cairosvg is not installed", exc_type=ImportError)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert picture_of("x").save(tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    assert picture_of("x").save(tmp_path / "x.pdf").read_bytes().startswith(b"%PDF")


def test_the_limit_of_tex_is_the_one_it_has():
    assert tikz.LARGEST < 16_383.99

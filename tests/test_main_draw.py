"""draw: an expression in, its value, derivatives and picture out."""

import re
import shlex
import sys
from pathlib import Path

import pytest

from autograd_lite import Value, draw
from autograd_lite.__main__ import main
from tests.test_main import line_of_refusal

CHECKOUT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def drawn(capsys, *arguments):
    """What is printed; the picture is left in g.svg."""
    assert main(["draw", *arguments, "--out", "g.svg"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.endswith("written: g.svg\n")
    return printed.out.splitlines()[:-1]


@pytest.mark.parametrize("at", [["x=2,y=5"], ["x=2", "y=5"], ["y=5,x=2"], [" y = 5e0 ", "x=+2.0"]])
def test_value_and_derivatives_are_printed_to_the_last_bit_however_the_point_is_given(at, capsys):
    point = [word for pair in at for word in ("--at", pair)]
    assert drawn(capsys, "log(x) + x*y - sin(y)", *point) == [
        "f = 11.652071455223084",
        "df/dx = 5.5",
        "df/dy = 1.7163378145367738",
    ]


def test_the_picture_shows_names_numbers_and_local_derivatives_with_the_digits_asked_for(capsys):
    drawn(capsys, "price * 3", "--at", "price=0.123456789")
    assert all(f">{text}<" in Path("g.svg").read_text() for text in ("price", "0.1235", "grad 3"))
    drawn(capsys, "price * 3", "--at", "price=0.123456789", "--digits", "8")
    assert ">0.12345679<" in Path("g.svg").read_text()


@pytest.mark.parametrize(
    ("expression", "point", "lines"),
    [
        ("-x*y", "x=2,y=5", ["f = -10.0", "df/dx = -5.0", "df/dy = -2.0"]),
        ("-x", "x=-1", ["f = 1.0", "df/dx = -1.0"]),
        ("-hypot(x, y)", "x=3,y=4", ["f = -5.0", "df/dx = -0.6", "df/dy = -0.8"]),
        ("-e*h", "h=1", ["f = -2.718281828459045", "df/dh = -2.718281828459045"]),
        ("x", "x=3", ["f = 3.0", "df/dx = 1.0"]),
        ("1/x", "x=0", ["f = inf", "df/dx = -inf"]),
        ("y if x < 3 else x", "x=1,y=7", ["f = 7.0", "df/dy = 1.0", "df/dx = 0.0"]),
        ("4 if 1 else x", "x=1", ["f = 4.0", "df/dx = 0.0"]),
        ("-0.0*x", "x=1", ["f = -0.0", "df/dx = -0.0"]),
        ("µ**2", "µ=3", ["f = 9.0", "df/dμ = 6.0"]),
        ("x <= 1", "x=1", ["f = 1.0", "df/dx = 0.0"]),
    ],
)
def test_any_expression_can_be_drawn(expression, point, lines, capsys):
    assert sorted(drawn(capsys, expression, "--at", point)) == sorted(lines)


@pytest.mark.parametrize(
    ("ending", "start"), [("svg", "<svg"), ("html", "<!DOCTYPE html>"), ("dot", "digraph"), ("SVG", "<svg")]
)
def test_the_ending_names_the_format(ending, start, capsys):
    assert main(["draw", "x*x", "--at", "x=2", "--out", f"g.{ending}"]) == 0
    assert Path(f"g.{ending}").read_text(encoding="utf-8").startswith(start)
    assert capsys.readouterr().out.endswith(f"written: g.{ending}\n")


def test_without_the_dot_program_the_own_layout_serves_and_one_line_says_so(capsys, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert main(["draw", "x*x", "--at", "x=2", "--engine", "dot", "--out", "g.svg"]) == 0
    printed = capsys.readouterr()
    assert printed.err.startswith("python -m autograd_lite draw: the program 'dot' is not installed")
    assert printed.err.count("\n") == 1
    assert Path("g.svg").read_text().startswith("<svg")
    assert "'dot' is not installed" in line_of_refusal(["draw", "x", "--at", "x=2", "--out", "g.png"], capsys)


REFUSED = {
    "no expression": (["draw"], "required: EXPRESSION"),
    "an empty expression": (["draw", ""], "cannot read the expression ''"),
    "no point": (["draw", "x*y"], "no value for x, y; give it as --at x=1.5,y=1.5"),
    "half a point": (["draw", "x*y", "--at", "x=1"], "no value for y"),
    "a name too many": (["draw", "x", "--at", "x=1,z=2"], "'z' is no variable of the expression; it has x"),
    "a name twice": (["draw", "x", "--at", "x=1", "--at", "x=1"], "x is given twice"),
    "a word for a number": (["draw", "x", "--at", "x=one"], "x is 'one'; it must be a number"),
    "nan": (["draw", "x", "--at", "x=nan"], "x is nan; it must be finite"),
    "a point without names": (["draw", "x", "--at", "1"], "'1' is not of the form NAME=NUMBER"),
    "a constant": (["draw", "3 + 4"], "the expression has no variable, and so no graph: it is the constant 7.0"),
    "a constant with a point": (["draw", "pi", "--at", "pi=3"], "'pi' is no variable of the expression; it has none"),
    "an unknown function": (["draw", "frob(x)", "--at", "x=1"], "unknown function 'frob'; known are abs"),
    "code": (["draw", "__import__('os').getcwd()"], "is not part of an expression"),
    "a list": (["draw", "[x]", "--at", "x=1"], "the expression gives a list of 1 numbers"),
    "a derivative that is not defined": (["draw", "polygamma(170, x)", "--at", "x=20"], "whole number from 0 to 170"),
    "another ending": (["draw", "x", "--at", "x=1", "--out", "g.gif"], "'g.gif'; the name must end in .svg, .html, .dot"),
    "no ending": (["draw", "x", "--at", "x=1", "--out", "g"], "the name must end in"),
    "a folder that is not there": (
        ["draw", "x", "--at", "x=1", "--out", "no/g.svg"],
        "no/g.svg: the file cannot be written",
    ),
    "too many digits": (["draw", "x", "--at", "x=1", "--digits", "18"], "digits is 18"),
    "no digits": (["draw", "x", "--at", "x=1", "--digits", "few"], "--digits: 'few' is not a whole number"),
    "an unknown engine": (["draw", "x", "--at", "x=1", "--engine", "neato"], "--engine: invalid choice: 'neato'"),
    "an unknown option": (["draw", "x", "--at", "x=1", "--colour", "red"], "--colour"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_drawn_is_refused_in_one_line(case, capsys):
    arguments, message = REFUSED[case]
    assert message in line_of_refusal(arguments, capsys)
    assert list(Path().iterdir()) == []


def test_without_the_package_graphviz_a_dot_file_is_refused(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "graphviz", None)
    assert "graphviz: pip install graphviz" in line_of_refusal(["draw", "x", "--at", "x=1", "--out", "g.dot"], capsys)


def texts(svg):
    return re.findall(">([^<>]+)<", svg)


def test_the_first_picture_of_the_readme_is_what_its_command_makes(capsys):
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall("`python -m autograd_lite (draw [^`]*) --out .github/graph.svg`", readme)
    drawn(capsys, *shlex.split(command)[1:])
    committed = (CHECKOUT / ".github" / "graph.svg").read_text(encoding="utf-8")
    assert texts(Path("g.svg").read_text(encoding="utf-8")) == texts(committed)


def test_the_help_names_every_format_that_a_picture_has(capsys):
    with pytest.raises(SystemExit):
        main(["draw", "--help"])
    told = re.search(r"--out FILE\s+([\w, \n]+)", capsys.readouterr().out)
    with pytest.raises(ValueError, match="must end in") as refused:
        draw(Value(1.0)).save("x.jpeg")
    assert re.findall(r"\w+", told[1]) == re.findall(r"\.(\w+)", str(refused.value))[1:]

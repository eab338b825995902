"""How rows are written: texts evaluate to the same numbers, and LaTeX is what a reader expects."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value, gradients
from autograd_lite.engine.primitive import TABLE, declare
from autograd_lite.engine.printing import count_text, expression, latex_name, named
from autograd_lite.engine.sweep import topological
from tests.engine.test_random_graphs import on_values
from tests.engine.test_rows import graph_of
from tests.strategies import examples, graphs, points

every_row = pytest.mark.parametrize("name", sorted(TABLE))

PUBLIC = {name: getattr(ag, name) for name in ag.__all__} | {"inf": math.inf, "nan": math.nan}

TEXTS = {
    "add": "x + y",
    "subtract": "x - y",
    "multiply": "x * y",
    "divide": "x / y",
    "pow": "x ** y",
    "negative": "-x",
    "positive": "+x",
    "less": "where(x < y, 1, 0)",
    "less_equal": "where(x <= y, 1, 0)",
    "total": "x + y",
    "product": "x * y",
    "dot": "x * y",
    "pick": "pick([x], y)",
    "where": "where(x, y, z)",
    "clip": "clip(x, y, z)",
}
"""Of x, y, z; where it is not the name with its arguments."""

LATEX = {
    "add": "x + y",
    "subtract": "x - y",
    "multiply": r"x \cdot y",
    "divide": r"\frac{x}{y}",
    "pow": "x^{y}",
    "remainder": r"x \bmod y",
    "negative": "-x",
    "positive": "+x",
    "abs": r"\left|x\right|",
    "exp": "e^{x}",
    "exp2": "2^{x}",
    "log": r"\ln\left(x\right)",
    "log2": r"\log_{2}\left(x\right)",
    "log10": r"\log_{10}\left(x\right)",
    "sqrt": r"\sqrt{x}",
    "asin": r"\arcsin\left(x\right)",
    "acos": r"\arccos\left(x\right)",
    "atan": r"\arctan\left(x\right)",
    "polygamma": r"\psi^{\left(x\right)}\left(y\right)",
    "floor": r"\left\lfloor x \right\rfloor",
    "ceil": r"\left\lceil x \right\rceil",
    "equal": r"\left[x = y\right]",
    "less": r"\left[x < y\right]",
    "less_equal": r"\left[x \leq y\right]",
    "where": r"\begin{cases} y & \text{if } x \neq 0 \\ z & \text{else} \end{cases}",
    "clip": r"\operatorname{clip}\left(x, y, z\right)",
    "stop_gradient": r"\operatorname{stop\_gradient}\left(x\right)",
    "sigmoid": r"\sigma\left(x\right)",
    "total": "x + y",
    "product": r"x \cdot y",
    "dot": r"x \cdot y",
    "norm": r"\left\lVert x, y \right\rVert",
    "max": r"\max\left(x, y\right)",
    "min": r"\min\left(x, y\right)",
    "var": r"\operatorname{Var}\left(x, y\right)",
    "pick": r"\left(x\right)_{y}",
} | {name: rf"\{name}\left(x\right)" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")}
"""The same; where it is not the name as an operator's."""


def letters(row):
    return "xyz"[: row.arity or 2]


def one_operation(row):
    xs = [Value(1.0 if k < 2 else 2.0, letter) for k, letter in enumerate(letters(row))]
    if row.name == "pick":
        xs[-1] = Value(0.0, "y")
    return row(xs) if row.arity is None else row(*xs)


def written(node, **options):
    return expression(node, named(topological(node)), limit=10_000, **options).text


def bits(x):
    return struct.pack("d", x)


@every_row
def test_a_row_is_written_as_expected(name):
    row = TABLE[name]
    inside = ", ".join(letters(row))
    default = f"{name}([{inside}])" if row.arity is None else f"{name}({inside})"
    assert written(one_operation(row)) == TEXTS.get(name, default)
    operator = rf"\operatorname{{{name}}}\left({inside}\right)"
    assert written(one_operation(row), latex=True) == LATEX.get(name, operator)


@every_row
@examples(20)
@given(data=st.data())
def test_the_text_of_a_row_evaluates_to_its_value(name, data):
    _, out = graph_of(TABLE[name], data.draw(points(TABLE[name].domain)))
    names = named(topological(out))
    assert bits(read(out, names).data) == bits(out.data)


def read(node, names):
    """The value of a node's text, over the public names and fresh Values in place of the leaves."""
    fresh = {names[leaf]: Value(leaf.data) for leaf in topological(node) if leaf.op is None}
    text = expression(node, names, limit=200_000).text
    return eval(text, PUBLIC | fresh)


@examples(100)
@given(recipe=graphs())
def test_the_text_of_a_graph_evaluates_to_its_value_to_the_bit(recipe):
    _, output = on_values(recipe)
    try:
        found = read(output, named(topological(output)))
    except ValueError as error:
        assert "characters" in str(error)  # noqa: PT017  # most random graphs are small enough
    else:
        assert bits(found.data) == bits(output.data)


@st.composite
def arithmetic(draw):
    """Expressions of operators only, which is where brackets matter."""
    nodes = [Value(x, letter) for letter, x in zip("abc", draw(st.tuples(*[st.floats(0.5, 3.0)] * 3)), strict=True)]
    for _ in range(draw(st.integers(1, 6))):
        x, y = (draw(st.one_of(st.sampled_from(nodes), st.sampled_from([1.0, -1.0, 2.0, -2.5, 0.0, -0.0]))) for _ in "xy")
        x = x if isinstance(x, Value) or isinstance(y, Value) else nodes[0]
        kind = draw(st.integers(0, 8))
        one = x if isinstance(x, Value) else y
        operations = [
            lambda x, y: x + y,
            lambda x, y: x - y,
            lambda x, y: x * y,
            lambda x, y: x / y,
            lambda x, y: x**y,
            lambda x, y: x % y,
            lambda x, y, one=one: -one,
            lambda x, y, one=one: +one,
            lambda x, y, one=one: ag.dot([x, one], [y, 1.0]),
        ]
        nodes.append(operations[kind](x, y))
    return nodes[-1]


@examples(500)
@given(node=arithmetic())
def test_brackets_stand_where_they_are_needed(node):
    found = read(node, named(topological(node))).data
    assert bits(found) == bits(node.data) or (math.isnan(found) and math.isnan(node.data))


def test_brackets_stand_nowhere_else():
    a, b, c = (Value(float(k), letter) for k, letter in enumerate("abc", start=2))
    cases = {
        "a * (a + b)": a * (a + b),
        "a + b * c": a + b * c,
        "a + b + c": a + b + c,
        "a + (b + c)": a + (b + c),
        "a - b - (b - c)": a - b - (b - c),
        "a / b / c": a / b / c,
        "(a ** b) ** c": (a**b) ** c,
        "a ** (b ** c)": a ** (b**c),
        "-a * b": -(a * b),
        "(-a) * b": -a * b,
        "(-a) ** 2": (-a) ** 2,
        "a * (-2)": a * -2,
        "a - b": a + -b,
        "a - 2": a + -2,
        "-a + b": -a + b,
        "a - b * c": a + -(b * c),
        "a - (b - c)": a + -(b - c),
        "exp(a + b)": ag.exp(a + b),
        "where(a < b, a, b)": ag.where(a < b, a, b),
    }
    assert list(cases) == [written(node) for node in cases.values()]


def test_latex_brackets_stand_where_a_reader_needs_them():
    a, b = Value(2.0, "a"), Value(3.0, "b")
    assert written((a + b) / (a - b), latex=True) == r"\frac{a + b}{a - b}"
    assert written((a / b) ** (a + b), latex=True) == r"\left(\frac{a}{b}\right)^{a + b}"
    assert written(a * (a + b), latex=True) == r"a \cdot \left(a + b\right)"
    assert written(ag.where(a <= b, a, b), latex=True) == (
        r"\begin{cases} a & \text{if } a \leq b \\ b & \text{else} \end{cases}"
    )


def test_factors_divisors_and_exponents_of_1_are_not_written_and_zeros_are():
    a, b = Value(2.0, "a"), Value(3.0, "b")
    assert written(1.0 * a * 1.0 / 1.0) == "a"
    assert written(a**1.0) == "a"
    assert written(1.0 / a) == "1 / a"
    assert written(a + 0.0) == "a + 0.0"
    assert written(-1.0 * a * b) == "(-a) * b"
    assert written(a ** (b * -1.0)) == "a ** (-b)"
    assert written(ag.dot([a, 1.0], [1.0, a])) == "a + a"


@pytest.mark.parametrize(
    ("x", "text", "latex"),
    [
        (2.0, "2", "2"),
        (0.1, "0.1", "0.1"),
        (-0.0, "(-0.0)", r"\left(-0.0\right)"),
        (1e300, "1e+300", r"\left(1 \cdot 10^{300}\right)"),
        (-2.5e-7, "(-2.5e-07)", r"\left(-2.5 \cdot 10^{-7}\right)"),
        (math.inf, "inf", r"\infty"),
        (math.nan, "nan", r"\mathrm{nan}"),
    ],
)
def test_constants_are_written_to_the_last_digit(x, text, latex):
    a = Value(2.0, "a")
    assert written(a * x) == f"a * {text}"
    assert written(a * x, latex=True) == rf"a \cdot {latex}"


def test_what_is_shared_is_not_written_exponentially_often():
    x = Value(1.0, "x")
    for _ in range(1000):
        x = x + x
    with pytest.raises(ValueError, match="more than 10,000 characters"):
        written(x)
    with pytest.raises(ValueError, match="more than 10,000 characters"):
        written(ag.total([Value(1.0) for _ in range(100_000)]))


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("x", "x"),
        ("x1", "x_{1}"),
        ("a_2", "a_{2}"),
        ("loss", r"\mathit{loss}"),
        ("w out", r"\text{w out}"),
        ("x_y", r"\text{x}\_\text{y}"),
        ("$", r"\$"),
        (r"\input{/etc/passwd}", r"\backslash{}\text{input}\{\text{/etc/passwd}\}"),
        ("<b>`x`|*", r"\langle{}\text{b}\rangle{}\prime{}\text{x}\prime{}\vert{}\ast{}"),
        ("x₁", r"\text{x₁}"),
        ("#%&^~", r"\#\%\&\wedge{}\sim{}"),
    ],
)
def test_nothing_in_a_label_acts_in_latex(name, latex):
    assert latex_name(name) == latex


def test_counts_are_exact_as_long_as_they_can_be_read():
    assert [count_text(n) for n in (0, 999, 10**6, 10**15 - 1)] == ["0", "999", "1,000,000", "999,999,999,999,999"]
    assert [count_text(n) for n in (10**15, 10**4999 * 3, 2**100_000)] == ["1.00e+15", "3.00e+4999", "9.99e+30102"]


def test_a_new_row_gives_its_notation_as_latex():
    try:
        row = declare(
            "cube", partials=(lambda x, out: 3.0 * x * x,), value=lambda m, x: x * x * x, doc="x³", notation="#1^{3}"
        )
        x = Value(2.0, "x")
        assert (written(row(x)), written(row(x), latex=True)) == ("cube(x)", "x^{3}")
        assert gradients(row(x), x) == 12.0
    finally:
        TABLE.pop("cube", None)

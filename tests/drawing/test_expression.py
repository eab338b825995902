import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.drawing.expression import CONSTANTS, FUNCTIONS, LONGEST, Expression, ExpressionError, point_of
from tests.strategies import examples

# Functions that Python's `math` has under the same name and with the same meaning.
UNARY = """acos acosh asin asinh atan atanh cbrt ceil cos cosh erf erfc exp exp2 expm1 floor lgamma log log10 log1p log2 sin
sinh sqrt tan tanh trunc"""
BINARY = "atan2 copysign fmod hypot pow"
ARITHMETIC, COMPARISONS = "+ - * / ** %", "< <= > >= == !="


def one_of(words):
    return st.sampled_from(words.split())


def refusal(text, point=None):
    with pytest.raises(ExpressionError, match=r"\A[^\n\r]+\Z") as raised:
        Expression(text)(point or {})
    assert len(str(raised.value)) < 1500
    return str(raised.value)


# --- values ---------------------------------------------------------------------------------------------------------------


def test_value_and_derivatives_of_the_front_page():
    x, y = Value(2.0), Value(5.0)
    f = Expression("log(x) + x*y - sin(y)")({"x": x, "y": y})
    assert f.data == 11.652071455223084
    assert ag.gradients(f, [x, y]) == [5.5, 1.7163378145367738]


def expressions():
    # Floats alone: Python's ints have no bounds, and 9**9**9 does not end.
    numbers = st.floats(0.0, 20.0).map(repr) | st.integers(0, 9).map("{}.0".format)
    return st.recursive(
        numbers | one_of("x y pi e"),
        lambda inner: st.one_of(
            st.builds("{} {} {}".format, inner, one_of(ARITHMETIC), inner),
            st.builds("({} {} {})".format, inner, one_of(f"{ARITHMETIC} {COMPARISONS}"), inner),
            st.builds("{}{}".format, one_of("+ -"), inner),
            st.builds("({})".format, inner),
            st.builds("{}({})".format, one_of(UNARY), inner),
            st.builds("{}({}, {})".format, one_of(BINARY), inner, inner),
            st.builds("max({}, {}) - min([{}, {}])".format, inner, inner, inner, inner),
            st.builds("({} if {} else {})".format, inner, inner, inner),
        ),
        max_leaves=8,
    )


def by_python(text, point):
    """What Python makes of it; nan where it raises or goes complex."""
    names = {name: getattr(math, name) for name in f"{UNARY} {BINARY} pi e".split()}
    try:
        result = eval(text, {"__builtins__": {}, **names, "max": max, "min": min, **point})
    except (ArithmeticError, ValueError, TypeError):  # the last of comparing complex numbers
        return math.nan
    return math.nan if isinstance(result, complex) else float(result)


@given(text=expressions(), x=st.floats(-10.0, 10.0), y=st.floats(0.125, 10.0))
def test_a_value_is_that_of_python_wherever_python_has_one(text, x, y):
    point = {"x": x, "y": y}
    found = Expression(text)(point)
    assert isinstance(found, float)
    expected = by_python(text, point)
    if math.isfinite(expected):
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(text=expressions(), x=st.floats(-10.0, 10.0), y=st.floats(0.125, 10.0))
def test_values_give_the_same_number_as_floats(text, x, y):
    expression = Expression(text)
    found = expression({"x": Value(x), "y": Value(y)})
    number = found.data if isinstance(found, Value) else found  # `1 if 2 else x` is a number, whatever x is
    assert repr(number) == repr(expression({"x": x, "y": y}))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1/0", math.inf),
        ("-1/0", -math.inf),
        ("log(0)", -math.inf),
        ("exp(1000)", math.inf),
        ("9**9**9**9", math.inf),
        ("1e999", math.inf),
        ("9" * 400, math.inf),
        ("(-8)**(1/3)", math.nan),
        ("nan", math.nan),
        ("2**-1", 0.5),
        ("-2**2", -4.0),
        ("7 % -3", -2.0),
        ("(1 < 2) + (2 <= 2) + (3 > 4) + (1 == 1) + (1 != 1)", 3.0),
        ("3 if 1 < 2 else 1/0", 3.0),
        ("max([1, 3, 2]) + max(1, 3)", 6.0),
        ("dot([1, 2], [3, 4])", 11.0),
        ("pick(softmax([0, 0]), 1)", 0.5),
        ("pick([10, 20], True)", 20.0),
        ("(\n1 +\n2)", 3.0),
        (" 1 ", 1.0),
        ("0x10", 16.0),
    ],
)
def test_values_follow_ieee_and_python_s_grammar(text, value):
    assert repr(Expression(text)({})) == repr(value)


def test_names_come_in_order_of_appearance_without_functions_and_constants():
    assert Expression("b*sin(a) + pi*b - max([c, e])").names == ["b", "a", "c"]
    assert Expression("µ")({"μ": 2.0}) == 2.0  # Python reads the micro sign as the Greek letter


def test_a_comparison_of_values_is_a_number_in_the_graph():
    x = Value(2.0)
    assert Expression("(x < 3) + x")({"x": x}).data == 3.0
    assert isinstance(Expression("x < 3")({"x": x}), Value)


def test_an_expression_of_any_depth_is_computed():
    text = "+".join(["x"] * 2400)  # nested as deep on the left as there are terms
    x = Value(1.0)
    f = Expression(text)({"x": x})
    f.backward()
    assert (f.data, x.grad) == (2400.0, 2400.0)


# --- what is refused ------------------------------------------------------------------------------------------------------

MALICE = [
    "__import__('os').system('touch pwned')",
    "open('pwned', 'w')",
    "exec('1')",
    "eval('1')",
    "print(1)",
    "().__class__",
    "x.data",
    "sin.__globals__",
    "x[0]",
    "[1, 2][0]",
    "[x for x in [1]]",
    "sum(x for x in [1])",
    "{x: 1}",
    "{1, 2}",
    "{**x}",
    "lambda: 1",
    "(lambda: 1)()",
    "f'{x}'",
    "'text'",
    "b'text'",
    "'a' * 10**9",
    "(y := 1)",
    "x = 1",
    "import os",
    "x; y",
    "x, y",
    "(x,)",
    "x and y",
    "not x",
    "~x",
    "x | y",
    "x @ y",
    "x // y",
    "x << 100000",
    "0 < x < 1",
    "x in [1]",
    "x is x",
    "None",
    "...",
    "1j",
    "max(*[1, 2])",
    "clip(1, low=0)",
    "sin(**{})",
    "sin(x)(y)",
    "[sin][0](1)",
    "await x",
    "yield",
    "*x",
    "[1] + [2]",
    "[1] * 3",
    "-[1]",
    "[1] < [2]",
    "1 if [] else 2",
    "[]",
    "[[1]]",
    "max([[1]])",
    "softmax([1, 2])",
    "softmax([1, 2]) + 1",
    "sin",
    "sin + 1",
    "sin()",
    "sin(1, 2)",
    "sin([1])",
    "frobnicate(1)",
    "max()",
    "mean([])",
    "dot([1], [1, 2])",
    "pick([1], 5)",
    "polygamma(1e9, 2)",
    "polygamma(0.5, 2)",
    "gelu(1, 2)",
    "",
    " ",
    "1 +",
    "(1",
    "1)",
    "1 1",
    "a b",
    "#",
    "\\",
    "$",
    "x\0",
    "\ud800",
    "“x”",
    "1 +\n2",
    "def f(): 1",
    "(" * 1000 + "1" + ")" * 1000,
    "[" * 1000 + "]" * 1000,
    "max(" * 150 + "1" + ")" * 150 + "x y",
    "9" * 4999,
    "x" * (LONGEST + 1),
    "-" * LONGEST,
]


@pytest.mark.parametrize("text", MALICE, ids=[text[:20] for text in MALICE])
def test_what_is_not_an_expression_is_refused_in_one_line(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refusal(text, {"x": 1.0, "y": 2.0})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["-" * 4000 + "1", "+" * 4000 + "1", "2**" * 1500 + "1", "sin(" * 190 + "1" + ")" * 190])
def test_deep_nesting_gives_a_number_or_one_line(text):
    try:
        assert isinstance(Expression(text)({}), float)
    except ExpressionError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017  # how deep Python's parser goes differs between versions


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("x.data", "'x.data' is not part of an expression"),
        ("sin", "sin is a function; say what of, such as sin(x)"),
        ("frobnicate(x)", "unknown function 'frobnicate'; known are abs, abs_relu, acos"),
        ("sin(1, 2)", "sin() takes 1 positional argument but 2 were given"),
        ("[1] + [2]", "a list stands where a number is wanted"),
        ("softmax([1, 2])", "the expression gives a list of 2 numbers; one number is wanted"),
        ("1 +", "cannot read the expression '1 +': "),
        ("z * w", "no value for z, w; give it as --at z=1.5,w=1.5"),
    ],
)
def test_a_refusal_says_what_is_wrong(text, part):
    if "z" in text:
        with pytest.raises(ExpressionError, match="z, w"):
            Expression(text)({})
        with pytest.raises(ExpressionError) as raised:
            point_of(Expression(text).names, [])
        assert str(raised.value) == part
    else:
        assert part in refusal(text)


TOKENS = st.sampled_from(
    [*FUNCTIONS, *CONSTANTS, *"xy()[],.:+-*/%<>=!~@ \n'\"\\", "**", " if ", " else ", "lambda", "1", "0.5", "1e9", "_", ":="]
)


@examples(300)
@given(st.text(max_size=40) | st.lists(TOKENS, max_size=12).map("".join))
@example("lgamma(-1e9)")
@example("polygamma(999, -0.5)")
def test_any_text_is_a_number_or_one_line(text):
    try:
        expression = Expression(text)
        found = expression(dict.fromkeys(expression.names, 1.5))
    except ExpressionError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017  # either way is right
    else:
        assert isinstance(found, float)


@examples(200)
@given(data=st.data(), name=st.sampled_from(sorted(FUNCTIONS)))
def test_every_function_takes_its_arguments_or_refuses_them_in_one_line(data, name):
    argument = st.sampled_from(["x", "2", "0.5", "-1", "[x, 2]", "[]", "nan", "inf", "1e9"])
    text = f"{name}({', '.join(data.draw(st.lists(argument, max_size=3)))})"
    try:
        found = Expression(text)({"x": Value(1.5)})
    except ExpressionError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017  # either way is right
    else:
        assert isinstance(found, (float, Value))


# --- points ---------------------------------------------------------------------------------------------------------------


@given(st.dictionaries(st.sampled_from("xyzµ"), st.floats(-1e9, 1e9), min_size=1), st.randoms())
def test_a_point_is_read_in_any_order_and_spelling(point, dice):
    pieces = [f" {name} = {number!r} " for name, number in point.items()]
    dice.shuffle(pieces)
    names = ["μ" if name == "µ" else name for name in point]
    for words in (pieces, [",".join(pieces)]):
        assert list(point_of(names, words).items()) == list(zip(names, point.values(), strict=True))


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "no value for x, y; give it as --at x=1.5,y=1.5"),
        (["x=1"], "no value for y; give it as --at y=1.5"),
        (["x=1,y=2,z=3"], "'z' is no variable of the expression; it has x, y"),
        (["x=1,y=2", "x=1"], "x is given twice"),
        (["x=1,y=two"], "y is 'two'; it must be a number, such as 1.5"),
        (["x=1,y="], "y is ''; it must be a number, such as 1.5"),
        (["x=1,y=1=2"], "y is '1=2'; it must be a number, such as 1.5"),
        (["x=1,y=nan"], "y is nan; it must be finite"),
        (["x=-inf,y=1"], "x is -inf; it must be finite"),
        (["x=1,,y=2"], "'' is not of the form NAME=NUMBER, such as x=1.5"),
        (["x"], "'x' is not of the form NAME=NUMBER, such as x=1.5"),
        (["=1"], "'=1' is not of the form NAME=NUMBER, such as x=1.5"),
        (["x=1\n\n,y=\n"], r"y is '\n'; it must be a number, such as 1.5"),
    ],
)
def test_a_point_that_is_not_exactly_one_is_refused(words, complaint):
    with pytest.raises(ExpressionError) as raised:
        point_of(["x", "y"], words)
    assert str(raised.value) == complaint

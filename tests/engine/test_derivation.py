"""The chain rule written out: every line of it is true."""

import re

import pytest
from hypothesis import given

import autograd_lite as ag
from autograd_lite import Value, gradients
from tests.engine.test_notation import PUBLIC
from tests.engine.test_paths import diamonds
from tests.engine.test_random_graphs import on_values
from tests.strategies import examples, graphs


def product_rule():
    a, b = Value(4.0, "a"), Value(3.0, "b")
    c = a + b
    d = a * c
    c.label, d.label = "c", "d"
    return a, b, c, d


def chain_rule(text):
    """The lines under the last title."""
    return text.split("Chain rule\n")[1].splitlines()


def test_symbols_then_formulas_then_numbers_then_the_result():
    a, _, _, d = product_rule()
    assert chain_rule(str(ag.derivation(d, a)))[-4:] == [
        "∂d/∂a = ∂d/∂d · z(a,d) + ∂d/∂c · z(a,c)",
        "      = ∂d/∂d · c + ∂d/∂c · 1",
        "      = 1 · 7 + 4 · 1",
        "      = 11",
    ]


@examples(100)
@given(recipe=graphs(largest=8))
def test_every_line_of_numbers_comes_to_the_next_line(recipe):
    inputs, output = on_values(recipe)
    for x, derivative in zip(inputs, gradients(output, inputs), strict=True):
        found = ag.derivation(output, x, limit=10_000)
        assert found.derivative == derivative
        for _, equations, _ in found.sections[2:]:
            for equation in equations[1:]:
                *_, symbols, formulas, numbers, result = equation.rights
                assert symbols.count(" · z") == formulas.count(" · ") == len(numbers.split(" + "))
                terms = [eval(term.replace("·", "*")) for term in numbers.split(" + ")]
                # Six digits are shown of each number.
                assert abs(sum(terms) - float(result)) <= 1e-5 * (sum(map(abs, terms)) + abs(float(result)))


@examples(60)
@given(recipe=graphs(largest=8))
def test_formulas_of_local_derivatives_are_true(recipe):
    """Evaluated at the numbers of their arguments, as Python over the public names."""
    inputs, output = on_values(recipe)
    found = ag.derivation(output, inputs[0], limit=10_000)
    numbers = {equation.left: float(equation.rights[-1]) for equation in found.sections[0][1]}
    symbols = {name: Value(number) for name, number in numbers.items()}
    for title, equations, _ in found.sections:
        for equation in equations if title == "Local derivatives" else ():
            formula, *number = equation.rights
            value = eval(formula, PUBLIC | symbols)
            value = value.data if isinstance(value, Value) else float(value)
            for z in number:
                # The numbers of the arguments have six digits; random graphs are not steeper than 100 times that.
                assert value == pytest.approx(float(z), rel=0.05, abs=0.05)


def test_parallel_edges_are_told_apart():
    x = Value(3.0, "x")
    y = x * x
    y.label = "y"
    text = str(ag.derivation(y, x))
    assert "z1(x,y) = x\n" in text
    assert "∂y/∂x = ∂y/∂y · z1(x,y) + ∂y/∂y · z2(x,y)\n" in text
    assert r"z_{1}\left(x,y\right)" in ag.derivation(y, x).latex()


def test_latex_says_the_same():
    a, _, _, d = product_rule()
    found = ag.derivation(d, a)
    assert found.latex().endswith(
        r"\frac{\partial d}{\partial a} &= \frac{\partial d}{\partial d} \cdot z\left(a,d\right) + "
        r"\frac{\partial d}{\partial c} \cdot z\left(a,c\right) \\  &= \frac{\partial d}{\partial d} \cdot c + "
        r"\frac{\partial d}{\partial c} \cdot 1 \\  &= 1 \cdot 7 + 4 \cdot 1 \\  &= 11 \end{aligned}"
    )
    assert found._repr_latex_() == f"$${found.latex()}$$"


def test_latex_is_well_formed():
    """Every bracket and environment that opens closes."""
    x, y = Value(2.0, "x"), Value(5.0, "{y$")
    found = ag.derivation(ag.where(x < y, ag.sqrt(x / y) ** y, abs(x)), x).latex()
    assert found.count(r"\left") == found.count(r"\right")
    assert found.count(r"\begin") == found.count(r"\end")
    plain = re.sub(r"\\[{}$]", "", found)
    assert plain.count("{") == plain.count("}")
    assert "$" not in plain


def test_markdown_has_titles_and_displayed_equations():
    a, _, _, d = product_rule()
    text = ag.derivation(d, a)._repr_markdown_()
    assert re.findall(r"\*\*(.*)\*\*", text) == ["Values", "Local derivatives", "Chain rule"]
    assert text.count("$$") == 6


def test_labels_do_not_act_in_markdown():
    x = Value(2.0, "**<script>$$`|")
    text = ag.derivation(x * x, x).markdown()
    assert "<script>" not in text
    assert text.count("$$") == 6
    assert "`" not in text


def test_a_graph_too_large_to_read_is_refused_with_what_to_use_instead():
    x = Value(1.0)
    assert ag.derivation(diamonds(x, 10), x, limit=60).derivative == 1.0
    with pytest.raises(ValueError, match=r"61 arguments together, the limit is 60; use sweep_table\(\) .* ledger\(\)"):
        ag.derivation(+diamonds(x, 10), x, limit=60)


def test_where_no_path_leads_the_derivative_is_0():
    x = Value(-1.0, "x")
    y = x.relu()
    y.label = "y"
    found = ag.derivation(y, x)
    assert found.derivative == 0.0
    assert chain_rule(str(found)) == ["∂y/∂x = 0"]
    assert chain_rule(str(ag.derivation(y, Value(2.0, "w")))) == ["∂y/∂w = 0"]


def test_the_derivative_of_a_node_towards_itself_is_1():
    x = Value(3.0, "x")
    assert chain_rule(str(ag.derivation(x, x))) == ["∂x/∂x = 1"]


def test_within_no_grad_there_are_no_symbols():
    a, _, _, d = product_rule()
    with ag.no_grad(), pytest.raises(RuntimeError, match="call it outside"):
        ag.derivation(d, a)


def test_writing_a_derivation_changes_nothing_in_the_graph():
    a, b, c, d = product_rule()
    ag.derivation(d, a)
    assert [node.grad for node in (a, b, c, d)] == [None] * 4

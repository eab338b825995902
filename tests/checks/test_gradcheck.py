"""gradcheck and gradgradcheck: silent about what is right, and to the point about what is not."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings

import autograd_lite as ag
from autograd_lite.checks import GradcheckError
from autograd_lite.engine.primitive import TABLE
from autograd_lite.nn import MLP
from tests.checks.planted import PLANTED, RIGHT, around, declared, planted
from tests.strategies import examples, graphs

by_fault = pytest.mark.parametrize("case", PLANTED, ids=lambda case: case.fault)


def verdict(f, *inputs, check=ag.gradcheck, **options):
    """The complaints about a function, one below the other."""
    report = check(f, *inputs, raise_exception=False, **options)
    complaints = [line.verdict for line in report.lines if not line.passed]
    assert complaints, str(report)
    return "\n".join(complaints)


# --- it does not cry wolf ------------------------------------------------------------------------------------------------


@pytest.mark.slow  # the same on any interpreter
@settings(max_examples=max(1000, examples(1000).max_examples), derandomize=True)
@given(recipe=graphs())
def test_a_thousand_random_graphs_pass(recipe):
    assert ag.gradcheck(lambda *xs: recipe.on_rows(xs)[-1], *recipe.inputs)


@settings(examples(50), derandomize=True)
@given(recipe=graphs(largest=12))
def test_second_derivatives_of_random_graphs_pass(recipe):
    assert ag.gradgradcheck(lambda *xs: recipe.on_rows(xs)[-1], *recipe.inputs)


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1e-3, 1.0, 1e3, 1e6, 1e12])
@pytest.mark.parametrize("size", [1e-9, 1.0, 1e9])
def test_inputs_and_outputs_of_any_scale_pass(scale, size):
    assert ag.gradcheck(lambda x: size * x * x + size * scale * x, scale)
    assert ag.gradcheck(lambda x: size * ag.log(x), scale)
    assert ag.gradcheck(lambda x: size * ag.sin(x / scale), scale)


@pytest.mark.parametrize(
    ("f", "inputs"),
    [
        pytest.param(lambda x: 1e20 + x, (0.5,), id="rounding hides it"),
        pytest.param(lambda x: 1e20 + ag.erf(x), (0.5,), id="rounding hides it, and there is no complex form"),
        pytest.param(lambda x: ag.erf(x), (6.0,), id="a derivative far below the value's rounding"),
        pytest.param(lambda x: (x - 1.0) ** 6, (1.0,), id="a zero of high order"),
        pytest.param(lambda x: x - x, (3.0,), id="cancellation"),
        pytest.param(lambda x, y: y * y, (1.0, 2.0), id="an input that is not used"),
        pytest.param(lambda x: 5.0, (1.0,), id="a constant"),
        pytest.param(lambda x: ag.relu(x) + x, (1e-9,), id="a kink close by"),
        pytest.param(lambda x: ag.log(x), (1e-15,), id="a pole close by"),
        pytest.param(lambda x: ag.where(x > 0.0, x, ag.log(-x)), (2.0,), id="a branch not taken that is nan"),
        pytest.param(lambda x: x**2.0 + ag.pow(x, 3), (-2.0,), id="a smooth point outside of a row's domain"),
        pytest.param(lambda x: ag.sin(1e5 * x), (1.0,), id="a fast wave"),
        pytest.param(lambda x: ag.sin(x) * ag.equal(ag.max(x), x), (1.0,), id="a tie of numbers that move together"),
        pytest.param(lambda x: x + ag.polygamma(ag.stop_gradient(x), x), (1.0,), id="an input that cannot be moved at all"),
    ],
)
def test_what_is_hard_for_differences_passes(f, inputs):
    assert ag.gradcheck(f, *inputs)


def test_trees_arrays_and_modules_are_inputs_and_trees_are_outputs():
    model = MLP(2, [3, 1], activation="tanh", seed=1)
    tree = {"a": [1.0, 2.0], "b": np.array([[0.5, -0.5], [1.5, 2.5]])}
    report = ag.gradcheck(lambda m, t: {"y": m([t["a"][0], t["b"][1, 0]]), "z": t["b"].sum()}, model, tree)
    assert len(report.lines) == 2 * (len(model.parameters()) + 6)
    assert {line.output for line in report.lines} == {"output['y']", "output['z']"}
    assert {"inputs[0].parameters()[0]", "inputs[1]['a'][1]", "inputs[1]['b'][1, 0]"} <= {
        line.input for line in report.lines
    }


def test_a_gradient_stopped_on_purpose_passes_and_is_mentioned():
    report = ag.gradcheck(lambda x: x * ag.stop_gradient(ag.sin(x)), 0.8)
    assert "stop_gradient stops the gradient on purpose" in str(report)
    assert "test_gradcheck.py" in str(report)


def test_four_ways_are_reported_and_agree_with_the_closed_form():
    (line,) = ag.gradcheck(lambda x: ag.exp(x) * ag.sin(x), 0.6).lines
    exact = math.exp(0.6) * (math.sin(0.6) + math.cos(0.6))
    # Sweeps and the complex step are exact to some ulp; extrapolated differences to rounding over the step of 1e-3.
    assert [line.reverse, line.forward, line.complex] == pytest.approx([exact] * 3, rel=1e-15)
    assert line.difference.value == pytest.approx(exact, rel=1e-11)


# --- it finds what is wrong, and names it --------------------------------------------------------------------------------


@by_fault
def test_each_planted_error_is_found_and_named(case):
    with planted(case) as row:
        found = verdict(lambda *xs: around(row, xs), *case.point)
        assert f"row `{row.name}`, argument {case.argument} is wrong" in found
        assert "planted.py" in found


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_row_passes(name):
    with declared(name, RIGHT[name]) as row:
        for point in itertools.product((0.7, -1.5), repeat=row.arity):
            assert ag.gradcheck(lambda *xs: around(row, xs), *point)
            assert ag.gradgradcheck(lambda *xs: around(row, xs), *point)


def test_the_first_wrong_row_among_many_nodes_is_named():
    with planted(PLANTED[0]) as row:
        found = verdict(lambda xs: ag.total([ag.sin(x) * row(x) for x in xs]), [0.1 * k + 0.05 for k in range(20)][:1])
        assert f"row `{row.name}`, argument 1" in found


def test_a_second_derivative_that_is_wrong_is_found_though_the_first_is_right():
    facts = {"value": lambda m, x: m.exp(x), "partials": (lambda x, out: math.exp(getattr(x, "data", x)),)}
    with declared("first_order_only", facts) as row:
        assert ag.gradcheck(row, 0.4)
        assert "goes past the graph" in verdict(row, 0.4, check=ag.gradgradcheck)


def test_a_kink_is_named_with_its_place_and_its_line():
    found = verdict(lambda x: 3.0 * ag.relu(x - 1.0), 1.0)
    assert found.startswith("a kink at x=0 in relu, called at ")
    assert "test_gradcheck.py" in found
    assert found.endswith("found = verdict(lambda x: 3.0 * ag.relu(x - 1.0), 1.0)")
    # Where the convention is the mean of the two slopes, differences agree with it.
    assert verdict(lambda x, y: ag.maximum(x, y), 1.0, 1.0).startswith("a kink at (1, 1) in max")
    assert verdict(ag.abs, 0.0).startswith("a kink at x=0 in abs")


def test_a_kink_that_no_step_can_pass_is_named():
    assert "in relu" in verdict(lambda x: 100.0 + ag.relu(x - 1.0), 1.0 + 1e-14)


@pytest.mark.parametrize(("step", "size"), [(1e-14, "small"), (2.0, "large")])
def test_a_step_that_does_not_fit_is_said_to_be_too(step, size):
    assert verdict(lambda x: ag.sin(10.0 * x) + 10.0, 1.0, step=step).startswith(f"the step {step:g} is too {size}")


@pytest.mark.parametrize(
    ("f", "message"),
    [
        pytest.param(lambda x: ag.log(x - x), r"not finite: log\(0\) is -inf, called at .*test_gradcheck", id="value"),
        pytest.param(lambda x: ag.sqrt(x - 2.0), r"not finite: the derivative of sqrt\(0\) .* is inf", id="derivative"),
    ],
)
def test_a_number_that_is_not_finite_is_traced_to_its_operation(f, message):
    with pytest.raises(GradcheckError, match=message):
        ag.gradcheck(f, 2.0)


def test_a_function_with_dice_is_said_not_to_be_deterministic():
    count = itertools.count(1)
    assert "not deterministic" in verdict(lambda x: x * next(count), 1.0)


def test_a_function_that_goes_past_the_graph_is_told_so():
    assert "goes past the graph" in verdict(lambda x: x * math.sin(x.data), 1.0)
    assert "asks for the type" in verdict(lambda x: x * x if isinstance(x, ag.Value) else x, 3.0, step=1e-15)


def test_a_wrong_rule_of_a_custom_function_is_found_and_named():
    @ag.custom_vjp
    def cube(x):
        return x * x * x

    cube.defvjp(lambda x: (x * x * x, x), lambda x, s: (s * x * x,))
    assert "row `cube`, argument 1 is wrong" in verdict(lambda x: 2.0 * cube(x), 1.5)
    cube.defvjp(lambda x: (x * x * x, x), lambda x, s: (s * 3.0 * x * x,))
    (line,) = ag.gradcheck(lambda x: 2.0 * cube(x), 1.5).lines
    assert line.forward is None


def test_a_report_is_returned_or_raised():
    report = ag.gradcheck(ag.relu, 0.0, raise_exception=False)
    assert not report
    with pytest.raises(GradcheckError, match="a kink"):
        ag.gradcheck(ag.relu, 0.0)


def test_what_cannot_be_checked_is_refused():
    with pytest.raises(TypeError, match="a function is checked, not a float"):
        ag.gradcheck(1.0, 2.0)
    with pytest.raises(ValueError, match="nothing to check"):
        ag.gradcheck(lambda: 1.0)
    with pytest.raises(TypeError, match="the inputs holds 'one'"):
        ag.gradcheck(lambda x: x, "one")


def test_no_row_is_left_in_the_table():
    assert not [name for name in TABLE if name.startswith(("planted", "right"))]

"""check_primitive, and rows that users declare."""

from __future__ import annotations

import subprocess
import sys

import pytest

import autograd_lite as ag
from autograd_lite import Value, gradients
from autograd_lite.checks import PrimitiveError
from autograd_lite.engine.domain import NONZERO, REAL, sequence
from autograd_lite.engine.primitive import TABLE
from autograd_lite.engine.sweep import forward
from tests.checks.planted import PLANTED, RIGHT, declared, planted


@pytest.mark.slow  # the same on any interpreter
@pytest.mark.parametrize("name", sorted(TABLE))
def test_every_row_of_the_table_passes(name):
    ag.check_primitive(TABLE[name], examples=40)


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_row_of_a_user_passes(name):
    with declared(name, RIGHT[name]) as row:
        ag.check_primitive(row)


@pytest.mark.parametrize("case", PLANTED, ids=lambda case: case.fault)
def test_each_planted_error_is_found_with_its_row_argument_and_point(case):
    with planted(case) as row:
        with pytest.raises(PrimitiveError, match=rf"row `{row.name}`, argument \d is wrong at {row.name}\(") as caught:
            ag.check_primitive(row)
        assert "differences say" in str(caught.value)


@pytest.mark.parametrize(
    ("value", "partial", "message"),
    [
        pytest.param(lambda m, x: m.log(x), lambda x, out: ag.reciprocal(x), r"is (-inf|nan) at .* its domain", id="pole"),
        pytest.param(lambda m, x: m.abs(x), lambda x, out: ag.sign(x), r"a kink in argument 1 at wrong\(0\)", id="kink"),
        pytest.param(lambda m, x: m.floor(x), lambda x, out: 0.0 * x, r"a kink in argument 1 at wrong", id="jump"),
    ],
)
def test_a_domain_that_lets_in_too_much_is_found(value, partial, message):
    with declared("wrong", {"value": value, "partials": (partial,)}) as row, pytest.raises(PrimitiveError, match=message):
        ag.check_primitive(row)


def test_a_partial_that_is_no_graph_is_found():
    facts = {"value": lambda m, x: x * x * x, "partials": (lambda x, out: 3.0 * getattr(x, "data", x) ** 2,)}
    with (
        declared("frozen", facts) as row,
        pytest.raises(PrimitiveError, match="partial by argument 1 is 0"),
    ):
        ag.check_primitive(row)


def test_a_wrong_row_of_a_sequence_is_found():
    def partials(args, out, needed):
        return [2.0 * x if k < 2 else x for k, x in enumerate(args)]

    row = ag.declare_nary(
        "sum_of_squares", partials=partials, domain=sequence(REAL), doc="Σ x²", value=lambda m, xs: m.dot([*xs, *xs])
    )
    try:
        with pytest.raises(PrimitiveError, match=r"row `sum_of_squares`, argument [3-6] is wrong"):
            ag.check_primitive(row)
    finally:
        del TABLE["sum_of_squares"]


def test_the_points_are_the_same_every_time():
    messages = set()
    with planted(PLANTED[0]) as row:
        for _ in range(2):
            with pytest.raises(PrimitiveError) as caught:
                ag.check_primitive(row)
            messages.add(str(caught.value))
    assert len(messages) == 1


def test_a_row_of_a_user_works_in_everything():
    facts = {
        "value": lambda m, x: m.divide(m.sin(x), x),
        "partials": (lambda x, out: (ag.cos(x) - out) / x,),
        "domain": NONZERO,
        "symbol": "sinc",
    }
    with declared("cardinal_sine", facts) as row:
        ag.check_primitive(row)
        x = Value(2.0, label="x")
        y = 3.0 * row(x)
        # sin(2)/2 and (2 cos 2 - sin 2)/4; the second derivative is -out - 2·out'/x.
        assert y.data == pytest.approx(1.3639461402385226)
        slope = 3.0 * -0.43539777497999166
        assert gradients(y, x) == pytest.approx(slope)
        assert forward(y, {x: 1.0})[y] == pytest.approx(slope)
        (graph,) = gradients(y, [x], create_graph=True)
        assert gradients(graph, x) == pytest.approx(-1.3639461402385226 - slope)
        assert "sinc" in ag.draw(y).svg


def test_without_hypothesis_the_message_names_the_command():
    code = "import sys; sys.modules['hypothesis'] = None\nimport autograd_lite as ag\nag.gradcheck(ag.sin, 1.0)\n"
    for call in ("ag.check_primitive(ag.pow)", "import autograd_lite.checks.strategies"):
        done = subprocess.run([sys.executable, "-c", code + call], capture_output=True, text=True, check=False)
        assert "pip install 'autograd_lite[checks]'" in done.stderr


def test_what_declares_and_checks_is_at_one_dot():
    assert {"declare", "declare_nary"} <= set(ag.__all__)
    assert {"check_primitive", "gradcheck", "gradgradcheck", "taylor_test", "detect_anomaly"} <= set(dir(ag))

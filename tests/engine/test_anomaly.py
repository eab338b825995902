"""detect_anomaly: the first nan or inf, with its operation, operands and line, and nothing where the mode is off."""

from __future__ import annotations

import gc
import math
import re
import threading
import weakref

import pytest

import autograd_lite as ag
from autograd_lite import Value, gradients
from autograd_lite.checks import AnomalyError
from autograd_lite.engine import state
from autograd_lite.engine.sweep import forward


def complaint(function):
    """What the mode has to say."""
    with pytest.raises(AnomalyError) as caught, ag.detect_anomaly():
        function()
    return str(caught.value)


def line_of(text):
    """The place in this file of a line of code, as the mode writes it."""
    with open(__file__, encoding="utf-8") as file:  # noqa: PTH123  # as short as it gets
        number = next(k for k, line in enumerate(file, start=1) if line.strip() == text)
    return f"called at {__file__}:{number}: {text}"


@pytest.mark.parametrize(
    ("function", "named"),
    [
        pytest.param(lambda: ag.log(Value(0.0)), "log(0) is -inf", id="unary"),
        pytest.param(lambda: Value(1.0) / 0, "divide(1, 0) is inf", id="binary"),
        pytest.param(lambda: 1.0 / Value(0.0), "divide(1, 0) is inf", id="reflected"),
        pytest.param(lambda: ag.total([Value(1e308)] * 5), "total(1e+308, 1e+308, 1e+308, 1e+308, … 5 in all) is", id="n"),
        pytest.param(lambda: Value(-8.0) ** 0.5, "pow(-8, 0.5) is nan", id="nan"),
        pytest.param(lambda: ag.exp(ag.log(Value(0.0)) + 1.0), "log(0) is -inf", id="the first of several"),
    ],
)
def test_the_first_value_that_is_not_finite_is_named_with_its_operands(function, named):
    assert complaint(function).startswith(named)
    assert f", called at {__file__}:" in complaint(function)


def test_the_line_is_the_innermost_one_outside_the_package():
    def loss():
        xs = [Value(1000.0), Value(-1000.0)]
        return ag.nn.softmax_cross_entropy([ag.exp(x) for x in xs], 0)

    assert complaint(loss).endswith(line_of("return ag.nn.softmax_cross_entropy([ag.exp(x) for x in xs], 0)"))


def test_what_came_in_is_named_as_such():
    x = Value(math.nan, label="price")
    assert complaint(lambda: x + 1.0) == "the leaf 'price' is nan: it was so before the first operation"
    y = ag.log(Value(0.0))
    assert complaint(lambda: 2.0 * y) == "log(0) is -inf"


def test_infinite_constants_do_no_harm_where_the_value_is_finite():
    with ag.detect_anomaly():
        assert ag.clip(Value(2.0), 1.0).data == 2.0


@pytest.mark.parametrize("sweep", [lambda y, x: y.backward(), gradients, lambda y, x: gradients(y, x, create_graph=True)])
def test_the_first_derivative_that_is_not_finite_is_named_with_the_line_of_its_operation(sweep):
    def train():
        x = Value(4.0)
        root = ag.sqrt(x - 4.0)
        sweep(3.0 * root, x)

    message = complaint(train)
    assert message.startswith("the derivative of sqrt(0) towards argument 1 is inf, times the derivative 3 of the output")
    assert message.endswith(line_of("root = ag.sqrt(x - 4.0)"))


def test_a_tangent_that_is_not_finite_is_named_too():
    x = Value(0.0)
    assert "of sqrt(0) towards argument 1 is inf" in complaint(lambda: forward(ag.sqrt(x), {x: 1.0}))


def test_nothing_times_infinity_is_named():
    x = Value(0.0)
    y = 0.0 * ag.sqrt(x)
    assert complaint(lambda: gradients(y, x)).startswith("the derivative of sqrt(0) towards argument 1 is inf, times the")


def test_what_a_sweep_computes_behind_a_structural_zero_does_no_harm():
    with ag.detect_anomaly():
        x, y = Value(0.0), Value(2.0)
        z = x**y
        assert [slope.data for slope in gradients(z, [x, y], create_graph=True)] == [0.0, 0.0]


def test_a_graph_made_before_has_no_lines_but_the_operation_is_named():
    x = Value(0.0)
    y = ag.sqrt(x)
    assert re.fullmatch(r"the derivative of sqrt\(0\) .* towards it", complaint(lambda: gradients(y, x)))


def test_without_a_graph_values_are_watched_all_the_same():
    def predict():
        with ag.no_grad():
            return ag.log(Value(0.0))

    assert complaint(predict).startswith("log(0) is -inf")


def test_the_mode_ends_and_leaves_nothing_on():
    before = state.watch
    with ag.detect_anomaly(), ag.detect_anomaly():
        assert state.watch == before + 1
    assert state.watch == before
    complaint(lambda: ag.log(Value(0.0)))
    assert (state.watch, state.observer()) == (before, None)
    assert ag.log(Value(0.0)).data == -math.inf


def test_it_decorates_a_function():
    @ag.detect_anomaly()
    def loss(x):
        return ag.log(x)

    assert loss(Value(1.0)).data == 0.0
    with pytest.raises(AnomalyError, match="log"):
        loss(Value(0.0))


def test_other_threads_do_not_see_it():
    found = []
    with ag.detect_anomaly():
        thread = threading.Thread(target=lambda: found.append(ag.log(Value(0.0)).data))
        thread.start()
        thread.join()
    assert found == [-math.inf]


def test_graphs_are_freed_while_the_mode_is_on():
    gc.disable()
    try:
        with ag.detect_anomaly():
            y = ag.exp(Value(1.0))
            reference = weakref.ref(y)
            del y
            assert reference() is None
    finally:
        gc.enable()


def test_numbers_are_the_same_with_the_mode_on():
    def run():
        x, y = Value(0.7), Value(-1.3)
        z = ag.tanh(x * y) + ag.dot([x, y], [y, 2.0]) / 3
        return [z.data, *gradients(z, [x, y])]

    plain = run()
    with ag.detect_anomaly():
        assert run() == plain

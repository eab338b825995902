"""What a Value is and does: recording, backward, gradients, operands and conversions."""

import copy
import math
import pickle
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value, gradients
from autograd_lite.engine.storage import Storage


def test_micrograds_first_program_gives_its_numbers():
    """The expression of micrograd's README; its numbers are printed there and agree with PyTorch's."""
    a = Value(-4.0)
    b = Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    assert f"{g.data:.4f} {a.grad:.4f} {b.grad:.4f}" == "24.7041 138.8338 645.5773"
    assert g.data == pytest.approx(24.70408163265306, rel=1e-15)
    assert a.grad == pytest.approx(138.83381924198252, rel=1e-15)
    assert b.grad == pytest.approx(645.5772594752186, rel=1e-15)


def test_micrograds_sanity_program_gives_the_derivative_of_its_closed_form():
    """With z = 3x + 2 < 0: q = zx and y = z² + zx(1 + x), so that y' = 6z + 3x(1 + x) + z(1 + 2x) = 46 at x = -4."""
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    assert y.data == -20.0
    assert x.grad == 46.0


# --- backward -------------------------------------------------------------------------------------------------------------


def test_before_backward_there_is_no_derivative_and_zero_is_another_thing():
    x = Value(-1.0)
    y = x.relu()
    assert (x.grad, y.grad) == (None, None)
    y.backward()
    assert (x.grad, y.grad) == (0.0, 1.0)


def test_a_node_that_the_output_does_not_reach_keeps_none():
    x, other = Value(1.0), Value(2.0)
    (x * 2.0).backward()
    assert other.grad is None


def test_backward_twice_gives_exactly_twice_the_leaf_gradient():
    """4 then 8; micrograd gives 12, since it adds into inner nodes too."""
    x = Value(2.0)
    h = x * x
    y = h + 0.0
    y.backward()
    assert (x.grad, h.grad) == (4.0, 1.0)
    y.backward()
    assert (x.grad, h.grad) == (8.0, 1.0)


def test_leaves_add_up_over_outputs_and_zero_grad_forgets():
    x = Value(3.0)
    (x * x).backward()
    (x * 5.0).backward()
    assert x.grad == 11.0
    x.zero_grad()
    assert x.grad is None
    x.grad = 0.0
    (x * 5.0).backward()
    assert x.grad == 5.0


def test_the_gradient_argument_is_multiplied_into_all():
    x = Value(3.0)
    (x * x).backward(gradient=-2.0)
    assert x.grad == -12.0


def test_backward_of_a_leaf_gives_it_the_derivative_one():
    x = Value(3.0)
    x.backward()
    assert x.grad == 1.0


def test_parallel_edges_count_twice():
    x = Value(3.0)
    y = x * x
    assert y.args == (x, x)
    assert gradients(y, x) == 6.0


def test_a_constant_is_an_argument_and_not_a_node():
    x = Value(3.0)
    y = x + 1
    assert y.args == (x, 1.0)
    assert y.op is not None
    assert y.op.symbol == "+"


@pytest.mark.parametrize(
    ("inner", "slope"),
    [(lambda x: x * x, 20.0), (lambda x: ag.total([x, x, 2.0]), 2.0), (lambda x: ag.where(x > 0, x, 1.0), 1.0)],
)
def test_writing_a_leaf_after_its_use_is_never_mixed_into_the_old_graph(inner, slope):
    x = Value(2.0, label="x")
    y = inner(x) * 3.0
    x.data = 10.0
    for differentiate in (y.backward, lambda: gradients(y, x), lambda: gradients(y, x, create_graph=True)):
        with pytest.raises(RuntimeError, match="'x' was written"):
            differentiate()
    assert gradients(inner(x) * 3.0, x) == 3.0 * slope


def test_a_written_leaf_is_found_behind_its_older_user_whichever_comes_first():
    for turned in (False, True):
        x = Value(2.0)
        old = x * x
        x.data = 10.0
        new = x * 3.0
        with pytest.raises(RuntimeError, match="was written"):
            (old + new if turned else new + old).backward()


def test_writing_a_leaf_that_the_graph_does_not_use_does_no_harm():
    x, other = Value(2.0), Value(1.0)
    y = x * x
    other.data = 5.0
    y.backward()
    assert x.grad == 4.0


def test_the_number_of_a_result_cannot_be_written():
    y = Value(1.0) + 1.0
    with pytest.raises(AttributeError, match="result of"):
        y.data = 5.0


# --- gradients ------------------------------------------------------------------------------------------------------------


def test_gradients_go_to_any_node_and_write_nothing():
    x, unused = Value(2.0), Value(7.0)
    h = x * x
    y = h * x
    assert gradients(y, [h, x, y, unused]) == [2.0, 12.0, 1.0, 0.0]
    assert (x.grad, h.grad, y.grad) == (None, None, None)


def test_gradients_refuse_what_is_no_value():
    x = Value(1.0)
    with pytest.raises(TypeError, match="output is of type float"):
        gradients(3.0, [x])
    with pytest.raises(TypeError, match="input is of type float"):
        gradients(x * x, [1.0])


def test_derivatives_of_any_order_come_from_graphs_of_derivatives():
    x = Value(0.7)
    y = ag.exp(x * 2.0) * ag.sin(x)
    for k in range(5):
        # the k-th derivative of Im e^((2+i)x) is Im (2+i)^k e^((2+i)x)
        assert y.data == pytest.approx((complex(2, 1) ** k * np.exp(complex(2, 1) * 0.7)).imag, rel=1e-13)
        y = gradients(y, [x], create_graph=True)[0]


def test_backward_with_create_graph_leaves_values_that_differentiate_again():
    x = Value(3.0)
    (x**3).backward(create_graph=True)
    assert isinstance(x.grad, Value)
    assert x.grad.data == 27.0
    assert gradients(x.grad, x) == 18.0


def test_a_derivative_that_is_constant_is_still_a_value_under_create_graph():
    x = Value(3.0)
    slope, other = gradients(2.0 * x, [x, Value(1.0)], create_graph=True)
    assert (slope.data, other.data) == (2.0, 0.0)
    slope.backward()
    assert x.grad is None


def test_a_nested_derivative_does_not_confuse_inner_and_outer():
    """f(x) = x · d/dy (x·y) at y = x: f = x², f'(3) = 6; a perturbation mixed up gives 12."""
    x = Value(3.0)
    inner = Value(x.data)
    (slope,) = gradients(x * inner, [inner], create_graph=True)
    assert gradients(x * slope, x) == 6.0


# --- modes ----------------------------------------------------------------------------------------------------------------


def test_no_grad_computes_numbers_without_a_past():
    x = Value(2.0)
    with ag.no_grad():
        results = [x * x, 3 * x, -x, x.tanh(), ag.dot([x, x], [1.0, x]), ag.where(x > 1, x, 0.0), abs(x)]
        with ag.no_grad():
            x + 1.0
        nested = x * x
    assert [result.op for result in [*results, nested]] == [None] * 8
    assert results[0].data == 4.0
    assert (x * x).op is not None


def test_no_grad_decorates_a_function():
    @ag.no_grad()
    def square(x):
        return x * x

    assert square(Value(2.0)).op is None
    assert square(Value(3.0)).data == 9.0


def test_detach_cuts_and_stop_gradient_blocks():
    x = Value(2.0)
    cut = (x * x).detach()
    assert (cut.data, cut.op) == (4.0, None)
    assert gradients(x * ag.stop_gradient(x * x), x) == 4.0
    blocked = ag.stop_gradient(x)
    (blocked * 3.0).backward()
    assert (x.grad, blocked.grad) == (0.0, 3.0)
    assert ag.stop_gradient(2.5) == 2.5


# --- comparisons ----------------------------------------------------------------------------------------------------------


@given(st.floats(allow_nan=True), st.floats(allow_nan=True))
def test_comparisons_have_the_truth_of_the_numbers(a, b):
    x, y = Value(a), Value(b)
    for left, right in ((x, y), (x, b), (a, y)):
        assert bool(left < right) == (a < b)
        assert bool(left <= right) == (a <= b)
        assert bool(left > right) == (a > b)
        assert bool(left >= right) == (a >= b)


def test_conditions_combine_and_are_no_numbers():
    x = Value(3.0)
    assert (x > 0) & (x < 5)
    assert not ((x > 0) & (x > 5))
    assert (x > 5) | (x > 0)
    assert ~(x > 5)
    assert repr(x > 5) == "Condition(False)"
    for misuse in (lambda: (x > 0) + 1, lambda: x * (x > 0), lambda: (x > 0) & 3, lambda: float(x > 0)):
        with pytest.raises(TypeError):
            misuse()


def test_equality_is_identity_between_values_and_refused_with_numbers():
    x, same = Value(1.0), Value(1.0)
    assert x == x  # identity is what is tested
    assert x != same
    assert len({x, same, x}) == 2
    assert x != "1"
    for comparison in (lambda: x == 1, lambda: x != 1.0, lambda: 1 == x, lambda: x == np.float64(1.0)):  # noqa: SIM300
        with pytest.raises(TypeError, match=r"ag\.equal"):
            comparison()
    assert ag.equal(x, 1).data == 1.0
    assert bool(Value(0.0)) is False
    assert bool(Value(math.nan)) is True


# --- operands and conversions ---------------------------------------------------------------------------------------------

OPERATORS = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / b,
    lambda a, b: a**b,
    lambda a, b: a % b,
]


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("number", [3, 3.0, True, np.float64(3), np.float32(3), np.int64(3), np.bool_(True)])
def test_every_real_number_is_an_operand_on_both_sides(operator, number):
    x = Value(2.5)
    for found, wanted in (
        (operator(x, number), operator(2.5, float(number))),
        (operator(number, x), operator(float(number), 2.5)),
    ):
        assert isinstance(found, Value)
        assert found.data == wanted
        assert all(type(arg) in (float, Value) for arg in found.args)


STRANGERS = ["2", b"2", None, 2j, [2], (2,), Decimal(2), Fraction(2), {}]


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("other", STRANGERS)
def test_what_is_no_real_number_is_refused_by_name(operator, other):
    with pytest.raises(TypeError, match=type(other).__name__):
        operator(Value(2.5), other)


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("other", STRANGERS)
def test_what_is_no_real_number_is_refused_on_the_left(operator, other):
    power, modulo = OPERATORS[4:]
    if operator is modulo and isinstance(other, (str, bytes)):
        return  # a text's own `%` formats it
    if operator is power and isinstance(other, Fraction):
        return  # a Fraction turns itself into a float to be raised to what it does not know
    with pytest.raises(TypeError):
        operator(other, Value(2.5))


@pytest.mark.parametrize("wrong", ["1", None, 1j, [1.0], Decimal(1), Fraction(1, 2), np.array([1.0])])
def test_a_value_is_made_of_real_numbers_only(wrong):
    with pytest.raises(TypeError):
        Value(wrong)
    with pytest.raises(TypeError):
        ag.exp(wrong)


def test_an_int_too_large_for_a_float_raises():
    with pytest.raises(OverflowError):
        Value(1.0) + 10**400
    with pytest.raises(OverflowError):
        Value(10**400)


@pytest.mark.parametrize("convert", [float, int, math.sin, math.exp, complex, np.float64])
def test_a_conversion_that_would_lose_the_derivative_names_what_to_use(convert):
    with pytest.raises(TypeError, match=r"value\.data|ag\.sin"):
        convert(Value(1.0))


def test_pythons_rounding_functions_give_values():
    x = Value(-2.5)
    assert [f(x).data for f in (round, math.floor, math.ceil, math.trunc, abs)] == [-2.0, -3.0, -2.0, -2.0, 2.5]
    with pytest.raises(TypeError, match=r"value\.data"):
        round(x, 1)


def test_object_arrays_work_elementwise():
    x = Value(2.0)
    for result in (x * np.arange(3.0), np.arange(3.0) * x):
        assert result.dtype == object
        assert [item.data for item in result] == [0.0, 2.0, 4.0]
    xs = np.array([Value(0.5), Value(0.25)])
    assert [item.data for item in np.tanh(xs)] == [math.tanh(0.5), math.tanh(0.25)]
    assert [item.data for item in np.exp(xs) + np.sqrt(xs)] == [math.exp(a) + math.sqrt(a) for a in (0.5, 0.25)]
    for ufunc in (np.arcsin, np.arctan, np.arcsinh, np.log1p, np.cbrt, np.floor, np.ceil, np.absolute, np.square, np.rint):
        assert [item.data for item in ufunc(xs)] == pytest.approx([float(ufunc(a)) for a in (0.5, 0.25)], rel=1e-15)
    assert (xs @ xs).data == 0.3125
    assert ag.dot(xs, np.array([1.0, 2.0])).data == 1.0
    assert xs.sum().data == 0.75


def test_methods_and_functions_are_the_same():
    x = Value(0.3)
    for name in ("exp", "log", "tanh", "relu", "sigmoid", "gelu", "softplus", "erf", "cbrt", "silu", "digamma", "square"):
        assert getattr(x, name)().data == getattr(ag, name)(x).data == pytest.approx(getattr(ag, name)(0.3), rel=1e-15)
    assert x.clip(0.5, 1.0).data == 0.5
    assert x.pow(2).data == x.data**2
    assert x.maximum(1.0).data == 1.0
    assert Value(1.0).atan2(2).data == math.atan2(1, 2)


def test_functions_of_numbers_give_floats():
    for result in (
        ag.exp(0),
        ag.relu(-1),
        ag.where(True, 1, 2),
        ag.max(1, 2),
        ag.total([1, 2]),
        ag.square(3),
        ag.norm_cdf(0),
    ):
        assert type(result) is float


def test_pythons_own_sum_and_max_are_right():
    xs = [Value(float(k)) for k in range(4)]
    assert gradients(sum(xs) * 2.0, xs) == [2.0] * 4
    assert max(xs) is xs[-1]


def test_formats_and_repr_show_the_number():
    x = Value(1.0, label="x")
    assert repr(x) == "Value(data=1.0, grad=None, label='x')"
    (x * 2.0).backward()
    assert repr(x) == "Value(data=1.0, grad=2.0, label='x')"
    assert f"{x * 0.5:.3f}" == "0.500"
    x.grad = Value(4.0) * x
    assert repr(x) == "Value(data=1.0, grad=4.0, label='x')"


# --- copies ---------------------------------------------------------------------------------------------------------------


def copies(item):
    return copy.deepcopy(item), pickle.loads(pickle.dumps(item))


def test_a_copied_graph_keeps_what_it_shares():
    x = Value(3.0, label="x")
    h = x * x
    y = ag.total([h, x, 1.0]) + ag.where(x > 0, h, x)
    y.backward()
    for x2, h2, y2 in copies((x, h, y)):
        assert (x2.label, x2.grad, h2.grad) == ("x", x.grad, h.grad)
        assert h2.args == (x2, x2)
        assert x2 is not x
        assert gradients(y2, [x2, h2]) == gradients(y, [x, h])
    for y2, x2 in copies([y, x]):
        assert gradients(y2, x2) == gradients(y, x)


def test_a_copied_graph_keeps_derivatives_that_are_graphs():
    x = Value(3.0)
    (x**3).backward(create_graph=True)
    for copied in copies(x):
        assert copied.grad.data == 27.0
        assert gradients(copied.grad, copied) == 18.0


def test_a_copied_graph_remembers_that_a_leaf_was_written():
    x = Value(3.0)
    y = x * x
    x.data = 4.0
    for y2 in copies(y):
        with pytest.raises(RuntimeError, match="was written"):
            y2.backward()


def test_a_shallow_copy_is_refused_with_what_to_do():
    with pytest.raises(TypeError, match="detach"):
        copy.copy(Value(1.0))


@pytest.mark.parametrize(("before", "after"), [(0.0, -0.0), (-0.0, 0.0)])
def test_the_sign_of_a_zero_passes_from_the_buffer_to_the_leaf(before, after):
    leaf = Value(before)
    Storage([leaf]).write([after])
    assert str(leaf.data) == str(after)

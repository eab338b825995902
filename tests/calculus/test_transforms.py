"""Gradients and products with Jacobians and Hessians, of functions of numbers, arrays, trees and modules."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.engine.primitive import TABLE
from tests.engine.test_random_graphs import EPSILON, on_floats, sum_of_magnitudes
from tests.strategies import REACH, apply, examples, graphs

moderate = st.floats(-2.0, 2.0)


def function_of(recipe):
    """A recipe as a function of a list."""
    return lambda inputs: recipe.run(inputs, lambda name, args: apply(TABLE[name], args))[-1]


def held_function_of(recipe):
    """The same where what `stop_gradient` holds back stays as it is at the recipe's own inputs, as derivatives see it."""
    held = recipe.run(recipe.inputs, lambda name, args: apply(TABLE[name], args))

    def f(inputs):
        places = iter(range(len(inputs), len(held)))

        def step(name, args):
            place = next(places)
            return held[place] if name == "stop_gradient" else apply(TABLE[name], args)

        return recipe.run(inputs, step)[-1]

    return f


# --- nesting --------------------------------------------------------------------------------------------------------------


def test_nested_derivatives_do_not_confuse_their_perturbations():
    def f(x):
        return x * ag.grad(lambda y: x * y)(x)

    assert ag.grad(f)(3.0) == 6.0
    assert ag.jvp(f, (3.0,), (1.0,)) == (9.0, 6.0)
    assert ag.grad(lambda x: x * ag.jvp(lambda y: x * y, (x,), (1.0,))[1])(3.0) == 6.0
    assert ag.jvp(lambda x: x * ag.jvp(lambda y: x * y, (x,), (1.0,))[1], (3.0,), (1.0,)) == (9.0, 6.0)


def test_a_derivative_inside_sees_what_it_takes_from_around_it():
    assert ag.grad(lambda x: ag.grad(lambda y: x * y)(3.0))(2.0) == 1.0
    assert ag.grad(lambda x: ag.hvp(lambda y: x * y[0] ** 3)([2.0], [1.0])[0])(5.0) == 12.0
    assert ag.jacfwd(lambda x: ag.linearize(lambda y: x * y * y, 3.0)[1](1.0))(2.0) == 6.0
    assert ag.grad(lambda x: ag.vjp(lambda y: y * y, 3.0)[1](x)[0])(2.0) == 6.0


@pytest.mark.parametrize("way", [ag.grad, ag.jacfwd, ag.jacrev, lambda f: lambda x: ag.jvp(f, (x,), (1.0,))[1]])
@examples(20)
@given(x=st.floats(0.2, 2.0))
def test_third_derivatives_equal_those_of_mpmath(way, x):
    def f(x, m=ag):
        return m.exp(m.sin(x)) * m.log(x) + x**2.5

    with mp.workdps(40):
        exact = mp.diff(lambda t: f(t, mp), x, 3)
    # The largest terms of the third derivative are of the order of 2/x³; each of some fifty operations rounds once.
    assert abs(way(ag.grad(way(f)))(x) - exact) <= 1e-13 * (abs(exact) + 10.0 + 2.0 / x**3)


def test_differentiating_through_many_inner_gradients_takes_time_in_proportion(monkeypatch):
    steps = []

    def descend(x, count):
        for _ in range(count):
            x = x - 0.1 * ag.grad(lambda y: y * y)(x)
        return x

    from autograd_lite.engine import sweep

    ordered = sweep._ordered
    monkeypatch.setattr(sweep, "_ordered", lambda *a, **k: [steps.append(len(o := ordered(*a, **k))), o][1])
    assert ag.grad(descend)(1.0, 10) == pytest.approx(0.8**10, rel=1e-14)
    ten, steps[:] = sum(steps), []
    ag.grad(descend)(1.0, 100)
    assert sum(steps) < 15 * ten


# --- random graphs: forward = reverse = differences, at first and second order -------------------------------------------


@examples(60)
@given(recipe=graphs())
def test_forward_and_reverse_and_differences_agree_on_random_graphs(recipe):
    f, x = function_of(recipe), list(recipe.inputs)
    value, slopes = ag.value_and_grad(f)(x)
    fresh = [Value(number) for number in x]
    sizes = sum_of_magnitudes(f(fresh), fresh)
    assert value == on_floats(recipe, x)
    for k, (found, size) in enumerate(zip(slopes, sizes, strict=True)):
        unit = [float(j == k) for j in range(len(x))]
        forward = ag.jvp(f, (x,), (unit,))[1]
        # A tangent of 0 is multiplied like any other, so that the sums have more terms, but no larger ones.
        assert abs(forward - found) <= 100 * EPSILON * size
        assert abs(ag.linearize(f, x)[1](unit) - forward) <= 100 * EPSILON * size
        assert abs(ag.jacfwd(f)(x)[k] - found) <= 100 * EPSILON * size
        h = 0.01 * REACH * x[k]
        moved = [[y + sign * h * u for y, u in zip(x, unit, strict=True)] for sign in (1.0, -1.0)]
        quotient = (on_floats(recipe, moved[0]) - on_floats(recipe, moved[1])) / (2.0 * h)
        assert abs(quotient - found) <= 1e-6 * (1.0 + size)


@examples(30)
@given(recipe=graphs(largest=12), data=st.data())
def test_second_derivatives_agree_in_all_orders_of_modes_and_with_differences(recipe, data):
    f, x = function_of(recipe), list(recipe.inputs)
    v = data.draw(st.lists(moderate, min_size=len(x), max_size=len(x)))
    forms = [ag.hessian(f), ag.jacrev(ag.jacrev(f)), ag.jacfwd(ag.jacfwd(f)), ag.jacrev(ag.jacfwd(f))]
    matrices = [np.array(form(x)) for form in forms]
    size = 1.0 + max(np.abs(matrix).max() for matrix in matrices)
    # All multiply the same second partials; what cancels is bounded by the recipes' gentleness, some 1e3 of the result.
    for matrix in matrices[1:]:
        assert np.abs(matrix - matrices[0]).max() <= 1e-9 * size
    assert np.abs(np.array(ag.hvp(f)(x, v)) - matrices[0] @ v).max() <= 1e-9 * size
    h, slopes = 0.01 * REACH * min(x), ag.grad(held_function_of(recipe))
    for k in range(len(x)):
        above, below = ([y + sign * h * (j == k) for j, y in enumerate(x)] for sign in (1.0, -1.0))
        quotient = (np.array(slopes(above)) - np.array(slopes(below))) / (2.0 * h)
        # First derivatives are smooth on the scale of REACH like the recipe, but up to a thousand times steeper.
        assert np.abs(quotient - matrices[0][k]).max() <= 1e-3 * size


# --- what goes in and what comes out --------------------------------------------------------------------------------------


def test_numbers_give_floats_and_arrays_give_arrays_of_doubles():
    assert type(ag.grad(lambda x: x * x)(3)) is float
    assert type(ag.grad(lambda x: x * x)(np.float64(3.0))) is float
    slopes = ag.grad(lambda x: (x * x).sum())(np.arange(3))
    assert slopes.dtype == np.float64
    assert slopes.tolist() == [0.0, 2.0, 4.0]


def test_arrays_reach_a_function_as_arrays_of_values():
    def f(a, x):
        assert a.shape == (2, 3)
        assert all(isinstance(item, Value) for row in a for item in row)
        return (a @ x)[1:].sum() + a[0, ::2] @ x[::2] + np.tanh(a.T[0])[0]

    a, x = np.arange(6.0).reshape(2, 3), np.array([1.0, 2.0, 3.0])
    by_a, by_x = ag.grad(f, argnums=(0, 1))(a, x)
    assert by_a.tolist() == [[2.0, 0.0, 3.0], [1.0, 2.0, 3.0]]  # tanh'(0) = 1
    assert by_x.tolist() == [3.0, 4.0, 7.0]


def test_a_value_in_gives_values_that_can_be_differentiated_again():
    x = Value(2.0)
    slope = ag.grad(lambda y: y**3)(x)
    assert (slope.data, ag.gradients(slope, x)) == (12.0, 12.0)
    value, along = ag.jvp(lambda y: y**3, (x,), (1.0,))
    assert (ag.gradients(value, x), ag.gradients(along, x)) == (12.0, 12.0)
    tangent = Value(3.0)
    assert ag.gradients(ag.jvp(lambda y: y**3, (2.0,), (tangent,))[1], tangent) == 12.0
    assert ag.gradients(ag.grad(lambda y, z: y * z)(2.0, x), x) == 1.0
    assert isinstance(ag.grad(lambda y: 1.0)(x), Value)
    matrix = ag.jacrev(lambda y: y * y)(np.array([x, x]))
    assert matrix.dtype == object
    assert ag.gradients(matrix[0, 0], x) == 2.0


def test_derivatives_are_found_under_no_grad_and_leave_no_past():
    x = Value(3.0)
    with ag.no_grad():
        assert ag.grad(lambda y: y * y)(3.0) == 6.0
        slope = ag.grad(lambda y: y * y)(x)
        factor = ag.grad(lambda y: y * ag.sin(x))(x)  # the derivative is a node that the function made
    assert (slope.data, slope.op) == (6.0, None)
    assert (factor.data, factor.op) == (math.sin(3.0), None)


def test_trees_of_trees_keep_their_structure():
    point = {"x": [1.0, (2.0, np.array([3.0, 4.0]))], "none": None}
    slopes = ag.grad(lambda p: p["x"][0] * p["x"][1][0] * p["x"][1][1].sum())(point)
    assert slopes["none"] is None
    assert slopes["x"][0] == 14.0
    assert slopes["x"][1][0] == 7.0
    assert slopes["x"][1][1].tolist() == [2.0, 2.0]


def test_arguments_that_are_not_differentiated_pass_untouched():
    marker = object()

    def f(x, how, *, key):
        assert how is marker
        assert key == "text"
        return x * x

    assert ag.grad(f)(3.0, marker, key="text") == 6.0
    assert ag.grad(f, argnums=-2)(3.0, marker, key="text") == 6.0


def test_what_a_function_returns_beside_comes_out_as_numbers():
    f = lambda x: (x * x, {"half": x / 2, "name": "f"})  # noqa: E731
    assert ag.grad(f, has_aux=True)(3.0) == (6.0, {"half": 1.5, "name": "f"})
    assert ag.value_and_grad(f, has_aux=True)(3.0) == ((9.0, {"half": 1.5, "name": "f"}), 6.0)
    assert ag.jvp(f, (3.0,), (1.0,), has_aux=True) == (9.0, 6.0, {"half": 1.5, "name": "f"})
    value, pullback, aux = ag.vjp(f, 3.0, has_aux=True)
    assert (value, pullback(2.0), aux["half"]) == (9.0, (12.0,), 1.5)
    assert ag.linearize(f, 3.0, has_aux=True)[2]["name"] == "f"
    assert ag.jacfwd(f, has_aux=True)(3.0)[0] == ag.jacrev(f, has_aux=True)(3.0)[0] == 6.0
    with pytest.raises(TypeError, match="must return a pair"):
        ag.grad(lambda x: x, has_aux=True)(3.0)


def test_the_gradient_towards_a_module_is_a_vector_that_sgd_takes():
    model = nn.MLP(2, [4, 1], activation="tanh", seed=3)
    loss = lambda m, x: (m(x) - 1.0) ** 2  # noqa: E731
    value, slopes = ag.value_and_grad(loss)(model, [0.5, -0.3])
    output = loss(model, [0.5, -0.3])
    output.backward()
    assert value == output.data
    assert slopes.dtype == np.float64
    assert slopes == pytest.approx([p.grad for p in model.parameters()], rel=1e-12, abs=1e-15)
    ag.optim.SGD(model, 0.05).step(slopes)
    assert loss(model, [0.5, -0.3]).data < value
    v = np.linspace(-1.0, 1.0, len(slopes))
    matrix = ag.hessian(loss)(model, [0.5, -0.3])
    # The product sums the same terms in another order; the entries are of order 1.
    assert ag.hvp(loss)(model, v, [0.5, -0.3]) == pytest.approx(matrix @ v, abs=1e-12)


def test_a_function_that_ignores_its_input_has_the_derivative_0():
    w = Value(2.0)
    for constant in (lambda x: 1.0, lambda x: w * 3.0, lambda x: 7):
        assert ag.grad(constant)(3.0) == 0.0
        assert ag.jvp(constant, (3.0,), (1.0,))[1] == 0.0
        assert ag.vjp(constant, 3.0)[1](1.0) == (0.0,)
        assert ag.linearize(constant, 3.0)[1](1.0) == 0.0
        assert ag.hessian(constant)(3.0) == 0.0
    assert ag.grad(lambda x: x)(3.0) == 1.0
    assert ag.grad(lambda x: ag.stop_gradient(x) * x)(3.0) == 3.0


def test_a_pullback_can_be_called_as_often_as_wanted():
    value, pullback = ag.vjp(lambda x, y: {"p": x * y, "s": [x, x]}, 2.0, np.array([3.0, 4.0]))
    assert value["p"].tolist() == [6.0, 8.0]
    for scale in (1.0, 2.0):
        by_x, by_y = pullback({"p": np.array([scale, 0.0]), "s": [scale, 0.0]})
        assert (by_x, by_y.tolist()) == (4.0 * scale, [2.0 * scale, 0.0])


def test_a_structural_zero_stays_one_in_forward_mode():
    f = lambda x: ag.where(x > 0.0, ag.sqrt(x), 2.0 * x)  # noqa: E731
    for x in (0.0, Value(0.0)):
        slope = ag.jvp(f, (x,), (1.0,))[1]
        assert (slope.data if isinstance(slope, Value) else slope) == 2.0
    assert ag.jacfwd(lambda x: x[0] + ag.sqrt(x[1]) * 1.0)([1.0, 0.0]) == [1.0, math.inf]


# --- errors ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ag.grad(lambda x: [x, x])([1.0][0]), TypeError, "returned list\\(a number, a number\\).*ag.jacobian"),
        (lambda: ag.grad(lambda x: x)(np.ones(2)), TypeError, "array of shape \\(2,\\).*ag.jacobian"),
        (lambda: ag.grad(lambda x: None)(1.0), TypeError, "returned None"),
        (lambda: ag.grad(lambda x: "text")(1.0), TypeError, "holds 'text' of type str"),
        (lambda: ag.grad(lambda x: x > 0)(1.0), TypeError, "of type Condition"),
        (lambda: ag.grad(lambda x: x)("text"), TypeError, "differentiated by holds 'text'"),
        (lambda: ag.grad(lambda x: x, argnums=1)(1.0), ValueError, "names argument 1, but the function was given 1"),
        (lambda: ag.grad(lambda x: x)(x=1.0), ValueError, "given 0 positional"),
        (lambda: ag.grad(lambda x: x, argnums=0.5)(1.0), TypeError, "argnums is 0.5"),
        (lambda: ag.grad(lambda x: x, argnums="x")(1.0), TypeError, "argnums is 'x'"),
        (lambda: ag.grad(lambda x, y: x, argnums=(0, -2))(1.0, 2.0), ValueError, "none twice"),
        (lambda: ag.grad(3.0)(1.0), TypeError, "type float"),
        (lambda: ag.jvp(lambda x: x, 1.0, 1.0), TypeError, "primals is of type float"),
        (lambda: ag.jvp(lambda x: x[0], ([1.0],), ((1.0,),)), TypeError, "tuple\\(tuple\\(a number\\)\\); wanted is"),
        (lambda: ag.jvp(lambda x: x, (np.ones(2),), (np.ones(3),)), TypeError, "shape \\(3,\\)"),
        (lambda: ag.vjp(lambda x: x, 1.0)[1]([1.0]), TypeError, "cotangent has the structure list"),
        (lambda: ag.hvp(lambda x: x @ x)(np.ones(2), [1.0, 2.0]), TypeError, "hvp: the vector has the structure list"),
        (lambda: ag.linearize(lambda x: x, 1.0)[1](1.0, 2.0), TypeError, "wanted is tuple\\(a number\\)"),
    ],
)
def test_errors_say_what_was_given_and_what_is_wanted(call, error, message):
    with pytest.raises(error, match=message):
        call()


# --- JAX's documented examples --------------------------------------------------------------------------------------------


def test_jax_autodiff_cookbook_gradients_of_tanh():
    grad_tanh = ag.grad(ag.tanh)
    assert grad_tanh(2.0) == pytest.approx(0.070650816, rel=1e-6)  # as the cookbook prints it, in single precision
    assert ag.grad(grad_tanh)(2.0) == pytest.approx(-0.13621868, rel=1e-6)
    assert ag.grad(ag.grad(grad_tanh))(2.0) == pytest.approx(0.25265405, rel=1e-6)


INPUTS = np.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]])
TARGETS = np.array([True, True, False, True])


def cookbook_loss(w, b):
    predictions = [ag.sigmoid(row @ w + b) for row in INPUTS]
    return -ag.total([ag.log(p if t else 1.0 - p) for p, t in zip(predictions, TARGETS, strict=True)])


def logistic_by_hand(w, b):
    error = 1.0 / (1.0 + np.exp(-(INPUTS @ w + b))) - TARGETS
    return INPUTS.T @ error, error.sum()


def test_jax_autodiff_cookbook_logistic_regression():
    w, b = np.array([0.3, -0.2, 0.5]), 0.1
    by_w, by_b = ag.grad(cookbook_loss, (0, 1))(w, b)
    expected_w, expected_b = logistic_by_hand(w, b)
    assert by_w == pytest.approx(expected_w, rel=1e-12)
    assert by_b == pytest.approx(expected_b, rel=1e-12)
    slopes = ag.grad(lambda p: cookbook_loss(p["W"], p["b"]))({"W": w, "b": b})
    assert slopes["W"] == pytest.approx(by_w, rel=1e-15)
    value, pair = ag.value_and_grad(cookbook_loss, (0, 1))(w, b)
    assert value == pytest.approx(cookbook_loss(w, b), rel=1e-15)
    assert pair[1] == by_b


def test_jax_autodiff_cookbook_hessian_of_the_logistic_predictions():
    w = np.array([0.3, -0.2, 0.5])
    predict = lambda w: np.array([ag.sigmoid(row @ w) for row in INPUTS])  # noqa: E731
    forward, reverse = ag.jacfwd(predict)(w), ag.jacrev(predict)(w)
    p = 1.0 / (1.0 + np.exp(-(INPUTS @ w)))
    assert forward == pytest.approx((p * (1.0 - p))[:, None] * INPUTS, rel=1e-12)
    assert reverse == pytest.approx(forward, rel=1e-12)
    second = ag.hessian(predict)(w)
    assert second.shape == (4, 3, 3)
    expected = (p * (1.0 - p) * (1.0 - 2.0 * p))[:, None, None] * INPUTS[:, :, None] * INPUTS[:, None, :]
    assert second == pytest.approx(expected, rel=1e-10, abs=1e-14)


def test_jax_documentation_jvp_vjp_and_linearize():
    y, tangent = ag.jvp(ag.sin, (0.1,), (0.2,))
    assert (y, tangent) == pytest.approx((0.09983342, 0.19900084), rel=1e-6)  # the examples in the functions' docstrings
    _, pullback = ag.vjp(lambda x, y: (ag.sin(x), ag.cos(y)), 0.5, 1.0)
    assert pullback((-0.7, 0.3)) == pytest.approx((-0.61430776, -0.2524413), rel=1e-6)
    f = lambda x: 3.0 * ag.sin(x) + ag.cos(x / 2.0)  # noqa: E731
    y, along = ag.linearize(f, 2.0)
    assert (y, along(3.0), along(4.0)) == pytest.approx((3.26819, -5.00753, -6.67671), abs=1e-5)

"""Solvers of scipy on functions of scalars: beside derivatives by hand, on trees, with constraints, and what is refused."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.compiler import TracingError
from autograd_lite.nn import MLP
from autograd_lite.scipy import least_squares, minimize, root
from tests.compiler.test_jit import counted
from tests.strategies import examples

# --- beside scipy with derivatives by hand -------------------------------------------------------------------------------


def rosenbrock(x):
    return ag.total([100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2 for i in range(len(x) - 1)])


START = np.array([1.3, 0.7, 0.8, 1.9, 1.2])


@pytest.mark.parametrize("method", ["CG", "BFGS", "L-BFGS-B", "TNC", "SLSQP", "Newton-CG", "trust-ncg", "trust-krylov",
                                    "trust-constr", "trust-exact", "dogleg"])  # fmt: skip
def test_a_method_takes_the_steps_that_it_takes_with_derivatives_by_hand(method):
    second = {}
    if method in ("trust-exact", "dogleg"):
        second = {"hess": scipy.optimize.rosen_hess}
    elif method in ("Newton-CG", "trust-ncg", "trust-krylov", "trust-constr"):
        second = {"hessp": scipy.optimize.rosen_hess_prod}
    start = np.full(5, 1.01) if method == "dogleg" else START  # where the Hessian is positive definite, as dogleg wants it
    expected = scipy.optimize.minimize(scipy.optimize.rosen, start, method=method, jac=scipy.optimize.rosen_der, **second)
    found = minimize(rosenbrock, start, method=method)
    assert found.success
    assert found.get("nhev") == pytest.approx(expected.get("nhev"), abs=5)
    assert abs(found.nit - expected.nit) <= 1  # a sum in another order can decide whether one more step is taken
    np.testing.assert_allclose(found.x, expected.x, atol=1e-4)


@pytest.mark.parametrize("word", ["auto", "products", "matrix", "none"])
def test_second_derivatives_are_handed_over_as_asked(word):
    seen = {}

    def method(fun, x0, args=(), jac=None, hess=None, hessp=None, **others):
        seen.update(value=fun(x0), jac=jac(x0), hess=hess and hess(x0), hessp=hessp and hessp(x0, np.ones(5)))
        return scipy.optimize.OptimizeResult(x=x0)

    minimize(rosenbrock, START, method=method, hessian=word)
    assert seen["value"] == pytest.approx(scipy.optimize.rosen(START), rel=1e-13)
    np.testing.assert_allclose(seen["jac"], scipy.optimize.rosen_der(START), rtol=1e-12)
    assert (seen["hess"] is not None) == (word == "matrix")
    assert (seen["hessp"] is not None) == (word in ("auto", "products"))
    if seen["hess"] is not None:
        np.testing.assert_allclose(seen["hess"], scipy.optimize.rosen_hess(START), rtol=1e-12)
    if seen["hessp"] is not None:
        np.testing.assert_allclose(seen["hessp"], scipy.optimize.rosen_hess_prod(START, np.ones(5)), rtol=1e-12)


@pytest.mark.parametrize("method", ["Nelder-Mead", "Powell", "COBYLA", "COBYQA"])
def test_methods_without_a_gradient_get_the_function_alone(method):
    result = minimize(lambda x: (x[0] - 1.0) ** 2 + (x[1] + 2.0) ** 2, [0.0, 0.0], method=method)
    assert result.x == pytest.approx([1.0, -2.0], abs=1e-3)


def test_the_function_is_traced_and_then_runs_no_more():
    """Once for each of what a solver asks for: a value with its gradient, a product, residuals, a Jacobian."""
    for method, traces in (("BFGS", 1), ("trust-ncg", 2), ("trust-exact", 2), ("Nelder-Mead", 1)):
        f, runs = counted(rosenbrock)
        assert minimize(f, START, method=method).nfev > 10
        assert len(runs) == traces
    for solve in (root, least_squares):
        f, runs = counted(lambda x: [x[0] ** 3 - 1.0, x[1] - x[0] ** 2])
        assert solve(f, [5.0, -3.0]).nfev > 5
        assert len(runs) == 2


@examples(30)
@given(st.lists(st.floats(-2.0, 2.0), min_size=2, max_size=5))
def test_quadratics_end_where_linear_algebra_says(target):
    n = len(target)
    a = np.eye(n) + 0.5 * np.ones((n, n))
    f = lambda x, a: ag.dot(x, a @ x) / 2.0 - ag.dot(x, target)  # noqa: E731  # one line
    expected = np.linalg.solve(a, target)
    for method in ("BFGS", "Newton-CG", "trust-exact"):
        np.testing.assert_allclose(minimize(f, np.zeros(n), (a,), method, tol=1e-10).x, expected, atol=1e-6)


# --- trees and arguments -------------------------------------------------------------------------------------------------


def test_the_result_has_the_structure_of_the_start():
    f = lambda p: (p["a"] - 1.0) ** 2 + (p["b"][0] - 2.0) ** 2 + ((p["b"][1] - np.arange(4.0).reshape(2, 2)) ** 2).sum()  # noqa: E731  # one line
    start = {"b": (0.0, np.ones((2, 2))), "a": 0}
    for method in (None, "trust-ncg", "trust-exact", "Nelder-Mead"):
        x = minimize(f, start, method=method, options={"maxiter": 4000}).x
        assert list(x) == ["b", "a"]
        assert type(x["b"]) is tuple
        assert x["a"] == pytest.approx(1.0, abs=1e-3)
        np.testing.assert_allclose(x["b"][1], [[0.0, 1.0], [2.0, 3.0]], atol=1e-3)
    assert start["a"] == 0
    assert minimize(lambda x: (x - 3.0) ** 2, 1.0).x == pytest.approx(3.0)
    for shape in ((2, 3), (3,)):
        x = minimize(lambda x: ((x - 2.0) ** 2).sum(), np.ones(shape)).x
        np.testing.assert_allclose(x, np.full(shape, 2.0), atol=1e-4)


def test_the_start_may_hold_values_and_modules():
    x = ag.Value(1.0)
    assert minimize(lambda x: (x - 3.0) ** 2, x).x == pytest.approx(3.0)
    assert x.data == 1.0
    model = MLP(1, [1], seed=0)
    loss = lambda model: ag.total([(model([t]) - (2.0 * t - 1.0)) ** 2 for t in (0.0, 1.0, 3.0)])  # noqa: E731  # one line
    fitted = minimize(loss, model).x
    assert [p.data for p in fitted.parameters()] == pytest.approx([2.0, -1.0], abs=1e-5)
    assert [p.data for p in model.parameters()] == [p.data for p in MLP(1, [1], seed=0).parameters()]


def test_what_else_the_function_takes_is_handed_to_all_derivatives():
    f = lambda x, a, b: (x[0] - a) ** 2 + (x[1] - b["shift"]) ** 4 + x[1] ** 2  # noqa: E731  # one line
    for method in ("BFGS", "trust-ncg", "trust-exact", "Nelder-Mead"):
        assert minimize(f, [0.0, 1.0], (3.0, {"shift": 0.0}), method).x == pytest.approx([3.0, 0.0], abs=1e-3)
    assert minimize(lambda x, a: (x - a) ** 2, 1.0, 5.0).x == pytest.approx(5.0)
    assert root(lambda x, a: x * x - a, 1.0, 2.0).x == pytest.approx(2.0**0.5)
    assert least_squares(lambda x, a: [x - a, x + a - 4.0], 1.0, 5.0).x == pytest.approx(2.0)


def test_a_callback_sees_the_numbers_as_a_vector():
    seen = []
    minimize(lambda p: (p["a"] - 1.0) ** 2, {"a": 5.0}, callback=lambda xk: seen.append(xk.copy()))
    assert seen[-1] == pytest.approx([1.0])


# --- constraints ---------------------------------------------------------------------------------------------------------


def hock_schittkowski_71(x):
    return x[0] * x[3] * (x[0] + x[1] + x[2]) + x[2]


HS71 = {"x0": [1.0, 5.0, 5.0, 1.0], "bounds": [(1.0, 5.0)] * 4}


def test_constraints_get_their_jacobians_too():
    """Problem 71 of Hock and Schittkowski, Test Examples for Nonlinear Programming Codes, 1981: f = 17.0140173."""
    product = {"type": "ineq", "fun": lambda x: ag.product(list(x)) - 25.0}
    squares = {"type": "eq", "fun": lambda x: ag.dot(x, x) - 40.0}
    for jit in (True, False):
        found = minimize(hock_schittkowski_71, **HS71, jit=jit, constraints=[product, squares])
        assert found.success
        assert found.fun == pytest.approx(17.0140173, abs=1e-6)
        assert found.x == pytest.approx([1.0, 4.7429994, 3.8211503, 1.3794082], abs=1e-5)
    both = scipy.optimize.NonlinearConstraint(lambda x: [ag.product(list(x)), ag.dot(x, x)], [25.0, 40.0], [np.inf, 40.0])
    found = minimize(hock_schittkowski_71, **HS71, constraints=both, method="trust-constr", tol=1e-9)
    assert found.fun == pytest.approx(17.0140173, abs=1e-5)


def test_constraints_see_the_tree_and_arguments_of_their_own():
    """Rosen and Suzuki's problem (1965), 43 of Hock and Schittkowski: f = -44 at (0, 1, 2, -1)."""

    def f(p):
        (a, b), (c, d) = p["first"], p["second"]
        return a**2 + b**2 + 2.0 * c**2 + d**2 - 5.0 * a - 5.0 * b - 21.0 * c + 7.0 * d

    def g(p, limits):
        (a, b), (c, d) = p["first"], p["second"]
        squares = a**2 + c**2
        return {
            "inner": [limits[0] - squares - b**2 - d**2 - a + b - c + d, limits[1] - squares - 2 * b**2 - 2 * d**2 + a + d],
            "outer": limits[2] - squares - a**2 - b**2 - 2.0 * a + b + d,
        }

    constraint = {"type": "ineq", "fun": g, "args": ((8.0, 10.0, 5.0),)}
    found = minimize(f, {"first": [0.0, 0.0], "second": np.zeros(2)}, constraints=constraint)
    assert found.fun == pytest.approx(-44.0, abs=1e-6)
    assert found.x["first"] == pytest.approx([0.0, 1.0], abs=1e-3)
    np.testing.assert_allclose(found.x["second"], [2.0, -1.0], atol=1e-3)
    assert "jac" not in constraint


def test_the_jacobians_of_constraints_are_those_by_hand():
    seen = []

    def method(fun, x0, constraints=(), **others):
        seen.extend(constraints)
        return scipy.optimize.OptimizeResult(x=x0)

    own = {"type": "ineq", "fun": lambda x: x[0], "jac": lambda x: np.array([1.0, 0.0])}
    linear = scipy.optimize.LinearConstraint(np.eye(2), 0.0, 1.0)
    curved = scipy.optimize.NonlinearConstraint(lambda x: x[0] * x[1], 0.0, 1.0)
    several = {"type": "eq", "fun": lambda x: [x[0] ** 2, x[0] * x[1]]}
    minimize(lambda x: x[0] + x[1], [2.0, 3.0], method=method, constraints=[own, linear, curved, several])
    assert seen[0] is own
    assert seen[1] is linear
    x = np.array([2.0, 3.0])
    assert seen[2].fun(x).tolist() == [6.0]
    assert seen[2].jac(x).tolist() == [[3.0, 2.0]]
    assert seen[3]["jac"](x).tolist() == [[4.0, 0.0], [3.0, 2.0]]


# --- residuals and roots -------------------------------------------------------------------------------------------------


def test_a_straight_line_is_fitted_as_by_linear_algebra():
    t = np.linspace(0.0, 1.0, 50)
    y = 3.0 * t - 1.0 + 0.1 * np.cos(40.0 * t)
    expected, *_ = np.linalg.lstsq(np.stack([t, np.ones_like(t)], axis=1), y, rcond=None)
    one = lambda p, t, y: p["slope"] * t + p["offset"] - y  # noqa: E731  # one line
    listed = lambda p, ts, ys: [one(p, t, y) for t, y in zip(ts, ys, strict=True)]  # noqa: E731  # one line
    lanes, start = ag.vmap(one, in_axes=(None, 0, 0)), {"slope": 0.0, "offset": 0.0}
    for residuals, jit in ((listed, True), (listed, False), (lanes, False)):
        found = least_squares(residuals, start, (t, y), jit=jit)
        assert [found.x["slope"], found.x["offset"]] == pytest.approx(expected.tolist(), abs=1e-8)
        assert found.jac.shape == (50, 2)
    bounded = least_squares(listed, start, (t, y), bounds=(-0.5, np.inf), loss="soft_l1")
    assert bounded.x["offset"] == pytest.approx(-0.5, abs=1e-6)
    with pytest.raises(TypeError, match="lanes of a vmap have no compiled Jacobian"):
        least_squares(lanes, start, (t, y))


@pytest.mark.parametrize("method", ["hybr", "lm", "krylov", "broyden1", "df-sane"])
def test_roots_are_found_by_methods_with_and_without_a_jacobian(method):
    result = root(
        lambda p: {"sum": p["x"] + p["y"] - 3.0, "product": p["x"] * p["y"] - 2.0}, {"x": 0.5, "y": 2.5}, method=method
    )
    assert result.success
    assert [result.x["x"], result.x["y"]] == pytest.approx([1.0, 2.0], abs=1e-4)


# --- what cannot be had --------------------------------------------------------------------------------------------------


def leaving(x):
    """Counts on the numbers, which no trace lets it see."""
    return (x[0] - 1.0) ** 2 * (2.0 if x[0].data < 0 else 1.0) + x[1] ** 2


def test_functions_that_leave_the_graph_run_eagerly():
    with pytest.raises(TracingError):
        minimize(leaving, [-1.0, 1.0])
    for method in ("BFGS", "Newton-CG", "trust-exact", "Nelder-Mead"):
        assert minimize(leaving, [-1.0, 1.0], method=method, jit=False).x == pytest.approx([1.0, 0.0], abs=1e-3)
    assert least_squares(lambda x: [leaving(x)], [-1.0, 1.0], jit=False).cost < 1e-9
    outside = ag.Value(2.0)
    assert root(lambda x: x - outside, 1.0, jit=False).x == pytest.approx(2.0)


def test_numbers_that_are_not_finite_are_handed_on():
    """The logarithm is nan below 0, where a line search looks and comes back from."""
    f = lambda x: x[0] - ag.log(x[0])  # noqa: E731  # one line
    assert minimize(f, [0.01], method="Nelder-Mead").x == pytest.approx([1.0], abs=1e-3)
    assert minimize(f, [0.01], method="trust-exact").x == pytest.approx([1.0], abs=1e-4)
    for jit in (True, False):
        assert np.isnan(minimize(f, [-1.0], jit=jit).fun)


@pytest.mark.parametrize(
    ("f", "x0", "settings", "message"),
    [
        (rosenbrock, [], {}, "x0 has no numbers"),
        (rosenbrock, ["a"], {}, "minimize: x0 holds 'a'"),
        (rosenbrock, [1.0, 2.0], {"hessian": "exact"}, "'exact'; it must be one of auto, products, matrix, none"),
        ("f", [1.0], {}, "the function is of type str"),
        (lambda x: [x[0], x[1]], [1.0, 2.0], {}, "must return one number"),
    ],
)
def test_bad_input_is_refused_by_name(f, x0, settings, message):
    with pytest.raises((TypeError, ValueError), match=message):
        minimize(f, x0, **settings)


def test_without_scipy_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    for solve in (minimize, root, least_squares):
        with pytest.raises(ImportError, match=r"pip install 'autograd_lite\[scipy\]'"):
            solve(lambda x: x, 1.0)


def test_the_module_is_imported_without_scipy():
    code = "import sys, autograd_lite.scipy; print('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"

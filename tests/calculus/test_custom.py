"""Rules of one's own, and memory saved by computing again."""

import copy
import math
import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value, nn
from autograd_lite.engine.sweep import forward, local_derivatives
from tests.strategies import examples

moderate = st.floats(-2.0, 2.0)


def polar(r, t):
    return [r * ag.cos(t), r * ag.sin(t)]


def polar_by_vjp(calls=None):
    """The same with a rule for reverse mode, written with the library's functions."""
    f = ag.custom_vjp(polar)

    def bwd(residuals, g):
        r, t = residuals
        if calls is not None:
            calls.append(g)
        return g[0] * ag.cos(t) + g[1] * ag.sin(t), r * (g[1] * ag.cos(t) - g[0] * ag.sin(t))

    f.defvjp(lambda r, t: (f(r, t), (r, t)), bwd)
    return f


def polar_by_jvp():
    f = ag.custom_jvp(polar)

    @f.defjvp
    def rule(primals, tangents):
        (r, t), (dr, dt) = primals, tangents
        out = [dr * ag.cos(t) - dt * r * ag.sin(t), dr * ag.sin(t) + dt * r * ag.cos(t)]
        return f(r, t), out

    return f


FUNCTIONS = {"custom_vjp": polar_by_vjp(), "custom_jvp": polar_by_jvp(), "checkpoint": ag.checkpoint(polar)}
every_kind = pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)


def mixed(f):
    """A scalar of both outputs, with f applied to its own results."""

    def composed(x):
        a, b = f(x[0] * x[1], x[1])
        c, d = f(a, b)
        return c * d + a * ag.exp(0.1 * b)

    return composed


@every_kind
@examples(25)
@given(r=moderate, t=moderate)
def test_an_opaque_function_has_the_derivatives_of_the_plain_one_to_any_order(f, r, t):
    x, ours, plain = [r, t], mixed(f), mixed(polar)
    # The rules compute the same partials in another form; all terms here stay below some hundreds.
    assert ours(x) == plain(x)
    assert ag.grad(ours)(x) == pytest.approx(ag.grad(plain)(x), rel=1e-12, abs=1e-11)
    second = lambda g: np.array(ag.jacrev(ag.jacrev(g))(x))  # noqa: E731
    assert second(ours) == pytest.approx(second(plain), rel=1e-11, abs=1e-10)


@pytest.mark.parametrize("name", ["custom_jvp", "checkpoint"])
@examples(25)
@given(r=moderate, t=moderate)
def test_a_rule_for_forward_mode_serves_all_transforms(name, r, t):
    ours, plain, x, v = mixed(FUNCTIONS[name]), mixed(polar), [r, t], [1.0, -0.5]
    for transform in (
        lambda g: ag.jvp(g, (x,), (v,))[1],
        lambda g: ag.linearize(g, x)[1](v),
        lambda g: np.array(ag.jacfwd(g)(x)),
        lambda g: np.array(ag.hessian(g)(x)),
        lambda g: np.array(ag.jacfwd(ag.jacfwd(g))(x)),
        lambda g: np.array(ag.hvp(g)(x, v)),
    ):
        assert transform(ours) == pytest.approx(transform(plain), rel=1e-11, abs=1e-10)


@every_kind
def test_backward_goes_through_and_the_function_leaves_no_graph_of_its_own(f):
    r, t = Value(2.0), Value(0.5)
    a, b = f(r, t)
    assert a.args == (r, t)
    assert b.args[:2] == (r, t)
    (a * b).backward()
    assert r.grad == pytest.approx(2.0 * 2.0 * math.sin(0.5) * math.cos(0.5), rel=1e-14)
    assert t.grad == pytest.approx(4.0 * math.cos(1.0), rel=1e-14)
    assert [z for _, z in local_derivatives(b)] == pytest.approx([math.sin(0.5), 2.0 * math.cos(0.5)])
    assert "polar" in ag.draw(a * b).svg
    assert repr(a.op) == "<operation polar>"


def test_a_rule_is_asked_once_for_all_outputs_and_only_where_they_are_used():
    calls = []
    f = polar_by_vjp(calls)
    ag.grad(lambda x: ag.dot(f(x, 2.0 * x), [3.0, 5.0]))(1.0)
    assert calls == [[3.0, 5.0]]
    calls.clear()
    assert ag.grad(lambda x: f(x, 0.5)[1])(1.0) == pytest.approx(math.sin(0.5))
    assert calls == [[0.0, 1.0]]
    tangents = []
    g = ag.custom_jvp(polar)
    g.defjvp(lambda primals, rates: (tangents.append(rates), ag.jvp(polar, primals, rates)[1]))
    assert ag.jvp(lambda x: g(x, 0.5), (2.0,), (3.0,))[1] == pytest.approx([3.0 * math.cos(0.5), 3.0 * math.sin(0.5)])
    assert tangents == [(3.0, 0.0)]


def test_jax_documentation_gradient_clipping_by_a_rule_that_is_not_linear():
    @ag.custom_vjp
    def clip_gradient(lo, hi, x):
        return x

    clip_gradient.defvjp(lambda lo, hi, x: (x, (lo, hi)), lambda res, g: (None, None, ag.clip(g, res[0], res[1])))
    t = 2.5
    assert ag.grad(lambda x: ag.sin(3.0 * clip_gradient(-0.75, 0.75, x)))(t) == 0.75
    assert ag.grad(lambda x: ag.sin(0.1 * clip_gradient(-0.75, 0.75, x)))(t) == pytest.approx(0.1 * math.cos(0.25))
    assert ag.jacrev(lambda x: [9.0 * clip_gradient(-1.0, 1.0, x)])(t) == [1.0]


def test_jax_documentation_log1pexp_keeps_its_derivative_where_the_plain_one_is_nan():
    plain = lambda x: ag.log(1.0 + ag.exp(x))  # noqa: E731
    f = ag.custom_jvp(plain)

    @f.defjvp
    def rule(primals, tangents):
        (x,), (v,) = primals, tangents
        return f(x), (1.0 - 1.0 / (1.0 + ag.exp(x))) * v

    assert math.isnan(ag.grad(plain)(1000.0))
    assert ag.grad(f)(1000.0) == 1.0
    assert ag.grad(f)(3.0) == pytest.approx(0.95257413, rel=1e-7)  # as the documentation prints it
    assert ag.grad(ag.grad(f))(0.0) == pytest.approx(0.25)


def test_jax_documentation_the_fixed_point_is_differentiated_implicitly():
    def iterate(f, a, x):
        for _ in range(200):
            x = f(a, x)
        return x

    fixed_point = ag.custom_vjp(iterate, nondiff_argnums=(0,))

    def forward_rule(f, a, x):
        star = fixed_point(f, a, x)
        return star, (a, star)

    def backward_rule(f, res, g):
        a, star = res
        _, pull_x = ag.vjp(lambda x: f(a, x), star)
        u = g
        for _ in range(200):
            u = g + pull_x(u)[0]
        _, pull_a = ag.vjp(lambda a: f(a, star), a)
        return pull_a(u)[0], None

    fixed_point.defvjp(forward_rule, backward_rule)
    newton_sqrt = lambda a: fixed_point(lambda a, x: 0.5 * (x + a / x), a, a)  # noqa: E731
    assert newton_sqrt(2.0) == pytest.approx(math.sqrt(2.0))
    assert ag.grad(newton_sqrt)(2.0) == pytest.approx(0.35355338, rel=1e-7)  # as the documentation prints it
    assert ag.grad(ag.grad(newton_sqrt))(2.0) == pytest.approx(-0.088388346, rel=1e-7)


def test_arrays_dicts_keywords_and_modules_go_in_and_out():
    @ag.custom_vjp
    def f(p, scale=2.0):
        assert isinstance(p["w"], np.ndarray)
        return {"y": p["w"] * scale, "s": p["w"].sum()}

    f.defvjp(lambda p, scale: (f(p, scale), scale), lambda scale, g: ({"w": g["y"] * scale + g["s"]}, None))
    slopes = ag.grad(lambda p: f(p)["y"][0] + f(p, scale=5.0)["s"])({"w": np.ones(2)})
    assert slopes["w"].tolist() == [3.0, 1.0]
    model, loss = nn.MLP(2, [3, 1], activation="tanh", seed=0), lambda m, x: m(x) ** 2
    saved = ag.grad(lambda m: ag.checkpoint(loss)(m, [1.0, 2.0]))(model)
    assert saved == pytest.approx(ag.grad(loss)(model, [1.0, 2.0]), rel=1e-14)


def test_numbers_alone_make_no_node():
    assert type(FUNCTIONS["custom_vjp"](1.0, 0.0)[0]) is float


# --- errors ----------------------------------------------------------------------------------------------------------------


def test_forward_mode_through_a_rule_for_reverse_mode_names_custom_jvp():
    f = polar_by_vjp()
    for call in (lambda: ag.jvp(lambda x: f(x, x)[0], (1.0,), (1.0,)), lambda: ag.jacfwd(lambda x: f(x, x))(1.0)):
        with pytest.raises(TypeError, match=r"polar is a custom_vjp.*custom_jvp"):
            call()
    x = Value(1.0)
    with pytest.raises(TypeError, match="custom_jvp"):
        forward(f(x, x)[1], {x: 1.0})


def test_a_rule_that_works_on_floats_alone_says_so_where_it_is_to_be_differentiated_again():
    f = ag.custom_vjp(ag.sin)
    f.defvjp(lambda x: (f(x), x), lambda x, g: (g * math.cos(x),))
    assert ag.grad(f)(1.0) == math.cos(1.0)
    with pytest.raises(TypeError, match=r"sin: its bwd fails on Values.*this library's functions"):
        ag.grad(ag.grad(f))(1.0)


def test_a_value_that_a_function_takes_from_around_it_is_refused():
    w = Value(3.0)
    f = ag.checkpoint(lambda x: x * w)
    with pytest.raises(TypeError, match="not among its arguments"):
        ag.grad(f)(1.0)
    inside = ag.checkpoint(lambda x: ag.grad(lambda y: y**3)(x) + ag.grad(ag.exp)(0.0))  # makes Values of its own
    assert ag.grad(inside)(2.0) == 12.0
    assert ag.grad(ag.grad(inside))(2.0) == 6.0


@pytest.mark.parametrize(
    ("bwd", "message"),
    [
        (lambda r, g: g, "bwd returned .*one derivative for each of 1 arguments"),
        (lambda r, g: (g, g), "one derivative for each of 1"),
        (lambda r, g: ([g],), "has the structure list\\(a number\\); wanted is a number"),
    ],
)
def test_a_rule_that_returns_the_wrong_thing_is_told_what_is_wanted(bwd, message):
    f = ag.custom_vjp(ag.sin)
    with pytest.raises(TypeError, match="sin has no rule yet"):
        f(1.0)
    f.defvjp(lambda x: (f(x), None), bwd)
    with pytest.raises(TypeError, match=message):
        ag.grad(f)(1.0)
    f.defvjp(lambda x: f(x), bwd)
    with pytest.raises(TypeError, match=r"fwd returned .*pair"):
        ag.grad(f)(1.0)


def test_a_graph_with_a_custom_function_copies_and_says_why_it_does_not_pickle():
    x = Value(1.0)
    y = FUNCTIONS["custom_vjp"](x, x)[1] * 2.0
    twin = copy.deepcopy(y)
    twin.backward()
    assert x.grad is None
    with pytest.raises(pickle.PicklingError, match="custom function polar"):
        pickle.dumps(y)


@pytest.mark.parametrize("name", ["custom_vjp", "custom_jvp"])
def test_a_wrong_rule_is_found_with_the_place_where_it_differs(name):
    FUNCTIONS[name].check_against(polar, (1.0, 0.5), (-2.0, 3.0))
    wrong = getattr(ag, name)(lambda x, y: [x * x, x * y])
    if name == "custom_vjp":
        wrong.defvjp(lambda x, y: (wrong(x, y), (x, y)), lambda r, g: (2.0 * r[0] * g[0] + r[1] * g[1], r[1] * g[1]))
    else:
        wrong.defjvp(lambda p, t: (wrong(*p), [2.0 * p[0] * t[0], p[1] * t[0] + p[1] * t[1]]))
    reference = lambda x, y: [x * x, x * y]  # noqa: E731
    wrong.check_against(reference, (1.0, 1.0))  # where the two happen to agree
    with pytest.raises(ValueError, match=r"at \(1.0, 3.0\): the derivative \(\w+\) of output 1 by input 1 is 3; .* it is 1"):
        wrong.check_against(reference, (1.0, 1.0), (1.0, 3.0))
    with pytest.raises(ValueError, match="the value of output 0 is 4; by the reference it is 8"):
        wrong.check_against(lambda x, y: [x**3, x * y], (2.0, 2.0))
    with pytest.raises(ValueError, match="the reference a number"):
        wrong.check_against(lambda x, y: x, (2.0, 2.0))


# --- memory --------------------------------------------------------------------------------------------------------------


def peak_of_gradient(piece, pieces):
    def f(x):
        for _ in range(pieces):
            x = piece(x)
        return x

    ag.grad(f)(0.3)  # what is made on first use is not counted
    tracemalloc.start()
    slope = ag.grad(f)(0.3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return slope, peak


def test_checkpoints_save_memory_and_keep_the_derivative():
    def piece(x):
        for _ in range(200):
            x = ag.sin(x) * 1.01
        return x

    slope, peak = peak_of_gradient(piece, 50)
    saved_slope, saved_peak = peak_of_gradient(ag.checkpoint(piece), 50)
    assert saved_slope == pytest.approx(slope, rel=1e-12)
    # 50 pieces of 400 nodes against one at a time: a fiftieth, and what the calls themselves take.
    assert saved_peak < peak / 10

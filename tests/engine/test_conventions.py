"""The values and partials at singular points: what most systems agree on, or where they are inaccurate, the truth.

Numbers from mpmath stand as literals with the expression that made them.
"""

import math

import pytest

import autograd_lite as ag
from autograd_lite import Value, gradients

INF, NAN = math.inf, math.nan


def value_and_partials(function, *point):
    """The value at a point and the partial derivative towards every argument."""
    xs = [Value(x) for x in point]
    out = function(*xs)
    return out.data, gradients(out, xs)


def assert_same(found, wanted):
    """Equal as IEEE numbers: nan to nan, and a zero of either sign to 0."""
    assert len(found) == len(wanted)
    for x, y in zip(found, wanted, strict=True):
        assert x == y or (math.isnan(x) and math.isnan(y)), (found, wanted)


@pytest.mark.parametrize(
    ("function", "point", "value", "partials"),
    [
        pytest.param(ag.sqrt, (0.0,), 0.0, [INF], id="sqrt at 0"),
        pytest.param(abs, (0.0,), 0.0, [0.0], id="abs at 0"),
        pytest.param(ag.sign, (0.0,), 0.0, [0.0], id="sign at 0"),
        pytest.param(ag.relu, (0.0,), 0.0, [0.0], id="relu at 0"),
        pytest.param(ag.maximum, (2.0, 2.0), 2.0, [0.5, 0.5], id="max at a tie"),
        pytest.param(ag.minimum, (2.0, 2.0), 2.0, [0.5, 0.5], id="min at a tie"),
        pytest.param(lambda *xs: ag.max(xs), (1.0, 3.0, 3.0, 3.0), 3.0, [0.0, 1 / 3, 1 / 3, 1 / 3], id="max at a 3-way tie"),
        pytest.param(lambda *xs: ag.min(xs), (1.0, 3.0, 1.0), 1.0, [0.5, 0.0, 0.5], id="min at a tie of three"),
        pytest.param(lambda x: ag.maximum(x, x), (5.0,), 5.0, [1.0], id="max(x, x)"),
        pytest.param(ag.floor, (2.0,), 2.0, [0.0], id="floor"),
        pytest.param(ag.ceil, (2.5,), 3.0, [0.0], id="ceil"),
        pytest.param(ag.round, (2.5,), 2.0, [0.0], id="round halves to even"),
        pytest.param(ag.sqrt, (-1.0,), NAN, [NAN], id="sqrt of a negative"),
        pytest.param(lambda x: x**0.5, (-2.0,), NAN, [NAN], id="root of a negative by pow is never complex"),
        pytest.param(lambda x: x**0, (0.0,), 1.0, [0.0], id="x**0 at 0"),
        pytest.param(lambda x, y: x**y, (0.0, 2.0), 0.0, [0.0, 0.0], id="pow(0, 2)"),
        pytest.param(lambda x, y: x**y, (0.0, 0.0), 1.0, [0.0, 0.0], id="pow(0, 0), both variable"),
        pytest.param(lambda x, y: x**y, (-2.0, 2.0), 4.0, [-4.0, NAN], id="negative base, by the exponent"),
        pytest.param(lambda x: x**-1, (0.0,), INF, [-INF], id="x**-1 at 0"),
        pytest.param(ag.atan2, (0.0, 0.0), 0.0, [NAN, NAN], id="atan2(0, 0)"),
        pytest.param(ag.hypot, (0.0, 0.0), 0.0, [NAN, NAN], id="hypot(0, 0)"),
        pytest.param(lambda *xs: ag.norm(xs), (0.0, 0.0), 0.0, [NAN, NAN], id="norm of zeros"),
        pytest.param(ag.maximum, (1.0, NAN), NAN, [NAN, NAN], id="max with a nan"),
        pytest.param(ag.minimum, (NAN, 1.0), NAN, [NAN, NAN], id="min with a nan"),
        pytest.param(ag.xlogy, (0.0, 0.0), 0.0, [0.0, 0.0], id="xlogy(0, 0)"),
        pytest.param(ag.logaddexp, (-INF, -INF), -INF, [NAN, NAN], id="logsumexp of -inf and -inf"),
        pytest.param(lambda *xs: ag.std(xs), (3.0, 3.0, 3.0), 0.0, [0.0, 0.0, 0.0], id="std of equal values"),
        pytest.param(lambda x: x % 3.0, (-7.0,), 2.0, [1.0], id="% is floored as Python's"),
        pytest.param(lambda x, y: x % y, (-7.0, 3.0), 2.0, [1.0, 3.0], id="% by the divisor"),
        pytest.param(ag.fmod, (-7.0, 3.0), -1.0, [1.0, 2.0], id="fmod truncates"),
        pytest.param(lambda x: ag.clip(x, 0.0, 1.0), (1.0,), 1.0, [1.0], id="clip on its upper edge"),
        pytest.param(lambda x: ag.clip(x, 0.0, 1.0), (0.0,), 0.0, [1.0], id="clip on its lower edge"),
        pytest.param(lambda x: ag.clip(x, 0.0, 1.0), (2.0,), 1.0, [0.0], id="clip outside"),
        pytest.param(lambda x: ag.sqrt(ag.relu(x)), (-1.0,), 0.0, [0.0], id="sqrt(relu(-1)): a structural zero"),
        pytest.param(lambda x: ag.sqrt(ag.clip(x, 0.0)), (-1.0,), 0.0, [0.0], id="sqrt(clip(-1)): a structural zero"),
        pytest.param(lambda x: ag.sqrt(ag.maximum(x, 0.0)), (-1.0,), 0.0, [0.0], id="sqrt(max(-1, 0)): a structural zero"),
        pytest.param(ag.leaky_relu, (0.0,), 0.0, [0.01], id="leaky_relu at 0"),
        pytest.param(ag.hardtanh, (1.0,), 1.0, [0.0], id="hardtanh on its upper edge"),
        pytest.param(ag.hardtanh, (-1.0,), -1.0, [0.0], id="hardtanh on its lower edge"),
        pytest.param(lambda *xs: ag.product(xs), (0.0, 2.0, 3.0), 0.0, [6.0, 0.0, 0.0], id="product with a zero"),
        pytest.param(ag.asinh, (0.0,), 0.0, [1.0], id="asinh at 0"),
        pytest.param(ag.logsigmoid, (0.0,), -math.log(2.0), [0.5], id="logsigmoid at 0"),
        pytest.param(lambda x: 1 / x, (0.0,), INF, [-INF], id="1/0"),
        pytest.param(ag.log, (0.0,), -INF, [INF], id="log(0)"),
        pytest.param(ag.log, (-1.0,), NAN, [-1.0], id="log(-1)"),
        pytest.param(ag.exp, (1000.0,), INF, [INF], id="exp(1000)"),
    ],
)
def test_singular_points_have_the_agreed_value_and_partials(function, point, value, partials):
    found, slopes = value_and_partials(function, *point)
    assert_same([found], [value])
    assert_same(slopes, partials)


@pytest.mark.parametrize(
    ("function", "x", "slope"),
    [
        pytest.param(ag.sigmoid, 40.0, 4.248354255291589e-18, id="sigmoid at 40: exp(-40)/(1+exp(-40))**2"),
        pytest.param(ag.tanh, 20.0, 1.6993417021166355e-17, id="tanh at 20: sech(20)**2"),
        pytest.param(ag.expm1, -50.0, 1.9287498479639178e-22, id="expm1 at -50: exp(-50)"),
        pytest.param(ag.softplus, -745.0, 5e-324, id="softplus at -745: exp(-745) to the last subnormal"),
        pytest.param(ag.softplus, 1000.0, 1.0, id="softplus at 1000"),
        pytest.param(ag.logsigmoid, -1000.0, 1.0, id="logsigmoid at -1000"),
        pytest.param(ag.asinh, 1e200, 1e-200, id="asinh at 1e200"),
        pytest.param(ag.acosh, 1e200, 1e-200, id="acosh at 1e200"),
        pytest.param(lambda x: ag.hypot(x, 1e200), 1e200, math.sqrt(0.5), id="hypot at 1e200"),
        pytest.param(lambda x: ag.hypot(x, 1e-200), 1e-200, math.sqrt(0.5), id="hypot at 1e-200"),
        pytest.param(lambda y: ag.atan2(y, 1e200), 1e200, 0.5e-200, id="atan2 at 1e200"),
        pytest.param(lambda y: ag.atan2(y, 1e-200), 1e-200, 0.5e200, id="atan2 at 1e-200"),
        pytest.param(ag.gelu, 1.0, 1.0833154705876860, id="gelu is exact: ncdf(1) + npdf(1)"),
        pytest.param(lambda x: ag.gelu(x, "tanh"), 1.0, 1.0829640838457826, id="gelu by tanh, on request"),
    ],
)
def test_slopes_keep_their_digits(function, x, slope):
    _, (found,) = value_and_partials(function, x)
    assert found == pytest.approx(slope, rel=1e-14, abs=0.0)


def test_the_second_derivative_of_softplus_keeps_its_digits():
    x = Value(40.0)
    (slope,) = gradients(ag.softplus(x), [x], create_graph=True)
    assert gradients(slope, x) == pytest.approx(4.248354255291589e-18, rel=1e-14, abs=0.0)


@pytest.mark.parametrize("function", [ag.mean, ag.max, ag.min, ag.var, ag.std, ag.softmax, ag.log_softmax])
def test_a_statistic_of_nothing_raises(function):
    with pytest.raises(ValueError, match="0 elements"):
        function([])


def test_the_sum_of_nothing_is_0_and_the_product_1():
    assert (ag.total([]), ag.product([]), ag.dot([], []), ag.norm([])) == (0.0, 1.0, 0.0, 0.0)


def test_variance_divides_by_n_as_numpy_does():
    assert ag.var([1.0, 2.0, 3.0, 4.0]) == 1.25
    assert ag.var([1.0, 2.0, 3.0, 4.0], ddof=1) == 5.0 / 3.0
    assert ag.std([1.0, 3.0], ddof=1) == math.sqrt(2.0)


def test_the_branch_not_taken_cannot_poison_the_derivative():
    x = Value(-2.0)
    y = ag.where(x > 0.0, ag.sqrt(x) * ag.log(x), x * 3.0)
    assert gradients(y, x) == 3.0
    (slope,) = gradients(y, [x], create_graph=True)
    assert slope.data == 3.0
    assert gradients(slope, x) == 0.0


def test_the_loser_of_a_maximum_cannot_poison_the_derivative():
    x = Value(0.0)
    y = ag.maximum(ag.sqrt(x), 1.0 + x)
    assert gradients(y, x) == 1.0


def test_the_element_not_picked_cannot_poison_the_derivative():
    x = Value(0.0)
    assert gradients(ag.pick([ag.sqrt(x), x * 2.0], 1), x) == 2.0

"""Losses against mpmath, at logits of any size."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value, gradients
from autograd_lite.nn.losses import (
    binary_cross_entropy,
    half_squared_error,
    hinge,
    log_loss,
    logistic,
    multivariate_logistic,
    softmax_cross_entropy,
    squared_error,
)
from tests.strategies import examples

logits = st.floats(-1000.0, 1000.0)
probabilities = st.floats(0.0, 1.0)


@given(st.lists(logits, min_size=1, max_size=6), st.data())
def test_softmax_cross_entropy_equals_mpmath(zs, data):
    label = data.draw(st.integers(0, len(zs) - 1))
    xs = [Value(z) for z in zs]
    loss = softmax_cross_entropy(xs, label)
    with mpmath.workdps(60 + 900):  # exp(-2000) beside 1 takes 870 digits
        powers = [mpmath.exp(z) for z in zs]
        probabilities = [float(p / sum(powers)) for p in powers]
        wanted = float(mpmath.log(sum(powers)) - zs[label])
    size = max(abs(z) for z in zs)
    assert loss.data == pytest.approx(wanted, abs=4e-16 * (size + 4))  # a difference of numbers of that size
    onehot = [float(k == label) for k in range(len(zs))]
    slopes = [p - t for p, t in zip(probabilities, onehot, strict=True)]
    assert gradients(loss, xs) == pytest.approx(slopes, abs=4e-16 * (size + 4))


@given(logits, st.sampled_from([0, 1, 0.25]))
def test_binary_cross_entropy_equals_mpmath(z, label):
    x = Value(z)
    loss = binary_cross_entropy(x, label)
    with mpmath.workdps(960):
        p = 1 / (1 + mpmath.exp(-mpmath.mpf(z)))
        wanted = float(-label * mpmath.log(p) - (1 - label) * mpmath.log(1 - p))
        slope = float(p - label)
    assert loss.data == pytest.approx(wanted, rel=1e-14, abs=1e-322)
    if label in (0, 1):
        assert gradients(loss, x) == pytest.approx(slope, rel=1e-14, abs=1e-322)  # all digits, however sure
    else:
        assert gradients(loss, x) == pytest.approx(slope, abs=1e-15)


@pytest.mark.parametrize(
    ("score", "label", "loss", "slope"),
    [(0.25, 1, 0.75, -1.0), (0.25, -1, 1.25, 1.0), (2.0, 1, 0.0, 0.0), (-1000.0, 1, 1001.0, -1.0), (1000.0, 1, 0.0, 0.0)],
)
def test_hinge_is_one_minus_the_margin_and_flat_beyond_it(score, label, loss, slope):
    x = Value(score)
    found = hinge(x, label)
    assert (found.data, gradients(found, x)) == (loss, slope)


@given(st.lists(st.tuples(logits, logits), min_size=1, max_size=5))
def test_squared_error_sums_squared_differences(pairs):
    xs = [Value(x) for x, _ in pairs]
    loss = squared_error(xs, [t for _, t in pairs])
    assert loss.data == pytest.approx(math.fsum((x - t) ** 2 for x, t in pairs), rel=1e-14)
    assert gradients(loss, xs) == pytest.approx([2.0 * (x - t) for x, t in pairs], rel=1e-14)


@given(st.lists(st.tuples(logits, logits), min_size=1, max_size=5))
def test_half_the_squared_error_has_the_slope_output_minus_target(pairs):
    xs = [Value(x) for x, _ in pairs]
    loss = half_squared_error(xs, [t for _, t in pairs])
    assert loss.data == pytest.approx(math.fsum((x - t) ** 2 for x, t in pairs) / 2, rel=1e-14, abs=1e-300)
    assert gradients(loss, xs) == pytest.approx([x - t for x, t in pairs], rel=1e-15, abs=1e-300)
    assert half_squared_error(3.0, 1.0) == 2.0


def test_the_slope_of_softmax_cross_entropy_is_p_minus_onehot():
    xs = [Value(x) for x in (0.0, math.log(2.0), math.log(5.0))]  # p = 1/8, 2/8, 5/8
    slopes = gradients(softmax_cross_entropy(xs, 1), xs)
    assert slopes == pytest.approx([0.125, 0.25 - 1.0, 0.625], abs=4e-16)


def test_softmax_cross_entropy_is_three_nodes_whatever_the_number_of_classes():
    xs = [Value(float(k)) for k in range(10)]
    loss = softmax_cross_entropy(xs, 3)
    assert [len(loss.args), *(len(node.args) for node in loss.args)] == [2, 10, 11]  # logsumexp; pick with its index


@given(st.lists(st.tuples(logits, st.sampled_from([0, 1, 0.25])), min_size=1, max_size=5))
def test_binary_cross_entropy_of_several_outputs_is_the_sum_and_its_slopes_are_sigmoid_minus_label(pairs):
    xs, labels = [Value(z) for z, _ in pairs], [label for _, label in pairs]
    loss = binary_cross_entropy(xs, labels)
    assert loss.data == pytest.approx(math.fsum(binary_cross_entropy(z, t) for z, t in pairs), rel=1e-14, abs=1e-300)
    with mpmath.workdps(500):
        wanted = [float(1 / (1 + mpmath.exp(-mpmath.mpf(z))) - t) for z, t in pairs]
    assert gradients(loss, xs) == pytest.approx(wanted, rel=1e-14, abs=1e-15)


@given(probabilities, probabilities)
def test_log_loss_equals_mpmath(p, t):
    x = Value(p)
    loss = log_loss(x, t)
    if p in (0.0, 1.0):
        assert loss.data == (0.0 if p == t else math.inf)
        return
    with mpmath.workdps(400):  # 1 - p where p is 1e-308
        y = mpmath.mpf(p)
        wanted, slope = -t * mpmath.log(y) - (1 - t) * mpmath.log(1 - y), (1 - t) / (1 - y) - t / y
    # 1 - p and 1 - t are rounded, each by half a unit in the last place of 1, and log(p) is at most 745.
    assert loss.data == pytest.approx(float(wanted), rel=1e-14, abs=2e-16)
    assert gradients(loss, x) == pytest.approx(float(slope), rel=1e-14, abs=4e-16 * float(t / y + (1 - t) / (1 - y)))


def test_log_loss_of_a_sigmoid_is_the_binary_cross_entropy_of_its_logit():
    for z in (-20.0, -1.0, 0.0, 3.0):
        for t in (0, 1, 0.5):
            assert log_loss(ag.sigmoid(z), t) == pytest.approx(binary_cross_entropy(z, t), rel=1e-14, abs=1e-15)
    assert log_loss([0.0, 1.0, 0.25], [0, 1, 1]) == pytest.approx(math.log(4.0), abs=4e-16)


@given(st.lists(logits, min_size=1, max_size=5), st.data())
def test_multivariate_logistic_equals_mpmath(zs, data):
    label = data.draw(st.integers(0, len(zs)))
    xs = [Value(z) for z in zs]
    loss = multivariate_logistic(xs, label)
    with mpmath.workdps(960):
        powers = [mpmath.exp(z) for z in (0.0, *zs)]
        wanted = float(mpmath.log(sum(powers)) - (0.0, *zs)[label])
        slopes = [float(power / sum(powers) - (k == label)) for k, power in enumerate(powers)][1:]
    size = max(abs(z) for z in zs)
    assert loss.data == pytest.approx(wanted, abs=4e-16 * (size + 4))  # a difference of numbers of that size
    assert gradients(loss, xs) == pytest.approx(slopes, abs=4e-16 * (size + 4))


@given(logits, st.sampled_from([0, 1]))
def test_multivariate_logistic_of_two_classes_is_binary_cross_entropy(z, label):
    x = Value(z)
    loss, wanted = multivariate_logistic([x], label), binary_cross_entropy(x, label)
    assert loss.data == pytest.approx(wanted.data, abs=4e-16 * (abs(z) + 4))
    assert gradients(loss, x) == pytest.approx(gradients(wanted, x), abs=4e-16 * (abs(z) + 4))
    assert multivariate_logistic(z, label) == loss.data  # a network's only output stands by itself


@given(logits, st.sampled_from([-1, 1]))
def test_logistic_equals_mpmath_and_binary_cross_entropy(z, label):
    x = Value(z)
    loss = logistic(x, label)
    with mpmath.workdps(960):
        wanted = float(mpmath.log1p(mpmath.exp(-label * mpmath.mpf(z))))
        slope = float(-label / (1 + mpmath.exp(label * mpmath.mpf(z))))
    assert loss.data == pytest.approx(wanted, rel=1e-14, abs=1e-322)
    assert gradients(loss, x) == pytest.approx(slope, rel=1e-14, abs=1e-322)
    assert loss.data == binary_cross_entropy(z, (label + 1) // 2)


# --- all of them: derivatives, lanes, bad input ----------------------------------------------------------------------------

LOSSES = [
    pytest.param(squared_error, [0.25, -1.0, 2.0], id="squared_error"),
    pytest.param(half_squared_error, [0.25, -1.0, 2.0], id="half_squared_error"),
    pytest.param(softmax_cross_entropy, 2, id="softmax_cross_entropy"),
    pytest.param(multivariate_logistic, 3, id="multivariate_logistic"),
    pytest.param(multivariate_logistic, 0, id="multivariate_logistic of the baseline"),
    pytest.param(binary_cross_entropy, [0, 1, 0.25], id="binary_cross_entropy"),
    pytest.param(lambda y, t: log_loss([ag.sigmoid(z) for z in y], t), [0, 1, 0.25], id="log_loss"),
    pytest.param(lambda y, t: logistic(y[0], t) + hinge(y[1], t), -1, id="logistic and hinge"),
]


@pytest.mark.parametrize(("loss", "target"), LOSSES)
@given(ys=st.lists(st.floats(-8.0, 8.0), min_size=3, max_size=3).filter(lambda ys: abs(ys[1] + 1.0) > 1e-2))  # hinge's kink
@examples(20)
def test_the_derivatives_of_a_loss_pass_gradcheck(loss, target, ys):
    assert ag.gradcheck(lambda y: loss(y, target), ys)


@pytest.mark.parametrize(("loss", "target"), LOSSES)
def test_a_loss_is_the_same_compiled_over_many_lanes(loss, target):
    points = np.array([[0.0, 1.0, -2.0], [3.0, 0.5, 0.5], [30.0, -30.0, 0.0], [-700.0, 800.0, 1000.0]])
    targets = np.array([target] * len(points))
    value, slope = ag.jit(ag.vmap(ag.value_and_grad(loss)))(points, targets)
    for k, y in enumerate(points.tolist()):
        eager_value, eager_slope = ag.value_and_grad(loss)(y, target)
        size = 1.0 + max(map(abs, y)) ** 2  # of the terms that are added
        assert value[k] == pytest.approx(eager_value, abs=1e-12 * size)
        assert slope[k] == pytest.approx(eager_slope, abs=1e-12 * size, nan_ok=True)  # log_loss of what rounded to 1


def test_losses_refuse_what_does_not_fit():
    with pytest.raises(IndexError, match="index is 2"):
        softmax_cross_entropy([Value(0.0), Value(1.0)], 2)
    with pytest.raises(ValueError, match="2 outputs and 1 targets"):
        squared_error([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="both"):
        squared_error([1.0, 2.0], 1.0)
    with pytest.raises(ValueError, match="half_squared_error: 2 outputs and 1 targets"):
        half_squared_error([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="binary_cross_entropy: 2 outputs and 3 targets"):
        binary_cross_entropy([1.0, 2.0], [0, 1, 1])
    with pytest.raises(ValueError, match="log_loss: output and target must both be"):
        log_loss([0.5], 1)
    with pytest.raises(IndexError, match="index is 3"):
        multivariate_logistic([1.0, 2.0], 3)
    with pytest.raises(TypeError, match="not defined for str"):
        binary_cross_entropy("high", 1)
    with pytest.raises(TypeError, match="str"):
        squared_error(["1.0"], ["1.0"])

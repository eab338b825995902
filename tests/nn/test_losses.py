"""Losses against mpmath, at logits of any size."""

import math

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Value, gradients
from autograd_lite.nn import binary_cross_entropy, hinge, softmax_cross_entropy, squared_error

logits = st.floats(-1000.0, 1000.0)


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


def test_losses_refuse_what_does_not_fit():
    with pytest.raises(IndexError, match="index is 2"):
        softmax_cross_entropy([Value(0.0), Value(1.0)], 2)
    with pytest.raises(ValueError, match="2 outputs and 1 targets"):
        squared_error([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="both"):
        squared_error([1.0, 2.0], 1.0)

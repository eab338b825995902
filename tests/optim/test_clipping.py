"""Limits to a gradient: norms of any size, directions, and what has none."""

import math
import pickle

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Value
from autograd_lite.optim.clipping import clip_by_norm, clip_by_value
from autograd_lite.optim.sgd import SGD

finite = st.floats(allow_nan=False, allow_infinity=False)
sizes = st.floats(1e-300, 1e300)
ROUNDING = 1e-14
"""For sums of up to ten squares, and for the few operations after it."""


def norm(numbers):
    return mpmath.sqrt(mpmath.fsum(mpmath.mpf(x) ** 2 for x in numbers))


@given(st.lists(finite.filter(lambda x: x == 0.0 or abs(x) > 1e-290), min_size=1, max_size=10), sizes)
def test_the_norm_is_limited_and_the_direction_stays(numbers, limit):
    gradient = np.array(numbers)
    clipped, length = clip_by_norm(limit)(gradient), norm(numbers)
    if length <= limit * (1.0 - ROUNDING):
        assert clipped is gradient
    elif length > limit * (1.0 + ROUNDING):
        assert norm(clipped.tolist()) == pytest.approx(limit, rel=ROUNDING, abs=0.0)
        for x, y in zip(numbers, clipped.tolist(), strict=True):  # a share below 1e-307 is rounded to fewer digits
            assert mpmath.mpf(y) == pytest.approx(mpmath.mpf(x) * limit / length, rel=ROUNDING, abs=1e-300 * limit + 1e-320)


@pytest.mark.parametrize("size", [1e-300, 1e-161, 1e-150, 1.0, 1e150, 3e307])
def test_norms_whose_squares_are_no_doubles_are_right(size):
    clipped = clip_by_norm(0.5 * size)(np.array([3.0 * size, -4.0 * size])).tolist()
    assert clipped == pytest.approx([0.3 * size, -0.4 * size], rel=ROUNDING, abs=0.0)
    assert clip_by_norm(1.0)(np.full(4, 1.7e308)).tolist() == pytest.approx([0.5] * 4, rel=ROUNDING)


@pytest.mark.parametrize("numbers", [[math.nan, 1e9], [math.inf, 1e9], [-math.inf, math.nan], [0.0, -0.0], []])
def test_what_has_no_direction_comes_back_as_it_is(numbers):
    gradient = np.array(numbers)
    assert clip_by_norm(1.0)(gradient) is gradient


@given(st.lists(st.floats(), max_size=10), sizes)
def test_values_are_moved_into_the_limits_infinities_too_and_nan_stays(numbers, limit):
    clipped = clip_by_value(limit)(np.array(numbers)).tolist()
    for x, y in zip(numbers, clipped, strict=True):
        assert math.isnan(y) if math.isnan(x) else y == max(-limit, min(limit, x))


@pytest.mark.parametrize("kind", [clip_by_norm, clip_by_value])
def test_the_gradient_given_is_not_written_on(kind):
    gradient = np.array([3.0, -4.0])
    kind(1.0)(gradient)
    assert gradient.tolist() == [3.0, -4.0]


@pytest.mark.parametrize("kind", [clip_by_norm, clip_by_value])
def test_a_limit_prints_as_it_is_written_compares_and_pickles(kind):
    limit = kind(0.5)
    assert repr(limit) == f"{kind.__name__}(limit=0.5)"
    assert limit == kind(0.5) == pickle.loads(pickle.dumps(limit)) != kind(0.25)


@pytest.mark.parametrize("kind", [clip_by_norm, clip_by_value])
@pytest.mark.parametrize("limit", [0.0, -1.0, math.inf, math.nan])
def test_a_limit_that_is_none_is_refused(kind, limit):
    with pytest.raises(ValueError, match=f"{kind.__name__}: limit is {limit}; it must be a finite number > 0"):
        kind(limit)
    with pytest.raises(TypeError, match=f"{kind.__name__}: limit is None of type NoneType"):
        kind(None)


def test_an_optimiser_clips_before_it_decays_weights():
    x, y = Value(0.0), Value(10.0)
    SGD([x, y], 1.0, weight_decay=0.1, clip=clip_by_norm(1.0)).step([3.0, 4.0])
    assert (x.data, y.data) == pytest.approx((-0.6, 10.0 - 0.8 - 1.0), rel=ROUNDING)


def test_parameters_without_a_derivative_do_not_count_in_the_norm():
    x, y = Value(0.0), Value(1.0)
    x.grad = 5.0
    SGD([x, y], 1.0, clip=clip_by_norm(1.0)).step()
    assert (x.data, y.data) == (-1.0, 1.0)


def test_a_clip_of_ones_own_is_a_function_that_gives_as_many_numbers():
    x = Value(0.0)
    SGD([x], 1.0, clip=np.sign).step([5.0])
    assert x.data == -1.0
    with pytest.raises(TypeError, match=r"SGD: clip is 1.0; give a function, clip_by_norm\(1.0\) say"):
        SGD([x], 1.0, clip=1.0)
    optimizer = SGD([x], 1.0, clip=lambda gradient: gradient[:0])
    with pytest.raises(ValueError, match="0 numbers for 1 parameters"):
        optimizer.step([5.0])
    assert (x.data, optimizer.steps) == (-1.0, 0)

"""check_answer: right answers are right however they are rounded, wrong ones are not, and the key keeps the secret."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.checks.answers import ZERO, answer_key, check_answer
from tests.strategies import examples

DIGITS = st.integers(1, 15)
# Far from the ends of the floats: near 5e-324 a float has fewer digits than are compared.
SIZES = st.one_of(st.floats(1e-250, 1e250), st.floats(0.1, 1e4), st.integers(1, 10**6).map(lambda n: n / 1000))
NUMBERS = st.builds(math.copysign, SIZES, st.sampled_from([-1.0, 1.0]))


def unit(number, digits):
    """One in the last of so many significant digits, exactly."""
    return Fraction(10) ** (Decimal(number).adjusted() - digits + 1)


@examples(200)
@given(number=NUMBERS, digits=DIGITS)
def test_the_right_number_is_right_in_full_and_rounded(number, digits):
    key = answer_key(number, digits)
    assert check_answer(number, key, digits=digits)
    assert check_answer(float(f"{number:.{digits - 1}e}"), key, digits=digits)


@examples(300)
@given(right=NUMBERS, digits=DIGITS, share=st.floats(-0.5, 0.5, exclude_min=True, exclude_max=True))
def test_what_is_nearer_than_half_a_unit_of_the_last_digit_is_right(right, digits, share):
    answer = float(Fraction(right) + Fraction(share) * unit(right, digits))
    smaller = min(unit(right, digits), unit(answer, digits))
    assume(abs(Fraction(answer) - Fraction(right)) < smaller / 2)
    assert check_answer(answer, answer_key(right, digits), digits=digits)


@examples(300)
@given(right=NUMBERS, digits=st.integers(1, 12), factor=st.floats(1.51, 1e3), sign=st.sampled_from([-1, 1]))
def test_what_is_farther_off_than_one_and_a_half_units_is_not(right, digits, factor, sign):
    assume(abs(right) >= ZERO)  # what is nearer to 0 is 0, and so is what is near to it
    answer = float(Fraction(right) + sign * Fraction(factor) * unit(right, digits))
    larger = max(unit(right, digits), unit(answer or right, digits))
    assume(abs(Fraction(answer) - Fraction(right)) > Fraction(3, 2) * larger)
    assert not check_answer(answer, answer_key(right, digits), digits=digits)


@examples(100)
@given(whole=st.integers(100, 999), exponent=st.integers(-20, 20), side=st.sampled_from([-math.inf, 0.0, math.inf]))
def test_an_answer_on_a_rounding_boundary_and_its_neighbours_are_right(whole, exponent, side):
    boundary = float(Fraction(2 * whole + 1, 2) * Fraction(10) ** exponent)  # 123.5, say
    right = boundary if side == 0.0 else math.nextafter(boundary, side)
    for answer in (math.nextafter(boundary, -math.inf), boundary, math.nextafter(boundary, math.inf)):
        assert check_answer(answer, answer_key(right))


@pytest.mark.parametrize(("right", "answer"), [(9.996, 10.0), (9.996, 9.9951), (10.0, 9.9951), (10.04, 10.0), (-9.996, -10)])
def test_a_power_of_ten_is_no_boundary(right, answer):
    assert check_answer(answer, answer_key(right))


def test_zero_is_what_rounding_leaves_of_it_and_nothing_larger():
    key = answer_key(0.0)
    assert check_answer(-0.0, key)
    assert answer_key(-0.0) == key
    assert check_answer(1.0 - 10 * 0.1, key)
    assert check_answer(math.sin(math.pi), key)
    assert not check_answer(1e-11, key)
    assert not check_answer(0.0, answer_key(1e-11))
    assert check_answer(1e-13, answer_key(1e-13))


def test_what_is_not_finite_has_one_spelling():
    for number in (math.inf, -math.inf, math.nan):
        key = answer_key(number)
        assert [bool(check_answer(answer, key)) for answer in (math.inf, -math.inf, math.nan, 1.0)].count(True) == 1
        assert check_answer(np.float32(number), key)


@examples(100)
@given(text=st.text(), blanks=st.sampled_from(["", " ", "\n\t"]))
def test_case_and_blanks_of_a_text_do_not_matter(text, blanks):
    assert check_answer(f"{blanks}{text.upper()}{blanks}", answer_key(text.upper().casefold()))
    assert not check_answer(f"{text}x", answer_key(text))


def test_whole_numbers_values_arrays_and_numpy_scalars_are_numbers():
    key = answer_key(5.5)
    x = ag.Value(2.0)
    for answer in (5.5, x * 2.75, np.float64(5.5), np.float32(5.5), np.array(5.5), Fraction(11, 2)):
        assert check_answer(answer, key)
    assert check_answer(np.int64(32), answer_key(32))
    assert check_answer(32.0, answer_key(32))
    assert check_answer(10**400, answer_key(10**400))


def test_truth_is_no_number_and_no_text():
    assert check_answer(ag.Value(3.0) > 0, answer_key(True))
    assert check_answer(np.bool_(False), answer_key(False))
    for wrong in (False, 1, 1.0, "True"):
        assert not check_answer(wrong, answer_key(True))


def test_the_parts_of_a_list_are_compared_each_in_its_place():
    key = answer_key([1.0, [2.5, "relu"], True])
    assert check_answer((1, [ag.Value(2.5), " ReLU"], True), key)
    assert check_answer(np.eye(2), answer_key([[1, 0], [0, 1]]))
    for wrong in ([2.5, [1.0, "relu"], True], [1.0, 2.5, "relu", True], [1.0, [2.5, "relu"]], 1.0, []):
        assert not check_answer(wrong, key)
    assert not check_answer([5.5], answer_key(5.5))
    assert check_answer([], answer_key(()))


def test_a_function_is_compared_by_its_values_at_the_points():
    at = [(0.5, 2.0), (1.0, 3.0), (-4.0, 0.25)]
    key = answer_key(lambda x, y: x * y, at=at)
    assert check_answer(ag.grad(lambda x, y: x * x * y / 2), key, at=at)
    assert check_answer(lambda x, y: np.float64(y) * x, key, at=at)
    assert not check_answer(lambda x, y: x + y, key, at=at)
    assert not check_answer(lambda x, y: ..., key, at=at).answered
    with pytest.raises(TypeError, match="the answer is a float; a function was asked for: def answer"):
        check_answer(1.0, key, at=at)
    with pytest.raises(TypeError, match=r"no points `at` are given; was a call, answer\(...\), forgotten"):
        check_answer(math.sin, answer_key(0.0))


@pytest.mark.parametrize("unfilled", [..., None, [..., ...], [1.0, None]])
def test_what_is_not_filled_in_is_not_wrong_but_no_answer_yet(unfilled):
    verdict = check_answer(unfilled, answer_key([1.0, 2.0]), hint="Count the paths.")
    assert (verdict.answered, verdict.right, bool(verdict)) == (False, False, False)
    assert repr(verdict) == "No answer yet. Count the paths."


def test_the_verdict_is_a_sentence_with_the_hint_until_the_answer_is_right():
    key = answer_key(5.5)
    assert repr(check_answer(5.5, key, hint="Count.")) == "Right."
    assert repr(check_answer(4.0, key, hint="Count.")) == "Not yet. Count."
    assert repr(check_answer(4.0, key)) == "Not yet."


def test_the_key_tells_nothing_about_the_answer_but_the_number_of_its_parts():
    for answer in (123456, 0.5, "a text that is far longer than any key", True):
        assert len(answer_key(answer)) == 6
    assert len({answer_key(number, digits=4) for number in range(1, 1001)}) == 1000  # neighbours have no key in common
    first, second = answer_key([5.5, 5.5]).split("-")
    assert first != second != answer_key(5.5)  # and one part's is not found again in another place


def test_keys_stay_what_they_are_since_lessons_are_written_with_them():
    assert answer_key(5.5) == "956897"
    assert answer_key("relu") == "6d8178"
    assert answer_key([1, 2.5]) == "62b475-9e753d"


@pytest.mark.parametrize("key", ["", "5.5", "12345", "1234567", "ABCDEF", "123456-", "123456,123456", "123456\n"])
def test_a_malformed_key_is_refused_and_the_way_to_make_one_named(key):
    with pytest.raises(ValueError, match=r"copy what answer_key\(right_answer\) returns"):
        check_answer(..., key)


def test_what_cannot_be_compared_is_refused():
    key = answer_key(1.0)
    for answer in ({1.0}, {"a": 1.0}, 1j, object(), b"relu"):
        with pytest.raises(TypeError, match=f"type {type(answer).__name__} cannot be compared"):
            check_answer(answer, key)
    with pytest.raises(TypeError, match="type ellipsis cannot be compared"):
        answer_key([1.0, ...])
    with pytest.raises(TypeError, match="must be texts, not float and str"):
        check_answer(1.0, 5.5)
    for digits in (0, 16, 3.0, True):
        with pytest.raises(ValueError, match="a whole number from 1 to 15"):
            check_answer(1.0, key, digits=digits)


def test_a_zero_that_rounding_left_inexact_is_a_zero():
    assert check_answer(0.0, answer_key(0.1 + 0.2 - 0.3))
    assert check_answer(0.1 + 0.2 - 0.3, answer_key(0.0))

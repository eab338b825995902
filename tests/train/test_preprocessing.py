"""Preprocessing: statistics as scikit-learn takes them, inverses, bad rows, and splits."""

import json
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.preprocessing import MinMaxScaler as TheirMinMaxScaler
from sklearn.preprocessing import StandardScaler

from autograd_lite.train.datasets import SOURCES
from autograd_lite.train.job import parts_of
from autograd_lite.train.preprocessing import Centerer, MinMaxScaler, Standardizer, stratified_split
from autograd_lite.train.whitening import Whitener

NUMBERS = st.integers(-(10**6), 10**6).map(lambda k: k / 1000)
ROWS = st.lists(st.lists(NUMBERS, min_size=3, max_size=3), min_size=1, max_size=20)
SCALERS = (Centerer, Standardizer, MinMaxScaler)
each_scaler = pytest.mark.parametrize("scaler", SCALERS)
KINDS = (*SCALERS, Whitener)
each_kind = pytest.mark.parametrize("kind", KINDS)
REGULAR = [[0.0, 1.0, 5.0], [2.0, -1.0, 3.0], [1.0, 1.0, -4.0], [7.0, 0.5, 0.25], [-3.0, 2.0, 1.0]]


@given(rows=ROWS)
def test_centred_columns_have_the_mean_0(rows):
    assert np.allclose(np.mean(Centerer.fitted(rows)(rows), axis=0), 0.0, rtol=0, atol=1e-12)  # of numbers up to 1e3


@given(rows=ROWS)
def test_standardised_columns_have_the_mean_0_and_the_variance_1_or_0_where_they_are_constant(rows):
    found, array = np.array(Standardizer.fitted(rows)(rows)), np.array(rows)
    constant = array.min(axis=0) == array.max(axis=0)
    # A spread of 1e-4 and more below a mean of 1e3 keeps nine digits.
    assert np.allclose(found.mean(axis=0), 0.0, rtol=0, atol=1e-8)
    assert np.allclose(found.var(axis=0), np.where(constant, 0.0, 1.0), rtol=0, atol=1e-8)
    assert (found[:, constant] == 0.0).all()


@given(rows=ROWS)
def test_scaled_columns_go_from_low_to_high_exactly(rows):
    found, array = np.array(MinMaxScaler.fitted(rows, low=-0.3, high=0.7)(rows)), np.array(rows)
    constant = array.min(axis=0) == array.max(axis=0)
    ends = found[array.argmin(axis=0), range(3)], found[array.argmax(axis=0), range(3)]
    assert (ends[0] == -0.3).all()
    assert (ends[1] == np.where(constant, -0.3, 0.7)).all()
    assert (abs(found - 0.2) <= 0.5 + 1e-15).all()  # one rounding between the ends


@given(rows=ROWS)
def test_scales_are_those_of_scikit_learn(rows):
    array = np.array(rows)
    for ours, theirs in (
        (Standardizer.fitted(rows), StandardScaler()),
        (MinMaxScaler.fitted(rows, low=-2.0, high=3.0), TheirMinMaxScaler((-2.0, 3.0))),
    ):
        # Their sums are rounded otherwise, relatively to numbers up to 1e3 above a spread of 1e-4.
        assert np.allclose(ours(array), theirs.fit_transform(array), rtol=1e-8, atol=1e-8)


@each_scaler
@given(rows=ROWS, others=ROWS)
def test_the_inverse_gives_the_rows_back(scaler, rows, others):
    fitted = scaler.fitted(rows)
    there = fitted.inverse(fitted(others))
    # A rounding of what was scaled up, by 1e3 / 1e-4 at most, and of numbers up to 1e3.
    assert np.allclose(there, others, rtol=1e-12, atol=1e-11)


@each_kind
def test_arrays_give_arrays_and_lists_give_lists_of_floats_with_the_same_numbers(kind):
    fitted = kind.fitted(REGULAR)
    assert fitted == kind.fitted(np.array(REGULAR))
    for method in (fitted, fitted.inverse):
        lists, array = method(REGULAR), method(np.array(REGULAR))
        assert isinstance(array, np.ndarray)
        assert {type(x) for row in lists for x in row} == {float}
        assert lists == array.tolist()
        assert method([]) == []
        assert method(np.empty((0, 3))).shape == (0, 3)
    assert fitted(row for row in REGULAR) == fitted(REGULAR)
    assert fitted(np.array(REGULAR, dtype=np.float32)).dtype == np.float64


@each_kind
def test_what_was_given_stays_as_it_is(kind):
    array = np.array(REGULAR)
    fitted = kind.fitted(array)
    fitted.inverse(fitted(array))
    assert array.tolist() == REGULAR


@each_kind
def test_a_record_is_plain_data_from_which_the_same_is_made(kind):
    fitted = kind.fitted(REGULAR)
    assert kind(**json.loads(json.dumps(fitted.record()))) == fitted
    assert hash(fitted) == hash(kind.fitted(REGULAR))


@each_kind
@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_named_with_its_row_and_column(kind, wrong):
    bad = [list(row) for row in REGULAR]
    bad[3][1] = wrong
    fitted = kind.fitted(REGULAR)
    for method in (kind.fitted, fitted, fitted.inverse):
        for rows in (bad, np.array(bad)):
            with pytest.raises(ValueError, match=f"{kind.__name__}: row 3, column 1 is {wrong}; all numbers must be finite"):
                method(rows)


@each_kind
@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ([[1.0, 2.0, 3.0], [1.0, 2.0]], ValueError, "row 1 has 2 numbers; it must have 3"),
        ([[1.0, 2.0]], ValueError, "row 0 has 2 numbers; it must have 3"),
        (np.zeros((4, 2)), ValueError, r"shape \(4, 2\); it must have two dimensions, rows and 3 columns"),
        (np.zeros(3), ValueError, r"shape \(3,\)"),
        ([1.0, 2.0, 3.0], ValueError, r"row 0 is 1.0; it must be a sequence of numbers: of one number, write \[x\]"),
        ([["1", "2", "3"]], TypeError, "no number"),
        ([[None, 1.0, 2.0]], TypeError, "no number"),
        ([[Fraction(1, 2), 1.0, 2.0]], TypeError, "no number"),
        ([[1j, 1.0, 2.0]], TypeError, "complex128"),
        ([[[1.0], 1.0, 2.0]], ValueError, "no rows of numbers"),
    ],
)
def test_rows_that_do_not_fit_are_refused(kind, rows, error, message):
    fitted = kind.fitted(REGULAR)
    for method in (fitted, fitted.inverse):
        with pytest.raises(error, match=f"{kind.__name__}: .*{message}"):
            method(rows)


@each_kind
def test_statistics_of_nothing_are_refused(kind):
    for rows in ([], [[]], np.empty((0, 3)), np.empty((3, 0))):
        with pytest.raises(ValueError, match=f"{kind.__name__}: there are no rows"):
            kind.fitted(rows)
    with pytest.raises(ValueError, match="row 1 has 1 numbers; it must have 2"):
        kind.fitted([[1.0, 2.0], [1.0]])


def test_digits_with_their_constant_pixels_are_scaled_as_scikit_learn_scales_them():
    pixels = load_digits().data
    assert (pixels.min(axis=0) == pixels.max(axis=0)).sum() == 3
    # 1,797 numbers, added up in two orders.
    assert np.allclose(Standardizer.fitted(pixels)(pixels), StandardScaler().fit_transform(pixels), rtol=1e-12, atol=1e-12)
    assert np.allclose(MinMaxScaler.fitted(pixels)(pixels), TheirMinMaxScaler().fit_transform(pixels), rtol=0, atol=1e-15)


@given(rows=ROWS)
def test_mean_and_scale_are_those_of_numpy(rows):
    found, array = Standardizer.fitted(rows), np.array(rows)
    constant = array.min(axis=0) == array.max(axis=0)
    # Numpy adds in another order: a few roundings of the largest number.
    assert np.allclose(found.mean, array.mean(axis=0), rtol=0, atol=1e-11)
    assert np.allclose(found.scale, np.where(constant, 1.0, array.std(axis=0)), rtol=1e-9, atol=1e-11)
    assert np.allclose(found(rows), (array - found.mean) / found.scale, rtol=1e-15, atol=0)


def test_a_constant_column_becomes_zero_even_where_its_mean_is_rounded():
    rows = [[0.1, float(k)] for k in range(10)]
    assert Standardizer.fitted(rows).scale[0] == 1.0
    assert all(abs(first) < 1e-15 for first, _ in Standardizer.fitted(rows)(rows))


@pytest.mark.parametrize("size", [1e-300, 1e-200, 1.0, 1e200])
def test_columns_of_any_size_are_standardised(size):
    # Squares of such numbers leave the floats on either side.
    assert Standardizer.fitted([[size], [3.0 * size]])([[size], [3.0 * size]]) == [
        [pytest.approx(-1.0)],
        [pytest.approx(1.0)],
    ]


def test_the_test_part_is_scaled_by_what_the_training_part_shows():
    dataset = SOURCES["iris"].load()
    preprocessing, _, training, test = parts_of(dataset)
    kept, held_out = (np.array(dataset.features)[places] for places in stratified_split(dataset.targets))
    assert np.array_equal(training.features, kept)
    assert np.allclose(preprocessing(kept), (kept - kept.mean(axis=0)) / kept.std(axis=0), rtol=0, atol=1e-12)
    assert np.allclose(preprocessing(test.features), (held_out - kept.mean(axis=0)) / kept.std(axis=0), rtol=0, atol=1e-12)
    assert (len(training.targets), len(test.targets)) == (120, 30)


def test_what_is_standardised_are_floats_of_python():
    rows = SOURCES["iris"].load().features
    assert {type(x) for row in Standardizer.fitted(rows)(rows) for x in row} == {float}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Standardizer.fitted([]), "no rows"),
        (lambda: Standardizer.fitted([[1e308], [1e308], [-1e308]]), "make the data smaller"),
        (lambda: Standardizer.fitted([[1.7e308], [-1.7e308], [-1.7e308]]), "make the data smaller"),
        (lambda: Standardizer((0.0,), (1.0, 1.0)), "1 of mean and 2 of scale"),
        (lambda: Standardizer((0.0,), (0.0,)), "above 0"),
        (lambda: Standardizer((float("nan"),), (1.0,)), "finite"),
        (lambda: Centerer((float("inf"),)), "finite"),
        (lambda: Centerer.fitted([[1e308], [1e308], [-1e308]]), "make the data smaller"),
        (lambda: MinMaxScaler((0.0,), (-1.0,)), "from 0.0 to -1.0; it must go up"),
        (lambda: MinMaxScaler.fitted([[1.7e308], [-1.7e308]]), "not overflow"),
        (lambda: MinMaxScaler((0.0,), (1.0, 2.0)), "1 of minimum and 2 of maximum"),
        (lambda: MinMaxScaler.fitted([[1.0], [2.0]], low=1.0), "low is 1.0 and high 1.0"),
        (lambda: MinMaxScaler.fitted([[1.0], [2.0]], high=float("inf")), "low must be finite, and below high"),
        (lambda: stratified_split([0, 0, 1]), "class 1 has one sample"),
        (lambda: stratified_split([0, 0], 1.0), "between 0 and 1"),
    ],
)
def test_what_cannot_be_done_is_said(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@given(
    sizes=st.lists(st.integers(2, 40), min_size=1, max_size=5),
    share=st.floats(0.01, 0.99),
    seed=st.integers(0, 9),
    data=st.data(),
)
def test_the_split_takes_the_same_share_of_every_class_and_loses_nothing(sizes, share, seed, data):
    targets = data.draw(st.permutations([label for label, size in enumerate(sizes) for _ in range(size)]))
    training, test = stratified_split(targets, share, seed)
    assert sorted(training + test) == list(range(len(targets)))
    assert (training, test) == (sorted(training), sorted(test))
    for label, size in enumerate(sizes):
        count = [targets[place] for place in test].count(label)
        assert 1 <= count <= size - 1
        assert abs(count - share * size) <= 1.0  # half a sample by rounding; near the ends a whole one


def test_the_split_is_the_same_everywhere_and_follows_its_seed():
    targets = [k % 3 for k in range(30)]
    assert stratified_split(targets) == stratified_split(targets)
    assert stratified_split(targets)[1] == [2, 13, 21, 23, 24, 28]
    assert stratified_split(targets, seed=1)[1] != stratified_split(targets)[1]


class Frame:
    """A table as other libraries have them: it can become an array, and its items are the names of its columns."""

    def __array__(self, dtype=None, copy=None):
        return np.array([[1.0, 5.0], [3.0, 5.0]], dtype=dtype)

    def __iter__(self):
        return iter(["width", "height"])


def test_what_can_become_an_array_is_taken_as_one():
    standardizer = Standardizer.fitted(Frame())
    assert standardizer == Standardizer((2.0, 5.0), (1.0, 1.0))
    assert np.array_equal(standardizer(Frame()), [[-1.0, 0.0], [1.0, 0.0]])


def test_a_split_without_a_seed_has_every_class_in_both_parts():
    training, test = stratified_split([0, 1] * 4, 0.25, None)
    assert (len(training), len(test)) == (6, 2)
    assert sorted(training + test) == list(range(8))

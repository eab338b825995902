import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite.train.datasets import SOURCES
from autograd_lite.train.job import parts_of
from autograd_lite.train.preprocessing import Standardizer, stratified_split

ROWS = st.lists(
    st.lists(st.integers(-(10**6), 10**6).map(lambda k: k / 1000), min_size=3, max_size=3), min_size=1, max_size=20
)


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
        (lambda: Standardizer((0.0,), (1.0, 1.0)), "1 means and 2 scales"),
        (lambda: Standardizer((0.0,), (0.0,)), "above 0"),
        (lambda: Standardizer((float("nan"),), (1.0,)), "finite"),
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

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, mean_squared_error, r2_score

from autograd_lite.nn import squared_error
from autograd_lite.train import Standardizer
from autograd_lite.train.tasks import Classification, Regression, described

NUMBERS = st.integers(-(10**6), 10**6).map(lambda k: k / 1000)
PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=2, max_size=30)
LABELS = st.lists(st.tuples(*[st.sampled_from("abc")] * 2), min_size=1, max_size=30)
SCALED = Regression(Standardizer((100.0,), (4.0,)))


@given(LABELS)
def test_accuracy_is_that_of_scikit_learn(pairs):
    predicted, actual = map(list, zip(*pairs, strict=True))
    assert Classification(("a", "b", "c")).scores(predicted, actual) == {"accuracy": accuracy_score(actual, predicted)}


@given(PAIRS)
def test_r2_and_rmse_are_those_of_scikit_learn(pairs):
    predicted, actual = map(list, zip(*pairs, strict=True))
    scores = SCALED.scores(predicted, actual)
    assert scores["RMSE"] == pytest.approx(math.sqrt(mean_squared_error(actual, predicted)), rel=1e-12)
    assume(max(actual) - min(actual) > 1e-2)  # two numbers that are nearly equal cancel in scikit-learn's sums
    assert scores["R²"] == pytest.approx(r2_score(actual, predicted), rel=1e-9, abs=1e-9)


def test_r2_of_equal_numbers_is_undefined_and_huge_numbers_do_not_overflow():
    assert described(SCALED.scores([1.0, 2.0], [5.0, 5.0])) == "R² undefined, RMSE 3.53553"
    assert described(SCALED.scores([0.0, 0.0], [1e200, -1e200])) == "R² 0.0000, RMSE 1e+200"


def test_a_number_is_learnt_in_units_of_its_deviation_and_predicted_in_its_own():
    assert SCALED.loss(0.5, 106.0) == squared_error(0.5, 1.5)
    assert SCALED.prediction([1.5]) == (106.0,)


@given(st.lists(st.floats(-1e300, 1e300), min_size=2, max_size=5))
def test_probabilities_are_a_distribution_with_its_peak_at_the_prediction(logits):
    names = tuple("abcde"[: len(logits)])
    name, *probabilities = Classification(names).prediction(logits)
    assert math.fsum(probabilities) == pytest.approx(1.0, rel=1e-14)
    assert probabilities[names.index(name)] == max(probabilities)
    assert all(0.0 <= p <= 1.0 for p in probabilities)

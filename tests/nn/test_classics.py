"""Neurons and learning rules from before backpropagation: truth tables, Novikoff's bound, Oja's principal component."""

import itertools
import math
import random
import warnings

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autograd_lite.nn.classics import NotSeparableWarning, Perceptron, ThresholdUnit, hebbian_update, oja_update

CORNERS = [(0, 0), (0, 1), (1, 0), (1, 1)]


# --- McCulloch and Pitts --------------------------------------------------------------------------------------------------


def test_threshold_units_are_the_gates():
    conjunction, disjunction, negation = ThresholdUnit((1, 1), 2), ThresholdUnit((1, 1), 1), ThresholdUnit((-1,), 0)
    assert [conjunction(x) for x in CORNERS] == [a & b for a, b in CORNERS]
    assert [disjunction(x) for x in CORNERS] == [a | b for a, b in CORNERS]
    assert [negation([a]) for a in (0, 1)] == [1, 0]


def test_two_layers_of_threshold_units_are_exclusive_or():
    either, both, only = ThresholdUnit((1, 1), 1), ThresholdUnit((1, 1), 2), ThresholdUnit((1, -1), 1)
    assert [only([either(x), both(x)]) for x in CORNERS] == [a ^ b for a, b in CORNERS]


def test_one_threshold_unit_is_not_exclusive_or():
    small = [k / 2 for k in range(-6, 7)]
    truth = [a ^ b for a, b in CORNERS]
    units = (ThresholdUnit((v, w), t) for v, w, t in itertools.product(small, small, small))
    assert not any([unit(x) for x in CORNERS] == truth for unit in units)


def test_a_threshold_unit_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="must be weights"):
        ThresholdUnit((), 1)
    with pytest.raises(ValueError, match="must be finite"):
        ThresholdUnit((1.0, math.nan), 1)
    with pytest.raises(ValueError, match="must have equally many"):
        ThresholdUnit((1, 1), 1)([1])


# --- Hebb and Oja ---------------------------------------------------------------------------------------------------------

vectors = st.lists(st.integers(-9, 9), min_size=3, max_size=3)


@given(vectors, vectors, st.integers(-3, 3))
def test_hebbs_update_adds_rate_times_output_times_input(w, x, y):
    assert hebbian_update(w, x, y, 0.5) == (np.array(w) + 0.5 * y * np.array(x)).tolist()


def test_hebbs_rule_stores_a_pattern_that_half_of_it_recalls():
    pattern = [1, -1, 1, 1, -1, -1]
    memory = [hebbian_update([0.0] * 6, pattern, y, 1.0) for y in pattern]  # one neuron for each element
    part = [1, -1, 1, 0, 0, 0]
    assert [1 if np.dot(w, part) > 0 else -1 for w in memory] == pattern


def test_hebbs_weights_grow_without_end_and_ojas_become_the_first_principal_component():
    generator = random.Random(4)
    samples = [
        (2.0 * a + b, a - b, 0.3 * b) for a, b in ((generator.gauss(0, 1), generator.gauss(0, 0.5)) for _ in range(5000))
    ]
    hebb = oja = [0.1, 0.1, 0.1]
    for x in samples:
        oja = oja_update(oja, x, float(np.dot(oja, x)), 0.002)
    for x in samples[:200]:
        hebb = hebbian_update(hebb, x, float(np.dot(hebb, x)), 0.1)
    assert np.linalg.norm(hebb) > 1e6
    _, directions = np.linalg.eigh(np.cov(np.transpose(samples)))
    # The weights go on trembling with each sample, by about √rate.
    assert abs(directions[:, -1] @ oja) == pytest.approx(1.0, abs=0.05)
    assert np.linalg.norm(oja) == pytest.approx(1.0, abs=0.05)


def test_updates_refuse_another_number_of_inputs():
    for update in (hebbian_update, oja_update):
        with pytest.raises(ValueError, match="2 weights were given 3 inputs"):
            update([0.0, 0.0], [1.0, 2.0, 3.0], 1.0, 0.1)


# --- Rosenblatt -----------------------------------------------------------------------------------------------------------

points = st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5), st.integers(-5, 5)), min_size=1, max_size=30)
hyperplanes = st.tuples(*[st.integers(-3, 3)] * 4)


@given(points, hyperplanes)
def test_on_separable_data_it_makes_at_most_radius_over_margin_squared_mistakes(samples, hyperplane):
    """Novikoff's theorem, in whole numbers, so that no rounding can excuse a mistake."""
    extended = np.array([(*x, 1) for x in samples])
    heights = extended @ np.array(hyperplane)
    assume(heights.all())
    labels = np.sign(heights).tolist()
    radius_squared = int((extended**2).sum(axis=1).max())
    margin_squared = int((heights**2).min()) / int(np.dot(hyperplane, hyperplane))
    bound = radius_squared / margin_squared
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        perceptron = Perceptron(3).fit(samples, labels, max_epochs=math.ceil(bound) + 2)  # each but the last has a mistake
    assert perceptron.mistakes <= bound
    assert [perceptron(x) for x in samples] == labels


def test_on_exclusive_or_it_stops_with_a_warning():
    with pytest.warns(NotSeparableWarning, match="mistakes in the last of 50 epochs") as caught:
        perceptron = Perceptron(2).fit(CORNERS, [-1, 1, 1, -1], max_epochs=50)
    assert caught[0].filename == __file__  # it points at the caller
    assert any(perceptron(x) != label for x, label in zip(CORNERS, [-1, 1, 1, -1], strict=True))


def test_the_rule_by_hand():
    """From w = 0, b = 0: (1, 0) is not found +, so w = (1, 0), b = 1; (0, 1) is not found -, so w = (1, -1), b = 0."""
    perceptron = Perceptron(2).fit([(1, 0), (0, 1)], [1, -1])
    assert (perceptron.weights, perceptron.bias, perceptron.mistakes) == ([1.0, -1.0], 0.0, 2)


def test_arrays_do_as_well_as_lists():
    perceptron = Perceptron(2).fit(np.array(CORNERS), np.array([-1, -1, -1, 1]))
    assert [perceptron(x) for x in np.array(CORNERS)] == [-1, -1, -1, 1]


@pytest.mark.parametrize(
    ("fit", "message"),
    [
        (lambda: Perceptron(0), "number of inputs is 0"),
        (lambda: Perceptron(2.5), "number of inputs is 2.5"),
        (lambda: Perceptron(2).fit([], []), "0 samples and 0 labels"),
        (lambda: Perceptron(2).fit(CORNERS, [1]), "4 samples and 1 labels"),
        (lambda: Perceptron(2).fit([(0, 1, 2)], [1]), "must be 2 finite numbers"),
        (lambda: Perceptron(2).fit([(0, math.nan)], [1]), "must be 2 finite numbers"),
        (lambda: Perceptron(2).fit([(0, 1)], [0]), "a label is 0; it must be -1 or 1"),
        (lambda: Perceptron(2).fit(CORNERS, [1, 1, 1, -1], max_epochs=0), "number of epochs is 0"),
    ],
)
def test_a_perceptron_refuses_what_does_not_fit(fit, message):
    with pytest.raises(ValueError, match=message):
        fit()

"""Initialisers: their distributions against scipy's, what they draw, and why weights must not start equal."""

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from autograd_lite.nn.initializers import (
    INITIALIZERS,
    constant,
    generator_of,
    initializer_named,
    normal,
    sparse,
    uniform_in,
)
from autograd_lite.nn.layers import MLP, Layer
from autograd_lite.nn.losses import half_squared_error
from autograd_lite.optim.sgd import SGD

NIN, NOUT = 50, 30
UNIFORM = {
    "uniform": 1.0,
    "xavier": math.sqrt(6 / (NIN + NOUT)),
    "xavier_uniform": math.sqrt(6 / (NIN + NOUT)),
    "he": math.sqrt(6 / NIN),
    "he_uniform": math.sqrt(6 / NIN),
    uniform_in(0.25): 0.25,
}
"""The bounds that the papers give."""
NORMAL = {
    "small_normal": 0.01,
    "lecun_normal": 1 / math.sqrt(NIN),
    "xavier_normal": math.sqrt(2 / (NIN + NOUT)),
    "he_normal": math.sqrt(2 / NIN),
    normal(0.3): 0.3,
}
"""The standard deviations that the papers give."""
RARE = 1e-3
"""A right sampler falls below this once in a thousand seeds, and the seed is fixed."""


def drawn(init, neurons=2000):
    generator = random.Random(7)
    return [initializer_named(init)(generator, NIN, NOUT) for _ in range(neurons)]


def flat(neurons):
    return [w for weights in neurons for w in weights]


@pytest.mark.parametrize(("init", "bound"), UNIFORM.items())
def test_uniform_ones_fill_the_interval_of_their_papers(init, bound):
    weights = flat(drawn(init))
    assert stats.kstest(weights, stats.uniform(-bound, 2 * bound).cdf).pvalue > RARE
    # The largest of n is within bound·20/n of the bound but for one case in e^10.
    assert bound * (1 - 20 / len(weights)) < max(map(abs, weights)) <= bound


@pytest.mark.parametrize(("init", "std"), NORMAL.items())
def test_normal_ones_have_the_variance_of_their_papers(init, std):
    weights = flat(drawn(init))
    assert stats.kstest(weights, stats.norm(0, std).cdf).pvalue > RARE
    sum_of_squares = math.fsum((w / std) ** 2 for w in weights)  # χ² of as many degrees of freedom as weights
    assert RARE < stats.chi2(len(weights)).cdf(sum_of_squares) < 1 - RARE


@given(st.integers(1, 40), st.integers(1, 30), st.integers(0, 2**32))
def test_sparse_ones_have_exactly_so_many_weights_that_are_not_zero(nin, count, seed):
    weights = sparse(count)(random.Random(seed), nin, 5)
    assert len(weights) == nin
    assert sum(w != 0.0 for w in weights) == min(count, nin)


def test_sparse_ones_choose_every_input_alike_and_draw_from_the_normal_distribution():
    neurons = drawn("sparse")
    assert {sum(w != 0.0 for w in weights) for weights in neurons} == {15}
    uses = [sum(weights[k] != 0.0 for weights in neurons) for k in range(NIN)]
    # Each input is in a neuron with p = 15/50; drawn without replacement, the counts vary by (1-p)·N/(N-1) of Pearson's χ².
    p = 15 / NIN
    statistic = stats.chisquare(uses).statistic / ((1 - p) * NIN / (NIN - 1))
    assert RARE < stats.chi2(NIN - 1).cdf(statistic) < 1 - RARE
    assert stats.kstest([w for w in flat(neurons) if w != 0.0], stats.norm(0, 1).cdf).pvalue > RARE


def test_uniform_weights_come_in_micrograds_order_one_call_after_the_other():
    generator = random.Random(1337)
    wanted = [generator.uniform(-1, 1) for _ in range(6)]
    assert [w.data for neuron in Layer(3, 2, seed=1337).neurons for w in neuron.w] == wanted


@pytest.mark.parametrize("init", INITIALIZERS)
def test_a_seed_repeats_the_weights_and_another_gives_others(init):
    first, again, other = ([p.data for p in MLP(4, [3, 2], init=init, seed=seed).parameters()] for seed in (5, 5, 6))
    assert first == again
    assert (first == other) == (init == "constant")


def trained(init):
    """The weights of four hidden units, those that go in and the one that goes out, after fifty steps on XOR."""
    model = MLP(2, [4, 1], activation="tanh", init=init, seed=0)
    optimizer = SGD(model, learning_rate=0.3)
    for _ in range(50):
        for x, t in (((0, 0), 0), ((0, 1), 1), ((1, 0), 1), ((1, 1), 0)):
            optimizer.zero_grad()
            half_squared_error(model(x), t).backward()
            optimizer.step()
    hidden, (out,) = model.layers[0].neurons, model.layers[1].neurons
    return [(*(w.data for w in unit.w), unit.b.data, v.data) for unit, v in zip(hidden, out.w, strict=True)]


def test_hidden_units_that_start_equal_stay_equal_for_ever():
    units = trained("constant")
    assert len(set(units)) == 1  # to the bit
    assert 0.1 not in units[0]  # though every weight was learned


@pytest.mark.parametrize("init", [init for init in INITIALIZERS if init != "constant"])
def test_hidden_units_that_start_at_random_stay_different(init):
    assert len(set(trained(init))) == 4


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: normal(-1.0), ValueError, "std is -1"),
        (lambda: uniform_in(math.nan), ValueError, "bound is nan"),
        (lambda: sparse(0), ValueError, "count is 0"),
        (lambda: sparse(2.5), ValueError, "count is 2.5"),
        (lambda: sparse(std=math.inf), ValueError, "std is inf"),
        (lambda: constant(math.inf), ValueError, "the value is inf"),
        (lambda: initializer_named("magic"), ValueError, "unknown initialiser 'magic'; known are .*xavier"),
        (lambda: initializer_named(3), TypeError, "int; it must be a name or a function"),
    ],
)
def test_bad_numbers_and_unknown_names_raise_with_what_was_given(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_seed_is_a_whole_number_of_any_kind_or_a_generator_of_pythons():
    assert generator_of(np.int64(3)).random() == generator_of(3).random() == random.Random(3).random()
    assert generator_of(None) is generator_of(random) is random
    own = random.Random(0)
    assert generator_of(own) is own
    for wrong in (np.random.default_rng(0), "3", 3.0):
        with pytest.raises(TypeError, match=r"the seed is .*; it must be a whole number, a random.Random, or None"):
            generator_of(wrong)

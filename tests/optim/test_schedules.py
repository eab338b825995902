"""Rates that change from step to step: PyTorch's numbers, ends, and what is refused."""

import copy
import itertools
import json
import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Value
from autograd_lite.optim.schedules import constant, cosine, harmonic, inverse, linear_decay, warm_up
from autograd_lite.optim.sgd import SGD
from tests.optim.test_first_order import NUMBERS, schedule_named

ALL = [constant(0.1), linear_decay(0.1, 5, 0.01), harmonic(2.0, 3.0), inverse(0.1), cosine(0.1, 5), warm_up(3, inverse(0.2))]
each = pytest.mark.parametrize("schedule", ALL, ids=str)

rates = st.floats(0.0, 1e3)
counts = st.integers(1, 1000)


@pytest.mark.parametrize("name", NUMBERS["rates"])
def test_rates_are_those_of_pytorch(name):
    schedule, expected = schedule_named(name, 0.1), NUMBERS["rates"][name]
    # PyTorch multiplies its way from rate to rate: some 25 roundings.
    assert [schedule(step) for step in range(len(expected))] == pytest.approx(expected, rel=1e-13, abs=1e-16)


@pytest.mark.parametrize("decay", [linear_decay, cosine])
@given(rates, counts, rates)
def test_a_decay_begins_at_its_rate_ends_at_the_final_one_and_stays_between(decay, rate, steps, final):
    schedule = decay(rate, steps, final)
    assert schedule(0) == rate
    assert schedule(steps) == schedule(steps + 1) == schedule(10 * steps) == final
    low, high = sorted((rate, final))
    # A weighted mean of two numbers is rounded three times, and below 1e-307 to fewer digits.
    least, most = low * (1.0 - 1e-15) - 1e-320, high * (1.0 + 1e-15) + 1e-320
    assert all(least <= schedule(step) <= most for step in range(steps))


@given(st.floats(1e-3, 1e3), counts)
def test_a_decay_is_halfway_at_half_of_its_steps(rate, half):
    assert linear_decay(rate, 2 * half)(half) == 0.5 * rate
    # The cosine of the double next to π/2 is 6e-17.
    assert cosine(rate, 2 * half)(half) == pytest.approx(0.5 * rate, rel=1e-15)


@given(rates, rates, counts)
def test_harmonic_rates_are_those_of_the_formula_with_steps_counted_from_one(a, b, m):
    assert harmonic(a, b)(m - 1) == a / (b + m)
    assert inverse(a)(m - 1) == a / m
    assert inverse(a) == harmonic(a, 0.0)


@given(counts, rates)
def test_warming_up_rises_in_equal_parts_from_nothing_to_the_first_rate(steps, rate):
    # Tolerances: differences of rounded numbers; and below 1e-307 numbers are rounded to fewer digits.
    schedule = warm_up(steps, linear_decay(rate, 7))
    assert schedule(0) == pytest.approx(rate / (steps + 1), rel=1e-15, abs=1e-320)
    rises = [later - earlier for earlier, later in itertools.pairwise(map(schedule, range(steps + 1)))]
    assert rises == pytest.approx([rate / (steps + 1)] * steps, rel=1e-9, abs=1e-13 * rate + 1e-320)
    assert [schedule(steps + k) for k in range(9)] == [linear_decay(rate, 7)(k) for k in range(9)]


@each
def test_a_schedule_prints_as_it_is_written_compares_and_is_copied(schedule):
    assert eval(repr(schedule)) == schedule == pickle.loads(pickle.dumps(schedule)) == copy.deepcopy(schedule)
    assert len({schedule, copy.copy(schedule)}) == 1
    assert sum(other == schedule for other in ALL) == 1
    assert type(schedule(3)) is float
    assert json.loads(json.dumps(schedule(3))) == schedule(3)


@each
def test_an_optimiser_asks_its_schedule_for_the_rate_of_each_step(schedule):
    x = Value(0.0)
    optimizer, places = SGD([x], schedule), [0.0]
    for step in range(8):
        assert optimizer.rate == schedule(step)
        optimizer.step([-1.0])
        places.append(x.data)
    assert places == list(itertools.accumulate((schedule(step) for step in range(8)), initial=0.0))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: constant(-0.1), "constant: rate is -0.1; it must be a finite number ≥ 0"),
        (lambda: constant(math.nan), "constant: rate is nan"),
        (lambda: linear_decay(math.inf, 5), "linear_decay: rate is inf"),
        (lambda: linear_decay(0.1, 0), "linear_decay: steps is 0; it must be a whole number from 1 on"),
        (lambda: linear_decay(0.1, 5, -0.1), "linear_decay: final is -0.1"),
        (lambda: harmonic(-1.0, 1.0), "harmonic: A is -1.0"),
        (lambda: harmonic(1.0, -1.0), "harmonic: B is -1.0"),
        (lambda: inverse(-1.0), "inverse: rate is -1.0"),
        (lambda: cosine(-0.1, 5), "cosine: rate is -0.1"),
        (lambda: cosine(0.1, -5), "cosine: steps is -5"),
        (lambda: cosine(0.1, 5, math.nan), "cosine: final is nan"),
        (lambda: warm_up(0, constant(0.1)), "warm_up: steps is 0"),
    ],
)
def test_numbers_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: constant("0.1"), "constant: rate is '0.1' of type str; it must be a finite number ≥ 0"),
        (lambda: linear_decay(0.1, 5.0), "linear_decay: steps is 5.0 of type float; it must be a whole number"),
        (lambda: harmonic(None, 1.0), "harmonic: A is None"),
        (lambda: cosine(Value(0.1), 5), "cosine: rate is .* of type Value"),
        (lambda: warm_up(5, 0.1), r"warm_up: then is 0.1; give a schedule, such as constant\(0.1\)"),
    ],
)
def test_what_is_no_number_or_no_schedule_is_refused(make, message):
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize("rate", [-0.1, math.nan, math.inf])
def test_a_schedule_of_ones_own_that_gives_no_rate_is_found_out_before_the_step(rate):
    x = Value(1.0)
    optimizer = SGD([x], lambda step: rate)
    with pytest.raises(ValueError, match="SGD: the learning rate is"):
        optimizer.step([1.0])
    assert (x.data, optimizer.steps) == (1.0, 0)
    optimizer.learning_rate = lambda step: "a tenth"
    with pytest.raises(TypeError, match="SGD: the learning rate is 'a tenth' of type str"):
        optimizer.step([1.0])

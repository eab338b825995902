"""The algorithms: PyTorch's numbers, closed forms of first steps, and what all of them have in common."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.nn import MLP
from autograd_lite.optim.adagrad import AdaGrad
from autograd_lite.optim.adam import Adam
from autograd_lite.optim.adamw import AdamW
from autograd_lite.optim.clipping import clip_by_value
from autograd_lite.optim.rmsprop import RMSProp
from autograd_lite.optim.schedules import cosine, harmonic, linear_decay, warm_up
from autograd_lite.optim.sgd import SGD
from tests.optim.torch_numbers import LATE, LENGTH, OPTIMIZERS, RATES, STEPS
from tests.strategies import examples

NUMBERS = json.loads(Path(__file__).with_name("torch_numbers.json").read_text(encoding="utf-8"))

SAME_ROUNDING = 1e-12
"""Both compute in doubles, in another order: 20 steps of gradients up to 250 leave some 1e-14."""

CLASSES = {"SGD": SGD, "Adagrad": AdaGrad, "RMSprop": RMSProp, "Adam": Adam, "AdamW": AdamW}


def schedule_named(name, rate):
    """The schedule that `torch_numbers.scheduler` makes."""
    return {
        "linear_decay": linear_decay(rate, LENGTH, 0.25 * rate),
        "cosine": cosine(rate, LENGTH, 1e-5),
        "harmonic": harmonic(10.0 * rate, 10.0),
        "warm_up": warm_up(4, cosine(rate, LENGTH)),
    }[name]


def optimizer_of(case, problem, parameters):
    """The optimiser of a case in the file; PyTorch's defaults must be ours."""
    name, _, extra = case.partition(", ")
    kind, settings = OPTIMIZERS[name]
    if kind == "SGD":
        settings = {"learning_rate": RATES[problem], **settings}
    if extra == "clipped":
        settings = {**settings, "clip": clip_by_value(0.05)}
    optimizer = CLASSES[kind](parameters, **settings)
    if extra not in ("", "late", "clipped"):
        optimizer.learning_rate = schedule_named(extra, optimizer.learning_rate)
    return optimizer


@pytest.mark.parametrize("case", NUMBERS["rosenbrock"]["cases"])
def test_steps_in_rosenbrocks_valley_are_those_of_pytorch(case):
    x, y = leaves = [Value(number) for number in NUMBERS["rosenbrock"]["start"]]
    optimizer = optimizer_of(case, "rosenbrock", leaves)
    for step in range(1, max(STEPS) + 1):
        optimizer.zero_grad()
        ((1.0 - x) ** 2 + 100.0 * (y - x**2) ** 2).backward()
        if case.endswith("late") and step <= LATE:
            y.grad = None
        optimizer.step()
        if step in STEPS:
            expected = NUMBERS["rosenbrock"]["cases"][case][str(step)]
            assert [x.data, y.data] == pytest.approx(expected, rel=SAME_ROUNDING, abs=SAME_ROUNDING)


@pytest.mark.parametrize("case", NUMBERS["network"]["cases"])
def test_steps_of_a_network_are_those_of_pytorch(case):
    numbers = NUMBERS["network"]
    model = MLP(3, [4, 2], activation="tanh", seed=0)
    model.storage.write(numbers["start"])

    def loss(model, inputs, targets):
        errors = [o - t for x, goal in zip(inputs, targets, strict=True) for o, t in zip(model(x), goal, strict=True)]
        return ag.mean([error * error for error in errors])

    slope, optimizer = ag.jit(ag.grad(loss)), optimizer_of(case, "network", model)
    inputs, targets = np.array(numbers["inputs"]), np.array(numbers["targets"])
    for step in range(1, max(STEPS) + 1):
        optimizer.step(slope(model, inputs, targets))
        if step in STEPS:
            found = [p.data for p in model.parameters()]
            assert found == pytest.approx(numbers["cases"][case][str(step)], rel=SAME_ROUNDING, abs=SAME_ROUNDING)


def test_the_numbers_are_of_every_algorithm_and_say_whose_they_are():
    assert NUMBERS["torch"][0].isdigit()
    for problem in RATES:
        assert set(OPTIMIZERS) <= set(NUMBERS[problem]["cases"])
        assert all(set(places) == {str(step) for step in STEPS} for places in NUMBERS[problem]["cases"].values())


# --- closed forms ---------------------------------------------------------------------------------------------------------

slopes = st.floats(1e-3, 1e3) | st.floats(-1e3, -1e-3)


def moved_by(optimizer, gradients):
    """How far the single parameter, which starts at 0, is after steps along these slopes."""
    for g in gradients:
        optimizer.step([g])
    return optimizer.vector.read().item()


@given(slopes)
def test_first_steps_of_adam_and_adagrad_are_the_rate_against_the_sign(g):
    for kind in (Adam, AdamW, AdaGrad):
        # eps / |g| is what is missing of it, 1e-8 / 1e-3 at most
        assert moved_by(kind([Value(0.0)], 0.1), [g]) == pytest.approx(-math.copysign(0.1, g), rel=1.1e-5)


@given(slopes, st.floats(0.0, 0.999))
def test_the_first_step_of_rmsprop_is_the_rate_over_the_root_of_one_minus_alpha(g, alpha):
    expected = -math.copysign(0.1, g) / math.sqrt(1.0 - alpha)
    # eps / (|g|·√(1-alpha)) is what is missing of it, 1e-12 / (1e-3·0.03) at most; and 1-alpha is rounded
    assert moved_by(RMSProp([Value(0.0)], 0.1, alpha=alpha, eps=1e-12), [g]) == pytest.approx(expected, rel=1e-7)


@given(slopes, st.integers(1, 20))
def test_along_a_constant_slope_adam_goes_on_at_its_rate_and_adagrad_by_the_root_of_the_step(g, count):
    adam = moved_by(Adam([Value(0.0)], 0.1, eps=1e-12), [g] * count)
    assert adam == pytest.approx(-math.copysign(0.1 * count, g), rel=1e-8)  # eps / |g| is 1e-9 at most
    adagrad = moved_by(AdaGrad([Value(0.0)], 0.1, eps=1e-12), [g] * count)
    assert adagrad == pytest.approx(-math.copysign(0.1 * sum(m**-0.5 for m in range(1, count + 1)), g), rel=1e-8)


def test_adamw_without_a_gradient_decays_by_rate_times_weight_decay_alone():
    optimizer = AdamW([Value(2.0)], 0.1, weight_decay=0.5)
    optimizer.step([0.0])
    assert optimizer.vector.read().tolist() == [2.0 * 0.95]
    optimizer = AdamW([Value(2.0)], 0.1)  # the default is a hundredth
    optimizer.step([0.0])
    assert optimizer.vector.read().tolist() == pytest.approx([2.0 * 0.999], rel=1e-15)


# --- what all have in common -----------------------------------------------------------------------------------------------

MAKERS = {
    "SGD": lambda parameters, rate: SGD(parameters, rate),
    "momentum": lambda parameters, rate: SGD(parameters, rate, momentum=0.9, weight_decay=0.01),
    "Nesterov": lambda parameters, rate: SGD(parameters, rate, momentum=0.9, nesterov=True),
    "AdaGrad": lambda parameters, rate: AdaGrad(parameters, rate, weight_decay=0.01),
    "RMSProp": lambda parameters, rate: RMSProp(parameters, rate, momentum=0.5, weight_decay=0.01),
    "Adam": lambda parameters, rate: Adam(parameters, rate, weight_decay=0.01),
    "AdamW": lambda parameters, rate: AdamW(parameters, rate),
}
every_algorithm = pytest.mark.parametrize("make", MAKERS.values(), ids=list(MAKERS))

SIZE = 9
"""The parameters of `network()`: more than a vector register holds."""

gradients = st.lists(st.lists(st.floats(-1e3, 1e3), min_size=SIZE, max_size=SIZE), min_size=1, max_size=4)


def network():
    return MLP(2, [2, 1], seed=3)


@every_algorithm
@given(vectors=gradients)
@examples(30)
def test_steps_from_grad_are_those_of_the_vector_on_a_buffer(make, vectors):
    one, other, third = network(), network(), network()
    optimizers = make(one.parameters(), 0.1), make(other, 0.1), make(third, 0.1)
    for vector in vectors:
        for model in (one, third):
            for leaf, g in zip(model.parameters(), vector, strict=True):
                leaf.grad = g
        optimizers[0].step()
        optimizers[1].step(np.array(vector))
        optimizers[2].step()
    found = [[p.data for p in model.parameters()] for model in (one, other, third)]
    assert found[0] == found[1] == found[2] == other.storage.numbers.tolist()


@every_algorithm
@given(vectors=gradients, data=st.data())
@examples(30)
def test_each_parameter_steps_as_if_it_were_alone_and_not_at_all_without_a_derivative(make, vectors, data):
    together, alone = network().parameters(), network().parameters()
    optimizer, optimizers = make(together, 0.1), [make([leaf], 0.1) for leaf in alone]
    for vector in vectors:
        present = data.draw(st.lists(st.booleans(), min_size=SIZE, max_size=SIZE))
        before = [leaf.data for leaf in together]
        for leaf, single, g, is_there in zip(together, optimizers, vector, present, strict=True):
            leaf.grad = g if is_there else None
            if is_there:
                single.step([g])
        optimizer.step()
        assert all(leaf.data == x for leaf, x, is_there in zip(together, before, present, strict=True) if not is_there)
    # A power of many counts at once may be rounded otherwise than one of a single count.
    assert [leaf.data for leaf in together] == pytest.approx([leaf.data for leaf in alone], rel=1e-12, abs=1e-12)
    for name, vector in optimizer.state.items():
        assert vector.tolist() == [single.state[name].item() for single in optimizers]


@every_algorithm
@given(vectors=gradients)
@examples(20)
def test_a_rate_of_zero_moves_nothing(make, vectors):
    model = network()
    before, optimizer = [p.data for p in model.parameters()], make(model, 0.0)
    for vector in vectors:
        optimizer.step(vector)
    assert [p.data for p in model.parameters()] == before


@every_algorithm
@given(
    st.lists(
        st.tuples(st.floats(0.1, 10.0), st.floats(-3.0, 3.0), st.floats(1.0, 3.0), st.sampled_from((-1, 1))),
        min_size=1,
        max_size=5,
    )
)
@examples(20)
def test_two_hundred_steps_go_down_a_convex_quadratic(make, terms):
    a, lowest, distance, side = np.array(terms).T
    leaves = [Value(x) for x in (lowest + side * distance).tolist()]
    optimizer = make(leaves, 0.01)

    def height():
        return float(np.sum(a * (optimizer.vector.read() - lowest) ** 2))

    before = height()
    for _ in range(200):
        optimizer.step(2.0 * a * (optimizer.vector.read() - lowest))
    assert height() < before


@every_algorithm
def test_a_gradient_given_is_not_written_on(make):
    vector = np.linspace(-1.0, 1.0, SIZE)
    make(network(), 0.1).step(vector)
    assert vector.tolist() == np.linspace(-1.0, 1.0, SIZE).tolist()


@every_algorithm
def test_infinite_and_missing_numbers_pass_through_silently(make):
    optimizer = make([Value(1.0), Value(1.0), Value(1.0)], 0.1)
    optimizer.step([math.nan, math.inf, 1.0])
    optimizer.step([1e200, -1e308, 1.0])
    found = optimizer.vector.read()
    assert math.isnan(found[0])
    assert math.isfinite(found[2])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: SGD(p, 0.1, momentum=1.0), r"SGD: momentum is 1.0; it must be a number ≥ 0 and < 1"),
        (lambda p: SGD(p, 0.1, weight_decay=-1), r"SGD: weight_decay is -1; it must be a finite number ≥ 0"),
        (lambda p: SGD(p, 0.1, nesterov=True), r"SGD: nesterov needs a momentum"),
        (lambda p: AdaGrad(p, eps=0.0), r"AdaGrad: eps is 0.0; it must be a finite number > 0"),
        (lambda p: AdaGrad(p, weight_decay=math.inf), r"AdaGrad: weight_decay is inf"),
        (lambda p: RMSProp(p, alpha=1.0), r"RMSProp: alpha is 1.0"),
        (lambda p: RMSProp(p, momentum=-0.1), r"RMSProp: momentum is -0.1"),
        (lambda p: RMSProp(p, eps=math.nan), r"RMSProp: eps is nan"),
        (lambda p: RMSProp(p, weight_decay=-0.1), r"RMSProp: weight_decay is -0.1"),
        (lambda p: Adam(p, betas=(0.9, 1.0)), r"Adam: a number in betas is 1.0"),
        (lambda p: Adam(p, eps=-1e-8), r"Adam: eps is -1e-08"),
        (lambda p: Adam(p, weight_decay=-0.1), r"Adam: weight_decay is -0.1"),
        (lambda p: AdamW(p, betas=(-0.1, 0.9)), r"AdamW: a number in betas is -0.1"),
        (lambda p: AdamW(p, weight_decay=math.nan), r"AdamW: weight_decay is nan"),
    ],
)
def test_a_setting_out_of_its_range_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make([Value(1.0)])


@pytest.mark.parametrize("betas", [0.9, (0.9,), (0.9, 0.99, 0.999), ("0.9", 0.99)])
def test_betas_that_are_not_two_numbers_are_refused(betas):
    with pytest.raises(TypeError, match=r"Adam: .*betas is"):
        Adam([Value(1.0)], betas=betas)

"""What all optimisers share: parameters, buffers, and states that are saved and loaded."""

import copy
import json
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.nn import MLP, Neuron
from autograd_lite.optim.adam import Adam
from autograd_lite.optim.adamw import AdamW
from autograd_lite.optim.parameter_vector import ParameterVector
from autograd_lite.optim.rmsprop import RMSProp
from autograd_lite.optim.schedules import linear_decay
from autograd_lite.optim.sgd import SGD
from tests.optim.test_first_order import SIZE, every_algorithm, network
from tests.strategies import examples

steps = st.lists(
    st.lists(st.none() | st.floats(-1e3, 1e3), min_size=SIZE, max_size=SIZE), min_size=1, max_size=6
)  # None: no derivative


def take(optimizer, vectors):
    for vector in vectors:
        for leaf, g in zip(optimizer.vector.leaves, vector, strict=True):
            leaf.grad = g
        optimizer.step()
    return [leaf.data for leaf in optimizer.vector.leaves]


def through_json(optimizer):
    return json.loads(json.dumps(optimizer.state_dict()))


@every_algorithm
@given(steps, st.integers(0, 6))
@examples(30)
def test_training_resumed_is_training_uninterrupted_to_the_bit(make, vectors, pause):
    schedule = linear_decay(0.1, steps=5)
    at_once, model = network(), network()
    expected = take(make(at_once, schedule), vectors)
    first = make(model, schedule)
    take(first, vectors[:pause])
    resumed = make(model, schedule)
    resumed.load_state_dict(through_json(first))
    assert take(resumed, vectors[pause:]) == expected
    assert resumed.steps == len(vectors)


@every_algorithm
def test_a_copy_goes_on_as_the_original_does(make):
    optimizer = make(network(), 0.1)
    vectors = [[1.0] * SIZE, [2.0, None] * 4 + [1.0]]
    take(optimizer, vectors)
    others = [copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))]
    places = [take(other, vectors) for other in (optimizer, *others)]
    assert places[0] == places[1] == places[2]
    for other in others:
        assert other.vector.module.storage.numbers.tolist() == places[0]


def test_a_state_that_was_loaded_is_not_shared():
    one, other = Adam(network()), Adam(network())
    state = one.state_dict()
    other.load_state_dict(state)
    take(other, [[1.0] * SIZE])
    assert one.state_dict() == state


def good_state():
    optimizer = Adam(network())
    take(optimizer, [[1.0, None] * 4 + [2.0]] * 3)
    return through_json(optimizer)


BROKEN = {
    "of another optimiser": (lambda s: s | {"optimizer": "AdamW"}, "Adam: the state is that of 'AdamW'"),
    "of nobody": (lambda s: {}, "Adam: the state is that of None"),
    "no mapping": (lambda s: [s], "Adam: the state is that of a list"),
    "without steps": (lambda s: {k: v for k, v in s.items() if k != "steps"}, "a number of 'steps'"),
    "negative steps": (lambda s: s | {"steps": -1}, "a number of 'steps'"),
    "without vectors": (lambda s: s | {"state": None}, "'mean', 'mean_square'; it is incomplete"),
    "one vector missing": (lambda s: s | {"state": {"mean": [0.0] * SIZE}}, "'mean', 'mean_square'; it is incomplete"),
    "a vector too many": (lambda s: s | {"state": s["state"] | {"more": [0.0] * SIZE}}, "in 'state' 'mean', 'mean_square'"),
    "too short": (lambda s: s | {"state": s["state"] | {"mean_square": [1.0]}}, r"'mean_square' .* shape \(1,\) for 9"),
    "ragged": (lambda s: s | {"state": s["state"] | {"mean_square": [[1.0], 2.0]}}, "'mean_square' .* no list of numbers"),
    "words": (lambda s: s | {"state": s["state"] | {"mean": ["one"] * SIZE}}, "'mean' .* no list of numbers"),
    "without counts": (lambda s: {k: v for k, v in s.items() if k != "count"}, "'count' .* shape"),
    "too few counts": (lambda s: s | {"count": [3.0]}, r"'count' .* shape \(1,\) for 9"),
}


@pytest.mark.parametrize(("broken", "message"), BROKEN.values(), ids=list(BROKEN))
def test_a_broken_state_is_refused_and_nothing_is_half_loaded(broken, message):
    optimizer = Adam(network())
    take(optimizer, [[0.5] * SIZE])
    before = optimizer.state_dict()
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(broken(good_state()))
    assert optimizer.state_dict() == before
    optimizer.load_state_dict(good_state())
    assert optimizer.state_dict() == good_state()


def test_the_state_of_another_number_of_parameters_is_refused():
    with pytest.raises(ValueError, match=r"RMSProp: 'mean_square' in the state has the shape \(1,\) for 9 parameters"):
        RMSProp(network()).load_state_dict(RMSProp([Value(1.0)]).state_dict())


def test_a_state_with_nan_goes_through_json():
    optimizer = AdamW([Value(1.0)])
    optimizer.step([math.nan])
    other = AdamW([Value(1.0)])
    other.load_state_dict(through_json(optimizer))
    assert math.isnan(other.state["mean"].item())


# --- parameters -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ([], ValueError, "SGD: there are no parameters"),
        (Value(1.0), TypeError, "SGD: the parameters are of type Value; give a module or a list of Values"),
        (None, TypeError, "SGD: the parameters are of type NoneType"),
        ([1.0], TypeError, "SGD: a parameter is of type float"),
        ([Value(1.0) + 1.0], ValueError, "SGD: a parameter is a result"),
        ([Value(1.0)] * 2, ValueError, "SGD: a parameter was given twice"),
    ],
)
def test_what_cannot_be_optimised_is_refused(parameters, error, message):
    with pytest.raises(error, match=message):
        SGD(parameters, 0.1)


@pytest.mark.parametrize("rate", ["0.1", None, Value(0.1)])
def test_a_rate_that_is_no_number_is_refused(rate):
    with pytest.raises(TypeError, match=r"SGD: the learning rate is .* it must be a finite number ≥ 0"):
        SGD([Value(1.0)], rate)


def test_the_rate_can_be_set_between_steps_and_is_checked_then_too():
    x = Value(0.0)
    optimizer = SGD([x], 0.5)
    optimizer.step([1.0])
    optimizer.learning_rate = 2
    optimizer.step([1.0])
    assert x.data == -2.5
    with pytest.raises(ValueError, match="the learning rate is -1"):
        optimizer.learning_rate = -1
    assert optimizer.rate == 2.0


@pytest.mark.parametrize("gradient", [[], [1.0] * 8, [1.0] * 10, np.ones((SIZE, 1)), np.ones((1, SIZE)), np.float64(1.0)])
def test_a_gradient_of_another_shape_is_refused_and_nothing_moves(gradient):
    optimizer = Adam(network())
    before = optimizer.vector.read().tolist(), optimizer.state_dict()
    with pytest.raises(ValueError, match=r"Adam: the gradient has .* for 9 parameters"):
        optimizer.step(gradient)
    assert (optimizer.vector.read().tolist(), optimizer.state_dict()) == before


def test_a_module_that_got_other_parameters_is_refused_and_one_that_got_another_buffer_is_not():
    model = network()
    optimizer = SGD(model, 1.0)
    optimizer.step([1.0] * SIZE)
    before = [p.data for p in model.parameters()]
    assert len(model.layers[0].storage.leaves) == 6  # a layer takes its parameters into a buffer of its own
    optimizer.step([1.0] * SIZE)
    assert [p.data for p in model.parameters()] == [x - 1.0 for x in before]
    model.layers = model.layers[1:]
    with pytest.raises(ValueError, match="SGD: the module has other parameters than it had at first"):
        optimizer.step([1.0] * SIZE)


def test_an_interrupt_in_a_step_leaves_no_parameter_behind_its_buffer(monkeypatch):
    def interrupted(self, parameters, gradient, rate, state, count):
        parameters -= gradient
        raise KeyboardInterrupt

    monkeypatch.setattr(SGD, "update", interrupted)
    model = network()
    optimizer = SGD(model, 0.1)
    with pytest.raises(KeyboardInterrupt):
        optimizer.step([1.0] * SIZE)
    assert [p.data for p in model.parameters()] == model.storage.numbers.tolist()


def test_a_graph_from_before_a_step_refuses_to_be_swept():
    neuron = Neuron(1, seed=0)
    output = neuron([1.0]) ** 2
    SGD(neuron, 0.1).step([1.0, 1.0])
    with pytest.raises(RuntimeError):
        output.backward()


def test_a_compiled_program_reads_what_a_step_wrote():
    inputs, targets = np.array([[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5]]), np.array([1.0, -1.0, 0.5])

    def loss(model, inputs, targets):
        return ag.mean(ag.vmap(lambda model, x, t: (model(x) - t) ** 2, in_axes=(None, 0, 0))(model, inputs, targets))

    def trained(slope):
        model = MLP(2, [3, 1], activation="tanh", seed=4)
        optimizer = Adam(model, 0.05)
        for _ in range(10):
            optimizer.step(slope(model, inputs, targets))
        return [p.data for p in model.parameters()]

    # Sums of a few terms in another order.
    assert trained(ag.jit(ag.grad(loss))) == pytest.approx(trained(ag.grad(loss)), rel=1e-12, abs=1e-12)


def test_a_vector_reads_copies_and_writes_both_ways():
    for parameters in (network(), network().parameters()):
        vector = ParameterVector("test", parameters)
        numbers = vector.read()
        before = numbers.tolist()
        numbers += 1.0
        assert vector.read().tolist() == before
        vector.write(numbers)
        assert [leaf.data for leaf in vector.leaves] == numbers.tolist() == vector.read().tolist()
        with pytest.raises(ValueError, match=r"test: numbers of the shape \(1,\) were given for 9 parameters"):
            vector.write(np.ones(1))

"""Neurons, layers and networks: micrograd's programs, names and numbers, and what is added to them."""

import copy
import math
import pickle
import random

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Value, gradients
from autograd_lite.nn import MLP, Layer, Module, Neuron
from autograd_lite.nn.layers import LAYER_ACTIVATIONS
from tests.benchmarks.workloads import two_moons


def flat_weights(nin, nouts, dice):
    """The weights as micrograd draws them: neuron by neuron, layer by layer, biases 0 and not drawn."""
    numbers = []
    for a, b in zip([nin, *nouts], nouts, strict=False):
        for _ in range(b):
            numbers += [dice.uniform(-1, 1) for _ in range(a)] + [0.0]
    return numbers


def test_without_a_seed_the_weights_are_micrograds():
    random.seed(1337)
    model = MLP(2, [16, 16, 1])
    assert [p.data for p in model.parameters()] == flat_weights(2, [16, 16, 1], random.Random(1337))


def test_a_seed_draws_the_same_weights_from_a_generator_of_its_own():
    random.seed(0)
    state = random.getstate()
    model = MLP(2, [3, 1], seed=5)
    assert [p.data for p in model.parameters()] == flat_weights(2, [3, 1], random.Random(5))
    assert random.getstate() == state


def test_a_neuron_is_one_dot_node_and_its_activation():
    neuron = Neuron(3, seed=0)
    out = neuron([Value(1.0), 2.0, 3.0])
    weighted = out.args[0]
    assert (out.op.name, weighted.op.name) == ("relu", "dot")
    assert weighted.args[:4] == (*neuron.w, neuron.b)
    assert weighted.args[5:] == (2.0, 3.0, 1.0)


def test_a_linear_neuron_and_one_without_bias():
    assert Neuron(2, nonlin=False, seed=0)([1.0, 1.0]).op.name == "dot"
    neuron = Neuron(2, bias=False, activation="tanh", seed=0)
    assert len(neuron.parameters()) == 2
    assert neuron([0.0, 0.0]).data == 0.0
    assert repr(neuron) == "Neuron(2, activation='tanh', bias=False)"


def test_the_output_of_one_neuron_comes_without_a_list_as_in_micrograd():
    assert isinstance(MLP(2, [3, 1], seed=0)([1.0, 2.0]), Value)
    assert len(MLP(2, [1, 3], seed=0)([1.0, 2.0])) == 3
    assert isinstance(Layer(2, 1, seed=0)([1.0, 2.0]), Value)


def test_the_last_layer_is_linear_and_an_activation_may_be_a_function():
    model = MLP(2, [4, 2], activation=lambda x: x.sin(), seed=0)
    assert [layer.neurons[0].nonlin for layer in model.layers] == [True, False]
    hidden = [ag.sin(ag.dot(n.w, [0.1, 0.2]) + n.b).data for n in model.layers[0].neurons]
    wanted = [sum(w.data * h for w, h in zip(n.w, hidden, strict=True)) + n.b.data for n in model.layers[1].neurons]
    assert [out.data for out in model([0.1, 0.2])] == pytest.approx(wanted, rel=1e-14)


def test_parameters_are_counted_shown_and_zeroed():
    model = MLP(2, [16, 16, 1], seed=1337)
    assert len(model.parameters()) == 337
    assert repr(model) == "MLP(2 -> 16 relu -> 16 relu -> 1 identity, 337 parameters)"
    model([1.0, 2.0]).backward()
    model.zero_grad()
    assert {p.grad for p in model.parameters()} == {0.0}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Neuron(0), "number of inputs is 0"),
        (lambda: Layer(2, -1), "number of neurons is -1"),
        (lambda: MLP(2, []), "nouts is empty"),
        (lambda: MLP(2, [2.5]), "number of neurons is 2.5"),
        (lambda: MLP(2, [2], activation="rleu"), "unknown activation 'rleu'; known are .*relu"),
        (lambda: MLP(2, [2], init="magic"), "unknown initialiser 'magic'"),
        (lambda: MLP(2, [2])([1.0, 2.0, 3.0]), "neuron of 2 inputs was given 3"),
        (lambda: MLP(2, [2], activation="rleu"), "unknown activation 'rleu'"),
        (lambda: MLP(2, [2, 1], activation=["tanh"]), "1 activations were given for 2 layers"),
        (lambda: MLP(2, [2, 1], activation=["tanh", "rleu"]), "unknown activation 'rleu'"),
        (lambda: Neuron(2, activation="softmax"), "softmax acts on a whole layer"),
        (lambda: Neuron(2, activation=ag.log_softmax), "log_softmax acts on a whole layer"),
        (lambda: Neuron(3, init=lambda generator, nin, nout: [1.0]), "gave 1 weights to a neuron of 3 inputs"),
        (lambda: Neuron(3, init=lambda generator, nin, nout: 0.5), "gave 0.5 to a neuron of 3 inputs"),
    ],
)
def test_what_does_not_fit_raises_with_what_was_given(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_each_layer_may_have_an_activation_of_its_own_the_last_included():
    model = MLP(2, [3, 2, 2], activation=["tanh", ag.sin, "sigmoid"], seed=4)
    assert repr(model) == "MLP(2 -> 3 tanh -> 2 sin -> 2 sigmoid, 23 parameters)"
    x = [0.3, -0.7]
    for layer, function in zip(model.layers, (math.tanh, math.sin, lambda s: 1 / (1 + math.exp(-s))), strict=True):
        x = [function(math.fsum(w.data * xi for w, xi in zip(n.w, x, strict=True)) + n.b.data) for n in layer.neurons]
    assert [out.data for out in model([0.3, -0.7])] == pytest.approx(x, rel=1e-14)


def test_activations_for_each_layer_draw_the_weights_of_one_for_all():
    one, each = MLP(2, [3, 1], seed=0), MLP(2, [3, 1], activation=["relu", "identity"], seed=0)
    assert repr(one) == repr(each)
    assert one([0.5, -1.0]).data == each([0.5, -1.0]).data


@pytest.mark.parametrize("name", sorted(LAYER_ACTIVATIONS))
@pytest.mark.parametrize("by", [lambda name: name, lambda name: getattr(ag, name)], ids=["name", "function"])
def test_a_layer_may_have_an_activation_that_sees_all_its_sums(name, by):
    layer = Layer(2, 3, activation=by(name), seed=1)
    assert repr(layer) == f"Layer(2 -> 3, {name}, 9 parameters)"
    sums = [math.fsum([n.w[0].data * 0.5, n.w[1].data * -2.0]) for n in layer.neurons]
    powers = [math.exp(s) for s in sums]
    wanted = [p / math.fsum(powers) for p in powers]
    wanted = wanted if name == "softmax" else [math.log(p) for p in wanted]
    assert [out.data for out in layer([0.5, -2.0])] == pytest.approx(wanted, rel=1e-14)
    assert ag.gradcheck(lambda layer: layer([0.5, -2.0]), layer)


def test_a_linear_layer_has_no_activation_whatever_it_is():
    assert repr(Layer(2, 2, nonlin=False, activation="softmax", seed=0)) == "Layer(2 -> 2, identity, 6 parameters)"


def test_a_network_with_softmax_within_is_the_same_compiled():
    model = MLP(3, [4, 3, 2], activation=["softmax", "leaky_relu", "log_softmax"], seed=6)
    samples = np.array([[0.5, -1.0, 2.0], [1.5, 0.0, -0.25]])
    compiled = ag.jit(ag.vmap(model))(samples)
    assert np.stack(compiled, axis=-1) == pytest.approx(np.array([[y.data for y in model(x)] for x in samples]), rel=1e-12)


def test_inputs_that_are_left_out_add_no_term():
    neuron = Neuron(4, seed=0)
    out = neuron.at([3, 1], [2.0, 5.0])
    assert len(out.args[0].args) == 2 * (2 + 1)
    assert out.data == neuron([0.0, 5.0, 0.0, 2.0]).data
    assert Neuron(2, bias=False, activation="tanh", seed=0).at([], []) == 0.0


def test_an_initialiser_draws_the_weights_of_one_neuron_with_the_sizes_of_its_layer():
    asked = []

    def draw(generator, nin, nout):
        asked.append((nin, nout))
        return [float(k) for k in range(nin)]

    model = MLP(2, [3, 1], init=draw)
    assert asked == [(2, 3)] * 3 + [(3, 1)]
    assert [w.data for w in model.layers[1].neurons[0].w] == [0.0, 1.0, 2.0]


def test_an_activation_that_is_neither_name_nor_function_raises():
    with pytest.raises(TypeError, match="int"):
        Neuron(2, activation=3)


@pytest.mark.parametrize(("init", "variance"), [("uniform", 1 / 3), ("xavier", 2 / (50 + 400)), ("he", 2 / 50)])
def test_initialisers_have_the_variance_of_their_papers(init, variance):
    layer = Layer(50, 400, init=init, seed=3)
    weights = [w.data for neuron in layer.neurons for w in neuron.w]
    mean_square = math.fsum(w * w for w in weights) / len(weights)
    assert mean_square == pytest.approx(variance, rel=0.03)  # four standard errors of 20,000 uniform draws


# --- the demo loop of micrograd, with its import changed ------------------------------------------------------------------


def demo(steps):
    """micrograd's demo notebook: hinge loss and L2 on two moons; the losses and the final accuracy."""
    random.seed(1337)
    points = two_moons()
    xb, yb = [[x, y] for x, y, _ in points], [label for _, _, label in points]
    model = MLP(2, [16, 16, 1])  # 2-layer neural network
    losses = []
    for k in range(steps):
        inputs = [list(map(Value, xrow)) for xrow in xb]
        scores = list(map(model, inputs))
        hinge = [(1 + -yi * scorei).relu() for yi, scorei in zip(yb, scores, strict=True)]
        data_loss = sum(hinge) * (1.0 / len(hinge))
        alpha = 1e-4
        reg_loss = alpha * sum(p * p for p in model.parameters())
        total_loss = data_loss + reg_loss
        accuracy = [(yi > 0) == (scorei.data > 0) for yi, scorei in zip(yb, scores, strict=True)]
        model.zero_grad()
        total_loss.backward()
        learning_rate = 1.0 - 0.9 * k / 100
        for p in model.parameters():
            p.data -= learning_rate * p.grad
        losses.append(total_loss.data)
    return losses, sum(accuracy) / len(accuracy)


def test_micrograds_demo_loop_runs_and_learns_the_moons():
    losses, accuracy = demo(40)
    assert losses[-1] < 0.15 < losses[0]
    assert accuracy >= 0.95


# --- modules --------------------------------------------------------------------------------------------------------------


class Tied(Module):
    def __init__(self):
        self.a = Value(2.0)
        self.layers = {"one": Layer(1, 1, seed=0), "two": [Layer(1, 2, seed=1)]}
        self.again = self.a
        self.note = "text"
        self.result = self.a * 2.0


def test_parameters_are_found_in_attributes_lists_and_modules_each_once():
    model = Tied()
    assert len(model.parameters()) == 1 + 2 + 4
    assert model.parameters()[0] is model.a


def test_the_numbers_of_a_module_stand_side_by_side():
    model = MLP(2, [3, 1], seed=0)
    numbers = model.storage.numbers
    assert numbers.tolist() == [p.data for p in model.parameters()]
    model.layers[0].neurons[1].w[0].data = 7.0
    assert numbers[3] == 7.0
    numbers[3] = 8.0
    model.storage.written()
    assert model.layers[0].neurons[1].w[0].data == 8.0
    assert model.storage is model.storage


def test_a_write_to_the_buffer_is_seen_by_every_way_of_reading():
    for read in (
        lambda m: m.w[0].data,
        lambda m: (m.w[0] * 1.0).data,
        lambda m: (1.0 * m.w[0]).data,
        lambda m: (+m.w[0]).data,
        lambda m: ag.total([m.w[0], 0.0]).data,
        lambda m: ag.tanh(m.w[0]).data and m.w[0].data,
        lambda m: (m.w[0] + m.w[1]).data - m.w[1].data,
        lambda m: copy.deepcopy(m.w[0]).data,
        lambda m: pickle.loads(pickle.dumps(m)).w[0].data,
        lambda m: m.w[0].detach().data,
        lambda m: float(f"{m.w[0]:.1f}"),
    ):
        model = Neuron(2, seed=0)
        model.storage.write([5.0, 0.25, 0.0])
        assert read(model) == 5.0


def test_a_write_to_the_buffer_after_use_is_never_mixed_into_an_old_graph():
    model = Neuron(2, nonlin=False, seed=0)
    out = model([1.0, 2.0])
    model.storage.write([1.0, 2.0, 3.0])
    with pytest.raises(RuntimeError, match="was written"):
        out.backward()
    assert model([1.0, 2.0]).data == 8.0


def test_a_parameter_shared_by_two_modules_is_right_in_both_buffers():
    shared = Layer(1, 1, seed=0)

    class Uses(Module):
        def __init__(self):
            self.own, self.shared = Value(1.0), shared

    first, second = Uses(), Uses()
    first.storage.write([1.0, 2.0, 3.0])
    second.storage.write([4.0, 5.0, 6.0])
    assert first.storage.numbers.tolist() == [1.0, 5.0, 6.0]
    first.storage.write([7.0, 8.0, 9.0])
    assert second.storage.numbers.tolist() == [4.0, 8.0, 9.0]
    assert [p.data for p in shared.parameters()] == [8.0, 9.0]


def test_setting_an_attribute_with_parameters_renews_the_buffer():
    model = MLP(1, [1, 1], seed=0)
    assert len(model.storage.numbers) == 4
    model.layers[0].neurons[0].b = Value(5.0)
    assert model.storage.numbers.tolist()[1] == 5.0
    model.extra = [Value(9.0)]
    assert model.storage.numbers.tolist()[4] == 9.0


def test_a_buffer_refuses_another_number_of_numbers():
    with pytest.raises(ValueError, match="2 numbers were given for 3"):
        Neuron(2, seed=0).storage.write([1.0, 2.0])


def test_copies_of_a_module_are_independent():
    model = MLP(2, [2, 1], seed=0)
    wanted = model([1.0, 2.0]).data
    assert model.storage.current  # made, and not copied
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert other([1.0, 2.0]).data == wanted
        other.storage.write([0.0] * len(other.parameters()))
        assert other([1.0, 2.0]).data == 0.0
        assert model([1.0, 2.0]).data == wanted
        assert repr(other) == repr(model)


def test_gradients_of_a_network_agree_with_central_differences():
    model = MLP(3, [4, 2], activation="tanh", seed=2)
    parameters = model.parameters()

    def loss():
        return ag.nn.softmax_cross_entropy(model([0.5, -0.25, 1.0]), 1)

    step = 1e-5
    for parameter, slope in zip(parameters, gradients(loss(), parameters), strict=True):
        at = parameter.data
        parameter.data = at + step
        above = loss().data
        parameter.data = at - step
        below = loss().data
        parameter.data = at
        # truncation step²·f'''/6 and rounding 1e-16/step are both near 1e-11
        assert slope == pytest.approx((above - below) / (2 * step), abs=1e-9)


def test_one_number_for_the_layers_of_an_mlp_is_refused_with_what_to_write():
    with pytest.raises(TypeError, match=r"nouts is 3; it must be a list of the neurons of each layer, \[3\] say"):
        MLP(2, 3)
    assert len(MLP(2, np.array([3, 1]), seed=0).parameters()) == 13

"""Neuron, Layer and MLP, as micrograd's users know them, with one `dot` node for a neuron's weighted sum."""

from __future__ import annotations

import random as _random
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from numbers import Integral
from typing import Any, TypeAlias

from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.sequences import dot, log_softmax, softmax
from autograd_lite.engine.value import Value
from autograd_lite.nn.activations import Activation, activation_named, identity
from autograd_lite.nn.initializers import Initializer, generator_of, initializer_named
from autograd_lite.nn.module import Module

__all__ = ["LAYER_ACTIVATIONS", "MLP", "Layer", "Neuron", "check_size", "layer_activation", "parameter_count"]

Seed: TypeAlias = int | _random.Random | None
"""What the weights are drawn with."""

LayerActivation: TypeAlias = Callable[[Iterable[Scalar]], list[Scalar]]

LAYER_ACTIVATIONS: dict[str, LayerActivation] = {"softmax": softmax, "log_softmax": log_softmax}
"""Activations of a whole layer: of the list of its weighted sums, where the others are of one sum each."""


def layer_activation(activation: object) -> LayerActivation | None:
    """The activation of a whole layer that is given by its name or as the function itself; None for every other.

    >>> layer_activation("softmax") is softmax, layer_activation("relu")
    (True, None)
    """
    return next((f for name, f in LAYER_ACTIVATIONS.items() if activation is f or activation == name), None)


class Neuron(Module):
    """activation(w·x + b).

    Arguments:
        nin: the number of inputs.
        nonlin: False for a linear neuron, whatever the activation: micrograd's switch.
        activation: a name such as "relu" or "tanh", or a function of one Value.
        bias: whether there is a b; it starts at 0.
        seed: a seed or a `random.Random`; None draws from Python's shared generator, weights in micrograd's order.
        init: how weights are drawn: "uniform" in [-1, 1], "xavier", "he" …, or a function (see `nn.initializers`).
        nout: how many neurons stand beside this one, itself included, for those initialisers that ask.

    Raises:
        ValueError: for a number of inputs below 1, an unknown name, or an initialiser that gives another number of weights.

    >>> neuron = Neuron(2, activation="tanh")
    >>> neuron.w[0].data, neuron.w[1].data, neuron.b.data = 1.0, -2.0, 0.5
    >>> neuron([1.0, 0.75]).data
    0.0
    """

    def __init__(
        self,
        nin: int,
        nonlin: bool = True,
        *,
        activation: str | Activation = "relu",
        bias: bool = True,
        seed: Seed = None,
        init: str | Initializer = "uniform",
        nout: int = 1,
    ) -> None:
        check_size(nin, "inputs")
        if layer_activation(activation) is not None:
            raise ValueError(f"{_name(activation)} acts on a whole layer, and a neuron is alone; give it to a Layer")
        generator, draw, function = generator_of(seed), initializer_named(init), activation_named(activation)
        weights = draw(generator, nin, nout)
        if not hasattr(weights, "__len__") or len(weights) != nin:
            given = f"{len(weights)} weights" if hasattr(weights, "__len__") else repr(weights)
            raise ValueError(f"the initialiser gave {given} to a neuron of {nin} inputs; it must give a weight for each")
        self.w = [Value(w) for w in weights]
        self.b = Value(0.0) if bias else None
        self.activation = function if nonlin else identity

    def __call__(self, x: Sequence[Scalar]) -> Scalar:
        """The output for as many numbers or Values as there are weights."""
        return self.output(x)

    def output(self, x: Sequence[Scalar]) -> Scalar:
        """The same for a layer, whose neurons are too many to leave a mark each: pictures tell them by their weights."""
        if len(x) != len(self.w):
            raise ValueError(f"a neuron of {len(self.w)} inputs was given {len(x)}")
        return self._output(self.w, x)

    def at(self, places: Iterable[int], x: Sequence[Scalar]) -> Scalar:
        """The output where all inputs but those at some places are 0; what is 0 adds no term.

        >>> neuron = Neuron(3, activation="identity", seed=0)
        >>> neuron.at([2], [5.0]).data == neuron([0.0, 0.0, 5.0]).data
        True
        """
        return self._output([self.w[k] for k in places], x)

    def _output(self, w: Sequence[Value], x: Sequence[Scalar]) -> Scalar:
        s = dot(w, x) if self.b is None else dot([*w, self.b], [*x, 1.0])  # the bias: weight of a constant 1
        return self.activation(s)

    @property
    def nonlin(self) -> bool:
        """Whether the neuron has an activation."""
        return self.activation is not identity

    def __repr__(self) -> str:
        return f"Neuron({len(self.w)}, activation={_name(self.activation)!r}{', bias=False' if self.b is None else ''})"


class Layer(Module):
    """Neurons side by side on the same inputs.

    Arguments:
        nin, nout: the numbers of inputs and of neurons.
        nonlin: False for a linear layer, whatever the activation.
        activation: as a `Neuron`'s, or one of the whole layer, "softmax" or "log_softmax".
        seed, options: see `Neuron`.

    >>> Layer(3, 2, seed=0)
    Layer(3 -> 2, relu, 8 parameters)
    >>> probabilities = Layer(3, 2, activation="softmax", seed=0)([1.0, 2.0, 3.0])
    >>> round(sum(p.data for p in probabilities), 12)
    1.0
    """

    def __init__(
        self,
        nin: int,
        nout: int,
        *,
        nonlin: bool = True,
        activation: str | Activation | LayerActivation = "relu",
        seed: Seed = None,
        **options: Any,
    ) -> None:
        check_size(nout, "neurons")
        generator, whole = generator_of(seed), layer_activation(activation)
        of_neurons: Any = "identity" if whole else activation
        self.neurons = [
            Neuron(nin, nonlin, activation=of_neurons, seed=generator, nout=nout, **options) for _ in range(nout)
        ]
        self.whole = whole if nonlin else None

    def __call__(self, x: Iterable[Scalar]) -> Any:
        """The neurons' outputs as a list; of a single neuron its output itself, as in micrograd."""
        inputs = tuple(x)
        outputs = [neuron.output(inputs) for neuron in self.neurons]
        if self.whole is not None:
            outputs = self.whole(outputs)
        return outputs[0] if len(outputs) == 1 else outputs

    @property
    def activation(self) -> Activation | LayerActivation:
        """What stands between the weighted sums and the outputs: a function of one of them, or of the whole layer."""
        return self.neurons[0].activation if self.whole is None else self.whole

    def __repr__(self) -> str:
        size = f"{len(self.neurons[0].w)} -> {len(self.neurons)}"
        return f"Layer({size}, {_name(self.activation)}, {parameter_count(self)})"


class MLP(Module):
    """A multilayer perceptron: layers one after the other, the last one linear unless it is given an activation.

    Arguments:
        nin: the number of inputs.
        nouts: the number of neurons in each layer, the last being the outputs.
        activation: that of all layers but the last; or a list with one for each layer, the last included.
        bias, seed, init: see `Neuron`.

    Raises:
        TypeError: if `nouts` is no list.
        ValueError: for an empty `nouts`, a size below 1, an unknown name, or another number of activations than of layers.

    >>> MLP(2, [16, 16, 1], seed=1337)
    MLP(2 -> 16 relu -> 16 relu -> 1 identity, 337 parameters)
    >>> MLP(2, [4, 3], activation=["tanh", "softmax"], seed=0)
    MLP(2 -> 4 tanh -> 3 softmax, 27 parameters)
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        *,
        activation: str | Activation | Sequence[str | Activation | LayerActivation] = "relu",
        bias: bool = True,
        seed: Seed = None,
        init: str | Initializer = "uniform",
    ) -> None:
        if not hasattr(nouts, "__len__"):
            raise TypeError(f"MLP: nouts is {nouts!r}; it must be a list of the neurons of each layer, [{nouts!r}] say")
        sizes = [nin, *nouts]
        if len(sizes) < 2:
            raise ValueError("MLP: nouts is empty; it must name the neurons of at least one layer")
        one = isinstance(activation, str) or not isinstance(activation, Sequence)
        activations: Any = [activation] * len(nouts) if one else activation
        if len(activations) != len(nouts):
            raise ValueError(f"MLP: {len(activations)} activations were given for {len(nouts)} layers; give one for each")
        generator, linear = generator_of(seed), len(nouts) - 1 if one else None
        self.layers = [
            Layer(a, b, nonlin=k != linear, activation=function, bias=bias, seed=generator, init=init)
            for k, ((a, b), function) in enumerate(zip(pairwise(sizes), activations, strict=True))
        ]

    def __call__(self, x: Iterable[Scalar]) -> Any:
        """The last layer's outputs as a list; of a single output the Value itself, as in micrograd."""
        for layer in self.layers[:-1]:
            outputs = layer(x)
            x = outputs if isinstance(outputs, list) else [outputs]
        return self.layers[-1](x)

    def __repr__(self) -> str:
        sizes = [f"{len(layer.neurons)} {_name(layer.activation)}" for layer in self.layers]
        return f"MLP({len(self.layers[0].neurons[0].w)} -> {' -> '.join(sizes)}, {parameter_count(self)})"


def parameter_count(module: Module) -> str:
    """How many parameters a module has, in words.

    >>> parameter_count(Neuron(2, seed=0))
    '3 parameters'
    """
    return f"{len(module.parameters())} parameters"


def check_size(size: object, what: str, least: int = 1) -> None:
    """Raises a ValueError that names what is counted, unless there is a whole number of it from `least` on.

    >>> check_size(0, "neurons")
    Traceback (most recent call last):
    ValueError: the number of neurons is 0; it must be a whole number from 1 on
    """
    if not isinstance(size, Integral) or size < least:
        raise ValueError(f"the number of {what} is {size!r}; it must be a whole number from {least} on")


def _name(activation: object) -> str:
    """How an activation is shown; an object that is called may have no name of its own."""
    return str(getattr(activation, "__name__", activation))

"""Neuron, Layer and MLP, as micrograd's users know them, with one `dot` node for a neuron's weighted sum."""

from __future__ import annotations

import random as _random
from collections.abc import Iterable, Sequence
from itertools import pairwise
from numbers import Integral
from typing import Any, TypeAlias

from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.sequences import dot
from autograd_lite.engine.value import Value
from autograd_lite.nn.activations import Activation, activation_named, identity
from autograd_lite.nn.initializers import Initializer, generator_of, initializer_named
from autograd_lite.nn.module import Module

__all__ = ["MLP", "Layer", "Neuron"]

Seed: TypeAlias = int | _random.Random | None
"""What the weights are drawn with."""


class Neuron(Module):
    """activation(w·x + b).

    Arguments:
        nin: the number of inputs.
        nonlin: False for a linear neuron, whatever the activation: micrograd's switch.
        activation: a name such as "relu" or "tanh", or a function of one Value.
        bias: whether there is a b; it starts at 0.
        seed: a seed or a `random.Random`; None draws from Python's shared generator, weights in micrograd's order.
        init: how weights are drawn: "uniform" in [-1, 1], "xavier", "he", or a function (see `nn.initializers`).
        nout: how many neurons stand beside this one, itself included, for those initialisers that ask.

    Raises:
        ValueError: for a number of inputs below 1 or an unknown name.

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
        _check_size(nin, "inputs")
        generator, draw, function = generator_of(seed), initializer_named(init), activation_named(activation)
        self.w = [Value(draw(generator, nin, nout)) for _ in range(nin)]
        self.b = Value(0.0) if bias else None
        self.activation = function if nonlin else identity

    def __call__(self, x: Sequence[Scalar]) -> Scalar:
        """The output for as many numbers or Values as there are weights."""
        if len(x) != len(self.w):
            raise ValueError(f"a neuron of {len(self.w)} inputs was given {len(x)}")
        s = dot(self.w, x) if self.b is None else dot([*self.w, self.b], [*x, 1.0])  # the bias: weight of a constant 1
        return self.activation(s)

    @property
    def nonlin(self) -> bool:
        """Whether the neuron has an activation."""
        return self.activation is not identity

    def __repr__(self) -> str:
        return f"Neuron({len(self.w)}, activation={self.activation.__name__!r}{', bias=False' if self.b is None else ''})"


class Layer(Module):
    """Neurons side by side on the same inputs.

    Arguments:
        nin, nout: the numbers of inputs and of neurons.
        options: those of `Neuron`.

    >>> Layer(3, 2, seed=0)
    Layer(3 -> 2, relu, 8 parameters)
    """

    def __init__(self, nin: int, nout: int, *, seed: Seed = None, **options: Any) -> None:
        _check_size(nout, "neurons")
        generator = generator_of(seed)
        self.neurons = [Neuron(nin, seed=generator, nout=nout, **options) for _ in range(nout)]

    def __call__(self, x: Iterable[Scalar]) -> Any:
        """The neurons' outputs as a list; of a single neuron its output itself, as in micrograd."""
        inputs = tuple(x)
        outputs = [neuron(inputs) for neuron in self.neurons]
        return outputs[0] if len(outputs) == 1 else outputs

    def __repr__(self) -> str:
        neuron = self.neurons[0]
        size, name = f"{len(neuron.w)} -> {len(self.neurons)}", neuron.activation.__name__
        return f"Layer({size}, {name}, {_count(self)})"


class MLP(Module):
    """A multilayer perceptron: layers one after the other, the last one linear.

    Arguments:
        nin: the number of inputs.
        nouts: the number of neurons in each layer, the last being the outputs.
        activation, bias, seed, init: see `Neuron`; the activation is that of all layers but the last.

    Raises:
        ValueError: for an empty `nouts`, a size below 1 or an unknown name.

    >>> model = MLP(2, [16, 16, 1], seed=1337)
    >>> model
    MLP(2 -> 16 relu -> 16 relu -> 1 identity, 337 parameters)
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        *,
        activation: str | Activation = "relu",
        bias: bool = True,
        seed: Seed = None,
        init: str | Initializer = "uniform",
    ) -> None:
        sizes = [nin, *nouts]
        if len(sizes) < 2:
            raise ValueError("MLP: nouts is empty; it must name the neurons of at least one layer")
        generator, last = generator_of(seed), len(nouts) - 1
        self.layers = [
            Layer(a, b, nonlin=k != last, activation=activation, bias=bias, seed=generator, init=init)
            for k, (a, b) in enumerate(pairwise(sizes))
        ]

    def __call__(self, x: Iterable[Scalar]) -> Any:
        """The last layer's outputs as a list; of a single output the Value itself, as in micrograd."""
        for layer in self.layers[:-1]:
            outputs = layer(x)
            x = outputs if isinstance(outputs, list) else [outputs]
        return self.layers[-1](x)

    def __repr__(self) -> str:
        sizes = [f"{len(layer.neurons)} {layer.neurons[0].activation.__name__}" for layer in self.layers]
        return f"MLP({len(self.layers[0].neurons[0].w)} -> {' -> '.join(sizes)}, {_count(self)})"


def _count(module: Module) -> str:
    return f"{len(module.parameters())} parameters"


def _check_size(size: object, what: str) -> None:
    if not isinstance(size, Integral) or size < 1:
        raise ValueError(f"the number of {what} is {size!r}; it must be a whole number from 1 on")

"""Symmetries of a network: other weights with which it computes the same.

A hidden layer of N units has N! orders, and where the activation is odd, f(-s) = -f(s), each unit has two signs.

Source: Hecht-Nielsen, On the algebraic structure of feedforward network weight spaces, 1990; Bishop, Pattern Recognition and
Machine Learning, 2006, section 5.1.1.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Sequence
from typing import TypeVar

from autograd_lite.engine.value import Value
from autograd_lite.nn.activations import Activation
from autograd_lite.nn.chain import layers_of, outputs_and_slopes
from autograd_lite.nn.layers import Layer
from autograd_lite.nn.module import Module

__all__ = ["count_equivalent", "flip_signs", "is_odd", "permute_hidden"]

Network = TypeVar("Network", bound=Module)

POINTS = [0.0, *[4.0 * (k * 0.6180339887498949 % 1.0) for k in range(1, 64)]]
"""Where oddness is looked for: the golden ratio spreads its multiples evenly over [0, 4]."""

ROUNDING = 1e-15
"""Of the largest output: what an activation may be off by and still count as odd."""


def permute_hidden(model: Network, layer: int, order: Sequence[int]) -> Network:
    """The network with the units of a hidden layer in another order: other weights, the same outputs but for rounding.

    Arguments:
        model: an MLP, or a Sequential of MLPs and Layers; it stays as it is.
        layer: which hidden layer, the first being 0.
        order: for each place the unit that comes there, a permutation of 0 … N - 1.

    Raises:
        TypeError: for another model.
        ValueError: if there is no such hidden layer, the order is no permutation, or layers share parameters.

    >>> from autograd_lite.nn import MLP
    >>> model = MLP(1, [2, 1], activation="tanh", seed=0)
    >>> other = permute_hidden(model, 0, [1, 0])
    >>> other.layers[0].neurons[0].w[0].data == model.layers[0].neurons[1].w[0].data
    True
    >>> other([0.5]).data == model([0.5]).data
    True
    """
    other, here, after = _copied("permute_hidden", model, layer)
    order = list(order)
    if sorted(order) != list(range(len(here.neurons))):
        raise ValueError(f"permute_hidden: the order is {order}; it must have each of 0 … {len(here.neurons) - 1} once")
    here.neurons = [here.neurons[k] for k in order]
    for neuron in after.neurons:
        neuron.w = [neuron.w[k] for k in order]
    return other


def flip_signs(model: Network, layer: int, units: Iterable[int]) -> Network:
    """The network with all weights into and out of some hidden units negated, and their biases: the same outputs.

    Since f(-s) = -f(s), such a unit puts out the negative of what it did, and all that use it weigh it with the negative.

    Arguments:
        model, layer: as in `permute_hidden`.
        units: which units of that layer, from 0 on.

    Raises:
        TypeError, ValueError: as `permute_hidden`; and if there is no such unit, or the activation is not odd.

    >>> from autograd_lite.nn import MLP
    >>> model = MLP(1, [2, 1], activation="tanh", seed=0)
    >>> other = flip_signs(model, 0, [1])
    >>> other([0.5]).data == model([0.5]).data, other.layers[1].neurons[0].w[1].data == -model.layers[1].neurons[0].w[1].data
    (True, True)
    """
    other, here, after = _copied("flip_signs", model, layer)
    flipped = set(units)
    if not flipped <= set(range(len(here.neurons))):
        raise ValueError(f"flip_signs: the units are {sorted(flipped)}; they must be among 0 … {len(here.neurons) - 1}")
    if not _is_odd_layer(here):
        name = getattr(here.activation, "__name__", here.activation)
        raise ValueError(
            f"flip_signs: the activation {name} is not odd; f(-s) must be -f(s), as of tanh, for signs to cancel"
        )
    for k in sorted(flipped):
        bias = here.neurons[k].b
        for value in [*here.neurons[k].w, *([] if bias is None else [bias]), *[neuron.w[k] for neuron in after.neurons]]:
            value.data = -value.data
    return other


def count_equivalent(model: Module) -> int:
    """How many settings of the weights compute the same by symmetry, itself among them: Π N!·2^N over hidden layers.

    The factor 2^N is there where the activation is odd. So many are different where no two units are alike.

    Raises:
        TypeError: for another model than `permute_hidden` takes.

    >>> from autograd_lite.nn import MLP
    >>> count_equivalent(MLP(2, [3, 1], activation="tanh")), count_equivalent(MLP(2, [3, 1], activation="relu"))
    (48, 6)
    """
    hidden = layers_of(model, "count_equivalent")[:-1]
    sizes = [(len(layer.neurons), 2 if _is_odd_layer(layer) else 1) for layer in hidden]
    return math.prod([math.factorial(count) * signs**count for count, signs in sizes])


def is_odd(activation: Activation) -> bool:
    """Whether f(-s) = -f(s), as far as 64 points in [0, 4] tell, to 1e-15 of the largest output there.

    >>> from autograd_lite.engine.functions import relu, tanh
    >>> is_odd(tanh), is_odd(relu)
    (True, False)
    """
    right, _ = outputs_and_slopes(activation, POINTS)
    left, _ = outputs_and_slopes(activation, [-s for s in POINTS])
    largest = max(map(abs, [*left, *right]))
    return all(abs(a + b) <= ROUNDING * largest for a, b in zip(left, right, strict=True))


def _is_odd_layer(layer: Layer) -> bool:
    return layer.whole is None and all(is_odd(neuron.activation) for neuron in layer.neurons)


def _copied(what: str, model: Network, layer: int) -> tuple[Network, Layer, Layer]:
    """A copy of a network, its hidden layer of that number, and the layer after it."""
    other = copy.deepcopy(model)
    layers = layers_of(other, what)
    if layer not in range(len(layers) - 1):
        raise ValueError(f"{what}: the layer is {layer!r}; the network has {len(layers) - 1} hidden layers, from 0 on")
    parameters: list[Value] = [parameter for part in layers for parameter in part.parameters()]
    if len(set(parameters)) < len(parameters):
        raise ValueError(f"{what}: layers share parameters, so that to change one changes others")
    return other, layers[layer], layers[layer + 1]

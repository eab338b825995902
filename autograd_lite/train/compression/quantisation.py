"""Quantisation: the weights of a layer become whole multiples of one number, few enough for codes of a few bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from autograd_lite.engine.value import Value
from autograd_lite.nn.layers import Neuron
from autograd_lite.nn.module import Module
from autograd_lite.nn.penalties import weights
from autograd_lite.optim.parameter_vector import ParameterVector, Vector
from autograd_lite.optim.ranges import checked_count
from autograd_lite.train.callbacks import Callback, Training
from autograd_lite.train.compression.pruning import NUMBER_BITS, Tune

__all__ = ["MOST_BITS", "Quantised", "QuantisedLayer", "quantise"]

MOST_BITS = 32
"""Of a code: with more the levels lie as close as the doubles of large weights do."""

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class QuantisedLayer:
    """The weights of a layer as codes: step·(code - zero), with codes from 0 to 2^bits - 1.

    The levels are spread evenly from the least weight to the largest and shifted by half a step at most, so that 0 is one of
    them, even of weights of one sign: a pruned weight stays 0. No weight moves by more than half a step.

    Attributes:
        bits: of a code.
        step: from a level to the next.
        zero: the code of the weight 0.
        codes: one for each weight.

    Source: the affine scheme of Jacob et al., Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference (CVPR 2018), section 2.1.

    >>> layer = QuantisedLayer.of(np.array([-1.0, 0.1, 2.0]), bits=2)
    >>> layer.step, layer.zero, layer.codes.tolist(), layer.weights.tolist()
    (1.0, 1, [0, 1, 3], [-1.0, 0.0, 2.0])
    """

    bits: int
    step: float
    zero: int
    codes: Codes

    @classmethod
    def of(cls, numbers: Vector, bits: int) -> QuantisedLayer:
        """Weights as codes of so many bits.

        Raises:
            ValueError: for a number that is not finite.
        """
        if not np.isfinite(numbers).all():
            raise ValueError("quantise: a weight is not finite; only finite weights can be quantised")
        most = 2**bits - 1
        low, high = min(0.0, float(numbers.min())), max(0.0, float(numbers.max()))
        step = high / most - low / most or 1.0  # any step will do where all weights are 0
        zero = -int(_nearest(np.array(low / step)))
        # Roundings can lead past the ends where a quotient is halfway between two levels.
        return cls(bits, step, zero, np.clip(_nearest(numbers / step) + zero, 0, most))

    @property
    def weights(self) -> Vector:
        """The numbers that the codes stand for."""
        return np.asarray(self.step * (self.codes - self.zero), dtype=float)

    @property
    def size(self) -> int:
        """The bits of all codes, the step and the zero."""
        return self.bits * len(self.codes) + NUMBER_BITS + self.bits


def _nearest(x: Vector) -> Codes:
    """The nearest whole number, of two the lower one: then what is 2^bits - 1 apart is so after rounding, which it is not
    where halves go to even ones."""
    whole: Codes = np.ceil(x - 0.5).astype(np.int64)
    return whole


@dataclass(frozen=True, eq=False)
class Quantised:
    """The codes of all layers of a model.

    Attributes:
        layers: one for each layer, in the order of the model's parameters.
        others: how many parameters are no weights: biases, which stay as they are.
    """

    layers: tuple[QuantisedLayer, ...]
    others: int

    @property
    def bits(self) -> int:
        """The size of the model: codes, a step and a zero for each layer, and doubles for all that are no weights."""
        return sum(layer.size for layer in self.layers) + NUMBER_BITS * self.others


class _Levels:
    """The weights of a model by layers, and how they get onto their levels."""

    def __init__(self, model: Module, bits: int) -> None:
        self.vector, self.bits = ParameterVector("quantise", model), bits
        place = {leaf: k for k, leaf in enumerate(self.vector.leaves)}
        self.groups = [np.array([place[weight] for weight in group]) for group in _weights_by_layer(model)]

    def round(self) -> Quantised:
        """Quantises the model."""
        numbers = self.vector.read()
        layers = [QuantisedLayer.of(numbers[group], self.bits) for group in self.groups]
        for group, layer in zip(self.groups, layers, strict=True):
            numbers[group] = layer.weights
        self.vector.write(numbers)
        return Quantised(tuple(layers), len(numbers) - sum(map(len, self.groups)))


class _StraightThrough(Callback):
    """Keeps the weights on their levels, and what they would be without, to which the steps add up.

    The derivative of rounding is taken for 1: the gradient at the quantised weights moves the free ones.
    """

    def __init__(self, levels: _Levels) -> None:
        self.levels = levels

    def on_start(self, training: Training) -> None:
        if training.model is not self.levels.vector.module:
            raise ValueError("quantise: this is the callback of another model; train the one that is quantised")
        self.free = self.levels.vector.read()
        self.round()

    def on_step(self, training: Training) -> None:
        self.free += self.levels.vector.read() - self.held
        self.round()

    def round(self) -> None:
        self.levels.vector.write(self.free)
        self.levels.round()
        self.held = self.levels.vector.read()


def quantise(model: Module, bits: int, *, tune: Tune | None = None) -> Quantised:
    """Makes every weight of a model one of 2^bits levels, evenly spread over the weights of its layer; biases stay.

    The network is changed in place. What stands together is a module that has neurons, such as a Layer, a convolution or an
    RNN; and of other modules the weights that they have themselves. See `QuantisedLayer` for the levels.

    Arguments:
        model: a trained Module.
        bits: of a weight's code, from 1 to 32.
        tune: trains the quantised network further, `lambda callback: fit(model, features, targets, callbacks=[callback])`
            say. In that training every loss and gradient is that of weights on their levels, and steps move the free
            numbers which are rounded to them (the straight-through estimator).

    Returns:
        The codes, and the size of all in bits.

    Raises:
        TypeError: for what is no Module, or bits that are no whole number.
        ValueError: for bits out of their range, a weight that is not finite, or if there are no weights.

    Source: Bengio, Léonard and Courville, Estimating or Propagating Gradients Through Stochastic Neurons (arXiv:1308.3432);
    Courbariaux, Bengio and David, BinaryConnect (NIPS 2015), for the training.

    >>> from autograd_lite.nn import Neuron
    >>> neuron = Neuron(4, init=lambda generator, nin, nout: [-1.0, 0.2, 0.9, 2.0])
    >>> quantised = quantise(neuron, bits=2)
    >>> [w.data for w in neuron.w], quantised.bits              # 4 codes, the step, the zero, the bias
    ([-1.0, 0.0, 1.0, 2.0], 138)
    """
    if not isinstance(model, Module):
        raise TypeError(f"quantise: the model is of type {type(model).__name__}; it must be a Module, such as ag.nn.MLP")
    if checked_count("quantise: bits", bits) > MOST_BITS:
        raise ValueError(f"quantise: bits is {bits}; it must be a whole number from 1 to {MOST_BITS}")
    if not weights(model):
        raise ValueError(f"quantise: {model!r} has no weights")
    levels = _Levels(model, bits)
    if tune is not None:
        tune(_StraightThrough(levels))
    return levels.round()


def _weights_by_layer(model: Module) -> list[list[Value]]:
    """The weights of each module, those of neurons with the module that has the neurons; in the order of the parameters."""
    waiting: list[tuple[object, Module]] = [(model, model)]
    missing, groups = set(weights(model)), dict[int, list[Value]]()
    while waiting:
        item, owner = waiting.pop()
        inner: list[object] = []
        if isinstance(item, Value) and item in missing:
            missing.remove(item)
            groups.setdefault(id(owner), []).append(item)
        elif isinstance(item, Module):
            owner = owner if isinstance(item, Neuron) else item
            inner = list(vars(item).values())
        elif isinstance(item, dict):
            inner = list(item.values())
        elif isinstance(item, (list, tuple)):
            inner = list(item)
        waiting.extend((part, owner) for part in reversed(inner))
    return list(groups.values())

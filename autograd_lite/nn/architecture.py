"""The architecture of networks as plain data, one row for each type of module; their parameters are in `state_dict`."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial
from itertools import pairwise
from math import prod
from numbers import Integral, Real
from typing import Any

from autograd_lite.nn.activations import ACTIVATIONS
from autograd_lite.nn.convolution import Conv1d, Conv2d
from autograd_lite.nn.dropout import Dropout
from autograd_lite.nn.initializers import constant
from autograd_lite.nn.layers import MLP, Layer, Neuron
from autograd_lite.nn.maxout import Maxout
from autograd_lite.nn.module import Module
from autograd_lite.nn.records import (
    ALL_ACTIVATIONS,
    KINDS,
    Field,
    Kind,
    Plan,
    Record,
    activation,
    activations,
    finite,
    flag,
    layer_activation,
    part,
    parts,
    plan_of,
    register,
    size,
    sizes,
)
from autograd_lite.nn.recurrent import RNN
from autograd_lite.nn.reshape import Flatten, Reshape
from autograd_lite.nn.sequential import Residual, Sequential

__all__ = ["KINDS", "Kind", "Plan", "Record", "plan_of", "record_of", "register"]


def record_of(module: Module) -> Record:
    """The record of a module, from which the same module can be made but for its parameters and the state of its dice.

    Raises:
        TypeError: for a module of another class than those of `nn` and those that were registered, or a function that is no
            activation with a name.
        ValueError: for neurons in a layer that are not alike, or modules that share parameters.

    >>> record_of(Sequential(Layer(2, 3), "softmax"))
    {'type': 'Sequential', 'parts': [{'type': 'Layer', 'nin': 2, 'nout': 3, 'activation': 'relu', 'bias': True}, 'softmax']}
    """
    record: Record = _plain(module)
    expected, found = plan_of(record).parameters, len(module.parameters())
    if expected != found:
        raise ValueError(
            f"a {type(module).__name__} of this architecture has {expected} parameters, and this one has {found}: some are "
            "shared, or were added or taken away, for which a record has no words; keep its state_dict() in place of it"
        )
    return record


# --- the table ------------------------------------------------------------------------------------------------------------

_NAMES = {f: name for name in ALL_ACTIVATIONS for f in (ALL_ACTIVATIONS[name], Sequential(name)[0])}
"""Of the functions, and of what a Sequential makes of a name."""


def _plain(item: Any) -> Any:
    if isinstance(item, Module):
        kind = KINDS.get(type(item).__name__)
        if kind is None or kind.type is not type(item):
            name = type(item).__name__
            raise TypeError(f"the class {name} is not one of nn; keep its state_dict(), or tell of it by nn.register")
        values = kind.values(item)
        return {"type": type(item).__name__, **{key: _plain(values[key]) for key in kind.fields}}
    if isinstance(item, (list, tuple)):
        return [_plain(inner) for inner in item]
    if isinstance(item, bool) or not (callable(item) or isinstance(item, Real)):
        return item
    if isinstance(item, Real):  # numpy's numbers too
        return int(item) if isinstance(item, Integral) else float(item)
    if not isinstance(item, Hashable) or item not in _NAMES:
        name = getattr(item, "__name__", None) or type(item).__name__
        raise TypeError(
            f"the function {name} is no activation with a name, and code is not kept; keep the state_dict() alone"
        )
    return _NAMES[item]


def _alike(neurons: Sequence[Neuron], inputs: int = 0) -> dict[str, Any]:
    """What neurons of a layer have in common; the first `inputs` of their inputs are not counted."""
    found = [(len(neuron.w), neuron.activation, neuron.b is not None) for neuron in neurons]
    if not found or any(other != found[0] for other in found):
        raise ValueError(
            "neurons side by side differ in inputs, activation or bias, or there are none; keep the state_dict() alone"
        )
    nin, activation, bias = found[0]
    return {"nin": nin - inputs, "activation": activation, "bias": bias}


def _of_a_layer(layer: Layer) -> dict[str, Any]:
    common = _alike(layer.neurons)
    if layer.whole is not None and common["activation"] is not ACTIVATIONS["identity"]:
        raise ValueError("a layer has an activation of its own and its neurons have another; keep the state_dict() alone")
    return {**common, "nout": len(layer.neurons), "activation": layer.activation}


def _of_an_mlp(model: MLP) -> dict[str, Any]:
    layers = [_of_a_layer(layer) for layer in model.layers]
    unlike = len({layer["bias"] for layer in layers}) != 1
    if unlike or any(below["nout"] != above["nin"] for below, above in pairwise(layers)):
        raise ValueError("the layers of an MLP do not fit, or not all have a bias; put them into a Sequential")
    nouts, activations = ([layer[key] for layer in layers] for key in ("nout", "activation"))
    return {"nin": layers[0]["nin"], "nouts": nouts, "activation": activations, "bias": layers[0]["bias"]}


def _of_maxout(module: Maxout) -> dict[str, Any]:
    common = _alike([piece for unit in module.units for piece in unit])
    pieces = {len(unit) for unit in module.units}
    if common["activation"] is not ACTIVATIONS["identity"] or len(pieces) != 1:
        raise ValueError("the units of a Maxout differ in pieces, or have an activation; keep the state_dict() alone")
    return {"nin": common["nin"], "nout": len(module.units), "pieces": pieces.pop(), "bias": common["bias"]}


def _of_a_recurrence(module: RNN) -> dict[str, Any]:
    nhidden = len(module.neurons)
    return {**_alike(module.neurons, nhidden), "nhidden": nhidden}


def _of_a_convolution(module: Conv1d | Conv2d) -> dict[str, Any]:
    common = _alike(module.neurons)
    sides: dict[str, Any] = {name: getattr(module, name) for name in ("kernel_size", "stride", "padding")}
    if isinstance(module, Conv1d):
        sides = {name: side[0] for name, side in sides.items()}
    own = {"in_channels": module.in_channels, "out_channels": len(module.neurons), **sides}
    return {**own, "activation": common["activation"], "bias": common["bias"]}


def _weights_of_kernels(size: int, kernel: Sequence[int], padding: Sequence[int], neurons: int, bias: bool) -> int:
    """How many there are; a padding that makes outputs of nothing is refused, since they could be more than memory holds."""
    if any(zeros >= side for zeros, side in zip(padding, kernel, strict=True)):
        raise ValueError(f"a padding of {padding} is not below the kernel_size {kernel}: windows would see zeros alone")
    return (size * prod(kernel) + bias) * neurons


_zeros = constant(0.0)
_neuron: dict[str, Field] = {"activation": activation, "bias": flag}
_pair, _padding, _paddings = (partial(sizes, count=2), partial(size, least=0), partial(sizes, count=2, least=0))

_TABLE = [
    Kind(
        Neuron,
        {"nin": size, **_neuron},
        lambda neuron: _alike([neuron]),
        lambda nin, bias, **_: nin + bias,
        partial(Neuron, init=_zeros),
    ),
    Kind(
        Layer,
        {"nin": size, "nout": size, "activation": layer_activation, "bias": flag},
        _of_a_layer,
        lambda nin, nout, bias, **_: (nin + bias) * nout,
        partial(Layer, init=_zeros),
    ),
    Kind(
        MLP,
        {"nin": size, "nouts": sizes, "activation": activations, "bias": flag},
        _of_an_mlp,
        lambda nin, nouts, bias, **_: sum((below + bias) * above for below, above in pairwise([nin, *nouts])),
        partial(MLP, init=_zeros),
    ),
    Kind(
        Maxout,
        {"nin": size, "nout": size, "pieces": size, "bias": flag},
        _of_maxout,
        lambda nin, nout, pieces, bias: (nin + bias) * nout * pieces,
        partial(Maxout, init=_zeros),
    ),
    Kind(
        Conv1d,
        {"in_channels": size, "out_channels": size, "kernel_size": size, "stride": size, "padding": _padding, **_neuron},
        _of_a_convolution,
        lambda in_channels, out_channels, kernel_size, padding, bias, **_: _weights_of_kernels(
            in_channels, [kernel_size], [padding], out_channels, bias
        ),
        partial(Conv1d, init=_zeros),
    ),
    Kind(
        Conv2d,
        {"in_channels": size, "out_channels": size, "kernel_size": _pair, "stride": _pair, "padding": _paddings, **_neuron},
        _of_a_convolution,
        lambda in_channels, out_channels, kernel_size, padding, bias, **_: _weights_of_kernels(
            in_channels, kernel_size, padding, out_channels, bias
        ),
        partial(Conv2d, init=_zeros),
    ),
    Kind(
        RNN,
        {"nin": size, "nhidden": size, **_neuron},
        _of_a_recurrence,
        lambda nin, nhidden, bias, **_: (nin + nhidden + bias) * nhidden,
        partial(RNN, init=_zeros),
    ),
    Kind(
        Dropout,
        {"rate": finite, "training": flag},
        lambda module: {"rate": module.rate, "training": module.training},
        make=lambda rate, training: Dropout(rate).train(training),
    ),
    Kind(Flatten, {}, lambda module: {}),
    Kind(Reshape, {"shape": sizes}, lambda module: {"shape": module.shape}, make=lambda shape: Reshape(*shape)),
    Kind(Sequential, {"parts": parts}, lambda module: {"parts": module.parts}, make=lambda parts: Sequential(*parts)),
    Kind(
        Residual, {"inner": part}, lambda module: {"inner": module.inner}, make=lambda inner: Residual(Sequential(inner)[0])
    ),
]

for _kind in _TABLE:
    register(_kind)

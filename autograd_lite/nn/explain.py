"""Backpropagation by hand: the δ recursion in plain numbers, checked against the sweep over the graph."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from autograd_lite.calculus.jacobians import jacobian
from autograd_lite.calculus.transforms import value_and_grad
from autograd_lite.engine import state
from autograd_lite.engine.node import Node
from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.sweep import local_derivatives, topological
from autograd_lite.engine.symbolic import symbolic
from autograd_lite.engine.value import Value, gradients
from autograd_lite.nn.activations import Activation
from autograd_lite.nn.chain import Loss, layers_of, loss_named, loss_of, outputs_and_slopes
from autograd_lite.nn.explain_table import Backpropagation, LayerTable, Matrix, Row
from autograd_lite.nn.layers import Layer, Neuron
from autograd_lite.nn.module import Module

__all__ = ["explain_backprop"]

TOLERANCE = 1e-12
"""Of the sum of absolute terms: what rounding may change where products and sums are taken in another order."""

UNDERFLOW = 1e-300
"""What else it may change: near the smallest floats every product is rounded to a multiple of 5e-324."""

FORMULA = 40
"""How many characters the formula of an activation's derivative may have."""


def explain_backprop(
    model: Module, x: Iterable[Scalar], target: Any, loss: Loss = "half_squared_error", limit: int = 10_000
) -> Backpropagation:
    """Backpropagation of one sample laid out: s, h and δ of every unit, and ∂E/∂w of every weight.

        δ = -∂E/∂h·f′(s)               of an output unit; for ½(y - t)² it is (t - y)·f′(s)
        δ = (Σ w·δ)·f′(s)              of a hidden unit, summed over the units after it
        ∂E/∂w = -δ·h, -δ·x, -δ         by a weight from a hidden unit, a weight from an input, a bias

    With this sign, δ = -∂E/∂s, steepest descent moves a weight by +η·δ·h. A softmax takes all sums of a layer, and its δ
    sums over all outputs. All is computed in plain numbers by this recursion, which visits no graph; the results must be
    those of `gradients`, within 1e-12 of the sum of absolute terms.

    Arguments:
        model: an MLP, a Layer, or a Sequential of such.
        x: the inputs.
        target: what the loss is given as its second argument.
        loss: a function of outputs and target, or the name of one in `nn.losses`.
        limit: the largest number of parameters.

    Raises:
        TypeError: for another model.
        ValueError: for another number of inputs, an unknown loss, more parameters than the limit, or numbers that are not
            finite.
        RuntimeError: within `no_grad`.
        AssertionError: if `gradients` finds something else, as it does where a subclass computes something else.

    Source: Rumelhart, Hinton and Williams, Learning representations by back-propagating errors, Nature 323 (1986).

    >>> from autograd_lite.nn import MLP
    >>> model = MLP(2, [2, 1], activation=["sigmoid", "sigmoid"], seed=0)
    >>> model.storage.write([0.1] * 9)
    >>> explained = explain_backprop(model, [1.0, 0.0], 0.9)
    >>> hidden, output = explained.layers
    >>> f"{output.outputs[0]:.7f} {output.deltas[0]:.7f} {hidden.deltas[0]:.7f}"
    '0.5522997 0.0859740 0.0021280'
    >>> print(str(explained).partition("Units")[0].strip())
    E = half_squared_error(outputs, target) = 0.0604477
    <BLANKLINE>
    δ = −∂E/∂s, so that ∂E/∂w = −δ·h, and a step of the size η moves a weight by +η·δ·h
    >>> for cell in hidden.unit_cells(after=output)[0]:
    ...     print(cell)
    1,1
    0.1·1 + 0.1·0 + 0.1 = 0.2
    sigmoid(0.2) = 0.549834
    sigmoid(s) * sigmoid(-s) = 0.247517
    (w[2,1,1]·δ[2,1])·f′(s) = (0.1·0.085974)·0.247517 = 0.002128
    """
    layers, function = layers_of(model, "explain_backprop"), loss_named(loss)
    inputs, size = tuple([_number(item) for item in x]), len(model.parameters())
    if len(inputs) != len(layers[0].neurons[0].w):
        raise ValueError(f"explain_backprop: {len(inputs)} inputs were given to a network of {len(layers[0].neurons[0].w)}")
    if size > limit:
        raise ValueError(f"explain_backprop: the network has {size:,} parameters, the limit is {limit:,}; raise it")
    if not state.is_recording():
        raise RuntimeError("explain_backprop: it compares with gradients, and no_grad() records none; call it outside")
    passes = _forwards(layers, inputs)
    outputs = list(passes[-1].outputs)
    value, slopes = value_and_grad(function)(outputs if len(outputs) > 1 else outputs[0], target)
    errors = tuple(slopes) if len(outputs) > 1 else (slopes,)
    tables: list[LayerTable] = []
    for number in range(len(layers), 0, -1):
        after = tables[0] if tables else None
        tables.insert(0, _backwards(number, layers[number - 1], passes[number - 1], errors, after))
    numbers = [value, *[x for table in tables for x in (*table.sums, *table.outputs, *table.deltas, *table.passed)]]
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError("explain_backprop: some of its numbers are not finite; look for them with ag.detect_anomaly()")
    _compare(layers, tables, loss_of(model, (list(inputs), target, function), "explain_backprop"))
    return Backpropagation(_name(function, "loss"), value, tuple(tables))


def _number(x: Scalar) -> float:
    return x.data if isinstance(x, Value) else float(x)


def _name(function: Any, otherwise: str) -> str:
    """A function's name, if it has one to speak of."""
    name = getattr(function, "__name__", otherwise)
    return name if name.isidentifier() else otherwise


# --- the two passes ------------------------------------------------------------------------------------------------------


class _Pass(NamedTuple):
    """What the forward pass finds out about a layer; see `LayerTable`."""

    inputs: Row
    sums: Row
    outputs: Row
    slopes: Matrix


def _forwards(layers: Sequence[Layer], inputs: Row) -> list[_Pass]:
    passes = []
    for layer in layers:
        sums = [_weighted_sum(neuron, inputs) for neuron in layer.neurons]
        outputs, slopes = _activated(layer, sums)
        passes.append(_Pass(inputs, tuple(sums), outputs, slopes))
        inputs = outputs
    return passes


def _weighted_sum(neuron: Neuron, inputs: Row) -> float:
    bias = 0.0 if neuron.b is None else neuron.b.data
    return _dot([w.data for w in neuron.w], inputs) + bias


def _activated(layer: Layer, sums: list[float]) -> tuple[Row, Matrix]:
    """A layer's outputs, and their derivatives by its sums, ∂h[k]/∂s[j] in row k."""
    if layer.whole is not None:
        return tuple(layer.whole(sums)), tuple([tuple(row) for row in jacobian(layer.whole)(sums)])
    pairs = [outputs_and_slopes(neuron.activation, [s]) for neuron, s in zip(layer.neurons, sums, strict=True)]
    slopes = [slope for _, (slope,) in pairs]
    diagonal = tuple([(*[0.0] * k, slope, *[0.0] * (len(sums) - k - 1)) for k, slope in enumerate(slopes)])
    return tuple([output for (output,), _ in pairs]), diagonal


def _formulas(layer: Layer, sums: Sequence[float]) -> tuple[str, ...]:
    """The derivative of each unit's activation in symbols."""
    if layer.whole is not None:
        return ("",) * len(sums)
    return tuple([_formula(neuron.activation, s) for neuron, s in zip(layer.neurons, sums, strict=True)])


def _formula(activation: Activation, at: float) -> str:
    s = Value(at, "s")
    output = activation(s)
    try:
        return symbolic(output, s).text(FORMULA) if isinstance(output, Value) else ""
    except ValueError:
        return ""


def _backwards(number: int, layer: Layer, passed: _Pass, errors: Row, after: LayerTable | None) -> LayerTable:
    """The table of a layer, by the recursion from the δ of the layer after it, or from the errors of the outputs."""
    weights = tuple([tuple([w.data for w in neuron.w]) for neuron in layer.neurons])
    biases = tuple([neuron.b.data for neuron in layer.neurons if neuron.b is not None])
    units, places = range(len(passed.sums)), range(len(passed.inputs))
    if after is not None:
        errors = tuple([0.0 - _dot(after.deltas, [w[j] for w in after.weights]) for j in units])
    deltas = tuple([0.0 - _dot(errors, [row[j] for row in passed.slopes]) for j in units])
    passing = tuple([tuple([_dot(row, [w[i] for w in weights]) for i in places]) for row in passed.slopes])
    return LayerTable(
        number=number,
        activation=_name(layer.activation, "f"),
        whole=layer.whole is not None,
        inputs=passed.inputs,
        weights=weights,
        biases=biases or None,
        sums=passed.sums,
        outputs=passed.outputs,
        slopes=passed.slopes,
        formulas=_formulas(layer, passed.sums),
        errors=errors,
        deltas=deltas,
        by_weight=tuple([tuple([0.0 - delta * x for x in passed.inputs]) for delta in deltas]),
        by_bias=tuple([0.0 - delta for delta in deltas]) if biases else None,
        jacobian=passing,
        passed=tuple([_dot(errors, [row[i] for row in passing]) for i in places]),
    )


def _dot(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Σ xs[k]·ys[k], added from left to right."""
    total = 0.0
    for x, y in zip(xs, ys, strict=True):
        total += x * y
    return total


# --- the comparison ------------------------------------------------------------------------------------------------------


def _compare(layers: Sequence[Layer], tables: Sequence[LayerTable], loss: Value) -> None:
    """Raises an AssertionError unless the sweep over the graph finds the same; a parameter may stand in several places."""
    found: dict[Value, float] = {}
    names: dict[Value, str] = {}
    for layer, table in zip(layers, tables, strict=True):
        for j, neuron in enumerate(layer.neurons):
            places = [(w, f"w[{table.number},{j + 1},{i}]") for i, w in enumerate(neuron.w, start=1)]
            slopes = [*table.by_weight[j]]
            if neuron.b is not None and table.by_bias is not None:
                places.append((neuron.b, f"b[{table.number},{j + 1}]"))
                slopes.append(table.by_bias[j])
            for (parameter, name), slope in zip(places, slopes, strict=True):
                names.setdefault(parameter, name)
                found[parameter] = found.get(parameter, 0.0) + slope
    sums = _absolute_sums(loss)
    for (parameter, by_hand), swept in zip(found.items(), gradients(loss, list(found)), strict=True):
        if not abs(by_hand - swept) <= TOLERANCE * sums.get(parameter, 0.0) + UNDERFLOW:
            raise AssertionError(
                f"explain_backprop: by the δ recursion ∂E/∂{names[parameter]} is {by_hand!r}, by gradients it is {swept!r}"
            )


def _absolute_sums(output: Node) -> dict[Node, float]:
    """The sum of the absolute products over all paths, from every node to the output."""
    sums = {output: 1.0}
    for node in reversed(topological(output)):
        for arg, z in local_derivatives(node) if node in sums else ():
            sums[arg] = sums.get(arg, 0.0) + sums[node] * abs(z)
    return sums

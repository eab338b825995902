"""What goes wrong in deep networks, measured: gradients that vanish or explode, units that learn no more, flat places."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from autograd_lite.calculus.jacobians import hessian
from autograd_lite.calculus.transforms import value_and_grad
from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.printing import short
from autograd_lite.engine.sequences import dot, norm
from autograd_lite.engine.sweep_table import aligned
from autograd_lite.engine.value import Value, gradients
from autograd_lite.nn.chain import Loss, layers_of, loss_of, outputs_and_slopes
from autograd_lite.nn.layers import Layer
from autograd_lite.nn.module import Module

__all__ = [
    "Curvature", "GradientNorms", "dead_units", "gradient_norms", "hessian_eigenvalues", "saturated_units"
]  # fmt: skip

FAR_APART = 1000.0
"""How many times the first and the last layer's gradient may differ: no one learning rate serves both beyond that."""

ROUNDING = 1e-12
"""Of the sum of absolute terms: what rounding may change in a derivative."""


# --- depth ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GradientNorms:
    """How large the gradient is in each layer.

    Attributes:
        norms: ‖∂E/∂w‖ over the weights and biases of each layer, the first layer first.
        limit: how many times the first and the last may differ.
    """

    norms: tuple[float, ...]
    limit: float = FAR_APART

    @property
    def verdict(self) -> str:
        """ "vanishing" or "exploding", on the way from the last layer to the first; "even", "zero", or "not finite"."""
        first, last = self.norms[0], self.norms[-1]
        if not all(math.isfinite(size) for size in self.norms):
            return "not finite"
        if not any(self.norms):
            return "zero"
        return "vanishing" if first * self.limit < last else "exploding" if last * self.limit < first else "even"

    def __str__(self) -> str:
        rows = [[str(k), short(size)] for k, size in enumerate(self.norms, start=1)]
        return f"{aligned(('layer', '‖∂E/∂w‖'), rows)}\nfrom the last layer to the first: {self.verdict}"

    __repr__ = __str__


def gradient_norms(model: Module, loss: Value | tuple[Any, Any, Loss], limit: float = FAR_APART) -> GradientNorms:
    """The norm of the gradient in each layer: in a deep network it may vanish or explode from layer to layer.

    Every layer back multiplies the errors by its Jacobian diag(f′(s))·W. Where that makes them smaller, as of sigmoid units,
    whose f′ is ¼ at most, the first layers learn nothing.

    Arguments:
        model: an MLP, a Layer, or a Sequential of such.
        loss: a Value computed from the model, or (x, target, loss) with a loss or its name.
        limit: how many times the first and the last layer may differ.

    Raises:
        TypeError: for another model or loss.

    Source: Hochreiter, Untersuchungen zu dynamischen neuronalen Netzen, 1991; Bengio, Simard and Frasconi, Learning
    long-term dependencies with gradient descent is difficult, 1994.

    >>> from autograd_lite.nn import MLP
    >>> deep = MLP(2, [4] * 8 + [1], activation="sigmoid", seed=0)
    >>> gradient_norms(deep, ([1.0, -1.0], 0.5, "half_squared_error")).verdict
    'vanishing'
    """
    groups = [layer.parameters() for layer in layers_of(model, "gradient_norms")]
    slopes = iter(gradients(loss_of(model, loss, "gradient_norms"), [p for group in groups for p in group]))
    return GradientNorms(tuple([norm([next(slopes) for _ in group]) for group in groups]), limit)


# --- units ---------------------------------------------------------------------------------------------------------------


def dead_units(model: Module, rows: Iterable[Sequence[float]]) -> list[tuple[int, ...]]:
    """The units that no data wake: f′(s) is 0 in every row, so that no derivative reaches their weights.

    Of relu units those that are never active. In a layer with softmax there are none.

    Arguments:
        model: an MLP, a Layer, or a Sequential of such.
        rows: inputs, one sequence of numbers for each sample.

    Returns:
        for each layer its dead units, both counted from 0.

    Raises:
        TypeError: for another model.
        ValueError: if there are no rows, or one has another number of inputs than the network.

    >>> from autograd_lite.nn import MLP
    >>> model = MLP(1, [2, 1], bias=False)
    >>> model.storage.write([1.0, -1.0, 1.0, 1.0])
    >>> dead_units(model, [[0.5], [2.0]])
    [(1,), ()]
    """
    return _flat_units("dead_units", model, rows, 0.0)


def saturated_units(model: Module, rows: Iterable[Sequence[float]], tolerance: float = 0.01) -> list[tuple[int, ...]]:
    """The units that are stuck where their activation is flat: |f′(s)| is at most the tolerance in every row.

    With 0.01 those are sigmoid units outside of [0.0102, 0.9898], tanh units beyond ±0.995, and all dead units.

    Arguments, Returns, Raises: those of `dead_units`; and a ValueError for a negative tolerance.

    >>> from autograd_lite.nn import MLP
    >>> model = MLP(1, [2, 1], activation="tanh", bias=False)
    >>> model.storage.write([1.0, 9.0, 1.0, 1.0])
    >>> saturated_units(model, [[0.5], [-2.0]])
    [(1,), ()]
    """
    if not tolerance >= 0.0:
        raise ValueError(f"saturated_units: the tolerance is {tolerance}; it must be a number ≥ 0")
    return _flat_units("saturated_units", model, rows, tolerance)


def _flat_units(what: str, model: Module, rows: Iterable[Sequence[float]], tolerance: float) -> list[tuple[int, ...]]:
    layers = layers_of(model, what)
    samples = [[float(x) for x in row] for row in rows]
    nin = len(layers[0].neurons[0].w)
    if not samples:
        raise ValueError(f"{what}: there are no rows; give one sample at least")
    for row in samples:
        if len(row) != nin:
            raise ValueError(f"{what}: a row has {len(row)} numbers; the network has {nin} inputs")
    found = []
    for layer in layers:
        samples, units = _through(layer, samples, tolerance)
        found.append(units)
    return found


def _through(layer: Layer, samples: list[list[float]], tolerance: float) -> tuple[list[list[float]], tuple[int, ...]]:
    """A layer's outputs for all samples, and its units that are flat in all of them."""
    columns, flat = [], []
    for k, neuron in enumerate(layer.neurons):
        weights, bias = [w.data for w in neuron.w], 0.0 if neuron.b is None else neuron.b.data
        outputs, slopes = outputs_and_slopes(neuron.activation, [dot(weights, x) + bias for x in samples])
        columns.append(outputs)
        if layer.whole is None and all(abs(slope) <= tolerance for slope in slopes):
            flat.append(k)
    rows = [list(row) for row in zip(*columns, strict=True)]
    return rows if layer.whole is None else [layer.whole(row) for row in rows], tuple(flat)


# --- curvature -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Curvature:
    """What a function looks like around a point, to second order.

    Attributes:
        eigenvalues: of the Hessian, the smallest first.
        tolerance: how large the absolute value of one may be that counts as 0.
        gradient_norm: 0 where the point is stationary; the verdict is about such points.
    """

    eigenvalues: tuple[float, ...]
    tolerance: float
    gradient_norm: float

    @property
    def negative(self) -> int:
        """In how many directions the function bends down."""
        return sum(x < -self.tolerance for x in self.eigenvalues)

    @property
    def positive(self) -> int:
        """In how many directions the function bends up."""
        return sum(x > self.tolerance for x in self.eigenvalues)

    @property
    def flat(self) -> int:
        """In how many directions it bends neither up nor down."""
        return len(self.eigenvalues) - self.negative - self.positive

    @property
    def verdict(self) -> str:
        """ "minimum", "maximum" or "saddle"; "flat" where the second derivatives leave it open which of them it is."""
        if self.negative and self.positive:
            return "saddle"
        return "flat" if self.flat else "minimum" if self.positive else "maximum"

    def __str__(self) -> str:
        return (
            f"{self.verdict}: {self.positive} directions up, {self.negative} down, {self.flat} flat; eigenvalues from "
            f"{short(self.eigenvalues[0])} to {short(self.eigenvalues[-1])}, gradient of norm {short(self.gradient_norm)}"
        )


def hessian_eigenvalues(f: Callable[[Any], Scalar], x: Any, tolerance: float | None = None) -> Curvature:
    """The eigenvalues of a function's Hessian at a point, and what they say: minimum, maximum, saddle, flat directions.

    Arguments:
        f: a function of one argument that returns one number.
        x: the point: a number, a list, an array, or a module, whose parameters are the variables.
        tolerance: how large the absolute value of an eigenvalue may be that counts as 0. The default is n·1e-12 times the
            largest of n: that is how far they move when rounding changes each second derivative by 1e-12 of the largest
            (Weyl's inequality).

    Raises:
        TypeError: if f returns no number, or x is something else.
        ValueError: if there are no variables, or a second derivative is not finite.

    >>> print(hessian_eigenvalues(lambda x: x[0] ** 2 - x[1] ** 2, [0.0, 0.0]))
    saddle: 1 directions up, 1 down, 0 flat; eigenvalues from -2 to 2, gradient of norm 0
    >>> hessian_eigenvalues(lambda x: x[0] ** 2 + x[1] ** 4, [0.0, 0.0]).verdict
    'flat'
    """
    import numpy as np

    if isinstance(x, (dict, str, bytes)):
        raise TypeError(f"hessian_eigenvalues: x is of type {type(x).__name__}; it must be a number, list, array or module")
    _, slopes = value_and_grad(f)(x)
    gradient = np.asarray(slopes, dtype=np.float64).ravel()
    matrix = np.asarray(hessian(f)(x), dtype=np.float64).reshape(gradient.size, gradient.size)
    if not gradient.size or not np.isfinite(matrix).all():
        raise ValueError("hessian_eigenvalues: there are no second derivatives, or one of them is not finite")
    eigenvalues = np.linalg.eigvalsh(matrix)
    if tolerance is None:
        tolerance = float(len(eigenvalues) * ROUNDING * np.abs(eigenvalues).max())
    return Curvature(tuple(eigenvalues.tolist()), tolerance, float(np.linalg.norm(gradient)))

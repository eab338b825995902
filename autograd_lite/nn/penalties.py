"""Penalties on parameters, as terms of a loss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from autograd_lite.engine.functions import abs
from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.scope import scoped
from autograd_lite.engine.sequences import dot, total
from autograd_lite.engine.value import Value
from autograd_lite.nn.module import Module

__all__ = ["l1", "l2", "weights"]

Penalised: TypeAlias = Module | Iterable[Scalar]
"""What can be penalised: a module, all of its parameters, or Values."""


@scoped
def l1(parameters: Penalised, strength: Scalar) -> Scalar:
    """strength·Σ|p|, which draws small parameters to 0 exactly (Goodfellow, Bengio and Courville, Deep Learning, 7.1.2).

    Arguments:
        parameters: a module, or Values; `weights(module)` leaves the biases out.
        strength: a number ≥ 0, or a Value.

    Raises:
        ValueError: for a negative strength.

    >>> l1([Value(3.0), Value(-4.0)], 0.1).data
    0.7000000000000001
    """
    return total([abs(p) for p in _values("l1", parameters, strength)]) * strength


@scoped
def l2(parameters: Penalised, strength: Scalar) -> Scalar:
    """½·strength·Σp², whose derivative is strength·p: weight decay (Goodfellow, Bengio and Courville, Deep Learning, 7.1.1).

    With steepest descent it is the `weight_decay` of `optim.SGD`. (Others write strength·Σp²: halve theirs.)

    Arguments, Raises: those of `l1`.

    >>> l2([Value(3.0), Value(-4.0)], 0.1).data
    1.25
    """
    values = _values("l2", parameters, strength)
    return dot(values, values) * (0.5 * strength)


def weights(module: Module) -> list[Value]:
    """The parameters of a module without its biases, which are those that it, or a module in it, has as the attribute `b`.

    A bias needs no penalty: it needs fewer data than a weight to be known, and held down it may underfit (Goodfellow, Bengio
    and Courville, Deep Learning, section 7.1).

    >>> from autograd_lite.nn import MLP
    >>> model = MLP(2, [16, 1], seed=0)
    >>> len(model.parameters()), len(weights(model))
    (65, 48)
    """
    biases = {parameter for inner in module.modules() for parameter in _values_in(vars(inner).get("b"))}
    return [parameter for parameter in module.parameters() if parameter not in biases]


def _values(what: str, parameters: Penalised, strength: Scalar) -> list[Scalar]:
    if isinstance(strength, (int, float)) and not strength >= 0.0:
        raise ValueError(f"{what}: the strength is {strength}; it must be a number ≥ 0")
    return list(parameters.parameters() if isinstance(parameters, Module) else parameters)


def _values_in(item: object) -> Iterator[Value]:
    """The Values in an attribute: itself, or those in a list of them."""
    if isinstance(item, Value):
        yield item
    elif isinstance(item, (list, tuple)):
        yield from (inner for inner in item if isinstance(inner, Value))

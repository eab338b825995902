"""Activations of one number by name; `Maxout` and `softmax` act on layers.

An activation that asks for a number is handed over as a function: `lambda x: ag.swish(x, beta=2.0)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from autograd_lite.engine import activations, functions
from autograd_lite.engine.primitive import Scalar

__all__ = ["ACTIVATIONS", "Activation", "activation_named"]

Activation: TypeAlias = Callable[[Scalar], Scalar]


def identity(x: Scalar) -> Scalar:
    """x: the activation of a linear unit."""
    return x


ACTIVATIONS: dict[str, Activation] = {
    "identity": identity,
    **{name: getattr(functions, name) for name in ("relu", "sigmoid", "softplus", "tanh")},
    **{name: getattr(activations, name) for name in activations.__all__},
}


def activation_named(activation: str | Activation) -> Activation:
    """The activation of a name; a function is taken as it is.

    Raises:
        ValueError: for an unknown name.
        TypeError: for what is neither a name nor a function.

    >>> activation_named("abs_relu")(-2.0)
    2.0
    """
    if callable(activation):
        return activation
    if not isinstance(activation, str):
        raise TypeError(f"the activation is of type {type(activation).__name__}; it must be a name or a function")
    if activation not in ACTIVATIONS:
        raise ValueError(f"unknown activation {activation!r}; known are {', '.join(sorted(ACTIVATIONS))}")
    return ACTIVATIONS[activation]

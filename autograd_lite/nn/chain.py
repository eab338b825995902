"""Networks that are layers one after the other, as the tools that look into them see them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from autograd_lite.calculus.transforms import value_and_grad
from autograd_lite.engine.sequences import total
from autograd_lite.engine.value import Value
from autograd_lite.nn import losses
from autograd_lite.nn.activations import Activation
from autograd_lite.nn.layers import MLP, Layer
from autograd_lite.nn.module import Module
from autograd_lite.nn.sequential import Sequential

__all__ = ["Loss", "layers_of", "loss_named", "loss_of", "outputs_and_slopes"]

Loss: TypeAlias = str | Callable[[Any, Any], Any]
"""A loss of outputs and a target: a function, or the name of one in `nn.losses`."""


def layers_of(model: Module, what: str) -> list[Layer]:
    """The layers of an MLP, of a Sequential of such, or of a single Layer.

    Arguments:
        model: the network.
        what: names the caller in the message.

    Raises:
        TypeError: for any other module.

    >>> layers_of(MLP(2, [3, 1], seed=0), "this")
    [Layer(2 -> 3, relu, 9 parameters), Layer(3 -> 1, identity, 4 parameters)]
    """
    if isinstance(model, Layer):
        return [model]
    if isinstance(model, MLP):
        return model.layers
    if isinstance(model, Sequential):
        return [layer for part in model for layer in layers_of(part, what)]
    kind = type(model).__name__
    raise TypeError(f"{what}: the network, or a part of it, is a {kind}; it must be an MLP, a Layer or a Sequential of such")


def loss_named(loss: Loss) -> Callable[[Any, Any], Any]:
    """The loss of a name; a function is taken as it is.

    Raises:
        ValueError: for an unknown name.

    >>> loss_named("half_squared_error")(3.0, 1.0)
    2.0
    """
    if callable(loss):
        return loss
    if loss not in losses.__all__:
        raise ValueError(f"unknown loss {loss!r}; known are {', '.join(losses.__all__)}, or give a function")
    function: Callable[[Any, Any], Any] = getattr(losses, loss)
    return function


def loss_of(model: Any, loss: Value | tuple[Any, Any, Loss], what: str) -> Value:
    """A loss that is computed already, or that of a model at (x, target, loss).

    Raises:
        TypeError: for anything else.

    >>> model = MLP(1, [1], init=lambda generator, nin, nout: [2.0])
    >>> loss_of(model, ([3.0], 5.0, "half_squared_error"), "this").data
    0.5
    """
    if isinstance(loss, tuple) and len(loss) == 3:
        x, target, function = loss
        loss = loss_named(function)(model(x), target)
    if not isinstance(loss, Value):
        raise TypeError(
            f"{what}: the loss is of type {type(loss).__name__}; it must be a Value or a tuple (x, target, loss)"
        )
    return loss


def outputs_and_slopes(activation: Activation, sums: Sequence[float]) -> tuple[list[float], list[float]]:
    """An activation and its derivative, at many numbers by one sweep.

    >>> from autograd_lite.engine.functions import relu
    >>> outputs_and_slopes(relu, [-1.0, 2.0])
    ([0.0, 2.0], [0.0, 1.0])
    """

    def summed(numbers: Sequence[Value]) -> Any:
        outputs = [activation(s) for s in numbers]
        return total(outputs), outputs

    (_, outputs), slopes = value_and_grad(summed, has_aux=True)(list(sums))
    return outputs, slopes

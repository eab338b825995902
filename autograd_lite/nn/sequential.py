"""Sequential and Residual: modules made of modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from textwrap import indent
from typing import Any

from autograd_lite.nn.activations import activation_named
from autograd_lite.nn.layers import layer_activation
from autograd_lite.nn.module import Module
from autograd_lite.nn.nested import elements, mapped, nested, reshaped, shape_of

__all__ = ["Residual", "Sequential"]


@dataclass(frozen=True)
class _Named:
    """The activation of a name, of every number in nested lists or of a list as a whole."""

    name: str

    def __post_init__(self) -> None:
        if layer_activation(self.name) is None:
            activation_named(self.name)  # raises for an unknown name

    def __call__(self, x: Any) -> Any:
        whole = layer_activation(self.name)
        return mapped(activation_named(self.name), x) if whole is None else whole(_listed(x))

    def __repr__(self) -> str:
        return self.name


class Sequential(Module):
    """Modules and functions one after the other; a module is given a list by the part before it, also of a single output.

    Arguments:
        parts: each a module; or a function, which is called with the outputs before it as they are; or the name of an
            activation, such as "relu", which acts on every number in nested lists, or "softmax", which acts on the list.

    Raises:
        ValueError: if there is no part, or for an unknown name.
        TypeError: for a part that cannot be called.

    >>> from autograd_lite.nn import Layer
    >>> model = Sequential(Layer(2, 3, activation="tanh", seed=0), Layer(3, 2, activation="identity", seed=1), "softmax")
    >>> model
    Sequential(
      0: Layer(2 -> 3, tanh, 9 parameters)
      1: Layer(3 -> 2, identity, 8 parameters)
      2: softmax
    )
    >>> len(model), len(model([1.0, -1.0])), model[1:][0] is model[1]
    (3, 2, True)
    """

    def __init__(self, *parts: Module | Callable[..., Any] | str) -> None:
        if not parts:
            raise ValueError("Sequential: no parts were given; give one module or function at least")
        self.parts = [_part(part, k) for k, part in enumerate(parts)]

    def __call__(self, x: Any) -> Any:
        """The outputs of the last part."""
        x = self.parts[0](x)
        for part in self.parts[1:]:
            x = part(_listed(x) if isinstance(part, Module) else x)
        return x

    def __getitem__(self, place: Any) -> Any:
        """The part at a place; of a slice a Sequential of the same parts."""
        return Sequential(*self.parts[place]) if isinstance(place, slice) else self.parts[place]

    def __len__(self) -> int:
        return len(self.parts)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.parts)

    def __repr__(self) -> str:
        lines = [f"{k}: {_shown(part)}" for k, part in enumerate(self.parts)]
        return "Sequential(\n" + indent("\n".join(lines), "  ") + "\n)"


class Residual(Module):
    """x + inner(x): a way around a module, on which derivatives pass unchanged (He et al., arXiv:1512.03385).

    Arguments:
        inner: a module or function with as many outputs as inputs, or outputs of the same shape.

    Raises:
        TypeError: for what cannot be called.

    >>> Residual(lambda x: [10.0 * item for item in x])([1.0, 2.0])
    [11.0, 22.0]
    """

    def __init__(self, inner: Module | Callable[..., Any]) -> None:
        if not callable(inner):
            raise TypeError(f"Residual: the inner part is of type {type(inner).__name__}; it must be a module or a function")
        self.inner = inner

    def __call__(self, x: Any) -> Any:
        """The inputs plus the inner outputs, number by number, in the shape that these have.

        Raises:
            ValueError: if inputs and outputs differ in shape.
        """
        x = nested(x)
        y = nested(self.inner(x))
        given, got = shape_of(_listed(x), "the input"), shape_of(_listed(y), "the output of the inner part")
        if given != got:
            raise ValueError(f"Residual: the inner part makes the shape {got} of {given}; they must be equal to be added")
        return reshaped([a + b for a, b in zip(elements(x), elements(y), strict=True)], shape_of(y, "the output"))

    def __repr__(self) -> str:
        return f"Residual({_shown(self.inner)})"


def _part(part: Any, k: int) -> Any:
    if isinstance(part, str):
        return _Named(part)
    if not callable(part):
        raise TypeError(f"Sequential: part {k} is of type {type(part).__name__}; it must be a module, a function or a name")
    return part


def _shown(part: Any) -> str:
    """A function by its name, since its repr is an address."""
    return str(getattr(part, "__name__", None) or repr(part))


def _listed(x: Any) -> Any:
    """A single number or Value as a list of one."""
    return x if hasattr(x, "__iter__") else [x]

"""Module: what has parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from autograd_lite.engine.storage import Storage, abandon
from autograd_lite.engine.value import Value

__all__ = ["Module"]


class Module:
    """Something with parameters: leaf Values in its attributes, in lists of them, and in modules therein.

    The numbers of all parameters also stand side by side in one buffer, `storage`, for optimisers and compiled programs.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.intercept = Value(2.0), Value(1.0)
    ...     def __call__(self, x):
    ...         return self.slope * x + self.intercept
    >>> line = Line()
    >>> [p.data for p in line.parameters()]
    [2.0, 1.0]
    """

    _storage: Storage | None = None

    def parameters(self) -> list[Value]:
        """The distinct leaf Values of this module, in the order of its attributes."""
        return list(dict.fromkeys(_leaves(vars(self))))

    def zero_grad(self) -> None:
        """Sets the derivative of every parameter to 0."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    @property
    def storage(self) -> Storage:
        """The buffer with the numbers of all parameters, in their order.

        It is made on first use, and again after a parameter moved into another module's buffer or an attribute with
        parameters was set. After changing a list of parameters or layers in place, set that attribute anew.
        """
        storage = self._storage
        if storage is None or not storage.current:
            storage = Storage(self.parameters())
            object.__setattr__(self, "_storage", storage)
        return storage

    def __setattr__(self, name: str, value: object) -> None:
        if any(True for _ in _leaves([vars(self).get(name), value])):
            abandon(self.parameters())
        object.__setattr__(self, name, value)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_storage"}


def _leaves(item: object) -> Iterator[Value]:
    """The leaf Values in an attribute; what is neither a Value, a module nor a container has none."""
    if isinstance(item, Value):
        if item.op is None:
            yield item
    elif isinstance(item, Module):
        yield from item.parameters()
    elif isinstance(item, dict):
        for inner in item.values():
            yield from _leaves(inner)
    elif isinstance(item, (list, tuple)):
        for inner in item:
            yield from _leaves(inner)

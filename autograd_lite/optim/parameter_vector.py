"""The numbers of all parameters as one vector."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from autograd_lite.engine.value import Value
from autograd_lite.nn.module import Module

__all__ = ["ParameterVector", "Parameters", "Vector"]

Vector: TypeAlias = npt.NDArray[np.float64]

Parameters: TypeAlias = Module | Iterable[Value]
"""What can be optimised: a module, or leaf Values."""


class ParameterVector:
    """The parameters of a module, or leaf Values, read and written side by side.

    Arguments:
        what: who asks, for messages.
        parameters: a module, whose buffer is read and written at once; or distinct leaf Values.

    Raises:
        TypeError: if one of them is no Value.
        ValueError: if there are none, or one of them is a result or stands there twice.

    >>> x, y = Value(1.0), Value(2.0)
    >>> vector = ParameterVector("example", [x, y])
    >>> vector.write(vector.read() + 1.0)
    >>> x.data, y.data
    (2.0, 3.0)
    """

    def __init__(self, what: str, parameters: Parameters) -> None:
        self.what = what
        self.module = parameters if isinstance(parameters, Module) else None
        if not isinstance(parameters, (Module, Iterable)):
            raise TypeError(
                f"{what}: the parameters are of type {type(parameters).__name__}; give a module or a list of Values"
            )
        self.leaves = tuple(parameters.parameters() if isinstance(parameters, Module) else parameters)
        if not self.leaves:
            raise ValueError(f"{what}: there are no parameters to optimise")
        for leaf in self.leaves:
            if not isinstance(leaf, Value):
                raise TypeError(f"{what}: a parameter is of type {type(leaf).__name__}; give a module or leaf Values")
            if leaf.op is not None:
                raise ValueError(f"{what}: a parameter is a result; only leaves, such as Value(1.0), can be optimised")
        if len(set(self.leaves)) < len(self.leaves):
            raise ValueError(f"{what}: a parameter was given twice; give each once")

    def __len__(self) -> int:
        return len(self.leaves)

    @property
    def argument(self) -> Any:
        """What a loss is handed to be differentiated by: the module, or a list of the leaves' numbers."""
        return [leaf.data for leaf in self.leaves] if self.module is None else self.module

    def buffer(self) -> Vector:
        """The numbers to be changed in place, and then written: a module's own buffer, or a copy of the leaves' numbers.

        Raises:
            ValueError: if the module has other parameters by now.
        """
        if self.module is None:
            return np.array([leaf.data for leaf in self.leaves])
        storage = self.module.storage
        if storage.leaves is not self.leaves:
            if storage.leaves != self.leaves:
                raise ValueError(f"{self.what}: the module has other parameters than it had at first; make this anew")
            self.leaves = storage.leaves  # type: ignore[assignment]  # a Storage says Node, and equal they are these Values
        return np.frombuffer(storage.numbers)

    def read(self) -> Vector:
        """The numbers, as a vector of their own.

        Raises:
            ValueError: if the module has other parameters by now.
        """
        return np.array(self.buffer())

    def write(self, numbers: Vector) -> None:
        """Replaces the numbers.

        Raises:
            ValueError: if they are not as many as parameters, or the module has other parameters by now.
        """
        if np.shape(numbers) != (len(self),):
            raise ValueError(f"{self.what}: numbers of the shape {np.shape(numbers)} were given for {len(self)} parameters")
        if self.module is None:
            for leaf, number in zip(self.leaves, numbers.tolist(), strict=True):
                leaf.data = number
        else:
            self.buffer()[:] = numbers  # nothing to do for numpy where that is the buffer itself
            self.module.storage.written()

    def derivatives(self) -> tuple[Vector, npt.NDArray[np.bool_] | None]:
        """The parameters' `.grad`, with 0 where it is None; and where it is not, or None if it is nowhere None."""
        slopes = [leaf.grad.data if isinstance(leaf.grad, Value) else leaf.grad for leaf in self.leaves]
        gradient = np.array([0.0 if slope is None else slope for slope in slopes])
        return gradient, (np.array([slope is not None for slope in slopes]) if None in slopes else None)

    def vector_of(self, gradient: Sequence[float] | Vector) -> Vector:
        """A gradient given as numbers in the order of the parameters, checked.

        Raises:
            ValueError: if it has not one number for each parameter.
        """
        vector = np.asarray(gradient, dtype=float)
        if vector.shape != (len(self),):
            numbers = f"{len(vector)} numbers" if vector.ndim == 1 else f"the shape {vector.shape}"
            raise ValueError(f"{self.what}: the gradient has {numbers} for {len(self)} parameters")
        return vector

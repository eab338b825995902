"""Flatten and Reshape: from the shape of one module's outputs to that of the next one's inputs."""

from __future__ import annotations

import math
from typing import Any

from autograd_lite.engine.primitive import Scalar
from autograd_lite.nn.layers import check_size
from autograd_lite.nn.module import Module
from autograd_lite.nn.nested import elements, reshaped

__all__ = ["Flatten", "Reshape"]


class Flatten(Module):
    """Nested lists as one list, the last index running fastest.

    >>> Flatten()([[1.0, 2.0], [3.0, 4.0]])
    [1.0, 2.0, 3.0, 4.0]
    """

    def __call__(self, x: Any) -> list[Scalar]:
        """All numbers and Values of nested lists or of an array."""
        return list(elements(x))

    def __repr__(self) -> str:
        return "Flatten()"


class Reshape(Module):
    """The same numbers as nested lists of a given shape, the last index running fastest.

    Arguments:
        shape: how long the lists are, from the outermost on.

    Raises:
        ValueError: for a length below 1.

    >>> Reshape(2, 3)([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    """

    def __init__(self, *shape: int) -> None:
        for length in shape:
            check_size(length, f"elements in each list of Reshape{shape}")
        if not shape:
            raise ValueError("Reshape: no shape was given; give the length of a list at least")
        self.shape = shape

    def __call__(self, x: Any) -> Any:
        """The numbers and Values of nested lists or of an array in lists of the shape.

        Raises:
            ValueError: if there are more or fewer.
        """
        items, size = list(elements(x)), math.prod(self.shape)
        if len(items) != size:
            raise ValueError(f"{self!r} was given {len(items)} numbers; it must be given {size}")
        return reshaped(items, self.shape)

    def __repr__(self) -> str:
        return f"Reshape({', '.join(map(str, self.shape))})"

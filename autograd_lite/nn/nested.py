"""Nested lists of numbers and Values: what images and sequences are made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autograd_lite.engine.primitive import Scalar

__all__ = ["elements", "mapped", "nested", "reshaped", "shape_of"]


def nested(x: Any) -> Any:
    """Arrays, and all other things to be iterated over, as lists in lists; a number or a Value as it is.

    >>> nested(((1.0, 2.0), range(2)))
    [[1.0, 2.0], [0, 1]]
    """
    if hasattr(x, "tolist"):
        return x.tolist()
    return [nested(item) for item in x] if hasattr(x, "__iter__") and not isinstance(x, str) else x


def mapped(function: Callable[[Scalar], Scalar], x: Any) -> Any:
    """A function of every number or Value in nested lists.

    >>> mapped(abs, [[-1.0], -2.0])
    [[1.0], 2.0]
    """
    x = nested(x)
    return [mapped(function, item) for item in x] if isinstance(x, list) else function(x)


def elements(x: Any) -> Iterator[Scalar]:
    """The numbers and Values in nested lists, one after the other.

    >>> list(elements([[1.0, 2.0], 3.0]))
    [1.0, 2.0, 3.0]
    """
    x = nested(x)
    if isinstance(x, list):
        for item in x:
            yield from elements(item)
    else:
        yield x


def shape_of(x: Any, what: str) -> tuple[int, ...]:
    """How long nested lists are, from the outermost on; () of a number or Value.

    Arguments:
        x: nested lists, as `nested` makes them.
        what: names them in messages.

    Raises:
        ValueError: if lists beside each other differ in length.

    >>> shape_of([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "the image")
    (3, 2)
    """
    if not isinstance(x, list):
        return ()
    shapes = sorted({shape_of(item, what) for item in x})
    if len(shapes) > 1:
        raise ValueError(f"{what} has parts of the shapes {shapes[0]} and {shapes[1]}; they must be equally long")
    return (len(x), *(shapes[0] if shapes else ()))


def reshaped(items: Sequence[Scalar], shape: Sequence[int]) -> Any:
    """A list as nested lists of a shape, the last index running fastest; of the shape () the only element.

    >>> reshaped([1.0, 2.0, 3.0, 4.0], (2, 2))
    [[1.0, 2.0], [3.0, 4.0]]
    """
    if not shape:
        return items[0]
    size = math.prod(shape[1:])
    return [reshaped(items[k * size : (k + 1) * size], shape[1:]) for k in range(shape[0])]

"""The ranges of settings."""

from __future__ import annotations

import math
from numbers import Integral, Real

__all__ = ["checked_count", "checked_number"]


def checked_number(what: str, number: object, *, positive: bool = False, below: float = math.inf) -> float:
    """A setting as a float, if it is a number from 0 to below a bound.

    Arguments:
        what: its name, for messages.
        number: the setting.
        positive: whether 0 is too small.
        below: the least number that is too large; inf for any finite number.

    Raises:
        TypeError: if it is no number.
        ValueError: if it is outside of the range, or nan.

    >>> checked_number("momentum", 1, below=1.0)
    Traceback (most recent call last):
    ValueError: momentum is 1; it must be a number ≥ 0 and < 1
    """
    wanted = f"a {'finite ' if below == math.inf else ''}number {'>' if positive else '≥'} 0"
    if below != math.inf:
        wanted += f" and < {below:g}"
    if not isinstance(number, Real):
        raise TypeError(f"{what} is {number!r} of type {type(number).__name__}; it must be {wanted}")
    x = float(number)
    if not 0.0 <= x < below or (positive and x == 0.0):
        raise ValueError(f"{what} is {number}; it must be {wanted}")
    return x


def checked_count(what: str, count: object) -> int:
    """A setting as an int, if it is a whole number from 1 on.

    Raises:
        TypeError: if it is no whole number.
        ValueError: if it is below 1.

    >>> checked_count("steps", 0)
    Traceback (most recent call last):
    ValueError: steps is 0; it must be a whole number from 1 on
    """
    if not isinstance(count, Integral):
        raise TypeError(f"{what} is {count!r} of type {type(count).__name__}; it must be a whole number from 1 on")
    if count < 1:
        raise ValueError(f"{what} is {count}; it must be a whole number from 1 on")
    return int(count)

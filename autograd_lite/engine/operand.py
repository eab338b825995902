"""What an operation can be applied to."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any, NoReturn, TypeAlias

__all__ = ["Many", "Operand", "Scalar", "number"]

Scalar: TypeAlias = Any
"""A float or an `Operand`: what partial derivatives are generic over."""


class Operand:
    """What an operation can be applied to besides numbers: it says itself what that means."""

    __slots__ = ()

    def apply(self, op: Any, args: tuple[Scalar, ...]) -> Scalar:
        """The result of an operation on arguments of which this is one."""
        raise NotImplementedError


class Many(Operand):
    """A sequence whose elements are not told apart: an operation on a sequence takes it as a whole."""

    __slots__ = ()

    def reduce(self, op: Any) -> Scalar:
        """The result of an operation on all elements."""
        raise NotImplementedError

    def each(self, function: Callable[[Scalar], Scalar]) -> Many:
        """The sequence of what a function gives for the elements."""
        raise NotImplementedError

    def count(self) -> Scalar:
        """The number of elements."""
        raise NotImplementedError

    def told_apart(self, what: str) -> NoReturn:
        """Raises an error, since someone who is named wants to tell the elements apart."""
        raise NotImplementedError


def number(x: object, what: str) -> float:
    """A real number as a float.

    Arguments:
        x: an int, bool or float, or one of numpy's real scalars.
        what: the operation that asked, for the message.

    Raises:
        TypeError: for anything else; a string or a Decimal is never converted silently.
        OverflowError: for an int too large for a float.
    """
    if type(x) is float:
        return x
    exact_fraction = isinstance(x, numbers.Rational) and not isinstance(x, numbers.Integral)
    if isinstance(x, numbers.Real) and not exact_fraction:
        return float(x)
    if type(x).__module__ == "numpy" and type(x).__name__ in {"bool", "bool_"}:  # the one real scalar numpy leaves out
        return float(bool(x))
    if isinstance(x, Operand):
        raise TypeError(f"{what} takes a plain number, not a {type(x).__name__}; use the {type(x).__name__} itself")
    raise TypeError(
        f"{what} is not defined for {type(x).__name__}; it takes real numbers and Values, so convert with float()"
    )

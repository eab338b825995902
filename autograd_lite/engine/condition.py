"""The truth of a comparison, as data: for `if` and for `where`."""

from __future__ import annotations

from typing import NoReturn

from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.sequences import maximum

__all__ = ["Condition"]


class Condition:
    """The truth of a comparison of Values: for `if`, for `ag.where`, and for `&`, `|` and `~` with its like.

    It is no number: where one is wanted, say `ag.where(condition, 1.0, 0.0)`.

    >>> from autograd_lite import Value
    >>> x = Value(3.0)
    >>> bool((x > 0) & ~(x > 5))
    True
    """

    __slots__ = ("node",)

    def __init__(self, node: Scalar) -> None:
        self.node = node

    def __bool__(self) -> bool:
        return bool(self.node)

    def __and__(self, other: Condition) -> Condition:
        return Condition(self.node * Condition._node_of(other))

    def __or__(self, other: Condition) -> Condition:
        return Condition(maximum(self.node, Condition._node_of(other)))

    def __invert__(self) -> Condition:
        return Condition(1.0 - self.node)

    @staticmethod
    def _node_of(other: object) -> Scalar:
        if isinstance(other, Condition):
            return other.node
        if isinstance(other, bool):
            return float(other)
        raise TypeError(f"a Condition combines with conditions, not with {type(other).__name__}; compare it first")

    def __float__(self) -> NoReturn:
        raise TypeError("a Condition is no number; use ag.where(condition, 1.0, 0.0), or bool() for its truth")

    def __repr__(self) -> str:
        return f"Condition({bool(self)})"

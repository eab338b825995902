"""One contiguous buffer for the numbers of many leaves.

A module's parameters are leaves like any other, whose numbers also stand side by side in one array of doubles. Writing a
leaf writes the array. Writing the array (an optimiser's step, a compiled program) marks the leaves stale, and they take the
numbers over before the next operation reads one: neither a step nor a replay runs a Python loop over parameters.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

from autograd_lite.engine import state
from autograd_lite.engine.node import Node

__all__ = ["Storage", "abandon"]


class Buffer:
    """The numbers; `moved` once any of their leaves keeps its number elsewhere."""

    __slots__ = ("moved", "numbers")

    def __init__(self, numbers: Iterable[float]) -> None:
        self.numbers = array("d", numbers)
        self.moved = False


class Storage:
    """The leaves and the buffer that holds their numbers.

    Arguments:
        leaves: distinct leaves; one that has another home leaves it.

    >>> from autograd_lite import Value
    >>> x, y = Value(1.0), Value(2.0)
    >>> storage = Storage([x, y])
    >>> x.data = 5.0
    >>> storage.numbers.tolist()
    [5.0, 2.0]
    >>> storage.write([7.0, 8.0])
    >>> y.data
    8.0
    """

    def __init__(self, leaves: Iterable[Node]) -> None:
        state.refresh()
        self.leaves = tuple(leaves)
        abandon(self.leaves)
        self._buffer = Buffer(leaf._number for leaf in self.leaves)
        for index, leaf in enumerate(self.leaves):
            if leaf._op is not None:
                raise ValueError("Storage: only leaves can live in a buffer, and one of the Values is a result")
            leaf._x, leaf._y = self._buffer, index

    @property
    def current(self) -> bool:
        """Whether all leaves still live here; False once another storage took one."""
        return not self._buffer.moved

    @property
    def numbers(self) -> memoryview:
        """The numbers as doubles, in the order of the leaves; after writing here, call `written()`."""
        return memoryview(self._buffer.numbers)

    def write(self, numbers: Sequence[float]) -> None:
        """Replaces all numbers.

        Raises:
            ValueError: if there are not as many as leaves.
        """
        new = array("d", numbers)
        if len(new) != len(self.leaves):
            raise ValueError(f"Storage: {len(new)} numbers were given for {len(self.leaves)} leaves")
        self.numbers[:] = memoryview(new)
        self.written()

    def written(self) -> None:
        """Says that the numbers were changed past the leaves."""
        state.advance()
        state.mark_stale(self)

    def refresh(self) -> None:
        """Hands the numbers to the leaves."""
        for leaf, number in zip(self.leaves, self._buffer.numbers, strict=True):
            if leaf._number != number or number != number or (not number and str(number) != str(leaf._number)):  # -0.0
                leaf._number, leaf._birth = number, state.epoch


def abandon(leaves: Iterable[Node]) -> None:
    """Says that the buffers in which these leaves live no longer hold what they were made for."""
    for leaf in leaves:
        if leaf._op is None and leaf._x is not None:
            leaf._x.moved = True

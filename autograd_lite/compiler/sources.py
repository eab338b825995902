"""Where a program reads its inputs from at every call."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeAlias

from autograd_lite.engine.node import Node
from autograd_lite.engine.storage import Buffer

__all__ = ["Array", "Constants", "Counts", "Leaves", "Numbers", "Parameters", "Source", "StoredIn", "Uniform"]


@dataclass(frozen=True)
class Numbers:
    """The arguments of a call that are single numbers, in order."""


@dataclass(frozen=True)
class Array:
    """An array among the arguments of a call.

    Attributes:
        block: its place among the blocks of the arguments.
        mapping: for each of its dimensions the axis that runs along it, or None.
    """

    block: int
    mapping: tuple[int | None, ...]


@dataclass(frozen=True)
class Parameters:
    """The buffer of a module among the arguments of a call: the block's place."""

    block: int


@dataclass(frozen=True)
class StoredIn:
    """The buffer of a module that a function reaches by closure."""

    buffer: Buffer


@dataclass(frozen=True)
class Leaves:
    """Values that a function reaches by closure, wherever their numbers live."""

    nodes: list[Node] = field(default_factory=list, compare=False)


@dataclass(frozen=True)
class Constants:
    """An array that a function reaches by closure and maps over; its numbers are those of the trace.

    Attributes:
        array: the numbers.
        identity: of the array that the function has.
        mapping: see `Array`.
    """

    array: Any = field(compare=False)
    identity: int
    mapping: tuple[int | None, ...]


@dataclass(frozen=True)
class Counts:
    """How many lanes each axis has."""


@dataclass(frozen=True)
class Uniform:
    """Random numbers between 0 and 1, drawn anew for each call.

    Attributes:
        generator: gives one seed for each call.
        axes: in every lane of these there are numbers of its own.
        count: how many there are in a lane, in a list that grows while a function is traced.
    """

    generator: Random = field(compare=False)
    identity: int
    axes: tuple[int, ...]
    count: list[int] = field(default_factory=lambda: [0], compare=False)


Source: TypeAlias = Uniform | Numbers | Array | Parameters | StoredIn | Leaves | Constants | Counts

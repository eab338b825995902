"""Whole numbers of native code: counters, rows and lanes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from llvmlite import ir

__all__ = ["Index", "Shifted", "joined", "split"]

Index: TypeAlias = Any
"""A whole number: an int, a value of the code, or both added up."""


@dataclass(frozen=True)
class Shifted:
    """A value of the code plus a number that is known: what is known goes into the address of a load or a store."""

    value: ir.Value
    known: int


def split(x: Index) -> tuple[ir.Value | None, int]:
    """What the code computes of a whole number, if anything, and what is known."""
    if isinstance(x, Shifted):
        return x.value, x.known
    return (None, x) if isinstance(x, int) else (x, 0)


def joined(value: ir.Value | None, known: int) -> Index:
    """The whole number of two such parts."""
    return known if value is None else Shifted(value, known) if known else value

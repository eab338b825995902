"""What all preprocessing shares: rows that are looked at, statistics that are plain data, a map and its inverse."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeAlias, overload

import numpy as np
import numpy.typing as npt

__all__ = ["Array", "Preprocessor", "check_statistics", "checked_rows", "means_of", "training_rows", "vector"]

Array: TypeAlias = npt.NDArray[np.float64]


def checked_rows(what: str, rows: Iterable[Any], columns: int | None = None) -> Array:
    """Rows of finite numbers, equally many in each, as an array.

    Arguments:
        what: who asks, for messages.
        rows: lists of numbers, or an array.
        columns: how many numbers a row must have; None for as many as the first one has.

    Raises:
        TypeError: for what is no number.
        ValueError: for a row of another length, or a number that is not finite; the message says where it stands.

    >>> checked_rows("example", [[1.0, 2.0], [3.0, float("nan")]])
    Traceback (most recent call last):
    ValueError: example: row 1, column 1 is nan; all numbers must be finite: leave the row out, or replace the number
    """
    if hasattr(rows, "__array__"):  # a table of another library too, over which one would iterate by columns
        rows = np.asarray(rows)
    else:
        rows = list(rows)
        columns = _common_length(what, rows, columns)
    try:
        x = np.asarray(rows) if len(rows) else np.empty((0, columns or 0))
    except ValueError as error:
        raise ValueError(f"{what}: the rows are no rows of numbers ({error})") from error
    if x.dtype.kind not in "biuf":
        raise TypeError(f"{what}: the rows hold what is no number (numpy takes it for {x.dtype}); give rows of floats")
    if x.ndim != 2 or columns not in (None, x.shape[1]):
        raise ValueError(
            f"{what}: the rows are an array of the shape {x.shape}; it must have two dimensions, rows and "
            f"{'columns' if columns is None else f'{columns} columns'}"
        )
    wrong = np.argwhere(~np.isfinite(x))
    if len(wrong):
        row, column = wrong[0]
        raise ValueError(
            f"{what}: row {row}, column {column} is {x[row, column]}; all numbers must be finite: leave the row out, or "
            "replace the number"
        )
    return x.astype(float, copy=False)


def _common_length(what: str, rows: Sequence[Any], columns: int | None) -> int | None:
    for number, row in enumerate(rows):
        size = len(row) if hasattr(row, "__len__") else None
        if size is None:
            raise ValueError(f"{what}: row {number} is {row!r}; it must be a sequence of numbers: of one number, write [x]")
        columns = size if columns is None else columns
        if size != columns:
            raise ValueError(f"{what}: row {number} has {size} numbers; it must have {columns}")
    return columns


def training_rows(what: str, rows: Iterable[Any]) -> Array:
    """Rows to take statistics of: see `checked_rows`; there must be one at least."""
    x = checked_rows(what, rows)
    if not x.size:
        raise ValueError(f"{what}: there are no rows to take statistics of")
    return x


def means_of(what: str, x: Array) -> Array:
    """The mean of each column; that of a constant one is its number to the bit.

    Raises:
        ValueError: if a sum overflows.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        mean: Array = x.mean(axis=0)
        mean = mean + (x - mean).mean(axis=0)  # a second pass finds what the first one rounded off
    if not np.isfinite(mean).all():
        raise ValueError(f"{what}: the sum of a column overflows; make the data smaller")
    return mean


def vector(statistics: Sequence[float]) -> Array:
    """Statistics as an array."""
    return np.array(statistics, dtype=float)


def check_statistics(what: str, **vectors: Sequence[float]) -> None:
    """Raises a ValueError for vectors that differ in length, or hold what is not finite."""
    if len({len(vector) for vector in vectors.values()}) != 1:
        counts = " and ".join(f"{len(vector)} of {name}" for name, vector in vectors.items())
        raise ValueError(f"{what}: {counts}; there must be equally many numbers of each")
    for name, vector in vectors.items():
        if not np.isfinite(vector).all():
            raise ValueError(f"{what}: {name} must be finite numbers; make the data smaller")


@dataclass(frozen=True)
class Preprocessor(ABC):
    """Statistics of training rows, and the map of rows that they make, with its inverse.

    A subclass is a frozen dataclass of its statistics, and `type(p)(**p.record())` equals p.
    """

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, _tupled(getattr(self, field.name)))
        self.check()

    @abstractmethod
    def check(self) -> None:
        """Raises a ValueError for statistics that cannot be."""

    @property
    @abstractmethod
    def columns(self) -> int:
        """How many numbers a row has."""

    @abstractmethod
    def forward(self, x: Array) -> Array:
        """The map of rows that were checked."""

    @abstractmethod
    def backward(self, z: Array) -> Array:
        """Its inverse."""

    @overload
    def __call__(self, rows: npt.NDArray[Any]) -> Array: ...
    @overload
    def __call__(self, rows: Iterable[Sequence[float]]) -> list[list[float]]: ...
    def __call__(self, rows: Any) -> Any:
        """The rows after the map: an array of an array, lists of floats of all else.

        Raises:
            TypeError, ValueError: see `checked_rows`; a row must have one number for each column of the statistics.
        """
        return self._mapped(self.forward, rows)

    @overload
    def inverse(self, rows: npt.NDArray[Any]) -> Array: ...
    @overload
    def inverse(self, rows: Iterable[Sequence[float]]) -> list[list[float]]: ...
    def inverse(self, rows: Any) -> Any:
        """The rows before the map; arguments, results and errors are those of a call."""
        return self._mapped(self.backward, rows)

    def record(self) -> dict[str, Any]:
        """The statistics as plain data, by the names of the attributes."""
        return {field.name: _listed(getattr(self, field.name)) for field in fields(self)}

    def _mapped(self, function: Callable[[Array], Array], rows: Any) -> Any:
        x = checked_rows(type(self).__name__, rows, self.columns)
        with np.errstate(over="ignore", invalid="ignore"):  # IEEE 754, as everywhere
            mapped = function(x)
        return mapped if isinstance(rows, np.ndarray) else mapped.tolist()


def _tupled(item: Any) -> Any:
    return tuple(map(_tupled, item)) if isinstance(item, (list, tuple)) else item


def _listed(item: Any) -> Any:
    return list(map(_listed, item)) if isinstance(item, tuple) else item

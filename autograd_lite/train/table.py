"""Tables in CSV files: a header, then rows of cells, read so strictly that no slip in a file goes unseen."""

from __future__ import annotations

import codecs
import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograd_lite.train.files import reason_of

__all__ = ["Table", "TableError", "number_in", "quoted", "read_table"]

LARGEST = 1e100
"""Beyond it squares come near the end of the floats."""


class TableError(ValueError):
    """What is wrong with a table, in one line that names the file, and the line and the column where there are ones."""


@dataclass(frozen=True)
class Table:
    """The cells of a file, as they are written there.

    Attributes:
        path: the file.
        columns: their names, without blanks around them.
        rows: as many cells in each as there are columns.
        lines: the line of the file on which each row begins, as an editor counts.
    """

    path: Path
    columns: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    lines: Sequence[int]

    def texts(self, column: str) -> list[str]:
        """The cells of a column.

        Raises:
            TableError: if there is no such column.
        """
        place = self.places([column])[0]
        return [row[place] for row in self.rows]

    def numbers(self, column: str) -> list[float]:
        """The numbers of a column.

        Raises:
            TableError: if there is no such column, or a cell holds no finite number of reasonable size.
        """
        numbers = []
        for row, text in enumerate(self.texts(column)):
            number = number_in(text)
            if number is None or not abs(number) <= LARGEST:
                raise self.error(_complaint(text, number), row, column)
            numbers.append(number)
        return numbers

    def features(self, columns: Sequence[str]) -> list[list[float]]:
        """The numbers of some columns, row by row.

        Raises:
            TableError: as `numbers` does.
        """
        self.places(columns)
        return [list(row) for row in zip(*map(self.numbers, columns), strict=True)]

    def only(self, rows: Sequence[int]) -> Table:
        """The table of some rows, numbered from 0."""
        return replace(self, rows=[self.rows[row] for row in rows], lines=[self.lines[row] for row in rows])

    def places(self, columns: Sequence[str]) -> list[int]:
        """Where columns stand.

        Raises:
            TableError: if some are not there; the message lists those that are.
        """
        missing = [column for column in columns if column not in self.columns]
        if missing:
            hint = "; cells must be separated by commas" if len(self.columns) == 1 else ""
            raise self.error(f"no column {quoted(missing)}; the columns are {quoted(self.columns)}{hint}")
        return [self.columns.index(column) for column in columns]

    def error(self, what: str, row: int | None = None, column: str | None = None) -> TableError:
        """The complaint about a row, numbered from 0, or a column, or both."""
        where = [str(self.path)]
        if row is not None:
            where.append(f"line {self.lines[row]}")
        if column is not None:
            where.append(f"column {column!r}")
        return TableError(f"{', '.join(where)}: {what}")


def number_in(text: str) -> float | None:
    """The number that a cell holds, nan and the infinities included; None if it is none.

    >>> number_in(" 1e3 "), number_in("1_000"), number_in("1,5")
    (1000.0, None, None)
    """
    try:
        return None if "_" in text else float(text)  # Python's own spelling 1_000 is nobody else's
    except ValueError:
        return None


def _complaint(text: str, number: float | None) -> str:
    if not text.strip():
        return "the cell is empty; a number is wanted"
    if number is None:
        return f"{quoted([text])} is not a number"
    wanted = f"must lie within ±{LARGEST:g}" if math.isfinite(number) else "must be finite"
    return f"the number is {text.strip()[:40]}; it {wanted}"


def quoted(texts: Sequence[str]) -> str:
    """Texts as a message shows them: in quotation marks, long ones cut.

    >>> quoted(["a", "b" * 100])
    "'a', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb…'"
    """
    return ", ".join(repr(text if len(text) <= 40 else text[:39] + "…") for text in texts)


def read_table(path: Path) -> Table:
    """Reads a CSV file: UTF-8, cells separated by commas, the first line a header; blank lines do not count.

    Raises:
        TableError: for whatever cannot be read, is written badly, or leaves a doubt which cell belongs to which column.
    """
    records = _records(path)
    line, header = next(records, (1, None))
    if header is None:
        raise TableError(f"{path}: the file is empty; a header and rows of cells are wanted")
    columns = tuple(name.strip() for name in header)
    for place, name in enumerate(columns):
        if not name:
            hint = " (an index that pandas wrote? leave it out by index=False)" if place == 0 else ""
            raise TableError(f"{path}, line {line}: column {place + 1} has no name{hint}")
        if name in columns[:place]:
            raise TableError(f"{path}, line {line}: two columns have the name {name!r}")
    rows, lines = [], []
    for line, cells in records:
        if len(cells) != len(columns):
            raise TableError(f"{path}, line {line}: the row has {len(cells)} cells; the header has {len(columns)}")
        rows.append(cells)
        lines.append(line)
    if not rows:
        raise TableError(f"{path}: there is a header, and no row below it")
    return Table(path, columns, rows, lines)


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The cells of each row that is not blank, with the line on which it begins."""
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            if any("\0" in cell for cell in cells):
                raise TableError(f"{path}, line {line}: a cell holds a null character; is it a text file?")
            if cells:
                yield line, cells
            line = reader.line_num + 1  # a cell in quotation marks can hold line ends
    except csv.Error as error:
        raise TableError(f"{path}, line {line}: {error}") from error


def _text(path: Path) -> str:
    try:
        data = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    except (OSError, ValueError) as error:
        raise TableError(f"{path}: the file cannot be read ({reason_of(error)})") from error
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = len((data[: error.start] + b"x").splitlines())
        raise TableError(f"{path}, line {line}: the text is not UTF-8; save the table in that encoding") from error

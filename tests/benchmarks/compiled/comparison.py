"""What is compared: pieces of work, all that do them, and the rows of the table with what is to be reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.benchmarks.compiled.task import Build

__all__ = ["LIBRARY", "Comparison", "Row"]

LIBRARY = "autograd_lite"


@dataclass(frozen=True)
class Row:
    """What is compared, and what is to be reached.

    Attributes:
        title: empty in the rows after the first of a work.
        work, peer: whose time stands beside ours; no peer: ours alone, against `most`.
        least: the ratio peer's time / our time that is to be reached; None: for information.
        reach: the same in words.
        first: whether it is the first call that counts.
        most: the seconds that ours may take.
    """

    title: str
    work: str
    peer: str = ""
    least: float | None = None
    reach: str = ""
    first: bool = False
    most: float | None = None


@dataclass(frozen=True)
class Comparison:
    """One command's pieces of work.

    Attributes:
        module: what Python runs as a process of one contender.
        works: of each piece of work by name, those that do it.
        rows: of the table.
        two_cores: works that run on two cores.
        single: works in single precision, whose numbers need not agree as far.
        first: works whose first call is measured in several processes.
        growth: works of which the first call alone is measured.
    """

    module: str
    works: Mapping[str, Mapping[str, Build]]
    rows: tuple[Row, ...]
    two_cores: frozenset[str] = frozenset()
    single: frozenset[str] = frozenset()
    first: frozenset[str] = frozenset()
    growth: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        unknown = {row.work for row in self.rows} - set(self.works)
        if unknown:
            raise ValueError(f"rows name works that there are not: {', '.join(sorted(unknown))}")

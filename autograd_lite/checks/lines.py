"""Where in the user's files a node was made: known for nodes made while `SourceLines` looks on, and costing nothing else."""

from __future__ import annotations

import linecache
import os
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from autograd_lite.engine.node import Node
from autograd_lite.engine.primitive import Primitive

__all__ = ["SourceLines", "as_text", "called", "user_line"]

PACKAGE = str(Path(__file__).parent.parent) + os.sep

SHOWN = 4
"""How many operands of a long operation a message lists."""

Line = tuple[str, int]


class SourceLines:
    """Keeps the line of every node that is made while it looks on.

    The lines lie beside the nodes, keyed weakly: a training loop frees its graphs as ever, and a number that Python gives to
    a second object cannot take over the first one's line.
    """

    def __init__(self) -> None:
        self._lines: WeakKeyDictionary[Node, Line] = WeakKeyDictionary()

    def made(self, node: Node) -> None:
        line = user_line()
        if line is not None:
            self._lines[node] = line

    def sweeping(self) -> AbstractContextManager[None]:
        return nullcontext()

    def swept(self, output: Any, derivatives: Any, *, backward: bool) -> None:
        pass

    def of(self, node: Node) -> str:
        """Where the node was made, as the end of a sentence; empty if that is not known."""
        if node not in self._lines:
            return ""
        file, line = self._lines[node]
        text = linecache.getline(file, line).strip()
        return f", called at {file}:{line}" + (f": {text}" if text else "")


def user_line() -> Line | None:
    """The innermost line that is running outside this package."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename.startswith(PACKAGE):
        if frame.f_back is None:
            return None
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


def called(op: Primitive, numbers: list[float]) -> str:
    """An operation with its operands: `log(0)`.

    >>> from autograd_lite.engine.primitive import TABLE
    >>> called(TABLE["total"], [1.0, 2.5, 3.0, 4.0, 5.0, 6.0])
    'total(1, 2.5, 3, 4, … 6 in all)'
    """
    listed = [as_text(x) for x in numbers[:SHOWN]]
    if len(numbers) > SHOWN:
        listed.append(f"… {len(numbers)} in all")
    return f"{op.name}({', '.join(listed)})"


def as_text(x: float) -> str:
    """A number with all its digits, and no `.0`."""
    return repr(x).removesuffix(".0")

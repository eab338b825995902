"""Machine code kept on disk, so that another process need not make it again.

What is read here is run, so the folder must be one that nobody else can write to: it is made for its owner alone, and one
that belongs to someone else, or that others may write to, is not used; nor is a file of which that is true. A file that was
cut short, or changed, does not fit its own checksum and is as good as none.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from autograd_lite.compiler.backends.native.machine import machine
from autograd_lite.compiler.plan import Piece, Plan, View

__all__ = ["Kept", "key_of", "load", "store"]

MOST, ROOM = 1000, 2**28
"""Files that are kept, and their bytes; the oldest are removed."""

SUFFIX = ".autograd_lite"
"""What the names of files end in: the folder may have other people's, which are left alone."""

OFF = "0"
"""What AUTOGRAD_LITE_CACHE says where nothing shall be kept; else it names the folder."""


@dataclass(frozen=True)
class Kept:
    """What is kept of a plan.

    Attributes:
        facts: what the code's user must know, fit for JSON.
        tables: of positions and of constants.
        code: the code as it would stand in a file.
    """

    facts: dict[str, Any]
    tables: Sequence[Any]
    code: bytes

    def packed(self) -> bytes:
        """All as bytes, the checksum first."""
        shapes = [[table.dtype.str, table.size] for table in self.tables]
        head = json.dumps({"facts": self.facts, "tables": shapes}).encode()
        body = b"".join([len(head).to_bytes(8, "little"), head, *[table.tobytes() for table in self.tables], self.code])
        return hashlib.sha256(body).digest() + body

    @staticmethod
    def unpacked(data: bytes) -> Kept | None:
        """The same from bytes; None where they are not as they were packed."""
        checksum, body = data[:32], data[32:]
        if hashlib.sha256(body).digest() != checksum:
            return None
        start = 8 + int.from_bytes(body[:8], "little")
        head = json.loads(body[8:start])
        tables = []
        for kind, size in head["tables"]:
            tables.append(np.frombuffer(body, np.dtype(kind), size, start).copy())
            start += tables[-1].nbytes
        return Kept(head["facts"], tables, body[start:])


def key_of(plan: Plan, *facts: object) -> str:
    """What tells the code of a plan from any other: the plan, the processor, this library's own text, and more facts."""
    python = f"{sys.implementation.cache_tag} {np.__version__}"
    digest = hashlib.sha256(f"{machine().key} {python} {_own_text()} {facts!r} {plan.buffers!r}".encode())
    add = digest.update
    for step in plan.steps:
        add(repr((step.op.name, step.kind, step.buffer, step.rows, step.axes, step.over, step.phase)).encode())
        for piece in step.pieces:
            _add_piece(add, piece)
    for result in plan.results:
        add(repr((result.size, result.axes)).encode())
        for output in result.outputs:
            _add_view(add, output.target)
            _add_piece(add, output.piece)
    return digest.hexdigest()


def _add_piece(add: Any, piece: Piece) -> None:
    add(repr((piece.rows, piece.terms)).encode())
    for view in piece.operands:
        _add_view(add, view)


def _add_view(add: Any, view: View) -> None:
    listed = [None if item is None else np.asarray(item).tobytes() for item in (view.positions, view.constants)]
    add(repr((view.buffer, view.base, view.strides, listed)).encode())


@cache
def _own_text() -> str:
    """The checksum of the modules that write code: what another version of them made is of no use."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


# --- files ---------------------------------------------------------------------------------------------------------------


def folder() -> Path | None:
    """Where code is kept; None where it is not, or where the folder is not ours alone."""
    named = os.environ.get("AUTOGRAD_LITE_CACHE")
    if named == OFF or not hasattr(os, "getuid"):
        return None
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        path = Path(named) if named else (Path(base) if base else Path.home() / ".cache") / "autograd_lite"
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path if _is_ours(path.lstat(), stat.S_ISDIR) else None
    except (OSError, RuntimeError):  # the latter where a user has no home
        return None


def _is_ours(found: os.stat_result, kind: Any) -> bool:
    """Whether something belongs to this user and nobody else may write to it."""
    return kind(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def load(key: str) -> Kept | None:
    """What is kept under a key, or None."""
    home = folder()
    if home is None:
        return None
    try:
        # What is open stays what it is: to look at a name first and to open it then would leave time to change it.
        with os.fdopen(os.open(home / f"{key}{SUFFIX}", os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            return Kept.unpacked(file.read()) if _is_ours(os.fstat(file.fileno()), stat.S_ISREG) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def store(key: str, kept: Kept) -> None:
    """Keeps something under a key; where that cannot be done, nothing happens."""
    home = folder()
    if home is None:
        return
    with suppress(OSError):
        handle, name = tempfile.mkstemp(SUFFIX, dir=home)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(kept.packed())
            Path(name).replace(home / f"{key}{SUFFIX}")
        except BaseException:
            Path(name).unlink()
            raise
        _forget_oldest(home)


def _forget_oldest(home: Path) -> None:
    """Removes what there is no room for; what a process has left unfinished that was ended grows old as well."""
    files = [(file.stat(), file) for file in home.glob(f"*{SUFFIX}")]
    size = 0
    for k, (facts, file) in enumerate(sorted(files, key=lambda pair: pair[0].st_mtime_ns, reverse=True)):
        size += facts.st_size
        if k >= MOST or size > ROOM:
            file.unlink(missing_ok=True)

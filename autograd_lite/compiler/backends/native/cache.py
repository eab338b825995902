"""Machine code kept on disk, so that another process need not make it again.

What is read here is run, so the folder must be one that nobody else can write to: it is made for its owner alone, and one
that belongs to someone else, or that others may write to, is not used; nor is a file of which that is true. A file that was
cut short, or changed, does not fit its own checksum and is as good as none.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from autograd_lite.compiler.backends.background import uncollected
from autograd_lite.compiler.backends.native.machine import machine
from autograd_lite.compiler.plan import Plan, View

__all__ = ["Kept", "key_of", "load", "store"]

MOST, ROOM = 1000, 2**28
"""Files that are kept, and their bytes; the oldest are removed."""

SUFFIX = ".autograd_lite"
"""What the names of files end in: the folder may have other people's, which are left alone."""

BESIDE = ("error_function.py", "memory.py")
"""What shapes code beside the modules of this folder: coefficients, and which buffers share memory."""

OFF = "0"
"""What AUTOGRAD_LITE_CACHE says where nothing shall be kept; else it names the folder."""


@dataclass(frozen=True)
class Kept:
    """What is kept of a plan.

    Attributes:
        facts: what the code's user must know: numbers, texts, and lists and tuples of them.
        tables: of positions and of constants.
        code: the code as it would stand in a file.
    """

    facts: dict[str, Any]
    tables: Sequence[Any]
    code: bytes

    def packed(self) -> bytes:
        """All as bytes, the checksum first."""
        shapes = [(table.dtype.str, table.size) for table in self.tables]
        head = marshal.dumps((self.facts, shapes))
        body = b"".join([len(head).to_bytes(8, "little"), head, *[table.tobytes() for table in self.tables], self.code])
        return hashlib.sha256(body).digest() + body

    @staticmethod
    def unpacked(data: bytes) -> Kept | None:
        """The same from bytes; None where they are not as they were packed."""
        checksum, body = data[:32], data[32:]
        if hashlib.sha256(body).digest() != checksum:
            return None
        start = 8 + int.from_bytes(body[:8], "little")
        facts, shapes = marshal.loads(body[8:start])
        tables = []
        for kind, size in shapes:
            tables.append(np.frombuffer(body, np.dtype(kind), size, start).copy())
            start += tables[-1].nbytes
        return Kept(facts, tables, body[start:])


VALUES_ALONE = 2
"""The version of marshal's language in which equal values are equal bytes: later ones tell apart what is one object."""


def key_of(plan: Plan, *facts: object) -> str:
    """What tells the code of a plan from any other: the plan, the processor, this library's own text, and more facts."""
    python = f"{sys.implementation.cache_tag} {np.__version__}"
    digest = hashlib.sha256(f"{machine().key} {python} {_own_text()} {facts!r}".encode())
    with uncollected():
        digest.update(marshal.dumps(list(_told(plan)), VALUES_ALONE))
    return digest.hexdigest()


def _told(plan: Plan) -> Iterator[object]:
    """A plan as tuples of numbers and texts, one after the other; each says how many of the next kind follow."""
    yield [(buffer.axes, buffer.rows) for buffer in plan.buffers]
    for step in plan.steps:
        yield step.op.name, step.kind, step.buffer, step.rows, step.axes, step.over, step.phase, len(step.pieces)
        for piece in step.pieces:
            yield piece.rows, piece.terms, len(piece.operands)
            for view in piece.operands:
                yield _told_view(view)
    for result in plan.results:
        yield result.size, result.axes, len(result.outputs)
        for output in result.outputs:
            yield output.piece.rows, *map(_told_view, (output.target, *output.piece.operands))


def _told_view(view: View) -> tuple[object, ...]:
    if view.positions is None and (view.constants is None or type(view.constants) is float):
        return view.buffer, view.base, view.strides, view.constants
    listed = [None if item is None else np.asarray(item).tobytes() for item in (view.positions, view.constants)]
    return view.buffer, view.base, view.strides, *listed


@cache
def _own_text() -> str:
    """The checksum of the modules that write code: what another version of them made is of no use.

    It is that of their contents: times and sizes of files may stay as they are where an installation is replaced.
    """
    digest = hashlib.sha256()
    with os.scandir(Path(__file__).parent) as found:
        names = sorted([file.path for file in found if file.name.endswith(".py")])
    for name in [*names, *[str(Path(__file__).parents[1] / name) for name in BESIDE]]:
        with open(name, "rb", buffering=0) as file:  # noqa: PTH123  # pathlib would take twice as long
            digest.update(file.read())
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
    except (OSError, ValueError, EOFError, TypeError):
        return None


def store(key: str, kept: Kept) -> None:
    """Keeps something under a key; where that cannot be done, nothing happens."""
    home = folder()
    if home is None:
        return
    import tempfile  # not needed where code is read

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

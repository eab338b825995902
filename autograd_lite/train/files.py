"""Reading and writing files: the one sentence for what the system refuses, and files that are replaced as a whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

__all__ = ["OutputError", "reason_of", "replace_file"]


class OutputError(OSError):
    """The results cannot be written where they should go; the message says where instead."""


def reason_of(error: OSError | ValueError) -> str:
    """Why the system refuses a file, in a few words.

    >>> reason_of(FileNotFoundError(2, "No such file or directory"))
    'No such file or directory'
    """
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def replace_file(path: Path, write: Callable[[Path], object]) -> None:
    """Writes a file beside its place and moves it there, so that an old one stays whole until the new one is.

    Arguments:
        path: the place.
        write: writes the file whose path it is given.

    Raises:
        OSError: if the file cannot be written.
    """
    if path.exists() and not path.is_file():  # a device or a pipe must not become a file
        write(path)
        return
    temporary = path.with_name(f".{os.getpid()}.tmp")  # not made of the name, which may be as long as names can be
    try:
        write(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)

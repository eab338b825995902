"""What only some jobs need: imported where it is used, with a message that says how to get it."""

from __future__ import annotations

import importlib
from types import ModuleType

__all__ = ["MissingExtraError", "require"]


class MissingExtraError(ImportError):
    """A library of an optional extra is not there; the message says what to install."""


def require(module: str, extra: str) -> ModuleType:
    """A module of a library that is installed with an extra.

    Arguments:
        module: the module's full name.
        extra: the extra that brings its library.

    Raises:
        MissingExtraError: if it cannot be imported.

    >>> require("nowhere.data", "data")
    Traceback (most recent call last):
    autograd_lite.engine.extras.MissingExtraError: nowhere cannot be imported (No module named 'nowhere'); install it by
    pip install 'autograd_lite[data]'
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        library = module.partition(".")[0]
        reason = " ".join(str(error).split())  # a broken installation's message can have many lines
        message = f"{library} cannot be imported ({reason}); install it by pip install 'autograd_lite[{extra}]'"
        raise MissingExtraError(message) from error

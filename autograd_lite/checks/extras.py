"""What only some checks need: imported where it is used, with a message that says how to get it."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["require"]


def require(module: str) -> Any:
    """A module of the extra `checks`.

    Raises:
        ImportError: if it is not installed; the message says how to install it.

    >>> require("nowhere")
    Traceback (most recent call last):
    ImportError: nowhere cannot be imported; install it by pip install 'autograd_lite[checks]'
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"{module} cannot be imported; install it by pip install 'autograd_lite[checks]'") from error

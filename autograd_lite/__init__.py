"""autograd_lite: scalar reverse-mode automatic differentiation.

    >>> import autograd_lite as ag
    >>> x = ag.Value(2.0)
    >>> y = ag.exp(x) * x
    >>> y.backward()
    >>> x.grad
    22.16716829679195

Importing the package loads the engine alone; every family (`ag.nn`, `ag.optim`, `ag.train`) loads on first use.
"""

from __future__ import annotations

import importlib
from typing import Any

from autograd_lite.engine.functions import *  # noqa: F403  # all functions of numbers and Values, by their __all__
from autograd_lite.engine.functions import __all__ as _functions
from autograd_lite.engine.state import no_grad
from autograd_lite.engine.value import Condition, Value, gradients

__version__ = "0.1.0"

_FAMILIES = ("nn", "optim", "train")

__all__ = ["Condition", "Value", "gradients", "no_grad"]
__all__ += _functions


def __getattr__(name: str) -> Any:
    if name in _FAMILIES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_FAMILIES])

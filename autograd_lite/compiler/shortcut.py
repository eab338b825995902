"""The short way into a compiled function: arguments that are of the same kinds as those of the last call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.calculus.trees import is_module
from autograd_lite.compiler.runtime import Compiled

__all__ = ["Shortcut"]


NUMBERS = "fiub"
"""The kinds of arrays that hold real numbers."""


@dataclass(frozen=True)
class _Module:
    module: Any
    storage: Any


@dataclass(frozen=True)
class Shortcut:
    """What the arguments of the last call were, to see at once that those of this call are the same again.

    Attributes:
        variant: what ran.
        sizes: the number of lanes of each axis.
        checks: of each argument float; or the shape of an array of numbers; or a module and its buffer.
        direct: the function from these arguments to the result without a detour, if there is one.
    """

    variant: Compiled
    checks: tuple[Any, ...]
    sizes: dict[int, int]
    direct: Callable[[tuple[Any, ...]], Any] | None = None

    @staticmethod
    def of(
        variant: Compiled, args: tuple[Any, ...], direct: Callable[[tuple[Any, ...]], Any] | None = None
    ) -> Shortcut | None:
        """The shortcut for arguments that are floats, arrays of numbers and modules themselves; None for others."""
        checks: list[Any] = []
        for arg in args:
            if type(arg) is float:
                checks.append(float)
            elif type(arg) is np.ndarray and arg.dtype.kind in NUMBERS:
                checks.append(arg.shape)
            elif is_module(arg) and getattr(arg, "_storage", None) is not None:
                checks.append(_Module(arg, arg._storage))
            else:
                return None
        return Shortcut(variant, tuple(checks), variant.sizes(args), direct)

    def serves(self, args: tuple[Any, ...]) -> bool:
        """Whether these arguments are of those kinds; then they are blocks themselves."""
        if len(args) != len(self.checks) or self.variant.is_outdated:
            return False
        for arg, check in zip(args, self.checks, strict=True):
            if check is float:
                if type(arg) is not float:
                    return False
            elif type(check) is _Module:
                if arg is not check.module or arg._storage is not check.storage or not check.storage.current:
                    return False
            elif type(arg) is not np.ndarray or arg.shape != check or arg.dtype.kind not in NUMBERS:
                return False
        return True

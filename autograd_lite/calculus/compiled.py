"""Transforms of compiled functions are compiled transforms."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

__all__ = ["through_compiled"]

Transform = TypeVar("Transform", bound=Callable[..., Any])


def through_compiled(transform: Transform) -> Transform:
    """Decorates a transform: given a compiled function, it is applied to what was compiled, and compiled in its turn.

    Without this the derivative of a compiled function would be right, but computed as if it had not been compiled. What has
    a method `recompiled` is a compiled function; the method takes what is to be done to the function inside.
    """

    @wraps(transform)
    def outside(f: Any, *args: Any, **options: Any) -> Any:
        recompiled = getattr(f, "recompiled", None)
        if recompiled is None:
            return transform(f, *args, **options)
        return recompiled(lambda inner: transform(inner, *args, **options))

    return cast(Transform, outside)

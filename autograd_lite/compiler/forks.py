"""Locks that a forked process finds open: the thread that held one is not there."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

__all__ = ["lock_of"]

_kinds: WeakKeyDictionary[Any, Callable[[], Any]] = WeakKeyDictionary()


def lock_of(owner: Any, kind: Callable[[], Any]) -> Any:
    """A lock for an object's attribute `_lock`, which a fork replaces by a new one.

    Arguments:
        kind: makes the lock, threading.Lock say.
    """
    _kinds[owner] = kind
    return kind()


def _renew() -> None:
    for owner, kind in list(_kinds.items()):
        owner._lock = kind()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)

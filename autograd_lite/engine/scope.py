"""Scopes: which part of a program made a node, for pictures that fold graphs.

Within a `name_scope` every node, a leaf too, is marked as it is made, off the fast path. The call of a module happens too
often for that: it marks only what it returns, and remembers what it was given. What it made lies between the two, where a
picture finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from itertools import count
from typing import Any, TypeAlias, TypeVar

from autograd_lite.engine import state
from autograd_lite.engine.node import Node
from autograd_lite.engine.value import Value

__all__ = ["Call", "Mark", "Scope", "marks", "name_scope", "nodes_in", "scoped"]

F = TypeVar("F", bound=Callable[..., Any])


class Scope:
    """One run through a `name_scope`, or through a call within one.

    Attributes:
        owner: the name; of a call the module or function.
        parent: the scope around it, or None.
    """

    __slots__ = ("owner", "parent")

    def __init__(self, owner: Any, parent: Scope | None) -> None:
        self.owner = owner
        self.parent = parent


class Call:
    """One call of a module or function.

    Attributes:
        owner: the module or function.
        given: its arguments.
        entered: the later a call began, the larger.
    """

    __slots__ = ("entered", "given", "owner")

    def __init__(self, owner: Any, given: tuple[Any, ...], entered: int) -> None:
        self.owner = owner
        self.given = given
        self.entered = entered


Mark: TypeAlias = Scope | Call

PLAIN = {list, tuple, Value}

_entries = count(1)


@contextmanager
def name_scope(name: str) -> Iterator[None]:
    """Gives the nodes that are made within it a place under a name, as a context or a decorator; scopes nest.

    Pictures fold what has one name into one box. Only the current thread or coroutine is affected. Modules name themselves.

    Arguments:
        name: what the box is called.

    Raises:
        TypeError: if the name is no text.
        ValueError: if it is empty.

    >>> import autograd_lite as ag
    >>> x = ag.Value(3.0, label="x")
    >>> with ag.name_scope("square"):
    ...     y = x * x
    >>> ag.draw(y + 1.0, depth=1)
    graph of 3 nodes in 3 boxes, value 10, grad –
    """
    if not isinstance(name, str):
        raise TypeError(f"name_scope: the name is of type {type(name).__name__}; it must be a text")
    if not name.strip():
        raise ValueError(f"name_scope: the name is {name!r}; it must not be empty")
    with state.scoped_by(Scope(name, state.scope())):
        yield


def marks(node: Node) -> tuple[Mark, ...]:
    """The marks that calls and scopes left on a node, the innermost first."""
    found = node._scope
    return () if found is None else (found,) if type(found) in (Scope, Call) else found


def scoped(function: F, *, owned: bool = False) -> F:
    """Decorates a function, or with `owned` a method of modules, whose calls are to be groups of nodes in pictures."""

    @wraps(function)
    def shown(*args: Any, **options: Any) -> Any:
        if state.watch:
            if state.tracing() is not None or not state.is_recording():
                return function(*args, **options)
            around = state.scope()
            if around is not None:
                with state.scoped_by(Scope(args[0] if owned else function, around)):
                    return function(*args, **options)
        # What is used up by being read, a generator say, is read once, here.
        args = tuple([arg if type(arg) in PLAIN or not hasattr(arg, "__next__") else list(arg) for arg in args])
        entered = next(_entries)
        result = function(*args, **options)
        # Lists are copied: what becomes of them later is not what was given.
        given = tuple([tuple(arg) if type(arg) is list else arg for arg in (*args[owned:], *options.values())])
        call = Call(args[0] if owned else function, given, entered)
        for node in result if type(result) is list else (result,):
            if isinstance(node, Node) and node._scope is None and node._op is not None:
                node._scope = call
            elif node is not None and type(node) is not float:
                _mark(node, call)
        return result

    return shown  # type: ignore[return-value]  # wraps keeps the signature


def _mark(result: Any, call: Call) -> None:
    """Marks what a call returns; a leaf, and what an earlier call made, was not made in it but handed on."""
    for node in nodes_in(result):
        last = node._scope[-1] if type(node._scope) is tuple else node._scope
        if node._op is not None and (type(last) is not Call or last.entered > call.entered):
            node._scope = (*marks(node), call)


def nodes_in(item: Any) -> Iterator[Node]:
    """The nodes in nested lists, tuples, dictionaries and arrays of objects."""
    waiting = [item]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Node):
            yield item
        elif isinstance(item, (list, tuple)):
            waiting.extend(item)
        elif isinstance(item, dict):
            waiting.extend(item.values())
        elif getattr(getattr(item, "dtype", None), "kind", "") == "O":
            waiting.append(item.tolist())

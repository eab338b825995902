"""Scopes: which part of a program made a node, for pictures that fold graphs.

Within a `name_scope` every node, a leaf too, is marked as it is made, off the fast path. The call of a module happens too
often for that: it marks only what it returns, and remembers what it was given. What it made lies between the two, where a
picture finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import _GeneratorContextManager, contextmanager
from functools import wraps
from itertools import count
from types import GeneratorType
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
        given: the nodes among its arguments.
        entered: the later a call began, the larger.
    """

    __slots__ = ("entered", "given", "owner")

    def __init__(self, owner: Any, given: list[Node], entered: int) -> None:
        self.owner = owner
        self.given = given
        self.entered = entered


Mark: TypeAlias = Scope | Call

LAZY = {GeneratorType, enumerate, filter, map, reversed, zip}
"""What is used up by being read; of other iterators it is not known what they give."""

NUMBERS = {float, int}

_entries = count(1)


def name_scope(name: str) -> _GeneratorContextManager[None]:
    """Gives the nodes that are made within it a place under a name, as a context or a decorator; scopes nest.

    Pictures fold what has one name into one box. Modules and losses name themselves: what a module made of its arguments is
    its own, and also what it reads from elsewhere and no other call returned. Only the current thread or coroutine is
    affected. A copy or pickle of a graph has no groups.

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
    return _entered(name)


@contextmanager
def _entered(name: str) -> Iterator[None]:
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
        entered = next(_entries)
        given: list[Node] = []
        for place, arg in enumerate(args[owned:], owned):  # now, since lists may change later
            if type(arg) is list or type(arg) is tuple:
                kinds = set(map(type, arg))
                given += arg if kinds == {Value} else () if kinds <= NUMBERS else nodes_in(arg)
            elif type(arg) in LAZY:
                args = (*args[:place], _told(arg, given), *args[place + 1 :])
            else:
                given += nodes_in(arg)
        if options:
            given += nodes_in(options)
            options = {name: _told(arg, given) if type(arg) in LAZY else arg for name, arg in options.items()}
        result = function(*args, **options)
        call = Call(args[0] if owned else function, given, entered)
        for node in result if type(result) is list else (result,):
            if type(node) is Value and node._scope is None and node._op is not None:
                node._scope = call
            elif node is not None and type(node) is not float:
                _mark(node, call)
        return result

    return shown  # type: ignore[return-value]  # wraps keeps the signature


def _told(items: Any, given: list[Node]) -> Iterator[Any]:
    """Items as they are, of whose nodes a list is told as they are asked for: not sooner, and no more of them."""
    for item in items:
        given += nodes_in(item)
        yield item


def _mark(result: Any, call: Call) -> None:
    """Marks what a call returns; a leaf, and what an earlier call made, was not made in it but handed on."""
    for node in nodes_in(result):
        last = node._scope[-1] if type(node._scope) is tuple else node._scope
        if node._op is not None and (type(last) is not Call or last.entered > call.entered):
            node._scope = (*marks(node), call)


def nodes_in(item: Any) -> list[Node]:
    """The nodes in nested lists, tuples, dictionaries and arrays of objects."""
    found: list[Node] = []
    waiting, seen = [item], set()
    while waiting:
        item = waiting.pop()
        if type(item) is float:
            continue
        if isinstance(item, Node):
            found.append(item)
        elif isinstance(item, (list, tuple, dict)):
            if id(item) not in seen:
                seen.add(id(item))
                waiting.extend(item.values() if isinstance(item, dict) else item)
        elif getattr(getattr(item, "dtype", None), "kind", "") == "O":
            waiting.append(item.tolist())
    return found

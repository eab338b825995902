"""In which runs of modules and scopes each node of a graph was made.

Of a call only the results are marked (see `engine.scope`). What the call made is what lies between them and what it was
given: going back from its results, every argument that it was not given belongs to it too. Calls run one within the other,
so that those a node belongs to stand in the order in which they were entered.

Where the parts of a module are not called themselves, as a layer's neurons, a node is that part's whose parameters alone it
uses, be it through other nodes of the same call.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Any, TypeAlias, TypeVar

from autograd_lite.engine.node import Node
from autograd_lite.engine.scope import Call, Scope, marks

__all__ = ["Frames", "Given", "Part", "Run", "made_in", "outside", "runs_of", "with_parts"]


class Part:
    """A part of a module, within one run of the module."""

    __slots__ = ("owner",)

    def __init__(self, owner: Any) -> None:
        self.owner = owner


Run: TypeAlias = Call | Scope | Part

R = TypeVar("R", bound=Run)

Frames: TypeAlias = tuple[Run, ...]
"""The runs that a node was made in, the outermost first."""


class Given(dict[Call, frozenset[Node]]):
    """Of what calls were given the nodes, as far as it was asked for."""

    def __missing__(self, call: Call) -> frozenset[Node]:
        self[call] = frozenset(call.given)
        return self[call]


# --- runs ----------------------------------------------------------------------------------------------------------------


def runs_of(order: Sequence[Node], given: Given) -> dict[Node, Frames]:
    """The calls and scopes that each result was made in, in topological order."""
    found: dict[Node, Frames] = {}
    passed: dict[Node, tuple[Call, ...]] = {}
    last: dict[Node, tuple[Call, ...]] = {}
    known: dict[tuple[Call, ...], tuple[Call, ...]] = {}
    for node in reversed(order):
        if node._op is None:
            continue
        calls = passed.pop(node, ())
        scopes: list[Scope] = []
        for mark in marks(node) if node._scope is not None else ():
            if type(mark) is Scope:
                scopes = _chain(mark)
            elif type(mark) is Call and node not in given[mark]:
                calls = _merged(calls, (mark,))
        calls = known.setdefault(calls, calls)
        found[node] = (*calls, *scopes) if scopes else calls
        for arg in node.args if calls else ():
            if type(arg) is float or arg._op is None or last.get(arg) is calls:
                continue  # one of many users in one run has told already
            last[arg] = calls
            around = outside(calls, arg, given)
            passed[arg] = _merged(passed[arg], around) if arg in passed else around
    return dict(reversed(found.items()))


def _chain(scope: Scope | None) -> list[Scope]:
    chain = []
    while scope is not None:
        chain.append(scope)
        scope = scope.parent
    return chain[::-1]


def outside(frames: tuple[R, ...], arg: Node, given: Given) -> tuple[R, ...]:
    """The runs that an argument belongs to: those around the outermost one that was given it."""
    # What an earlier call returned, as what a module keeps from one call to the next, counts as given. The last mark is that
    # of the outermost call, which was entered first.
    mark = arg._scope[-1] if type(arg._scope) is tuple else arg._scope
    returned = mark.entered if type(mark) is Call else math.inf
    for k, run in enumerate(frames):
        if isinstance(run, Call) and (arg in given[run] or returned < run.entered):
            return frames[:k]
    return frames


def made_in(frames: Frames, leaf: Node) -> Frames:
    """The runs that a leaf can have been made in: it is known of scopes, and taken for granted of calls."""
    own = [scope for mark in marks(leaf) if type(mark) is Scope for scope in _chain(mark)]
    return next((frames[:k] for k, run in enumerate(frames) if type(run) is Scope and run not in own), frames)


def _merged(some: tuple[Call, ...], others: tuple[Call, ...]) -> tuple[Call, ...]:
    """All the calls, in the order in which they were entered, which is that of nesting."""
    if not some or not others or some[-1].entered < others[0].entered:  # as of most nodes
        return some + others
    return tuple(sorted({*some, *others}, key=attrgetter("entered")))


# --- parts of modules ----------------------------------------------------------------------------------------------------


def with_parts(frames: dict[Node, Frames], depth: int | None) -> dict[Node, Frames]:
    """The same, with the parts of modules that are not called themselves, down to a depth."""
    called = {(id(outer), id(inner.owner)) for runs in set(frames.values()) for outer, inner in pairwise(runs[:depth])}
    owned: dict[int, dict[Node, tuple[Any, ...]]] = {}
    parts: dict[tuple[int, int], Part] = {}
    ways_in: dict[Run, dict[Node, tuple[Any, ...]]] = {}
    known: dict[tuple[Any, ...], Frames] = {}
    found = dict(frames)
    for node, runs in frames.items():
        run = runs[-1] if runs else None
        if run is None or (depth is not None and len(runs) >= depth) or not hasattr(run.owner, "named_modules"):
            continue
        if id(run.owner) not in owned:
            owned[id(run.owner)] = _ways(run.owner)
        ways, inner = owned[id(run.owner)], ways_in.setdefault(run, {})
        shared: tuple[Any, ...] | None = None
        for arg in node.args:
            if type(arg) is float:
                continue
            own = ways.get(arg) if arg._op is None else inner.get(arg)
            if own is not None and own is not shared:
                shared = own if shared is None else tuple([a for a, b in zip(shared, own, strict=False) if a is b])
        if shared is not None:
            inner[node] = shared
            if shared and (id(run), id(shared[0])) not in called:
                place = (runs, *map(id, shared))
                if place not in known:
                    known[place] = (*runs, *[parts.setdefault((id(run), id(module)), Part(module)) for module in shared])
                found[node] = known[place]
    return found


def _ways(module: Any) -> dict[Node, tuple[Any, ...]]:
    """For each parameter of a module the parts of it that lead there, from outside in; () for the module's own."""
    inner = {name: part for name, part in module.named_modules() if name}
    ways: dict[Node, tuple[Any, ...]] = dict.fromkeys(module.parameters(), ())
    for name, part in inner.items():
        steps = name.split(".")
        above = [inner[known] for k in range(1, len(steps)) if (known := ".".join(steps[:k])) in inner]
        ways |= dict.fromkeys(part.parameters(), (*above, part))
    return ways

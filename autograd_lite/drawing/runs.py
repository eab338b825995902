"""In which runs of modules and scopes each node of a graph was made.

Of a call only the results are marked (see `engine.scope`). What the call made is what lies between them and what it was
given: going back from its results, every argument that it was not given belongs to it too. Calls run one within the other,
so that those a node belongs to stand in the order in which they were entered.

Where the parts of a module are not called themselves, as a layer's neurons, a node is that part's whose parameters alone it
uses, be it through other nodes of the same call.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TypeAlias

from autograd_lite.engine.node import Node
from autograd_lite.engine.scope import Call, Scope, marks

__all__ = ["Frames", "Given", "Part", "Run", "made_in", "outside", "runs_of", "with_parts"]


class Part:
    """A part of a module, within one run of the module."""

    __slots__ = ("owner",)

    def __init__(self, owner: Any) -> None:
        self.owner = owner


Run: TypeAlias = Call | Scope | Part

Frames: TypeAlias = tuple[Run, ...]
"""The runs that a node was made in, the outermost first."""

Given: TypeAlias = dict[Call, frozenset[Node]]
"""Of what calls were given the nodes, as far as it was asked for."""


# --- runs ----------------------------------------------------------------------------------------------------------------


def runs_of(order: Sequence[Node], given: Given) -> dict[Node, Frames]:
    """The calls and scopes that each result was made in, in topological order."""
    found: dict[Node, Frames] = {}
    passed: dict[Node, Frames] = {}
    last: dict[Node, Frames] = {}
    known: dict[Frames, Frames] = {}
    for node in reversed(order):
        if node._op is None:
            continue
        calls: Frames = passed.pop(node, ())
        scopes: list[Scope] = []
        for mark in marks(node) if node._scope is not None else ():
            if type(mark) is Scope:
                scopes = _chain(mark)
            elif type(mark) is Call and node not in _given(mark, given):
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


def _given(call: Call, given: Given) -> frozenset[Node]:
    """Of what a call was given, the nodes."""
    if call not in given:
        given[call] = frozenset(call.given)
    return given[call]


def outside(frames: Frames, arg: Node, given: Given) -> Frames:
    """The runs that an argument belongs to: those around the outermost one that was given it."""
    for k, run in enumerate(frames):
        if type(run) is Call and (arg in _given(run, given) or _was_made_before(arg, run)):
            return frames[:k]
    return frames


def _was_made_before(arg: Node, run: Call) -> bool:
    """Whether an earlier call returned it, as what a module keeps from one call to the next."""
    return arg._scope is not None and any(type(mark) is Call and mark.entered < run.entered for mark in marks(arg))


def made_in(frames: Frames, leaf: Node) -> Frames:
    """The runs that a leaf can have been made in: it is known of scopes, and taken for granted of calls."""
    own = [scope for mark in marks(leaf) if type(mark) is Scope for scope in _chain(mark)]
    return next((frames[:k] for k, run in enumerate(frames) if type(run) is Scope and run not in own), frames)


def _merged(some: Frames, others: Frames) -> Frames:
    """All the calls, in the order in which they were entered, which is that of nesting."""
    new = [call for call in others if call not in some]
    return tuple(sorted([*some, *new], key=_entered)) if new else some


def _entered(call: Any) -> int:
    return int(call.entered)


# --- parts of modules ----------------------------------------------------------------------------------------------------


def with_parts(frames: dict[Node, Frames], depth: int | None) -> dict[Node, Frames]:
    """The same, with the parts of modules that are not called themselves, down to a depth."""
    called = {(id(outer), id(inner.owner)) for runs in frames.values() for outer, inner in pairwise(runs)}
    owned: dict[int, dict[Node, tuple[Any, ...]]] = {}
    parts: dict[tuple[int, int], Part] = {}
    way: dict[Node, tuple[Any, ...]] = {}
    found = dict(frames)
    for node, runs in frames.items():
        run = runs[-1] if runs else None
        if run is None or (depth is not None and len(runs) >= depth) or not hasattr(run.owner, "named_modules"):
            continue
        if id(run.owner) not in owned:
            owned[id(run.owner)] = _ways(run.owner)
        ways = owned[id(run.owner)]
        shared: tuple[Any, ...] | None = None
        for arg in node.args:
            if type(arg) is float:
                continue
            own = ways.get(arg) if arg._op is None else way.get(arg) if frames[arg] and frames[arg][-1] is run else None
            if own is not None and own is not shared:
                shared = own if shared is None else tuple([a for a, b in zip(shared, own, strict=False) if a is b])
        if shared is not None:
            way[node] = shared
            if shared and (id(run), id(shared[0])) not in called:
                found[node] = (*runs, *[parts.setdefault((id(run), id(module)), Part(module)) for module in shared])
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

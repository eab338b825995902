"""A call of a compiled function taken apart, and the way through its branches that a trace is wanted to take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any

from autograd_lite.calculus.trees import ArrayBlock, Structure, blocks
from autograd_lite.compiler.runtime import Compiled

__all__ = ["Call", "Way", "call_of"]


@dataclass(frozen=True)
class Way:
    """What a trace is wanted to do: its first decisions, a branch that it must have both sides of, and how it sums."""

    decisions: tuple[bool, ...] = ()
    careful: bool = False
    branch: Any = None

    def is_taken_by(self, variant: Compiled) -> bool:
        trace = variant.trace
        return (
            trace.decisions[: len(self.decisions)] == self.decisions
            and variant.careful == self.careful
            and (self.branch is None or self.branch in trace.branches)
        )


@dataclass(frozen=True)
class Call:
    """The arguments of a call: what they have in common with those of others, their blocks, and those that are static."""

    key: Any
    items: Sequence[Any]
    structure: Structure
    static: dict[int | str, Any]

    def arguments(self, tree: Any) -> tuple[list[Any], dict[str, Any]]:
        """The arguments of the function, from the tree of those that are not static."""
        given, options = list(tree[0]), dict(tree[1])
        for name, item in sorted(self.static.items(), key=lambda pair: (isinstance(pair[0], str), pair[0])):
            if isinstance(name, int):
                given.insert(name, item)
            else:
                options[name] = item
        return given, options


def _identity(item: Any) -> Any:
    """What tells a static argument from others: 1, 1.0 and True are equal and not the same, and so are 0.0 and -0.0."""
    return (type(item), repr(item)) if isinstance(item, float) else (type(item), item)


def call_of(f: Callable[..., Any], places: Sequence[int], args: Sequence[Any], options: dict[str, Any]) -> Call:
    """A call taken apart; `places` are those of static arguments."""
    static, args, options = _without_static(f, places, args, options)
    items, structure = blocks((args, options), "jit: an argument (is it one for static_argnums?)")
    try:
        key = (tuple([(k, _identity(item)) for k, item in static.items()]), _without_lengths(structure))
        hash(key)
    except TypeError:
        raise TypeError(f"jit: static arguments must be hashable; they are {list(static.values())!r:.80}") from None
    return Call(key, items, structure, static)


def _without_static(
    f: Callable[..., Any], places: Sequence[int], args: Sequence[Any], options: dict[str, Any]
) -> tuple[dict[int | str, Any], list[Any], dict[str, Any]]:
    """The static arguments by place or keyword, and the others."""
    if not places:
        return {}, list(args), options
    names = list(signature(f).parameters)
    static: dict[int | str, Any] = {}
    most = len(args) if any(p.kind is p.VAR_POSITIONAL for p in signature(f).parameters.values()) else len(names)
    if not all(-most <= k < most for k in places):
        raise ValueError(f"jit: static_argnums is {tuple(places)}, but the function takes {most} arguments")
    for k in places:
        place = k + len(names) if k < 0 else k
        if place < len(args):
            static[place] = args[place]
        elif place < len(names) and names[place] in options:
            static[names[place]] = options[names[place]]
    moving = [arg for k, arg in enumerate(args) if k not in static]
    return static, moving, {name: item for name, item in options.items() if name not in static}


def _without_lengths(structure: Structure) -> Structure:
    """A structure in which arrays of as many dimensions are alike."""
    if isinstance(structure.block, ArrayBlock):
        return Structure(block=ArrayBlock((0,) * len(structure.block.shape)))
    return Structure(structure.block, structure.kind, structure.keys, tuple(map(_without_lengths, structure.children)))

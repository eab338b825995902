"""The groups that scopes and modules make of a graph: which nodes belong together, and what they are called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd_lite.drawing.runs import Frames, Given, Run, made_in, outside, runs_of, with_parts
from autograd_lite.drawing.scene import shortened
from autograd_lite.engine.node import Node

__all__ = ["Group", "Grouping", "grouping_of"]


@dataclass(eq=False)
class Group:
    """What pictures fold into one box: all that was made under one name, or by one module, within one other group.

    Attributes:
        name: its name among its siblings, "layers.0" say.
        owner: the module or function, or the name of a scope; None of the whole graph.
        parent: the group around it; None of the whole graph.
        runs: how often it was run.
        inner: the groups in it.
        depth: how many groups it is in, itself among them; 0 of the whole graph.
    """

    name: str
    owner: Any = None
    parent: Group | None = None
    runs: int = 0
    inner: list[Group] = field(default_factory=list, repr=False)
    depth: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.depth = 0 if self.parent is None else self.parent.depth + 1

    @property
    def around(self) -> list[Group]:
        """The groups that it is in, the outermost first, and itself; without the whole graph."""
        found: list[Group] = []
        group: Group | None = self
        while group is not None and group.parent is not None:
            found.append(group)
            group = group.parent
        return found[::-1]

    @property
    def path(self) -> str:
        """The names of the groups that it is in, and its own: "MLP/layers.0" say."""
        return "/".join([group.name for group in self.around])

    def within(self) -> Iterator[Group]:
        """All groups in this one, each before those in it."""
        waiting = self.inner[::-1]
        while waiting:
            group = waiting.pop()
            yield group
            waiting.extend(reversed(group.inner))


@dataclass(frozen=True)
class Grouping:
    """The groups of a graph.

    Attributes:
        whole: the group of all nodes.
        group: the innermost group of each node.
        frames: the runs that each node was made in, one for each of the groups around it; of a leaf none.
    """

    whole: Group
    group: dict[Node, Group]
    frames: dict[Node, Frames]


def grouping_of(order: Sequence[Node], depth: int | None = None) -> Grouping:
    """The groups of a graph.

    Arguments:
        order: the nodes in topological order.
        depth: how deep to look for parts that are not called themselves; None for everywhere.

    >>> from autograd_lite.engine.sweep import topological
    >>> from autograd_lite.nn import MLP
    >>> grouping = grouping_of(topological(MLP(1, [1, 1], seed=0)([0.5])))
    >>> [group.path for group in grouping.whole.within()]
    ['MLP', 'MLP/layers.0', 'MLP/layers.0/neurons.0', 'MLP/layers.1', 'MLP/layers.1/neurons.0']
    """
    given = Given()
    frames = with_parts(runs_of(order, given), depth)
    tree = _Tree()
    group = {node: tree.groups(found)[-1] for node, found in frames.items()}
    homes = _homes(tree.whole)  # a parameter stands in its module, and any other leaf where all its users do
    others = {node for node in order if node._op is None and node not in homes}
    for node, found in frames.items() if others else ():
        for arg in node.args:
            if type(arg) is not float and arg._op is None and arg in others:
                own = made_in(outside(found, arg, given), arg)
                group[arg] = _common(group.get(arg), tree.groups(found)[len(own)])
    group |= {leaf: home for leaf, home in homes.items() if home is not tree.whole}
    for node in order:
        if node._op is None:
            group.setdefault(node, tree.whole)
    return Grouping(tree.whole, group, frames)


# --- groups --------------------------------------------------------------------------------------------------------------


class _Tree:
    """The groups, made as their runs are met."""

    def __init__(self) -> None:
        self.whole = Group("")
        self._known: dict[Frames, tuple[Group, ...]] = {(): (self.whole,)}
        self._runs: dict[tuple[Group, Run], Group] = {}
        self._groups: dict[tuple[Group, Any], Group] = {}
        self._taken: dict[tuple[Group, str], int] = {}
        self._places: dict[int, dict[int, str]] = {}

    def groups(self, frames: Frames) -> tuple[Group, ...]:
        """The groups of some runs, from the whole graph inwards."""
        known = self._known.get(frames)
        if known is None:
            found = [*self._known.get(frames[:-1], (self.whole,))]
            for run in frames[len(found) - 1 :]:
                found.append(self._runs.get((found[-1], run)) or self._new_run(found[-1], run))
            known = self._known[frames] = tuple(found)
        return known

    def _new_run(self, parent: Group, run: Run) -> Group:
        owner = run.owner
        key = (parent, owner if isinstance(owner, str) else id(owner))
        if owner is parent.owner and not isinstance(owner, str):
            group = parent  # a method that calls the one it overrides
        elif key in self._groups:
            group = self._groups[key]
            group.runs += 1
        else:
            group = self._groups[key] = Group(self._name(owner, parent), owner, parent, 1)
            parent.inner.append(group)
        self._runs[parent, run] = group
        return group

    def _name(self, owner: Any, parent: Group) -> str:
        """The name of a scope or function; of a module where it stands in the next module around it, else its class."""
        name = owner if isinstance(owner, str) else getattr(owner, "__name__", type(owner).__name__)
        if hasattr(owner, "named_modules"):
            around = [group.owner for group in parent.around if hasattr(group.owner, "named_modules")]
            name = self._places_in(around[-1]).get(id(owner), name) if around else name
        return self._own(shortened(str(name).strip()) or "unnamed", parent)

    def _own(self, name: str, parent: Group) -> str:
        """A name that no sibling has: the same, or followed by the first free number."""
        count = self._taken.get((parent, name), 0) + 1
        while (own := f"{name} {count}" if count > 1 else name) != name and (parent, own) in self._taken:
            count += 1
        self._taken[parent, name] = count
        self._taken.setdefault((parent, own), 1)
        return own

    def _places_in(self, module: Any) -> dict[int, str]:
        """Where the parts of a module stand in it."""
        if id(module) not in self._places:
            self._places[id(module)] = {id(part): place for place, part in module.named_modules()}
        return self._places[id(module)]


def _homes(whole: Group) -> dict[Node, Group]:
    """For each parameter of a module the innermost group that has all groups of modules that own it."""
    homes: dict[Node, Group] = {}
    for group in whole.within():
        if hasattr(group.owner, "named_modules"):
            for leaf in group.owner.parameters():
                home = homes.get(leaf)
                homes[leaf] = group if home is None or home in group.around else _common(home, group)
    return homes


def _common(some: Group | None, other: Group) -> Group:
    """The innermost group around both."""
    if some is None or some is other:
        return other
    shared = [a for a, b in zip(some.around, other.around, strict=False) if a is b]
    if shared:
        return shared[-1]
    while other.parent is not None:
        other = other.parent
    return other

"""The graph of a function at any numbers of its leaves: recorded once for each way through its branches, then replayed.

What is compiled is the function together with the walk over the graph that it makes, and with the sweep back through it: a
traced value is a node like any other, so that the walk and the sweep of the engine serve, and the number of every node and
the derivative towards it become results of one program. The run that writes a program also keeps a copy of the graph, and
the program gives the copy's place as one more result. Where a branch goes another way a guard of the program fails, and the
function is traced anew: so the copy that is filled in is always the graph that the function makes there.

The operations of a program run in the order of the engine, one after the other, on one lane: no sum is taken in another
order, and the replayed numbers are those of the engine to the bit, but for the sign of a zero that came through structural
zeros, which the sweep leaves out and a program adds up. Those signs are found anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any

import numpy as np

from autograd_lite.compiler.jit import Jitted, jit
from autograd_lite.compiler.traced import Traced, TracingError
from autograd_lite.engine.node import Node
from autograd_lite.engine.sweep import local_derivatives, topological
from autograd_lite.engine.value import Value, gradients

__all__ = ["Recording", "Replay"]


@dataclass(frozen=True)
class Recording:
    """A graph with numbers and derivatives.

    Attributes:
        nodes: arguments before their users, the output last; in each its number and the derivative of the output.
        key: what two graphs of one shape have in common: operations, arguments, constants and labels.
    """

    nodes: tuple[Value, ...]
    key: tuple[Any, ...]

    @property
    def output(self) -> Value:
        return self.nodes[-1]

    @property
    def boxes(self) -> int:
        """How many boxes it is drawn as at most: one for each node, and one for each use of a leaf or a constant."""
        return len(self.nodes) + sum(len(node.args) for node in self.nodes)


class Replay:
    """A function's graph, recorded and compiled where it is new and replayed where it is not.

    What cannot be compiled, since it reads `.data`, say, or has a `vmap` or a custom rule in it, is recorded at every call.

    Arguments:
        f: a function that takes Values by name and returns a Value.
        names: of its leaves.
        limit: how many nodes at most.

    >>> replay = Replay(lambda x, y: x * y if x > 0 else -x, ("x", "y"), limit=10)
    >>> replay.at([2.0, 5.0]).nodes
    (Value(data=2.0, grad=5.0, label='x'), Value(data=5.0, grad=2.0, label='y'), Value(data=10.0, grad=1.0))
    >>> replay.at([-3.0, 5.0]).nodes
    (Value(data=-3.0, grad=-1.0, label='x'), Value(data=3.0, grad=1.0))
    """

    def __init__(self, f: Callable[..., Any], names: Iterable[str], limit: int) -> None:
        self.f, self.names, self.limit = f, tuple(names), limit
        self.recordings: list[Recording] = []
        """All that were traced."""

        def recorded(*leaves: Any) -> Any:
            return self._recorded(leaves)

        update_wrapper(recorded, f)
        self._eager = recorded
        self._compiled: Jitted | None = jit(recorded, backend="python")

    @property
    def is_compiled(self) -> bool:
        """Whether replays run compiled; False once the function has turned out to be one that cannot be."""
        return self._compiled is not None

    def at(self, numbers: Sequence[float]) -> Recording:
        """The graph with the numbers that it has where its leaves have these; it is filled anew by the next replay.

        Raises:
            TypeError: if the function does not return a Value.
            ValueError: if the graph has more nodes than the limit.
            Exception: whatever the function raises.
        """
        number, values, derivatives = self._run(numbers)
        recording = self.recordings[int(number)]
        for node, value, derivative in zip(recording.nodes, values.tolist(), derivatives.tolist(), strict=True):
            node._number, node.grad = value, derivative
        _sign_zeros(recording)
        return recording

    def _run(self, numbers: Sequence[float]) -> Any:
        if self._compiled is not None:
            try:
                return self._compiled(*numbers)
            except TracingError:
                self._compiled = None
        self.recordings.clear()
        number, nodes, derivatives = self._eager(*numbers)
        return number, np.array([node._number for node in nodes]), derivatives

    def _recorded(self, leaves: Sequence[Any]) -> tuple[float, Any, Any]:
        """The number of the graph that the function makes, its nodes, and the derivatives towards them."""
        given = [leaf if isinstance(leaf, Value) else Value(leaf) for leaf in leaves]
        for name, leaf in zip(self.names, given, strict=True):
            leaf.label = name
        output = self.f(**dict(zip(self.names, given, strict=True)))
        if not isinstance(output, Value):
            raise TypeError(f"play: the function returned a {type(output).__name__}; it must return one Value")
        order = topological(output)
        if len(order) > self.limit:
            raise ValueError(
                f"play: the graph has {len(order):,} nodes, and the limit is {self.limit:,}: play with a part of it, or say "
                "play(f, limit=…, …)"
            )
        for node in order:
            if isinstance(node, Traced) and (node.axes or node.over or hasattr(node.op, "call")):
                raise TracingError("play: what differs from lane to lane, or has a rule of its own, is recorded eagerly")
        self.recordings.append(Recording(_copied(order), _key(order)))
        return float(len(self.recordings) - 1), _array(order), _array(gradients(output, order))  # type: ignore[arg-type]  # the nodes of a graph of Values are Values


def _array(items: Sequence[Any]) -> Any:
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def _copied(order: Sequence[Node]) -> tuple[Value, ...]:
    """The same graph made of Values that nobody else has; their numbers are written later."""
    copy: dict[Any, Value] = {}
    for node in order:
        twin = copy[node] = Value(0.0, node.label)
        twin._birth = 0
        op, args = node._op, [copy[arg] if isinstance(arg, Node) else arg for arg in node.args]
        if op is not None:
            twin._op = op
            twin._x, twin._y = (args[0], None) if op.arity == 1 else args if op.arity == 2 else (tuple(args), None)
    return tuple(copy.values())


def _key(order: Sequence[Node]) -> tuple[Any, ...]:
    place = {node: k for k, node in enumerate(order)}

    def entry(node: Node) -> tuple[Any, ...]:
        args = [place[arg] if isinstance(arg, Node) else repr(arg) for arg in node.args]
        return ("" if node.op is None else node.op.symbol, node.label, *args)

    return tuple([entry(node) for node in order])


def _sign_zeros(recording: Recording) -> None:
    """Gives derivatives that are 0 the sign that the sweep gives them: what nothing reaches is 0, and not −0."""
    if all(node.grad != 0.0 for node in recording.nodes):  # numbers, though they may be Values elsewhere
        return
    found: dict[Node, float] = {}
    for node in reversed(recording.nodes):
        s: Any = node.grad
        if s == 0.0 and node in found:
            s = node.grad = found[node]
        elif s == 0.0:
            node.grad = 0.0
            continue
        for arg, z in local_derivatives(node):
            if arg.grad == 0.0:
                found[arg] = found[arg] + s * z if arg in found else s * z

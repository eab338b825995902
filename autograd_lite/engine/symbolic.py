"""A derivative as an expression: the reverse sweep run on the graph itself, so that its result is a graph like any other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from autograd_lite.engine import state
from autograd_lite.engine.node import Node
from autograd_lite.engine.paths import check_nodes
from autograd_lite.engine.primitive import Scalar, number
from autograd_lite.engine.printing import expression, latex_name, named
from autograd_lite.engine.sweep import reverse, topological
from autograd_lite.engine.value import Value, gradients

__all__ = ["Expression", "symbolic"]

LENGTH = 2_000
"""How many characters of an expression are shown, where none is asked for."""


class Expression:
    """A derivative in symbols: it can be read, as text and as LaTeX, and evaluated again with other numbers.

    Made by `symbolic`. Its text is Python over the public names, and evaluates to the same number; factors, divisors and
    exponents that are 1 are not written.

    Attributes:
        value: the derivative as a Value, which can be differentiated again.
        names: the names of the nodes of the graph that was differentiated.
    """

    __slots__ = ("_branches", "_output", "_source", "names", "value")

    def __init__(self, output: Node, source: Node, value: Value) -> None:
        self.value = value
        self._output, self._source = output, source
        self.names = named(topological(output, allow_stale=True))
        self.names.setdefault(source, "w")  # an output that does not depend on it does not name it
        self._branches = [(node, _flows(node, node.numbers, node._number)) for node in _differentiated(output, source)]

    @property
    def data(self) -> float:
        """The derivative at the numbers of the graph."""
        return self.value.data

    def text(self, limit: int = 10_000) -> str:
        """The expression as Python over the public names.

        Raises:
            ValueError: if it has more characters than the limit.
        """
        return expression(self.value, self.names, atoms=(self._source,), limit=limit).text

    def latex(self, limit: int = 10_000) -> str:
        """The expression as LaTeX, without delimiters.

        Raises:
            ValueError: as `text`.
        """
        return expression(self.value, self.names, atoms=(self._source,), limit=limit, latex=True).text

    def __str__(self) -> str:
        try:
            return self.text(LENGTH)
        except ValueError:
            return f"an expression of {len(topological(self.value, allow_stale=True)):,} nodes, too long to show"

    def __repr__(self) -> str:
        return f"{self._quotient()} = {self}"

    def _repr_latex_(self) -> str | None:
        try:
            output, source = (latex_name(self.names[node]) for node in (self._output, self._source))
            return rf"$\displaystyle \frac{{\partial {output}}}{{\partial {source}}} = {self.latex(LENGTH)}$"
        except ValueError:
            return None

    def _quotient(self) -> str:
        return f"∂{self.names[self._output]}/∂{self.names[self._source]}"

    # --- evaluation ------------------------------------------------------------------------------------------------------

    def __call__(self, numbers: Mapping[Any, Scalar] | None = None, /, **named_numbers: Scalar) -> Scalar:
        """The derivative at other numbers: the recorded operations are applied again.

        Arguments:
            numbers: new numbers of nodes, by node or by name; a Value in place of a number gives a Value, which can be
                differentiated.
            named_numbers: the same, by name. What is not given keeps its number, or is computed from what is.

        Raises:
            ValueError: if there is no such node; or if, with these numbers, a choice (a maximum, a `where`, a side of relu)
                falls otherwise than it did in the graph, since the expression is the derivative of what was chosen there.
            TypeError: if something given is not a number.
        """
        given = {self._node(key): x for key, x in {**(numbers or {}), **named_numbers}.items()}
        for node, x in given.items():
            if not isinstance(x, Node):
                given[node] = number(x, f"the number of {self.names[node]}")
        floats = {node: x._number if isinstance(x, Node) else x for node, x in given.items()}
        self._check_branches(_computed(topological(self._output, allow_stale=True), floats))
        return _computed(topological(self.value, allow_stale=True), given)[self.value]

    def _node(self, key: Any) -> Node:
        for node, name in self.names.items():
            if key is node or (isinstance(key, str) and key == name):
                return node
        known = ", ".join([name for node, name in self.names.items() if node.op is None])
        raise ValueError(f"the expression has no node {key!r}; its inputs are {known}")

    def _check_branches(self, numbers: Mapping[Node, Scalar]) -> None:
        """Refuses numbers at which an adjoint would flow to other arguments than it did."""
        for node, flows in self._branches:
            args = [arg if type(arg) is float else numbers[arg] for arg in node.args]
            if _flows(node, args, numbers[node]) != flows:
                raise ValueError(
                    f"with these numbers the choice at {self.names[node]}, {node.op}, falls otherwise than where the "
                    "derivative was taken; compute the output at the new numbers and take symbolic() of that"
                )


def symbolic(output: Value, source: Value) -> Expression:
    """The derivative of an output with respect to a node, as an expression: the sweep run in symbols on the graph.

    Nothing is rearranged, so that its number is that of `gradients(create_graph=True)`.

    Arguments:
        output: the Value to differentiate.
        source: with respect to which; an inner node is a symbol of its own.

    Raises:
        TypeError: if one of them is not a Value.
        RuntimeError: if a leaf was written since the output was computed, or within `no_grad`.

    >>> from autograd_lite import Value, log, sin
    >>> x, y = Value(2.0, "x"), Value(5.0, "y")
    >>> slope = symbolic(log(x) + x * y - sin(y), x)
    >>> print(slope)
    y + 1 / x
    >>> slope.data, slope(x=4.0), slope({x: 1.0, y: 0.0})
    (5.5, 5.25, 1.0)
    """
    check_nodes("symbolic", output, source)
    if not state.is_recording():
        raise RuntimeError("symbolic: a derivative in symbols is a graph, and no_grad() records none; call it outside")
    return Expression(output, source, gradients(output, source, create_graph=True))


def _differentiated(output: Node, source: Node) -> Iterator[Node]:
    """The nodes that the derivative was taken through: they depend on the source, and an adjoint flows to them."""
    adjoint = reverse(output)
    below = {source}
    for node in adjoint:
        if node is not source and any(type(arg) is not float and arg in below for arg in node.args):
            below.add(node)
            if adjoint[node] is not None:
                yield node


def _flows(node: Node, args: list[float], out: float) -> list[bool]:
    return [bool(flow) for flow in node.op.flows(args, out)] if node.op is not None else []


def _computed(order: list[Node], given: Mapping[Node, Scalar]) -> dict[Node, Scalar]:
    """All nodes anew, with some of them given."""
    found: dict[Node, Scalar] = {}
    for node in order:
        if node in given:
            found[node] = given[node]
        elif node.op is None:
            found[node] = node._number
        else:
            args = [arg if type(arg) is float else found[arg] for arg in node.args]
            found[node] = node.op(args) if node.op.arity is None else node.op(*args)
    return found

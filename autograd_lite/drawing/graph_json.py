"""A graph as canonical JSON and back: one graph, one text, and every number back to the bit.

    {"format": "autograd_lite graph",
     "nodes": [{"grad": 6.0, "label": "x", "value": 3.0}, {"args": [0, 0], "op": "multiply", "value": 9.0}],
     "version": 1}

Nodes stand after their arguments, the output last. An argument is the position of a node, or {"constant": number}. A label
and a derivative are left out where there is none. What JSON has no numbers for is a text: "nan", "inf", "-inf".

A file may come from anywhere: reading runs nothing, and believes neither sizes nor numbers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Any

from autograd_lite.engine.node import Node
from autograd_lite.engine.primitive import TABLE, Primitive, Scalar
from autograd_lite.engine.record import record
from autograd_lite.engine.sweep import topological
from autograd_lite.engine.value import Value

__all__ = ["Entry", "entries_of", "graph_from_json", "graph_to_json", "json_of"]

FORMAT, VERSION = "autograd_lite graph", 1

LIMIT = 100_000
"""Nodes."""

MOST_CHARACTERS = 32_000_000
"""Some three hundred a node; reading takes some thirty times as many bytes."""

CLOSE = 1e-9
"""How far a number may be from what its operation gives here: the libraries of C differ in their last digits."""

SPECIAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}

# --- writing -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """A node as it was.

    Attributes:
        op: the operation; None for a leaf.
        args: of each argument its position among the entries (int), or a constant (float).
        value, grad, label: the node's; of a derivative that is a Value its number.
        stale: whether an argument was written since the node was made.
    """

    op: Primitive | None
    args: tuple[int | float, ...]
    value: float
    grad: float | None
    label: str | None
    stale: bool


def entries_of(order: Sequence[Node]) -> Callable[[], Iterator[Entry]]:
    """Keeps a graph as it is now; its entries, which take longer, are made by the function that is returned.

    Arguments:
        order: its nodes in topological order.
    """
    kept = [(node, node._number, node.grad, node.label, node._birth) for node in order]

    def entries() -> Iterator[Entry]:
        position = {node: k for k, node in enumerate(order)}
        births = [birth for *_, birth in kept]
        for node, number, grad, label, birth in kept:
            args = tuple([arg if type(arg) is float else position[arg] for arg in node.args])
            stale = any(type(arg) is int and births[arg] > birth for arg in args)
            derivative = grad._number if isinstance(grad, Node) else grad
            yield Entry(
                node._op,
                args,
                number,
                None if derivative is None else float(derivative),
                None if label is None else str(label),
                stale,
            )

    return entries


def json_of(entries: Iterable[Entry]) -> str:
    """The canonical text of a graph, a node on each line.

    Raises:
        ValueError: for an operation that is not in the table, for numbers older than their leaves, or beyond the limits.
    """
    lines = []
    length = 0
    for entry in entries:
        lines.append(json.dumps(_written(entry), sort_keys=True, separators=(",", ":"), allow_nan=False))
        length += len(lines[-1]) + 2
        if len(lines) > LIMIT or length > MOST_CHARACTERS - 100:
            raise ValueError(
                f"a graph is kept as JSON up to {LIMIT:,} nodes and {MOST_CHARACTERS:,} characters, and this one is larger: "
                "keep an inner value, or use pickle"
            )
    nodes = ",\n".join(lines)
    return f'{{"format":"{FORMAT}","nodes":[\n{nodes}\n],"version":{VERSION}}}\n'


def _written(entry: Entry) -> dict[str, Any]:
    item: dict[str, Any] = {"value": _number_out(entry.value)}
    if entry.op is not None:
        if TABLE.get(entry.op.name) is not entry.op:
            raise ValueError(
                f"the operation {entry.op.name!r} is not in the table, so that no file can name it: only graphs of declared "
                "operations are kept as JSON"
            )
        if entry.stale:
            raise ValueError(
                "a leaf was written since the graph was made from its old number, and old and new numbers are never mixed: "
                "compute the output again, then keep it"
            )
        item["op"] = entry.op.name
        item["args"] = [arg if type(arg) is int else {"constant": _number_out(arg)} for arg in entry.args]
    if entry.label is not None:
        item["label"] = entry.label
    if entry.grad is not None:
        item["grad"] = _number_out(entry.grad)
    return item


def _number_out(x: float) -> float | str:
    return x if math.isfinite(x) else str(x)


def graph_to_json(value: Node) -> str:
    """Writes a graph as canonical JSON: graphs that were built alike give the same text.

    Arguments:
        value: the output, with all it depends on: numbers, labels and derivatives, as they are now.

    Raises:
        TypeError: if it is not a Value.
        ValueError: for an operation that is not in the table (`checkpoint`, `custom_vjp`), for a graph of which a leaf was
            written since, and for one beyond 100,000 nodes or 32 million characters.

    >>> x = Value(3.0, label="x")
    >>> print(graph_to_json(x * x))
    {"format":"autograd_lite graph","nodes":[
    {"label":"x","value":3.0},
    {"args":[0,0],"op":"multiply","value":9.0}
    ],"version":1}
    """
    if not isinstance(value, Node):
        raise TypeError(f"graph_to_json: a {type(value).__name__} was given; it must be a Value")
    return json_of(entries_of(topological(value, allow_stale=True))())


# --- reading -------------------------------------------------------------------------------------------------------------


def graph_from_json(text: str) -> Value:
    """Reads a graph that `graph_to_json` wrote.

    Every node gets its recorded number, derivative and label; a number that its operation does not give is refused.

    Arguments:
        text: the whole file.

    Returns:
        the output; the others are below it, in `.args`.

    Raises:
        TypeError: if it is not a text.
        ValueError: if it is not such a graph, names an operation that is not in the table, or is beyond the limits.

    >>> x = Value(3.0, label="x")
    >>> y = graph_from_json(graph_to_json(x * x))
    >>> y.backward()
    >>> y.args[0]
    Value(data=3.0, grad=6.0, label='x')
    """
    if not isinstance(text, str):
        raise TypeError(f"graph_from_json: a {type(text).__name__} was given; it must be a text")
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"graph_from_json: {len(text):,} characters were given; at most {MOST_CHARACTERS:,} are read")
    # In a context of its own no mode is on: neither no_grad nor a function being compiled sees these operations.
    return Context().run(_built, _items_of(text))


def _items_of(text: str) -> list[Any]:
    try:
        content = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else error
        raise ValueError(f"graph_from_json: the text is no graph: {reason}") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f'graph_from_json: the text is no graph: it must be an object with "format": "{FORMAT}"')
    if type(content.get("version")) is not int or content["version"] != VERSION:
        raise ValueError(
            f"graph_from_json: the version is {str(content.get('version'))[:40]!r}; this library reads version {VERSION}"
        )
    items = content.get("nodes")
    if set(content) != {"format", "nodes", "version"} or not isinstance(items, list) or not items:
        raise ValueError('graph_from_json: besides "format" and "version" there must be "nodes", a list that is not empty')
    if len(items) > LIMIT:
        raise ValueError(f"graph_from_json: the graph has {len(items):,} nodes; at most {LIMIT:,} are read")
    return items


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return content


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON; it is written as a text, in quotes")


def _built(items: list[Any]) -> Value:
    nodes: list[Value] = []
    for k, item in enumerate(items):
        try:
            nodes.append(_read(item, nodes))
        except (
            ValueError,
            TypeError,
            IndexError,
            ArithmeticError,
        ) as error:  # rows refuse orders and indices in their own way
            raise ValueError(f"graph_from_json: node {k}: {error}") from None
    return nodes[-1]


def _read(item: Any, nodes: list[Value]) -> Value:
    if not isinstance(item, dict) or not {"value"} <= set(item) <= {"args", "grad", "label", "op", "value"}:
        raise ValueError('it must be an object with "value", and at most "args", "grad", "label", "op" beside it')
    if ("op" in item) != ("args" in item):
        raise ValueError('"op" and "args" must stand together')
    value = _number_in(item["value"])
    node = _result(item["op"], item["args"], value, nodes) if "op" in item else Value(value)
    label = item.get("label", "")
    if not isinstance(label, str):
        raise ValueError("the label must be a text")
    node.label = item.get("label")
    node.grad = _number_in(item["grad"]) if "grad" in item else None
    return node


def _result(name: Any, args: Any, value: float, nodes: list[Value]) -> Value:
    op = TABLE.get(name) if isinstance(name, str) else None
    if op is None:
        raise ValueError(
            f"the operation {str(name)[:40]!r} is not in the table; if it is one of your own, import the module that "
            "declares it first"
        )
    if not isinstance(args, list) or (op.arity is not None and len(args) != op.arity):
        raise ValueError(f"the arguments of {op.name} must be a list{'' if op.arity is None else f' of {op.arity}'}")
    operands = tuple([_argument(arg, nodes) for arg in args])
    if all(type(operand) is float for operand in operands):
        raise ValueError(f"one of the arguments of {op.name} must be a node")
    if op.arity is None:
        op.domain.sample([0.5] * len(operands))  # refuses a length that the operation does not have
    node = record(Value, op, operands)
    if not (
        math.isclose(node._number, value, rel_tol=CLOSE, abs_tol=CLOSE**2)
        or (math.isnan(value) and math.isnan(node._number))
    ):
        raise ValueError(f"the value is {value!r}, but {op.name} gives {node._number!r}")
    node._number = value
    return node


def _argument(arg: Any, nodes: list[Value]) -> Scalar:
    if isinstance(arg, dict) and set(arg) == {"constant"}:
        return _number_in(arg["constant"])
    if type(arg) is not int or not 0 <= arg < len(nodes):
        raise ValueError('an argument must be the position of an earlier node, or {"constant": number}')
    return nodes[arg]


def _number_in(x: Any) -> float:
    if type(x) is float and math.isfinite(x):
        return x
    if isinstance(x, str) and x in SPECIAL:
        return SPECIAL[x]
    raise ValueError(
        f"{str(x)[:40]!r} is no number; it must be written with a point or an exponent, or 'nan', 'inf', '-inf'"
    )

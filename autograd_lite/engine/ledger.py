"""The ledger of a derivative: which paths carry it.

The k paths with the largest contributions come from the recurrence itself: where the sweep adds what the users of a node
hand down, here each hands down its k best partial products, and the node keeps the k best of them. No path is listed that is
not among the best of some node.

A product is kept as a mantissa and an exponent: on a long path it is often far below the smallest float, and the paths are
to be told apart all the same. One that is inf or nan counts as larger than any number: it is what an inf or nan of the
derivative comes from. Further factors never change which of two products is the larger, they only make them equal (both 0,
or both inf or nan), so that keeping k is enough; among equals the order is that of the sweep, the same every time.

Source: the k best in dynamic programming, R. Bellman and R. Kalaba, On k-th best policies, J. SIAM 8 (1960), 582-588.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeAlias

from autograd_lite.engine.node import Node
from autograd_lite.engine.paths import Between, Edge, Path, between, check_nodes, counted
from autograd_lite.engine.printing import count_text, named, short
from autograd_lite.engine.sweep import reverse
from autograd_lite.engine.sweep_table import aligned, html_table

__all__ = ["Entry", "Ledger", "ledger"]

TOLERANCE = 1e-12
"""Of the sum of absolute terms: what rounding may change where sums are taken in another order."""

Trail: TypeAlias = "tuple[Edge, Trail] | None"
"""The edges from a node to the output, each with those after it, which many share."""

Partial: TypeAlias = tuple[float, int, Trail]
"""The product of the local derivatives from a node to the output, as mantissa and exponent, and the way."""


@dataclass(frozen=True)
class Entry:
    """One path and what it contributes.

    Attributes:
        path: from the source to the output.
        mantissa, exponent: its product, multiplied from the output back, is mantissa·2**exponent.
    """

    path: Path
    mantissa: float
    exponent: int

    @property
    def product(self) -> float:
        """The product of the local derivatives, rounded to a float only at the end."""
        try:
            return math.ldexp(self.mantissa, self.exponent)
        except OverflowError:
            return math.copysign(math.inf, self.mantissa)

    def cells(self, magnitude: float) -> list[str]:
        """What the table shows of it: the product, its share in the sum of all absolute ones, and the path."""
        product = self.product
        share = f"{abs(product) / magnitude:.1%}" if 0.0 < magnitude < math.inf else ""
        if (product == 0.0 or math.isinf(product)) and self.mantissa != 0.0 and math.isfinite(self.mantissa):
            exponent = math.log10(abs(self.mantissa)) + self.exponent * math.log10(2.0)
            text = f"{math.copysign(10 ** (exponent % 1), self.mantissa):.2f}e{math.floor(exponent):+d}"
        else:
            text = short(product)
        return [text, share, str(self.path)]


@dataclass(frozen=True)
class Ledger:
    """The paths that carry a derivative; shows itself as a table.

    Attributes:
        output, source: the derivative is that of the output with respect to the source.
        entries: the paths with the largest contributions by absolute value, the largest first.
        paths: how many paths there are in all.
        remainder: the sum over all other paths, taken by a sweep of its own.
        derivative: the reverse sweep's.
        magnitude: the sum of the absolute contributions of all paths: rounding is to be measured against it.
    """

    output: Node
    source: Node
    entries: tuple[Entry, ...]
    paths: int
    remainder: float
    derivative: float
    magnitude: float

    @property
    def sum(self) -> float:
        """The sum of the entries, from the largest on."""
        return _plain_sum([entry.product for entry in self.entries])

    @property
    def agrees(self) -> bool:
        """Whether entries and remainder sum to the sweep's derivative, to 1e-12 of the sum of absolute contributions."""
        found = self.sum + self.remainder
        if math.isnan(found) or math.isnan(self.derivative):
            return math.isnan(found) and math.isnan(self.derivative)
        return found == self.derivative or abs(found - self.derivative) <= TOLERANCE * self.magnitude

    def __str__(self) -> str:
        return "\n".join([self._title(), aligned(HEADER, self._cells()), self._check()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<p>{escape(self._title())}</p>{html_table(HEADER, self._cells())}<p>{escape(self._check())}</p>"

    def _title(self) -> str:
        output, source = named([self.output, self.source]).values() if self.output is not self.source else ["o", "o"]
        return f"∂{output}/∂{source}: {len(self.entries)} of {count_text(self.paths)} paths"

    def _cells(self) -> list[list[str]]:
        cells = [[str(rank), *entry.cells(self.magnitude)] for rank, entry in enumerate(self.entries, start=1)]
        others = self.paths - len(self.entries)
        return [*cells, ["", short(self.remainder), "", f"{count_text(others)} other{'s' * (others != 1)}"]]

    def _check(self) -> str:
        verdict = "as the sweep finds" if self.agrees else f"but the sweep finds {short(self.derivative)}"
        return f"sum {short(self.sum + self.remainder)}, {verdict}; of absolute values {short(self.magnitude)}"


HEADER = ("", "product", "share", "path")


def _plain_sum(terms: Sequence[float]) -> float:
    total = 0.0
    for term in terms:
        total += term
    return total


def ledger(output: Node, source: Node, k: int = 10) -> Ledger:
    """The k paths that contribute most to a derivative, by absolute value, and what all others contribute.

    The time is linear in the graph, however many paths there are.

    Arguments:
        output: the Value to differentiate.
        source: with respect to which.
        k: how many paths; all of them if there are no more.

    Raises:
        TypeError: if one of the nodes is not a Value, or k not an int.
        ValueError: if k is less than 1.
        RuntimeError: if a leaf was written since the output was computed.

    >>> from autograd_lite import Value
    >>> a, b = Value(4.0, "a"), Value(3.0, "b")
    >>> ledger(a * (a + b), a, k=1)
    ∂v1/∂a: 1 of 2 paths
       product  share  path
    -  -------  -----  -------
    1  7        63.6%  a → ×
       4               1 other
    sum 11, as the sweep finds; of absolute values 11
    """
    check_nodes("ledger", output, source)
    if not isinstance(k, int) or isinstance(k, bool):
        raise TypeError(f"ledger: k is of type {type(k).__name__}; it must be an int, how many paths to find")
    if k < 1:
        raise ValueError(f"ledger: k is {k}; it must be at least 1")
    ways = between(output, source)
    best = _best(ways, output, source, k)
    entries = [Entry(Path(source, _edges(trail)), mantissa, exponent) for mantissa, exponent, trail in best]
    return Ledger(
        output=output,
        source=source,
        entries=tuple(entries),
        paths=counted(ways, output, source)[0],
        remainder=_remainder(ways, output, [entry.path.edges[::-1] for entry in entries]),
        derivative=reverse(output).get(source) or 0.0,
        magnitude=forward_sums(ways, absolute=True).get(output, 0.0),
    )


# --- the k best ----------------------------------------------------------------------------------------------------------


def _best(ways: Between, output: Node, source: Node, k: int) -> list[Partial]:
    """The k largest products over all ways from the source to the output, by the recurrence of the reverse sweep."""
    offers: dict[Node, list[tuple[Edge, list[Partial]]]] = {}
    for node, edges in reversed(ways.items()):
        if node is output:
            partials: list[Partial] = [(*math.frexp(1.0), None)]
        else:
            partials = _merged(offers.pop(node, []), k)
        if node is source:
            return partials
        for edge in edges if partials else ():
            offers.setdefault(edge.argument, []).append((edge, partials))
    return []


def _merged(offers: list[tuple[Edge, list[Partial]]], k: int) -> list[Partial]:
    """The k largest of what the users of a node offer, each of them a list that is sorted already."""
    factors = [math.frexp(edge.z) for edge, _ in offers]

    def offered(place: int, rank: int) -> tuple[tuple[float, float], int, int, Partial]:
        (edge, partials), (z, z_exponent) = offers[place], factors[place]
        mantissa, exponent, trail = partials[rank]
        mantissa, shift = math.frexp(mantissa * z)
        exponent += z_exponent + shift
        return _order(mantissa, exponent), place, rank, (mantissa, exponent, (edge, trail))

    heap = [offered(place, 0) for place in range(len(offers))]
    heapq.heapify(heap)
    merged: list[Partial] = []
    while heap and len(merged) < k:
        _, place, rank, partial = heap[0]
        merged.append(partial)
        if rank + 1 < len(offers[place][1]):
            heapq.heapreplace(heap, offered(place, rank + 1))
        else:
            heapq.heappop(heap)
    return merged


def _order(mantissa: float, exponent: int) -> tuple[float, float]:
    """Sorts the larger product first: inf and nan, then numbers by size, then 0."""
    if not math.isfinite(mantissa):
        return -math.inf, 0.0
    return (-exponent, -abs(mantissa)) if mantissa else (math.inf, 0.0)


def _edges(trail: Trail) -> tuple[Edge, ...]:
    edges = []
    while trail is not None:
        edge, trail = trail
        edges.append(edge)
    return tuple(edges)


# --- all others ----------------------------------------------------------------------------------------------------------


def forward_sums(ways: Between, *, absolute: bool = False) -> dict[Node, float]:
    """The sum of the products over all ways from the source to each node, or that of their absolute values."""
    sums: dict[Node, float] = {}
    for node, edges in ways.items():
        total = 0.0 if edges else 1.0
        for edge in edges:
            total += sums[edge.argument] * (abs(edge.z) if absolute else edge.z)
        sums[node] = total
    return sums


def _remainder(ways: Between, output: Node, listed: list[tuple[Edge, ...]]) -> float:
    """The sum over all paths that are not listed, of which none is looked at by itself.

    Going back from the output along the listed paths, every edge that none of them takes leads to all the ways from the
    source to its argument, whose sum the forward sweep knows.

    Arguments:
        listed: the edges of each path, from the output back.
    """
    if not listed or listed == [()]:
        return 0.0
    sums = forward_sums(ways)
    total = 0.0
    groups = [(output, 1.0, 0, listed)]
    while groups:
        node, product, depth, together = groups.pop()
        taken: dict[int, list[tuple[Edge, ...]]] = {}
        for edges in together:
            if depth < len(edges):
                taken.setdefault(edges[depth].position, []).append(edges)
        for edge in ways[node]:
            if edge.position in taken:
                groups.append((edge.argument, product * edge.z, depth + 1, taken[edge.position]))
            else:
                total += product * edge.z * sums[edge.argument]
    return total

"""What native code is written with: numbers and vectors of them, counted loops, memory.

A place in memory is a pointer and a sum of counters times strides. Counters are numbers of the code, or of Python where a
loop is written out; what is known in advance is added up in advance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from llvmlite import ir

from autograd_lite.compiler.backends.native.index import Index, joined, split
from autograd_lite.compiler.backends.native.types import (
    DOUBLE,
    ELEMENTS,
    FLOAT,
    I1,
    I64,
    POINTER,
    VOID,
    alignment,
    constant,
    places_of,
    vector_of,
    width_of,
)
from autograd_lite.compiler.backends.native.vectors import intrinsic, spelled

__all__ = ["DOUBLE", "ELEMENTS", "FLOAT", "I64", "POINTER", "VOID", "Emitter", "Index", "constant", "vector_of"]


class Emitter:
    """Writes one function.

    Arguments:
        element: the type of numbers.

    Attributes:
        builder: llvmlite's, at the place where the next instruction goes.
        failed: where the code notes that it has met a number that an operation refuses.
    """

    def __init__(self, function: ir.Function, element: ir.Type = DOUBLE) -> None:
        self.function, self.element = function, element
        self.builder = ir.IRBuilder(function.append_basic_block("entry"))
        self.failed: Any = None
        self._constants: dict[tuple[float, str, int], ir.Value] = {}
        self._made: dict[tuple[Any, ...], ir.Value] = {}
        self._block: Any = None

    # --- numbers ---------------------------------------------------------------------------------------------------------

    def vector(self, width: int) -> ir.Type:
        """The type of so many numbers."""
        return vector_of(self.element, width)

    def number(self, x: float, width: int = 1) -> ir.Value:
        """A constant in every lane."""
        key = (x, repr(x), width)  # 0.0 and -0.0 are equal, and nan is not itself
        if key not in self._constants:
            one = ir.FormattedConstant(self.element, spelled(x, self.element))
            self._constants[key] = ir.Constant(self.vector(width), [one] * width) if width > 1 else one
        return self._constants[key]

    def spread(self, x: ir.Value, width: int) -> ir.Value:
        """A number in every lane."""
        if width == 1 or isinstance(x.type, ir.VectorType):
            return x
        kind = self.vector(width)
        first = self.builder.insert_element(ir.Constant(kind, ir.Undefined), x, constant(0, 32))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), width), None)
        return self.builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), zeros)

    def widened(self, x: ir.Value) -> ir.Value:
        """Numbers as doubles."""
        return x if self.element == DOUBLE else self.builder.fpext(x, vector_of(DOUBLE, width_of(x.type)))

    def narrowed(self, x: ir.Value) -> ir.Value:
        """Doubles as numbers, rounded."""
        return x if self.element == DOUBLE else self.builder.fptrunc(x, self.vector(width_of(x.type)))

    def intrinsic(self, name: str, *args: ir.Value) -> ir.Value:
        """A call of `llvm.name`, whose arguments and value have one type."""
        return intrinsic(self.builder, name, *args)

    def declared(self, name: str, kind: ir.Type, *types: ir.Type) -> ir.Function:
        """A function from elsewhere."""
        module = self.builder.module
        return module.globals.get(name) or ir.Function(module, ir.FunctionType(kind, types), name)

    def fma(self, x: ir.Value, y: ir.Value, z: ir.Value) -> ir.Value:
        """x·y + z, rounded once."""
        return self.intrinsic("fma", x, y, z)

    def added_lanes(self, xs: Sequence[ir.Value]) -> ir.Value:
        """Of each vector the sum of its lanes, added up by halves; the sums of several, a power of two, side by side.

        There must not be more vectors than lanes.
        """
        xs, size = list(xs), width_of(xs[0].type)
        while size > 1:
            alone = len(xs) == 1
            pairs = [(x, x) for x in xs] if alone else list(zip(xs[::2], xs[1::2], strict=True))
            halves = [[k for k in range(width_of(xs[0].type)) if (k % size < size // 2) is low] for low in (True, False)]
            xs = [self.builder.fadd(*[self._of_both(x, y, half, alone=alone) for half in halves]) for x, y in pairs]
            size //= 2
        return xs[0] if width_of(xs[0].type) > 1 else self._only(xs[0])

    def _of_both(self, x: ir.Value, y: ir.Value, places: Sequence[int], *, alone: bool) -> ir.Value:
        """Some lanes of x, and after them those of y unless x stands alone."""
        width = width_of(x.type)
        return self.shuffled(x, y, places if alone else [*places, *[width + k for k in places]])

    def _only(self, x: ir.Value) -> ir.Value:
        if not isinstance(x.type, ir.VectorType):
            return x
        return self.builder.extract_element(x, constant(0, 32))

    def shuffled(self, x: ir.Value, y: ir.Value, places: Iterable[int]) -> ir.Value:
        """Lanes of x, and after those of y, in another order."""
        return self.builder.shuffle_vector(x, y, places_of(tuple(places)))

    def lanes_below(self, count: ir.Value, lane: Index, width: int) -> ir.Value:
        """Of so many lanes which are among the first `count`."""
        places = [self.plus(lane, k) for k in range(width)]
        if width == 1:
            return self.builder.icmp_signed("<", self.whole(lane), count)
        found = ir.Constant(ir.VectorType(I1, width), ir.Undefined)
        for k, place in enumerate(places):
            below = self.builder.icmp_signed("<", self.whole(place), count)
            found = self.builder.insert_element(found, below, constant(k, 32))
        return found

    def all(self, mask: ir.Value) -> ir.Value:
        """Whether a truth holds in every lane."""
        if not isinstance(mask.type, ir.VectorType):
            return mask
        bits = ir.IntType(mask.type.count)
        return self.builder.icmp_unsigned("==", self.builder.bitcast(mask, bits), ir.Constant(bits, -1))

    def fail_where(self, mask: ir.Value, valid: ir.Value | None) -> None:
        """Notes that a row refuses its numbers, where a mask is true in some lane that counts."""
        builder = self.builder
        refused = mask if valid is None else builder.and_(mask, valid)
        with builder.if_then(builder.not_(self.all(builder.not_(refused))), likely=False):
            builder.store(constant(1), self.failed)

    # --- whole numbers ---------------------------------------------------------------------------------------------------

    def whole(self, x: Index) -> ir.Value:
        """A whole number as a value."""
        value, known = split(x)
        if value is None:
            return constant(known)
        return self._once("add", value, known) if known else value

    def plus(self, x: Index, y: Index) -> Index:
        (one, known), (other, more) = split(x), split(y)
        value = other if one is None else one if other is None else self._once("add", one, other)
        return joined(value, known + more)

    def times(self, x: Index, y: Index) -> Index:
        number, (value, known) = (x, split(y)) if isinstance(x, int) else (y, split(x))
        if not isinstance(number, int):
            return self._once("mul", self.whole(x), self.whole(y))
        if value is None or not number:
            return number * known
        return joined(value if number == 1 else self._once("mul", value, number), number * known)

    def _once(self, name: str, x: ir.Value, y: ir.Value | int) -> ir.Value:
        """What an instruction gives; within a block of code the same one is written once."""
        key = (name, id(x), y if isinstance(y, int) else id(y), isinstance(y, int))
        return self._kept(key, lambda: getattr(self.builder, name)(x, self.whole(y)))

    def _kept(self, key: tuple[Any, ...], write: Callable[[], ir.Value]) -> ir.Value:
        if self._block is not self.builder.block:
            self._block, self._made = self.builder.block, {}
        if key not in self._made:
            self._made[key] = write()
        return self._made[key]

    def affine(self, counters: Sequence[Index], strides: Sequence[int], base: int = 0) -> tuple[Index, int]:
        """Σ counter·stride + base, as what the code adds up and what is known."""
        found: Index = base
        for counter, stride in zip(counters, strides, strict=True):
            found = self.plus(found, self.times(counter, stride))
        value, known = split(found)
        return 0 if value is None else value, known

    # --- memory ----------------------------------------------------------------------------------------------------------

    def address(self, pointer: ir.Value, moved: Index, known: int = 0, kind: ir.Type = None) -> ir.Value:
        """A pointer to an element of an array, of numbers unless a kind is given."""
        kind = kind or self.element
        value, more = split(moved)
        if value is not None:
            pointer = self._moved(pointer, value, kind)
        return self._moved(pointer, known + more, kind) if known + more else pointer

    def _moved(self, pointer: ir.Value, shift: ir.Value | int, kind: ir.Type) -> ir.Value:
        key = ("gep", id(pointer), shift if isinstance(shift, int) else id(shift), isinstance(shift, int), str(kind))
        return self._kept(key, lambda: self.builder.gep(pointer, [self.whole(shift)], source_etype=kind))

    def load(self, pointer: ir.Value, kind: ir.Type = None) -> ir.Value:
        kind = kind or self.element
        return self.builder.load(pointer, typ=kind, align=alignment(kind))

    def store(self, x: ir.Value, pointer: ir.Value) -> None:
        self.builder.store(x, pointer, align=alignment(x.type))

    # --- loops -----------------------------------------------------------------------------------------------------------

    def fold(
        self,
        counts: Sequence[Index],
        start: Sequence[ir.Value],
        body: Callable[[list[Index], list[ir.Value]], Sequence[ir.Value]],
        unrolled: int = 1,
    ) -> list[ir.Value]:
        """Runs nested loops over values that every turn takes and gives; returns the last.

        Arguments:
            counts: how often each loop turns, outermost first.
            start: the values of the first turn.
            body: writes a turn: from the counters and the values to the next values.
            unrolled: loops that turn no oftener are written out.
        """
        if not counts:
            return list(body([], list(start)))
        first, *rest = counts

        def turn(counter: Index, values: list[ir.Value]) -> list[ir.Value]:
            return self.fold(rest, values, lambda counters, inner: body([counter, *counters], inner), unrolled)

        if isinstance(first, int) and first <= unrolled:
            values = list(start)
            for k in range(first):
                values = turn(k, values)
            return values
        return self._loop(first, start, turn)

    def _loop(
        self, count: Index, start: Sequence[ir.Value], turn: Callable[[Index, list[ir.Value]], list[ir.Value]]
    ) -> list[ir.Value]:
        """A loop that turns `count` times, which a count that is known in advance is at least once."""
        builder = self.builder
        before = builder.block
        head = builder.append_basic_block("loop")
        after = builder.append_basic_block("done")
        if isinstance(count, int):
            builder.branch(head)
        else:
            builder.cbranch(builder.icmp_signed(">", count, constant(0)), head, after)
        builder.position_at_end(head)
        counter = builder.phi(I64)
        counter.add_incoming(constant(0), before)
        carried = []
        for x in start:
            phi = builder.phi(x.type)
            phi.add_incoming(x, before)
            carried.append(phi)
        found = turn(counter, list(carried))
        following = builder.add(counter, constant(1))
        for phi, x in zip(carried, found, strict=True):
            phi.add_incoming(x, builder.block)
        counter.add_incoming(following, builder.block)
        last = builder.block
        builder.cbranch(builder.icmp_signed("<", following, self.whole(count)), head, after)
        builder.position_at_end(after)
        results = []
        for x, y in zip(start, found, strict=True):
            phi = builder.phi(x.type)
            phi.add_incoming(y, last)
            if not isinstance(count, int):
                phi.add_incoming(x, before)
            results.append(phi)
        return results

    def repeat(self, counts: Sequence[Index], body: Callable[[list[Index]], None], unrolled: int = 1) -> None:
        """Runs nested loops."""

        def turn(counters: list[Index], _: list[ir.Value]) -> list[ir.Value]:
            body(counters)
            return []

        self.fold(counts, [], turn, unrolled)

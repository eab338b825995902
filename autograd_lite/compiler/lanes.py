"""Arrays of a traced function: inputs that stay whole until someone looks into them, and what a vmap gives."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from autograd_lite.calculus.trees import object_array
from autograd_lite.compiler.program import Axes
from autograd_lite.compiler.sources import Array, Constants
from autograd_lite.compiler.trace import Tracer
from autograd_lite.compiler.traced import Traced, TracingError, UntraceableError
from autograd_lite.engine.primitive import Many, NaryPrimitive, Primitive, Scalar

__all__ = ["InputArray", "Lanes"]


class InputArray:
    """An array that a traced function was given; to all intents an array of traced values.

    It becomes one, element by element, only where someone looks into it: an array that is mapped over as a whole never
    does, so that the program does not depend on how many lanes it has.

    Attributes:
        source: the array, and the axes that already run along its dimensions.
        numbers: the hints.
        looked: whether its elements were made, for the lanes that see the rest of it.
    """

    stands_for_array = True

    def __init__(self, tracer: Tracer, source: Array | Constants, numbers: Any, on_look: Any) -> None:
        self.tracer = tracer
        self.source = source
        self.numbers = numbers
        self._on_look = on_look
        self._elements: Any = None

    @property
    def free(self) -> list[int]:
        """The dimensions along which no axis runs."""
        return [dimension for dimension, axis in enumerate(self.source.mapping) if axis is None]

    @property
    def unseen_shape(self) -> tuple[int, ...]:
        """The shape that one lane sees, for those on whom the program does not come to depend."""
        return tuple(self.numbers.shape[dimension] for dimension in self.free)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that one lane sees."""
        self._on_look(self.source, self.free)
        return self.unseen_shape

    def size_along(self, dimension: int) -> int:
        """How long it is; the program does not come to depend on it."""
        return int(self.numbers.shape[self.free[dimension]])

    @property
    def ndim(self) -> int:
        return len(self.free)

    def mapped(self, dimension: int, axis: int) -> Any:
        """What one lane of an axis along a dimension sees: an array, or a single traced value."""
        mapping = list(self.source.mapping)
        mapping[self.free[dimension]] = axis
        self.tracer.along.append((axis, self.source, self.free[dimension]))
        source = _remapped(self.source, tuple(mapping))
        inner = InputArray(self.tracer, source, self.numbers, self._on_look)
        return inner if inner.free else inner.elements[()]

    @property
    def elements(self) -> Any:
        """The traced values as an array of objects."""
        if self._elements is None:
            shape = self.shape
            axes: Axes = tuple(sorted(axis for axis in self.source.mapping if axis is not None))
            lane = tuple(slice(None) if axis is None else 0 for axis in self.source.mapping)
            hints = self.numbers[lane].ravel().tolist() if self.numbers.size else [0.0] * math.prod(shape)
            read = self.tracer.read
            items = [read(self.source, position, axes, float(hint)) for position, hint in enumerate(hints)]
            self._elements = object_array(items, shape)
        return self._elements

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.elements

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.elements, name)

    def __getitem__(self, key: Any) -> Any:
        return self.elements[key]

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.elements)


def _elementwise(name: str) -> Any:
    def method(self: InputArray, *others: Any) -> Any:
        others = tuple(other.elements if isinstance(other, InputArray) else other for other in others)
        return getattr(self.elements, name)(*others)

    return method


_OPERATORS = "add radd sub rsub mul rmul truediv rtruediv pow rpow mod rmod matmul rmatmul neg pos abs lt le gt ge eq ne"
for _name in [f"__{operator}__" for operator in _OPERATORS.split()]:
    setattr(InputArray, _name, _elementwise(_name))


def _remapped(source: Array | Constants, mapping: tuple[int | None, ...]) -> Array | Constants:
    if isinstance(source, Array):
        return Array(source.block, mapping)
    return Constants(source.array, source.identity, mapping)


class Lanes(Many):
    """What a vmap gives in a traced function: one result for every lane, not to be told apart.

    Reductions (`ag.total`, `ag.mean`, `ag.max` …) take it as they take a sequence, another vmap maps over it, and a function
    may return it.

    Attributes:
        tracer: the run it belongs to.
        item: the result in one lane: a traced value, a number, an array of those, or Lanes of an inner vmap.
        axis: the axis of the lanes.
        place: among the dimensions of the result where the lanes stand.
    """

    __slots__ = ("axis", "item", "place", "tracer")

    def __init__(self, tracer: Tracer, item: Any, axis: int, place: int) -> None:
        self.tracer, self.item, self.axis, self.place = tracer, item, axis, place

    def reduce(self, op: NaryPrimitive) -> Scalar:
        """A row of the table over all the lanes."""
        item = self.item
        axes: Axes = (self.axis,)
        while isinstance(item, Lanes):
            item, axes = item.item, self.tracer.union(axes, (item.axis,))
        if not isinstance(item, (Traced, float)):
            raise TracingError(f"{op.name} of the lanes of a vmap needs one number from each; reduce its arrays inside")
        return self.tracer.record(op, (item,), over=axes)

    def each(self, function: Callable[[Scalar], Scalar]) -> Lanes:
        item = self.item.each(function) if isinstance(self.item, Lanes) else function(self.item)
        return Lanes(self.tracer, item, self.axis, self.place)

    def size_along(self, dimension: int) -> int:
        """How many lanes there are, where a vmap maps over them again."""
        return self.tracer.sizes[self.axis]

    @property
    def ndim(self) -> int:
        return 1 + int(getattr(self.item, "ndim", 0))

    def count(self) -> Scalar:
        """The number of lanes."""
        lanes = self.tracer.count(self.axis)
        return lanes * self.item.count() if isinstance(self.item, Lanes) else lanes

    def told_apart(self, what: str) -> NoReturn:
        # To differentiate each lane's result by what all lanes share is left to the function as it is written.
        raise UntraceableError(_refusal(what))

    def apply(self, op: Primitive, args: tuple[Scalar, ...]) -> NoReturn:
        _refuse(f"'{op.symbol}' with")

    def __getattr__(self, name: str) -> NoReturn:
        raise _NoAttributeError(_refusal(f".{name} of"))

    def __array__(self, *args: Any, **options: Any) -> NoReturn:
        _refuse("a function of numpy on")

    def __array_ufunc__(self, *args: Any, **options: Any) -> NoReturn:
        _refuse("a function of numpy on")


class _NoAttributeError(TracingError, AttributeError):
    """So that `hasattr` says no."""


def _refusal(what: str) -> str:
    return (
        f"{what} the result of a vmap is not defined inside a compiled function, where lanes are one array: compute inside "
        "the mapped function, reduce the lanes by ag.total, ag.mean, ag.max, ag.min, ag.var, ag.std, ag.norm or "
        "ag.logsumexp, or map over them again"
    )


def _refuse(what: str) -> NoReturn:
    raise TracingError(_refusal(what))


def _refusing(name: str) -> Callable[..., NoReturn]:
    def method(self: Lanes, *others: Any) -> NoReturn:
        _refuse(f"{name} with")

    return method


for _name in f"{_OPERATORS} getitem iter len bool float int index".split():
    setattr(Lanes, f"__{_name}__", _refusing(_name))

"""Steps of a plan as calls of numpy on views that are made once.

A call is a function and its arguments, the last of which is an array that it writes. Views hold for as long as the arrays
that they look into.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from autograd_lite.compiler.backends.arrays import kernel, kernel_for
from autograd_lite.compiler.backends.contraction import Call, Scratch, contract
from autograd_lite.compiler.plan import Piece, Step, View
from autograd_lite.compiler.program import Axes

__all__ = ["Binder"]

FEW, ENOUGH = 4, 256
"""A step is taken apart by constants if there are at most so many of them, and it has at least so many numbers."""


@dataclass
class Binder:
    """Makes the calls of steps.

    Attributes:
        arrays: of each buffer the array, rows first, then its axes.
        axes: of each buffer its axes.
        sizes: of each axis the number of lanes.
    """

    arrays: dict[int, Any]
    axes: Sequence[Axes]
    sizes: dict[int, int]
    dtype: Any
    scratch: Scratch

    def step(self, step: Step, out: Any, *, accumulate: bool = False) -> list[Call]:
        """The calls of a step, which write or add to an array of its rows and axes."""
        self.scratch.next = 0
        calls: list[Call] = []
        if step.kind == "elementwise":
            (piece,) = step.pieces
            operands = [self.view(view, piece, step.axes, calls) for view in piece.operands]
            target = self._target(out, piece, step.axes)
            for inputs, result in _by_constants(piece, operands, target):
                is_constant = piece.operands[-1].constants is not None and inputs[-1].ndim == 0
                function = kernel_for(step.op, float(inputs[-1]) if is_constant else None)
                calls.append(_call(function, inputs, result))
        elif step.kind == "contraction":
            # What has terms to add up first: it can write where the others add.
            for k, piece in enumerate(sorted(step.pieces, key=lambda piece: not piece.terms)):
                self._contract(step, piece, out, calls, accumulate=accumulate or k > 0)
        else:
            self._reduce(step, out, calls)
        return calls

    def copy(self, piece: Piece, target: View, axes: Axes, out: Any) -> list[Call]:
        """The calls that copy rows to places of a result."""
        self.scratch.next = 0
        calls: list[Call] = []
        source = self.view(piece.operands[0], piece, axes, calls)
        if target.positions is not None:
            calls.append((_scatter, (target.positions.ravel(), np.broadcast_to(source, (*piece.rows, *out.shape[1:])), out)))
            return calls
        calls.append((np.copyto, (self._strided(out, target, piece.rows, axes, axes), source)))
        return calls

    # --- views -----------------------------------------------------------------------------------------------------------

    def view(self, view: View, piece: Piece, lanes: Axes, calls: list[Call]) -> Any:
        """An operand as an array over the counters of a piece and the lanes of some axes; repeats have stride 0."""
        counters = (*piece.rows, *piece.terms)
        if view.constants is not None:
            if isinstance(view.constants, float):
                return np.array(view.constants, self.dtype)
            constants = np.ascontiguousarray(view.constants, self.dtype).reshape(counters)
            return np.broadcast_to(constants.reshape((*counters, *[1] * len(lanes))), self._shape(counters, lanes))
        array, axes = self.arrays[view.buffer], self.axes[view.buffer]
        if view.positions is None:
            return self._strided(array, view, counters, axes, lanes)
        gathered = self.scratch.array((view.positions.size, *array.shape[1:]))
        calls.append((_gather, (array, view.positions.ravel(), gathered)))
        whole = View(view.buffer, 0, _contiguous(counters))
        return self._strided(gathered, whole, counters, axes, lanes)

    def _strided(self, array: Any, view: View, counters: tuple[int, ...], axes: Axes, lanes: Axes) -> Any:
        strides = [stride * array.strides[0] for stride in view.strides]
        strides += [array.strides[1 + axes.index(axis)] if axis in axes else 0 for axis in lanes]
        return np.lib.stride_tricks.as_strided(array[view.base :], self._shape(counters, lanes), strides)

    def _shape(self, counters: Sequence[int], lanes: Axes) -> tuple[int, ...]:
        return (*counters, *[self.sizes[axis] for axis in lanes])

    def _target(self, out: Any, piece: Piece, axes: Axes) -> Any:
        """The array of a step's rows with the piece's counters in the place of rows."""
        return self._strided(out, View(0, 0, _contiguous(piece.rows)), piece.rows, axes, axes)

    # --- reductions ------------------------------------------------------------------------------------------------------

    def _reduce(self, step: Step, out: Any, calls: list[Call]) -> None:
        """Stacks all terms, and all lanes that are reduced, along one axis in front, where a kernel reduces them."""
        lanes = (*step.axes, *step.over)
        rest = (step.rows, *[self.sizes[axis] for axis in step.axes])
        repeats = math.prod(self.sizes[axis] for axis in step.over)
        stack = self.scratch.array((sum(math.prod(piece.terms) for piece in step.pieces) * repeats, *rest))
        start = 0
        for piece in step.pieces:
            count = math.prod(piece.terms) * repeats
            operand = np.broadcast_to(
                self.view(piece.operands[0], piece, lanes, calls), self._shape((*piece.rows, *piece.terms), lanes)
            )
            rows, terms = len(piece.rows), len(piece.terms)
            order = [*range(rows, rows + terms), *range(operand.ndim - len(step.over), operand.ndim), *range(rows)]
            order += range(rows + terms, operand.ndim - len(step.over))
            moved = operand.transpose(order)
            target = stack[start : start + count].reshape(moved.shape)
            calls.append((np.copyto, (target, moved)))
            start += count
        calls.append(_call(kernel(step.op), [stack], out))

    def _contract(self, step: Step, piece: Piece, out: Any, calls: list[Call], *, accumulate: bool) -> None:
        """Adds up the products of one or two operands over the terms and the reduced lanes."""
        lanes = (*step.axes, *step.over)
        shape = self._shape((*piece.rows, *piece.terms), lanes)
        rows, terms = len(piece.rows), len(piece.terms)
        kept = [*range(rows), *range(rows + terms, len(shape) - len(step.over))]
        summed = [d for d in range(len(shape)) if d not in kept]
        scale = math.prod(view.constants for view in piece.operands if isinstance(view.constants, float))
        varying = [view for view in piece.operands if not isinstance(view.constants, float)]
        factors = [np.broadcast_to(self.view(view, piece, lanes, calls), shape) for view in varying]
        if not factors:
            factors, scale = [np.broadcast_to(np.array(scale, self.dtype), shape)], 1.0
        target = self._target(out, piece, step.axes)
        calls += contract(factors, scale, kept, summed, target, self.scratch, accumulate=accumulate)


def _by_constants(piece: Piece, operands: Sequence[Any], target: Any) -> list[tuple[Sequence[Any], Any]]:
    """The operands and the target of a step, once for each constant where there are only a few in a row.

    Powers with exponents 2 and 1 in turn, say, are many times faster as squares and copies.
    """
    varying = [
        k for k, view in enumerate(piece.operands) if view.constants is not None and not isinstance(view.constants, float)
    ]
    if len(varying) != 1:
        return [(operands, target)]
    constants = operands[varying[0]]
    along = [d for d in range(len(piece.rows)) if (constants != constants[(slice(None),) * d + (slice(0, 1),)]).any()]
    if len(along) != 1 or target.shape[along[0]] > FEW or target.size < ENOUGH:
        return [(operands, target)]
    parts: list[tuple[Sequence[Any], Any]] = []
    for k in range(target.shape[along[0]]):
        at = (*(slice(None),) * along[0], slice(k, k + 1))
        part = [operand[at] if operand.ndim else operand for operand in operands]
        part[varying[0]] = np.array(constants[at].flat[0], constants.dtype)
        parts.append((part, target[at]))
    return parts


def _gather(array: Any, positions: Any, out: Any) -> None:
    np.take(array, positions, axis=0, out=out, mode="clip")  # positions are right; "raise" would buffer the result


def _scatter(positions: Any, source: Any, out: Any) -> None:
    out[positions] = source.reshape(len(positions), *out.shape[1:])


def _call(function: Any, operands: Sequence[Any], out: Any) -> Call:
    if isinstance(function, np.ufunc):
        return function, (*operands, out)
    return partial(function, *operands, out=out), ()


def _contiguous(lengths: Sequence[int]) -> tuple[int, ...]:
    strides, stride = [], 1
    for length in reversed(lengths):
        strides.append(stride)
        stride *= length
    return tuple(strides[::-1])

"""Sums of products over strided views: as matrix products where they are some.

Every dimension of the two factors is kept or summed, and occurs in both factors, in one, or in none (where the stride is 0).
Kept in one factor each and summed in both: that is a matrix product, and goes to the matrix library.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

__all__ = ["Call", "Scratch", "contract"]

Call: TypeAlias = tuple[Callable[..., Any], tuple[Any, ...]]
"""A function and its arguments."""


@dataclass
class Scratch:
    """Arrays for what lives within one step: the k-th request of a step is given the same memory in every step."""

    dtype: Any
    pools: list[Any] = field(default_factory=list)
    next: int = 0

    def array(self, shape: Sequence[int]) -> Any:
        """An array of a shape; its memory is taken anew if it is too small."""
        size = math.prod(shape)
        if self.next == len(self.pools):
            self.pools.append(np.empty(0, self.dtype))
        if self.pools[self.next].size < size:
            self.pools[self.next] = np.empty(size, self.dtype)
        self.next += 1
        return self.pools[self.next - 1][:size].reshape(tuple(shape))


@dataclass
class _Factor:
    """A view of which every dimension counts: those it repeats along are left out.

    Attributes:
        dims: the dimensions that it has, in order.
        array: over those.
    """

    dims: list[int]
    array: Any

    @staticmethod
    def of(view: Any) -> _Factor:
        dims = [d for d in range(view.ndim) if view.shape[d] > 1 and view.strides[d] != 0]
        return _Factor(dims, _keep(view, [slice(None) if d in dims else 0 for d in range(view.ndim)]))

    def ordered(self, dims: Sequence[int]) -> Any:
        """The array with its dimensions in this order."""
        return self.array.transpose([self.dims.index(d) for d in dims])

    def among(self, dims: Sequence[int]) -> Any:
        """The array with its dimensions among others, along which it has length 1."""
        mine = [d for d in dims if d in self.dims]
        return _keep(self.ordered(mine), [slice(None) if d in self.dims else None for d in dims])


def _keep(array: Any, index: Sequence[Any]) -> Any:
    """A view, also where a number remains, of which numpy would give a copy."""
    return array[(*index, ...)]


def contract(
    views: Sequence[Any],
    scale: float,
    kept: Sequence[int],
    summed: Sequence[int],
    target: Any,
    scratch: Scratch,
    *,
    accumulate: bool,
) -> list[Call]:
    """The calls that write to the target, or add to it, a sum over some dimensions of the views' product.

    Arguments:
        views: one or two arrays of the same shape.
        scale: what the sum is multiplied by.
        kept: the dimensions of the target, in its order.
        summed: the others.
    """
    shape = views[0].shape
    calls: list[Call] = []
    factors = [_Factor.of(view) for view in views]
    present = {d for factor in factors for d in factor.dims}
    scale *= math.prod(shape[d] for d in summed if d not in present)
    for k, factor in enumerate(factors):
        others = {d for j, other in enumerate(factors) if j != k for d in other.dims}
        alone = [d for d in factor.dims if d in summed and d not in others]
        if alone and len(factors) == 1 and scale == 1.0 and set(factor.dims) >= {d for d in kept if shape[d] > 1}:
            break  # summed straight into the target below
        if alone:
            factors[k] = _summed(factor, alone, scratch, calls)
    kept_shape = [shape[d] for d in kept]
    if scale != 1.0 and not accumulate and len(factors) == 1 and not set(factors[0].dims) & set(summed):
        calls.append((np.multiply, (factors[0].among(kept), np.array(scale, target.dtype), target)))
        return calls
    if scale != 1.0:
        smallest = min(range(len(factors)), key=lambda k: factors[k].array.size)
        factors[smallest] = _scaled(factors[smallest], scale, scratch, calls)
    if not accumulate:
        _product(factors, kept, summed, target, scratch, calls)
    elif len(factors) == 1 and not set(factors[0].dims) & set(summed):
        calls.append((np.add, (target, factors[0].among(kept), target)))
    else:
        partial_sum = scratch.array(kept_shape)
        _product(factors, kept, summed, partial_sum, scratch, calls)
        calls.append((np.add, (target, partial_sum, target)))
    return calls


def _summed(factor: _Factor, dims: Sequence[int], scratch: Scratch, calls: list[Call]) -> _Factor:
    rest = [d for d in factor.dims if d not in dims]
    out = scratch.array([factor.array.shape[factor.dims.index(d)] for d in rest])
    calls.append((np.add.reduce, (factor.array, tuple(factor.dims.index(d) for d in dims), None, out)))
    return _Factor(rest, out)


def _scaled(factor: _Factor, scale: float, scratch: Scratch, calls: list[Call]) -> _Factor:
    out = scratch.array(factor.array.shape)
    calls.append((np.multiply, (factor.array, np.array(scale, out.dtype), out)))
    return _Factor(factor.dims, out)


def _product(
    factors: Sequence[_Factor], kept: Sequence[int], summed: Sequence[int], target: Any, scratch: Scratch, calls: list[Call]
) -> None:
    """Writes the product of factors in which every summed dimension is in all of them."""
    if len(factors) == 1:
        (factor,) = factors
        dims = tuple(d for d in factor.dims if d in summed)
        if dims:
            order = [*[d for d in kept if d in factor.dims], *dims]
            axes = tuple(range(len(order) - len(dims), len(order)))
            out = target.reshape([n for n in target.shape if n != 1]) if 1 in target.shape else target
            calls.append((np.add.reduce, (factor.ordered(order), axes, None, _same_memory(out, target))))
        else:
            calls.append((np.copyto, (target, factor.among(kept))))
        return
    a, b = factors
    both = [d for d in a.dims if d in b.dims and d in kept]
    inner = [d for d in a.dims if d in b.dims and d in summed]
    if not inner:
        calls.append((np.multiply, (a.among(kept), b.among(kept), target)))
    elif both:
        _batched(a, b, kept, inner, target, calls)
    else:
        _matrix_product(a, b, kept, inner, target, scratch, calls)


def _same_memory(view: Any, target: Any) -> Any:
    if not np.shares_memory(view, target):
        raise AssertionError("a reshaped target must be a view")
    return view


def _batched(a: _Factor, b: _Factor, kept: Sequence[int], inner: Sequence[int], target: Any, calls: list[Call]) -> None:
    """A sum of products with dimensions that are kept and in both factors: no matrix product."""
    product = partial(np.einsum, a.array, a.dims, b.array, b.dims)
    dims = [d for d in kept if d in a.dims or d in b.dims]
    squeezed = _keep(target, [slice(None) if d in dims else 0 for d in kept])
    if squeezed.size == target.size:
        calls.append((partial(product, dims, out=squeezed), ()))
    else:
        calls.append((lambda: np.copyto(target, _spread(product(dims), dims, kept)), ()))


def _spread(array: Any, dims: Sequence[int], kept: Sequence[int]) -> Any:
    return array[tuple(slice(None) if d in dims else None for d in kept)]


def _matrix_product(
    a: _Factor, b: _Factor, kept: Sequence[int], inner: Sequence[int], target: Any, scratch: Scratch, calls: list[Call]
) -> None:
    """target[rows, columns] = Σ over inner of left[rows, inner] · right[inner, columns]."""
    order = [d for d in kept if d in a.dims or d in b.dims]
    rows = [d for d in order if d in a.dims]
    columns = [d for d in order if d in b.dims]
    if order != [*rows, *columns]:
        a, b, rows, columns = b, a, columns, rows
    left = _as_matrix(a, rows, inner, scratch, calls)
    right = _as_matrix(b, inner, columns, scratch, calls)
    if order == [*rows, *columns] and len(order) == len([n for n in target.shape if n > 1]):
        out = target.reshape(left.shape[0], right.shape[1])
        if np.shares_memory(out, target):
            calls.append((np.matmul, (left, right, out)))
            return
    out = scratch.array((left.shape[0], right.shape[1]))
    calls.append((np.matmul, (left, right, out)))
    dims = [*rows, *columns]
    lengths = [(a if d in a.dims else b).array.shape[(a if d in a.dims else b).dims.index(d)] for d in dims]
    result = _Factor(dims, out.reshape(lengths))
    calls.append((np.copyto, (target, result.among(kept))))


def _as_matrix(factor: _Factor, rows: Sequence[int], columns: Sequence[int], scratch: Scratch, calls: list[Call]) -> Any:
    """A factor as a matrix that the matrix library takes: a view, or a copy where there is none."""
    array = factor.ordered([*rows, *columns])
    shape = (math.prod(array.shape[: len(rows)]), math.prod(array.shape[len(rows) :]))
    matrix = _merged(array, len(rows), shape)
    if matrix is not None and _is_plain(matrix):
        return matrix
    copy = scratch.array(array.shape)
    calls.append((np.copyto, (copy, array)))
    return copy.reshape(shape)


def _merged(array: Any, split: int, shape: tuple[int, int]) -> Any:
    """The array as a matrix without a copy, or None."""
    strides = []
    for part in (range(split), range(split, array.ndim)):
        dims = [d for d in part if array.shape[d] > 1]
        if any(array.strides[x] != array.strides[y] * array.shape[y] for x, y in pairwise(dims)):
            return None
        strides.append(array.strides[dims[-1]] if dims else 0)
    strides = [strides[0] or shape[1] * array.itemsize, strides[1] or array.itemsize]
    return np.lib.stride_tricks.as_strided(array, shape, strides)


def _is_plain(matrix: Any) -> bool:
    """Whether one dimension is contiguous and the other a whole number of elements apart, as BLAS wants it."""
    (n, m), (s, t), size = matrix.shape, matrix.strides, matrix.itemsize
    return bool((t == size and s >= m * size) or (s == size and t >= n * size) or matrix.size == 0)

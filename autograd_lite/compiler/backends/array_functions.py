"""The table's functions over numpy arrays, with the values that they have on floats.

As in `engine.ieee`, every name is the name of a row: this module is the namespace in which rows are evaluated over arrays.
Each function takes arrays that broadcast, or numbers, and `out=`, where the values go; those of a sequence reduce the first
axis of an array, or a sequence of arrays. Comparisons give floats. `out` may be one of the arguments. Where numpy has the
function, it is numpy's own; elsewhere the spelling is the one that needs the fewest passes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from autograd_lite.compiler.backends.error_function import Numbers, erf, erfc
from autograd_lite.engine import ieee

__all__ = ["Numbers", "each_by_itself", "each_column_by_itself", "erf", "erfc"]

add = np.add
subtract = np.subtract
multiply = np.multiply
divide = np.divide
remainder = np.remainder
fmod = np.fmod
negative = np.negative
positive = np.positive
abs = np.absolute
hypot = np.hypot
copysign = np.copysign

exp = np.exp
expm1 = np.expm1
exp2 = np.exp2
log = np.log
log1p = np.log1p
log2 = np.log2
log10 = np.log10
sqrt = np.sqrt
cbrt = np.cbrt
sin = np.sin
cos = np.cos
tan = np.tan
asin = np.arcsin
acos = np.arccos
atan = np.arctan
atan2 = np.arctan2
sinh = np.sinh
cosh = np.cosh
tanh = np.tanh
asinh = np.arcsinh
acosh = np.arccosh
atanh = np.arctanh

floor = np.floor
ceil = np.ceil
trunc = np.trunc
round = np.rint
sign = np.sign


def each_by_itself(function: Callable[..., float], arity: int) -> Callable[..., Numbers]:
    """A function of floats over arrays, one element after the other: right, and a hundred times slower than a ufunc.

    >>> each_by_itself(math.gamma, 1)(np.array([1.0, 5.0]))
    array([ 1., 24.])
    """
    over_objects = np.frompyfunc(function, arity, 1)

    def evaluate(*args: Numbers, out: Numbers = None) -> Numbers:
        return _kept(np.asarray(over_objects(*args), dtype=np.float64), out)

    return evaluate


def each_column_by_itself(function: Callable[[Sequence[float]], float]) -> Callable[..., Numbers]:
    """A function of a sequence of floats over the first axis of an array, one column after the other.

    >>> each_column_by_itself(math.fsum)(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([4., 6.])
    """

    def evaluate(xs: Numbers, out: Numbers = None) -> Numbers:
        stack = _stacked(xs)
        columns = stack.reshape(len(stack), math.prod(stack.shape[1:])).T.tolist()
        return _kept(np.array([function(column) for column in columns], dtype=np.float64).reshape(stack.shape[1:]), out)

    return evaluate


lgamma = each_by_itself(ieee.lgamma, 1)
polygamma = each_by_itself(ieee.polygamma, 2)


def _kept(found: Numbers, out: Numbers) -> Numbers:
    """The values, in `out` if there is one."""
    if out is None:
        return found
    np.copyto(out, found, casting="same_kind")
    return out


def _truth(found: Numbers, out: Numbers, *args: Numbers) -> Numbers:
    """Truths as floats: the table adds and subtracts them, which numpy's do not."""
    return found.astype(np.result_type(*args, 0.0)) if out is None else _kept(found, out)


def pow(x: Numbers, y: Numbers, out: Numbers = None) -> Numbers:
    """x to the power y: for a constant 0.5 numpy takes the square root, which differs from the power at -0 and -inf."""
    roots = np.equal(y, 0.5)
    if not roots.any():
        return np.power(x, y, out=out)
    found = np.power(x, y)
    found = np.where(roots, np.absolute(found), found)
    return _kept(np.where(roots & np.equal(x, -math.inf), math.inf, found), out)


# --- steps and choices ---------------------------------------------------------------------------------------------------


def step(x: Numbers, out: Numbers = None) -> Numbers:
    return np.maximum(np.sign(x, out=out), 0.0, out=out)


def relu(x: Numbers, out: Numbers = None) -> Numbers:
    return np.add(np.maximum(x, 0.0, out=out), 0.0, out=out)  # -0 + 0 is 0: of two zeros, numpy's maximum is either


def equal(x: Numbers, y: Numbers, out: Numbers = None) -> Numbers:
    return _truth(np.equal(x, y), out, x, y)


def less(x: Numbers, y: Numbers, out: Numbers = None) -> Numbers:
    return _truth(np.less(x, y), out, x, y)


def less_equal(x: Numbers, y: Numbers, out: Numbers = None) -> Numbers:
    return _truth(np.less_equal(x, y), out, x, y)


def where(condition: Numbers, x: Numbers, y: Numbers, out: Numbers = None) -> Numbers:
    return _kept(np.where(np.not_equal(condition, 0.0), x, y), out)


def maximum(x: Numbers, y: Numbers, out: Numbers = None) -> Numbers:
    return _first_of_equals(np.maximum, x, y, out)


def minimum(x: Numbers, y: Numbers, out: Numbers = None) -> Numbers:
    return _first_of_equals(np.minimum, x, y, out)


def _first_of_equals(extremum: np.ufunc, x: Numbers, y: Numbers, out: Numbers) -> Numbers:
    """The larger or smaller, and x where they are equal: of 0 and -0, numpy returns either."""
    ties = np.equal(x, y)
    if ties.any():
        return _kept(np.where(ties, x, extremum(x, y)), out)
    return extremum(x, y, out=out)


def clip(x: Numbers, low: Numbers, high: Numbers, out: Numbers = None) -> Numbers:
    found = np.minimum(np.maximum(x, low), high)
    if np.equal(found, 0.0).any():
        return minimum(maximum(x, low), high, out=out)
    return _kept(found, out)


def xlogy(x: Numbers, y: Numbers, out: Numbers = None) -> Numbers:
    found = np.multiply(x, np.log(y))
    nothing = np.equal(x, 0.0)
    if nothing.any():
        found = np.where(nothing & np.equal(y, y), 0.0, found)
    return _kept(found, out)


# --- functions of a sequence ---------------------------------------------------------------------------------------------


def _stacked(xs: Numbers) -> Numbers:
    """The sequence along the first axis of one array."""
    return xs if isinstance(xs, np.ndarray) else np.stack(np.broadcast_arrays(*xs))


def max(xs: Numbers, out: Numbers = None) -> Numbers:
    return _kept(_first_extremum(np.maximum, _stacked(xs)), out)


def min(xs: Numbers, out: Numbers = None) -> Numbers:
    return _kept(_first_extremum(np.minimum, _stacked(xs)), out)


def _first_extremum(extremum: np.ufunc, stack: Numbers) -> Numbers:
    """The largest or smallest, and where that is a zero, the first of the zeros."""
    found = extremum.reduce(stack, axis=0)
    zeros = np.equal(found, 0.0)
    if zeros.any():
        first = np.argmax(np.equal(stack, 0.0), axis=0)
        found = np.where(zeros, np.take_along_axis(stack, first[np.newaxis], axis=0)[0], found)
    return found


def total(xs: Numbers, out: Numbers = None) -> Numbers:
    return np.add.reduce(_stacked(xs), axis=0, out=out, initial=-0.0)  # from 0 on, a sum of -0 would lose its sign


def product(xs: Numbers, out: Numbers = None) -> Numbers:
    return np.multiply.reduce(_stacked(xs), axis=0, out=out)


def dot(xs: Numbers, out: Numbers = None) -> Numbers:
    stack = _stacked(xs)
    half = len(stack) // 2
    return total(np.multiply(stack[:half], stack[half:]), out=out)


def mean(xs: Numbers, out: Numbers = None) -> Numbers:
    stack = _stacked(xs)
    return np.divide(total(stack), float(len(stack)), out=out)


def var(xs: Numbers, out: Numbers = None) -> Numbers:
    stack = _stacked(xs)
    deviations = stack - mean(stack)
    return mean(np.square(deviations, out=deviations), out=out)


def std(xs: Numbers, out: Numbers = None) -> Numbers:
    return np.sqrt(var(xs), out=out)


def norm(xs: Numbers, out: Numbers = None) -> Numbers:
    stack = _stacked(xs)
    squares = total(np.square(stack))
    floats = np.finfo(squares.dtype)
    accurate = (squares > floats.tiny / floats.eps) & (squares < math.inf)
    if accurate.all():
        return np.sqrt(squares, out=out)
    return _kept(np.where(accurate, np.sqrt(squares), _scaled_norm(stack)), out)


def _scaled_norm(stack: Numbers) -> Numbers:
    """In units of the largest, so that no square is too large or too small; an infinity outdoes a nan, as in C."""
    size = np.absolute(stack)
    largest = np.maximum.reduce(size, axis=0)
    unit = np.where((largest > 0.0) & (largest < math.inf), largest, 1.0)
    return np.where(np.isinf(size).any(axis=0), math.inf, unit * np.sqrt(total(np.square(size / unit))))


def logsumexp(xs: Numbers, out: Numbers = None) -> Numbers:
    stack = _stacked(xs)
    top = np.maximum.reduce(stack, axis=0)
    at_top = np.equal(stack, top)
    terms = stack - top
    np.exp(terms, out=terms)
    np.copyto(terms, 0.0, where=at_top)
    # One of those at the top is the 1 of log1p; there is none where the top is nan.
    others = np.add.reduce(at_top, axis=0, dtype=terms.dtype) - 1.0
    return np.add(top, np.log1p(total(terms) + others), out=out)


def pick(xs: Numbers, out: Numbers = None) -> Numbers:
    stack = _stacked(xs)
    columns = stack.reshape(len(stack), -1)
    place = columns[-1]
    index = place.astype(np.intp)
    valid = np.equal(index, place) & (index >= 0) & (index < len(stack) - 1)
    if not valid.all():
        ieee.pick(columns[:, ~valid][:, 0].tolist())  # raises, in the words of the eager operation
    return _kept(columns[index, np.arange(len(index))].reshape(stack.shape[1:]), out)

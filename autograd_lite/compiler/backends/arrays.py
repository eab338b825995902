"""The kernel of every row of the table: its values over numpy arrays, the same as the eager ones.

nan, the infinities, the signs of zeros and subnormal numbers are those of the eager value, all else is within 4 ulp of it;
sums may be taken in another order, and are within 1e-12 of the sum of absolute terms.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from autograd_lite.compiler.backends import array_functions
from autograd_lite.compiler.backends.array_functions import Numbers, each_by_itself, each_column_by_itself
from autograd_lite.engine import ieee, operations
from autograd_lite.engine.primitive import Primitive

__all__ = ["Kernel", "kernel", "kernel_for", "quiet"]

Kernel: TypeAlias = Callable[..., Any]
"""A function `(x, y, …, out=array)`, or `(stack, out=array)` for a row of sequences, that writes into `out`."""


def quiet() -> np.errstate:
    """The context in which kernels run: inf and nan are values, and numpy does not warn of them.

    To be entered once for each run of a program, and by every thread for itself; kernels do not enter it.

    >>> out = np.empty(2)
    >>> with quiet():
    ...     kernel(operations.log)(np.array([0.0, -1.0]), out=out)
    array([-inf,  nan])
    """
    return np.errstate(all="ignore")


def kernel(row: Primitive) -> Kernel:
    """The function that evaluates a row over arrays.

    Where numpy has the operation as a ufunc, it is that ufunc. A row declared with a `value` of its own is evaluated by
    it over arrays; where that raises on arrays (because it branches, or takes a function from elsewhere than its
    namespace), and where a row has no array form at all, the row is evaluated element by element: right, and slow.

    Arguments:
        row: an operation of the table.

    Returns:
        a function of broadcastable arrays (of any strides) or floats, and `out`, an array of float64 or float32 in the
        shape of the result, which may be one of the arguments. For a row of sequences it takes one array and reduces its
        first axis.

    >>> kernel(operations.exp)
    <ufunc 'exp'>
    >>> kernel(operations.sigmoid)(np.array([-1000.0, 0.0, 2.0]), out=np.empty(3))
    array([0.        , 0.5       , 0.88079708])
    """
    if row in SPELLINGS:
        return SPELLINGS[row]
    value = row.evaluate
    if value is getattr(ieee, row.name, None) and hasattr(array_functions, row.name):
        function: Kernel = getattr(array_functions, row.name)
        return function
    # A row's own value, as `declare` binds it to the namespace of floats.
    if isinstance(value, functools.partial) and value.args == (ieee,) and _takes_arrays(row, value.func):
        return functools.partial(_copied, value.func)
    return each_column_by_itself(value) if row.arity is None else each_by_itself(value, row.arity)


def kernel_for(row: Primitive, constant: float | None) -> Kernel:
    """The kernel of a row whose last argument is a constant, if there is a faster one for it; else that of the row."""
    return BY_CONSTANT.get((row, constant), kernel(row))


def _copied(value: Callable[..., Numbers], *args: Numbers, out: Numbers) -> Numbers:
    np.copyto(out, value(array_functions, *args))
    return out


def _takes_arrays(row: Primitive, value: Callable[..., Numbers]) -> bool:
    """Whether a value can be had over arrays of two elements, as it stands and without writing into them."""
    try:
        point = row.domain.sample([0.37 * (k + 1) % 1.0 for k in range(row.arity or 4)])
        columns = np.array([point, point]).T
        columns.flags.writeable = False
        with quiet():
            found = value(array_functions, columns) if row.arity is None else value(array_functions, *columns)
        np.copyto(np.empty(2), found)
    except Exception:  # whatever a user's function raises when it is given what it was not written for
        return False
    return True


# --- second spellings of rows that declare a value of their own, in fewer passes -----------------------------------------


def _sigmoid(x: Numbers, out: Numbers = None) -> Numbers:
    """With one exponential: of min(x, 0) and -|x|, either both are x or the first is 0."""
    below = np.less(x, 0.0)
    e = np.exp(np.copysign(x, -1.0, out=out), out=out)
    numerator = np.where(below, e, 1.0)
    return np.divide(numerator, np.add(e, 1.0, out=out), out=out)


def _softplus(x: Numbers, out: Numbers = None) -> Numbers:
    rest = np.log1p(np.exp(np.copysign(x, -1.0)))
    return np.add(np.maximum(x, 0.0, out=out), rest, out=out)


SPELLINGS: dict[Primitive, Kernel] = {operations.sigmoid: _sigmoid, operations.softplus: _softplus}

BY_CONSTANT: dict[tuple[Primitive, float | None], Kernel] = {
    (operations.pow, 2.0): lambda x, y, out: np.multiply(x, x, out=out),
    (operations.pow, 1.0): lambda x, y, out: np.positive(x, out=out),
    (operations.pow, 0.0): lambda x, y, out: np.copyto(out, 1.0),
    (operations.pow, -1.0): lambda x, y, out: np.reciprocal(x, out=out),
}
"""Kernels that are faster where the last argument is a certain constant."""

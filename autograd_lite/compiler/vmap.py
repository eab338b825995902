"""vmap: one scalar sample, many lanes.

Called on numbers it is a loop. In a traced function the mapped function is run once, on values that vary over an axis (see
`regions`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograd_lite.calculus.trees import ArrayBlock, ScalarBlock, Structure, blocks, is_array, object_array
from autograd_lite.compiler.lanes import InputArray, Lanes
from autograd_lite.compiler.regions import Mapped, check_out_axes, open_region
from autograd_lite.compiler.trace import Tracer
from autograd_lite.compiler.traced import TracingError
from autograd_lite.engine import state
from autograd_lite.engine.value import Value

__all__ = ["vmap"]

InAxes = int | None | Sequence[int | None]


def vmap(f: Callable[..., Any], in_axes: InAxes = 0, out_axes: int = 0) -> Callable[..., Any]:
    """Maps a function of one sample over an axis of its arguments (JAX's `vmap`).

    Arguments:
        f: a function of numbers, Values, arrays, modules and nested lists, tuples and dicts of them.
        in_axes: along which dimension of every array in an argument the samples lie; None for an argument that all samples
            share. One for all arguments, or one for each.
        out_axes: along which dimension of the results they shall lie.

    Returns:
        a function of the same arguments, with arrays of results. Inside a function that is compiled by `jit` the results
        cannot be told apart: reductions such as `ag.mean` take them, and they can be returned.

    Raises:
        TypeError: if an argument to map over has no array.
        ValueError: if arrays differ in their number of samples, or have none.

    >>> import numpy as np
    >>> vmap(lambda x, y: x * y, in_axes=(0, None))(np.array([1.0, 2.0]), 10.0)
    array([10., 20.])
    """

    def mapped(*args: Any) -> Any:
        axes = _for_each(in_axes, len(args))
        taken = [_take_arrays(arg, axis, k) for k, (arg, axis) in enumerate(zip(args, axes, strict=True))]
        size = _common_size(taken)
        tracer = state.tracing()
        if isinstance(tracer, Tracer):
            lanes = open_region(tracer, taken, size)
            if lanes is not None:
                return lanes.run(f, out_axes)
        results = [f(*[argument.sample(k) for argument in taken]) for k in range(size)]
        return _stacked(results, out_axes)

    return mapped


def _for_each(in_axes: InAxes, count: int) -> list[int | None]:
    axes = [in_axes] * count if in_axes is None or isinstance(in_axes, int) else list(in_axes)
    if len(axes) != count:
        raise ValueError(f"vmap: in_axes has {len(axes)} entries for {count} arguments; it must have one for each")
    if all(axis is None for axis in axes):
        raise ValueError("vmap: in_axes maps over no argument")
    return axes


def _take_arrays(arg: Any, axis: int | None, k: int) -> Mapped:
    if axis is None:
        return Mapped(shared=arg)
    if isinstance(arg, Lanes):
        arrays, structure = [arg], Structure(block=ScalarBlock())
    else:
        arrays, structure = blocks(_rectangular(arg), f"argument {k} of vmap")
    for array in arrays:
        if not (is_array(array) or isinstance(array, Lanes)):
            raise TypeError(
                f"vmap: argument {k} is to be mapped over and is no array; in_axes=None shares it among all samples"
            )
        if not -array.ndim <= axis < array.ndim:
            raise ValueError(f"vmap: argument {k} has an array of {array.ndim} dimensions, and none with the number {axis}")
        if isinstance(array, Lanes) and (axis - array.place) % array.ndim:
            raise TracingError(
                f"vmap: argument {k} is the result of another vmap, whose lanes lie along dimension {array.place}, and is "
                f"mapped over dimension {axis}; inside a compiled function only its lanes can be mapped over"
            )
    if not arrays:
        raise TypeError(f"vmap: argument {k} is to be mapped over and is empty")
    return Mapped(arrays=arrays, structure=structure, axis=axis)


def _rectangular(arg: Any) -> Any:
    """Lists of numbers, or of equally long lists of them, as an array; everything else as it is."""
    if not isinstance(arg, (list, tuple)) or not arg:
        return arg
    if all(isinstance(x, (Value, int, float)) for x in arg):
        return ArrayBlock((len(arg),)).rebuild(arg)
    rows = [_rectangular(x) for x in arg]
    if all(is_array(row) and isinstance(x, (list, tuple)) for row, x in zip(rows, arg, strict=True)):
        shapes = {row.shape for row in rows}
        if len(shapes) == 1:
            return ArrayBlock((len(rows), *shapes.pop())).rebuild([x for row in rows for x in row.ravel().tolist()])
    return arg


def _common_size(taken: Sequence[Mapped]) -> int:
    sizes = [
        array.size_along(argument.axis) if isinstance(array, (InputArray, Lanes)) else array.shape[argument.axis]
        for argument in taken
        for array in argument.arrays
    ]
    if len(set(sizes)) != 1:
        raise ValueError(f"vmap: the arrays have {', '.join(map(str, sizes))} samples; they must have equally many")
    if sizes[0] == 0:
        raise ValueError("vmap: there are no samples to map over")
    return int(sizes[0])


def _stacked(results: Sequence[Any], out_axes: int) -> Any:
    """The results of all samples as one tree of arrays."""
    items, structures = zip(*[blocks(result, "the result of the mapped function") for result in results], strict=True)
    if len(set(structures)) != 1:
        raise ValueError("vmap: the function returns trees of different structures for different samples")
    return structures[0].from_blocks([_stack(column, out_axes) for column in zip(*items, strict=True)])


def _stack(column: Sequence[Any], out_axes: int) -> Any:
    import numpy as np  # only where arrays are made

    check_out_axes(out_axes, getattr(column[0], "ndim", 0))
    if is_array(column[0]):
        return np.stack(column, axis=out_axes)
    if any(isinstance(x, Value) for x in column):
        return object_array(column, (len(column),))
    return np.array(column, dtype=float)

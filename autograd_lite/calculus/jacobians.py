"""Jacobians and Hessians: all derivatives of all outputs, as trees of blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from autograd_lite.calculus.compiled import through_compiled
from autograd_lite.calculus.recording import Argnums, Recording, record
from autograd_lite.calculus.tape import Tape
from autograd_lite.calculus.trees import ArrayBlock, Structure
from autograd_lite.engine.primitive import Scalar

__all__ = ["Jacobian", "by_columns", "by_rows", "hessian", "jacfwd", "jacobian", "jacrev"]

Function = Callable[..., Any]


class Jacobian:
    """The Jacobian of a function, to be called with the function's arguments; `jacobian`, `jacfwd` and `jacrev` make it."""

    def __init__(self, f: Function, argnums: Argnums, has_aux: bool, way: str, what: str) -> None:
        self._f, self._argnums, self._has_aux, self._way, self._what = f, argnums, has_aux, way, what
        wraps(f, updated=())(self)

    def __call__(self, *args: Any, **options: Any) -> Any:
        """The Jacobian at these arguments; with aux, a pair (Jacobian, aux)."""
        recorded = self._record(args, options)
        rows = by_columns(recorded) if self._choice(recorded) == "forward" else by_rows(recorded)
        blocks = _blocks([recorded.finish(row) for row in rows], recorded.result.of_vectors(), recorded.place.of_vectors())
        return (blocks, recorded.aux) if self._has_aux else blocks

    def mode(self, *args: Any, **options: Any) -> str:
        """Which mode serves these arguments, "forward" or "reverse"; f is called to see how much it returns."""
        return self._choice(self._record(args, options))

    def _record(self, args: Sequence[Any], options: dict[str, Any]) -> Recording:
        return record(self._what, self._f, args, options, argnums=self._argnums, has_aux=self._has_aux)

    def _choice(self, recorded: Recording) -> str:
        # A forward sweep gives a column, a reverse one a row. At a tie reverse, which serves every custom rule.
        return self._way or ("forward" if len(recorded.inputs) < len(recorded.outputs) else "reverse")


@through_compiled
def jacfwd(f: Function, argnums: Argnums = 0, has_aux: bool = False) -> Jacobian:
    """The Jacobian by forward mode: f is recorded once, then one sweep for each input; for few inputs and many outputs.

    Arguments:
        f: a function that returns a tree.
        argnums: which positional argument to differentiate by; a tuple gives a tuple of Jacobians in place of each.
        has_aux: whether f returns a pair (output, aux); then the result is a pair (Jacobian, aux).

    Returns:
        a function of f's arguments. Its result has the structure of f's result, with the structure of the argument in place
        of each block; a block of derivatives has the shape of the output block followed by that of the input block. A
        module counts as a vector.

    Raises:
        TypeError, ValueError: when called, as `grad` does.

    >>> jacfwd(lambda x: [x[0] * x[1], x[0] + x[1], x[0]])([2.0, 3.0])
    [[3.0, 2.0], [1.0, 1.0], [1.0, 0.0]]
    """
    return Jacobian(f, argnums, has_aux, "forward", "jacfwd")


@through_compiled
def jacrev(f: Function, argnums: Argnums = 0, has_aux: bool = False) -> Jacobian:
    """The Jacobian by reverse mode: f is recorded once, then one sweep for each output; for many inputs and few outputs.

    See `jacfwd` for arguments and result.

    >>> import numpy as np
    >>> jacrev(lambda x: [x @ x, x[0]])(np.array([2.0, 3.0]))
    [array([4., 6.]), array([1., 0.])]
    """
    return Jacobian(f, argnums, has_aux, "reverse", "jacrev")


@through_compiled
def jacobian(f: Function, argnums: Argnums = 0, has_aux: bool = False) -> Jacobian:
    """The Jacobian by the cheaper mode: forward where f has fewer inputs than outputs, else reverse.

    See `jacfwd` for arguments and result. `.mode(*args)` of the function returned says which mode it is.

    >>> wide = jacobian(lambda x: [x, x * x, x**3])
    >>> wide(2.0), wide.mode(2.0)
    ([1.0, 4.0, 12.0], 'forward')
    """
    return Jacobian(f, argnums, has_aux, "", "jacobian")


@through_compiled
def hessian(f: Function, argnums: Argnums = 0, has_aux: bool = False) -> Jacobian:
    """The matrix of second derivatives, forward over reverse: the gradient's graph is made once, then swept for each input.

    Where only products with it are wanted, `hvp` is far cheaper.

    Returns:
        a function of f's arguments; its result has the structure of the argument, twice.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([3.0, 2.0])
    [[4.0, 6.0], [6.0, 0.0]]
    """
    return Jacobian(Jacobian(f, argnums, has_aux, "reverse", "hessian"), argnums, has_aux, "forward", "hessian")


def by_rows(recorded: Recording) -> list[list[Scalar]]:
    """The Jacobian by reverse mode, one sweep for each output."""
    return [recorded.pull({k: 1.0}, graph=recorded.graph) for k in range(len(recorded.outputs))]


def by_columns(recorded: Recording) -> list[list[Scalar]]:
    """The Jacobian by forward mode, one sweep for each input; its rows."""
    if recorded.graph:
        columns = [recorded.push({x: 1.0}, graph=True) for x in recorded.inputs]
    else:
        tape, n = Tape(recorded.inputs, recorded.outputs), len(recorded.inputs)
        columns = [tape.push([*[None] * k, 1.0, *[None] * (n - k - 1)]) for k in range(n)]
    return [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in recorded.outputs]


def _blocks(rows: list[list[Scalar]], outputs: Structure, inputs: Structure) -> Any:
    """The matrix, cut into a tree of outputs by a tree of inputs."""
    trees, top = [], 0
    for output in outputs.leaves:
        cells, left = [], 0
        for place in inputs.leaves:
            block = [x for row in rows[top : top + output.size] for x in row[left : left + place.size]]
            both_scalars = not isinstance(output, ArrayBlock) and not isinstance(place, ArrayBlock)
            cells.append(block[0] if both_scalars else ArrayBlock(output.shape + place.shape).rebuild(block))
            left += place.size
        trees.append(inputs.from_blocks(cells))
        top += output.size
    return outputs.from_blocks(trees)

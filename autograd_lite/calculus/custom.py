"""Functions with derivatives of their own: custom rules, and memory saved by computing again."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from autograd_lite.calculus.call import Call, Rule
from autograd_lite.calculus.jacobians import by_columns, by_rows
from autograd_lite.calculus.recording import number_of, positions, record
from autograd_lite.calculus.transforms import jvp, vjp

__all__ = ["CustomFunction", "checkpoint", "custom_jvp", "custom_vjp"]

Function = Callable[..., Any]


class CustomFunction:
    """A function that is opaque to derivatives and brings its own; `custom_vjp`, `custom_jvp` and `checkpoint` make it.

    Of numbers it is the plain function. A Value among the arguments makes each scalar of the result one node, whatever
    happens inside; every sweep asks the rule once for all of them. Values that the function takes from elsewhere than its
    arguments receive no derivative; where that can be seen, it is an error.

    A rule is called with numbers where numbers are wanted. Where derivatives are to be differentiated again it is called
    with Values, so it must then be written with this library's functions.
    """

    def __init__(self, f: Function, nondiff_argnums: Sequence[int], what: str) -> None:
        if not callable(f):
            raise TypeError(f"{what}: the function is of type {type(f).__name__}; give something that can be called")
        self._what, self._nondiff = what, tuple(nondiff_argnums)
        self._rule = Rule(getattr(f, "__name__", type(f).__name__), f)
        try:
            self._signature: inspect.Signature | None = inspect.signature(f)
        except ValueError:  # a function written in C
            self._signature = None
        self.__name__, self.__doc__, self.__wrapped__ = self._rule.name, f.__doc__, f

    def defvjp(self, fwd: Function, bwd: Function) -> None:
        """Gives the rule of reverse mode.

        Arguments:
            fwd: takes the function's arguments and gives a pair (output, residuals): whatever bwd needs.
            bwd: takes the residuals and the cotangent of the output, before them the arguments of `nondiff_argnums`, and
                gives a tuple with one derivative for each other argument; None stands for 0.
        """
        self._rule = replace(self._rule, fwd=fwd, bwd=bwd)

    def defjvp(self, jvp: Function) -> Function:
        """Gives the rule of forward mode, as a decorator; alone it serves reverse mode too, with one call per scalar.

        Arguments:
            jvp: takes a tuple of arguments and a tuple of their tangents, before them the arguments of `nondiff_argnums`,
                and gives a pair (output, tangent of the output), the latter linear in the tangents.
        """
        self._rule = replace(self._rule, jvp=jvp)
        return jvp

    def __call__(self, *args: Any, **options: Any) -> Any:
        """The function's value: numbers of numbers, else Values."""
        if self._rule.bwd is None and self._rule.jvp is None:
            method = "defvjp(fwd, bwd)" if self._what == "custom_vjp" else "defjvp(rule)"
            raise TypeError(f"{self._what}: {self.__name__} has no rule yet; give it one by {self.__name__}.{method}")
        if options or self._signature is not None:
            args = self._positional(args, options)
        call = Call(self._rule, args, self._moving(len(args)))
        return call.outputs() if any(type(x) is not float for x in call.inputs) else self._rule.f(*args)

    def _positional(self, args: tuple[Any, ...], options: dict[str, Any]) -> tuple[Any, ...]:
        """All arguments by their places, with defaults filled in, as rules take them."""
        if self._signature is None:
            raise TypeError(f"{self.__name__} has no signature that Python can read; call it with positional arguments")
        bound = self._signature.bind(*args, **options)
        bound.apply_defaults()
        if bound.kwargs:
            raise TypeError(
                f"{self.__name__}: the arguments {list(bound.kwargs)} can be given by keyword alone; rules take places"
            )
        return bound.args

    def check_against(self, reference: Function, *points: tuple[Any, ...], tolerance: float = 1e-9) -> None:
        """Compares values and derivatives with those of a function of Values that the engine differentiates by itself.

        Arguments:
            reference: computes the same with this library's functions.
            points: each a tuple of arguments.
            tolerance: how much numbers may differ, relative to 1 plus their size.

        Raises:
            ValueError: at the first difference, with the point, the derivative, and both numbers.

        >>> @custom_jvp
        ... def cube(x):
        ...     return x * x * x
        >>> @cube.defjvp
        ... def rule(primals, tangents):
        ...     (x,), (v,) = primals, tangents
        ...     return cube(x), 2.0 * x * x * v
        >>> cube.check_against(lambda x: x**3, (0.0,), (2.0,))
        Traceback (most recent call last):
        ...
        ValueError: cube at (2.0,): the derivative (forward) of output 0 by input 0 is 8; by the reference it is 12
        """
        for point in points:
            moving = self._moving(len(point))
            ours, theirs = (record("check_against", f, point, argnums=moving) for f in (self, reference))
            if ours.result != theirs.result:
                raise ValueError(f"{self.__name__} at {point}: it returned {ours.result}, the reference {theirs.result}")
            tables = [("the value", [ours.outputs], [theirs.outputs])]
            expected = by_rows(theirs)
            if self._rule.jvp is not None:
                tables.append(("the derivative (forward)", by_columns(ours), expected))
            tables.append(("the derivative (reverse)", by_rows(ours), expected))
            for what, found, wanted in tables:
                place = _first_difference(found, wanted, tolerance)
                if place is not None:
                    row, column = place
                    where = f"of output {column}" if what == "the value" else f"of output {row} by input {column}"
                    a, b = number_of(found[row][column]), number_of(wanted[row][column])
                    raise ValueError(f"{self.__name__} at {point}: {what} {where} is {a:g}; by the reference it is {b:g}")

    def _moving(self, count: int) -> list[int]:
        fixed = positions(self._what, self._nondiff, count) if self._nondiff else []
        return [k for k in range(count) if k not in fixed]

    def __repr__(self) -> str:
        return f"<{self._what} {self.__name__}>"


def custom_vjp(f: Function, nondiff_argnums: Sequence[int] = ()) -> CustomFunction:
    """A function with a rule of its own for reverse mode, as a decorator; the rule follows by `f.defvjp(fwd, bwd)`.

    Arguments:
        f: the function.
        nondiff_argnums: the places of arguments that are handed on as they are, functions say.

    >>> @custom_vjp
    ... def clipped(x):
    ...     return x
    >>> clipped.defvjp(lambda x: (x, None), lambda residuals, g: (max(-1.0, min(1.0, g)),))
    >>> import autograd_lite as ag
    >>> ag.grad(lambda x: 100.0 * clipped(x))(2.0)
    1.0
    """
    return CustomFunction(f, nondiff_argnums, "custom_vjp")


def custom_jvp(f: Function, nondiff_argnums: Sequence[int] = ()) -> CustomFunction:
    """A function with a rule of its own for both modes, as a decorator; the rule follows by `@f.defjvp`.

    Arguments: see `custom_vjp`.

    >>> import autograd_lite as ag
    >>> @custom_jvp
    ... def log1pexp(x):
    ...     return ag.log(1.0 + ag.exp(x))
    >>> @log1pexp.defjvp
    ... def rule(primals, tangents):
    ...     (x,), (v,) = primals, tangents
    ...     return log1pexp(x), (1.0 - 1.0 / (1.0 + ag.exp(x))) * v
    >>> ag.grad(log1pexp)(100.0)
    1.0
    """
    return CustomFunction(f, nondiff_argnums, "custom_jvp")


def checkpoint(f: Function) -> CustomFunction:
    """The same function with less memory: its graph is not kept, but made again when a derivative is wanted.

    Reverse mode calls f once more, and all Values that f uses must be among its arguments.

    >>> import autograd_lite as ag
    >>> ag.grad(lambda x: checkpoint(ag.sin)(checkpoint(ag.exp)(x)))(0.0) == ag.cos(1.0)
    True
    """
    saving = CustomFunction(f, (), "checkpoint")
    saving.defvjp(lambda *args: (f(*args), args), lambda args, cotangent: vjp(f, *args)[1](cotangent))
    saving.defjvp(lambda primals, tangents: jvp(f, primals, tangents))
    return saving


def _first_difference(ours: Sequence[Any], theirs: Sequence[Any], tolerance: float) -> tuple[int, int] | None:
    """The row and column where two tables of scalars first differ."""
    for k, (row, other) in enumerate(zip(ours, theirs, strict=True)):
        for j, (x, y) in enumerate(zip(row, other, strict=True)):
            a, b = number_of(x), number_of(y)
            if not (abs(a - b) <= tolerance * (1.0 + abs(b)) or a == b or (math.isnan(a) and math.isnan(b))):
                return k, j
    return None

"""Derivatives of functions along directions: gradients, and products with Jacobians and Hessians that form no matrix.

Names and arguments are those of JAX. A function takes and returns trees (see `trees`): numbers, Values, arrays, modules, and
lists, tuples and dicts of them. Arrays reach it as arrays of Values. Numbers in give numbers out, floats and arrays of
doubles; a Value in, or an enclosing transform, gives Values that can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from autograd_lite.calculus.compiled import through_compiled
from autograd_lite.calculus.recording import Argnums, Recording, makes_graph, record
from autograd_lite.calculus.tape import Tape
from autograd_lite.calculus.trees import matching

__all__ = ["grad", "hvp", "jvp", "linearize", "value_and_grad", "vjp"]

Function = Callable[..., Any]


@through_compiled
def grad(f: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """The gradient of a function that returns one number, by reverse mode.

    Arguments:
        f: the function.
        argnums: which positional argument to differentiate by; a tuple gives a tuple of gradients.
        has_aux: whether f returns a pair (output, aux); then the result is a pair (gradient, aux).

    Returns:
        a function of f's arguments, whose result has the structure of the argument; of a module it is one vector in the
        order of its `parameters()`.

    Raises:
        TypeError: when called, if f does not return one number, or an argument to differentiate by is no tree of numbers.
        ValueError: when called, if argnums is out of range.

    >>> grad(lambda x: x**3)(2.0)
    12.0
    >>> grad(grad(lambda x: x**3))(2.0)
    12.0
    >>> grad(lambda x, p: p["scale"] * x[0] * x[1], argnums=(0, 1))([2.0, 3.0], {"scale": 10.0})
    ([30.0, 20.0], {'scale': 6.0})
    """
    both = _value_and_grad("grad", f, argnums, has_aux)

    @wraps(f, updated=())
    def gradient(*args: Any, **options: Any) -> Any:
        _, slopes, aux = both(args, options)
        return (slopes, aux) if has_aux else slopes

    return gradient


@through_compiled
def value_and_grad(f: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """A function's value and its gradient, for the price of one recording; see `grad`.

    Returns:
        a function of f's arguments that gives (value, gradient), or ((value, aux), gradient) with aux.

    >>> value_and_grad(lambda x: x * x)(3.0)
    (9.0, 6.0)
    """
    both = _value_and_grad("value_and_grad", f, argnums, has_aux)

    @wraps(f, updated=())
    def value_and_gradient(*args: Any, **options: Any) -> Any:
        recorded, slopes, aux = both(args, options)
        return ((recorded.value, aux) if has_aux else recorded.value), slopes

    return value_and_gradient


def _value_and_grad(what: str, f: Function, argnums: Argnums, has_aux: bool) -> Function:
    def both(args: Sequence[Any], options: dict[str, Any]) -> tuple[Recording, Any, Any]:
        recorded = record(what, f, args, options, argnums=argnums, has_aux=has_aux)
        if len(recorded.outputs) != 1 or recorded.result.leaves[0].shape:
            raise TypeError(
                f"{what}: the function returned {recorded.result}; it must return one number: use ag.jacobian for the "
                "derivatives of several"
            )
        slopes = recorded.finish(recorded.pull({0: 1.0}, graph=recorded.graph))
        return recorded, recorded.place.of_vectors().rebuild(slopes), recorded.aux

    return both


def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> Any:
    """A function's value and its derivative along a direction, by forward mode: J·v at about the cost of f.

    Arguments:
        f: the function.
        primals: its arguments, a tuple or list.
        tangents: the direction, of the same structure; a vector in the place of a module.
        has_aux: whether f returns a pair (output, aux).

    Returns:
        (value, derivative), both of the structure of f's result; with aux, (value, derivative, aux).

    Raises:
        TypeError: if the structures of primals and tangents differ.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 10.0))
    (6.0, 23.0)
    """
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (tuple, list)):
            raise TypeError(
                f"jvp: {name} is of type {type(given).__name__}; it must be a tuple or list, one for each argument"
            )
    recorded = record("jvp", f, primals, argnums=range(len(primals)), has_aux=has_aux, beside=tangents)
    rates = matching("jvp: the tangents", tuple(tangents), recorded.place.of_vectors())
    pushed = recorded.push(dict(zip(recorded.inputs, rates, strict=True)), graph=recorded.graph)
    derivative = recorded.result.of_vectors().rebuild(recorded.finish(pushed))
    return (recorded.value, derivative, recorded.aux) if has_aux else (recorded.value, derivative)


def vjp(f: Function, *primals: Any, has_aux: bool = False) -> Any:
    """A function's value, and the function that carries cotangents back: v ↦ vᵀ·J, by reverse mode.

    Returns:
        (value, pullback), with aux (value, pullback, aux). The pullback takes a tree of the structure of the value and gives
        a tuple with one derivative for each argument; it can be called as often as wanted.

    Raises:
        TypeError: when the pullback is called, if the structures differ.

    >>> value, pullback = vjp(lambda x, y: [x * y, x + y], 2.0, 3.0)
    >>> value, pullback([1.0, 10.0])
    ([6.0, 5.0], (13.0, 12.0))
    """
    recorded = record("vjp", f, primals, argnums=range(len(primals)), has_aux=has_aux)
    pullback = _pullback(recorded, "vjp: the cotangent")
    return (recorded.value, pullback, recorded.aux) if has_aux else (recorded.value, pullback)


def _pullback(recorded: Recording, what: str) -> Function:
    def pullback(cotangent: Any) -> Any:
        graph = recorded.graph or makes_graph(cotangent)
        weights = matching(what, cotangent, recorded.result.of_vectors())
        slopes = recorded.pull(dict(enumerate(weights)), graph=graph)
        return recorded.place.of_vectors().rebuild(recorded.finish(slopes, graph=graph))

    return pullback


def linearize(f: Function, *primals: Any, has_aux: bool = False) -> Any:
    """A function's value and its derivative as a linear map: f is recorded once, each call of the map is one cheap sweep.

    Returns:
        (value, map), with aux (value, map, aux). The map takes one tangent for each argument and gives the derivative
        along them.

    Raises:
        TypeError: when the map is called, if the structures differ.

    >>> value, along = linearize(lambda x, y: x * y, 2.0, 3.0)
    >>> value, along(1.0, 0.0), along(0.0, 1.0)
    (6.0, 3.0, 2.0)
    """
    recorded = record("linearize", f, primals, argnums=range(len(primals)), has_aux=has_aux)
    tape = None if recorded.graph else Tape(recorded.inputs, recorded.outputs)

    def along(*tangents: Any) -> Any:
        rates = matching("linearize: the tangents", tangents, recorded.place.of_vectors())
        graph = tape is None or makes_graph(tangents)
        if graph or tape is None:
            pushed = recorded.push(dict(zip(recorded.inputs, rates, strict=True)), graph=True)
        else:
            pushed = tape.push(rates)
        return recorded.result.of_vectors().rebuild(recorded.finish(pushed, graph=graph))

    return (recorded.value, along, recorded.aux) if has_aux else (recorded.value, along)


@through_compiled
def hvp(f: Function) -> Function:
    """The product of a function's Hessian with a vector, reverse over reverse; the Hessian itself is never formed.

    Arguments:
        f: a function that returns one number.

    Returns:
        a function (x, v, *others) that gives ∂²f/∂x² · v, at a small multiple of f's cost; `others` are handed to f.

    Raises:
        TypeError: when called, if f does not return one number, or the structures of x and v differ.

    >>> hvp(lambda x: x[0] ** 2 * x[1])([3.0, 2.0], [1.0, 0.0])
    [4.0, 6.0]
    """

    def product(x: Any, v: Any, *others: Any, **options: Any) -> Any:
        recorded = record("hvp", lambda y: grad(f)(y, *others, **options), (x,), argnums=(0,), beside=(v, others))
        # The Hessian is symmetric: vᵀ·H is the product too, and the sweep back is the faster one.
        return _pullback(recorded, "hvp: the vector")(v)[0]

    return product

"""The solvers of scipy.optimize for functions of scalars: derivatives are exact, and compiled.

A function takes a tree of numbers, see `calculus.trees`: a number, an array, a module, or lists, tuples and dicts of them.
The solver sees the numbers of the tree as one vector; where it takes derivatives, they come from `value_and_grad`, `hvp`,
`hessian` and `jacobian`, run through `jit`. The module needs the extra `scipy`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd_lite import calculus, compiler
from autograd_lite.calculus.contents import map_values
from autograd_lite.calculus.recording import number_of, on_numbers
from autograd_lite.calculus.trees import ArrayBlock, Structure, blocks, flatten, object_array
from autograd_lite.engine.extras import require
from autograd_lite.engine.primitive import Many
from autograd_lite.engine.value import Value

__all__ = ["least_squares", "minimize", "root"]

Function = Callable[..., Any]
Vector = npt.NDArray[np.float64]

WITHOUT_GRADIENT = ("nelder-mead", "powell", "cobyla", "cobyqa")
WITH_PRODUCTS = ("newton-cg", "trust-ncg", "trust-krylov", "trust-constr")
WITH_MATRIX = ("dogleg", "trust-exact")
WITH_JACOBIAN = ("hybr", "lm")
SECOND_DERIVATIVES = ("auto", "products", "matrix", "none")


def minimize(
    f: Function,
    x0: Any,
    args: Any = (),
    method: Any = None,
    *,
    jit: bool = True,
    hessian: str = "auto",
    bounds: Any = None,
    constraints: Any = (),
    tol: float | None = None,
    callback: Callable[..., Any] | None = None,
    options: dict[str, Any] | None = None,
) -> Any:
    """Minimises a function that returns one number, by `scipy.optimize.minimize` with exact derivatives.

    Arguments:
        f: the function f(x, *args).
        x0: where to start; its structure is that of the x that f is handed.
        args: what else f is handed, a tuple.
        method: as in scipy: by default BFGS, L-BFGS-B with bounds, SLSQP with constraints. Methods that take no gradient,
            Nelder-Mead say, get the compiled function alone.
        jit: whether derivatives are compiled; False for functions that cannot be traced, which then run on Values.
        hessian: which second derivatives the method is handed: "products" with vectors, the "matrix", "none", or by "auto"
            products to the methods that take them, else the matrix to those that need it.
        bounds, tol, options: as in scipy; bounds are those of the numbers of x0 in their order.
        constraints: as in scipy, on functions of such an x. Dicts without "jac", and `NonlinearConstraint` whose jac is the
            default, get their Jacobians as f does; others are handed on, and see a vector.
        callback: as in scipy; it sees the numbers as a vector.

    Returns:
        scipy's OptimizeResult, whose x has the structure of x0; derivatives in it are by the numbers as a vector.

    Raises:
        ImportError: if scipy is not installed.
        TypeError: if x0 is no tree of numbers, or f does not return one number, or cannot be traced.
        ValueError: if x0 has no numbers, or hessian is none of these words; by scipy, for what a method does not take.

    Source: scipy.optimize.minimize.

    >>> result = minimize(lambda p: (1.0 - p["x"]) ** 2 + 100.0 * (p["y"] - p["x"] ** 2) ** 2, {"x": -1.2, "y": 1.0})
    >>> {name: round(number, 4) for name, number in result.x.items()}
    {'x': 1.0, 'y': 1.0}
    """
    if hessian not in SECOND_DERIVATIVES:
        raise ValueError(f"minimize: hessian is {hessian!r}; it must be one of {', '.join(SECOND_DERIVATIVES)}")
    optimize = require("scipy.optimize", "scipy")
    start, place = _Place.of("minimize", x0, jit=jit)
    flat, name = place.flat(f), "_custom" if callable(method) else str(method).lower()
    if hessian == "auto":
        hessian = "matrix" if name in WITH_MATRIX else "products" if name in (*WITH_PRODUCTS, "_custom") else "none"
    with_gradient = name not in WITHOUT_GRADIENT
    result = optimize.minimize(
        place.compiled(calculus.value_and_grad(flat)) if with_gradient else place.evaluated(flat),
        start,
        args=args if isinstance(args, tuple) else (args,),
        method=method,
        jac=with_gradient,
        hess=place.compiled(calculus.hessian(flat)) if hessian == "matrix" else None,
        hessp=place.compiled(calculus.hvp(flat)) if hessian == "products" else None,
        bounds=bounds,
        constraints=_constraints(optimize, constraints, place),
        tol=tol,
        callback=callback,
        options=options,
    )
    return place.result(result)


def root(
    f: Function,
    x0: Any,
    args: Any = (),
    method: str = "hybr",
    *,
    jit: bool = True,
    tol: float | None = None,
    callback: Callable[..., Any] | None = None,
    options: dict[str, Any] | None = None,
) -> Any:
    """Finds where all results of a function are 0, by `scipy.optimize.root` with the exact Jacobian.

    Arguments:
        f: the function f(x, *args); it returns a tree of as many numbers as x has.
        method: as in scipy; "hybr" and "lm" take the Jacobian, the others get the compiled function alone.
        x0, args, jit, tol, callback, options: as `minimize` takes them.

    Returns, Raises: as `minimize`.

    Source: scipy.optimize.root.

    >>> result = root(lambda x: [x[0] + x[1] - 3.0, x[0] * x[1] - 2.0], [0.0, 5.0])
    >>> [round(number, 9) for number in result.x]
    [1.0, 2.0]
    """
    optimize = require("scipy.optimize", "scipy")
    start, place = _Place.of("root", x0, jit=jit)
    result = optimize.root(
        place.residuals(f),
        start,
        args=args if isinstance(args, tuple) else (args,),
        method=method,
        jac=place.jacobian(f) if method.lower() in WITH_JACOBIAN else None,
        tol=tol,
        callback=callback,
        options=options,
    )
    return place.result(result)


def least_squares(f: Function, x0: Any, args: Any = (), *, jit: bool = True, **settings: Any) -> Any:
    """Minimises half the sum of squares of a function's results, by `scipy.optimize.least_squares` with the exact Jacobian.

    Arguments:
        f: the function f(x, *args); it returns a tree of residuals, a list say; the lanes of a vmap only with jit=False.
        x0, args, jit: as `minimize` takes them.
        settings: whatever else scipy's function takes: bounds, method, loss, ftol and so on.

    Returns, Raises: as `minimize`.

    Source: scipy.optimize.least_squares.

    >>> times, heights = [0.0, 1.0, 2.0], [2.0, 1.0, 0.5]
    >>> model = lambda p: [p["scale"] * 2.0 ** (-p["rate"] * t) - y for t, y in zip(times, heights)]
    >>> result = least_squares(model, {"scale": 1.0, "rate": 0.1})
    >>> {name: round(number, 6) for name, number in result.x.items()}
    {'scale': 2.0, 'rate': 1.0}
    """
    optimize = require("scipy.optimize", "scipy")
    start, place = _Place.of("least_squares", x0, jit=jit)
    others = args if isinstance(args, tuple) else (args,)
    return place.result(optimize.least_squares(place.residuals(f), start, place.jacobian(f), args=others, **settings))


@dataclass(frozen=True)
class _Place:
    """Between the vector of a solver and the tree of a function.

    Attributes:
        structure: of the tree.
        jit: whether what the solver calls is compiled.
    """

    structure: Structure
    jit: bool

    @classmethod
    def of(cls, what: str, x0: Any, *, jit: bool) -> tuple[Vector, _Place]:
        """The numbers to start from, and the place they come from."""
        scalars, structure = flatten(x0, f"{what}: x0")
        if not scalars:
            raise ValueError(f"{what}: x0 has no numbers; give at least one")
        return np.array([number_of(x) for x in scalars]), cls(structure, jit)

    def tree(self, x: Any) -> Any:
        """The tree of the numbers, or Values, of a vector."""
        if isinstance(self.structure.block, ArrayBlock) and len(self.structure.block.shape) == 1:
            return x  # as it is: while it is traced, an array that nobody has looked into
        return self.structure.rebuild(list(x))

    def flat(self, f: Function) -> Function:
        """The function of a vector."""
        if not callable(f):
            raise TypeError(f"the function is of type {type(f).__name__}; give something that can be called")

        @wraps(f, updated=())
        def of_vector(x: Any, *args: Any) -> Any:
            return f(self.tree(x), *args)

        return of_vector

    def compiled(self, f: Function) -> Function:
        """What a solver calls for derivatives."""
        return compiler.jit(f) if self.jit else f

    def evaluated(self, f: Function) -> Function:
        """What a solver calls for values alone."""
        if self.jit:
            return compiler.jit(f)

        def on_values(x: Vector, *args: Any) -> Any:
            with on_numbers():
                return map_values(number_of, f(object_array([Value(number) for number in x.tolist()], x.shape), *args))

        return on_values

    def residuals(self, f: Function) -> Function:
        """What a solver calls for the numbers that a function returns, as a vector."""
        values = self.evaluated(self.flat(f))

        def vector(x: Vector, *args: Any) -> Vector:
            return np.concatenate([np.ravel(block) for block in blocks(values(x, *args))[0]])

        return vector

    def jacobian(self, f: Function) -> Function:
        """What a solver calls for their derivatives, as a matrix."""
        flat = self.flat(f)

        def told_apart(x: Any, *args: Any) -> Any:
            results = flat(x, *args)
            if any(isinstance(block, Many) for block in blocks(results, "what the function returns")[0]):
                raise TypeError("the lanes of a vmap have no compiled Jacobian; return a list of numbers, or give jit=False")
            return results

        derivatives = self.compiled(calculus.jacobian(told_apart))

        def matrix(x: Vector, *args: Any) -> Vector:
            return np.concatenate([block.reshape(-1, len(x)) for block in blocks(derivatives(x, *args))[0]])

        return matrix

    def result(self, found: Any) -> Any:
        """What the solver found, with the tree in the place of the vector."""
        found.x = self.structure.rebuild(found.x.tolist())
        return found


def _constraints(optimize: Any, constraints: Any, place: _Place) -> Any:
    """Constraints on the vector, with Jacobians for those that come without."""
    if isinstance(constraints, (list, tuple)):
        return [_constraints(optimize, constraint, place) for constraint in constraints]
    if isinstance(constraints, dict) and "jac" not in constraints and callable(constraints.get("fun")):
        g = constraints["fun"]
        return {**constraints, "fun": place.residuals(g), "jac": place.jacobian(g)}
    if isinstance(constraints, optimize.NonlinearConstraint) and constraints.jac == "2-point":
        g, settings = constraints.fun, {name: getattr(constraints, name) for name in ("lb", "ub", "hess", "keep_feasible")}
        return optimize.NonlinearConstraint(place.residuals(g), jac=place.jacobian(g), **settings)
    return constraints

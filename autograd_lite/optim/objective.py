"""A loss and its derivatives as functions of the vector of parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from autograd_lite.calculus.contents import map_values
from autograd_lite.calculus.jacobians import hessian, jacobian
from autograd_lite.calculus.recording import number_of
from autograd_lite.calculus.transforms import hvp, value_and_grad
from autograd_lite.engine.state import no_grad
from autograd_lite.engine.value import Value
from autograd_lite.optim.parameter_vector import ParameterVector, Vector

__all__ = ["Objective"]


class Objective:
    """A loss and its derivatives, asked at vectors of numbers; each derivative function is made once, when first asked for.

    Of a compiled loss the derivatives are compiled too: so it is traced once, not at every step. Asking moves the parameters
    of a module to where it is asked.

    Arguments:
        vector: the parameters.
        loss: a function of the module, or of the list of the leaves' numbers, and of `args`.

    Attributes:
        args: what the loss is given beside the parameters, data say.

    Raises:
        TypeError: if the loss cannot be called.

    >>> from autograd_lite import Value
    >>> objective = Objective(ParameterVector("example", [Value(3.0)]), lambda p, scale: scale * p[0] ** 2)
    >>> objective.args = (2.0,)
    >>> objective.value_and_gradient(np.array([1.0]))
    (2.0, array([4.]))
    >>> objective.product(np.array([1.0]), np.array([10.0]))
    array([40.])
    """

    def __init__(self, vector: ParameterVector, loss: Callable[..., Any]) -> None:
        if not callable(loss):
            raise TypeError(f"{vector.what}: the loss is of type {type(loss).__name__}; give a function of the parameters")
        self.vector, self.loss = vector, loss
        self.args: Sequence[Any] = ()

    def value(self, numbers: Vector) -> float:
        """The loss, of which no graph is made.

        Raises:
            TypeError: if it is not one number.
        """
        found = self._plain(numbers)
        if not isinstance(found, (int, float)):
            raise TypeError(f"{self.vector.what}: the loss is of type {type(found).__name__}; it must be one number")
        return float(found)

    def value_and_gradient(self, numbers: Vector) -> tuple[float, Vector]:
        """The loss and its gradient.

        Raises:
            TypeError: if the loss is not one number.
            FloatingPointError: if one of them is not finite: no algorithm knows where to go from there.
        """
        value, gradient = self._value_and_grad(self._at(numbers), *self.args)
        return float(value), self._finite(f"gradient (the loss is {value})", [value], gradient)

    def hessian(self, numbers: Vector) -> Vector:
        """The matrix of second derivatives.

        Raises:
            FloatingPointError: if it is not finite.
        """
        return self._finite("matrix of second derivatives", self._hessian(self._at(numbers), *self.args))

    def product(self, numbers: Vector, direction: Vector) -> Vector:
        """The product of the matrix of second derivatives with a vector, without the matrix.

        Raises:
            FloatingPointError: if it is not finite.
        """
        along = direction.tolist() if self.vector.module is None else direction
        return self._finite("product with the second derivatives", self._hvp(self._at(numbers), along, *self.args))

    def residuals(self, numbers: Vector) -> Vector:
        """What a function gives that returns a flat sequence of numbers, the residuals, in place of a loss.

        Raises:
            TypeError: if it is no sequence of numbers.
        """
        found = self._plain(numbers)
        if not isinstance(found, (list, tuple, np.ndarray)) or np.ndim(found) != 1 or not len(found):
            what = f"{type(found).__name__} of shape {np.shape(found)}" if hasattr(found, "__len__") else f"{found!r:.60}"
            raise TypeError(f"{self.vector.what}: the function gives {what}; it must give a flat sequence of residuals")
        return np.array(found, dtype=float)

    def jacobian(self, numbers: Vector, count: int) -> Vector:
        """The derivatives of the residuals, of which there are `count`: a row for each, a column for each parameter.

        Raises:
            TypeError: if they do not come so.
            FloatingPointError: if they are not finite.
        """
        found = self._jacobian(self._at(numbers), *self.args)
        # Of an array by a list the derivatives come as a list of arrays, one for each number in the list: as columns.
        by_columns = self.vector.module is None and isinstance(found, list) and isinstance(found[0], np.ndarray)
        matrix = self._finite("matrix of derivatives", np.array(found).T if by_columns else found)
        if matrix.shape != (count, len(self.vector)):
            raise TypeError(
                f"{self.vector.what}: the derivatives of {count} residuals by {len(self.vector)} parameters have the shape "
                f"{matrix.shape}; give the residuals as a list, [model(x) - t for x, t in zip(rows, targets)] say, no vmap"
            )
        return matrix

    def _at(self, numbers: Vector) -> Any:
        """What the loss is handed as parameters."""
        if self.vector.module is None:
            return numbers.tolist()
        self.vector.write(numbers)
        return self.vector.module

    def _plain(self, numbers: Vector) -> Any:
        argument = self._at(numbers)
        if self.vector.module is None and not hasattr(self.loss, "recompiled"):
            argument = [Value(x) for x in argument]  # on floats Python raises where IEEE 754 gives inf or nan
        with no_grad():
            return map_values(number_of, self.loss(argument, *self.args))

    def _finite(self, what: str, *found: Any) -> Vector:
        """The last of these as an array, if all of them are finite."""
        if not all(np.isfinite(item).all() for item in found):
            raise FloatingPointError(
                f"{self.vector.what}: the {what} is not finite; the parameters stay as they are. "
                "`with ag.detect_anomaly():` around the loss names the operation where that begins"
            )
        return np.asarray(found[-1], dtype=float)

    @cached_property
    def _value_and_grad(self) -> Callable[..., Any]:
        return value_and_grad(self.loss)

    @cached_property
    def _hessian(self) -> Callable[..., Any]:
        return hessian(self.loss)

    @cached_property
    def _hvp(self) -> Callable[..., Any]:
        return hvp(self.loss)

    @cached_property
    def _jacobian(self) -> Callable[..., Any]:
        return jacobian(self.loss)

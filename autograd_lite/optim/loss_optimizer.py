"""What all optimisers share that look at the loss itself, not only at a gradient."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from autograd_lite.optim.objective import Objective
from autograd_lite.optim.optimizer import check_origin
from autograd_lite.optim.parameter_vector import Parameters, ParameterVector, Vector
from autograd_lite.optim.ranges import checked_number

__all__ = ["LossOptimizer", "Step"]


@dataclass(frozen=True)
class Step:
    """What one step did.

    Attributes:
        loss, loss_after: the loss before the step and after it.
        gradient_norm: the Euclidean length of the gradient before the step.
        step_length: the multiple of the direction that was gone; 0 if none was accepted.
        inner_iterations: how many iterations the step had inside: trials of a step length or a damping, products with the
            Hessian, steps of a library; the algorithm says which.
        damping: what was added to the diagonal of the matrix for this step, if there is a matrix.
        accepted: whether the parameters were moved.
    """

    loss: float
    loss_after: float
    gradient_norm: float
    step_length: float
    inner_iterations: int
    damping: float = 0.0
    accepted: bool = True

    def __post_init__(self) -> None:
        if not (math.isfinite(self.loss) and math.isfinite(self.gradient_norm)):
            raise ValueError(f"Step: loss and gradient before the step must be finite: {self}")
        if self.accepted != (self.step_length > 0.0) or self.inner_iterations < 0 or self.damping < 0.0:
            raise ValueError(f"Step: a step is accepted with a length above 0, and counts from 0: {self}")


class LossOptimizer(ABC):
    """Parameters as one vector, stepped by evaluating the loss and its derivatives as often as the algorithm wants.

    An algorithm is a subclass with the one method `stepped`, and the names of the numbers it remembers from step to step in
    `remembers`. Give a compiled loss, `ag.jit(loss)`, for speed: as long as the same function is given, its derivatives are
    compiled once. The loss must be the same function during a step: put layers such as `Dropout` out of training by
    `model.eval()`.

    Arguments:
        parameters: a module, or leaf Values.

    Attributes:
        steps: how many steps were done.
        last: what the last one did, a `Step`; None before the first.
        state: the numbers remembered.

    Raises:
        TypeError, ValueError: for parameters that cannot be optimised.
    """

    remembers: ClassVar[tuple[str, ...]] = ()

    def __init__(self, parameters: Parameters) -> None:
        self.vector = ParameterVector(type(self).__name__, parameters)
        self.steps = 0
        self.last: Step | None = None
        self.state: dict[str, float] = dict.fromkeys(self.remembers, 0.0)
        self._objective: Objective | None = None

    @abstractmethod
    def stepped(self, objective: Objective, start: Vector) -> tuple[Vector, Step]:
        """The parameters after a step and what was done; `objective` tells loss and derivatives anywhere."""

    def step(self, loss: Callable[..., Any], *args: Any) -> float:
        """One step.

        Arguments:
            loss: a function of the module, or of the list of the leaves' numbers, and of `args`.
            args: what else it is given: data, say.

        Returns:
            the loss before the step.

        Raises:
            TypeError: if the loss does not return what the algorithm needs.
            FloatingPointError: if the loss or a derivative is not finite where the step begins; the parameters stay as they
                are then, as after any other error. Where a trial leads to a loss that is not finite, it is only rejected.
        """
        if self._objective is None or self._objective.loss != loss:  # a bound method is a new object at every look
            self._objective = Objective(self.vector, loss)
        objective, start, state = self._objective, self.vector.read(), dict(self.state)
        objective.args = args
        after = start
        try:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # IEEE 754, as everywhere
                after, self.last = self.stepped(objective, start)
        except BaseException:
            self.state = state
            raise
        finally:
            objective.args = ()  # data can be large
            self.vector.write(after)
        self.steps += 1
        return self.last.loss

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_objective": None}  # derivatives are functions, and made anew when they are asked for

    def state_dict(self) -> dict[str, Any]:
        """What is needed to go on later as if nothing had been: plain data, fit for JSON. The parameters are not in it."""
        return {"optimizer": type(self).__name__, "steps": self.steps, "state": dict(self.state)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Takes over what `state_dict` gave.

        Raises:
            TypeError, ValueError: if it is that of another optimiser, or not complete; then nothing is changed.
        """
        name = type(self).__name__
        check_origin(name, state)
        steps, numbers = state.get("steps"), state.get("state")
        if type(steps) is not int or steps < 0 or not isinstance(numbers, Mapping) or set(numbers) != set(self.remembers):
            wanted = ", ".join(self.remembers) or "nothing"
            raise ValueError(f"{name}: the state must have 'steps' and in 'state' the numbers {wanted}")
        self.state = {key: checked_number(f"{name}: {key!r} in the state", numbers[key]) for key in self.remembers}
        self.steps = steps

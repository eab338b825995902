"""What all optimisers share that step against a gradient."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

import numpy as np

from autograd_lite.optim.parameter_vector import Parameters, ParameterVector, Vector
from autograd_lite.optim.ranges import checked_number

__all__ = ["Clip", "Count", "Optimizer", "Rate", "State", "check_origin"]

Rate: TypeAlias = float | Callable[[int], float]
"""A learning rate: a number, or a schedule, the rate of step 0, 1, 2 … (see `optim.schedules`)."""

Clip: TypeAlias = Callable[[Vector], Vector]
"""What limits a gradient before the step (see `optim.clipping`)."""

State: TypeAlias = dict[str, Vector]
"""What an optimiser remembers from step to step: vectors with one number for each parameter, by name."""

Count: TypeAlias = int | Vector
"""How often parameters were stepped: one number for all, or one for each, once some had no derivative in a step."""


class Optimizer(ABC):
    """Parameters as one vector, a learning rate, and vectors remembered from step to step.

    An algorithm is a subclass with the one method `update`, and the names of the vectors it remembers in `remembers`.

    Arguments:
        parameters: a module, or leaf Values.
        learning_rate: a number ≥ 0, or a schedule; it can be set between steps.
        clip: what limits a gradient before the step, `optim.clip_by_norm(1.0)` say.

    Raises:
        TypeError, ValueError: for parameters that cannot be optimised, or a rate that is negative or not finite.
    """

    remembers: ClassVar[tuple[str, ...]] = ()

    def __init__(self, parameters: Parameters, learning_rate: Rate, *, clip: Clip | None = None) -> None:
        self.vector = ParameterVector(type(self).__name__, parameters)
        self.steps = 0
        self.learning_rate = learning_rate
        if not (clip is None or callable(clip)):
            raise TypeError(f"{type(self).__name__}: clip is {clip!r}; give a function, clip_by_norm({clip!r}) say")
        self.clip = clip
        self.count: Count = 0
        self.state: State = {name: np.zeros(len(self.vector)) for name in self.remembers}

    @abstractmethod
    def update(self, parameters: Vector, gradient: Vector, rate: float, state: State, count: Count) -> None:
        """Steps: changes the parameters and the vectors in `state` in place, and leaves the gradient as it is.

        `count` includes this step: it is 1 in the first one. All vectors are equally long, those of the parameters that have
        a derivative.
        """

    @property
    def learning_rate(self) -> Rate:
        """The number, or the schedule."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: Rate) -> None:
        self._learning_rate = rate if callable(rate) else self._checked_rate(rate)

    @property
    def rate(self) -> float:
        """The learning rate of the next step, as a number.

        Raises:
            TypeError, ValueError: if a schedule gives one that is no number, negative or not finite.
        """
        return self._checked_rate(self._learning_rate(self.steps)) if callable(self._learning_rate) else self._learning_rate

    def zero_grad(self) -> None:
        """Sets the derivative of every parameter to 0."""
        for leaf in self.vector.leaves:
            leaf.grad = 0.0

    def step(self, gradient: Sequence[float] | Vector | None = None) -> None:
        """One step, from the parameters' `.grad`, or from a gradient given as numbers in the order of the parameters.

        Parameters whose `.grad` is None stay as they are, and so does what is remembered of them.

        Raises:
            ValueError: if the gradient has not one number for each parameter; then nothing is changed.
        """
        vector, present = self.vector, None
        if gradient is None:
            slopes, present = vector.derivatives()
        else:
            slopes = vector.vector_of(gradient)
        rate, numbers = self.rate, vector.buffer()
        with np.errstate(all="ignore"):  # IEEE 754, as everywhere
            if self.clip is not None:
                slopes = vector.vector_of(self.clip(slopes))
            self.steps += 1
            self.count = self.count + (1 if present is None else present.astype(float))
            try:
                if present is None:
                    self.update(numbers, slopes, rate, self.state, self.count)
                else:
                    self._update_some(present, numbers, slopes, rate)
            finally:  # an interrupt must not leave the leaves behind their buffer
                vector.write(numbers)

    def _update_some(self, present: Any, numbers: Vector, slopes: Vector, rate: float) -> None:
        some, count = numbers[present], np.asarray(self.count)[present]
        state = {name: vector[present] for name, vector in self.state.items()}
        self.update(some, slopes[present], rate, state, count)
        numbers[present] = some
        for name, vector in state.items():
            self.state[name][present] = vector

    def state_dict(self) -> dict[str, Any]:
        """What is needed to go on later as if nothing had been: plain data, fit for JSON.

        The parameters and the settings are not in it: load it into an optimiser that was made alike.
        """
        vectors = {name: vector.tolist() for name, vector in self.state.items()}
        return {
            "optimizer": type(self).__name__,
            "steps": self.steps,
            "count": np.asarray(self.count).tolist(),
            "state": vectors,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Takes over what `state_dict` gave.

        Raises:
            ValueError: if it is incomplete, or of another optimiser or number of parameters; then nothing is changed.
        """
        name, size = type(self).__name__, len(self.vector)
        check_origin(name, state)
        steps, vectors = state.get("steps"), state.get("state")
        if type(steps) is not int or steps < 0 or not isinstance(vectors, Mapping) or set(vectors) != set(self.remembers):
            names = ", ".join(map(repr, self.remembers)) or "nothing"
            raise ValueError(f"{name}: the state must have a number of 'steps', and in 'state' {names}; it is incomplete")
        count = state.get("count")
        counted: Count = count if type(count) is int else _numbers(name, "count", count, size)
        loaded = {key: _numbers(name, key, vectors[key], size) for key in self.remembers}
        self.steps, self.count, self.state = steps, counted, loaded

    def _checked_rate(self, rate: object) -> float:
        return checked_number(f"{type(self).__name__}: the learning rate", rate)


def check_origin(name: str, state: object) -> None:
    """Raises a ValueError unless the state is that of an optimiser of this name."""
    if not isinstance(state, Mapping) or state.get("optimizer") != name:
        given = repr(state.get("optimizer")) if isinstance(state, Mapping) else f"a {type(state).__name__}"
        raise ValueError(f"{name}: the state is that of {given}; load what state_dict() of the same optimiser gave")


def _numbers(what: str, key: str, numbers: Any, size: int) -> Vector:
    """A vector out of a state."""
    try:
        vector = np.array(numbers, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{what}: {key!r} in the state is no list of numbers") from None
    if vector.shape != (size,):
        raise ValueError(f"{what}: {key!r} in the state has the shape {vector.shape} for {size} parameters")
    return vector

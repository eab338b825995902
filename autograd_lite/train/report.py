"""What is said of a training: a check of the gradients, the loss curve."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from autograd_lite.checks.comparison import conditioning
from autograd_lite.checks.differences import compare
from autograd_lite.engine.state import no_grad
from autograd_lite.engine.value import Value, gradients
from autograd_lite.nn.initializers import generator_of
from autograd_lite.train.files import replace_file
from autograd_lite.train.history import History

__all__ = ["GradientCheck", "check_gradients", "write_curve"]

FLOOR = 1e-2
"""Of the largest derivative: what is added to the denominator of a relative difference."""


@dataclass(frozen=True)
class GradientCheck:
    """How well derivatives agree with central differences.

    Attributes:
        checked, parameters: how many derivatives were compared, and how many there are.
        worst: the largest relative difference; nan if a derivative is not a number.
    """

    checked: int
    parameters: int
    worst: float

    @property
    def agrees(self) -> bool:
        """Whether the worst difference is one that central differences make themselves."""
        return self.worst < 1e-4


def check_gradients(
    loss: Callable[[], Value], parameters: Sequence[Value], *, count: int = 20, seed: int | Random | None = 0
) -> GradientCheck:
    """Compares derivatives of a loss with central differences, (loss(p + h) - loss(p - h)) / 2h.

    The differences are those of `ag.gradcheck`: extrapolated, at steps that shrink until they agree with the derivative as
    well as their own error allows, since the kink of a relu may lie within a step: a wrong derivative disagrees at every
    step. The difference is relative to the larger of the two derivatives plus a hundredth of the largest derivative of all,
    below which a difference of two losses has few digits left.

    Arguments:
        loss: computes the loss anew from the parameters.
        parameters: leaves that it depends on; their numbers are moved, and put back to the bit.
        count: how many of them are drawn at random; all, if there are not more.
        seed: of the draw.

    Raises:
        ValueError: if there are no parameters.

    >>> x, y = Value(2.0), Value(-3.0)
    >>> check_gradients(lambda: x * x * y, [x, y]).agrees
    True
    """
    if not parameters:
        raise ValueError("check_gradients: there are no parameters to check")
    output = loss()
    derivatives = gradients(output, parameters)
    magnitude, noise = conditioning(output)
    floor = FLOOR * max(abs(derivative) for derivative in derivatives)
    chosen = generator_of(seed).sample(range(len(parameters)), min(count, len(parameters)))
    worst = 0.0
    for place in chosen:
        parameter, claim = parameters[place], derivatives[place]
        x, size = parameter.data, magnitude.get(parameter, 0.0)
        try:
            slope = compare(claim, _along(loss, parameter), x, noise=noise, magnitude=size).slope.value
        finally:
            parameter.data = x
        scale = max(abs(claim), abs(slope)) + floor
        found = abs(claim - slope) / scale if scale else 0.0
        worst = found if found > worst or math.isnan(found) else worst
    return GradientCheck(len(chosen), len(parameters), worst)


def _along(loss: Callable[[], Value], parameter: Value) -> Callable[[float], float]:
    """The loss as a function of one parameter, which is left where it was moved to."""

    def moved(x: float) -> float:
        with no_grad():
            parameter.data = x
            return loss().data

    return moved


def write_curve(history: History, path: Path, title: str) -> None:
    """Draws the loss of every mini-batch and the mean of every epoch into a PNG file.

    Raises:
        MissingExtraError: without matplotlib.
        OSError: if the file cannot be written.
    """
    figure = history.plot(title)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # the title may be in a script that the font has not
        replace_file(path, lambda temporary: figure.savefig(temporary, format="png", dpi=120))

"""Maxout: units that learn their activation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograd_lite.engine.primitive import Scalar
from autograd_lite.engine.sequences import max
from autograd_lite.nn.initializers import Initializer, generator_of
from autograd_lite.nn.layers import Neuron, Seed, check_size, parameter_count
from autograd_lite.nn.module import Module

__all__ = ["Maxout"]


class Maxout(Module):
    """Units that are the largest of some linear pieces of the inputs: out[j] = max over k of w[j][k]·x + b[j][k].

    With enough pieces a unit comes near to any convex function (Goodfellow et al., Maxout Networks, ICML 2013). Where pieces
    tie, each of n has 1/n of the derivative.

    Arguments:
        nin, nout: the numbers of inputs and of units.
        pieces: how many linear pieces a unit has.
        bias, seed, init: see `Neuron`.

    Raises:
        ValueError: for a size below 1 or an unknown name.

    >>> Maxout(3, 2, 4, seed=0)
    Maxout(3 -> 2 of 4 pieces, 32 parameters)
    """

    def __init__(
        self,
        nin: int,
        nout: int,
        pieces: int,
        *,
        bias: bool = True,
        seed: Seed = None,
        init: str | Initializer = "he",
    ) -> None:
        check_size(nout, "units")
        check_size(pieces, "pieces")
        generator = generator_of(seed)
        self.units = [
            [Neuron(nin, nonlin=False, bias=bias, seed=generator, init=init, nout=nout) for _ in range(pieces)]
            for _ in range(nout)
        ]

    def __call__(self, x: Iterable[Scalar]) -> Any:
        """The units' outputs as a list; of a single unit its output itself."""
        inputs = tuple(x)
        outputs = [max([piece(inputs) for piece in unit]) for unit in self.units]
        return outputs[0] if len(outputs) == 1 else outputs

    def __repr__(self) -> str:
        pieces = self.units[0]
        return f"Maxout({len(pieces[0].w)} -> {len(self.units)} of {len(pieces)} pieces, {parameter_count(self)})"

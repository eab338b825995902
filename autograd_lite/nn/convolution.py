"""Conv1d and Conv2d: one neuron for each output channel, shown every window of its inputs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Any, ClassVar

from autograd_lite.engine.primitive import Scalar
from autograd_lite.nn.activations import Activation
from autograd_lite.nn.initializers import Initializer, generator_of
from autograd_lite.nn.layers import Neuron, Seed, check_size, parameter_count
from autograd_lite.nn.module import Module
from autograd_lite.nn.nested import elements, nested, reshaped, shape_of

__all__ = ["Conv1d", "Conv2d"]


class _Convolution(Module):
    """What both have in common, for windows of any number of dimensions."""

    wanted: ClassVar[str]
    """What the input of a channel is made of, for messages."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: tuple[int, ...],
        stride: tuple[int, ...],
        padding: tuple[int, ...],
        activation: str | Activation,
        bias: bool,
        seed: Seed,
        init: str | Initializer,
    ) -> None:
        check_size(in_channels, "input channels")
        check_size(out_channels, "output channels")
        for size, step, zeros in zip(kernel_size, stride, padding, strict=True):
            check_size(size, "inputs along a side of the kernel")
            check_size(step, "inputs in a stride")
            check_size(zeros, "zeros of padding", least=0)
        self.in_channels, self.kernel_size, self.stride, self.padding = in_channels, kernel_size, stride, padding
        generator, area = generator_of(seed), math.prod(kernel_size)
        self.neurons = [
            Neuron(in_channels * area, activation=activation, bias=bias, seed=generator, init=init, nout=out_channels * area)
            for _ in range(out_channels)
        ]

    def __call__(self, x: Any) -> list[Any]:
        """The output channels, each as nested lists of the outputs at all windows.

        Arguments:
            x: the input channels, each as nested lists of numbers or Values; or an array of those.

        Raises:
            ValueError: for another number of channels or dimensions, or if the kernel is larger than the padded input.
        """
        x = nested(x)
        shape = self._checked(shape_of(x, f"the input of {self!r}"))
        channels = [list(elements(channel)) for channel in x]
        sides = [
            [self._side(k, start, length) for start in range(0, length + 2 * zeros - size + 1, step)]
            for k, (length, size, step, zeros) in enumerate(
                zip(shape, self.kernel_size, self.stride, self.padding, strict=True)
            )
        ]
        windows = [self._window(channels, side, shape) for side in product(*sides)]
        lengths = [len(side) for side in sides]
        return [reshaped([neuron.at(places, xs) for places, xs in windows], lengths) for neuron in self.neurons]

    def _side(self, k: int, start: int, length: int) -> list[tuple[int, int]]:
        """Along a dimension, which places of the kernel meet which of the input; the others meet zeros."""
        first = start - self.padding[k]
        return [(place, first + place) for place in range(self.kernel_size[k]) if 0 <= first + place < length]

    def _window(
        self, channels: Sequence[Sequence[Scalar]], sides: Sequence[Sequence[tuple[int, int]]], shape: Sequence[int]
    ) -> tuple[list[int], list[Scalar]]:
        """The weights that meet an input at a window, by their places in a neuron, and these inputs."""
        area = math.prod(self.kernel_size)
        pairs = [
            (_position([place for place, _ in met], self.kernel_size), _position([at for _, at in met], shape))
            for met in product(*sides)
        ]
        places = [channel * area + place for channel in range(len(channels)) for place, _ in pairs]
        return places, [channel[at] for channel in channels for _, at in pairs]

    def _checked(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of one channel."""
        if len(shape) != 1 + len(self.kernel_size) or shape[0] != self.in_channels:
            raise ValueError(f"{self!r} was given the shape {shape}; wanted is ({self.in_channels}, {self.wanted})")
        padded = tuple(length + 2 * zeros for length, zeros in zip(shape[1:], self.padding, strict=True))
        if any(size > length for size, length in zip(self.kernel_size, padded, strict=True)):
            raise ValueError(
                f"the kernel {self.kernel_size} is larger than the input {shape[1:]} with its padding, {padded}; "
                "give a smaller kernel_size or more padding"
            )
        return shape[1:]

    def __repr__(self) -> str:
        neuron, kernel = self.neurons[0], "×".join(map(str, self.kernel_size))
        name = getattr(neuron.activation, "__name__", neuron.activation)
        kind, sizes = type(self).__name__, f"{self.in_channels} -> {len(self.neurons)}"
        return f"{kind}({sizes}, kernel {kernel}, {name}, {parameter_count(self)})"


class Conv1d(_Convolution):
    """Neurons that slide along sequences: out[o][i] = f(Σ over c, k of w[o][c][k]·x[c][i·stride + k - padding] + b[o]).

    This is the cross-correlation that PyTorch's Conv1d computes. The weights of an output channel are those of one neuron,
    in PyTorch's order, c before k; they are shared by all positions (LeCun et al., 1989). Inputs beyond the ends are 0.

    Arguments:
        in_channels, out_channels: the numbers of sequences that come in and go out.
        kernel_size: how many neighbouring positions the neuron sees.
        stride: how far it moves.
        padding: how many zeros stand before and behind a sequence.
        activation, bias, seed, init: see `Neuron`.

    Raises:
        ValueError: for a size below 1, a negative padding or an unknown name.

    >>> edges = Conv1d(1, 1, 2, bias=False)
    >>> edges.neurons[0].w[0].data, edges.neurons[0].w[1].data = -1.0, 1.0
    >>> [y.data for y in edges([[0.0, 0.0, 3.0, 3.0]])[0]]
    [0.0, 3.0, 0.0]
    """

    wanted = "positions"

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        stride: int = 1,
        padding: int = 0,
        activation: str | Activation = "identity",
        bias: bool = True,
        seed: Seed = None,
        init: str | Initializer = "he",
    ) -> None:
        super().__init__(in_channels, out_channels, (kernel_size,), (stride,), (padding,), activation, bias, seed, init)


class Conv2d(_Convolution):
    """Neurons that slide over images, [channel][row][column]: `Conv1d` in two dimensions, PyTorch's Conv2d.

    Arguments:
        in_channels, out_channels: the numbers of images that come in and go out.
        kernel_size, stride, padding: see `Conv1d`; a number, or a pair for rows and columns.
        activation, bias, seed, init: see `Neuron`.

    Raises:
        ValueError: for a size below 1, a negative padding, more numbers than a pair, or an unknown name.

    >>> Conv2d(1, 8, 3, padding=1, activation="relu", seed=0)
    Conv2d(1 -> 8, kernel 3×3, relu, 80 parameters)
    """

    wanted = "rows, columns"

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        *,
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        activation: str | Activation = "identity",
        bias: bool = True,
        seed: Seed = None,
        init: str | Initializer = "he",
    ) -> None:
        kernel, steps, zeros = _pair(kernel_size, "kernel_size"), _pair(stride, "stride"), _pair(padding, "padding")
        super().__init__(in_channels, out_channels, kernel, steps, zeros, activation, bias, seed, init)


def _position(place: Sequence[int], shape: Sequence[int]) -> int:
    """Where a place in nested lists of a shape stands in the flat list."""
    position = 0
    for k, length in zip(place, shape, strict=True):
        position = position * length + k
    return position


def _pair(given: Any, what: str) -> tuple[Any, ...]:
    """A number for rows and for columns."""
    pair = tuple(given) if isinstance(given, (tuple, list)) else (given, given)
    if len(pair) != 2:
        raise ValueError(f"Conv2d: {what} has {len(pair)} numbers; give one, or a pair for rows and columns")
    return pair

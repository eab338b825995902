"""RNN: one layer of neurons, used again at every step of a sequence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from autograd_lite.engine.primitive import Scalar
from autograd_lite.nn.activations import Activation
from autograd_lite.nn.initializers import Initializer, generator_of
from autograd_lite.nn.layers import Neuron, Seed, check_size, parameter_count
from autograd_lite.nn.module import Module

__all__ = ["RNN"]


class RNN(Module):
    """A network that remembers: h[t] = f(W x[t] + U h[t-1] + b), with the same W, U and b at every step t (Elman, 1990).

    Neuron k has the k-th row of W as its first `nin` weights and that of U as the others. The derivative towards a weight is
    the sum over all its uses: backpropagation through time (Werbos, 1990).

    Arguments:
        nin, nhidden: the numbers of inputs and of hidden units.
        activation, bias, seed, init: see `Neuron`.

    Raises:
        ValueError: for a size below 1 or an unknown name.

    >>> rnn = RNN(1, 1, activation="identity", bias=False)
    >>> rnn.neurons[0].w[0].data, rnn.neurons[0].w[1].data = 1.0, 0.5
    >>> [h.data for (h,) in rnn([[4.0], [0.0], [0.0]])]
    [4.0, 2.0, 1.0]
    """

    def __init__(
        self,
        nin: int,
        nhidden: int,
        *,
        activation: str | Activation = "tanh",
        bias: bool = True,
        seed: Seed = None,
        init: str | Initializer = "xavier",
    ) -> None:
        check_size(nin, "inputs")
        check_size(nhidden, "hidden units")
        generator = generator_of(seed)
        self.neurons = [
            Neuron(nin + nhidden, activation=activation, bias=bias, seed=generator, init=init, nout=nhidden)
            for _ in range(nhidden)
        ]

    def __call__(self, xs: Iterable[Sequence[Scalar]], h0: Sequence[Scalar] | None = None) -> list[list[Scalar]]:
        """The hidden state after each step, the last at [-1].

        Arguments:
            xs: a sequence of inputs.
            h0: the state before the first step; None stands for zeros.

        Raises:
            ValueError: if the sequence is empty, or an input or the state has another size than the network.
        """
        nhidden = len(self.neurons)
        nin = len(self.neurons[0].w) - nhidden
        h = [0.0] * nhidden if h0 is None else list(h0)
        if len(h) != nhidden:
            raise ValueError(f"RNN: h0 has {len(h)} numbers; it must have one for each of {nhidden} hidden units")
        states = []
        for t, x in enumerate(xs):
            if not hasattr(x, "__len__") or len(x) != nin:
                given = f"{len(x)} numbers" if hasattr(x, "__len__") else "a number and no list"
                raise ValueError(f"RNN: the input of step {t} is {given}; it must be a list of {nin}")
            inputs = [*x, *h]
            h = [neuron(inputs) for neuron in self.neurons]
            states.append(h)
        if not states:
            raise ValueError("RNN: the sequence is empty; it must have at least one step")
        return states

    def __repr__(self) -> str:
        neuron, nhidden = self.neurons[0], len(self.neurons)
        name = getattr(neuron.activation, "__name__", neuron.activation)
        return f"RNN({len(neuron.w) - nhidden} -> {nhidden}, {name}, {parameter_count(self)})"

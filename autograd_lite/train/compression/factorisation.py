"""Factorisation: a layer as two narrower ones, by the singular values of its weights."""

from __future__ import annotations

import copy

import numpy as np

from autograd_lite.engine.value import Value
from autograd_lite.nn.chain import layers_of
from autograd_lite.nn.layers import Layer
from autograd_lite.nn.module import Module
from autograd_lite.nn.sequential import Sequential
from autograd_lite.optim.parameter_vector import Vector
from autograd_lite.optim.ranges import checked_count, checked_number

__all__ = ["factorise"]


def factorise(model: Module, *, rank: int | None = None, energy: float | None = None) -> Sequential:
    """A network in which layers are two: a linear one to r numbers without biases, and one from these with all the rest.

    With the singular values σ₁ ≥ σ₂ ≥ … of a layer's weights W = U S Vᵀ the two have the weights √S Vᵀ and U √S, of the r
    largest. No other matrix of rank r is nearer to W: the squared distance is Σ σ² over those left out, and a weighted sum
    is off by at most the largest of these times the length of the input. A layer of which the two would not have fewer
    parameters stays one.

    Arguments:
        model: a trained MLP, a Layer or a Sequential of such; it stays as it is, and the result shares nothing with it.
        rank: r, for all layers.
        energy: or the share of Σ σ² that is to be kept, above 0 and up to 1; each layer has the least r that keeps it.

    Raises:
        TypeError: for another model, or a rank or share that is no number.
        ValueError: for a rank or share out of its range, if not one of them is given, or for a weight that is not finite.

    Source: Eckart and Young, The approximation of one matrix by another of lower rank, Psychometrika 1 (1936), 211-218;
    Denton et al., Exploiting Linear Structure Within Convolutional Networks for Efficient Evaluation (NIPS 2014).

    >>> layer = Layer(4, 6, activation="tanh", seed=0, init=lambda generator, nin, nout: [generator.random()] * nin)
    >>> small = factorise(layer, rank=1)                        # all columns are the same: one direction says it all
    >>> small
    Sequential(
      0: Layer(4 -> 1, identity, 4 parameters)
      1: Layer(1 -> 6, tanh, 12 parameters)
    )
    >>> x = [1.0, -2.0, 0.5, 3.0]
    >>> max(abs(a.data - b.data) for a, b in zip(small(x), layer(x))) < 1e-14
    True
    """
    if (rank is None) == (energy is None):
        raise ValueError("factorise: give either a rank, 8 say, or the share of energy to be kept, 0.9 say")
    if rank is not None:
        checked_count("factorise: rank", rank)
    elif checked_number("factorise: energy", energy, positive=True) > 1.0:
        raise ValueError(f"factorise: energy is {energy}; it must be a number > 0 and ≤ 1")
    parts = [part for layer in layers_of(model, "factorise") for part in _factors(layer, rank, energy)]
    return Sequential(*parts)


def _factors(layer: Layer, rank: int | None, energy: float | None) -> list[Layer]:
    """The two layers of one, or a copy of it."""
    matrix = np.array([[w.data for w in neuron.w] for neuron in layer.neurons])
    nout, nin = matrix.shape
    if not np.isfinite(matrix).all():
        raise ValueError(f"factorise: a weight of {layer!r} is not finite; only finite ones have singular values")
    u, s, v = np.linalg.svd(matrix, full_matrices=False)
    r = _rank_for(s, energy) if rank is None else rank
    second = copy.deepcopy(layer)
    if r * (nin + nout) >= nin * nout:
        return [second]
    # A pair of singular vectors has two signs; which one comes out is LAPACK's affair.
    signs = np.sign(v[np.arange(r), np.abs(v[:r]).argmax(axis=1)])
    root = signs * np.sqrt(s[:r])
    first = Layer(nin, r, activation="identity", bias=False, seed=0)
    _set_weights(first, root[:, None] * v[:r])
    _set_weights(second, u[:, :r] * root)
    return [first, second]


def _rank_for(s: Vector, energy: float | None) -> int:
    """The least r for which Σ σ² of the first r has a share of all."""
    squares = (s / (s[0] or 1.0)) ** 2  # squares themselves could leave the floats
    kept = np.cumsum(squares)
    return int(np.searchsorted(kept, (energy or 0.0) * kept[-1])) + 1


def _set_weights(layer: Layer, matrix: Vector) -> None:
    """Replaces all weights of a layer, row by row."""
    for neuron, row in zip(layer.neurons, matrix.tolist(), strict=True):
        neuron.w = [Value(number) for number in row]

"""Networks of Values: modules, their parameters, and losses."""

from autograd_lite.nn.dropout import Dropout
from autograd_lite.nn.layers import MLP, Layer, Neuron
from autograd_lite.nn.losses import binary_cross_entropy, hinge, softmax_cross_entropy, squared_error
from autograd_lite.nn.module import Module

__all__ = [
    "MLP", "Dropout", "Layer", "Module", "Neuron", "binary_cross_entropy", "hinge", "softmax_cross_entropy", "squared_error"
]  # fmt: skip

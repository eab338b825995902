"""Networks of Values: modules, their parameters, losses and penalties; and what was there before backpropagation."""

from autograd_lite.nn.architecture import record_of
from autograd_lite.nn.classics import NotSeparableWarning, Perceptron, ThresholdUnit, hebbian_update, oja_update
from autograd_lite.nn.convolution import Conv1d, Conv2d
from autograd_lite.nn.costs import count_operations
from autograd_lite.nn.diagnostics import dead_units, gradient_norms, hessian_eigenvalues, saturated_units
from autograd_lite.nn.dropout import Dropout
from autograd_lite.nn.explain import explain_backprop
from autograd_lite.nn.layers import MLP, Layer, Neuron
from autograd_lite.nn.losses import (
    binary_cross_entropy,
    half_squared_error,
    hinge,
    log_loss,
    logistic,
    multivariate_logistic,
    softmax_cross_entropy,
    squared_error,
)
from autograd_lite.nn.maxout import Maxout
from autograd_lite.nn.module import Module
from autograd_lite.nn.penalties import l1, l2, weights
from autograd_lite.nn.records import Kind, plan_of, register
from autograd_lite.nn.recurrent import RNN
from autograd_lite.nn.reshape import Flatten, Reshape
from autograd_lite.nn.sequential import Residual, Sequential
from autograd_lite.nn.symmetries import count_equivalent, flip_signs, permute_hidden

__all__ = ["MLP", "RNN", "Conv1d", "Conv2d", "Dropout", "Flatten", "Layer", "Maxout", "Module", "Neuron", "Reshape"]
__all__ += ["Residual", "Sequential", "NotSeparableWarning", "Perceptron", "ThresholdUnit", "hebbian_update", "oja_update"]
__all__ += ["binary_cross_entropy", "half_squared_error", "hinge", "log_loss", "logistic", "multivariate_logistic"]
__all__ += ["softmax_cross_entropy", "squared_error", "l1", "l2", "weights"]
__all__ += ["count_equivalent", "count_operations", "dead_units", "explain_backprop", "flip_signs", "gradient_norms"]
__all__ += ["hessian_eigenvalues", "permute_hidden", "saturated_units"]
__all__ += ["Kind", "plan_of", "record_of", "register"]

"""Activation functions of networks, composed; `relu`, `sigmoid`, `tanh` and `softplus` are rows of the table."""

from __future__ import annotations

import math

from autograd_lite.engine.functions import abs, expm1, norm_cdf, real, sigmoid, softplus, tanh, where
from autograd_lite.engine.operations import divide, less, less_equal
from autograd_lite.engine.primitive import Scalar

__all__ = ["elu", "gelu", "hardsigmoid", "hardtanh", "leaky_relu", "logsigmoid", "mish", "relu6", "selu", "silu", "softsign"]


def leaky_relu(x: Scalar, negative_slope: float = 0.01) -> Scalar:
    """x where x > 0, else negative_slope·x.

    >>> leaky_relu(-2.0)
    -0.02
    """
    return where(less(0.0, x), x, x * negative_slope)


def hardtanh(x: Scalar, low: float = -1.0, high: float = 1.0) -> Scalar:
    """x limited to [low, high], with the derivative 0 from the edges on (`clip` has 1 there).

    >>> hardtanh(0.5), hardtanh(3.0)
    (0.5, 1.0)
    """
    return where(less_equal(x, low), low, where(less_equal(high, x), high, x))


def relu6(x: Scalar) -> Scalar:
    """x limited to [0, 6].

    >>> relu6(7.0)
    6.0
    """
    return hardtanh(x, 0.0, 6.0)


def hardsigmoid(x: Scalar) -> Scalar:
    """x/6 + ½ limited to [0, 1].

    >>> hardsigmoid(0.0)
    0.5
    """
    return relu6(real(x, "hardsigmoid") + 3.0) / 6.0


def elu(x: Scalar, alpha: float = 1.0) -> Scalar:
    """x where x > 0, else alpha·(exp(x) - 1).

    >>> elu(1.0), elu(-1e9)
    (1.0, -1.0)
    """
    return where(less(0.0, x), x, expm1(x) * alpha)


def selu(x: Scalar) -> Scalar:
    """The self-normalising ELU, with the constants of Klambauer et al., 2017 (arXiv:1706.02515).

    >>> selu(1.0)
    1.0507009873554805
    """
    return elu(x, 1.6732632423543772848170429916717) * 1.0507009873554804934193349852946


def gelu(x: Scalar, approximate: str = "none") -> Scalar:
    """x·Φ(x), Φ the normal distribution function (Hendrycks and Gimpel, arXiv:1606.08415).

    Arguments:
        approximate: "none", exact, or "tanh", the paper's approximation by a hyperbolic tangent.

    >>> gelu(0.0)
    0.0
    """
    if approximate == "none":
        return x * norm_cdf(x)
    if approximate == "tanh":
        return 0.5 * x * (1.0 + tanh((x + 0.044715 * x * x * x) * math.sqrt(2.0 / math.pi)))
    raise ValueError(f"gelu: approximate is {approximate!r}; it must be 'none' or 'tanh'")


def silu(x: Scalar) -> Scalar:
    """x·sigmoid(x), also called swish.

    >>> silu(0.0)
    0.0
    """
    return x * sigmoid(x)


def mish(x: Scalar) -> Scalar:
    """x·tanh(softplus(x)) (Misra, arXiv:1908.08681).

    >>> mish(0.0)
    0.0
    """
    return x * tanh(softplus(x))


def logsigmoid(x: Scalar) -> Scalar:
    """log(sigmoid(x)), exact for every x.

    >>> logsigmoid(-1000.0)
    -1000.0
    """
    return -softplus(-real(x, "logsigmoid"))


def softsign(x: Scalar) -> Scalar:
    """x / (1 + |x|).

    >>> softsign(1.0)
    0.5
    """
    return divide(x, 1.0 + abs(x))

"""Activation functions of networks, composed; `relu`, `sigmoid`, `tanh` and `softplus` are rows of the table."""

from __future__ import annotations

import math

from autograd_lite.engine.functions import abs, expm1, norm_cdf, real, sigmoid, softplus, tanh, where
from autograd_lite.engine.operations import divide, less, less_equal
from autograd_lite.engine.primitive import Scalar

__all__ = [
    "abs_relu", "elu", "gelu", "hardsigmoid", "hardtanh", "leaky_relu", "logsigmoid", "mish", "relu6", "selu", "silu",
    "softsign", "swish",
]  # fmt: skip


def leaky_relu(x: Scalar, negative_slope: float = 0.01) -> Scalar:
    """x where x > 0, else negative_slope·x (Maas, Hannun and Ng, ICML 2013).

    >>> leaky_relu(-2.0)
    -0.02
    """
    return where(less(0.0, x), x, x * negative_slope)


def abs_relu(x: Scalar) -> Scalar:
    """|x|, the absolute-value rectification of Jarrett et al. (ICCV 2009); its derivative at 0 is 0.

    >>> abs_relu(-2.0)
    2.0
    """
    return abs(x)


def hardtanh(x: Scalar, low: float = -1.0, high: float = 1.0) -> Scalar:
    """x limited to [low, high], with the derivative 0 from the edges on (`clip` has 1 there) (Collobert, 2004).

    >>> hardtanh(0.5), hardtanh(3.0)
    (0.5, 1.0)
    """
    return where(less_equal(x, low), low, where(less_equal(high, x), high, x))


def relu6(x: Scalar) -> Scalar:
    """x limited to [0, 6] (Krizhevsky, Convolutional deep belief networks on CIFAR-10, 2010).

    >>> relu6(7.0)
    6.0
    """
    return hardtanh(x, 0.0, 6.0)


def hardsigmoid(x: Scalar) -> Scalar:
    """x/6 + ½ limited to [0, 1] (Howard et al., arXiv:1905.02244).

    >>> hardsigmoid(0.0)
    0.5
    """
    return relu6(real(x, "hardsigmoid") + 3.0) / 6.0


def elu(x: Scalar, alpha: float = 1.0) -> Scalar:
    """x where x > 0, else alpha·(exp(x) - 1) (Clevert et al., arXiv:1511.07289).

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


def swish(x: Scalar, beta: Scalar = 1.0) -> Scalar:
    """x·sigmoid(beta·x) (Ramachandran, Zoph and Le, arXiv:1710.05941): x/2 for beta = 0, and near relu for a large one.

    Arguments:
        beta: a number, or a Value, which can then be learned.

    >>> swish(3.0, beta=0.0), swish(3.0, beta=1000.0)
    (1.5, 3.0)
    """
    return x * sigmoid(beta * x)


def silu(x: Scalar) -> Scalar:
    """x·sigmoid(x), the swish of beta = 1 (Elfwing, Uchibe and Doya, arXiv:1702.03118).

    >>> silu(0.0)
    0.0
    """
    return x * sigmoid(x)  # by itself: one node less than by a beta


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
    """x / (1 + |x|) (Bergstra et al., 2009).

    >>> softsign(1.0)
    0.5
    """
    return divide(x, 1.0 + abs(x))

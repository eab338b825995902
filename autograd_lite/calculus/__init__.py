"""Derivatives of functions: gradients, Jacobians, Hessians, products with them, and rules of one's own."""

from autograd_lite.calculus.custom import CustomFunction, checkpoint, custom_jvp, custom_vjp
from autograd_lite.calculus.jacobians import Jacobian, hessian, jacfwd, jacobian, jacrev
from autograd_lite.calculus.transforms import grad, hvp, jvp, linearize, value_and_grad, vjp

__all__ = [
    "CustomFunction", "Jacobian", "checkpoint", "custom_jvp", "custom_vjp", "grad", "hessian", "hvp", "jacfwd", "jacobian",
    "jacrev", "jvp", "linearize", "value_and_grad", "vjp",
]  # fmt: skip

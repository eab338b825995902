"""Optimisers, schedules for their rates, and limits to gradients."""

from collections.abc import Callable
from typing import Any

from autograd_lite.optim.adagrad import AdaGrad
from autograd_lite.optim.adam import Adam
from autograd_lite.optim.adamw import AdamW
from autograd_lite.optim.clipping import clip_by_norm, clip_by_value
from autograd_lite.optim.hessian_free import HessianFree
from autograd_lite.optim.lbfgs import LBFGS
from autograd_lite.optim.levenberg_marquardt import LevenbergMarquardt
from autograd_lite.optim.loss_optimizer import LossOptimizer
from autograd_lite.optim.newton import Newton
from autograd_lite.optim.optimizer import Optimizer
from autograd_lite.optim.rmsprop import RMSProp
from autograd_lite.optim.schedules import constant, cosine, harmonic, inverse, linear_decay, warm_up
from autograd_lite.optim.sgd import SGD
from autograd_lite.optim.steepest_descent import SteepestDescent

__all__ = ["OPTIMIZERS", "SGD", "AdaGrad", "Adam", "AdamW", "Optimizer", "RMSProp"]
__all__ += ["LBFGS", "HessianFree", "LevenbergMarquardt", "LossOptimizer", "Newton", "SteepestDescent"]
__all__ += ["clip_by_norm", "clip_by_value", "constant", "cosine", "harmonic", "inverse", "linear_decay", "warm_up"]

OPTIMIZERS: dict[str, Callable[..., Any]] = {"adagrad": AdaGrad, "adam": Adam, "adamw": AdamW, "rmsprop": RMSProp}
"""Those whose defaults often do, by name."""

"""autograd_lite: scalar reverse-mode automatic differentiation.

    >>> import autograd_lite as ag
    >>> x = ag.Value(2.0)
    >>> y = ag.exp(x) * x
    >>> y.backward()
    >>> x.grad
    22.16716829679195

Importing the package loads the engine alone; every family (`ag.nn`, `ag.optim`, `ag.train`, `ag.drawing`) and `ag.draw`
load on first use.
"""

from __future__ import annotations

import importlib
from typing import Any

from autograd_lite.engine import activations as _activations
from autograd_lite.engine import functions as _functions
from autograd_lite.engine import sequences as _sequences
from autograd_lite.engine.activations import *  # noqa: F403  # every function, by the module's __all__
from autograd_lite.engine.condition import Condition
from autograd_lite.engine.derivation import derivation
from autograd_lite.engine.functions import *  # noqa: F403  # as above
from autograd_lite.engine.ledger import ledger
from autograd_lite.engine.paths import count_paths, path_product, paths, pathwise_gradient
from autograd_lite.engine.primitive import declare, declare_nary
from autograd_lite.engine.scope import name_scope
from autograd_lite.engine.sequences import *  # noqa: F403  # as above
from autograd_lite.engine.state import no_grad
from autograd_lite.engine.sweep_table import sweep_table
from autograd_lite.engine.symbolic import symbolic
from autograd_lite.engine.value import Value, gradients

__version__ = "0.1.0"

_FAMILIES = ("calculus", "checks", "compiler", "drawing", "nn", "optim", "scipy", "sklearn", "train")
_LATER = dict.fromkeys(("Picture", "describe", "diff", "draw", "draw_dot", "graph_from_json", "graph_to_json"), "drawing")
"""Names that load their family on first use."""
_LATER |= dict.fromkeys(("Play", "StepThrough", "play", "step_through"), "drawing")
_LATER |= dict.fromkeys(("checkpoint", "custom_jvp", "custom_vjp", "grad", "hessian", "hvp"), "calculus")
_LATER |= dict.fromkeys(("jacfwd", "jacobian", "jacrev", "jvp", "linearize", "value_and_grad", "vjp"), "calculus")
_LATER |= dict.fromkeys(("check_primitive", "detect_anomaly", "gradcheck", "gradgradcheck", "taylor_test"), "checks")
_LATER |= dict.fromkeys(("jit", "vmap"), "compiler")

__all__ = ["Condition", "Value", "declare", "declare_nary", "gradients", "name_scope", "no_grad"]
__all__ += ["count_paths", "derivation", "ledger", "path_product", "paths", "pathwise_gradient", "sweep_table", "symbolic"]
__all__ += _functions.__all__
__all__ += _sequences.__all__
__all__ += _activations.__all__


def __getattr__(name: str) -> Any:
    if name in _FAMILIES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _LATER:
        return getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_FAMILIES, *_LATER])

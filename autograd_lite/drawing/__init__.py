"""Pictures of graphs and of networks, and graphs as text."""

from __future__ import annotations

import importlib
from typing import Any

from autograd_lite.drawing.description import describe
from autograd_lite.drawing.difference import Change, Difference, diff
from autograd_lite.drawing.graph_json import graph_from_json, graph_to_json
from autograd_lite.drawing.picture import Picture, draw, draw_dot
from autograd_lite.drawing.step_through import StepThrough, step_through

_LATER = {"draw_network": "networks", "loss_surface": "surfaces", "play": "playing", "Play": "playing"}
"""Names that load numpy and the families before this one on first use."""
_LATER |= dict.fromkeys(("decision_boundary", "gradient_norm_chart", "hessian_spectrum", "loss_curve"), "charts")

__all__ = ["Change", "Difference", "Picture", "describe", "diff", "draw", "draw_dot", "graph_from_json", "graph_to_json"]
__all__ += ["decision_boundary", "draw_network", "gradient_norm_chart", "hessian_spectrum", "loss_curve", "loss_surface"]
__all__ += ["Play", "StepThrough", "play", "step_through"]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

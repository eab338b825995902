"""Smaller networks from trained ones: fewer weights, fewer bits for each, fewer directions in a layer, a smaller network."""

from autograd_lite.train.compression.distillation import distil, distillation_loss, soft_targets
from autograd_lite.train.compression.factorisation import factorise
from autograd_lite.train.compression.pruning import Pruned, prune
from autograd_lite.train.compression.quantisation import Quantised, QuantisedLayer, quantise

__all__ = ["Pruned", "Quantised", "QuantisedLayer", "distil", "distillation_loss", "factorise", "prune", "quantise"]
__all__ += ["soft_targets"]

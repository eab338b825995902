"""From scalar graph to array program: `jit` and `vmap`."""

from autograd_lite.compiler.jit import jit
from autograd_lite.compiler.traced import TracingError
from autograd_lite.compiler.vmap import vmap

__all__ = ["TracingError", "jit", "vmap"]

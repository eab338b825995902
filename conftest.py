"""What pytest leaves out where an optional package is missing."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("llvmlite") else ["autograd_lite/compiler/backends/native_*.py"]

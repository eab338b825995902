"""What peers run that appear beside machine code only: DrJit's kernels, and the C code that CasADi writes."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.benchmarks.compiled.function_peers import (
    POINT,
    N,
    casadi_call,
    casadi_heston,
    casadi_readme_function,
    casadi_rosenbrock_function,
    paths,
    point,
)
from tests.benchmarks.compiled.task import Task, flat
from tests.benchmarks.workloads import heston

__all__ = ["casadi_code_heston", "casadi_code_readme", "casadi_code_rosenbrock", "drjit_heston"]


def in_c(function: Any) -> Any:
    """A function of CasADi as the C code that it writes, compiled for this processor.

    Raises:
        ModuleNotFoundError: if there is no gcc.
    """
    import casadi

    compiler = shutil.which("gcc")
    if compiler is None:
        raise ModuleNotFoundError("gcc")
    with tempfile.TemporaryDirectory() as folder:
        name = function.name()
        code = casadi.CodeGenerator(f"{name}.c")
        code.add(function)
        code.generate(f"{folder}/")
        library = Path(folder) / f"{name}.so"
        command = [compiler, "-O3", "-march=native", "-shared", "-fPIC", "-o", str(library), f"{folder}/{name}.c", "-lm"]
        subprocess.run(command, check=True)
        return casadi.external(name, str(library))  # loaded now, so that the file may go


def casadi_code_heston() -> Task:
    return casadi_call(lambda: in_c(casadi_heston()), [array[0].copy() for array in paths()], (1, 5))


def casadi_code_readme() -> Task:
    return casadi_call(lambda: in_c(casadi_readme_function()), [np.array(POINT)], (1, 2))


def casadi_code_rosenbrock(*, product: bool = False) -> Task:
    make: Callable[[], Any] = lambda: in_c(casadi_rosenbrock_function(product=product))  # noqa: E731
    return casadi_call(make, point()[: 2 if product else 1], (N,))


def drjit_heston(*, frozen: bool) -> Task:
    """The same loop, every number an array of all paths; traced at every call, or the kernel alone once it is known.

    Its symbolic loops have no reverse mode without room for every step, so that the loop is written out.
    """
    import drjit as dr

    if "DRJIT_LIBLLVM_PATH" not in os.environ:
        found = sorted(Path("/usr/lib").glob("*/libLLVM-*.so.1"))
        os.environ |= {"DRJIT_LIBLLVM_PATH": str(found[-1])} if found else {}
    if not dr.has_backend(dr.JitBackend.LLVM):
        raise ModuleNotFoundError("libLLVM, which DrJit needs: name it in DRJIT_LIBLLVM_PATH")
    from drjit.llvm.ad import Float64

    dr.set_thread_count(0)  # none beside the calling one
    # maximum becomes an instruction that not every LLVM can turn into code
    o = SimpleNamespace(relu=lambda x: dr.select(x > 0.0, x, 0.0), sqrt=dr.sqrt, exp=dr.exp)
    p, z = [[Float64(np.ascontiguousarray(column)) for column in array.T] for array in paths()]

    def both(p: list[Any], z: list[Any]) -> tuple[Any, list[Any]]:
        p = [Float64(x) for x in p]
        for x in p:
            dr.enable_grad(x)
        value = heston(p, z, o)
        dr.backward(value)
        return dr.detach(value), [dr.grad(x) for x in p]

    function = dr.freeze(both) if frozen else both

    def call() -> tuple[Any, list[Any]]:
        found = function(p, z)
        dr.eval(found)
        dr.sync_thread()
        return found

    return Task(lambda: call, lambda found: flat(found[0].numpy(), np.stack([x.numpy() for x in found[1]], axis=1)))

"""The machine that native code is made for, and code that lives as long as someone holds it."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from time import perf_counter
from typing import Any

__all__ = ["Code", "Machine", "has_native", "machine"]

FIRST_CACHE = 32 * 1024
"""Bytes of the first-level data cache of every processor of the last fifteen years, or a share of it."""


def has_native() -> bool:
    """Whether llvmlite is there."""
    return find_spec("llvmlite") is not None


@dataclass(frozen=True)
class Machine:
    """What code is made for.

    Attributes:
        name, features: of the processor, as LLVM writes them.
        width: how many doubles a vector register holds.
        registers: how many of those there are.
    """

    name: str
    features: str
    width: int
    registers: int

    def target(self) -> Any:
        """A target machine of LLVM; an engine takes it over, and it dies with the engine."""
        import llvmlite.binding as llvm

        triple = llvm.Target.from_triple(llvm.get_process_triple())
        return triple.create_target_machine(cpu=self.name, features=self.features, opt=2, jit=True)

    @property
    def key(self) -> str:
        """What code depends on beside its text."""
        import llvmlite
        import llvmlite.binding as llvm

        return f"{llvmlite.__version__} {llvm.llvm_version_info} {self.name} {self.features}"


@cache
def machine() -> Machine:
    """This processor.

    Raises:
        ModuleNotFoundError: if llvmlite is missing.
    """
    if not has_native():
        raise ModuleNotFoundError(
            "backend='native' needs llvmlite, which makes machine code; install it with pip install 'autograd_lite[native]'"
        )
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    found = llvm.get_host_cpu_features()
    width, registers = 2, 16
    if found.get("avx512f"):
        width, registers = 8, 32
    elif found.get("avx"):
        width, registers = 4, 16
    return Machine(llvm.get_host_cpu_name(), found.flatten(), width, registers)


class Code:
    """Machine code in memory, which is freed with this object.

    Arguments:
        text: of a module in LLVM's language.

    Attributes:
        object: the code as it would stand in a file.
        seconds: how long it took to make.
    """

    def __init__(self, text: str) -> None:
        import llvmlite.binding as llvm

        host, start = machine(), perf_counter()
        module = llvm.parse_assembly(text)
        module.verify()
        self.text = text
        self.object: bytes = host.target().emit_object(module)
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), host.target())
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(self.object))
        self._engine.finalize_object()
        self.seconds = perf_counter() - start

    def assembly(self) -> str:
        """The code as text for an assembler."""
        import llvmlite.binding as llvm

        return str(machine().target().emit_assembly(llvm.parse_assembly(self.text)))

    @property
    def summary(self) -> str:
        """How much code there is, what for, and how long it took to make."""
        return f"machine code: {len(self.object)} bytes for {machine().name}, made in {self.seconds:.3f} s"

    def address(self, name: str) -> int:
        """Where a function of the module begins."""
        return int(self._engine.get_function_address(name))

    def function(self, name: str, *types: Any, returns: Any = ctypes.c_int64) -> Any:
        """A function of the module that returns a whole number, or nothing, with arguments of these types."""
        return ctypes.CFUNCTYPE(returns, *types)(self.address(name))

"""The machine that native code is made for, and code that lives as long as someone holds it."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

__all__ = ["Code", "Machine", "compiled", "has_native", "machine"]

FIRST_CACHE = 32 * 1024
"""Bytes of the first-level data cache of every processor of the last fifteen years, or a share of it."""


OLDEST = (0, 50)
"""The version of llvmlite that code is written for; with an older one, which another library may want, there is none."""


def has_native() -> bool:
    """Whether llvmlite is there, and new enough."""
    if find_spec("llvmlite") is None:
        return False
    import llvmlite  # little but its version

    found = re.match(r"(\d+)\.(\d+)", llvmlite.__version__)  # what was built from a source without tags says no version
    return found is None or (int(found[1]), int(found[2])) >= OLDEST


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
            f"backend='native' needs llvmlite {OLDEST[0]}.{OLDEST[1]} or later, which makes machine code; install it with "
            "pip install 'autograd_lite[native]'"
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


def compiled(text: str) -> bytes:
    """The code of a module in LLVM's language, as it would stand in a file."""
    import llvmlite.binding as llvm

    module = llvm.parse_assembly(text)
    module.verify()
    return bytes(machine().target().emit_object(module))


class Code:
    """Machine code in memory, which is freed with this object.

    Arguments:
        code: as it would stand in a file.
        names: of its functions.
        text: gives the module in LLVM's language from which it was made.
    """

    def __init__(self, code: bytes, names: Iterable[str], text: Callable[[], str]) -> None:
        import llvmlite.binding as llvm

        self.size, self._text = len(code), text
        library = llvm.JITLibraryBuilder().add_object_img(code).add_current_process()
        for name in names:
            library.export_symbol(name)
        # A linker of its own: what one linker knows of libraries that are gone it never forgets.
        self._library = library.link(llvm.create_lljit_compiler(), "plan")

    @property
    def text(self) -> str:
        """The module in LLVM's language."""
        return self._text()

    def assembly(self) -> str:
        """The code as text for an assembler."""
        import llvmlite.binding as llvm

        return str(machine().target().emit_assembly(llvm.parse_assembly(self.text)))

    def address(self, name: str) -> int:
        """Where a function of the module begins."""
        return int(self._library[name])

    def function(self, name: str, *types: Any, returns: Any = ctypes.c_int64) -> Any:
        """A function of the module that returns a whole number, or nothing, with arguments of these types."""
        return ctypes.CFUNCTYPE(returns, *types)(self.address(name))

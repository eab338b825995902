"""The other end of `worker`: starts processes of contenders, asks them, and waits no longer than a minute."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["PATIENCE", "AbsentError", "Process"]

ROOT = Path(__file__).parents[3]
PATIENCE = 60.0
"""Seconds until a contender is said not to finish."""

ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
    "PYTHONHASHSEED": "0",
    "AUTOGRAD_LITE_CACHE": "0",  # a first call shall be one
}


class AbsentError(Exception):
    """A contender that has no figure, and why."""


class Process:
    """A process of one contender for one work, on some cores; `module` is what Python runs."""

    def __init__(
        self, module: str, work: str, contender: str, cores: Sequence[int], *, quick: bool, **environment: str
    ) -> None:
        command = [sys.executable, "-m", module, "--work", work, "--contender", contender]
        command += ["--cores", ",".join(map(str, cores))] + ["--quick"] * quick
        self.name = f"{work}, {contender}"
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | ENVIRONMENT | environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def ask(self, question: str, patience: float = PATIENCE) -> Any:
        """The answer.

        Arguments:
            patience: seconds after which the process is ended.

        Raises:
            AbsentError: if there is none.
        """
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(f"{question}\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise AbsentError("failed") from None
        ready, _, _ = select.select([process.stdout], [], [], patience)
        if not ready:
            self.end()
            raise AbsentError("did not finish")
        answer = process.stdout.readline()
        if not answer:
            print(f"{self.name}: the process has failed", file=sys.stderr)
            raise AbsentError("failed")
        found = json.loads(answer)
        if isinstance(found, dict) and "missing" in found:
            raise AbsentError(f"missing: {found['missing']}")
        return found

    def end(self) -> None:
        """Ends the process, wherever it is."""
        self._process.kill()
        self._process.communicate()

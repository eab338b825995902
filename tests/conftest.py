"""Hypothesis profiles: `dev` by default; `ci` rolls the same dice every time, `again` few of them; `nightly` looks longer.

Choose one by `HYPOTHESIS_PROFILE=nightly python -m pytest`. Dice that always fall alike find nothing new: what `ci` asks is
whether a change broke what held, for which forty throws do. New faults are for `dev`, which rolls other dice every time a
hundred times, and for `nightly`; what only many throws find is written down as an `@example`, which every profile runs.
"""

import gc
import os

import pytest
from hypothesis import HealthCheck, settings

# Before numpy is loaded: the matrices here are small, and threads that wait for each other cost more than they save, most of
# all where several interpreters are tested side by side.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

# Machine code is made anew in tests, and none of it is left in the home of who runs them.
os.environ.setdefault("AUTOGRAD_LITE_CACHE", "0")

SLOW = [HealthCheck.too_slow]  # a first call in a cold process is slow, and no reason to fail

settings.register_profile("dev", deadline=None, suppress_health_check=SLOW)
settings.register_profile("ci", deadline=None, derandomize=True, max_examples=40, suppress_health_check=SLOW)
settings.register_profile("again", deadline=None, derandomize=True, max_examples=8, suppress_health_check=SLOW)
settings.register_profile("nightly", deadline=None, max_examples=2000, suppress_health_check=SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))

from autograd_lite.compiler.backends import choice  # noqa: E402  # after the variables that numpy reads

# A test calls a function a few times, for which machine code does not pay; it has tests of its own, which ask for it.
choice.REPLAYS = 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Runs the README's examples last, in whatever order they are asked for: they add a row to the table, and it stays."""
    items.sort(key=lambda item: item.path.name == "README.md")


def pytest_collection_finish() -> None:
    """Takes what stays to the end, modules and tests, out of what the garbage collector walks through again and again."""
    gc.collect()
    gc.freeze()

"""A process of one contender: does what its standard input says, line by line, and answers in JSON.

- `first`: builds the work, calls it twice; answers with the seconds of the first call and the numbers of both.
- `sample`: answers with the median seconds of a call.
- `profile`: answers with a line of text.
"""

from __future__ import annotations

import json
import resource
import sys
from contextlib import nullcontext
from typing import Any

from tests.benchmarks.compiled import profile
from tests.benchmarks.compiled.comparison import LIBRARY, Comparison
from tests.benchmarks.compiled.task import first_call, sample
from tests.benchmarks.contenders import with_deep_stack

__all__ = ["serve"]

SECONDS, SECONDS_QUICK = 0.1, 0.03
"""How long one sample repeats a call."""


def serve(comparison: Comparison, work: str, contender: str, *, quick: bool) -> None:
    """Answers until there is no more input."""
    if contender == "micrograd":  # its recursion goes as deep as the graph
        with_deep_stack(lambda: _serve(comparison, work, contender, quick=quick))
    else:
        _serve(comparison, work, contender, quick=quick)


def _serve(comparison: Comparison, work: str, contender: str, *, quick: bool) -> None:
    task: Any = None
    call: Any = None
    for line in sys.stdin:
        answer: Any
        if line.strip() == "first":
            try:
                task = comparison.works[work][contender]()
            except ModuleNotFoundError as error:
                answer = {"missing": str(error)}
            else:
                ours = contender.startswith(LIBRARY)
                with profile.passes() if ours else nullcontext(dict[str, float]()) as passes:
                    call, result, seconds = first_call(task)
                answer = {"first": seconds, "passes": passes, "numbers": [*task.numbers(result), *task.numbers(call())]}
                if task.jitted is not None:
                    answer |= profile.facts(task)
                answer["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
        elif line.strip() == "sample":
            answer = sample(call, SECONDS_QUICK if quick else SECONDS)
        else:
            answer = profile.of_call(task, sample(call, SECONDS))
        print(json.dumps(answer), flush=True)

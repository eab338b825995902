"""Breaks every fact of every row of the table, one at a time, and asks whether some test of the row notices.

    python -m tests.mutants                      # all of them
    python -m tests.mutants --only tanh          # those of one row
    python -m tests.mutants --sample 60 --seed 7 # so many of them, the same ones for the same seed

A fact is the value, a partial towards an argument, a mask of structural zeros, a constraint of the domain, the symbol,
or the notation as text or as LaTeX. Numbers are shifted by 1e-6, in relation to their size; masks are dropped and turned
round; constraints are dropped, and those on one argument moved by 1e-6 either way. The tests of a row run in a process of
its own, forked when all modules are loaded, with the same dice every time. The exit code is 1 if a mutant survives, or if a
test fails on the row as it is.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import Phase, settings

import autograd_lite  # noqa: F401  # fills the table
import tests.conftest  # noqa: F401  # fills the profiles
from autograd_lite.engine import operations as table
from autograd_lite.engine.domain import Domain
from autograd_lite.engine.notation import Part
from autograd_lite.engine.primitive import TABLE, Primitive, _slope
from tests.weakenings import coordinates, exchange, seeking, weakenings

SHIFT = 1e-6

MODULES = ("test_rows", "test_rows_domains", "test_rows_special_floats", "test_notation")
"""Whose tests are asked, in this order, so that a mutant falls to the most telling test that notices it."""


@dataclass(frozen=True)
class Mutant:
    """A row with one fact changed.

    Attributes:
        name: the row's.
        fault: what is wrong with it.
        changes: the attributes of the row that are other ones.
    """

    name: str
    fault: str
    changes: dict[str, Any]


def shifted(z: Any) -> Any:
    """A number or a graph moved by a millionth; what passes nothing on still passes nothing on."""
    return None if z is None else z + SHIFT * (1.0 + table.abs(z))


def shifted_result(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: shifted(function(*args))


def turned(mask: Any) -> Any:
    return 1.0 - mask


def replaced(items: Sequence[Any], k: int, item: Any) -> tuple[Any, ...]:
    return (*items[:k], item, *items[k + 1 :])


# --- the faults of a row -------------------------------------------------------------------------------------------------


def mutants(row: Primitive) -> Iterator[Mutant]:
    """One for each fact of a row."""
    faults = [
        ("value shifted", {"evaluate": shifted_result(row.evaluate)}),
        ("symbol changed", {"symbol": TABLE["exp" if row.symbol != "exp" else "log"].symbol}),
        ("text changed", {"notation": replace(row.notation, text=_first_alone)}),
        ("LaTeX changed", {"notation": replace(row.notation, latex=_first_alone)}),
        *(_sequence_faults(row) if row.arity is None else _argument_faults(row)),
        *_domain_faults(row.domain),
    ]
    for fault, changes in faults:
        yield Mutant(row.name, fault, changes)


def _first_alone(name: str, parts: Sequence[Part]) -> Part:
    """A notation that forgets the operation."""
    return parts[0]


def _argument_faults(row: Primitive) -> Iterator[tuple[str, dict[str, Any]]]:
    for k, (partial, active) in enumerate(zip(row.partials, row.active, strict=True)):
        # Where nothing is to flow, a shift of nothing is a millionth that flows.
        wrong = shifted_result(partial) if callable(partial) else SHIFT if partial is None else shifted(partial)
        yield f"partial {k} shifted", _with_slopes(row, replaced(row.partials, k, wrong), row.active)
        if active is not None:
            yield f"mask {k} dropped", _with_slopes(row, row.partials, replaced(row.active, k, None))
            other = lambda *args, active=active: turned(active(*args))  # noqa: E731  # it needs this mask
            yield f"mask {k} turned", _with_slopes(row, row.partials, replaced(row.active, k, other))


def _with_slopes(row: Primitive, partials: tuple[Any, ...], active: tuple[Any, ...]) -> dict[str, Any]:
    slopes = tuple(_slope(partial, mask) for partial, mask in zip(partials, active, strict=True))
    return {"partials": partials, "active": active, "slopes": slopes}


def _sequence_faults(row: Primitive) -> Iterator[tuple[str, dict[str, Any]]]:
    function: Any = row.partials[0]
    (active,) = row.active
    # The index at the end of `pick` never receives anything: its last partial is the one before.
    for place, back in (("first", 0), ("last", -2 if row.name == "pick" else -1)):

        def wrong(args: Any, out: Any, needed: Any, back: int = back) -> list[Any]:
            partials = list(function(args, out, needed))
            partials[back] = shifted(partials[back])
            return partials

        yield f"{place} partial shifted", {"partials": (wrong,)}
    if active is not None:
        yield "mask dropped", {"active": (None,)}
        yield "mask turned", {"active": (lambda args, out: [turned(mask) for mask in active(args, out)],)}


def _domain_faults(domain: Domain) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, weakening in enumerate(weakenings(domain)):
        yield f"constraint {number} of '{domain.text}' dropped", {"domain": weakening.domain}
    restricted = {weakening.coordinate for weakening in weakenings(domain)}
    for k, coordinate in coordinates(domain):
        if k in restricted:
            for manner, quantifier in (("narrower", all), ("wider", any)):
                moved = exchange(domain, k, _moved(coordinate, quantifier))
                yield f"constraint on argument {k} of '{domain.text}' {manner}", {"domain": seeking(moved, domain)}


def _moved(domain: Domain, quantifier: Callable[..., bool]) -> Domain:
    """The domain with its ends, and those of the holes in it, a millionth further in (`all`) or out (`any`)."""

    def contains(x: float) -> bool:
        half = round(2.0 * x) / 2.0  # all holes of one point lie at a multiple of ½
        near = (x - SHIFT, x, x + SHIFT, half if abs(x - half) < SHIFT else x)
        return quantifier(domain.contains(x) for x in near)

    return replace(domain, contains=contains)


# --- the trial -----------------------------------------------------------------------------------------------------------


def load_tests() -> list[tuple[Callable[..., None], list[str]]]:
    """The tests that are run for every row, with the rows; the same dice every time, and no time spent on shrinking."""
    phases = [Phase.explicit, Phase.generate]
    settings.register_profile("mutants", settings.get_profile("ci"), phases=phases, database=None)
    settings.load_profile("mutants")
    tests = []
    for module in MODULES:
        for function in vars(importlib.import_module(f"tests.engine.{module}")).values():
            for mark in getattr(function, "pytestmark", []):
                if mark.name == "parametrize" and mark.args[0] == "name":
                    tests.append((function, mark.args[1]))
    return tests


TESTS: list[tuple[Callable[..., None], list[str]]] = []
MUTANTS: list[Mutant] = []
"""Filled before the processes are forked: functions made on the fly cannot be sent to them, their places can."""


def verdict(number: int) -> str:
    """The name of the test that notices a mutant, or nothing if it survives; runs in a process of its own."""
    mutant = MUTANTS[number]
    for attribute, changed in mutant.changes.items():
        object.__setattr__(TABLE[mutant.name], attribute, changed)
    for test, names in TESTS:
        if mutant.name in names:
            try:
                test(name=mutant.name)
            except Exception:
                return test.__name__
    return ""


def survivors(chosen: Sequence[Mutant], workers: int) -> list[str]:
    """Tries all mutants, in parallel, and prints what happens to each; rows must pass as they are."""
    MUTANTS[:] = [Mutant(name, "", {}) for name in dict.fromkeys(mutant.name for mutant in chosen)] + list(chosen)
    problems = []
    with multiprocessing.get_context("fork").Pool(workers, maxtasksperchild=1) as pool:
        for mutant, test in zip(MUTANTS, pool.imap(verdict, range(len(MUTANTS)), chunksize=1), strict=True):
            if not mutant.fault and test:
                problems.append(f"{mutant.name}: {test} fails on the row as it is")
            elif mutant.fault:
                print(f"{mutant.name}: {mutant.fault}: {test or 'SURVIVES'}")
                problems.extend([] if test else [f"{mutant.name}: {mutant.fault}: no test notices"])
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sample", type=int, help="how many mutants to try; by default all")
    parser.add_argument("--seed", type=int, default=0, help="which ones")
    parser.add_argument("--only", help="a row's name")
    arguments = parser.parse_args()
    if arguments.only and arguments.only not in TABLE:
        parser.error(f"the table has no row named {arguments.only!r}")
    start = time.perf_counter()
    TESTS[:] = load_tests()
    rows = [row for name, row in TABLE.items() if arguments.only in (name, None)]
    chosen = [mutant for row in rows for mutant in mutants(row)]
    if arguments.sample is not None and arguments.sample < len(chosen):
        chosen = random.Random(arguments.seed).sample(chosen, arguments.sample)
    problems = survivors(chosen, os.cpu_count() or 1)
    print(f"{len(chosen)} mutants, {len(problems)} problems, {time.perf_counter() - start:.0f} s")
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

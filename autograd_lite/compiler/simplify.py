"""simplify: Program → Program, with fewer entries and the same results.

What would fold constants or split what is alike has no place here: the schedule lives on many entries being the same.
"""

from __future__ import annotations

from typing import Any

from autograd_lite.compiler.program import Argument, Input, Program
from autograd_lite.engine.operations import add, multiply, positive
from autograd_lite.engine.primitive import Primitive
from autograd_lite.engine.reductions import dot, total

__all__ = ["drop_dead", "gather_sums", "share", "simplify"]


def simplify(program: Program) -> Program:
    """All passes, in the order in which each helps the next."""
    return drop_dead(gather_sums(share(program)))


def share(program: Program) -> Program:
    """Entries that say the same become one, copies (unary +) become what they copy, and what nothing needs is left out."""
    made = Program()
    seen: dict[Any, int] = {}
    places: list[Argument | None] = []
    columns = zip(program.ops, program.args, program.axes, program.over, program.used(), strict=True)
    for op, args, axes, over, used in columns:
        if not used:
            places.append(None)
            continue
        if isinstance(op, Input):
            key: Any = (op.source, op.position, axes)
            found = seen.get(key)
            if found is None:
                found = seen[key] = made.add(op, args, axes)
            places.append(found)
            continue
        moved = tuple([places[arg] if type(arg) is int else arg for arg in args])
        if op is positive and type(moved[0]) is int:
            # The copy may vary over more axes than what it copies; then it reads the same number in every lane.
            places.append(moved[0])
            continue
        # A key holds floats by their text: 0.0 and -0.0 are equal, and nan is not.
        key = (op, tuple([repr(arg) if type(arg) is float else arg for arg in moved]), axes, over)
        found = seen.get(key)
        if found is None:
            found = seen[key] = made.add(op, moved, axes, over)  # type: ignore[arg-type]
        places.append(found)
    made.outputs = program.renumbered(places)
    return made


def drop_dead(program: Program) -> Program:
    """Without the entries on which no output depends."""
    live = program.used()
    if all(live):
        return program
    made = Program()
    places: list[Argument | None] = []
    columns = zip(program.ops, program.args, program.axes, program.over, live, strict=True)
    for op, args, axes, over, used in columns:
        if used:
            moved = tuple([places[arg] if type(arg) is int else arg for arg in args])
            places.append(made.add(op, moved, axes, over))  # type: ignore[arg-type]
        else:
            places.append(None)
    made.outputs = program.renumbered(places)
    return made


def gather_sums(program: Program) -> Program:
    """Chains of `+` over products become one `dot`, chains of `+` over anything else one `total`.

    micrograd's neuron, b + w₀·x₀ + w₁·x₁ + …, is one weighted sum; entry by entry it would be as many levels as weights.
    Only sums and products that nothing else uses are taken in.
    """
    uses = [0] * len(program)
    for args in program.args:
        for arg in args:
            if type(arg) is int:
                uses[arg] += 1
    for output in program.outputs:
        if type(output) is int:
            uses[output] += 2
    gathered = _sums_to_gather(program, uses)
    made = Program()
    places: list[Argument | None] = []
    for place, (op, args) in enumerate(zip(program.ops, program.args, strict=True)):
        axes, over = program.axes[place], program.over[place]
        terms = gathered.get(place)
        if terms is not None:
            op, args = _as_sum(program, terms)
        moved = tuple([places[arg] if type(arg) is int else arg for arg in args])
        places.append(made.add(op, moved, axes, over))  # type: ignore[arg-type]
    made.outputs = program.renumbered(places)
    return made


def _sums_to_gather(program: Program, uses: list[int]) -> dict[int, list[Any]]:
    """Of the last entry of each chain its terms: an argument, or the two arguments of a product."""
    terms: dict[int, list[Any]] = {}
    for place, (op, args) in enumerate(zip(program.ops, program.args, strict=True)):
        if program.over[place] or (op is not add and op is not total and op is not dot):
            continue
        axes = program.axes[place]
        half = len(args) // 2
        found: list[Any] = []
        for arg in zip(args[:half], args[half:], strict=True) if op is dot else args:
            inner: list[Any] = [arg]
            if type(arg) is int and uses[arg] == 1 and program.axes[arg] == axes and not program.over[arg]:
                if arg in terms:
                    inner = terms.pop(arg)
                elif program.ops[arg] is multiply:
                    inner = [program.args[arg]]
            if len(inner) > len(found):  # the shorter to the longer: a chain of n sums is gathered in n steps
                found, inner = inner, found
            found += inner
        terms[place] = found
    return {place: found for place, found in terms.items() if _is_worth_it(program, place, found)}


def _is_worth_it(program: Program, place: int, terms: list[Any]) -> bool:
    """Whether a gathered sum says more than the entry did."""
    if program.ops[place] is add:
        return len(terms) > 2 or any(type(term) is tuple for term in terms)
    return len(terms) > len(program.args[place]) // (2 if program.ops[place] is dot else 1) or (
        program.ops[place] is total and any(type(term) is tuple for term in terms)
    )


def _as_sum(program: Program, terms: list[Any]) -> tuple[Primitive, tuple[Argument, ...]]:
    if not any(type(term) is tuple for term in terms):
        return total, tuple(terms)
    pairs = [term if type(term) is tuple else (term, 1.0) for term in terms]
    return dot, (*[x for x, _ in pairs], *[y for _, y in pairs])

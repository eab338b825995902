"""The form of a group of loops: it tells apart all that makes other code, and nothing else."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from autograd_lite.compiler.backends.native import machine as native_machine
from autograd_lite.compiler.plan import Step
from autograd_lite.engine import operations

if not native_machine.has_native():
    pytest.skip("native code needs llvmlite: pip install 'autograd_lite[native]'", allow_module_level=True)

from autograd_lite.compiler.backends.native.chunks import Group
from autograd_lite.compiler.backends.native.nest import CONSTANTS, Access, Nest, Part
from autograd_lite.compiler.backends.native.outline import outline_of

pytestmark = pytest.mark.slow

LANES = 7
"""The axis whose lanes go in blocks."""

FIRST, SECOND = Access(3, 5, (4, 1)), Access(4, 2, (0, 1))
STEP = Step(operations.multiply, "contraction", 9, 6, (), (), 0, ())
NEST = Nest((6,), (1,), (Part((4,), (FIRST, SECOND)),))


def outline(*nests, step=STEP, adds=False, needed=(9,), kind=lambda number: "numbers"):
    return outline_of(Group([(step, list(nests) or [NEST])], adds=adds), LANES, frozenset(needed), kind)


def with_operands(*operands, counts=(4,), along=-1):
    return replace(NEST, parts=(Part(counts, operands, along),))


PLAIN = outline()

OPERANDS = {
    "buffer": replace(FIRST, buffer=4),
    "strides": replace(FIRST, strides=(4, 2)),
    "constant": replace(FIRST, constant=0.5),
    "table": replace(FIRST, table=1),
    "start": replace(FIRST, start=1),
    "places": replace(FIRST, places=(4, 1)),
    "unit": replace(FIRST, unit=2),
    "has_lanes": replace(FIRST, has_lanes=True),
}
"""Operands that differ from the first in one thing."""


def test_operands_that_differ_in_anything_but_where_they_begin_make_other_forms():
    assert {field.name for field in fields(Access)} == {*OPERANDS, "base"}
    forms = [outline(with_operands(access, SECOND)).form for access in [FIRST, *OPERANDS.values()]]
    assert len(set(forms)) == len(forms)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((Access(CONSTANTS, 0, (4, 1), constant=0.0), SECOND), (Access(CONSTANTS, 0, (4, 1), constant=-0.0), SECOND)),
        ((Access(CONSTANTS, 0, (4, 1), table=0), SECOND), (Access(CONSTANTS, 8, (4, 1), table=0), SECOND)),
        ((FIRST, replace(FIRST, base=6)), (FIRST, replace(FIRST, base=7))),
        ((FIRST, replace(FIRST, base=6)), (FIRST, replace(FIRST, base=4))),
        ((FIRST, SECOND), (SECOND, FIRST)),
        ((FIRST, FIRST), (FIRST, replace(FIRST, buffer=4))),
        ((replace(FIRST, places=(4, 1)), SECOND), (replace(FIRST, places=(1, 6)), SECOND)),
    ],
    ids=["sign of zero", "place in a table", "distance", "way of a distance", "order", "one or two buffers", "places"],
)
def test_pairs_of_operands_that_are_read_otherwise_make_other_forms(one, other):
    assert outline(with_operands(*one)).form != outline(with_operands(*other)).form


@pytest.mark.parametrize(
    "other",
    [
        outline(replace(NEST, counts=(7,))),
        outline(replace(NEST, out=(2,))),
        outline(replace(NEST, parts=NEST.parts * 2)),
        outline(with_operands(FIRST, SECOND, counts=(5,))),
        outline(with_operands(FIRST, SECOND, along=1)),
        outline(with_operands(FIRST)),
        outline(NEST, NEST),
        outline(step=replace(STEP, op=operations.add)),
        outline(step=replace(STEP, kind="elementwise")),
        outline(step=replace(STEP, axes=(LANES,))),
        outline(step=replace(STEP, over=(LANES,))),
        outline(adds=True),
        outline(kind=lambda number: "lanes"),
        outline(kind=lambda number: "lanes" if number == 4 else "numbers"),
    ],
    ids=[
        "counts",
        "out",
        "parts",
        "terms",
        "along",
        "operands",
        "nests",
        "op",
        "kind",
        "kept",
        "summed",
        "adds",
        "lie",
        "one lies",
    ],
)
def test_groups_that_differ_in_what_they_do_have_other_forms(other):
    assert other.form != PLAIN.form


def test_of_steps_that_go_together_it_tells_which_reads_which_and_which_are_stored():
    def three(read, needed):
        pieces = [Nest((6,), (1,), (Part((), (Access(number, 0, (1,)),)),)) for number in (3, 10, read)]
        steps = [(replace(STEP, kind="elementwise", buffer=10 + k), [nest]) for k, nest in enumerate(pieces)]
        return outline_of(Group(steps), LANES, frozenset(needed), lambda number: "numbers").form

    forms = [three(read, needed) for read in (10, 11) for needed in [(12,), (10, 12), (11, 12)]]
    assert len(set(forms)) == len(forms)


def test_groups_that_differ_in_their_buffers_and_where_they_begin_are_one_form_that_is_filled_in():
    other = replace(FIRST, buffer=6, base=50), replace(SECOND, buffer=5, base=1)
    moved = outline(with_operands(*other), step=replace(STEP, buffer=8), needed=(8,))
    assert moved.form == PLAIN.form
    assert (PLAIN.buffers, PLAIN.bases) == ((3, 4, 9), (5, 2, 0))
    assert (moved.buffers, moved.bases) == ((6, 5, 8), (50, 1, 0))


def test_what_is_read_at_listed_rows_and_in_a_row_too_begins_with_the_buffer():
    listed = replace(FIRST, base=0, table=0, places=(4, 1))
    assert outline(with_operands(FIRST, listed)).bases == outline(with_operands(listed, FIRST)).bases == (0, 0)

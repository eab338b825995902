"""Programs: the validator refuses what is wrong, every pass keeps the results; both by an interpreter that is not ours."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from mpmath import mp

import autograd_lite as ag
from autograd_lite.calculus.trees import blocks
from autograd_lite.compiler.backends.numpy_backend import BoundPlan
from autograd_lite.compiler.program import Input, Program, lanes_text
from autograd_lite.compiler.schedule import schedule
from autograd_lite.compiler.simplify import drop_dead, gather_sums, share, simplify
from autograd_lite.compiler.sources import Array, Numbers
from autograd_lite.compiler.traced_call import trace_call
from autograd_lite.engine.primitive import TABLE
from tests.compiler import strategies
from tests.oracles import value_at
from tests.strategies import examples, graphs

add, multiply, positive, sin = (TABLE[name] for name in ("add", "multiply", "positive", "sin"))
total, dot, largest = TABLE["total"], TABLE["dot"], TABLE["max"]
PASSES = {"share": share, "drop_dead": drop_dead, "gather_sums": gather_sums, "simplify": simplify}

# --- an interpreter of programs ------------------------------------------------------------------------------------------


def on_mpmath(name, args):
    """A row by mpmath, rounded to a float at the end; what mpmath has no real value for is nan."""
    try:
        return float(value_at(name, args))
    except (ArithmeticError, ValueError):
        return math.nan


def on_floats(name, args):
    row = TABLE[name]
    return row.evaluate(list(args)) if row.arity is None else row.evaluate(*args)


def interpreted(program, read, sizes, evaluate=on_floats):
    """The outputs of a program, lane by lane: for each a dict from the lanes of its axes to a number.

    It is the module's first lines to the letter: an argument is read at the same point of every axis that it has, and a
    sequence is repeated along the axes that are run over.
    """
    entries = []
    for op, args, axes, over in zip(program.ops, program.args, program.axes, program.over, strict=True):
        found = {}
        for lanes in itertools.product(*[range(sizes[axis]) for axis in axes]):
            here = dict(zip(axes, lanes, strict=True))
            if isinstance(op, Input):
                found[lanes] = read(op, here)
                continue
            rounds = []
            for more in itertools.product(*[range(sizes[axis]) for axis in over]):
                point = here | dict(zip(over, more, strict=True))
                rounds.append([at(program, entries, arg, point) for arg in args])
            if op.symbol == dot.symbol:
                half = len(args) // 2
                sequence = [x for values in rounds for x in values[:half]] + [y for values in rounds for y in values[half:]]
            else:
                sequence = [x for values in rounds for x in values]
            found[lanes] = evaluate(op.name, sequence)
        entries.append(found)
    return [{(): output} if type(output) is float else entries[output] for output in program.outputs]


def at(program, entries, arg, point):
    return arg if type(arg) is float else entries[arg][tuple([point[axis] for axis in program.axes[arg]])]


def traced(f, *args):
    """The trace of a call, with a reader of its inputs for the interpreter."""
    items, structure = blocks((args, {}))
    trace = trace_call(f, items, structure, lambda tree: (tuple(tree[0]), {}))
    numbers = [x for x in items if type(x) is float]

    def read(op, lanes):
        source = trace.sources[op.source]
        if isinstance(source, Numbers):
            return numbers[op.position]
        if isinstance(source, Array):
            array, free = items[source.block], [d for d, axis in enumerate(source.mapping) if axis is None]
            place = np.unravel_index(op.position, [array.shape[d] for d in free])
            index = [lanes[axis] if axis is not None else int(place[free.index(d)]) for d, axis in enumerate(source.mapping)]
            return float(array[tuple(index)])
        if hasattr(source, "nodes"):
            return source.nodes[op.position].data
        return float(sizes[op.position])

    sizes = {}
    for source in trace.sources:
        if isinstance(source, Array):
            sizes |= {axis: n for axis, n in zip(source.mapping, items[source.block].shape, strict=True) if axis is not None}
    return trace, read, sizes


def same(found, expected, scale, tolerance=1e-10):
    """Whether outputs agree in every lane; one that is the same in all lanes may have lost its axes."""
    for a, b in zip(found, expected, strict=True):
        for lanes, x in b.items():
            y = a.get(lanes, a.get(()))
            if y is None:  # the axes that remain
                (y,) = {value for kept, value in a.items() if set(kept) <= set(lanes)}
            if not (abs(x - y) <= tolerance * max(scale, abs(x)) or (x != x and y != y) or x == y):
                return False
    return True


# --- passes --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PASSES)
@examples(25)
@given(f=strategies.functions(branches=False), args=strategies.arguments())
def test_a_pass_keeps_a_random_program_valid_and_its_results(name, f, args):
    trace, read, sizes = traced(lambda w, xs, y: (f(w, xs, y), ag.grad(f)(w, xs, y)[0]), *args)
    before = interpreted(trace.program.validate(), read, sizes)
    text = str(trace.program)
    after = PASSES[name](trace.program).validate()
    assert str(trace.program) == text  # a pass makes a new program and leaves the old one alone
    assert len(after) <= len(trace.program)
    assert same(interpreted(after, read, sizes), before, 100.0)


@examples(25)
@given(f=strategies.functions(branches=False), args=strategies.arguments())
def test_a_plan_of_a_random_program_gives_what_the_interpreter_gives(f, args):
    trace, read, sizes = traced(lambda w, xs, y: (f(w, xs, y), ag.grad(f)(w, xs, y)[0]), *args)
    expected = interpreted(trace.program, read, sizes)
    near, magnitude = f.watched(*args)
    found = ag.jit(lambda w, xs, y: (f(w, xs, y), ag.grad(f)(w, xs, y)[0]))(*args)
    outputs = [expected[-2][()], expected[-1][()]] if not trace.optimistic else None
    if outputs and near > 1e-5 and magnitude < 1e4 and all(map(math.isfinite, outputs)):
        assert np.allclose(found, outputs, rtol=1e-9, atol=1e-9)


@examples(15)
@given(recipe=graphs(largest=12))
def test_a_simplified_program_is_what_mpmath_computes(recipe):
    """Each row by mpmath; thirty operations of slopes up to 100 lose some digits of sixteen."""
    trace, read, sizes = traced(lambda *inputs: recipe.on_rows(inputs)[-1], *recipe.inputs)
    expected = float(recipe.run([mp.mpf(x) for x in recipe.inputs], lambda name, args: value_at(name, args), mp.mpf)[-1])
    for program in (trace.program, simplify(trace.program)):
        (found,) = interpreted(program, read, sizes, on_mpmath)
        assert abs(found[()] - expected) <= 1e-9 * max(abs(expected), 1.0)
    assert abs(ag.jit(lambda *inputs: recipe.on_rows(inputs)[-1])(*recipe.inputs) - expected) <= 1e-8 * max(
        abs(expected), 1.0
    )


def program_of(*entries, outputs):
    program = Program()
    for op, args, axes, over in entries:
        program.add(op, args, axes, over)
    program.outputs = list(outputs)
    return program


def inputs(count, axes=()):
    return [(Input(0, k), (), axes, ()) for k in range(count)]


def test_entries_that_say_the_same_become_one_and_zeros_of_two_signs_do_not():
    program = program_of(
        *inputs(1), (sin, (0,), (), ()), (sin, (0,), (), ()), (add, (1, 0.0), (), ()), (add, (2, -0.0), (), ()),
        (add, (2, 0.0), (), ()), (add, (1, math.nan), (), ()), (add, (2, math.nan), (), ()), outputs=(3, 4, 5, 6, 7),
    )  # fmt: skip
    shared = share(program).validate()
    assert len(shared) == 5
    assert shared.outputs == [2, 3, 2, 4, 4]


def test_the_same_words_over_other_axes_are_something_else():
    program = program_of(
        *inputs(1, (0,)), (total, (0,), (), (0,)), (total, (0,), (0,), ()), (largest, (0,), (), (0,)), outputs=(1, 2, 3)
    )
    assert len(share(program).validate()) == 4


def test_a_copy_becomes_what_it_copies_also_where_it_has_more_axes():
    program = program_of(
        *inputs(1), (positive, (0,), (0,), ()), (Input(1, 0), (), (0,), ()), (multiply, (1, 2), (0,), ()), outputs=(3, 1)
    )
    shared = share(program).validate()
    assert [str(op) for op in shared.ops].count(str(positive)) == 0
    assert shared.outputs[1] == 0


def test_what_no_output_needs_is_dropped_and_the_order_stays():
    program = program_of(*inputs(3), (sin, (1,), (), ()), (sin, (2,), (), ()), (add, (2, 4), (), ()), outputs=(5, 2.5))
    kept = drop_dead(program).validate()
    assert kept.ops == [Input(0, 2), sin, add]
    assert kept.outputs == [2, 2.5]


def test_a_chain_of_sums_over_products_becomes_one_dot():
    program = program_of(
        *inputs(4), (multiply, (0, 1), (), ()), (add, (4, 2), (), ()), (multiply, (2, 3), (), ()), (add, (5, 6), (), ()),
        outputs=(7,),
    )  # fmt: skip
    gathered = drop_dead(gather_sums(program)).validate()
    assert gathered.ops[4:] == [dot]
    pairs = set(zip(gathered.args[4][:3], gathered.args[4][3:], strict=True))
    assert pairs == {(0, 1), (2, 1.0), (2, 3)}


def test_a_product_that_something_else_needs_is_left_alone():
    program = program_of(
        *inputs(2), (multiply, (0, 1), (), ()), (add, (2, 0), (), ()), (add, (3, 1), (), ()), outputs=(4, 2)
    )
    gathered = gather_sums(program).validate()
    assert multiply in drop_dead(gathered).ops
    again = program_of(*inputs(1), (add, (0, 0), (), ()), (add, (1, 1), (), ()), outputs=(2,))
    kept = drop_dead(gather_sums(again)).validate()
    assert interpreted(kept, lambda op, lanes: 3.0, {}) == [{(): 12.0}]


def test_sums_of_other_axes_are_not_gathered():
    """A number that all lanes share is in every lane's sum; one that is summed over lanes is not that of each."""
    program = program_of(
        *inputs(1, (0,)), (Input(1, 0), (), (), ()), (add, (1, 2.0), (), ()), (add, (0, 2), (0,), ()),
        (total, (3,), (), (0,)), (add, (4, 1), (), ()), outputs=(3, 5),
    )  # fmt: skip
    gathered = drop_dead(gather_sums(program)).validate()

    def read(op, lanes):
        return 10.0 if op.source else float(lanes[0])

    expected = [{(0,): 12.0, (1,): 13.0, (2,): 14.0}, {(): 49.0}]
    assert interpreted(program, read, {0: 3}) == expected
    assert interpreted(gathered, read, {0: 3}) == expected


def test_a_hand_made_program_runs_as_a_plan():
    program = program_of(
        *inputs(2), (Input(1, 0), (), (0,), ()), (multiply, (0, 2), (0,), ()), (total, (3,), (), (0,)),
        (largest, (3, 1), (), (0,)), (add, (4, 5), (), ()), outputs=(6, 1, 7.5),
    ).validate()  # fmt: skip
    lanes = np.array([[3.0, -1.0, 2.0]])
    plan = schedule(program, (Numbers(), Array(0, (0,))), ((3, ()),))
    run = BoundPlan(plan, [np.array([2.0, 5.0]), lanes], {0: 3}).run()
    assert run[0].tolist() == [8.0 + 6.0, 5.0, 7.5]


# --- the validator -------------------------------------------------------------------------------------------------------

WRONG = {
    "no arguments": ([*inputs(1), (sin, (), (), ())], (1,), "sin was given 0 arguments"),
    "too many arguments": ([*inputs(2), (sin, (0, 1), (), ())], (2,), "sin was given 2 arguments"),
    "an empty sequence": ([*inputs(1), (total, (), (), ())], (1,), "total was given 0 arguments"),
    "an argument that comes later": (
        [*inputs(1), (sin, (2,), (), ()), (sin, (0,), (), ())],
        (1,),
        "%2 does not stand before",
    ),
    "itself as an argument": ([*inputs(1), (sin, (1,), (), ())], (1,), "%1 does not stand before"),
    "a negative place": ([*inputs(1), (sin, (-1,), (), ())], (1,), "%-1 does not stand before"),
    "an argument that is no number": ([*inputs(1), (sin, ("0",), (), ())], (1,), "neither a place nor a float"),
    "a truth as an argument": ([*inputs(1), (sin, (True,), (), ())], (1,), "neither a place nor a float"),
    "an input with arguments": ([*inputs(1), (Input(0, 1), (0,), (), ())], (1,), "an input has no arguments"),
    "an input that reduces": ([(Input(0, 1), (), (), (0,))], (0,), "an input has no arguments"),
    "an axis that is lost": ([*inputs(1, (0,)), (sin, (0,), (), ())], (1,), "varies over an axis that it has not"),
    "one of two axes lost": ([*inputs(1, (0, 1)), (total, (0,), (0,), ())], (1,), "varies over an axis that it has not"),
    "a scalar operation that reduces": ([*inputs(1, (0,)), (sin, (0,), (), (0,))], (1,), "no operation on a sequence"),
    "an axis kept and reduced": ([*inputs(1, (0,)), (total, (0,), (0,), (0,))], (1,), "axes are not ascending"),
    "axes in disorder": ([*inputs(1, (0, 1)), (sin, (0,), (1, 0), ())], (1,), "axes are not ascending"),
    "an axis twice": ([*inputs(1, (0,)), (sin, (0,), (0, 0), ())], (1,), "axes are not ascending"),
    "an output that is not there": ([*inputs(1)], (1,), "no entry 1"),
    "a negative output": ([*inputs(1)], (-1,), "no entry -1"),
    "a dot of half a pair": ([*inputs(3), (dot, (0, 1, 2), (), ())], (3,), "dot"),
    "an input's axes in disorder": ([(Input(0, 0), (), (1, 0), ())], (0,), "axes are not ascending"),
    "two shapes of one source": ([(Input(0, 0), (), (0,), ()), (Input(0, 1), (), (), ())], (0, 1), "source 0"),
    "a negative position": ([(Input(0, -1), (), (), ())], (0,), "position|place"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_program_is_refused_for_its_reason(name):
    entries, outputs, reason = WRONG[name]
    with pytest.raises(ValueError, match=reason):
        program_of(*entries, outputs=outputs).validate()


def test_columns_of_different_lengths_are_refused():
    program = program_of(*inputs(2), outputs=(0,))
    program.axes.pop()
    with pytest.raises(ValueError, match=r"shorter|length"):
        program.validate()


def test_a_program_prints_an_entry_a_line():
    program = program_of(
        *inputs(1, (0,)), (Input(1, 4), (), (), ()), (multiply, (0, 1), (0,), ()), (total, (2,), (), (0,)),
        (add, (3, 0.5), (), ()), outputs=(4, 2.0),
    )  # fmt: skip
    assert str(program).splitlines() == [
        "%0[a] = input 0[0]",
        "%1 = input 1[4]",
        "%2[a] = multiply(%0, %1)",
        "%3 = total over [a](%2)",
        "%4 = add(%3, 0.5)",
        "return %4, 2",
    ]
    assert lanes_text((0, 2)) == "[a,c]"

"""Programs as straight-line Python: the eager values to the bit, parts, guards, trees, and what is no shorter way."""

from __future__ import annotations

import functools
import itertools
import linecache
import math
import operator
import pickle
import struct
import traceback
from collections import namedtuple
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.calculus.trees import blocks
from autograd_lite.compiler.backends import python_backend
from autograd_lite.compiler.backends.direct import MISS, direct_function
from autograd_lite.compiler.backends.python_backend import PythonFunction, cost
from autograd_lite.compiler.backends.spellings import BUILT, TEMPLATES
from autograd_lite.compiler.program import Input, Program
from autograd_lite.compiler.simplify import simplify
from autograd_lite.compiler.trace import Guard
from autograd_lite.compiler.traced_call import Form, trace_call
from autograd_lite.engine.primitive import TABLE
from tests.strategies import SPECIAL, examples, graphs, points, special_points

every_row = pytest.mark.parametrize("name", sorted(TABLE))
floats = st.one_of(st.sampled_from(SPECIAL), st.floats(), st.floats(-100.0, 100.0))


def evaluate(row, point):
    return row.evaluate(list(point)) if row.arity is None else row.evaluate(*point)


def bits(x):
    """A float to the last bit; one nan is as good as another."""
    return "nan" if math.isnan(x) else struct.pack("d", x)


def program_of(count, entries, outputs=None):
    """A program that reads so many inputs and then has entries of a row and arguments; it gives the entries by default."""
    program = Program()
    for position in range(count):
        program.add(Input(0, position), (), ())
    places = [program.add(row, args, ()) for row, args in entries]
    program.outputs = places if outputs is None else outputs
    return program.validate()


def run(program, numbers):
    (found,) = PythonFunction(program, [(len(program.outputs), ())])([numbers])
    assert all(type(x) is float for x in found)
    return found


def entries_at(row, chosen):
    """The numbers of some points, and the row on each of them: on inputs, and with any of them as constants in the code."""
    numbers = sorted({repr(x): x for x in itertools.chain(*chosen)}.values(), key=repr)
    place = {repr(x): k for k, x in enumerate(numbers)}
    entries, wanted = [], []
    for point in chosen:
        for constant in itertools.product([False, True], repeat=len(point)):
            entries.append((row, tuple([x if c else place[repr(x)] for x, c in zip(point, constant, strict=True)])))
            wanted.append(point)
    return numbers, entries, wanted


def assert_eager(row, chosen):
    numbers, entries, wanted = entries_at(row, chosen)
    found = run(program_of(len(numbers), entries), numbers)
    for (_, args), point, x in zip(entries, wanted, found, strict=True):
        assert is_eager(row, point, x), (row, args, point, x)


def is_eager(row, point, x):
    """Whether a number is the eager one to the bit; a square and a cube are products, and may be two units away."""
    wanted = evaluate(row, point)
    if row is TABLE["pow"] and point[1] in (2.0, 3.0) and math.isfinite(wanted) and wanted:
        return abs(x - wanted) <= 2.0 * math.ulp(wanted) or abs(wanted) < 1e-290  # where a factor has lost its digits
    return bits(x) == bits(wanted)


# --- the eager values ----------------------------------------------------------------------------------------------------


@pytest.mark.slow  # numbers that no interpreter changes
@every_row
def test_a_row_at_special_floats_is_the_eager_value_to_the_bit(name):
    assert_eager(TABLE[name], special_points(name))


@every_row
@examples(20)
@given(data=st.data())
def test_a_row_at_points_of_its_domain_is_the_eager_value_to_the_bit(name, data):
    assert_eager(TABLE[name], data.draw(st.lists(points(TABLE[name].domain), min_size=1, max_size=5)))


ENDS = [0.999, 1.001, 699.9, 700.0, 709.7, 709.9, 710.4, 710.5, 711.0, 1e16, 9.9e299, 1e300, 1.1e300, 1e-17, 1e-310]
"""Close to where functions overflow or spellings change."""


@pytest.mark.parametrize("name", sorted(name for name in TABLE if TABLE[name].arity == 1))
def test_a_row_close_to_where_functions_end_is_the_eager_value_to_the_bit(name):
    assert_eager(TABLE[name], [(sign * x,) for x in ENDS for sign in (1.0, -1.0)])


@pytest.mark.parametrize("row", sorted([*TEMPLATES, *BUILT], key=lambda row: row.name), ids=lambda row: row.name)
@examples(200)
@given(data=st.data())
def test_a_spelling_at_any_floats_is_the_eager_value_to_the_bit(row, data):
    count = row.arity or 2 * data.draw(st.integers(1, 3))
    assert_eager(row, [data.draw(st.tuples(*[floats] * count))])


EXPONENTS = [0.0, -0.0, 1.0, 2.0, 3.0, 4.0, 17.0, 1e10, 1e300, 0.5, 1.5, 1 / 3, 1e-5, 1e-300, -1.0, -2.0, -0.5, -3.5, -1e9]


@pytest.mark.parametrize("exponent", EXPONENTS)
@example([math.copysign(10.0 ** (k / 8.0), sign) for k in range(-2400, 2400, 97) for sign in (1.0, -1.0)])
@given(st.lists(floats, min_size=1, max_size=20))
def test_a_power_with_a_constant_exponent_is_the_eager_one(exponent, numbers):
    found = run(program_of(len(numbers), [(TABLE["pow"], (k, exponent)) for k in range(len(numbers))]), numbers)
    for base, x in zip(numbers, found, strict=True):
        assert is_eager(TABLE["pow"], (base, exponent), x), base


@pytest.mark.parametrize("length", [1, 2, 3, 60, 199, 200, 201, 202, 400, 5000])
def test_sums_and_products_of_any_length_run_from_left_to_right(length):
    # Of these sizes, any other order of addition gives other digits.
    numbers = [(-1.0) ** k * 1.7 ** (k * 37 % 101 - 50) for k in range(2 * length)]
    row = tuple(range(length))
    program = program_of(
        2 * length,
        [(TABLE["total"], row), (TABLE["product"], row), (TABLE["dot"], tuple(range(2 * length)))],
    )
    products = [x * y for x, y in zip(numbers[:length], numbers[length:], strict=True)]
    expected = [
        functools.reduce(operator.add, numbers[:length]),
        functools.reduce(operator.mul, numbers[:length]),
        functools.reduce(operator.add, products),
    ]
    assert [bits(x) for x in run(program, numbers)] == [bits(x) for x in expected]


@given(xs=st.lists(floats, min_size=1, max_size=6), data=st.data())
def test_a_dot_with_factors_of_plus_and_minus_one_is_the_eager_one_to_the_bit(xs, data):
    ones = data.draw(st.lists(st.sampled_from([1.0, -1.0, 2.0, -0.0]), min_size=len(xs), max_size=len(xs)))
    places = tuple(range(len(xs)))
    found = run(program_of(len(xs), [(TABLE["dot"], (*places, *ones)), (TABLE["dot"], (*ones, *places))]), xs)
    expected = [TABLE["dot"].evaluate([*xs, *ones]), TABLE["dot"].evaluate([*ones, *xs])]
    assert [bits(x) for x in found] == [bits(x) for x in expected]


# --- programs ------------------------------------------------------------------------------------------------------------


def program_of_recipe(recipe):
    """All nodes of a random graph as outputs, inputs among them."""
    count = len(recipe.inputs)
    program = program_of(count, [(TABLE[step.name], step.args) for step in recipe.steps])
    program.outputs = list(range(len(program)))
    return program


@pytest.mark.parametrize("part", [1, 2, 3, 7, 2000])
@examples(60)
@given(recipe=graphs())
def test_random_graphs_give_the_eager_values_to_the_bit_in_parts_of_any_size(part, recipe):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(python_backend, "PART", part)
        found = run(program_of_recipe(recipe), recipe.inputs)
    assert [bits(x) for x in found] == [bits(x) for x in recipe.on_rows(recipe.inputs)]


@pytest.mark.parametrize("part", [2, 5, 2000])
@examples(60)
@given(recipe=graphs(), data=st.data())
def test_a_variable_that_serves_anew_is_no_longer_needed(part, recipe, data):
    """Where few entries are outputs, most variables are used again and again."""
    program = program_of_recipe(recipe)
    last = len(program) - 1
    chosen = data.draw(st.lists(st.integers(0, last), max_size=3))
    program.outputs = [*chosen, 0.25, last, last]
    nodes = [*recipe.on_rows(recipe.inputs)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(python_backend, "PART", part)
        found = run(program, recipe.inputs)
    assert [bits(x) for x in found] == [bits(x) for x in [*[nodes[k] for k in chosen], 0.25, nodes[last], nodes[last]]]


def test_a_constant_is_not_taken_for_the_place_that_equals_it():
    add, multiply = TABLE["add"], TABLE["multiply"]
    entries = [(multiply, (0, 1.0)), (add, (1, 0.0)), (multiply, (2, 2)), (add, (3.0, 3)), (add, (3, 3.0)), (add, (4, 5))]
    assert run(program_of(1, entries, [6, 3]), [5.0]) == [56.0, 25.0]


def test_results_form_arrays_and_sources_are_told_apart():
    program = Program()
    x, y = program.add(Input(2, 1), (), ()), program.add(Input(0, 0), (), ())
    z = program.add(TABLE["subtract"], (x, y), ())
    program.outputs = [z, 0.5, x, -math.inf]
    assert PythonFunction(program, [(0, ()), (3, ()), (1, ())])([[1.0], [], [8.0, 10.0]]) == [
        [],
        [9.0, 0.5, 10.0],
        [-math.inf],
    ]


def test_a_program_of_constants_needs_no_entries():
    program = Program()
    program.outputs = [2.0]
    assert PythonFunction(program, [(1, ())])([]) == [[2.0]]


def test_long_programs_are_compiled_in_parts_of_limited_size():
    program = program_of(1, [(TABLE["add"], (k, 0)) for k in range(20_000)], [20_000, 7, 15_000])
    function = PythonFunction(program, [(3, ())])
    assert function([[1.0]]) == [[20_001.0, 8.0, 15_001.0]]
    parts = function.text.split("\n\n")
    assert len(parts) == 11
    assert max(len(part.splitlines()) for part in parts) < 2020


def test_a_program_with_lanes_is_refused():
    program = Program()
    x = program.add(Input(0, 0), (), (0,))
    program.outputs = [program.add(TABLE["total"], (x,), (), (0,))]
    with pytest.raises(ValueError, match="varies over lanes"):
        PythonFunction(program, [(1, ())])
    constant = Program(outputs=[1.0])
    with pytest.raises(ValueError, match="varies over lanes"):
        PythonFunction(constant, [(1, (0,))])


# --- the code ------------------------------------------------------------------------------------------------------------


def test_the_code_of_a_small_program():
    divide, relu, pow, norm = (TABLE[name] for name in ("divide", "relu", "pow", "norm"))
    entries = [(divide, (0, 1)), (relu, (2,)), (pow, (3, 2.0)), (norm, (4, 0, math.nan)), (divide, (5, -2.0))]
    function = PythonFunction(program_of(2, entries, [6]), [(1, ())])
    assert function.text == (
        "def part(m, s0):\n"
        "    v0 = s0[0]\n"
        "    v1 = s0[1]\n"
        "    v1 = v0 / v1 if v1 else f0(v0, v1)\n"
        "    v1 = v1 if v1 > 0.0 or v1 != v1 else 0.0\n"
        "    v1 = v1 * v1\n"
        "    v0 = f1([v1, v0, nan])\n"
        "    v0 = v0 / (-2.0)\n"
        "    return [[v0]]"
    )


def test_names_of_users_do_not_enter_the_code():
    row = replace(TABLE["sin"], name="__import__", symbol="'", evaluate=lambda x: x + 1.0)
    function = PythonFunction(program_of(1, [(row, (0,))]), [(1, ())])
    assert function([[1.0]]) == [[2.0]]
    assert "__import__" not in function.text


def test_a_pickle_holds_the_program_and_no_code():
    function = PythonFunction(program_of(2, [(TABLE["add"], (0, 1)), (TABLE["sin"], (2,))]), [(2, ())])
    pickled = pickle.dumps(function)
    assert b"def part" not in pickled
    copy = pickle.loads(pickled)
    assert copy.text == function.text
    assert copy([[1.0, 2.0]]) == [[3.0, math.sin(3.0)]]


def test_a_traceback_shows_the_line_for_as_long_as_the_function_lives():
    before = set(linecache.cache)
    function = PythonFunction(program_of(2, [(TABLE["pick"], (0, 1))]), [(1, ())])
    (file,) = set(linecache.cache) - before
    linecache.checkcache()
    with pytest.raises(IndexError) as failure:
        function([[1.0, 2.0]])
    assert "v1 = f0([v0, v1])" in "".join(traceback.format_tb(failure.tb))
    del function, failure
    assert file not in linecache.cache


def test_costs_add_up_and_are_larger_for_what_is_called():
    def of(name, args, times):
        return cost(program_of(len(args), [(TABLE[name], args)] * times, [0]))

    for name, args in [("add", (0, 1)), ("exp", (0,)), ("var", (0, 1, 2)), ("dot", (0, 1)), ("total", (0,) * 500)]:
        assert of(name, args, 30) - of(name, args, 20) == pytest.approx(of(name, args, 20) - of(name, args, 10))
    assert of("add", (0, 1), 10) < of("exp", (0,), 10) < of("erf", (0,), 10)
    assert of("total", tuple(range(100)), 9) < of("max", tuple(range(100)), 9)


# --- the short way of a call ---------------------------------------------------------------------------------------------


def traced(f, *args):
    items, structure = blocks((args, {}))
    trace = trace_call(f, items, structure, lambda tree: (tuple(tree[0]), tree[1]))
    return simplify(trace.program), trace, structure.children[0].children


def direct(f, *args):
    """The direct function of a trace at these arguments, to be called on arguments."""
    function = direct_function(*traced(f, *args))
    assert function is not None
    return lambda *given: function(given)


def text_of(f, *args):
    function = direct_function(*traced(f, *args))
    return "".join(linecache.getlines(function.__code__.co_filename))


def test_the_code_of_a_direct_function():
    def f(x, y):
        return x * 2.0 if x < y else y

    assert text_of(f, 1.0, 2.0) == (
        "def call(args):\n"
        "    try:\n"
        "        if len(args) != 2: return MISS\n"
        "        x0, x1, = args\n"
        "        if type(x0) is not float: return MISS\n"
        "        if type(x1) is not float: return MISS\n"
        "        v0 = 1.0 if x0 < x1 else 0.0\n"
        "        if v0 == 0.0: return MISS\n"
        "        v1 = x0 * 2.0\n"
        "        return v1\n"
        "    except (IndexError, ValueError):\n"
        "        return MISS"
    )


@examples(60)
@given(recipe=graphs())
def test_value_and_gradient_of_random_graphs_are_the_eager_ones(recipe):
    def f(*xs):
        return recipe.on_rows(xs)[-1]

    places = tuple(range(len(recipe.inputs)))
    expected = ag.value_and_grad(f, argnums=places)(*recipe.inputs)
    value, slopes = direct(ag.value_and_grad(f, argnums=places), *recipe.inputs)(*recipe.inputs)
    # The program adds up in another order; graphs have at most thirty nodes of ordinary size, and slopes up to 100.
    assert value == pytest.approx(expected[0], rel=1e-12)
    assert slopes == pytest.approx(expected[1], rel=1e-9, abs=1e-9)


Pair = namedtuple("Pair", "first second")


def test_any_tree_is_taken_apart_and_put_together():
    def f(a, b, c, d, nothing):
        return {"b": Pair(a * b["w"][0], [c.second, None]), "a": ((b["w"][1],), (), d[0] + c.first), "c": [1.5, [], {}, ()]}

    args = (2.0, {"w": (3.0, 4.0), "unused": None}, Pair(5.0, 6.0), [7.0], ())
    found = direct(f, *args)(*args)
    assert found == {"a": ((4.0,), (), 12.0), "b": Pair(6.0, [6.0, None]), "c": [1.5, [], {}, ()]}
    assert type(found["b"]) is Pair


@pytest.mark.parametrize(
    "args",
    [
        (),
        (1.0,),
        (1.0, (2.0, 3.0), 4.0),
        (1, (2.0, 3.0)),
        (True, (2.0, 3.0)),
        (ag.Value(1.0), (2.0, 3.0)),
        (np.float64(1.0), (2.0, 3.0)),
        (1.0, [2.0, 3.0]),
        (1.0, (2.0,)),
        (1.0, (2.0, ag.Value(3.0))),
        (1.0, (2.0, None)),
        (1.0, np.array([2.0, 3.0])),
        (None, (2.0, 3.0)),
    ],
)
def test_arguments_of_another_kind_are_a_miss(args):
    function = direct(lambda x, pair: x + pair[0] * pair[1], 1.0, (2.0, 3.0))
    assert function(1.0, (2.0, 3.0)) == 7.0
    assert function(*args) is MISS


def test_a_dict_of_other_keys_is_a_miss_and_an_other_order_is_none():
    function = direct(lambda d: d["a"] - d["b"], {"a": 1.0, "b": 2.0})
    assert function({"b": 2.0, "a": 5.0}) == 3.0
    with_none = direct(lambda pair: pair[0], (1.0, None))
    assert with_none((2.0, None)) == 2.0
    assert with_none((2.0, 3.0)) is MISS
    for other in ({"a": 1.0, "c": 2.0}, {"a": 1.0}, {"a": 1.0, "b": 2.0, "c": 3.0}, {"a": 1.0, "b": None}):
        assert function(other) is MISS


def test_arrays_are_read_in_any_layout_and_come_back_as_arrays():
    def f(a, x):
        return ag.jacobian(lambda v: np.array([v[0] * v[1] * a[0, 2], v[1] * a[1, 0]]))(x), a * x[0]

    a, x = np.arange(6.0).reshape(2, 3), np.array([2.0, 3.0])
    function = direct(f, a, x)
    for given_a in (a, np.asfortranarray(a), np.repeat(a, 2, axis=1)[:, ::2]):
        slopes, scaled = function(given_a, x)
        assert np.array_equal(slopes, [[6.0, 4.0], [0.0, 3.0]])
        assert np.array_equal(scaled, 2.0 * a)
        assert scaled.dtype == float
        assert scaled.flags.writeable
    others = [a.astype(np.float32), a.astype(int), a[:, :2], a.ravel(), a.tolist(), a.astype(object), a.view(np.matrix)]
    for other in others:
        assert function(other, x) is MISS


def test_of_a_large_array_only_what_is_needed_is_read():
    a = np.arange(1000.0).reshape(10, 100)
    function = direct(lambda a: a[3, 7] + a[9, 99], a)
    assert function(a) == 307.0 + 999.0
    assert function(np.asfortranarray(a)) == 307.0 + 999.0
    assert "tolist" not in text_of(lambda a: a[3, 7] + a[9, 99], a)


def test_a_guard_that_fails_is_a_miss_and_a_nan_goes_where_it_goes_eagerly():
    def f(x):
        return -x if x < 0.0 else x * 1.0 + 1.0

    below, above = direct(f, -1.0), direct(f, 1.0)
    assert below(-2.0) == 2.0
    assert above(2.0) == 3.0
    assert below(2.0) is MISS
    assert above(-2.0) is MISS
    assert below(math.nan) is MISS
    assert math.isnan(above(math.nan))
    truth = direct(lambda x: 1.0 if x else 2.0, 5.0)
    assert truth(math.nan) == 1.0
    assert truth(-0.0) is MISS


def test_a_number_that_a_row_refuses_is_a_miss():
    function = direct(lambda x, i: ag.pick([x, 2.0 * x], i), 5.0, 1.0)
    assert function(5.0, 1.0) == 10.0
    assert function(5.0, 9.0) is MISS


def test_leaves_in_a_closure_are_read_at_every_call_wherever_their_numbers_live():
    leaf, inner = ag.Value(2.0), ag.Value(3.0) * 2.0
    function = direct(lambda x: x * leaf + inner, 1.0)
    assert function(10.0) == 26.0
    leaf.data = 3.0
    assert function(10.0) == 36.0
    module = ag.nn.Module()
    module.w = leaf
    module.storage.write([4.0])
    assert function(10.0) == 46.0


@pytest.mark.parametrize("neurons", [1, 3])
def test_a_model_in_a_closure_is_read_at_every_call_and_is_a_miss_once_it_moved(neurons):
    model = ag.nn.MLP(2, [4, 2], seed=0)
    assert model.storage.current
    layer = model.layers[0].neurons[:neurons]
    function = direct(lambda x: [neuron([x, 2.0]) for neuron in layer], 1.0)
    for factor in (1.0, -2.0, 0.5):
        model.storage.write([factor * 0.1 * k for k in range(len(model.parameters()))])
        assert function(1.5) == pytest.approx([neuron([1.5, 2.0]).data for neuron in layer], rel=1e-14)
    other = ag.nn.Module()
    other.parts = [model]
    assert other.storage is not None
    assert function(1.5) is MISS


def test_a_model_that_is_an_argument_gives_a_vector_of_derivatives():
    model, other = ag.nn.MLP(2, [3, 1], seed=0), ag.nn.MLP(2, [3, 1], seed=0)
    model.storage.write([0.1 * k for k in range(len(model.parameters()))])
    slope = ag.grad(lambda model, x: model([x, 2.0]))
    function = direct(slope, model, 1.0)
    expected = slope(model, 1.0)
    assert function(model, 1.0) == pytest.approx(expected, rel=1e-12)
    assert function(other, 1.0) is MISS
    assert function(1.0, 1.0) is MISS
    model.storage.write([-0.1 * k for k in range(len(model.parameters()))])
    assert function(model, 1.0) == pytest.approx(slope(model, 1.0), rel=1e-12)


def test_a_result_that_structural_zeros_make_doubtful_is_a_miss():
    slope = ag.grad(lambda x: ag.sqrt(ag.relu(x)))
    function = direct(slope, 4.0)
    assert function(4.0) == 0.25
    assert slope(-4.0) == 0.0
    assert function(-4.0) is MISS


def test_there_is_no_short_way_with_lanes_or_through_long_programs(monkeypatch):
    x = np.arange(3.0)
    assert direct_function(*traced(ag.vmap(lambda x: x * 2.0), x)) is None
    assert direct_function(*traced(lambda x: ag.vmap(lambda x: 1.0)(x), x)) is None
    assert direct_function(*traced(lambda x: ag.max(ag.vmap(lambda x: x * 2.0)(x)), x)) is None
    program, trace, arguments = traced(lambda x: x * 2.0, 1.0)
    for truth in (True, False):
        guarded = replace(trace, guards=(Guard(0.0, truth, "a line"),), results=((2, ()),), forms=(Form("number", 1),))
        found = direct_function(replace(program, outputs=[0.0, *program.outputs]), guarded, arguments)
        assert found is None if truth else found((3.0,)) == 6.0
    monkeypatch.setattr(python_backend, "PART", 10)
    assert direct_function(*traced(lambda x: functools.reduce(operator.mul, [x] * 5), 2.0)) is not None
    assert direct_function(*traced(lambda x: functools.reduce(operator.mul, [x] * 50), 2.0)) is None

"""The table's functions as native code on vectors: against mpmath, and where arguments are special against the table."""

from __future__ import annotations

import ctypes
import functools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

from autograd_lite.engine.primitive import TABLE
from tests.oracles import oracle
from tests.strategies import examples, special_points

pytest.importorskip("llvmlite", reason="native code needs llvmlite")

import llvmlite.binding as llvm  # after the line that skips
from llvmlite import ir  # as above

from autograd_lite.compiler.backends.native.functions import FORMULAS, vector_function  # as above

pytestmark = pytest.mark.slow  # numbers that no interpreter changes

NAMES = sorted(row.name for row in FORMULAS)
every_function = pytest.mark.parametrize("name", NAMES)

WIDTHS = (0, 1, 2, 4, 8)
"""Of vectors; 0 is a single double."""

# --- running the code ----------------------------------------------------------------------------------------------------


def machine(*, plain):
    """This processor; or, plain, one of its family without the instructions that came later, such as fused products."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    if plain:
        return target.create_target_machine(jit=True)
    features = llvm.get_host_cpu_features().flatten()
    return target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, jit=True)


def module_of(name, width, dtype="d"):
    """A module with the one function `run`, which sets the elements of its last argument from those of the others."""
    row = TABLE[name]
    element, count = ir.DoubleType() if dtype == "d" else ir.FloatType(), ir.IntType(64)
    vector = ir.VectorType(element, width) if width else element
    module = ir.Module(name)
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [element.as_pointer()] * (row.arity + 1) + [count]), "run")
    start, loop, end = (function.append_basic_block(label) for label in ("start", "loop", "end"))
    builder = ir.IRBuilder(start)
    builder.branch(loop)
    builder.position_at_end(loop)
    k = builder.phi(count)
    places = [builder.bitcast(builder.gep(array, [k]), vector.as_pointer()) for array in function.args[:-1]]
    value = vector_function(row)(builder, *(builder.load(place, align=4) for place in places[:-1]))
    assert value.type == vector
    builder.store(value, places[-1], align=4)
    following = builder.add(k, ir.Constant(count, max(width, 1)))
    k.add_incoming(ir.Constant(count, 0), start)
    k.add_incoming(following, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, function.args[-1]), loop, end)
    ir.IRBuilder(end).ret_void()
    return module


@functools.cache
def engine(name, width, dtype, *, plain):
    """The compiled module."""
    compiled = llvm.parse_assembly(str(module_of(name, width, dtype)))
    compiled.verify()
    return llvm.create_mcjit_compiler(compiled, machine(plain=plain))  # which owns the machine from now on


def run(name, *columns, width=4, dtype="d", plain=False):
    """The native values at so many points, given by the columns of their arguments."""
    columns = np.broadcast_arrays(*(np.asarray(column, dtype=dtype) for column in columns))
    length, step = len(columns[0]), max(width, 1)
    padded = [np.concatenate([column, np.full(-length % step, 0.5, dtype=dtype)]) for column in columns]
    out = np.empty(length + -length % step, dtype=dtype)
    address = engine(name, width, dtype, plain=plain).get_function_address("run")
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * (len(columns) + 1), ctypes.c_int64)(address)
    call(*(array.ctypes.data for array in [*padded, out]), len(out))
    return out[:length]


# --- points --------------------------------------------------------------------------------------------------------------


def around(*centres, reach=3):
    """Some floats and those next to them."""
    found = []
    for x in centres:
        for direction in (-math.inf, math.inf):
            y = x
            for _ in range(reach):
                found.append(y)
                y = math.nextafter(y, direction)
    return found


EDGES = [
    *around(0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, math.sqrt(0.5), math.sqrt(2.0), 2.0**-60, 2.0**-27, -(2.0**-27)),
    *around(709.782712893384, -708.3964185322641, -745.1332191019411, 710.4758600739439, -710.4758600739439),
    *around(1024.0, -1022.0, -1075.0, -1074.0, 36.7368005696771, -36.7368005696771, 19.06154, 22.0, -37.42994775023705),
    *around(2.0**30, -(2.0**30), 2.0**-1022, 5e-324, 1.7976931348623157e308, 2.0**52, 2.0**53, -(2.0**53)),
    *(k * math.log(2.0) / 2.0 for k in range(-9, 10)),
    *(x for k in range(1, 30) for x in around(k * math.pi / 4.0, reach=1)),
]
"""Where a formula changes from one piece to another, where values overflow and underflow, and near zeros of values."""

HARD = [
    *(7.564384e-01, -4.1661e-01, 0.6931471805599453, 1.0000000000000002, 0.9999999999999999),
    *(6381956970095103.0 * 2.0**797, 5.319372648326541e255, 1.8188365842233697e-264, 3.141592653589793, 6.283185307179586),
    *(6411027962775774.0 * 2.0**-47, 2.0**120, 1e22, 1e308, 1.7976931348623157e308, 11.0, 355.0, 103993.0, 573204.0 * 0.5),
]
"""x near a multiple of π/2: 6381956970095103·2**797 is nearer to one than any other float (Muller, Elementary Functions)."""


def spread(low, high, count):
    """Points at even distances."""
    return list(np.linspace(low, high, count))


def scales(count):
    """Points of every magnitude and both signs."""
    sizes = np.exp(np.linspace(math.log(5e-324), math.log(1.79e308), count))
    return [*sizes, *-sizes]


DENSE = [*spread(-1.6, 1.6, 331), *spread(-40.0, 40.0, 331), *spread(-760.0, 760.0, 331), *scales(331), *EDGES, *HARD]


def grid(name):
    """The points of a row's arguments, one column for each; for two, also huge powers, and quotients just below whole."""
    if TABLE[name].arity == 1:
        return [np.array(DENSE)]
    thinned = np.array([*EDGES, *HARD, *DENSE[::7]])
    bases = np.concatenate([np.exp(np.linspace(-650.0, 650.0, 101)), around(1.0, reach=9), np.linspace(0.5, 2.0, 101)])
    bases = bases[bases != 1.0]
    limits = [limit / np.log(bases) for limit in (709.7827, -708.0, -744.0, 1e-10)]
    multiples = [np.nextafter(factor * bases, 0.0) for factor in (3.0, 1e5 + 1.0, 2.0**51 - 1.0)]
    return [
        np.concatenate([thinned, thinned, *[bases] * len(limits), *multiples]),
        np.concatenate([thinned[::-1], np.roll(thinned, 41), *limits, *[bases] * len(multiples)]),
    ]


PERIODIC = {"sin", "cos", "tan", "fmod", "remainder"}
"""Functions of which mpmath needs all bits of a quotient, by π or by the other argument."""


SETTLED = dict.fromkeys(("exp", "exp2", "expm1", "sinh", "cosh", "tanh", "erf", "erfc", "sigmoid"), 1e4)
"""Sizes beyond which a function's floats do not change; mpmath takes seconds there, or cannot."""


def ulps_off(name, found, point, dtype="d"):
    """The distance from the mathematical value, in units of its last place; infinite where nan or inf are not what they are.

    What zeros and infinities mean to a function of two arguments is convention, and not asked here.
    """
    if len(point) > 1 and (0.0 in point or math.inf in map(abs, point)):
        return 0.0
    if name in SETTLED:
        point = [math.copysign(min(abs(x), SETTLED[name]), x) for x in point]
    with mp.workprec(2200 if name in PERIODIC else 200):
        try:
            exact = oracle(name)(*map(mp.mpf, point))
        except (ZeroDivisionError, ValueError):
            exact = mp.nan
        if isinstance(exact, mp.mpc) or mp.isnan(exact):
            return 0.0 if math.isnan(found) else math.inf
        kind = np.finfo(dtype)
        if abs(exact) >= mp.mpf(2) ** kind.maxexp - mp.mpf(2) ** (kind.maxexp - kind.nmant - 2):
            return 0.0 if found == (math.inf if exact > 0 else -math.inf) else math.inf
        if exact == 0:
            return 0.0 if found == 0.0 else math.inf
        place = max(int(mp.floor(mp.log(abs(exact), 2))), kind.minexp) - kind.nmant
        return float(abs(mp.mpf(found) - exact) / mp.mpf(2) ** place) if math.isfinite(found) else math.inf


# --- claims --------------------------------------------------------------------------------------------------------------


@every_function
def test_values_are_within_two_ulp_of_the_truth_everywhere(name):
    columns = grid(name)
    for value, *point in zip(run(name, *columns), *columns, strict=True):
        assert ulps_off(name, value, point) <= 2.0, (point, value)


@every_function
@examples(40)
@given(data=st.data())
def test_values_are_within_two_ulp_of_the_truth_wherever_the_dice_fall(name, data):
    reach = st.sampled_from([1.0, 30.0, 1e3, 1.7e308]).flatmap(lambda bound: st.floats(-bound, bound))
    points = data.draw(st.lists(st.tuples(*[reach] * TABLE[name].arity), min_size=1, max_size=9))
    columns = list(zip(*points, strict=True))
    for value, point in zip(run(name, *columns), points, strict=True):
        assert ulps_off(name, value, point) <= 2.0, (point, value)


@every_function
def test_special_arguments_give_what_they_give_on_floats(name):
    points = special_points(name)
    for value, point in zip(run(name, *zip(*points, strict=True)), points, strict=True):
        expected = TABLE[name].evaluate(*point)
        if math.isfinite(expected) and expected != 0.0:
            assert abs(value - expected) <= 3.0 * math.ulp(expected), (point, value, expected)
        else:
            same = math.isnan(value) if math.isnan(expected) else str(float(value)) == str(expected)
            assert same, (point, value, expected)


@every_function
def test_values_do_not_depend_on_the_width_of_vectors_nor_on_the_place_in_one(name):
    columns = grid(name)
    expected = run(name, *columns, width=0)
    for width in WIDTHS[1:]:
        for shift in range(min(width, 3)):
            found = run(name, *(np.roll(column, shift) for column in columns), width=width)
            np.testing.assert_array_equal(np.roll(found, -shift).view(np.int64), expected.view(np.int64))


@every_function
def test_values_do_not_depend_on_the_instructions_of_the_processor(name):
    columns = [column[:600] for column in grid(name)]
    found = run(name, *columns, plain=True)
    np.testing.assert_array_equal(found.view(np.int64), run(name, *columns).view(np.int64))


@every_function
def test_in_single_precision_values_are_within_one_ulp_of_the_truth(name):
    with np.errstate(over="ignore", under="ignore"):
        columns = [column[:: len(column) // 300 + 1].astype("f") for column in grid(name)]
    for value, *point in zip(run(name, *columns, width=16, dtype="f"), *columns, strict=True):
        assert ulps_off(name, float(value), [float(x) for x in point], "f") <= 1.0, (point, value)


@every_function
def test_in_single_precision_values_are_those_of_doubles_rounded(name):
    with np.errstate(over="ignore", under="ignore"):
        columns = [column.astype("f") for column in grid(name)]
        expected = run(name, *columns).astype("f")
    for width in (0, 8, 32):
        np.testing.assert_array_equal(run(name, *columns, width=width, dtype="f").view(np.int32), expected.view(np.int32))


@every_function
def test_code_declares_no_function_but_those_of_llvm_and_allows_the_compiler_no_liberties(name):
    text = str(module_of(name, 4))
    declared = [line for line in text.splitlines() if line.startswith("declare")]
    assert all("@llvm." in line.replace('"', "") for line in declared)
    assert not {"fast", "reassoc", "contract", "nnan", "ninf", "nsz", "arcp", "afn"} & set(text.split())


def test_a_row_without_a_formula_has_no_function():
    assert vector_function(TABLE["polygamma"]) is None

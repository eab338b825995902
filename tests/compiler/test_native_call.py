"""The function of machine code that takes Python's objects: what it refuses goes the longer way, and nothing leaks."""

from __future__ import annotations

import ctypes
import gc
import math
import os
import pickle
import subprocess
import sys
import threading
import types
import weakref
from pathlib import Path

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler import runtime
from autograd_lite.compiler.backends import choice
from autograd_lite.compiler.backends.direct import MISS
from autograd_lite.compiler.backends.native import machine as native_machine

if native_machine.has_native():
    import llvmlite

    from autograd_lite.compiler.backends.native import backend as native_backend
    from autograd_lite.compiler.backends.native import entry as native_entry
    from autograd_lite.compiler.backends.native import fields as native_fields

pytestmark = pytest.mark.skipif(
    not native_machine.has_native(), reason="native code needs llvmlite: pip install 'autograd_lite[native]'"
)


every_dtype = pytest.mark.parametrize("dtype", ["float64", "float32"])

COARSER = {"float64": 1.0, "float32": 2.0**29}
"""How many times a unit in the last place is larger than that of doubles: tolerances are written for those."""


def native(f, **options):
    return ag.jit(f, backend="native", **options)


def wave(x, y):
    return ag.sin(x) * y + x


def direct_of(jitted, *args):
    """The function of machine code, after a first call."""
    jitted(*args)
    assert type(jitted._direct) is type(len)
    return jitted._direct


@every_dtype
def test_floats_are_taken_and_given_back_in_trees(dtype):
    f = native(lambda x, y: (wave(x, y), [x * y, None], (x,)), dtype=dtype)
    f(0.5, 2.0)
    value, *rest = direct_of(f, 0.5, 2.0)((0.25, 3.0))
    one = np.dtype(dtype).type
    assert value == one(np.sin(one(0.25))) * one(3.0) + one(0.25)
    assert type(value) is float
    assert rest == [[0.75, None], (0.25,)]


def test_in_single_precision_floats_are_rounded_and_those_too_large_are_infinite():
    direct = direct_of(native(lambda x: x + 0.0, dtype="float32"), 1.0)
    assert [direct((x,)) for x in (0.1, 1e300, -1e300, 1e-300)] == [float(np.float32(0.1)), np.inf, -np.inf, 0.0]
    assert np.isnan(direct((np.nan,)))


def test_what_it_is_not_made_for_is_handed_on():
    direct = direct_of(native(wave), 0.5, 2.0)
    for args in [(1.0,), (1.0, 2.0, 3.0), (1, 2.0), (1.0, "x"), (np.float64(1.0), 2.0), (ag.Value(1.0), 2.0), (None, 1.0)]:
        assert direct(args) is MISS
        assert direct((0.5, 2.0)) == pytest.approx(np.sin(0.5) * 2.0 + 0.5, rel=1e-15)  # and it is free again
    f = native(wave)
    for args in [(0.5, 2.0), (1, 2.0), (np.float64(0.5), 2), (True, 2.0)]:
        assert f(*args) == pytest.approx(np.sin(float(args[0])) * float(args[1]) + float(args[0]), rel=1e-15)
    with pytest.raises(TypeError):
        f("x", 1.0)


@pytest.mark.parametrize(
    ("module", "name", "fact"),
    [
        (sys, "implementation", types.SimpleNamespace(name="pypy")),
        (sys, "abiflags", "t"),
        (sys, "byteorder", "big"),
        (ctypes, "sizeof", lambda kind: 4),
    ],
)
def test_objects_of_other_interpreters_are_not_looked_into(module, name, fact, monkeypatch):
    known = native_fields.fields_are_known.__wrapped__
    assert known()
    monkeypatch.setattr(module, name, fact, raising=False)
    assert not known()


def test_where_objects_are_not_looked_into_calls_go_the_longer_way(monkeypatch):
    monkeypatch.setattr(native_entry, "fields_are_known", lambda: False)
    f = native(wave)
    for y in (2.0, 3.0):
        assert f(0.5, y) == np.sin(0.5) * y + 0.5
    assert f._direct is None


LAYOUTS = {
    "contiguous": lambda array: array.copy(),
    "every second column": lambda array: np.repeat(array, 2, axis=1)[:, ::2],
    "transposed": lambda array: np.asfortranarray(array),
    "backwards": lambda array: array[::-1].copy()[::-1],
    "whole numbers": lambda array: np.rint(array).astype(int),
    "single precision": lambda array: array.astype(np.float32),
    "not aligned": lambda array: np.frombuffer(b"x" + array.tobytes(), np.uint8)[1:].view(array.dtype).reshape(array.shape),
}


@every_dtype
@pytest.mark.parametrize("layout", LAYOUTS)
def test_arrays_are_read_where_they_lie_in_any_layout(layout, dtype):
    dice = np.random.default_rng(1)
    f = native(lambda w, xs: ag.total(ag.vmap(lambda x: x[0] * w + x[1] * x[2])(xs)), dtype=dtype)
    shared = native(lambda xs: ag.total([x * x for x in xs.ravel()]), dtype=dtype)
    for _ in range(3):
        xs = LAYOUTS[layout](dice.normal(size=(9, 3)).astype(dtype))
        exact = xs.astype(float)
        assert f(0.5, xs) == pytest.approx((exact[:, 0] * 0.5 + exact[:, 1] * exact[:, 2]).sum(), rel=1e-14 * COARSER[dtype])
        assert shared(xs) == pytest.approx((exact**2).sum(), rel=1e-14 * COARSER[dtype])


def test_in_single_precision_arrays_of_that_go_the_short_way_and_others_the_long_one():
    f = native(lambda w, xs, table: (ag.total(ag.vmap(lambda x: x[0] * w + x[1])(xs)), table[1, 0] * w), dtype="float32")
    xs, table = np.arange(18.0, dtype="f").reshape(9, 2)[::-1, ::-1], np.arange(6.0, dtype="f").reshape(3, 2)
    direct = direct_of(f, 0.5, xs, table)
    wanted = (xs[:, 0] * 0.5 + xs[:, 1]).sum(), 1.0
    assert direct((0.5, xs, table)) == wanted
    assert direct((0.5, xs.astype(float), table)) is MISS
    assert f(0.5, xs.astype(float), table.astype(int)) == wanted


def square_of_sums(xs, ys):
    """Lanes of xs and lanes of ys, in two maps."""
    return ag.total(ag.vmap(lambda x: x[0] * x[1])(xs)) * ag.total(ag.vmap(lambda y: y[0] - y[1])(ys))


READERS = {
    "by lanes and whole": (
        lambda xs, ys: ag.vmap(lambda x: x[0] * xs[1, 0] + x[1])(xs),
        lambda xs, ys: xs[:, 0] * xs[1, 0] + xs[:, 1],
    ),
    "by each of its dimensions": (
        lambda xs, ys: (
            ag.total(ag.vmap(lambda x: x[0] * x[1])(xs)) + ag.total(ag.vmap(lambda x: x[0] * x[2], in_axes=1)(xs))
        ),
        lambda xs, ys: (xs[:, 0] * xs[:, 1]).sum() + (xs[0] * xs[2]).sum(),
    ),
    "by lanes that do not go in blocks": (
        square_of_sums,
        lambda xs, ys: (xs[:, 0] * xs[:, 1]).sum() * (ys[:, 0] - ys[:, 1]).sum(),
    ),
    "by lanes within lanes": (
        lambda xs, ys: ag.vmap(lambda y: ag.total(ag.vmap(lambda x: x[0] * y[1] + x[1] * y[0])(xs)))(ys),
        lambda xs, ys: xs[:, 0].sum() * ys[:, 1] + xs[:, 1].sum() * ys[:, 0],
    ),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("layout", ["contiguous", "every second column", "transposed", "backwards"])
def test_arrays_are_read_where_they_lie_however_they_are_mapped(reader, layout):
    function, wanted = READERS[reader]
    f = native(function)
    dice = np.random.default_rng(2)
    for _ in range(3):  # the first call goes the longer way
        xs, ys = LAYOUTS[layout](dice.normal(size=(5, 3))), LAYOUTS[layout](dice.normal(size=(9, 2)))
        assert np.allclose(f(xs, ys), wanted(xs, ys), rtol=1e-12, atol=1e-14)


def test_a_large_array_whose_numbers_do_not_lie_at_whole_places_is_read_rightly():
    table = np.zeros(20_000, dtype=[("x", float), ("label", np.int32)])  # a number each 12 bytes
    table["x"] = np.random.default_rng(3).normal(size=20_000)
    f = native(ag.vmap(lambda x: x * 2.0))
    for _ in range(2):
        assert f(table["x"]).tolist() == (table["x"] * 2.0).tolist()


def test_a_large_array_that_is_copied_is_copied_anew_at_every_call():
    dice = np.random.default_rng(4)
    xs, table = dice.normal(size=(40, 160, 3)), dice.normal(size=(150, 300))[:, ::2]
    nested = native(ag.vmap(ag.vmap(lambda x: x[0] * x[1] + x[2])))  # neither rows and lanes, nor all, lie equally far apart
    whole = native(lambda table, xs: ag.vmap(lambda x: x * table[0, 3] + table[7, 2])(xs))
    for _ in range(3):
        np.testing.assert_allclose(nested(xs), xs[..., 0] * xs[..., 1] + xs[..., 2], rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(
            whole(table, xs[0, :, 0]), xs[0, :, 0] * table[0, 3] + table[7, 2], rtol=1e-12, atol=1e-14
        )
        xs[:], table[:] = dice.normal(size=xs.shape), dice.normal(size=table.shape)


def test_an_array_of_more_dimensions_is_another():
    f = native(ag.vmap(lambda x: x * 2.0))
    for shape in [(5,), (5,), (5, 3), (5, 3), (5,)]:
        assert f(np.ones(shape)).tolist() == np.full(shape, 2.0).tolist()


def test_a_number_that_a_row_refuses_is_refused_by_the_short_way_and_the_next_is_taken():
    f = native(lambda x, k: ag.pick([x, x * 2.0], k))
    direct = direct_of(f, 1.5, 1.0)
    for _ in range(2):
        assert direct((1.5, 7.0)) is MISS
        with pytest.raises(IndexError):
            f(1.5, 7.0)
        assert direct((1.5, 1.0)) == 3.0


def test_what_lies_behind_an_array_is_not_read():
    f = native(ag.vmap(ag.grad(lambda x: ag.total([ag.sqrt(ag.relu(a)) for a in x]))))
    table = np.full((64, 9), np.nan)
    for lanes in [table[:9], np.asfortranarray(table)[:9], table[:9, ::-1]]:
        lanes[:] = 4.0
        direct = direct_of(f, lanes)
        assert direct((lanes,)) is not MISS  # it would be, for a result that is not finite
        assert direct((lanes,)).tolist() == [[0.25] * 9] * 9


def test_other_shapes_are_served_too():
    f = native(lambda xs: ag.total(ag.vmap(lambda x: x * 2.0)(xs)))
    for n in [3, 5, 3, 8, 5]:
        assert f(np.ones(n)) == 2.0 * n


def test_results_are_arrays_of_their_own():
    f = native(ag.vmap(lambda x: x * 2.0))
    first = f(np.ones(3))
    second = f(np.full(3, 2.0))
    first[:] = 7.0
    assert second.tolist() == [4.0, 4.0, 4.0]
    assert f(np.ones(3)).tolist() == [2.0, 2.0, 2.0]


def test_shapes_that_come_again_go_the_short_way_again():
    f = native(lambda xs: ag.total(ag.vmap(lambda x: x * 2.0)(xs)))
    whole, rest = np.ones(8), np.ones(3)  # the mini-batches of an epoch, and the last one
    f(whole), f(rest)
    for xs in (whole, rest, whole):
        assert f(xs) == 2.0 * len(xs)
        assert f._direct((xs,)) == 2.0 * len(xs)


@every_dtype
def test_a_module_is_read_where_its_numbers_live_and_wherever_they_move(dtype):
    model = ag.nn.MLP(2, [3, 1], seed=0)
    f = native(lambda model, x: model(x), dtype=dtype)
    xs = np.array([0.3, -0.7], dtype)

    def agrees():
        return f(model, xs) == pytest.approx(model(list(xs)).data, rel=1e-14 * COARSER[dtype])

    assert agrees()
    assert agrees()
    assert f._direct((model, xs)) is not MISS
    for parameter in model.parameters():
        parameter.data = parameter.data * 0.5 + 0.1
    assert agrees()
    model.storage.write([0.1 * k for k in range(len(model.parameters()))])
    assert agrees()
    whole = ag.nn.Sequential(model)
    whole.storage.write([0.2 * k for k in range(len(whole.parameters()))])  # they live there now
    assert agrees()
    model.layers[0].neurons[0].w[0].data = 3.0
    assert agrees()
    other = ag.nn.MLP(2, [3, 1], seed=1)
    assert f(other, xs) == pytest.approx(other(list(xs)).data, rel=1e-14 * COARSER[dtype])


def test_in_single_precision_all_parameters_of_a_module_are_rounded_at_every_call():
    for count in (1, 7, 8, 9, 20):
        model = ag.nn.MLP(count, [1], seed=0)
        f = native(lambda model, x: [p * x for p in model.parameters()], dtype="float32")
        direct = direct_of(f, model, 1.0)
        for k in range(2):
            model.storage.write([0.1 * (k + n) for n in range(count + 1)])
            assert direct((model, 1.0)) == [float(np.float32(0.1 * (k + n))) for n in range(count + 1)]


@every_dtype
def test_a_module_and_a_value_by_closure_are_read_anew(dtype):
    model, leaf = ag.nn.MLP(2, [1], seed=0), ag.Value(2.0)
    assert model.storage.current  # its parameters live in a buffer
    with_module, with_leaf = native(lambda x: model([x, x]), dtype=dtype), native(lambda x: leaf * x, dtype=dtype)
    for k in range(3):
        model.parameters()[0].data = leaf.data = 0.5 + k
        assert with_module(1.5) == pytest.approx(model([1.5, 1.5]).data, rel=1e-15 * COARSER[dtype])
        assert with_leaf(1.5) == 1.5 * leaf.data
    whole = ag.nn.Sequential(model)
    whole.storage.write([0.2 * k for k in range(len(whole.parameters()))])
    assert with_module(1.5) == pytest.approx(model([1.5, 1.5]).data, rel=1e-15 * COARSER[dtype])


@every_dtype
@pytest.mark.parametrize("kind", [float, int])
@pytest.mark.parametrize("shape", [(9,), (9, 3), (9, 5, 3), (5, 9, 3)])
def test_an_array_by_closure_is_read_anew(shape, kind, dtype):
    kept = np.arange(math.prod(shape), dtype=kind).reshape(shape)
    if len(shape) == 3:
        f = native(lambda w: ag.vmap(lambda xs: ag.vmap(lambda x: x[0] * w - x[1])(xs))(kept), dtype=dtype)
    else:
        f = native(lambda w: ag.vmap(lambda x: x[0] * w - x[1] if len(shape) == 2 else x * w)(kept), dtype=dtype)
    for w in (0.5, 2.0, 3.0):
        assert f(w).tolist() == (kept * w if len(shape) == 1 else kept[..., 0] * w - kept[..., 1]).tolist()
        kept += 1


@every_dtype
def test_a_guard_that_fails_is_seen_by_the_short_way(dtype):
    f = native(lambda x: ag.sin(x) if x > 0.0 else -x, dtype=dtype)
    assert [f(x) for x in (1.0, 2.0, -1.0, -2.0, 3.0, np.nan)] == pytest.approx(
        [np.sin(1), np.sin(2), 1.0, 2.0, np.sin(3), np.nan], nan_ok=True
    )


@every_dtype
def test_what_comes_from_behind_a_structural_zero_is_seen_by_the_short_way(dtype):
    f = native(ag.grad(lambda w, x: ag.sqrt(ag.relu(w * x))), dtype=dtype)
    assert [f(1.0, x) for x in (4.0, 1.0, -1.0, 9.0)] == pytest.approx([1.0, 0.5, 0.0, 1.5])
    f = native(ag.grad(lambda xs: ag.total([ag.sqrt(ag.relu(x)) for x in xs])))
    for last in (1.0, 1.0, -1.0, 1.0):  # the last of many numbers is looked at too
        assert f(np.array([4.0] * 9 + [last])).tolist() == [0.25] * 9 + [0.5 if last > 0.0 else 0.0]


def test_wherever_in_a_result_something_comes_from_behind_a_structural_zero_it_is_seen():
    f = native(ag.grad(lambda xs, ys: ag.total([ag.sqrt(ag.relu(x)) for x in [*xs, *ys]]), argnums=(0, 1)))
    direct = direct_of(f, np.full(40, 4.0), np.full(40, 4.0))
    for place in (0, 15, 16, 31, 32, 39, 40, 55, 56, 79, None):
        numbers = np.array([-1.0 if k == place else 4.0 for k in range(80)])
        assert (direct((numbers[:40], numbers[40:])) is MISS) is (place is not None)
        found = f(numbers[:40], numbers[40:])
        assert np.concatenate(found).tolist() == [0.0 if k == place else 0.25 for k in range(80)]


@every_dtype
def test_neither_arguments_nor_results_leak(dtype):
    f = native(lambda x, xs: (x * 2.0, ag.vmap(lambda x: x + 1.0)(xs)), dtype=dtype)
    xs = np.ones(5, dtype)
    f(1.5, xs), f(1.5, xs)
    x = float("1.25")
    before = [sys.getrefcount(item) for item in (x, xs, MISS)]
    for _ in range(1000):
        f(x, xs)
        f._direct((None, xs))
    assert [sys.getrefcount(item) for item in (x, xs, MISS)] == before
    model = ag.nn.MLP(2, [1], seed=0)
    f = native(lambda model, xs: (model(xs), None))
    xs = np.ones(2)
    f(model, xs), f(model, xs)
    before = [sys.getrefcount(item) for item in (model, model.storage, None)]
    for _ in range(1000):
        f(model, xs)
    after = [sys.getrefcount(item) for item in (model, model.storage, None)]
    assert after[:2] == before[:2]
    assert abs(after[2] - before[2]) < 500  # others hold and drop None meanwhile
    found = weakref.ref(native(ag.vmap(lambda x: x + 1.0))(xs))
    assert found() is None


def test_where_memory_runs_out_nothing_of_the_result_is_left(monkeypatch):
    made = []

    def copy():
        if len(made) == 2:  # room for two
            raise MemoryError("no more")
        made.append(type("Copy", (), {})())
        return made[-1]

    monkeypatch.setattr(native_backend.BoundNative, "copy_of", lambda runner, form: copy)
    twice = ag.vmap(lambda x: x * 2.0)
    f = native(lambda xs: (twice(xs), [1.0, (twice(xs), None), twice(xs)]))
    direct = direct_of(f, np.ones(3))
    with pytest.raises(MemoryError):
        direct((np.ones(3),))
    alive = [weakref.ref(item) for item in made]
    made.clear()
    assert [item() for item in alive] == [None, None]
    made += [None] * 3  # there is room again, and the function is free
    assert direct((np.ones(3),)) is not MISS


def test_threads_may_call_one_function():
    f = native(lambda w, xs: ag.vmap(lambda x: ag.exp(ag.sin(x * w)) * w)(xs))
    xs = np.linspace(0.0, 1.0, 60_000)
    f(1.0, xs)
    wrong = []

    def work(w):
        for _ in range(20):
            if np.abs(f(w, xs) - np.exp(np.sin(xs * w)) * w).max() > 1e-12:
                wrong.append(w)

    threads = [threading.Thread(target=work, args=(0.5 + k,)) for k in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert wrong == []


def test_a_forked_process_calls_what_was_compiled_before():
    code = """
import os, autograd_lite as ag
f = ag.jit(lambda x: ag.sin(x) * x, backend="native")
f(1.0)
child = os.fork()
if not child:
    os._exit(0 if f(2.0) == f.f(2.0) else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""
    if not hasattr(os, "fork"):
        return
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_fork_while_another_thread_compiles_waits_and_finds_locks_open():
    code = """
import os, signal, threading, autograd_lite as ag
from autograd_lite.compiler.backends.native import making
f = ag.jit(lambda x: ag.sin(x) * x, backend="native")
begun, make = threading.Event(), making.compiled

def compiled(text):
    begun.set()
    return make(text)

making.compiled = compiled
thread = threading.Thread(target=f, args=(1.0,))
thread.start()
begun.wait()
child = os.fork()
if not child:
    signal.alarm(30)  # ends what waits forever
    g = ag.jit(lambda x: ag.cos(x) * x, backend="native")
    os._exit(0 if abs(f(2.0) - f.f(2.0)) + abs(g(2.0) - g.f(2.0)) < 1e-15 else 1)
thread.join()
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""
    if not hasattr(os, "fork"):
        return
    subprocess.run([sys.executable, "-W", "ignore::DeprecationWarning", "-c", code], check=True)  # forks beside threads


def test_a_pickle_holds_the_plan_and_code_is_made_anew():
    f = native(wave_of_one)
    f(2.0)
    restored = pickle.loads(pickle.dumps(f))
    restored.f = None  # so that nothing can be traced anew
    assert restored(3.0) == pytest.approx(np.sin(3.0) * 3.0, rel=1e-15)


def wave_of_one(x):
    return ag.sin(x) * x


def test_code_is_freed_with_the_function():
    f = native(wave)
    f(1.0, 2.0)
    ((variant,),) = f._variants.values()
    code = weakref.ref(variant._natives[0].code)
    direct = f._direct
    del f, variant
    gc.collect()
    assert direct((0.5, 1.0)) == np.sin(0.5) + 0.5  # the short way keeps it
    assert code() is not None
    del direct
    gc.collect()
    assert code() is None


def test_what_python_knows_of_the_function_dies_after_it():
    direct = direct_of(native(wave), 0.5, 2.0)
    table = direct.__self__  # the collector may take apart what it keeps, but not its own numbers
    definition = ctypes.c_size_t.from_address(id(direct) + 16).value
    assert 0 <= definition - table.ctypes.data <= table.nbytes - 32
    assert direct.__name__ == "call"


def test_code_for_ever_other_numbers_of_lanes_is_not_kept_for_ever(monkeypatch):
    monkeypatch.setattr(runtime, "KEPT", 2)
    f = native(ag.vmap(lambda row: ag.total(ag.vmap(lambda x: x * 2.0)(row))))
    for inner in (1, 2, 3, 1):
        assert f(np.ones((5, inner))).tolist() == [2.0 * inner] * 5
    ((variant,),) = f._variants.values()
    assert len(variant._natives) == 2


def test_the_floating_point_mode_of_the_process_stays_as_it_is():
    tiny = np.array([5e-324, 1e-310])
    native(ag.vmap(lambda x: ag.exp(x) * 0.5))(np.array([-745.0, 1.0, np.inf]))
    assert (tiny * 0.5).tolist() == [0.0, 5e-311]
    assert 1.0 + 2.0**-53 == 1.0
    assert 1.0 + 3.0 * 2.0**-54 == 1.0 + 2.0**-52
    assert native(lambda x: x * 0.5)(1e-310) == 5e-311


def test_the_text_of_the_code_can_be_read():
    text = native(wave).lower(1.0, 2.0).native_text()
    assert "define" in text
    assert "ret" in text
    assert "machine code" in str(native(wave).lower(1.0, 2.0))
    with pytest.raises(ValueError, match="backend='native'"):
        ag.jit(wave, backend="numpy").lower(1.0, 2.0).native_text()


def test_without_llvmlite_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(native_machine, "has_native", lambda: False)
    native_machine.machine.cache_clear()
    with pytest.raises(ModuleNotFoundError, match=r"autograd_lite\[native\]"):
        native(wave)(1.0, 2.0)


def test_an_old_llvmlite_is_as_good_as_none(monkeypatch):
    project = Path(__file__).parents[2] / "pyproject.toml"
    assert f"llvmlite>={native_machine.OLDEST[0]}.{native_machine.OLDEST[1]}" in project.read_text()
    monkeypatch.setattr(llvmlite, "__version__", "0.43.0rc1")
    monkeypatch.setattr(choice, "REPLAYS", 1000)  # tests are told of fewer
    native_machine.machine.cache_clear()
    assert ag.jit(long_sum).lower(np.ones(100_000)).backend == "numpy"
    with pytest.raises(ModuleNotFoundError, match=r"0\.50 or later.*autograd_lite\[native\]"):
        native(wave)(1.0, 2.0)


def long_sum(xs):
    return ag.total(ag.vmap(lambda x: ag.exp(ag.sin(x)) * x)(xs))


def test_auto_takes_machine_code_where_many_calls_make_up_for_compiling_and_says_so(monkeypatch, capsys):
    monkeypatch.setattr(choice, "REPLAYS", 1000)  # tests are told of fewer
    for dtype in ("float64", "float32"):
        long, short = [ag.jit(long_sum, dtype=dtype).lower(np.ones(n)) for n in (100_000, 3)]
        assert (long.backend, short.backend) == ("native", "numpy")
        assert "make up for" in long.reason
    monkeypatch.setenv("AUTOGRAD_LITE_DEBUG", "1")
    ag.jit(long_sum)(np.ones(100_000))
    printed = capsys.readouterr().err
    assert "make up for" in printed
    assert "bytes for" in printed  # the code, for which processor, and how long it took
    monkeypatch.delenv("AUTOGRAD_LITE_DEBUG")
    monkeypatch.setattr(choice, "has_native", lambda: False)
    without = ag.jit(long_sum).lower(np.ones(100_000))
    assert without.backend == "numpy"
    assert "pip install 'autograd_lite[native]'" in without.reason


def test_whole_numbers_and_other_shapes_go_no_long_way_twice():
    f = native(lambda w, xs: ag.total(ag.vmap(lambda x: w * x)(xs)))
    for n in (3, 4, 3, 4):
        assert f(2, np.ones(n)) == 2.0 * n
    ((variant,),) = f._variants.values()
    assert len(variant._natives) == 1

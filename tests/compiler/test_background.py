"""Machine code made beside the calls: what runs before and after, and what must not get lost, hang or crash in between."""

from __future__ import annotations

import gc
import math
import os
import pickle
import subprocess
import sys
import threading
import warnings
import weakref

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler.backends import background, choice
from autograd_lite.compiler.backends.native import machine as native_machine

if native_machine.has_native():
    from llvmlite.binding import ffi

    from autograd_lite.compiler.backends.native import backend as native_backend
    from autograd_lite.compiler.backends.native import making as native_making

pytestmark = pytest.mark.skipif(
    not native_machine.has_native(), reason="native code needs llvmlite: pip install 'autograd_lite[native]'"
)


def wave(x, y):
    return ag.sin(x) * y + ag.exp(x)


def lanes(w, xs):
    return ag.total(ag.vmap(lambda x: ag.exp(ag.sin(x * w)) * x)(xs))


def beside(f, **options):
    return ag.jit(f, **{"backend": "native", "background": True, **options})


CALLS = {"python": (wave, (0.5, 2.0)), "numpy": (lanes, (0.7, np.linspace(0.0, 3.0, 101)))}
"""What runs a function until machine code is ready, such a function, and arguments."""


def idle():
    """Waits until nothing is being made."""
    background._worker.pause()
    background._worker.resume()


@pytest.fixture
def gate(monkeypatch):
    """Nothing is made before it is opened."""
    opened, run = threading.Event(), background.Task.run

    def held(task):
        opened.wait()
        run(task)

    monkeypatch.setattr(background.Task, "run", held)
    yield opened
    opened.set()
    idle()


def bits(result):
    return np.asarray(result).tobytes()


@pytest.mark.parametrize("name", CALLS)
def test_calls_run_at_once_and_as_machine_code_from_when_it_is_ready(gate, name):
    f, args = CALLS[name]
    early, late = [bits(ag.jit(f, backend=backend)(*args)) for backend in (name, "native")]
    g = beside(f)
    for _ in range(3):
        assert bits(g(*args)) == early
    lowered = g.lower(*args)
    assert (lowered.backend, lowered.reason) == (name, "until machine code is ready, as was asked for")
    assert g.wait(0.0) is False
    gate.set()
    assert g.wait() is True
    for _ in range(3):
        assert bits(g(*args)) == late
    assert type(g._direct) is type(len)  # the short way in is machine code itself
    assert g.lower(*args).backend == "native"
    assert "define" in g.lower(*args).native_text()


def test_lower_and_wait_make_the_code_before_the_first_call():
    f = beside(wave)
    f.lower(0.5, 2.0)
    f.wait()
    assert f.lower(0.5, 2.0).backend == "native"


def test_auto_makes_code_beside_the_calls_where_many_of_them_make_up_for_it(monkeypatch, gate):
    monkeypatch.setattr(choice, "REPLAYS", 1)
    few = beside(lanes, backend="auto")
    assert few.lower(*CALLS["numpy"][1]).reason == "since there are lanes"
    assert few.wait(0.0) is True  # there is nothing to wait for
    monkeypatch.setattr(choice, "REPLAYS", 1_000_000)
    many = beside(lanes, backend="auto")
    lowered = many.lower(*CALLS["numpy"][1])
    assert lowered.backend == "numpy"
    assert lowered.reason.startswith("until machine code is ready, since about")
    gate.set()
    many.wait()
    assert many.lower(*CALLS["numpy"][1]).backend == "native"


def test_ways_through_branches_that_are_found_meanwhile_are_made_too(gate):
    f = beside(lambda x: ag.sin(x) if x > 0.0 else (ag.cos(x) if x < -1.0 else x * x))
    points = [1.0, -2.0, -0.5, 2.0]
    wanted = [math.sin(1.0), math.cos(-2.0), 0.25, math.sin(2.0)]
    assert [f(x) for x in points] == pytest.approx(wanted, rel=1e-15)
    gate.set()
    f.wait()
    assert [f(x) for x in points] == pytest.approx(wanted, rel=1e-15)
    assert [f.lower(x).backend for x in points] == ["native"] * 4


def test_each_shape_waits_for_its_own_code_and_lanes_in_blocks_share_one(gate):
    f = beside(lambda rows: ag.total(ag.vmap(lambda row: ag.exp(ag.total(ag.vmap(ag.sin)(row))))(rows)))
    shapes = [(9, 2), (9, 3), (12, 2)]
    dice = np.random.default_rng(1)
    for shape in shapes:
        xs = dice.normal(size=shape)
        assert f(xs) == pytest.approx(np.exp(np.sin(xs).sum(axis=1)).sum(), rel=1e-12)
        assert f.lower(xs).backend == "numpy"
    gate.set()
    f.wait()
    for shape in [*shapes, (20, 3)]:
        xs = dice.normal(size=shape)
        assert f(xs) == pytest.approx(np.exp(np.sin(xs).sum(axis=1)).sum(), rel=1e-12)
        assert f.lower(xs).backend == "native"
    gate.clear()
    assert f.lower(np.ones((9, 5))).backend == "numpy"
    gate.set()
    f.wait()
    ((variant,),) = f._variants.values()
    assert len(variant._natives) == 3
    assert variant.stand_ins.tasks == []


def test_the_first_call_of_machine_code_does_not_wait_for_what_llvm_makes_for_others():
    f = beside(wave)
    f(0.5, 2.0)
    f.wait()
    asked, callbacks = [], (lambda: asked.append(True), lambda: None)
    ffi.register_lock_callback(*callbacks)  # LLVM serves one thread at a time
    try:
        f(0.5, 2.0)
    finally:
        ffi.unregister_lock_callback(*callbacks)
    assert type(f._direct) is type(len)
    assert not asked


def test_threads_that_call_during_the_swap_see_one_or_the_other(gate):
    f, args = CALLS["numpy"]
    known = {bits(ag.jit(f, backend=backend)(*args)) for backend in ("numpy", "native")}
    g = beside(f)
    all_there, seen = threading.Barrier(5), []

    def work():
        all_there.wait()
        while g.lower(*args).backend == "numpy":
            seen.append(bits(g(*args)))
        seen.append(bits(g(*args)))

    threads = [threading.Thread(target=work) for _ in range(4)]
    [thread.start() for thread in threads]
    all_there.wait()
    gate.set()
    [thread.join() for thread in threads]
    assert set(seen) <= known
    ((variant,),) = g._variants.values()
    assert len(variant._natives) == 1


def test_a_pickle_taken_meanwhile_makes_its_own_code(gate):
    f = beside(wave)
    before = f(0.5, 2.0)
    restored = pickle.loads(pickle.dumps(f))
    restored.f = None  # so that nothing can be traced anew
    assert restored(0.5, 2.0) == before
    assert restored.lower(0.5, 2.0).backend == "python"
    gate.set()
    restored.wait()
    assert restored.lower(0.5, 2.0).backend == "native"


def test_a_function_that_is_dropped_is_freed_before_its_turn_and_nothing_is_made_for_it(gate, monkeypatch):
    made, swap = [], background.StandIns.drop
    monkeypatch.setattr(background.StandIns, "drop", lambda self, sizes: (made.append(self.name), swap(self, sizes)))
    functions = [beside(f) for f in (wave, product, wave)]
    for f in functions:
        f(0.5, 2.0)
    variants = [weakref.ref(variant) for f in functions for known in f._variants.values() for variant in known]
    del f, functions[1]
    gc.collect()
    assert [variant() is None for variant in variants] == [False, True, False]
    gate.set()
    [f.wait() for f in functions]
    assert made == ["wave", "wave"]
    functions.clear()
    idle()
    gc.collect()
    assert [variant() for variant in variants] == [None] * 3


def product(x, y):
    return x * y


def test_what_goes_wrong_is_said_once_and_calls_go_on(gate, monkeypatch):
    def fails(*args):
        raise RuntimeError("no room")

    f = beside(wave)
    before = f(0.5, 2.0)
    with monkeypatch.context() as patch:
        patch.setattr(native_backend, "NativePlan", fails)
        gate.set()
        with pytest.raises(RuntimeError, match="no room"):
            f.wait()
    with pytest.warns(RuntimeWarning, match=r"wave runs without machine code, since .*no room") as warned:
        assert f(0.5, 2.0) == before
    assert warned[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert f(0.5, 2.0) == before
        lowered = f.lower(0.5, 2.0)
    assert (lowered.backend, lowered.reason) == ("python", "since making machine code raised RuntimeError('no room')")
    assert f._direct is not None  # there is nothing to wait for: straight-line Python takes its short way


def test_the_debug_switch_prints_the_swap_and_failures(gate, monkeypatch, capsys):
    monkeypatch.setenv("AUTOGRAD_LITE_DEBUG", "1")
    f = beside(wave)
    f(0.5, 2.0)
    assert "until machine code is ready" in capsys.readouterr().err
    gate.set()
    f.wait()
    assert capsys.readouterr().err.startswith("wave runs from now on as machine code: ")


def test_the_collector_goes_on_while_code_is_made_in_the_background_alone(monkeypatch):
    seen = []

    def watched(text):
        seen.append(gc.isenabled())
        return native_machine.compiled(text)

    monkeypatch.setattr(native_making, "compiled", watched)
    for in_background in (True, False):
        f = ag.jit(wave, backend="native", background=in_background)
        f(0.5, 2.0)
        assert f.wait()
    assert seen == [True, False]


def test_options_that_do_not_fit_are_refused(monkeypatch):
    with pytest.raises(ValueError, match="it must be auto or native"):
        ag.jit(wave, backend="numpy", background=True)
    monkeypatch.setattr(native_machine, "has_native", lambda: False)
    monkeypatch.setattr(choice, "has_native", lambda: False)
    native_machine.machine.cache_clear()
    with pytest.raises(ModuleNotFoundError, match=r"autograd_lite\[native\]"):
        beside(wave)(0.5, 2.0)
    assert beside(wave, backend="auto")(0.5, 2.0) == ag.jit(wave, backend="python")(0.5, 2.0)


# --- processes -----------------------------------------------------------------------------------------------------------

SOME = """
import atexit, os, threading
import autograd_lite as ag
from autograd_lite.compiler.backends import background

functions = [ag.jit(lambda x, k=k: ag.sin(x * k) * x, backend="native", background=True) for k in range(1, 4)]
begun, opened, run = threading.Event(), threading.Event(), background.Task.run
def held(task):
    os.write(1, b"begun\\n")
    begun.set()
    opened.wait()
    run(task)
    os.write(1, b"done\\n")
background.Task.run = held

def open_when_awaited():
    # What is at work goes on when someone waits for the thread, and not before.
    begun.wait()
    thread = background._worker._thread
    join = thread.join
    thread.join = lambda: (opened.set(), join())
"""


def printed_by(code):
    """What a process prints that must end well."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SOME + code], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_fork_waits_for_what_is_made_and_both_processes_make_the_rest():
    code = """
values = [f(0.5) for f in functions]
open_when_awaited()
child = os.fork()
assert all(abs(f(0.5) - value) < 1e-15 for f, value in zip(functions, values, strict=True))
assert functions[0].lower(0.5).backend == "native"
while [f.lower(0.5).backend for f in functions] != ["native"] * 3:
    pass  # a call is enough to have the rest made
if child:
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""
    assert sorted(printed_by(code)) == ["begun"] * 5 + ["done"] * 5


def test_the_end_of_a_process_waits_for_what_is_made_and_for_nothing_else():
    code = """
[f(0.5) for f in functions]
open_when_awaited()
"""
    assert printed_by(code) == ["begun", "done"]


def test_a_process_that_ends_runs_what_it_is_asked_for_and_waits_for_no_code():
    code = """
@atexit.register
def late():
    opened.set()
    background._worker.end()
    print(functions[0](0.5) == functions[0].f(0.5), functions[0].wait(), len(background._worker._tasks))
"""
    assert printed_by(code) == ["True", "False", "1"]

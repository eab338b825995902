"""What can be chosen, kept and composed: backends, pickles, the debug switch, transforms and custom rules."""

import math
import pickle
import signal
import threading
import time

import numpy as np
import pytest
from hypothesis import given

import autograd_lite as ag
from autograd_lite.compiler.backends.arrays import BY_CONSTANT, quiet
from autograd_lite.compiler.backends.workers import run_side_by_side
from autograd_lite.compiler.runtime import Compiled
from autograd_lite.engine.primitive import TABLE
from tests.strategies import SPECIAL, apply, examples, graphs


def wave(x):
    return ag.sin(x) * x


@ag.jit
def decorated(x):
    return x * x


@ag.custom_vjp
def tenfold(x, y):
    """A product whose rule says ten times its derivative, so that it can be told from the true one."""
    return ag.sin(x) * y


def tenfold_forward(x, y):
    return tenfold(x, y), (ag.cos(x), ag.sin(x), y)


tenfold.defvjp(tenfold_forward, lambda kept, g: (10.0 * kept[0] * g * kept[2], 10.0 * kept[1] * g))


@examples(50)
@given(recipe=graphs())
def test_both_backends_give_the_eager_value_and_derivatives(recipe):
    def f(xs):
        return recipe.run(list(xs), lambda name, args: apply(TABLE[name], args))[-1]

    point = np.array(recipe.inputs)
    value, slopes = ag.value_and_grad(f)(point)
    for backend in ("numpy", "python"):
        found, derivatives = ag.jit(ag.value_and_grad(f), backend=backend)(point)
        assert found == pytest.approx(value, rel=1e-10, abs=1e-10)
        # What is added up on the way is bounded by the recipe's gentleness, not by the result.
        assert derivatives == pytest.approx(slopes, rel=1e-9, abs=1e-9)


def test_the_backend_for_statements_refuses_lanes_and_the_reason_is_said():
    lanes = ag.jit(lambda xs: ag.total(ag.vmap(wave)(xs)), backend="python")
    with pytest.raises(ValueError, match="there are lanes"):
        lanes(np.ones(3))
    assert "lanes" in ag.jit(ag.vmap(wave)).lower(np.ones(3)).reason
    assert ag.jit(wave).lower(1.0).backend == "python"
    with pytest.raises(ValueError, match="must be one of auto, numpy, python"):
        ag.jit(wave, backend="fortran")


@pytest.mark.parametrize(("row", "constant"), BY_CONSTANT, ids=lambda item: getattr(item, "name", str(item)))
def test_a_faster_kernel_for_a_constant_is_the_eager_value(row, constant):
    xs = np.array([*SPECIAL, 0.3, -0.7, 12.5, -3.0])
    found = np.empty_like(xs)
    with quiet():
        BY_CONSTANT[row, constant](xs, constant, out=found)
    for x, y in zip(xs.tolist(), found.tolist(), strict=True):
        wanted = row.evaluate(x, constant)
        if not math.isfinite(wanted) or wanted == 0.0:
            assert math.isnan(wanted) == math.isnan(y), x
            assert math.isnan(y) or (y == wanted and math.copysign(1.0, y) == math.copysign(1.0, wanted)), x
        else:
            assert abs(y - wanted) <= 4.0 * math.ulp(wanted), x


def test_an_exponent_that_is_no_constant_is_read_at_every_call():
    power = ag.jit(lambda xs, y: ag.total(ag.vmap(lambda x: x**y)(xs)), backend="numpy")
    xs = np.array([1.0, 2.0, 3.0])
    assert [power(xs, y) for y in (2.0, 3.0, 1.0)] == [14.0, 36.0, 6.0]


def test_a_pickle_holds_what_was_compiled_and_needs_no_function_for_it():
    compiled = ag.jit(wave)
    compiled(2.0)
    restored = pickle.loads(pickle.dumps(compiled))
    restored.f = None  # so that nothing can be traced anew
    assert restored(3.0) == pytest.approx(3.0 * math.sin(3.0), rel=1e-15)
    assert pickle.loads(pickle.dumps(decorated)) is decorated


def test_while_a_pickle_is_made_no_other_thread_adds_to_what_was_compiled(monkeypatch):
    compiled, found = ag.jit(wave), []
    compiled(2.0)

    def try_to_compile():
        found.append(compiled._lock.acquire(blocking=False))

    def look(variant):
        thread = threading.Thread(target=try_to_compile)
        thread.start()
        thread.join()
        return True

    monkeypatch.setattr(Compiled, "can_be_kept", property(look))
    pickle.dumps(compiled)
    assert found == [False]


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="it takes a system with such signals to interrupt a thread")
def test_an_interrupted_run_ends_when_its_threads_have_ended():
    run_side_by_side([lambda: None] * 3)  # their threads are there: to interrupt how they begin is to break Python's pool
    begun, done = threading.Event(), []

    def interrupt():
        begun.wait()
        time.sleep(0.05)  # the main thread waits by now; where it does not, the test is passed all the same
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        time.sleep(0.05)
        done.append(True)

    with pytest.raises(KeyboardInterrupt):
        run_side_by_side([begun.set, interrupt])
    assert done == [True]


def test_the_debug_switch_prints_what_is_compiled(monkeypatch, capsys):
    monkeypatch.setenv("AUTOGRAD_LITE_DEBUG", "1")
    ag.jit(wave)(1.0)
    assert "multiply" in capsys.readouterr().err
    monkeypatch.delenv("AUTOGRAD_LITE_DEBUG")
    ag.jit(wave)(1.0)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("transform", [ag.grad, ag.jacfwd, ag.jacrev, ag.hessian, ag.value_and_grad])
def test_a_transform_of_a_compiled_function_is_compiled_and_right(transform):
    compiled = transform(ag.jit(wave))
    assert compiled(1.3) == pytest.approx(transform(wave)(1.3), rel=1e-13)
    assert compiled.lower(1.3).nodes > 2


def test_custom_rules_are_kept_in_compiled_functions_and_in_every_lane():
    gradient = ag.jit(ag.grad(tenfold, (0, 1)))
    assert gradient(1.0, 2.0) == pytest.approx((20.0 * math.cos(1.0), 10.0 * math.sin(1.0)), rel=1e-14)
    xs = np.array([0.0, 1.0, 2.0])
    slopes, slope = ag.jit(ag.grad(lambda xs, w: ag.total(ag.vmap(lambda x: tenfold(x, w))(xs)), (0, 1)))(xs, 2.0)
    assert slopes == pytest.approx(20.0 * np.cos(xs), rel=1e-14)
    assert slope == pytest.approx(10.0 * np.sin(xs).sum(), rel=1e-14)


def test_checkpoints_in_compiled_functions_have_both_derivatives():
    f = ag.checkpoint(lambda x: ag.exp(ag.sin(x)))
    s, c = math.sin(1.0), math.cos(1.0)
    assert ag.jit(ag.grad(f))(1.0) == pytest.approx(math.exp(s) * c, rel=1e-14)
    assert ag.jit(ag.grad(ag.grad(f)))(1.0) == pytest.approx(math.exp(s) * (c * c - s), rel=1e-13)


def test_a_value_inside_a_value_names_the_way_out():
    with pytest.raises(TypeError, match="use the Traced itself"):
        ag.jit(lambda x: ag.Value(x) * 2.0)(1.0)

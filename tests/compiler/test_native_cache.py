"""Machine code on disk: found again by the same plan alone, and only where nobody else can have written it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.compiler.backends.native import machine as native_machine
from tests.strategies import examples, graphs

if native_machine.has_native():
    from autograd_lite.compiler.backends.native import cache as native_cache
    from autograd_lite.compiler.backends.native import making as native_making

pytestmark = pytest.mark.skipif(
    not native_machine.has_native() or not hasattr(os, "getuid"),
    reason="native code needs llvmlite, and its cache a system whose files have owners",
)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder for code, and how often any was made."""
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", str(tmp_path / "code"))
    return tmp_path / "code"


@pytest.fixture
def made(monkeypatch):
    """A list that grows by one whenever code is made."""
    runs, make = [], native_making.compiled

    def counting(text):
        runs.append(text)
        return make(text)

    monkeypatch.setattr(native_making, "compiled", counting)
    return runs


def fresh(scale=2.0, dtype=float):
    """A function that was never compiled, and gives 1 + scale at 1."""
    f = ag.jit(lambda x, xs: (x + scale * x, ag.vmap(lambda y: y * scale)(xs)), backend="native", dtype=dtype)
    found, lanes = f(1.0, np.ones(11))
    assert lanes.tolist() == [scale] * 11
    return found


def test_code_is_made_once_and_found_again(home, made):
    assert [fresh(), fresh()] == [3.0, 3.0]
    assert len(made) == 1
    assert len(list(home.iterdir())) == 1


def test_another_plan_is_another_code(home, made):
    assert [fresh(), fresh(3.0), fresh(-0.0), fresh(0.0)] == [3.0, 4.0, 1.0, 1.0]
    assert len(made) == 4


def test_the_same_plan_in_single_precision_is_another_code(home, made):
    assert [fresh(dtype=dtype) for dtype in (float, np.float32, float, np.float32)] == [3.0] * 4
    assert len(made) == 2


def pairs(xs, ys):
    """A number for each pair of lanes."""
    return ag.vmap(lambda x: ag.total(ag.vmap(lambda y: x * y + x)(ys)))(xs)


ALIKE = {
    "where reading begins": [(lambda xs: xs[1] * 2.0, (np.arange(4.0),)), (lambda xs: xs[2] * 2.0, (np.arange(4.0),))],
    "how many terms there are": [
        (lambda xs: ag.total(list(xs[:12])), (np.arange(14.0),)),
        (lambda xs: ag.total(list(xs[:13])), (np.arange(14.0),)),
    ],
    "how many lanes there are of another axis": [
        (pairs, (np.arange(9.0), np.arange(3.0))),
        (pairs, (np.arange(9.0), np.arange(5.0))),
    ],
    "which way a branch went": [
        (lambda x: 2.0 * x if x > 0.0 else -x, (1.0,), (-1.0,)),
        (lambda x: -x if x > 0.0 else 2.0 * x, (-1.0,), (1.0,)),
    ],
    "the shape of the result": [
        (lambda x: (x * 2.0,), (1.5,)),
        (lambda x: [x * 2.0], (1.5,)),
        (lambda x: (x * 2.0, x * 2.0), (1.5,)),
    ],
    "the dimension that is mapped": [
        (ag.vmap(lambda x: x[0] - x[1]), (np.arange(4.0).reshape(2, 2),)),
        (ag.vmap(lambda x: x[0] - x[1], in_axes=1), (np.arange(4.0).reshape(2, 2),)),
    ],
}


@pytest.mark.parametrize("fact", ALIKE)
def test_plans_that_differ_in_one_fact_do_not_share_code(home, fact):
    for function, *calls in ALIKE[fact]:
        found, wanted = ag.jit(function, backend="native"), ag.jit(function, backend="numpy")
        for args in [calls[0], *calls, *calls]:  # the longer way, and the shorter
            result, expected = found(*args), wanted(*args)
            assert type(result) is type(expected)
            np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_gathers_and_tables_are_found_again(home, made, dtype):
    places = [0, 5, 2, 7, 3, 3, 11]
    xs = np.arange(12.0)
    for _ in range(2):
        f = ag.jit(lambda xs: ag.total([xs[k] * (0.5 + i * i) for i, k in enumerate(places)]), backend="native", dtype=dtype)
        assert f(xs) == sum(xs[k] * (0.5 + i * i) for i, k in enumerate(places))
    assert len(made) == 1


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: b"", lambda data: data[:40] + b"x" + data[41:]])
def test_a_file_that_was_changed_is_ignored(home, made, change):
    fresh()
    (file,) = home.iterdir()
    file.write_bytes(change(file.read_bytes()))
    assert fresh() == 3.0
    assert len(made) == 2
    assert fresh() == 3.0  # it was written anew
    assert len(made) == 2


def test_what_others_may_write_is_not_read(home, made):
    fresh()
    (file,) = home.iterdir()
    file.chmod(0o666)
    assert fresh() == 3.0
    assert len(made) == 2
    home.chmod(0o777)
    assert native_cache.folder() is None
    assert fresh() == 3.0
    assert len(made) == 3


def test_a_folder_of_someone_else_is_not_used(home, monkeypatch):
    home.mkdir()
    monkeypatch.setattr(os, "getuid", lambda: home.stat().st_uid + 1)
    assert native_cache.folder() is None
    assert fresh() == 3.0
    assert list(home.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_none(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", str(tmp_path / "file" / "code"))
    assert native_cache.folder() is None
    assert fresh() == 3.0


def test_without_a_home_nothing_is_kept(monkeypatch):
    def home():
        raise RuntimeError("Could not determine home directory.")

    for name in ("AUTOGRAD_LITE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", home)
    assert native_cache.folder() is None
    assert fresh() == 3.0


def test_a_link_is_not_followed(home, made, tmp_path):
    fresh()
    (file,) = home.iterdir()
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert fresh() == 3.0
    assert len(made) == 2


@pytest.mark.parametrize("bound", ["MOST", "ROOM"])
def test_the_folder_is_for_its_owner_alone_and_does_not_grow_for_ever(home, monkeypatch, bound):
    fresh()
    (file,) = home.iterdir()
    monkeypatch.setattr(native_cache, bound, 3 if bound == "MOST" else 3 * file.stat().st_size + 500)
    for k in range(5):
        fresh(3.0 + k)
    assert home.stat().st_mode & 0o777 == 0o700
    assert len(list(home.iterdir())) == 3
    assert not file.exists()


def test_files_of_others_in_the_folder_are_left_alone(home, monkeypatch):
    monkeypatch.setattr(native_cache, "MOST", 1)
    home.mkdir(mode=0o700)
    letters = [home / name for name in ("letter.txt", "0" * 64)]
    for letter in letters:
        letter.write_text("Dear all")
        os.utime(letter, (0, 0))
    for k in range(3):
        fresh(2.0 + k)
    assert [letter.read_text() for letter in letters] == ["Dear all"] * 2
    assert len(list(home.iterdir())) == 3


def test_what_cannot_be_written_leaves_nothing_behind(home, monkeypatch):
    def full(self):
        raise OSError("no space left on device")

    monkeypatch.setattr(native_cache.Kept, "packed", full)
    assert fresh() == 3.0
    assert list(home.iterdir()) == []


def test_where_nothing_shall_be_kept_nothing_is(monkeypatch):
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", "0")
    assert native_cache.folder() is None


# --- keys ----------------------------------------------------------------------------------------------------------------


def plan_of(f, *args):
    return ag.jit(f, backend="numpy").lower(*args).plan


def spelled(plan):
    """All that code depends on, as Python writes it."""
    return repr((plan.buffers, [replace(step, op=step.op.name) for step in plan.steps], plan.results))


@examples(30)
@given(first=graphs(), second=graphs())
def test_plans_have_one_key_if_and_only_if_they_are_the_same(first, second):
    first, again, second = [
        plan_of(lambda *inputs, recipe=recipe: recipe.on_rows(inputs), *recipe.inputs) for recipe in (first, first, second)
    ]
    assert native_cache.key_of(first) == native_cache.key_of(again)
    assert (native_cache.key_of(first) == native_cache.key_of(second)) == (spelled(first) == spelled(second))
    assert native_cache.key_of(first, 1) != native_cache.key_of(first, 2)


VIEWS = [
    lambda view: replace(view, base=view.base + 1),
    lambda view: replace(view, buffer=view.buffer - 1),
    lambda view: replace(view, strides=(*view.strides, 1)),
    lambda view: replace(view, positions=np.arange(3)),
    lambda view: replace(view, constants=0.0),
    lambda view: replace(view, constants=-0.0),
    lambda view: replace(view, constants=np.zeros(2)),
]


@examples(30)
@given(recipe=graphs(), data=st.data())
def test_a_key_tells_every_change_of_a_view(recipe, data):
    plan = plan_of(lambda *inputs: recipe.on_rows(inputs), *recipe.inputs)
    places = [
        (s, p, v)
        for s, step in enumerate(plan.steps)
        for p, piece in enumerate(step.pieces)
        for v in range(len(piece.operands))
    ]
    s, p, v = data.draw(st.sampled_from(places))
    changed = set()
    for change in VIEWS:
        pieces = list(plan.steps[s].pieces)
        operands = list(pieces[p].operands)
        operands[v] = change(operands[v])
        pieces[p] = replace(pieces[p], operands=tuple(operands))
        steps = [*plan.steps[:s], replace(plan.steps[s], pieces=tuple(pieces)), *plan.steps[s + 1 :]]
        changed.add(native_cache.key_of(replace(plan, steps=tuple(steps))))
    as_it_was = native_cache.key_of(plan) in changed
    assert len(changed) == len(VIEWS)
    assert not as_it_was or isinstance(plan.steps[s].pieces[p].operands[v].constants, float)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("native/exponential.py", b"750", b"751"),
        ("error_function.py", b"PIVOT = ", b"PIVOT = 1"),
        ("memory.py", b">=", b"> "),
    ],
)
def test_a_key_tells_every_change_of_what_writes_the_code(name, old, new, tmp_path, monkeypatch):
    copy = tmp_path / "backends"
    shutil.copytree(Path(native_cache.__file__).parents[1], copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(native_cache, "__file__", str(copy / "native" / "cache.py"))
    plan = plan_of(lambda x: x * 2.0, 1.0)

    def key():
        native_cache._own_text.cache_clear()
        return native_cache.key_of(plan)

    before = key()
    file = copy / name
    stat, text = file.stat(), file.read_bytes()
    assert old in text
    file.write_bytes(text.replace(old, new, 1))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert key() != before  # although neither its length nor its time tells
    file.write_bytes(text)
    assert key() == before
    (copy / "native" / "another.py").write_text("")
    assert key() == before  # there is nothing in it
    monkeypatch.undo()
    assert key() == before


# --- another process -----------------------------------------------------------------------------------------------------

USE = """
import sys
import numpy as np
import autograd_lite as ag

outer, model = ag.nn.MLP(2, [1], seed=2), ag.nn.MLP(2, [3, 1], seed=1)
outer.storage  # the numbers of a module that is reached by closure, in one buffer
loss = lambda model, xs, b: (ag.total(ag.vmap(lambda x: ag.tanh(outer(x) * model(x)) + b)(xs)), [None, xs[0, 0] * b])
f = ag.jit(loss, backend="native")
for b in (1.0, 2.0):
    total, (nothing, product) = f(model, np.arange(8.0).reshape(4, 2) - 4.0, b)
    print(total, nothing, product, type(f._direct) is type(len))
print(*sorted(sys.modules))
"""


def test_another_process_reads_the_code_and_loads_nothing_that_writes_it(home):
    found = []
    for seed in "12":
        environment = os.environ | {"PYTHONHASHSEED": seed, "AUTOGRAD_LITE_CACHE": str(home)}
        done = subprocess.run(
            [sys.executable, "-c", USE],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
            cwd=Path(__file__).parents[2],
        )
        found.append(done.stdout.splitlines())
    assert len(list(home.iterdir())) == 1
    (*numbers, first), (*again, second) = found
    assert numbers == again
    assert numbers[1].endswith("None -8.0 True")
    native = native_cache.__name__.removesuffix("cache")
    assert f"{native}emitter" in first.split()
    read = {name.removeprefix(native) for name in second.split() if name.startswith(native)}
    # llvmlite loads its own language in any case.
    assert read == {"backend", "cache", "entry", "fields", "layout", "machine", "slots", "threads"}


def test_what_is_kept_is_read_as_it_was_written(home, monkeypatch):
    written, make = [], native_making.made
    monkeypatch.setattr(native_making, "made", lambda *given: written.append(make(*given)) or written[-1])
    fresh()
    (file,) = home.iterdir()
    read = native_cache.load(file.stem)
    assert (read.facts, read.code) == (written[0].facts, written[0].code)
    assert {("miss",), ("float",), ("length", 1, 0), ("copy", 1)} <= set(read.facts["slots"])

"""Machine code on disk: found again by the same plan alone, and only where nobody else can have written it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler.backends.native import machine as native_machine

if native_machine.has_native():
    from autograd_lite.compiler.backends.native import backend as native_backend
    from autograd_lite.compiler.backends.native import cache as native_cache

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
    runs, make = [], native_backend.compiled

    def counting(text):
        runs.append(text)
        return make(text)

    monkeypatch.setattr(native_backend, "compiled", counting)
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

import math
import sys

import pytest

from autograd_lite.engine.extras import MissingExtraError
from autograd_lite.train.datasets import SOURCES, Dataset, Settings, moons

SIZES = {"digits": (1797, 64, 10), "moons": (500, 2, 2), "iris": (150, 4, 3), "breast_cancer": (569, 30, 2)}


@pytest.mark.parametrize("name", SOURCES)
def test_every_data_set_has_its_known_size_and_only_numbers_of_python(name):
    dataset = SOURCES[name].load()
    assert (len(dataset.features), len(dataset.features[0]), len(dataset.class_names)) == SIZES[name]
    assert {type(x) for row in dataset.features for x in row} == {float}
    assert {type(x) for x in dataset.targets} == {int}
    assert {type(x) for x in dataset.class_names} == {str}
    assert set(dataset.targets) == set(range(len(dataset.class_names)))
    assert len(set(dataset.feature_names)) == len(dataset.features[0])
    assert dataset.target_name not in dataset.feature_names


@pytest.mark.parametrize("name", ["digits", "iris", "breast_cancer"])
def test_without_its_library_a_data_set_says_what_to_install(name, monkeypatch):
    for module in ("sklearn", "sklearn.datasets"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"sklearn .* pip install 'autograd_lite\[data\]'"):
        SOURCES[name].load()


def test_moons_need_no_library(monkeypatch):
    for module in ("sklearn", "sklearn.datasets", "numpy"):
        monkeypatch.setitem(sys.modules, module, None)
    assert len(SOURCES["moons"].load().targets) == 500


def test_moons_without_noise_are_two_half_circles():
    points, labels = moons(101, noise=0.0)
    for (x, y), label in zip(points, labels, strict=True):
        radius = math.hypot(x - label, y - label / 2)
        assert radius == pytest.approx(1.0, abs=1e-15)
        assert y <= 0.5 + 1e-15 if label else y >= 0.0
    assert (labels.count(0), labels.count(1)) == (50, 51)


def test_the_noise_of_moons_has_the_standard_deviation_asked_for():
    still, _ = moons(4000, noise=0.0)
    moved, _ = moons(4000, noise=0.3)
    squares = [(a - b) ** 2 for p, q in zip(still, moved, strict=True) for a, b in zip(p, q, strict=True)]
    assert math.sqrt(sum(squares) / len(squares)) == pytest.approx(0.3, rel=0.05)  # 8000 draws: six standard errors


def test_moons_follow_their_seed_and_carry_the_labels_asked_for():
    assert moons(10, seed=1) == moons(10, seed=1) != moons(10, seed=2)
    assert set(moons(10, labels=(-1, 1))[1]) == {-1, 1}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: moons(1), "n is 1"),
        (lambda: moons(10, noise=-0.1), "noise -0.1"),
        (lambda: Dataset("d", [], [], ("a", "b")), "0 samples"),
        (lambda: Dataset("d", [[1.0]], [0, 1], ("a", "b")), "1 samples and 2 targets"),
        (lambda: Dataset("d", [[1.0], [1.0, 2.0]], [0, 1], ("a", "b")), "sample 1 has 2 features"),
        (lambda: Dataset("d", [[float("inf")]], [0], ("a", "b")), "not finite"),
        (lambda: Dataset("d", [[1.0]], [2], ("a", "b")), "target of sample 0 is 2"),
        (lambda: Dataset("d", [[1.0]], [0], ("a",)), "1 classes"),
        (lambda: Dataset("d", [[1.0]], [float("nan")]), "target of sample 0 is nan; it must be a finite number"),
        (lambda: Dataset("d", [[1.0, 2.0]], [0.5], None, ("a", "a")), "each must have one of its own"),
        (lambda: Settings((0,), "relu", 1, 1, 0.1), "neurons in a hidden layer is 0"),
        (lambda: Settings((4,), "relu", 1, 0, 0.1), "samples in a batch is 0"),
        (lambda: Settings((4,), "relu", 1, 1, 0.0), "learning rate is 0.0"),
        (lambda: Settings((4,), "rely", 1, 1, 0.1), "unknown activation 'rely'"),
    ],
)
def test_a_record_that_contradicts_itself_says_where(make, message):
    with pytest.raises(ValueError, match=message):
        make()

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite.nn import MLP
from autograd_lite.nn.activations import ACTIVATIONS
from autograd_lite.train import Standardizer
from autograd_lite.train.model_file import ModelFileError, TrainedModel, read_model, write_model
from autograd_lite.train.tasks import Classification, Regression
from tests.strategies import examples

FINITE = st.floats(-1e6, 1e6)
SCALES = st.floats(1e-3, 1e3)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


@st.composite
def models(draw):
    nin, hidden = draw(st.integers(1, 3)), draw(st.lists(st.integers(1, 4), max_size=2))
    if draw(st.booleans()):
        task = Classification(tuple(draw(st.lists(TEXTS, min_size=2, max_size=4, unique=True))))
        outputs = len(task.class_names)
    else:
        task, outputs = Regression(Standardizer((draw(FINITE),), (draw(SCALES),))), 1
    network = MLP(nin, [*hidden, outputs], activation=draw(st.sampled_from(sorted(ACTIVATIONS))), seed=0)
    for parameter in network.parameters():
        parameter.data = draw(FINITE)
    preprocessing = Standardizer(*(tuple(draw(st.tuples(*[numbers] * nin))) for numbers in (FINITE, SCALES)))
    names = draw(st.none() | st.lists(TEXTS, min_size=nin, max_size=nin, unique=True).map(tuple))
    return TrainedModel(network, preprocessing, task, names, draw(st.none() | TEXTS))


@examples(60)
@given(model=models(), data=st.data())
def test_a_model_that_was_written_and_read_predicts_the_same_to_the_bit(model, data):
    with tempfile.TemporaryDirectory() as folder:
        write_model(model, Path(folder, "model.json"))
        read = read_model(Path(folder, "model.json"))
    assert read.record() == model.record()
    nin = len(model.preprocessing.mean)
    rows = data.draw(st.lists(st.lists(FINITE, min_size=nin, max_size=nin), min_size=1, max_size=3))
    assert repr(read.predict(rows)) == repr(model.predict(rows))  # repr is exact, and equal for nan too


def test_the_file_holds_all_that_a_prediction_needs_in_plain_words(tmp_path):
    network = MLP(2, [6, 2], activation="tanh", seed=3)
    model = TrainedModel(network, Standardizer((0.1, 1 / 3), (1e-9, 7.0)), Classification(("größer", "no")), ("a", "b"), "y")
    write_model(model, tmp_path / "model.json")
    assert json.loads((tmp_path / "model.json").read_text(encoding="utf-8")) == {
        "format": "autograd_lite.model",
        "version": 1,
        "task": "classification",
        "sizes": [2, 6, 2],
        "activation": "tanh",
        "class_names": ["größer", "no"],
        "feature_names": ["a", "b"],
        "target_name": "y",
        "preprocessing": {"mean": [0.1, 1 / 3], "scale": [1e-9, 7.0]},
        "weights": [p.data for p in network.parameters()],
    }


REGRESSION = TrainedModel(
    MLP(2, [3, 1], seed=0), Standardizer((0.0, 0.0), (1.0, 1.0)), Regression(Standardizer((5.0,), (2.0,))), ("a", "b"), "y"
)
CLASSIFICATION = TrainedModel(
    MLP(2, [2], seed=0), Standardizer((0.0, 0.0), (1.0, 1.0)), Classification(("no", "yes")), ("a", "b"), "y"
)


def refusal(folder, text):
    path = folder / "model.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ModelFileError, match=r"\A[^\n\r]+\Z") as raised:
        read_model(path)
    complaint = str(raised.value)
    assert complaint.startswith(f"{path}: ")
    return complaint


TEXT = json.dumps(REGRESSION.record())

NO_MODEL = {
    "nothing": ("", "the file is not JSON"),
    "a table": ("a,b\n1,2\n", "the file is not JSON"),
    "the first half": (TEXT[: len(TEXT) // 2], "the file is not JSON"),
    "all but its end": (TEXT[:-1], "the file is not JSON"),
    "bytes": (b"\x89PNG\xff", "the file is not JSON"),
    "deep nesting": ("[" * 100_000, "the file is not JSON"),
    "nan": (TEXT.replace("5.0", "NaN"), "NaN is no number of JSON"),
    "minus infinity": (TEXT.replace("5.0", "-Infinity"), "-Infinity is no number of JSON"),
    "a number beyond the floats": (TEXT.replace("5.0", "1e999"), "'mean' holds what is no finite number"),
    "a list": ("[]", "has not the format 'autograd_lite.model'"),
    "another format": ('{"format": "other"}', "has not the format 'autograd_lite.model'"),
}


@pytest.mark.parametrize("case", NO_MODEL)
def test_a_file_that_is_no_model_is_refused(case, tmp_path):
    text, complaint = NO_MODEL[case]
    assert complaint in refusal(tmp_path, text)


WRONG = {
    "another version": ({"version": 2}, "the model has the version 2; 1 is the one that can be read"),
    "no version": ({"version": None}, "the model has the version None"),
    "an unknown task": ({"task": "clustering"}, "'task' is 'clustering'; known are 'classification' and 'regression'"),
    "one size": ({"sizes": [2]}, "'sizes' must be a list of two or more"),
    "a size of none": ({"sizes": [2, 0, 1]}, "'sizes' must be a list of two or more whole numbers from 1 on"),
    "a size that is no number": ({"sizes": [2, True, 1]}, "'sizes' must be"),
    "sizes too large for the weights": ({"sizes": [2, 10**12, 1]}, "'weights' has 13 numbers; the sizes of the layers ask"),
    "two outputs for one number": ({"sizes": [2, 3, 2], "weights": [0.5] * 17}, "'sizes' ends in 2; a regression has one"),
    "an unknown activation": ({"activation": "rely"}, "'activation' is 'rely'; known are abs_relu, elu"),
    "no activation": ({"activation": None}, "'activation' is None"),
    "a weight too few": ({"weights": [0.5] * 12}, "'weights' has 12 numbers; the sizes of the layers ask for 13"),
    "no weights": ({"weights": None}, "'weights' is missing, or no list of numbers"),
    "a weight that is a text": ({"weights": ["0.5"] * 13}, "'weights' holds what is no finite number"),
    "a weight that is a truth": ({"weights": [True] * 13}, "'weights' holds what is no finite number"),
    "a weight beyond the floats": ({"weights": [10**400] * 13}, "'weights' holds a number beyond the floats"),
    "no preprocessing": ({"preprocessing": None}, "'preprocessing' is missing, or no object with 'mean' and 'scale'"),
    "a mean too many": ({"preprocessing": {"mean": [0, 0, 0], "scale": [1, 1]}}, "'mean' has 3 numbers"),
    "a scale of 0": ({"preprocessing": {"mean": [0, 0], "scale": [1, 0]}}, "scales above 0"),
    "no scale of the target": ({"target_preprocessing": {"mean": [0]}}, "'scale' is missing"),
    "a name too few": ({"feature_names": ["a"]}, "'feature_names' has 1 names; the sizes of the layers ask for 2"),
    "a doubled name": ({"feature_names": ["a", "a"]}, "'feature_names' must hold texts, no two of them equal"),
    "a name that is no text": ({"feature_names": ["a", 1]}, "'feature_names' must hold texts"),
    "a target that is no text": ({"target_name": 3}, "'target_name' must be a text or null"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_model_in_which_something_does_not_fit_is_refused(case, tmp_path):
    changes, complaint = WRONG[case]
    assert complaint in refusal(tmp_path, json.dumps({**REGRESSION.record(), **changes}))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"class_names": ["a"]}, "'class_names' has 1 names; the sizes of the layers ask for 2"),
        ({"class_names": ["a", ["b"]]}, "'class_names' must hold texts"),
        ({"class_names": None}, "'class_names' is missing"),
        ({"sizes": [2, 1], "weights": [0, 0, 0]}, "'sizes' ends in 1; a classification has an output for each"),
    ],
)
def test_classes_must_fit_the_outputs(changes, complaint, tmp_path):
    assert complaint in refusal(tmp_path, json.dumps({**CLASSIFICATION.record(), **changes}))


@examples(100)
@given(data=st.data())
def test_whatever_stands_in_a_field_the_file_is_read_or_refused_in_one_line(data):
    record = CLASSIFICATION.record()
    junk = st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | TEXTS, st.lists, max_leaves=4)
    record[data.draw(st.sampled_from(sorted(record)))] = data.draw(junk)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.json")
        path.write_text(json.dumps(record), encoding="utf-8")
        try:
            read_model(path)
        except ModelFileError as error:
            assert len(str(error).splitlines()) == 1  # noqa: PT017  # either way is right


def test_the_file_must_be_there(tmp_path):
    with pytest.raises(ModelFileError, match=r"no\.json: the file cannot be read \(No such file or directory\)"):
        read_model(tmp_path / "no.json")
    with pytest.raises(ModelFileError, match="Is a directory"):
        read_model(tmp_path)


def test_a_file_that_cannot_be_finished_leaves_the_old_one_whole(tmp_path):
    path = tmp_path / "model.json"
    path.write_text("old")
    broken = MLP(2, [3, 1], seed=0)
    broken.parameters()[0].data = float("nan")
    with pytest.raises(ValueError, match="JSON"):
        write_model(TrainedModel(broken, REGRESSION.preprocessing, REGRESSION.task), path)
    assert path.read_text() == "old"
    write_model(REGRESSION, path)
    assert json.loads(path.read_text()) == REGRESSION.record()
    with pytest.raises(OSError, match=r".+"):
        write_model(REGRESSION, tmp_path / "nowhere" / "model.json")
    assert [file.name for file in tmp_path.iterdir()] == ["model.json"]


@pytest.mark.parametrize("activation", [["relu", "tanh"], ["relu", "softmax"], lambda x: 2.0 * x])
def test_a_network_that_the_file_has_no_words_for_is_not_written(activation, tmp_path):
    network = MLP(1, [3, 2], activation=activation, seed=0)
    model = TrainedModel(network, Standardizer((0.0,), (1.0,)), Classification(("a", "b")))
    with pytest.raises(ValueError, match="a file holds one for all layers but the last, by its name"):
        write_model(model, tmp_path / "model.json")

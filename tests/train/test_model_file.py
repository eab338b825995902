import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite.nn import MLP, Layer, Residual, Sequential
from autograd_lite.nn.activations import ACTIVATIONS
from autograd_lite.train import Standardizer
from autograd_lite.train.model_file import ModelFileError, TrainedModel, read_model, write_model
from autograd_lite.train.preprocessing import Centerer, MinMaxScaler
from autograd_lite.train.tasks import Classification, Regression
from autograd_lite.train.whitening import Whitener
from tests.strategies import examples

FINITE = st.floats(-1e6, 1e6)
SCALES = st.floats(1e-3, 1e3)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
SUFFIXES = st.sampled_from([".json", ".safetensors"])


@st.composite
def preprocessors(draw, columns):
    numbers, scales = (st.tuples(*[kind] * columns) for kind in (FINITE, SCALES))
    mean = draw(numbers)
    return draw(
        st.none()
        | st.just(Centerer(mean))
        | scales.map(lambda scale: Standardizer(mean, scale))
        | scales.map(lambda scale: MinMaxScaler(mean, tuple(m + s for m, s in zip(mean, scale, strict=True)), -1.0))
        | st.tuples(*[numbers] * columns).map(lambda matrix: Whitener("zca", mean, matrix, 0.5))
    )


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
    names = draw(st.none() | st.lists(TEXTS, min_size=nin, max_size=nin, unique=True).map(tuple))
    metadata = draw(st.dictionaries(TEXTS, st.none() | st.booleans() | FINITE | st.lists(TEXTS), max_size=2))
    task = draw(st.just(task) | st.none())
    return TrainedModel(network, draw(preprocessors(nin)), task, names, draw(st.none() | TEXTS), metadata)


@examples(100)
@given(model=models(), data=st.data(), suffix=SUFFIXES)
def test_a_model_that_was_written_and_read_predicts_the_same_to_the_bit(model, data, suffix):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"model{suffix}")
        write_model(model, path)
        read = read_model(path)
        first = path.read_bytes()
        write_model(read, path)
        assert path.read_bytes() == first
    assert read.record() == model.record()
    rows = data.draw(st.lists(st.lists(FINITE, min_size=model.inputs, max_size=model.inputs), min_size=1, max_size=3))
    assert repr(read.predict(rows)) == repr(model.predict(rows))  # repr is exact, and equal for nan too


def test_the_file_holds_all_that_a_prediction_needs_in_plain_words(tmp_path):
    network = MLP(2, [2, 2], activation="tanh", seed=3)
    scaling, task = Standardizer((0.1, 1 / 3), (1e-9, 7.0)), Classification(("größer", "no"))
    write_model(TrainedModel(network, scaling, task, ("a", "b"), "y", {"by": "me"}), tmp_path / "model.json")
    neurons = [neuron for layer in network.layers for neuron in layer.neurons]
    places = ["0.neurons.0", "0.neurons.1", "1.neurons.0", "1.neurons.1"]
    assert json.loads((tmp_path / "model.json").read_text(encoding="utf-8")) == {
        "format": "autograd_lite.model",
        "version": 2,
        "network": {"type": "MLP", "nin": 2, "nouts": [2, 2], "activation": ["tanh", "identity"], "bias": True},
        "preprocessing": {"type": "Standardizer", "mean": [0.1, 1 / 3], "scale": [1e-9, 7.0]},
        "task": "classification",
        "class_names": ["größer", "no"],
        "feature_names": ["a", "b"],
        "target_name": "y",
        "metadata": {"by": "me"},
        "weights": {
            key: value
            for place, neuron in zip(places, neurons, strict=True)
            for key, value in ((f"layers.{place}.w", [w.data for w in neuron.w]), (f"layers.{place}.b", neuron.b.data))
        },
    }


def test_a_file_of_version_1_is_read(tmp_path):
    network = MLP(2, [3, 1], activation="tanh", seed=5)
    old = {
        "format": "autograd_lite.model",
        "version": 1,
        "task": "regression",
        "sizes": [2, 3, 1],
        "activation": "tanh",
        "target_preprocessing": {"mean": [5.0], "scale": [2.0]},
        "feature_names": ["a", "b"],
        "target_name": "y",
        "preprocessing": {"mean": [0.5, 0.25], "scale": [1.0, 3.0]},
        "weights": [p.data for p in network.parameters()],
    }
    path = tmp_path / "model.json"
    path.write_text(json.dumps(old))
    scaling, task = Standardizer((0.5, 0.25), (1.0, 3.0)), Regression(Standardizer((5.0,), (2.0,)))
    model = TrainedModel(network, scaling, task, ("a", "b"), "y")
    assert read_model(path).record() == model.record()
    assert read_model(path).predict([[1.0, 2.0]]) == model.predict([[1.0, 2.0]])
    for changes, complaint in [
        ({"sizes": [2, 10**12, 1]}, "weights has 13 items; it must have 4000000000001"),
        ({"sizes": [2]}, "weights has 13 items; it must have 0"),
        ({"sizes": None}, "sizes is None; it must be a list"),
        ({"weights": [0.5] * 12}, "weights has 12 items; it must have 13"),
        ({"weights": ["0.5"] * 13}, "holds what is no finite number"),
        ({"activation": "rely"}, "activation is 'rely'"),
        ({"preprocessing": {"mean": [0.0]}}, "preprocessing is {'mean': [0.0]}; it must be an object with 'mean' and"),
    ]:
        assert complaint in refusal(tmp_path, json.dumps({**old, **changes}))


REGRESSION = TrainedModel(
    MLP(2, [3, 1], seed=0), Standardizer((0.0, 0.0), (1.0, 1.0)), Regression(Standardizer((5.0,), (2.0,))), ("a", "b"), "y"
)
CLASSIFICATION = TrainedModel(
    MLP(2, [2], seed=0), Standardizer((0.0, 0.0), (1.0, 1.0)), Classification(("no", "yes")), ("a", "b"), "y"
)


def record_of_file(model):
    return {**model.record(), "weights": model.network.state_dict()}


def refusal(folder, text):
    path = folder / "model.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ModelFileError, match=r"\A[^\n\r]+\Z") as raised:
        read_model(path)
    complaint = str(raised.value)
    assert complaint.startswith(f"{path}: ")
    return complaint


TEXT = json.dumps(record_of_file(REGRESSION))

NO_MODEL = {
    "nothing": ("", "the file is not JSON"),
    "a table": ("a,b\n1,2\n", "the file is not JSON"),
    "the first half": (TEXT[: len(TEXT) // 2], "the file is not JSON"),
    "all but its end": (TEXT[:-1], "the file is not JSON"),
    "bytes": (b"\x89PNG\xff", "the file is not JSON"),
    "deep nesting": ("[" * 100_000, "the file is not JSON"),
    "nan": (TEXT.replace("5.0", "NaN"), "NaN is no number of JSON"),
    "minus infinity": (TEXT.replace("5.0", "-Infinity"), "-Infinity is no number of JSON"),
    "a number beyond the floats": (TEXT.replace("5.0", "1e999"), "target_preprocessing.mean.0 is inf; it must be a finite"),
    "a number of endless digits": (TEXT.replace("5.0", "9" * 10_000), "the file is not JSON"),
    "a doubled key": (TEXT.replace("{", '{"version": 1, ', 1), "the key 'version' stands there twice"),
    "a doubled weight": (TEXT.replace("neurons.1.b", "neurons.0.b", 1), "the key 'layers.0.neurons.0.b' stands there twice"),
    "a list": ("[]", "has not the format 'autograd_lite.model'"),
    "another format": ('{"format": "other"}', "has not the format 'autograd_lite.model'"),
}


@pytest.mark.parametrize("case", NO_MODEL)
def test_a_file_that_is_no_model_is_refused(case, tmp_path):
    text, complaint = NO_MODEL[case]
    assert complaint in refusal(tmp_path, text)


NETWORK, WEIGHTS = REGRESSION.record()["network"], REGRESSION.network.state_dict()
DEEP = NETWORK
for _ in range(200):
    DEEP = {"type": "Residual", "inner": DEEP}


def with_weight(number):
    return {"weights": {**WEIGHTS, "layers.1.neurons.0.b": number}}


WRONG = {
    "another version": ({"version": 3}, "the model has the version 3; 1 and 2 can be read"),
    "no version": ({"version": None}, "the model has the version None"),
    "a version that is a truth": ({"version": True}, "the model has the version True"),
    "an unknown task": ({"task": ["clustering"]}, "task is ['clustering']; known are 'classification' and 'regression'"),
    "no network": ({"network": None}, "network is None; it must be an object with a 'type'"),
    "no outputs": ({"network": {**NETWORK, "nouts": []}}, "network.nouts is []; it must be a list of one or more"),
    "sizes too large for the weights": (
        {"network": {**NETWORK, "nouts": [10**12, 1]}},
        "the file has 13 weights; its network asks for 4000000000001",
    ),
    "two outputs for one number": (
        {"network": {**NETWORK, "nouts": [3, 2]}, "weights": MLP(2, [3, 2]).state_dict()},
        "the network has 2 outputs, and the task asks for 1",
    ),
    "activations for other layers": (
        {"network": {**NETWORK, "activation": ["tanh"]}},
        "1 activations were given for 2 layers",
    ),
    "an unknown activation": ({"network": {**NETWORK, "activation": ["x", "y"]}}, "network.activation.0 is 'x'; known are"),
    "an endless network": (
        {"network": DEEP, "weights": {}},
        "modules are nested too deeply; 100 within each other can be kept",
    ),
    "weights of other names": (
        {"weights": {f"x{key}": value for key, value in WEIGHTS.items()}},
        "the state does not fit this MLP: 'layers.0.neurons.0.w' is missing",
    ),
    "a weight too few": ({"weights": {"layers.0.neurons.0.w": [0.5]}}, "the file has 1 weights; its network asks for 13"),
    "no weights": ({"weights": None}, "'weights' is missing, or no object"),
    "weights in a list": ({"weights": [0.5] * 13}, "'weights' is missing, or no object"),
    "a weight that is a text": (with_weight("0.5"), "'layers.1.neurons.0.b' in 'weights' holds what is no finite number"),
    "a weight that is a truth": (with_weight(True), "holds what is no finite number"),
    "a weight in two lists": (with_weight([[0.5]]), "holds what is no finite number"),
    "a weight beyond the floats": (with_weight(10**400), "'layers.1.neurons.0.b' holds a number beyond the floats"),
    "no type of preprocessing": ({"preprocessing": {"mean": [0, 0], "scale": [1, 1]}}, "it must be an object with a 'type'"),
    "an unknown preprocessing": (
        {"preprocessing": {"type": "Path"}},
        "one of Centerer, Standardizer, MinMaxScaler, Whitener",
    ),
    "a mean too many": (
        {"preprocessing": {"type": "Standardizer", "mean": [0, 0, 0], "scale": [1, 1]}},
        "3 of mean and 2 of scale",
    ),
    "columns too few": (
        {"preprocessing": {"type": "Centerer", "mean": [0]}},
        "the preprocessing has 1 columns, and the net",
    ),
    "a mean that is a text": (
        {"preprocessing": {"type": "Centerer", "mean": "00"}},
        "preprocessing.mean is '00'; it must be",
    ),
    "a mean in two lists": (
        {"preprocessing": {"type": "Centerer", "mean": [[0], [0]]}},
        "preprocessing.mean.0 is [0]; it must",
    ),
    "a scale of 0": ({"preprocessing": {"type": "Standardizer", "mean": [0, 0], "scale": [1, 0]}}, "scales above 0"),
    "an unknown whitening": (
        {"preprocessing": {"type": "Whitener", "kind": "x", "mean": [0.0], "matrix": [[1.0]], "epsilon": 0}},
        "unknown kind 'x'",
    ),
    "a ragged matrix": (
        {"preprocessing": {"type": "Whitener", "kind": "zca", "mean": [0, 0], "matrix": [[1, 2], [1]], "epsilon": 0}},
        "there must be equally many numbers",
    ),
    "no scale of the target": ({"target_preprocessing": {"mean": [0]}}, "it must be an object with 'mean' and 'scale'"),
    "no names": ({"feature_names": []}, "feature_names is []"),
    "a name too few": ({"feature_names": ["a"]}, "feature_names has 1 columns, and the network 2 inputs"),
    "a doubled name": ({"feature_names": ["a", "a"]}, "feature_names must hold texts, no two of them equal"),
    "a name that is no text": ({"feature_names": ["a", 1]}, "feature_names must hold texts"),
    "a target that is no text": ({"target_name": 3}, "target_name is 3; it must be a text or null"),
    "metadata in a list": ({"metadata": [1]}, "the metadata must be a dict"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_model_in_which_something_does_not_fit_is_refused(case, tmp_path):
    changes, complaint = WRONG[case]
    assert complaint in refusal(tmp_path, json.dumps({**record_of_file(REGRESSION), **changes}))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"class_names": ["a"]}, "the network has 2 outputs, and the task asks for 1"),
        ({"class_names": ["a", ["b"]]}, "class_names must hold texts"),
        ({"class_names": None}, "class_names is None"),
    ],
)
def test_classes_must_fit_the_outputs(changes, complaint, tmp_path):
    assert complaint in refusal(tmp_path, json.dumps({**record_of_file(CLASSIFICATION), **changes}))


def test_the_file_must_be_there(tmp_path):
    for suffix in (".json", ".safetensors"):
        with pytest.raises(ModelFileError, match=rf"no\{suffix}: the file cannot be read \(No such file or directory"):
            read_model(tmp_path / f"no{suffix}")
    with pytest.raises(ModelFileError, match="Is a directory"):
        read_model(tmp_path)
    (tmp_path / "folder.safetensors").mkdir()
    with pytest.raises(ModelFileError, match=r"folder\.safetensors: the file cannot be read"):
        read_model(tmp_path / "folder.safetensors")


def test_a_file_that_cannot_be_finished_leaves_the_old_one_whole(tmp_path):
    path = tmp_path / "model.json"
    path.write_text("old")
    broken = MLP(2, [3, 1], seed=0)
    broken.parameters()[0].data = float("nan")
    with pytest.raises(
        ValueError, match=r"a weight in 'layers\.0\.neurons\.0\.w' is not finite, which JSON has no word for"
    ):
        write_model(TrainedModel(broken, REGRESSION.preprocessing, REGRESSION.task), path)
    assert path.read_text() == "old"
    write_model(REGRESSION, path)
    assert json.loads(path.read_text()) == record_of_file(REGRESSION)
    with pytest.raises(OSError, match=r".+"):
        write_model(REGRESSION, tmp_path / "nowhere" / "model.json")
    with pytest.raises(ValueError, match=r"give a name that ends in \.json or \.safetensors"):
        write_model(REGRESSION, tmp_path / "model.pkl")
    assert [file.name for file in tmp_path.iterdir()] == ["model.json"]


MISFITS = [
    ({"preprocessing": Centerer((0.0,))}, "the preprocessing has 1 columns, and the network 2 inputs"),
    ({"feature_names": ["a"]}, "feature_names has 1 columns, and the network 2 inputs"),
    ({"task": Classification(("a", "b", "c"))}, "the network has 2 outputs, and the task asks for 3"),
    ({"metadata": {1: "a"}}, "the metadata must be a dict of texts"),
    ({"metadata": {"a": (1, 2)}}, "the metadata must be a dict of texts"),
    ({"metadata": {"a": float("nan")}}, "the metadata must be a dict of texts, finite numbers"),
    ({"metadata": {"a": Path()}}, "the metadata must be a dict of texts"),
]


@pytest.mark.parametrize("network", [Layer(2, 2), MLP(2, [3, 2]), Sequential(Sequential(Layer(2, 2)), Layer(2, 2))])
@pytest.mark.parametrize(("parts", "complaint"), MISFITS)
def test_parts_that_do_not_fit_the_network_are_no_model(parts, complaint, network):
    with pytest.raises(ValueError, match=complaint):
        TrainedModel(network, **parts)


def test_what_the_network_does_not_tell_is_found_in_the_first_prediction():
    model = TrainedModel(Sequential(Residual(Layer(2, 2, seed=0)), "softmax"), task=Classification(("a", "b", "c")))
    with pytest.raises(ValueError, match="the network has 2 outputs, and the task asks for 3"):
        model.predict([[1.0, 2.0]])

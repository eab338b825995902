"""Models that are kept and come back, in a fresh process and to the bit."""

import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite
from autograd_lite.__main__ import main
from autograd_lite.engine.extras import MissingExtraError
from autograd_lite.engine.value import Value
from autograd_lite.nn import (
    MLP,
    RNN,
    Conv1d,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Maxout,
    Neuron,
    Reshape,
    Residual,
    Sequential,
    half_squared_error,
)
from autograd_lite.nn.architecture import KINDS
from autograd_lite.nn.nested import elements
from autograd_lite.optim import Adam
from autograd_lite.train.fit import fit
from autograd_lite.train.model_file import load, save
from autograd_lite.train.preprocessing import MinMaxScaler, Standardizer
from autograd_lite.train.tasks import Classification, Regression
from autograd_lite.train.whitening import Whitener
from tests.strategies import examples
from tests.test_main import line_of_refusal

SUFFIXES = [".json", ".safetensors"]
ROW, SEQUENCE = [0.25, -1.5], [[0.25, -1.5], [3.0, 1e-3]]
IMAGE = [[[0.1 * i - 0.3 * j for j in range(4)] for i in range(4)]]
SMALLEST = 5e-324

NETWORKS = {
    "Neuron": (Neuron(2, activation="tanh", seed=0), ROW),
    "Layer": (Layer(2, 3, activation="log_softmax", bias=False, seed=1), ROW),
    "MLP": (MLP(2, [5, 4, 3], activation=["gelu", "tanh", "softmax"], seed=2), ROW),
    "Maxout": (Maxout(2, 3, 2, seed=3), ROW),
    "Conv1d": (Conv1d(2, 3, 2, padding=1, activation="swish", seed=4), SEQUENCE),
    "Conv2d": (Conv2d(1, 2, (3, 2), stride=(1, 2), padding=(0, 1), activation="relu", seed=5), IMAGE),
    "RNN": (RNN(2, 3, seed=6), SEQUENCE),
    "Dropout": (Sequential(Dropout(0.5, seed=0).eval(), Layer(2, 1, seed=7)), ROW),
    "Flatten": (Sequential(Conv1d(2, 1, 2, seed=8), Flatten(), Layer(1, 2, seed=9)), SEQUENCE),
    "Reshape": (Sequential(Reshape(1, 2, 1), Conv2d(1, 1, 1, seed=10)), ROW),
    "Sequential": (Sequential("tanh", Layer(2, 2, seed=11), Sequential("relu", Layer(2, 3, seed=12)), "softmax"), ROW),
    "Residual": (Residual(Sequential(Layer(2, 4, seed=13), Residual(Layer(4, 4, seed=14)), Layer(4, 2, seed=15))), ROW),
}
"""A network of every type, and what it is shown."""

READER = """
import json, sys
from autograd_lite.nn.nested import elements
from autograd_lite.train.model_file import load
found = {}
for name, x in json.load(sys.stdin).items():
    network = load(name).network
    numbers = [n for kept in network.state_dict().values() for n in elements(kept)]
    found[name] = [[y.data.hex() for y in elements(network(x))], [n.hex() for n in numbers], repr(network)]
json.dump(found, sys.stdout)
"""


def test_a_model_of_every_type_is_the_same_to_the_bit_in_a_fresh_process(tmp_path):
    assert set(NETWORKS) == {name for name, kind in KINDS.items() if kind.type.__module__.startswith("autograd_lite.nn.")}
    shown, expected = {}, {}
    for kind, (network, x) in NETWORKS.items():
        network.parameters()[0].data, network.parameters()[-1].data = -0.0, SMALLEST
        outputs = [y.data.hex() for y in elements(network(x))]
        for suffix in SUFFIXES:
            path = f"{tmp_path}/{kind}{suffix}"
            save(network, path)
            shown[path] = x
            expected[path] = [outputs, [p.data.hex() for p in network.parameters()], repr(network)]
    root = Path(autograd_lite.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", READER], input=json.dumps(shown), capture_output=True, text=True, check=True, cwd=root
    )
    assert json.loads(done.stdout) == expected


@examples(60)
@given(numbers=st.lists(st.floats(), min_size=3, max_size=3), suffix=st.sampled_from(SUFFIXES))
def test_every_float_comes_back_to_the_bit_or_is_refused_when_it_is_written(numbers, suffix):
    neuron = Neuron(2, seed=0)
    for parameter, number in zip(neuron.parameters(), numbers, strict=True):
        parameter.data = number
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"model{suffix}")
        if suffix == ".json" and not np.isfinite(numbers).all():
            with pytest.raises(ValueError, match=r"is not finite, which JSON has no word for; write a \.safetensors file"):
                save(neuron, path)
            assert not path.exists()
        else:
            save(neuron, path)
            kept = [parameter.data for parameter in load(path).network.parameters()]
            assert struct.pack("3d", *kept) == struct.pack("3d", *numbers)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_belongs_to_a_model_is_kept_with_it(suffix, tmp_path):
    network, rows = MLP(2, [4, 2], activation="tanh", seed=0), [[1.0, 2.0], [3.0, 5.0], [4.0, -1.0]]
    for preprocessing in (Whitener.fitted(rows), MinMaxScaler.fitted(rows)):
        options = {
            "preprocessing": preprocessing,
            "task": Classification(("Katze, 猫", "a\nb")),
            "feature_names": ("x", "y"),
            "target_name": "kind",
            "metadata": {"by": "me", "epochs": 3, "losses": [0.5, 0.25], "deep": {"a": None, "b": True}},
        }
        save(network, str(tmp_path / f"m{suffix}"), **options)
        model = load(tmp_path / f"m{suffix}")
        assert {name: getattr(model, name) for name in options} == options
        outputs = [[y.data for y in network(row)] for row in preprocessing(rows)]
        assert model.predict(rows) == [options["task"].prediction(row) for row in outputs]


def test_outputs_without_a_task_are_numbers_and_units_are_not_left_out(tmp_path):
    network = Sequential(Layer(2, 3, activation="tanh", seed=0), Dropout(0.9, seed=0))
    save(network, tmp_path / "m.json")
    model = load(tmp_path / "m.json")
    assert model.network.parts[1].training  # as it was
    assert model.predict([ROW]) == [tuple(y.data for y in network.parts[0](ROW))]
    assert model.inputs == 2


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_training_goes_on_as_if_nothing_had_been(suffix, tmp_path):
    xs, ys = [[k / 7, k % 3] for k in range(20)], [k / 20 for k in range(20)]

    def trained(model, optimizer):
        fit(model, xs, ys, half_squared_error, optimizer, 2, 5, seed=0, engine="eager")

    model = MLP(2, [3, 1], activation="tanh", seed=0)
    optimizer = Adam(model, 0.05)
    trained(model, optimizer)
    save(model, tmp_path / f"m{suffix}", metadata={"optimizer": optimizer.state_dict()})
    trained(model, optimizer)
    kept = load(tmp_path / f"m{suffix}")
    again = Adam(kept.network, 0.05)
    again.load_state_dict(kept.metadata["optimizer"])
    trained(kept.network, again)
    assert kept.network.state_dict() == model.state_dict()
    assert again.state_dict() == optimizer.state_dict()


def test_tensors_have_the_names_and_numbers_of_the_state(tmp_path):
    from safetensors.numpy import load_file

    network = MLP(2, [3, 1], seed=0)
    save(network, tmp_path / "m.safetensors")
    tensors = load_file(tmp_path / "m.safetensors")
    assert {name: tensor.tolist() for name, tensor in tensors.items()} == network.state_dict()
    other = MLP(2, [3, 1], seed=1)
    other.load_state_dict(tensors)
    assert other.state_dict() == network.state_dict()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_code_is_neither_written_nor_run(suffix, tmp_path):
    for network in (MLP(2, [2, 1], activation=lambda x: x), Sequential(Flatten(), print)):
        with pytest.raises(TypeError, match="code is not kept"):
            save(network, tmp_path / f"m{suffix}")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_library_is_named(tmp_path, monkeypatch):
    path = tmp_path / "m.safetensors"
    save(Layer(2, 2), path)
    for module in ("safetensors", "safetensors.numpy"):
        monkeypatch.setitem(sys.modules, module, None)
    for step in (lambda: save(Layer(2, 2), path), lambda: load(path)):
        with pytest.raises(MissingExtraError, match=r"install it by pip install 'autograd_lite\[files\]'"):
            step()
    save(Layer(2, 2), tmp_path / "m.json")  # which needs nothing
    assert load(tmp_path / "m.json").inputs == 2


class Mine(Standardizer):
    """A preprocessor of one's own."""


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"preprocessing": Mine((0.0, 0.0), (1.0, 1.0))}, "one of Centerer, Standardizer, MinMaxScaler, Whitener"),
        ({"feature_names": ["a", "a"]}, "feature_names must hold texts, no two of them equal"),
        ({"feature_names": [1, 2]}, "feature_names must hold texts"),
        ({"task": Classification(("a", "a"))}, "class_names must hold texts, no two of them equal"),
        ({"target_name": 3}, "target_name is 3"),
    ],
)
def test_what_could_not_be_read_is_not_written(options, complaint, tmp_path):
    with pytest.raises(ValueError, match=complaint):
        save(Layer(2, 2), tmp_path / "m.json", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_shared_parameter_and_one_more_do_not_make_up_for_each_other(tmp_path):
    layer = Layer(2, 2, seed=0)
    layer.neurons[1].b, layer.extra = layer.neurons[0].b, Value(3.0)
    with pytest.raises(ValueError, match=r"'neurons.1.b' is missing; 'extra' is unexpected"):
        save(layer, tmp_path / "model.json")
    assert not list(tmp_path.iterdir())


# --- the command line -----------------------------------------------------------------------------------------------------


def test_the_command_line_predicts_with_what_save_wrote(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("a,b,y\n" + "".join(f"{k},{k % 5},{k / 7}\n" for k in range(12)))
    assert main(["train", "t.csv", "--target", "y", "--hidden", "4", "--epochs", "2", "--out", "out"]) == 0
    model = load("out/model.json")
    options = {"feature_names": model.feature_names, "target_name": model.target_name}
    save(model.network, "m.safetensors", preprocessing=model.preprocessing, task=model.task, **options)
    for name, out in [("out/model.json", "p.csv"), ("m.safetensors", "q.csv")]:
        assert main(["predict", name, "t.csv", "--out", out]) == 0
    assert Path("p.csv").read_bytes() == Path("q.csv").read_bytes()
    save(model.network, "bare.json")
    save(Conv1d(1, 1, 1), "conv.json", task=Regression(Standardizer((0.0,), (1.0,))), feature_names=["a", "b"])
    capsys.readouterr()
    for name, complaint in [
        ("bare.json", "bare.json: the model has no task, which says what its outputs mean; give one to save()"),
        ("conv.json", "conv.json: the model cannot take rows of a table (Conv1d"),
    ]:
        assert complaint in line_of_refusal(["predict", name, "t.csv"], capsys)
    Path("p.safetensors").write_bytes(b"\xff" * 100)
    assert "p.safetensors: the file is not safetensors" in line_of_refusal(["predict", "p.safetensors", "t.csv"], capsys)

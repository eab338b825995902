import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import autograd_lite
from autograd_lite.__main__ import main
from autograd_lite.nn import MLP
from autograd_lite.optim import SGD
from autograd_lite.train import Standardizer, accuracy
from autograd_lite.train.datasets import SOURCES
from autograd_lite.train.engines import Computation
from autograd_lite.train.job import parts_of
from autograd_lite.train.report import GradientCheck

TINY = ["--hidden", "4", "--epochs", "1"]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def trained(data, *options, code=0):
    assert main(["train", data, *TINY, *options]) == code


def line_of_refusal(arguments, capsys):
    """The one line on stderr with which the command line refuses."""
    try:
        code = main(arguments)
    except SystemExit as end:
        code = end.code
    printed = capsys.readouterr()
    assert code == 2
    assert printed.out == ""
    assert re.fullmatch(r"[^\n\r]+\n", printed.err)
    return printed.err


@pytest.mark.parametrize("data", SOURCES)
def test_a_run_prints_what_its_model_reproduces(data, capsys):
    trained(data)
    printed = capsys.readouterr()
    assert re.search(
        r"20 of \d+ derivatives against central differences: worst relative difference \d\.\de-(0[5-9]|\d\d)\n", printed.out
    )
    assert re.search(r"epoch 1/1: 100%.* loss \d\.\d+, accuracy \d\.\d+", printed.err)
    assert Path(data, "loss.png").read_bytes().startswith(b"\x89PNG")

    record = json.loads(Path(data, "model.json").read_text(encoding="utf-8"))
    network, scaling = record["network"], record["preprocessing"]
    assert (network.pop("type"), network.pop("bias"), scaling.pop("type")) == ("MLP", True, "Standardizer")
    model = MLP(**network)
    model.load_state_dict(record["weights"])
    dataset = SOURCES[data].load()
    preprocessing, _, training, test = parts_of(dataset)
    assert Standardizer(**scaling) == preprocessing
    assert record["class_names"] == list(dataset.class_names)
    assert record["feature_names"] == list(dataset.feature_names)
    shares = [accuracy(model, preprocessing(part.features), part.targets) for part in (training, test)]
    assert f"training accuracy {shares[0]:.2%}, test accuracy {shares[1]:.2%}\n" in printed.out


def test_the_same_seed_gives_the_same_model_to_the_bit_and_another_seed_another():
    models = []
    for out, seed in [("a", "5"), ("b", "5"), ("c", "6")]:
        trained("moons", "--out", out, "--seed", seed)
        models.append(Path(out, "model.json").read_bytes())
    assert models[0] == models[1] != models[2]


def test_every_option_reaches_the_training(capsys):
    options = "--hidden 5,3 --activation sigmoid --epochs 2 --batch-size 100 --learning-rate 0.3 --out some/where"
    assert main(["train", "moons", *options.split()]) == 0
    printed = capsys.readouterr()
    assert "moons: MLP(2 -> 5 sigmoid -> 3 sigmoid -> 2 identity, 41 parameters), 400 samples for training" in printed.out
    assert "epoch 2/2: 100%" in printed.err
    assert "800/800" in printed.err
    record = json.loads(Path("some/where/model.json").read_text(encoding="utf-8"))
    network = {"type": "MLP", "nin": 2, "nouts": [5, 3, 2], "activation": ["sigmoid", "sigmoid", "identity"], "bias": True}
    assert record["network"] == network


def test_both_engines_give_the_same_model_and_the_same_scores(capsys):
    found = []
    for engine in ("jit", "eager"):
        trained("iris", "--engine", engine)
        scores = re.search(r"training accuracy .*\n", capsys.readouterr().out).group()
        record = json.loads(Path("iris", "model.json").read_text(encoding="utf-8"))
        weights = [x for kept in record.pop("weights").values() for x in (kept if isinstance(kept, list) else [kept])]
        found.append((pytest.approx(weights, abs=1e-9), record, scores))  # sums in another order, some steps long
    assert found[0][1:] == found[1][1:]
    assert found[0][0].expected == found[1][0]


@pytest.mark.parametrize(
    ("options", "engine"), [([], "jit"), (["--engine", "jit"], "jit"), (["--engine", "eager"], "eager")]
)
def test_the_command_line_compiles_unless_told_otherwise(options, engine, monkeypatch):
    engines = []

    made = Computation.__post_init__
    monkeypatch.setattr(Computation, "__post_init__", lambda self: engines.append(self.engine) or made(self))
    trained("iris", *options)
    assert engines == [engine, "eager", engine, engine]  # training, one sample's outputs, the scores of both parts


REFUSED = {
    "no data": (["train"], "required: data"),
    "an unknown command": (["trian", "moons"], "'trian'"),
    "unknown data": (["train", "digitz"], "unknown data 'digitz'; known are digits, moons"),
    "unknown data, where a table could be meant": (["train", "digitz"], "or PATH.csv, a table of your own"),
    "a target of what has one": (["train", "moons", "--target", "x"], "--target and --task are for a table, PATH.csv"),
    "a task of what has one": (["train", "moons", "--task", "regress"], "moons has its own"),
    "an unknown option": (["train", "moons", "--lr", "1"], "--lr"),
    "an unknown activation": (
        ["train", "moons", "--activation", "rely"],
        "unknown activation 'rely'; known are abs_relu, elu",
    ),
    "an option without its value": (["train", "moons", "--epochs"], "--epochs: expected one argument"),
    "a negative rate": (["train", "moons", "--learning-rate", "-0.1"], "rate is -0.1; it must be a finite number above 0"),
    "a small negative rate": (["train", "moons", "--learning-rate", "-1e-3"], "rate is -0.001"),
    "a rate of zero": (["train", "moons", "--learning-rate", "0"], "above 0, such as 0.1"),
    "a rate that is no number": (["train", "moons", "--learning-rate", "fast"], "--learning-rate: 'fast' is not a number"),
    "a rate of nan": (["train", "moons", "--learning-rate", "nan"], "rate is nan"),
    "an unknown engine": (["train", "moons", "--engine", "gpu"], "invalid choice: 'gpu'"),
    "no epochs": (["train", "moons", "--epochs", "0"], "epochs is 0; it must be a whole number from 1 on"),
    "half an epoch": (["train", "moons", "--epochs", "0.5"], "'0.5' is not a whole number, such as 10"),
    "an empty batch": (["train", "moons", "--batch-size", "0"], "samples in a batch is 0"),
    "hidden words": (["train", "moons", "--hidden", "16,many"], "'16,many' is not a list of whole numbers, such as 16,16"),
    "hidden nothing": (["train", "moons", "--hidden", ""], "'' is not a list of whole numbers"),
    "a hidden layer of none": (["train", "moons", "--hidden", "16,0"], "neurons in a hidden layer is 0"),
    "a negative seed": (["train", "moons", "--seed", "-1"], "'-1' is not a whole number from 0 on"),
    "a word of several lines": (["train", "moons\nand\nmore"], r"'moons\nand\nmore'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_argument_is_refused_in_one_line(case, capsys):
    arguments, message = REFUSED[case]
    assert message in line_of_refusal(arguments, capsys)
    assert list(Path().iterdir()) == []


def test_a_diverging_loss_ends_with_one_line(capsys):
    assert main_code(["train", "moons", *TINY, "--learning-rate", "1e300"]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert "training diverged" in last
    assert "try a smaller one, 9.5e+298 say" in last
    assert not Path("moons", "model.json").exists()


def main_code(arguments):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    return end.value.code


@pytest.fixture
def _no_training(monkeypatch):
    def fail(*args, **kwargs):
        pytest.fail("training began")

    monkeypatch.setattr("autograd_lite.train.job.fit", fail)


@pytest.mark.usefixtures("_no_training")
class TestBeforeTraining:
    """What is wrong with folders and libraries is said before the training."""

    def test_a_file_for_a_folder(self, capsys):
        Path("moons").write_text("mine")
        assert "'moons' is a file; the results need a folder: give another name by --out" in line_of_refusal(
            ["train", "moons"], capsys
        )
        assert Path("moons").read_text() == "mine"

    def test_a_folder_in_a_file(self, capsys):
        Path("file").write_text("mine")
        line = line_of_refusal(["train", "moons", "--out", "file/folder"], capsys)
        assert "'file/folder' cannot be written to" in line
        assert "give another by --out" in line

    def test_a_name_too_long_for_a_folder(self, capsys):
        assert "cannot be written to (File name too long)" in line_of_refusal(["train", "moons", "--out", "a" * 300], capsys)

    def test_a_folder_for_a_file(self, capsys):
        Path("moons/model.json").mkdir(parents=True)
        assert "model.json' is a folder; a file of that name is to be written" in line_of_refusal(["train", "moons"], capsys)

    def test_a_folder_without_permission(self, capsys, monkeypatch):
        def refuse(**options):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(tempfile, "TemporaryFile", refuse)  # a superuser may write everywhere
        assert "the folder 'moons' cannot be written to (Permission denied)" in line_of_refusal(["train", "moons"], capsys)

    @pytest.mark.parametrize(("data", "library"), [("digits", "sklearn"), ("moons", "matplotlib")])
    def test_a_missing_extra(self, data, library, capsys, monkeypatch):
        for module in (library, f"{library}.datasets"):
            monkeypatch.setitem(sys.modules, module, None)
        line = line_of_refusal(["train", data], capsys)
        assert f"{library} cannot be imported" in line
        assert "install it by pip install 'autograd_lite[data]'" in line
        assert list(Path().iterdir()) == []


def test_a_disk_that_fills_up_ends_with_one_line(capsys, monkeypatch):
    def full(record, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("autograd_lite.train.job.write_model", full)
    assert main_code(["train", "moons", *TINY]) == 2
    assert "(No space left on device)" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("steps", [0, 3])
def test_ctrl_c_keeps_writes_and_measures_what_was_trained(steps, capsys, monkeypatch):
    step, taken = SGD.step, []

    def interrupted(self, gradient):
        if len(taken) == steps:
            raise KeyboardInterrupt
        taken.append(step(self, gradient))

    monkeypatch.setattr(SGD, "step", interrupted)
    trained("moons", code=130)
    printed = capsys.readouterr()
    assert f"interrupted after {steps} of 20 mini-batches; what was learnt until then is kept" in printed.err
    assert "test accuracy" in printed.out
    assert sorted(file.name for file in Path("moons").iterdir()) == ["loss.png", "model.json"]


def test_ctrl_c_outside_the_training_is_one_line(capsys, monkeypatch):
    def interrupted(job):
        raise KeyboardInterrupt

    monkeypatch.setattr("autograd_lite.__main__.run", interrupted)
    trained("moons", code=130)
    assert capsys.readouterr().err == "python -m autograd_lite: interrupted\n"


def test_wrong_gradients_are_no_success(capsys, monkeypatch):
    monkeypatch.setattr("autograd_lite.train.job.check_gradients", lambda *args, **options: GradientCheck(20, 30, 0.5))
    trained("moons", code=1)
    printed = capsys.readouterr()
    assert "worst relative difference 5.0e-01" in printed.out
    assert "gradients disagree" in printed.err.splitlines()[-1]


def test_alone_it_prints_help_that_names_the_commands(capsys):
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert all(command in printed for command in ("train", "predict", "draw"))


def test_help_of_train_tells_every_default_and_exit_code(capsys):
    assert main_code(["train", "--help"]) == 0
    text = capsys.readouterr().out
    for name, source in SOURCES.items():
        assert f"{name} " in text
        assert f"--epochs {source.settings.epochs} --batch-size {source.settings.batch_size}" in text
    assert all(code in text for code in ["exit codes", "130", "Ctrl-C"])


def test_the_module_runs_and_knows_its_version():
    root = Path(autograd_lite.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-m", "autograd_lite", "--version"], capture_output=True, text=True, check=True, cwd=root
    )
    assert done.stdout == f"autograd_lite {autograd_lite.__version__}\n"

"""train and predict on tables of one's own."""

import csv
import json
import os
import re
import shutil
from pathlib import Path
from random import Random

import pytest
from sklearn.metrics import accuracy_score, mean_squared_error, r2_score

from autograd_lite.__main__ import main
from autograd_lite.train.datasets import SOURCES
from autograd_lite.train.model_file import read_model
from autograd_lite.train.table import read_table
from tests.test_main import line_of_refusal

FAST = ["--hidden", "4", "--epochs", "2"]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(name, header, rows):
    with Path(name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def pets(name="pets.csv", count=30):
    """Cats are light, dogs are heavy, and a few are neither."""
    dice = Random(0)
    rows = []
    for k in range(count):
        kind = ("Katze, 猫", "Hund", "7")[k % 3]
        rows.append([kind, dice.gauss(4.0 + 9.0 * (k % 3), 3.0), dice.gauss(0.0, 1.0)])
    write(name, ["kind", "weight", "mood"], rows)
    return rows


def plane(name="plane.csv", count=40):
    dice = Random(0)
    points = [(dice.uniform(-5.0, 5.0), dice.uniform(-5.0, 5.0)) for _ in range(count)]
    write(name, ["x1", "x2", "y"], [(x1, x2, 3.0 * x1 - 2.0 * x2 + 1.0) for x1, x2 in points])


GOOD = "a,b,y\n" + "".join(f"{k},{k % 5},{k / 7}\n" for k in range(12))


@pytest.fixture(scope="module")
def _trained(tmp_path_factory):
    """A folder with three tables and a model of each."""
    folder = tmp_path_factory.mktemp("trained")
    pets(folder / "pets.csv")
    plane(folder / "plane.csv")
    (folder / "good.csv").write_text(GOOD)
    for name, target in [("pets", "kind"), ("plane", "y"), ("good", "y")]:
        run("train", folder / f"{name}.csv", "--target", target, "--out", folder / name, *FAST)
    return folder


@pytest.fixture
def _models(_trained):
    shutil.copytree(_trained, ".", dirs_exist_ok=True)


def run(*arguments, code=0):
    assert main([str(word) for word in arguments]) == code


def cells(path):
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_a_plane_is_learnt_from_a_table(capsys):
    plane(count=60)
    run("train", "plane.csv", "--target", "y")
    printed = capsys.readouterr()
    assert printed.out.startswith("task: regress 'y', since it holds numbers that are not whole, such as ")
    assert "settings: --hidden 16 --activation relu --epochs 200 --batch-size 6 --learning-rate 0.05\n" in printed.out
    training, test = map(float, re.search(r"training R² (\S+), RMSE \S+, test R² (\S+), RMSE \S+\n", printed.out).groups())
    assert min(training, test) > 0.99
    assert re.search(r"20 of 65 derivatives against central differences: worst relative difference \d\.\de-", printed.out)
    assert re.search(r"epoch 200/200: 100%.* loss 0\.\d+\]", printed.err)
    assert Path("plane/loss.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads(Path("plane/model.json").read_text())["task"] == "regression"


def test_classes_are_learnt_from_a_table_under_the_names_written_there(capsys):
    pets()
    run("train", "pets.csv", "--target", "kind", *FAST, "--out", "else/where")
    printed = capsys.readouterr().out
    assert printed.startswith(
        "task: classify 'kind', since it holds text, such as 'Katze, 猫' (--task regress would override it)\n"
    )
    assert re.search(r"training accuracy \d+\.\d\d%, test accuracy \d+\.\d\d%\n", printed)
    assert "24 samples for training and 6 for the test" in printed
    record = json.loads(Path("else/where/model.json").read_text(encoding="utf-8"))
    assert record["class_names"] == ["7", "Hund", "Katze, 猫"]
    assert (record["feature_names"], record["target_name"]) == (["weight", "mood"], "kind")


@pytest.mark.parametrize(("task", "score"), [("classify", "accuracy"), ("regress", "R²")])
def test_the_task_can_be_said(task, score, capsys):
    write("t.csv", ["x", "y"], [(k, k % 4) for k in range(40)])
    run("train", "t.csv", "--target", "y", "--task", task, *FAST)
    printed = capsys.readouterr().out
    assert printed.startswith(f"task: {task} 'y', as --task says\n")
    assert f"training {score} " in printed


@pytest.mark.parametrize("task", ["classify", "regress"])
def test_two_runs_give_the_same_model_to_the_bit(task):
    write("t.csv", ["x", "y"], [(k, k % 2) for k in range(20)])
    for out in ("a", "b"):
        run("train", "t.csv", "--target", "y", "--task", task, "--out", out, *FAST)
    assert Path("a/model.json").read_bytes() == Path("b/model.json").read_bytes()


def test_any_file_is_a_table_and_a_built_in_name_comes_first():
    pets("table")
    run("train", "table", "--target", "kind", "--out", "out", *FAST)
    plane("moons.CSV")
    run("train", "moons.CSV", "--target", "y", *FAST)
    assert sorted(file.name for file in Path("moons").iterdir()) == ["loss.png", "model.json"]


# --- predictions ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_models")
def test_predicted_classes_are_those_of_the_model_to_the_bit_and_their_accuracy_that_of_scikit_learn(capsys):
    rows = cells("pets.csv")[1:]
    run("predict", "pets/model.json", "pets.csv", "--out", "p.csv")
    header, *found = cells("p.csv")
    assert header == ["prediction", "probability_7", "probability_Hund", "probability_Katze, 猫"]
    expected = read_model(Path("pets/model.json")).predict([list(map(float, row[1:])) for row in rows])
    assert [(name, *map(float, probabilities)) for name, *probabilities in found] == expected
    share = accuracy_score([row[0] for row in rows], [row[0] for row in found])
    assert capsys.readouterr().out == f"accuracy {share:.2%} in 30 rows with 'kind'\nwritten: p.csv, 30 rows\n"


@pytest.mark.usefixtures("_models")
def test_predicted_numbers_are_those_of_the_model_to_the_bit_and_their_scores_those_of_scikit_learn(capsys):
    run("predict", "plane/model.json", "plane.csv", "--out", "p.csv")
    header, *found = cells("p.csv")
    table = read_table(Path("plane.csv"))
    predicted, actual = [float(x) for (x,) in found], table.numbers("y")
    assert header == ["prediction"]
    assert [(x,) for x in predicted] == read_model(Path("plane/model.json")).predict(table.features(["x1", "x2"]))
    r2, rmse = r2_score(actual, predicted), mean_squared_error(actual, predicted) ** 0.5
    assert capsys.readouterr().out == f"R² {r2:.4f}, RMSE {rmse:.6g} in 40 rows with 'y'\nwritten: p.csv, 40 rows\n"


@pytest.mark.usefixtures("_models")
def test_columns_are_found_by_name_in_any_order_with_others_among_them_and_without_the_target(capsys):
    run("predict", "plane/model.json", "plane.csv", "--out", "a.csv")
    capsys.readouterr()
    write("other.csv", ["note", "x2", "x1"], [("text", x2, x1) for x1, x2, _ in cells("plane.csv")[1:]])
    run("predict", "plane/model.json", "other.csv", "--out", "b.csv")
    assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes()
    assert capsys.readouterr().out == "written: b.csv, 40 rows\n"


@pytest.mark.parametrize("data", SOURCES)
def test_models_of_built_in_data_predict_too(data, capsys):
    run("train", data, "--hidden", "4", "--epochs", "1")
    capsys.readouterr()
    dataset = SOURCES[data].load()
    names = [dataset.class_names[target] for target in dataset.targets]
    rows = [[*row, name] for row, name in zip(dataset.features, names, strict=True)][::50]
    write("t.csv", [*dataset.feature_names, dataset.target_name], rows)
    run("predict", f"{data}/model.json", "t.csv", "--out", "p.csv")
    share = accuracy_score([row[-1] for row in rows], [row[0] for row in cells("p.csv")[1:]])
    assert capsys.readouterr().out.startswith(f"accuracy {share:.2%} in {len(rows)} rows with {dataset.target_name!r}\n")


@pytest.mark.usefixtures("_models")
def test_a_model_without_names_takes_columns_in_their_order(capsys):
    record = json.loads(Path("plane/model.json").read_text())
    Path("old.json").write_text(
        json.dumps({k: v for k, v in record.items() if not k.endswith("_name") and k != "feature_names"})
    )
    write("two.csv", ["a", "b"], [row[:2] for row in cells("plane.csv")[1:]])
    run("predict", "plane/model.json", "plane.csv", "--out", "a.csv")
    run("predict", "old.json", "two.csv", "--out", "b.csv")
    assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes()
    capsys.readouterr()
    assert "plane.csv: the table has 3 columns; the model takes 2 features" in line_of_refusal(
        ["predict", "old.json", "plane.csv"], capsys
    )


@pytest.mark.usefixtures("_models")
def test_rows_without_a_target_are_predicted_and_not_compared(capsys):
    write("t.csv", ["weight", "mood", "kind"], [(4, 0, ""), (5, 0, "Hund"), (6, 0, "Pferd")])
    run("predict", "pets/model.json", "t.csv")
    printed = capsys.readouterr().out
    assert "in 2 rows with 'kind'; 1 of a class that the model does not know\n" in printed
    assert printed.endswith("written: predictions.csv, 3 rows\n")
    write("t.csv", ["weight", "mood", "kind"], [(4, 0, "")])
    run("predict", "pets/model.json", "t.csv")
    assert capsys.readouterr().out == "written: predictions.csv, 1 row\n"


def test_a_class_of_any_name_can_be_read_back():
    names = ["a\rb", 'c"d', "e,f", "g\nh", " i "]
    write("t.csv", ["x", "y"], [(k, names[k % 5]) for k in range(20)])
    run("train", "t.csv", "--target", "y", *FAST)
    run("predict", "t/model.json", "t.csv", "--out", "p.csv")
    header, *rows = cells("p.csv")
    assert header == ["prediction", *(f"probability_{name}" for name in sorted(names))]
    assert {row[0] for row in rows} <= set(names)


@pytest.mark.parametrize("link", [os.link, os.symlink, None])
@pytest.mark.parametrize("which", ["plane.csv", "plane/model.json"])
@pytest.mark.usefixtures("_models")
def test_an_input_is_never_overwritten_whatever_its_name(which, link, capsys):
    before = Path(which).read_bytes()
    if link:
        link(which, "out.csv")
    out = "out.csv" if link else f"./{which}"
    assert "the file is an input, and would be lost" in line_of_refusal(
        ["predict", "plane/model.json", "plane.csv", "--out", out], capsys
    )
    assert Path(which).read_bytes() == before


@pytest.mark.usefixtures("_models")
def test_predictions_that_cannot_be_written_are_refused(capsys):
    Path("folder").mkdir()
    for out, reason in [
        ("no/p.csv", "No such file or directory"),
        ("folder", "Is a directory"),
        ("plane.csv/p", "Not a dir"),
    ]:
        line = line_of_refusal(["predict", "plane/model.json", "plane.csv", "--out", out], capsys)
        assert f"{out}: the file cannot be written ({reason}" in line


@pytest.mark.usefixtures("_models")
def test_predictions_go_into_a_pipe_and_leave_it_one():
    run("predict", "plane/model.json", "plane.csv", "--out", "p.csv")
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    run("predict", "plane/model.json", "plane.csv", "--out", "pipe")
    assert os.read(reader, 65536) == Path("p.csv").read_bytes()
    os.close(reader)
    assert Path("pipe").is_fifo()


# --- what is refused ------------------------------------------------------------------------------------------------------

BAD_TABLES = {
    "a column that is not there": (GOOD, "z", ["no column 'z'; the columns are 'a', 'b', 'y'"]),
    "no target": (GOOD, None, ["say by --target", "the columns are 'a', 'b', 'y'"]),
    "text": (GOOD + "1,two,3\n", "y", ["line 14", "column 'b'", "'two' is not a number"]),
    "nan": (GOOD + "1,nan,3\n", "y", ["line 14", "column 'b'", "the number is nan"]),
    "inf": (GOOD + "inf,2,3\n", "y", ["line 14", "column 'a'", "the number is inf"]),
    "an empty cell": (GOOD + "1,,3\n", "y", ["line 14", "column 'b'", "the cell is empty"]),
    "text in the target": (GOOD + "1,2,n/a\n", "y", ["line 14", "column 'y'", "'n/a' is not a number"]),
    "an empty file": ("", "y", ["the file is empty"]),
    "a header only": ("a,y\n", "y", ["there is a header, and no row"]),
    "a ragged row": (GOOD + "\n1,2\n", "y", ["line 15", "2 cells; the header has 3"]),
    "a doubled name": ("a,a,y\n1,2,3\n", "y", ["line 1", "two columns have the name 'a'"]),
    "an empty name": ("a,,y\n1,2,3\n", "y", ["line 1", "column 2 has no name"]),
    "one class only": ("a,y\n1,u\n2,u\n", "y", ["column 'y'", "every row has 'u'"]),
    "a class of one row": ("a,y\n1,u\n2,v\n3,u\n", "y", ["line 3", "column 'y'", "class 'v'"]),
    "a constant target": ("a,y\n1,2.5\n2,2.5\n", "y", ["column 'y'", "every row has '2.5'"]),
    "Latin-1": ("a,y\n1,grün\n2,rot\n".encode("latin-1"), "y", ["line 2", "not UTF-8"]),
    "a null character": (GOOD + "1,\0,3\n", "y", ["line 14", "null character"]),
    "a huge field": (GOOD + f"1,{'2' * 200_000},3\n", "y", ["line 14", "field larger than field limit"]),
    "an open quotation": (GOOD + '1,"2,3\n', "y", ["line 14", "unexpected end of data"]),
    "one row": ("a,y\n1,2.5\n", "y", ["column 'y'", "every row has '2.5'"]),
    "the target alone": ("y\n1.5\n2.5\n", "y", ["no column but 'y'"]),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_a_bad_table_is_refused_before_the_training_in_one_line_that_says_where(case, capsys):
    text, target, parts = BAD_TABLES[case]
    Path("t.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    line = line_of_refusal(["train", "t.csv", *(["--target", target] if target else [])], capsys)
    assert all(part in line for part in ["t.csv", *parts])
    assert [file.name for file in Path().iterdir()] == ["t.csv"]


BAD_PREDICTIONS = {
    "a missing feature": ("a,y\n1,2\n", ["no column 'b'; the columns are 'a', 'y'"]),
    "text": ("b,a\n1,2\none,2\n", ["line 3", "column 'b'", "'one' is not a number"]),
    "text in the target": ("b,a,y\n1,2,3\n1,2,?\n", ["line 3", "column 'y'", "'?' is not a number"]),
    "a ragged row": ("b,a\n1\n", ["line 2", "1 cells"]),
    "an empty file": ("", ["the file is empty"]),
    "a header only": ("a,b\n", ["no row below it"]),
}


@pytest.mark.parametrize("case", BAD_PREDICTIONS)
@pytest.mark.usefixtures("_models")
def test_a_table_that_does_not_suit_the_model_is_refused(case, capsys):
    text, parts = BAD_PREDICTIONS[case]
    Path("t.csv").write_text(text)
    line = line_of_refusal(["predict", "good/model.json", "t.csv"], capsys)
    assert all(part in line for part in ["t.csv", *parts])
    assert not Path("predictions.csv").exists()


def test_a_bad_model_is_refused(capsys):
    Path("t.csv").write_text(GOOD)
    for name in ("t.csv", "no.json"):
        assert f"predict: {name}: the file " in line_of_refusal(["predict", name, "t.csv"], capsys)


@pytest.mark.usefixtures("_models")
def test_features_beyond_all_measure_are_refused_with_their_line(capsys):
    record = json.loads(Path("good/model.json").read_text())
    record["preprocessing"]["scale"] = [1e-300, 1.0]
    Path("m.json").write_text(json.dumps(record))
    capsys.readouterr()
    Path("t.csv").write_text("a,b\n0,1\n1e99,1\n")
    assert "t.csv, line 3: the prediction is not finite" in line_of_refusal(["predict", "m.json", "t.csv"], capsys)


def test_a_name_of_several_lines_is_refused_in_one(capsys):
    assert "cannot be read" in line_of_refusal(["train", "no\nsuch.csv", "--target", "y"], capsys)

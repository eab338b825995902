from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite.train.table import Table, TableError
from autograd_lite.train.tabular import chosen_task, dataset_of, settings_for


def table_of(targets, features=None):
    features = features or [str(k) for k in range(len(targets))]
    rows = [[x, y] for x, y in zip(features, targets, strict=True)]
    return Table(Path("t.csv"), ("x", "y"), rows, range(2, len(rows) + 2))


@pytest.mark.parametrize(
    ("targets", "task", "reason"),
    [
        (["a", "b"] * 3, "classify", "it holds text, such as 'a'"),
        (["", "b", "c"], "classify", "it holds text, such as 'b'"),
        (["0", "1", "1", "0"], "classify", "it holds 2 different whole numbers, in 2 rows or more each"),
        (["1.0", "2.0"] * 9, "classify", "2 different whole numbers, in 9 rows"),
        (["0", "1", "2"] * 5, "classify", "3 different whole numbers, in 5 rows"),
        (list(map(str, range(20))) * 5, "classify", "20 different whole numbers, in 5 rows"),
        (list(map(str, range(20))) * 4, "regress", "20 different whole numbers in 80 rows"),
        (list(map(str, range(21))) * 9, "regress", "21 different whole numbers in 189 rows"),
        (["0", "1", "2"] * 2, "regress", "3 different whole numbers in 6 rows"),
        (["0", "1"] * 50 + ["7"], "regress", "3 different whole numbers, some in one row only"),
        (["0", "1", "1.5"] * 50, "regress", "numbers that are not whole, such as '1.5'"),
        (["0.5", "1.5", "n/a", "2.5"], "regress", "numbers that are not whole, such as '0.5'"),
        (["1", "2", "?"] * 9, "classify", "3 different whole numbers"),
    ],
)
def test_the_target_decides_the_task_and_the_reason_says_what_it_holds(targets, task, reason):
    found, why = chosen_task(targets)
    assert found == task
    assert reason in why


@given(st.lists(st.text(max_size=3), min_size=1, max_size=30))
def test_any_target_has_a_task_and_a_reason_of_one_line(targets):
    task, reason = chosen_task(targets)
    assert task in {"classify", "regress"}
    assert len(reason.splitlines()) == 1


def test_classes_are_kept_as_they_are_written_numbers_before_texts():
    dataset = dataset_of(table_of(["10", "9", " b", "a", "9.0"] * 2), "y", "classify")
    assert dataset.class_names == ("9", "9.0", "10", " b", "a")
    assert [dataset.class_names[target] for target in dataset.targets] == ["10", "9", " b", "a", "9.0"] * 2
    assert (dataset.feature_names, dataset.target_name, dataset.name) == (("x",), "y", "t")


def test_numbers_are_kept_as_they_are():
    dataset = dataset_of(table_of(["1.5", "2", "-3e1"]), "y", "regress")
    assert (dataset.targets, dataset.class_names) == ([1.5, 2.0, -30.0], None)
    assert dataset.features == [[0.0], [1.0], [2.0]]


REFUSED = {
    "one class": (["a", "a"], "classify", "t.csv, column 'y': every row has 'a'; there is nothing to learn"),
    "a constant": (["3", "3"], "regress", "t.csv, column 'y': every row has '3'; there is nothing to learn"),
    "a constant in two spellings": (["3", "3.0"], "regress", "column 'y': every row has 3; there is nothing to learn"),
    "a class of one row": (["a", "b", "a"], "classify", "t.csv, line 3, column 'y': no other row is of the class 'b'"),
    "a class without a name": (["a", "a", " "], "classify", "t.csv, line 4, column 'y': the cell is empty"),
    "nan for a class": (["1", "nan", "1", "nan"], "classify", "t.csv, line 3, column 'y': 'nan' is no class"),
    "text for a number": (["1", "2", "n/a"], "regress", "t.csv, line 4, column 'y': 'n/a' is not a number"),
    "nothing for a number": (["1", "", "2"], "regress", "t.csv, line 3, column 'y': the cell is empty"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_target_from_which_nothing_can_be_learnt_is_refused(case):
    targets, task, complaint = REFUSED[case]
    with pytest.raises(TableError) as raised:
        dataset_of(table_of(targets), "y", task)
    assert complaint in str(raised.value)


def test_a_table_of_the_target_alone_is_refused():
    with pytest.raises(TableError, match="no column but 'y', and nothing to predict it from"):
        dataset_of(Table(Path("t.csv"), ("y",), [["1"], ["2"]], [2, 3]), "y", "regress")


@pytest.mark.parametrize("task", ["classify", "regress"])
@pytest.mark.parametrize("rows", [4, 100, 5_000])
def test_the_larger_the_table_the_fewer_the_epochs(rows, task):
    settings = settings_for(dataset_of(table_of(["0", "1"] * (rows // 2)), "y", task))
    assert settings.epochs == {4: 200, 100: 200, 5_000: 4}[rows]
    assert settings.batch_size == {4: 1, 100: 8, 5_000: 8}[rows]

"""A table of one's own as a data set: which task its target asks for, and settings that suit its size."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from autograd_lite.train.datasets import Dataset, Settings
from autograd_lite.train.table import Table, number_in, quoted, read_table

__all__ = ["TASKS", "chosen_task", "dataset_of", "own_data", "settings_for"]

TASKS = ("classify", "regress")

MOST_CLASSES, ROWS_PER_CLASS = 20, 5
"""Of whole numbers that count as classes; grades and codes do, ages and prices in all but the smallest tables do not."""


def chosen_task(texts: Sequence[str]) -> tuple[str, str]:
    """The task that a target column asks for, and why.

    Text asks for classes. So do few whole numbers: two different ones, or up to 20 that have five rows each on average;
    each must be in two rows at least, since one row cannot be in both parts of a split. All else is a number to predict.
    Where only some cells are no numbers, a column that is mostly numbers counts as numbers.

    Arguments:
        texts: the cells of the column.

    Returns:
        "classify" or "regress", and the reason as a clause.

    >>> chosen_task(["cat", "dog", "cat", "dog"])
    ('classify', "it holds text, such as 'cat'")
    >>> chosen_task(["0", "1", "1", "0"])
    ('classify', 'it holds 2 different whole numbers, in 2 rows or more each')
    >>> chosen_task(["1.5", "2", "2", "7"])
    ('regress', "it holds numbers that are not whole, such as '1.5'")
    """
    numbers = [number_in(text) for text in texts]
    words = [text for text, number in zip(texts, numbers, strict=True) if number is None]
    if len(words) > len(texts) / 2:
        return "classify", f"it holds text, such as {quoted([next(filter(str.strip, words), '')])}"
    for text, number in zip(texts, numbers, strict=True):
        if number is not None and math.isfinite(number) and number % 1.0 != 0.0:
            return "regress", f"it holds numbers that are not whole, such as {quoted([text])}"
    counts = Counter(texts)
    many, rare = len(counts), min(counts.values())
    if rare < 2:
        return "regress", f"it holds {many} different whole numbers, some in one row only"
    if many > 2 and (many > MOST_CLASSES or len(texts) < ROWS_PER_CLASS * many):
        return "regress", f"it holds {many} different whole numbers in {len(texts)} rows"
    return "classify", f"it holds {many} different whole numbers, in {rare} rows or more each"


def own_data(path: Path, target: str | None, task: str | None = None) -> tuple[Dataset, Settings, str]:
    """The data set in a CSV file, settings that suit it, and a line that says which task it is and why.

    Arguments:
        path: the file.
        target: the name of the column that is to be predicted.
        task: "classify" or "regress"; None lets the target decide.

    Raises:
        TableError: for whatever is wrong with the file, or if no target is given.
    """
    table = read_table(path)
    if target is None:
        raise table.error(f"say by --target which column to predict; the columns are {quoted(table.columns)}")
    found, reason = chosen_task(table.texts(target))
    if task is None:
        other = TASKS[1 - TASKS.index(found)]
        task, reason = found, f"since {reason} (--task {other} would override it)"
    else:
        reason = "as --task says"
    dataset = dataset_of(table, target, task)
    return dataset, settings_for(dataset), f"task: {task} {target!r}, {reason}"


def dataset_of(table: Table, target: str, task: str) -> Dataset:
    """The samples of a table: one column is what to predict, all others are features.

    Arguments:
        table: the cells.
        target: the name of the column.
        task: "classify" takes what stands in it as the names of classes, "regress" as numbers.

    Raises:
        TableError: if there is no such column, or something stands in the table from which nothing can be learnt.
    """
    texts = table.texts(target)
    names = tuple(column for column in table.columns if column != target)
    if not names:
        raise table.error(f"there is no column but {target!r}, and nothing to predict it from")
    if len(set(texts)) == 1:
        raise table.error(f"every row has {quoted(texts[:1])}; there is nothing to learn", column=target)
    if task == "regress":
        numbers = table.numbers(target)
        if min(numbers) == max(numbers):
            raise table.error(f"every row has {numbers[0]:g}; there is nothing to learn", column=target)
        return Dataset(table.path.stem, table.features(names), numbers, None, names, target)
    classes = _classes(table, target, texts)
    return Dataset(
        table.path.stem, table.features(names), [classes.index(text) for text in texts], tuple(classes), names, target
    )


def _classes(table: Table, target: str, texts: Sequence[str]) -> list[str]:
    """All classes, numbers in the order of their size before texts in that of the alphabet."""
    counts = Counter(texts)
    for row, text in enumerate(texts):
        if not text.strip():
            raise table.error("the cell is empty; the name of a class is wanted", row, target)
        if not math.isfinite(number_in(text) or 0.0):
            raise table.error(f"{quoted([text])} is no class; leave the row out, or say in words what it means", row, target)
        if counts[text] < 2:
            raise table.error(f"no other row is of the class {quoted([text])}; training and test need one each", row, target)
    return sorted(counts, key=_place)


def _place(text: str) -> tuple[float, str]:
    number = number_in(text)
    return (math.inf if number is None else number, text)


def settings_for(dataset: Dataset) -> Settings:
    """Settings that train well on most tables of its size: some 20,000 samples seen, 8 a step.

    >>> settings_for(Dataset("and", [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 0, 0, 1], ("false", "true")))
    Settings(hidden=(16,), activation='relu', epochs=200, batch_size=1, learning_rate=0.1)
    """
    rows = len(dataset.targets)
    return Settings(
        hidden=(16,),
        activation="relu",
        epochs=min(max(round(20_000 / rows), 3), 200),
        batch_size=min(max(rows // 10, 1), 8),
        # A squared error has no bound on its slope: an outlier makes a long step.
        learning_rate=0.1 if dataset.class_names is not None else 0.05,
    )

"""Predictions: a saved model and a table in, a table out."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from autograd_lite.train.files import OutputError, reason_of, replace_file
from autograd_lite.train.model_file import ModelFileError, TrainedModel, read_model
from autograd_lite.train.table import Table, read_table
from autograd_lite.train.tasks import Regression, Task, described

__all__ = ["predict"]


def predict(model_file: Path, table_file: Path, out: Path) -> str:
    """Writes a prediction for each row of a table, in its order.

    Features are found by the names of the model; other columns do not count. A model without names takes all columns but
    that of its target, in their order.

    Arguments:
        model_file: what `train` or `save` wrote, a model with a task.
        table_file: a CSV file with a header.
        out: the CSV file for the predictions: the class and the probabilities of all, or the number.

    Returns:
        a few lines of text: how many rows were written, and how good they are where the table tells.

    Raises:
        ModelFileError, TableError: if a file cannot be read, or the table has not what the model needs.
        OutputError: if `out` cannot be written, or is one of the two files that are read.
    """
    _keep((model_file, table_file), out)
    model = read_model(model_file)
    if model.task is None:
        raise ModelFileError(f"{model_file}: the model has no task, which says what its outputs mean; give one to save()")
    table = read_table(table_file)
    rows = table.features(_features(model, table))
    try:
        predictions = model.predict(rows)
    except (TypeError, ValueError) as error:  # of a network that takes its inputs in another form than as a row
        raise ModelFileError(f"{model_file}: the model cannot take rows of a table ({error})") from error
    for row, prediction in enumerate(predictions):
        if not all(math.isfinite(x) for x in prediction if isinstance(x, float)):
            raise table.error("the prediction is not finite; the features are too far from those of the training", row)
    scores = _scores(model, model.task, table, [prediction[0] for prediction in predictions])
    header = model.task.columns
    try:
        replace_file(out, lambda path: _write(path, header, predictions))
    except (OSError, ValueError) as error:
        raise OutputError(f"{out}: the file cannot be written ({reason_of(error)}); give another by --out") from error
    return "\n".join([*scores, f"written: {out}, {_count(predictions)}"])


def _keep(inputs: Iterable[Path], out: Path) -> None:
    """Refuses to write over what is read, whatever name it goes by."""
    for file in inputs:
        if file.exists() and out.exists() and out.samefile(file):
            raise OutputError(f"{out}: the file is an input, and would be lost; give another by --out")


def _features(model: TrainedModel, table: Table) -> Sequence[str]:
    if model.feature_names is not None:
        return model.feature_names
    columns = [column for column in table.columns if column != model.target_name]
    if model.inputs not in (None, len(columns)):
        raise table.error(f"the table has {len(columns)} columns; the model takes {model.inputs} features")
    return columns


def _scores(model: TrainedModel, task: Task, table: Table, predicted: Sequence[Any]) -> list[str]:
    """How good the predictions are in the rows that hold what was predicted, as lines of text: none if no row does."""
    name = model.target_name
    if name is None or name not in table.columns:
        return []
    known = [row for row, text in enumerate(table.texts(name)) if text.strip()]
    if not known:
        return []
    part, guesses = table.only(known), [predicted[row] for row in known]
    if isinstance(task, Regression):
        return [f"{described(task.scores(guesses, part.numbers(name)))} in {_count(known)} with {name!r}"]
    actual = part.texts(name)
    strange = sum(text not in task.class_names for text in actual)
    note = f"; {strange} of a class that the model does not know" if strange else ""
    return [f"{described(task.scores(guesses, actual))} in {_count(known)} with {name!r}{note}"]


def _count(rows: Sequence[Any]) -> str:
    return f"{len(rows)} {'row' if len(rows) == 1 else 'rows'}"


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    # Before Python 3.13 a writer of lines that end in \n leaves a bare \r without quotation marks.
    end = "\r\n" if "\r" in "".join(header) else "\n"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator=end)
        writer.writerow(header)
        writer.writerows(rows)

"""Executes the notebooks, compares what they print with what is committed, and solves their exercises.

    python -m tests.notebooks            every notebook runs without an error and prints what it printed
    python -m tests.notebooks --write    runs them and keeps the new outputs
    python -m tests.notebooks --only 03  one of them, by the beginning of its name

Compared are texts: what is printed, and the plain form of results. Of pictures only whether there is one; cells with the tag
"timing" are not compared. A cell with the tag "exercise" keeps its solution in its metadata, where no learner meets it: the
source that stands in for the lines before `check_answer(`. Needs the extra `notebooks`.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

FOLDER = Path(__file__).parent.parent / "notebooks"
SECONDS = 120
"""For one cell on a slow machine."""
EXERCISES = 3
"""At least so many stand in a notebook."""
WIDGET = "application/vnd.jupyter.widget-view+json"
"""What points to a widget, which is gone with its kernel; a front end would show that in place of the picture beside it."""
ANSWER = "<details><summary>Answer</summary>\n\n"
"""How the cell behind an exercise begins; the blank line makes Markdown of what follows."""


def executed(path: Path) -> tuple[Any, list[Any]]:
    """The notebook, run from start to end in its own folder's parent, where the package lies, and its exercises, solved.

    The solutions run in the same kernel behind the last cell, so that they change nothing that a learner sees.
    """
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.get("metadata", {}).pop("execution", None)
    last = len(notebook.cells)
    notebook.cells += [solution(cell) for cell in notebook.cells if is_exercise(cell)]
    client = NotebookClient(notebook, timeout=SECONDS, kernel_name="python3", record_timing=False)
    client.execute(cwd=str(FOLDER.parent))
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        output.get("data", {}).pop(WIDGET, None)
    solved = notebook.cells[last:]
    del notebook.cells[last:]
    notebook.metadata = {"kernelspec": notebook.metadata.get("kernelspec", {}), "language_info": {"name": "python"}}
    return notebook, solved


def is_exercise(cell: Any) -> bool:
    return cell.cell_type == "code" and "exercise" in cell.metadata.get("tags", [])


def solution(cell: Any) -> Any:
    """The exercise's cell with its solution in it; an error there is a wrong answer, and stops nothing else."""
    check = re.search(r"^check_answer\(", cell.source, re.MULTILINE)
    source = f"{cell.metadata.get('solution', '')}\n\n\n{cell.source[check.start() :] if check else ''}"
    return nbformat.v4.new_code_cell(source, metadata={"tags": ["raises-exception"]})


def texts(cell: Any) -> list[str]:
    """What a cell prints and shows as text."""
    if cell.cell_type != "code" or "timing" in cell.metadata.get("tags", []):
        return []
    found = []
    for output in cell.outputs:
        if output.output_type == "stream":
            found.append(output.text)
        elif "data" in output and not any(form.startswith("image/") for form in output.data):
            found.append(output.data.get("text/plain", ""))
        elif output.output_type == "error":
            found.append(f"{output.ename}: {output.evalue}")
    return ["".join(found)]


def shows_picture(cell: Any) -> bool:
    forms = [form for output in cell.get("outputs", []) for form in output.get("data", {}).items()]
    return any(form.startswith("image/") or (form == "text/html" and "<img" in content) for form, content in forms)


def differences(committed: Any, fresh: Any) -> list[str]:
    """The cells whose texts differ, with both, and those whose output or picture is missing."""
    found = []
    for number, (old, new) in enumerate(zip(committed.cells, fresh.cells, strict=True)):
        if texts(old) != texts(new):
            found.append(f"cell {number}: {''.join(texts(old))!r} became {''.join(texts(new))!r}")
        elif bool(old.get("outputs")) != bool(new.get("outputs")) or shows_picture(old) != shows_picture(new):
            found.append(f"cell {number}: its output is not committed; write the notebook")
    return found


def faults(fresh: Any, solved: list[Any]) -> list[str]:
    """What a lesson lacks: a picture at its beginning, exercises, and what belongs to each of them."""
    found = [] if any(map(shows_picture, fresh.cells[:3])) else ["none of the first three cells shows a picture"]
    if len(solved) < EXERCISES:
        found.append(f"it has {len(solved)} exercises; {EXERCISES} are wanted")
    places = [number for number, cell in enumerate(fresh.cells) if is_exercise(cell)]
    for number, solved_cell in zip(places, solved, strict=True):
        (said,), (answered,) = texts(fresh.cells[number]), texts(solved_cell)
        after = "".join(cell.source for cell in fresh.cells[number + 1 : number + 2])
        if not said.startswith("No answer yet."):
            found.append(f"cell {number}: an exercise without an answer says {said!r}")
        if answered != "Right.":
            found.append(f"cell {number}: its solution is answered by {answered!r}")
        if not (after.startswith(ANSWER) and after.rstrip().endswith("\n\n</details>")):
            found.append(f"cell {number}: the cell behind it must be the worked answer, {ANSWER!r} … '\\n\\n</details>'")
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.notebooks", description="Executes and compares the notebooks.")
    parser.add_argument("--write", action="store_true", help="keep the new outputs")
    parser.add_argument("--only", default="", metavar="NAME", help="the notebook whose name begins so")
    options = parser.parse_args(arguments)
    os.environ.pop("MPLBACKEND", None)  # kernels inherit it, and figures are to be shown as in a notebook
    paths = sorted(FOLDER.glob(f"{options.only}*.ipynb"))
    if not paths:
        parser.error(f"no notebook's name begins with {options.only!r}")
    failed = False
    for path in paths:
        start = time.perf_counter()
        try:
            fresh, solved = executed(path)
        except CellExecutionError as error:
            found = [str(error)]
        else:
            found = faults(fresh, solved)
            if options.write:
                nbformat.write(fresh, path)
            else:
                found += differences(nbformat.read(path, as_version=4), fresh)
        print(f"{path.name}: {time.perf_counter() - start:.1f} s, {'not as it should be' if found else 'as it should be'}")
        print(*found, sep="\n", end="\n" if found else "")
        failed = failed or bool(found)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

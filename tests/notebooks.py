"""Executes the notebooks and compares what they print with what is committed.

    python -m tests.notebooks            every notebook runs without an error and prints what it printed
    python -m tests.notebooks --write    runs them and keeps the new outputs

Compared are texts: what is printed, and the plain form of results. Pictures are not, and neither are cells with the tag
"timing". Needs the extra `notebooks`.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent.parent / "notebooks"
SECONDS = 120
"""For one cell on a slow machine."""


def executed(path: Path) -> Any:
    """The notebook, run from start to end in its own folder's parent, where the package lies."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.get("metadata", {}).pop("execution", None)
    client = NotebookClient(notebook, timeout=SECONDS, kernel_name="python3", record_timing=False)
    client.execute(cwd=str(FOLDER.parent))
    notebook.metadata = {"kernelspec": notebook.metadata.get("kernelspec", {}), "language_info": {"name": "python"}}
    return notebook


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
    return ["".join(found)]


def differences(committed: Any, fresh: Any) -> list[str]:
    """The cells whose texts differ, with both."""
    pairs = zip(committed.cells, fresh.cells, strict=True)
    return [
        f"cell {number}: {''.join(texts(old))!r} became {''.join(texts(new))!r}"
        for number, (old, new) in enumerate(pairs)
        if texts(old) != texts(new)
    ]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.notebooks", description="Executes and compares the notebooks.")
    parser.add_argument("--write", action="store_true", help="keep the new outputs")
    options = parser.parse_args(arguments)
    failed = False
    for path in sorted(FOLDER.glob("*.ipynb")):
        start = time.perf_counter()
        fresh = executed(path)
        found = [] if options.write else differences(nbformat.read(path, as_version=4), fresh)
        print(f"{path.name}: {time.perf_counter() - start:.1f} s, {'differs' if found else 'as committed'}")
        print(*found, sep="\n", end="\n" if found else "")
        failed = failed or bool(found)
        if options.write:
            nbformat.write(fresh, path)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

"""Run the notebooks as they ship, and save what they show:  python -m tests.notebooks

A kernel reads its own files only, so what is saved is what a reader gets from `sample_logs`.
"""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


def executed(path: Path) -> nbformat.NotebookNode:
    """The notebook with the outputs of this run."""
    notebook: nbformat.NotebookNode = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=180, resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times
        for output in cell.get("outputs", []):
            _without_second_form(output.get("data", {}))
    return notebook


def _without_second_form(data: dict[str, object]) -> None:
    """What is shown as HTML needs no plain text beside it: of an answer, that is every field that it ever gets."""
    if "text/html" in data:
        data.pop("text/plain", None)


if __name__ == "__main__":
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        nbformat.write(executed(path), path)

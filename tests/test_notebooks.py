"""The notebooks: each runs from top to bottom as it ships, and shows what it showed when it was saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_it_runs_and_its_saved_outputs_are_true(path: Path) -> None:
    saved = nbformat.read(path, as_version=4)
    run = nbformat.read(path, as_version=4)
    NotebookClient(run, timeout=120, resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    assert [_shown(cell) for cell in run.cells] == [_shown(cell) for cell in saved.cells]


def _shown(cell: Any) -> list[str]:
    outputs = cell.get("outputs", [])
    return [output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs]

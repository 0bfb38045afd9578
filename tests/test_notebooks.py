"""The notebooks: each runs from top to bottom as it ships, and shows what it showed when it was saved.

`python -m tests.notebooks` saves what they show now. Drawings differ by a pixel from one font to another; they need
only be there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.notebooks import NOTEBOOKS, executed

DEFAULT = {"who_requested_this_credential"}
PATHS = [
    pytest.param(path, id=path.stem, marks=() if path.stem in DEFAULT else pytest.mark.full)
    for path in sorted(NOTEBOOKS.glob("*.ipynb"))
]


@pytest.mark.parametrize("path", PATHS)
def test_it_runs_and_its_saved_outputs_are_true(path: Path) -> None:
    saved = nbformat.read(path, as_version=4)
    assert [_shown(cell) for cell in executed(path).cells] == [_shown(cell) for cell in saved.cells]


def test_there_are_four_and_all_are_saved_with_their_outputs() -> None:
    for parameter in PATHS:
        (path,) = parameter.values
        code = [cell for cell in nbformat.read(str(path), as_version=4).cells if cell.cell_type == "code"]
        assert all(cell.execution_count for cell in code)
        assert not any(output.get("name") == "stderr" for cell in code for output in cell.outputs)
        assert any("image/png" in output.get("data", {}) for cell in code for output in cell.outputs)
    assert len(PATHS) == 4


def _shown(cell: Any) -> list[object]:
    return [
        output.get("text") or sorted(data) if "image/png" in data else (data.get("text/html"), data.get("text/plain"))
        for output in cell.get("outputs", [])
        for data in [output.get("data", {})]
    ]

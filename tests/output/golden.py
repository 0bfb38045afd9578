"""Golden outputs: screens kept in files, so that a change of a screen shows in a diff.

GOLDEN=write rewrites them; read the diff before you commit it.
"""

from __future__ import annotations

import os
from pathlib import Path

_FOLDER = Path(__file__).parent / "golden"


def same_as_golden(name: str, shown: str) -> None:
    path = _FOLDER / f"{name}.txt"
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    assert path.exists(), f"{path} does not exist; GOLDEN=write writes it"
    assert shown == path.read_text(encoding="utf-8")

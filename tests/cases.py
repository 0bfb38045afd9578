"""Cases made of simulated logs, for the tests of every room above the lake."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from forensics.case import Case
from tests.simulator import LogFile, write


def case_of(files: Iterable[LogFile], folder: Path) -> Case:
    """A case of what was delivered, under `folder`."""
    write(tuple(files), folder / "logs")
    case = Case.create(folder / "case")
    case.ingest([folder / "logs"])
    return case

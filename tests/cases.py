"""Cases made of simulated logs or of records made by hand, for the tests of every room above the lake."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from forensics.case import Case
from tests.attribution.records import Json
from tests.attribution.records import write as write_records
from tests.simulator import LogFile, write


def case_of(files: Iterable[LogFile], folder: Path) -> Case:
    """A case of what was delivered, under `folder`."""
    write(tuple(files), folder / "logs")
    case = Case.create(folder / "case")
    case.ingest([folder / "logs"])
    return case


def case_of_records(records: Iterable[Json | str], folder: Path) -> Case:
    """A case of records made by hand, in one file, under `folder`."""
    case = Case.create(folder / "case")
    case.ingest([write_records(records, folder / "logs")])
    return case

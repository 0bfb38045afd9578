"""Cases made of simulated logs or of records made by hand, for the tests of every room above the lake."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from forensics.attribution import state
from forensics.case import Case
from tests.attribution.records import Json
from tests.attribution.records import write as write_records
from tests.conftest import made_once
from tests.simulator import LogFile, write


def case_of(files: Iterable[LogFile], folder: Path) -> Case:
    """A case of what was delivered, under `folder`."""
    write(tuple(files), folder / "logs", compresslevel=1)
    case = Case.create(folder / "case")
    case.ingest([folder / "logs"])
    return case


def shared_case(files: Iterable[LogFile], name: str, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A case of what was delivered, made once per run for all tests that give this name. Tests must not change it."""

    def make(folder: Path) -> None:
        with case_of(files, folder):
            pass

    return Case.open(made_once(tmp_path_factory, name, make) / "case")


def case_of_records(records: Iterable[Json | str], folder: Path) -> Case:
    """A case of records made by hand, in one file, under `folder`."""
    case = Case.create(folder / "case")
    case.ingest([write_records(records, folder / "logs")])
    return case


# where copies lie, and what was read, differ with the files; everything else may not
_TABLES_OF_PLACES = {
    "built", "event_copies", "events_files", "evidence_files", "evidence_records", "file_verdicts", "lake_files",
    "source_files",
}  # fmt: skip


def record_as_built(case: Path) -> None:
    """Record the database of a case as if this user had just built it."""
    database = case / "case.duckdb"
    status = database.lstat()
    identity = (status.st_dev, status.st_ino, status.st_size, status.st_ctime_ns)
    state.record(state.Built(str(case.resolve()), str(database), *identity))


def keep(folder: Path) -> Path:
    """Keep a folder of cases as it is now, for `restored`."""
    shutil.copytree(folder, folder.with_name(f"{folder.name}-kept"))
    return folder


def restored(folder: Path) -> Path:
    """The folder as it was kept, at its own place: there, unlike in a copy, no database has to be built again."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(folder.with_name(f"{folder.name}-kept"), folder)
    for database in folder.rglob("case.duckdb"):
        record_as_built(database.parent)
    return folder


def tables(case: Case) -> dict[str, list[tuple[object, ...]]]:
    """All that a case says, table by table, but for where it was read."""
    names = [row[0] for row in case.sql_rows("select table_name from information_schema.tables").rows]
    compared = sorted(set(names) - _TABLES_OF_PLACES)
    return {name: sorted(case.sql_rows(f"select * from {name}").rows, key=repr) for name in compared}

"""Cases for the tests of the lake: created by `ingest` alone, and read table by table."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from forensics.ingest.run import Ingested, ingest
from forensics.ingest.worker import ToRead
from forensics.lake import manifest as manifests
from forensics.lake.layout import Layout, create
from forensics.lake.manifest import Filter, SourceFile
from forensics.sources.paths import find_files

_EVERYTHING = Filter()
Rows = list[tuple[Any, ...]]
EVENT_KEY = "coalesce(event_id || '/' || recipient_account_id, content_sha256)"


def add(case: Path, *logs: Path, filter: Filter = _EVERYTHING) -> Ingested:
    """Ingest folders or files into a case."""
    found = find_files(logs)
    files = [file for file in found if not file.skipped]
    skipped = [SourceFile(file.name, file.path, "skipped", file.skipped) for file in found if file.skipped]
    asked = [ToRead(file.path, file.name) for file in files]
    sizes = [file.size for file in files]
    return ingest(create(case), asked, sizes, "test", lambda file: None, filter=filter, ended=skipped)


def put(path: Path, *records: dict[str, Any]) -> Path:
    """Return the content of a trail file with these records."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(json.dumps({"Records": records}, separators=(",", ":")).encode())
    return path


def rows(case: Path, table: str, columns: str = "*") -> Rows:
    """Return the sorted rows of the listed files of a table, each of which must match the manifest."""
    manifest = manifests.read(Layout(case).manifest)
    files = manifest.of_table(table)
    for file in files:
        assert pq.read_metadata(case / file).num_rows == manifest.lake_files[file].rows
    if not files:
        return []
    source = "read_parquet($files, hive_partitioning = false)"
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        found = connection.execute(
            f"select {columns} from {source}", {"files": [str(case / file) for file in files]}
        ).fetchall()
    return sorted(found, key=repr)


def events(case: Path) -> Rows:
    """Return the events without the columns of their place."""
    return rows(case, "events", "* exclude (source_sha256, position)")


def places(case: Path) -> Rows:
    """Return the places of all copies of all events, including the stored ones."""
    return sorted(
        rows(case, "events", f"{EVENT_KEY}, source_sha256, position")
        + rows(case, "event_copies", "event_key, source_sha256, position"),
        key=repr,
    )


def state(case: Path) -> dict[str, Rows]:
    """Return everything that must not depend on the order of files and ingests."""
    names = ("events", "event_copies", "event_conflicts", "conflict_copies", "quarantine", "documents")
    tables = {table: rows(case, table) for table in names}
    commit = manifests.read(Layout(case).manifest).commit
    assert commit is not None
    assert commit.events == len(tables["events"])
    assert commit.copies == len(tables["events"]) + len(tables["event_copies"])
    assert commit.amended == len(rows(case, "event_addenda"))
    assert commit.conflicts == len(tables["event_conflicts"])
    assert commit.rejected == len(tables["quarantine"])
    assert commit.documents == len(tables["documents"])
    return tables


def listed(case: Path) -> set[str]:
    return set(manifests.read(Layout(case).manifest).lake_files)


def lying(case: Path) -> set[str]:
    """Return the files in the lake, listed or not."""
    return {path.relative_to(case).as_posix() for path in (case / "lake").rglob("*") if path.is_file()}


def statuses(ingested: Ingested) -> dict[str, tuple[str, str | None]]:
    return {file.name: (file.status, file.reason) for file in ingested.source_files}


def record(number: int, **fields: Any) -> dict[str, Any]:
    """Return a small valid record; equal numbers are copies of one event."""
    return {
        "eventVersion": "1.08",
        "userIdentity": {"type": "IAMUser", "accessKeyId": f"AKIA{number % 3}", "accountId": "111122223333"},
        "eventTime": f"2026-10-{1 + number % 3:02d}T12:00:{number % 60:02d}Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "ListBuckets",
        "eventID": f"id-{number}",
        "recipientAccountId": "111122223333",
        **fields,
    }


def files_in(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())

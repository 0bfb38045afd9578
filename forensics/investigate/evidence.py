"""Evidence: an event that proves something, with the files that hold it and how far these are proven themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

import duckdb

from forensics.answers.core import Evidence
from forensics.errors import ChangedRecord
from forensics.investigate.sql_rows import Row, rows


def evidence_of(row: Row) -> Evidence:
    """A row of `who/evidence.sql`."""
    return Evidence(
        row.event_id,
        row.recipient_account_id,
        row.aws_region,
        row.event_time,
        row.event_name,
        tuple(name for name in row.source_files if name),
        row.digest_status,
    )


def cited_event_ids(answer: object) -> Iterator[str]:
    """Every event ID that an answer names, at any depth."""
    if is_dataclass(answer) and not isinstance(answer, type):
        for field in fields(answer):
            value = getattr(answer, field.name)
            if field.name.endswith(("event_id", "event_ids")):
                yield from value if isinstance(value, tuple) else [value] if value else []
            else:
                yield from cited_event_ids(value)
    elif isinstance(answer, (tuple, list)):
        for item in answer:
            yield from cited_event_ids(item)


def check_cited(connection: duckdb.DuckDBPyConnection, answer: object) -> None:
    """Read the proving records that an answer cites again, and compare them with their hashes. Raises ChangedRecord."""
    cited = sorted(set(cited_event_ids(answer)))
    built_from = rows(connection, "evidence_records", ids=cited) if cited else []
    if not built_from:
        return
    now = {tuple(row) for row in _records_now(connection, built_from)}
    for row in built_from:
        if tuple(row) not in now:
            raise ChangedRecord(
                f"the record of event {row.event_id} in {row.path} is not the one that this answer rests on: the file"
                " was changed. `forensics verify` names every changed file; ingest the logs into a new case"
            )


def _records_now(connection: duckdb.DuckDBPyConnection, built_from: list[Row]) -> Iterator[Row]:
    """The records as the lake has them; a copy that counts instead of the stored record is among the conflicts."""
    ids = sorted({row.event_id for row in built_from})
    files = sorted({row.path for row in built_from})
    copies = [path for path in files if Path(path).parent.name == "event_conflicts"]
    stored = [path for path in files if path not in copies]
    for query, paths in (("records_now", stored), ("copies_now", copies)):
        if paths:
            yield from rows(connection, query, ids=ids, files=paths)

"""Cases of exports made by hand; and the tables of exports alone, for what needs no case around them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from forensics.answers.ingest_answer import Ingest
from forensics.case import Case
from forensics.exports.export_tables import create_tables
from forensics.formats.export_documents import kind

AS_OF = datetime(2026, 3, 2, tzinfo=UTC)


def add(case: Case, folder: Path, files: Mapping[str, Any], as_of: datetime | None = AS_OF, *more: Path) -> Ingest:
    """Ingest files: text as it is, anything else as JSON; `more` are there already."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text_of(content))
    return case.ingest([*(folder / name for name in files), *more], as_of=as_of)


def text_of(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content)


class Tables:
    """What exports say as tables, as `create_tables` makes them of a case's documents."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(query).fetchall()


@contextmanager
def tables(
    *files: tuple[Mapping[str, Any], datetime | None],
    ingested_at: datetime | None = None,
    logs: Iterable[Mapping[str, datetime]] = (),
) -> Iterator[Tables]:
    """Of files as of a time each, beside `logs`. What `forensics ingest` does not take for an export is none here."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute("create table documents (source_sha256 varchar primary key, kind varchar, content blob)")
        connection.execute(
            "create table source_files (name varchar, sha256 varchar, modified_at timestamptz, as_of timestamptz,"
            " ingested_at timestamptz, last_event_time timestamptz)"
        )
        for named, as_of in files:
            for name, content in named.items():
                encoded = text_of(content).encode()
                sha256 = hashlib.sha256(encoded).hexdigest()
                document = [sha256, kind(encoded) or "iam_access_keys", encoded]
                connection.execute("insert or ignore into documents values (?, ?, ?)", document)
                source_file = [name, sha256, as_of, ingested_at]
                connection.execute("insert into source_files values (?, ?, now(), ?, ?, null)", source_file)
        for log in logs:
            connection.execute(
                "insert into source_files by name select $ingested_at as ingested_at, $last as last_event_time",
                {"ingested_at": log["ingested_at"], "last": log["last_event_time"]},
            )
        create_tables(connection)
        yield Tables(connection)


def rows(case: Case, query: str) -> list[tuple[Any, ...]]:
    return list(case.sql_rows(query).rows)


def key(key_id: str, user: str, status: str = "Active", created: str = "2026-01-01T00:00:00+00:00") -> dict[str, str]:
    return {"UserName": user, "AccessKeyId": key_id, "Status": status, "CreateDate": created}


def listed(*keys: dict[str, str]) -> dict[str, Any]:
    return {"AccessKeyMetadata": list(keys)}


def used(user: str, at: str | None, service: str = "s3") -> dict[str, Any]:
    last = {"ServiceName": "N/A", "Region": "N/A"}
    if at:
        last = {"LastUsedDate": at, "ServiceName": service, "Region": "us-east-1"}
    return {"UserName": user, "AccessKeyLastUsed": last}

"""Copies: one event for all its copies, whichever files they came in and in whichever order.

The same event arrives many times: redelivered, from two trails in one bucket, from two ingests. Copies with equal
canonical JSON are one event. Where they differ, the copy that came in the best way is the event, of equals the one with
the smallest hash, and the others are kept as conflicts. The choice looks at nothing but the copies, so the lake holds
the same rows whatever came first. A million copies are settled as tables, and none of them becomes a value in Python.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from forensics.lake.layout import Layout
from forensics.lake.manifest import LakeFile, Manifest
from forensics.lake.parts import ParquetFile, write_table
from forensics.lake.record import canonical_sha256
from forensics.lake.schema import DOCUMENTS_SCHEMA, LAKE_SCHEMA, QUARANTINE_SCHEMA, TEXT

EVENT_KEY = "coalesce(nullif(event_id, '') || '/' || nullif(recipient_account_id, ''), content_sha256)"
Numbers = npt.NDArray[np.int64]

_MEMORY = "1GB"
_ROWS_AT_ONCE = 10_000
# Copies that disagree in one of these leave open what happened: all that a model reads.
_DECISIVE = (
    "additionalEventData",
    "awsRegion",
    "errorCode",
    "errorMessage",
    "eventName",
    "eventSource",
    "eventTime",
    "eventType",
    "requestID",
    "requestParameters",
    "responseElements",
    "serviceEventDetails",
    "sessionCredentialFromConsole",
    "sharedEventID",
    "userIdentity",
)

# tables of what is no event, and where in the sources a row of each is from
_PLACES = {
    "quarantine": (QUARANTINE_SCHEMA, "source_sha256, position"),
    "documents": (DOCUMENTS_SCHEMA, "source_sha256"),
}

COPIES_SCHEMA = pa.schema([("event_key", TEXT), ("source_sha256", TEXT), ("position", pa.int32())])
CONFLICTS_SCHEMA = pa.schema(
    [
        ("event_key", TEXT),
        ("canonical_sha256", TEXT),
        ("delivery", TEXT),
        ("differs_in", TEXT),
        ("proves_nothing", pa.bool_()),
        ("raw", pa.binary()),
    ]
)


@dataclass(frozen=True, slots=True)
class Settled:
    """The lake files to list and those that no longer count, after every event is there once."""

    lake_files: list[LakeFile]
    removed: list[str]


def settle(layout: Layout, before: Manifest, parts: list[LakeFile], ingest_id: str) -> Settled:
    """Leave each event once among the committed files and the new parts. Writes new files, changes none."""
    with duckdb.connect() as connection:
        lake = _Lake(connection, layout, before, parts)
        settled = [_settle_events(lake, ingest_id), *(_settle_places(lake, table, ingest_id) for table in _PLACES)]
    return Settled(
        [file for one in settled for file in one.lake_files], [path for one in settled for path in one.removed]
    )


class _Lake:
    """The files of the case and those that are to be added, for DuckDB to read."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, layout: Layout, before: Manifest, parts: list[LakeFile]
    ) -> None:
        self.connection = connection
        self.case = layout.root
        self._before = before
        self._parts = parts
        connection.execute(f"set memory_limit = '{_MEMORY}'")
        connection.execute("set temp_directory = ?", [str(layout.scratch)])
        connection.execute("set preserve_insertion_order = false")
        connection.execute(
            f"create macro key_of(event_id, recipient_account_id, content_sha256) as {EVENT_KEY}",
        )
        connection.create_function("canonical_sha256", canonical_sha256, ["BLOB"], "VARCHAR")  # type: ignore[list-item]
        connection.create_function("differs_in", _differs_in, ["BLOB", "BLOB"], "VARCHAR")  # type: ignore[list-item]
        listed = [(path, False) for path in before.lake_files] + [(part.path, True) for part in parts]
        files = pa.table(  # noqa: F841 - read by DuckDB
            {
                "filename": [self.absolute(path) for path, _ in listed],
                "path": [path for path, _ in listed],
                "is_new": pa.array([is_new for _, is_new in listed], pa.bool_()),
            },
            schema=pa.schema([("filename", TEXT), ("path", TEXT), ("is_new", pa.bool_())]),
        )
        connection.execute("create table files as select * from files")

    def new(self, table: str) -> list[LakeFile]:
        return [part for part in self._parts if part.table == table]

    def new_files(self, table: str) -> list[str]:
        return [self.absolute(part.path) for part in self.new(table)]

    def old_files(self, table: str) -> list[str]:
        return [self.absolute(path) for path in self._before.of_table(table)]

    def old(self, table: str) -> list[str]:
        return self._before.of_table(table)

    def absolute(self, path: str) -> str:
        return str(self.case / path)

    def create(self, table: str, query: str, **parameters: object) -> int:
        """Make a table by a query of this room; how many rows it has."""
        self.connection.execute(f"create table {table} as {_sql(query)}", parameters)
        return self.count(table)

    def create_from(self, table: str, files: list[str], schema: pa.Schema) -> None:
        """A table of what some files hold; without any, an empty one."""
        empty = schema.empty_table()  # noqa: F841 - read by DuckDB
        self.connection.execute(f"create table {table} as select * from empty")
        if files:
            self.connection.execute(f"insert into {table} select * from read_parquet($files)", {"files": files})

    def count(self, table: str) -> int:
        (found,) = self.connection.execute(f"select count(*) from {table}").fetchall()
        return int(found[0])


@cache
def _sql(query: str) -> str:
    return (resources.files("forensics.lake") / "sql" / f"{query}.sql").read_text(encoding="utf-8")


def _settle_events(lake: _Lake, ingest_id: str) -> Settled:
    new, old = lake.new_files("events"), lake.old_files("events")
    if not new:
        return Settled([], [])
    lake.create("shared_keys", "repeated_keys", new=new)
    if old:
        lake.connection.execute(f"insert into shared_keys {_sql('known_keys')}", {"new": new, "old": old})
    if not lake.count("shared_keys"):
        return Settled(lake.new("events"), [])
    lake.create("copies", "copies", files=new + old)
    lake.create("canonical", "canonical", files=_files_of(lake, "copies"))
    lake.create("ranked", "ranked")
    conflicts = _settle_conflicts(lake, ingest_id)
    losers = _rows(lake, "select path, file_row_number from ranked where place > 1")
    return Settled(
        [
            *(part for part in lake.new("events") if part.path not in losers),
            *_without(lake.case, losers, "events", LAKE_SCHEMA, ingest_id),
            *_new_places(lake, ingest_id),
            *conflicts.lake_files,
        ],
        [*losers, *conflicts.removed],
    )


def _files_of(lake: _Lake, table: str) -> list[str]:
    return [file for (file,) in lake.connection.execute(f"select distinct filename from {table}").fetchall()]


def _rows(lake: _Lake, query: str, **parameters: object) -> dict[str, Numbers]:
    """The row numbers that a query finds, by the paths of their files."""
    found = lake.connection.sql(query, params=parameters).to_arrow_table()
    groups = found.group_by("path").aggregate([("file_row_number", "list")]).sort_by("path")
    return {
        path: numbers.values.to_numpy()
        for path, numbers in zip(groups["path"].to_pylist(), groups["file_row_number_list"], strict=True)
    }


def _new_places(lake: _Lake, ingest_id: str) -> list[LakeFile]:
    """Where the copies lie that are no rows any more."""
    lake.create_from("known_places", lake.old_files("event_copies"), COPIES_SCHEMA)
    places = lake.connection.sql(_sql("new_places")).to_arrow_table().cast(COPIES_SCHEMA)
    if not places.num_rows:
        return []
    return [write_table(lake.case, f"lake/event_copies/{ingest_id}.parquet", "event_copies", places)]


def _settle_conflicts(lake: _Lake, ingest_id: str) -> Settled:
    """The whole table in one file: few rows, and any of them may change."""
    if not lake.create("in_conflict", "in_conflict"):
        return Settled([], [])
    lake.create_from("old_conflicts", lake.old_files("event_conflicts"), CONFLICTS_SCHEMA)
    parameters = {"files": _files_of(lake, "ranked"), "decisive": list(_DECISIVE)}
    found = lake.connection.sql(_sql("conflicts"), params=parameters).to_arrow_reader(_ROWS_AT_ONCE)
    path = f"lake/event_conflicts/{ingest_id}.parquet"
    file = ParquetFile(lake.case, path, "event_conflicts", CONFLICTS_SCHEMA, _ROWS_AT_ONCE)
    for batch in found:
        file.write(pa.Table.from_batches([batch]).cast(CONFLICTS_SCHEMA))
    return Settled([file.finish()], lake.old("event_conflicts"))


def _differs_in(copy: bytes, event: bytes) -> str:
    """The names of the fields in which two records differ."""
    mine, theirs = _object(copy), _object(event)
    return ",".join(sorted(name for name in {*mine, *theirs} if mine.get(name) != theirs.get(name)))


def _object(raw: bytes) -> dict[str, object]:
    value = json.loads(raw.decode("utf-8", "replace"))
    return value if isinstance(value, dict) else {}


def _settle_places(lake: _Lake, table: str, ingest_id: str) -> Settled:
    """What is no event once for each place: two workers may have read the same bytes, or an ingest a file again."""
    schema, place = _PLACES[table]
    new, files = lake.new(table), lake.new_files(table) + lake.old_files(table)
    if not new or len(files) == 1:
        return Settled(new, [])
    repeated = _rows(lake, _sql("repeated_places").format(place=place), files=files)
    kept = [part for part in new if part.path not in repeated]
    return Settled([*kept, *_without(lake.case, repeated, table, schema, ingest_id)], list(repeated))


def _without(case: Path, rows: dict[str, Numbers], table: str, schema: pa.Schema, ingest_id: str) -> list[LakeFile]:
    """Each file again under another name, without some of its rows; a file of which none is left is left out."""
    written = (_without_rows(case, path, table, schema, numbers, ingest_id) for path, numbers in rows.items())
    return [file for file in written if file]


def _without_rows(
    case: Path, path: str, table: str, schema: pa.Schema, rows: Numbers, ingest_id: str
) -> LakeFile | None:
    source = pq.ParquetFile(case / path)
    keep = np.ones(source.metadata.num_rows, bool)
    keep[rows] = False
    if not keep.any():
        return None
    name = f"{path.removesuffix('.parquet')}.{ingest_id}.parquet"
    file = ParquetFile(case, name, table, schema, source.metadata.row_group(0).num_rows)
    first = 0
    for index in range(source.num_row_groups):
        group = source.read_row_group(index)
        mask = keep[first : first + group.num_rows]
        first += group.num_rows
        if mask.any():
            file.write(group.filter(pa.array(mask)).cast(schema))
    return file.finish()

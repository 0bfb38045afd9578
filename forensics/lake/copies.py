"""Copies: merges the duplicate copies of an event into one row, whatever the order of their arrival.

CloudTrail redelivers events, two trails may log to one bucket, and logs are ingested twice. Copies with equal canonical
JSON are one event. If copies differ, the one with the best delivery is the event (then the one with the smallest hash),
and the others are stored as conflicts. The choice depends on the copies alone, so the lake has the same rows for any
order of ingests. Copies are joined in DuckDB, because a million Python objects would be too slow.

An addendum is stored as an event until the event that it amends is in the case. Then it moves to `event_addenda`, and
the event is rewritten from its own bytes and all its addenda, whatever their order. An amended event keeps its original
bytes and has the flag `amended`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from forensics.formats.record_stream import Delivery, Records
from forensics.lake.file_names import lake_path, rewritten_path
from forensics.lake.lake_tables import Numbers, Tables
from forensics.lake.layout import Layout
from forensics.lake.manifest import LakeFile, Manifest
from forensics.lake.parts import ParquetFile, PartWriter, write_table
from forensics.records.addendum import amended
from forensics.records.arrow_schema import ADDENDA_SCHEMA, DOCUMENTS_SCHEMA, LAKE_SCHEMA, QUARANTINE_SCHEMA, TEXT
from forensics.records.columns import SourceRecords, to_batch
from forensics.records.record import canonical_sha256
from forensics.tables import sql

EVENT_KEY = "coalesce(nullif(event_id, '') || '/' || nullif(recipient_account_id, ''), content_sha256)"
_ROWS_AT_ONCE = 10_000
_AMENDED_AT_ONCE = 1_000
_AMENDED = "amended"
# the fields that models read; an event whose copies differ in one of them is unreliable
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

# tables other than events, and the columns that identify the source of a row
_PLACES = {
    "quarantine": (QUARANTINE_SCHEMA, "source_sha256, position"),
    "documents": (DOCUMENTS_SCHEMA, "source_sha256"),
}

# small tables whose rows can change; each is rewritten as one file
_REWRITTEN = ("event_conflicts", "event_addenda", "conflict_copies")

COPIES_SCHEMA = pa.schema([("event_key", TEXT), ("source_sha256", TEXT), ("position", pa.int32()), ("delivery", TEXT)])
CONFLICT_COPIES_SCHEMA = pa.schema(
    [
        ("event_key", TEXT),
        ("canonical_sha256", TEXT),
        ("source_sha256", TEXT),
        ("position", pa.int32()),
        ("delivery", TEXT),
    ]
)
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
    """The result of settling copies: lake files to list in the manifest, and lake files to remove from it."""

    lake_files: list[LakeFile]
    removed: list[str]
    repeated: int = 0
    """The number of new rows that repeat a row from the same place in the same source."""


def settle(layout: Layout, before: Manifest, parts: list[LakeFile], ingest_id: str) -> Settled:
    """Keep one row for each event of the committed files and the new parts. Writes new files, changes none."""
    with duckdb.connect() as connection:
        connection.execute(f"create macro key_of(event_id, recipient_account_id, content_sha256) as {EVENT_KEY}")
        connection.create_function("canonical_sha256", canonical_sha256, ["BLOB"], "VARCHAR")
        connection.create_function("differs_in", differs_in, ["BLOB", "BLOB"], "VARCHAR")
        tables = Tables(connection, layout, before, parts)
        settled = [_settle_events(tables, ingest_id), *(_settle_places(tables, name, ingest_id) for name in _PLACES)]
    return Settled(
        [file for one in settled for file in one.lake_files],
        [path for one in settled for path in one.removed],
        settled[0].repeated,
    )


def _settle_events(tables: Tables, ingest_id: str) -> Settled:
    new, old = tables.new_files("events"), tables.old_files("events")
    if not new:
        return Settled([], [])
    copies = tables.create("shared_keys", "repeated_keys", new=new)
    if old:
        copies = tables.add("shared_keys", "known_keys", new=new, old=old)
    addenda = tables.load("old_addenda", ADDENDA_SCHEMA, tables.old_files("event_addenda"))
    addenda += tables.create("amending", "amending", files=new + old)
    if not copies + addenda:
        return Settled(tables.new("events"), [])
    tables.create("copies", "copies", files=new + old)
    tables.create("canonical", "canonical", files=tables.files_of("copies") or new)
    tables.create("ranked", "ranked")
    tables.load("known_places", COPIES_SCHEMA, tables.old_files("event_copies"))
    repeated = tables.create("losers", "losers") - tables.create("places", "new_places")
    written = [*_conflicts(tables, ingest_id), *_conflict_copies(tables, ingest_id)]
    if addenda:
        amending, repeated_addenda = _amend(tables, new + old, ingest_id)
        written += amending
        repeated += repeated_addenda
    written += _places(tables, ingest_id)
    removed_rows = tables.rows("select path, file_row_number from losers")
    replaced = [path for file in written if file.table in _REWRITTEN for path in tables.old(file.table)]
    return Settled(
        [
            *(part for part in tables.new("events") if part.path not in removed_rows),
            *_without(tables.case, removed_rows, "events", LAKE_SCHEMA, ingest_id),
            *written,
        ],
        [*removed_rows, *replaced],
        repeated,
    )


def _places(tables: Tables, ingest_id: str) -> list[LakeFile]:
    """Write the places of copies that are no longer rows of `events`."""
    found = tables.connection.sql("select * from places order by all").to_arrow_table().cast(COPIES_SCHEMA)
    if not found.num_rows:
        return []
    return [write_table(tables.case, lake_path("event_copies", ingest_id), "event_copies", found)]


def _conflicts(tables: Tables, ingest_id: str) -> list[LakeFile]:
    if not tables.create("in_conflict", "in_conflict"):
        return []
    tables.load("old_conflicts", CONFLICTS_SCHEMA, tables.old_files("event_conflicts"))
    parameters = {"files": tables.files_of("ranked"), "decisive": list(_DECISIVE)}
    found = tables.connection.sql(sql("lake/sql/conflicts"), params=parameters).to_arrow_reader(_ROWS_AT_ONCE)
    path = lake_path("event_conflicts", ingest_id)
    file = ParquetFile(tables.case, path, "event_conflicts", CONFLICTS_SCHEMA, _ROWS_AT_ONCE)
    for batch in found:
        file.write(pa.Table.from_batches([batch]).cast(CONFLICTS_SCHEMA))
    return [file.finish()]


def _conflict_copies(tables: Tables, ingest_id: str) -> list[LakeFile]:
    """Write the places of each version of an event with conflicts, for the verification of their files by digests."""
    known = tables.load("old_conflict_copies", CONFLICT_COPIES_SCHEMA, tables.old_files("conflict_copies"))
    if tables.create("conflict_copies", "conflict_copies") == known:
        return []
    found = tables.connection.sql("from conflict_copies order by all").to_arrow_table().cast(CONFLICT_COPIES_SCHEMA)
    return [write_table(tables.case, lake_path("conflict_copies", ingest_id), "conflict_copies", found)]


def row_of(raw: bytes, delivery: str, source_sha256: str, position: int) -> pa.RecordBatch:
    """Return the row of a copy, parsed from its bytes."""
    return to_batch([SourceRecords(Records(position, [raw], delivery=Delivery(delivery)), source_sha256)], {}).events


def is_decisive(differs_in: str) -> bool:
    """Return whether two records that differ in these fields make their event unreliable."""
    return not differs_in or not set(_DECISIVE).isdisjoint(differs_in.split(","))


def differs_in(copy: bytes, event: bytes) -> str:
    """Return the names of the fields in which two records differ, separated by commas."""
    ours, theirs = _object(copy), _object(event)
    names = sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))
    return ",".join(names).encode("utf-8", "replace").decode()  # a name may contain a lone surrogate


def _object(raw: bytes) -> dict[str, object]:
    try:
        value = json.loads(raw.decode("utf-8", "replace"), parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _settle_places(tables: Tables, table: str, ingest_id: str) -> Settled:
    """Keep one row of a table for each place: two workers, or two ingests, may have read the same bytes."""
    schema, place = _PLACES[table]
    new, files = tables.new(table), tables.new_files(table) + tables.old_files(table)
    if not new or len(files) == 1:
        return Settled(new, [])
    repeated = tables.rows(sql("lake/sql/repeated_places").format(place=place), files=files)
    kept = [part for part in new if part.path not in repeated]
    return Settled([*kept, *_without(tables.case, repeated, table, schema, ingest_id)], list(repeated))


def _without(case: Path, rows: dict[str, Numbers], table: str, schema: pa.Schema, ingest_id: str) -> list[LakeFile]:
    """Rewrite files without some of their rows, and return the new files. A file without rows is not written."""
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
    file = ParquetFile(case, rewritten_path(path, ingest_id), table, schema, source.metadata.row_group(0).num_rows)
    first = 0
    for index in range(source.num_row_groups):
        group = source.read_row_group(index)
        mask = keep[first : first + group.num_rows]
        first += group.num_rows
        if mask.any():
            file.write(group.filter(pa.array(mask)).cast(schema))
    return file.finish()


def _amend(tables: Tables, files: list[str], ingest_id: str) -> tuple[list[LakeFile], int]:
    """Amend events, and return the new files and the number of addenda that were known from the same place.

    Adds the replaced rows to `losers`, and the places of copies of addenda to `places`.
    """
    tables.create("pending_addenda", "pending_addenda", files=files)
    if not tables.create("to_amend", "to_amend", files=files):
        return [], 0
    amending = tables.create("amending_addenda", "amending_addenda")
    chosen = tables.create("addenda", "addenda")
    places = tables.count("places")
    repeated = amending - chosen - (tables.add("places", "addenda_places") - places)
    tables.add("losers", "amended_rows")
    writer = PartWriter(tables.case, f"{ingest_id}-amended")
    for events in tables.connection.sql(sql("lake/sql/amended")).to_arrow_reader(_AMENDED_AT_ONCE):
        writer.add(_amended_events(events))
    every = tables.connection.sql(sql("lake/sql/every_addendum")).to_arrow_table().cast(ADDENDA_SCHEMA)
    path = lake_path("event_addenda", ingest_id)
    return [*writer.close(), write_table(tables.case, path, "event_addenda", every)], repeated


def _amended_events(events: pa.RecordBatch) -> pa.RecordBatch:
    """Return the rows of events with their addenda applied. An unreliable event stays unreliable."""
    before = events.to_pylist()
    texts = [amended(row["raw"], row["addenda"]) for row in before]
    records = [
        SourceRecords(Records(row["position"], [text], delivery=Delivery(row["delivery"])), row["source_sha256"])
        for row, text in zip(before, texts, strict=True)
    ]
    columns = to_batch(records, {}).events.to_pydict()
    columns["raw"] = [row["raw"] for row in before]
    columns["record"] = [
        text.decode() if record is None else record for record, text in zip(columns["record"], texts, strict=True)
    ]
    columns["unreliable"] = [row["unreliable"] or now for row, now in zip(before, columns["unreliable"], strict=True)]
    columns["flags"] = [_flags(row["flags"], now, _AMENDED) for row, now in zip(before, columns["flags"], strict=True)]
    return pa.RecordBatch.from_pydict(columns, schema=LAKE_SCHEMA)


def _flags(*flags: str | None) -> str:
    return ",".join(sorted({flag for some in flags if some for flag in some.split(",")}))

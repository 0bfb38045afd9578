"""Listed copies: selects the copy of an event by the digests of the files that contain its copies.

The lake is independent of digests: `settle` compares the copies alone. Here, the table `file_listings` decides between
copies each time the tables of a case are built. A copy in a listed file takes precedence over one in a file that no
digest covers, and that over one in an unlisted file. A copy in a worse file neither replaces an event nor makes it
unreliable. Without digests, the stored copies are used.
"""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

import duckdb
import pyarrow as pa

from forensics.lake.copies import CONFLICTS_SCHEMA, differs_in, is_decisive, row_of
from forensics.records.arrow_schema import LAKE_SCHEMA, TEXT
from forensics.tables import create_table, insert_rows, sql

# without the raw records, which may contain secrets and stay in the lake
LISTED_SCHEMA = pa.schema([field for field in LAKE_SCHEMA if field.name != "raw"])
_REPLACED = pa.schema([("event_key", TEXT), ("stored_sha256", TEXT), ("canonical_sha256", TEXT)])
_CONFLICTS = pa.schema([field for field in CONFLICTS_SCHEMA if field.name != "raw"])
# SQL of the keys that only copies in conflict with an event name
CONFLICTING_KEYS = """
    (select known.access_key_ids
     from (select event_key as of_event, access_key_ids from conflicting_keys) as known
     where known.of_event = {event_key})
"""
# SQL of the verdict of digests on a row of the lake: that on its event, if there is one, otherwise on its file
LISTING = """
    coalesce(
        (select known.listing from (select event_key as of_event, listing from event_listings) as known
         where known.of_event = {event_key}),
        (select case when file.listing = 'unlisted' and delivery <> 'native' and not file.is_log_file
                     then 'not_covered' else file.listing end
         from (select source_sha256 as of_source, listing, is_log_file from file_listings) as file
         where file.of_source = source_sha256)
    )
"""


class _Reading(NamedTuple):
    """A row of `replacing`."""

    event_key: str
    canonical_sha256: str
    source_sha256: str
    position: int
    delivery: str
    is_of_event: bool
    is_best: bool
    raw: bytes


def settle_by_digests(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the tables of listings and conflicts.

    They are `event_listings`, `listed_copies`, `replaced_events`, `event_conflicts`, `conflicting_keys` and
    `disputed_events`. The rows of `listed_copies` replace the stored rows of `replaced_events`. Requires
    `file_listings` and the views over the lake.
    """
    execute = connection.execute
    create_table(connection, "listed_copies", LISTED_SCHEMA)
    create_table(connection, "replaced_events", _REPLACED)
    if execute("from file_listings limit 1").fetchall():
        for table in ("judged_copies", "readings", "event_listings"):
            kind = "view" if table == "judged_copies" else "table"
            execute(f"create {kind} {table} as {sql(f'lake/sql/{table}')}")
        conflicts = _replace(connection)
        execute(f"create table event_conflicts as {sql('lake/sql/kept_conflicts')}")
        insert_rows(connection, "event_conflicts", _CONFLICTS, conflicts)
        execute("drop table readings")
        execute("drop view judged_copies")
    else:
        execute("create table event_listings (event_key varchar, listing varchar, event_date date)")
        execute("create table event_conflicts as select * exclude (raw) from lake_conflicts")
    execute(f"create table conflicting_keys as {sql('lake/sql/conflicting_keys')}")
    execute("create table disputed_events as select distinct event_key from event_conflicts where proves_nothing")


def _replace(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str, str, bool]]:
    """Parse the copies that replace stored ones, and return the conflicts of the other versions with them."""
    found = connection.execute(sql("lake/sql/replacing")).fetchall()
    rows: list[pa.RecordBatch] = []
    replaced: list[tuple[str, str, str]] = []
    conflicts: list[tuple[str, str, str, str, bool]] = []
    for event_key, readings in groupby(map(_Reading._make, found), key=lambda reading: reading.event_key):
        best, *others = readings
        rows.append(_without_raw(row_of(best.raw, best.delivery, best.source_sha256, best.position)))
        for one in others:
            difference = differs_in(one.raw, best.raw)
            is_unreliable = one.is_best and one.delivery == best.delivery and is_decisive(difference)
            conflicts.append((event_key, one.canonical_sha256, one.delivery, difference, is_unreliable))
            if one.is_of_event:
                replaced.append((event_key, one.canonical_sha256, best.canonical_sha256))
    connection.from_arrow(pa.Table.from_batches(rows, LISTED_SCHEMA)).insert_into("listed_copies")
    insert_rows(connection, "replaced_events", _REPLACED, replaced)
    return conflicts


def _without_raw(row: pa.RecordBatch) -> pa.RecordBatch:
    columns = row.to_pydict()
    columns["record"] = [record or raw.decode() for record, raw in zip(columns["record"], columns["raw"], strict=True)]
    return pa.RecordBatch.from_pydict({name: columns[name] for name in LISTED_SCHEMA.names}, schema=LISTED_SCHEMA)

"""Listed: which copy of an event counts where digests prove more of one file than of another.

The lake holds what the copies say, whichever digests are loaded; `settle` there looks at nothing but the copies. Here
the table `file_listings` decides between them, each time the tables of a case are built: a copy in a listed file beats
one in a file that no digest covers, and that beats one in an unlisted file. So neither replaces nor disputes an event
that is in a better file. Without digests every table here is empty and the stored copies count.
"""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

import duckdb
import pyarrow as pa

from forensics.arrow_tables import create_table, insert_rows
from forensics.lake.copies import CONFLICTS_SCHEMA, differs_in, disagree, row_of
from forensics.records.arrow_schema import LAKE_SCHEMA, TEXT
from forensics.sql_files import sql

# the bytes of a copy stay in the lake
LISTED_SCHEMA = pa.schema([field for field in LAKE_SCHEMA if field.name != "raw"])
_REPLACED = pa.schema([("event_key", TEXT), ("stored_sha256", TEXT), ("canonical_sha256", TEXT)])
_CONFLICTS = pa.schema([field for field in CONFLICTS_SCHEMA if field.name != "raw"])
# what digests say of a row of the lake: of its event, where that is known, otherwise of its file
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
    """Make `event_listings`, `listed_copies`, `replaced_events`, `event_conflicts` and `disputed_events`.

    The rows of `listed_copies` count instead of the stored ones of `replaced_events`. Needs `file_listings` and the
    views over the lake.
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
    execute("create table disputed_events as select distinct event_key from event_conflicts where proves_nothing")


def _replace(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str, str, bool]]:
    """Read the copies that count again from their bytes. The conflicts of the other readings with them."""
    found = connection.execute(sql("lake/sql/replacing")).fetchall()
    rows: list[pa.RecordBatch] = []
    replaced: list[tuple[str, str, str]] = []
    conflicts: list[tuple[str, str, str, str, bool]] = []
    for event_key, readings in groupby(map(_Reading._make, found), key=lambda reading: reading.event_key):
        counts, *others = readings
        rows.append(_shown(row_of(counts.raw, counts.delivery, counts.source_sha256, counts.position)))
        for one in others:
            difference = differs_in(one.raw, counts.raw)
            is_doubt = one.is_best and one.delivery == counts.delivery and disagree(difference)
            conflicts.append((event_key, one.canonical_sha256, one.delivery, difference, is_doubt))
            if one.is_of_event:
                replaced.append((event_key, one.canonical_sha256, counts.canonical_sha256))
    connection.from_arrow(pa.Table.from_batches(rows, LISTED_SCHEMA)).insert_into("listed_copies")
    insert_rows(connection, "replaced_events", _REPLACED, replaced)
    return conflicts


def _shown(row: pa.RecordBatch) -> pa.RecordBatch:
    """The row without its bytes, which hold its secrets and stay in the lake."""
    columns = row.to_pydict()
    columns["record"] = [record or raw.decode() for record, raw in zip(columns["record"], columns["raw"], strict=True)]
    return pa.RecordBatch.from_pydict({name: columns[name] for name in LISTED_SCHEMA.names}, schema=LISTED_SCHEMA)

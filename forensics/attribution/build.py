"""Build: the models in order, over the lake, into the case's database.

The database is a cache: a pure function of the committed lake files. It is built under another name and renamed over,
so whoever reads never waits and never sees half of it.
"""

from __future__ import annotations

import os
from functools import cache
from importlib import resources

import duckdb
import pyarrow as pa

from forensics.attribution.database import connect, models_version
from forensics.lake.copies import CONFLICTS_SCHEMA, COPIES_SCHEMA, EVENT_KEY
from forensics.lake.layout import Layout
from forensics.lake.manifest import Manifest
from forensics.lake.schema import LAKE_SCHEMA, QUARANTINE_SCHEMA

# Each pass doubles the reach of the walk: six cover 64 hops, and a cycle ends there.
_WALK_PASSES = 6

_TABLES_BEFORE_WALK = (
    "issuances",
    "issuance_events",
    "twins",
    "credentials",
    "on_behalf_of",
    "principals",
    "coverage",
    "candidates",
    "links",
    "forward_access",
)
_TABLES_AFTER_WALK = ("sessions", "access_keys", "evidence", "evidence_files")
_TYPES = {"string": "varchar", "timestamp[us, tz=UTC]": "timestamptz", "bool": "boolean", "binary": "blob"}


def build(layout: Layout, manifest: Manifest) -> None:
    """Make `case.duckdb` again from the lake."""
    temporary = layout.root / f".case.duckdb.{os.getpid()}"
    temporary.unlink(missing_ok=True)
    try:
        with connect(layout, temporary, read_only=False) as connection:
            fill(connection, manifest)
        temporary.chmod(0o600)
        temporary.rename(layout.database)
    finally:
        temporary.unlink(missing_ok=True)


def fill(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> None:
    """Views over the lake and every table of the models, in an empty database."""
    _create_source_files(connection, manifest)
    _create_lake_views(connection, manifest)
    for name in _TABLES_BEFORE_WALK:
        _create(connection, name)
    _find_actors(connection)
    for name in _TABLES_AFTER_WALK:
        _create(connection, name)
    connection.execute(f"create view attributed_events as {_model('attributed_events')}")
    commit = manifest.commit.ingest_id if manifest.commit else None
    connection.execute("create table built (models_version varchar, ingest_id varchar)")
    connection.execute("insert into built values (?, ?)", [models_version(), commit])


@cache
def _model(name: str) -> str:
    return (resources.files("forensics.attribution") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def _create(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    connection.execute(f"create or replace table {name} as {_model(name)}")


def _find_actors(connection: duckdb.DuckDBPyConnection) -> None:
    """Walk to the actors; while two parents that look like one lead to different people, take that link back."""
    while True:
        _walk(connection)
        _create(connection, "issuers")
        _create(connection, "names")
        _create(connection, "actors")
        _create(connection, "contested")
        taken_back = connection.execute(
            """
            update links
            set is_chosen = false, is_of_chosen_issuer = false, is_ambiguous = true
            where is_of_chosen_issuer and child_credential_id in (select credential_id from contested)
            """
        ).fetchall()
        if taken_back == [(0,)]:
            connection.execute("drop table contested")
            return


def _walk(connection: duckdb.DuckDBPyConnection) -> None:
    """Every ancestor of every credential: the hops joined with themselves until nothing is new."""
    _create(connection, "hops")
    connection.execute("create or replace table walk as from hops")
    for reached in (2**n for n in range(_WALK_PASSES)):
        added = connection.execute(f"insert into walk {_model('walk')}", {"reached": reached}).fetchall()
        if added == [(0,)]:
            return


def _create_source_files(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> None:
    connection.execute(
        """
        create table source_files (
            name varchar, path varchar, status varchar, reason varchar, sha256 varchar, inflated_sha256 varchar,
            bytes bigint, inflated_bytes bigint, records bigint, rejected bigint,
            first_event_time timestamptz, last_event_time timestamptz
        )
        """
    )
    rows = pa.Table.from_pylist(
        [{name: getattr(file, name) for name in file.__struct_fields__} for file in manifest.source_files],
        pa.schema(
            [
                *((name, pa.string()) for name in ("name", "path", "status", "reason", "sha256", "inflated_sha256")),
                *((name, pa.int64()) for name in ("bytes", "inflated_bytes", "records", "rejected")),
                *((name, pa.timestamp("us", tz="UTC")) for name in ("first_event_time", "last_event_time")),
            ]
        ),
    )
    connection.register("manifest_rows", rows)
    connection.execute("insert into source_files select * from manifest_rows")
    connection.unregister("manifest_rows")


def _create_lake_views(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> None:
    events = _rows(manifest, "events", LAKE_SCHEMA, "hive_partitioning = true, hive_types = {'event_date': date}")
    conflicts = _rows(manifest, "event_conflicts", CONFLICTS_SCHEMA)
    quarantine = _rows(manifest, "quarantine", QUARANTINE_SCHEMA)
    connection.execute(f"create view event_conflicts as select * exclude (raw) from {conflicts}")
    connection.execute(f"create view quarantine as select distinct * exclude (raw) from {quarantine}")
    connection.execute(
        f"""
        create view events as
        select
            {EVENT_KEY} as event_key,
            lake.* exclude (unreliable, record, raw, content_sha256, source_sha256, position),
            lake.unreliable or conflicting.event_key is not null as unreliable,
            coalesce(lake.record, decode(lake.raw)) as record
        from {events} as lake
        left join (select distinct event_key from event_conflicts where proves_nothing) as conflicting
          on conflicting.event_key = {EVENT_KEY}
        """
    )
    connection.execute(
        f"""
        create view event_copies as
        select {EVENT_KEY} as event_key, source_sha256, position from {_rows(manifest, "events", LAKE_SCHEMA)}
        union all
        select event_key, source_sha256, position from {_rows(manifest, "event_copies", COPIES_SCHEMA)}
        """
    )


def _rows(manifest: Manifest, table: str, schema: pa.Schema, options: str = "hive_partitioning = false") -> str:
    """The rows of a table's files, named one by one; no rows if there are no files."""
    files = manifest.of_table(table)
    if files:
        listed = ", ".join(f"'{path}'" for path in files)
        return f"read_parquet([{listed}], {options})"
    columns = ", ".join(f"null::{_TYPES.get(str(field.type), str(field.type))} as {field.name}" for field in schema)
    partition = ", null::date as event_date" if table == "events" and "hive_types" in options else ""
    return f"(select {columns}{partition} where false)"

"""Build: runs the models over the lake, into the database of the case.

The database is a cache: a pure function of the committed lake files. It is built under a temporary name and then
renamed, so readers never wait and never see an incomplete one.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import date
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import duckdb
import pyarrow as pa

from forensics.attribution.column_docs import comment_on_all
from forensics.attribution.database import connect, create_macros, models_version
from forensics.attribution.incremental import ActorChanges, EarlierBuild
from forensics.attribution.order import SCRATCH, model, run
from forensics.attribution.state import Built, install
from forensics.files.regular_files import open_regular
from forensics.lake.copies import CONFLICT_COPIES_SCHEMA, CONFLICTS_SCHEMA, COPIES_SCHEMA, EVENT_KEY
from forensics.lake.file_names import day_of
from forensics.lake.integrity import check_files, file_sha256
from forensics.lake.layout import Layout
from forensics.lake.listed import CONFLICTING_KEYS, LISTING, settle_by_digests
from forensics.lake.manifest import Manifest
from forensics.lake.pending import announce_database
from forensics.records.arrow_schema import (
    ADDENDA_SCHEMA,
    DOCUMENTS_SCHEMA,
    LAKE_SCHEMA,
    QUARANTINE_SCHEMA,
    TEXT,
    TIMESTAMP,
)
from forensics.tables import create_table, sql

DocumentTables = Callable[[duckdb.DuckDBPyConnection], None]
"""Creates the tables of one kind of document from the view `documents`, before the models run."""

# The column that most queries filter by. A table sorted by it needs no index, because DuckDB skips row groups.
SORTED_BY = {
    "access_keys": "access_key_id",
    "actors": "credential_id",
    "credentials": "credential_id",
    "derived": "ancestor_id",
    "descents": "parent_id",
    "evidence": "event_key",
    "evidence_files": "event_key",
    "issuance_events": "issuance_id",
    "issuances": "issuance_id",
    "issuers": "child_credential_id",
    "key_ends": "access_key_id",
    "links": "child_credential_id",
    "not_trusted": "credential_id",
    "walk": "credential_id",
}
# maximum number of events reduced together, so that their credentials stay within the memory limit
_EVENTS_AT_ONCE = 500_000
# the outcome of an event (docs/attribution.md#words); a refused sign-in has only a message, or only its result
OUTCOME = """
    case
        when error_code is null and error_message is null and coalesce(sign_in_result, '') <> 'Failure' then 'succeeded'
        when error_code like '%AccessDenied%' or error_code like '%Unauthorized%' or error_code like '%NotAuthorized%'
            or error_code like '%AuthFailure%' or error_code like '%Forbidden%' or error_code like 'ExpiredToken%'
            or error_code in (
                'InvalidClientTokenId', 'InvalidAccessKeyId', 'SignatureDoesNotMatch', 'UnrecognizedClientException',
                'AccountProblem', 'OptInRequired', '401', '403'
            ) then 'denied'
        else 'failed'
    end
"""
# views for the build only: some show records with secrets
_OF_BUILD = ("stored_events", "lake_conflicts", "conflict_copies", "record_places", "management_files")
# the accounts, regions and times of the records in a file, to check the claims in its name against
_RECORD_PLACES = """
    select
        copies.source_sha256,
        coalesce(events.recipient_account_id, events.account_id) as account_id,
        events.aws_region,
        copies.delivery = 'native' as is_native,
        min(events.event_time) as first_event_time,
        max(events.event_time) as last_event_time
    from event_copies as copies
    join stored_events as events on events.event_key = copies.event_key
    group by all
"""
# the files with a management event; older records have no category
_MANAGEMENT_FILES = """
    select distinct source_sha256
    from stored_events
    where coalesce(event_category, 'Management') = 'Management'
"""
# the listing of each log file, unless the digests room created the table
_LISTINGS = """
    create table if not exists file_listings (
        source_sha256 varchar, listing varchar, reason varchar, is_log_file boolean
    )
"""
_SOURCE_FILES = pa.schema(
    [
        *((name, TEXT) for name in ("name", "path", "status", "reason", "sha256", "inflated_sha256")),
        *((name, pa.int64()) for name in ("bytes", "inflated_bytes", "records", "rejected", "identity_unread")),
        *((name, TIMESTAMP) for name in ("first_event_time", "last_event_time")),
        ("kind", TEXT),
        ("filtered", pa.int64()),
        ("etag", TEXT),
        ("metadata", pa.map_(TEXT, TEXT)),
        *((name, TIMESTAMP) for name in ("modified_at", "as_of", "ingested_at")),
    ]
)
_FILTERS = pa.schema(
    [
        *((name, pa.list_(TEXT)) for name in ("accounts", "regions")),
        *((name, TIMESTAMP) for name in ("since", "until")),
        *((name, pa.date32()) for name in ("delivered_from", "delivered_to")),
    ]
)
_LAKE_FILES = pa.schema([("table_name", TEXT), ("path", TEXT)])


class DuckDB:
    """The engine of a case (see `order.Engine`)."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def create(self, table: str, model: str) -> None:
        kind = "temp table" if table in SCRATCH else "table"
        if table in SORTED_BY:
            model = f"select * from (\n{model}\n) order by {SORTED_BY[table]}"  # noqa: S608 - our models and columns
        self._connection.execute(f"create or replace {kind} {table} as {model}")

    def add(self, table: str, model: str) -> None:
        self._connection.execute(f"insert into {table} {model}")

    def drop(self, table: str) -> None:
        self._connection.execute(f"drop table {table}")

    def count(self, table: str) -> int:
        (rows,) = self._connection.table(table).aggregate("count(*)").fetchall()[0]
        return int(rows)


def build(
    layout: Layout, manifest: Manifest, document_tables: Sequence[DocumentTables] = (), database: Path | None = None
) -> tuple[Built, ActorChanges | None]:
    """Rebuild the database from the lake.

    Args:
        layout: the case folder.
        manifest: the committed files.
        document_tables: the functions that create the tables of digests and exports.
        database: the file to write; `case.duckdb` of the case if None.

    Returns:
        The identity of the file, and how the actors differ from the last build; None if that is unknown.

    Raises:
        ChangedLake: a lake file differs from its entry in the manifest.
        OSError, duckdb.Error: the database cannot be written.
    """
    database = database or layout.database
    temporary = database.with_name(f".{database.name}.{os.getpid()}")
    remove_unfinished(temporary)
    remove_killed_builds(database)
    try:
        with connect(layout, temporary, read_only=False) as connection:
            changes = fill(connection, manifest, layout, document_tables)
            connection.execute("checkpoint")  # a full disk is an error here, but not on close
        if database == layout.database:
            announce_database(layout, file_sha256(temporary))
        return install(temporary, database, layout.root.resolve()), changes
    finally:
        remove_unfinished(temporary)


def remove_unfinished(temporary: Path) -> None:
    """Remove an unfinished database; a checkpoint that failed may leave a file of its own beside it."""
    for left in (temporary, *temporary.parent.glob(f"{temporary.name}.*")):
        left.unlink(missing_ok=True)


def remove_killed_builds(database: Path) -> None:
    """Remove unfinished databases beside `database` that no process holds a lock on."""
    name = re.compile(rf"\.{re.escape(database.name)}\.(\d+)")
    for file in database.parent.iterdir():
        found = name.fullmatch(file.name)
        # closing a file of this process would release DuckDB's lock on it
        if found and int(found.group(1)) != os.getpid():
            with suppress(OSError):
                descriptor = open_regular(file, os.O_RDWR)
                try:
                    fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    remove_unfinished(file)
                finally:
                    os.close(descriptor)


def fill(
    connection: duckdb.DuckDBPyConnection,
    manifest: Manifest,
    layout: Layout,
    document_tables: Sequence[DocumentTables] = (),
) -> ActorChanges | None:
    """Create the views over the lake and every table of the models in an empty database.

    Every lake file is hashed first, because the models read all of them. Returns how the actors differ from the last
    build; None without one. Raises ChangedLake.
    """
    check_files(layout, manifest.lake_files)
    _create_manifest_tables(connection, manifest)
    _create_lake_views(connection, manifest, layout)
    for create_tables in document_tables:
        create_tables(connection)
    connection.execute(_LISTINGS)
    settle_by_digests(connection)
    for view in _OF_BUILD:
        connection.execute(f"drop view {view}")
    _events(connection, layout.files(manifest.of_table("events"))).create_view("events")
    earlier = EarlierBuild(connection)
    earlier.take_over(layout, manifest)
    _reduce_events(connection, manifest, layout, earlier)
    run(DuckDB(connection))
    _create_evidence_records(connection, manifest, layout)
    connection.execute(f"create view attributed_events as {model('attributed_events')}")
    create_macros(connection)
    commit = manifest.commit.ingest_id if manifest.commit else None
    connection.execute("create table built (models_version varchar, ingest_id varchar, case_folder varchar)")
    connection.execute("insert into built values (?, ?, ?)", [models_version(), commit, str(layout.root.resolve())])
    comment_on_all(connection)
    changes = earlier.changes()
    earlier.close()
    return changes


def _reduce_events(
    connection: duckdb.DuckDBPyConnection, manifest: Manifest, layout: Layout, earlier: EarlierBuild
) -> None:
    """Create `credential_days`: copy unchanged days from the earlier build, and reduce the others in parts."""
    changed = [path for path in manifest.of_table("events") if day_of(path) not in earlier.days]
    engine = DuckDB(connection)
    write = engine.create
    of_files = {day_of(path) for path in manifest.of_table("events")}
    of_copies = {day for (day,) in _listed_copies(connection, None).project("event_date").distinct().fetchall()}
    parts = [(files, {day_of(path) for path in files}) for files in _whole_days(manifest, changed)]
    if alone := of_copies - of_files:
        parts.append(([], alone))
    for files, days in parts:
        _events(connection, layout.files(files), days).create_view("changed_events")
        write("credential_days", model("credential_days"))
        connection.execute("drop view changed_events")
        write = engine.add
    if earlier.days:
        connection.execute("insert into credential_days by name select * from earlier_days")


def _create_evidence_records(connection: duckdb.DuckDBPyConnection, manifest: Manifest, layout: Layout) -> None:
    """Store the hash of each proving record, so that answers can check that the lake is unchanged."""
    connection.execute("create table evidence_records (event_id varchar, path varchar, raw_sha256 blob)")
    for table, query in (("events", "record_hashes"), ("event_conflicts", "listed_copy_hashes")):
        if files := layout.files(manifest.of_table(table)):
            connection.execute("insert into evidence_records " + sql(f"lake/sql/{query}"), {"files": files})


def _whole_days(manifest: Manifest, files: list[str]) -> list[list[str]]:
    """Split files, sorted by day, into parts of whole days; one part is in memory at a time.

    Returns at least one part, which is empty without files.
    """
    parts: list[list[str]] = [[]]
    events = 0
    for _, of_day in groupby(files, day_of):
        day = list(of_day)
        rows = sum(manifest.lake_files[path].rows for path in day)
        if parts[-1] and events + rows > _EVENTS_AT_ONCE:
            parts.append([])
            events = 0
        parts[-1] += day
        events += rows
    return parts


def _create_manifest_tables(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> None:
    """`source_files`, `filters` and `lake_files`, which only the manifest knows."""
    *names, _ingested_at = _SOURCE_FILES.names
    values_of = attrgetter(*names)
    added = zip(manifest.source_files, manifest.ingested_at, strict=True)
    create_table(connection, "source_files", _SOURCE_FILES, [(*values_of(file), time) for file, time in added])
    filter_values = attrgetter(*_FILTERS.names)
    create_table(connection, "filters", _FILTERS, [filter_values(one) for one in manifest.filters])
    files = [(file.table, file.path) for file in manifest.lake_files.values()]
    create_table(connection, "lake_files", _LAKE_FILES, files)
    connection.execute("create view events_files as select path from lake_files where table_name = 'events'")


def _create_lake_views(connection: duckdb.DuckDBPyConnection, manifest: Manifest, layout: Layout) -> None:
    def lake(table: str, schema: pa.Schema) -> duckdb.DuckDBPyRelation:
        return _rows(connection, table, layout.files(manifest.of_table(table)), schema)

    lake("event_conflicts", CONFLICTS_SCHEMA).create_view("lake_conflicts")
    lake("conflict_copies", CONFLICT_COPIES_SCHEMA).create_view("conflict_copies")
    lake("quarantine", QUARANTINE_SCHEMA).project("* exclude (raw)").distinct().create_view("quarantine")
    lake("documents", DOCUMENTS_SCHEMA).create_view("documents")
    lake("event_addenda", ADDENDA_SCHEMA).project("* exclude (raw)").create_view("event_addenda")
    stored = lake("events", LAKE_SCHEMA).project(f"{EVENT_KEY} as event_key, *")
    stored.create_view("stored_events")
    copies = lake("event_copies", COPIES_SCHEMA)
    place = "event_key, source_sha256, position, {} as is_stored, delivery"
    stored.project(place.format(True)).union(copies.project(place.format(False))).create_view("event_copies")
    connection.execute(f"create view record_places as {_RECORD_PLACES}")
    connection.execute(f"create view management_files as {_MANAGEMENT_FILES}")


def _events(
    connection: duckdb.DuckDBPyConnection, files: list[str], days: Collection[date | None] | None = None
) -> duckdb.DuckDBPyRelation:
    """Return the events of some files, as models and queries see them; `event_key` is computed only if it is read.

    A copy in a listed file replaces the stored one; with `days`, only on these days.
    """
    engine = DuckDB(connection)
    found = _rows(connection, "events", files, LAKE_SCHEMA, partitioned=True)
    if engine.count("replaced_events"):
        replaced = f"{EVENT_KEY} in (select event_key from replaced_events)"  # noqa: S608 - an expression of ours
        stored = found.filter(f"not {replaced}")
        found = stored.union(_listed_copies(connection, days))
    disputed = "false"
    if engine.count("disputed_events"):
        disputed = f"{EVENT_KEY} in (select event_key from disputed_events)"  # noqa: S608 - an expression of ours
    listing = LISTING.format(event_key=EVENT_KEY) if engine.count("file_listings") else "null::varchar"
    keys = CONFLICTING_KEYS.format(event_key=EVENT_KEY) if engine.count("conflicting_keys") else "null::varchar"
    return found.project(f"*, {listing} as listing, {keys} as conflicting_access_key_ids").project(
        f"""
        {EVENT_KEY} as event_key,
        * exclude (unreliable, record, raw, content_sha256, source_sha256, position),
        unreliable or {disputed} or coalesce(listing in ('unlisted', 'contested'), false) as unreliable,
        {OUTCOME} as outcome,
        coalesce(record, decode(raw)) as record
        """
    )


def _listed_copies(
    connection: duckdb.DuckDBPyConnection, days: Collection[date | None] | None
) -> duckdb.DuckDBPyRelation:
    columns = ", ".join("null::blob as raw" if name == "raw" else name for name in LAKE_SCHEMA.names)
    dated = f"select {columns}, cast(event_time as date) as event_date from listed_copies"  # noqa: S608 - columns of ours
    if days is None:
        return connection.sql(dated)
    return connection.sql(
        f"{dated} where coalesce(cast(event_date as varchar), '') in (select unnest($days::varchar[]))",
        params={"days": [str(day or "") for day in days]},
    )


def _rows(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    files: list[str],
    schema: pa.Schema,
    *,
    partitioned: bool = False,
) -> duckdb.DuckDBPyRelation:
    """Return the rows of a table's lake files, or a typed relation without rows.

    The paths are bound as a list: a view of the relation keeps them as constants, whatever characters they have.
    `partitioned` adds the day of the folder as a column.
    """
    if files:
        days = "hive_partitioning = true, hive_types = {'event_date': date}"
        options = days if partitioned else "hive_partitioning = false"
        # the parameter has the table's name, because two relations can only be united if theirs differ
        return connection.sql(f"from read_parquet(${table}, {options})", params={table: files})
    types = connection.from_arrow(schema.empty_table()).types
    columns = ", ".join(f"null::{type_} as {name}" for name, type_ in zip(schema.names, types, strict=True))
    partition = ", null::date as event_date" if partitioned else ""
    return connection.sql(f"select {columns}{partition} where false")

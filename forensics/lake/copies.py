"""Copies: one event for all its copies, whichever files they came in and in whichever order.

The same event arrives many times: redelivered, from two trails in one bucket, from two ingests. Copies with equal
canonical JSON are one event. Where they differ, the copy with the smallest hash is the event and the others are kept as
conflicts. The choice looks at nothing but the copies, so the lake holds the same rows whatever came first.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from forensics.lake.layout import Layout
from forensics.lake.manifest import LakeFile, Manifest
from forensics.lake.parts import ParquetFile, write_table
from forensics.lake.record import canonical_sha256
from forensics.lake.schema import DOCUMENTS_SCHEMA, LAKE_SCHEMA, QUARANTINE_SCHEMA, TEXT

EVENT_KEY = "coalesce(nullif(event_id, '') || '/' || nullif(recipient_account_id, ''), content_sha256)"
_FILES = "read_parquet($files, filename = true, file_row_number = true, hive_partitioning = false)"
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


@dataclass(frozen=True, slots=True, order=True)
class _Copy:
    """One row of an events file that shares its event key with another; the smallest is the event."""

    canonical_sha256: str
    raw_sha256: str
    unreliable: bool  # the same bytes prove less where a file is damaged
    source_sha256: str
    position: int
    new: bool  # what is in the case already stays where it is
    file: str
    row: int


def settle(layout: Layout, before: Manifest, parts: list[LakeFile], ingest_id: str) -> Settled:
    """Leave each event once among the committed files and the new parts. Writes new files, changes none."""
    new = [part for part in parts if part.table == "events"]
    with duckdb.connect() as connection:
        connection.execute("set memory_limit = '1GB'")
        connection.execute("set temp_directory = ?", [str(layout.scratch)])
        connection.execute("set preserve_insertion_order = false")
        lake = _Lake(connection, layout.root)
        others = [_settle_places(lake, before, parts, table, ingest_id) for table in _PLACES]
        shared = lake.shared_keys([part.path for part in new], before.of_table("events")) if new else {}
        events = _settle(lake, before, new, shared, ingest_id) if shared else Settled(new, [])
        settled = [events, *others]
        return Settled(
            [file for one in settled for file in one.lake_files], [path for one in settled for path in one.removed]
        )


class _Lake:
    """The rows of events files, by file and row number."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, case: Path) -> None:
        self._connection = connection
        self.case = case

    def shared_keys(self, new: list[str], old: list[str]) -> dict[str, list[_Copy]]:
        """The copies of every event of which there are several, one of them new."""
        self._connection.execute(
            f"create temp table keys as select {EVENT_KEY} as event_key, filename, file_row_number from {_FILES}",
            {"files": self._absolute(new)},
        )
        if old:
            self._connection.execute(
                f"""
                insert into keys
                select {EVENT_KEY} as event_key, filename, file_row_number from {_FILES}
                where {EVENT_KEY} in (select event_key from keys)
                """,
                {"files": self._absolute(old)},
            )
        self._connection.execute(
            """
            create temp table shared as
            select event_key, filename, file_row_number from keys
            where event_key in (select event_key from keys group by event_key having count(*) > 1)
            """
        )
        files = [file for (file,) in self._connection.execute("select distinct filename from shared").fetchall()]
        if not files:
            return {}
        rows = self._connection.execute(
            f"""
            select s.event_key, e.filename, e.file_row_number, sha256(e.raw), e.unreliable, e.source_sha256, e.position
            from {_FILES} e
            join shared s on s.filename = e.filename and s.file_row_number = e.file_row_number
            """,
            {"files": files},
        ).fetchall()
        grouped: dict[str, list[_Copy]] = defaultdict(list)
        for key, file, row, raw_sha256, unreliable, source_sha256, position in rows:
            path = self._relative(file)
            copy = _Copy("", raw_sha256, unreliable, source_sha256, position, path in new, path, row)
            grouped[key].append(copy)
        return grouped

    def known_places(self, files: list[str]) -> set[tuple[str, str, int]]:
        """Where copies of the shared events are known to lie."""
        if not files:
            return set()
        rows = self._connection.execute(
            """
            select event_key, source_sha256, position from read_parquet($files)
            where event_key in (select event_key from shared)
            """,
            {"files": self._absolute(files)},
        ).fetchall()
        return set(rows)

    def repeated_places(self, new: list[str], old: list[str], place: str) -> list[tuple[str, int]]:
        """The rows of new files, by file and row number, whose place in a source stands in another row before them."""
        rows = self._connection.execute(
            f"""
            with places as (
                select filename, file_row_number,
                       row_number() over (
                           partition by {place}
                           order by filename in $new, filename, file_row_number
                       ) as nth
                from {_FILES}
            )
            select filename, file_row_number from places where nth > 1
            """,
            {"files": self._absolute(new + old), "new": self._absolute(new)},
        ).fetchall()
        return [(self._relative(file), row) for file, row in rows]

    def _relative(self, file: str) -> str:
        return Path(file).relative_to(self.case).as_posix()

    def raw(self, copies: Iterable[_Copy]) -> dict[str, bytes]:
        """The records of some copies, by the SHA-256 of their bytes."""
        places = [(str(self.case / copy.file), copy.row) for copy in copies]
        self._connection.execute("create or replace temp table places (filename varchar, file_row_number bigint)")
        self._connection.executemany("insert into places values (?, ?)", places)
        rows = self._connection.execute(
            f"""
            select sha256(e.raw), e.raw
            from {_FILES} e
            join places p on p.filename = e.filename and p.file_row_number = e.file_row_number
            """,
            {"files": sorted({file for file, _ in places})},
        ).fetchall()
        return dict(rows)

    def _absolute(self, paths: list[str]) -> list[str]:
        return [str(self.case / path) for path in paths]


def _settle_places(lake: _Lake, before: Manifest, parts: list[LakeFile], table: str, ingest_id: str) -> Settled:
    """What is no event once for each place: two workers may have read the same bytes, or an ingest a file again."""
    schema, place = _PLACES[table]
    new = [part for part in parts if part.table == table]
    old = before.of_table(table)
    if not new or len(new) + len(old) == 1:
        return Settled(new, [])
    repeated: dict[str, set[int]] = defaultdict(set)
    for file, row in lake.repeated_places([part.path for part in new], old, place):
        repeated[file].add(row)
    files = [part for part in new if part.path not in repeated]
    for path, rows in sorted(repeated.items()):
        files += _without_rows(lake.case, path, table, schema, rows, ingest_id)
    return Settled(files, list(repeated))


def _settle(
    lake: _Lake, before: Manifest, new: list[LakeFile], shared: dict[str, list[_Copy]], ingest_id: str
) -> Settled:
    losers: dict[str, set[int]] = defaultdict(set)
    known = lake.known_places(before.of_table("event_copies"))
    places: list[dict[str, object]] = []
    found: list[_Conflict] = []
    for key, copies in _ranked(lake, shared).items():
        winner, *others = sorted(copies)
        known.add((key, winner.source_sha256, winner.position))
        for copy in others:
            losers[copy.file].add(copy.row)
            if (key, copy.source_sha256, copy.position) not in known:
                known.add((key, copy.source_sha256, copy.position))
                places.append({"event_key": key, "source_sha256": copy.source_sha256, "position": copy.position})
        found += _conflicts(key, winner, others)
    conflict_files, replaced = _write_conflicts(lake, before, found, ingest_id)
    files = [part for part in new if part.path not in losers] + conflict_files
    for path, rows in sorted(losers.items()):
        files += _without_rows(lake.case, path, "events", LAKE_SCHEMA, rows, ingest_id)
    if places:
        table = pa.Table.from_pylist(places, COPIES_SCHEMA).sort_by(
            [(name, "ascending") for name in COPIES_SCHEMA.names]
        )
        files.append(write_table(lake.case, f"lake/event_copies/{ingest_id}.parquet", "event_copies", table))
    return Settled(files, [*losers, *replaced])


def _ranked(lake: _Lake, shared: dict[str, list[_Copy]]) -> dict[str, list[_Copy]]:
    """The copies with their canonical hashes, which only those need whose bytes differ."""
    differing = {
        copy.raw_sha256: copy
        for copies in shared.values()
        if len({copy.raw_sha256 for copy in copies}) > 1
        for copy in copies
    }
    canonical = {sha: canonical_sha256(raw) for sha, raw in lake.raw(differing.values()).items()} if differing else {}
    return {
        key: [replace(copy, canonical_sha256=canonical.get(copy.raw_sha256, "")) for copy in copies]
        for key, copies in shared.items()
    }


@dataclass(frozen=True, slots=True)
class _Conflict:
    """A copy that says something else than the event."""

    event_key: str
    winner: _Copy
    copy: _Copy


def _conflicts(key: str, winner: _Copy, others: list[_Copy]) -> list[_Conflict]:
    """One for each other canonical JSON: the copy of it with the smallest hash."""
    distinct: dict[str, _Copy] = {}
    for copy in others:
        distinct.setdefault(copy.canonical_sha256, copy)
    distinct.pop(winner.canonical_sha256, None)
    return [_Conflict(key, winner, copy) for copy in distinct.values()]


def _write_conflicts(
    lake: _Lake, before: Manifest, found: list[_Conflict], ingest_id: str
) -> tuple[list[LakeFile], list[str]]:
    """The whole table of conflicts in one file: few rows, and any of them may change. Files and those they replace."""
    if not found:
        return [], []
    old_files = before.of_table("event_conflicts")
    old = [row for path in old_files for row in pq.read_table(lake.case / path).to_pylist()]
    raws = lake.raw({copy for conflict in found for copy in (conflict.winner, conflict.copy)})
    winners = {conflict.event_key: raws[conflict.winner.raw_sha256] for conflict in found}
    said = [(row["event_key"], row["canonical_sha256"], row["raw"]) for row in old]
    said += [(c.event_key, c.copy.canonical_sha256, raws[c.copy.raw_sha256]) for c in found]
    rows: dict[tuple[str, str], dict[str, object]] = {}
    earlier = {(row["event_key"], row["canonical_sha256"]): row for row in old}
    for key, canonical, raw in sorted(said, key=lambda item: (item[0], item[1], hashlib.sha256(item[2]).digest())):
        if (key, canonical) in rows:
            continue
        if key in winners:
            rows[key, canonical] = _conflict_row(key, canonical, raw, winners[key])
        else:
            rows[key, canonical] = earlier[key, canonical]
    table = pa.Table.from_pylist(list(rows.values()), CONFLICTS_SCHEMA)
    file = write_table(lake.case, f"lake/event_conflicts/{ingest_id}.parquet", "event_conflicts", table)
    return [file], old_files


def _conflict_row(key: str, canonical: str, raw: bytes, winner: bytes) -> dict[str, object]:
    mine, theirs = _object(raw), _object(winner)
    differs_in = sorted(name for name in {*mine, *theirs} if mine.get(name) != theirs.get(name))
    return {
        "event_key": key,
        "canonical_sha256": canonical,
        "differs_in": ",".join(differs_in),
        "proves_nothing": any(name in _DECISIVE for name in differs_in) or not differs_in,
        "raw": raw,
    }


def _object(raw: bytes) -> dict[str, object]:
    value = json.loads(raw.decode("utf-8", "replace"))
    return value if isinstance(value, dict) else {}


def _without_rows(
    case: Path, path: str, table: str, schema: pa.Schema, rows: set[int], ingest_id: str
) -> list[LakeFile]:
    """The file again under another name, without some of its rows; none if none is left."""
    source = pq.ParquetFile(case / path)
    if source.metadata.num_rows == len(rows):
        return []
    name = f"{path.removesuffix('.parquet')}.{ingest_id}.parquet"
    file = ParquetFile(case, name, table, schema, source.metadata.row_group(0).num_rows)
    first = 0
    for index in range(source.num_row_groups):
        group = source.read_row_group(index)
        keep = pa.array([first + row not in rows for row in range(group.num_rows)])
        first += group.num_rows
        if keep.true_count:
            file.write(group.filter(keep).cast(schema))
    return [file.finish()]

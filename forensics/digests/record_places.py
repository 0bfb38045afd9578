"""Record places: the accounts, regions and times of the records of some files, read without a case.

What the name of a log file claims is checked against its records. Only files that no proven digest lists are read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import duckdb
import pyarrow as pa

from forensics.files.path_text import on_disk
from forensics.files.regular_files import open_regular
from forensics.files.temporary_folder import TemporaryFolder
from forensics.formats.contents import Log, open_contents
from forensics.formats.inflate import Measure, Unreadable
from forensics.formats.record_stream import NotJson, Records
from forensics.records.columns import SourceRecords, to_batch

_BATCH_BYTES = 4 << 20
_TABLE = """
    create table record_places (
        source_sha256 varchar, account_id varchar, aws_region varchar, is_native boolean,
        first_event_time timestamptz, last_event_time timestamptz
    )
"""
_PLACES = """
    insert into record_places
    select
        source_sha256,
        coalesce(recipient_account_id, account_id),
        aws_region,
        delivery = 'native',
        min(event_time),
        max(event_time)
    from records_of_files
    group by all
"""


def create_table(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `record_places` and `management_files` without rows."""
    connection.execute(_TABLE)
    connection.execute("create table management_files (source_sha256 varchar)")


def read_places(connection: duckdb.DuckDBPyConnection, files: Mapping[str, str]) -> None:
    """Fill `record_places` for files, given as paths by SHA-256. `as_text` wrote the paths."""
    with TemporaryFolder() as scratch:
        for events in _batches(_all_records(files, Path(scratch))):
            connection.register("records_of_files", events)
            connection.execute(_PLACES)
            connection.unregister("records_of_files")


def _all_records(files: Mapping[str, str], scratch: Path) -> Iterator[SourceRecords]:
    for source_sha256, path in files.items():
        yield from (SourceRecords(records, source_sha256) for records in _records(on_disk(path), scratch))


def _records(path: str, scratch: Path) -> Iterator[Records]:
    """Yield the records of a log file, as far as it can be read."""
    with suppress(Unreadable, NotJson, OSError), os.fdopen(open_regular(path), "rb") as stream:
        contents = open_contents(stream, Measure(), scratch)
        if isinstance(contents, Log):
            yield from (found for found in contents.records if isinstance(found, Records))


def _batches(all_records: Iterable[SourceRecords]) -> Iterator[pa.Table]:
    """Yield rows of several files at a time: a batch has fixed costs."""
    waiting: list[SourceRecords] = []
    size = 0
    for one in all_records:
        waiting.append(one)
        size += sum(map(len, one.records.raw))
        if size > _BATCH_BYTES:
            yield _rows(waiting)
            waiting, size = [], 0
    if waiting:
        yield _rows(waiting)


def _rows(taken: list[SourceRecords]) -> pa.Table:
    return pa.Table.from_batches([to_batch(taken, {}).events])

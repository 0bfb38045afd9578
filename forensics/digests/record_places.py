"""Record places: reads the accounts, regions and times of the records in some files, without a case.

They are compared with the claims in a log file's name. Only files that no proven digest lists are read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from forensics.formats.contents import Log, open_contents
from forensics.formats.inflate import Measure, Unreadable
from forensics.formats.record_stream import NotJson, Records
from forensics.records.columns import SourceRecords, to_batch
from forensics.regular_files import open_regular
from forensics.temporary_folder import TemporaryFolder

if TYPE_CHECKING:
    from forensics.digests.hasher import ToHash

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
        $source_sha256,
        coalesce(recipient_account_id, account_id),
        aws_region,
        delivery = 'native',
        min(event_time),
        max(event_time)
    from records_of_file
    group by all
"""


def create_table(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `record_places` without rows."""
    connection.execute(_TABLE)


def read_places(
    connection: duckdb.DuckDBPyConnection, open_files: Mapping[str, str], files: Mapping[str, ToHash]
) -> None:
    """Fill `record_places`.

    Args:
        open_files: SHA-256 by the name of the file.
        files: paths by the name of the file.
    """
    with TemporaryFolder() as scratch:
        for name, source_sha256 in open_files.items():
            for events in _events(Path(files[name].path), Path(scratch)):
                connection.register("records_of_file", events)
                connection.execute(_PLACES, {"source_sha256": source_sha256})
                connection.unregister("records_of_file")


def _events(path: Path, scratch: Path) -> Iterator[pa.Table]:
    """Yield the records of a log file as rows, up to the first unreadable byte."""
    waiting: list[SourceRecords] = []
    size = 0
    with suppress(Unreadable, NotJson, OSError), os.fdopen(open_regular(path), "rb") as stream:
        contents = open_contents(stream, Measure(), scratch)
        for found in contents.records if isinstance(contents, Log) else ():
            if isinstance(found, Records):
                waiting.append(SourceRecords(found, ""))
                size += sum(map(len, found.raw))
            if size > _BATCH_BYTES:
                yield _rows(waiting)
                waiting, size = [], 0
    if waiting:
        yield _rows(waiting)


def _rows(waiting: list[SourceRecords]) -> pa.Table:
    return pa.Table.from_batches([to_batch(waiting, {}).events])

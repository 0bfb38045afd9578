"""Parts: writes events to Parquet files, one per day and writer, row group by row group.

A part has a temporary name until it is complete and synced. The rows of a row group are sorted by (access_key_id,
event_time), so that a query for a key reads few row groups.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from forensics.files.regular_files import create_private, sync_folder, unfinished
from forensics.formats.documents import Document
from forensics.formats.record_stream import Rejected
from forensics.lake.file_names import lake_path
from forensics.lake.manifest import LakeFile
from forensics.records.arrow_schema import DOCUMENTS_SCHEMA, LAKE_SCHEMA, QUARANTINE_SCHEMA
from forensics.tables import arrow_table

ROW_GROUP_BYTES = 48 << 20
_QUARANTINED_BYTES = 1 << 20
_GROUP_BYTES = 16 << 20
# columns with a bloom filter, and their average number of rows per distinct value
_BLOOM_FILTERS = {"event_id": 1, "access_key_id": 4, "principal_id": 4, "credential_id": 4}
# columns with mostly distinct values, for which the writer would discard the dictionary in the end
_DISTINCT = ("event_id", "request_id", "content_sha256", "record", "raw", "content")
# columns of long text, for which minimum and maximum cost more than they save
_LONG = ("record", "raw", "content", "error_message")
# maximum number of slices of a batch, each of which is a chunk to sort
_MOST_SLICES = 100
# a smaller share of a batch is copied, because a slice keeps the whole batch in memory
_SMALLEST_SLICE = 0.25
SORT_KEYS = [("access_key_id", "ascending"), ("event_time", "ascending")]


class PartWriter:
    """Collects batches by day and writes each day to a separate part below `lake/events/`.

    Not thread-safe. `close` renames the parts to their final names and returns them.
    """

    def __init__(self, case: Path, name: str) -> None:
        self._case = case
        self._name = name
        self._waiting: dict[date | None, list[pa.RecordBatch]] = {}
        self._waiting_bytes: dict[date | None, int] = {}
        self._open: dict[date | None, ParquetFile] = {}
        self._quarantine = _WaitingRows(case, lake_path("quarantine", name), "quarantine", QUARANTINE_SCHEMA)
        self._documents = _WaitingRows(case, lake_path("documents", name), "documents", DOCUMENTS_SCHEMA)

    def add(self, batch: pa.RecordBatch) -> None:
        """Add a batch of events; write the day with the most waiting bytes if the batches exceed a row group."""
        for day, rows in _by_day(batch):
            self._waiting.setdefault(day, []).append(rows)
            self._waiting_bytes[day] = self._waiting_bytes.get(day, 0) + rows.nbytes
        while sum(self._waiting_bytes.values()) > ROW_GROUP_BYTES:
            self._write(max(self._waiting_bytes, key=lambda day: self._waiting_bytes[day]))

    def quarantine(self, source_sha256: str, rejected: Iterable[Rejected]) -> None:
        """Add values that are not valid records, each truncated to `_QUARANTINED_BYTES`."""
        for item in rejected:
            raw = item.raw[:_QUARANTINED_BYTES]
            offset = item.offset if item.offset >= 0 else None
            self._quarantine.add(len(raw), (source_sha256, item.position, offset, item.reason, raw))

    def document(self, source_sha256: str, document: Document) -> None:
        """Add a complete document."""
        self._documents.add(len(document.content), (source_sha256, document.kind.value, document.content))

    def close(self) -> list[LakeFile]:
        """Write all waiting rows, rename the parts, and return their entries for the manifest."""
        for day in list(self._waiting):
            self._write(day)
        files = [part.finish() for part in self._open.values()]
        return [*files, *self._quarantine.finish(), *self._documents.finish()]

    def _write(self, day: date | None) -> None:
        rows = pa.Table.from_batches(self._waiting.pop(day), LAKE_SCHEMA)
        del self._waiting_bytes[day]
        if day not in self._open:
            path = lake_path("events", self._name, day)
            self._open[day] = ParquetFile(self._case, path, "events", LAKE_SCHEMA, rows.num_rows)
        self._open[day].write(rows.sort_by(SORT_KEYS))


class _WaitingRows:
    """Collects rows that may be large, and writes them to one lake file; without rows, no file is created."""

    def __init__(self, case: Path, path: str, table: str, schema: pa.Schema) -> None:
        self._case, self._path, self._table, self._schema = case, path, table, schema
        self._waiting: list[tuple[object, ...]] = []
        self._waiting_bytes = 0
        self._file: ParquetFile | None = None

    def add(self, size: int, row: tuple[object, ...]) -> None:
        self._waiting.append(row)
        self._waiting_bytes += size
        if self._waiting_bytes > _GROUP_BYTES:
            self._write()

    def finish(self) -> list[LakeFile]:
        if self._waiting:
            self._write()
        return [self._file.finish()] if self._file else []

    def _write(self) -> None:
        rows = arrow_table(self._schema, self._waiting)
        self._waiting, self._waiting_bytes = [], 0
        if self._file is None:
            self._file = ParquetFile(self._case, self._path, self._table, self._schema, rows.num_rows)
        self._file.write(rows)


class ParquetFile:
    """Writes one lake file. `row_group_rows`: the expected rows per row group, for the size of bloom filters."""

    def __init__(self, case: Path, path: str, table: str, schema: pa.Schema, row_group_rows: int) -> None:
        self._path, self._table = path, table
        self._final = case / path
        make_private_folders(case, self._final.parent)
        self._temporary = unfinished(self._final)
        self._file = os.fdopen(create_private(self._temporary), "wb")
        self._rows = 0
        self._writer = pq.ParquetWriter(
            self._file,
            schema,
            compression="zstd",
            compression_level=1,  # higher levels are slower and hardly better for random IDs and tokens
            use_dictionary=[name for name in schema.names if name not in _DISTINCT],
            write_statistics=[name for name in schema.names if name not in _LONG],
            store_schema=False,
            coerce_timestamps="us",
            bloom_filter_options={
                column: {"ndv": max(row_group_rows // rows_a_value, 1), "fpp": 0.01}
                for column, rows_a_value in _BLOOM_FILTERS.items()
                if column in schema.names
            },
        )

    def write(self, rows: pa.Table) -> None:
        """Write a row group."""
        self._rows += rows.num_rows
        self._writer.write_table(rows, row_group_size=max(rows.num_rows, 1))

    def finish(self) -> LakeFile:
        """Close, sync and rename the file, and return its entry for the manifest."""
        self._writer.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        with self._temporary.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = self._temporary.stat().st_size
        self._temporary.rename(self._final)
        sync_folder(self._final.parent)
        return LakeFile(self._table, self._path, self._rows, size, digest)


def write_table(case: Path, path: str, table: str, rows: pa.Table) -> LakeFile:
    """Write a lake file of one row group, and return its entry for the manifest."""
    file = ParquetFile(case, path, table, rows.schema, rows.num_rows)
    file.write(rows)
    return file.finish()


def make_private_folders(case: Path, folder: Path) -> None:
    """Create `folder`, a path below the case folder, and its parents; each is private to the user (0700)."""
    for path in reversed([folder, *folder.relative_to(case).parents]):
        (case / path).mkdir(mode=0o700, exist_ok=True)


def _by_day(batch: pa.RecordBatch) -> Iterator[tuple[date | None, pa.RecordBatch]]:
    """Yield the rows of each day, without a copy where most rows of a day follow each other."""
    days = pc.cast(batch.column("event_time"), pa.date32())
    runs = pc.run_end_encode(days)
    day_of_run = runs.values.to_pylist()
    if len(day_of_run) <= _MOST_SLICES:
        for day, (start, end) in zip(day_of_run, pairwise([0, *runs.run_ends.to_pylist()]), strict=True):
            yield day, _rows(batch, start, end)
    else:
        for day in dict.fromkeys(day_of_run):
            yield day, batch.filter(pc.equal(days, day) if day is not None else pc.is_null(days))


def _rows(batch: pa.RecordBatch, start: int, end: int) -> pa.RecordBatch:
    if end - start < len(batch) * _SMALLEST_SLICE:
        return batch.take(pa.array(range(start, end)))
    return batch.slice(start, end - start)

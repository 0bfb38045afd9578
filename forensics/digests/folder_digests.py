"""Folder digests: hashes the files of a folder, to verify them by digests without a case.

Worker processes inflate and hash batches of files. They return only documents in full.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import pyarrow as pa

from forensics.digests.hasher import NO_LOG, Hashed, ToHash, hash_file
from forensics.errors import OutputError
from forensics.processes.worker_processes import WorkerDied, run_workers
from forensics.records.arrow_schema import DOCUMENTS_SCHEMA, TEXT
from forensics.tables import create_table, insert_rows

if TYPE_CHECKING:
    import duckdb

# below this size, starting processes takes longer than it saves
_ONE_PROCESS_BYTES = 12 << 20
_BATCH_FILES = 200
# an insert takes as long as hashing a hundred files
_ROWS_HELD = 50_000
_SOURCE_FILES = pa.schema(
    [
        *((name, TEXT) for name in ("name", "path", "status", "sha256", "inflated_sha256", "reason", "kind")),
        # columns of `source_files` that are unknown without a case
        ("rejected", pa.int64()),
        ("filtered", pa.int64()),
        ("metadata", pa.map_(TEXT, TEXT)),
    ]
)

Progress = Callable[[int], None]
"""Called with the number of files completed since the last call."""


class HashingFailed(OutputError):
    """A worker process was killed, usually because memory ran out."""


def load(connection: duckdb.DuckDBPyConnection, files: Sequence[ToHash], progress: Progress) -> None:
    """Create `source_files` and `documents` for some files. Raises HashingFailed."""
    create_table(connection, "documents", DOCUMENTS_SCHEMA)
    create_table(connection, "source_files", _SOURCE_FILES)
    waiting: list[tuple[object, ...]] = []
    for found in _hash_all(files):
        progress(len(found))
        waiting += map(_row, found)
        if len(waiting) > _ROWS_HELD:
            insert_rows(connection, "source_files", _SOURCE_FILES, waiting)
            waiting = []
        documents = [(one.sha256, one.document.kind.value, one.document.content) for one in found if one.document]
        insert_rows(connection, "documents", DOCUMENTS_SCHEMA, documents)
    insert_rows(connection, "source_files", _SOURCE_FILES, waiting)


def _hash_all(files: Sequence[ToHash]) -> Iterator[list[Hashed]]:
    batches = [files[start : start + _BATCH_FILES] for start in range(0, len(files), _BATCH_FILES)]
    workers = os.cpu_count() or 1
    if workers == 1 or sum(file.size for file in files) < _ONE_PROCESS_BYTES:
        yield from ([hash_file(file) for file in batch] for batch in batches)
        return
    arguments = [()] * min(workers, len(batches))
    try:
        with closing(run_workers("forensics.digests.hasher", arguments, iter(batches), list[Hashed])) as answers:
            yield from answers
    except WorkerDied:
        why = "a process that hashes files was killed, usually because memory ran out; verify fewer files at a time"
        raise HashingFailed(why) from None


def _row(one: Hashed) -> tuple[object, ...]:
    status = "failed" if one.reason and one.reason != NO_LOG else "skipped" if one.reason else "ok"
    kind = one.document.kind.value if one.document else None
    return one.file.name, one.file.path, status, one.sha256, one.sha256, one.reason, kind, None, None, None

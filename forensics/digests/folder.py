"""Folder: the files of a folder, hashed for the verdicts without a case being made.

Worker processes inflate and hash, one batch after the other; only documents come back whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from forensics.formats.documents import Document, take_document
from forensics.formats.inflate import Measure, Unreadable, inflate
from forensics.lake.schema import DOCUMENTS_SCHEMA

if TYPE_CHECKING:
    import duckdb

# below this, starting processes costs more than it saves
_ONE_PROCESS_BYTES = 24 << 20
_BATCH_FILES = 64
_NO_LOG = "it holds no JSON"

Progress = Callable[[int], None]
"""Called with how many more files are done."""

_SOURCE_FILES = pa.schema(
    [*((name, pa.string()) for name in ("name", "status", "sha256", "inflated_sha256", "reason", "kind"))]
)


@dataclass(frozen=True, slots=True)
class ToHash:
    """A file to hash: where it is, and what to call it."""

    path: str
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Hashed:
    """What was found in a file; `reason` says why it could not be read to its end, or that it is no log."""

    name: str
    sha256: str | None
    inflated_sha256: str | None
    reason: str | None = None
    document: Document | None = None


def load(connection: duckdb.DuckDBPyConnection, files: Sequence[ToHash], progress: Progress) -> list[Hashed]:
    """Make `source_files` and `documents` of the files' content; gives those that could not be read to their end."""
    connection.execute("create table documents (source_sha256 varchar, kind varchar, content blob)")
    columns = ", ".join(f"{field.name} varchar" for field in _SOURCE_FILES)
    connection.execute(f"create table source_files ({columns}, metadata map(varchar, varchar))")
    failed: list[Hashed] = []
    for found in _hash_all(files):
        progress(len(found))
        _insert(connection, "source_files", _SOURCE_FILES, [_row(one) for one in found])
        documents = [(one.sha256, one.document.kind.value, one.document.content) for one in found if one.document]
        _insert(connection, "documents", DOCUMENTS_SCHEMA, documents)
        failed += [one for one in found if one.reason and one.reason != _NO_LOG]
    return failed


def hash_file(file: ToHash) -> Hashed:
    """One pass over a file, in bounded pieces."""
    measure = Measure()
    reason: str | None = None
    document: Document | None = None
    try:
        with Path(file.path).open("rb") as stream:
            document, pieces = take_document(inflate(stream, measure))
            for index, piece in enumerate(pieces):
                if index == 0 and not piece.lstrip().startswith((b"{", b"[")):
                    return Hashed(file.name, None, None, _NO_LOG)
    except OSError as error:
        return Hashed(file.name, None, None, f"it cannot be read: {error.strerror}")
    except Unreadable as error:
        reason = str(error)
    if not measure.bytes_inflated:
        return Hashed(file.name, None, None, reason or _NO_LOG)
    return Hashed(file.name, measure.read_hash.hexdigest(), measure.inflated_hash.hexdigest(), reason, document)


def _hash_all(files: Sequence[ToHash]) -> Iterator[list[Hashed]]:
    batches = [files[start : start + _BATCH_FILES] for start in range(0, len(files), _BATCH_FILES)]
    workers = os.cpu_count() or 1
    if workers == 1 or sum(file.size for file in files) < _ONE_PROCESS_BYTES:
        yield from map(_hash_batch, batches)
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        yield from pool.map(_hash_batch, batches)


def _hash_batch(files: Sequence[ToHash]) -> list[Hashed]:
    return [hash_file(file) for file in files]


def _row(one: Hashed) -> tuple[object, ...]:
    status = "failed" if one.reason and one.reason != _NO_LOG else "skipped" if one.reason else "ok"
    kind = one.document.kind.value if one.document else None
    return one.name, status, one.sha256, one.inflated_sha256, one.reason, kind


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, schema: pa.Schema, rows: Sequence[tuple[object, ...]]
) -> None:
    if rows:
        columns = zip(zip(*rows, strict=True), schema, strict=True)
        arrays = [pa.array(values, field.type) for values, field in columns]
        connection.register("found", pa.Table.from_arrays(arrays, schema=schema))
        connection.execute(f"insert into {table} by name select * from found")
        connection.unregister("found")

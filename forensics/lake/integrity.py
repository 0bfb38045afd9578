"""Integrity: whether the files of a case are those that its manifest lists, and what the case holds as one hash."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb

from forensics.errors import ChangedLake
from forensics.lake.file_names import is_lake_path
from forensics.lake.layout import Layout
from forensics.lake.manifest import LakeFile, Manifest
from forensics.regular_files import open_regular

_ROWS_HELD = 100_000
_HASHED_AT_ONCE = 4
_READ = ("ok", "empty", "failed")
# What an event says is bound by the hashes of the sources, so its key will do: a filter may have left others out.
_EVENTS = """
    select distinct coalesce(content_sha256, recipient_account_id || ' ' || event_id)
    from read_parquet($files, hive_partitioning = false)
    order by 1
"""


def check_files(layout: Layout, lake_files: Mapping[str, LakeFile]) -> None:
    """Hash the lake files that are about to be read. Raises ChangedLake for the first that has changed."""
    for path, wrong in changed_files(layout, lake_files):
        raise ChangedLake(layout.root / path, wrong)


def changed_files(layout: Layout, lake_files: Mapping[str, LakeFile]) -> Iterator[tuple[str, str]]:
    """Each lake file that is not as the manifest lists it, and what is wrong."""
    paths = sorted(lake_files)
    with ThreadPoolExecutor(_HASHED_AT_ONCE) as pool:
        found = pool.map(lambda path: _wrong(layout.root / path, lake_files[path]), paths)
        yield from ((path, wrong) for path, wrong in zip(paths, found, strict=True) if wrong)


def unlisted_files(layout: Layout, manifest: Manifest) -> Iterator[str]:
    """Each file in the lake that the manifest does not list: nothing reads it."""
    for file in sorted(layout.lake.rglob("*")):
        path = file.relative_to(layout.root).as_posix()
        if file.is_file() and path not in manifest.lake_files:
            yield path


def is_leftover(path: str) -> bool:
    """Whether an unlisted file of the lake has a name that only an ingest makes, such as one that was killed."""
    folder, _, name = path.rpartition("/")
    if name.startswith(".") and name.endswith(".new"):  # not finished
        name = name[1:].removesuffix(".new")
    table = folder.removeprefix("lake/").partition("/")[0]
    return is_lake_path(table, f"{folder}/{name}")


def file_sha256(path: Path, length: int | None = None) -> str:
    """The hash of a file, or of its first `length` bytes. Raises OSError."""
    digest = hashlib.sha256()
    with os.fdopen(open_regular(path), "rb") as file:
        while piece := file.read(1 << 20 if length is None else min(1 << 20, length)):
            digest.update(piece)
            length = None if length is None else length - len(piece)
    return digest.hexdigest()


def fingerprint(connection: duckdb.DuckDBPyConnection, layout: Layout, manifest: Manifest) -> str:
    """One hash over the distinct events and the distinct sources of a case, whatever their order, names or packing."""
    digest = hashlib.sha256()
    files = layout.files(manifest.of_table("events"))
    if files:
        result = connection.execute(_EVENTS, {"files": files})
        while rows := result.fetchmany(_ROWS_HELD):
            digest.update("".join(f"event {key}\n" for (key,) in rows).encode())
    sources = {file.inflated_sha256 or "" for file in manifest.source_files if file.status in _READ}
    for sha256 in sorted(sources):
        digest.update(f"source {sha256}\n".encode())
    return digest.hexdigest()


def _wrong(path: Path, listed: LakeFile) -> str | None:
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size != listed.bytes:
                return f"it has {size:,} bytes, the manifest lists {listed.bytes:,}"
            if hashlib.file_digest(file, "sha256").hexdigest() != listed.sha256:
                return "its content was changed: the hash is not that of the manifest"
    except FileNotFoundError:
        return "it is gone"
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    return None

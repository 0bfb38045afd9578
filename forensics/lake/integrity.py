"""Integrity: compares lake files with the manifest, and computes the fingerprint of a case."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb

from forensics.errors import ChangedLake
from forensics.files.regular_files import open_regular
from forensics.lake.file_names import is_lake_path
from forensics.lake.layout import Layout
from forensics.lake.manifest import LakeFile, Manifest

_ROWS_AT_ONCE = 100_000
_HASHED_AT_ONCE = 4
_READ = ("ok", "empty", "failed")
# The hashes of the sources cover the content of the events; the keys cover which events a filter excluded.
_EVENTS = """
    select distinct coalesce(content_sha256, recipient_account_id || ' ' || event_id)
    from read_parquet($files, hive_partitioning = false)
    order by 1
"""


def check_files(layout: Layout, lake_files: Mapping[str, LakeFile]) -> None:
    """Check the hashes of lake files. Raises ChangedLake for the first changed file."""
    for path, wrong in changed_files(layout, lake_files):
        raise ChangedLake(layout.root / path, wrong)


def changed_files(layout: Layout, lake_files: Mapping[str, LakeFile]) -> Iterator[tuple[str, str]]:
    """Yield the path of each lake file that differs from its entry in the manifest, with the difference."""
    paths = sorted(lake_files)
    with ThreadPoolExecutor(_HASHED_AT_ONCE) as pool:
        found = pool.map(lambda path: _difference(layout.root / path, lake_files[path]), paths)
        yield from ((path, wrong) for path, wrong in zip(paths, found, strict=True) if wrong)


def unlisted_files(layout: Layout, manifest: Manifest) -> Iterator[str]:
    """Yield the path of each file in the lake that the manifest does not list. No command reads these."""
    for file in sorted(layout.lake.rglob("*")):
        path = file.relative_to(layout.root).as_posix()
        if file.is_file() and path not in manifest.lake_files:
            yield path


def is_leftover(path: str) -> bool:
    """Return whether the path of an unlisted file is one that a killed ingest can leave behind."""
    folder, _, name = path.rpartition("/")
    if name.startswith(".") and name.endswith(".new"):  # incomplete
        name = name[1:].removesuffix(".new")
    table = folder.removeprefix("lake/").partition("/")[0]
    return is_lake_path(table, f"{folder}/{name}")


def file_sha256(path: Path, length: int | None = None) -> str:
    """Return the SHA-256 of a file, or of its first `length` bytes. Raises OSError."""
    digest = hashlib.sha256()
    with os.fdopen(open_regular(path), "rb") as file:
        while piece := file.read(1 << 20 if length is None else min(1 << 20, length)):
            digest.update(piece)
            length = None if length is None else length - len(piece)
    return digest.hexdigest()


def fingerprint(connection: duckdb.DuckDBPyConnection, layout: Layout, manifest: Manifest) -> str:
    """Return one hash of the distinct events and sources of a case. Order, names and compression do not matter."""
    digest = hashlib.sha256()
    files = layout.files(manifest.of_table("events"))
    if files:
        result = connection.execute(_EVENTS, {"files": files})
        while rows := result.fetchmany(_ROWS_AT_ONCE):
            digest.update("".join(f"event {key}\n" for (key,) in rows).encode())
    sources = {file.inflated_sha256 or "" for file in manifest.source_files if file.status in _READ}
    for sha256 in sorted(sources):
        digest.update(f"source {sha256}\n".encode())
    return digest.hexdigest()


def _difference(path: Path, listed: LakeFile) -> str | None:
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size != listed.bytes:
                return f"it has {size:,} bytes, but the manifest lists {listed.bytes:,}"
            if hashlib.file_digest(file, "sha256").hexdigest() != listed.sha256:
                return "its content was changed: its hash differs from the manifest"
    except FileNotFoundError:
        return "it is missing"
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    return None

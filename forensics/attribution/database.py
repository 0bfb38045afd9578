"""Database: opens the tables of a case for reading. `build` creates them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from pathlib import Path

import duckdb

from forensics.attribution.state import Built, is_unchanged
from forensics.errors import CannotRead
from forensics.lake.layout import Layout
from forensics.lake.manifest import Commit
from forensics.tables import sql

# A version that current `duckdb` shells can open. Small row groups let several threads read one table, and small blocks
# waste less room behind the segments of many small tables. An incomplete file is never opened, so it needs no recovery
# log.
WRITTEN = "storage_version 'v1.2.0', row_group_size 16384, block_size 16384, recovery_mode 'no_wal_writes'"
# the code that creates the tables
_ROOMS = ("forensics.attribution", "forensics.digests", "forensics.exports", "forensics.lake", "forensics.records")


@cache
def models_version() -> str:
    """Return a hash of the code that creates the tables; a database built by other code is rebuilt."""
    rooms = [resources.files(room) for room in _ROOMS]
    folders = [folder for room in rooms for folder in (room, room / "sql") if folder.is_dir()]
    files = [file for folder in folders for file in folder.iterdir() if file.name.endswith((".py", ".sql", ".toml"))]
    texts = sorted(file.read_bytes() for file in [*files, resources.files("forensics") / "tables.py"])
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


def connect(layout: Layout, database: Path | str, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Return a connection to a database of a case: in UTC, without extensions, and read-only if requested."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "allow_extension_repositories": "forbidden",
        "allow_persistent_secrets": "false",
        "secret_directory": str(layout.scratch),  # never read; the default is the user's home
        # a name is a table of the case, never a Python variable
        "python_enable_replacements": "false",
        "memory_limit": "1GB",
        "temp_directory": str(layout.scratch),
    }
    connection = duckdb.connect(":memory:", config=config)
    if read_only:
        attach(connection, database, "case")
    else:
        connection.execute(f'attach $database as "case" ({WRITTEN})', {"database": str(database)})
        # IDs and ARNs are short; zstd stores them in half the space of fsst, in less time
        connection.execute("set zstd_min_string_length = 8")
        connection.execute("set disabled_compression_methods = 'fsst'")
        # preserving the order of rows would keep them in memory
        connection.execute("set preserve_insertion_order = false")
        # write one checkpoint, at the end
        connection.execute("set checkpoint_threshold = '1TB'")
        # several models read the same lake files
        connection.execute("set parquet_metadata_cache = true")
    connection.execute('use "case"')
    connection.execute("set TimeZone = 'UTC'")
    return connection


def open_built(layout: Layout, built: Built, commit: Commit | None) -> duckdb.DuckDBPyConnection | None:
    """Return a locked connection to a recorded database; None if damaged, or not of this commit and these models."""
    try:
        connection = connect(layout, built.database, read_only=True)
    except duckdb.Error:  # damaged, or written by another version of DuckDB
        return None
    try:
        # check again: the file could have been replaced between the first check and opening it
        if is_unchanged(built) and is_current(connection, layout, commit):
            lock(connection, layout)
            return connection
    except duckdb.Error:  # a damaged block
        pass
    connection.close()
    return None


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macros that filter events, in the database in use."""
    connection.execute(sql("attribution/macros"))


@contextmanager
def reading_files() -> Iterator[None]:
    """Raise CannotRead for a file of the case that DuckDB cannot read."""
    try:
        yield
    except duckdb.Error as error:
        if not _is_of_a_file(error):
            raise
        found = " ".join(str(error).split())
        raise CannotRead(f"a file of the case cannot be read; `forensics verify` names which. {found}") from None


def _is_of_a_file(error: duckdb.Error) -> bool:
    """Return whether an error is about a damaged or missing file; DuckDB has no class of its own for damaged blocks."""
    return isinstance(error, (duckdb.IOException, duckdb.InvalidInputException)) or type(error) is duckdb.Error


def lock(connection: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    """Limit a connection permanently to its databases and their lake files.

    DuckDB has no read-only setting for files; `investigate.case.statement` checks that a query only reads.
    """
    listed = connection.execute("select path from lake_files").fetchall()
    connection.execute("set allowed_paths = $files", {"files": layout.files(path for (path,) in listed)})
    spill = f"{shutil.disk_usage(layout.root).free // 2}B"  # a query must not fill the disk
    connection.execute("set max_temp_directory_size = $spill", {"spill": spill})
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def opening(database: str) -> tuple[str, ...]:
    """Return SQL for other programs to open the database read-only; it can run more than once."""
    return (
        "set TimeZone = 'UTC'",
        f'attach if not exists {_quoted(database)} as "case" (read_only)',
        'use "case"',
    )


def attach(connection: duckdb.DuckDBPyConnection, database: Path | str, name: str) -> None:
    """Attach the database file at a path, read-only."""
    connection.execute(f'attach $database as "{name}" (read_only)', {"database": str(database)})


def _quoted(path: Path | str) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def is_current(connection: duckdb.DuckDBPyConnection, layout: Layout, commit: Commit | None) -> bool:
    """Return whether a database was built by these models, from this commit, in this folder."""
    try:
        built = connection.execute("select models_version, ingest_id, case_folder from built").fetchall()
    except duckdb.Error:
        return False
    return built == [(models_version(), commit.ingest_id if commit else None, str(layout.root.resolve()))]

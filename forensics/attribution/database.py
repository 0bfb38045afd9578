"""Database: opening a case's tables. Reading needs this alone; making them is `build`."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from pathlib import Path

import duckdb

from forensics.lake.layout import Layout
from forensics.lake.manifest import Manifest

# What the `duckdb` shells in use can open.
_STORAGE_VERSION = "v1.2.0"


@cache
def models_version() -> str:
    """A hash of the models: a case that was built by other ones is built again."""
    models = resources.files("forensics.attribution") / "sql"
    texts = sorted(model.read_bytes() for model in models.iterdir() if model.name.endswith(".sql"))
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


def connect(layout: Layout, database: Path | str, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """A connection in UTC, whose views find the lake's files from the case folder."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "file_search_path": str(layout.root.absolute()),
        "autoinstall_known_extensions": "false",
        "memory_limit": "1GB",
        "temp_directory": str(layout.scratch),
    }
    if read_only:
        connection = duckdb.connect(":memory:", config=config)
        _attach(connection, str(database))
    else:
        config["storage_compatibility_version"] = _STORAGE_VERSION
        connection = duckdb.connect(str(database), config=config)
    connection.execute("set TimeZone = 'UTC'")
    return connection


def _attach(connection: duckdb.DuckDBPyConnection, database: str) -> None:
    """Open the file that is there now: a path that this process has open already would give what was there then."""
    path = database.replace("'", "''")
    connection.execute(f"attach '{path}' as \"case\" (read_only)")
    connection.execute('use "case"')


def is_current(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> bool:
    """Whether a database was built by these models from this commit."""
    try:
        built = connection.execute("select models_version, ingest_id from built").fetchall()
    except duckdb.Error:
        return False
    return built == [(models_version(), manifest.commit.ingest_id if manifest.commit else None)]

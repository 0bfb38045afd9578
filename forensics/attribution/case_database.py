"""Case database: the tables of one case, opened if this user built them from the last commit, otherwise built."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from forensics.attribution.database import connect, lock, open_built, reading_files
from forensics.attribution.state import Built, cached_database, is_unchanged, record, recorded, sweep_cache
from forensics.errors import IngestFailed, QueryFailed
from forensics.lake import manifest as manifests
from forensics.lake.integrity import check_files
from forensics.lake.layout import ROOM_NEEDED, Layout
from forensics.lake.manifest import Manifest

if TYPE_CHECKING:
    from forensics.attribution.build import DocumentTables
    from forensics.attribution.incremental import ActorChanges


class CaseDatabase:
    """The database of a case.

    Args:
        layout: the case folder.
        document_tables: the functions that create the tables of digests and exports.
        is_kept: whether to record a build, so that the next command opens it.
        before_build: called before a build; raises DamagedManifest.
        after_build: called after the database in the case folder was rebuilt.
    """

    def __init__(
        self,
        layout: Layout,
        document_tables: Sequence[DocumentTables],
        *,
        is_kept: bool,
        before_build: Callable[[], None],
        after_build: Callable[[], None],
    ) -> None:
        self._layout, self._document_tables, self._is_kept = layout, document_tables, is_kept
        self._before_build, self._after_build = before_build, after_build
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._built: Built | None = None
        self._is_checked = False
        self.note: str | None = None
        """Why the next command rebuilds the database, in one line; None if this build was recorded."""

    def open(self) -> duckdb.DuckDBPyConnection:
        """Return a connection that reads the database of the last commit and nothing else. Raises DamagedManifest."""
        if self._connection is None:
            self._connection = self._open_recorded() or self._open_new(manifests.read(self._layout.manifest))
        return self._connection

    def open_unchanged(self) -> duckdb.DuckDBPyConnection:
        """Return the same once every lake file has the hash that the manifest lists. Raises ChangedLake."""
        connection = self.open()
        if not self._is_checked:
            check_files(self._layout, manifests.read(self._layout.manifest).lake_files)
            self._is_checked = True
        return connection

    def file(self) -> Built:
        """Return the database file. Raises QueryFailed if the tables are only in memory."""
        self.open()
        if self._built is None:
            raise QueryFailed(
                f"the tables of {self._layout.root} are in memory only, because neither the case nor your cache folder"
                " can be written; set XDG_CACHE_HOME and XDG_STATE_HOME to folders that only you can write"
            )
        return self._built

    def rebuild(self, manifest: Manifest) -> ActorChanges | None:
        """Build the database in the case folder and return which actors changed. Raises IngestFailed, CannotRead."""
        self.close()
        with reading_files():
            try:
                return self._build(manifest, self._layout.database)
            except (OSError, MemoryError, duckdb.OperationalError, duckdb.TransactionException) as error:
                raise IngestFailed(
                    f"the events are in {self._layout.root}, but their tables could not be written:"
                    f" {' '.join(str(error).split())}. {ROOM_NEEDED}"
                ) from None

    def close(self) -> None:
        """Close the connection; the next question opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self._is_checked = False

    def _open_recorded(self) -> duckdb.DuckDBPyConnection | None:
        """Open the database that this object built or that the user's state records, if it is unchanged."""
        if self._built is None or not is_unchanged(self._built):
            self._built = recorded(self._layout.root.resolve())
        commit = manifests.last_commit(self._layout.manifest)
        return open_built(self._layout, self._built, commit) if self._built else None

    def _open_new(self, manifest: Manifest) -> duckdb.DuckDBPyConnection:
        """Build in the case, in the user's cache if the case is read-only, or else in memory."""
        self._before_build()
        with suppress(OSError, duckdb.Error):  # without room to write, build in memory
            if connection := self._build_file(manifest):
                return connection
        self._built = None
        return self._build_in_memory(manifest)

    def _build_file(self, manifest: Manifest) -> duckdb.DuckDBPyConnection | None:
        database = self._place_to_build()
        self._build(manifest, database)
        if database == self._layout.database:
            self._after_build()
        return open_built(self._layout, self._built, manifest.commit) if self._built else None

    def _build(self, manifest: Manifest, database: Path) -> ActorChanges | None:
        from forensics.attribution.build import build

        self._built, changes = build(self._layout, manifest, self._document_tables, database)
        self._record(self._built)
        return changes

    def _build_in_memory(self, manifest: Manifest) -> duckdb.DuckDBPyConnection:
        from forensics.attribution.build import fill

        connection = connect(self._layout, ":memory:", read_only=False)
        with reading_files():
            fill(connection, manifest, self._layout, self._document_tables)
        lock(connection, self._layout)
        return connection

    def _place_to_build(self) -> Path:
        if os.access(self._layout.root, os.W_OK):
            return self._layout.database
        sweep_cache()
        return cached_database(self._layout.root.resolve())

    def _record(self, built: Built) -> None:
        if not self._is_kept:
            return
        try:
            record(built)
        except OSError as error:
            self.note = (
                f"each command builds the tables of {self._layout.root} again, because a build cannot be recorded:"
                f" {error}; set XDG_STATE_HOME to a folder that only you can write"
            )

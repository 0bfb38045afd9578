"""Lake tables: runs the queries in `lake/sql` on the lake files, at the end of an ingest.

A query finds rows by the path of their file and their number in it. They are rewritten in Parquet, not in DuckDB.
"""

from __future__ import annotations

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from forensics.lake.layout import Layout
from forensics.lake.manifest import LakeFile, Manifest
from forensics.records.arrow_schema import TEXT
from forensics.tables import create_table, sql

_MEMORY = "1GB"
_FILES = pa.schema([("filename", TEXT), ("path", TEXT), ("is_new", pa.bool_())])

Numbers = npt.NDArray[np.int64]


class Tables:
    """The lake files of a case and the new parts. The table `files` lists both in SQL."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, layout: Layout, before: Manifest, parts: list[LakeFile]
    ) -> None:
        self.connection = connection
        self.case = layout.root
        self._before = before
        self._parts = parts
        connection.execute("set memory_limit = ?", [_MEMORY])
        connection.execute("set temp_directory = ?", [str(layout.scratch)])
        connection.execute("set preserve_insertion_order = false")
        listed = [(path, False) for path in before.lake_files] + [(part.path, True) for part in parts]
        create_table(connection, "files", _FILES, [(self._absolute(path), path, is_new) for path, is_new in listed])

    def new(self, table: str) -> list[LakeFile]:
        """Return the new parts of a table."""
        return [part for part in self._parts if part.table == table]

    def old(self, table: str) -> list[str]:
        """Return the committed files of a table, as paths relative to the case."""
        return self._before.of_table(table)

    def new_files(self, table: str) -> list[str]:
        """Return the absolute paths of the new parts of a table."""
        return [self._absolute(part.path) for part in self.new(table)]

    def old_files(self, table: str) -> list[str]:
        """Return the absolute paths of the committed files of a table."""
        return [self._absolute(path) for path in self.old(table)]

    def files_of(self, table: str) -> list[str]:
        """Return the absolute paths of the files that contain the rows of a table."""
        query = f"select distinct files.filename from {table} join files using (path)"  # noqa: S608 - a constant
        return [file for (file,) in self.connection.execute(query).fetchall()]

    def create(self, table: str, query: str, **parameters: object) -> int:
        """Create a table by a query of this room, and return the number of its rows."""
        self.connection.execute(f"create table {table} as {sql(f'lake/sql/{query}')}", parameters)
        return self.count(table)

    def add(self, table: str, query: str, **parameters: object) -> int:
        """Insert the result of a query of this room into a table, and return the new number of its rows."""
        self.connection.execute(f"insert into {table} {sql(f'lake/sql/{query}')}", parameters)
        return self.count(table)

    def load(self, table: str, schema: pa.Schema, files: list[str]) -> int:
        """Create a table with the rows of files, and return the number of its rows."""
        create_table(self.connection, table, schema)
        if files:
            self.connection.read_parquet(files, hive_partitioning=False).insert_into(table)
        return self.count(table)

    def rows(self, query: str, **parameters: object) -> dict[str, Numbers]:
        """Return the row numbers that a query finds, by the path of their file."""
        found = self.connection.sql(query, params=parameters).to_arrow_table()
        groups = found.group_by("path").aggregate([("file_row_number", "list")]).sort_by("path")
        return {
            path: numbers.values.to_numpy()
            for path, numbers in zip(groups["path"].to_pylist(), groups["file_row_number_list"], strict=True)
        }

    def count(self, table: str) -> int:
        """Return the number of rows of a table."""
        (found,) = self.connection.table(table).aggregate("count(*)").fetchall()
        return int(found[0])

    def _absolute(self, path: str) -> str:
        return str(self.case / path)

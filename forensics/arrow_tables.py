"""Arrow tables: convert rows of Python to tables of Arrow and DuckDB. DuckDB derives SQL types from Arrow types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    import duckdb

Rows = Sequence[tuple[object, ...]]


def arrow_table(schema: pa.Schema, rows: Rows) -> pa.Table:
    """Return rows as an Arrow table with the columns of `schema`."""
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def create_table(connection: duckdb.DuckDBPyConnection, table: str, schema: pa.Schema, rows: Rows = ()) -> None:
    """Create a DuckDB table with the columns of `schema`, and insert `rows`."""
    connection.from_arrow(arrow_table(schema, rows)).create(table)


def insert_rows(connection: duckdb.DuckDBPyConnection, table: str, schema: pa.Schema, rows: Rows) -> None:
    """Insert rows into a DuckDB table whose columns are those of `schema`, in the same order."""
    if rows:
        connection.from_arrow(arrow_table(schema, rows)).insert_into(table)

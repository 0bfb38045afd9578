"""Arrow tables: rows of Python as tables of Arrow and DuckDB. DuckDB itself chooses the SQL type of an Arrow type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    import duckdb

Rows = Sequence[tuple[object, ...]]


def arrow_table(schema: pa.Schema, rows: Rows) -> pa.Table:
    """Return rows as a table of Arrow."""
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def create_table(connection: duckdb.DuckDBPyConnection, table: str, schema: pa.Schema, rows: Rows = ()) -> None:
    """Create a table of DuckDB with the columns of `schema`."""
    connection.from_arrow(arrow_table(schema, rows)).create(table)


def insert_rows(connection: duckdb.DuckDBPyConnection, table: str, schema: pa.Schema, rows: Rows) -> None:
    """Add rows to a table of DuckDB that has the columns of `schema`, in their order."""
    if rows:
        connection.from_arrow(arrow_table(schema, rows)).insert_into(table)

"""Tables: the SQL files of queries and models, and rows of Python as tables of Arrow and DuckDB.

Each query and model is a file beside the Python code that runs it. DuckDB derives SQL types from Arrow types.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

Rows = Sequence[tuple[object, ...]]


@cache
def sql(name: str) -> str:
    """Return the text of a `.sql` file of this package, such as `lake/sql/copies` or `investigate/who/chain`."""
    return (resources.files("forensics") / f"{name}.sql").read_text(encoding="utf-8")


def arrow_table(schema: pa.Schema, rows: Rows) -> pa.Table:
    """Return rows as an Arrow table with the columns of `schema`."""
    import pyarrow as pa

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

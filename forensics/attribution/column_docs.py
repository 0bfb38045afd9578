"""Column docs: the description of every table and column of a case, stored in the database by COMMENT ON.

A model's header describes its table, and the schema of the lake the columns of events. column_docs.toml has the rest.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

import duckdb

from forensics.attribution.order import AFTER_DESCENTS, AFTER_WALK, BEFORE_NAMES, BEFORE_WALK, model
from forensics.records.arrow_schema import DOCUMENTS_SCHEMA, LAKE_SCHEMA, QUARANTINE_SCHEMA

_MODELS = {*BEFORE_NAMES, *BEFORE_WALK, *AFTER_WALK, *AFTER_DESCENTS}
_MODELS |= {"attributed_events", "contested", "credential_days", "names", "user_names"}
_LAKE = {
    field.name: field.metadata[b"comment"].decode()
    for schema in (DOCUMENTS_SCHEMA, QUARANTINE_SCHEMA, LAKE_SCHEMA)
    for field in schema
    if field.metadata
}


def table_meaning(table: str) -> str | None:
    """Return the description of a table, with its grain; None for an unknown table."""
    if table not in _MODELS:
        return _docs()["tables"].get(table)
    head = " ".join(line.removeprefix("--").strip() for line in _head(model(table)))
    return head.partition(": ")[2] if head.startswith(f"{table}: ") else head


def column_meaning(table: str, column: str) -> str | None:
    """Return the description of a column of a table; None if it has none."""
    columns = _docs()["columns"]
    return columns.get(f"{table}.{column}") or columns.get(column) or _LAKE.get(column)


@cache
def _docs() -> dict[str, dict[str, str]]:
    """Return the descriptions of `tables` and `columns` by name."""
    return tomllib.loads((resources.files("forensics.attribution") / "column_docs.toml").read_text(encoding="utf-8"))


def comment_on_all(connection: duckdb.DuckDBPyConnection) -> None:
    """COMMENT ON every table, view and column that has a description and no comment yet."""
    connection.execute("begin")
    for kind, name in _uncommented_tables(connection):
        _comment(connection, f'{kind} "{name}"', table_meaning(name))
    columns = connection.execute(
        "select table_name, column_name from duckdb_columns() where not internal and comment is null"
    ).fetchall()
    for table, column in columns:
        _comment(connection, f'column "{table}"."{column}"', column_meaning(table, column))
    connection.execute("commit")


def copy_comments(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """Copy the comments of another attached database to the database in use."""
    tables = connection.execute(
        """
        with things as (
            select database_name, 'table' as kind, table_name as name, comment from duckdb_tables()
            union all
            select database_name, 'view', view_name, comment from duckdb_views()
        )
        select here.kind, here.name, there.comment
        from things as here
        join things as there on there.name = here.name and there.database_name = $source
        where here.database_name = current_database()
        """,
        {"source": source},
    ).fetchall()
    columns = connection.execute(
        """
        select here.table_name, here.column_name, there.comment
        from duckdb_columns() as here
        join duckdb_columns() as there
          on  there.table_name = here.table_name
          and there.column_name = here.column_name
          and there.database_name = $source
        where here.database_name = current_database()
        """,
        {"source": source},
    ).fetchall()
    connection.execute("begin")
    for kind, name, comment in tables:
        _comment(connection, f'{kind} "{name}"', comment)
    for table, column, comment in columns:
        _comment(connection, f'column "{table}"."{column}"', comment)
    connection.execute("commit")


def _uncommented_tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return connection.execute(
        """
        select 'table', table_name from duckdb_tables() where not internal and comment is null
        union all
        select 'view', view_name from duckdb_views() where not internal and comment is null
        """
    ).fetchall()


def _comment(connection: duckdb.DuckDBPyConnection, thing: str, meaning: str | None) -> None:
    if meaning:
        quoted = meaning.replace("'", "''")  # COMMENT ON takes no parameter; names and texts are our own
        connection.execute(f"comment on {thing} is '{quoted}'")


def _head(text: str) -> list[str]:
    lines = text.splitlines()
    end = next(number for number, line in enumerate(lines) if not line.startswith("--"))
    return lines[:end]

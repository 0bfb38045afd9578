"""Schema: the tables and views of a case, their columns, and what each means."""

from __future__ import annotations

from itertools import groupby

import duckdb

from forensics.answers.rows_answer import Column, Table
from forensics.investigate.sql_rows import Row, rows

# what a query begins with; the others are steps to these, or lists beside them
_FIRST = (
    "attributed_events",
    "events",
    "actors",
    "credentials",
    "issuances",
    "links",
    "walk",
    "sessions",
    "access_keys",
    "principals",
    "sensitive_actions",
    "coverage",
    "source_files",
)


def schema(connection: duckdb.DuckDBPyConnection) -> tuple[Table, ...]:
    """Every table, those that a query begins with first."""
    found = [
        Table(
            name,
            columns[0].is_view,
            columns[0].table_meaning,
            tuple(Column(c.name, c.type, c.meaning) for c in columns),
        )
        for name, group in groupby(rows(connection, "case/schema"), key=lambda row: str(row.table_name))
        if (columns := list(group))
    ]
    order = {name: place for place, name in enumerate(_FIRST)}
    return tuple(sorted(found, key=lambda table: (order.get(table.name, len(order)), table.name)))


def _table(columns: list[Row]) -> Table:
    first = columns[0]
    return Table(
        first.table_name,
        first.is_view,
        first.table_meaning,
        tuple(Column(column.name, column.type, column.meaning) for column in columns),
    )

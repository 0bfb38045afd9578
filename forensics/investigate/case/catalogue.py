"""Schema: the tables and views of a case, their columns, and what each means."""

from __future__ import annotations

import duckdb

from forensics.answers.schema_answer import Table
from forensics.investigate.sql_rows import rows

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
    order = {name: place for place, name in enumerate(_FIRST)}
    found = rows(connection, Table, "case/schema")
    return tuple(sorted(found, key=lambda table: (order.get(table.name, len(order)), table.name)))

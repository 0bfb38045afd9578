"""Catalogue: the tables and views of a case, with their columns and descriptions."""

from __future__ import annotations

from forensics.answers.schema_answer import Table
from forensics.investigate.sql_rows import Connection, rows

# the main tables; the others are intermediate or supplementary
_FIRST = tuple(
    """
    attributed_events events actors credentials issuances links walk sessions access_keys principals sensitive_actions
    coverage source_files
    """.split()
)


def schema(connection: Connection) -> tuple[Table, ...]:
    """Return every table and view, the main tables first."""
    order = {name: place for place, name in enumerate(_FIRST)}
    found = rows(connection, Table, "case/schema")
    return tuple(sorted(found, key=lambda table: (order.get(table.name, len(order)), table.name)))

"""Schema on screen: each table with its description and its columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forensics.answers.rows_answer import Rows
from forensics.answers.schema_answer import Column, Table
from forensics.output.lines import BLANK, Line, line, table


def render_schema(tables: Sequence[Table]) -> Iterator[Line]:
    """Return each table with its description and its columns."""
    for number, each in enumerate(tables):
        if number:
            yield BLANK
        yield line((each.name, "bold"), ("  view" if each.is_view else "", "dim"))
        yield line(each.meaning, indent=2, hang=2)
        yield from table(("column", "meaning"), [(c.name, _meaning(c)) for c in each.columns])


def _meaning(column: Column) -> str:
    """Return the meaning of a column with its type, except for text."""
    return column.meaning if column.type == "varchar" else f"{column.meaning} ({column.type})"


def schema_rows(tables: Sequence[Table]) -> Rows:
    """Return one row per column."""
    rows = tuple((each.name, c.name, c.type, c.meaning) for each in tables for c in each.columns)
    return Rows(("table", "column", "type", "meaning"), rows, len(rows))

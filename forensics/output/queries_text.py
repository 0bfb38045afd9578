"""Saved queries on screen: their list, and SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forensics.answers.query_answer import QueryParameter, SavedQuery
from forensics.answers.rows_answer import Rows
from forensics.output.escape import for_terminal
from forensics.output.lines import BLANK, Line, line, table
from forensics.output.rows_text import to_json_objects
from forensics.output.terminal import write


def print_statements(statements: Sequence[str]) -> None:
    """Print SQL that opens a case, and how to run it in each program."""
    write(
        "-- duckdb shell   forensics connect --case DIR -o open.sql && duckdb -init open.sql\n"
        "-- Python         duckdb.connect().execute(sql), with all of this as sql; also on each cursor\n"
        "-- BI tool        database :memory:, and this as its initial SQL\n"
        "-- The tables show the case as it is now; run connect again after an ingest.\n"
    )
    write("".join(f"{for_terminal(statement)};\n" for statement in statements))


def print_query(text: str) -> None:
    """Print SQL line by line, escaped for a terminal."""
    write("".join(f"{for_terminal(row)}\n" for row in text.expandtabs().splitlines()))


def render_queries(queries: Sequence[SavedQuery]) -> Iterator[Line]:
    """Return the usable queries, and why the others are unusable."""
    usable = [query for query in queries if not query.unusable]
    yield from table(
        ("query", "title"),
        [(query.name, f"{query.title}{' (yours)' if query.is_own else ''}") for query in usable],
        indent=0,
    )
    yield BLANK
    yield line(f"forensics query run {usable[0].name if usable else 'NAME'} --case DIR; `forensics query show NAME`")
    for query in queries:
        if query.unusable:
            yield line((f"{query.path} is not a query: {query.unusable}", "warn"))


def queries_json(queries: Sequence[SavedQuery]) -> str:
    """Return the saved queries as a JSON array."""
    return to_json_objects(queries_rows(queries))


def queries_rows(queries: Sequence[SavedQuery]) -> Rows:
    """Return one row per query."""
    columns = ("query", "title", "question", "parameters", "techniques", "columns", "is_own", "path", "unusable")
    rows = tuple(
        (
            query.name,
            query.title,
            query.question,
            "; ".join(_parameter(parameter) for parameter in query.parameters),
            ", ".join(query.techniques),
            ", ".join(query.columns),
            query.is_own,
            query.path,
            query.unusable,
        )
        for query in queries
    )
    return Rows(columns, rows, len(rows))


def _parameter(parameter: QueryParameter) -> str:
    default = "" if parameter.is_required else f" = {'null' if parameter.default is None else parameter.default}"
    return f"{parameter.name} {parameter.type}{default}: {parameter.meaning}"

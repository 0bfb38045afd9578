"""Saved queries, for a reader: the list of them, and SQL as it is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forensics.answers.query_answer import QueryParameter, SavedQuery
from forensics.answers.rows_answer import Rows
from forensics.output.escape import for_terminal
from forensics.output.lines import BLANK, Line, line, table
from forensics.output.rows_text import to_json_objects
from forensics.output.terminal import write


def print_statements(statements: Sequence[str]) -> None:
    """Print SQL that opens a case, and which program takes it how."""
    write(
        "-- duckdb shell   forensics connect --case DIR -o open.sql && duckdb -init open.sql\n"
        "-- Python         duckdb.connect().execute(sql), all of this as sql; so its cursors\n"
        "-- BI tool        database :memory:, and this as the SQL that it runs on connecting\n"
        "-- It shows the case as it is now; after an ingest, connect again.\n"
    )
    write("".join(f"{for_terminal(statement)};\n" for statement in statements))


def print_query(text: str) -> None:
    """Print SQL as it is written, line by line."""
    write("".join(f"{for_terminal(row)}\n" for row in text.expandtabs().splitlines()))


def render_queries(queries: Sequence[SavedQuery]) -> Iterator[Line]:
    """The usable queries, and why others are not usable."""
    usable = [query for query in queries if not query.unusable]
    yield from table(
        ("query", "what it tells"),
        [(query.name, f"{query.title}{' (yours)' if query.is_own else ''}") for query in usable],
        indent=0,
    )
    yield BLANK
    yield line(f"forensics query run {usable[0].name if usable else 'NAME'} --case DIR; `forensics query show NAME`")
    for query in queries:
        if query.unusable:
            yield line((f"{query.path} is no query: {query.unusable}", "warn"))


def queries_json(queries: Sequence[SavedQuery]) -> str:
    return to_json_objects(queries_rows(queries))


def queries_rows(queries: Sequence[SavedQuery]) -> Rows:
    """One row for each query."""
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

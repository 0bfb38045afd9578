"""Saved queries, for a reader: the list of them, and one as it is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forensics.answers.rows_answer import QueryParameter, Rows, SavedQuery
from forensics.output.escape import for_terminal
from forensics.output.lines import BLANK, Line, line, table
from forensics.output.printers import print_rows
from forensics.output.terminal import show, write


def print_queries(queries: Sequence[SavedQuery], format: str) -> None:
    if format == "table":
        show(_listed(queries))
    else:
        print_rows(_rows(queries), format)


def print_query(text: str) -> None:
    """SQL as it stands, a line a line."""
    write("".join(f"{for_terminal(row)}\n" for row in text.expandtabs().splitlines()))


def _listed(queries: Sequence[SavedQuery]) -> Iterator[Line]:
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


def _rows(queries: Sequence[SavedQuery]) -> Rows:
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

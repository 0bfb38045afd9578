"""forensics sql"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from forensics.cli.options import RowsFormat, format_option
from forensics.cli.question import Question, question


@question(RowsFormat, format_option("the rows"))
def sql(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="A SELECT statement; - reads it from standard input.")],
    asked: Question,
) -> None:
    """Run a SQL query on a case.

    The query is DuckDB SQL and cannot change the case. The view attributed_events has every event with the actor behind
    it. "show tables" lists all tables; "describe attributed_events" lists the columns of this view.

    \b
    Examples:
      forensics sql "select actor_name, count(*) from attributed_events group by all" --case my-case
      forensics sql "show tables" --case my-case
      forensics sql - --logs sample_logs --format csv < query.sql
    """
    with asked.opened() as case:
        rows = case.sql_rows(sys.stdin.read() if query == "-" else query)
        from forensics.output.terminal import tell

        asked.print(rows, "result")
        if not rows.rows:
            tell("the query returned no rows")

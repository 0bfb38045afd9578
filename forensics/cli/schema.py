"""forensics schema, forensics connect"""

from __future__ import annotations

from typing import Annotated

import typer

from forensics.cli.options import (
    CaseOption,
    ForceOption,
    LogsOption,
    OutputOption,
    RowsFormat,
    asked_case,
    chosen,
    fail,
    format_option,
    output_to,
)


def schema(
    tables: Annotated[
        list[str] | None, typer.Argument(metavar="TABLE...", help="Only these tables and views.", show_default=False)
    ] = None,
    case: CaseOption = None,
    logs: LogsOption = None,
    format: Annotated[RowsFormat | None, format_option("them")] = None,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Explain the tables and columns of a case.

    What each holds and means, those that a query begins with first. The same stands in the case's database as
    comments.

    \b
    Examples:
      forensics schema --case my-case
      forensics schema attributed_events actors --case my-case
      forensics schema --case my-case --format json
    """
    form = chosen(RowsFormat, format, output)
    with asked_case(case, logs) as opened, output_to(output, force=force):
        found = opened.schema()
        unknown = sorted(set(tables or ()) - {table.name for table in found})
        if unknown:
            fail(f"there is no table {unknown[0]}; there are {', '.join(table.name for table in found)}", 2)
        from forensics.output import answer

        answer.print_schema([table for table in found if not tables or table.name in tables], form)


def connect(case: CaseOption = None, output: OutputOption = None, force: ForceOption = False) -> None:
    """Print what other programs need to read a case.

    Statements for the duckdb shell, a BI tool or a notebook, which open the case read-only, in UTC, with its files
    found from anywhere.

    \b
    Examples:
      forensics connect --case my-case -o open.sql && duckdb -init open.sql
      forensics connect --case my-case
    """
    with asked_case(case, None) as opened, output_to(output, force=force):
        statements = opened.connect_statements()
        from forensics.output import answer

        answer.print_statements(statements)

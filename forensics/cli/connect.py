"""forensics connect"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.options import CaseOption, ForceOption, OutputOption, fail, output_to
from forensics.cli.question import asked_case


def connect(
    case: CaseOption = None,
    database: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a copy of all tables and views that works without the case and without forensics.",
        ),
    ] = None,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Print the statements that open a case in other programs.

    The statements work in the duckdb shell, a BI tool or a notebook, from any directory. They open the case read-only,
    in UTC. --database writes a database file that works on another machine, with events without their raw records and
    with secrets masked.

    \b
    Examples:
      forensics connect --case my-case -o open.sql && duckdb -init open.sql
      forensics connect --case my-case --database acme.duckdb && duckdb acme.duckdb
    """
    if database is not None and output is not None:
        fail("--database and --output exclude each other; name one file", 2)
    with asked_case(case, None) as opened:
        if database is not None:
            opened.write_database(database, replace=force)
            return
        with output_to(output, force=force):
            statements = opened.connect_statements()
            from forensics.output.queries_text import print_statements

            print_statements(statements)

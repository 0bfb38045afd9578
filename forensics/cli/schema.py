"""forensics schema"""

from __future__ import annotations

from typing import Annotated

import typer

from forensics.cli.options import RowsFormat, fail, format_option
from forensics.cli.question import Question, question


@question(RowsFormat, format_option("the descriptions"))
def schema(
    *,
    tables: Annotated[
        list[str] | None, typer.Argument(metavar="TABLE...", help="Only these tables and views.", show_default=False)
    ] = None,
    asked: Question,
) -> None:
    """Describe the tables and columns of a case.

    The tables to start with come first. The case's database has the same descriptions as comments.

    \b
    Examples:
      forensics schema --case my-case
      forensics schema attributed_events actors --case my-case
      forensics schema --case my-case --format json
    """
    with asked.opened() as case:
        found = case.schema()
        unknown = sorted(set(tables or ()) - {table.name for table in found})
        if unknown:
            fail(f"no table {unknown[0]}; the tables are {', '.join(table.name for table in found)}", 2)
        asked.print([table for table in found if not tables or table.name in tables], "schema")

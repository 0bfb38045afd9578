"""forensics info"""

from __future__ import annotations

from typing import Annotated

import typer

from forensics.cli.options import RowsFormat, fail, output_to
from forensics.cli.question import Question, asked_case, question


@question(RowsFormat)
def info(
    asked: Question,
    files: Annotated[bool, typer.Option("--files", help="List every input file with its status and content.")] = (
        False
    ),
) -> None:
    """Summarize a case.

    Shows its files, accounts, regions and period, how many credentials are resolved, and which files could not be read.
    Compares the number of records that were read with the number stored. If they differ, prints an error and exits with
    code 1.

    \b
    Examples:
      forensics info --case my-case
      forensics info --case my-case --files --format csv
      forensics info --logs sample_logs --format json
    """
    if not files and asked.format not in (RowsFormat.TABLE, RowsFormat.JSON):
        fail(f"--format {asked.format} needs --files; without it use table or json", 2)
    with asked_case(asked.case, asked.logs) as case:
        found = case.info()
        with output_to(asked.output, force=asked.force):
            if files:
                asked.print(case.files(), "files")
            else:
                asked.print(found)
        if found.mismatch:
            fail(f"the records read and the records stored differ: {found.mismatch}; ingest the logs into a new case")

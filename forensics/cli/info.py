"""forensics info"""

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


def info(
    case: CaseOption = None,
    logs: LogsOption = None,
    files: Annotated[bool, typer.Option("--files", help="List every input file: how it ended and what was in it.")] = (
        False
    ),
    format: Annotated[RowsFormat | None, format_option()] = None,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Say what a case holds.

    Files, accounts, regions and time, how many credentials are resolved, and which files could not be read. What was
    read is held against what there is; where they differ, standard error says so and the exit code is 1.

    \b
    Examples:
      forensics info --case my-case
      forensics info --case my-case --files --format csv
      forensics info --logs sample_logs --format json
    """
    form = chosen(RowsFormat, format, output)
    if not files and form not in (RowsFormat.TABLE, RowsFormat.JSON):
        fail(f"{form} is for rows, such as those of --files; without it choose table or json", 2)
    with asked_case(case, logs) as opened:
        found = opened.info()
        with output_to(output, force=force):
            from forensics.output.printers import print_answer

            if files:
                print_answer(opened.files(), form, "files")
            else:
                print_answer(found, form)
        if found.mismatch:
            fail(f"what was read is not what there is: {found.mismatch}; ingest the logs into a new case")

"""forensics accounts"""

from __future__ import annotations

from typing import Annotated

from forensics.cli.options import (
    CaseOption,
    ForceOption,
    LogsOption,
    OutputOption,
    RowsFormat,
    asked_case,
    chosen,
    format_option,
    output_to,
)


def accounts(
    case: CaseOption = None,
    logs: LogsOption = None,
    format: Annotated[RowsFormat | None, format_option()] = None,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """List the accounts that are known.

    By their names in the organisation where an export tells them, with what is loaded of each, how many users and
    long-term keys it has, and how many of those to look at.

    \b
    Examples:
      forensics accounts --case my-case
      forensics accounts --logs sample_logs --format csv
    """
    form = chosen(RowsFormat, format, output)
    with asked_case(case, logs) as opened, output_to(output, force=force):
        found = opened.accounts()
        from forensics.output.printers import print_answer

        print_answer(found, form)

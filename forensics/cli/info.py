"""forensics info"""

from __future__ import annotations

from typing import Annotated

from forensics.cli.options import (
    AnswerFormat,
    CaseOption,
    ForceOption,
    LogsOption,
    OutputOption,
    asked_case,
    chosen,
    format_option,
    output_to,
)


def info(
    case: CaseOption = None,
    logs: LogsOption = None,
    format: Annotated[AnswerFormat | None, format_option()] = None,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Say what a case holds.

    Files, accounts, regions and time, how many credentials are resolved, and which files could not be read.

    \b
    Examples:
      forensics info --case my-case
      forensics info --logs sample_logs --format json
    """
    form = chosen(AnswerFormat, format, output)
    with asked_case(case, logs) as opened, output_to(output, force=force):
        found = opened.info()
        from forensics.output import answer

        answer.print_info(found, form)

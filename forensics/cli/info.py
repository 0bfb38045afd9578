"""forensics info"""

from __future__ import annotations

from typing import Annotated

import typer

from forensics.cli.options import AnswerFormat, CaseOption, LogsOption, asked_case


def info(
    case: CaseOption = None,
    logs: LogsOption = None,
    format: Annotated[AnswerFormat, typer.Option(help="How to print the answer.")] = AnswerFormat.TABLE,
) -> None:
    """Say what a case holds.

    Files, accounts, regions and time, how many credentials are resolved, and which files could not be read.

    \b
    Examples:
      forensics info --case my-case
      forensics info --logs sample_logs --format json
    """
    with asked_case(case, logs) as opened:
        found = opened.info()
        from forensics.output import answer

        answer.print_info(found, format.value)

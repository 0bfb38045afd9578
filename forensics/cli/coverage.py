"""forensics coverage"""

from __future__ import annotations

from typing import Annotated

import typer

from forensics.cli.options import CaseOption, LogsOption, RowsFormat, asked_case


def coverage(
    case: CaseOption = None,
    logs: LogsOption = None,
    format: Annotated[RowsFormat, typer.Option(help="How to print the answer.")] = RowsFormat.TABLE,
) -> None:
    """Map what is loaded, and its holes.

    Account by region by hour; and who stopped, narrowed or changed a trail, and until when.

    \b
    Examples:
      forensics coverage --case my-case
      forensics coverage --logs sample_logs --format csv
    """
    with asked_case(case, logs) as opened:
        found = opened.coverage()
        from forensics.output import answer

        answer.print_coverage(found, format.value)

"""forensics coverage"""

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


def coverage(
    case: CaseOption = None,
    logs: LogsOption = None,
    format: Annotated[RowsFormat | None, format_option()] = None,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Map what is loaded, and its holes.

    Account by region by hour; and who stopped, narrowed or changed a trail, and until when.

    \b
    Examples:
      forensics coverage --case my-case
      forensics coverage --logs sample_logs --format csv
    """
    form = chosen(RowsFormat, format, output)
    with asked_case(case, logs) as opened, output_to(output, force=force):
        found = opened.coverage()
        from forensics.output.printers import print_answer

        print_answer(found, form)

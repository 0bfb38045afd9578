"""forensics who"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from forensics.cli.options import CaseOption, LogsOption, RowsFormat, asked_case

Subjects = Annotated[
    list[str],
    typer.Argument(
        metavar="SUBJECT...",
        help="An access key ID, event ID, session ARN or principal ID; - reads them from standard input.",
    ),
]


def who(
    subjects: Subjects,
    case: CaseOption = None,
    logs: LogsOption = None,
    format: Annotated[RowsFormat, typer.Option(help="How to print the answer.")] = RowsFormat.TABLE,
) -> None:
    """Who is behind an access key, an event, a session or a principal, and which events prove it.

    forensics who ASIAZNW342S3J6ZQNFX7 --logs sample_logs
    """
    asked = sys.stdin.read().split() if subjects == ["-"] else subjects
    many = len(asked) > 1 or subjects == ["-"]
    with asked_case(case, logs) as opened:
        answers = opened.who_all(asked) if many else [opened.who(asked[0])]
    from forensics.output import answer

    answer.print_who(answers, format.value, many=many)

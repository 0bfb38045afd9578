"""forensics tree"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from forensics.cli.options import AnswerFormat, CaseOption, LogsOption, asked_case, utc_time

Time = Annotated[
    datetime | None,
    typer.Option("--at", parser=utc_time, metavar="TIME", help="The time to ask for, UTC; else the latest event's."),
]


def tree(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="SUBJECT", help="An access key ID, event ID, session ARN or principal ID.", show_default=False
        ),
    ],
    at: Time = None,
    case: CaseOption = None,
    logs: LogsOption = None,
    format: Annotated[AnswerFormat, typer.Option(help="How to print the answer.")] = AnswerFormat.TABLE,
) -> None:
    """Show all that came of a key or session, and how to end it.

    Follows it down through assumed roles, tokens, sign-ins, and through the keys, users, passwords and trust policies
    that were made with it. Says what still works, and what to do in which account and order, what each step ends and
    what goes on.

    \b
    Examples:
      forensics tree AKIA2ICYRBJSCUQBO6WH --logs sample_logs
      forensics tree AKIA2ICYRBJSCUQBO6WH --case my-case --at 2026-10-04T02:50:00Z
      forensics tree AKIA2ICYRBJSCUQBO6WH --case my-case --format json
    """
    with asked_case(case, logs) as opened:
        found = opened.tree(subject, at)
        from forensics.output import answer

        answer.print_tree(found, format.value)

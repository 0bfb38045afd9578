"""forensics tree"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from forensics.cli.options import GraphFormat, ZoneOption, time_option
from forensics.cli.question import Question, question

Time = Annotated[
    datetime | None, time_option("--at", help="The time to ask for; without it, that of the case's latest event.")
]


@question(GraphFormat)
def tree(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="SUBJECT", help="An access key ID, event ID, session ARN or principal ID.", show_default=False
        ),
    ],
    *,
    at: Time = None,
    tz: ZoneOption = "UTC",  # noqa: ARG001 - read by --at
    asked: Question,
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
    with asked.opened() as case:
        asked.print(case.tree(subject, at))

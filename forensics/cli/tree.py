"""forensics tree"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from forensics.cli.options import GraphFormat, ZoneOption, subject_argument, time_option
from forensics.cli.question import Question, question

Time = Annotated[
    datetime | None, time_option("--at", help="The time for which to judge validity. Default: the case's latest event.")
]


@question(GraphFormat)
def tree(
    subject: Annotated[
        str,
        subject_argument("SUBJECT", "An access key ID, event ID, session ARN or principal ID."),
    ],
    *,
    at: Time = None,
    tz: ZoneOption = "UTC",  # noqa: ARG001 - read by --at
    asked: Question,
) -> None:
    """Show everything derived from a key, and how to contain it.

    Follows assumed roles, tokens and sign-ins, and the keys, users, passwords and trust policies that were created with
    them. Shows which credentials still work, and the containment steps by account and in order, with what each step
    ends and what still works after it.

    \b
    Examples:
      forensics tree AKIA2ICYRBJSCUQBO6WH --logs sample_logs
      forensics tree AKIA2ICYRBJSCUQBO6WH --case my-case --at 2026-10-04T02:50:00Z
      forensics tree AKIA2ICYRBJSCUQBO6WH --case my-case --format json
    """
    with asked.opened() as case:
        asked.print(case.tree(subject, at))

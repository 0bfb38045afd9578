"""forensics story"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, cast

import typer

from forensics.cli.event_options import Filters, event_filters
from forensics.cli.options import AnswerFormat, ZoneOption, subject_argument, time_option
from forensics.cli.question import Question, question

if TYPE_CHECKING:
    from forensics.case import EventFilter

LeakedAt = Annotated[
    datetime | None,
    time_option("--leaked-at", help="The time of the leak; earlier calls are summarized in one line."),
]


@question(AnswerFormat)
@event_filters
def story(
    subject: Annotated[
        str,
        subject_argument(
            "SUBJECT", "An access key ID, session ARN, principal ID, ARN or name of a user or role, address or network."
        ),
    ],
    *,
    filters: Filters,
    leaked_at: LeakedAt = None,
    tz: ZoneOption = "UTC",  # noqa: ARG001 - read by the times
    every: Annotated[bool, typer.Option("--all", help="List all steps, not only the first.")] = False,
    asked: Question,
) -> None:
    """Show what a key, session, user, role or address did, by time.

    Includes everything derived from the subject, also through what was planted. Similar calls with one outcome are one
    line. New addresses, programs and regions are marked, and refused calls. Each line cites its events.

    \b
    Examples:
      forensics story AKIA2ICYRBJSCUQBO6WH --logs sample_logs --leaked-at 2026-10-03T21:00:00Z
      forensics story svc-deploy --case my-case --since 2026-10-04 --until 2026-10-05
      forensics story 192.0.2.0/24 --case my-case --account 111122223333 --all
      forensics story AKIA2ICYRBJSCUQBO6WH --case my-case --format json
    """
    with asked.opened() as case:
        answer = case.story(subject, leaked_at=leaked_at, **cast("EventFilter", filters))
        asked.print(replace(answer, source=asked.source), "whole_story" if every else "")

"""forensics user"""

from __future__ import annotations

from typing import Annotated

from forensics.cli.event_options import Since, Until, filter_options
from forensics.cli.options import AnswerFormat, EveryOption, ZoneOption, checked_option, subject_argument
from forensics.cli.question import Question, question


@question(AnswerFormat)
def user(
    subject: Annotated[
        str,
        subject_argument("USER", "A user name, e-mail address, ARN or unique ID (AIDA...)."),
    ],
    *,
    since: Since = None,
    until: Until = None,
    account: Annotated[
        str | None, checked_option("--account", metavar="ID", help="The account of the IAM user.")
    ] = None,
    tz: ZoneOption = "UTC",  # noqa: ARG001 - read by the times
    every: EveryOption = False,
    asked: Question,
) -> None:
    """Show what a user did, and what was done to the user.

    Includes the calls of all sessions of the user. Shows when and from where the user called, the access keys, the
    sensitive and refused calls, the changes of the user in IAM, and the command to type next. If several users have
    this name, the command lists them.

    \b
    Examples:
      forensics user svc-deploy --logs sample_logs --since 2026-10-04
      forensics user arn:aws:iam::704560302692:user/bob.meyer --case my-case
      forensics user svc-deploy --case my-case --format json
    """
    with asked.opened() as case:
        page = case.user(subject, since=since, until=until, account=account)
        asked.print(page.with_options(asked.source, filter_options(since, until)), "whole_pivot" if every else "")

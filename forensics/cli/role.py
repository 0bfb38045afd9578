"""forensics role"""

from __future__ import annotations

from typing import Annotated

from forensics.cli.event_options import Since, Until, filter_options
from forensics.cli.options import AnswerFormat, EveryOption, ZoneOption, checked_option, subject_argument
from forensics.cli.question import Question, question


@question(AnswerFormat)
def role(
    subject: Annotated[str, subject_argument("ROLE", "A role name, ARN or unique ID (AROA...).")],
    *,
    since: Since = None,
    until: Until = None,
    account: Annotated[str | None, checked_option("--account", metavar="ID", help="The account of the role.")] = None,
    tz: ZoneOption = "UTC",  # noqa: ARG001 - read by the times
    every: EveryOption = False,
    asked: Question,
) -> None:
    """Show who used a role, and what its sessions did.

    Shows who is behind the sessions, when and from where they called, their access keys, the sensitive and refused
    calls, the changes of the role in IAM, and the command to type next. If several roles have this name, the command
    lists them.

    \b
    Examples:
      forensics role deployer --logs sample_logs --since 2026-10-04
      forensics role arn:aws:iam::704560302692:role/deployer --case my-case
      forensics role deployer --case my-case --format json
    """
    with asked.opened() as case:
        page = case.role(subject, since=since, until=until, account=account)
        asked.print(page.with_options(asked.source, filter_options(since, until)), "whole_pivot" if every else "")

"""forensics address"""

from __future__ import annotations

from typing import Annotated

from forensics.cli.event_options import Accounts, Since, Until, filter_options
from forensics.cli.options import AnswerFormat, EveryOption, ZoneOption, subject_argument
from forensics.cli.question import Question, question


@question(AnswerFormat)
def address(
    subject: Annotated[
        str,
        subject_argument("ADDRESS", "An IP address, or a network such as 192.0.2.0/24."),
    ],
    *,
    since: Since = None,
    until: Until = None,
    account: Accounts = None,
    tz: ZoneOption = "UTC",  # noqa: ARG001 - read by the times
    every: EveryOption = False,
    asked: Question,
) -> None:
    """Show who called from an address or a network.

    Shows when the address was used and first seen, who is behind the calls, the access keys and programs, the sensitive
    and refused calls, and the command to type next.

    \b
    Examples:
      forensics address 192.0.2.44 --logs sample_logs
      forensics address 192.0.2.0/24 --case my-case --since 2026-10-04
      forensics address 192.0.2.44 --case my-case --format json
    """
    with asked.opened() as case:
        page = case.address(subject, since=since, until=until, account=account)
        filters = filter_options(since, until, account)
        asked.print(page.with_options(asked.source, filters), "whole_pivot" if every else "")

"""forensics who"""

from __future__ import annotations

import sys
from typing import Annotated

from forensics.cli.options import IpRangesOption, WhoFormat, subject_argument
from forensics.cli.question import Question, question

Subjects = Annotated[
    list[str],
    subject_argument(
        "SUBJECT...",
        "An access key ID, event ID, session ARN, principal ID, user or role name, e-mail or IP address;"
        " - reads one per line from standard input.",
    ),
]


@question(WhoFormat)
def who(subjects: Subjects, asked: Question, ip_ranges: IpRangesOption = None) -> None:
    """Show who requested a key or session.

    Names who is behind an access key, event, session, user, role or address, with the hops, the grade of certainty and
    the events that prove it. If the logs prove no name, shows the reason and the logs to load. If a name means several
    things, lists them with the command for each.

    \b
    Examples:
      forensics who ASIAZNW342S3J6ZQNFX7 --logs sample_logs
      forensics who ASIAZNW342S3J6ZQNFX7 --case my-case --format json
      forensics who 9eef653f-5aac-41b5-afe7-eb158e5caa13 --case my-case
      forensics who bob.meyer --case my-case
      forensics who - --case my-case --format csv < keys.txt
    """
    named = _from_standard_input() if subjects == ["-"] else subjects
    many = len(named) > 1 or subjects == ["-"]
    with asked.opened() as case:
        answers = case.who_all(named, ip_ranges=ip_ranges) if many else [case.who(named[0], ip_ranges=ip_ranges)]
        answers = [answer.with_options(asked.source) for answer in answers]
        from forensics.output.notes import tell_secrets

        if asked.format == WhoFormat.JSON and not many:
            asked.print(answers[0])
        else:
            asked.print(answers, "requesters")
        tell_secrets(answers)


def _from_standard_input() -> list[str]:
    lines = sys.stdin.read().lstrip("\ufeff").splitlines()
    return [subject for line in lines if (subject := line.strip())]

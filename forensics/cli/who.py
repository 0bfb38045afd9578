"""forensics who"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from forensics.cli.options import (
    CaseOption,
    ForceOption,
    IpRangesOption,
    LogsOption,
    OutputOption,
    WhoFormat,
    asked_case,
    chosen,
    format_option,
    output_to,
)

Subjects = Annotated[
    list[str],
    typer.Argument(
        metavar="SUBJECT...",
        help="An access key ID, event ID, session ARN or principal ID; - reads them from standard input, one a line.",
        show_default=False,
    ),
]


def who(
    subjects: Subjects,
    case: CaseOption = None,
    logs: LogsOption = None,
    ip_ranges: IpRangesOption = None,
    format: Annotated[WhoFormat | None, format_option()] = None,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Name who requested a key or session.

    Says who is behind an access key, an event, a session or a principal, over how many hops, how sure that is, and
    which events prove it; or why the logs cannot say, and what to load.

    \b
    Examples:
      forensics who ASIAZNW342S3J6ZQNFX7 --logs sample_logs
      forensics who ASIAZNW342S3J6ZQNFX7 --case my-case --format json
      forensics who 9eef653f-5aac-41b5-afe7-eb158e5caa13 --case my-case
      forensics who - --case my-case --format csv < keys.txt
    """
    form = chosen(WhoFormat, format, output)
    asked = _from_standard_input() if subjects == ["-"] else subjects
    many = len(asked) > 1 or subjects == ["-"]
    with asked_case(case, logs) as opened, output_to(output, force=force):
        answers = opened.who_all(asked, ip_ranges=ip_ranges) if many else [opened.who(asked[0], ip_ranges=ip_ranges)]
        from forensics.output.notes import tell_secrets
        from forensics.output.printers import print_answer

        if form == WhoFormat.JSON and not many:
            print_answer(answers[0], form)
        else:
            print_answer(answers, form, "requesters")
        tell_secrets(answers)


def _from_standard_input() -> list[str]:
    lines = sys.stdin.read().lstrip("\ufeff").splitlines()
    return [subject for line in lines if (subject := line.strip())]

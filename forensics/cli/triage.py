"""forensics triage"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from forensics.cli.options import AnswerFormat, IpRangesOption
from forensics.cli.question import Question, question

All = Annotated[bool, typer.Option("--all", help="Show up to a hundred leads in full; by default, the first 10.")]


@question(AnswerFormat)
def triage(asked: Question, ip_ranges: IpRangesOption = None, every: All = False) -> None:
    """Show where to look first in logs that nobody has read.

    Ranks what actors did with each key by how unusual it is within these logs: new networks and programs, refused
    calls, enumeration, access that was planted, sensitive calls. A lead is not a verdict. Each lead names the actor as
    `who` does, the proving events, what still works, and the command to type next.

    \b
    Examples:
      forensics triage --logs sample_logs
      forensics triage --case my-case --all
      forensics triage --case my-case --format json
    """
    with asked.opened() as case:
        answer = replace(case.triage(ip_ranges=ip_ranges), source=asked.source)
        asked.print(answer, "whole_triage" if every else "")

"""forensics ingest"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.options import UNREADABLE, AnswerFormat, errors_told, fail, named_case


def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files and folders of CloudTrail logs.")],
    case: Annotated[
        Path | None,
        typer.Option(
            "--case",
            metavar="DIR",
            help="The case to add them to, made if it is new; without it, that of $FORENSICS_CASE.",
        ),
    ] = None,
    format: Annotated[AnswerFormat, typer.Option(help="How to print what was done.")] = AnswerFormat.TABLE,
) -> None:
    """Read logs into a case.

    The same command again reads only what is new. All of it counts at once, at the end. A file that cannot be read is
    listed with the reason, the rest goes in, and the exit code is 3.

    \b
    Examples:
      forensics ingest sample_logs --case my-case
      forensics ingest AWSLogs/ more.json.gz --case my-case
    """
    if (case := named_case(case)) is None:
        fail("say which case to add them to: --case DIR, a new folder or one made by `forensics ingest`", 2)
    with errors_told():
        from forensics.case import Case
        from forensics.output import answer
        from forensics.output.terminal import progress

        with Case.create(case) as opened:
            with progress() as advance:
                done = opened.ingest(paths, progress=lambda done, total, _file: advance(done, total))
            answer.print_ingest(done, format.value)
    if done.incomplete:
        raise typer.Exit(UNREADABLE)

"""forensics ingest"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.options import UNREADABLE, AnswerFormat, errors_told


def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files and folders of CloudTrail logs.")],
    case: Annotated[Path, typer.Option("--case", metavar="DIR", help="The case to add them to; made if it is new.")],
    format: Annotated[AnswerFormat, typer.Option(help="How to print what was done.")] = AnswerFormat.TABLE,
) -> None:
    """Read logs into a case. The same command again reads only what is new.

    forensics ingest AWSLogs/ --case my-case
    """
    with errors_told():
        from forensics.case import Case
        from forensics.output import answer
        from forensics.output.terminal import progress

        with progress() as tell, Case.create(case) as opened:
            done = opened.ingest(paths, progress=lambda done, total, file: tell(done, total, file.name))
        answer.print_ingest(done, format.value)
        if done.incomplete:
            raise typer.Exit(UNREADABLE)

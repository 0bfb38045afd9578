"""forensics verify"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.options import (
    CaseOption,
    ForceOption,
    OutputOption,
    RowsFormat,
    chosen,
    errors_told,
    fail,
    format_option,
    named_case,
    opened_case,
    output_to,
)

Paths = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[PATH]...", help="Files and folders of logs with their digests; no case is made of them."),
]
Keys = Annotated[
    list[Path] | None,
    typer.Option("--keys", metavar="FILE", help="Public keys: the output of `aws cloudtrail list-public-keys`."),
]
Bucket = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The bucket that the folder is a copy of: tells which files were moved."),
]
Head = Annotated[
    str | None,
    typer.Option(metavar="HASH", help="Head of the custody log in a report or bundle: proves the log up to there."),
]


def verify(
    paths: Paths = None,
    case: CaseOption = None,
    keys: Keys = None,
    bucket: Bucket = None,
    head: Head = None,
    format: Annotated[RowsFormat | None, format_option()] = None,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Check that logs are as AWS wrote them.

    By the digests that lie among them: which files are signed, changed, missing or moved, and for which time every
    delivered file is here. Of a case also that it is as the last command left it. Works offline. The exit code is 1 if
    anything was changed or is missing.

    \b
    Examples:
      forensics verify AWSLogs/ --keys public_keys.json
      forensics verify --case my-case
    """
    form = chosen(RowsFormat, format, output)
    if paths and case:
        fail("a PATH and --case exclude each other; to check logs with a case, ingest them and their digests", 2)
    if not paths and (case := named_case(case)) is None:
        fail("say what to check: a PATH (a folder of logs and digests), or --case DIR", 2)
    with errors_told(), output_to(output, force=force):
        from forensics.case import verify_logs
        from forensics.output.answer import print_verification
        from forensics.output.terminal import progress

        if paths:
            with progress() as advance:
                found = verify_logs(paths, keys=keys or (), bucket=bucket, progress=advance)
        else:
            assert case
            with opened_case(case) as opened:
                found = opened.verify(keys=keys or (), bucket=bucket, head=head)
        print_verification(found, form)
    if found.complaint:
        fail(found.complaint)

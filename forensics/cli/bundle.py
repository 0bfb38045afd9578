"""forensics bundle"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.key import AccessKey
from forensics.cli.options import AnswerFormat, CaseOption, ForceOption, LogsOption, fail
from forensics.cli.question import asked_case

Archive = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="FILE", help="The archive to write: NAME.tar.gz or NAME.zip."),
]


def bundle(
    access_key: AccessKey,
    output: Archive,
    case: CaseOption = None,
    logs: LogsOption = None,
    force: ForceOption = False,
    format: Annotated[AnswerFormat, typer.Option(help="How to print what was packed.")] = AnswerFormat.TABLE,
) -> None:
    """Pack an answer with all that proves it.

    For somebody who has neither the case nor this program: the answer and the report, the complete source files of
    every event that proves it, their digests, public keys and signatures, the manifest and the custody log; and
    instructions to check all of it with sha256sum and openssl. The source files are read again and packed only if they
    are unchanged; they hold session tokens as delivered.

    \b
    Examples:
      forensics bundle ASIAZNW342S3J6ZQNFX7 --case my-case -o evidence.tar.gz
    """
    if not output.name.endswith((".tar.gz", ".tgz", ".zip")):
        fail(f"{output} names no archive; end it in .tar.gz or .zip", 2)
    with asked_case(case, logs) as opened:
        packed = opened.bundle(access_key, output, replace=force)
        from forensics.output.printers import print_answer

        print_answer(packed, format.value)

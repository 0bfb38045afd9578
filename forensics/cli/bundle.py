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
    format: Annotated[AnswerFormat, typer.Option(help="How to print the list of packed files.")] = AnswerFormat.TABLE,
) -> None:
    """Pack an answer with all its evidence.

    A bundle is for readers who have neither the case nor this program. It contains the answer, the report, the complete
    source files of every event that proves the answer, their digests, public keys and signatures, the manifest, the
    custody log, and instructions to check the bundle with sha256sum and openssl. Only source files that are unchanged
    are packed. Source files contain session tokens as delivered.

    \b
    Examples:
      forensics bundle ASIAZNW342S3J6ZQNFX7 --case my-case -o evidence.tar.gz
    """
    if not output.name.endswith((".tar.gz", ".tgz", ".zip")):
        fail(f"{output} is not the name of an archive; use NAME.tar.gz or NAME.zip", 2)
    with asked_case(case, logs) as opened:
        packed = opened.bundle(access_key, output, replace=force)
        from forensics.output.printers import print_answer

        print_answer(packed, format.value)

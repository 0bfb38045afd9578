"""forensics custody"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.options import (
    AnswerFormat,
    CaseOption,
    ForceOption,
    OutputOption,
    chosen,
    errors_reported,
    fail,
    format_option,
    named_case,
    opened_case,
    output_to,
)

Sign = Annotated[
    Path | None,
    typer.Option(
        "--sign",
        metavar="KEY",
        help="Sign the head with an SSH key: a private key file, or a public key file whose key ssh-agent holds.",
    ),
]


def custody(
    case: CaseOption = None,
    sign: Sign = None,
    format: Annotated[AnswerFormat | None, format_option()] = None,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Print and check the custody log of a case.

    The log records who loaded which files into the case, when and from where, and every later command with the hash of
    its answer. Each entry contains the hash of the previous one. The exit code is 1 if an entry was changed or removed.
    Printing the log is not logged.

    --sign signs the head (the hash of the last entry) with ssh-keygen and keeps the signature in the case. -o FILE also
    writes the signature to a file. Check the signature with `verify --allowed-signers`, or with ssh-keygen alone.

    \b
    Examples:
      forensics custody --case my-case
      forensics custody --case my-case --format json
      forensics custody --case my-case --sign ~/.ssh/id_ed25519 -o head.sig
    """
    if (case := named_case(case)) is None:
        fail("name the case whose log to print: --case DIR", 2)
    if sign is not None:
        _sign(case, sign, format or AnswerFormat.TABLE, output, force=force)
        return
    form = chosen(AnswerFormat, format, output)
    with errors_reported(), output_to(output, force=force):
        from forensics.case import Case
        from forensics.output.printers import print_answer

        with Case.open(case) as opened:
            log = opened.custody()
        print_answer(log, form)
    if log.problems:
        fail(f"the log was changed: {log.problems[0].where}: {log.problems[0].what}; `forensics verify` lists all")


def _sign(case: Path, key: Path, form: AnswerFormat, output: Path | None, *, force: bool) -> None:
    with errors_reported():
        from forensics.output.printers import print_answer

        with opened_case(case) as opened:
            seal = opened.seal(key)
        if output is not None:
            with output_to(output, force=force):
                print(seal.signature, end="")
        print_answer(seal, form)

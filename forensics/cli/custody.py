"""forensics custody"""

from __future__ import annotations

from typing import Annotated

from forensics.cli.options import (
    AnswerFormat,
    CaseOption,
    ForceOption,
    OutputOption,
    chosen,
    errors_told,
    fail,
    format_option,
    named_case,
    output_to,
)


def custody(
    case: CaseOption = None,
    format: Annotated[AnswerFormat | None, format_option()] = None,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Print and check the log of what was done with a case.

    Who read what into it, when and from where, and every question since, with the hash of its answer. Each entry
    carries the hash of the one before; the exit code is 1 if one was changed or removed. Printing is not logged.

    \b
    Examples:
      forensics custody --case my-case
      forensics custody --case my-case --format json
    """
    form = chosen(AnswerFormat, format, output)
    if (case := named_case(case)) is None:
        fail("say whose log to print: --case DIR", 2)
    with errors_told(), output_to(output, force=force):
        from forensics.case import Case
        from forensics.output.answer import print_custody

        with Case.open(case) as opened:
            log = opened.custody()
        print_custody(log, form)
    if log.problems:
        fail(f"the log was changed: {log.problems[0].where}: {log.problems[0].what}")

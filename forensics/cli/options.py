"""Options that several commands share, and the case that they name."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from forensics.case import Case

CaseOption = Annotated[Path | None, typer.Option("--case", metavar="DIR", help="The case to ask, made by `ingest`.")]
LogsOption = Annotated[
    Path | None,
    typer.Option("--logs", metavar="PATH", help="A folder of logs to ask instead; needs no case made first."),
]


class AnswerFormat(StrEnum):
    TABLE = "table"
    JSON = "json"


class RowsFormat(StrEnum):
    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


UNREADABLE = 3


def fail(message: str, code: int = 1) -> NoReturn:
    """Say what went wrong in one line on standard error."""
    from forensics.output.escape import for_terminal

    sys.stderr.write(f"forensics: {for_terminal(' '.join(message.split()))}\n")
    raise typer.Exit(code)


@contextmanager
def errors_told() -> Iterator[None]:
    """Turn an error of the case into one line and exit code 1; a sole subject that is no identifier is a usage error."""
    from forensics.case import ERRORS, NotAnIdentifier

    try:
        yield
    except NotAnIdentifier as error:
        fail(str(error), 2)
    except ERRORS as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or 'the case'}: {error.strerror or error}")


@contextmanager
def asked_case(case: Path | None, logs: Path | None) -> Iterator[Case]:
    """The case of --case, or one made of --logs for this one question."""
    if (case is None) == (logs is None):
        fail("say where to look: --case DIR (a case made by `forensics ingest`) or --logs PATH (a folder of logs)", 2)
    from forensics.case import Case
    from forensics.output.terminal import progress

    with errors_told():
        if case is not None:
            with Case.open(case) as opened:
                yield opened
            return
        assert logs is not None
        with (
            progress() as tell,
            Case.from_logs(logs, progress=lambda done, total, file: tell(done, total, file.name)) as made,
        ):
            yield made

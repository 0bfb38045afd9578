"""Options that several commands share, and the case that they name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
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

IpRangesOption = Annotated[
    Path | None,
    typer.Option("--ip-ranges", metavar="FILE", help="AWS's ip-ranges.json: tells addresses of AWS from others."),
]


def utc_time(text: str) -> datetime:
    """A time as this program prints it, or less of one; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time; write 2026-10-04, or 2026-10-04T02:24:19Z") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


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
    from forensics.output.terminal import tell

    tell(message)
    raise typer.Exit(code)


@contextmanager
def errors_told() -> Iterator[None]:
    """Tell an error of the case in one line, exit code 1; a sole subject that is no identifier is a usage error."""
    from forensics.case import ERRORS, NotAnIdentifier

    try:
        yield
    except NotAnIdentifier as error:
        fail(str(error), 2)
    except ERRORS as error:
        fail(str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        fail(f"{where}{error.strerror or error}")


@contextmanager
def asked_case(case: Path | None, logs: Path | None) -> Iterator[Case]:
    """The case of --case, or one made of --logs for this one question.

    Where some of the logs could not be read, the question is answered, standard error says so, and the exit code is 3.
    """
    if case is None and logs is None:
        fail("say where to look: --logs PATH (a folder of logs), or --case DIR (made by `forensics ingest`)", 2)
    if case is not None and logs is not None:
        fail("--case and --logs exclude each other; to add logs to a case, use `forensics ingest PATH --case DIR`", 2)
    from forensics.case import Case
    from forensics.output.terminal import progress, tell

    with errors_told():
        if case is not None:
            with Case.open(case) as opened:
                yield opened
            return
        assert logs is not None
        with progress() as advance:
            made = Case.from_logs(logs, progress=lambda done, total, _file: advance(done, total))
        with made:
            yield made
            if made.unread_note:
                tell(made.unread_note)
                raise typer.Exit(UNREADABLE)

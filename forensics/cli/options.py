"""Options: what several commands read from the command line, and what all of them do with a case, files and errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from forensics.cli.times import is_relative, time_zone, utc_time

if TYPE_CHECKING:
    from forensics.case import Case, Progress
    from forensics.output.terminal import Advance

PLAIN: dict[str, Any] = {"add_completion": False, "rich_markup_mode": None, "pretty_exceptions_enable": False}
"""How Typer builds each command: help and errors as plain text."""

CaseOption = Annotated[
    Path | None,
    typer.Option(
        "--case",
        metavar="DIR",
        help="The case to ask, made by `ingest`; without it, that of $FORENSICS_CASE.",
    ),
]
LogsOption = Annotated[
    Path | None,
    typer.Option("--logs", metavar="PATH", help="A folder of logs to ask instead; needs no case made first."),
]

IpRangesOption = Annotated[
    Path | None,
    typer.Option("--ip-ranges", metavar="FILE", help="AWS's ip-ranges.json: tells addresses of AWS from others."),
]

GeoOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--geo",
        metavar="FILE",
        help="A database of addresses in MaxMind's format (.mmdb): city, country or ASN; may be given several times.",
    ),
]


def _check_place(context: typer.Context, file: Path | None) -> Path | None:
    """Before the work, not after it; `-` is standard output."""
    if file == Path("-"):
        return None
    if file is not None and not context.resilient_parsing:
        from forensics.errors import CannotWrite
        from forensics.private_file import check_place

        try:
            check_place(file, replace=context.params["force"])
        except CannotWrite as error:
            fail(str(error), 2)
    return file


OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        callback=_check_place,
        help="Write to a new file, private to you, in the format that its name ends in.",
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", is_eager=True, help="Replace the file of -o.")]


def _known_zone(context: typer.Context, name: str) -> str:
    if not context.resilient_parsing:
        with _said_as_usage():
            time_zone(name)
    return name


def said_moment(text: str, zone: str) -> datetime:
    """The time that a text says; told in UTC where it could be another elsewhere or tomorrow."""
    with _said_as_usage():
        moment = utc_time(text, time_zone(zone))
    if is_relative(text) or moment != utc_time(text):
        from forensics.output.terminal import tell

        tell(f"{text} is {moment:%Y-%m-%d %H:%M:%SZ}")
    return moment


def _moment(context: typer.Context, text: str | None) -> datetime | None:
    if text is None or context.resilient_parsing:
        return None
    return said_moment(text, context.params["tz"])


@contextmanager
def _said_as_usage() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def time_option(*names: str, help: str) -> Any:
    """An option that takes a time as people write it; the command gets a moment in UTC. Goes with `--tz`."""
    return typer.Option(*names, parser=str, callback=_moment, metavar="TIME", help=help)


ZoneOption = Annotated[
    str,
    typer.Option(
        "--tz",
        callback=_known_zone,
        is_eager=True,
        metavar="ZONE",
        show_default=False,
        help="The zone of times that name none, such as Europe/Berlin; UTC without it. Answers are in UTC.",
    ),
]


class AnswerFormat(StrEnum):
    TABLE = "table"
    JSON = "json"


class RowsFormat(StrEnum):
    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"


class GraphFormat(StrEnum):
    TABLE = "table"
    JSON = "json"
    MERMAID = "mermaid"
    DOT = "dot"


class WhoFormat(StrEnum):
    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"
    MERMAID = "mermaid"
    DOT = "dot"


class KeyFormat(StrEnum):
    TABLE = "table"
    JSON = "json"
    TIMESKETCH_CSV = "timesketch-csv"
    TIMESKETCH_JSONL = "timesketch-jsonl"


class EventsFormat(StrEnum):
    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"
    TIMESKETCH_CSV = "timesketch-csv"
    TIMESKETCH_JSONL = "timesketch-jsonl"


_ENDINGS = {"mmd": "mermaid", "gv": "dot"}
# what is no text, or is bytes as they came, which may hold commands for a terminal
_NOT_FOR_A_SCREEN = {"parquet", "xlsx", "raw"}
Formats = TypeVar("Formats", bound=StrEnum)


def format_option(what: str = "the answer") -> Any:
    """How to print it; the command passes it to `chosen`."""
    return typer.Option("--format", help=f"How to print {what}; a table without it, or what -o FILE ends in.")


def chosen(formats: type[Formats], format: Formats | None, file: Path | None) -> Formats:
    """The format asked for, else the one that the file's name ends in, else the first."""
    ending = file.suffix.removeprefix(".").lower() if file else ""
    named = _ENDINGS.get(ending, ending)
    wanted = format or (formats(named) if named in set(formats) else next(iter(formats)))
    if wanted in _NOT_FOR_A_SCREEN and file is None and sys.stdout.isatty():
        fail(f"{wanted} is not for a screen; name a file: -o FILE", 2)
    return wanted


UNREADABLE = 3


def fail(message: str, code: int = 1) -> NoReturn:
    """Say what went wrong in one line on standard error."""
    from forensics.output.terminal import tell

    tell(message)
    raise typer.Exit(code)


@contextmanager
def errors_told() -> Iterator[None]:
    """Tell an error of the case in one line, exit code 1; a sole subject that is no identifier is a usage error."""
    from forensics.errors import ForensicsError, NotAnIdentifier

    try:
        yield
    except NotAnIdentifier as error:
        fail(str(error), 2)
    except ForensicsError as error:
        fail(str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        fail(f"{where}{error.strerror or error}")


@contextmanager
def output_to(file: Path | None, *, force: bool) -> Iterator[None]:
    """Where the answer is printed: standard output, or a file of its own."""
    if file is None:
        yield
        return
    from forensics.private_file import private_file

    with private_file(file, replace=force) as written, redirect_stdout(written):
        yield


def named_case(case: Path | None) -> Path | None:
    """The case of --case, else the one in use."""
    in_use = os.environ.get("FORENSICS_CASE")
    return case or (Path(in_use) if in_use else None)


def told_to(advance: Advance) -> Progress:
    """What tells how far an ingest is to the line of progress."""
    return lambda done: advance(done.files, done.of_files, done.bytes, done.of_bytes, done.records)


@contextmanager
def opened_case(case: Path) -> Iterator[Case]:
    """The case at a folder; standard error says so if its use or its tables could not be recorded."""
    from forensics.case import Case

    with Case.open(case) as opened:
        yield opened
        tell_notes(opened)


def tell_notes(case: Case) -> None:
    """Say what about the use of a case could not be recorded."""
    from forensics.output.terminal import tell

    for note in (case.custody_note, case.rebuild_note):
        if note:
            tell(note)

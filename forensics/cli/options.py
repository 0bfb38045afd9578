"""Options: options that several commands share, and how commands open cases, write files and report errors."""

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
        help="The case, created by `ingest`. Default: $FORENSICS_CASE.",
    ),
]
LogsOption = Annotated[
    Path | None,
    typer.Option("--logs", metavar="PATH", help="A folder of logs to read instead of a case."),
]

IpRangesOption = Annotated[
    Path | None,
    typer.Option(
        "--ip-ranges",
        exists=True,
        dir_okay=False,
        metavar="FILE",
        help="AWS's ip-ranges.json, to recognize addresses of AWS.",
    ),
]

GeoOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--geo",
        exists=True,
        dir_okay=False,
        metavar="FILE",
        help="An address database in MaxMind's format (.mmdb): city, country or ASN; can be repeated.",
    ),
]


def _check_place(context: typer.Context, file: Path | None) -> Path | None:
    """Check -o before the command does any work. `-` is standard output."""
    if file == Path("-"):
        return None
    if file is not None and not context.resilient_parsing:
        from forensics.errors import CannotWrite
        from forensics.files.private_file import check_place

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
        help="Write to a new file that only you can read. Its extension selects the format.",
    ),
]
EveryOption = Annotated[bool, typer.Option("--all", help="Show long lists: up to a hundred entries each.")]
ForceOption = Annotated[bool, typer.Option("--force", is_eager=True, help="Replace the file of -o if it exists.")]


def _known_zone(context: typer.Context, name: str) -> str:
    if not context.resilient_parsing:
        with _as_usage_error():
            time_zone(name)
    return name


def parsed_time(text: str, zone: str) -> datetime:
    """Return the time in UTC that a text names; print it if it depends on the zone or on the current time."""
    with _as_usage_error():
        moment = utc_time(text, time_zone(zone))
    if is_relative(text) or moment != utc_time(text):
        from forensics.output.terminal import tell

        tell(f"{text} is {moment:%Y-%m-%d %H:%M:%SZ}")
    return moment


def _parse(context: typer.Context, parameter: typer.CallbackParam, text: str | None) -> datetime | None:
    if text is None or context.resilient_parsing:
        return None
    moment = parsed_time(text, context.params["tz"])
    period = {**context.params, parameter.name: moment}  # the later one of --since and --until has both
    if (since := period.get("since")) and (until := period.get("until")):
        from forensics.case import check_period

        with _as_usage_error():
            check_period(since, until)
    return moment


def checked_option(*names: str, metavar: str, help: str) -> Any:
    """Return an option that refuses values that no event can have, before any work."""
    return typer.Option(*names, metavar=metavar, help=help, callback=_check_option)


def _check_option(context: typer.Context, parameter: typer.CallbackParam, given: Any) -> Any:
    if given is not None and not context.resilient_parsing:
        from forensics.case import check_texts

        with _as_usage_error():
            check_texts(parameter.opts[0], [given] if isinstance(given, str) else given)
    return given


def subject_argument(metavar: str, help: str) -> Any:
    """Return an argument for what a command is about; it cannot be empty."""
    return typer.Argument(metavar=metavar, help=help, show_default=False, callback=_check_subject)


def _check_subject(context: typer.Context, given: Any) -> Any:
    texts = [given] if isinstance(given, str) else given
    if not context.resilient_parsing and not all(text.strip() for text in texts):
        raise typer.BadParameter("the value is empty; is a variable of the shell unset?")
    return given


@contextmanager
def _as_usage_error() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def time_option(*names: str, help: str) -> Any:
    """Return an option that parses a time to UTC. The command needs `--tz`, too."""
    return typer.Option(*names, parser=str, callback=_parse, metavar="TIME", help=help)


ZoneOption = Annotated[
    str,
    typer.Option(
        "--tz",
        callback=_known_zone,
        is_eager=True,
        metavar="ZONE",
        show_default=False,
        help="The zone of times that you type without one, such as Europe/Berlin. Default: UTC. Answers are in UTC.",
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
_TEXT = {"txt", "text"}
_WITH_ENDING = {"json", "jsonl", "csv", "parquet", "xlsx", "html"}
# binary formats, and bytes as delivered, which may contain control codes for a terminal
_NOT_FOR_A_SCREEN = {"parquet", "xlsx", "raw"}
Formats = TypeVar("Formats", bound=StrEnum)


def format_option(what: str = "the answer") -> Any:
    """Return the option --format; the command passes its value to `chosen`."""
    return typer.Option("--format", help=f"How to print {what}. Default: table, or the extension of -o FILE.")


def chosen(formats: type[Formats], format: Formats | None, file: Path | None) -> Formats:
    """Return the requested format, or the one that the file's name ends in, or the first."""
    ending = file.suffix.removeprefix(".").lower() if file else ""
    named = _ENDINGS.get(ending, ending)
    wanted = format or (formats(named) if named in set(formats) else next(iter(formats)))
    if format is None and ending and named not in {*formats, *_TEXT}:
        endings = [f".{one}" for one in formats if one in _WITH_ENDING]
        fail(f"cannot write a .{ending} file; name a file ending in {', '.join(endings)}, or use --format", 2)
    if wanted in _NOT_FOR_A_SCREEN and file is None and sys.stdout.isatty():
        fail(f"{wanted} cannot be shown on a screen; name a file: -o FILE", 2)
    return wanted


UNREADABLE = 3


def fail(message: str, code: int = 1) -> NoReturn:
    """Print an error of one line on standard error, and exit with `code`. Raises typer.Exit."""
    from forensics.output.terminal import Level, tell

    tell(message, Level.ERROR)
    raise typer.Exit(code)


@contextmanager
def errors_reported() -> Iterator[None]:
    """Print errors of a case as one line and exit with 1; wrong input is a usage error and exits with 2."""
    from forensics.errors import ForensicsError, InputError

    try:
        yield
    except InputError as error:
        fail(str(error), 2)
    except ForensicsError as error:
        fail(str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        fail(f"{where}{error.strerror or error}")


@contextmanager
def output_to(file: Path | None, *, force: bool) -> Iterator[None]:
    """Redirect standard output to a file, if one is given, and confirm that it was written."""
    if file is None:
        yield
        return
    from forensics.files.private_file import private_file
    from forensics.output.terminal import tell

    with private_file(file, replace=force) as written, redirect_stdout(written):
        yield
    tell(f"wrote {file}, {file.stat().st_size:,} bytes")


def named_case(case: Path | None) -> Path | None:
    """Return the case of --case, or of $FORENSICS_CASE."""
    in_use = os.environ.get("FORENSICS_CASE")
    return case or (Path(in_use) if in_use else None)


def progress_callback(advance: Advance) -> Progress:
    """Return a callback that shows the progress of an ingest on the progress line."""
    return lambda done: advance(done.files, done.of_files, done.bytes, done.of_bytes, done.records)


@contextmanager
def opened_case(case: Path) -> Iterator[Case]:
    """Yield the case in a folder; print a note if the custody log or the tables could not be written."""
    from forensics.case import Case

    with Case.open(case) as opened:
        yield opened
        print_notes(opened)


def print_notes(case: Case) -> None:
    """Print what could not be recorded about the use of a case."""
    from forensics.output.terminal import tell

    for note in (case.custody_note, case.rebuild_note):
        if note:
            tell(note)

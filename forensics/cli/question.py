"""Question: the options that every question about a case has, and the case that they name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from inspect import Parameter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from forensics.cli.options import (
    UNREADABLE,
    CaseOption,
    ForceOption,
    LogsOption,
    OutputOption,
    chosen,
    errors_reported,
    fail,
    format_option,
    named_case,
    opened_case,
    output_to,
    progress_callback,
)

if TYPE_CHECKING:
    from forensics.case import Case

Command = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Question:
    """The values of the options that every question has."""

    case: Path | None
    logs: Path | None
    format: StrEnum
    output: Path | None
    force: bool

    @property
    def source(self) -> tuple[str, ...]:
        """The options that named the case or the logs, for further commands; none if $FORENSICS_CASE did."""
        named = (("--case", self.case), ("--logs", self.logs))
        return next(((option, str(path)) for option, path in named if path is not None), ())

    @contextmanager
    def opened(self) -> Iterator[Case]:
        """Open the case, and redirect standard output to the file of -o."""
        with asked_case(self.case, self.logs) as case, output_to(self.output, force=self.force):
            yield case

    def print(self, answer: object, kind: str = "") -> None:
        """Print an answer in the requested format. `kind`: what its rows are, such as events."""
        from forensics.output.printers import print_answer

        print_answer(answer, self.format, kind)


def question(formats: type[StrEnum], option: Any = None) -> Callable[[Command], Command]:
    """Add --case, --logs, --format, --output and --force to a command, which gets their values as `asked`.

    Typer reads options from the signature: --case and --logs replace `asked` in it, the others are appended.

    Args:
        formats: The formats of the answer, the default first.
        option: The option --format, if its help differs from that of `format_option()`.
    """
    of_case = [_parameter("case", CaseOption), _parameter("logs", LogsOption)]
    of_answer = [
        _parameter("format", Annotated[formats | None, option or format_option()]),
        _parameter("output", OutputOption),
        _parameter("force", ForceOption, default=False),
    ]

    def with_options(command: Command) -> Command:
        own = inspect.signature(command, eval_str=True).parameters
        before = list(own).index("asked")
        others = [parameter.replace(kind=Parameter.KEYWORD_ONLY) for parameter in own.values()]
        parameters = [*others[:before], *of_case, *others[before + 1 :], *of_answer]

        @wraps(command)
        def asking(
            case: Path | None,
            logs: Path | None,
            format: StrEnum | None,
            output: Path | None,
            force: bool,
            **own: object,
        ) -> None:
            command(asked=Question(case, logs, chosen(formats, format, output), output, force), **own)

        asking.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        asking.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return asking

    return with_options


def _parameter(name: str, annotation: object, default: object = None) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


@contextmanager
def asked_case(case: Path | None, logs: Path | None) -> Iterator[Case]:
    """Yield the case of --case or $FORENSICS_CASE, or a temporary case of --logs.

    If some of the logs cannot be read, the question is still answered, standard error says so, and the exit code is 3.
    """
    if case is not None and logs is not None:
        fail("--case and --logs exclude each other; to add logs to a case, use `forensics ingest PATH --case DIR`", 2)
    if logs is None and (case := named_case(case)) is None:
        fail("name the logs: --logs PATH (a folder of logs), or --case DIR (created by `forensics ingest`)", 2)
    from forensics.case import Case
    from forensics.output.terminal import Level, progress, tell

    with errors_reported():
        if case is not None:
            with opened_case(case) as opened:
                yield opened
            return
        assert logs is not None
        with progress() as advance:
            made = Case.from_logs(logs, progress=progress_callback(advance))
        with made:
            yield made
            if made.unread_note:
                tell(made.unread_note, Level.ERROR)
                raise typer.Exit(UNREADABLE)

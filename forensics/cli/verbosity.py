"""Verbosity: the options --quiet and --verbose, which every command has."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from inspect import Parameter
from typing import Annotated, Any

import typer

from forensics.output.terminal import Level, show_up_to

Command = Callable[..., None]


def _be_quiet(wanted: bool) -> None:
    if wanted:
        show_up_to(Level.ERROR)


def _be_verbose(wanted: bool) -> None:
    if wanted:
        show_up_to(Level.DETAIL)


_OPTIONS = {
    "quiet": Annotated[
        bool, typer.Option("--quiet", "-q", callback=_be_quiet, help="Print only the answer and errors.")
    ],
    "verbose": Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", callback=_be_verbose, help="Print the time taken, and where an unexpected error arose."
        ),
    ],
}


def with_verbosity(command: Command) -> Command:
    """Add --quiet and --verbose to a command that does not have them; Typer reads its options from the signature."""
    own = inspect.signature(command, eval_str=True).parameters.values()
    if _OPTIONS.keys() <= {parameter.name for parameter in own}:
        return command
    added = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=False, annotation=option) for name, option in _OPTIONS.items()
    ]
    parameters = [*(parameter.replace(kind=Parameter.KEYWORD_ONLY) for parameter in own), *added]

    @wraps(command)
    def without_them(**given: Any) -> None:
        command(**{name: value for name, value in given.items() if name not in _OPTIONS})

    without_them.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    without_them.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return without_them

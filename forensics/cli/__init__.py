"""The command line: parse, ask `Case`, hand the answer to `output`.

Commands import what they need when they run: `forensics --help` starts no database.
Exit codes: 0 answered, also when the answer is that it is not in the logs; 1 an error, told in one line on standard
error; 2 a usage error; 3 answered or ingested, but some input could not be read. No traceback reaches a user.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections import UserDict
from contextlib import suppress
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from forensics import __version__
from forensics.cli.options import PLAIN
from forensics.runtime import without_pandas

# In the order of `forensics --help`. forensics/cli/NAME.py has the function or the group of commands NAME.
_NAMES = (
    "who",
    "key",
    "ingest",
    "snapshot",
    "tree",
    "report",
    "events",
    "info",
    "coverage",
    "keys",
    "accounts",
    "sql",
    "query",
    "schema",
    "connect",
    "verify",
    "custody",
    "extract",
    "bundle",
    "sample",
)


class Commands(UserDict[str, Any]):
    """The commands by name, each imported and built when it is asked for: building all takes longer than an answer."""

    def __getitem__(self, name: str) -> Any:
        if name not in self.data:
            raise KeyError(name)
        command = getattr(import_module(f"forensics.cli.{name}"), name)
        if not isinstance(command, typer.Typer):
            group = typer.Typer(**PLAIN)
            group.command()(command)
            command = group
        return get_command(command)


class _Program(TyperGroup):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = Commands(dict.fromkeys(_NAMES))

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        return list(self.commands)  # Typer's own builds each


app = typer.Typer(name="forensics", cls=_Program, **PLAIN | {"add_completion": True})

_USAGE = 2
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"forensics {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _program(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback has answered
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Who did what with each AWS access key, from CloudTrail logs alone.

    \b
    Ask a folder of logs:
      forensics who ASIAZNW342S3J6ZQNFX7 --logs sample_logs

    \b
    Or keep them as a case, and ask as often as you like:
      forensics ingest sample_logs --case my-case
      forensics who ASIAZNW342S3J6ZQNFX7 --case my-case
      forensics events --case my-case --key ASIAZNW342S3J6ZQNFX7
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(arguments: list[str] | None = None) -> None:
    """Run the command line, the process's own unless `arguments` are given, and exit with its code."""
    if arguments is None:
        _open_closed_streams()
        _end_in_order()
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        _speak_utf8(stream)
    if arguments is None:
        without_pandas()
    try:
        code = app(arguments, prog_name="forensics", standalone_mode=False) or _flushed()
    except typer.TyperException as error:
        code = _usage_error(error)
    except (Stopped, KeyboardInterrupt, typer.Abort) as stop:
        code = _stopped(stop)
    except Exception as error:  # noqa: BLE001 - the last resort: one line, whatever happened
        code = _stopped(_stops[0]) if _stops else _failed(error)
    sys.exit(code)


class Stopped(BaseException):
    """A signal ends the command. Its notes say what the command has done by then."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


# A library that is interrupted may raise an error of its own instead.
_stops: list[Stopped] = []


def _end_in_order() -> None:
    """Make signals that end the process raise Stopped, so that children and temporary files go, too."""

    def stop(number: int, _frame: object) -> None:
        for other in _ENDING:
            signal.signal(other, signal.SIG_IGN)  # what cleans up now is not stopped again
        _stops.append(Stopped(number))
        raise _stops[0]

    for number in _ENDING:
        if signal.getsignal(number) != signal.SIG_IGN:  # as `nohup` has it
            signal.signal(number, stop)


def _stopped(stop: BaseException) -> int:
    number = stop.number if isinstance(stop, Stopped) else signal.SIGINT
    what = "interrupted" if number == signal.SIGINT else f"ended by {signal.Signals(number).name}"
    _say("; ".join([what, *getattr(stop, "__notes__", ())]))
    return 128 + number


def _open_closed_streams() -> None:
    """Open the null device in place of a closed stream: the next file would get its number, and the output."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
            setattr(sys, name, open(number, "r" if name == "stdin" else "w", encoding="utf-8", closefd=False))  # noqa: SIM115


def _flushed() -> int:
    """Write what is left of the output; an error of that is no surprise at the very end."""
    sys.stdout.flush()
    return 0


def _speak_utf8(stream: object) -> None:
    """Logs are UTF-8 whatever the locale says, and what is not must stop nobody."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure:
        reconfigure(encoding="utf-8", errors="backslashreplace")


def _usage_error(error: typer.TyperException) -> int:
    """One line; what was typed is repeated only where it cannot be a secret."""
    from forensics.output.escape import without_secrets

    message = error.format_message()
    if message:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "forensics"
        _say(f"{without_secrets(message).rstrip('.')}; see `{command} --help`")
    return _USAGE


def _failed(error: Exception) -> int:
    """Say in one line what ended the command."""
    if isinstance(error, BrokenPipeError):  # `| head` has seen enough
        _discard_output()
        return 0
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryException" or _has_no_memory(error):
        _say("memory ran out; free some, or ingest fewer logs: `forensics ingest --help` lists the filters")
    elif isinstance(error, OSError):
        _discard_output()
        where = f"{error.filename}: " if error.filename else "the output could not be written: "
        _say(f"{where}{error.strerror or error}")
    else:
        _say(_unexpected(error))
    return 1


def _has_no_memory(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno == errno.ENOMEM


def _discard_output() -> None:
    """Keep Python from writing the rest of the output again while it exits."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _unexpected(error: Exception) -> str:
    """What is needed to report it: the kind of error, and where it arose."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f" ({os.path.basename(trace.tb_frame.f_code.co_filename)}, line {trace.tb_lineno})" if trace else ""  # noqa: PTH119
    return f"unexpected {type(error).__name__}: {error}{where}"


def _say(message: str) -> None:
    from forensics.output.terminal import tell

    tell(message)

"""The command line: parse arguments, call `Case`, print its answer with `output`.

Commands import what they need when they run, so `forensics --help` does not load DuckDB.
Exit codes: 0 answered, also if the subject is not in the logs; 1 an error, reported in one line on standard error; 2 a
usage error; 3 answered or ingested, but some input could not be read. Users never see a traceback.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
import traceback
from collections import UserDict
from contextlib import suppress
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from forensics import __version__
from forensics.cli.options import PLAIN
from forensics.cli.plain_arguments import take_plainly
from forensics.cli.verbosity import with_verbosity
from forensics.output.terminal import Level, show_up_to, tell
from forensics.processes.runtime import without_pandas

# in the order of `forensics --help`; forensics/cli/NAME.py defines the command or the group NAME
_NAMES = (
    "triage",
    "who",
    "key",
    "ingest",
    "snapshot",
    "tree",
    "story",
    "address",
    "user",
    "role",
    "resource",
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
    """The commands by name. Each is imported and built on access: building all takes longer than an answer."""

    def __getitem__(self, name: str) -> Any:
        if name not in self.data:
            raise KeyError(name)
        command = getattr(import_module(f"forensics.cli.{name}"), name)
        if not isinstance(command, typer.Typer):
            group = typer.Typer(**PLAIN)
            group.command()(command)
            command = group
        for info in command.registered_commands:
            if info.callback:
                info.callback = with_verbosity(info.callback)
        built = get_command(command)
        for one in (built, *getattr(built, "commands", {}).values()):
            take_plainly(one)
        return built


class _Program(TyperGroup):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = Commands(dict.fromkeys(_NAMES))
        take_plainly(self)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        return list(self.commands)  # the method of Typer would build every command


app = typer.Typer(
    name="forensics",
    cls=_Program,
    context_settings={"help_option_names": ["-h", "--help"]},
    **PLAIN | {"add_completion": True},
)

_USAGE = 2
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"forensics {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _program(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback prints it
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Show who requested each AWS credential, and what was done with it, from CloudTrail logs alone.

    \b
    Query a folder of logs:
      forensics who ASIAZNW342S3J6ZQNFX7 --logs sample_logs

    \b
    Or load the logs into a case, and query it as often as you like:
      forensics ingest sample_logs --case my-case
      forensics triage --case my-case
      forensics who ASIAZNW342S3J6ZQNFX7 --case my-case
      forensics events --case my-case --key ASIAZNW342S3J6ZQNFX7
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(arguments: list[str] | None = None) -> None:
    """Run a command line, by default that of the process, and exit with its code."""
    started = time.monotonic()
    show_up_to(Level.NOTE)
    if arguments is None:
        _open_closed_streams()
        _raise_on_signals()
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        _use_utf8(stream)
    if arguments is None:
        without_pandas()
    try:
        code = app(arguments, prog_name="forensics", standalone_mode=False) or _flushed()
    except typer.TyperException as error:
        code = _usage_error(error)
    except (Stopped, KeyboardInterrupt, typer.Abort) as stop:
        code = _stopped(stop)
    except Exception as error:  # noqa: BLE001 - the last resort: users see one line, never a traceback
        code = _stopped(_stops[0]) if _stops else _failed(error)
    if _stops and code == 1:  # the command reported the error of the interrupted library as its own
        code = _stopped(_stops[0])
    tell(f"took {time.monotonic() - started:.1f} s", Level.DETAIL)
    sys.exit(code)


class Stopped(BaseException):
    """Raised when a signal ends the command. Its notes describe what the command did until then."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


# an interrupted library may raise an error of its own instead
_stops: list[Stopped] = []


def _raise_on_signals() -> None:
    """Make signals that end the process raise Stopped, so that child processes and temporary files are removed."""

    def stop(number: int, _frame: object) -> None:
        for other in _ENDING:
            signal.signal(other, signal.SIG_IGN)  # a second signal must not interrupt the cleanup
        _stops.append(Stopped(number))
        raise _stops[0]

    for number in _ENDING:
        if signal.getsignal(number) != signal.SIG_IGN:  # as under `nohup`
            signal.signal(number, stop)


def _stopped(stop: BaseException) -> int:
    number = stop.number if isinstance(stop, Stopped) else signal.SIGINT
    what = "interrupted" if number == signal.SIGINT else f"ended by {signal.Signals(number).name}"
    _say("; ".join([what, *getattr(stop, "__notes__", ())]))
    return 128 + number


def _open_closed_streams() -> None:
    """Open the null device for a closed stream: otherwise the next opened file would get its number, and the output."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number
            setattr(sys, name, open(number, "r" if name == "stdin" else "w", encoding="utf-8", closefd=False))  # noqa: SIM115


def _flushed() -> int:
    """Flush the output, so that an error is reported, not ignored at exit."""
    sys.stdout.flush()
    return 0


def _use_utf8(stream: object) -> None:
    """Use UTF-8 whatever the locale is, and escape what cannot be encoded."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure:
        reconfigure(encoding="utf-8", errors="backslashreplace")


def _usage_error(error: typer.TyperException) -> int:
    """Print a usage error of one line; arguments that could be secrets are masked."""
    from forensics.output.escape import without_secrets

    message = error.format_message()
    if message:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "forensics"
        _say(f"{without_secrets(message).rstrip('.')}; see `{command} --help`")
    return _USAGE


def _failed(error: Exception) -> int:
    """Print the error that ended the command, in one line."""
    if isinstance(error, BrokenPipeError):  # as with `| head`
        _discard_output()
        return 0
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryException" or _has_no_memory(error):
        _say("out of memory; free some, or ingest fewer logs: `forensics ingest --help` lists the filters")
    elif isinstance(error, OSError):
        _discard_output()
        where = f"{error.filename}: " if error.filename else "cannot write the output: "
        _say(f"{where}{error.strerror or error}")
    else:
        _say(_unexpected(error))
        _tell_trace(error)
    return 1


def _has_no_memory(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno == errno.ENOMEM


def _discard_output() -> None:
    """Keep Python from writing the rest of the output again at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _unexpected(error: Exception) -> str:
    """Return the type of an error and its place in the code, for a bug report."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f" ({os.path.basename(trace.tb_frame.f_code.co_filename)}, line {trace.tb_lineno})" if trace else ""  # noqa: PTH119
    return f"unexpected {type(error).__name__}: {error}{where}"


def _tell_trace(error: Exception) -> None:
    for entry in traceback.format_exception(error):
        for text in entry.splitlines():
            tell(text, Level.DETAIL)


def _say(message: str) -> None:
    tell(message, Level.ERROR)

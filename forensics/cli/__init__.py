"""The command line: parse, ask `Case`, hand the answer to `output`.

Commands import what they need when they run: `forensics --help` starts no database.
Exit codes: 0 answered, also when the answer is that it is not in the logs; 1 an error, told in one line on standard
error; 2 a usage error; 3 answered or ingested, but some input could not be read. No traceback reaches a user.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from forensics import __version__
from forensics.cli import (
    accounts,
    bundle,
    coverage,
    custody,
    events,
    extract,
    info,
    ingest,
    key,
    keys,
    query,
    report,
    sample,
    schema,
    snapshot,
    tree,
    verify,
    who,
)
from forensics.without_pandas import without_pandas

app = typer.Typer(
    name="forensics",
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(who.who)
app.command()(key.key)
app.command()(ingest.ingest)
app.command()(snapshot.snapshot)
app.command()(tree.tree)
app.command()(report.report)
app.command()(events.events)
app.command()(info.info)
app.command()(coverage.coverage)
app.command()(keys.keys)
app.command()(accounts.accounts)
app.command()(events.sql)
app.add_typer(query.app)
app.command()(schema.schema)
app.command()(schema.connect)
app.command()(verify.verify)
app.command()(custody.custody)
app.command()(extract.extract)
app.command()(bundle.bundle)
app.command()(sample.sample)

_USAGE = 2
_INTERRUPTED = 130


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
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        _speak_utf8(stream)
    if arguments is None:
        without_pandas()
    try:
        code = app(arguments, prog_name="forensics", standalone_mode=False)
    except typer.TyperException as error:
        code = _usage_error(error)
    except (KeyboardInterrupt, typer.Abort):
        code = _INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last resort: one line, whatever happened
        code = _unexpected(error)
    if code == _INTERRUPTED:
        _say("interrupted")
    sys.exit(code)


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


def _unexpected(error: Exception) -> int:
    """What is needed to report it: the kind of error, and where it arose."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f" ({os.path.basename(trace.tb_frame.f_code.co_filename)}, line {trace.tb_lineno})" if trace else ""  # noqa: PTH119
    _say(f"unexpected {type(error).__name__}: {error}{where}")
    return 1


def _say(message: str) -> None:
    from forensics.output.terminal import tell

    tell(message)

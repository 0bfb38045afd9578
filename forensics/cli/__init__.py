"""The command line: parse, ask `Case`, hand the answer to `output`.

Commands import what they need when they run: `forensics --help` starts no database.
Exit codes: 0 answered, also when the answer is that it is not in the logs; 1 an error, told in one line on standard
error; 2 a usage error; 3 answered or ingested, but some input could not be read.
"""

from __future__ import annotations

import sys

import typer

from forensics.cli import events, info, ingest, sample, who

app = typer.Typer(
    name="forensics",
    help="Who did what with each AWS access key, from CloudTrail logs alone.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(who.who)
app.command()(ingest.ingest)
app.command()(events.events)
app.command()(info.info)
app.command()(events.sql)
app.command()(sample.sample)


def main() -> None:
    """Run the command line. No traceback reaches a user."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)

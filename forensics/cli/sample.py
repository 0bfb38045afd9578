"""forensics sample"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.options import errors_told, fail


def sample(folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")]) -> None:
    """Write the sample logs to a folder.

    An organisation of five accounts over five days, and one incident; its README.md tells the story as questions.

    \b
    Example:
      forensics sample sample_logs
    """
    if folder.exists():
        fail(f"{folder} is there already; name a new folder", 2)
    with errors_told():
        from forensics.case import write_sample_logs

        write_sample_logs(folder)
    from forensics.output.escape import for_terminal

    typer.echo(for_terminal(f"{folder}: begin with {folder / 'README.md'}"))

"""forensics sample"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.options import errors_reported, fail
from forensics.processes.runtime import packaged_folder


def sample(folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")]) -> None:
    """Write the sample logs to a folder.

    The logs are five days of an organization with five accounts and one incident. README.md in the folder walks through
    the incident, question by question.

    \b
    Example:
      forensics sample sample_logs
    """
    if folder.exists():
        fail(f"{folder} exists; name a new folder", 2)
    with errors_reported():
        shutil.copytree(packaged_folder("sample_logs"), folder)
    from forensics.output.escape import for_terminal

    typer.echo(for_terminal(f"{folder}: start with {folder / 'README.md'}"))

"""Terminal: where answers and diagnostics go. Answers to standard output, everything else to standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.text import Text

from forensics.output.escape import for_terminal

ReadFile = Callable[[int, int, str], None]
"""Called after each file: how many are done, how many there are, the file's name."""


def show(*parts: RenderableType) -> None:
    """Print parts of an answer on standard output."""
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=False)
    for part in parts:
        console.print(part)


def text(content: object, style: str = "") -> Text:
    """Text from a log, made harmless."""
    return Text(for_terminal(str(content)), style=style)


def join(*parts: str | Text) -> Text:
    """Parts on one line; plain strings are ours."""
    return Text.assemble(*parts)


@contextmanager
def progress() -> Iterator[ReadFile]:
    """A line that tells how far reading is, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _done, _total, _name: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("reading"), BarColumn(), MofNCompleteColumn(), TextColumn("files"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total, _name: bar.update(task, completed=done, total=total)

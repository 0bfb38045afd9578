"""Terminal: where answers and diagnostics go. Answers to standard output, everything else to standard error."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from forensics.output.escape import for_terminal
from forensics.output.lines import Line, lay_out

ReadFile = Callable[[int, int], None]
"""Called after each file: how many are done, how many there are."""


def show(lines: Iterable[Line]) -> None:
    """Print lines of an answer on standard output."""
    write(lay_out(lines, width(), colour=_has_colour()))


def write(text: str) -> None:
    """Print text as it is. Whoever closed the pipe early (`| head`) has seen enough; that is no error."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def tell(message: str) -> None:
    """Say something about an answer, or why there is none, in one line on standard error."""
    sys.stderr.write(f"forensics: {for_terminal(' '.join(message.split()))}\n")


def width() -> int | None:
    """The width to fold at. What goes to a file or a pipe does not fold, unless COLUMNS asks for it."""
    if sys.stdout.isatty() or os.environ.get("COLUMNS"):
        return shutil.get_terminal_size().columns
    return None


def _has_colour() -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (sys.stdout.isatty() and os.environ.get("TERM") != "dumb")


@contextmanager
def progress() -> Iterator[ReadFile]:
    """A line that tells how far reading is, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("reading"), BarColumn(), MofNCompleteColumn(), TextColumn("files"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)

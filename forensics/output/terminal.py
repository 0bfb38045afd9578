"""Terminal: write answers to standard output, and everything else to standard error."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from enum import IntEnum
from typing import Protocol

from forensics.output.escape import for_terminal
from forensics.output.lines import Line, lay_out
from forensics.processes.runtime import find_program

_UNITS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"), (1, "bytes"))


class Advance(Protocol):
    """Called after each file with the number of files done and of all files, their bytes, and the records read."""

    def __call__(
        self, done: int, all: int, size: int = 0, sizes: int = 0, records: int = 0, what: str = "files"
    ) -> None: ...


def show(lines: Iterable[Line]) -> None:
    """Print lines of an answer on standard output, through a pager if they do not fit the terminal."""
    text = lay_out(lines, width(), color=_has_color())
    pager = _pager()
    if pager and text.count("\n") >= shutil.get_terminal_size().lines:
        _page(text, pager)
    else:
        write(text)


def write(text: str) -> None:
    """Print text unchanged."""
    with _ignored_broken_pipe():
        sys.stdout.write(text)
        sys.stdout.flush()


def write_bytes(content: bytes) -> None:
    """Print bytes."""
    with _ignored_broken_pipe():
        sys.stdout.buffer.write(content)
        sys.stdout.flush()


@contextmanager
def _ignored_broken_pipe() -> Iterator[None]:
    """Ignore that the reader closed the pipe early (`| head`)."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Level(IntEnum):
    """How much a command prints on standard error: errors, notes about the answer, or details for a bug report."""

    ERROR = 0
    NOTE = 1
    DETAIL = 2


_shown = Level.NOTE


def show_up_to(level: Level) -> None:
    """Print messages of this level and of those before it from now on."""
    global _shown  # noqa: PLW0603 - one program has one standard error
    _shown = level


def tell(message: str, level: Level = Level.NOTE) -> None:
    """Print a message as one line on standard error, if messages of its level are wanted."""
    if level > _shown:
        return
    with suppress(OSError):  # standard error is closed
        sys.stderr.write(f"forensics: {for_terminal(' '.join(message.split()))}\n")
        sys.stderr.flush()


def width() -> int | None:
    """Return the columns to fold at. Output to a file or pipe does not fold unless COLUMNS is set."""
    if sys.stdout.isatty() or os.environ.get("COLUMNS"):
        return shutil.get_terminal_size().columns
    return None


def _has_color() -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (sys.stdout.isatty() and os.environ.get("TERM") != "dumb")


def _pager() -> list[str]:
    """Return the command of $PAGER, otherwise `less`; an empty list outside of an interactive terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") == "dumb":
        return []
    command = shlex.split(os.environ.get("PAGER", "less"))
    program = find_program(command[0]) if command and command != ["cat"] else None
    return [program, *command[1:]] if program else []


def _page(text: str, command: list[str]) -> None:
    """Show the text in a pager. `less` keeps colors, leaves the text on the screen, and starts no other program."""
    environment = {"LESS": "FRX", "LESSSECURE": "1", **os.environ}
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # the pager handles interrupts
    try:
        subprocess.run(command, input=text, encoding="utf-8", env=environment, check=False)
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def progress() -> Iterator[Advance]:
    """Show the progress of reading in a status line, on a terminal only."""
    start = time.monotonic()
    with status("reading") as update:

        def advance(done: int, all: int, size: int = 0, sizes: int = 0, records: int = 0, what: str = "files") -> None:
            update(progress_text(done, all, size, sizes, records, time.monotonic() - start, what))

        yield advance


def progress_text(done: int, all: int, size: int, sizes: int, records: int, seconds: float, what: str = "files") -> str:
    """Return `120 of 4,000 files, 1.2 of 3.4 GB, 25,300 events/s, 0:02:05 left`.

    The time left is estimated by bytes if `sizes` is known, otherwise by files.
    """
    parts = [f"{done:,} of {all:,} {what}"]
    if sizes:
        unit, name = next((unit, name) for unit, name in _UNITS if sizes >= unit or unit == 1)
        digits = 1 if unit > 1 else 0
        parts += [f"{size / unit:,.{digits}f} of {sizes / unit:,.{digits}f} {name}"]
        parts += [f"{records / max(seconds, 0.001):,.0f} events/s"]
    share = size / sizes if sizes else done / max(all, 1)
    if done == all:
        parts.append("finishing")
    elif share:
        parts.append(f"{timedelta(seconds=round(seconds / share - seconds))} left")
    return ", ".join(parts)


@contextmanager
def status(text: str = "calling AWS") -> Iterator[Callable[[str], None]]:
    """Show a status line, on a terminal only; call the result to replace its text."""
    if _shown < Level.NOTE or not sys.stderr.isatty():
        yield lambda _text: None
        return
    from rich.console import Console

    with Console(stderr=True).status(text) as line:
        yield lambda text: line.update(for_terminal(text))

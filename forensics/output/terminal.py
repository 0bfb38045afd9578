"""Terminal: where answers and diagnostics go. Answers to standard output, everything else to standard error."""

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
from typing import Protocol

from forensics.output.escape import for_terminal
from forensics.output.lines import Line, lay_out
from forensics.runtime import find_program

_UNITS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"), (1, "bytes"))


class Advance(Protocol):
    """Called after each file: how many are done of all, of how many bytes, and how many records were in them."""

    def __call__(
        self, done: int, all: int, size: int = 0, sizes: int = 0, records: int = 0, what: str = "files"
    ) -> None: ...


def show(lines: Iterable[Line]) -> None:
    """Print lines of an answer on standard output; on a terminal that they do not fit, page by page."""
    text = lay_out(lines, width(), colour=_has_colour())
    pager = _pager()
    if pager and text.count("\n") >= shutil.get_terminal_size().lines:
        _page(text, pager)
    else:
        write(text)


def write(text: str) -> None:
    """Print text as it is."""
    with _whoever_leaves_early():
        sys.stdout.write(text)
        sys.stdout.flush()


def write_bytes(content: bytes) -> None:
    """Print what is no text."""
    with _whoever_leaves_early():
        sys.stdout.buffer.write(content)
        sys.stdout.flush()


@contextmanager
def _whoever_leaves_early() -> Iterator[None]:
    """Whoever closed the pipe early (`| head`) has seen enough; that is no error."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def tell(message: str) -> None:
    """Say something about an answer, or why there is none, in one line on standard error."""
    with suppress(OSError):  # nobody reads it
        sys.stderr.write(f"forensics: {for_terminal(' '.join(message.split()))}\n")
        sys.stderr.flush()


def width() -> int | None:
    """The width to fold at. What goes to a file or a pipe does not fold, unless COLUMNS asks for it."""
    if sys.stdout.isatty() or os.environ.get("COLUMNS"):
        return shutil.get_terminal_size().columns
    return None


def _has_colour() -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (sys.stdout.isatty() and os.environ.get("TERM") != "dumb")


def _pager() -> list[str]:
    """Return the command of $PAGER, else `less`; nothing if no person could turn a page."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") == "dumb":
        return []
    command = shlex.split(os.environ.get("PAGER", "less"))
    program = find_program(command[0]) if command and command != ["cat"] else None
    return [program, *command[1:]] if program else []


def _page(text: str, command: list[str]) -> None:
    """Hand the text to a pager. `less` shows our colours, leaves the text on the screen, starts no other program."""
    environment = {"LESS": "FRX", "LESSSECURE": "1", **os.environ}
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the pager that is interrupted
    try:
        subprocess.run(command, input=text, encoding="utf-8", env=environment, check=False)
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def progress() -> Iterator[Advance]:
    """A line that tells how far reading is, on a terminal only."""
    begun = time.monotonic()
    with status("reading") as say:

        def advance(done: int, all: int, size: int = 0, sizes: int = 0, records: int = 0, what: str = "files") -> None:
            say(how_far(done, all, size, sizes, records, time.monotonic() - begun, what))

        yield advance


def how_far(done: int, all: int, size: int, sizes: int, records: int, seconds: float, what: str = "files") -> str:
    """`120 of 4,000 files, 1.2 of 3.4 GB, 25,300 events/s, 0:02:05 left`, by bytes where their sizes are known."""
    told = [f"{done:,} of {all:,} {what}"]
    if sizes:
        unit, name = next((unit, name) for unit, name in _UNITS if sizes >= unit or unit == 1)
        digits = 1 if unit > 1 else 0
        told += [f"{size / unit:,.{digits}f} of {sizes / unit:,.{digits}f} {name}"]
        told += [f"{records / max(seconds, 0.001):,.0f} events/s"]
    share = size / sizes if sizes else done / max(all, 1)
    if done == all:
        told.append("finishing")
    elif share:
        told.append(f"{timedelta(seconds=round(seconds / share - seconds))} left")
    return ", ".join(told)


@contextmanager
def status(text: str = "asking") -> Iterator[Callable[[str], None]]:
    """A line that says what is being done, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _text: None
        return
    from rich.console import Console

    with Console(stderr=True).status(text) as line:
        yield lambda text: line.update(for_terminal(text))

"""Faults: the errors that end an ingest early, and their reasons for the user."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forensics.errors import IngestError
from forensics.lake.layout import ROOM_NEEDED

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class SourceChanged(IngestError):
    """A source file changed while it was read."""


class Fault(Exception):
    """An internal error that is not caused by one file alone."""


ENDING = (SourceChanged, Fault, OSError, MemoryError)


def ending_reason(error: Exception) -> str:
    """Return the reason of an error, with advice if the disk or the memory is full."""
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return f"{error.strerror}. {ROOM_NEEDED}"
    if isinstance(error, MemoryError):
        return "memory ran out. Run the same command on fewer files at a time"
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


@contextmanager
def wrap_unexpected(doing: str) -> Iterator[None]:
    """Wrap unexpected exceptions in Fault, with the line that raised them. `doing`: such as "reading a.json"."""
    try:
        yield
    except ENDING:
        raise
    except Exception as error:
        at = traceback.extract_tb(error.__traceback__)[-1]
        raise Fault(
            f"internal error while {doing}; please report it:"
            f" {type(error).__name__}: {error} ({Path(at.filename).name}, line {at.lineno})"
        ) from error

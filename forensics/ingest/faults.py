"""Faults: what ends an ingest early, and the reason that a person reads."""

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
    """A file changed while it was read."""


class Fault(Exception):
    """An error of this program, outside of the reading of one file, which would end that file alone."""


# what ends an ingest
ENDING = (SourceChanged, Fault, OSError, MemoryError)


def why(error: Exception) -> str:
    """Return the reason that a person reads; where the disk or the memory is full, with what to do."""
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return f"{error.strerror}. {ROOM_NEEDED}"
    if isinstance(error, MemoryError):
        return "memory ran out. Run the same command on fewer files at a time"
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


@contextmanager
def faults_told(doing: str) -> Iterator[None]:
    """Wrap unexpected exceptions in Fault, with the line that raised them."""
    try:
        yield
    except ENDING:
        raise
    except Exception as error:
        at = traceback.extract_tb(error.__traceback__)[-1]
        raise Fault(
            f"{doing}, there was an error of this program that is worth a report:"
            f" {type(error).__name__}: {error} ({Path(at.filename).name}, line {at.lineno})"
        ) from error

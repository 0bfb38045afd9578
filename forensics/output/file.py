"""File: an answer in a file of its own. Private to the user, there wholly or not at all, over another only if asked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


class CannotWrite(Exception):
    """An answer cannot be written so, or there; the message says why and what to do."""


def check_place(path: Path, *, replace: bool) -> None:
    """Raises CannotWrite where a file is that may not be replaced, or where none can be."""
    if not path.parent.is_dir():
        raise CannotWrite(f"there is no folder {path.parent}; make it, or name a file elsewhere")
    if path.exists() and not path.is_file():
        raise CannotWrite(f"{path} is no ordinary file; name another one")
    if os.path.lexists(path) and not replace:
        raise CannotWrite(f"{path} is there already; name another file, or replace it with --force")


@contextmanager
def private_file(path: Path, *, replace: bool) -> Iterator[TextIO]:
    """A file to write, 0600; it takes its name when all is written. Raises CannotWrite."""
    check_place(path, replace=replace)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        check_place(path, replace=replace)
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)

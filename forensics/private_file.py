"""File: an answer in a file of its own. Private to the user, complete or not there, never over another unasked.

Every `-o` follows this one rule. The content goes to a new file of an unused name beside the target and takes the name
when it is complete; without `replace` a file that appeared meanwhile is kept.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedRandom, TextIOWrapper
from pathlib import Path
from typing import TextIO

from forensics.errors import CannotWrite

# of file systems without hard links
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


def check_place(path: Path, *, replace: bool) -> None:
    """Raises CannotWrite where a file is that may not be replaced, or where none can be."""
    if not path.parent.is_dir():
        raise CannotWrite(f"there is no folder {path.parent}; make it, or name a file elsewhere")
    if path.exists() and not path.is_file():
        raise CannotWrite(f"{path} is not an ordinary file; name another one")
    if os.path.lexists(path) and not replace:
        raise CannotWrite(f"{path} is there already; name another file, or replace it with --force")


@contextmanager
def private_binary(path: Path, *, replace: bool) -> Iterator[BufferedRandom]:
    """A file to write and read back, 0600; it takes its name when it is complete. Raises CannotWrite."""
    check_place(path, replace=replace)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        check_place(path, replace=replace)
        _take_name(temporary, path, replace=replace)
    finally:
        Path(temporary).unlink(missing_ok=True)


@contextmanager
def private_file(path: Path, *, replace: bool) -> Iterator[TextIO]:
    """The same for text in UTF-8."""
    with private_binary(path, replace=replace) as file:
        text = TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", newline="\n")
        try:
            yield text
            text.flush()
        finally:
            text.detach()


def _take_name(temporary: str, path: Path, *, replace: bool) -> None:
    """Rename; without `replace` by a hard link, which fails where a file has appeared meanwhile."""
    if not replace:
        try:
            os.link(temporary, path)
        except FileExistsError:
            check_place(path, replace=False)
            raise
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
        else:
            return
    os.rename(temporary, path)  # noqa: PTH104

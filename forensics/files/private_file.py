"""Private file: writes an output file that is private to the user (0600) and never incomplete.

The content is written to a temporary file beside the target, which is renamed when it is complete. Without `replace`,
an existing file is kept, also one that appeared in the meantime. Every `-o` option uses this module.
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

# raised by file systems without hard links
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


def check_place(path: Path, *, replace: bool) -> None:
    """Check that a file can be written to `path`. Raises CannotWrite, also for an existing file without `replace`."""
    if not path.parent.is_dir():
        raise CannotWrite(f"cannot write {path}: the folder does not exist; create it, or choose another path")
    if path.exists() and not path.is_file():
        raise CannotWrite(f"cannot write {path}: not a regular file; choose another path")
    if os.path.lexists(path) and not replace:
        raise CannotWrite(f"cannot write {path}: the file exists; choose another path, or overwrite it with --force")


@contextmanager
def private_binary(path: Path, *, replace: bool) -> Iterator[BufferedRandom]:
    """Yield a binary file to write and read, 0600, which is renamed to `path` at the end. Raises CannotWrite."""
    check_place(path, replace=replace)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        check_place(path, replace=replace)
        _rename(temporary, path, replace=replace)
    finally:
        Path(temporary).unlink(missing_ok=True)


@contextmanager
def private_file(path: Path, *, replace: bool) -> Iterator[TextIO]:
    """Yield a text file in UTF-8, with the rules of `private_binary`. Raises CannotWrite."""
    with private_binary(path, replace=replace) as file:
        text = TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", newline="\n")
        try:
            yield text
            text.flush()
        finally:
            text.detach()


def _rename(temporary: str, path: Path, *, replace: bool) -> None:
    """Rename the file; without `replace`, by a hard link, which fails if a file has appeared in the meantime."""
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

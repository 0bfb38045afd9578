"""Regular files: open and create files where somebody else may have prepared the path.

A link leads elsewhere, a FIFO waits for ever, and reading a device can do anything. Every file of a case and every file
of evidence is opened here.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from io import BufferedReader
from pathlib import Path

_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
    stat.S_IFDIR: "a folder",
}
_WRITING = os.O_WRONLY | os.O_RDWR


def kind_of(mode: int) -> str | None:
    """Return what a file of this mode is, such as `a FIFO`; None for a regular file."""
    return None if stat.S_ISREG(mode) else _KINDS.get(stat.S_IFMT(mode), "not a regular file")


def open_regular(path: str | Path, flags: int = os.O_RDONLY) -> int:
    """Open a regular file and return its descriptor; a file that is created is private to its owner.

    Raises:
        OSError: also for a link, FIFO, socket, device or folder, and before writing to a file that has a second name;
            `strerror` says which.
    """
    if os.path.lexists(path):  # opening a device can have an effect of its own
        _refuse(path, os.lstat(path))
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    try:
        found = os.fstat(descriptor)
        _refuse(path, found)
        if flags & _WRITING and found.st_nlink > 1:
            reason = "it has a second name (a hard link), whose file would change too; use a copy made with `cp -r`"
            raise OSError(errno.EMLINK, reason, str(path))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def read_regular(path: str | Path, limit: int | None = None) -> bytes:
    """Return the content of a regular file. Raises OSError as `open_regular` does, or if it exceeds `limit` bytes."""
    with os.fdopen(open_regular(path), "rb") as file:
        content = file.read(-1 if limit is None else limit + 1)
    if limit is not None and len(content) > limit:
        raise OSError(errno.EFBIG, f"it is larger than {limit:,} bytes, the most that is read", str(path))
    return content


def open_named(path: Path) -> BufferedReader:
    """Open a regular file that the user named, so also through a link. Raises OSError as `open_regular` does."""
    return os.fdopen(open_regular(path.resolve()), "rb")


def resolve_regular(path: str | Path) -> Path:
    """Return where the regular file is that a user named, by a link or not. Raises OSError as `open_regular` does."""
    _refuse(path, Path(path).stat())
    return Path(path).resolve()


def create_private(path: str | Path) -> int:
    """Create a file that only its owner reads, in place of an earlier one, and return its descriptor."""
    Path(path).unlink(missing_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


def unfinished(path: Path) -> Path:
    """Return the name that a file has until it is complete."""
    return path.with_name(f".{path.name}.new")


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, wholly or not at all."""
    with os.fdopen(create_private(unfinished(path)), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished(path).rename(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder last through a crash."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_from(descriptor: int, start: int, data: bytes) -> None:
    """Write and sync `data` from byte `start` to the end; on failure, cut the file there. Raises OSError."""
    try:
        os.ftruncate(descriptor, start)
        os.lseek(descriptor, start, os.SEEK_SET)
        while data:
            data = data[os.write(descriptor, data) :]
        os.fsync(descriptor)
    except OSError:
        with suppress(OSError):
            os.ftruncate(descriptor, start)
        raise


def _refuse(path: str | Path, found: os.stat_result) -> None:
    if what := kind_of(found.st_mode):
        raise OSError(errno.EINVAL, f"not a regular file but {what}", str(path))

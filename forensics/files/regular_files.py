"""Regular files: opens and creates files at paths that may be attacker-controlled.

A link can lead anywhere, opening a FIFO can block forever, and opening a device can have side effects. Every file of a
case and every file of evidence is opened here.
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
    """Return the kind of a file by its mode, such as `a FIFO`; None for a regular file."""
    return None if stat.S_ISREG(mode) else _KINDS.get(stat.S_IFMT(mode), "not a regular file")


def open_regular(path: str | Path, flags: int = os.O_RDONLY) -> int:
    """Open a regular file and return its descriptor. A new file is private to its owner (0600).

    Raises:
        OSError: also for a link, FIFO, socket, device or folder, and for writing to a file with several hard links.
            `strerror` is the reason.
    """
    if os.path.lexists(path):  # before opening: opening a device can have side effects
        _check_kind(path, os.lstat(path))
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    try:
        found = os.fstat(descriptor)
        _check_kind(path, found)
        if flags & _WRITING and found.st_nlink > 1:
            reason = "it has several hard links, and writing would change all of them; use a copy made with `cp -r`"
            raise OSError(errno.EMLINK, reason, str(path))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def read_regular(path: str | Path, limit: int | None = None) -> bytes:
    """Return the content of a regular file. Raises OSError like `open_regular`, and for more than `limit` bytes."""
    with os.fdopen(open_regular(path), "rb") as file:
        content = file.read(-1 if limit is None else limit + 1)
    if limit is not None and len(content) > limit:
        raise OSError(errno.EFBIG, f"it is larger than the limit of {limit:,} bytes", str(path))
    return content


def open_named(path: Path) -> BufferedReader:
    """Open a regular file that the user chose, following links. Raises OSError like `open_regular`."""
    return os.fdopen(open_regular(path.resolve()), "rb")


def resolve_regular(path: str | Path) -> Path:
    """Return the real path of a regular file that the user chose. Raises OSError like `open_regular`."""
    _check_kind(path, Path(path).stat())
    return Path(path).resolve()


def create_private(path: str | Path) -> int:
    """Create a file that is private to its owner (0600), replace an existing one, and return its descriptor."""
    Path(path).unlink(missing_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


def unfinished(path: Path) -> Path:
    """Return the temporary path of a file while it is incomplete."""
    return path.with_name(f".{path.name}.new")


def write_private(path: Path, text: str) -> None:
    """Write a file that is private to its owner (0600). It is complete and synced, or not changed."""
    with os.fdopen(create_private(unfinished(path)), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished(path).rename(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Sync a folder, so that renames in it survive a crash."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_from(descriptor: int, start: int, data: bytes) -> None:
    """Replace the content from byte `start` on by `data`, and sync; on failure, truncate there. Raises OSError."""
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


def _check_kind(path: str | Path, found: os.stat_result) -> None:
    if kind := kind_of(found.st_mode):
        raise OSError(errno.EINVAL, f"not a regular file but {kind}", str(path))

"""Files and folders on this machine. A folder of evidence may be attacker-controlled: only its own files are read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from forensics.errors import NoSuchSource
from forensics.regular_files import kind_of

_LEAVES = "it is a symbolic link that leaves the folder; to read its target, name that"


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file to read, or one to skip.

    `path` is never a symbolic link. `name` is what answers and the manifest call the file: its path below the folder
    that was given. `skipped` is the reason why the file must not be opened, None for a file to read.
    """

    path: str
    name: str
    size: int
    skipped: str | None = None


def find_files(paths: Iterable[Path]) -> list[LocalFile]:
    """Return every file at or below `paths`, sorted by name. Raises NoSuchSource.

    A path that is given may be a link. Below it, links are followed that stay inside; links that leave it, FIFOs,
    sockets and devices are returned as skipped. A folder that cannot be listed is returned as a file, so that it ends
    as unreadable and not in silence.
    """
    return sorted((file for path in paths for file in _below(path)), key=lambda file: (file.name, file.path))


def _below(path: Path) -> Iterator[LocalFile]:
    try:
        found = path.stat()
    except OSError:
        raise NoSuchSource(f"there is no file or folder {path}") from None
    if stat.S_ISREG(found.st_mode):
        yield LocalFile(_without_link(str(path.absolute())), path.name, found.st_size)
    elif stat.S_ISDIR(found.st_mode):
        yield from _in_folder(str(path.absolute()))
    else:
        raise NoSuchSource(f"{path} is {kind_of(found.st_mode)}; write its content to a file, and name that")


def _in_folder(top: str) -> Iterator[LocalFile]:
    """Works on text, since a Path for each of very many files costs more than reading it."""
    inside = os.path.join(os.path.realpath(top), "")  # noqa: PTH118
    start = len(os.path.join(top, ""))  # noqa: PTH118
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif file := _entry(entry, inside, start):
                        yield file
        except OSError:  # reading it as a file fails and tells why
            yield LocalFile(folder, folder[start:] or ".", 0)


def _entry(entry: os.DirEntry[str], inside: str, start: int) -> LocalFile | None:
    """The file of an entry that is not a folder; None for a link to a folder inside, which is read anyway."""
    path, name = entry.path, entry.path[start:]
    if entry.is_symlink():
        path = os.path.realpath(path)
        if not os.path.join(path, "").startswith(inside):  # noqa: PTH118
            return LocalFile(entry.path, name, 0, _LEAVES)
    try:
        found = os.lstat(path)
    except OSError:  # it is gone, or a link to nothing: reading it fails and tells why
        return LocalFile(path, name, 0)
    if stat.S_ISDIR(found.st_mode):
        return None
    if what := kind_of(found.st_mode):
        return LocalFile(entry.path, name, 0, f"it is {what}")
    return LocalFile(path, name, found.st_size)


def as_text(path: str) -> str:
    """A path as text that can be written down; a file system may hold names that are not UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


def _without_link(path: str) -> str:
    return os.path.realpath(path) if os.path.islink(path) else path  # noqa: PTH114
